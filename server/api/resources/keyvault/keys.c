/* SPDX-License-Identifier: Apache-2.0 */
/*
 * vaults/keys and managedHSMs/keys: making a key that is not there, and looking at those that are (control-plane.md §1.5). Nothing
 * of a key is changed here, and no firewall is asked; what counts is the resource manager's own authorization.
 */
#include <stdio.h>
#include <string.h>

#include "private.h"

/* Of the vault that the id names; `authority` is for texts, of KV_PUBLIC_AUTHORITY_SIZE. */
static enum kv_code begin(const struct arm_call *call, const struct kv_vault **ret_vault,
                          char authority[KV_PUBLIC_AUTHORITY_SIZE], struct kv_scope *ret_scope,
                          struct kv_err *err)
{
    KV_TRY(keyvault_find_parent(call, ret_vault, err));
    keyvault_authority(call, *ret_vault, authority);
    *ret_scope = (struct kv_scope){ call->app->keys, *ret_vault, authority, call->now };
    return KV_OK;
}

/* What the data plane calls a missing key is a missing resource here. */
static enum kv_code find(const struct arm_call *call, const struct kv_scope *scope,
                         const char *name, const char *version, struct kv_key *ret_key,
                         struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };
    enum kv_code code = kv_key_get(scope, name, version, ret_key, &why);

    if (code == KV_KEY_NOT_FOUND || code == KV_BAD_PARAMETER) {
        return arm_refuse_missing(call, err);
    }
    if (code != KV_OK && err != NULL) {
        *err = why;
    }
    return code;
}

enum kv_code keyvault_key_get(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    char authority[KV_PUBLIC_AUTHORITY_SIZE];
    struct kv_scope scope;

    KV_TRY(begin(call, &vault, authority, &scope, err));
    KV_TRY(find(call, &scope, call->id->leaf, NULL, &key, err));
    return keyvault_key_render(call, &scope, &key, false, &reply->body, err);
}

enum kv_code keyvault_version_get(struct arm_call *call, struct arm_reply *reply,
                                  struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    char authority[KV_PUBLIC_AUTHORITY_SIZE], name[ARM_SEGMENT_MAX + 1];
    struct kv_scope scope;

    arm_id_name(call->id, 1, name);
    KV_TRY(begin(call, &vault, authority, &scope, err));
    KV_TRY(find(call, &scope, name, call->id->leaf, &key, err));
    return keyvault_key_render(call, &scope, &key, true, &reply->body, err);
}

/* ---- making ------------------------------------------------------------------------------------------ */

static enum kv_code generate(const struct arm_call *call, const struct kv_scope *scope,
                             const struct keyvault_key_wish *wish, struct kv_key *ret_key,
                             struct kv_err *err)
{
    struct kv_rotation_policy policy;
    enum kv_code code = kv_key_create(scope, &wish->args, ret_key, err);

    if (code == KV_CONFLICT) { /* somebody made it meanwhile */
        return find(call, scope, wish->args.name, NULL, ret_key, err);
    }
    KV_TRY(keyvault_reword(code, err));
    if (wish->has_rotation) {
        KV_TRY(kv_rotation_policy_set(scope, wish->args.name, &wish->rotation, &policy, err));
        kv_clock_wake(call->app->clock); /* a rotation may be due already */
    }
    return KV_OK;
}

static enum kv_code check_read_only(const struct kv_vault *vault, struct kv_err *err)
{
    return vault->read_only ? KV_FAIL(err, KV_CONFLICT, 0,
                                      "The vault '%s' is read-only while its region has failed "
                                      "over.",
                                      vault->name)
                            : KV_OK;
}

enum kv_code keyvault_key_put(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(keyvault_key_wish_done) struct keyvault_key_wish wish = { .has_rotation = false };
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    char authority[KV_PUBLIC_AUTHORITY_SIZE];
    struct kv_scope scope;
    enum kv_code code;

    KV_TRY(begin(call, &vault, authority, &scope, err));
    KV_TRY(keyvault_reword(kv_key_name_check(call->id->leaf, err), err));
    KV_TRY(keyvault_key_read(call, &wish, err));
    code = kv_key_get(&scope, call->id->leaf, NULL, &key, err);
    if (code == KV_KEY_NOT_FOUND) {
        KV_TRY(check_read_only(vault, err));
        code = generate(call, &scope, &wish, &key, err);
    }
    KV_TRY(code);
    return keyvault_key_render(call, &scope, &key, false, &reply->body, err);
}

/* Before a deployment the vault may not be there yet. */
enum kv_code keyvault_key_check(struct arm_call *call, struct arm_reply *reply, struct kv_err *err)
{
    kv_auto(keyvault_key_wish_done) struct keyvault_key_wish wish = { .has_rotation = false };

    (void) reply;
    KV_TRY(keyvault_reword(kv_key_name_check(call->id->leaf, err), err));
    return keyvault_key_read(call, &wish, err);
}

/* ---- lists --------------------------------------------------------------------------------------------- */

typedef enum kv_code list_fn(const struct arm_call *call, const struct kv_scope *scope,
                             const char *marker, size_t max, struct kv_key_page *ret_page,
                             struct kv_err *err);

static enum kv_code add_all(const struct arm_call *call, const struct kv_scope *scope,
                            const struct kv_key_page *keys, bool are_versions,
                            struct arm_page *page, struct kv_err *err)
{
    for (size_t i = 0; i < keys->count; i++) {
        cJSON *item = NULL;

        KV_TRY(keyvault_key_render(call, scope, &keys->key[i], are_versions, &item, err));
        KV_TRY(arm_page_add(page, item, i + 1 < keys->count || !keys->more ? "" : keys->next, err));
    }
    return KV_OK;
}

/* Of the pages of the domain, whose markers are those of this one. */
static enum kv_code fill(struct arm_call *call, struct arm_page *page, bool are_versions,
                         list_fn *list, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    char authority[KV_PUBLIC_AUTHORITY_SIZE], marker[KV_MARKER_MAX + 1];
    bool has_more = true;
    struct kv_scope scope;

    KV_TRY(begin(call, &vault, authority, &scope, err));
    (void) snprintf(marker, sizeof(marker), "%s", page->after != NULL ? page->after : "");
    while (has_more && !arm_page_is_full(page)) {
        kv_auto(kv_key_page_done) struct kv_key_page keys = { .count = 0 };
        const size_t room = page->max - page->count;

        KV_TRY(list(call, &scope, marker[0] != '\0' ? marker : NULL,
                    room < KV_PAGE_MAX ? room : KV_PAGE_MAX, &keys, err));
        KV_TRY(add_all(call, &scope, &keys, are_versions, page, err));
        has_more = keys.more;
        memcpy(marker, keys.next, sizeof(marker));
    }
    page->has_more = has_more;
    return KV_OK;
}

static enum kv_code list_keys(const struct arm_call *call, const struct kv_scope *scope,
                              const char *marker, size_t max, struct kv_key_page *ret_page,
                              struct kv_err *err)
{
    (void) call;
    return kv_key_list(scope, marker, max, ret_page, err);
}

enum kv_code keyvault_key_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    return fill(call, page, false, list_keys, err);
}

static enum kv_code list_versions(const struct arm_call *call, const struct kv_scope *scope,
                                  const char *marker, size_t max, struct kv_key_page *ret_page,
                                  struct kv_err *err)
{
    char name[ARM_SEGMENT_MAX + 1];

    arm_id_name(call->id, 0, name);
    return kv_key_list_versions(scope, name, marker, max, ret_page, err);
}

enum kv_code keyvault_version_list(struct arm_call *call, struct arm_page *page, struct kv_err *err)
{
    return fill(call, page, true, list_versions, err);
}
