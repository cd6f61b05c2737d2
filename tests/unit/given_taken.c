/* SPDX-License-Identifier: Apache-2.0 */
/* A CA or a server certificate that the user gives and that is taken, and what becomes of it. */
#include "given.h"

static void setup(void)
{
    make_files(SOURCE_ROOT);
}

TestSuite(given_taken, .init = setup, .fini = teardown, .timeout = 60);

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

Test(given_taken, authority_issues_the_certificate_that_clients_accept)
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

Test(given_taken, authority_stays_the_same_over_folders)
{
    const struct row row = { { .ca_cert = "company.pem", .ca_key = "company.key" }, NULL };

    cr_assert_eq(open_row(&row, &first), KV_OK, "%s", err.message);
    cr_assert_eq(kv_folder_remove(data, NULL), KV_OK);
    cr_assert_eq(open_row(&row, &second), KV_OK, "%s", err.message);
    cr_expect(file_is("company.pem", &first.ca));
    cr_expect(file_is("company.pem", &second.ca));
}

Test(given_taken, authority_leaves_the_own_one_for_later)
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

Test(given_taken, server_certificate_is_taken_as_it_is)
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

Test(given_taken, clients_are_told_to_trust_no_more_of_a_file_than_is_needed)
{
    static const struct row rows[] = {
        { { .tls_cert = "ready.pem", .tls_key = "ready.key", .ca_cert = "first.pem" }, NULL },
        { { .tls_cert = "ready.pem", .tls_key = "ready.key", .ca_cert = "last.pem" }, NULL },
        { { .tls_cert = "deep-chain.pem", .tls_key = "deep.key", .ca_cert = "last.pem" }, NULL },
        { { .ca_cert = "first.pem", .ca_key = "company.key" }, NULL },
    };

    cr_assert_eq(command_run("cat company.pem other.pem >first.pem"), 0);
    cr_assert_eq(command_run("cat other.pem company.pem >last.pem"), 0);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(open_row(&rows[i], &first), KV_OK, "row %zu: %s", i, err.message);
        cr_expect_eq(verify(&first, "dev.vault.localhost"), 0, "row %zu", i);
        cr_expect(file_is("company.pem", &first.ca), "row %zu: %s", i, first.ca.data);
        kv_certificates_done(&first);
    }
}

Test(given_taken, authority_is_sent_with_those_above_it_in_their_order)
{
    static const struct row row = { { .ca_cert = "middle-among.pem", .ca_key = "middle.key" },
                                    NULL };

    cr_assert_eq(open_row(&row, &first), KV_OK, "%s", err.message);
    cr_expect(file_is("middle-chain.pem", &first.ca), "%s", first.ca.data);
    cr_expect_eq(verify(&first, "dev.vault.localhost"), 0);
}

Test(given_taken, server_certificate_does_not_cover_every_name)
{
    static const struct row row = { { .tls_cert = "ready-chain.pem", .tls_key = "ready.key" },
                                    NULL };
    static const struct row own = { { .ca_cert = NULL }, NULL };

    cr_assert_eq(open_row(&row, &first), KV_OK, "%s", err.message);
    cr_expect(first.is_given);
    cr_expect_not(kv_certificates_cover(&first, "other.vault.localhost"));
    cr_expect_not(kv_certificates_cover(&first, "10.1.2.4"));
    cr_expect(kv_certificates_cover(&first, "dev.vault.localhost"));
    cr_expect(kv_certificates_cover(&first, "any.test.internal"));
    cr_expect(kv_certificates_cover(&first, "10.1.2.3"));
    cr_assert_eq(open_row(&own, &second), KV_OK, "%s", err.message);
    cr_expect_not(second.is_given);
    cr_expect(kv_certificates_cover(&second, "other.vault.localhost"));
}

Test(given_taken, stores_for_java_hold_what_clients_trust)
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
