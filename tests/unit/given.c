/* SPDX-License-Identifier: Apache-2.0 */
/* A CA or a server certificate that the user gives, and what is wrong with it. */
#include "given.h"

#include "server/http/x509.h"

#define DAY 86400L

static void setup(void)
{
    make_files(SOURCE_ROOT);
}

TestSuite(given, .init = setup, .fini = teardown, .timeout = 60);

static void expect_refusals(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        enum kv_code code = open_row(&rows[i], &first);

        cr_expect_eq(code, KV_BAD_PARAMETER, "row %zu", i);
        cr_expect_not_null(strstr(err.message, rows[i].text), "row %zu: %s, not %s", i, err.message,
                           rows[i].text);
    }
    cr_expect_not(kv_file_exists("data/trust.pem"));
}

Test(given, files_that_cannot_be_read_are_named_after_their_option)
{
    static const struct row rows[] = {
        { { .ca_cert = "absent", .ca_key = "company.key" }, "--ca-cert: absent does not exist" },
        { { .ca_cert = "company.pem", .ca_key = "absent" }, "--ca-key: absent does not exist" },
        { { .ca_p12 = "absent" }, "--ca-p12: absent does not exist" },
        { { .ca_p12 = "company.p12", .password_file = "absent" },
          "--ca-password-file: absent does not exist" },
        { { .tls_cert = "absent", .tls_key = "ready.key" }, "--tls-cert: absent does not exist" },
        { { .tls_cert = "ready-chain.pem", .tls_key = "absent" },
          "--tls-key: absent does not exist" },
        { { .ca_cert = "text", .ca_key = "company.key" },
          "--ca-cert: text does not contain a certificate in PEM" },
        { { .ca_cert = "empty", .ca_key = "company.key" },
          "--ca-cert: empty does not contain a certificate in PEM" },
        { { .ca_cert = "company.pem", .ca_key = "text" },
          "--ca-key: text does not contain a private key in PEM" },
        { { .ca_cert = "company.pem", .ca_key = "empty" },
          "--ca-key: empty does not contain a private key in PEM" },
        { { .ca_cert = "damaged.pem", .ca_key = "company.key" },
          "--ca-cert: certificate 1 of damaged.pem is damaged" },
        { { .ca_cert = "damaged-second.pem", .ca_key = "company.key" },
          "--ca-cert: certificate 2 of damaged-second.pem is damaged" },
        { { .ca_cert = "cut.pem", .ca_key = "middle.key" },
          "--ca-cert: certificate 2 of cut.pem is damaged" },
        { { .tls_cert = "ready-chain.pem", .tls_key = "ready.key", .ca_cert = "cut.pem" },
          "--ca-cert: certificate 2 of cut.pem is damaged" },
        { { .ca_cert = "large.pem", .ca_key = "company.key" },
          "--ca-cert: large.pem has more than 65536 bytes" },
        { { .ca_p12 = "text" }, "--ca-p12: text is not a PKCS #12 file" },
        { { .ca_p12 = "empty" }, "--ca-p12: empty is not a PKCS #12 file" },
        { { .ca_p12 = "keyless.p12" },
          "--ca-p12: keyless.p12 does not contain a certificate with its key" },
    };

    expect_refusals(rows, KV_COUNT(rows));
}

Test(given, options_that_contradict_each_other_are_refused)
{
    static const struct row rows[] = {
        { { .ca_key = "company.key" }, "--ca-key needs --ca-cert" },
        { { .ca_cert = "company.pem" }, "--ca-cert needs --ca-key, or --tls-cert" },
        { { .ca_p12 = "company.p12", .ca_cert = "company.pem" }, "both give a CA" },
        { { .ca_p12 = "company.p12", .ca_key = "company.key" }, "both give a CA" },
        { { .password_file = "password" },
          "--ca-password-file needs --ca-key, --ca-p12 or --tls-key" },
        { { .tls_cert = "ready-chain.pem" }, "--tls-cert and --tls-key go together" },
        { { .tls_key = "ready.key" }, "--tls-cert and --tls-key go together" },
        { { .tls_cert = "ready.pem",
            .tls_key = "ready.key",
            .ca_cert = "company.pem",
            .ca_key = "company.key" },
          "--tls-cert and --ca-key contradict each other" },
        { { .tls_cert = "ready.pem", .tls_key = "ready.key", .ca_p12 = "company.p12" },
          "--tls-cert and --ca-p12 contradict each other" },
    };

    expect_refusals(rows, KV_COUNT(rows));
}

Test(given, authority_that_cannot_issue_is_refused)
{
    static const struct row rows[] = {
        { { .ca_cert = "company.pem", .ca_key = "other.key" },
          "--ca-key: other.key is not the key of company.pem" },
        { { .ca_cert = "leaf.pem", .ca_key = "leaf.key" },
          "--ca-cert: leaf.pem is not the certificate of a CA" },
        { { .ca_p12 = "leaf.p12" }, "--ca-p12: leaf.p12 is not the certificate of a CA" },
        { { .ca_cert = "leaf.pem", .ca_key = "leaf.key" },
          "(a server certificate is given by --tls-cert and --tls-key)" },
        { { .ca_cert = "below-chain.pem", .ca_key = "below.key" },
          "--ca-cert: TLS clients would refuse the certificate: path length constraint exceeded" },
        { { .ca_cert = "mute.pem", .ca_key = "mute.key" }, "its key usage lacks keyCertSign" },
        { { .ca_cert = "constrained.pem", .ca_key = "constrained.key" },
          "names that the server certificate must have: dev.vault.localhost, *.vault.localhost, "
          "localhost" },
        { { .ca_cert = "company.pem", .ca_key = "locked.key" },
          "--ca-key: locked.key is encrypted, and the password (--ca-password-file) does not "
          "open" },
        { { .ca_cert = "company.pem", .ca_key = "locked.key", .password_file = "wrong" },
          "--ca-key: locked.key is encrypted, and the password (--ca-password-file) does not "
          "open" },
        { { .ca_p12 = "company.p12" },
          "--ca-p12: the password (--ca-password-file) does not open company.p12" },
        { { .ca_p12 = "company.p12", .password_file = "wrong" },
          "--ca-p12: the password (--ca-password-file) does not open company.p12" },
    };

    expect_refusals(rows, KV_COUNT(rows));
}

Test(given, authority_that_clients_do_not_trust_is_refused)
{
    static const struct row rows[] = {
        { { .ca_cert = "middle.pem", .ca_key = "middle.key" },
          "--ca-cert: middle.pem ends with /CN=middle, which is not self-signed, and Python and "
          "Node.js trust no such CA: append the certificate of /CN=company, and those above it" },
        { { .tls_cert = "deep.pem", .tls_key = "deep.key", .ca_cert = "middle.pem" },
          "--ca-cert: middle.pem ends with /CN=middle, which is not self-signed" },
        { { .ca_cert = "weak.pem", .ca_key = "weak.key" },
          "--ca-cert: weak.pem: the RSA key of /CN=weak has 1024 bits, and TLS clients want 2048" },
        { { .ca_cert = "weak-chain.pem", .ca_key = "below-weak.key" },
          "--ca-cert: weak-chain.pem: the RSA key of /CN=weak has 1024 bits" },
        { { .ca_cert = "blank.pem", .ca_key = "blank.key" },
          "--ca-cert: blank.pem has a CA with an empty subject" },
    };

    expect_refusals(rows, KV_COUNT(rows));
}

/* Stores company.pem with other dates, days from now. */
static void redate_company(long from, long to)
{
    struct kv_buf pem;

    kv_buf_init(&pem, 65536);
    cr_assert_eq(kv_file_read("company.key", &pem, NULL), KV_OK);
    EVP_PKEY *key = kv_x509_parse_key(&pem);
    kv_buf_clear(&pem);
    cr_assert_eq(kv_file_read("company.pem", &pem, NULL), KV_OK);
    X509 *certificate = kv_x509_parse_certificate(&pem);
    cr_assert(key != NULL && certificate != NULL);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from * DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), to * DAY);
    cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    kv_buf_clear(&pem);
    cr_assert_eq(kv_x509_render_certificate(certificate, &pem, NULL), KV_OK);
    cr_assert_eq(kv_file_write("company.pem", pem.data, pem.len, 0600, NULL), KV_OK);
    kv_buf_done(&pem);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

Test(given, authority_whose_dates_do_not_fit_is_refused)
{
    static const struct row expired = {
        { .ca_cert = "company.pem", .ca_key = "company.key" },
        "--ca-cert: TLS clients would refuse the certificate: certificate has expired",
    };
    static const struct row early = {
        { .ca_cert = "company.pem", .ca_key = "company.key" },
        "--ca-cert: TLS clients would refuse the certificate: certificate is not yet valid",
    };

    redate_company(-9, -2);
    expect_refusals(&expired, 1);
    redate_company(2, 9);
    expect_refusals(&early, 1);
}

Test(given, authority_below_an_expired_root_is_refused)
{
    static const struct row row = {
        { .ca_cert = "middle-chain.pem", .ca_key = "middle.key" },
        "--ca-cert: TLS clients would refuse the certificate: certificate has expired "
        "(/CN=company)",
    };

    redate_company(-9, -2);
    cr_assert_eq(command_run("cat middle.pem company.pem >middle-chain.pem"), 0);
    expect_refusals(&row, 1);
}

Test(given, store_encrypted_as_older_tools_do_is_refused_with_the_remedy)
{
    static const struct row row = {
        { .ca_p12 = "old.p12", .password_file = "password" },
        "--ca-p12: old.p12 is encrypted by an old algorithm that OpenSSL does not take: export it "
        "again with AES-256",
    };

    if (!kv_file_exists("old.p12")) {
        cr_skip_test("this OpenSSL writes no such file");
    }
    expect_refusals(&row, 1);
}

Test(given, server_certificate_that_clients_would_refuse_is_refused)
{
    static const struct row rows[] = {
        { { .tls_cert = "ready-chain.pem", .tls_key = "other.key" },
          "--tls-key: other.key is not the key of ready-chain.pem" },
        { { .tls_cert = "ready-chain.pem", .tls_key = "ready-locked.key" },
          "--tls-key: ready-locked.key is encrypted, and the password (--ca-password-file) does "
          "not "
          "open it" },
        { { .tls_cert = "ready.pem", .tls_key = "ready.key" },
          "--tls-cert: ready.pem does not end with a root certificate: give the CA that clients "
          "trust with --ca-cert" },
        { { .tls_cert = "ready.pem", .tls_key = "ready.key", .ca_cert = "other.pem" },
          "--tls-cert: TLS clients would refuse the certificate: unable to get local issuer" },
        { { .tls_cert = "deep.pem", .tls_key = "deep.key", .ca_cert = "company.pem" },
          "--tls-cert: TLS clients would refuse the certificate: unable to get local issuer" },
        { { .tls_cert = "client.pem", .tls_key = "client.key", .ca_cert = "company.pem" },
          "--tls-cert: TLS clients would refuse the certificate: unsuitable certificate purpose "
          "(/CN=client)" },
        { { .tls_cert = "leaf.pem", .tls_key = "leaf.key" },
          "the certificate lacks names by which clients reach this server: dev.vault.localhost" },
    };

    expect_refusals(rows, KV_COUNT(rows));
}
