/* SPDX-License-Identifier: Apache-2.0 */
/* Getting and listing: contract §6.3, §6.5. */
#include <stdlib.h>

#include "kv/clock.h"
#include "private.h"

enum kv_code kv_key_get(const struct kv_scope *scope, const char *name, const char *version,
                        struct kv_key *ret_key, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    int64_t id;

    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    return key_find(db, scope, name, version, ret_key, &id, err);
}

void kv_key_page_done(struct kv_key_page *page)
{
    for (size_t i = 0; i < page->count; i++) {
        kv_key_done(&page->key[i]);
    }
    free(page->key);
    *page = (struct kv_key_page){ .key = NULL };
}

/* Takes at most `max` rows; one more tells that there is a next page. */
static enum kv_code read_page(struct kv_rows *rows, size_t max, struct kv_key_page *ret_page,
                              struct kv_err *err)
{
    kv_auto(kv_key_page_done) struct kv_key_page page = { .key = calloc(max, sizeof(*page.key)) };
    bool more;

    if (page.key == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more && page.count < max) {
        KV_TRY(key_read(rows, &page.key[page.count], err));
        page.count++;
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    page.more = more;
    *ret_page = page;
    page = (struct kv_key_page){ .key = NULL }; /* the caller's now */
    return KV_OK;
}

/* Runs a list statement whose last two parameters are the marker and the limit. */
static enum kv_code list(const struct kv_scope *scope, const char *sql, struct kv_binds binds,
                         size_t max, struct kv_key_page *ret_page, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;

    KV_TRY(kv_db_acquire(scope->keys->config.store, &db, err));
    KV_TRY(kv_db_query(db, sql, binds, &rows, err));
    return read_page(rows, max, ret_page, err);
}

enum kv_code kv_key_list(const struct kv_scope *scope, const char *marker, size_t max,
                         struct kv_key_page *ret_page, struct kv_err *err)
{
    static const char sql[] = "SELECT " KEY_COLUMNS " FROM key k JOIN version v ON v.id = k.latest"
                              " WHERE " KEY_IS_LIVE " AND k.fold > ?3 ORDER BY k.fold LIMIT ?4";

    return list(scope, sql,
                KV_BINDS(KV_B_TEXT(scope->vault->name), KV_B_INT(scope->now),
                         KV_B_TEXT(marker != NULL ? marker : ""), KV_B_INT(max + 1)),
                max, ret_page, err);
}

enum kv_code kv_key_list_deleted(const struct kv_scope *scope, const char *marker, size_t max,
                                 struct kv_key_page *ret_page, struct kv_err *err)
{
    static const char sql[] = "SELECT " KEY_COLUMNS " FROM key k JOIN version v ON v.id = k.latest"
                              " WHERE " KEY_IS_DELETED " AND k.fold > ?4 ORDER BY k.fold LIMIT ?5";

    return list(scope, sql,
                KV_BINDS(KV_B_TEXT(scope->vault->name), KV_B_INT(scope->now),
                         KV_B_INT(kv_seconds(scope->now)), KV_B_TEXT(marker != NULL ? marker : ""),
                         KV_B_INT(max + 1)),
                max, ret_page, err);
}

enum kv_code kv_key_list_versions(const struct kv_scope *scope, const char *name,
                                  const char *marker, size_t max, struct kv_key_page *ret_page,
                                  struct kv_err *err)
{
    static const char sql[] = "SELECT " KEY_COLUMNS " FROM key k JOIN version v ON v.key = k.id"
                              " WHERE " KEY_IS_LIVE " AND k.fold = ?3 AND v.version > ?4"
                              " ORDER BY v.version LIMIT ?5";
    struct name_fold fold;

    KV_TRY(name_fold(name, &fold, err));
    return list(scope, sql,
                KV_BINDS(KV_B_TEXT(scope->vault->name), KV_B_INT(scope->now), KV_B_TEXT(fold.text),
                         KV_B_TEXT(marker != NULL ? marker : ""), KV_B_INT(max + 1)),
                max, ret_page, err);
}

enum kv_code key_load_versions(const struct kv_scope *scope, const char *name, size_t max,
                               struct kv_key_page *ret_page, struct kv_err *err)
{
    static const char sql[] = "SELECT " KEY_COLUMNS " FROM key k JOIN version v ON v.key = k.id"
                              " WHERE " KEY_IS_LIVE " AND k.fold = ?3 ORDER BY v.id LIMIT ?4";
    struct name_fold fold;

    KV_TRY(name_fold(name, &fold, err));
    return list(scope, sql,
                KV_BINDS(KV_B_TEXT(scope->vault->name), KV_B_INT(scope->now), KV_B_TEXT(fold.text),
                         KV_B_INT(max + 1)),
                max, ret_page, err);
}
