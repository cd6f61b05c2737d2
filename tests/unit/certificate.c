/* SPDX-License-Identifier: Apache-2.0 */
/* The CA and the server certificate: when they are made, kept, renewed, or an error. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "kv/base/files.h"
#include "kv/http/certificate.h"
#include "server/http/x509.h"

#define DAY 86400L

static const char *const names[] = { "*.vault.localhost", "localhost", "127.0.0.1", "::1" };

static const struct kv_certificate_source nothing; /* given: coffer has its own CA */
static char folder[] = "/tmp/coffer-certificate.XXXXXX";
static struct kv_certificates first, second;
static struct kv_err err;

static void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
}

static void teardown(void)
{
    kv_certificates_done(&first);
    kv_certificates_done(&second);
    cr_assert_eq(kv_folder_remove(folder, NULL), KV_OK);
}

TestSuite(certificate, .init = setup, .fini = teardown, .timeout = 60);

static enum kv_code open_for(const char *const *wanted, size_t count,
                             struct kv_certificates *ret_certificates)
{
    const struct kv_certificate_names all = { .names = wanted, .count = count };

    return kv_certificates_open(folder, &nothing, &all, ret_certificates, &err);
}

static void open_certificates(struct kv_certificates *ret_certificates)
{
    cr_assert_eq(open_for(names, KV_COUNT(names), ret_certificates), KV_OK, "%s", err.message);
}

static const char *path_of(const char *name)
{
    static char path[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, folder, name, NULL), KV_OK);
    return path;
}

static void overwrite(const char *name, const char *text, size_t len)
{
    cr_assert_eq(kv_file_write(path_of(name), text, len, 0600, NULL), KV_OK);
}

static bool same(const struct kv_buf *a, const struct kv_buf *b)
{
    return a->len == b->len && memcmp(a->data, b->data, a->len) == 0;
}

static EVP_PKEY *read_key(const char *name)
{
    struct kv_buf pem;

    kv_buf_init(&pem, 65536);
    cr_assert_eq(kv_file_read(path_of(name), &pem, NULL), KV_OK);
    EVP_PKEY *key = kv_x509_parse_key(&pem);
    cr_assert_not_null(key);
    kv_buf_done(&pem);
    return key;
}

/* What a TLS client would say to the server's certificate when it trusts `ca`. */
static int verify(const struct kv_buf *ca, const struct kv_buf *server, const char *host)
{
    X509 *trusted = kv_x509_parse_certificate(ca);
    X509 *certificate = kv_x509_parse_certificate(server);
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();

    cr_assert(trusted != NULL && certificate != NULL && store != NULL && context != NULL);
    cr_assert_eq(X509_STORE_add_cert(store, trusted), 1);
    cr_assert_eq(X509_STORE_CTX_init(context, store, certificate, NULL), 1);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(context);
    X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_X509_STRICT);
    X509_VERIFY_PARAM_set_purpose(param, X509_PURPOSE_SSL_SERVER);
    if (X509_VERIFY_PARAM_set1_ip_asc(param, host) != 1) {
        X509_VERIFY_PARAM_set1_host(param, host, 0);
    }
    (void) X509_verify_cert(context); /* its verdict is the error below */
    int error = X509_STORE_CTX_get_error(context);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(certificate);
    X509_free(trusted);
    return error;
}

static void expect_failure_that_names(const char *file)
{
    enum kv_code code = open_for(names, KV_COUNT(names), &second);

    cr_expect_eq(code, KV_INTERNAL);
    cr_expect_not_null(strstr(err.message, file), "%s", err.message);
}

Test(certificate, authority_that_is_damaged_is_an_error)
{
    open_certificates(&first);
    overwrite("ca.pem", "-----BEGIN CERTIFICATE-----\nMII\n", 32);
    expect_failure_that_names("ca.pem");
}

Test(certificate, authority_whose_key_is_damaged_is_an_error)
{
    open_certificates(&first);
    overwrite("tls/ca.key", "", 0);
    expect_failure_that_names("ca.key");
}

Test(certificate, authority_without_its_key_is_an_error)
{
    open_certificates(&first);
    cr_assert_eq(remove(path_of("tls/ca.key")), 0);
    expect_failure_that_names("ca.key is missing");
    cr_expect_not(kv_file_exists(path_of("tls/ca.key")));
}

Test(certificate, authority_with_another_key_is_an_error)
{
    open_certificates(&first);
    overwrite("tls/ca.key", first.key.data, first.key.len);
    expect_failure_that_names("do not belong together");
}

static void expect_mode(const char *name, mode_t mode)
{
    struct stat status;

    cr_assert_eq(stat(path_of(name), &status), 0);
    cr_expect_eq(status.st_mode & 07777, mode, "%s: %o", name, status.st_mode);
}

Test(certificate, keys_are_for_the_owner_only)
{
    open_certificates(&first);
    expect_mode("tls", 0700);
    expect_mode("tls/ca.key", 0600);
    expect_mode("tls/server.key", 0600);
    expect_mode("tls/server.pem", 0644);
    expect_mode("ca.pem", 0644);
}

Test(certificate, files_are_kept_while_they_fit)
{
    open_certificates(&first);
    open_certificates(&second);
    cr_expect(same(&first.ca, &second.ca));
    cr_expect(same(&first.server, &second.server));
    cr_expect(same(&first.key, &second.key));
}

Test(certificate, covers_fewer_names_than_wanted_no_longer)
{
    const char *const more[] = { "localhost", "dev.vault.localhost" };

    open_certificates(&first);
    cr_assert_eq(open_for(more, 1, &second), KV_OK);
    cr_expect(same(&first.server, &second.server), "a subset is covered");
    kv_certificates_done(&second);

    cr_assert_eq(open_for(more, 2, &second), KV_OK);
    cr_expect_not(same(&first.server, &second.server));
    cr_expect(same(&first.ca, &second.ca));
}

Test(certificate, that_is_damaged_is_made_anew)
{
    open_certificates(&first);
    overwrite("tls/server.pem", "damaged", 7);
    open_certificates(&second);
    cr_expect_not(same(&first.server, &second.server));
    cr_expect(same(&first.ca, &second.ca));
}

Test(certificate, without_its_own_key_is_made_anew)
{
    EVP_PKEY *key = NULL;
    struct kv_buf pem;

    open_certificates(&first);
    kv_buf_init(&pem, 65536);
    cr_assert_eq(kv_x509_make_key(&key, NULL), KV_OK);
    cr_assert_eq(kv_x509_render_key(key, &pem, NULL), KV_OK);
    overwrite("tls/server.key", pem.data, pem.len);
    kv_buf_done(&pem);
    EVP_PKEY_free(key);

    open_certificates(&second);
    cr_expect_not(same(&first.server, &second.server));
}

Test(certificate, of_another_authority_is_made_anew)
{
    open_certificates(&first);
    cr_assert_eq(remove(path_of("ca.pem")), 0);
    cr_assert_eq(remove(path_of("tls/ca.key")), 0);
    open_certificates(&second);
    cr_expect_not(same(&first.ca, &second.ca));
    cr_expect_neq(verify(&second.ca, &first.server, "localhost"), X509_V_OK);
    cr_expect_eq(verify(&second.ca, &second.server, "localhost"), X509_V_OK);
}

/* Gives a certificate other dates, days from now, and stores it under `name`. */
static void redate(const struct kv_buf *pem, const char *name, long from, long to,
                   const char *signer)
{
    EVP_PKEY *key = read_key(signer);
    X509 *certificate = kv_x509_parse_certificate(pem);
    struct kv_buf redated;

    cr_assert_not_null(certificate);
    X509_gmtime_adj(X509_getm_notBefore(certificate), from * DAY);
    X509_gmtime_adj(X509_getm_notAfter(certificate), to * DAY);
    cr_assert_gt(X509_sign(certificate, key, EVP_sha256()), 0);
    kv_buf_init(&redated, 65536);
    cr_assert_eq(kv_x509_render_certificate(certificate, &redated, NULL), KV_OK);
    overwrite(name, redated.data, redated.len);
    kv_buf_done(&redated);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static bool is_renewed_with_dates(long from, long to, const char *signer)
{
    redate(&first.server, "tls/server.pem", from, to, signer);
    open_certificates(&second);

    EVP_PKEY *old = kv_x509_parse_key(&first.key);
    EVP_PKEY *new = kv_x509_parse_key(&second.key);
    bool renewed = EVP_PKEY_eq(old, new) != 1;
    EVP_PKEY_free(old);
    EVP_PKEY_free(new);
    return renewed;
}

Test(certificate, with_less_than_30_days_left_is_made_anew)
{
    open_certificates(&first);
    cr_expect(is_renewed_with_dates(-300, 29, "tls/ca.key"));
}

Test(certificate, with_more_than_30_days_left_is_kept)
{
    open_certificates(&first);
    cr_expect_not(is_renewed_with_dates(-300, 31, "tls/ca.key"));
}

Test(certificate, from_the_future_is_made_anew)
{
    open_certificates(&first);
    cr_expect(is_renewed_with_dates(1, 300, "tls/ca.key"));
}

Test(certificate, with_a_wrong_signature_is_made_anew)
{
    open_certificates(&first);
    cr_expect(is_renewed_with_dates(-300, 300, "tls/server.key"));
}

Test(certificate, authority_that_runs_out_is_renewed_with_its_key)
{
    open_certificates(&first);
    redate(&first.ca, "ca.pem", -3600, 29, "tls/ca.key");
    open_certificates(&second);
    cr_expect_not(same(&first.ca, &second.ca));
    cr_expect_eq(verify(&second.ca, &second.server, "localhost"), X509_V_OK);
    cr_expect_eq(verify(&first.ca, &second.server, "localhost"), X509_V_OK,
                 "clients that trust the old one still do");
}

Test(certificate, authority_lost_but_for_its_key_is_made_again)
{
    open_certificates(&first);
    cr_assert_eq(remove(path_of("ca.pem")), 0);
    open_certificates(&second);
    cr_expect_eq(verify(&first.ca, &second.server, "localhost"), X509_V_OK);
}

Test(certificate, is_valid_for_its_names_only)
{
    static const struct {
        const char *host;
        int error;
    } rows[] = {
        { "localhost", X509_V_OK },
        { "dev.vault.localhost", X509_V_OK },
        { "127.0.0.1", X509_V_OK },
        { "::1", X509_V_OK },
        { "vault.localhost", X509_V_ERR_HOSTNAME_MISMATCH },
        { "a.b.vault.localhost", X509_V_ERR_HOSTNAME_MISMATCH },
        { "example.com", X509_V_ERR_HOSTNAME_MISMATCH },
        { "127.0.0.2", X509_V_ERR_IP_ADDRESS_MISMATCH },
    };

    open_certificates(&first);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(verify(&first.ca, &first.server, rows[i].host), rows[i].error, "%s",
                     rows[i].host);
    }
}

Test(certificate, chain_is_the_server_then_the_authority)
{
    struct kv_buf file;

    open_certificates(&first);
    cr_assert_gt(first.server.len, first.ca.len);
    const char *tail = first.server.data + first.server.len - first.ca.len;
    cr_expect_str_eq(tail, first.ca.data);

    kv_buf_init(&file, 65536);
    cr_assert_eq(kv_file_read(path_of("tls/server.pem"), &file, NULL), KV_OK);
    cr_expect(same(&file, &first.server));
    kv_buf_done(&file);
}
