/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public key behind an ECDSA signature: SEC 1 §4.1.6. Modules do not give the point of an
 * unwrapped private key, and a key that may only sign reveals it this way.
 */
#include "public.h"

#include <string.h>

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/objects.h>

KV_DEFINE_CLEANUP(BIGNUM *, BN_free)
KV_DEFINE_CLEANUP(BN_CTX *, BN_CTX_free)
KV_DEFINE_CLEANUP(EC_GROUP *, EC_GROUP_free)
KV_DEFINE_CLEANUP(EC_POINT *, EC_POINT_free)

struct equation {
    const EC_GROUP *group;
    BIGNUM *u1, *u2; /* -e/r and s/r modulo the order */
    BN_CTX *ctx;
};

static bool divide(const BIGNUM *value, const BIGNUM *inverse, const struct equation *equation,
                   BIGNUM *ret_quotient)
{
    return BN_mod_mul(ret_quotient, value, inverse, EC_GROUP_get0_order(equation->group),
                      equation->ctx)
           == 1;
}

/* False for numbers that cannot be in a signature. */
static bool prepare(const struct equation *equation, const BIGNUM *r, const BIGNUM *s, BIGNUM *e)
{
    kv_auto(BN_free) BIGNUM *inverse =
        BN_mod_inverse(NULL, r, EC_GROUP_get0_order(equation->group), equation->ctx);

    BN_set_negative(e, 1);
    return inverse != NULL && divide(e, inverse, equation, equation->u1)
           && divide(s, inverse, equation, equation->u2);
}

static bool store_point(const struct equation *equation, const EC_POINT *point,
                        struct kv_material *ret_material)
{
    const int width = (int) kv_curve_row(ret_material->curve)->coordinate;
    kv_auto(BN_free) BIGNUM *x = BN_new();
    kv_auto(BN_free) BIGNUM *y = BN_new();

    return x != NULL && y != NULL
           && EC_POINT_get_affine_coordinates(equation->group, point, x, y, equation->ctx) == 1
           && BN_bn2binpad(x, ret_material->x, width) == width
           && BN_bn2binpad(y, ret_material->y, width) == width;
}

/* Q = u1 G + u2 R, where R has that x and an odd or even y; false when there is no such point. */
static bool solve(const struct equation *equation, const BIGNUM *x, bool odd,
                  struct kv_material *ret_material)
{
    kv_auto(EC_POINT_free) EC_POINT *at = EC_POINT_new(equation->group);
    kv_auto(EC_POINT_free) EC_POINT *key = EC_POINT_new(equation->group);

    return at != NULL && key != NULL
           && EC_POINT_set_compressed_coordinates(equation->group, at, x, odd, equation->ctx) == 1
           && EC_POINT_mul(equation->group, key, equation->u1, at, equation->u2, equation->ctx) == 1
           && store_point(equation, key, ret_material);
}

/* r is the x of R modulo the order, which is below the field: up to two values, each with two y. */
static size_t solve_all(const struct equation *equation, BIGNUM *x, enum kv_curve curve,
                        struct kv_material ret_candidates[RECOVERED_MAX])
{
    size_t count = 0;

    while (count < RECOVERED_MAX && BN_cmp(x, EC_GROUP_get0_field(equation->group)) < 0) {
        for (int odd = 0; odd <= 1 && count < RECOVERED_MAX; odd++) {
            ret_candidates[count] = (struct kv_material){
                .family = KV_FAMILY_EC,
                .curve = curve,
                .bits = kv_curve_row(curve)->bits,
            };
            count += solve(equation, x, odd, &ret_candidates[count]);
        }
        if (BN_add(x, x, EC_GROUP_get0_order(equation->group)) != 1) {
            break;
        }
    }
    return count;
}

size_t public_recover_ecdsa(enum kv_curve curve, const struct kv_bytes *digest,
                            const struct kv_bytes *signature,
                            struct kv_material ret_candidates[RECOVERED_MAX])
{
    const struct kv_curve_row *row = kv_curve_row(curve);
    const int width = (int) row->coordinate;
    const unsigned char *halves = signature->bytes;

    if (signature->len != 2 * row->coordinate || digest->len > row->coordinate) {
        return 0;
    }
    kv_auto(EC_GROUP_free) EC_GROUP *group = EC_GROUP_new_by_curve_name(OBJ_sn2nid(row->group));
    kv_auto(BN_CTX_free) BN_CTX *ctx = BN_CTX_new();
    kv_auto(BN_free) BIGNUM *r = BN_bin2bn(halves, width, NULL);
    kv_auto(BN_free) BIGNUM *s = BN_bin2bn(halves + width, width, NULL);
    kv_auto(BN_free) BIGNUM *e = BN_bin2bn(digest->bytes, (int) digest->len, NULL);
    kv_auto(BN_free) BIGNUM *u1 = BN_new();
    kv_auto(BN_free) BIGNUM *u2 = BN_new();
    const struct equation equation = { group, u1, u2, ctx };
    size_t count = 0;

    if (group != NULL && ctx != NULL && r != NULL && s != NULL && e != NULL && u1 != NULL
        && u2 != NULL && prepare(&equation, r, s, e)) {
        count = solve_all(&equation, r, curve, ret_candidates);
    }
    ERR_clear_error();
    return count;
}
