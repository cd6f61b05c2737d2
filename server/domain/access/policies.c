/* SPDX-License-Identifier: Apache-2.0 */
/* Access policies of vaults: contract §14, control-plane.md §1.4, §2.5. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "access_core.h"
#include "kv/events/events.h"
#include "roles_core.h"

void kv_policy_list_done(struct kv_policy_list *list)
{
    free(list->policy);
    *list = (struct kv_policy_list){ .policy = NULL };
}

/* The spelling of the table, whatever the case of the word. */
static const char *spell(const char *word, size_t len)
{
    for (enum kv_permission i = KV_PERMISSION_NONE + 1; i < KV_PERMISSION_COUNT; i++) {
        const char *policy = kv_permission_row(i)->policy;

        if (policy != NULL && strlen(policy) == len && strncasecmp(policy, word, len) == 0) {
            return policy;
        }
    }
    return "all";
}

static bool has_word(const char *words, const char *word)
{
    size_t len = strlen(word);

    while (*words != '\0') {
        size_t next = strcspn(words, " ");

        if (next == len && strncmp(words, word, len) == 0) {
            return true;
        }
        words += next + strspn(words + next, " ");
    }
    return false;
}

/* Each word once: all of them together have room. */
static enum kv_code fold_words(const char *words, char ret_words[KV_ACCESS_WORDS_MAX + 1],
                               struct kv_err *err)
{
    kv_permissions set = 0;
    size_t used = 0;

    ret_words[0] = '\0';
    for (words += strspn(words, " "); *words != '\0'; words += strspn(words, " ")) {
        size_t len = strcspn(words, " ");
        const char *word;

        if (!kv_permissions_add_word(&set, words, len)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "'%.*s' is not a permission on keys of an access policy.",
                           len < 64 ? (int) len : 64, words);
        }
        word = spell(words, len);
        if (!has_word(ret_words, word)) {
            used += (size_t) snprintf(ret_words + used, KV_ACCESS_WORDS_MAX + 1 - used, "%s%s",
                                      used > 0 ? " " : "", word);
        }
        words += len;
    }
    return KV_OK;
}

static enum kv_code fold_ids(const char *principal, const char *application,
                             struct kv_policy *ret_policy, struct kv_err *err)
{
    ret_policy->application[0] = '\0';
    KV_TRY(access_fold(principal, "principal", ret_policy->principal, err));
    return *application == '\0'
               ? KV_OK
               : access_fold(application, "application", ret_policy->application, err);
}

static enum kv_code check_kind(const struct kv_vault *vault, struct kv_err *err)
{
    if (vault->kind == KV_MANAGED_HSM) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A managed HSM has no access policies, only role assignments.");
    }
    return KV_OK;
}

/* With a delay what is there counts until then; what was withdrawn before keeps its end. */
static enum kv_code end_policy(const struct kv_access *access, struct kv_db *db, int64_t vault,
                               const struct kv_policy *policy, kv_millis now, int64_t *ret_changes,
                               struct kv_err *err)
{
    static const char end[] = "UPDATE access_policy SET until = ? WHERE vault = ? AND principal = ?"
                              " AND application = ? AND until = ?";
    static const char remove[] = "DELETE FROM access_policy WHERE vault = ? AND principal = ?"
                                 " AND application = ?";
    const struct kv_bind ids[] = { KV_B_INT(vault), KV_B_TEXT(policy->principal),
                                   KV_B_TEXT(policy->application) };

    if (access->delay == 0) {
        return kv_db_run(db, remove, KV_BINDS(ids[0], ids[1], ids[2]), ret_changes, err);
    }
    return kv_db_run(
        db, end,
        KV_BINDS(KV_B_INT(now + access->delay), ids[0], ids[1], ids[2], KV_B_INT(KV_ACCESS_NEVER)),
        ret_changes, err);
}

static enum kv_code fail_full(struct kv_err *err)
{
    return KV_FAIL(err, KV_CONFLICT, 0, "A vault can have %d access policies at most.",
                   KV_ACCESS_POLICIES_MAX);
}

static enum kv_code check_room(struct kv_db *db, int64_t vault, struct kv_err *err)
{
    static const char sql[] = "SELECT count(*) FROM access_policy WHERE vault = ?";
    int64_t count;

    KV_TRY(kv_db_count(db, sql, KV_BINDS(KV_B_INT(vault)), &count, err));
    return count < KV_ACCESS_POLICIES_MAX ? KV_OK : fail_full(err);
}

static enum kv_code insert(struct kv_db *db, int64_t vault, const struct kv_policy *row,
                           struct kv_err *err)
{
    static const char sql[] = "INSERT INTO access_policy"
                              " (vault, principal, application, words, since, until)"
                              " VALUES (?, ?, ?, ?, ?, ?)";

    KV_TRY(check_room(db, vault, err));
    return kv_db_run(db, sql,
                     KV_BINDS(KV_B_INT(vault), KV_B_TEXT(row->principal),
                              KV_B_TEXT(row->application), KV_B_TEXT(row->words),
                              KV_B_INT(row->since), KV_B_INT(row->until)),
                     NULL, err);
}

/* Whether it is there already: an option says the same at every start. */
static enum kv_code is_there(struct kv_db *db, int64_t vault, const struct kv_policy *row,
                             bool *ret_is, struct kv_err *err)
{
    static const char sql[] =
        "SELECT count(*) FROM access_policy WHERE vault = ? AND principal = ? AND application = ?"
        " AND words = ? AND until = ?";
    int64_t count;

    KV_TRY(kv_db_count(db, sql,
                       KV_BINDS(KV_B_INT(vault), KV_B_TEXT(row->principal),
                                KV_B_TEXT(row->application), KV_B_TEXT(row->words),
                                KV_B_INT(KV_ACCESS_NEVER)),
                       &count, err));
    *ret_is = count > 0;
    return KV_OK;
}

static enum kv_code write_event(const struct kv_access *access, struct kv_db *db,
                                const struct kv_vault *vault, kv_millis now, struct kv_err *err)
{
    struct kv_key_event event = { .type = KV_EVENT_POLICY_CHANGED, .at = now };

    memcpy(event.vault, vault->name, sizeof(event.vault));
    memcpy(event.group, vault->group, sizeof(event.group));
    return kv_events_write(access->events, db, &event, err);
}

/* With what has to be told to others. */
static enum kv_code commit(struct kv_access *access, struct kv_db *db, struct kv_err *err)
{
    KV_TRY(kv_db_commit(db, err));
    access_changed(access);
    kv_events_tell(access->events);
    return KV_OK;
}

enum kv_code kv_access_set_policy(struct kv_access *access, const struct kv_vault *vault,
                                  const struct kv_policy *policy, kv_millis now,
                                  struct kv_policy *ret_policy, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct kv_policy row = { .since = access_since(access, now), .until = KV_ACCESS_NEVER };
    bool is_old = false;

    KV_TRY(check_kind(vault, err));
    KV_TRY(fold_ids(policy->principal, policy->application, &row, err));
    KV_TRY(fold_words(policy->words, row.words, err));
    KV_TRY(access_begin(access, vault->id, &db, err));
    KV_TRY(is_there(db, vault->id, &row, &is_old, err));
    KV_TRY(end_policy(access, db, vault->id, &row, now, NULL, err));
    KV_TRY(insert(db, vault->id, &row, err));
    KV_TRY(is_old ? KV_OK : write_event(access, db, vault, now, err));
    KV_TRY(commit(access, db, err));
    *ret_policy = row;
    return KV_OK;
}

enum kv_code kv_access_check_policy(const struct kv_vault *vault, const struct kv_policy *policy,
                                    struct kv_policy *ret_policy, struct kv_err *err)
{
    struct kv_policy row = { .since = KV_ACCESS_ALWAYS, .until = KV_ACCESS_NEVER };

    KV_TRY(check_kind(vault, err));
    KV_TRY(fold_ids(policy->principal, policy->application, &row, err));
    KV_TRY(fold_words(policy->words, row.words, err));
    *ret_policy = row;
    return KV_OK;
}

enum kv_code kv_access_remove_policy(struct kv_access *access, const struct kv_vault *vault,
                                     const char *principal, const char *application, kv_millis now,
                                     struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct kv_policy row;
    int64_t changes = 0;

    KV_TRY(check_kind(vault, err));
    KV_TRY(fold_ids(principal, application, &row, err));
    KV_TRY(access_begin(access, vault->id, &db, err));
    KV_TRY(end_policy(access, db, vault->id, &row, now, &changes, err));
    if (changes == 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "The vault '%s' has no access policy for %s%s%s.",
                       vault->name, row.principal,
                       row.application[0] != '\0' ? " with the application " : "", row.application);
    }
    KV_TRY(write_event(access, db, vault, now, err));
    return commit(access, db, err);
}

static void read_row(const struct kv_rows *rows, struct kv_policy *to)
{
    *to = (struct kv_policy){ .since = kv_rows_int(rows, 3), .until = kv_rows_int(rows, 4) };
    (void) snprintf(to->principal, sizeof(to->principal), "%s", kv_rows_text(rows, 0));
    (void) snprintf(to->application, sizeof(to->application), "%s", kv_rows_text(rows, 1));
    (void) snprintf(to->words, sizeof(to->words), "%s", kv_rows_text(rows, 2));
}

static enum kv_code read_rows(struct kv_db *db, int64_t vault, struct kv_policy_list *list,
                              struct kv_err *err)
{
    static const char sql[] = "SELECT principal, application, words, since, until"
                              " FROM access_policy WHERE vault = ?1 ORDER BY id LIMIT ?2";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_INT(vault), KV_B_INT(KV_ACCESS_POLICIES_MAX)), &rows,
                       err));
    KV_TRY(kv_rows_next(rows, &more, err));
    while (more) {
        read_row(rows, &list->policy[list->count++]);
        KV_TRY(kv_rows_next(rows, &more, err));
    }
    return KV_OK;
}

enum kv_code kv_access_policies(struct kv_access *access, const struct kv_vault *vault,
                                struct kv_policy_list *ret_list, struct kv_err *err)
{
    kv_auto(kv_policy_list_done) struct kv_policy_list list = {
        .policy = calloc(KV_ACCESS_POLICIES_MAX, sizeof(*list.policy)),
    };
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    if (list.policy == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_db_acquire(access->store, &db, err));
    KV_TRY(read_rows(db, vault->id, &list, err));
    *ret_list = list;
    list = (struct kv_policy_list){ .policy = NULL }; /* the caller's now */
    return KV_OK;
}

/* --- all of a vault at once --- */

static bool is_same_caller(const struct kv_policy *one, const struct kv_policy *other)
{
    return strcmp(one->principal, other->principal) == 0
           && strcmp(one->application, other->application) == 0;
}

/* The last one for that caller that counts until it is changed; NULL: there is none. */
static const struct kv_policy *find_lasting(const struct kv_policy_list *list,
                                            const struct kv_policy *caller)
{
    for (size_t i = list->count; i-- > 0;) {
        if (list->policy[i].until == KV_ACCESS_NEVER && is_same_caller(&list->policy[i], caller)) {
            return &list->policy[i];
        }
    }
    return NULL;
}

static enum kv_code fold_all(const struct kv_access *access, const struct kv_policy *policies,
                             size_t count, kv_millis now, struct kv_policy_list *list,
                             struct kv_err *err)
{
    for (size_t i = 0; i < count; i++) {
        struct kv_policy *row = &list->policy[list->count++];

        *row = (struct kv_policy){ .since = access_since(access, now), .until = KV_ACCESS_NEVER };
        KV_TRY(fold_ids(policies[i].principal, policies[i].application, row, err));
        KV_TRY(fold_words(policies[i].words, row->words, err));
    }
    return KV_OK;
}

/* What a change of all works on; the lists are the caller's. */
struct exchange {
    const struct kv_access *access;
    struct kv_db *db;
    int64_t vault;
    kv_millis now;
    const struct kv_policy_list *there, *wanted;
    int64_t changes;
};

static enum kv_code end_others(struct exchange *exchange, struct kv_err *err)
{
    for (size_t i = 0; i < exchange->there->count; i++) {
        const struct kv_policy *one = &exchange->there->policy[i];
        int64_t changes = 0;

        if (one->until == KV_ACCESS_NEVER && find_lasting(exchange->wanted, one) == NULL) {
            KV_TRY(end_policy(exchange->access, exchange->db, exchange->vault, one, exchange->now,
                              &changes, err));
        }
        exchange->changes += changes;
    }
    return KV_OK;
}

/* One that is there as it is stays: made again it would take its time to count. */
static enum kv_code make_wanted(struct exchange *exchange, struct kv_err *err)
{
    for (size_t i = 0; i < exchange->wanted->count; i++) {
        const struct kv_policy *row = &exchange->wanted->policy[i];
        const struct kv_policy *old = find_lasting(exchange->there, row);

        if (find_lasting(exchange->wanted, row) != row
            || (old != NULL && strcmp(old->words, row->words) == 0)) {
            continue;
        }
        KV_TRY(end_policy(exchange->access, exchange->db, exchange->vault, row, exchange->now, NULL,
                          err));
        KV_TRY(insert(exchange->db, exchange->vault, row, err));
        exchange->changes++;
    }
    return KV_OK;
}

static enum kv_code exchange_all(struct kv_access *access, const struct kv_vault *vault,
                                 const struct kv_policy_list *wanted, struct kv_policy_list *there,
                                 kv_millis now, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    struct exchange exchange = {
        .access = access,
        .vault = vault->id,
        .now = now,
        .there = there,
        .wanted = wanted,
    };

    KV_TRY(access_begin(access, vault->id, &db, err));
    exchange.db = db;
    KV_TRY(read_rows(db, vault->id, there, err));
    KV_TRY(end_others(&exchange, err));
    KV_TRY(make_wanted(&exchange, err));
    if (exchange.changes == 0) {
        return KV_OK; /* what was begun is rolled back */
    }
    KV_TRY(write_event(access, db, vault, now, err));
    return commit(access, db, err);
}

enum kv_code kv_access_set_policies(struct kv_access *access, const struct kv_vault *vault,
                                    const struct kv_policy *policies, size_t count, kv_millis now,
                                    struct kv_err *err)
{
    kv_auto(kv_policy_list_done) struct kv_policy_list there = { .policy = NULL };
    kv_auto(kv_policy_list_done) struct kv_policy_list wanted = { .policy = NULL };

    KV_TRY(check_kind(vault, err));
    if (count > KV_ACCESS_POLICIES_MAX) {
        return fail_full(err);
    }
    there.policy = calloc(KV_ACCESS_POLICIES_MAX, sizeof(*there.policy));
    wanted.policy = calloc(KV_ACCESS_POLICIES_MAX, sizeof(*wanted.policy));
    if (there.policy == NULL || wanted.policy == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(fold_all(access, policies, count, now, &wanted, err));
    return exchange_all(access, vault, &wanted, &there, now, err);
}
