/* SPDX-License-Identifier: Apache-2.0 */
/* Whose session tickets a key opens, and until when. */
#include <criterion/criterion.h>

#include <string.h>

#include "tickets.h"

#define NOW 1000

static struct kv_tickets tickets;

static void setup(void)
{
    kv_tickets_init(&tickets);
}

static void teardown(void)
{
    kv_tickets_done(&tickets);
}

TestSuite(tickets, .init = setup, .fini = teardown, .timeout = 20);

/* Whether the key of one name at one time is that of another name at another. */
static bool are_alike(const char *server, kv_millis now, const char *other, kv_millis then)
{
    struct kv_ticket_key a, b;

    cr_assert(kv_tickets_find(&tickets, server, now, &a));
    cr_assert(kv_tickets_find(&tickets, other, then, &b));
    return a.len == b.len && memcmp(a.bytes, b.bytes, a.len) == 0;
}

Test(tickets, of_one_server_are_not_taken_by_another)
{
    cr_expect_not(are_alike("a.localhost", NOW, "b.localhost", NOW));
    cr_expect_not(are_alike("a.localhost", NOW, "", NOW));
    cr_expect_not(are_alike("a", NOW, "ab", NOW));
}

Test(tickets, are_not_taken_after_their_key_has_ended)
{
    cr_expect_not(are_alike("a", NOW, "a", NOW + KV_TICKETS_LIFE));
    cr_expect_not(are_alike("a", NOW + KV_TICKETS_LIFE, "a", NOW + 2 * KV_TICKETS_LIFE));
}

Test(tickets, of_another_process_are_not_taken)
{
    struct kv_ticket_key before;

    cr_assert(kv_tickets_find(&tickets, "a", NOW, &before));
    teardown();
    setup();
    struct kv_ticket_key after;
    cr_assert(kv_tickets_find(&tickets, "a", NOW, &after));
    cr_expect_neq(memcmp(before.bytes, after.bytes, before.len), 0);
}

Test(tickets, have_keys_that_gnutls_takes)
{
    struct kv_ticket_key key;
    gnutls_session_t session;

    cr_assert(kv_tickets_find(&tickets, "a", NOW, &key));
    cr_assert_eq(gnutls_init(&session, GNUTLS_SERVER), GNUTLS_E_SUCCESS);
    const gnutls_datum_t wrong = { .data = key.bytes, .size = key.len - 1 };
    cr_expect_neq(gnutls_session_ticket_enable_server(session, &wrong), GNUTLS_E_SUCCESS);
    const gnutls_datum_t right = { .data = key.bytes, .size = key.len };
    cr_expect_eq(gnutls_session_ticket_enable_server(session, &right), GNUTLS_E_SUCCESS);
    gnutls_deinit(session);
}

Test(tickets, of_a_server_are_taken_by_it_until_then)
{
    cr_expect(are_alike("a.localhost", NOW, "a.localhost", NOW + KV_TICKETS_LIFE - 1));
    cr_expect(are_alike("A.LocalHost", NOW, "a.localhost", NOW), "RFC 6066 §3");
}
