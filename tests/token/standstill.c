/* SPDX-License-Identifier: Apache-2.0 */
/* Store and token standing still together: one state of both is saved and put back, while others use
 * them. Each row of the table here has its key on the token. */
#include "server/serve/standstill.h"

#include "fixture.h"
#include "hsm_pause.h"
#include "kv/base/files.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define USERS 4
#define PATIENCE 5000

static const struct kv_migration keys_table[] = {
    { .sql = "CREATE TABLE key (tag INTEGER PRIMARY KEY)" },
    { .sql = NULL },
};

static struct test_token token;
static struct refusal refusal;
static struct key key; /* of tag 1 */
static struct kv_store *store;
static struct standstill standstill;
static struct kv_err err;

static void name(char path[KV_PATH_MAX], const char *file)
{
    (void) snprintf(path, KV_PATH_MAX, "%s/%s", token.folder, file);
}

static enum kv_code add_row(int64_t tag)
{
    static const char sql[] = "INSERT INTO key (tag) VALUES (?)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(store, &db, &err));
    return kv_db_run(db, sql, KV_BINDS(KV_B_INT(tag)), NULL, &err);
}

static void setup(void)
{
    char path[KV_PATH_MAX];

    create_furnished(&token, &refusal, &key);
    name(path, "store.db");
    cr_assert_eq(kv_store_open(path, USERS + 2, &store, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_store_migrate(store, "keys", keys_table, &err), KV_OK, "%s", err.message);
    cr_assert_eq(add_row(1), KV_OK, "%s", err.message);
    standstill = (struct standstill){ .store = store, .hsm = token.hsm };
}

static void teardown(void)
{
    kv_store_close(store);
    test_token_destroy(&token);
}

TestSuite(standstill, .init = setup, .fini = teardown, .timeout = 60);

static CK_RV use(const struct key *with)
{
    unsigned char bytes[QUICK_BYTES] = { 0 };

    return hsm_rsa_raw(token.hsm, with->id, bytes, sizeof(bytes), bytes);
}

static enum kv_code count_rows(int64_t *ret_count, struct kv_err *own)
{
    static const char sql[] = "SELECT count(*) FROM key";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool more;

    KV_TRY(kv_db_acquire(store, &db, own));
    KV_TRY(kv_db_query(db, sql, KV_NO_BINDS, &rows, own));
    KV_TRY(kv_rows_next(rows, &more, own));
    *ret_count = kv_rows_int(rows, 0);
    return KV_OK;
}

/* Somebody who uses both without a pause, the token while a connection is lent to him, too. */
struct user {
    pthread_t thread;
    unsigned long done, failed;
};
static atomic_bool is_over;

static void *use_both(void *context)
{
    struct user *user = context;
    struct kv_err own;

    while (!atomic_load(&is_over)) {
        int64_t rows = 0;
        kv_auto(kv_db_release) struct kv_db *db = NULL;
        bool worked = kv_db_acquire(store, &db, &own) == KV_OK && use(&key) == CKR_OK;

        kv_db_release(kv_take(db));
        worked = worked && count_rows(&rows, &own) == KV_OK && rows > 0 && use(&key) == CKR_OK;
        user->done += worked;
        user->failed += !worked;
    }
    return NULL;
}

static void begin_use(struct user users[USERS])
{
    atomic_store(&is_over, false);
    for (size_t i = 0; i < USERS; i++) {
        users[i] = (struct user){ .done = 0 };
        cr_assert_eq(pthread_create(&users[i].thread, NULL, use_both, &users[i]), 0);
    }
    (void) usleep(20000);
}

static void end_use(struct user users[USERS])
{
    (void) usleep(20000);
    atomic_store(&is_over, true);
    for (size_t i = 0; i < USERS; i++) {
        pthread_join(users[i].thread, NULL);
        cr_expect_eq(users[i].failed, 0, "%lu of %lu", users[i].failed, users[i].done);
        cr_expect_gt(users[i].done, 0);
    }
}

static void run(const char *const *words)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        (void) execvp(words[0], (char *const *) words);
        _exit(127);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}

static enum kv_code save(void *context, struct kv_err *own)
{
    char tokens[KV_PATH_MAX], file[KV_PATH_MAX], saved[KV_PATH_MAX];

    (void) context;
    (void) own;
    name(tokens, "tokens");
    name(file, "store.db");
    name(saved, "saved");
    run((const char *const[]){ "mkdir", saved, NULL });
    run((const char *const[]){ "cp", "-a", tokens, file, saved, NULL });
    return KV_OK;
}

static enum kv_code put_back(void *context, struct kv_err *own)
{
    char tokens[KV_PATH_MAX], file[KV_PATH_MAX], saved[KV_PATH_MAX];

    (void) context;
    (void) own;
    name(tokens, "tokens");
    run((const char *const[]){ "rm", "-r", tokens, NULL });
    name(saved, "saved/tokens");
    run((const char *const[]){ "mv", saved, tokens, NULL });
    name(file, "store.db");
    name(saved, "saved/store.db");
    run((const char *const[]){ "mv", saved, file, NULL });
    return KV_OK;
}

static void expect_rows(int64_t wanted)
{
    int64_t rows = 0;

    cr_assert_eq(count_rows(&rows, &err), KV_OK, "%s", err.message);
    cr_expect_eq(rows, wanted, "%lld", (long long) rows);
}

static enum kv_code refuse_exchange(void *context, struct kv_err *own)
{
    (void) context;
    return KV_FAIL(own, KV_CONFLICT, 0, "not now");
}

Test(standstill, is_given_up_while_somebody_stays_at_the_store)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_expect_eq(
        standstill_exchange(&standstill, 20, &(const struct exchange){ .closed = save }, &err),
        KV_UNAVAILABLE);
    cr_expect_eq(use(&key), CKR_OK, "the token was not touched");
}

static atomic_bool has_token, may_go;

static void *hold_token(void *context)
{
    (void) context;
    cr_assert_eq(hsm_pause(token.hsm, PATIENCE), CKR_OK);
    atomic_store(&has_token, true);
    while (!atomic_load(&may_go)) {
        (void) usleep(1000);
    }
    hsm_resume(token.hsm);
    return NULL;
}

Test(standstill, is_given_up_while_somebody_stays_at_the_token)
{
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, hold_token, NULL), 0);
    while (!atomic_load(&has_token)) {
        (void) usleep(1000);
    }
    cr_expect_eq(
        standstill_exchange(&standstill, 20, &(const struct exchange){ .closed = save }, &err),
        KV_UNAVAILABLE);
    cr_expect_str_eq(err.message, "the token is in use for too long");
    expect_rows(1);
    atomic_store(&may_go, true);
    pthread_join(thread, NULL);
    cr_expect_eq(use(&key), CKR_OK);
}

Test(standstill, goes_on_when_the_exchange_is_refused)
{
    struct user users[USERS];

    begin_use(users);
    cr_expect_eq(standstill_exchange(&standstill, PATIENCE,
                                     &(const struct exchange){ .closed = refuse_exchange }, &err),
                 KV_CONFLICT);
    cr_expect_str_eq(err.message, "not now");
    end_use(users);
    expect_rows(1);
}

static enum kv_code lose_token(void *context, struct kv_err *own)
{
    (void) context;
    (void) own;
    test_token_hide(&token);
    return KV_OK;
}

Test(standstill, leaves_a_token_that_is_gone_to_the_next_check)
{
    need_softhsm("the token does not go with its folder");
    cr_expect_eq(standstill_exchange(&standstill, PATIENCE,
                                     &(const struct exchange){ .closed = lose_token }, &err),
                 KV_UNAVAILABLE);
    cr_expect_eq(err.cause, HSM_RV_NO_TOKEN, "%s", err.message);
    expect_rows(1);
    cr_expect_eq(use(&key), HSM_RV_TOKEN_GONE);
    test_token_show(&token);
    cr_expect_eq(hsm_check(token.hsm), CKR_OK);
    cr_expect_eq(use(&key), CKR_OK);
}

/* Nobody's call fails: those that come meanwhile wait. */
Test(standstill, saves_and_puts_back_one_state_of_both_while_they_are_used)
{
    struct user users[USERS];
    struct key later;

    need_softhsm("the token is no folder that can be copied");
    begin_use(users);
    cr_assert_eq(standstill_exchange(&standstill, PATIENCE,
                                     &(const struct exchange){ .closed = save }, &err),
                 KV_OK, "%s", err.message);
    generate_quick_key(&token, 2, &later);
    cr_assert_eq(add_row(2), KV_OK, "%s", err.message);
    cr_expect_eq(use(&later), CKR_OK);
    uint64_t edition = kv_store_edition(store);
    cr_assert_eq(standstill_exchange(&standstill, PATIENCE,
                                     &(const struct exchange){ .closed = put_back }, &err),
                 KV_OK, "%s", err.message);
    end_use(users);
    expect_rows(1);
    cr_expect_eq(use(&later), HSM_RV_NO_KEY);
    cr_expect_eq(use(&key), CKR_OK);
    cr_expect_neq(kv_store_edition(store), edition);
}
