/* SPDX-License-Identifier: Apache-2.0 */
#include "listener_held.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

struct test_site site;
struct kv_lanes_config lanes;
struct kv_listener_config config;
char seen[4096];

void setup_waits(void)
{
    test_site_configure(&lanes, &config);
    config.sites = test_steps_sites;
    config.wait_max = HOUR;
}

void start_waits(bool secure)
{
    test_site_start_as(&site, secure, &lanes, &config);
}

void send_request(struct raw *raw, bool secure, const char *request)
{
    cr_assert(raw_open(raw, site.port, secure));
    cr_assert(raw_send(raw, request, strlen(request)));
}

void await_waiting(size_t count)
{
    for (int i = 0; i < 6000 && kv_listener_waiting(site.listener) != count; i++) {
        usleep(5000);
    }
    cr_assert_eq(kv_listener_waiting(site.listener), count, "%zu wait",
                 kv_listener_waiting(site.listener));
}

void await_pending(size_t count)
{
    for (int i = 0; i < 6000 && kv_listener_pending(site.listener) != count; i++) {
        usleep(5000);
    }
    cr_assert_eq(kv_listener_pending(site.listener), count);
}

static const char *body(void)
{
    const char *found = strstr(seen, "\r\n\r\n");

    return found != NULL ? found + 4 : "none";
}

/* Reads to the end of the answer's text, or of the connection. */
void expect_text(struct raw *raw, const char *text)
{
    (void) raw_read(raw, seen, sizeof(seen), text);
    cr_expect_str_eq(body(), text, "%s", seen);
}

void expect_nothing(struct raw *raw)
{
    cr_expect_eq(raw_read(raw, seen, sizeof(seen), NULL), 0, "%s", seen);
}

/* Tickets to resume a session come unasked (RFC 8446 §4.6.1), and say nothing. */
static bool is_word(const struct raw *raw)
{
    int flags = fcntl(raw->descriptor, F_GETFL);
    char byte;

    if (raw->ssl == NULL) {
        return true;
    }
    (void) fcntl(raw->descriptor, F_SETFL, flags | O_NONBLOCK);

    int got = SSL_peek(raw->ssl, &byte, 1);
    bool is_ticket = got <= 0 && SSL_get_error(raw->ssl, got) == SSL_ERROR_WANT_READ;

    (void) fcntl(raw->descriptor, F_SETFL, flags);
    return !is_ticket;
}

bool is_silent(const struct raw *raw, int millis)
{
    struct pollfd poll_fd = { .fd = raw->descriptor, .events = POLLIN };
    kv_millis until = kv_clock_monotonic() + millis;

    for (kv_millis left = millis; left > 0; left = until - kv_clock_monotonic()) {
        if (poll(&poll_fd, 1, (int) left) != 0 && is_word(raw)) {
            return false;
        }
    }
    return true;
}

void *drain(void *unused)
{
    kv_millis began = kv_clock_monotonic();

    (void) unused;
    cr_expect(kv_listener_drain(site.listener, HOUR));
    cr_expect_lt(kv_clock_monotonic() - began, 30000);
    return NULL;
}
