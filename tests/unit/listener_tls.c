/* SPDX-License-Identifier: Apache-2.0 */
/* The listener over TLS, as a real client sees it: libcurl that trusts coffer's CA. */
#include <criterion/criterion.h>

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "kv/base/files.h"
#include "kv/http/certificate.h"
#include "tests/support/site.h"
#include "tests/support/wire.h"

#define LARGEST (1024 * 1024)

static const char *const names[] = { "*.vault.localhost", "localhost", "127.0.0.1", "::1" };
const struct kv_certificate_source source = { .ca_cert = NULL };
const struct kv_certificate_names wanted = { .names = names, .count = KV_COUNT(names) };

static char folder[] = "/tmp/coffer-listener-tls.XXXXXX";
static struct kv_certificates certificates;
static struct test_site site;
static struct kv_lanes_config lanes;
static struct kv_listener_config config;
static CURL *curl;
static struct kv_buf body; /* of the last answer */

static size_t keep_body(char *bytes, size_t size, size_t count, void *unused)
{
    (void) unused;
    return kv_buf_append(&body, bytes, size * count, NULL) == KV_OK ? size * count : 0;
}

/* Whatever name a URL has, the connection goes to localhost. */
static char localhost[] = "::localhost:";
static struct curl_slist to_localhost = { .data = localhost };

static void trust(const struct kv_buf *ca)
{
    struct curl_blob blob = { .data = ca->data, .len = ca->len, .flags = CURL_BLOB_COPY };

    cr_assert_eq(curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob), CURLE_OK);
}

static void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_assert_eq(kv_certificates_open(folder, &source, &wanted, &certificates, NULL), KV_OK);
    test_site_configure(&lanes, &config);
    config.address = "localhost";
    config.certificate_pem = certificates.server.data;
    config.key_pem = certificates.key.data;
    test_site_start(&site, &lanes, &config);
    kv_buf_init(&body, 16 * LARGEST);
    curl = curl_easy_init();
    cr_assert_not_null(curl);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, keep_body);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_CONNECT_TO, &to_localhost);
    trust(&certificates.ca);
}

static void teardown(void)
{
    curl_easy_cleanup(curl);
    kv_buf_done(&body);
    test_site_stop(&site);
    kv_certificates_done(&certificates);
    cr_assert_eq(kv_folder_remove(folder, NULL), KV_OK);
}

TestSuite(tls, .init = setup, .fini = teardown, .timeout = 120);

/* The status of an answer; 0 when there was none, and then *ret_code says why. */
static long get(const char *host, const char *path, CURLcode *ret_code)
{
    char url[256];
    long status = 0;

    (void) snprintf(url, sizeof(url), "https://%s:%u%s", host, site.port, path);
    kv_buf_clear(&body);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    *ret_code = curl_easy_perform(curl);
    if (*ret_code == CURLE_OK) {
        curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    }
    return status;
}

static void expect_refused(const char *host, CURLcode reason)
{
    CURLcode code;

    cr_expect_eq(get(host, "/inline", &code), 0);
    cr_expect_eq(code, reason, "%s", curl_easy_strerror(code));
}

static void expect_served(const char *host, const char *path, const char *text)
{
    CURLcode code;

    cr_expect_eq(get(host, path, &code), 200, "%s%s: %s", host, path, curl_easy_strerror(code));
    cr_assert_not_null(body.data);
    cr_expect_str_eq(body.data, text);
}

static int count_descriptors(void)
{
    int count = 0;

    for (int i = 0; i < 1024; i++) {
        count += fcntl(i, F_GETFD) >= 0;
    }
    return count;
}

Test(tls, needs_a_certificate_and_its_key)
{
    int before = count_descriptors();
    struct kv_listener *listener;
    struct kv_err err;

    config.key_pem = certificates.ca.data;
    cr_expect_eq(kv_listener_new(&config, &listener, &err), KV_INTERNAL);
    cr_expect_not_null(strstr(err.message, "certificate and key"));
    config.certificate_pem = "damaged";
    cr_expect_eq(kv_listener_new(&config, &listener, &err), KV_INTERNAL);
    cr_expect_eq(count_descriptors(), before);
}

Test(tls, is_at_least_1_2)
{
    static const long versions[] = { CURL_SSLVERSION_TLSv1_0, CURL_SSLVERSION_TLSv1_1 };

    /* the client would agree to it */
    curl_easy_setopt(curl, CURLOPT_SSL_CIPHER_LIST, "DEFAULT@SECLEVEL=0");
    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, versions[i] | versions[i] << 16);
        expect_refused("localhost", CURLE_SSL_CONNECT_ERROR);
    }
}

Test(tls, is_not_trusted_by_clients_that_do_not_know_the_ca)
{
    curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, NULL); /* back to the system's */
    expect_refused("localhost", CURLE_PEER_FAILED_VERIFICATION);
}

Test(tls, is_not_trusted_for_other_names)
{
    expect_refused("other.localhost", CURLE_PEER_FAILED_VERIFICATION);
    expect_refused("127.0.0.2", CURLE_PEER_FAILED_VERIFICATION);
}

Test(tls, listener_survives_clients_that_speak_plainly)
{
    static const char *const texts[] = { "GET /inline HTTP/1.1\r\nHost: localhost\r\n\r\n",
                                         "\x16\x03\x01\x40\x01\x01", "\x80\x01\x01" };

    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        int descriptor = wire_connect(site.port, false);
        cr_assert(wire_say(descriptor, texts[i]));
        close(descriptor);
        expect_served("localhost", "/inline", "inline");
    }
}

Test(tls, half_a_handshake_does_not_hold_up_the_end)
{
    int descriptor = wire_connect(site.port, false);

    cr_assert(wire_say(descriptor, "\x16\x03\x01\x01\x40\x01"));
    expect_served("localhost", "/inline", "inline");
    cr_expect(kv_listener_drain(site.listener, 600000)); /* far beyond the test's own time */
    close(descriptor);
}

Test(tls, serves_both_versions)
{
    static const long versions[] = { CURL_SSLVERSION_TLSv1_2, CURL_SSLVERSION_TLSv1_3 };

    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        curl_easy_setopt(curl, CURLOPT_SSLVERSION, versions[i] | versions[i] << 16);
        curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT, 1L);
        expect_served("localhost", "/worker", "worker");
    }
}

Test(tls, serves_every_name_of_the_certificate)
{
    static const char *const hosts[] = { "localhost", "dev.vault.localhost", "127.0.0.1", "[::1]" };

    for (size_t i = 0; i < KV_COUNT(hosts); i++) {
        expect_served(hosts[i], "/worker", "worker");
    }
}

Test(tls, is_known_to_handlers)
{
    CURLcode code;

    cr_expect_eq(get("localhost", "/facts", &code), 200);
    cr_expect_not_null(strstr(body.data, " secure\n"));
}

Test(tls, serves_one_request_after_another_on_a_connection)
{
    static const char *const paths[] = { "/worker", "/inline", "/worker", "/inline" };
    long connects;

    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        expect_served("localhost", paths[i], paths[i] + 1);
        curl_easy_getinfo(curl, CURLINFO_NUM_CONNECTS, &connects);
        cr_expect_eq(connects, i == 0 ? 1 : 0);
    }
}

Test(tls, carries_large_bodies_both_ways)
{
    static char large[LARGEST];
    CURLcode code;

    memset(large, 'b', sizeof(large));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, large);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long) sizeof(large));
    cr_expect_eq(get("localhost", "/echo", &code), 200);
    cr_expect_eq(body.len, sizeof(large));
    cr_expect_eq(strspn(body.data, "b"), sizeof(large));

    curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
    cr_expect_eq(get("localhost", "/large", &code), 200);
    cr_expect_eq(body.len, 4 * LARGEST);
}
