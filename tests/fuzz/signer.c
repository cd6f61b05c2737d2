/* SPDX-License-Identifier: Apache-2.0 */
#include "signer.h"

#include <pthread.h>
#include <string.h>

#include "fuzz.h"
#include "tests/unit/identity/forge_key.h"

#define JWK_MAX 1024

static struct kv_jws_key *key;

static void make_key(void)
{
    FUZZ_HOLDS(kv_jws_key_parse(FORGE_PEM, strlen(FORGE_PEM), &key, NULL) == KV_OK);
}

/* Asked for by the thread that fetches keys, too. */
const struct kv_jws_key *signer_key(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    FUZZ_HOLDS(pthread_once(&once, make_key) == 0);
    return key;
}

char *signer_sign(const char *payload)
{
    char *text;

    FUZZ_HOLDS(kv_jws_sign(signer_key(), payload, strlen(payload), &text, NULL) == KV_OK);
    return text;
}

enum kv_code signer_fetch(const char *url, struct kv_buf *body, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf jwk;

    (void) url;
    kv_buf_init(&jwk, JWK_MAX);
    KV_TRY(kv_jws_key_show(signer_key(), &jwk, err));
    return kv_buf_printf(body, err,
                         "{\"jwks_uri\":\"https://a.test/certs\",\"keys\":[{\"kid\":"
                         "\"%s\",%s]}",
                         kv_jws_key_name(signer_key()), jwk.data + 1);
}
