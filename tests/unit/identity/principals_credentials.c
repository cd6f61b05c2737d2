/* SPDX-License-Identifier: Apache-2.0 */
/* What applications log in with. */
#include "principals.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#define SECRET "correct horse"
#define ISSUER_A "https://issuer.example/"
#define AZURE "api://AzureADTokenExchange"

TestSuite(credentials, .init = set_up_principals, .fini = tear_down_principals, .timeout = 120);

static struct kv_credential credential;

static enum kv_credential_verdict judge(const char *name, const char *secret, kv_time now)
{
    enum kv_credential_verdict verdict = KV_CREDENTIAL_WRONG;
    char object_id[KV_UUID_LENGTH + 1];

    must(kv_principal_get(principals, name, &entry, &err));
    memcpy(object_id, entry.object_id, sizeof(object_id));
    must(kv_principals_check_secret(principals, object_id, secret, strlen(secret), now, &verdict,
                                    &err));
    return verdict;
}

static enum kv_code add_secret(const char *name, const char *secret, kv_time expires)
{
    return kv_principal_add_secret(principals, name, NULL, secret, strlen(secret), expires,
                                   &credential, &err);
}

Test(credentials, of_who_was_made_up_are_any_secret)
{
    cr_assert_eq(judge("app", "anything", NOW), KV_CREDENTIAL_GOOD);
    cr_assert_eq(judge("app", "", NOW), KV_CREDENTIAL_WRONG);
    must(kv_principal_enable(principals, "app", false, &entry, &err));
    must(kv_principal_enable(principals, "app", true, &entry, &err));
    cr_assert_eq(judge("app", "anything", NOW), KV_CREDENTIAL_GOOD, "nobody registered it");
    must(kv_principal_delete(principals, "app", &err));
    cr_assert_eq(judge("app", "anything", NOW), KV_CREDENTIAL_WRONG);
}

Test(credentials, of_who_is_registered_are_those_it_has)
{
    must_register("app", "application");
    cr_assert_eq(judge("app", SECRET, NOW), KV_CREDENTIAL_WRONG);
    must(add_secret("app", SECRET, NOW + 60));
    must(add_secret("app", "another", KV_CREDENTIAL_ENDLESS));
    cr_assert_eq(judge("app", SECRET, NOW), KV_CREDENTIAL_GOOD);
    cr_assert_eq(judge("app", "another", NOW), KV_CREDENTIAL_GOOD);
    cr_assert_eq(judge("app", SECRET "r", NOW), KV_CREDENTIAL_WRONG);
    cr_assert_eq(judge("app", SECRET, NOW + 60), KV_CREDENTIAL_EXPIRED);
    must(kv_principal_recreate(principals, "app", &entry, &err));
    cr_assert_eq(judge("app", SECRET, NOW), KV_CREDENTIAL_WRONG, "the new one has none");
}

Test(credentials, are_refused_to_who_cannot_have_them)
{
    static const char *const types[] = { "user", "group", "system-assigned" };

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        must_register(types[i], types[i]);
        cr_assert_eq(add_secret(types[i], SECRET, KV_CREDENTIAL_ENDLESS), KV_CONFLICT, "%s",
                     types[i]);
    }
    must_register("mine", "user-assigned");
    cr_assert_eq(add_secret("mine", SECRET, KV_CREDENTIAL_ENDLESS), KV_CONFLICT);
    must(kv_principal_add_federated(principals, "mine", NULL, ISSUER_A, "s", NULL, &credential,
                                    &err));
    cr_assert_eq(add_secret("app", "", KV_CREDENTIAL_ENDLESS), KV_BAD_PARAMETER);
}

Test(credentials, are_not_too_many)
{
    char secret[16];

    for (int i = 0; i < KV_PRINCIPAL_CREDENTIALS_MAX; i++) {
        (void) snprintf(secret, sizeof(secret), "secret-%d", i);
        must(add_secret("app", secret, KV_CREDENTIAL_ENDLESS));
        must(add_secret("app", secret, KV_CREDENTIAL_ENDLESS)); /* once more changes nothing */
    }
    cr_assert_eq(add_secret("app", "one too many", KV_CREDENTIAL_ENDLESS), KV_CONFLICT);
    cr_assert_eq(judge("app", "one too many", NOW), KV_CREDENTIAL_WRONG);
    cr_assert_eq(judge("app", "secret-19", NOW), KV_CREDENTIAL_GOOD);
}

Test(credentials, made_by_coffer_are_told_once)
{
    char secret[KV_MADE_SECRET_SIZE];

    must(kv_principal_make_secret(principals, "app", "ci", KV_CREDENTIAL_ENDLESS, &credential,
                                  secret, &err));
    cr_assert_eq(strlen(secret), KV_MADE_SECRET_SIZE - 1);
    cr_assert_eq(strncmp(secret, credential.hint, strlen(credential.hint)), 0);
    cr_assert_eq(judge("app", secret, NOW), KV_CREDENTIAL_GOOD);
    must(kv_principal_remove_credential(principals, "app", KV_CREDENTIAL_SECRET, "ci", &err));
    cr_assert_eq(judge("app", secret, NOW), KV_CREDENTIAL_WRONG);
    cr_assert_eq(
        kv_principal_remove_credential(principals, "app", KV_CREDENTIAL_SECRET, "ci", &err),
        KV_NOT_FOUND);
}

static enum kv_federation federation(const char *issuer, const char *subject, const char *audience)
{
    enum kv_federation nearest = KV_FEDERATION_FITS;

    must(find_name("app"));
    must(kv_principals_federation(principals, entry.object_id, issuer, subject, audience, &nearest,
                                  &err));
    return nearest;
}

Test(credentials, federated_ones_are_compared_to_the_byte)
{
    cr_assert_eq(federation(ISSUER_A, "s", AZURE), KV_FEDERATION_NONE);
    must(kv_principal_add_federated(principals, "app", NULL, ISSUER_A, "s", NULL, &credential,
                                    &err));
    cr_assert_eq(federation(ISSUER_A, "s", AZURE), KV_FEDERATION_FITS);
    cr_assert_eq(federation(ISSUER_A, "S", AZURE), KV_FEDERATION_CASE);
    cr_assert_eq(federation(ISSUER_A, "t", AZURE), KV_FEDERATION_SUBJECT);
    cr_assert_eq(federation("https://issuer.example", "s", AZURE), KV_FEDERATION_ISSUER);
    cr_assert_eq(federation(ISSUER_A, "s", "api://azureadtokenexchange"), KV_FEDERATION_AUDIENCE);
    must(kv_principal_add_federated(principals, "app", NULL, "https://issuer.example", "S", NULL,
                                    &credential, &err));
    cr_assert_eq(federation(ISSUER_A, "S", AZURE), KV_FEDERATION_CASE, "of one credential");
    cr_assert_eq(
        kv_principal_add_federated(principals, "app", NULL, "", "s", NULL, &credential, &err),
        KV_BAD_PARAMETER);
}

/* A self-signed certificate in PEM, for the caller to free. */
static char *make_certificate(X509 **ret_certificate)
{
    EVP_PKEY *key = EVP_EC_gen("P-256");
    X509 *certificate = X509_new();
    BIO *bio = BIO_new(BIO_s_mem());
    char *text = NULL;

    X509_set_pubkey(certificate, key);
    X509_gmtime_adj(X509_getm_notBefore(certificate), 0);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    cr_assert_eq(PEM_write_bio_X509(bio, certificate), 1);

    size_t len = (size_t) BIO_get_mem_data(bio, &text);
    char *copy = calloc(1, len + 1); /* what a BIO holds does not end with a NUL */

    cr_assert_not_null(copy);
    memcpy(copy, text, len);

    BIO_free(bio);
    EVP_PKEY_free(key);
    *ret_certificate = certificate;
    return copy;
}

Test(credentials, certificates_are_found_by_either_thumbprint)
{
    X509 *certificate = NULL, *found = NULL;
    char *pem = make_certificate(&certificate);
    unsigned char sha1[20], sha256[32];

    cr_assert_eq(
        kv_principal_add_certificate(principals, "app", NULL, "nothing", 7, &credential, &err),
        KV_BAD_PARAMETER);
    must(
        kv_principal_add_certificate(principals, "app", NULL, pem, strlen(pem), &credential, &err));
    must(
        kv_principal_add_certificate(principals, "app", NULL, pem, strlen(pem), &credential, &err));
    X509_digest(certificate, EVP_sha1(), sha1, NULL);
    X509_digest(certificate, EVP_sha256(), sha256, NULL);
    must(find_name("app"));
    must(kv_principals_find_certificate(principals, entry.object_id, sha1, 20, &found, &err));
    cr_assert_eq(X509_cmp(found, certificate), 0);
    X509_free(found);
    must(kv_principals_find_certificate(principals, entry.object_id, sha256, 32, &found, &err));
    cr_assert_eq(X509_cmp(found, certificate), 0);
    X509_free(found);
    sha1[0] ^= 1;
    cr_assert_eq(
        kv_principals_find_certificate(principals, entry.object_id, sha1, 20, &found, &err),
        KV_NOT_FOUND);
    cr_assert_eq(kv_principals_find_certificate(principals, entry.object_id, sha1, 0, &found, &err),
                 KV_NOT_FOUND);
    X509_free(certificate);
    free(pem);
}
