/* SPDX-License-Identifier: Apache-2.0 */
/* A CA or a server certificate that the user gives: what is taken, and what is wrong with the rest. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/command.h"
#include "kv/base/files.h"
#include "kv/http/certificate.h"
#include "server/http/x509.h"

#define DAY 86400L

static char folder[] = "/tmp/coffer-given.XXXXXX";
static char data[sizeof(folder) + sizeof("/data")];
static struct kv_certificates first, second;
static struct kv_err err;

static const char *const names[] = { "dev.vault.localhost", "*.vault.localhost", "localhost" };
static const struct kv_certificate_names wanted = {
    .names = names,
    .count = KV_COUNT(names),
    .required = names,
    .required_count = 1,
};

static void setup(void)
{
    char command[256];

    cr_assert_not_null(mkdtemp(folder));
    snprintf(data, sizeof(data), "%s/data", folder);
    snprintf(command, sizeof(command), "sh %s/tests/unit/given.sh %s", SOURCE_ROOT, folder);
    cr_assert_eq(command_run(command), 0, "%s", command);
    cr_assert_eq(chdir(folder), 0);
}

static void teardown(void)
{
    kv_certificates_done(&first);
    kv_certificates_done(&second);
    cr_assert_eq(kv_folder_remove(folder, NULL), KV_OK);
}

TestSuite(given, .init = setup, .fini = teardown, .timeout = 60);

struct row {
    struct kv_certificate_source source;
    const char *text; /* in the refusal; NULL: it is taken */
};

static enum kv_code open_row(const struct row *row, struct kv_certificates *ret_certificates)
{
    err.message[0] = '\0';
    return kv_certificates_open(data, &row->source, &wanted, ret_certificates, &err);
}

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

/* What a TLS client that trusts `ca` says to the server's certificate with the chain it sends. */
static int verify(const struct kv_certificates *certificates, const char *host)
{
    char command[512];

    cr_assert_eq(
        kv_file_write("sent.pem", certificates->server.data, certificates->server.len, 0600, NULL),
        KV_OK);
    cr_assert_eq(
        kv_file_write("trust.pem", certificates->ca.data, certificates->ca.len, 0600, NULL), KV_OK);
    snprintf(command, sizeof(command),
             "openssl verify -no-CApath -no-CAstore -CAfile trust.pem -untrusted sent.pem "
             "-verify_hostname %s sent.pem >/dev/null 2>&1",
             host);
    return command_run(command);
}

static bool file_is(const char *path, const struct kv_buf *content)
{
    struct kv_buf file;

    kv_buf_init(&file, 65536);
    bool is_same = kv_file_read(path, &file, NULL) == KV_OK && file.len == content->len
                   && memcmp(file.data, content->data, file.len) == 0;
    kv_buf_done(&file);
    return is_same;
}

Test(given, authority_issues_the_certificate_that_clients_accept)
{
    static const struct row rows[] = {
        { { .ca_cert = "company.pem", .ca_key = "company.key" }, NULL },
        { { .ca_cert = "rsa.pem", .ca_key = "rsa.key" }, NULL },
        { { .ca_cert = "nameless.pem", .ca_key = "nameless.key" }, NULL },
        { { .ca_cert = "edwards.pem", .ca_key = "edwards.key" }, NULL },
        { { .ca_cert = "middle-chain.pem", .ca_key = "middle.key" }, NULL },
        { { .ca_cert = "company.pem", .ca_key = "locked.key", .password_file = "password" }, NULL },
        { { .ca_p12 = "company.p12", .password_file = "password" }, NULL },
        { { .ca_p12 = "open.p12" }, NULL },
        { { .ca_p12 = "middle.p12" }, NULL },
        { { .ca_cert = "low-chain.pem", .ca_key = "low.key" }, NULL },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(open_row(&rows[i], &first), KV_OK, "row %zu: %s", i, err.message);
        cr_expect_eq(verify(&first, "dev.vault.localhost"), 0, "row %zu", i);
        cr_expect_neq(verify(&first, "example.com"), 0, "row %zu", i);
        cr_expect(file_is("data/trust.pem", &first.ca), "row %zu", i);
        kv_certificates_done(&first);
    }
    cr_expect_not(kv_file_exists("data/tls/ca.key"), "no key of a CA is in the data folder");
}

Test(given, authority_stays_the_same_over_folders)
{
    const struct row row = { { .ca_cert = "company.pem", .ca_key = "company.key" }, NULL };

    cr_assert_eq(open_row(&row, &first), KV_OK, "%s", err.message);
    cr_assert_eq(kv_folder_remove(data, NULL), KV_OK);
    cr_assert_eq(open_row(&row, &second), KV_OK, "%s", err.message);
    cr_expect(file_is("company.pem", &first.ca));
    cr_expect(file_is("company.pem", &second.ca));
}

Test(given, authority_leaves_the_own_one_for_later)
{
    const struct row own = { { .ca_cert = NULL }, NULL };
    const struct row row = { { .ca_cert = "company.pem", .ca_key = "company.key" }, NULL };

    cr_assert_eq(open_row(&own, &first), KV_OK, "%s", err.message);
    cr_assert_eq(open_row(&row, &second), KV_OK, "%s", err.message);
    kv_certificates_done(&second);
    cr_assert_eq(open_row(&own, &second), KV_OK, "%s", err.message);
    cr_expect_str_eq(first.ca.data, second.ca.data);
    cr_expect_not(kv_file_exists("data/trust.pem"));
}

Test(given, server_certificate_is_taken_as_it_is)
{
    static const struct row rows[] = {
        { { .tls_cert = "ready-chain.pem", .tls_key = "ready.key" }, NULL },
        { { .tls_cert = "ready-chain.pem",
            .tls_key = "ready-locked.key",
            .password_file = "password" },
          NULL },
        { { .tls_cert = "wildcard.pem", .tls_key = "wildcard.key", .ca_cert = "company.pem" },
          NULL },
        { { .tls_cert = "deep-chain.pem", .tls_key = "deep.key", .ca_cert = "company.pem" }, NULL },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(open_row(&rows[i], &first), KV_OK, "row %zu: %s", i, err.message);
        cr_expect(file_is(rows[i].source.tls_cert, &first.server), "row %zu", i);
        cr_expect(file_is("company.pem", &first.ca), "row %zu", i);
        cr_expect_eq(verify(&first, "dev.vault.localhost"), 0, "row %zu", i);
        kv_certificates_done(&first);
    }
    cr_expect_not(kv_file_exists("data/tls/server.key"));
}

Test(given, trusted_file_may_have_other_roots_too)
{
    static const struct row row = {
        { .tls_cert = "ready.pem", .tls_key = "ready.key", .ca_cert = "both.pem" }, NULL
    };

    cr_assert_eq(command_run("cat company.pem other.pem >both.pem"), 0);
    cr_assert_eq(open_row(&row, &first), KV_OK, "%s", err.message);
    cr_expect_eq(verify(&first, "dev.vault.localhost"), 0);
}

Test(given, stores_for_java_hold_what_clients_trust)
{
    const struct row row = { { .ca_cert = "middle-chain.pem", .ca_key = "middle.key" }, NULL };
    static const char *const commands[] = {
        "keytool -list -rfc -alias coffer -storetype JKS -keystore trust.jks -storepass changeit"
        " 2>/dev/null | openssl x509 | cmp -s - company.pem",
        "keytool -list -rfc -alias coffer -storetype PKCS12 -keystore trust.p12 -storepass changeit"
        " 2>/dev/null | openssl x509 | cmp -s - company.pem",
    };

    if (command_run("command -v keytool >/dev/null") != 0) {
        cr_skip_test("there is no keytool");
    }
    cr_assert_eq(open_row(&row, &first), KV_OK, "%s", err.message);
    cr_assert_eq(kv_file_write("trust.jks", first.java.data, first.java.len, 0600, NULL), KV_OK);
    cr_assert_eq(kv_file_write("trust.p12", first.trust.data, first.trust.len, 0600, NULL), KV_OK);
    for (size_t i = 0; i < KV_COUNT(commands); i++) {
        cr_expect_eq(command_run(commands[i]), 0, "%s", commands[i]);
    }
}
