/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Known answers: every algorithm whose result is determined, with published keys put on a token,
 * through custody as the service calls it; what has randomness in it, against OpenSSL.
 */
#include <string.h>

#include <criterion/criterion.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "answers_data.h"
#include "fixture.h"
#include "kv/base/base64.h"
#include "kv/custody/custody.h"

#define BYTES_MAX 1024

static struct test_token token;
static struct kv_custody *custody;
static struct kv_err err;

static void setup(void)
{
    test_token_create(&token, NULL, NULL);
    const struct kv_custody_config config = { .hsm = token.hsm };

    cr_assert_eq(kv_custody_new(&config, &custody, &err), KV_OK);
}

static void teardown(void)
{
    kv_custody_free(custody);
    test_token_destroy(&token);
}
TestSuite(answers, .init = setup, .fini = teardown, .timeout = 60);

/* Bytes of a row; `text` NULL: none, which an operation sees as not given. */
struct bytes {
    unsigned char at[BYTES_MAX];
    size_t len;
    bool given;
};

static struct bytes from_hex(const char *text)
{
    struct bytes bytes = { .given = text != NULL };

    if (text != NULL && text[0] != '\0') {
        cr_assert_eq(OPENSSL_hexstr2buf_ex(bytes.at, sizeof(bytes.at), &bytes.len, text, '\0'), 1);
    }
    return bytes;
}

static struct bytes from_base64(const char *text)
{
    struct bytes bytes = { .given = true };

    cr_assert(kv_base64url_decode(text, strlen(text), bytes.at, &bytes.len), "%s", text);
    return bytes;
}

static struct kv_bytes view(const struct bytes *bytes)
{
    return (struct kv_bytes){ bytes->given ? bytes->at : NULL, bytes->len };
}

static enum kv_alg alg_named(const char *name)
{
    enum kv_alg alg;

    cr_assert(kv_alg_find(name, &alg), "%s", name);
    return alg;
}

static struct kv_material aes_key(unsigned char tag, const struct bytes *key)
{
    struct kv_material material = { .family = KV_FAMILY_OCT, .bits = (unsigned) key->len * 8 };

    memset(material.object, tag, sizeof(material.object));
    cr_assert_eq(hsm_import_aes(token.hsm, material.object, HSM_BOUND, key->at, key->len), CKR_OK);
    return material;
}

static void expect(const struct kv_material *material, enum kv_key_op op, enum kv_alg alg,
                   const struct kv_operands *operands, const struct bytes *wanted,
                   const char *source)
{
    kv_auto(kv_outcome_done) struct kv_outcome outcome;

    kv_outcome_init(&outcome);
    cr_expect_eq(kv_custody_operate(custody, material, op, alg, operands, &outcome, &err), KV_OK,
                 "%s: %s", source, err.message);
    cr_expect_eq(outcome.value.len, wanted->len, "%s: %zu", source, outcome.value.len);
    cr_expect(wanted->len == 0 || memcmp(outcome.value.data, wanted->at, wanted->len) == 0,
              "%s: other bytes", source);
}

/* GCM's iv is the service's, so its examples are for decryption only. */
Test(answers, of_symmetric_keys)
{
    for (size_t i = 0; i < KV_COUNT(symmetric_rows); i++) {
        const struct symmetric_row *row = &symmetric_rows[i];
        struct bytes key = from_hex(row->key);
        struct bytes plain = from_hex(row->plain);
        struct bytes cipher = from_hex(row->cipher);
        struct bytes iv = from_hex(row->iv);
        struct bytes aad = from_hex(row->aad);
        struct bytes tag = from_hex(row->tag);
        enum kv_alg alg = alg_named(row->alg);
        bool wraps = (kv_alg_row(alg)->operations & KV_OP_BIT(WRAP)) != 0;
        const struct kv_material material = aes_key((unsigned char) (i + 1), &key);
        const struct kv_operands forth = { .value = view(&plain), .iv = view(&iv) };
        const struct kv_operands back = {
            .value = view(&cipher),
            .iv = view(&iv),
            .aad = view(&aad),
            .tag = view(&tag),
        };

        if (row->tag == NULL) {
            expect(&material, wraps ? KV_OP_WRAP : KV_OP_ENCRYPT, alg, &forth, &cipher,
                   row->source);
        }
        expect(&material, wraps ? KV_OP_UNWRAP : KV_OP_DECRYPT, alg, &back, &plain, row->source);
    }
}

/* What OpenSSL makes of the iv, text and tag that came out. */
static void expect_gcm_opens(const struct bytes *key, const struct kv_outcome *outcome,
                             const struct bytes *aad, const struct bytes *plain)
{
    const EVP_CIPHER *ciphers[] = { EVP_aes_128_gcm(), EVP_aes_192_gcm(), EVP_aes_256_gcm() };
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    unsigned char out[BYTES_MAX];
    int len = 0;
    int last = 0;

    cr_assert_eq(outcome->iv_len, 12);
    cr_assert_eq(outcome->tag_len, 16);
    EVP_DecryptInit_ex2(ctx, ciphers[key->len / 8 - 2], key->at, outcome->iv, NULL);
    EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, 16, (void *) outcome->tag);
    EVP_DecryptUpdate(ctx, NULL, &len, aad->at, (int) aad->len);
    cr_expect_eq(EVP_DecryptUpdate(ctx, out, &len, (unsigned char *) outcome->value.data,
                                   (int) outcome->value.len),
                 1);
    cr_expect_eq(EVP_DecryptFinal_ex(ctx, out + len, &last), 1, "the tag is not OpenSSL's");
    cr_expect(memcmp(out, plain->at, plain->len) == 0);
    EVP_CIPHER_CTX_free(ctx);
}

Test(answers, of_gcm_open_with_openssl)
{
    static const struct {
        enum kv_alg alg;
        size_t len;
    } rows[] = { { KV_ALG_A128GCM, 16 }, { KV_ALG_A192GCM, 24 }, { KV_ALG_A256GCM, 32 } };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_auto(kv_outcome_done) struct kv_outcome outcome;
        struct bytes key = { .len = rows[i].len };
        struct bytes plain = { .len = 100, .given = true };
        struct bytes aad = { .len = 33, .given = true };
        const struct kv_operands operands = { .value = view(&plain), .aad = view(&aad) };

        memset(key.at, 0x42 + (int) i, key.len);
        memset(plain.at, 0x17, plain.len);
        const struct kv_material material = aes_key((unsigned char) (i + 1), &key);

        kv_outcome_init(&outcome);
        cr_assert_eq(kv_custody_operate(custody, &material, KV_OP_ENCRYPT, rows[i].alg, &operands,
                                        &outcome, &err),
                     KV_OK, "%s", err.message);
        expect_gcm_opens(&key, &outcome, &aad, &plain);
    }
}

/* RFC 4868 §2.7.2.1 has a key that can be one of AES, too. */
Test(answers, of_hmac_are_those_of_rfc_4868)
{
    struct bytes key = { .len = 32, .given = true };
    struct bytes message = { .at = "Hi There", .len = 8, .given = true };
    struct bytes mac = from_hex("198a607eb44bfbc69903a0f1cf2bbdc5ba0aa3f3d9ae3c1c7a3b1696a0b68cf7");
    const struct kv_operands operands = { .value = view(&message) };

    memset(key.at, 0x0b, key.len);
    const struct kv_material material = aes_key(1, &key);

    expect(&material, KV_OP_SIGN, KV_ALG_HS256, &operands, &mac, "RFC 4868");
}

Test(answers, of_hmac_are_those_of_openssl)
{
    static const struct {
        enum kv_alg alg;
        const EVP_MD *(*hash)(void);
    } rows[] = {
        { KV_ALG_HS256, EVP_sha256 },
        { KV_ALG_HS384, EVP_sha384 },
        { KV_ALG_HS512, EVP_sha512 },
    };

    for (size_t i = 0; i < 3 * KV_COUNT(rows); i++) {
        struct bytes key = { .len = 16 + 8 * (i / 3), .given = true };
        struct bytes message = { .len = 200 * (i / 3), .given = true };
        struct bytes mac = { .given = true };
        unsigned len = 0;
        const struct kv_operands operands = { .value = view(&message) };

        memset(key.at, 0x61 + (int) i, key.len);
        const struct kv_material material = aes_key((unsigned char) (i + 1), &key);

        HMAC(rows[i % 3].hash(), key.at, (int) key.len, message.at, message.len, mac.at, &len);
        mac.len = len;
        expect(&material, KV_OP_SIGN, rows[i % 3].alg, &operands, &mac, "OpenSSL");
    }
}

static struct hsm_bytes number(const struct bytes *bytes)
{
    return (struct hsm_bytes){ bytes->at, bytes->len };
}

static struct kv_material rsa_key(unsigned char tag, const struct jwk *jwk)
{
    struct bytes n = from_base64(jwk->n);
    struct bytes e = from_base64(jwk->e);
    struct bytes d = from_base64(jwk->d);
    struct bytes p = from_base64(jwk->p);
    struct bytes q = from_base64(jwk->q);
    struct bytes dp = from_base64(jwk->dp);
    struct bytes dq = from_base64(jwk->dq);
    struct bytes qi = from_base64(jwk->qi);
    const struct hsm_rsa_private private = { number(&n), number(&e),  number(&d),  number(&p),
                                             number(&q), number(&dp), number(&dq), number(&qi) };
    struct kv_material material = {
        .family = KV_FAMILY_RSA,
        .bits = (unsigned) n.len * 8,
        .modulus_len = n.len,
        .exponent_len = e.len,
    };

    memset(material.object, tag, sizeof(material.object));
    memcpy(material.modulus, n.at, n.len);
    memcpy(material.exponent, e.at, e.len);
    cr_assert_eq(hsm_import_rsa(token.hsm, material.object, HSM_BOUND, &private), CKR_OK);
    return material;
}

Test(answers, of_rsa_decryption_are_those_of_rfc_7516)
{
    for (size_t i = 0; i < KV_COUNT(decryption_rows); i++) {
        struct bytes plain = from_base64(decryption_rows[i].plain);
        struct bytes cipher = from_base64(decryption_rows[i].cipher);
        const struct kv_operands operands = { .value = view(&cipher) };
        const struct kv_material material =
            rsa_key((unsigned char) (i + 1), &jwks[decryption_rows[i].key]);

        expect(&material, KV_OP_DECRYPT, alg_named(decryption_rows[i].alg), &operands, &plain,
               decryption_rows[i].alg);
        expect(&material, KV_OP_UNWRAP, alg_named(decryption_rows[i].alg), &operands, &plain,
               decryption_rows[i].alg);
    }
}

Test(answers, of_rs256_are_those_of_rfc_7515)
{
    struct bytes digest = from_base64(rs256_digest);
    struct bytes signature = from_base64(rs256_signature);
    const struct kv_operands operands = { .value = view(&digest) };
    const struct kv_material material = rsa_key(1, &jwks[KEY_7515_A2]);

    expect(&material, KV_OP_SIGN, KV_ALG_RS256, &operands, &signature, "RFC 7515 A.2");
}

/* Another token, behind a gate. */
static void open_with(struct refusal *refusal)
{
    teardown();
    test_token_create(&token, refuse, refusal);
    const struct kv_custody_config config = { .hsm = token.hsm };

    cr_assert_eq(kv_custody_new(&config, &custody, &err), KV_OK);
}

/* A token whose signing mechanisms fail at the probe: then padding here and the raw operation do. */
static void open_without_signing(void)
{
    static struct refusal no_signing = { .function = "C_SignInit", .rv = CKR_MECHANISM_INVALID };

    open_with(&no_signing);
    cr_assert_not(hsm_capabilities(token.hsm)->rsa_pkcs);
    cr_assert_eq(hsm_capabilities(token.hsm)->rsa_pss, 0);
}

static bool verifies(const struct kv_material *material, enum kv_alg alg, struct kv_bytes digest,
                     const struct kv_buf *signature)
{
    kv_auto(kv_outcome_done) struct kv_outcome outcome;
    const struct kv_operands operands = {
        .digest = digest,
        .value = { signature->data, signature->len },
    };

    kv_outcome_init(&outcome);
    cr_assert_eq(
        kv_custody_operate(custody, material, KV_OP_VERIFY, alg, &operands, &outcome, &err), KV_OK);
    return outcome.valid;
}

Test(answers, of_rsa_are_signed_outside_where_the_token_cannot)
{
    static const enum kv_alg algs[] = { KV_ALG_RS256, KV_ALG_RS384, KV_ALG_RS512, KV_ALG_RSNULL,
                                        KV_ALG_PS256, KV_ALG_PS384, KV_ALG_PS512 };

    open_without_signing();
    const struct kv_material material = rsa_key(1, &jwks[KEY_7515_A2]);

    for (size_t i = 0; i < KV_COUNT(algs); i++) {
        kv_auto(kv_outcome_done) struct kv_outcome outcome;
        struct bytes digest = {
            .len = kv_custody_needs(&material, algs[i], KV_OP_SIGN).max,
            .given = true,
        };
        const struct kv_operands operands = { .value = view(&digest) };

        kv_outcome_init(&outcome);
        cr_assert_eq(
            kv_custody_operate(custody, &material, KV_OP_SIGN, algs[i], &operands, &outcome, &err),
            KV_OK, "%s", err.message);
        cr_expect(verifies(&material, algs[i], view(&digest), &outcome.value), "%s",
                  kv_alg_row(algs[i])->name);
    }
    struct bytes digest = from_base64(rs256_digest);
    struct bytes signature = from_base64(rs256_signature);
    const struct kv_operands operands = { .value = view(&digest) };

    expect(&material, KV_OP_SIGN, KV_ALG_RS256, &operands, &signature, "RFC 7515 A.2");
}

Test(answers, are_refused_where_neither_way_works)
{
    struct bytes digest = { .len = 32, .given = true };
    const struct kv_operands operands = { .value = view(&digest) };
    const struct kv_material material = { .family = KV_FAMILY_EC, .curve = KV_CURVE_P256 };
    kv_auto(kv_outcome_done) struct kv_outcome outcome;

    open_without_signing();
    kv_outcome_init(&outcome);
    cr_expect_eq(
        kv_custody_operate(custody, &material, KV_OP_SIGN, KV_ALG_ES256, &operands, &outcome, &err),
        KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "The HSM does not support algorithm ES256.");

    const struct kv_key_spec spec = { .family = KV_FAMILY_EC, .curve = KV_CURVE_P256, .bits = 256 };

    cr_expect_eq(kv_custody_check(custody, &spec, &err), KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "The HSM does not make keys of curve P-256.");
}

Test(answers, are_refusals_where_the_token_does_not_like_the_parameters)
{
    static const CK_RV verdicts[] = { CKR_ATTRIBUTE_VALUE_INVALID, CKR_KEY_SIZE_RANGE };
    static const unsigned char object[KV_OBJECT_LENGTH] = { 7 };
    const struct kv_key_spec spec = {
        .family = KV_FAMILY_RSA,
        .bits = 2048,
        .public_exponent = 17,
    };

    for (size_t i = 0; i < KV_COUNT(verdicts); i++) {
        static struct refusal no_key; /* the token is closed behind its gate, too */
        struct kv_material material;

        no_key = (struct refusal){ .rv = verdicts[i] };
        open_with(&no_key);
        no_key.function = "C_GenerateKeyPair";
        cr_expect_eq(kv_custody_generate(custody, object, &spec, &material, &err),
                     KV_BAD_PARAMETER);
        cr_expect_str_eq(err.message, "The HSM does not make such a key.");
    }
}
