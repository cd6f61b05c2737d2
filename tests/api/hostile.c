/* SPDX-License-Identifier: Apache-2.0 */
/* What no client should send: nothing of it may crash, hang or be answered with a 500. */
#include "../support/api.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include <unistr.h>

#include "../support/raw.h"
#include "kv/base/json.h"
#include "kv/http/request.h"

TestSuite(hostile, .timeout = 300);

/* The daemon must still be there and answer. */
static void expect_alive(void)
{
    API_CLIENT(dev);
    API_REPLY(reply, client_call(&dev, "GET", "/keys/nobody", NULL));

    cr_expect_eq(kill(api_daemon()->pid, 0), 0);
    cr_expect_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
}

static void expect_refused(struct client *client, const char *method, const char *path,
                           const char *body, size_t len)
{
    char target[8192];
    const struct request request = {
        .method = method,
        .target = target,
        .body = body,
        .body_len = len,
    };

    snprintf(target, sizeof(target), "%s?api-version=7.6", path);
    API_REPLY(reply, client_send(client, &request));
    cr_expect(reply.status >= 400 && reply.status < 500, "%s %s %.60s: %ld %s", method, path,
              body != NULL ? body : "", reply.status, reply.body);
}

Test(hostile, bodies_that_are_no_json)
{
    static const struct {
        const char *body;
        size_t len;
    } rows[] = {
        { "{", 1 },
        { "}", 1 },
        { "null", 4 },
        { "\"text\"", 6 },
        { "17", 2 },
        { "[{}]", 4 },
        { "{\"kty\":\"RSA\"", 12 },
        { "{\"kty\":\"RSA\"}}", 14 },
        { "{\"kty\":\"RSA\"}\0{", 15 },
        { "{\"kty\":\"R\0SA\"}", 14 },
        { "{\"kty\":\"RSA\\u0000\"}", 19 },
        { "{\"kty\":\"RSA\xff\"}", 14 },
        { "{\"tags\":{\"\xc3\x28\":\"\"},\"kty\":\"RSA\"}", 30 },
        { "\xef\xbb\xbf\x7b\x7d", 5 },
        { "{'kty':'RSA'}", 13 },
        { "{\"kty\":RSA}", 11 },
        { "{\"kty\":\"RSA\",}", 14 },
        { "{\"kty\":\"RSA\",\"key_size\":1e999}", 30 },
        { "{\"kty\":\"RSA\",\"key_size\":NaN}", 28 },
        { "\0\0\0\0", 4 },
        { "   ", 3 },
    };
    static const char *const paths[] = { "/keys/bad/create", "/keys/bad/wrapkey" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        for (size_t j = 0; j < KV_COUNT(paths); j++) {
            expect_refused(&dev, "POST", paths[j], rows[i].body, rows[i].len);
        }
        expect_refused(&dev, "PATCH", "/keys/bad", rows[i].body, rows[i].len);
    }
    expect_alive();
}

Test(hostile, bodies_nested_without_end)
{
    static const size_t depth = 200000;
    char *body = malloc(2 * depth + 1);
    API_CLIENT(dev);

    memset(body, '[', depth);
    memset(body + depth, ']', depth);
    expect_refused(&dev, "POST", "/keys/deep/create", body, 2 * depth);
    for (size_t i = 0; i + 5 < depth; i += 5) {
        memcpy(body + i, "{\"a\":", 5);
    }
    expect_refused(&dev, "POST", "/keys/deep/create", body, depth);
    free(body);
    expect_alive();
}

/* Which the service would not mind; but each takes some thirty times the memory of its two bytes. */
Test(hostile, bodies_of_values_without_end)
{
    char *body = malloc(KV_BODY_MAX);
    API_CLIENT(dev);

    for (size_t values = KV_JSON_VALUES_MAX; values <= KV_JSON_VALUES_MAX + 1; values++) {
        size_t len = (size_t) snprintf(body, KV_BODY_MAX, "{\"kty\":\"EC\",\"more\":[0");

        for (size_t i = 3; i < values; i++) { /* kty, the array and its first are three */
            len += (size_t) snprintf(body + len, KV_BODY_MAX - len, ",0");
        }
        snprintf(body + len, KV_BODY_MAX - len, "]}");
        API_REPLY(reply, client_call(&dev, "POST", "/keys/many-values/create", body));
        cr_expect_eq(reply.status, values <= KV_JSON_VALUES_MAX ? 200 : 400, "%zu: %ld %s", values,
                     reply.status, reply.body);
    }
    free(body);
}

/* A refusal that repeats what was sent may cut it, never inside a character. */
Test(hostile, texts_that_a_refusal_repeats)
{
    static const struct {
        const char *head, *tail;
    } bodies[] = {
        { "{\"kty\":\"", "\"}" },
        { "{\"kty\":\"EC\",\"key_ops\":[\"", "\"]}" },
        { "{\"kty\":\"EC\",\"key_ops\":[\"x\",\"y", "\"]}" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < 4 * KV_COUNT(bodies); i++) { /* from each byte of the character on */
        const char *head = bodies[i / 4].head;
        char body[4 * 600 + 128];
        int len = snprintf(body, sizeof(body), "%s%.*s", head, (int) (i % 4), "abcd");

        for (size_t character = 0; character < 600; character++) {
            len += snprintf(body + len, sizeof(body) - (size_t) len, "\xf0\x9f\x94\x91");
        }
        snprintf(body + len, sizeof(body) - (size_t) len, "%s", bodies[i / 4].tail);

        API_REPLY(reply, client_call(&dev, "POST", "/keys/repeated/create", body));
        cr_expect_eq(reply.status, 400, "%ld %s", reply.status, reply.body);
        cr_expect_null(u8_check((const uint8_t *) reply.body, reply.len), "%zu", i);
        cr_expect_not_null(strstr(reply.body, "\xf0\x9f\x94\x91"), "%s", reply.body);
    }
}

Test(hostile, values_of_every_length)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "lengths", "", version);
    for (size_t len = 1; len < 900000; len = len * 3 + 1) {
        char *body = malloc(len + 64);
        int head = snprintf(body, 64, "{\"alg\":\"RSA1_5\",\"value\":\"");

        memset(body + head, 'A', len);
        memcpy(body + head + len, "\"}", sizeof("\"}"));
        if (len != 342) { /* the one length a ciphertext has */
            expect_refused(&dev, "POST", "/keys/lengths/unwrapkey", body, (size_t) head + len + 2);
        }
        free(body);
    }
    expect_alive();
}

Test(hostile, names_and_paths_of_any_kind)
{
    static const char *const paths[] = {
        "/keys/..",
        "/keys/%2e%2e/create",
        "/keys/a%20b",
        "/keys/\xc3\xa4",
        "/keys/%C3%A4",
        "/keys/a;b",
        "/keys/'",
        "/keys/%22",
        "/keys/a%27%20OR%201=1--",
        "/keys/%25",
        "/keys/%",
        "/keys/%2",
        "/keys/a/%00",
        "/%2fkeys",
        "/keys/*",
        "/keys/a/\\",
        "//",
        "///",
        "/?",
        "/%3F",
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        expect_refused(&dev, "GET", paths[i], NULL, 0);
    }
    expect_alive();
}

Test(hostile, addresses_and_headers_that_are_too_long)
{
    static const size_t size = 100000;
    char *text = malloc(size + 16);
    char *header = malloc(size + 16);
    const struct request requests[] = {
        { .method = "GET", .target = text },
        { .method = "GET", .target = "/keys?api-version=7.6", .headers = { header } },
    };
    API_CLIENT(dev);

    memset(text, 'a', size);
    text[0] = '/';
    text[6000] = '\0'; /* the client's own limit */
    memcpy(header, "x-long: ", 8);
    memset(header + 8, 'b', size);
    header[size] = '\0';
    for (size_t i = 0; i < KV_COUNT(requests); i++) {
        API_REPLY(reply, client_send(&dev, &requests[i]));

        cr_expect_eq(reply.status, i == 0 ? 400 : 431, "%ld %s", reply.status, reply.body);
    }
    free(text);
    free(header);
    expect_alive();
}

Test(hostile, requests_that_are_no_http)
{
    static const char *const rows[] = {
        "\r\n\r\n\r\n\r\n",
        "GET\r\n\r\n",
        "GET /keys\r\n\r\n",
        "GET /keys HTTP/9.9\r\n\r\n",
        "GET /keys HTTP/1.1\r\n\r\n",
        "GET /keys HTTP/1.0\r\n\r\n",
        "GET keys HTTP/1.1\r\nHost: dev.vault.localhost\r\nConnection: close\r\n\r\n",
        "GET http://other/keys HTTP/1.1\r\nHost: dev.vault.localhost\r\nConnection: close\r\n\r\n",
        "POST /keys/a/create HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n",
        "POST /keys/a/create HTTP/1.1\r\nHost: a\r\nContent-Length: 99999999999999999999\r\n\r\n",
        "POST /keys/a/create HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        ("POST /keys/a/create HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n"
         "ffffffffffffffff\r\n"),
        "GET /keys HTTP/1.1\r\nHost:\r\nConnection: close\r\n\r\n",
        "GET /keys HTTP/1.1\r\nHost: [::\r\nConnection: close\r\n\r\n",
        "GET /keys HTTP/1.1\r\nHost: a\r\nHost: b\r\nConnection: close\r\n\r\n",
        "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct raw raw;
        char answer[4096];

        cr_assert(raw_open(&raw, api_daemon()->port, true));
        raw_send(&raw, rows[i], strlen(rows[i]));
        if (raw.ssl != NULL) { /* half of them wait for more: do not wait with them */
            shutdown(raw.descriptor, SHUT_WR);
        }
        raw_read(&raw, answer, sizeof(answer), "\r\n\r\n");
        cr_expect_null(strstr(answer, " 500 "), "%s -> %s", rows[i], answer);
        raw_close(&raw);
    }
    expect_alive();
}

Test(hostile, tls_that_is_none)
{
    static const char *const rows[] = {
        "GET /keys HTTP/1.1\r\nHost: dev.vault.localhost\r\n\r\n",
        "\x16\x03\x01\x00\x05\x01\x00\x00\x01\x03",
        "\x80\x2e\x01\x03\x01",
        "\x15\x03\x03\x00\x02\x02\x28",
    };
    struct raw raw;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert(raw_open(&raw, api_daemon()->port, false));
        raw_send(&raw, rows[i], strlen(rows[i]));
        raw_close(&raw);
    }
    for (unsigned seed = 1; seed <= 50; seed++) {
        unsigned char noise[512];

        for (size_t i = 0; i < sizeof(noise); i++) {
            noise[i] = (unsigned char) (seed * 2654435761U >> (i % 24) ^ i * seed);
        }
        cr_assert(raw_open(&raw, api_daemon()->port, false));
        raw_send(&raw, noise, sizeof(noise));
        raw_close(&raw);
    }
    expect_alive();
}

Test(hostile, requests_that_end_in_the_middle)
{
    static const char request[] =
        "POST /keys/half/create?api-version=7.6 HTTP/1.1\r\nHost: dev.vault.localhost\r\n"
        "Content-Type: application/json\r\nContent-Length: 13\r\n\r\n{\"kty\":\"RSA\"}";

    for (size_t len = 1; len < sizeof(request) - 1; len += 7) {
        struct raw raw;

        cr_assert(raw_open(&raw, api_daemon()->port, true));
        raw_send(&raw, request, len);
        raw_close(&raw);
    }
    expect_alive();
}

Test(hostile, control_port_takes_garbage_too)
{
    static const char *const rows[] = {
        "GET /msi/token?resource=x HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n",
        ("POST /control/v1/clock HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n"
         "Connection: close\r\n\r\n{"),
        "nonsense\r\n\r\n",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct raw raw;
        char answer[4096];

        cr_assert(raw_open(&raw, api_daemon()->control_port, false));
        raw_send(&raw, rows[i], strlen(rows[i]));
        raw_read(&raw, answer, sizeof(answer), "\r\n\r\n");
        cr_expect_null(strstr(answer, " 500 "), "%s", answer);
        raw_close(&raw);
    }
    expect_alive();
}

/* 2 000 and the test's own; not fewer because a smaller limit would hide the daemon's. */
#define IDLE 2000

Test(hostile, idle_connections_take_no_service_from_others)
{
    struct raw *raw = calloc(IDLE, sizeof(*raw));
    struct rlimit limit;
    size_t open = 0;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
    for (size_t i = 0; i < IDLE; i++) {
        open += raw_open(&raw[i], api_daemon()->port, i % 4 == 0);
    }
    cr_expect_eq(open, IDLE, "only %zu of them were accepted", open);
    expect_alive();
    for (size_t i = 0; i < IDLE; i++) {
        raw_close(&raw[i]);
    }
    free(raw);
    expect_alive();
}
