/* SPDX-License-Identifier: Apache-2.0 */
/* Whether the key comes from the thread or the file, it is set once and never changes
 * afterwards. */

#include "issuer.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "kv/base/files.h"
#include "kv/base/secret.h"

#define PATIENCE 30 /* real seconds to wait for a key that is being made */

struct kv_issuer {
    char path[KV_PATH_MAX];
    pthread_t maker;
    bool has_maker;

    pthread_mutex_t mutex; /* lock.def: identity.key */
    pthread_cond_t settled_changed;
    bool settled;           /* guarded by mutex: a key or an error is there */
    struct kv_jws_key *key; /* guarded by mutex until settled */
    struct kv_err err;      /* the same; why there is no key */
};

/* A file whose digits were altered can still be a key, but not one whose signatures verify. */
static bool signs_well(const struct kv_jws_key *key)
{
    static const char probe[] = "{}";
    kv_auto(kv_wipe_free) char *text = NULL;
    kv_auto(kv_jws_done) struct kv_jws jws = { .header = NULL };

    return kv_jws_sign(key, probe, strlen(probe), &text, NULL) == KV_OK
           && kv_jws_parse(text, strlen(text), &jws) && kv_jws_is_signed(&jws, key);
}

static enum kv_code parse_key(const struct kv_issuer *issuer, const struct kv_buf *pem,
                              struct kv_jws_key **ret_key, struct kv_err *err)
{
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;
    struct kv_err why = { 0 };

    if (kv_jws_key_parse(pem->data, pem->len, &key, &why) != KV_OK) {
        return KV_FAIL(err, KV_INTERNAL, why.cause, "%s cannot be used: %s", issuer->path,
                       why.message);
    }
    if (!signs_well(key)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s cannot be used: its numbers do not fit together",
                       issuer->path);
    }
    *ret_key = kv_take(key);
    return KV_OK;
}

/* A key that is not on disk must not sign: its tokens would be invalid after a restart. */
static enum kv_code make_key(const struct kv_issuer *issuer, struct kv_jws_key **ret_key,
                             struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, KV_JWS_PEM_MAX);
    KV_TRY(kv_jws_key_generate(&pem, err));
    KV_TRY(kv_file_write(issuer->path, pem.data, pem.len, 0600, err));
    return parse_key(issuer, &pem, ret_key, err);
}

static void *run_maker(void *argument)
{
    struct kv_issuer *issuer = argument;
    struct kv_jws_key *key = NULL;
    struct kv_err err = { 0 };

    enum kv_code code = make_key(issuer, &key, &err);
    pthread_mutex_lock(&issuer->mutex);
    issuer->key = code == KV_OK ? key : NULL;
    issuer->err = err;
    issuer->settled = true;
    pthread_cond_broadcast(&issuer->settled_changed);
    pthread_mutex_unlock(&issuer->mutex);
    return NULL;
}

static enum kv_code start_maker(struct kv_issuer *issuer, struct kv_err *err)
{
    int rc = pthread_create(&issuer->maker, NULL, run_maker, issuer);

    if (rc != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) rc,
                       "cannot start the thread that makes %s", issuer->path);
    }
    issuer->has_maker = true;
    return KV_OK;
}

static enum kv_code load_or_make(struct kv_issuer *issuer, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, KV_JWS_PEM_MAX);
    enum kv_code code = kv_file_read(issuer->path, &pem, err);
    if (code == KV_NOT_FOUND) {
        return start_maker(issuer, err);
    }
    KV_TRY(code);
    KV_TRY(parse_key(issuer, &pem, &issuer->key, err));
    issuer->settled = true;
    return KV_OK;
}

enum kv_code kv_issuer_new(const char *folder, struct kv_issuer **ret_issuer, struct kv_err *err)
{
    struct kv_issuer *raw = calloc(1, sizeof(*raw));
    pthread_condattr_t attributes;

    if (raw == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) pthread_mutex_init(&raw->mutex, NULL); /* these cannot fail on Linux */
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&raw->settled_changed, &attributes);
    (void) pthread_condattr_destroy(&attributes);

    kv_auto(kv_issuer_free) struct kv_issuer *issuer = raw;
    KV_TRY(kv_path_join(issuer->path, folder, "issuer.pem", err));
    KV_TRY(load_or_make(issuer, err));
    *ret_issuer = kv_take(issuer);
    return KV_OK;
}

void kv_issuer_free(struct kv_issuer *issuer)
{
    if (issuer == NULL) {
        return;
    }
    if (issuer->has_maker) {
        (void) pthread_join(issuer->maker, NULL);
    }
    (void) pthread_cond_destroy(&issuer->settled_changed);
    (void) pthread_mutex_destroy(&issuer->mutex);
    kv_jws_key_free(issuer->key);
    free(issuer);
}

const struct kv_jws_key *kv_issuer_find_key(struct kv_issuer *issuer)
{
    pthread_mutex_lock(&issuer->mutex);
    const struct kv_jws_key *key = issuer->key;
    pthread_mutex_unlock(&issuer->mutex);
    return key;
}

enum kv_code kv_issuer_wait_key(struct kv_issuer *issuer, const struct kv_jws_key **ret_key,
                                struct kv_err *err)
{
    struct timespec deadline;
    int rc = 0;

    (void) clock_gettime(CLOCK_MONOTONIC, &deadline); /* cannot fail for this clock */
    deadline.tv_sec += PATIENCE;
    pthread_mutex_lock(&issuer->mutex);
    while (!issuer->settled && rc == 0) {
        rc = pthread_cond_timedwait(&issuer->settled_changed, &issuer->mutex, &deadline);
    }
    bool settled = issuer->settled;
    pthread_mutex_unlock(&issuer->mutex);

    if (!settled) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0, "the issuer's key is still being generated");
    }
    if (issuer->key == NULL) {
        return KV_FAIL(
            err, issuer->err.code, issuer->err.cause,
            "the issuer's key could not be generated, or not be saved in the data folder");
    }
    *ret_key = issuer->key;
    return KV_OK;
}
