/* SPDX-License-Identifier: Apache-2.0 */
/* What stands in a certificate, and for which names there is none. */
#include <criterion/criterion.h>

#include <string.h>

#include "server/http/x509.h"

static EVP_PKEY *key;
static X509 *authority, *server;
static struct kv_err err;

static void setup(void)
{
    cr_assert_eq(kv_x509_make_key(&key, NULL), KV_OK);
    cr_assert_eq(kv_x509_make_authority(key, &authority, NULL), KV_OK);
}

static void teardown(void)
{
    X509_free(server);
    X509_free(authority);
    EVP_PKEY_free(key);
}

TestSuite(x509, .init = setup, .fini = teardown, .timeout = 60);

static enum kv_code make_server(const char *const *names, size_t count)
{
    return kv_x509_make_server(key, authority, key, names, count, &server, &err);
}

Test(x509, is_not_made_for_what_is_no_name)
{
    char long_name[300];
    const char *const wrong[] = {
        "",     " ",        "a b",   "a..b",    ".a",        "a.",   "*",     "*.",      "a.*.b",
        "**.a", "1.2.3.4/", "[::1]", "a,DNS:b", "h\xc3\xa4", "a\nb", "a:443", long_name, "https://a"
    };

    memset(long_name, 'a', sizeof(long_name) - 1);
    long_name[sizeof(long_name) - 1] = '\0';
    for (size_t i = 0; i < KV_COUNT(wrong); i++) {
        const char *const names[] = { "localhost", wrong[i] };
        cr_expect_eq(make_server(names, KV_COUNT(names)), KV_BAD_PARAMETER, "%s", wrong[i]);
        cr_expect_not_null(strstr(err.message, wrong[i]), "%s", err.message);
    }
}

static int days_of(const X509 *certificate)
{
    int days, seconds;

    cr_assert_eq(ASN1_TIME_diff(&days, &seconds, X509_get0_notBefore(certificate),
                                X509_get0_notAfter(certificate)),
                 1);
    return days;
}

static void expect_common_name(const char *expected)
{
    char name[128];

    X509_NAME_get_text_by_NID(X509_get_subject_name(server), NID_commonName, name, sizeof(name));
    cr_expect_str_eq(name, expected);
}

Test(x509, has_the_fields_clients_look_at)
{
    static const char *const names[] = { "*.vault.localhost", "127.0.0.1" };

    cr_assert_eq(make_server(names, KV_COUNT(names)), KV_OK);
    cr_expect_leq(days_of(server), 397);
    cr_expect_eq(X509_get_version(server), X509_VERSION_3);
    cr_expect_leq(ASN1_STRING_length(X509_get0_serialNumber(server)), 20);
    cr_expect_geq(ASN1_STRING_length(X509_get0_serialNumber(server)), 8);
    cr_expect_eq(X509_get_extended_key_usage(server), XKU_SSL_SERVER);
    cr_expect_eq(X509_get_key_usage(server), KU_DIGITAL_SIGNATURE);
    cr_expect_eq(X509_check_ca(server), 0);
    cr_expect_not_null(X509_get0_subject_key_id(server));
    cr_expect_not_null(X509_get0_authority_key_id(server));
    expect_common_name("*.vault.localhost");
}

Test(x509, has_another_common_name_when_the_first_is_too_long)
{
    static const char *const names[] = {
        "a-name-that-is-longer-than-the-64-characters-of-a-common-name.localhost"
    };

    cr_assert_eq(make_server(names, KV_COUNT(names)), KV_OK);
    expect_common_name("coffer");
    cr_expect(kv_x509_covers(server, names, KV_COUNT(names)));
}

Test(x509, covers_its_names_and_its_addresses_in_any_spelling)
{
    static const char *const names[] = { "host.localhost", "::1" };
    static const struct {
        const char *name;
        bool covered;
    } rows[] = {
        { "host.localhost", true }, { "::1", true },  { "0:0:0:0:0:0:0:1", true },
        { "localhost", false },     { "::2", false }, { "*.localhost", false },
    };

    cr_assert_eq(make_server(names, KV_COUNT(names)), KV_OK);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(kv_x509_covers(server, &rows[i].name, 1), rows[i].covered, "%s", rows[i].name);
    }
}

Test(x509, authority_may_sign_certificates_and_nothing_else)
{
    cr_expect_geq(days_of(authority), 3650);
    cr_expect_eq(X509_check_ca(authority), 1);
    cr_expect_eq(X509_get_pathlen(authority), 0);
    cr_expect_eq(X509_get_key_usage(authority), KU_KEY_CERT_SIGN | KU_CRL_SIGN);
    cr_expect_not_null(X509_get0_subject_key_id(authority));
}

Test(x509, has_a_serial_of_its_own)
{
    static const char *const names[] = { "localhost" };
    X509 *other = NULL;

    cr_assert_eq(make_server(names, 1), KV_OK);
    cr_assert_eq(kv_x509_make_server(key, authority, key, names, 1, &other, NULL), KV_OK);
    cr_expect_neq(ASN1_INTEGER_cmp(X509_get0_serialNumber(server), X509_get0_serialNumber(other)),
                  0);
    X509_free(other);
}
