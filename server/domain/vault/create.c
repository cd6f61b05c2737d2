/* SPDX-License-Identifier: Apache-2.0 */
/* Creating a key or a new version: contract §6.1, §7. */
#include <stdio.h>
#include <string.h>

#include "kv/clock.h"
#include "private.h"

#define DEFAULT_BITS 2048
#define DEFAULT_EXPONENT 65537

/* What the arguments come to once they are accepted. */
struct plan {
    enum kv_kty kty;
    struct kv_key_spec spec;
    struct kv_key_ops ops;
};

static enum kv_code choose_type(const struct kv_scope *scope, const char *kty, enum kv_kty *ret_kty,
                                struct kv_err *err)
{
    if (kty == NULL) { /* the service names no property, and says so twice: contract §4.6 */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Property  has invalid value\r\nProperty  has invalid value\r\n");
    }
    if (!kv_kty_find(kty, ret_kty)) {
        return KV_FAIL(err, KV_KEY_TYPE_NOT_SUPPORTED, 0, "Invalid kty value: %s", kty);
    }
    if (kv_kty_row(*ret_kty)->hsm && scope->vault->sku == KV_SKU_STANDARD) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "Hardware key operation not allowed on standard vault");
    }
    return KV_OK;
}

static enum kv_code choose_rsa_spec(const struct kv_scope *scope,
                                    const struct kv_key_create_args *args,
                                    struct kv_key_spec *ret_spec, struct kv_err *err)
{
    int64_t bits = args->bits_given ? args->bits : DEFAULT_BITS;
    int64_t exponent = args->exponent;

    if (bits != 2048 && bits != 3072 && bits != 4096) {
        return KV_FAIL(err, KV_KEY_SIZE_NOT_SUPPORTED, 0,
                       "Unsupported key size (%lld). Supported sizes are [2048, 3072, 4096]",
                       (long long) bits);
    }
    /* Managed HSM honours the exponent, a vault ignores it (contract §12); 0 is the default. */
    if (exponent == 0 || scope->vault->kind == KV_VAULT) {
        exponent = DEFAULT_EXPONENT;
    }
    if (exponent < 3 || exponent % 2 == 0 || exponent > UINT32_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Property  has invalid value\r\n");
    }
    *ret_spec = (struct kv_key_spec){
        .family = KV_FAMILY_RSA,
        .bits = (unsigned) bits,
        .public_exponent = (unsigned long) exponent,
    };
    return KV_OK;
}

static enum kv_code make_plan(const struct kv_scope *scope, const struct kv_key_create_args *args,
                              struct plan *ret_plan, struct kv_err *err)
{
    KV_TRY(kv_key_name_check(args->name, err));
    KV_TRY(choose_type(scope, args->kty, &ret_plan->kty, err));
    switch (kv_kty_row(ret_plan->kty)->family) {
    case KV_FAMILY_RSA:
        KV_TRY(choose_rsa_spec(scope, args, &ret_plan->spec, err));
        break;
    }
    return key_ops_choose(ret_plan->spec.family, &args->ops, &ret_plan->ops, err);
}

enum kv_code kv_key_create_check(const struct kv_scope *scope,
                                 const struct kv_key_create_args *args, struct kv_err *err)
{
    struct plan plan;

    KV_TRY(make_plan(scope, args, &plan, err));
    return version_check_name(scope, args->name, err);
}

static enum kv_code generate(struct kv_keys *keys, const unsigned char object[KV_OBJECT_LENGTH],
                             const void *context, struct kv_material *ret_material,
                             struct kv_err *err)
{
    const struct kv_key_spec *spec = context;

    return kv_custody_generate(keys->config.custody, object, spec, ret_material, err);
}

static void describe_version(const struct kv_scope *scope, const struct kv_key_create_args *args,
                             const struct plan *plan, struct kv_key *ret_key)
{
    kv_time now = kv_seconds(scope->now);

    kv_version_random(ret_key->version);
    ret_key->kty = plan->kty;
    ret_key->ops = plan->ops;
    ret_key->attributes = (struct kv_attributes){
        .enabled = args->enabled,
        .not_before = args->not_before,
        .expires = args->expires,
        .created = now,
        .updated = now,
    };
    ret_key->tags = args->tags; /* borrowed: this struct is never done */
}

enum kv_code kv_key_create(const struct kv_scope *scope, const struct kv_key_create_args *args,
                           struct kv_key *ret_key, struct kv_err *err)
{
    struct kv_key draft = { .version = "" };
    struct plan plan;

    KV_TRY(make_plan(scope, args, &plan, err));
    describe_version(scope, args, &plan, &draft);
    return version_add(scope, args->name, &draft, generate, &plan.spec, ret_key, err);
}
