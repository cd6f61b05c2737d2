/* SPDX-License-Identifier: Apache-2.0 */
/* Wiping and comparing are OpenSSL's: it keeps both from being optimised away. */
#include "kv/base/secret.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

void kv_wipe(void *bytes, size_t len)
{
    if (len > 0) {
        OPENSSL_cleanse(bytes, len);
    }
}

void kv_wipe_free(void *pointer)
{
    kv_wipe(pointer, malloc_usable_size(pointer));
    free(pointer);
}

void kv_secret_done(struct kv_secret *secret)
{
    kv_wipe(secret, sizeof(*secret));
}

bool kv_secret_equal(const void *a, size_t a_len, const void *b, size_t b_len)
{
    return a_len == b_len && (a_len == 0 || CRYPTO_memcmp(a, b, a_len) == 0);
}

bool kv_secret_is_bearer(const char *text)
{
    static const char characters[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~+/";
    size_t len = strlen(text);
    size_t body = strspn(text, characters);

    return len >= KV_BEARER_MIN && len <= KV_BEARER_MAX && body > 0
           && text[body + strspn(text + body, "=")] == '\0';
}

bool kv_secret_digest(const void *bytes, size_t len,
                      unsigned char ret_digest[KV_SECRET_DIGEST_SIZE])
{
    return EVP_Digest(bytes, len, ret_digest, NULL, EVP_sha256(), NULL) == 1;
}

void kv_secret_protect_process(void)
{
    const struct rlimit none = { 0 };

    /* Best effort: where the kernel refuses, the emulator still works. */
    (void) setrlimit(RLIMIT_CORE, &none);
    (void) prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
