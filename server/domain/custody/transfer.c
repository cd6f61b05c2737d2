/* SPDX-License-Identifier: Apache-2.0 */
/* Keys on their way out of the token and back, never in the clear. */
#include "hsm.h"
#include "private.h"
#include "public.h"

_Static_assert(KV_WRAPPED_MAX == HSM_WRAPPED_MAX, "both sides speak of RSA-4096 at most");

enum hsm_kind custody_hsm_kind(enum kv_family family)
{
    switch (family) {
    case KV_FAMILY_RSA:
        return HSM_RSA;
    case KV_FAMILY_EC:
        return HSM_EC;
    case KV_FAMILY_OCT:
        break;
    }
    return HSM_AES;
}

enum hsm_bond custody_hsm_bond(bool exportable)
{
    return exportable ? HSM_EXPORTABLE : HSM_BOUND;
}

enum kv_code kv_custody_check_export(struct kv_custody *custody, struct kv_err *err)
{
    if (!hsm_capabilities(custody->config.hsm)->backup) {
        return KV_REFUSE(err, KV_TEXT_HSM_KEY_STAYS, 0);
    }
    return KV_OK;
}

enum kv_code kv_custody_export(struct kv_custody *custody,
                               const unsigned char object[KV_OBJECT_LENGTH], bool exportable,
                               struct kv_wrapped *ret_wrapped, struct kv_err *err)
{
    CK_RV rv =
        hsm_export_wrapped(custody->config.hsm, object, custody_hsm_bond(exportable),
                           ret_wrapped->bytes, sizeof(ret_wrapped->bytes), &ret_wrapped->len);

    return custody_translate(custody, rv, err);
}

enum kv_code kv_custody_restore(struct kv_custody *custody,
                                const unsigned char object[KV_OBJECT_LENGTH], bool exportable,
                                enum kv_family family, const void *wrapped, size_t len,
                                struct kv_err *err)
{
    CK_RV rv = hsm_import_wrapped(custody->config.hsm, object, custody_hsm_bond(exportable),
                                  custody_hsm_kind(family), wrapped, len);

    if (hsm_rv_is_bad_input(rv)) {
        return KV_REFUSE(err, KV_TEXT_BACKUP_CORRUPT, rv);
    }
    return custody_translate(custody, rv, err);
}

enum kv_code kv_custody_facts(struct kv_custody *custody,
                              const unsigned char object[KV_OBJECT_LENGTH],
                              struct kv_custody_facts *ret_facts, struct kv_err *err)
{
    struct hsm_key_facts facts;

    KV_TRY(custody_translate(custody, hsm_key_facts(custody->config.hsm, object, &facts), err));
    *ret_facts = (struct kv_custody_facts){
        .on_token = facts.on_token,
        .is_private = facts.is_private,
        .sensitive = facts.sensitive,
        .always_sensitive = facts.always_sensitive,
        .extractable = facts.extractable,
        .never_extractable = facts.never_extractable,
        .local = facts.local,
    };
    return KV_OK;
}

enum kv_code kv_custody_spki(const struct kv_material *material, unsigned char ret_der[KV_SPKI_MAX],
                             size_t *ret_len, struct kv_err *err)
{
    *ret_len = public_render_rsa(material, ret_der, KV_SPKI_MAX);
    return *ret_len > 0 ? KV_OK : KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL did not write a key");
}
