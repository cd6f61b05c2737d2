/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A bearer token before the verifier that trusts one more issuer. The first byte says how the rest is
 * taken: as the token, or as the payload of one that coffer's key or the other issuer's has signed.
 */
#include <string.h>

#include <openssl/crypto.h>

#include "fuzz.h"
#include "kv/base/files.h"
#include "kv/identity/identity.h"
#include "signer.h"

#define TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"
#define FOREIGN "https://issuer.example"

static char folder[] = "/tmp/coffer-fuzz-XXXXXX";
static struct kv_identity *identity;
static struct kv_jws_key *own_key;

static void clean_up(void)
{
    kv_identity_free(identity);
    kv_jws_key_free(own_key);
    KV_IGNORE(kv_folder_remove(folder, NULL));
}

static void write_own_key(void)
{
    kv_auto(kv_buf_done) struct kv_buf pem;
    char path[KV_PATH_MAX];

    kv_buf_init(&pem, KV_JWS_PEM_MAX);
    FUZZ_HOLDS(kv_jws_key_generate(&pem, NULL) == KV_OK);
    FUZZ_HOLDS(kv_jws_key_parse(pem.data, pem.len, &own_key, NULL) == KV_OK);
    FUZZ_HOLDS(kv_path_join(path, folder, "issuer.pem", NULL) == KV_OK);
    FUZZ_HOLDS(kv_file_write(path, pem.data, pem.len, 0600, NULL) == KV_OK);
}

static void set_up(void)
{
    static const struct kv_trusted_issuer trusted = { .issuer = FOREIGN, .keys = FOREIGN "/keys" };
    const struct kv_identity_config config = {
        .folder = folder,
        .tenant = TENANT,
        .auth = KV_AUTH_STRICT,
        .trusted = &trusted,
        .trusted_count = 1,
        .fetch = signer_fetch,
    };

    FUZZ_HOLDS(mkdtemp(folder) != NULL);
    /* now, so that its own end comes after ours; to be asked for nothing does nothing */
    FUZZ_HOLDS(OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CRYPTO_STRINGS, NULL) == 1);
    FUZZ_HOLDS(atexit(clean_up) == 0);
    write_own_key();
    FUZZ_HOLDS(kv_identity_new(&config, &identity, NULL) == KV_OK);
}

static void judge(const char *token, size_t len)
{
    static const char *const audiences[] = { "https://vault.azure.net", NULL };
    const struct kv_token_demand demand = {
        .audiences = audiences,
        .app_id = "cfa8b339-82a2-471a-a3c9-0fc0be7a4093",
        .when = { .real = INT64_C(1700000000000) },
    };
    struct kv_principal principal = { .object_id = "" };
    struct kv_token_verdict verdict;
    struct kv_err err;

    if (kv_identity_verify(identity, token, len, &demand, &principal, &verdict, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_UNAUTHORIZED && principal.object_id[0] == '\0');
        return;
    }
    FUZZ_HOLDS(!verdict.must_wait || principal.object_id[0] == '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const struct kv_jws_key *signer;
    char *token = NULL;

    fuzz_begin();
    if (identity == NULL) {
        set_up();
    }
    if (size == 0) {
        return 0;
    }
    fuzz_auto char *text = fuzz_text(data + 1, size - 1);
    if (data[0] % 3 == 0) {
        judge(text, size - 1);
        return 0;
    }
    signer = data[0] % 3 == 1 ? own_key : signer_key();
    FUZZ_HOLDS(kv_jws_sign(signer, text, size - 1, &token, NULL) == KV_OK);
    judge(token, strlen(token));
    free(token);
    return 0;
}
