/* SPDX-License-Identifier: Apache-2.0 */
#include "raw.h"

#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#define THREADS_MAX 256

KV_DEFINE_CLEANUP(BIGNUM *, BN_free)
KV_DEFINE_CLEANUP(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free)
KV_DEFINE_CLEANUP(OSSL_PARAM *, OSSL_PARAM_free)
KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

#define SIGNATURE_BYTES 64 /* P-256 */

static const unsigned char rsa_id[HSM_ID_LENGTH] = "benchmark of RSA";
static const unsigned char ec_id[HSM_ID_LENGTH] = "benchmark of EC.";

/* A ciphertext and what it decrypts to; each kind of decryption has one. A digest is `plain`. */
struct sample {
    unsigned char cipher[RAW_BYTES];
    unsigned char plain[RAW_BYTES];
    size_t plain_len;
};

struct worker;
typedef bool operate_fn(const struct worker *worker);

struct worker {
    const struct raw_token *raw;
    operate_fn *operate;
    CK_MECHANISM *mechanism;
    const struct sample *sample;
    int64_t until;
    CK_SESSION_HANDLE session;
    pthread_t thread;
    size_t operations;
    bool failed;
};

static int64_t read_clock(clockid_t clock)
{
    struct timespec now;

    clock_gettime(clock, &now);
    return now.tv_sec * 1000000000LL + now.tv_nsec;
}

/* As most users of a module do, not as coffer does: what is compared with is to stay the same. */
static bool initialise(struct raw_token *raw)
{
    CK_C_INITIALIZE_ARGS arguments = {
        .flags = CKF_OS_LOCKING_OK,
        .pReserved = (void *) raw->token.config.init_args,
    };

    return raw->token.functions->C_Initialize(&arguments) == CKR_OK;
}

void raw_token_open(struct raw_token *raw, unsigned threads)
{
    CK_SESSION_HANDLE session;
    struct hsm_ec_public public;

    raw->threads = threads < THREADS_MAX ? threads : THREADS_MAX;
    test_token_prepare(&raw->token, NULL, NULL);
    if (!initialise(raw)) {
        fputs("bench: the module cannot be initialised\n", stderr);
        exit(1);
    }
    test_token_open(&raw->token);
    if (hsm_generate_rsa(raw->token.hsm, rsa_id, HSM_BOUND, RAW_BYTES * 8, 65537, &raw->public)
            != CKR_OK
        || hsm_generate_ec(raw->token.hsm, ec_id, HSM_BOUND, HSM_P256, &public) != CKR_OK) {
        fputs("bench: the token makes no key\n", stderr);
        exit(1);
    }
    session = test_token_session(&raw->token);
    raw->rsa_key = test_token_find(&raw->token, session, CKO_PRIVATE_KEY, rsa_id);
    raw->ec_key = test_token_find(&raw->token, session, CKO_PRIVATE_KEY, ec_id);
}

void raw_token_close(struct raw_token *raw)
{
    hsm_close(kv_take(raw->token.hsm));
    raw->token.functions->C_Finalize(NULL); /* nothing is to be done about a failure */
    test_token_destroy(&raw->token);
}

static EVP_PKEY *import_public(const struct hsm_rsa_public *public)
{
    kv_auto(BN_free) BIGNUM *n = BN_bin2bn(public->modulus, (int) public->modulus_len, NULL);
    kv_auto(BN_free) BIGNUM *e = BN_bin2bn(public->exponent, (int) public->exponent_len, NULL);
    kv_auto(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();

    if (n == NULL || e == NULL || builder == NULL
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n) != 1
        || OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e) != 1) {
        return NULL;
    }
    kv_auto(OSSL_PARAM_free) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *key = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        return NULL;
    }
    return key;
}

/* The raw kind takes a number below the modulus; OAEP with SHA-1 is OpenSSL's default. */
static bool make_sample(const struct raw_token *raw, enum raw_kind kind, struct sample *ret_sample)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = import_public(&raw->public);
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = key != NULL ? EVP_PKEY_CTX_new(key, NULL) : NULL;
    size_t len = sizeof(ret_sample->cipher);
    int padding = kind == RAW_X_509 ? RSA_NO_PADDING : RSA_PKCS1_OAEP_PADDING;

    ret_sample->plain_len = kind == RAW_X_509 ? RAW_BYTES : 32;
    memset(ret_sample->plain, 0x5a, ret_sample->plain_len);
    ret_sample->plain[0] = 0;
    return ctx != NULL && EVP_PKEY_encrypt_init(ctx) == 1
           && EVP_PKEY_CTX_set_rsa_padding(ctx, padding) == 1
           && EVP_PKEY_encrypt(ctx, ret_sample->cipher, &len, ret_sample->plain,
                               ret_sample->plain_len)
                  == 1;
}

static bool decrypt(const struct worker *worker)
{
    const CK_FUNCTION_LIST *functions = worker->raw->token.functions;
    const struct sample *sample = worker->sample;
    unsigned char plain[RAW_BYTES];
    CK_ULONG len = sizeof(plain);

    return functions->C_DecryptInit(worker->session, worker->mechanism, worker->raw->rsa_key)
               == CKR_OK
           && functions->C_Decrypt(worker->session, (CK_BYTE *) sample->cipher,
                                   sizeof(sample->cipher), plain, &len)
                  == CKR_OK
           && len == sample->plain_len && memcmp(plain, sample->plain, len) == 0;
}

static bool sign(const struct worker *worker)
{
    const CK_FUNCTION_LIST *functions = worker->raw->token.functions;
    const struct sample *sample = worker->sample;
    unsigned char signature[SIGNATURE_BYTES];
    CK_ULONG len = sizeof(signature);

    return functions->C_SignInit(worker->session, worker->mechanism, worker->raw->ec_key) == CKR_OK
           && functions->C_Sign(worker->session, (CK_BYTE *) sample->plain, sample->plain_len,
                                signature, &len)
                  == CKR_OK
           && len == sizeof(signature);
}

static void *work(void *argument)
{
    struct worker *worker = argument;

    while (!worker->failed && read_clock(CLOCK_MONOTONIC) < worker->until) {
        worker->failed = !worker->operate(worker);
        worker->operations++;
    }
    return NULL;
}

static bool start(struct worker *worker)
{
    worker->session = test_token_session(&worker->raw->token);
    return pthread_create(&worker->thread, NULL, work, worker) == 0;
}

/* Joins and adds up; false when one failed. */
static bool finish(struct worker *worker, size_t *total)
{
    pthread_join(worker->thread, NULL);
    worker->raw->token.functions->C_CloseSession(worker->session);
    *total += worker->operations;
    return !worker->failed;
}

static CK_MECHANISM mechanism_of(enum raw_kind kind, CK_RSA_PKCS_OAEP_PARAMS *oaep)
{
    switch (kind) {
    case RAW_X_509:
        return (CK_MECHANISM){ CKM_RSA_X_509, NULL, 0 };
    case RAW_OAEP_SHA1:
        return (CK_MECHANISM){ CKM_RSA_PKCS_OAEP, oaep, sizeof(*oaep) };
    case RAW_ECDSA:
        break;
    }
    return (CK_MECHANISM){ CKM_ECDSA, NULL, 0 };
}

bool raw_token_run(struct raw_token *raw, enum raw_kind kind, double seconds,
                   struct raw_result *ret_result)
{
    CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA_1, CKG_MGF1_SHA1, CKZ_DATA_SPECIFIED, NULL, 0 };
    CK_MECHANISM mechanism = mechanism_of(kind, &oaep);
    struct worker worker[THREADS_MAX];
    struct sample sample;
    unsigned started = 0;
    size_t total = 0;
    bool good = make_sample(raw, kind, &sample);
    int64_t used = read_clock(CLOCK_PROCESS_CPUTIME_ID);
    int64_t begin = read_clock(CLOCK_MONOTONIC);

    while (good && started < raw->threads) {
        worker[started] = (struct worker){
            .raw = raw,
            .operate = kind == RAW_ECDSA ? sign : decrypt,
            .mechanism = &mechanism,
            .sample = &sample,
            .until = begin + (int64_t) (seconds * 1e9),
        };
        good = start(&worker[started]);
        started += good;
    }
    for (unsigned i = 0; i < started; i++) {
        good = finish(&worker[i], &total) && good;
    }
    if (!good || total == 0) {
        fputs("bench: the token does not do it\n", stderr);
        return false;
    }
    begin = read_clock(CLOCK_MONOTONIC) - begin;
    used = read_clock(CLOCK_PROCESS_CPUTIME_ID) - used;
    ret_result->per_second = (double) total / ((double) begin / 1e9);
    ret_result->cpu_us = (double) used / 1e3 / (double) total;
    return true;
}
