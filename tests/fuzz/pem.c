/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and certificates as files have them: the issuer's, the CA's, the server's. */
#include <string.h>

#include "fuzz.h"
#include "kv/base/jws.h"
#include "server/http/x509.h"

#define TEXT_MAX (64 * 1024)

static void check_signer(const char *pem, size_t len)
{
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;
    kv_auto(kv_buf_done) struct kv_buf json;
    struct kv_err err;

    kv_buf_init(&json, TEXT_MAX);
    if (kv_jws_key_parse(pem, len, &key, &err) != KV_OK) {
        FUZZ_HOLDS(key == NULL && err.code == KV_BAD_PARAMETER);
        return;
    }
    FUZZ_HOLDS(strlen(kv_jws_key_id(key)) == KV_JWS_KEY_ID_LENGTH);
    FUZZ_HOLDS(kv_jws_key_show(key, &json, NULL) == KV_OK);
}

static void check_certificate(const X509 *certificate)
{
    static const char *const names[] = { "a.test", "*.vault.localhost", "127.0.0.1", "::1" };

    (void) kv_x509_lasts(certificate);
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        (void) kv_x509_covers(certificate, &names[i], 1);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = NULL;
    kv_auto(X509_free) X509 *certificate = NULL;
    kv_auto(kv_buf_done) struct kv_buf pem;

    fuzz_begin();
    kv_buf_init(&pem, TEXT_MAX);
    if (size == 0 || size > TEXT_MAX) {
        return 0;
    }
    FUZZ_HOLDS(kv_buf_append(&pem, data, size, NULL) == KV_OK);
    if (size <= KV_JWS_PEM_MAX) {
        check_signer(pem.data, pem.len);
    }
    key = kv_x509_parse_key(&pem);
    certificate = kv_x509_parse_certificate(&pem);
    if (certificate != NULL) {
        check_certificate(certificate);
    }
    return 0;
}
