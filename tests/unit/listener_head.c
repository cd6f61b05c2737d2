/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request on the wire: which are refused before a site sees them, and what the
 * site sees of the others. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kv/base/base.h"
#include "tests/support/site.h"
#include "tests/support/wire.h"

#define HOST "Host: localhost\r\n"

static struct test_site site;
static struct wire_answer answer;

static void setup(void)
{
    test_site_start_default(&site);
}

static void teardown(void)
{
    wire_answer_done(&answer);
    test_site_stop(&site);
}

TestSuite(head, .init = setup, .fini = teardown, .timeout = 120);

static int ask(const char *request)
{
    wire_answer_done(&answer);
    return wire_ask(site.port, request, &answer);
}

Test(head, is_refused_when_it_does_not_name_one_host)
{
    static const char *const requests[] = {
        "GET /inline HTTP/1.1\r\n\r\n",
        "GET /inline HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n",
        "GET /inline HTTP/1.0\r\nHost: a\r\nHost: a\r\n\r\n",
        "GET /inline HTTP/1.1\r\nHost: a b\r\n\r\n",
        "GET /inline HTTP/1.1\r\nHost: a\"b\r\n\r\n",
        "GET /inline HTTP/1.1\r\nHost: a/b\r\n\r\n",
        "GET /inline HTTP/1.1\r\nHost: user@a\r\n\r\n",
        "GET /inline HTTP/1.1\r\nHost: a:80:80\r\n\r\n",
        "GET /inline HTTP/1.1\r\nHost: a:http\r\n\r\n",
        "GET /inline HTTP/1.1\r\nHost: :80\r\n\r\n",
        "GET /inline HTTP/1.1\r\nHost: [::1\r\n\r\n",
        "GET /inline HTTP/1.1\r\nHost: [::g]:80\r\n\r\n",
    };

    for (size_t i = 0; i < KV_COUNT(requests); i++) {
        cr_expect_eq(ask(requests[i]), 400, "%s", requests[i]);
        cr_expect_str_eq(wire_header(&answer, "Connection"), "close");
    }
}

Test(head, is_refused_when_its_host_is_too_long)
{
    char request[512];

    (void) snprintf(request, sizeof(request), "GET /inline HTTP/1.1\r\nHost: %0262d\r\n\r\n", 0);
    cr_expect_eq(ask(request), 400);
    (void) snprintf(request, sizeof(request), "GET /inline HTTP/1.1\r\nHost: %0261d\r\n\r\n", 0);
    cr_expect_eq(ask(request), 200);
}

Test(head, is_refused_when_its_body_has_more_than_one_length)
{
    static const char *const lengths[] = {
        "Content-Length: 4\r\nContent-Length: 0\r\n",
        "Content-Length: 4\r\nContent-Length: 4\r\n",
        "Content-Length: 4\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 4\r\n",
    };

    for (size_t i = 0; i < KV_COUNT(lengths); i++) {
        char request[256];
        (void) snprintf(request, sizeof(request), "POST /echo HTTP/1.1\r\n" HOST "%s\r\nbody",
                        lengths[i]);
        cr_expect_eq(ask(request), 400, "%s", lengths[i]);
        cr_expect_str_eq(wire_header(&answer, "Connection"), "close");
    }
}

Test(head, is_refused_with_a_header_whose_name_is_none)
{
    static const char *const headers[] = { "Content-Length : 4", "x y: 1", "x\"y: 1", "x\xff: 1" };

    for (size_t i = 0; i < KV_COUNT(headers); i++) {
        char request[256];
        (void) snprintf(request, sizeof(request), "POST /echo HTTP/1.1\r\n" HOST "%s\r\n\r\nbody",
                        headers[i]);
        cr_expect_eq(ask(request), 400, "%s", headers[i]);
        cr_expect_str_eq(wire_header(&answer, "Connection"), "close");
    }
}

/* Sent as they are, with their NULs; a second request follows, which must not be taken for one. */
Test(head, is_refused_when_its_framing_is_not_clear)
{
    static const struct {
        const char *bytes;
        size_t len;
    } rows[] = {
#define ROW(text) { text, sizeof(text) - 1 }
        ROW("POST /echo HTTP/1.1\r\n" HOST "Content-Length:\r\n 36\r\n\r\n"),
        ROW("POST /echo HTTP/1.1\r\n" HOST "Content-Length: 3\r\n 6\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "Origin:\r\n http://evil.example\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "Origin: \r\n\thttp\r\nx: y\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "x: a\0b\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "x: a\0\0y\0 b\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "x: a\0\0y: b\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "x: a\rb\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "x: a\rContent-Length: 36\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "x\r: a\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "x\0: a\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "x: a\ny: b\r\n\r\n"),
        ROW("GET /inline HTTP/1.1\n" HOST "\r\n"),
        ROW("GET /inline HTTP/1.1\r\n" HOST "\n"),
        ROW("GET /inline\0 HTTP/1.1\r\n" HOST "\r\n"),
        ROW("GET  /inline HTTP/1.1\r\n" HOST "\r\n"),
        ROW("G\0T /inline HTTP/1.1\r\n" HOST "\r\n"),
#undef ROW
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        int descriptor = wire_connect(site.port, false);

        cr_assert(wire_send(descriptor, rows[i].bytes, rows[i].len));
        (void) wire_say(descriptor, "GET /inline HTTP/1.1\r\n" HOST "\r\n");
        wire_answer_done(&answer);
        wire_receive(descriptor, false, &answer);
        cr_expect_eq(answer.status, 400, "%zu: %d", i, answer.status);
        cr_expect(wire_is_closed(descriptor), "%zu", i);
        close(descriptor);
    }
}

/* Queries as long as the library's memory goes; each pair used to take a record of it. */
Test(head, with_a_query_of_any_number_of_pairs_is_answered)
{
    static const size_t pairs[] = { 65, 400, 500, 600, 2000, 10000 };

    for (size_t i = 0; i < KV_COUNT(pairs); i++) {
        size_t size = 2 * pairs[i] + 128;
        char *request = malloc(size);
        size_t len = (size_t) snprintf(request, size, "GET /inline?");

        for (size_t pair = 0; pair < pairs[i]; pair++) {
            len += (size_t) snprintf(request + len, size - len, "a&");
        }
        (void) snprintf(request + len, size - len, " HTTP/1.1\r\n" HOST "\r\n");
        cr_expect_eq(ask(request), 414, "%zu: %d", pairs[i], answer.status);
        free(request);
    }
}

Test(head, is_refused_with_transfer_codings_nobody_knows)
{
    static const char *const codings[] = { "gzip", "gzip, chunked", "identity",
                                           "chunked\r\nTransfer-Encoding: chunked" };

    for (size_t i = 0; i < KV_COUNT(codings); i++) {
        char request[256];
        (void) snprintf(request, sizeof(request),
                        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: %s\r\n\r\nbody",
                        codings[i]);
        cr_expect_eq(ask(request), 501, "%s", codings[i]);
    }
}

/* Nothing that is no HTTP may harm the listener; an answer, if there is one, is a refusal. */
static void expect_survival(const char *garbage)
{
    int descriptor = wire_connect(site.port, false);

    cr_assert(wire_say(descriptor, garbage));
    shutdown(descriptor, SHUT_WR);
    wire_answer_done(&answer);
    wire_receive(descriptor, false, &answer);
    cr_expect(answer.status == 0 || (answer.status >= 400 && answer.status < 600), "%s: %d",
              garbage, answer.status);
    close(descriptor);
    cr_expect_eq(ask("GET /inline HTTP/1.1\r\n" HOST "\r\n"), 200);
}

Test(head, may_be_garbage)
{
    static const char *const requests[] = {
        "garbage\r\n\r\n",
        "GET\r\n\r\n",
        "GET \r\n\r\n",
        "GET /\r\n\r\n",
        "GET / HTTP/9.9\r\n\r\n",
        "GET / HTTP/1.1\r\nno colon\r\n\r\n",
        "GET / HTTP/1.1\r\n: no name\r\n\r\n",
        " / HTTP/1.1\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: -1\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1x\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 99999999999999999999\r\n\r\n",
        "POST /echo HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        "\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03\r\n\r\n",
    };

    for (size_t i = 0; i < KV_COUNT(requests); i++) {
        expect_survival(requests[i]);
    }
}

/* A request whose head has `len` bytes or one header more; values have `width` characters. */
static char *make_long_request(size_t len, int width)
{
    size_t size = len + (size_t) width + 128;
    char *request = malloc(size);

    cr_assert_not_null(request);
    size_t used = (size_t) snprintf(request, size, "GET /wordy HTTP/1.1\r\n" HOST);
    while (used < len) {
        used += (size_t) snprintf(request + used, size - used, "x-long: %0*d\r\n", width, 0);
    }
    (void) snprintf(request + used, size - used, "\r\n");
    return request;
}

/* libmicrohttpd has no answer left for a head that fills its memory to within 90 bytes: at most one
 * of these sizes may be such a one. */
static void expect_clear_answers(int width)
{
    int silent = 0;

    for (size_t len = 8000; len < 48000; len += 500) {
        char *request = make_long_request(len, width);
        int status = ask(request);

        silent += status == 0;
        cr_expect(status == 200 || status == 431 || status == 0, "%zu bytes: %d", len, status);
        free(request);
    }
    cr_expect_leq(silent, 1, "headers of %d", width);
}

Test(head, that_is_too_large_gets_an_answer_whatever_its_size)
{
    expect_clear_answers(200);
    expect_clear_answers(10);
}

Test(head, may_have_a_bearer_token_of_many_kilobytes)
{
    char *request = make_long_request(100, 20000);

    cr_expect_eq(ask(request), 200);
    free(request);
}

Test(head, with_an_odd_target_is_for_the_site_to_refuse)
{
    static const char *const targets[] = { "/a%0Db",
                                           "/a%",
                                           "ftp://localhost/inline",
                                           "http://localhost?x",
                                           "*",
                                           "/a b",
                                           "/a%00",
                                           "/inline#part",
                                           "inline" };

    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        char request[256];
        (void) snprintf(request, sizeof(request), "GET %s HTTP/1.1\r\n" HOST "\r\n", targets[i]);
        cr_expect_eq(ask(request), 400, "%s", targets[i]);
        cr_expect_str_eq(answer.body, "BAD_URL odd target");
    }
}

Test(head, for_a_host_without_a_site_is_not_found)
{
    cr_expect_eq(ask("GET /inline HTTP/1.1\r\nHost: nobody.localhost\r\n\r\n"), 404);
    cr_expect_eq(answer.body_len, 0);
}

Test(head, of_http_1_0_needs_no_host)
{
    cr_expect_eq(ask("GET /facts HTTP/1.0\r\n\r\n"), 200);
    cr_expect_not_null(strstr(answer.body, "\nauthority \nhost \n"));
}

Test(head, names_its_host_in_lower_case_with_and_without_port)
{
    static const struct {
        const char *sent, *authority, *host;
    } rows[] = {
        { "Dev.Vault.LOCALHOST:8443", "dev.vault.localhost:8443", "dev.vault.localhost" },
        { "localhost", "localhost", "localhost" },
        { "127.0.0.1:80", "127.0.0.1:80", "127.0.0.1" },
        { "[::1]", "[::1]", "::1" },
        { "[FE80::A]:8443", "[fe80::a]:8443", "fe80::a" },
        { "a_b-c.localhost.", "a_b-c.localhost.", "a_b-c.localhost." },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char text[256];
        (void) snprintf(text, sizeof(text), "GET /facts HTTP/1.1\r\nHost: %s\r\n\r\n",
                        rows[i].sent);
        cr_expect_eq(ask(text), 200, "%s", rows[i].sent);
        (void) snprintf(text, sizeof(text), "\nauthority %s\nhost %s\n", rows[i].authority,
                        rows[i].host);
        cr_expect_not_null(strstr(answer.body, text), "%s", answer.body);
    }
}

Test(head, reaches_the_site_whole_and_in_order)
{
    cr_expect_eq(ask("GET /facts?b=1&api%2Dversion=7.4&%24skip=a+b HTTP/1.1\r\n" HOST
                     "X-One: first\r\nx-two:   spaced out  \r\nX-One: again\r\nX-None:\r\n\r\n"),
                 200);
    cr_expect_str_eq(answer.body, "GET GET\n"
                                  "authority localhost\n"
                                  "host localhost\n"
                                  "client 127.0.0.1\n"
                                  "query b=1\n"
                                  "query api-version=7.4\n"
                                  "query $skip=a b\n"
                                  "header Host=localhost\n"
                                  "header X-One=first\n"
                                  "header x-two=spaced out\n"
                                  "header X-One=again\n"
                                  "header X-None=\n");
}

Test(head, names_its_host_in_the_target_rather_than_in_Host)
{
    static const struct {
        const char *target, *host, *authority; /* NULL: refused */
    } rows[] = {
        { "https://Dev.vault.localhost:8443/facts?a=b", "other", "dev.vault.localhost:8443" },
        { "HTTP://[::1]/facts", "other", "[::1]" },
        { "http://user@localhost/facts", "localhost", NULL },
        { "http://user:secret@localhost/facts", "localhost", NULL },
        { "http:///facts", "localhost", NULL },
        { "http://", "localhost", NULL },
        { "http://local%68ost/facts", "localhost", NULL },
        { "http://localhost:x/facts", "localhost", NULL },
        { "http://localhost/facts", "a b", NULL },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char text[256];
        (void) snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\nHost: %s\r\n\r\n", rows[i].target,
                        rows[i].host);
        cr_expect_eq(ask(text), rows[i].authority != NULL ? 200 : 400, "%s", rows[i].target);
        if (rows[i].authority != NULL && answer.status == 200) {
            (void) snprintf(text, sizeof(text), "\nauthority %s\n", rows[i].authority);
            cr_expect_not_null(strstr(answer.body, text), "%s", answer.body);
        }
    }
    cr_expect_eq(ask("GET http://nobody.localhost/inline HTTP/1.1\r\n" HOST "\r\n"), 404);
}

Test(head, overrides_the_verb_of_a_post_only)
{
    static const struct {
        const char *head, *body;
    } rows[] = {
        { "POST /facts HTTP/1.1\r\nX-HTTP-METHOD: DELETE\r\n", "DELETE DELETE\n" },
        { "POST /facts HTTP/1.1\r\nx-http-method: PATCH\r\n", "PATCH PATCH\n" },
        { "POST /facts HTTP/1.1\r\nX-HTTP-REQUEST: put\r\n", "PUT PUT\n" },
        { "POST /facts HTTP/1.1\r\nX-HTTP-METHOD: GET\r\n", "GET GET\n" },
        { "POST /facts HTTP/1.1\r\nX-HTTP-METHOD: OPTIONS\r\n", "POST POST\n" },
        { "POST /facts HTTP/1.1\r\nX-HTTP-METHOD: nonsense\r\n", "POST POST\n" },
        { "POST /facts HTTP/1.1\r\nX-HTTP-METHOD-OVERRIDE: PUT\r\n", "POST POST\n" },
        { "GET /facts HTTP/1.1\r\nX-HTTP-METHOD: DELETE\r\n", "GET GET\n" },
        { "PUT /facts HTTP/1.1\r\nX-HTTP-METHOD: DELETE\r\n", "PUT PUT\n" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char request[256];
        (void) snprintf(request, sizeof(request), "%s" HOST "\r\n", rows[i].head);
        cr_expect_eq(ask(request), 200, "%s", rows[i].head);
        cr_expect_eq(strncmp(answer.body, rows[i].body, strlen(rows[i].body)), 0, "%s: %s",
                     rows[i].head, answer.body);
    }
}

Test(head, keeps_the_text_of_a_method_nobody_knows)
{
    cr_expect_eq(ask("BREW /inline HTTP/1.1\r\n" HOST "\r\n"), 405);
    cr_expect_str_eq(answer.body, "METHOD_NOT_ALLOWED not BREW");
    cr_expect_eq(
        ask("ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEFGHIJKLMNOPQRSTUVWXYZ /inline HTTP/1.1\r\n" HOST
            "\r\n"),
        405);
    cr_expect_str_eq(answer.body, "METHOD_NOT_ALLOWED not ABCDEFGHIJKLMNOPQRSTUVWXYZABCDEF");
}
