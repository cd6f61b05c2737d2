/* SPDX-License-Identifier: Apache-2.0 */
/*
 * OpenSSL decides whether the numbers of a key belong together: it gets the key and checks it.
 * Every BIGNUM here is cleared when freed.
 */
#include "kv/custody/private_key.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>

#include "kv/base/secret.h"
#include "private.h"

#define POINT_MAX (1 + 2 * KV_COORDINATE_MAX)
#define OCT_MAX 64 /* bytes; contract §9.2 */

KV_DEFINE_CLEANUP(BIGNUM *, BN_clear_free)
KV_DEFINE_CLEANUP(BN_CTX *, BN_CTX_free)
KV_DEFINE_CLEANUP(OSSL_PARAM_BLD *, OSSL_PARAM_BLD_free)
KV_DEFINE_CLEANUP(OSSL_PARAM *, OSSL_PARAM_free)
KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(EVP_PKEY_CTX *, EVP_PKEY_CTX_free)

void kv_private_key_done(struct kv_private_key *key)
{
    kv_wipe(key, sizeof(*key));
}

/* The service's text for RSA (contract §9.2); for EC in its style. */
enum kv_code custody_refuse_key(enum kv_family family, unsigned long cause, struct kv_err *err)
{
    ERR_clear_error();
    return KV_FAIL(err, KV_BAD_PARAMETER, cause,
                   "%s key is not valid - cannot instantiate crypto service",
                   family == KV_FAMILY_RSA ? "RSA" : "EC");
}

/* Without the leading zeros. */
static struct kv_number strip(struct kv_number number)
{
    while (number.len > 0 && number.bytes[0] == 0) {
        number.bytes++;
        number.len--;
    }
    return number;
}

static bool copy_number(struct kv_number number, unsigned char *ret_bytes, size_t max,
                        size_t *ret_len)
{
    number = strip(number);
    if (number.len == 0 || number.len > max) {
        return false;
    }
    memcpy(ret_bytes, number.bytes, number.len);
    *ret_len = number.len;
    return true;
}

/* The same at a given width, with leading zeros. */
static bool copy_wide(struct kv_number number, unsigned char *ret_bytes, size_t width)
{
    if (number.bytes == NULL) { /* it was not sent */
        return false;
    }
    number = strip(number);
    if (number.len > width) {
        return false;
    }
    memset(ret_bytes, 0, width - number.len);
    memcpy(ret_bytes + width - number.len, number.bytes, number.len);
    return true;
}

static bool read_rsa_public(const struct kv_sent_key *sent, struct kv_material *ret_material)
{
    struct kv_number n = strip(sent->n);

    if (!copy_number(n, ret_material->modulus, sizeof(ret_material->modulus),
                     &ret_material->modulus_len)
        || !copy_number(sent->e, ret_material->exponent, sizeof(ret_material->exponent),
                        &ret_material->exponent_len)) {
        return false;
    }
    ret_material->bits = (unsigned) n.len * 8;
    for (unsigned char top = n.bytes[0]; (top & 0x80) == 0; top = (unsigned char) (top << 1)) {
        ret_material->bits--;
    }
    return true;
}

/* A number as OpenSSL takes it, kept by `keep` until the parameters are made. */
static bool push_number(OSSL_PARAM_BLD *builder, const char *name, const unsigned char *bytes,
                        size_t len, BIGNUM **keep)
{
    *keep = BN_secure_new();
    return *keep != NULL && BN_bin2bn(bytes, (int) len, *keep) != NULL
           && OSSL_PARAM_BLD_push_BN(builder, name, *keep) == 1;
}

static EVP_PKEY *make_pkey(const char *type, OSSL_PARAM_BLD *builder, int selection)
{
    kv_auto(OSSL_PARAM_free) OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *pkey = NULL;

    if (params == NULL || ctx == NULL || EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &pkey, selection, params) != 1) {
        return NULL;
    }
    return pkey;
}

typedef int check_fn(EVP_PKEY_CTX *ctx);

static bool check_pkey(EVP_PKEY *pkey, check_fn *check)
{
    kv_auto(EVP_PKEY_CTX_free) EVP_PKEY_CTX *ctx =
        pkey != NULL ? EVP_PKEY_CTX_new_from_pkey(NULL, pkey, NULL) : NULL;

    return ctx != NULL && check(ctx) == 1;
}

static bool push_rsa_public(OSSL_PARAM_BLD *builder, const struct kv_material *material,
                            BIGNUM *keep[2])
{
    return builder != NULL
           && push_number(builder, OSSL_PKEY_PARAM_RSA_N, material->modulus, material->modulus_len,
                          &keep[0])
           && push_number(builder, OSSL_PKEY_PARAM_RSA_E, material->exponent,
                          material->exponent_len, &keep[1]);
}

/* Refuses a modulus that is not a product of odd primes and an exponent that encrypts nothing. */
static bool check_rsa_public(const struct kv_material *material)
{
    kv_auto(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    BIGNUM *keep[2] = { NULL };
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = push_rsa_public(builder, material, keep)
                                                ? make_pkey("RSA", builder, EVP_PKEY_PUBLIC_KEY)
                                                : NULL;

    BN_free(keep[0]);
    BN_free(keep[1]);
    return check_pkey(pkey, EVP_PKEY_public_check);
}

/* With the scalar if there is one, which must then match the point. */
static bool check_ec(const struct kv_material *material, const unsigned char *scalar)
{
    const struct kv_curve_row *row = kv_curve_row(material->curve);
    kv_auto(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    kv_auto(BN_clear_free) BIGNUM *number = NULL;
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = NULL;
    unsigned char point[POINT_MAX] = { POINT_CONVERSION_UNCOMPRESSED };

    memcpy(point + 1, material->x, row->coordinate);
    memcpy(point + 1 + row->coordinate, material->y, row->coordinate);
    if (builder == NULL
        || OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, row->group, 0) != 1
        || OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point,
                                            1 + 2 * row->coordinate)
               != 1
        || (scalar != NULL
            && !push_number(builder, OSSL_PKEY_PARAM_PRIV_KEY, scalar, row->coordinate, &number))) {
        return false;
    }
    pkey = make_pkey("EC", builder, scalar != NULL ? EVP_PKEY_KEYPAIR : EVP_PKEY_PUBLIC_KEY);
    return check_pkey(pkey, scalar != NULL ? EVP_PKEY_check : EVP_PKEY_public_check);
}

static bool read_ec_public(const struct kv_sent_key *sent, struct kv_material *ret_material)
{
    const struct kv_curve_row *row = kv_curve_row(sent->curve);

    ret_material->curve = sent->curve;
    ret_material->bits = row->bits;
    return sent->x.len > 0 && sent->y.len > 0
           && copy_wide(sent->x, ret_material->x, row->coordinate)
           && copy_wide(sent->y, ret_material->y, row->coordinate);
}

enum kv_code kv_public_key_check(const struct kv_sent_key *sent, struct kv_material *ret_material,
                                 struct kv_err *err)
{
    struct kv_material material = { .family = sent->family };
    bool fits = false;

    switch (sent->family) {
    case KV_FAMILY_RSA:
        fits = read_rsa_public(sent, &material) && check_rsa_public(&material);
        break;
    case KV_FAMILY_EC:
        fits = read_ec_public(sent, &material) && check_ec(&material, NULL);
        break;
    case KV_FAMILY_OCT: /* it has no public half */
        fits = true;
        break;
    }
    if (!fits) {
        return custody_refuse_key(sent->family, 0, err);
    }
    *ret_material = material;
    return KV_OK;
}

/* What OpenSSL calls each private number. */
static const char *const rsa_names[KV_PRIVATE_NUMBERS] = {
    [KV_RSA_D] = OSSL_PKEY_PARAM_RSA_D,          [KV_RSA_P] = OSSL_PKEY_PARAM_RSA_FACTOR1,
    [KV_RSA_Q] = OSSL_PKEY_PARAM_RSA_FACTOR2,    [KV_RSA_DP] = OSSL_PKEY_PARAM_RSA_EXPONENT1,
    [KV_RSA_DQ] = OSSL_PKEY_PARAM_RSA_EXPONENT2, [KV_RSA_QI] = OSSL_PKEY_PARAM_RSA_COEFFICIENT1,
};

static BIGNUM *take_secret(const struct kv_private_key *key, enum kv_private_number which)
{
    BIGNUM *number = BN_secure_new();

    if (number != NULL && BN_bin2bn(key->number[which], (int) key->len[which], number) == NULL) {
        BN_clear_free(number);
        return NULL;
    }
    if (number != NULL) {
        BN_set_flags(number, BN_FLG_CONSTTIME);
    }
    return number;
}

static bool store_secret(struct kv_private_key *key, enum kv_private_number which,
                         const BIGNUM *number)
{
    int len = BN_num_bytes(number);

    if (len > KV_PRIVATE_NUMBER_MAX) {
        return false;
    }
    key->len[which] = (size_t) BN_bn2bin(number, key->number[which]);
    return true;
}

/* d modulo one less than a prime. */
static bool compute_exponent(struct kv_private_key *key, enum kv_private_number prime,
                             enum kv_private_number which, BN_CTX *ctx)
{
    kv_auto(BN_clear_free) BIGNUM *d = take_secret(key, KV_RSA_D);
    kv_auto(BN_clear_free) BIGNUM *modulus = take_secret(key, prime);
    kv_auto(BN_clear_free) BIGNUM *result = BN_secure_new();

    return d != NULL && modulus != NULL && result != NULL && BN_sub_word(modulus, 1) == 1
           && BN_mod(result, d, modulus, ctx) == 1 && store_secret(key, which, result);
}

/* The inverse of q modulo p. */
static bool compute_coefficient(struct kv_private_key *key, BN_CTX *ctx)
{
    kv_auto(BN_clear_free) BIGNUM *p = take_secret(key, KV_RSA_P);
    kv_auto(BN_clear_free) BIGNUM *q = take_secret(key, KV_RSA_Q);
    kv_auto(BN_clear_free) BIGNUM *result = BN_secure_new();

    return p != NULL && q != NULL && result != NULL && BN_mod_inverse(result, q, p, ctx) != NULL
           && store_secret(key, KV_RSA_QI, result);
}

/* Numbers that were sent are kept: the check judges them. */
static bool complete_rsa(struct kv_private_key *key)
{
    kv_auto(BN_CTX_free) BN_CTX *ctx = BN_CTX_secure_new();

    return ctx != NULL
           && (key->len[KV_RSA_DP] > 0 || compute_exponent(key, KV_RSA_P, KV_RSA_DP, ctx))
           && (key->len[KV_RSA_DQ] > 0 || compute_exponent(key, KV_RSA_Q, KV_RSA_DQ, ctx))
           && (key->len[KV_RSA_QI] > 0 || compute_coefficient(key, ctx));
}

static bool check_rsa(const struct kv_private_key *key)
{
    kv_auto(OSSL_PARAM_BLD_free) OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    kv_auto(EVP_PKEY_free) EVP_PKEY *pkey = NULL;
    BIGNUM *keep[KV_PRIVATE_NUMBERS + 2] = { NULL };
    bool pushed = push_rsa_public(builder, &key->public, keep + KV_PRIVATE_NUMBERS);

    for (size_t i = 0; pushed && i < KV_PRIVATE_NUMBERS; i++) {
        pushed = push_number(builder, rsa_names[i], key->number[i], key->len[i], &keep[i]);
    }
    if (pushed) {
        pkey = make_pkey("RSA", builder, EVP_PKEY_KEYPAIR);
    }
    for (size_t i = 0; i < KV_COUNT(keep); i++) {
        BN_clear_free(keep[i]);
    }
    return check_pkey(pkey, EVP_PKEY_check);
}

/*
 * contract §6.2: the service accepts a d that is far too short to be the inverse of e if the other
 * numbers make a key. A d that could be meant as the inverse must be the inverse.
 */
static bool is_beside_the_point(const struct kv_private_key *key)
{
    return key->len[KV_RSA_D] + key->public.exponent_len < key->public.modulus_len;
}

/* The inverse of e modulo phi, in place of what was sent. */
static bool replace_d(struct kv_private_key *key)
{
    kv_auto(BN_CTX_free) BN_CTX *ctx = BN_CTX_secure_new();
    kv_auto(BN_clear_free) BIGNUM *p = take_secret(key, KV_RSA_P);
    kv_auto(BN_clear_free) BIGNUM *q = take_secret(key, KV_RSA_Q);
    kv_auto(BN_clear_free) BIGNUM *phi = BN_secure_new();
    kv_auto(BN_clear_free) BIGNUM *d = BN_secure_new();
    kv_auto(BN_clear_free) BIGNUM *e =
        BN_bin2bn(key->public.exponent, (int) key->public.exponent_len, NULL);

    if (ctx == NULL || p == NULL || q == NULL || phi == NULL || d == NULL || e == NULL
        || BN_sub_word(p, 1) != 1 || BN_sub_word(q, 1) != 1 || BN_mul(phi, p, q, ctx) != 1) {
        return false;
    }
    BN_set_flags(phi, BN_FLG_CONSTTIME);
    return BN_mod_inverse(d, e, phi, ctx) != NULL && store_secret(key, KV_RSA_D, d);
}

static bool settle_rsa(const struct kv_sent_key *sent, struct kv_private_key *key)
{
    bool complete = sent->dp.len > 0 && sent->dq.len > 0 && sent->qi.len > 0;

    if (!complete_rsa(key)) {
        return false;
    }
    if (check_rsa(key)) {
        return true;
    }
    return complete && is_beside_the_point(key) && replace_d(key) && check_rsa(key);
}

static enum kv_code read_rsa(const struct kv_sent_key *sent, struct kv_private_key *key,
                             struct kv_err *err)
{
    const struct kv_number numbers[KV_PRIVATE_NUMBERS] = {
        [KV_RSA_D] = sent->d,   [KV_RSA_P] = sent->p,   [KV_RSA_Q] = sent->q,
        [KV_RSA_DP] = sent->dp, [KV_RSA_DQ] = sent->dq, [KV_RSA_QI] = sent->qi,
    };

    for (size_t i = 0; i < KV_PRIVATE_NUMBERS; i++) {
        bool needed = i <= KV_RSA_Q || numbers[i].len > 0;

        if (needed
            && !copy_number(numbers[i], key->number[i], KV_PRIVATE_NUMBER_MAX, &key->len[i])) {
            return custody_refuse_key(KV_FAMILY_RSA, 0, err);
        }
    }
    return settle_rsa(sent, key) ? KV_OK : custody_refuse_key(KV_FAMILY_RSA, 0, err);
}

static enum kv_code read_ec(const struct kv_sent_key *sent, struct kv_private_key *key,
                            struct kv_err *err)
{
    size_t width = kv_curve_row(sent->curve)->coordinate;

    if (!copy_wide(sent->d, key->number[0], width) || !check_ec(&key->public, key->number[0])) {
        return custody_refuse_key(KV_FAMILY_EC, 0, err);
    }
    key->len[0] = width;
    return KV_OK;
}

static enum kv_code read_oct(const struct kv_sent_key *sent, struct kv_private_key *key,
                             struct kv_err *err)
{
    if (sent->k.len > OCT_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "JSON Web Key: k property of oct key is too large, maximum size is %d",
                       OCT_MAX);
    }
    if (sent->k.bytes != NULL) { /* else its size is refused, as none */
        memcpy(key->number[0], sent->k.bytes, sent->k.len);
    }
    key->len[0] = sent->k.len;
    key->public.bits = (unsigned) sent->k.len * 8;
    return KV_OK;
}

enum kv_code kv_private_key_check(const struct kv_sent_key *sent, struct kv_private_key *ret_key,
                                  struct kv_err *err)
{
    KV_TRY(kv_public_key_check(sent, &ret_key->public, err));
    switch (sent->family) {
    case KV_FAMILY_RSA:
        return read_rsa(sent, ret_key, err);
    case KV_FAMILY_EC:
        return read_ec(sent, ret_key, err);
    case KV_FAMILY_OCT:
        return read_oct(sent, ret_key, err);
    }
    return KV_OK;
}
