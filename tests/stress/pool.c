/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool - the token layer under threads, while the token goes away and comes back.
 *
 * More threads than sessions decrypt, draw random bytes, make and destroy keys, read what can be
 * read, and check. Every round disturbs the token, either by taking its folder away or by refusing
 * calls at the gate, and then heals it. A call that no disturbance touched must succeed with the
 * right result; others may be refused, but never wrong. A plain main(), so that ThreadSanitizer can
 * watch it. Exit 0: nothing was wrong.
 */
#include <dlfcn.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "support/token.h"

#define ROUNDS 12
#define SESSIONS 3
#define KEYS 2
#define BITS 1024
#define BYTES (BITS / 8)
#define DISTURBED_MS 60
#define QUIET_MS 300
#define HEAL_TRIES 3000

struct key {
    unsigned char id[HSM_ID_LENGTH];
    unsigned char cipher[BYTES], plain[BYTES];
};

struct stress {
    struct test_token token;
    struct key keys[KEYS];
    atomic_bool stop;
    atomic_bool refusing;        /* the gate */
    atomic_uint phase;           /* odd while the token is disturbed */
    atomic_ulong done[5];        /* calls that succeeded, by worker */
    atomic_ulong refused, wrong; /* in a disturbance; never */
};

/* One kind of work; a thread repeats it until the end. */
struct worker {
    const char *name;
    void (*work)(struct stress *stress, const struct worker *worker);
    unsigned index;
};

static CK_RV refuse_some(void *context, const struct hsm_call *call)
{
    struct stress *stress = context;
    bool refuses = call->function == HSM_C_GetTokenInfo || call->function == HSM_C_Decrypt;

    return refuses && atomic_load(&stress->refusing) ? CKR_DEVICE_REMOVED : CKR_OK;
}

static void sleep_ms(long ms)
{
    struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    nanosleep(&pause, NULL);
}

static void complain(struct stress *stress, const struct worker *worker, const char *what)
{
    fprintf(stderr, "pool: %s: %s\n", worker->name, what);
    atomic_fetch_add(&stress->wrong, 1);
}

/* Whether the call succeeded; a failure is right only when a disturbance touched it. */
static bool judge(struct stress *stress, const struct worker *worker, unsigned phase, CK_RV rv)
{
    if (rv == CKR_OK) {
        atomic_fetch_add(&stress->done[worker->index], 1);
        return true;
    }
    if (phase % 2 == 1 || atomic_load(&stress->phase) != phase) {
        atomic_fetch_add(&stress->refused, 1);
        sleep_ms(1);
    } else {
        complain(stress, worker, hsm_rv_name(rv));
    }
    return false;
}

static void decrypt(struct stress *stress, const struct worker *worker)
{
    unsigned phase = atomic_load(&stress->phase);
    const struct key *key = &stress->keys[atomic_load(&stress->done[worker->index]) % KEYS];
    unsigned char out[BYTES];
    CK_RV rv = hsm_rsa_raw(stress->token.hsm, key->id, key->cipher, sizeof(key->cipher), out);

    if (judge(stress, worker, phase, rv) && memcmp(out, key->plain, sizeof(out)) != 0) {
        complain(stress, worker, "wrong plaintext");
    }
}

static void draw_random(struct stress *stress, const struct worker *worker)
{
    unsigned phase = atomic_load(&stress->phase);
    unsigned char bytes[32];

    judge(stress, worker, phase, hsm_random(stress->token.hsm, bytes, sizeof(bytes)));
    sleep_ms(1);
}

/* Destroys the key however long the token needs to come back. */
static void destroy_surely(struct stress *stress, const unsigned char id[HSM_ID_LENGTH])
{
    while (hsm_destroy(stress->token.hsm, id) != CKR_OK) {
        sleep_ms(5);
    }
}

static void make_and_destroy(struct stress *stress, const struct worker *worker)
{
    struct hsm *hsm = stress->token.hsm;
    unsigned phase = atomic_load(&stress->phase);
    const unsigned char id[HSM_ID_LENGTH] = { 0xee };
    struct hsm_rsa_public public;
    unsigned char in[BYTES] = { 0 }, out[BYTES];

    if (judge(stress, worker, phase, hsm_generate_rsa(hsm, id, HSM_BOUND, BITS, 65537, &public))) {
        judge(stress, worker, phase, hsm_rsa_raw(hsm, id, in, sizeof(in), out));
    }
    destroy_surely(stress, id);
    if (hsm_has_key(hsm, id)) {
        complain(stress, worker, "a destroyed key is still known");
    }
    sleep_ms(10);
}

static bool count_visit(void *context, const unsigned char id[HSM_ID_LENGTH])
{
    unsigned *visits = context;

    (void) id;
    (*visits)++;
    return true;
}

static void observe(struct stress *stress, const struct worker *worker)
{
    struct hsm *hsm = stress->token.hsm;
    unsigned phase = atomic_load(&stress->phase);
    struct hsm_counters counters;
    struct hsm_key_facts facts;
    unsigned visits = 0;

    hsm_counters(hsm, &counters);
    hsm_each_key(hsm, count_visit, &visits);
    if (counters.sessions_open > SESSIONS || counters.sessions_lent > SESSIONS || visits < KEYS
        || visits > KEYS + 1 || !hsm_has_key(hsm, stress->keys[0].id)) {
        complain(stress, worker, "wrong counters");
    }
    judge(stress, worker, phase, hsm_key_facts(hsm, stress->keys[0].id, &facts));
    sleep_ms(1);
}

static void check(struct stress *stress, const struct worker *worker)
{
    unsigned phase = atomic_load(&stress->phase);

    judge(stress, worker, phase, hsm_check(stress->token.hsm));
    sleep_ms(7);
}

static const struct worker workers[] = {
    { "decrypt", decrypt, 0 },    { "decrypt", decrypt, 0 },       { "random", draw_random, 1 },
    { "random", draw_random, 1 }, { "keys", make_and_destroy, 2 }, { "observe", observe, 3 },
    { "check", check, 4 },        { "check", check, 4 },
};

struct start {
    struct stress *stress;
    const struct worker *worker;
    pthread_t thread;
};

static void *run_worker(void *context)
{
    const struct start *start = context;

    while (!atomic_load(&start->stress->stop)) {
        start->worker->work(start->stress, start->worker);
    }
    return NULL;
}

static void disturb(struct stress *stress, bool by_gate)
{
    atomic_fetch_add(&stress->phase, 1);
    if (by_gate) {
        atomic_store(&stress->refusing, true);
    } else {
        test_token_hide(&stress->token);
    }
    if (hsm_check(stress->token.hsm) == CKR_OK) {
        fputs("pool: the check did not see the disturbance\n", stderr);
        atomic_fetch_add(&stress->wrong, 1);
    }
}

static void heal(struct stress *stress, bool by_gate)
{
    int tries = 0;

    if (by_gate) {
        atomic_store(&stress->refusing, false);
    } else {
        test_token_show(&stress->token);
    }
    while (hsm_check(stress->token.hsm) != CKR_OK && tries++ < HEAL_TRIES) {
        sleep_ms(10);
    }
    atomic_fetch_add(&stress->phase, 1);
}

static void set_up(struct stress *stress)
{
    const unsigned char sentinel[HSM_ID_LENGTH] = { 0xff };
    struct hsm_rsa_public public;
    CK_RV rv = CKR_OK;

    test_token_prepare(&stress->token, refuse_some, stress);
    stress->token.config.sessions = SESSIONS;
    test_token_open(&stress->token);
    for (unsigned char i = 0; i < KEYS && rv == CKR_OK; i++) {
        struct key *key = &stress->keys[i];

        memset(key->id, i + 1, sizeof(key->id));
        memset(key->cipher + 1, 0x5a, sizeof(key->cipher) - 1); /* below the modulus */
        rv = hsm_generate_rsa(stress->token.hsm, key->id, HSM_BOUND, BITS, 65537, &public);
        if (rv == CKR_OK) {
            rv = hsm_rsa_raw(stress->token.hsm, key->id, key->cipher, BYTES, key->plain);
        }
    }
    if (rv == CKR_OK) {
        rv = hsm_create_sentinel(stress->token.hsm, sentinel);
    }
    if (rv != CKR_OK || hsm_adopt_sentinel(stress->token.hsm, sentinel) != CKR_OK) {
        fprintf(stderr, "pool: cannot set up: %s\n", hsm_rv_name(rv));
        exit(1);
    }
}

static void run_rounds(struct stress *stress)
{
    struct start starts[KV_COUNT(workers)];

    for (size_t i = 0; i < KV_COUNT(workers); i++) {
        starts[i] = (struct start){ .stress = stress, .worker = &workers[i] };
        if (pthread_create(&starts[i].thread, NULL, run_worker, &starts[i]) != 0) {
            fputs("pool: cannot start a thread\n", stderr);
            exit(1);
        }
    }
    for (int round = 0; round < ROUNDS; round++) {
        sleep_ms(QUIET_MS);
        disturb(stress, round % 3 == 2);
        sleep_ms(DISTURBED_MS);
        heal(stress, round % 3 == 2);
    }
    sleep_ms(QUIET_MS);
    atomic_store(&stress->stop, true);
    for (size_t i = 0; i < KV_COUNT(workers); i++) {
        pthread_join(starts[i].thread, NULL);
    }
}

/* Keeps the module mapped to the end, so that LeakSanitizer can say which leaks are the module's. */
static void keep_module(const struct stress *stress)
{
    if (!dlopen(stress->token.config.module, RTLD_NOW | RTLD_NODELETE)) {
        fprintf(stderr, "pool: cannot keep the module: %s\n", dlerror());
        exit(1);
    }
}

/* When all is quiet again nothing may be missing or left over, once the halves are swept up of
 * generations that the token left in the middle. */
static void verify_rest(struct stress *stress)
{
    struct hsm_counters counters;
    size_t strays = 0;
    CK_RV rv = hsm_destroy_strays(stress->token.hsm, &strays);

    hsm_counters(stress->token.hsm, &counters);
    if (rv != CKR_OK || counters.keys != KEYS || counters.sessions_lent != 0
        || counters.reopened < ROUNDS
        || test_token_count(&stress->token, test_token_session(&stress->token), CKO_PRIVATE_KEY)
               != KEYS) {
        fprintf(stderr, "pool: %zu keys, %u sessions lent, %lu re-openings\n", counters.keys,
                counters.sessions_lent, counters.reopened);
        atomic_fetch_add(&stress->wrong, 1);
    }
    printf("pool: %d rounds: %lu decryptions, %lu random, %lu keys, %lu observations, %lu checks, "
           "%lu refused, %lu re-openings, %zu strays, %lu wrong\n",
           ROUNDS, stress->done[0], stress->done[1], stress->done[2] / 2, stress->done[3],
           stress->done[4], stress->refused, counters.reopened, strays, stress->wrong);
}

int main(void)
{
    static struct stress stress;

    set_up(&stress);
    keep_module(&stress);
    run_rounds(&stress);
    verify_rest(&stress);
    test_token_destroy(&stress.token);
    return stress.wrong == 0 ? 0 : 1;
}
