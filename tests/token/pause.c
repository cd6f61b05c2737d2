/* SPDX-License-Identifier: Apache-2.0 */
/* A token that stands still while its files are saved or others are put in their place. */
#include "furnished.h"
#include "hsm_pause.h"
#include "kv/base/files.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/criterion.h>

TestSuite(pause, .init = setup, .fini = teardown, .timeout = 60);

static CK_RV use(const struct key *with)
{
    unsigned char bytes[QUICK_BYTES] = { 0 };

    return hsm_rsa_raw(token.hsm, with->id, bytes, sizeof(bytes), bytes);
}

static void nap(void)
{
    (void) usleep(20000);
}

struct caller {
    pthread_t thread;
    atomic_bool is_done;
    CK_RV rv;
};

static void *call(void *context)
{
    struct caller *caller = context;

    caller->rv = use(&key);
    atomic_store(&caller->is_done, true);
    return NULL;
}

static void begin_call(struct caller *caller)
{
    atomic_init(&caller->is_done, false);
    cr_assert_eq(pthread_create(&caller->thread, NULL, call, caller), 0);
}

Test(pause, has_callers_wait_and_loses_none)
{
    struct caller callers[3];

    cr_assert_eq(hsm_pause(token.hsm, 5000), CKR_OK);
    for (size_t i = 0; i < KV_COUNT(callers); i++) {
        begin_call(&callers[i]);
    }
    nap();
    for (size_t i = 0; i < KV_COUNT(callers); i++) {
        cr_expect_not(atomic_load(&callers[i].is_done));
    }
    hsm_resume(token.hsm);
    for (size_t i = 0; i < KV_COUNT(callers); i++) {
        pthread_join(callers[i].thread, NULL);
        cr_expect_eq(callers[i].rv, CKR_OK, "%s", hsm_rv_name(callers[i].rv));
    }
}

static void *pause_briefly(void *context)
{
    *(CK_RV *) context = hsm_pause(token.hsm, 20);
    if (*(CK_RV *) context == CKR_OK) {
        hsm_resume(token.hsm);
    }
    return NULL;
}

/* Two at a time: the second finds no end of the first, and changes nothing. */
Test(pause, is_given_up_when_somebody_stays_inside)
{
    pthread_t thread;
    CK_RV rv = CKR_OK;

    cr_assert_eq(hsm_pause(token.hsm, 5000), CKR_OK);
    cr_assert_eq(pthread_create(&thread, NULL, pause_briefly, &rv), 0);
    pthread_join(thread, NULL);
    cr_expect_eq(rv, CKR_FUNCTION_CANCELED, "%s", hsm_rv_name(rv));
    hsm_resume(token.hsm);
    cr_expect_eq(use(&key), CKR_OK);
    pause_briefly(&rv);
    cr_expect_eq(rv, CKR_OK);
    cr_expect_eq(use(&key), CKR_OK);
}

static void run(const char *program, const char *option, const char *from, const char *to)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        (void) execlp(program, program, option, from, to, (char *) NULL);
        _exit(127);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}

static void name(char path[KV_PATH_MAX], const char *folder)
{
    (void) snprintf(path, KV_PATH_MAX, "%s/%s", token.folder, folder);
}

static void save(void *context)
{
    char from[KV_PATH_MAX], to[KV_PATH_MAX];

    (void) context;
    name(from, "tokens");
    name(to, "saved");
    run("cp", "-a", from, to);
}

static void put_back(void *context)
{
    char from[KV_PATH_MAX], to[KV_PATH_MAX];

    (void) context;
    name(from, "tokens");
    name(to, "former");
    run("mv", "-T", from, to);
    name(from, "saved");
    name(to, "tokens");
    run("mv", "-T", from, to);
}

static void stand_still(hsm_exchange_fn *exchange)
{
    cr_assert_eq(hsm_pause(token.hsm, 5000), CKR_OK);
    cr_assert_eq(hsm_reopen(token.hsm, exchange, NULL), CKR_OK);
    hsm_resume(token.hsm);
}

Test(pause, lets_a_state_be_saved_and_put_back)
{
    struct key later;

    need_softhsm("the token is no folder that can be copied");
    stand_still(save);
    generate_quick_key(&token, 2, &later);
    cr_expect_eq(use(&later), CKR_OK);
    cr_expect_eq(hsm_destroy(token.hsm, key.id), CKR_OK);
    stand_still(put_back);
    cr_expect_eq(use(&key), CKR_OK);
    cr_expect_eq(use(&later), HSM_RV_NO_KEY);
    cr_expect_not(hsm_has_key(token.hsm, later.id));
}

static void lose(void *context)
{
    (void) context;
    test_token_hide(&token);
}

Test(pause, leaves_a_token_that_cannot_be_opened_to_the_next_check)
{
    need_softhsm("the token does not go with its folder");
    cr_assert_eq(hsm_pause(token.hsm, 5000), CKR_OK);
    cr_expect_eq(hsm_reopen(token.hsm, lose, NULL), HSM_RV_NO_TOKEN);
    hsm_resume(token.hsm);
    cr_expect_eq(use(&key), HSM_RV_TOKEN_GONE);
    test_token_show(&token);
    cr_expect_eq(hsm_check(token.hsm), CKR_OK);
    cr_expect_eq(use(&key), CKR_OK);
}
