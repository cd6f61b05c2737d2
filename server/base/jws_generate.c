/* SPDX-License-Identifier: Apache-2.0 */
/* How the key is made that signs tokens. */
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "kv/base/jws.h"

#define BITS 2048
#define PRIMES 3

KV_DEFINE_CLEANUP(BIO *, BIO_free_all)
KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

/*
 * Of three primes (RFC 8017 §3.2): looking for them takes a third of the time that two do, and a start
 * waits for it, with the first token. The public key is as any other. With 2048 bits no prime is short
 * enough to be found sooner than the modulus is factored; OpenSSL refuses where one would be.
 */
static EVP_PKEY *generate_of_three(void)
{
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *maker = EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL);
    EVP_PKEY *pkey = NULL;

    if (maker == NULL || EVP_PKEY_keygen_init(maker) != 1
        || EVP_PKEY_CTX_set_rsa_keygen_bits(maker, BITS) != 1
        || EVP_PKEY_CTX_set_rsa_keygen_primes(maker, PRIMES) != 1) {
        return NULL;
    }
    return EVP_PKEY_generate(maker, &pkey) == 1 ? pkey : NULL;
}

/* A provider that was approved by somebody makes only keys of two. */
static EVP_PKEY *generate(void)
{
    EVP_PKEY *pkey = generate_of_three();

    if (pkey == NULL) {
        ERR_clear_error();
        pkey = EVP_RSA_gen(BITS);
    }
    return pkey;
}

enum kv_code kv_jws_key_generate(struct kv_buf *pem, struct kv_err *err)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = generate();
    kv_auto(BIO_free_all) BIO *memory = BIO_new(BIO_s_secmem());

    if (pkey == NULL || memory == NULL
        || !PEM_write_bio_PKCS8PrivateKey(memory, pkey, NULL, NULL, 0, NULL, NULL)) {
        unsigned long cause = ERR_peek_last_error();

        ERR_clear_error();
        return KV_FAIL(err, KV_INTERNAL, cause, "no RSA key could be made");
    }
    char *text;
    long len = BIO_get_mem_data(memory, &text);
    return kv_buf_append(pem, text, (size_t) len, err);
}
