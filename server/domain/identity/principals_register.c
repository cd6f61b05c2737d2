/* SPDX-License-Identifier: Apache-2.0 */
/* Registering principals: who somebody is, and what may be said of him later. */
#include "kv/identity/registry.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core.h"
#include "principals_core.h"

/* --- what a draft says --- */

static enum kv_code check_guid(const char *text, const char *what, struct kv_err *err)
{
    if (text != NULL && !kv_uuid_is_valid(text)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The %s must be a GUID, which '%.64s' is not.",
                       what, text);
    }
    return KV_OK;
}

static bool has_client_id(enum kv_principal_type type)
{
    return type != KV_PRINCIPAL_USER && type != KV_PRINCIPAL_GROUP;
}

static enum kv_code check_upn(const struct kv_principal_draft *draft, enum kv_principal_type type,
                              struct kv_err *err)
{
    if (draft->upn == NULL) {
        return KV_OK;
    }
    if (type != KV_PRINCIPAL_USER) {
        return KV_FAIL(err, KV_CONFLICT, 0, "Users alone have a upn.");
    }
    if (*draft->upn == '\0' || strlen(draft->upn) >= KV_PRINCIPAL_UPN_SIZE
        || !kv_text_is_graphic(draft->upn)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A upn has 1 to %d printable ASCII characters without blanks.",
                       KV_PRINCIPAL_UPN_SIZE - 1);
    }
    return KV_OK;
}

/* What nothing in the store is needed for; `type` is what it is, or is to be. */
static enum kv_code check_draft(const struct kv_principal_draft *draft, enum kv_principal_type type,
                                struct kv_err *err)
{
    KV_TRY(check_guid(draft->object_id, "object id", err));
    KV_TRY(check_guid(draft->client_id, "client id", err));
    KV_TRY(check_guid(draft->tenant, "tenant", err));
    if (draft->client_id != NULL && !has_client_id(type)) {
        return KV_FAIL(err, KV_CONFLICT, 0, "A %s has no client id.", kv_principal_type_word(type));
    }
    if (draft->trusted_service != NULL && *draft->trusted_service && !has_client_id(type)) {
        return KV_FAIL(err, KV_CONFLICT, 0, "A %s is no trusted service.",
                       kv_principal_type_word(type));
    }
    if (*draft->name == '\0' && type != KV_PRINCIPAL_SYSTEM_ASSIGNED) {
        return KV_FAIL(err, KV_CONFLICT, 0, "The default identity is a system-assigned one.");
    }
    return check_upn(draft, type, err);
}

/* --- one that is new --- */

static void fill_upn(struct kv_principal_entry *entry, const char *given)
{
    const char *tail = strchr(entry->name, '@') != NULL ? "" : "@coffer.localhost";

    entry->upn[0] = '\0';
    if (given != NULL) {
        (void) snprintf(entry->upn, sizeof(entry->upn), "%s", given);
    } else if (entry->type == KV_PRINCIPAL_USER) {
        (void) snprintf(entry->upn, sizeof(entry->upn), "%.*s%s",
                        (int) (sizeof(entry->upn) - 1 - strlen(tail)), entry->name, tail);
    }
}

/* The resource that a system-assigned identity is of is a container app of its name. */
static void fill_resource(const struct kv_principals *principals, struct kv_principal_entry *entry)
{
    const char *model = principals->system.resource;
    int head = (int) (strrchr(model, '/') + 1 - model);

    if (entry->type == KV_PRINCIPAL_SYSTEM_ASSIGNED && entry->name[0] != '\0'
        && entry->name[0] != '/') {
        (void) snprintf(entry->resource, sizeof(entry->resource), "%.*s%.*s", head, model,
                        KV_PRINCIPAL_NAME_SIZE - 1, entry->name);
    }
    if (entry->type != KV_PRINCIPAL_SYSTEM_ASSIGNED && entry->type != KV_PRINCIPAL_USER_ASSIGNED) {
        entry->resource[0] = '\0';
    }
}

static void fill_ids(struct kv_principal_entry *entry, const struct kv_principal_draft *draft)
{
    if (draft->object_id != NULL) {
        principals_fold(draft->object_id, entry->object_id, sizeof(entry->object_id));
    }
    if (draft->client_id != NULL) {
        principals_fold(draft->client_id, entry->client_id, sizeof(entry->client_id));
    }
    if (!has_client_id(entry->type)) {
        entry->client_id[0] = '\0';
    }
}

static void fill_new(const struct kv_principals *principals, const struct kv_principal_draft *draft,
                     struct kv_principal_entry *entry)
{
    entry->registered = true;
    entry->type = draft->type != NULL ? *draft->type : entry->type;
    fill_resource(principals, entry);
    fill_ids(entry, draft);
    fill_upn(entry, draft->upn);
    if (draft->tenant != NULL) {
        principals_fold(draft->tenant, entry->tenant, sizeof(entry->tenant));
    }
    entry->trusted_service = draft->trusted_service != NULL && *draft->trusted_service;
}

/* --- one that is there --- */

static enum kv_code refuse_other(const struct kv_principal_entry *entry, const char *what,
                                 const char *has, const char *wanted, struct kv_err *err)
{
    return KV_FAIL(err, KV_CONFLICT, 0, "The identity '%s' is there with the %s %s, not %.64s.",
                   entry->name, what, *has != '\0' ? has : "(none)", wanted);
}

/* Who somebody is does not change: delete it and make another. */
static enum kv_code check_same(const struct kv_principal_entry *entry,
                               const struct kv_principal_draft *draft, struct kv_err *err)
{
    if (draft->object_id != NULL && strcasecmp(draft->object_id, entry->object_id) != 0) {
        return refuse_other(entry, "object id", entry->object_id, draft->object_id, err);
    }
    if (draft->client_id != NULL && strcasecmp(draft->client_id, entry->client_id) != 0) {
        return refuse_other(entry, "client id", entry->client_id, draft->client_id, err);
    }
    if (entry->registered && draft->type != NULL && *draft->type != entry->type) {
        return refuse_other(entry, "type", kv_principal_type_word(entry->type),
                            kv_principal_type_word(*draft->type), err);
    }
    return KV_OK;
}

static enum kv_code save(struct kv_db *db, const struct principals_row *row, struct kv_err *err)
{
    static const char sql[] = "UPDATE principal SET type = ?, registered = ?, client_id = ?,"
                              " tenant = ?, resource = ?, upn = ?, trusted = ? WHERE id = ?";
    const struct kv_principal_entry *entry = &row->entry;
    bool has_client = entry->client_id[0] != '\0';

    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(entry->type), KV_B_INT(entry->registered),
                              has_client ? KV_B_TEXT(entry->client_id) : KV_B_NULL,
                              KV_B_TEXT(entry->tenant), KV_B_TEXT(entry->resource),
                              KV_B_TEXT(entry->upn), KV_B_INT(entry->trusted_service),
                              KV_B_INT(row->id)),
                     NULL, err);
}

/* One that was changed before anybody registered it may still get a type. */
static enum kv_code change(const struct kv_principals *principals, struct kv_db *db,
                           const struct kv_principal_draft *draft, struct principals_row *row,
                           struct kv_err *err)
{
    struct kv_principal_entry *entry = &row->entry;

    KV_TRY(check_same(entry, draft, err));
    if (!entry->registered) {
        fill_new(principals, draft, entry);
        return save(db, row, err);
    }
    if (draft->tenant != NULL) {
        principals_fold(draft->tenant, entry->tenant, sizeof(entry->tenant));
    }
    if (draft->upn != NULL) {
        fill_upn(entry, draft->upn);
    }
    if (draft->trusted_service != NULL) {
        entry->trusted_service = *draft->trusted_service;
    }
    return save(db, row, err);
}

/* --- the two together --- */

/* A deleted one gives its name to the new one, whose ids are others. */
static enum kv_code make_room(struct kv_db *db, struct principals_row *row, struct kv_err *err)
{
    if (row->id == 0 || row->entry.state != KV_PRINCIPAL_DELETED) {
        return KV_OK;
    }
    KV_TRY(kv_db_run(db, "UPDATE principal SET name = NULL WHERE id = ?",
                     KV_BINDS(KV_B_INT(row->id)), NULL, err));
    KV_TRY(principals_forget_oldest(db, err));
    row->id = 0;
    row->entry.state = KV_PRINCIPAL_ENABLED;
    row->entry.revoked = KV_PRINCIPAL_NOT_REVOKED;
    kv_uuid_random(row->entry.object_id);
    kv_uuid_random(row->entry.client_id);
    return KV_OK;
}

static enum kv_code check_name(const char *name, struct kv_err *err)
{
    if (strlen(name) >= principals_name_size(name) || strchr(name, ',') != NULL
        || !kv_text_is_graphic(name)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The name of an identity has 1 to %d printable ASCII characters without "
                       "blanks and commas.",
                       KV_PRINCIPAL_NAME_SIZE - 1);
    }
    return KV_OK;
}

/* Resolving has lost the spelling of a name that a former one had. */
static enum kv_code prepare(struct kv_principals *principals, struct kv_db *db,
                            const struct kv_principal_draft *draft, bool only_living,
                            struct principals_row *row, struct kv_err *err)
{
    struct kv_principal_entry made_up;

    if (only_living) {
        return principals_resolve_living(principals, db, draft->name, row, err);
    }
    KV_TRY(principals_resolve(principals, db, draft->name, row, err));
    if (row->is_former && principals_make_up(principals, draft->name, &made_up)) {
        memcpy(row->entry.name, made_up.name, sizeof(made_up.name));
    }
    return make_room(db, row, err);
}

enum kv_code kv_principal_register(struct kv_principals *principals,
                                   const struct kv_principal_draft *draft, bool only_living,
                                   struct kv_principal_entry *ret_entry, bool *ret_is_new,
                                   struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct principals_row row;

    KV_TRY(check_name(draft->name, err));
    KV_TRY(principals_begin(principals, &db, err));
    KV_TRY(prepare(principals, db, draft, only_living, &row, err));
    KV_TRY(check_draft(draft, draft->type != NULL ? *draft->type : row.entry.type, err));

    bool is_new = row.id == 0 || !row.entry.registered;

    if (row.id == 0) {
        fill_new(principals, draft, &row.entry);
        KV_TRY(principals_insert(db, &row.entry, &row.id, err));
    } else {
        KV_TRY(change(principals, db, draft, &row, err));
    }
    KV_TRY(principals_commit(principals, db, err));
    *ret_entry = row.entry;
    *ret_is_new = is_new;
    return KV_OK;
}
