/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads that not everybody reads alike, or that are more than we take: over TLS to the vaults and
 * plainly to the control port. Behind each comes a second request, which must not be answered when
 * the first was refused, and must be when it was not: exactly one header block for each.
 */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/raw.h"

TestSuite(hostile_head, .timeout = 300);

#define ANSWER_SIZE 65536
#define HEAD_SIZE 65536

#define HOST "Host: localhost\r\n"
#define LINE "GET /health HTTP/1.1\r\n"
#define HEAD LINE HOST
#define POST "POST /health HTTP/1.1\r\n" HOST
#define NEXT "GET /health HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"

/* `status`: the first answer's, which is the last; NULL: the request is as good as NEXT. */
struct row {
    const char *bytes;
    size_t len;
    const char *status;
};
#define ROW(status, bytes)                                                                         \
    {                                                                                              \
        bytes, sizeof(bytes) - 1, status                                                           \
    }
#define GOOD(bytes) ROW(NULL, bytes)
#define BAD(bytes) ROW("400 Bad Request", bytes)
#define LARGE(bytes) ROW("431 Request Header Fields Too Large", bytes)

static size_t count(const char *text, const char *what)
{
    size_t found = 0;

    for (; (text = strstr(text, what)) != NULL; text += strlen(what)) {
        found++;
    }
    return found;
}

/* Says it with NEXT behind and reads until the server closes. */
static void ask(unsigned port, bool tls, const struct row *row, char ret_answer[ANSWER_SIZE])
{
    struct raw raw;

    cr_assert(raw_open(&raw, port, tls));
    (void) raw_send(&raw, row->bytes, row->len); /* it may be refused before its end */
    (void) raw_send(&raw, NEXT, strlen(NEXT));
    size_t len = raw_read(&raw, ret_answer, ANSWER_SIZE, NULL);
    cr_expect_eq(strlen(ret_answer), len);
    raw_close(&raw);
}

/* `usual`: how the port answers NEXT. */
static void expect(unsigned port, bool tls, const char *usual, const struct row *row)
{
    static char answer[ANSWER_SIZE];
    char start[64];

    snprintf(start, sizeof(start), "HTTP/1.1 %s\r\n", row->status != NULL ? row->status : usual);
    ask(port, tls, row, answer);
    cr_expect_eq(strncmp(answer, start, strlen(start)), 0, "%.100s%s -> %.300s", row->bytes,
                 tls ? " over TLS" : "", answer);
    cr_expect_eq(count(answer, "HTTP/1.1 "), row->status != NULL ? 1 : 2, "%.100s%s -> %s",
                 row->bytes, tls ? " over TLS" : "", answer);
    cr_expect_eq(count(answer, "\r\nConnection: close\r\n"), 1, "%.100s -> %s", row->bytes, answer);
}

static void expect_everywhere(const struct row *row)
{
    expect(api_daemon()->port, true, "401 Unauthorized", row);
    expect(api_daemon()->control_port, false, "200 OK", row);
}

static void expect_each(const struct row *rows, size_t number)
{
    for (size_t i = 0; i < number; i++) {
        expect_everywhere(&rows[i]);
    }
}

Test(hostile_head, with_folded_lines)
{
    static const struct row rows[] = {
        BAD(POST "Content-Length:\r\n 5\r\n\r\nhello"),
        BAD(POST "Content-Length: 5\r\n \r\n\r\nhello"),
        BAD(POST "Content-Length: 1\r\n 5\r\n\r\nhello"),
        BAD(POST "Content-Length\r\n : 5\r\n\r\nhello"),
        BAD(POST "Transfer-Encoding:\r\n chunked\r\n\r\n0\r\n\r\n"),
        BAD(POST "Transfer-Encoding:\r\n\tchunked\r\n\r\n0\r\n\r\n"),
        BAD(LINE "Host:\r\n dev.vault.localhost\r\n\r\n"),
        BAD(LINE "Host: dev.vault.localhost\r\n :80\r\n\r\n"),
        BAD(HEAD "Origin:\r\n http://evil.example\r\n\r\n"),
        BAD(HEAD "Origin: http://\r\n evil.example\r\n\r\n"),
        BAD(HEAD "Origin: \r\n\thttp://evil.example\r\n\r\n"),
        BAD(HEAD "x: a\r\n b\r\n c\r\n\td\r\n\r\n"),
        BAD(HEAD "x:\r\n \r\n \r\n \r\n\r\n"),
        BAD(HEAD "x: a\r\n y: b\r\n\r\n"),
        BAD(LINE " Host: dev.vault.localhost\r\n\r\n"),
        BAD(LINE " x: y\r\n" HOST "\r\n"),
    };

    expect_each(rows, KV_COUNT(rows));
}

Test(hostile_head, with_control_characters)
{
    static const struct row rows[] = {
        BAD(HEAD "x: a\0b\r\n\r\n"),
        BAD(HEAD "x: a\0\r\n\r\n"),
        BAD(HEAD "x: \0\r\n\r\n"),
        BAD(HEAD "x\0: a\r\n\r\n"),
        BAD(HEAD "\0x: a\r\n\r\n"),
        BAD(HEAD "x: a\0\0y: b\r\n\r\n"),
        BAD("GET /health\0 HTTP/1.1\r\n" HOST "\r\n"),
        BAD("GET /health\0?a=b HTTP/1.1\r\n" HOST "\r\n"),
        BAD("GET /health\0?a&b&c&d HTTP/1.1\r\n" HOST "\r\n"),
        BAD("GET /health\0 HTTP/1.1\r\nx: ?a=b&c HTTP/1.1\r\n" HOST "\r\n"),
        BAD("GET /health\0HTTP/1.1\0\0Host: a?a=b&c HTTP/1.1\r\n" HOST "\r\n"),
        BAD("G\0T /health HTTP/1.1\r\n" HOST "\r\n"),
        BAD(HEAD "x: a\rb\r\n\r\n"),
        BAD(HEAD "x: \r\r\n\r\n"),
        BAD(HEAD "x: a\r\r\n\r\n"),
        BAD(HEAD "x: a\r\n\r\r\n\r\n"),
        BAD(HEAD "x: a\rContent-Length: 5\r\n\r\n"),
        BAD(HEAD "x\r: a\r\n\r\n"),
        BAD(HEAD "\rx: a\r\n\r\n"),
        BAD("GET /health HTTP/1.1\r\r\n" HOST "\r\n"),
        BAD("GET /hea\rlth HTTP/1.1\r\n" HOST "\r\n"),
        BAD("GE\rT /health HTTP/1.1\r\n" HOST "\r\n"),
        BAD(HEAD "x: a\ny: b\r\n\r\n"),
        BAD(HEAD "x: a\n\r\n"),
        BAD(HEAD "\n"),
        BAD("GET /health HTTP/1.1\n" HOST "\r\n"),
        BAD("GET /health HTTP/1.1\nHost: dev.vault.localhost\n\n"),
        BAD(HEAD "x: \x01\r\n\r\n"),
        BAD(HEAD "x\x01: a\r\n\r\n"),
        BAD(HEAD "x: \x7f\r\n\r\n"),
        BAD(HEAD "x: \x0b\r\n\r\n"),
        BAD("GE\x01T /health HTTP/1.1\r\n" HOST "\r\n"),
        BAD("GET\t/health HTTP/1.1\r\n" HOST "\r\n"),
        BAD("GET  /health HTTP/1.1\r\n" HOST "\r\n"),
        BAD("GET /health\x7f HTTP/1.1\r\n" HOST "\r\n"),
        BAD("GET /health?a=\x01 HTTP/1.1\r\n" HOST "\r\n"),
    };

    expect_each(rows, KV_COUNT(rows));
}

Test(hostile_head, with_names_and_hosts_that_are_none)
{
    static const struct row rows[] = {
        BAD(HEAD "x\r\n\r\n"),
        BAD(HEAD "x y: a\r\n\r\n"),
        BAD(HEAD "x : a\r\n\r\n"),
        BAD(HEAD ": a\r\n\r\n"),
        BAD(HEAD "x\xff: a\r\n\r\n"),
        BAD(LINE "\r\n"),
        BAD(LINE HOST HOST "\r\n"),
        BAD(LINE "Host: a b\r\n\r\n"),
        BAD(LINE "Host: user@dev.vault.localhost\r\n\r\n"),
        BAD(LINE "Host: dev.vault.localhost, dev.vault.localhost\r\n\r\n"),
    };

    expect_each(rows, KV_COUNT(rows));
}

Test(hostile_head, with_lengths_that_are_none)
{
    static const struct row rows[] = {
        BAD(POST "Content-Length:\r\n\r\nhello"),
        BAD(POST "Content-Length: x\r\n\r\nhello"),
        BAD(POST "Content-Length: 5x\r\n\r\nhello"),
        BAD(POST "Content-Length: 0x5\r\n\r\nhello"),
        BAD(POST "Content-Length: +5\r\n\r\nhello"),
        BAD(POST "Content-Length: -5\r\n\r\nhello"),
        BAD(POST "Content-Length: -1\r\n\r\nhello"),
        BAD(POST "Content-Length: 5 5\r\n\r\nhello"),
        BAD(POST "Content-Length: 5, 5\r\n\r\nhello"),
        BAD(POST "Content-Length: 5\0\r\n\r\nhello"),
        BAD(POST "Content-Length: 18446744073709551616\r\n\r\nhello"),
        BAD(POST "Content-Length: 99999999999999999999\r\n\r\nhello"),
        BAD(POST "Content-Length: 99999999999999999999999999999999999999999999x\r\n\r\nhello"),
        BAD(POST "Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello"),
        BAD(POST "Content-Length: 5\r\nContent-Length: 0\r\n\r\nhello"),
        BAD(POST "Content-Length: 0\r\nContent-Length: 5\r\n\r\nhello"),
        BAD(POST "Content-Length: x\r\nContent-Length: 5\r\n\r\nhello"),
        BAD(POST "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"),
        BAD(POST "Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n"),
        BAD(POST "Transfer-Encoding: chunked\r\nContent-Length: x\r\n\r\n0\r\n\r\n"),
        BAD(HEAD "Content-Length: x\r\nConnection: keep-alive\r\n\r\n"),
        ROW("501 Not Implemented", POST "Transfer-Encoding: chunked, chunked\r\n\r\n0\r\n\r\n"),
        ROW("501 Not Implemented", POST "Transfer-Encoding: identity\r\n\r\nhello"),
    };

    expect_each(rows, KV_COUNT(rows));
}

Test(hostile_head, that_is_odd_but_clear)
{
    static const struct row rows[] = {
        GOOD("\r\n\r\n" HEAD "\r\n"),
        GOOD(HEAD "x:\r\n\r\n"),
        GOOD(HEAD "x:  \t a \t \r\n\r\n"),
        GOOD(HEAD "x: a\tb\xff\r\n\r\n"),
        GOOD(HEAD "Cookie: a=b; c; \"d\"; ; =\r\n\r\n"),
        GOOD(HEAD "Cookie:\r\n\r\n"),
        GOOD(HEAD "Content-Length: 0\r\n\r\n"),
        GOOD(HEAD "Content-Length: 5\r\n\r\nhello"),
    };

    expect_each(rows, KV_COUNT(rows));
}

/* `start`, `part` so many times, `end`. */
static void expect_many(const char *status, const char *start, const char *part, size_t number,
                        const char *end)
{
    char *text = malloc(HEAD_SIZE);
    size_t len = (size_t) snprintf(text, HEAD_SIZE, "%s", start);

    for (size_t i = 0; i < number; i++) {
        cr_assert_lt(len + strlen(part), HEAD_SIZE);
        len += (size_t) snprintf(text + len, HEAD_SIZE - len, "%s", part);
    }
    len += (size_t) snprintf(text + len, HEAD_SIZE - len, "%s", end);
    cr_assert_lt(len, HEAD_SIZE);
    for (char *nul = text; (nul = strchr(nul, '!')) != NULL;) {
        *nul = '\0'; /* which would end the text above */
        nul++;
    }
    expect_everywhere(&(struct row){ text, len, status });
    free(text);
}

#define TOO_LARGE "431 Request Header Fields Too Large"
#define TOO_LONG "414 URI Too Long"
#define WRONG "400 Bad Request"

Test(hostile_head, with_more_pairs_in_its_query_than_we_take)
{
    static const size_t numbers[] = { 64, 500, 2000, 10000 };

    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        expect_many(TOO_LONG, "GET /health?a", "&a", numbers[i], " HTTP/1.1\r\n" HOST "\r\n");
    }
}

Test(hostile_head, with_cookies_without_end)
{
    static const size_t numbers[] = { 300, 500, 1000, 2000, 4000 };

    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        expect_many(i == 0 ? NULL : TOO_LARGE, HEAD "Cookie: a", ";a", numbers[i], "\r\n\r\n");
    }
    expect_many(TOO_LARGE, HEAD "Cookie: ", "aaaaaaaa", 3000, "\r\n\r\n");
    expect_many(WRONG, POST "Content-Length: x\r\nCookie: a", ";a", 2000, "\r\n\r\nhello");
}

Test(hostile_head, with_arguments_without_end)
{
    static const size_t numbers[] = { 60, 500, 2000, 8000 };

    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        expect_many(WRONG, "GET /health!?a", "&a", numbers[i], " HTTP/1.1\r\n" HOST "\r\n");
        expect_many(WRONG, "GET /health!?", "a=b&", numbers[i], " HTTP/1.1\r\n" HOST "\r\n");
    }
    expect_many(TOO_LONG, "GET /health?a", "&a", 20000, " HTTP/1.1\r\n" HOST "\r\n");
}

Test(hostile_head, with_more_headers_than_we_take)
{
    static const size_t numbers[] = { 420, 500, 2000, 8000 };

    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        expect_many(TOO_LARGE, HEAD, "x: y\r\n", numbers[i], "\r\n");
    }
    expect_many(TOO_LARGE, HEAD "x: ", "yyyyyyyy", 6000, "\r\n\r\n");
}

/* Of the kinds that the library refuses by itself. */
static const struct row refused_by_the_library[] = {
    BAD(POST "Content-Length: x\r\n\r\n"),
    BAD(POST "Content-Length: 99999999999999999999\r\n\r\n"),
    BAD(HEAD "x\r\n\r\n"),
    BAD("GET /health\0?a&b HTTP/1.1\r\n" HOST "\r\n"),
};

static void say_in_pieces(struct raw *raw, const struct row *row)
{
    for (size_t i = 0; i < row->len; i++) {
        (void) raw_send(raw, row->bytes + i, 1); /* the first line may be enough to be refused */
    }
}

Test(hostile_head, that_comes_byte_by_byte)
{
    for (size_t i = 0; i < 2 * KV_COUNT(refused_by_the_library); i++) {
        const struct row *row = &refused_by_the_library[i / 2];
        bool tls = i % 2 == 1;
        char answer[4096];
        struct raw raw;

        cr_assert(raw_open(&raw, tls ? api_daemon()->port : api_daemon()->control_port, tls));
        say_in_pieces(&raw, row);
        raw_read(&raw, answer, sizeof(answer), NULL);
        cr_expect_eq(strncmp(answer, "HTTP/1.1 400 ", 13), 0, "%s -> %s", row->bytes, answer);
        cr_expect_eq(count(answer, "HTTP/1.1 "), 1, "%s -> %s", row->bytes, answer);
        raw_close(&raw);
    }
}

#define OTHERS 20

/* The answer is that connection's, and no other's. */
Test(hostile_head, is_refused_beside_others_that_are_not_complete)
{
    static const char begun[] = HEAD "x: ";
    struct raw others[2 * OTHERS];
    char answer[4096];

    for (size_t i = 0; i < KV_COUNT(others); i++) {
        bool tls = i >= OTHERS;

        cr_assert(raw_open(&others[i], tls ? api_daemon()->port : api_daemon()->control_port, tls));
        cr_assert(raw_send(&others[i], begun, strlen(begun)));
    }
    expect_each(refused_by_the_library, KV_COUNT(refused_by_the_library));
    for (size_t i = 0; i < KV_COUNT(others); i++) {
        cr_assert(raw_send(&others[i], "y\r\nConnection: close\r\n\r\n", 24));
        raw_read(&others[i], answer, sizeof(answer), NULL);
        cr_expect_eq(strncmp(answer, i < OTHERS ? "HTTP/1.1 200 " : "HTTP/1.1 401 ", 13), 0, "%s",
                     answer);
        cr_expect_eq(count(answer, "HTTP/1.1 "), 1, "%s", answer);
        raw_close(&others[i]);
    }
}
