/* SPDX-License-Identifier: Apache-2.0 */
/* Network settings in the store: read and changed. */
#include <stdio.h>
#include <string.h>

#include "access_core.h"
#include "kv/base/buf.h"
#include "roles_core.h"

/* All ranges of a list, each with a blank behind it. */
#define LIST_TEXT_MAX (KV_NETWORK_RULES_MAX * KV_CIDR_SIZE + 1)

#define COLUMNS ACCESS_NETWORK_COLUMNS
enum { COLUMN_WORDS = 0, COLUMN_LISTS = KV_NETWORK_WORDS, COLUMN_SINCE = 5, COLUMN_UNTIL = 6 };

static enum kv_code fail_damaged(struct kv_err *err)
{
    return KV_FAIL(err, KV_INTERNAL, 0, "the stored network settings of a vault are damaged");
}

/* "10.0.0.0/8 192.0.2.1/32 " */
static enum kv_code read_list(const char *text, struct kv_cidrs *list, struct kv_err *err)
{
    while (*text != '\0') {
        size_t len = strcspn(text, " ");
        char range[KV_CIDR_SIZE];
        struct kv_cidr cidr;

        if (snprintf(range, sizeof(range), "%.*s", (int) len, text) >= (int) sizeof(range)
            || kv_cidr_parse(range, &cidr, NULL) != KV_OK) {
            return fail_damaged(err);
        }
        KV_TRY(kv_cidrs_add(list, &cidr, err));
        text += len + strspn(text + len, " ");
    }
    return KV_OK;
}

static bool is_word(enum kv_network_word word, int64_t value)
{
    const char *const *words = kv_network_word_row(word)->words;
    int64_t count = 0;

    while (words[count] != NULL) {
        count++;
    }
    return value >= 0 && value < count;
}

enum kv_code access_network_read(const struct kv_rows *rows, int column, struct kv_network *network,
                                 struct kv_err *err)
{
    for (int i = 0; i < KV_NETWORK_WORDS; i++) {
        int64_t value = kv_rows_int(rows, column + COLUMN_WORDS + i);

        if (!is_word((enum kv_network_word) i, value)) {
            return fail_damaged(err);
        }
        network->word[i] = (unsigned) value;
    }
    for (int i = 0; i < KV_NETWORK_LISTS; i++) {
        KV_TRY(read_list(kv_rows_text(rows, column + COLUMN_LISTS + i), &network->list[i], err));
    }
    network->since = kv_rows_int(rows, column + COLUMN_SINCE);
    network->until = kv_rows_int(rows, column + COLUMN_UNTIL);
    return KV_OK;
}

/* The latest ones; a vault without any has the defaults. */
static enum kv_code load(struct kv_db *db, int64_t vault, struct kv_network *network,
                         struct kv_err *err)
{
    static const char sql[] =
        "SELECT " COLUMNS " FROM access_network WHERE vault = ? ORDER BY id DESC LIMIT 1";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(vault)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    return more ? access_network_read(rows, 0, network, err) : KV_OK;
}

static void init_network(struct kv_network *network)
{
    *network = (struct kv_network){ .since = KV_ACCESS_ALWAYS, .until = KV_ACCESS_NEVER };
}

/* Its owner is another one now. */
static void hand_over(struct kv_network *from, struct kv_network *to)
{
    *to = *from;
    init_network(from);
}

enum kv_code kv_network_get(struct kv_access *access, const struct kv_vault *vault,
                            struct kv_network *ret_network, struct kv_err *err)
{
    kv_auto(kv_network_done) struct kv_network network = { .since = KV_ACCESS_ALWAYS,
                                                           .until = KV_ACCESS_NEVER };
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(load(db, vault->id, &network, err));
    hand_over(&network, ret_network);
    return KV_OK;
}

/* --- what becomes of them --- */

static enum kv_code add_ranges(const struct kv_cidrs *given, const struct kv_network_list_row *row,
                               struct kv_cidrs *list, struct kv_err *err)
{
    for (size_t i = 0; i < given->count; i++) {
        if (kv_cidrs_find(list, &given->cidr[i]) < list->count) {
            continue;
        }
        if (list->count >= row->max) {
            return KV_FAIL(err, KV_CONFLICT, 0, "A vault can have %zu %s at most.", row->max,
                           row->name);
        }
        KV_TRY(kv_cidrs_add(list, &given->cidr[i], err));
    }
    return KV_OK;
}

static enum kv_code remove_ranges(const struct kv_cidrs *given,
                                  const struct kv_network_list_row *row, struct kv_cidrs *list,
                                  struct kv_err *err)
{
    char text[KV_CIDR_SIZE];

    for (size_t i = 0; i < given->count; i++) {
        size_t place = kv_cidrs_find(list, &given->cidr[i]);

        if (place == list->count) {
            kv_cidr_render(&given->cidr[i], text);
            return KV_FAIL(err, KV_NOT_FOUND, 0, "%s is not among the %s of the vault.", text,
                           row->name);
        }
        kv_cidrs_remove(list, place);
    }
    return KV_OK;
}

static enum kv_code change_list(const struct kv_network_change *change, enum kv_network_list which,
                                struct kv_network *network, struct kv_err *err)
{
    const struct kv_network_list_row *row = kv_network_list_row(which);
    const struct kv_cidrs *given = &change->to.list[which];
    struct kv_cidrs *list = &network->list[which];

    switch (change->mode) {
    case KV_NETWORK_REPLACE:
    case KV_NETWORK_SET:
        kv_cidrs_done(list);
        return add_ranges(given, row, list, err);
    case KV_NETWORK_ADD:
        return add_ranges(given, row, list, err);
    case KV_NETWORK_REMOVE:
        break;
    }
    return remove_ranges(given, row, list, err);
}

static enum kv_code apply(const struct kv_network_change *change, struct kv_network *network,
                          struct kv_err *err)
{
    bool replaces = change->mode == KV_NETWORK_REPLACE;

    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        if (replaces || (change->words_given & 1U << i) != 0) {
            network->word[i] = change->to.word[i];
        }
    }
    for (unsigned i = 0; i < KV_NETWORK_LISTS; i++) {
        if (replaces || (change->lists_given & 1U << i) != 0) {
            KV_TRY(change_list(change, (enum kv_network_list) i, network, err));
        }
    }
    return KV_OK;
}

/* --- writing --- */

static enum kv_code check_room(struct kv_db *db, int64_t vault, size_t ranges, kv_millis now,
                               struct kv_err *err)
{
    static const char all[] = "SELECT coalesce(sum(ranges), 0) FROM access_network";
    static const char pending[] =
        "SELECT count(*) FROM access_network WHERE vault = ? AND until > ?";
    int64_t count;

    KV_TRY(kv_db_count(db, all, KV_NO_BINDS, &count, err));
    if (count + (int64_t) ranges > KV_NETWORK_RANGES_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "All vaults together can have %d address ranges.",
                       KV_NETWORK_RANGES_MAX);
    }
    KV_TRY(kv_db_count(db, pending, KV_BINDS(KV_B_INT(vault), KV_B_INT(now)), &count, err));
    if (count > KV_NETWORK_CHANGES_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "%d changes of the vault's network settings are under way already.",
                       KV_NETWORK_CHANGES_MAX);
    }
    return KV_OK;
}

/* With a delay what is there counts until then; what was replaced before keeps its end. */
static enum kv_code end_latest(const struct kv_access *access, struct kv_db *db, int64_t vault,
                               kv_millis now, struct kv_err *err)
{
    static const char end[] = "UPDATE access_network SET until = ? WHERE vault = ? AND until = ?";
    static const char remove[] = "DELETE FROM access_network WHERE vault = ?";

    if (access->firewall_delay == 0) {
        return kv_db_run(db, remove, KV_BINDS(KV_B_INT(vault)), NULL, err);
    }
    return kv_db_run(db, end,
                     KV_BINDS(KV_B_INT(now + access->firewall_delay), KV_B_INT(vault),
                              KV_B_INT(KV_ACCESS_NEVER)),
                     NULL, err);
}

static enum kv_code print_list(const struct kv_cidrs *list, struct kv_buf *buf, struct kv_err *err)
{
    char text[KV_CIDR_SIZE];

    for (size_t i = 0; i < list->count; i++) {
        kv_cidr_render(&list->cidr[i], text);
        KV_TRY(kv_buf_printf(buf, err, "%s ", text));
    }
    return KV_OK;
}

static size_t count_ranges(const struct kv_network *network)
{
    return network->list[KV_NETWORK_RULES].count + network->list[KV_NETWORK_PRIVATE].count;
}

static struct kv_bind bind_text(const struct kv_buf *buf)
{
    return buf->data != NULL ? KV_B_TEXT(buf->data) : KV_B_TEXT("");
}

static enum kv_code insert(struct kv_db *db, int64_t vault, const struct kv_network *row,
                           struct kv_err *err)
{
    static const char sql[] = "INSERT INTO access_network (vault, ranges, " COLUMNS ")"
                              " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)";
    kv_auto(kv_buf_done) struct kv_buf rules, endpoints;

    kv_buf_init(&rules, LIST_TEXT_MAX);
    kv_buf_init(&endpoints, LIST_TEXT_MAX);
    KV_TRY(print_list(&row->list[KV_NETWORK_RULES], &rules, err));
    KV_TRY(print_list(&row->list[KV_NETWORK_PRIVATE], &endpoints, err));
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(vault), KV_B_INT(count_ranges(row)),
                              KV_B_INT(row->word[KV_NETWORK_DEFAULT_ACTION]),
                              KV_B_INT(row->word[KV_NETWORK_BYPASS]),
                              KV_B_INT(row->word[KV_NETWORK_PUBLIC_ACCESS]), bind_text(&rules),
                              bind_text(&endpoints), KV_B_INT(row->since), KV_B_INT(row->until)),
                     NULL, err);
}

static enum kv_code change_in(struct kv_access *access, struct kv_db *db, int64_t vault,
                              const struct kv_network_change *change, kv_millis now,
                              struct kv_network *network, struct kv_err *err)
{
    if (change->mode != KV_NETWORK_REPLACE) { /* which also mends what is damaged */
        KV_TRY(load(db, vault, network, err));
    }
    KV_TRY(apply(change, network, err));
    network->since = access->firewall_delay > 0 ? now + access->firewall_delay : KV_ACCESS_ALWAYS;
    network->until = KV_ACCESS_NEVER;
    KV_TRY(end_latest(access, db, vault, now, err));
    KV_TRY(check_room(db, vault, count_ranges(network), now, err));
    return insert(db, vault, network, err);
}

enum kv_code kv_network_change(struct kv_access *access, const struct kv_vault *vault,
                               const struct kv_network_change *change, kv_millis now,
                               struct kv_network *ret_network, struct kv_err *err)
{
    kv_auto(kv_network_done) struct kv_network network = { .since = KV_ACCESS_ALWAYS };
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(access_begin(access, vault->id, &db, err));
    KV_TRY(change_in(access, db, vault->id, change, now, &network, err));
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    hand_over(&network, ret_network);
    return KV_OK;
}

/* --- what falls due --- */

enum kv_code kv_network_next(struct kv_access *access, kv_millis after, kv_millis *ret_due,
                             struct kv_err *err)
{
    static const char sql[] =
        "SELECT min(coalesce((SELECT min(since) FROM access_network WHERE since > ?1), ?2),"
        " coalesce((SELECT min(until) FROM access_network WHERE until > ?1), ?2))";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    return kv_db_count(db, sql, KV_BINDS(KV_B_INT(after), KV_B_INT(KV_ACCESS_NEVER)), ret_due, err);
}

static enum kv_code note_vaults(struct kv_db *db, kv_millis at, struct kv_agenda_report *report,
                                struct kv_err *err)
{
    static const char sql[] = "SELECT DISTINCT v.name FROM access_network n"
                              " JOIN vault v ON v.id = n.vault"
                              " WHERE n.since = ?1 OR n.until = ?1 ORDER BY v.name";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(at)), &rows, err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        kv_agenda_note(report, kv_rows_text(rows, 0), NULL, NULL);
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

enum kv_code kv_network_run(struct kv_access *access, kv_millis at, struct kv_agenda_report *report,
                            struct kv_err *err)
{
    static const char sql[] = "DELETE FROM access_network WHERE until <= ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(note_vaults(db, at, report, err));
    KV_TRY(kv_db_run(db, sql, KV_BINDS(KV_B_INT(at)), NULL, err));
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    return KV_OK;
}
