/* SPDX-License-Identifier: Apache-2.0 */
/* What is answered before an operation is reached: methods, sizes and types, every byte of the
 * answer. contract §1, §3.1, §9.8, §19 row 17. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/raw.h"

TestSuite(front, .timeout = 120);

#define ANSWER_SIZE 16384
#define MIB ((size_t) 1024 * 1024)
#define JSON "Content-Type: application/json\r\n"
#define NOT_SUPPORTED(method)                                                                      \
    "{\"Message\":\"The requested resource does not support http method '" method "'.\"}"
#define TOO_LARGE "{\"Message\":\"Maximum request length exceeded.\"}"
#define NO_TYPE                                                                                    \
    "{\"Message\":\"The request contains an entity body but no Content-Type header. The inferred " \
    "media type 'application/octet-stream' is not supported for this resource.\"}"

/* A connection of its own to say one request on, whose answer ends it. */
static void say(struct raw *raw, const char *line, const char *headers, const char *body)
{
    char *token = client_fetch_token(api_daemon(), "https://vault.azure.net");
    char *text = NULL;
    int len = asprintf(&text,
                       "%s HTTP/1.1\r\nHost: dev.vault.localhost\r\nConnection: close\r\n"
                       "Authorization: Bearer %s\r\n%s\r\n%s",
                       line, token, headers, body);

    cr_assert_gt(len, 0);
    cr_assert(raw_open(raw, api_daemon()->port, true));
    cr_assert(raw_send(raw, text, (size_t) len));
    free(text);
    free(token);
}

static void mask(char *text, const char *header)
{
    char *value = strstr(text, header);

    if (value != NULL) {
        value += strlen(header);
        const char *end = strstr(value, "\r\n");
        cr_assert_not_null(end);
        memmove(value, end, strlen(end) + 1);
    }
}

/* All that comes, without the values that differ from answer to answer. */
static void read_answer(struct raw *raw, char ret_answer[ANSWER_SIZE])
{
    raw_read(raw, ret_answer, ANSWER_SIZE, NULL);
    raw_close(raw);
    mask(ret_answer, "\r\nx-ms-request-id: ");
    mask(ret_answer, "\r\nDate: ");
}

/* `allow` is NULL or what the Allow header lists; `sent`: bytes of the body that come. */
static void expect_bytes(struct raw *raw, const char *status, const char *allow, const char *body,
                         size_t sent)
{
    char expected[ANSWER_SIZE];
    char answer[ANSWER_SIZE];

    snprintf(expected, ANSWER_SIZE,
             "HTTP/1.1 %s\r\n"
             "Connection: close\r\n"
             "Cache-Control: no-cache\r\n"
             "Pragma: no-cache\r\n"
             "%s%s%s"
             "Content-Type: application/json; charset=utf-8\r\n"
             "Expires: -1\r\n"
             "x-ms-keyvault-region: eastus\r\n"
             "x-ms-request-id: \r\n"
             "x-ms-keyvault-service-version: 1.9.3449.1\r\n"
             "x-ms-keyvault-network-info: "
             "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;\r\n"
             "X-Content-Type-Options: nosniff\r\n"
             "Strict-Transport-Security: max-age=31536000;includeSubDomains\r\n"
             "Date: \r\n"
             "Content-Length: %zu\r\n"
             "\r\n%.*s",
             status, allow != NULL ? "Allow: " : "", allow != NULL ? allow : "",
             allow != NULL ? "\r\n" : "", strlen(body), (int) sent, body);
    read_answer(raw, answer);
    cr_expect_str_eq(answer, expected, "%s", answer);
}

static void expect_answer(struct raw *raw, const char *status, const char *allow, const char *body)
{
    expect_bytes(raw, status, allow, body, strlen(body));
}

Test(front, METHOD_NOT_ALLOWED_names_the_methods_of_the_resource)
{
    static const struct {
        const char *line, *allow, *body;
    } rows[] = {
        { "OPTIONS /keys?api-version=7.6", "GET", NOT_SUPPORTED("OPTIONS") },
        { "TRACE /keys", "GET", NOT_SUPPORTED("TRACE") },
        { "BREW /keys?api-version=7.6", "GET", NOT_SUPPORTED("BREW") },
        { "get /keys?api-version=7.6", "GET", NOT_SUPPORTED("get") },
        { "OPTIONS /keys/a/create?api-version=7.6", "POST", NOT_SUPPORTED("OPTIONS") },
        { "OPTIONS /deletedkeys/a?api-version=7.6", "GET, DELETE", NOT_SUPPORTED("OPTIONS") },
        { "OPTIONS /nothing?api-version=7.6", "GET, POST, PUT, PATCH, DELETE",
          NOT_SUPPORTED("OPTIONS") },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct raw raw;

        say(&raw, rows[i].line, "", "");
        expect_answer(&raw, "405 Method Not Allowed", rows[i].allow, rows[i].body);
    }
}

Test(front, METHOD_NOT_ALLOWED_for_a_preflight_of_a_browser)
{
    struct raw raw;

    say(&raw, "OPTIONS /keys?api-version=7.6",
        "Origin: https://portal.example\r\nAccess-Control-Request-Method: GET\r\n"
        "Access-Control-Request-Headers: authorization\r\n",
        "");
    expect_answer(&raw, "405 Method Not Allowed", "GET", NOT_SUPPORTED("OPTIONS"));
}

Test(front, METHOD_NOT_ALLOWED_for_HEAD_without_a_byte_of_the_body)
{
    struct raw raw;

    say(&raw, "HEAD /keys?api-version=7.6", "", "");
    expect_bytes(&raw, "405 Method Not Allowed", "GET", NOT_SUPPORTED("HEAD"), 0);
}

Test(front, HEAD_without_a_token_is_challenged_without_a_body)
{
    static const char head[] = "HEAD /keys HTTP/1.1\r\nHost: dev.vault.localhost\r\n"
                               "Connection: close\r\n\r\n";
    char answer[ANSWER_SIZE];
    struct raw raw;

    cr_assert(raw_open(&raw, api_daemon()->port, true));
    cr_assert(raw_send(&raw, head, strlen(head)));
    read_answer(&raw, answer);
    cr_expect_eq(strncmp(answer, "HTTP/1.1 401 ", 13), 0, "%s", answer);
    cr_expect_not_null(strstr(answer, "\r\nWWW-Authenticate: Bearer "));
    cr_expect_str_eq(strstr(answer, "\r\n\r\n"), "\r\n\r\n");
}

Test(front, method_that_is_no_token_gets_a_bare_400)
{
    static const char *const lines[] = { "GE(T /keys", "G\xc3\x89T /keys", "\"GET\" /keys" };

    for (size_t i = 0; i < KV_COUNT(lines); i++) {
        char answer[ANSWER_SIZE];
        struct raw raw;

        say(&raw, lines[i], "", "");
        read_answer(&raw, answer);
        cr_expect_str_eq(answer,
                         "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n"
                         "Content-Length: 0\r\n\r\n",
                         "%s", answer);
    }
}

static void expect_same(const char *line, const char *headers, const char *other_line,
                        const char *other_headers, const char *body)
{
    char answer[ANSWER_SIZE];
    char other[ANSWER_SIZE];
    struct raw raw;

    say(&raw, line, headers, body);
    read_answer(&raw, answer);
    say(&raw, other_line, other_headers, body);
    read_answer(&raw, other);
    cr_expect_str_eq(answer, other, "%s %s: %s", line, headers, answer);
}

#define EMPTY "Content-Length: 0\r\n"
#define TWO "Content-Length: 2\r\n" JSON

Test(front, X_HTTP_METHOD_on_a_post_is_the_method_it_names)
{
    static const struct {
        const char *override, *headers, *body, *line;
    } rows[] = {
        { "X-HTTP-METHOD: GET\r\n", EMPTY, "", "GET /keys/nobody?api-version=7.6" },
        { "x-http-method: get\r\n", EMPTY, "", "GET /deletedkeys/nobody?api-version=7.6" },
        { "X-HTTP-METHOD: PATCH\r\n", TWO, "{}", "PATCH /keys/nobody?api-version=7.6" },
        { "X-HTTP-METHOD: PUT\r\n", TWO, "{}", "PUT /keys/nobody?api-version=7.6" },
        { "X-HTTP-METHOD: DELETE\r\n", EMPTY, "", "DELETE /keys/nobody?api-version=7.6" },
        { "X-HTTP-REQUEST: DELETE\r\n", EMPTY, "", "DELETE /deletedkeys/nobody?api-version=7.6" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char post[256];
        char headers[256];

        snprintf(post, sizeof(post), "POST%s", strchr(rows[i].line, ' '));
        snprintf(headers, sizeof(headers), "%s%s", rows[i].override, rows[i].headers);
        expect_same(post, headers, rows[i].line, rows[i].headers, rows[i].body);
    }
}

Test(front, X_HTTP_METHOD_of_other_kinds_changes_nothing)
{
    static const struct {
        const char *override, *line;
    } rows[] = {
        { "X-HTTP-METHOD: HEAD\r\n", "POST /keys/nobody?api-version=7.6" },
        { "X-HTTP-METHOD: OPTIONS\r\n", "POST /keys/nobody?api-version=7.6" },
        { "X-HTTP-METHOD: BREW\r\n", "POST /keys/nobody?api-version=7.6" },
        { "X-HTTP-METHOD:\r\n", "POST /keys/nobody?api-version=7.6" },
        { "X-HTTP-METHOD: DELETE\r\n", "GET /keys/nobody?api-version=7.6" },
        { "X-HTTP-METHOD: GET\r\n", "DELETE /keys/nobody?api-version=7.6" },
        { "X-HTTP-METHOD: GET\r\n", "HEAD /keys?api-version=7.6" },
        { "X-HTTP-METHOD-OVERRIDE: DELETE\r\n", "POST /keys/nobody?api-version=7.6" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char headers[256];

        snprintf(headers, sizeof(headers), "%s%s", rows[i].override, EMPTY);
        expect_same(rows[i].line, headers, rows[i].line, EMPTY, "");
    }
}

Test(front, UNSUPPORTED_MEDIA_TYPE)
{
    static const struct {
        const char *type, *body;
    } rows[] = {
        { "", NO_TYPE },
        { "Content-Type:\r\n", NO_TYPE },
        { "Content-Type: ;charset=utf-8\r\n", NO_TYPE },
        { "Content-Type: json\r\n", NO_TYPE },
        { "Content-Type: application/\r\n", NO_TYPE },
        { "Content-Type: application/js\xff\r\n", NO_TYPE },
        { "Content-Type: text/plain; charset=utf-8\r\n",
          "{\"Message\":\"The request entity's media type 'text/plain' is not supported for this "
          "resource.\"}" },
        { "Content-Type: application/x-www-form-urlencoded\r\n",
          "{\"Message\":\"The request entity's media type 'application/x-www-form-urlencoded' is "
          "not supported for this resource.\"}" },
        { "Content-Type: application/jsonx\r\n",
          "{\"Message\":\"The request entity's media type 'application/jsonx' is not supported for "
          "this resource.\"}" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char headers[256];
        struct raw raw;

        snprintf(headers, sizeof(headers), "Content-Length: 2\r\n%s", rows[i].type);
        say(&raw, "POST /keys/a/create?api-version=7.6", headers, "{}");
        expect_answer(&raw, "415 Unsupported Media Type", NULL, rows[i].body);
    }
}

Test(front, body_of_a_method_that_takes_none_is_ignored)
{
    static const char *const types[] = { "", "Content-Type: text/plain\r\n", JSON };
    static const char *const lines[] = { "GET /keys/nobody?api-version=7.6",
                                         "DELETE /keys/nobody?api-version=7.6" };

    for (size_t i = 0; i < KV_COUNT(types) * KV_COUNT(lines); i++) {
        const char *line = lines[i % KV_COUNT(lines)];
        char headers[256];
        char answer[ANSWER_SIZE];
        char without[ANSWER_SIZE];
        struct raw raw;

        snprintf(headers, sizeof(headers), "Content-Length: 4\r\n%s", types[i / KV_COUNT(lines)]);
        say(&raw, line, headers, "\xff{}[");
        read_answer(&raw, answer);
        say(&raw, line, "", "");
        read_answer(&raw, without);
        cr_expect_str_eq(answer, without, "%s %s: %s", line, headers, answer);
    }
}

static void send_spaces(struct raw *raw, size_t len, bool chunked)
{
    static char spaces[65536];

    memset(spaces, ' ', sizeof(spaces));
    for (; len > 0; len -= sizeof(spaces)) { /* a multiple of it */
        cr_assert(!chunked || raw_send(raw, "10000\r\n", 7));
        cr_assert(raw_send(raw, spaces, sizeof(spaces)), "%zu bytes to come", len);
        cr_assert(!chunked || raw_send(raw, "\r\n", 2));
    }
    cr_assert(!chunked || raw_send(raw, "0\r\n\r\n", 5));
}

#define CREATE "POST /keys/large/create?api-version=7.6"
#define CHUNKED "Transfer-Encoding: chunked\r\n"

/* Announced or not, somewhat or far too large: the client sends all of it, then reads. */
Test(front, BODY_TOO_LARGE_whatever_its_size)
{
    static const size_t sizes[] = { 2 * MIB, 3 * MIB, 6 * MIB, 12 * MIB };

    for (size_t i = 0; i < 2 * KV_COUNT(sizes); i++) {
        size_t size = sizes[i / 2];
        char headers[128];
        struct raw raw;

        snprintf(headers, sizeof(headers), JSON "Content-Length: %zu\r\n", size);
        say(&raw, CREATE, i % 2 == 0 ? headers : JSON CHUNKED, "");
        send_spaces(&raw, size, i % 2 == 1);
        expect_answer(&raw, "413 Content Too Large", NULL, TOO_LARGE);
    }
}

Test(front, BODY_TOO_LARGE_before_it_comes_to_a_client_that_waits_for_leave)
{
    struct raw raw;

    say(&raw, CREATE, JSON "Content-Length: 1048577\r\nExpect: 100-continue\r\n", "");
    expect_answer(&raw, "413 Content Too Large", NULL, TOO_LARGE);
}

Test(front, BODY_TOO_LARGE_after_leave_when_it_was_not_announced)
{
    static const char leave[] = "HTTP/1.1 100 Continue\r\n\r\n";
    char text[64];
    struct raw raw;

    say(&raw, CREATE, JSON CHUNKED "Expect: 100-continue\r\n", "");
    raw_read(&raw, text, sizeof(leave), "\r\n\r\n");
    cr_expect_str_eq(text, leave);
    send_spaces(&raw, 2 * MIB, true);
    expect_answer(&raw, "413 Content Too Large", NULL, TOO_LARGE);
}

Test(front, BODY_TOO_LARGE_is_no_answer_to_a_client_without_a_token)
{
    static const char head[] = "POST /keys/large/create HTTP/1.1\r\nHost: dev.vault.localhost\r\n"
                               "Connection: close\r\nContent-Length: 6291456\r\n\r\n";
    char answer[ANSWER_SIZE];
    struct raw raw;

    cr_assert(raw_open(&raw, api_daemon()->port, true));
    cr_assert(raw_send(&raw, head, strlen(head)));
    send_spaces(&raw, 6 * MIB, false);
    read_answer(&raw, answer);
    cr_expect_eq(strncmp(answer, "HTTP/1.1 401 ", 13), 0, "%s", answer);
}

/* Whether we notice that the head leaves no room for an answer, or the library that it does not
 * fit its memory: the same bytes. */
static void expect_too_big(const char *status, const char *start, size_t len, const char *end)
{
    char expected[ANSWER_SIZE];
    char answer[ANSWER_SIZE];
    char *text = malloc(len);
    struct raw raw;

    snprintf(expected, sizeof(expected),
             "HTTP/1.1 %s\r\nConnection: close\r\nContent-Length: 0\r\n\r\n", status);
    memset(text, 'x', len);
    cr_assert(raw_open(&raw, api_daemon()->port, true));
    cr_assert(raw_send(&raw, start, strlen(start)));
    cr_expect(raw_send(&raw, text, len));
    cr_expect(raw_send(&raw, end, strlen(end)));
    read_answer(&raw, answer);
    cr_expect_str_eq(answer, expected, "%zu bytes: %s", len, answer);
    free(text);
}

static const size_t large_sizes[] = { 30000, 33000, 100000, 1000000 };

Test(front, headers_that_are_too_large_get_431)
{
    for (size_t i = 0; i < KV_COUNT(large_sizes); i++) {
        expect_too_big("431 Request Header Fields Too Large",
                       "GET /keys HTTP/1.1\r\nHost: dev.vault.localhost\r\nx-long: ",
                       large_sizes[i], "\r\n\r\n");
    }
}

Test(front, target_that_is_too_long_gets_414)
{
    for (size_t i = 0; i < KV_COUNT(large_sizes); i++) {
        expect_too_big("414 URI Too Long", "GET /keys?api-version=", large_sizes[i],
                       " HTTP/1.1\r\nHost: dev.vault.localhost\r\n\r\n");
    }
}
