/* SPDX-License-Identifier: Apache-2.0 */
/* Scopes that reach a vault: its keys, itself, and what it lies in. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "access_core.h"

#define LETTERS_AND_SO_ON "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

#define VAULTS "/providers/Microsoft.KeyVault/vaults/"

_Static_assert(sizeof("/subscriptions//resourceGroups/" VAULTS "/keys/") + KV_UUID_LENGTH
                       + KV_GROUP_MAX + KV_VAULT_NAME_MAX + ACCESS_KEY_MAX
                   <= KV_ACCESS_SCOPE_MAX,
               "the id of any key fits");

void access_place_render(const struct kv_access *access, const struct access_place *place,
                         const struct kv_vault *vault, char ret_scope[KV_ACCESS_SCOPE_MAX + 1])
{
    bool in_group = place->level >= ACCESS_GROUP, is_vault = place->level >= ACCESS_VAULT;
    bool is_key = place->level == ACCESS_KEY;

    if (place->level == ACCESS_ROOT) {
        (void) snprintf(ret_scope, KV_ACCESS_SCOPE_MAX + 1, "/");
        return;
    }
    if (place->level == ACCESS_MANAGEMENT_GROUP) {
        (void) snprintf(ret_scope, KV_ACCESS_SCOPE_MAX + 1,
                        "/providers/Microsoft.Management/managementGroups/%s", access->tenant);
        return;
    }
    (void) snprintf(ret_scope, KV_ACCESS_SCOPE_MAX + 1, "/subscriptions/%s%s%s%s%s%s%s",
                    access->subscription, in_group ? "/resourceGroups/" : "",
                    in_group ? vault->group : "", is_vault ? VAULTS : "",
                    is_vault ? vault->name : "", is_key ? "/keys/" : "", is_key ? place->key : "");
}

static bool take_key(const char *text, size_t len, char ret_key[ACCESS_KEY_MAX + 1])
{
    if (len == 0 || len > ACCESS_KEY_MAX || strspn(text, LETTERS_AND_SO_ON) < len) {
        return false;
    }
    memcpy(ret_key, text, len);
    ret_key[len] = '\0';
    return true;
}

/* What follows the id of a place in a text, ids compared in any case; NULL: it is another one. */
static const char *find_tail(const struct kv_access *access, enum access_level level,
                             const struct kv_vault *vault, const char *text)
{
    char scope[KV_ACCESS_SCOPE_MAX + 1];
    size_t len;

    access_place_render(access, &(struct access_place){ .level = level }, vault, scope);
    len = strlen(scope);
    return strncasecmp(scope, text, len) == 0 ? text + len : NULL;
}

static bool parse_id(const struct kv_access *access, const struct kv_vault *vault, const char *text,
                     struct access_place *place)
{
    static const char keys[] = "/keys/";

    for (int level = ACCESS_MANAGEMENT_GROUP; level <= ACCESS_VAULT; level++) {
        const char *tail = find_tail(access, (enum access_level) level, vault, text);

        if (tail != NULL && tail[strspn(tail, "/")] == '\0' && strlen(tail) <= 1) {
            place->level = (enum access_level) level;
            return true;
        }
        if (tail != NULL && level == ACCESS_VAULT && strncasecmp(tail, keys, strlen(keys)) == 0) {
            place->level = ACCESS_KEY;
            tail += strlen(keys);
            return take_key(tail, strlen(tail), place->key);
        }
    }
    return false;
}

static enum kv_code refuse_scope(const struct kv_assignment_draft *draft, const char *choices,
                                 struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "The scope '%.320s' does not reach the vault '%s': it can be %s.", draft->scope,
                   draft->vault->name, choices);
}

/* A key goes with the scope "key", and with no other one. */
static enum kv_code parse_key(const struct kv_assignment_draft *draft, bool is_wanted,
                              char ret_key[ACCESS_KEY_MAX + 1], struct kv_err *err)
{
    if (!is_wanted && draft->key == NULL) {
        return KV_OK;
    }
    if (!is_wanted) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "A key is named with the scope 'key' only.");
    }
    if (draft->key == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The scope 'key' needs the name of a key.");
    }
    if (!take_key(draft->key, strlen(draft->key), ret_key)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.128s' is not a valid name of a key.",
                       draft->key);
    }
    return KV_OK;
}

static const char *scope_of(const struct kv_assignment_draft *draft)
{
    return draft->scope != NULL ? draft->scope : draft->key != NULL ? "key" : "vault";
}

enum kv_code access_place_parse(const struct kv_access *access,
                                const struct kv_assignment_draft *draft,
                                struct access_place *ret_place, struct kv_err *err)
{
    static const struct {
        const char *word;
        enum access_level level;
    } words[] = { { "vault", ACCESS_VAULT },
                  { "key", ACCESS_KEY },
                  { "group", ACCESS_GROUP },
                  { "subscription", ACCESS_SUBSCRIPTION },
                  { "/", ACCESS_ROOT } };
    const char *scope = scope_of(draft);
    struct access_place place = { .level = ACCESS_ROOT };

    KV_TRY(parse_key(draft, strcmp(scope, "key") == 0, place.key, err));
    for (size_t i = 0; i < KV_COUNT(words); i++) {
        if (strcmp(words[i].word, scope) == 0) {
            place.level = words[i].level;
            *ret_place = place;
            return KV_OK;
        }
    }
    if (!parse_id(access, draft->vault, scope, &place)) {
        return refuse_scope(draft, "vault, key, group, subscription, /, or the id of one of these",
                            err);
    }
    *ret_place = place;
    return KV_OK;
}

enum kv_code access_hsm_scope_parse(const struct kv_assignment_draft *draft,
                                    char ret_scope[KV_ROLE_SCOPE_MAX + 1], struct kv_err *err)
{
    static const char keys[] = "/keys/";
    const char *scope = scope_of(draft);
    const char *tail = strncasecmp(scope, keys, strlen(keys)) == 0 ? strrchr(scope, '/') + 1 : "";
    bool is_key = strcmp(scope, "key") == 0;
    char key[ACCESS_KEY_MAX + 1] = "";

    KV_TRY(parse_key(draft, is_key, key, err));
    if (is_key || (tail == scope + strlen(keys) && take_key(tail, strlen(tail), key))) {
        (void) snprintf(ret_scope, KV_ROLE_SCOPE_MAX + 1, "/keys/%s", key);
        return KV_OK;
    }
    if (strcmp(scope, "vault") == 0 || strcmp(scope, "/") == 0) {
        (void) snprintf(ret_scope, KV_ROLE_SCOPE_MAX + 1, "/");
        return KV_OK;
    }
    if (strcasecmp(scope, "/keys") == 0) {
        (void) snprintf(ret_scope, KV_ROLE_SCOPE_MAX + 1, "/keys");
        return KV_OK;
    }
    return refuse_scope(draft, "/, /keys, or /keys/{name}", err);
}
