/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what at a vault: its access policies and the role assignments that reach it. */
#include <stdio.h>
#include <string.h>

#include "kv/access/grants.h"
#include "kv/base/json.h"
#include "kv/base/log.h"
#include "private.h"

/* --- what is shown --- */

/* Of a delay that is under way. */
static void add_date(cJSON *object, const char *name, kv_millis time, kv_millis now, bool *ok)
{
    char iso[KV_ISO_DATE_SIZE];

    if (time > now && time != KV_ACCESS_NEVER) {
        kv_time_render_iso(time, iso);
        kv_json_add_text(object, name, iso, ok);
    }
}

static cJSON *render_policy(const struct kv_policy *policy, kv_millis now, bool *ok)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *words;

    kv_json_add_text(object, "principal", policy->principal, ok);
    if (policy->application[0] != '\0') {
        kv_json_add_text(object, "application_id", policy->application, ok);
    }
    words = kv_json_add_array(object, "permissions", ok);
    for (const char *at = policy->words; *at != '\0';) {
        size_t len = strcspn(at, " ");
        char word[32];

        (void) snprintf(word, sizeof(word), "%.*s", (int) len, at);
        kv_json_append_text(words, word, ok);
        at += len + strspn(at + len, " ");
    }
    add_date(object, "since", policy->since, now, ok);
    add_date(object, "until", policy->until, now, ok);
    return object;
}

static cJSON *render_assignment(const struct kv_assignment *assignment, kv_millis now, bool *ok)
{
    cJSON *object = cJSON_CreateObject();

    kv_json_add_text(object, "name", assignment->name, ok);
    kv_json_add_text(object, "principal", assignment->principal, ok);
    kv_json_add_text(object, "role", assignment->role_name, ok);
    kv_json_add_text(object, "role_id", assignment->role, ok);
    kv_json_add_text(object, "scope", assignment->scope, ok);
    kv_json_add_bool(object, "deny", assignment->deny, ok);
    add_date(object, "since", assignment->since, now, ok);
    add_date(object, "until", assignment->until, now, ok);
    return object;
}

/* --- which vault, and who --- */

enum kv_code control_find_vault(const struct kv_request *request, const struct kv_vault **ret_vault,
                                struct kv_err *err)
{
    const char *name = kv_request_capture(request, "name");
    struct kv_vault_draft draft; /* for the name, in lower case */

    KV_TRY(kv_vault_draft_begin(&draft, name, strlen(name), err));
    return kv_vaults_get(request->app->vaults, draft.vault.name, kv_seconds(request->now),
                         ret_vault, err);
}

enum kv_code control_find_living_vault(const struct kv_request *request,
                                       const struct kv_vault **ret_vault, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;

    KV_TRY(control_find_vault(request, &vault, err));
    if (vault->deleted != 0) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "The vault '%s' is deleted: it can be recovered or purged.", vault->name);
    }
    *ret_vault = kv_take(vault);
    return KV_OK;
}

static enum kv_code find_identity(const struct kv_app *app, const char *name,
                                  struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    struct kv_identity_card card;

    if (!kv_identity_card(app->identity, name, &card)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "There is no identity '%.128s'.", name);
    }
    return kv_principals_find_name(app->principals, name, ret_entry, err);
}

enum kv_code control_identity(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    const char *name = kv_request_query(request, "name");
    struct kv_principal_entry entry;
    bool ok = true;

    KV_TRY(find_identity(request->app, name != NULL ? name : "", &entry, err));
    kv_json_add_text(body, "client_id", entry.client_id, &ok);
    kv_json_add_text(body, "object_id", entry.object_id, &ok);
    kv_json_add_text(body, "resource_id", entry.resource, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code control_access(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_policy_list_done) struct kv_policy_list policies = { .count = 0 };
    kv_auto(kv_assignment_list_done) struct kv_assignment_list assignments = { .count = 0 };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char mode[KV_SETTING_TEXT_SIZE];
    bool ok = true;
    cJSON *list;

    KV_TRY(control_find_vault(request, &vault, err));
    KV_TRY(kv_access_policies(request->app->access, vault, &policies, err));
    KV_TRY(kv_access_assignments(request->app->access, vault, &assignments, err));
    kv_vault_setting_text(vault, KV_SETTING_ACCESS, mode);
    kv_json_add_text(body, "vault", vault->name, &ok);
    kv_json_add_text(body, "access", mode, &ok);
    list = kv_json_add_array(body, "policies", &ok);
    for (size_t i = 0; i < policies.count; i++) {
        kv_json_add_take(list, NULL, render_policy(&policies.policy[i], request->now, &ok), &ok);
    }
    list = kv_json_add_array(body, "assignments", &ok);
    for (size_t i = 0; i < assignments.count; i++) {
        kv_json_add_take(list, NULL,
                         render_assignment(&assignments.assignment[i], request->now, &ok), &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* --- access policies --- */

struct sent_policy {
    const cJSON *permissions;
    const char *application;
};

static enum kv_code join_words(const cJSON *permissions, char ret_words[KV_ACCESS_WORDS_MAX + 1],
                               struct kv_err *err)
{
    const cJSON *item;
    size_t used = 0;

    ret_words[0] = '\0';
    cJSON_ArrayForEach (item, permissions) {
        const char *word = cJSON_GetStringValue(item);

        if (word == NULL || *word == '\0' || strchr(word, ' ') != NULL) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "permissions is a list of words such as \"get\" and \"wrapKey\".");
        }
        used += (size_t) snprintf(ret_words + used, KV_ACCESS_WORDS_MAX + 1 - used, "%s%s",
                                  used > 0 ? " " : "", word);
        if (used > KV_ACCESS_WORDS_MAX) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "permissions are too many.");
        }
    }
    return KV_OK;
}

/* A text that is too long for a GUID stays one that is none. */
static void copy_id(const char *from, char ret_id[KV_UUID_LENGTH + 1])
{
    bool fits = strlen(from) <= KV_UUID_LENGTH;

    (void) snprintf(ret_id, KV_UUID_LENGTH + 1, "%s", fits ? from : "(too long)");
}

static enum kv_code read_policy(const struct kv_request *request, struct kv_policy *policy,
                                struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_policy, permissions, "permissions", KV_JSON_ARRAY),
        KV_JSON_FIELD(struct sent_policy, application, "application_id", KV_JSON_STRING),
    };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct sent_policy sent = { .permissions = NULL };

    KV_TRY(control_bind_body(request, fields, KV_COUNT(fields), &sent, &body, err));
    if (sent.permissions == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "An access policy needs permissions.");
    }
    copy_id(kv_request_capture(request, "principal"), policy->principal);
    copy_id(sent.application != NULL ? sent.application : "", policy->application);
    return join_words(sent.permissions, policy->words, err);
}

/* It is kept all the same: the mode may change. */
static void warn_if_idle(const struct kv_vault *vault, bool is_policy)
{
    const char *reason = kv_access_idle_reason(vault, is_policy);

    if (reason != NULL) {
        kv_log(KV_LOG_WARNING, "grant_without_effect", KV_LOG_TEXT_FIELD("vault", vault->name),
               KV_LOG_TEXT_FIELD("reason", reason));
    }
}

/* A grant and a withdrawal can be due later: those who wait for the clock hear of it. */
static void wake(const struct kv_request *request)
{
    kv_clock_wake(request->app->clock);
}

enum kv_code control_policy_put(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct kv_policy wanted, stored;
    bool ok = true;

    KV_TRY(control_find_living_vault(request, &vault, err));
    KV_TRY(read_policy(request, &wanted, err));
    KV_TRY(kv_access_set_policy(request->app->access, vault, &wanted, request->now, &stored, err));
    wake(request);

    warn_if_idle(vault, true);

    kv_auto(cJSON_Delete) cJSON *body = render_policy(&stored, request->now, &ok);

    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code control_policy_delete(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    const char *application = kv_request_query(request, "application_id");

    KV_TRY(control_find_living_vault(request, &vault, err));
    KV_TRY(kv_access_remove_policy(request->app->access, vault,
                                   kv_request_capture(request, "principal"),
                                   application != NULL ? application : "", request->now, err));
    wake(request);
    response->status = 204;
    return KV_OK;
}

/* --- role assignments --- */

struct sent_assignment {
    const char *identity, *principal, *role, *scope, *key;
    struct kv_maybe_bool deny;
};

/* What the body asks for; the draft borrows from it and from the entry. */
static enum kv_code read_assignment(const struct kv_request *request,
                                    struct kv_assignment_draft *draft,
                                    struct kv_principal_entry *entry, cJSON **ret_body,
                                    struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_assignment, identity, "identity", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_assignment, principal, "principal", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_assignment, role, "role", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_assignment, scope, "scope", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_assignment, key, "key", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_assignment, deny, "deny", KV_JSON_BOOL),
    };
    struct sent_assignment sent = { .identity = NULL };

    KV_TRY(control_bind_body(request, fields, KV_COUNT(fields), &sent, ret_body, err));
    if ((sent.identity == NULL) == (sent.principal == NULL)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Give whom it is for: identity, a name, or principal, an object id.");
    }
    draft->principal = sent.principal;
    if (sent.identity != NULL) {
        KV_TRY(find_identity(request->app, sent.identity, entry, err));
        draft->principal = entry->object_id;
    }
    draft->role = sent.role;
    draft->scope = sent.scope;
    draft->key = sent.key;
    draft->deny = sent.deny.value;
    return KV_OK;
}

enum kv_code control_assignment_post(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(cJSON_Delete) cJSON *sent = NULL;
    struct kv_assignment_draft draft = { .vault = NULL };
    struct kv_principal_entry entry;
    struct kv_assignment made;
    bool ok = true;

    KV_TRY(control_find_living_vault(request, &vault, err));
    KV_TRY(read_assignment(request, &draft, &entry, &sent, err));
    draft.vault = vault;
    KV_TRY(kv_access_assign(request->app->access, &draft, request->now, &made, err));

    wake(request);
    warn_if_idle(vault, false);

    kv_auto(cJSON_Delete) cJSON *body = render_assignment(&made, request->now, &ok);

    return kv_response_json(response, 201, ok ? body : NULL, err);
}

/* Takes back what the same body would grant. */
enum kv_code control_assignment_withdraw(struct kv_request *request, struct kv_response *response,
                                         struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(cJSON_Delete) cJSON *sent = NULL;
    struct kv_assignment_draft draft = { .vault = NULL };
    struct kv_principal_entry entry;

    KV_TRY(control_find_living_vault(request, &vault, err));
    KV_TRY(read_assignment(request, &draft, &entry, &sent, err));
    draft.vault = vault;
    KV_TRY(kv_access_unassign_like(request->app->access, &draft, request->now, err));
    wake(request);
    response->status = 204;
    return KV_OK;
}

enum kv_code control_assignment_delete(struct kv_request *request, struct kv_response *response,
                                       struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;

    KV_TRY(control_find_living_vault(request, &vault, err));
    KV_TRY(kv_access_unassign(request->app->access, vault,
                              kv_request_capture(request, "assignment"), request->now, err));
    wake(request);
    response->status = 204;
    return KV_OK;
}
