/* SPDX-License-Identifier: Apache-2.0 */
/* Private keys as a seed has them: a JWK (RFC 7518 §6), or PEM that OpenSSL reads. Their numbers are
 * wiped with the buffers that hold them. */
#include <stdio.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>

#include "core.h"
#include "kv/base/base64.h"
#include "kv/base/secret.h"

#define NUMBER_MAX 1024 /* bytes */
#define PEM_MAX 16384

#define RSA (1U << KV_FAMILY_RSA)
#define EC (1U << KV_FAMILY_EC)
#define OCT (1U << KV_FAMILY_OCT)

static const struct number {
    const char *name; /* of the member */
    size_t offset;    /* in struct kv_sent_key */
    unsigned families;
    const char *rsa, *ec; /* as OpenSSL calls it; NULL: there is none */
} numbers[SEED_NUMBERS] = {
#define NUMBER(member, families, rsa, ec)                                                          \
    {                                                                                              \
#member, offsetof(struct kv_sent_key, member), families, rsa, ec                           \
    }
    NUMBER(n, RSA, OSSL_PKEY_PARAM_RSA_N, NULL),
    NUMBER(e, RSA, OSSL_PKEY_PARAM_RSA_E, NULL),
    NUMBER(d, RSA | EC, OSSL_PKEY_PARAM_RSA_D, OSSL_PKEY_PARAM_PRIV_KEY),
    NUMBER(p, RSA, OSSL_PKEY_PARAM_RSA_FACTOR1, NULL),
    NUMBER(q, RSA, OSSL_PKEY_PARAM_RSA_FACTOR2, NULL),
    NUMBER(dp, RSA, OSSL_PKEY_PARAM_RSA_EXPONENT1, NULL),
    NUMBER(dq, RSA, OSSL_PKEY_PARAM_RSA_EXPONENT2, NULL),
    NUMBER(qi, RSA, OSSL_PKEY_PARAM_RSA_COEFFICIENT1, NULL),
    NUMBER(x, EC, NULL, OSSL_PKEY_PARAM_EC_PUB_X),
    NUMBER(y, EC, NULL, OSSL_PKEY_PARAM_EC_PUB_Y),
    NUMBER(k, OCT, NULL, NULL),
#undef NUMBER
};

KV_DEFINE_CLEANUP(EVP_PKEY *, EVP_PKEY_free)
KV_DEFINE_CLEANUP(BIO *, BIO_free)
KV_DEFINE_CLEANUP(BIGNUM *, BN_clear_free)

void seed_material_done(struct seed_material *material)
{
    for (size_t i = 0; i < SEED_NUMBERS; i++) {
        kv_buf_done(&material->bytes[i]);
    }
}

static struct kv_number *number_of(struct seed_material *material, size_t i)
{
    return (void *) ((char *) &material->key + numbers[i].offset);
}

static void point_to(struct seed_material *material, size_t i)
{
    *number_of(material, i) = (struct kv_number){
        (const unsigned char *) material->bytes[i].data,
        material->bytes[i].len,
    };
}

static bool is_of(size_t i, enum kv_family family)
{
    return (numbers[i].families & 1U << family) != 0;
}

/* --- JWK --- */

static enum kv_code find_family(struct seed_material *material, const char *path,
                                struct kv_err *err)
{
    enum kv_kty kty;

    if (material->kty == NULL || !kv_kty_find(material->kty, &kty)) {
        return seed_fail(seed_member(path, "kty").text, KV_BAD_PARAMETER,
                         "it must be a type of key: RSA, EC, oct, or one of these with -HSM", err);
    }
    material->key.family = kv_kty_row(kty)->family;
    if (material->key.family == KV_FAMILY_EC
        && (material->curve == NULL || !kv_curve_find(material->curve, &material->key.curve))) {
        return seed_fail(seed_member(path, "crv").text, KV_BAD_PARAMETER,
                         "it must be a curve: P-256, P-256K, P-384 or P-521", err);
    }
    return KV_OK;
}

static enum kv_code read_number(struct seed_material *material, size_t i, const cJSON *member,
                                const char *path, struct kv_err *err)
{
    const struct seed_path at = seed_member(path, numbers[i].name);

    if (!cJSON_IsString(member) || !is_of(i, material->key.family)
        || kv_base64_parse(member->valuestring, strlen(member->valuestring), &material->bytes[i],
                           NULL)
               != KV_OK) {
        return seed_fail(at.text, KV_BAD_PARAMETER, "it is no number of such a key in base64url",
                         err);
    }
    point_to(material, i);
    return KV_OK;
}

static bool find_number(const char *name, size_t *ret_place)
{
    for (*ret_place = 0; *ret_place < SEED_NUMBERS; ++*ret_place) {
        if (strcmp(numbers[*ret_place].name, name) == 0) {
            return true;
        }
    }
    return false;
}

/* Others than these are refused: what a seed says must not be ignored. */
static bool is_plain_member(const char *name)
{
    return strcmp(name, "kty") == 0 || strcmp(name, "crv") == 0 || strcmp(name, "kid") == 0
           || strcmp(name, "alg") == 0 || strcmp(name, "use") == 0;
}

static enum kv_code read_jwk(const cJSON *jwk, const char *path, struct seed_material *material,
                             struct kv_err *err)
{
    const struct seed_path at = seed_member(path, "jwk");
    const cJSON *member;
    size_t place;

    material->kty = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, "kty"));
    material->curve = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, "crv"));
    KV_TRY(find_family(material, at.text, err));
    cJSON_ArrayForEach (member, jwk) {
        if (find_number(member->string, &place)) {
            KV_TRY(read_number(material, place, member, at.text, err));
        } else if (!is_plain_member(member->string)) {
            return seed_fail(seed_member(at.text, member->string).text, KV_BAD_PARAMETER,
                             "it is no member of a private JWK", err);
        }
    }
    return KV_OK;
}

/* --- PEM --- */

/* A file with a passphrase has nobody to ask for it. */
static int no_passphrase(char *buffer, int size, int is_writing, void *context)
{
    (void) buffer;
    (void) size;
    (void) is_writing;
    (void) context;
    return -1;
}

static EVP_PKEY *parse_pem(const char *pem)
{
    kv_auto(BIO_free) BIO *bio = BIO_new_mem_buf(pem, -1);
    EVP_PKEY *key = NULL;

    if (bio != NULL && strlen(pem) <= PEM_MAX) {
        key = PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);
    }
    ERR_clear_error();
    return key;
}

static const char *curve_of(const EVP_PKEY *key)
{
    static const struct {
        const char *group, *curve;
    } curves[] = {
#define X(symbol, name, bits, coordinate, group, token) { group, name },
#include "kv/custody/curve.def"
#undef X
    };
    char group[64] = "";

    (void) EVP_PKEY_get_utf8_string_param(key, OSSL_PKEY_PARAM_GROUP_NAME, group, sizeof(group),
                                          NULL);
    for (size_t i = 0; i < KV_COUNT(curves); i++) {
        if (strcmp(curves[i].group, group) == 0) {
            return curves[i].curve;
        }
    }
    return NULL;
}

/* A number that the key has not is left out. */
static enum kv_code take_number(const EVP_PKEY *key, size_t i, struct seed_material *material,
                                struct kv_err *err)
{
    const char *name = material->key.family == KV_FAMILY_RSA ? numbers[i].rsa : numbers[i].ec;
    kv_auto(BN_clear_free) BIGNUM *number = NULL;
    unsigned char *room = NULL;

    if (name == NULL || EVP_PKEY_get_bn_param(key, name, &number) != 1
        || BN_num_bytes(number) > NUMBER_MAX) {
        ERR_clear_error();
        return KV_OK;
    }
    /* points and scalars are as wide as the curve */
    const size_t width = material->key.family == KV_FAMILY_EC
                             ? kv_curve_row(material->key.curve)->coordinate
                             : (size_t) BN_num_bytes(number);
    KV_TRY(kv_buf_extend(&material->bytes[i], width, &room, err));
    if (BN_bn2binpad(number, room, (int) width) < 0) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL could not write a number of a key");
    }
    point_to(material, i);
    return KV_OK;
}

static enum kv_code read_pem(const char *pem, const char *path, struct seed_material *material,
                             struct kv_err *err)
{
    const struct seed_path at = seed_member(path, "pem");
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = parse_pem(pem);

    material->curve = key != NULL ? curve_of(key) : NULL;
    if (key == NULL || !(EVP_PKEY_is_a(key, "RSA") || material->curve != NULL)) {
        return seed_fail(at.text, KV_BAD_PARAMETER,
                         "it must be the PEM of a private RSA or EC key, without a passphrase",
                         err);
    }
    material->kty = material->curve != NULL ? "EC" : "RSA";
    KV_TRY(find_family(material, at.text, err));
    for (size_t i = 0; i < SEED_NUMBERS; i++) {
        KV_TRY(take_number(key, i, material, err));
    }
    return KV_OK;
}

enum kv_code seed_material_read(const cJSON *jwk, const char *pem, const char *path,
                                struct seed_material *ret_material, struct kv_err *err)
{
    for (size_t i = 0; i < SEED_NUMBERS; i++) {
        kv_buf_init(&ret_material->bytes[i], NUMBER_MAX);
    }
    return jwk != NULL ? read_jwk(jwk, path, ret_material, err)
                       : read_pem(pem, path, ret_material, err);
}

cJSON *seed_material_render(const struct seed_material *material)
{
    kv_auto(cJSON_Delete) cJSON *jwk = cJSON_CreateObject();
    bool ok = jwk != NULL;

    kv_json_add_text(jwk, "kty", material->kty, &ok);
    if (material->key.family == KV_FAMILY_EC) {
        kv_json_add_text(jwk, "crv", material->curve, &ok);
    }
    for (size_t i = 0; i < SEED_NUMBERS; i++) {
        if (material->bytes[i].len > 0) {
            kv_json_add_base64url(jwk, numbers[i].name, material->bytes[i].data,
                                  material->bytes[i].len, &ok);
        }
    }
    return ok ? kv_take(jwk) : NULL;
}
