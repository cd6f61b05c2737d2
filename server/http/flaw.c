/* SPDX-License-Identifier: Apache-2.0 */
/* Server certificates that clients have to refuse, each for one reason. */
#include "authority.h"
#include "kv/http/certificate.h"

#define FLAWED_NAME "wrong-name.invalid" /* RFC 6761: nobody has it */

static const struct kv_x509_change changes[KV_CERTIFICATE_FLAWS] = {
    [KV_CERTIFICATE_EXPIRED] = { .begins = -90, .ends = -1 },
    [KV_CERTIFICATE_NOT_YET_VALID] = { .begins = 1, .ends = 90 },
    [KV_CERTIFICATE_WRONG_NAME] = { .name = FLAWED_NAME },
};

static enum kv_code sign_by_foreign(X509 *server, struct kv_buf *chain, struct kv_err *err)
{
    kv_auto(EVP_PKEY_free) EVP_PKEY *key = NULL;
    kv_auto(X509_free) X509 *authority = NULL;
    kv_auto(X509_free) X509 *made = NULL;

    KV_TRY(kv_x509_make_key(&key, err));
    KV_TRY(kv_x509_make_authority(key, &authority, err));
    KV_TRY(kv_x509_make_again(server, &changes[KV_CERTIFICATE_FOREIGN_CA], authority, key, &made,
                              err));
    KV_TRY(kv_x509_render_certificate(made, chain, err));
    return kv_x509_render_certificate(authority, chain, err);
}

static enum kv_code sign_by_own(const struct kv_certificates *certificates, X509 *server,
                                enum kv_certificate_flaw flaw, struct kv_buf *chain,
                                struct kv_err *err)
{
    const struct kv_authority *authority = certificates->authority;
    kv_auto(X509_free) X509 *made = NULL;

    if (certificates->is_given) {
        return KV_FAIL(err, KV_INTERNAL, 0, "clients trust no CA whose key is here");
    }
    KV_TRY(kv_x509_make_again(server, &changes[flaw], authority->certificate, authority->key, &made,
                              err));
    KV_TRY(kv_x509_render_certificate(made, chain, err));
    return kv_authority_render(authority, chain, err);
}

enum kv_code kv_certificates_flaw(const struct kv_certificates *certificates,
                                  enum kv_certificate_flaw flaw, struct kv_buf *chain,
                                  struct kv_err *err)
{
    kv_auto(X509_free) X509 *server = kv_x509_parse_certificate(&certificates->server);

    if (server == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the server's certificate cannot be read");
    }
    return flaw == KV_CERTIFICATE_FOREIGN_CA ? sign_by_foreign(server, chain, err)
                                             : sign_by_own(certificates, server, flaw, chain, err);
}
