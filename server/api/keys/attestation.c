/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key attestation of a Managed HSM: contract §6.10. What the service's statements hold is not
 * known; coffer's are signed texts (JWS, RS256) that anybody can check under the certificate. They
 * have no time and no nonce in them: asked twice, the service answers the same to the byte.
 */
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>

#include "private.h"

#define VERSION "MRVL-1" /* contract §6.10 */
#define STATEMENT_MAX 16384

/* Adds a signed statement. */
static enum kv_code add_statement(const struct kv_scope *scope, cJSON *attestation,
                                  const char *member, const cJSON *payload, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *header = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf text;
    bool ok = true;

    kv_buf_init(&text, STATEMENT_MAX);
    kv_json_add_text(header, "alg", "RS256", &ok);
    kv_json_add_text(header, "typ", "JWT", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(statement_sign(scope, KV_STATEMENT_ATTESTATION, header, payload, &text, err));
    kv_json_add_base64url(attestation, member, text.data, text.len, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/*
 * Standard base64 of PEM, as it was recorded (contract §6.10). The SDKs read it as base64url; text
 * without > ? ~ is the same in both alphabets, but the Go SDK bears no padding. With empty lines up
 * to a multiple of three there is none.
 */
static enum kv_code add_chain(const struct kv_scope *scope, cJSON *attestation, const char *member,
                              struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf chain;
    kv_auto(kv_wipe_free) char *text = malloc(CHAIN_MAX * 4 / 3 + 8);
    bool ok = true;

    kv_buf_init(&chain, CHAIN_MAX);
    if (text == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_keys_signer_chain(scope, KV_STATEMENT_ATTESTATION, &chain, err));
    while (chain.len % 3 != 0) {
        KV_TRY(kv_buf_append(&chain, "\n", 1, err));
    }
    EVP_EncodeBlock((unsigned char *) text, (const unsigned char *) chain.data, (int) chain.len);
    kv_json_add_text(attestation, member, text, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* What the token says of the private half, and of which key. */
static cJSON *describe_private(const struct kv_request *request, const struct kv_key *key,
                               const struct kv_custody_facts *facts, bool *ok)
{
    cJSON *payload = cJSON_CreateObject();

    add_jwk(payload, request, key, ok);
    kv_json_add_bool(payload, "onToken", facts->on_token, ok);
    kv_json_add_bool(payload, "private", facts->is_private, ok);
    kv_json_add_bool(payload, "sensitive", facts->sensitive, ok);
    kv_json_add_bool(payload, "alwaysSensitive", facts->always_sensitive, ok);
    kv_json_add_bool(payload, "extractable", facts->extractable, ok);
    kv_json_add_bool(payload, "neverExtractable", facts->never_extractable, ok);
    kv_json_add_bool(payload, "local", facts->local, ok);
    return payload;
}

static cJSON *describe_public(const struct kv_request *request, const struct kv_key *key, bool *ok)
{
    cJSON *payload = cJSON_CreateObject();

    add_jwk(payload, request, key, ok);
    return payload;
}

static enum kv_code make_attestation(const struct kv_request *request, const struct kv_key *key,
                                     const struct kv_custody_facts *facts, cJSON *attestation,
                                     struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    const bool is_new = request->app->build->names_pem_file;
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *private = describe_private(request, key, facts, &ok);
    kv_auto(cJSON_Delete) cJSON *public = describe_public(request, key, &ok);

    if (!ok || attestation == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(add_chain(&scope, attestation, is_new ? "certificatePemFile" : "certificates", err));
    KV_TRY(add_statement(&scope, attestation, "privateKeyAttestation", private, err));
    KV_TRY(add_statement(&scope, attestation, "publicKeyAttestation", public, err));
    if (is_new) {
        kv_json_add_text(attestation, "version", VERSION, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code key_attest(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    kv_auto(cJSON_Delete) cJSON *attestation = cJSON_CreateObject();
    struct kv_custody_facts facts;

    KV_TRY(kv_key_attest(&scope, kv_request_capture(request, "name"),
                         kv_request_capture(request, "version"), &key, &facts, err));
    KV_TRY(make_attestation(request, &key, &facts, attestation, err));
    return respond_attested_key(request, &key, kv_take(attestation), response, err);
}
