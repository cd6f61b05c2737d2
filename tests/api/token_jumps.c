/* SPDX-License-Identifier: Apache-2.0 */
/* What a move of the virtual clock makes of tokens: nothing, unless it says so. */
#include "token_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/clock.h"

static struct daemon own;

static const char *const arguments[] = { "--vault", "dev", NULL };

static void start(void)
{
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(token_jumps, .init = start, .fini = stop, .timeout = 120);

#define EXPIRED "[TokenExpired] " INVALID
#define TOO_EARLY "[TokenNotYetValid] " INVALID

Test(token_jumps, leave_a_token_good_unless_they_are_told_to_age_it)
{
    static const char *const rows[] = {
        "{\"advance\":\"P90D\"}",   "{\"advance\":\"P10Y\",\"tokens\":\"keep\"}",
        "{\"advance\":\"-P40Y\"}",  "{\"frozen\":true}",
        "{\"set\":\"2001-01-01\"}", "{\"set\":\"9999-12-31\",\"frozen\":false}",
        "{\"reset\":true}",
    };
    API_CLIENT_OF(&own, dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        api_set_clock(&own, rows[i]);
        cr_expect(token_lets_in(&dev), "%s", rows[i]);
    }
}

Test(token_jumps, end_a_token_when_they_are_told_to_age_it)
{
    API_CLIENT_OF(&own, dev);

    api_set_clock(&own, "{\"advance\":86000,\"tokens\":\"age\"}");
    cr_expect(token_lets_in(&dev), "it lives for a day");
    api_set_clock(&own, "{\"advance\":400,\"tokens\":\"age\"}");
    cr_expect(token_is_refused(&dev, EXPIRED));
    token_give(&dev, client_fetch_token(&own, "https://vault.azure.net"));
    cr_expect(token_lets_in(&dev), "a new one is good");
    api_set_clock(&own, "{\"advance\":\"P90D\"}");
    cr_expect(token_lets_in(&dev), "and stays good");
}

Test(token_jumps, hold_a_token_back_when_they_age_it_backwards)
{
    API_CLIENT_OF(&own, dev);

    api_set_clock(&own, "{\"advance\":\"-PT1H\",\"tokens\":\"age\"}");
    cr_expect(token_is_refused(&dev, TOO_EARLY));
    api_set_clock(&own, "{\"advance\":\"PT1H\",\"tokens\":\"age\"}");
    cr_expect(token_lets_in(&dev));
}

/* As after a restart: a test that aged tokens to their end must not strand the clients of the next. */
Test(token_jumps, are_forgotten_by_a_reset)
{
    static const char *const rows[][2] = {
        { "/control/v1/clock", "{\"reset\":true}" },
        { "/control/v1/reset", "{}" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_CLIENT_OF(&own, dev);
        const struct request reset = {
            .method = "POST", .target = rows[i][0], .body = rows[i][1], .control = true
        };

        api_set_clock(&own, "{\"advance\":\"P2D\",\"tokens\":\"age\"}");
        cr_expect(token_is_refused(&dev, EXPIRED));

        __attribute__((cleanup(client_close))) struct client later;
        client_open(&later, &own, "dev");
        API_REPLY(reply, client_send(&dev, &reset));
        cr_assert(reply.status == 200 || reply.status == 204, "%s", reply.body);
        cr_expect(token_lets_in(&dev), "%s", rows[i][0]);
        cr_expect(token_lets_in(&later), "%s", rows[i][0]);
    }
}

/* The token's key is kept with the data; the clock starts anew. */
Test(token_jumps, do_not_outlive_a_restart_that_tokens_do)
{
    API_CLIENT_OF(&own, dev);
    char *before = strdup(dev.token);

    api_set_clock(&own, "{\"advance\":\"P90D\",\"tokens\":\"age\"}");
    char *aged = client_fetch_token(&own, "https://vault.azure.net");

    cr_assert(daemon_stop(&own));
    cr_assert(daemon_start(&own, arguments));

    __attribute__((cleanup(client_close))) struct client again;
    client_open(&again, &own, "dev");
    token_give(&again, before);
    cr_expect(token_lets_in(&again), "one of before the jump");
    token_give(&again, aged);
    cr_expect(token_lets_in(&again), "one of after it");
    api_set_clock(&own, "{\"advance\":\"P2D\",\"tokens\":\"age\"}");
    cr_expect(token_is_refused(&again, EXPIRED), "and it ages from here");
}

/* By which clients keep it. */
Test(token_jumps, do_not_show_in_what_clients_are_told)
{
    static const char *const orders[] = { "{\"advance\":\"P90D\"}", "{\"advance\":\"-P90D\"}",
                                          "{\"advance\":\"P90D\",\"tokens\":\"age\"}" };
    API_CLIENT_OF(&own, dev);
    const struct request request = {
        .method = "GET",
        .target = "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net",
        .headers = { "X-IDENTITY-HEADER: any" },
        .control = true,
    };

    for (size_t i = 0; i < KV_COUNT(orders); i++) {
        long before = (long) kv_seconds(kv_clock_real());

        api_set_clock(&own, orders[i]);
        API_REPLY(reply, client_send(&dev, &request));
        long expires = strtol(reply_text(&reply, "expires_on"), NULL, 10);
        cr_expect_str_eq(reply_text(&reply, "expires_in"), "86400");
        cr_expect_geq(expires, before + 86400, "%s", reply.body);
        cr_expect_leq(expires, (long) kv_seconds(kv_clock_real()) + 86400, "%s", reply.body);
    }
}
