/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes: got, put, deleted, listed. */
#include "kv/resources/resources.h"

#include <stdio.h>

#include "core.h"
#include "kv/base/json.h"

static enum kv_code refuse_missing(const char *id, struct kv_err *err)
{
    return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no resource '%.256s'.", id);
}

static enum kv_code get(struct kv_db *db, const struct resource_key *key,
                        struct kv_resource *ret_resource, bool *ret_is_there, struct kv_err *err)
{
    static const char sql[] = "SELECT " RESOURCE_COLUMNS " FROM resource WHERE key = ?";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(key->text)), &rows, err));
    KV_TRY(kv_rows_next(rows, ret_is_there, err));
    return *ret_is_there ? resource_read(rows, ret_resource, err) : KV_OK;
}

enum kv_code kv_resource_get(struct kv_resources *resources, const char *id,
                             struct kv_resource *ret_resource, struct kv_err *err)
{
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct resource_key key;
    bool is_there;

    KV_TRY(resource_key_make(id, &key, err));
    KV_TRY(kv_db_acquire(resources->store, &db, err));
    KV_TRY(get(db, &key, &resource, &is_there, err));
    if (!is_there) {
        return refuse_missing(id, err);
    }
    *ret_resource = resource;
    resource = (struct kv_resource){ 0 };
    return KV_OK;
}

static enum kv_code check_before(int64_t edition, int64_t before, struct kv_err *err)
{
    bool holds = before == KV_RESOURCE_ANY || (before == KV_RESOURCE_THERE && edition > 0)
                 || (before == KV_RESOURCE_ABSENT && edition == 0) || before == edition;

    return holds ? KV_OK
                 : KV_FAIL(err, KV_PRECONDITION_FAILED, 0,
                           "The condition '%s' in the request was not satisfied by the resource.",
                           before == KV_RESOURCE_ABSENT ? "If-None-Match" : "If-Match");
}

/* The edition of what is there; 0: nothing is. */
static enum kv_code find_edition(struct kv_db *db, const struct resource_key *key,
                                 int64_t *ret_edition, struct kv_err *err)
{
    static const char sql[] = "SELECT edition FROM resource WHERE key = ?";

    return kv_db_count(db, sql, KV_BINDS(KV_B_TEXT(key->text)), ret_edition, err);
}

static enum kv_code check_room(struct kv_db *db, struct kv_err *err)
{
    int64_t count;

    KV_TRY(kv_db_count(db, "SELECT count(*) FROM resource", KV_NO_BINDS, &count, err));
    return count < KV_RESOURCES_MAX
               ? KV_OK
               : KV_FAIL(err, KV_CONFLICT, 0, "There are %d resources, as many as there may be.",
                         KV_RESOURCES_MAX);
}

/* An object's text; that of an empty one for NULL. */
static enum kv_code print(const cJSON *tree, struct kv_buf *text, struct kv_err *err)
{
    enum kv_code code =
        tree != NULL ? kv_json_print(tree, text, err) : kv_buf_append(text, "{}", 2, err);

    return code == KV_BODY_TOO_LARGE
               ? KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "A resource has at most %d bytes.",
                         KV_RESOURCE_CONTENT_MAX)
               : code;
}

static enum kv_code write(struct kv_db *db, const struct resource_key *key,
                          const struct kv_resource *resource, kv_millis now, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO resource (key, id, type, name, location, tags, content, created_by,"
        " created_by_user, changed_by, changed_by_user, created, changed, ready, edition)"
        " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?8, ?9, ?10, ?10, ?11, 1)"
        " ON CONFLICT (key) DO UPDATE SET location = ?5, tags = ?6, content = ?7, changed_by = ?8,"
        " changed_by_user = ?9, changed = ?10, ready = ?11, edition = edition + 1";
    kv_auto(kv_buf_done) struct kv_buf tags = { .max = KV_RESOURCE_CONTENT_MAX };
    kv_auto(kv_buf_done) struct kv_buf content = { .max = KV_RESOURCE_CONTENT_MAX };

    KV_TRY(print(resource->tags, &tags, err));
    KV_TRY(print(resource->content, &content, err));
    return kv_db_run(
        db, sql,
        KV_BINDS(KV_B_TEXT(key->text), KV_B_TEXT(resource->id), KV_B_TEXT(resource->type),
                 KV_B_TEXT(resource->name), KV_B_TEXT(resource->location), KV_B_TEXT(tags.data),
                 KV_B_TEXT(content.data), KV_B_TEXT(resource->changed_by),
                 KV_B_INT(resource->changed_by_user), KV_B_INT(now), KV_B_INT(resource->ready)),
        NULL, err);
}

enum kv_code kv_resource_put(struct kv_resources *resources, const struct kv_resource *resource,
                             int64_t before, kv_millis now, bool *ret_is_new, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct resource_key key;
    int64_t edition;

    KV_TRY(resource_key_make(resource->id, &key, err));
    KV_TRY(kv_db_acquire(resources->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(find_edition(db, &key, &edition, err));
    KV_TRY(check_before(edition, before, err));
    if (edition == 0) {
        KV_TRY(check_room(db, err));
    }
    KV_TRY(write(db, &key, resource, now, err));
    *ret_is_new = edition == 0;
    return kv_db_commit(db, err);
}

enum kv_code kv_resource_delete(struct kv_resources *resources, const char *id, int64_t before,
                                bool *ret_was_there, struct kv_err *err)
{
    static const char sql[] = "DELETE FROM resource WHERE key = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct resource_key key;
    int64_t edition;

    KV_TRY(resource_key_make(id, &key, err));
    KV_TRY(kv_db_acquire(resources->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(find_edition(db, &key, &edition, err));
    KV_TRY(check_before(edition, before, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_TEXT(key.text)), NULL, err));
    if (ret_was_there != NULL) {
        *ret_was_there = edition != 0;
    }
    return kv_db_commit(db, err);
}

/* What lies below an id begins with it and a slash; '0' is the character behind that. */
struct bounds {
    struct resource_key from, to;
};

static enum kv_code find_bounds(const char *id, struct bounds *ret_bounds, struct kv_err *err)
{
    struct resource_key key;

    KV_TRY(resource_key_make(id, &key, err));
    (void) snprintf(ret_bounds->from.text, sizeof(ret_bounds->from.text), "%.*s/",
                    KV_RESOURCE_ID_MAX, key.text);
    (void) snprintf(ret_bounds->to.text, sizeof(ret_bounds->to.text), "%.*s0", KV_RESOURCE_ID_MAX,
                    key.text);
    return KV_OK;
}

enum kv_code kv_resource_delete_tree(struct kv_resources *resources, const char *id,
                                     struct kv_err *err)
{
    static const char sql[] = "DELETE FROM resource WHERE key = ?1 OR (key > ?2 AND key < ?3)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct resource_key key;
    struct bounds bounds;

    KV_TRY(resource_key_make(id, &key, err));
    KV_TRY(find_bounds(id, &bounds, err));
    KV_TRY(kv_db_acquire(resources->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_run(
        db, sql,
        KV_BINDS(KV_B_TEXT(key.text), KV_B_TEXT(bounds.from.text), KV_B_TEXT(bounds.to.text)), NULL,
        err));
    return kv_db_commit(db, err);
}

/* The row's reader and the caller's visitor. */
struct visit {
    kv_resource_visit_fn *visit;
    void *context;
};

static enum kv_code visit_row(void *context, const struct kv_rows *row, struct kv_err *err)
{
    const struct visit *visit = context;
    kv_auto(kv_resource_done) struct kv_resource resource = { 0 };

    KV_TRY(resource_read(row, &resource, err));
    return visit->visit(visit->context, &resource, err);
}

/* Both are walked along an index, from where the last page ended. */
static const char *const list_sql[] = {
    "SELECT " RESOURCE_COLUMNS " FROM resource WHERE key > max(?1, ?2) AND key < ?3"
    " AND ?4 IS NULL ORDER BY key LIMIT ?5",
    "SELECT " RESOURCE_COLUMNS " FROM resource WHERE key > max(?1, ?2) AND key < ?3"
    " AND type = ?4 ORDER BY key LIMIT ?5",
};

enum kv_code kv_resource_list(struct kv_resources *resources, const struct kv_resource_range *range,
                              kv_resource_visit_fn *visit, void *context, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct visit visitor = { visit, context };
    struct resource_key after;
    struct bounds bounds;

    KV_TRY(resource_key_make(range->after != NULL ? range->after : "", &after, err));
    KV_TRY(find_bounds(range->below, &bounds, err));
    KV_TRY(kv_db_acquire(resources->store, &db, err));
    KV_TRY(kv_db_begin_reading(db, err));
    return kv_db_each(
        db, list_sql[range->type != NULL],
        KV_BINDS(KV_B_TEXT(bounds.from.text), KV_B_TEXT(after.text), KV_B_TEXT(bounds.to.text),
                 range->type != NULL ? KV_B_TEXT(range->type) : KV_B_NULL, KV_B_INT(range->count)),
        visit_row, &visitor, err);
}
