/* SPDX-License-Identifier: Apache-2.0 */
/* The built-in roles of Azure, and finding a role by what people call it. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "access_core.h"
#include "roles_core.h"

static const struct access_built_in rows[] = {
#define X(name, role_name, description, data_actions, actions, not_actions, roles)                 \
    { name, role_name, data_actions, description, actions, not_actions, roles },
#include "kv/access/vault_role.def"
#undef X
};

const struct access_built_in *access_built_in(size_t i)
{
    return i < KV_COUNT(rows) ? &rows[i] : NULL;
}

const struct access_built_in *access_built_in_of(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return NULL;
}

/* Names with blanks are a nuisance in a shell: "key-vault-reader" will do. */
bool access_role_name_is(const char *role_name, const char *text)
{
    static const char between[] = " -_";

    for (;;) {
        role_name += strspn(role_name, between);
        text += strspn(text, between);
        if (*role_name == '\0' || *text == '\0') {
            return *role_name == *text;
        }
        if (tolower((unsigned char) *role_name++) != tolower((unsigned char) *text++)) {
            return false;
        }
    }
}

static bool find_built_in(const char *text, bool is_guid, char ret_name[KV_UUID_LENGTH + 1])
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (is_guid ? strcmp(rows[i].name, text) == 0
                    : access_role_name_is(rows[i].role_name, text)) {
            memcpy(ret_name, rows[i].name, KV_UUID_LENGTH + 1);
            return true;
        }
    }
    return false;
}

static enum kv_code find_custom(struct kv_db *db, const char *text, bool is_guid,
                                char ret_name[KV_UUID_LENGTH + 1], bool *ret_found,
                                struct kv_err *err)
{
    static const char sql[] = "SELECT name, role_name FROM access_role ORDER BY id";
    kv_auto(kv_rows_close) struct kv_rows *rows_of_store = NULL;
    bool more;

    *ret_found = false;
    KV_TRY(kv_db_query(db, sql, KV_NO_BINDS, &rows_of_store, err));
    KV_TRY(kv_rows_next(rows_of_store, &more, err));
    while (more && !*ret_found) {
        const char *name = kv_rows_text(rows_of_store, 0);

        if (is_guid ? strcmp(name, text) == 0
                    : access_role_name_is(kv_rows_text(rows_of_store, 1), text)) {
            *ret_found = roles_fold_guid(name, ret_name);
        }
        KV_TRY(kv_rows_next(rows_of_store, &more, err));
    }
    return KV_OK;
}

enum kv_code access_find_role(struct kv_db *db, const char *text, char ret_name[KV_UUID_LENGTH + 1],
                              struct kv_err *err)
{
    const char *slash = strrchr(text, '/');
    const char *tail = slash != NULL ? slash + 1 : text;
    char fold[KV_UUID_LENGTH + 1];
    bool is_guid = roles_fold_guid(tail, fold);
    bool found = find_built_in(is_guid ? fold : text, is_guid, ret_name);

    if (!found) {
        KV_TRY(find_custom(db, is_guid ? fold : text, is_guid, ret_name, &found, err));
    }
    if (!found) {
        return KV_FAIL(err, KV_ROLE_DEFINITION_NOT_FOUND, 0, "There is no role '%.128s'.", text);
    }
    return KV_OK;
}

bool kv_access_role_is(const char *name, const char *role_name, const char *text)
{
    const char *slash = strrchr(text, '/');
    const char *tail = slash != NULL ? slash + 1 : text;

    return kv_uuid_is_valid(tail) ? strcasecmp(name, tail) == 0
                                  : access_role_name_is(role_name, text);
}
