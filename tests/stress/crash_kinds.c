/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of keys, their proofs, and keys that were made elsewhere. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/rand.h>

#include "../support/jwk.h"
#include "../support/transfer.h"
#include "crash.h"

const struct crash_kind crash_kinds[CRASH_KINDS] = {
    { "RSA", "\"kty\":\"RSA\"", "RSA", "RSA-HSM", NULL, 2048, false, "RSA-OAEP-256" },
    { "P-256", "\"kty\":\"EC\"", "EC", "EC-HSM", "prime256v1", 0, true, "ES256" },
    { "P-256K", "\"kty\":\"EC\",\"crv\":\"P-256K\"", "EC", "EC-HSM", "secp256k1", 0, true,
      "ES256K" },
    { "AES-128", "\"kty\":\"oct\",\"key_size\":128", "oct", "oct-HSM", NULL, 128, false, "A128KW" },
    { "AES-192", "\"kty\":\"oct\",\"key_size\":192", "oct", "oct-HSM", NULL, 192, false, "A192KW" },
    { "HMAC", "\"kty\":\"oct\",\"key_size\":256", "oct", "oct-HSM", NULL, 256, true, "HS256" },
};

void proof_roll(struct dice *dice, char ret_plain[])
{
    uint64_t bytes[LEDGER_PLAIN / sizeof(uint64_t)];

    for (size_t i = 0; i < KV_COUNT(bytes); i++) {
        bytes[i] = dice_bits(dice);
    }
    kv_base64url_encode(bytes, sizeof(bytes), ret_plain);
}

const char *proof_seal(const struct crash_kind *kind, const char *plain,
                       char ret_body[PROOF_BODY_SIZE])
{
    snprintf(ret_body, PROOF_BODY_SIZE, "{\"alg\":\"%s\",\"value\":\"%s\"}", kind->alg, plain);
    return kind->signs ? "sign" : "wrapkey";
}

const char *proof_open(const struct crash_kind *kind, const char *plain, const char *cipher,
                       char ret_body[PROOF_BODY_SIZE])
{
    if (kind->signs) {
        snprintf(ret_body, PROOF_BODY_SIZE, "{\"alg\":\"%s\",\"digest\":\"%s\",\"value\":\"%s\"}",
                 kind->alg, plain, cipher);
        return "verify";
    }
    snprintf(ret_body, PROOF_BODY_SIZE, "{\"alg\":\"%s\",\"value\":\"%s\"}", kind->alg, cipher);
    return "unwrapkey";
}

bool proof_holds(const struct crash_kind *kind, const char *plain, const struct reply *opened)
{
    return opened->status == 200
           && (kind->signs ? cJSON_IsTrue(reply_item(opened, "value"))
                           : strcmp(reply_text(opened, "value"), plain) == 0);
}

/* The private half as it goes into a transfer; its length, 0 when OpenSSL cannot. */
static size_t make_pair(const struct crash_kind *kind, cJSON **ret_jwk,
                        unsigned char ret_bytes[TRANSFER_MAX])
{
    EVP_PKEY *key = kind->group != NULL ? jwk_new_ec(kind->group) : jwk_new_rsa(kind->bits);
    size_t len = transfer_render_key(key, ret_bytes);

    *ret_jwk = jwk_render(key, kind->kty);
    EVP_PKEY_free(key);
    return len;
}

static size_t make_secret(const struct crash_kind *kind, cJSON **ret_jwk,
                          unsigned char ret_bytes[TRANSFER_MAX])
{
    size_t len = kind->bits / 8;
    char text[64];

    *ret_jwk = cJSON_CreateObject();
    if (RAND_bytes(ret_bytes, (int) len) != 1) {
        return 0;
    }
    kv_base64url_encode(ret_bytes, len, text);
    jwk_set(*ret_jwk, "kty", kind->kty);
    jwk_set(*ret_jwk, "k", text);
    return len;
}

/* Puts a blob in the place of the private members. */
static bool wrap(cJSON *jwk, const struct crash_kind *kind, const struct reply *kek,
                 const unsigned char *bytes, size_t len)
{
    EVP_PKEY *target = jwk_parse(reply_item(kek, "key"));
    unsigned char wrapped[TRANSFER_MAX];
    char blob[TRANSFER_TEXT_SIZE];

    len = transfer_wrap(target, "SHA1", bytes, len, wrapped);
    EVP_PKEY_free(target);
    if (len == 0
        || !transfer_render_blob(TRANSFER_SCHEMA, reply_text(kek, "key.kid"), TRANSFER_ENC, wrapped,
                                 len, blob)) {
        return false;
    }
    jwk_make_public(jwk);
    jwk_set(jwk, "k", NULL);
    jwk_set(jwk, "kty", kind->hsm_kty);
    jwk_set(jwk, "key_hsm", blob);
    return true;
}

static bool load_kind(struct cargo *cargo, size_t i, const struct reply *kek)
{
    const struct crash_kind *kind = &crash_kinds[i];
    unsigned char bytes[TRANSFER_MAX];
    cJSON *jwk;
    size_t len = strcmp(kind->kty, "oct") == 0 ? make_secret(kind, &jwk, bytes)
                                               : make_pair(kind, &jwk, bytes);
    bool loaded;

    cargo->clear[i] = cJSON_PrintUnformatted(jwk);
    loaded = len > 0 && wrap(jwk, kind, kek, bytes, len);
    cargo->wrapped[i] = cJSON_PrintUnformatted(jwk);
    cJSON_Delete(jwk);
    return loaded && cargo->clear[i] != NULL && cargo->wrapped[i] != NULL;
}

bool cargo_load(struct cargo *cargo, const struct reply *kek)
{
    bool loaded = true;

    for (size_t i = 0; i < CRASH_KINDS; i++) {
        loaded = load_kind(cargo, i, kek) && loaded;
    }
    return loaded;
}

void cargo_done(struct cargo *cargo)
{
    for (size_t i = 0; i < CRASH_KINDS; i++) {
        cJSON_free(cargo->clear[i]);
        cJSON_free(cargo->wrapped[i]);
    }
}
