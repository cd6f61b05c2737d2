/* SPDX-License-Identifier: Apache-2.0 */
/* What coffer says under its own signature about keys: contract §6.10. */
#include <assert.h>
#include <string.h>

#include <openssl/evp.h>

#include "private.h"

#define CERTIFICATE_NAME "coffer key attestation"
#define DIGEST_LENGTH 32

enum kv_code kv_key_attest(const struct kv_scope *scope, const char *name, const char *version,
                           struct kv_key *ret_key, struct kv_custody_facts *ret_facts,
                           struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_get(scope, name, version, &key, err));
    KV_TRY(kv_custody_facts(scope->keys->config.custody, key.material.object, ret_facts, err));
    *ret_key = key_take(&key);
    return KV_OK;
}

enum kv_code kv_keys_attestation_chain(const struct kv_scope *scope, struct kv_buf *chain,
                                       struct kv_err *err)
{
    const struct kv_keys_config *config = &scope->keys->config;
    unsigned char spki[KV_SPKI_MAX];
    struct kv_material service;
    size_t len;

    assert(config->certify != NULL);
    KV_TRY(service_key_need(scope->keys, SERVICE_ATTESTATION, &service, err));
    KV_TRY(kv_custody_spki(&service, spki, &len, err));
    return config->certify(config->certify_context, spki, len, CERTIFICATE_NAME, chain, err);
}

enum kv_code kv_keys_sign_statement(const struct kv_scope *scope, const char *text, size_t len,
                                    struct kv_secret *ret_signature, struct kv_err *err)
{
    unsigned char digest[DIGEST_LENGTH];
    const struct kv_operands operands = { .value = { digest, sizeof(digest) } };
    kv_auto(kv_outcome_done) struct kv_outcome outcome;
    struct kv_material service;

    kv_outcome_init(&outcome);
    KV_TRY(service_key_need(scope->keys, SERVICE_ATTESTATION, &service, err));
    if (EVP_Digest(text, len, digest, NULL, EVP_sha256(), NULL) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL did not hash");
    }
    KV_TRY(kv_custody_operate(scope->keys->config.custody, &service, KV_OP_SIGN, KV_ALG_RS256,
                              &operands, &outcome, err));
    assert(outcome.value.len <= sizeof(ret_signature->bytes));
    memcpy(ret_signature->bytes, outcome.value.data, outcome.value.len);
    ret_signature->len = outcome.value.len;
    return KV_OK;
}
