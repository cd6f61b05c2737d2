/* SPDX-License-Identifier: Apache-2.0 */
/*
 * objects - keys brought to the token while others are searched for and destroyed.
 *
 * One thread unwraps keys of each kind, another destroys what the first has made, two generate pairs
 * side by side and destroy them. SoftHSM fails to unwrap, a few times in a thousand, while its objects are gone through; nothing of that may reach
 * a caller. A plain main(), so that ThreadSanitizer can watch it. Exit 0: nothing was wrong.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/tally.h"
#include "support/token.h"

#define IMPORTS 2000
#define BEHIND 8 /* keys that may wait to be destroyed */

#define GENERATORS 2

enum { PROMISE_IMPORT, PROMISE_GENERATE, PROMISE_DESTROY, PROMISE_EMPTY };

static const char *const promises[] = {
    [PROMISE_IMPORT] = "a key is unwrapped whoever destroys others",
    [PROMISE_GENERATE] = "a pair is generated whoever generates and destroys others",
    [PROMISE_DESTROY] = "a key is destroyed whoever unwraps others",
    [PROMISE_EMPTY] = "no key is left that was destroyed",
};

struct origin {
    enum hsm_kind kind;
    unsigned char wrapped[HSM_WRAPPED_MAX];
    size_t len;
};

struct stress {
    struct test_token token;
    struct tally tally;
    struct origin origins[3];
    sem_t made, room;
    atomic_bool is_over;
    atomic_uint generators; /* that have begun */
};

/* Ids are numbers, so that the other thread knows them. */
static void number_id(unsigned number, unsigned char ret_id[HSM_ID_LENGTH])
{
    memset(ret_id, 0xab, HSM_ID_LENGTH);
    memcpy(ret_id, &number, sizeof(number));
}

static void *import_keys(void *context)
{
    struct stress *stress = context;
    unsigned char id[HSM_ID_LENGTH];

    for (unsigned i = 0; i < IMPORTS; i++) {
        const struct origin *origin = &stress->origins[i % KV_COUNT(stress->origins)];

        sem_wait(&stress->room);
        number_id(i, id);
        CK_RV rv = hsm_import_wrapped(stress->token.hsm, id, HSM_BOUND, origin->kind,
                                      origin->wrapped, origin->len);
        tally_check(&stress->tally, PROMISE_IMPORT, rv == CKR_OK, "key %u: %s", i, hsm_rv_name(rv));
        sem_post(&stress->made);
    }
    return NULL;
}

static void *destroy_keys(void *context)
{
    struct stress *stress = context;
    unsigned char id[HSM_ID_LENGTH];

    for (unsigned i = 0; i < IMPORTS; i++) {
        sem_wait(&stress->made);
        number_id(i, id);
        CK_RV rv = hsm_destroy(stress->token.hsm, id);
        tally_check(&stress->tally, PROMISE_DESTROY, rv == CKR_OK, "key %u: %s", i,
                    hsm_rv_name(rv));
        tally_check(&stress->tally, PROMISE_EMPTY, !hsm_has_key(stress->token.hsm, id), "key %u",
                    i);
        sem_post(&stress->room);
    }
    return NULL;
}

static void *generate_keys(void *context)
{
    struct stress *stress = context;
    unsigned char id[HSM_ID_LENGTH] = { 3,
                                        (unsigned char) atomic_fetch_add(&stress->generators, 1) };
    struct hsm_ec_public public;

    while (!atomic_load(&stress->is_over)) {
        CK_RV rv = hsm_generate_ec(stress->token.hsm, id, HSM_BOUND, HSM_P256, &public);
        tally_check(&stress->tally, PROMISE_GENERATE, rv == CKR_OK, "%s", hsm_rv_name(rv));
        rv = hsm_destroy(stress->token.hsm, id);
        tally_check(&stress->tally, PROMISE_DESTROY, rv == CKR_OK, "a pair: %s", hsm_rv_name(rv));
    }
    return NULL;
}

static CK_RV make_origin(struct hsm *hsm, enum hsm_kind kind, struct origin *ret_origin)
{
    const unsigned char id[HSM_ID_LENGTH] = { 1, (unsigned char) kind };
    struct hsm_rsa_public rsa;
    struct hsm_ec_public ec;
    CK_RV rv = CKR_OK;

    switch (kind) {
    case HSM_RSA:
        rv = hsm_generate_rsa(hsm, id, HSM_BOUND, 1024, 65537, &rsa);
        break;
    case HSM_EC:
        rv = hsm_generate_ec(hsm, id, HSM_BOUND, HSM_P384, &ec);
        break;
    case HSM_AES:
        rv = hsm_generate_aes(hsm, id, HSM_BOUND, 256);
        break;
    }
    if (rv != CKR_OK) {
        return rv;
    }
    ret_origin->kind = kind;
    return hsm_export_wrapped(hsm, id, HSM_BOUND, ret_origin->wrapped, sizeof(ret_origin->wrapped),
                              &ret_origin->len);
}

static bool prepare(struct stress *stress)
{
    const unsigned char sentinel[HSM_ID_LENGTH] = { 2 };
    struct hsm *hsm = stress->token.hsm;

    return hsm_create_sentinel(hsm, sentinel) == CKR_OK
           && hsm_adopt_sentinel(hsm, sentinel) == CKR_OK
           && make_origin(hsm, HSM_RSA, &stress->origins[0]) == CKR_OK
           && make_origin(hsm, HSM_EC, &stress->origins[1]) == CKR_OK
           && make_origin(hsm, HSM_AES, &stress->origins[2]) == CKR_OK;
}

int main(void)
{
    static struct stress stress;
    pthread_t importer, destroyer, generator[GENERATORS];

    test_token_create(&stress.token, NULL, NULL);
    tally_init(&stress.tally, promises, KV_COUNT(promises));
    sem_init(&stress.made, 0, 0);
    sem_init(&stress.room, 0, BEHIND);
    if (!prepare(&stress)) {
        fprintf(stderr, "objects: no keys to begin with\n");
        return 1;
    }
    pthread_create(&importer, NULL, import_keys, &stress);
    pthread_create(&destroyer, NULL, destroy_keys, &stress);
    for (size_t i = 0; i < GENERATORS; i++) {
        pthread_create(&generator[i], NULL, generate_keys, &stress);
    }
    pthread_join(importer, NULL);
    pthread_join(destroyer, NULL);
    atomic_store(&stress.is_over, true);
    for (size_t i = 0; i < GENERATORS; i++) {
        pthread_join(generator[i], NULL);
    }
    test_token_destroy(&stress.token);
    return tally_close(&stress.tally);
}
