/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verification by custody, which needs no token: published signatures, signatures of OpenSSL's, and
 * those that must not pass: out of range, of another shape, another padding, another salt.
 */
#include <string.h>

#include <criterion/criterion.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "kv/base/base64.h"
#include "signature_data.h"

#define BYTES_MAX 512
#define MODULUS 256

static struct kv_custody *custody;

static void setup(void)
{
    const struct kv_custody_config config = { .hsm = NULL };

    cr_assert_eq(kv_custody_new(&config, &custody, NULL), KV_OK);
}

static void teardown(void)
{
    kv_custody_free(custody);
}
TestSuite(signatures, .init = setup, .fini = teardown, .timeout = 60);

static bool verifies(const struct kv_material *material, enum kv_alg alg, const void *digest,
                     size_t digest_len, const void *signature, size_t len)
{
    kv_auto(kv_outcome_done) struct kv_outcome outcome;
    const struct kv_operands operands = {
        .digest = { digest, digest_len },
        .value = { signature, len },
    };

    kv_outcome_init(&outcome);
    cr_assert_eq(
        kv_custody_operate(custody, material, KV_OP_VERIFY, alg, &operands, &outcome, NULL), KV_OK);
    return outcome.valid;
}

static size_t decode(const char *text, unsigned char *ret_bytes)
{
    size_t len;

    cr_assert_leq(KV_BASE64URL_BYTES(strlen(text)), BYTES_MAX);
    cr_assert(kv_base64url_decode(text, strlen(text), ret_bytes, &len));
    return len;
}

/* The first curve whose keys may use the algorithm. */
static enum kv_curve curve_of(enum kv_alg alg)
{
    enum kv_curve curve = KV_CURVE_NONE + 1;

    while ((kv_alg_row(alg)->curves & 1U << curve) == 0) {
        curve++;
    }
    return curve;
}

static struct kv_material ec_material(const struct ecdsa_row *row)
{
    unsigned char bytes[BYTES_MAX];
    struct kv_material material = {
        .family = KV_FAMILY_EC,
        .curve = curve_of(row->alg),
    };
    size_t len = decode(row->x, bytes);

    memcpy(material.x, bytes, len);
    cr_assert_eq(decode(row->y, bytes), len);
    memcpy(material.y, bytes, len);
    return material;
}

Test(signatures, of_ecdsa_that_are_published_verify)
{
    for (size_t i = 0; i < KV_COUNT(ecdsa_rows); i++) {
        const struct kv_material material = ec_material(&ecdsa_rows[i]);
        unsigned char digest[BYTES_MAX];
        unsigned char signature[BYTES_MAX];
        size_t digest_len = decode(ecdsa_rows[i].digest, digest);
        size_t len = decode(ecdsa_rows[i].signature, signature);

        cr_expect(verifies(&material, ecdsa_rows[i].alg, digest, digest_len, signature, len), "%s",
                  ecdsa_rows[i].source);
        digest[0] ^= 1;
        cr_expect_not(verifies(&material, ecdsa_rows[i].alg, digest, digest_len, signature, len));
    }
}

/* The order of a row's curve, at the width of a coordinate. */
static BIGNUM *order_of(const struct ecdsa_row *row)
{
    const char *group_name = kv_curve_row(curve_of(row->alg))->group;
    EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_txt2nid(group_name));
    BIGNUM *order = BN_new();

    cr_assert_eq(EC_GROUP_get_order(group, order, NULL), 1);
    EC_GROUP_free(group);
    return order;
}

/* Puts a number in place of r (half 0) or s (half 1); false when it is wider than that. */
static bool replace_half(unsigned char *signature, size_t width, size_t half, const BIGNUM *number)
{
    return BN_bn2binpad(number, signature + half * width, (int) width) == (int) width;
}

/* r or s of 0, n, n + itself: congruent to a good one, but out of range. */
static void expect_range_checked(const struct ecdsa_row *row)
{
    const struct kv_material material = ec_material(row);
    unsigned char digest[BYTES_MAX];
    unsigned char good[BYTES_MAX];
    size_t digest_len = decode(row->digest, digest);
    size_t len = decode(row->signature, good);
    BIGNUM *order = order_of(row);

    for (size_t half = 0; half < 2; half++) {
        BIGNUM *zero = BN_new();
        BIGNUM *sum = BN_bin2bn(good + half * len / 2, (int) len / 2, NULL);
        const BIGNUM *numbers[] = { zero, order, sum };

        BN_add(sum, sum, order);
        for (size_t i = 0; i < KV_COUNT(numbers); i++) {
            unsigned char bad[BYTES_MAX];

            memcpy(bad, good, len);
            if (replace_half(bad, len / 2, half, numbers[i])) {
                cr_expect_not(verifies(&material, row->alg, digest, digest_len, bad, len),
                              "%s, half %zu, number %zu", row->source, half, i);
            }
        }
        BN_free(zero);
        BN_free(sum);
    }
    BN_free(order);
}

Test(signatures, of_ecdsa_out_of_range_do_not_verify)
{
    for (size_t i = 0; i < KV_COUNT(ecdsa_rows); i++) {
        expect_range_checked(&ecdsa_rows[i]);
    }
}

/* Neither shorter, nor with zeros before or behind, nor in DER. */
Test(signatures, of_ecdsa_of_another_width_do_not_verify)
{
    for (size_t i = 0; i < KV_COUNT(ecdsa_rows); i++) {
        const struct kv_material material = ec_material(&ecdsa_rows[i]);
        unsigned char digest[BYTES_MAX];
        unsigned char signature[BYTES_MAX] = { 0 };
        size_t digest_len = decode(ecdsa_rows[i].digest, digest);
        size_t len = decode(ecdsa_rows[i].signature, signature + 1);

        for (size_t wrong = 0; wrong < 2 * len + 2; wrong++) {
            if (wrong != len) {
                cr_expect_not(verifies(&material, ecdsa_rows[i].alg, digest, digest_len,
                                       signature + 1, wrong));
            }
        }
        cr_expect_not(
            verifies(&material, ecdsa_rows[i].alg, digest, digest_len, signature, len + 1));
    }
}

Test(signatures, by_the_negative_of_s_verify_as_the_standard_has_it)
{
    const struct ecdsa_row *row = &ecdsa_rows[0];
    const struct kv_material material = ec_material(row);
    unsigned char digest[BYTES_MAX];
    unsigned char signature[BYTES_MAX];
    size_t digest_len = decode(row->digest, digest);
    size_t len = decode(row->signature, signature);
    BIGNUM *order = order_of(row);
    BIGNUM *s = BN_bin2bn(signature + len / 2, (int) len / 2, NULL);

    BN_sub(s, order, s);
    cr_assert(replace_half(signature, len / 2, 1, s));
    cr_expect(verifies(&material, row->alg, digest, digest_len, signature, len));
    BN_free(s);
    BN_free(order);
}

Test(signatures, of_rs256_that_are_published_verify)
{
    struct kv_material material = {
        .family = KV_FAMILY_RSA,
        .exponent = { 1, 0, 1 },
        .exponent_len = 3,
    };
    unsigned char digest[BYTES_MAX];
    unsigned char signature[BYTES_MAX];
    size_t digest_len = decode(rs256_digest, digest);
    size_t len = decode(rs256_signature, signature);

    material.modulus_len = decode(rs256_modulus, material.modulus);
    cr_expect(verifies(&material, KV_ALG_RS256, digest, digest_len, signature, len));
    cr_expect_not(verifies(&material, KV_ALG_PS256, digest, digest_len, signature, len));
    cr_expect_not(verifies(&material, KV_ALG_RSNULL, digest, digest_len, signature, len));
}

/* A key pair whose private half is here, to make what no honest signer makes. */
static EVP_PKEY *make_pair(struct kv_material *ret_material)
{
    EVP_PKEY *pair = EVP_RSA_gen(MODULUS * 8);
    BIGNUM *n = NULL;

    cr_assert_eq(EVP_PKEY_get_bn_param(pair, OSSL_PKEY_PARAM_RSA_N, &n), 1);
    *ret_material = (struct kv_material){
        .family = KV_FAMILY_RSA,
        .modulus_len = MODULUS,
        .exponent = { 1, 0, 1 },
        .exponent_len = 3,
    };
    BN_bn2binpad(n, ret_material->modulus, MODULUS);
    BN_free(n);
    return pair;
}

/* The private operation over a block that is padded already. */
static void sign_block(EVP_PKEY *pair, const unsigned char *block, unsigned char *ret_signature)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair, NULL);
    size_t len = MODULUS;

    EVP_PKEY_sign_init(ctx);
    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_NO_PADDING);
    cr_assert_eq(EVP_PKEY_sign(ctx, ret_signature, &len, block, MODULUS), 1);
    EVP_PKEY_CTX_free(ctx);
}

/* 00 01 FF ... FF 00 and `tail`. */
static void fill_block(unsigned char *block, const unsigned char *tail, size_t len)
{
    memset(block, 0xFF, MODULUS);
    block[0] = 0;
    block[1] = 1;
    block[MODULUS - len - 1] = 0;
    memcpy(block + MODULUS - len, tail, len);
}

static const unsigned char info[19] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                                        0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
static const unsigned char info_without_null[17] = { 0x30, 0x2f, 0x30, 0x0b, 0x06, 0x09,
                                                     0x60, 0x86, 0x48, 0x01, 0x65, 0x03,
                                                     0x04, 0x02, 0x01, 0x04, 0x20 };

enum flaw { NO_FLAW, NO_NULL, TRAILING, SHORT_PADDING, TYPE_2, HOLE, OTHER_HASH, NO_INFO, FLAWS };

static void make_block(enum flaw flaw, const unsigned char digest[32], unsigned char *ret_block)
{
    unsigned char tail[128];
    size_t info_len = flaw == NO_NULL   ? sizeof(info_without_null)
                      : flaw == NO_INFO ? 0
                                        : sizeof(info);

    memcpy(tail, flaw == NO_NULL ? info_without_null : info, info_len);
    memcpy(tail + info_len, digest, 32);
    if (flaw == OTHER_HASH) {
        tail[14] = 0x02; /* SHA-384 */
    }
    memset(tail + info_len + 32, 0, 16);
    fill_block(ret_block, tail, info_len + 32 + (flaw == TRAILING ? 16 : 0));
    if (flaw == SHORT_PADDING) { /* the signed bytes right behind eight of padding */
        memmove(ret_block + 10, ret_block + MODULUS - 52, 52);
        memset(ret_block + 62, 0, MODULUS - 62);
    } else if (flaw == TYPE_2) {
        ret_block[1] = 2;
    } else if (flaw == HOLE) {
        ret_block[100] = 0xFE;
    }
}

Test(signatures, of_pkcs1_are_valid_in_one_form_only)
{
    struct kv_material material;
    EVP_PKEY *pair = make_pair(&material);
    unsigned char digest[32];
    unsigned char block[MODULUS];
    unsigned char signature[MODULUS];

    memset(digest, 0x77, sizeof(digest));
    for (enum flaw flaw = NO_FLAW; flaw < FLAWS; flaw++) {
        make_block(flaw, digest, block);
        sign_block(pair, block, signature);
        cr_expect_eq(verifies(&material, KV_ALG_RS256, digest, 32, signature, MODULUS),
                     flaw == NO_FLAW, "flaw %d", (int) flaw);
    }
    make_block(NO_INFO, digest, block);
    sign_block(pair, block, signature);
    cr_expect(verifies(&material, KV_ALG_RSNULL, digest, 32, signature, MODULUS));
    cr_expect_not(verifies(&material, KV_ALG_RSNULL, digest, 31, signature, MODULUS));
    EVP_PKEY_free(pair);
}

static void sign_pss(EVP_PKEY *pair, const char *hash, const char *mask, int salt,
                     const unsigned char *digest, unsigned char *ret_signature)
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(pair, NULL);
    const EVP_MD *md = EVP_get_digestbyname(hash);
    size_t len = MODULUS;

    EVP_PKEY_sign_init(ctx);
    EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING);
    EVP_PKEY_CTX_set_signature_md(ctx, md);
    EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, EVP_get_digestbyname(mask));
    EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, salt);
    cr_assert_eq(EVP_PKEY_sign(ctx, ret_signature, &len, digest, (size_t) EVP_MD_get_size(md)), 1);
    EVP_PKEY_CTX_free(ctx);
}

/* contract §7.1: the salt is as long as the digest, and no other */
Test(signatures, of_pss_want_their_salt_and_their_mask)
{
    static const struct {
        enum kv_alg alg;
        const char *hash;
        int len;
    } rows[] = {
        { KV_ALG_PS256, "SHA256", 32 },
        { KV_ALG_PS384, "SHA384", 48 },
        { KV_ALG_PS512, "SHA512", 64 },
    };
    struct kv_material material;
    EVP_PKEY *pair = make_pair(&material);
    unsigned char digest[64];
    unsigned char signature[MODULUS];

    memset(digest, 0x33, sizeof(digest));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        size_t len = (size_t) rows[i].len;
        const int salts[] = { 0, 20, rows[i].len - 1, rows[i].len + 1, 100 };

        for (size_t j = 0; j < KV_COUNT(salts); j++) {
            sign_pss(pair, rows[i].hash, rows[i].hash, salts[j], digest, signature);
            cr_expect_not(verifies(&material, rows[i].alg, digest, len, signature, MODULUS),
                          "%s, salt %d", rows[i].hash, salts[j]);
        }
        sign_pss(pair, rows[i].hash, "SHA1", rows[i].len, digest, signature);
        cr_expect_not(verifies(&material, rows[i].alg, digest, len, signature, MODULUS));
        sign_pss(pair, rows[i].hash, rows[i].hash, rows[i].len, digest, signature);
        cr_expect(verifies(&material, rows[i].alg, digest, len, signature, MODULUS), "%s",
                  rows[i].hash);
    }
    EVP_PKEY_free(pair);
}

/* A signature that is a number not below the modulus, or another length, is none. */
Test(signatures, of_rsa_out_of_range_do_not_verify)
{
    static const enum kv_alg algs[] = { KV_ALG_RS256, KV_ALG_PS256, KV_ALG_RSNULL };
    struct kv_material material;
    EVP_PKEY *pair = make_pair(&material);
    unsigned char signature[2 * MODULUS] = { 0 };
    unsigned char digest[32] = { 0 };

    for (size_t i = 0; i < KV_COUNT(algs); i++) {
        for (size_t len = 0; len <= sizeof(signature); len += 64) {
            cr_expect_not(verifies(&material, algs[i], digest, 32, signature, len));
        }
        cr_expect_not(verifies(&material, algs[i], digest, 32, material.modulus, MODULUS));
    }
    EVP_PKEY_free(pair);
}
