/* SPDX-License-Identifier: Apache-2.0 */
/* What coffer says under its own signature about keys: contract §6.10, §11. */
#include <assert.h>
#include <string.h>

#include <openssl/evp.h>

#include "core.h"
#include "external.h"
#include "rows.h"
#include "service_key.h"

#define DIGEST_LENGTH 32

static const struct signer {
    enum service_purpose purpose;
    const char *name[2]; /* of its certificate; by enum kv_vault_kind; NULL: the host's */
} signers[] = {
    [KV_STATEMENT_ATTESTATION] = { SERVICE_ATTESTATION,
                                   { "coffer key attestation", "coffer key attestation" } },
    [KV_STATEMENT_RELEASE] = { SERVICE_RELEASE, { "vault.azure.net", NULL } },
};

enum kv_code kv_key_attest(const struct kv_scope *scope, const char *name, const char *version,
                           struct kv_key *ret_key, struct kv_custody_facts *ret_facts,
                           struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_get(scope, name, version, &key, err));
    KV_TRY(external_refuse(&key, "attested", err));
    KV_TRY(kv_custody_facts(scope->keys->config.custody, key.material.object, ret_facts, err));
    *ret_key = key_take(&key);
    return KV_OK;
}

enum kv_code kv_keys_signer_chain(const struct kv_scope *scope, enum kv_statement statement,
                                  struct kv_buf *chain, struct kv_err *err)
{
    const struct signer *signer = &signers[statement];
    const struct kv_keys_config *config = &scope->keys->config;
    unsigned char spki[KV_SPKI_MAX];
    const char *name = signer->name[scope->vault->kind];
    char host[KV_VAULT_HOST_SIZE];
    struct kv_material service;
    size_t len;

    assert(config->certify != NULL);
    KV_TRY(service_key_need(scope->keys, signer->purpose, &service, err));
    KV_TRY(kv_custody_spki(&service, spki, &len, err));
    kv_vault_host(scope->vault, host);
    return config->certify(config->certify_context, spki, len, name != NULL ? name : host, chain,
                           err);
}

enum kv_code kv_keys_sign_statement(const struct kv_scope *scope, enum kv_statement statement,
                                    const char *text, size_t len, struct kv_secret *ret_signature,
                                    struct kv_err *err)
{
    unsigned char digest[DIGEST_LENGTH];
    const struct kv_operands operands = { .value = { digest, sizeof(digest) } };
    kv_auto(kv_outcome_done) struct kv_outcome outcome;
    struct kv_material service;

    kv_outcome_init(&outcome);
    KV_TRY(service_key_need(scope->keys, signers[statement].purpose, &service, err));
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
