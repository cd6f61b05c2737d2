/* SPDX-License-Identifier: Apache-2.0 */
/* Reading the index: all that was granted, as it was at one moment. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "access_core.h"
#include "kv/base/json.h"

/* The roles of managed HSMs that all of them have: no vault has this id. */
#define ALL_HSMS INT64_C(-1)

/* What the rows are read into. */
struct access_reading {
    const struct kv_access *access;
    struct access_index *index;
};
#define INDEX_OF(context) (((const struct access_reading *) (context))->index)

KV_DEFINE_CLEANUP(void *, free)

static const struct {
    const char *name, *actions;
} hsm_roles[] = {
#define X(name, role_name, actions) { name, actions },
#include "kv/access/hsm_role.def"
#undef X
};

static enum kv_code add_built_in(struct access_index *index, const struct access_built_in *row,
                                 struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf condition;

    kv_buf_init(&condition, KV_ACCESS_CONDITION_MAX);
    KV_TRY(access_condition_print(row->roles, &condition, err));

    const struct access_role_actions actions = {
        .actions = row->control_actions,
        .not_actions = row->control_not_actions,
        .condition = condition.len > 0 ? condition.data : "",
    };

    return access_index_add_role(index, 0, row->name,
                                 access_compile_row(ACCESS_OF_VAULTS, row->actions), &actions, err);
}

static enum kv_code add_built_ins(struct access_index *index, struct kv_err *err)
{
    const struct access_built_in *row;

    for (size_t i = 0; (row = access_built_in(i)) != NULL; i++) {
        KV_TRY(add_built_in(index, row, err));
    }
    for (size_t i = 0; i < KV_COUNT(hsm_roles); i++) {
        KV_TRY(access_index_add_role(index, ALL_HSMS, hsm_roles[i].name,
                                     access_compile_row(ACCESS_OF_HSMS, hsm_roles[i].actions), NULL,
                                     err));
    }
    return KV_OK;
}

static enum kv_code fail_damaged(const char *what, const char *name, struct kv_err *err)
{
    return KV_FAIL(err, KV_INTERNAL, 0, "the stored %s %.64s is damaged", what, name);
}

/* The texts of an array, each with a blank behind it. */
static enum kv_code join(const cJSON *array, struct kv_buf *buf, struct kv_err *err)
{
    const cJSON *item;

    KV_TRY(kv_buf_append(buf, "", 0, err));
    cJSON_ArrayForEach (item, array) {
        KV_TRY(kv_buf_printf(buf, err, "%s ", cJSON_IsString(item) ? item->valuestring : ""));
    }
    return KV_OK;
}

static enum kv_code add_custom_actions(struct access_index *index, const char *name,
                                       kv_permissions permissions, const cJSON *actions,
                                       const cJSON *not_actions, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf may;
    kv_auto(kv_buf_done) struct kv_buf may_not;

    kv_buf_init(&may, ACCESS_LISTS_MAX);
    kv_buf_init(&may_not, ACCESS_LISTS_MAX);
    KV_TRY(join(actions, &may, err));
    KV_TRY(join(not_actions, &may_not, err));

    const struct access_role_actions compiled = {
        .actions = may.len > 0 ? may.data : "",
        .not_actions = may_not.len > 0 ? may_not.data : "",
        .condition = "",
    };

    return access_index_add_role(index, 0, name, permissions, &compiled, err);
}

/* name, data actions, not data actions, actions, not actions */
static enum kv_code add_custom(void *context, const struct kv_rows *rows, struct kv_err *err)
{
    struct access_index *index = INDEX_OF(context);
    kv_auto(cJSON_Delete) cJSON *on_data = cJSON_Parse(kv_rows_text(rows, 1));
    kv_auto(cJSON_Delete) cJSON *not_on_data = cJSON_Parse(kv_rows_text(rows, 2));
    kv_auto(cJSON_Delete) cJSON *actions = cJSON_Parse(kv_rows_text(rows, 3));
    kv_auto(cJSON_Delete) cJSON *not_actions = cJSON_Parse(kv_rows_text(rows, 4));

    if (!cJSON_IsArray(on_data) || !cJSON_IsArray(not_on_data) || !cJSON_IsArray(actions)
        || !cJSON_IsArray(not_actions)) {
        return fail_damaged("role", kv_rows_text(rows, 0), err);
    }
    return add_custom_actions(index, kv_rows_text(rows, 0),
                              access_compile(ACCESS_OF_VAULTS, on_data, not_on_data), actions,
                              not_actions, err);
}

/* vault, name, permissions: what one of them denies another may still grant */
static enum kv_code add_hsm_custom(void *context, const struct kv_rows *rows, struct kv_err *err)
{
    struct access_index *index = INDEX_OF(context);
    kv_auto(cJSON_Delete) cJSON *list = cJSON_Parse(kv_rows_text(rows, 2));
    kv_permissions set = 0;
    const cJSON *item;

    if (!cJSON_IsArray(list)) {
        return fail_damaged("role", kv_rows_text(rows, 1), err);
    }
    cJSON_ArrayForEach (item, list) {
        set |= access_compile(ACCESS_OF_HSMS, cJSON_GetObjectItemCaseSensitive(item, "dataActions"),
                              cJSON_GetObjectItemCaseSensitive(item, "notDataActions"));
    }
    return access_index_add_role(index, kv_rows_int(rows, 0), kv_rows_text(rows, 1), set, NULL,
                                 err);
}

/* Where the data plane looks: at the vault, in its group, and above. */
static void fill_spot(const struct kv_rows *rows, struct access_spot *spot)
{
    bool in_group = kv_rows_int(rows, 8) == ACCESS_GROUP;

    access_spot_fill(spot, in_group ? ACCESS_IN_GROUP : kv_rows_int(rows, 0), kv_rows_text(rows, 1),
                     kv_rows_text(rows, in_group ? 9 : 2));
}

/* And where the resource manager does, who asks about ids. */
static void fill_spot_of_id(const struct access_reading *reading, const struct kv_rows *rows,
                            struct access_spot *spot)
{
    char scope[KV_ACCESS_ID_MAX + 1], digest[KV_UUID_LENGTH + 1];

    access_scope_of_row(reading->access, rows, 8, scope);
    access_scope_digest(scope, digest);
    access_spot_fill(spot, ACCESS_AT_SCOPE, kv_rows_text(rows, 1), digest);
}

/* vault, principal, key, role, deny, since, until, name, level, place, key, group and name of the
 * vault, condition */
static enum kv_code add_assignment(void *context, const struct kv_rows *rows, struct kv_err *err)
{
    const struct access_reading *reading = context;
    struct access_index *index = reading->index;
    kv_auto(free) void *condition = strdup(kv_rows_text(rows, 13));
    struct access_rule rule = {
        .actions = access_index_role_actions(index, kv_rows_text(rows, 3)),
        .condition = kv_rows_is_null(rows, 13) ? NULL : condition,
        .kind = kv_rows_int(rows, 4) != 0 ? ACCESS_DENY : ACCESS_GRANT,
        .permissions = access_index_role(index, 0, kv_rows_text(rows, 3)),
        .since = kv_rows_int(rows, 5),
        .until = kv_rows_int(rows, 6),
    };
    struct access_spot spot;

    (void) snprintf(rule.name, sizeof(rule.name), "%s", kv_rows_text(rows, 7));
    if (kv_rows_int(rows, 8) != ACCESS_RESOURCE) {
        fill_spot(rows, &spot);
        KV_TRY(access_index_add(index, &spot, &rule, err));
    }
    fill_spot_of_id(reading, rows, &spot);
    return access_index_add(index, &spot, &rule, err);
}

/* vault, principal, application, words, since, until */
static enum kv_code add_policy(void *context, const struct kv_rows *rows, struct kv_err *err)
{
    struct access_index *index = INDEX_OF(context);
    struct access_rule rule = {
        .kind = ACCESS_POLICY,
        .since = kv_rows_int(rows, 4),
        .until = kv_rows_int(rows, 5),
    };
    const char *words = kv_rows_text(rows, 3);
    struct access_spot spot;

    while (*words != '\0') {
        size_t len = strcspn(words, " ");

        if (!kv_permissions_add_word(&rule.permissions, words, len)) {
            return fail_damaged("access policy of", kv_rows_text(rows, 1), err);
        }
        words += len + strspn(words + len, " ");
    }
    (void) snprintf(rule.application, sizeof(rule.application), "%s", kv_rows_text(rows, 2));
    access_spot_fill(&spot, kv_rows_int(rows, 0), kv_rows_text(rows, 1), "");
    return access_index_add(index, &spot, &rule, err);
}

/* The scope "/" of a managed HSM is the HSM itself, "/keys" all of its keys. */
static const char *key_of_scope(const char *scope)
{
    static const char head[] = "/keys/";

    if (strcmp(scope, "/") == 0) {
        return "";
    }
    return strlen(scope) > strlen(head) ? scope + strlen(head) : ACCESS_ALL_KEYS;
}

/* vault, principal, scope, role, name */
static enum kv_code add_hsm_assignment(void *context, const struct kv_rows *rows,
                                       struct kv_err *err)
{
    struct access_index *index = INDEX_OF(context);
    int64_t vault = kv_rows_int(rows, 0);
    const char *role = kv_rows_text(rows, 3);
    struct access_rule rule = {
        .kind = ACCESS_GRANT,
        .permissions =
            access_index_role(index, ALL_HSMS, role) | access_index_role(index, vault, role),
        .since = KV_ACCESS_ALWAYS,
        .until = KV_ACCESS_NEVER,
    };
    struct access_spot spot;

    (void) snprintf(rule.name, sizeof(rule.name), "%s", kv_rows_text(rows, 4));
    access_spot_fill(&spot, vault, kv_rows_text(rows, 1), key_of_scope(kv_rows_text(rows, 2)));
    return access_index_add(index, &spot, &rule, err);
}

/* vault, and the columns of network settings */
static enum kv_code add_network(void *context, const struct kv_rows *rows, struct kv_err *err)
{
    struct access_index *index = INDEX_OF(context);
    kv_auto(kv_network_done) struct kv_network network = { .since = 0 };

    KV_TRY(access_network_read(rows, 1, &network, err));
    return access_index_take_network(index, kv_rows_int(rows, 0), &network, err);
}

/* Roles first: assignments are read with what they allow. */
static const struct {
    const char *sql;
    kv_row_fn *add;
} parts[] = {
    { "SELECT name, data_actions, not_data_actions, actions, not_actions FROM access_role",
      add_custom },
    { "SELECT vault, name, permissions FROM role_definition", add_hsm_custom },
    { "SELECT coalesce(a.vault, 0), a.principal, a.key, a.role, a.deny, a.since, a.until, a.name,"
      " a.level, a.place, a.key, v.resource_group, v.name, a.condition"
      " FROM access_assignment a LEFT JOIN vault v ON v.id = a.vault ORDER BY a.id",
      add_assignment },
    { "SELECT vault, principal, application, words, since, until FROM access_policy ORDER BY id",
      add_policy },
    { "SELECT vault, principal, scope, definition, name FROM role_assignment ORDER BY id",
      add_hsm_assignment },
    { "SELECT vault, " ACCESS_NETWORK_COLUMNS " FROM access_network ORDER BY id", add_network },
};

enum kv_code access_index_read(struct kv_access *access, struct access_index *index,
                               struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct access_reading reading = { .access = access, .index = index };

    KV_TRY(add_built_ins(index, err));
    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin_reading(db, err));
    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        KV_TRY(kv_db_each(db, parts[i].sql, KV_NO_BINDS, parts[i].add, &reading, err));
    }
    return KV_OK;
}
