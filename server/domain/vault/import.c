/* SPDX-License-Identifier: Apache-2.0 */
/* Taking a key that was made elsewhere: contract §6.2. */
#include "kv/clock.h"
#include "kv/private_key.h"
#include "private.h"

/* `Hsm` asks for the HSM's type of the same family, which the vault may not have. */
static enum kv_code choose_type(const struct kv_scope *scope, const struct kv_key_import_args *args,
                                enum kv_kty *ret_kty, struct kv_err *err)
{
    KV_TRY(key_type_choose(scope, args->kty, ret_kty, err));
    if (args->hsm && !kv_kty_row(*ret_kty)->hsm) {
        return key_type_choose(scope, kv_kty_row(kv_kty_row(*ret_kty)->managed)->name, ret_kty,
                               err);
    }
    return KV_OK;
}

static enum kv_code choose_curve(enum kv_family family, const char *name, enum kv_curve *ret_curve,
                                 struct kv_err *err)
{
    *ret_curve = KV_CURVE_NONE;
    if (family == KV_FAMILY_EC && (name == NULL || !kv_curve_find(name, ret_curve))) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Unsupported curve");
    }
    return KV_OK;
}

/* Everything of the new version but its place on the token. */
static enum kv_code draft_version(const struct kv_scope *scope,
                                  const struct kv_key_import_args *args, struct kv_key *draft,
                                  struct kv_private_key *ret_key, struct kv_err *err)
{
    struct kv_sent_key sent = *args->key;
    kv_time now = kv_seconds(scope->now);

    KV_TRY(choose_type(scope, args, &draft->kty, err));
    sent.family = kv_kty_row(draft->kty)->family;
    KV_TRY(choose_curve(sent.family, args->curve, &sent.curve, err));
    KV_TRY(key_ops_choose(scope->vault->kind, sent.family, &args->ops, &draft->ops, err));
    KV_TRY(version_check_name(scope, args->name, err));
    KV_TRY(kv_private_key_check(&sent, ret_key, err));
    KV_TRY(key_size_check(scope, sent.family, ret_key->public.bits, err));
    kv_version_random(draft->version);
    draft->attributes = (struct kv_attributes){
        .enabled = args->enabled,
        .not_before = args->not_before,
        .expires = args->expires,
        .created = now,
        .updated = now,
    };
    draft->tags = args->tags;                /* borrowed, as are the members: */
    draft->members = (char *) args->members; /* this struct is never done */
    return KV_OK;
}

static enum kv_code put_on_token(struct kv_keys *keys, const unsigned char object[KV_OBJECT_LENGTH],
                                 const void *context, struct kv_material *ret_material,
                                 struct kv_err *err)
{
    return kv_custody_import(keys->config.custody, object, context, ret_material, err);
}

enum kv_code kv_key_import(const struct kv_scope *scope, const struct kv_key_import_args *args,
                           struct kv_key *ret_key, struct kv_err *err)
{
    kv_auto(kv_private_key_done) struct kv_private_key private = { .len = { 0 } };
    struct kv_key draft = { .version = "" };

    KV_TRY(kv_key_name_check(args->name, err));
    KV_TRY(draft_version(scope, args, &draft, &private, err));
    return version_add(scope, args->name, &draft, put_on_token, &private, ret_key, err);
}
