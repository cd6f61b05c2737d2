/* SPDX-License-Identifier: Apache-2.0 */
#include "listener_seen.h"

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include <criterion/criterion.h>

struct test_site site;
char seen[8 * 1024 * 1024];
size_t seen_len;

void start_steps(bool secure)
{
    struct kv_lanes_config lanes;
    struct kv_listener_config config;

    test_site_configure(&lanes, &config);
    config.sites = test_steps_sites;
    config.idle_timeout = 3600000; /* what ends a connection is its step */
    test_site_start_as(&site, secure, &lanes, &config);
}

const char *seen_header(const char *name)
{
    static char value[256];
    char start[64];

    (void) snprintf(start, sizeof(start), "\r\n%s: ", name);
    const char *found = strcasestr(seen, start);
    const char *body = strstr(seen, "\r\n\r\n");
    if (found == NULL || body == NULL || found > body) {
        return "none";
    }
    found += strlen(start);
    (void) snprintf(value, sizeof(value), "%.*s", (int) strcspn(found, "\r"), found);
    return value;
}

const char *seen_body(void)
{
    const char *found = strstr(seen, "\r\n\r\n");

    return found != NULL ? found + 4 : "none";
}

static bool has_whole_answer(void)
{
    return strstr(seen, "\r\n\r\n") != NULL && strcmp(seen_header("Content-Length"), "none") != 0
           && strlen(seen_body()) >= strtoul(seen_header("Content-Length"), NULL, 10);
}

static enum ending end_of_tls(const struct raw *raw, int got)
{
    int error = SSL_get_error(raw->ssl, got);

    return error == SSL_ERROR_ZERO_RETURN ? ENDED : RESET;
}

/* Reads to the end, or until there is a whole answer and silence behind it. */
static enum ending read_all(struct raw *raw)
{
    struct pollfd more = { .fd = raw->descriptor, .events = POLLIN };

    seen_len = 0;
    seen[0] = '\0';
    while (seen_len + 1 < sizeof(seen)) {
        bool is_quiet = has_whole_answer() && poll(&more, 1, 60) == 0;
        if (is_quiet) {
            return OPEN;
        }
        ssize_t got = raw->ssl != NULL
                          ? SSL_read(raw->ssl, seen + seen_len, (int) (sizeof(seen) - 1 - seen_len))
                          : recv(raw->descriptor, seen + seen_len, sizeof(seen) - 1 - seen_len, 0);
        if (got <= 0 && raw->ssl != NULL) {
            return end_of_tls(raw, (int) got);
        }
        if (got <= 0) {
            return got == 0 ? ENDED : errno == ECONNRESET ? RESET : BROKEN;
        }
        seen_len += (size_t) got;
        seen[seen_len] = '\0';
    }
    return BROKEN;
}

enum ending ask(struct raw *raw, const char *request)
{
    cr_assert(raw_send(raw, request, strlen(request)));
    return read_all(raw);
}

enum ending ask_once(bool secure, const char *request)
{
    struct raw raw;

    cr_assert(raw_open(&raw, site.port, secure));
    enum ending ending = ask(&raw, request);
    raw_close(&raw);
    return ending;
}

static void expect_row(bool secure, const struct row *row)
{
    int handled = site.app.handled, unanswered = site.app.unanswered;
    enum ending ending = ask_once(secure, row->request);
    const char *where = secure ? "TLS" : "plain";

    cr_expect_eq(ending, row->ending, "%s, %s: %d, %s", where, row->request, ending, seen);
    if (row->status == 0) {
        cr_expect_null(strstr(seen, "HTTP"), "%s, %s: %s", where, row->request, seen);
    } else {
        cr_expect_eq(strtol(seen + strlen("HTTP/1.1 "), NULL, 10), row->status, "%s, %s: %s", where,
                     row->request, seen);
    }
    if (row->length != NULL) {
        cr_expect_str_eq(seen_header("Content-Length"), row->length, "%s, %s: %s", where,
                         row->request, seen);
        cr_expect_str_eq(seen_header("x-finished"), "yes", "%s, %s: %s", where, row->request, seen);
    }
    cr_expect_str_eq(seen_body(), row->body != NULL ? row->body : "none", "%s, %s: %s", where,
                     row->request, seen);
    cr_expect_eq(site.app.handled - handled, row->handled, "%s, %s", where, row->request);
    bool is_unanswered = row->status == 0 && row->handled == 0;
    cr_expect_eq(site.app.unanswered - unanswered, is_unanswered, "%s, %s", where, row->request);
}

void expect_rows(const struct row *rows, size_t count)
{
    for (int secure = 0; secure <= 1; secure++) {
        start_steps(secure);
        for (size_t i = 0; i < count; i++) {
            expect_row(secure, &rows[i]);
        }
        test_site_stop(&site);
    }
}
