/* SPDX-License-Identifier: Apache-2.0 */
/* Getting and listing: contract §6.3, §6.5. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

/*
 * The order of lists (contract §6.5): statements of a list, ending in what is selected as marker,
 * the condition on it and the order by it; and the marker before all others.
 */
struct order {
    const char *keys, *deleted_keys, *versions;
    const char *start;
    const char *key_marker, *version_marker; /* the characters of one */
    size_t version_marker_len;               /* 0: any */
};

#define LIVE(column)                                                                               \
    "SELECT " KEY_COLUMNS ", " column " FROM key k JOIN version v ON v.id = k.latest"              \
    " WHERE " KEY_IS_LIVE " AND " column " > ?3 ORDER BY " column " LIMIT ?4"
#define DELETED(column)                                                                            \
    "SELECT " KEY_COLUMNS ", " column " FROM key k JOIN version v ON v.id = k.latest"              \
    " WHERE " KEY_IS_DELETED " AND " column " > ?4 ORDER BY " column " LIMIT ?5"
#define VERSIONS(column)                                                                           \
    "SELECT " KEY_COLUMNS ", " column " FROM key k JOIN version v ON v.key = k.id"                 \
    " WHERE " KEY_IS_LIVE " AND k.fold = ?3 AND " column " > ?4 ORDER BY " column " LIMIT ?5"

#define DIGITS "0123456789"

static const struct order by_name = {
    .keys = LIVE("k.fold"),
    .deleted_keys = DELETED("k.fold"),
    .versions = VERSIONS("v.version"),
    .start = "",
    .key_marker = "-" DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
    .version_marker = DIGITS "abcdef",
    .version_marker_len = KV_VERSION_LENGTH,
};

/* A row's number is that of its insertion. */
static const struct order by_creation = {
    .keys = LIVE("k.id"),
    .deleted_keys = DELETED("k.id"),
    .versions = VERSIONS("v.id"),
    .start = "0",
    .key_marker = DIGITS,
    .version_marker = DIGITS,
};

/* Of keys by one reading only. */
static const struct order *const orders[] = {
    [KV_VAULT] = &by_name,
    [KV_MANAGED_HSM] = &by_creation,
};

static const struct order *order_of(const struct kv_scope *scope)
{
    return orders[scope->vault->kind];
}

bool kv_key_marker_is_valid(const struct kv_scope *scope, bool of_versions, const char *marker)
{
    const struct order *order = order_of(scope);
    size_t len = strlen(marker);

    if (of_versions && order->version_marker_len != 0 && len != order->version_marker_len) {
        return false;
    }
    return len > 0 && len <= KV_MARKER_MAX
           && strspn(marker, of_versions ? order->version_marker : order->key_marker) == len;
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
        snprintf(page.next, sizeof(page.next), "%s", kv_rows_text(rows, COLUMN_MARKER));
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
    const struct order *order = order_of(scope);

    return list(scope, order->keys,
                KV_BINDS(KV_B_TEXT(scope->vault->name), KV_B_INT(scope->now),
                         KV_B_TEXT(marker != NULL ? marker : order->start), KV_B_INT(max + 1)),
                max, ret_page, err);
}

enum kv_code kv_key_list_deleted(const struct kv_scope *scope, const char *marker, size_t max,
                                 struct kv_key_page *ret_page, struct kv_err *err)
{
    const struct order *order = order_of(scope);

    return list(scope, order->deleted_keys,
                KV_BINDS(KV_B_TEXT(scope->vault->name), KV_B_INT(scope->now),
                         KV_B_INT(kv_seconds(scope->now)),
                         KV_B_TEXT(marker != NULL ? marker : order->start), KV_B_INT(max + 1)),
                max, ret_page, err);
}

enum kv_code kv_key_list_versions(const struct kv_scope *scope, const char *name,
                                  const char *marker, size_t max, struct kv_key_page *ret_page,
                                  struct kv_err *err)
{
    const struct order *order = order_of(scope);
    struct name_fold fold;

    KV_TRY(name_fold(name, &fold, err));
    return list(scope, order->versions,
                KV_BINDS(KV_B_TEXT(scope->vault->name), KV_B_INT(scope->now), KV_B_TEXT(fold.text),
                         KV_B_TEXT(marker != NULL ? marker : order->start), KV_B_INT(max + 1)),
                max, ret_page, err);
}

enum kv_code key_load_versions(const struct kv_scope *scope, const char *name, size_t max,
                               struct kv_key_page *ret_page, struct kv_err *err)
{
    struct name_fold fold;

    KV_TRY(name_fold(name, &fold, err));
    return list(scope, by_creation.versions,
                KV_BINDS(KV_B_TEXT(scope->vault->name), KV_B_INT(scope->now), KV_B_TEXT(fold.text),
                         KV_B_TEXT(by_creation.start), KV_B_INT(max + 1)),
                max, ret_page, err);
}
