/* SPDX-License-Identifier: Apache-2.0 */
/* Signed statements (JWS, RFC 7515), and who signs them. */
#include <stdio.h>
#include <stdlib.h>

#include <string.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "kv/base/base64.h"
#include "kv/base/uuid.h"
#include "private.h"

KV_DEFINE_CLEANUP(BIO *, BIO_free_all)
KV_DEFINE_CLEANUP(X509 *, X509_free)

static enum kv_code append_json(struct kv_buf *text, const cJSON *json, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf printed;

    kv_buf_init(&printed, text->max);
    KV_TRY(kv_json_print(json, &printed, err));
    return kv_base64url_render(printed.data, printed.len, text, err);
}

enum kv_code statement_sign(const struct kv_scope *scope, enum kv_statement statement,
                            const cJSON *header, const cJSON *payload, struct kv_buf *text,
                            struct kv_err *err)
{
    kv_auto(kv_secret_done) struct kv_secret signature = { .len = 0 };

    KV_TRY(append_json(text, header, err));
    KV_TRY(kv_buf_append(text, ".", 1, err));
    KV_TRY(append_json(text, payload, err));
    KV_TRY(kv_keys_sign_statement(scope, statement, text->data, text->len, &signature, err));
    KV_TRY(kv_buf_append(text, ".", 1, err));
    return kv_base64url_render(signature.bytes, signature.len, text, err);
}

/* Standard base64 of DER: an element of x5c (RFC 7515 §4.1.6). */
static void append_certificate(cJSON *x5c, X509 *certificate, bool *ok)
{
    int len = i2d_X509(certificate, NULL);
    kv_auto(kv_wipe_free) char *der = len > 0 ? malloc((size_t) len) : NULL;
    kv_auto(kv_wipe_free) char *text = len > 0 ? malloc((size_t) len * 4 / 3 + 8) : NULL;
    unsigned char *end = (unsigned char *) der;

    *ok = *ok && der != NULL && text != NULL;
    if (*ok) {
        i2d_X509(certificate, &end);
        EVP_EncodeBlock((unsigned char *) text, (unsigned char *) der, len);
        kv_json_append_text(x5c, text, ok);
    }
}

/* The name of the key is the certificate's SHA-1, in hexadecimal digits, as x5t is in base64url. */
static void add_name(cJSON *header, const unsigned char *sha1, size_t len, bool *ok)
{
    char name[2 * EVP_MAX_MD_SIZE + 1];

    for (size_t i = 0; i < len; i++) {
        snprintf(name + 2 * i, 3, "%02X", sha1[i]);
    }
    kv_json_add_text(header, "kid", name, ok);
}

/* A managed HSM has a GUID for it: here, of the certificate, so that it stays the same. */
static void add_guid(cJSON *header, const unsigned char *sha256, size_t len, bool *ok)
{
    char text[KV_BASE64URL_LENGTH(EVP_MAX_MD_SIZE) + 1];
    char guid[KV_UUID_LENGTH + 1];

    kv_base64url_encode(sha256, len, text);
    kv_uuid_of("certificate", text, guid);
    kv_json_add_text(header, "kid", guid, ok);
}

/* What goes beside the chain (contract §11): alg, kid, x5t, typ, x5t#S256; of a managed HSM, no
 * x5t and no typ. */
static void add_leaf(cJSON *header, enum kv_vault_kind kind, const X509 *leaf, bool *ok)
{
    unsigned char sha1[EVP_MAX_MD_SIZE];
    unsigned char sha256[EVP_MAX_MD_SIZE];
    unsigned sha1_len = 0;
    unsigned sha256_len = 0;

    *ok = *ok && X509_digest(leaf, EVP_sha1(), sha1, &sha1_len) == 1
          && X509_digest(leaf, EVP_sha256(), sha256, &sha256_len) == 1;
    kv_json_add_text(header, "alg", "RS256", ok);
    if (kind == KV_MANAGED_HSM) {
        add_guid(header, sha256, sha256_len, ok);
    } else {
        add_name(header, sha1, sha1_len, ok);
        kv_json_add_base64url(header, "x5t", sha1, sha1_len, ok);
        kv_json_add_text(header, "typ", "JWT", ok);
    }
    kv_json_add_base64url(header, "x5t#S256", sha256, sha256_len, ok);
}

enum kv_code statement_add_signer(const struct kv_scope *scope, enum kv_statement statement,
                                  cJSON *header, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;
    kv_auto(BIO_free_all) BIO *memory = NULL;
    cJSON *x5c = NULL;
    bool ok = true;

    kv_buf_init(&pem, CHAIN_MAX);
    KV_TRY(kv_keys_signer_chain(scope, statement, &pem, err));
    memory = BIO_new_mem_buf(pem.data, (int) pem.len);
    while (ok && memory != NULL && !BIO_eof(memory)) {
        kv_auto(X509_free) X509 *certificate = PEM_read_bio_X509(memory, NULL, NULL, NULL);

        ok = certificate != NULL;
        if (ok && x5c == NULL) {
            add_leaf(header, scope->vault->kind, certificate, &ok);
            x5c = kv_json_add_array(header, "x5c", &ok);
        }
        append_certificate(x5c, certificate, &ok);
    }
    if (scope->vault->kind == KV_MANAGED_HSM) { /* contract §4.3 */
        kv_json_sort(header);
    }
    return ok && x5c != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}
