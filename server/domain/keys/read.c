/* SPDX-License-Identifier: Apache-2.0 */
/* Getting and listing: contract §6.3, §6.5. */
#include "read.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/base/clock.h"
#include "rows.h"

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
 * The orders of lists (contract §6.5): statements that end in what is selected as marker, the
 * condition on it and the order by it; the marker before all others, and the characters of one.
 */
struct key_order {
    const char *live, *deleted;
    const char *start;
    const char *marker;
};
struct version_order {
    const char *sql;
    const char *start;
    const char *marker;
    size_t marker_len; /* 0: any */
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

static const struct key_order keys_by_name = {
    LIVE("k.fold"),
    DELETED("k.fold"),
    "",
    "-" DIGITS "ABCDEFGHIJKLMNOPQRSTUVWXYZ",
};
static const struct version_order versions_by_name = {
    VERSIONS("v.version"),
    "",
    DIGITS "abcdef",
    KV_VERSION_LENGTH,
};

/* By the number of a row, which is that of its insertion. */
static const struct key_order keys_by_creation = { LIVE("k.id"), DELETED("k.id"), "0", DIGITS };
static const struct version_order versions_by_creation = { VERSIONS("v.id"), "0", DIGITS, 0 };

/* That a managed HSM lists its keys this way is an interpretation; for versions it is certain. */
static const struct key_order *const key_orders[] = {
    [KV_VAULT] = &keys_by_name,
    [KV_MANAGED_HSM] = &keys_by_creation,
};
static const struct version_order *const version_orders[] = {
    [KV_VAULT] = &versions_by_name,
    [KV_MANAGED_HSM] = &versions_by_creation,
};

static bool consists_of(const char *marker, const char *characters)
{
    size_t len = strlen(marker);

    return len > 0 && len <= KV_MARKER_MAX && strspn(marker, characters) == len;
}

bool kv_key_marker_is_valid(const struct kv_scope *scope, bool of_versions, const char *marker)
{
    const struct version_order *versions = version_orders[scope->vault->kind];

    if (!of_versions) {
        return consists_of(marker, key_orders[scope->vault->kind]->marker);
    }
    return consists_of(marker, versions->marker)
           && (versions->marker_len == 0 || strlen(marker) == versions->marker_len);
}

/* Takes at most `max` rows; one more shows that there is a next page. */
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
    const struct key_order *order = key_orders[scope->vault->kind];

    return list(scope, order->live,
                KV_BINDS(KV_B_INT(scope->vault->id), KV_B_INT(scope->now),
                         KV_B_TEXT(marker != NULL ? marker : order->start), KV_B_INT(max + 1)),
                max, ret_page, err);
}

enum kv_code kv_key_list_deleted(const struct kv_scope *scope, const char *marker, size_t max,
                                 struct kv_key_page *ret_page, struct kv_err *err)
{
    const struct key_order *order = key_orders[scope->vault->kind];

    return list(scope, order->deleted,
                KV_BINDS(KV_B_INT(scope->vault->id), KV_B_INT(scope->now),
                         KV_B_INT(kv_seconds(scope->now)),
                         KV_B_TEXT(marker != NULL ? marker : order->start), KV_B_INT(max + 1)),
                max, ret_page, err);
}

enum kv_code kv_key_list_versions(const struct kv_scope *scope, const char *name,
                                  const char *marker, size_t max, struct kv_key_page *ret_page,
                                  struct kv_err *err)
{
    const struct version_order *order = version_orders[scope->vault->kind];
    struct name_fold fold;

    KV_TRY(name_fold(name, &fold, err));
    return list(scope, order->sql,
                KV_BINDS(KV_B_INT(scope->vault->id), KV_B_INT(scope->now), KV_B_TEXT(fold.text),
                         KV_B_TEXT(marker != NULL ? marker : order->start), KV_B_INT(max + 1)),
                max, ret_page, err);
}

enum kv_code key_load_versions(const struct kv_scope *scope, const char *name, size_t max,
                               struct kv_key_page *ret_page, struct kv_err *err)
{
    struct name_fold fold;

    KV_TRY(name_fold(name, &fold, err));
    return list(scope, versions_by_creation.sql,
                KV_BINDS(KV_B_INT(scope->vault->id), KV_B_INT(scope->now), KV_B_TEXT(fold.text),
                         KV_B_TEXT(versions_by_creation.start), KV_B_INT(max + 1)),
                max, ret_page, err);
}
