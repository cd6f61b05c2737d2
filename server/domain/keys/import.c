/* SPDX-License-Identifier: Apache-2.0 */
/* Importing a key that was made elsewhere: contract §6.2. */
#include "core.h"
#include "create.h"
#include "kv/base/clock.h"
#include "kv/custody/private_key.h"
#include "kv/keys/state.h"
#include "release_terms.h"
#include "version.h"

/* `Hsm` asks for the HSM type of the same family, which the vault may not offer. */
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

/* contract §6.2: need not be sent beside a wrapped key */
static bool has_public(const struct kv_sent_key *sent)
{
    switch (sent->family) {
    case KV_FAMILY_RSA:
        return sent->n.len > 0 || sent->e.len > 0;
    case KV_FAMILY_EC:
        return sent->x.len > 0 || sent->y.len > 0;
    case KV_FAMILY_OCT: /* there is none */
        break;
    }
    return true;
}

/* `is_told`: it can be derived from the key itself. */
static enum kv_code choose_curve(enum kv_family family, const char *name, bool is_told,
                                 enum kv_curve *ret_curve, struct kv_err *err)
{
    *ret_curve = KV_CURVE_NONE;
    if (is_told && name == NULL) {
        return KV_OK;
    }
    if (family == KV_FAMILY_EC && (name == NULL || !kv_curve_find(name, ret_curve))) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Unsupported curve");
    }
    return KV_OK;
}

/* The checks before the private half is looked at, wherever that is. */
static enum kv_code choose(const struct kv_scope *scope, const struct kv_key_import_args *args,
                           struct key_draft *draft, struct kv_sent_key *ret_sent,
                           struct kv_err *err)
{
    struct kv_sent_key sent = *args->key;

    KV_TRY(kv_key_name_check(args->name, err));
    KV_TRY(choose_type(scope, args, &draft->kty, err));
    sent.family = kv_kty_row(draft->kty)->family;
    KV_TRY(choose_curve(sent.family, args->curve, args->transfer != NULL && !has_public(&sent),
                        &sent.curve, err));
    KV_TRY(key_ops_choose(scope, sent.family, &args->ops, &draft->ops, err));
    KV_TRY(version_check_name(scope, args->name, err));
    KV_TRY(release_check_name(scope, args->name, &args->release, draft->kty, &draft->ops,
                              &draft->release.exportable, err));
    *ret_sent = sent;
    return KV_OK;
}

static void describe(const struct kv_scope *scope, const struct kv_key_import_args *args,
                     struct key_draft *draft)
{
    version_stamp(scope, args->stamp, draft);
    draft->attributes.enabled = args->enabled;
    draft->attributes.not_before = args->not_before;
    draft->attributes.expires = args->expires;
    draft->tags = args->tags;
    draft->release = release_terms(&args->release, draft->release.exportable);
    draft->members = args->members;
}

/* A key in the clear, and how to store it on the token. */
struct placing {
    const struct kv_private_key *private;
    bool exportable;
};

static enum kv_code put_on_token(struct kv_keys *keys, const unsigned char object[KV_OBJECT_LENGTH],
                                 const void *context, struct kv_material *ret_material,
                                 struct kv_err *err)
{
    const struct placing *placing = context;

    return kv_custody_import(keys->config.custody, object, placing->exportable, placing->private,
                             ret_material, err);
}

/* A Managed HSM accepts symmetric keys of any length, up to what kv_private_key_check() accepts:
 * HMAC has no fixed size (contract §6.2). */
static enum kv_code check_size(const struct kv_scope *scope, const struct kv_material *material,
                               struct kv_err *err)
{
    bool is_any = material->family == KV_FAMILY_OCT && scope->vault->kind == KV_MANAGED_HSM
                  && material->bits > 0;

    return is_any ? KV_OK : key_size_check(material->family, material->bits, err);
}

static enum kv_code import_clear(const struct kv_scope *scope,
                                 const struct kv_key_import_args *args,
                                 const struct kv_sent_key *sent, struct key_draft *draft,
                                 struct kv_key *ret_key, struct kv_err *err)
{
    kv_auto(kv_private_key_done) struct kv_private_key private = { .len = { 0 } };

    KV_TRY(kv_private_key_check(sent, &private, err));
    KV_TRY(check_size(scope, &private.public, err));
    describe(scope, args, draft);

    const struct placing placing = { &private, draft->release.exportable };

    return version_add(scope, args->name, draft, put_on_token, &placing, ret_key, err);
}

/* A transfer with everything needed to unwrap it. */
struct unwrapping {
    struct kv_key kek;
    struct kv_transfer transfer;
    struct kv_material public;
};

static void unwrapping_done(struct unwrapping *unwrapping)
{
    kv_key_done(&unwrapping->kek);
}
KV_DEFINE_CLEANUP_VALUE(struct unwrapping, unwrapping_done)

static enum kv_code unwrap_on_token(struct kv_keys *keys,
                                    const unsigned char object[KV_OBJECT_LENGTH],
                                    const void *context, struct kv_material *ret_material,
                                    struct kv_err *err)
{
    const struct unwrapping *unwrapping = context;

    KV_TRY(kv_custody_import_transfer(keys->config.custody, &unwrapping->kek.material, object,
                                      &unwrapping->transfer, &unwrapping->public, ret_material,
                                      err));
    if (ret_material->family != KV_FAMILY_RSA) { /* curves have no other sizes */
        return KV_OK;
    }
    return key_size_check(KV_FAMILY_RSA, ret_material->bits, err);
}

/* The public half as sent, if it fits; otherwise only what the key will have to be. */
static enum kv_code read_public(const struct kv_sent_key *sent, struct kv_material *ret_public,
                                struct kv_err *err)
{
    if (!has_public(sent)) {
        *ret_public = (struct kv_material){ .family = sent->family, .curve = sent->curve };
        return KV_OK;
    }
    KV_TRY(kv_public_key_check(sent, ret_public, err));
    return sent->family == KV_FAMILY_OCT ? KV_OK
                                         : key_size_check(sent->family, ret_public->bits, err);
}

static enum kv_code find_kek(const struct kv_scope *scope, const struct kv_key_transfer *transfer,
                             struct kv_key *ret_kek, struct kv_err *err)
{
    KV_TRY(kv_key_get(scope, transfer->kek_name, transfer->kek_version, ret_kek, err));
    if (ret_kek->kty != KV_KTY_RSA_HSM) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "A key exchange key must be of type RSA-HSM.");
    }
    return kv_key_check_state(ret_kek, KV_OP_IMPORT, kv_seconds(scope->now), err);
}

/* contract §6.2: only HSM keys come wrapped, by a key that can do nothing else */
static enum kv_code import_wrapped(const struct kv_scope *scope,
                                   const struct kv_key_import_args *args,
                                   const struct kv_sent_key *sent, struct key_draft *draft,
                                   struct kv_key *ret_key, struct kv_err *err)
{
    kv_auto(unwrapping_done) struct unwrapping unwrapping = {
        .transfer = { args->transfer->bytes, args->transfer->len, draft->release.exportable },
    };

    if (!kv_kty_row(draft->kty)->hsm) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "\"key_hsm\" needs a key type of the HSM.");
    }
    KV_TRY(find_kek(scope, args->transfer, &unwrapping.kek, err));
    KV_TRY(read_public(sent, &unwrapping.public, err));
    describe(scope, args, draft);
    return version_add(scope, args->name, draft, unwrap_on_token, &unwrapping, ret_key, err);
}

enum kv_code kv_key_import_check(const struct kv_scope *scope,
                                 const struct kv_key_import_args *args, struct kv_err *err)
{
    kv_auto(kv_private_key_done) struct kv_private_key private = { .len = { 0 } };
    struct key_draft draft = { .version = "" };
    struct kv_sent_key sent;

    KV_TRY(choose(scope, args, &draft, &sent, err));
    KV_TRY(kv_private_key_check(&sent, &private, err));
    return check_size(scope, &private.public, err);
}

enum kv_code kv_key_import(const struct kv_scope *scope, const struct kv_key_import_args *args,
                           struct kv_key *ret_key, struct kv_err *err)
{
    struct key_draft draft = { .version = "" };
    struct kv_sent_key sent;

    KV_TRY(choose(scope, args, &draft, &sent, err));
    return args->transfer != NULL ? import_wrapped(scope, args, &sent, &draft, ret_key, err)
                                  : import_clear(scope, args, &sent, &draft, ret_key, err);
}
