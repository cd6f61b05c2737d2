/* SPDX-License-Identifier: Apache-2.0 */
/* Creating a key or a new version: contract §6.1, §7. */
#include "create.h"

#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kv/base/clock.h"
#include "release_terms.h"
#include "version.h"

#define DEFAULT_EXPONENT 65537
#define CHOICE_SIZE 64 /* of three sizes */

/* The result of the arguments once they are accepted. */
struct plan {
    enum kv_kty kty;
    struct kv_key_spec spec;
    struct kv_key_ops ops;
};

/* Vaults have symmetric keys only if the operator has enabled them. */
static bool has_type(const struct kv_scope *scope, enum kv_kty kty)
{
    return kv_kty_row(kty)->family != KV_FAMILY_OCT || scope->vault->kind == KV_MANAGED_HSM
           || (scope->keys->config.premium_symmetric && scope->vault->sku == KV_SKU_PREMIUM);
}

enum kv_code key_type_choose(const struct kv_scope *scope, const char *name, enum kv_kty *ret_kty,
                             struct kv_err *err)
{
    bool managed = scope->vault->kind == KV_MANAGED_HSM;
    enum kv_kty kty = KV_KTY_OCT; /* a Managed HSM knows it by another name, too */

    if (name == NULL) { /* the service names no property, and says so twice: contract §4.6 */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Property  has invalid value\r\nProperty  has invalid value\r\n");
    }
    if (!(managed && strcmp(name, "AES") == 0)
        && !(kv_kty_find(name, &kty) && has_type(scope, kty))) {
        return KV_REFUSE(err, KV_TEXT_KEY_TYPE_UNKNOWN, 0, name);
    }
    if (kv_kty_row(kty)->hsm && !managed && scope->vault->sku == KV_SKU_STANDARD) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Hardware key operation not allowed on standard vault");
    }
    *ret_kty = managed ? kv_kty_row(kty)->managed : kty;
    return KV_OK;
}

/*
 * Sizes a create may ask for, by family, and the default (contract §6.1, §7). The size of an EC key
 * follows from its curve, whatever is asked for: clients ask for 2048.
 */
static const struct {
    int64_t bits[3];
    int64_t fallback;
    bool ignored;
} sizes[] = {
    [KV_FAMILY_RSA] = { { 2048, 3072, 4096 }, 2048, false },
    [KV_FAMILY_EC] = { { 256, 384, 521 }, 256, true },
    [KV_FAMILY_OCT] = { { 128, 192, 256 }, 256, false },
};

enum kv_code key_size_check(enum kv_family family, int64_t bits, struct kv_err *err)
{
    const int64_t *known = sizes[family].bits;
    char choice[CHOICE_SIZE];

    if (bits == known[0] || bits == known[1] || bits == known[2]) {
        return KV_OK;
    }
    snprintf(choice, sizeof(choice), "%lld, %lld, %lld", (long long) known[0], (long long) known[1],
             (long long) known[2]);
    return KV_REFUSE(err, KV_TEXT_KEY_SIZE_UNKNOWN, 0, KV_ARG_NUMBER(bits), choice);
}

/* A Managed HSM honours the exponent, a vault ignores it (contract §12); 0 is the default. */
static enum kv_code choose_exponent(const struct kv_scope *scope, int64_t exponent,
                                    struct kv_key_spec *spec, struct kv_err *err)
{
    if (exponent == 0 || scope->vault->kind == KV_VAULT) {
        exponent = DEFAULT_EXPONENT;
    }
    if (exponent < 3 || exponent % 2 == 0 || exponent > UINT32_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Property  has invalid value\r\n");
    }
    spec->public_exponent = (unsigned long) exponent;
    return KV_OK;
}

static enum kv_code choose_curve(const char *name, struct kv_key_spec *spec, struct kv_err *err)
{
    spec->curve = KV_CURVE_NONE + 1;
    if (name != NULL && !kv_curve_find(name, &spec->curve)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Unsupported curve");
    }
    spec->bits = kv_curve_row(spec->curve)->bits;
    return KV_OK;
}

static enum kv_code choose_spec(const struct kv_scope *scope, enum kv_family family,
                                const struct kv_key_create_args *args, struct kv_key_spec *ret_spec,
                                struct kv_err *err)
{
    bool is_asked = args->bits_given && !sizes[family].ignored;
    int64_t bits = is_asked ? args->bits : sizes[family].fallback;

    KV_TRY(key_size_check(family, bits, err));
    *ret_spec = (struct kv_key_spec){ .family = family, .bits = (unsigned) bits };
    switch (family) {
    case KV_FAMILY_RSA:
        return choose_exponent(scope, args->exponent, ret_spec, err);
    case KV_FAMILY_EC:
        return choose_curve(args->curve, ret_spec, err);
    case KV_FAMILY_OCT:
        break;
    }
    return KV_OK;
}

static enum kv_code make_plan(const struct kv_scope *scope, const struct kv_key_create_args *args,
                              struct plan *ret_plan, struct kv_err *err)
{
    KV_TRY(kv_key_name_check(args->name, err));
    KV_TRY(key_type_choose(scope, args->kty, &ret_plan->kty, err));

    enum kv_family family = kv_kty_row(ret_plan->kty)->family;

    KV_TRY(choose_spec(scope, family, args, &ret_plan->spec, err));
    KV_TRY(kv_custody_check(scope->keys->config.custody, &ret_plan->spec, err));
    return key_ops_choose(scope, family, &args->ops, &ret_plan->ops, err);
}

enum kv_code kv_key_create_check(const struct kv_scope *scope,
                                 const struct kv_key_create_args *args, struct kv_err *err)
{
    struct plan plan;

    KV_TRY(make_plan(scope, args, &plan, err));
    KV_TRY(release_check_name(scope, args->name, &args->release, plan.kty, &plan.ops,
                              &plan.spec.exportable, err));
    return version_check_name(scope, args->name, err);
}

bool kv_key_seems_ready(const struct kv_scope *scope, const struct kv_key_create_args *args)
{
    struct plan plan;

    return make_plan(scope, args, &plan, NULL) == KV_OK && pool_has(scope->keys, &plan.spec);
}

static void describe_version(const struct kv_scope *scope, const struct kv_key_create_args *args,
                             const struct plan *plan, struct key_draft *ret_draft)
{
    version_stamp(scope, args->stamp, ret_draft);
    ret_draft->kty = plan->kty;
    ret_draft->ops = plan->ops;
    ret_draft->attributes.enabled = args->enabled;
    ret_draft->attributes.not_before = args->not_before;
    ret_draft->attributes.expires = args->expires;
    ret_draft->tags = args->tags;
    ret_draft->only_first = args->only_first;
    ret_draft->release = release_terms(&args->release, plan->spec.exportable);
}

/* Plan and draft of a new version. */
static enum kv_code prepare(const struct kv_scope *scope, const struct kv_key_create_args *args,
                            struct plan *ret_plan, struct key_draft *ret_draft, struct kv_err *err)
{
    KV_TRY(make_plan(scope, args, ret_plan, err));
    KV_TRY(release_check_name(scope, args->name, &args->release, ret_plan->kty, &ret_plan->ops,
                              &ret_plan->spec.exportable, err));
    describe_version(scope, args, ret_plan, ret_draft);
    return KV_OK;
}

enum kv_code kv_key_create(const struct kv_scope *scope, const struct kv_key_create_args *args,
                           struct kv_key *ret_key, struct kv_err *err)
{
    struct key_draft draft = { .version = "" };
    struct plan plan;

    KV_TRY(prepare(scope, args, &plan, &draft, err));
    return version_generate(scope, args->name, &draft, &plan.spec, ret_key, err);
}

enum kv_code kv_key_create_ready(const struct kv_scope *scope,
                                 const struct kv_key_create_args *args, bool *ret_was,
                                 struct kv_key *ret_key, struct kv_err *err)
{
    struct key_draft draft = { .version = "" };
    struct plan plan;

    KV_TRY(prepare(scope, args, &plan, &draft, err));
    return version_take(scope, args->name, &draft, &plan.spec, ret_was, ret_key, err);
}
