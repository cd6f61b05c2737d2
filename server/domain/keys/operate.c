/* SPDX-License-Identifier: Apache-2.0 */
/* The crypto operations: contract §8, refusals in the order of §19 row 26. */
#include "kv/keys/keys.h"

#include <stdio.h>

#include "core.h"
#include "external.h"
#include "kv/base/clock.h"

#define SUBJECT_SIZE 768 /* leaves room for the rest of a message */
#define CHOICE_SIZE 64   /* of curves, of sizes */

enum kv_code kv_key_check_state(const struct kv_key *key, enum kv_key_op op, kv_time now,
                                struct kv_err *err)
{
    const struct kv_attributes *attributes = &key->attributes;
    const struct kv_key_op_row *row = kv_key_op_row(op);

    if (!attributes->enabled) {
        return KV_REFUSE(err, KV_TEXT_KEY_IS_DISABLED, 0, row->name);
    }
    if (row->protects && attributes->expires.given && now >= attributes->expires.value) {
        return KV_REFUSE(err, KV_TEXT_KEY_HAS_EXPIRED, 0, row->name);
    }
    if (row->protects && attributes->not_before.given && now < attributes->not_before.value) {
        return KV_REFUSE(err, KV_TEXT_KEY_IS_TOO_YOUNG, 0, row->name);
    }
    if (!kv_key_ops_allow(&key->ops, op)) {
        return KV_REFUSE(err, KV_TEXT_OPERATION_FORBIDDEN, 0, row->name);
    }
    return KV_OK;
}

/* The types of a family, quoted, for a sentence. */
static const char *types_of(enum kv_family family)
{
    switch (family) {
    case KV_FAMILY_RSA:
        return "'RSA' or 'RSA-HSM'";
    case KV_FAMILY_EC:
        return "'EC' or 'EC-HSM'";
    case KV_FAMILY_OCT:
        break;
    }
    return "'oct' or 'oct-HSM'";
}

static const char *noun_of(enum kv_key_op op)
{
    return op == KV_OP_SIGN || op == KV_OP_VERIFY ? "signing" : "encryption";
}

static bool fits_curve(const struct kv_alg_row *alg, const struct kv_material *material)
{
    return (alg->curves & 1U << material->curve) != 0;
}

/* AES of every size is still AES: a secret of any other length can only do HMAC. */
static bool fits_size(const struct kv_alg_row *alg, const struct kv_material *material)
{
    if (alg->bits != 0) {
        return alg->bits == material->bits;
    }
    return alg->family != KV_FAMILY_OCT || alg->method == KV_METHOD_HMAC
           || kv_is_aes_size(material->bits);
}

/* "'P-256' or 'SECP256K1'", for the end of a sentence. */
static void list_curves(unsigned curves, char *ret_text, size_t size)
{
    size_t len = 0;

    ret_text[0] = '\0';
    for (enum kv_curve curve = KV_CURVE_NONE + 1; curve < KV_CURVE_COUNT && len < size; curve++) {
        if ((curves & 1U << curve) != 0) {
            len += (size_t) snprintf(ret_text + len, size - len, "%s'%s'", len > 0 ? " or " : "",
                                     kv_curve_row(curve)->name);
        }
    }
}

static void list_sizes(const struct kv_alg_row *alg, char *ret_text, size_t size)
{
    if (alg->bits == 0) {
        snprintf(ret_text, size, "128, 192 or 256");
    } else {
        snprintf(ret_text, size, "%u", alg->bits);
    }
}

/* The texts but that of the curve are coffer's, after its template (contract §8.3, §19 row 7). */
static enum kv_code check_algorithm(const struct kv_scope *scope, const struct kv_key *key,
                                    const struct kv_key_operate_args *args, struct kv_err *err)
{
    const struct kv_alg_row *alg = kv_alg_row(args->alg);
    const struct kv_material *material = &key->material;
    char subject[SUBJECT_SIZE];
    char choice[CHOICE_SIZE];

    if (alg->family == material->family && fits_curve(alg, material) && fits_size(alg, material)) {
        return KV_OK;
    }
    snprintf(subject, sizeof(subject),
             "Key and %s algorithm are incompatible. Key https://%s/keys/%s/%s", noun_of(args->op),
             scope->authority, key->name, key->version);
    if (alg->family != material->family) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s is of type '%s', and algorithm '%s' can only be used with type %s.",
                       subject, kv_kty_row(key->kty)->name, alg->name, types_of(alg->family));
    }
    if (!fits_curve(alg, material)) {
        list_curves(alg->curves, choice, sizeof(choice));
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s uses curve '%s', and algorithm '%s' can only be used with curve %s.",
                       subject, kv_curve_row(material->curve)->name, alg->name, choice);
    }
    list_sizes(alg, choice, sizeof(choice));
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "%s has size %u, and algorithm '%s' can only be used with size %s.", subject,
                   material->bits, alg->name, choice);
}

/* contract §8.2 has `rule` empty; the other texts follow §19 row 5 */
static enum kv_code fail_length(enum kv_alg alg, const char *what, size_t len, const char *rule,
                                size_t wanted, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "Invalid length of '%s': %zu bytes. %s requires %s%zu bytes, encoded with "
                   "base64url.",
                   what, len, kv_alg_row(alg)->name, rule, wanted);
}

static enum kv_code check_length(const struct kv_needs *needs, enum kv_alg alg, const char *what,
                                 size_t len, struct kv_err *err)
{
    bool is_exact = needs->min == needs->max;

    if (len < needs->min) {
        return fail_length(alg, what, len, is_exact ? "" : "at least ", needs->min, err);
    }
    if (len > needs->max) {
        return fail_length(alg, what, len, is_exact ? "" : "at most ", needs->max, err);
    }
    if (len % needs->step != 0) {
        return fail_length(alg, what, len, "a multiple of ", needs->step, err);
    }
    return KV_OK;
}

/* A value that must have one certain length, if it must be there. */
static enum kv_code check_part(size_t wanted, enum kv_alg alg, const char *what,
                               const struct kv_bytes *part, struct kv_err *err)
{
    const struct kv_needs needs = { .min = wanted, .max = wanted, .step = 1 };

    if (wanted == 0) {
        return KV_OK;
    }
    if (part->bytes == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Property '%s' is required.\r\n", what);
    }
    return check_length(&needs, alg, what, part->len, err);
}

static enum kv_code check_operands(const struct kv_key *key, const struct kv_key_operate_args *args,
                                   struct kv_err *err)
{
    const struct kv_operands *operands = &args->operands;
    const struct kv_needs needs = kv_custody_needs(&key->material, args->alg, args->op);

    KV_TRY(check_part(needs.iv, args->alg, "iv", &operands->iv, err));
    KV_TRY(check_part(needs.tag, args->alg, "tag", &operands->tag, err));
    if (args->op == KV_OP_VERIFY) {
        return check_length(&needs, args->alg, "digest", operands->digest.len, err);
    }
    return check_length(&needs, args->alg, "value", operands->value.len, err);
}

/*
 * The object of a version can vanish between the look-up and its use, if another request purges the
 * key: then the answer is the one that a request a moment later would get.
 */
static enum kv_code explain_missing(const struct kv_scope *scope, const char *name,
                                    const char *version, enum kv_code code, struct kv_err *err)
{
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    struct kv_err now;

    if (code == KV_KEY_MATERIAL_MISSING
        && kv_key_get(scope, name, version, &key, &now) == KV_KEY_NOT_FOUND) {
        *err = now;
        return KV_KEY_NOT_FOUND;
    }
    return code;
}

void kv_key_result_init(struct kv_key_result *result)
{
    *result = (struct kv_key_result){ .version = "" };
    kv_outcome_init(&result->outcome);
}

void kv_key_result_done(struct kv_key_result *result)
{
    kv_outcome_done(&result->outcome);
}

enum kv_code kv_key_operate(const struct kv_scope *scope, const char *name, const char *version,
                            const struct kv_key_operate_args *args, struct kv_key_result *result,
                            struct kv_err *err)
{
    kv_auto(kv_key_lease_release) struct kv_key_lease *lease = NULL;

    KV_TRY(kv_key_lease_acquire(scope, name, version, &lease, err));
    const struct kv_key *key = kv_key_lease_key(lease);
    KV_TRY(kv_key_check_state(key, args->op, kv_seconds(scope->now), err));
    KV_TRY(external_check(scope, key, err));
    KV_TRY(check_algorithm(scope, key, args, err));
    KV_TRY(check_operands(key, args, err));
    snprintf(result->name, sizeof(result->name), "%s", key->name);
    snprintf(result->version, sizeof(result->version), "%s", key->version);

    enum kv_code code = kv_custody_operate(scope->keys->config.custody, &key->material, args->op,
                                           args->alg, &args->operands, &result->outcome, err);

    return explain_missing(scope, name, key->version, code, err);
}
