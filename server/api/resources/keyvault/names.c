/* SPDX-License-Identifier: Apache-2.0 */
/* checkNameAvailability: names are unique over vaults and managed HSMs, and over deleted ones (control-plane.md §1.4). */
#include <stdio.h>
#include <string.h>

#include "private.h"

static enum kv_code answer(const char *reason, const char *message, struct arm_reply *reply,
                           struct kv_err *err)
{
    cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    reply->body = body;
    kv_json_add_bool(body, "nameAvailable", reason == NULL, &ok);
    if (reason != NULL) {
        kv_json_add_text(body, "reason", reason, &ok);
        kv_json_add_text(body, "message", message, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code answer_taken(const char *name, struct arm_reply *reply, struct kv_err *err)
{
    char message[600];

    (void) snprintf(message, sizeof(message),
                    "The vault name '%s' is already in use. Vault names are globally unique so it "
                    "is possible that the name is already taken. If you are sure that the vault "
                    "name was not taken then it is possible that a vault with the same name was "
                    "recently deleted but not purged after being placed in a recoverable state. If "
                    "the vault is in a recoverable state then the vault will need to be purged "
                    "before reusing the name.",
                    name);
    return answer("AlreadyExists", message, reply, err);
}

enum kv_code keyvault_name_check(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    const char *name = NULL;
    struct kv_vault_draft draft;

    KV_TRY(keyvault_text(call->body, "name", &name, err));
    if (name == NULL) {
        return keyvault_missing("name", err);
    }
    if (kv_vault_draft_begin(&draft, name, strlen(name), NULL) != KV_OK) {
        return answer("AccountNameInvalid",
                      "The vault name is invalid. A vault's name must be between 3-24 alphanumeric "
                      "characters. The name must begin with a letter, end with a letter or digit, "
                      "and not contain consecutive hyphens.",
                      reply, err);
    }
    if (kv_vaults_get(call->app->vaults, draft.vault.name, kv_seconds(call->now), &vault, NULL)
        == KV_OK) {
        return answer_taken(name, reply, err);
    }
    return answer(NULL, NULL, reply, err);
}
