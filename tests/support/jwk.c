/* SPDX-License-Identifier: Apache-2.0 */
#include "jwk.h"

#include <stdio.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/param_build.h>
#include <openssl/rsa.h>

#include "kv/base/base.h"
#include "kv/base/base64.h"

#define NUMBER_MAX 1024

EVP_PKEY *jwk_new_rsa(unsigned bits)
{
    return EVP_RSA_gen(bits);
}

EVP_PKEY *jwk_new_ec(const char *group)
{
    return EVP_EC_gen(group);
}

static void add_number(cJSON *jwk, const char *member, const BIGNUM *number, int width)
{
    unsigned char bytes[NUMBER_MAX];
    char text[KV_BASE64URL_LENGTH(NUMBER_MAX) + 1];
    int len = width > 0 ? width : BN_num_bytes(number);

    BN_bn2binpad(number, bytes, len);
    kv_base64url_encode(bytes, (size_t) len, text);
    cJSON_AddStringToObject(jwk, member, text);
}

static void add_param(cJSON *jwk, const char *member, const EVP_PKEY *key, const char *param,
                      int width)
{
    BIGNUM *number = NULL;

    if (EVP_PKEY_get_bn_param(key, param, &number) == 1) {
        add_number(jwk, member, number, width);
    }
    BN_clear_free(number);
}

static const struct {
    const char *member, *param;
} rsa_members[] = {
    { "n", OSSL_PKEY_PARAM_RSA_N },          { "e", OSSL_PKEY_PARAM_RSA_E },
    { "d", OSSL_PKEY_PARAM_RSA_D },          { "p", OSSL_PKEY_PARAM_RSA_FACTOR1 },
    { "q", OSSL_PKEY_PARAM_RSA_FACTOR2 },    { "dp", OSSL_PKEY_PARAM_RSA_EXPONENT1 },
    { "dq", OSSL_PKEY_PARAM_RSA_EXPONENT2 }, { "qi", OSSL_PKEY_PARAM_RSA_COEFFICIENT1 },
};

static const struct curve {
    const char *crv, *group;
    int width;
} curves[] = {
    { "P-256", "prime256v1", 32 },
    { "P-256K", "secp256k1", 32 },
    { "P-384", "secp384r1", 48 },
    { "P-521", "secp521r1", 66 },
};

static const struct curve *find_curve(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(curves); i++) {
        if (strcmp(name, curves[i].crv) == 0 || strcmp(name, curves[i].group) == 0) {
            return &curves[i];
        }
    }
    return NULL;
}

static void render_ec(cJSON *jwk, const EVP_PKEY *key)
{
    char group[64];
    const struct curve *curve;

    if (EVP_PKEY_get_group_name(key, group, sizeof(group), NULL) != 1
        || (curve = find_curve(group)) == NULL) {
        return;
    }
    cJSON_AddStringToObject(jwk, "crv", curve->crv);
    add_param(jwk, "x", key, OSSL_PKEY_PARAM_EC_PUB_X, curve->width);
    add_param(jwk, "y", key, OSSL_PKEY_PARAM_EC_PUB_Y, curve->width);
    add_param(jwk, "d", key, OSSL_PKEY_PARAM_PRIV_KEY, curve->width);
}

cJSON *jwk_render(const EVP_PKEY *key, const char *kty)
{
    cJSON *jwk = cJSON_CreateObject();

    cJSON_AddStringToObject(jwk, "kty", kty);
    if (!EVP_PKEY_is_a(key, "RSA")) {
        render_ec(jwk, key);
        return jwk;
    }
    for (size_t i = 0; i < KV_COUNT(rsa_members); i++) {
        add_param(jwk, rsa_members[i].member, key, rsa_members[i].param, 0);
    }
    return jwk;
}

static const char *text_of(const cJSON *jwk, const char *member)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jwk, member));

    return text != NULL ? text : "";
}

static size_t bytes_of(const cJSON *jwk, const char *member, unsigned char *ret_bytes)
{
    const char *text = text_of(jwk, member);
    size_t len = 0;

    if (strlen(text) > KV_BASE64URL_LENGTH(NUMBER_MAX)
        || !kv_base64url_decode(text, strlen(text), ret_bytes, &len)) {
        return 0;
    }
    return len;
}

static EVP_PKEY *make_public(const char *type, OSSL_PARAM_BLD *builder)
{
    OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(builder);
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
    EVP_PKEY *key = NULL;

    if (EVP_PKEY_fromdata_init(ctx) != 1
        || EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params) != 1) {
        key = NULL;
    }
    OSSL_PARAM_free(params);
    EVP_PKEY_CTX_free(ctx);
    return key;
}

static EVP_PKEY *parse_rsa(const cJSON *jwk, OSSL_PARAM_BLD *builder)
{
    unsigned char bytes[NUMBER_MAX];
    BIGNUM *n = BN_bin2bn(bytes, (int) bytes_of(jwk, "n", bytes), NULL);
    BIGNUM *e = BN_bin2bn(bytes, (int) bytes_of(jwk, "e", bytes), NULL);
    EVP_PKEY *key;

    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_N, n);
    OSSL_PARAM_BLD_push_BN(builder, OSSL_PKEY_PARAM_RSA_E, e);
    key = make_public("RSA", builder);
    BN_free(n);
    BN_free(e);
    return key;
}

static EVP_PKEY *parse_ec(const cJSON *jwk, OSSL_PARAM_BLD *builder)
{
    const struct curve *curve = find_curve(text_of(jwk, "crv"));
    unsigned char point[NUMBER_MAX * 2] = { POINT_CONVERSION_UNCOMPRESSED };
    size_t width = curve != NULL ? (size_t) curve->width : 0;

    if (curve == NULL || bytes_of(jwk, "x", point + 1) != width
        || bytes_of(jwk, "y", point + 1 + width) != width) {
        return NULL;
    }
    OSSL_PARAM_BLD_push_utf8_string(builder, OSSL_PKEY_PARAM_GROUP_NAME, curve->group, 0);
    OSSL_PARAM_BLD_push_octet_string(builder, OSSL_PKEY_PARAM_PUB_KEY, point, 1 + 2 * width);
    return make_public("EC", builder);
}

EVP_PKEY *jwk_parse(const cJSON *jwk)
{
    OSSL_PARAM_BLD *builder = OSSL_PARAM_BLD_new();
    EVP_PKEY *key = strncmp(text_of(jwk, "kty"), "RSA", 3) == 0 ? parse_rsa(jwk, builder)
                                                                : parse_ec(jwk, builder);

    OSSL_PARAM_BLD_free(builder);
    return key;
}

void jwk_set(cJSON *jwk, const char *member, const char *text)
{
    cJSON_DeleteItemFromObjectCaseSensitive(jwk, member);
    if (text != NULL) {
        cJSON_AddStringToObject(jwk, member, text);
    }
}

void jwk_make_public(cJSON *jwk)
{
    static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi" };

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        jwk_set(jwk, members[i], NULL);
    }
}

void jwk_pad(cJSON *jwk, const char *member, size_t zeros)
{
    unsigned char bytes[2 * NUMBER_MAX] = { 0 };
    char text[KV_BASE64URL_LENGTH(2 * NUMBER_MAX) + 1];
    size_t len = bytes_of(jwk, member, bytes + zeros);

    kv_base64url_encode(bytes, zeros + len, text);
    jwk_set(jwk, member, text);
}

void jwk_damage(cJSON *jwk, const char *member)
{
    unsigned char bytes[NUMBER_MAX];
    char text[KV_BASE64URL_LENGTH(NUMBER_MAX) + 1];
    size_t len = bytes_of(jwk, member, bytes);

    bytes[len / 2] ^= 0x10;
    kv_base64url_encode(bytes, len, text);
    jwk_set(jwk, member, text);
}
