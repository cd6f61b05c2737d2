/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Tokens of identities that were disabled, deleted, made anew or revoked: good until they expire, but
 * for clients that answer claims challenges; or refused at once (--revocation immediate).
 */
#include "token_tools.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/base64.h"
#include "kv/base/clock.h"

#define REVOKED "[TokenRevoked] " INVALID
#define CP1 ",\"xms_cc\":[\"CP1\"]"
#define VAULTS "https://vault.azure.net"

static struct daemon own;

static void start(const char *mode)
{
    const char *const arguments[] = { "--vault",      "dev", "--vault", "pool,kind=hsm",
                                      "--revocation", mode,  NULL };

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(token_standing, .timeout = 120);

static void ask(const char *method, const char *behind, const char *body)
{
    char target[128];
    API_CLIENT_OF(&own, dev);
    const struct request request = {
        .method = method, .target = target, .body = body, .control = true
    };

    snprintf(target, sizeof(target), "/control/v1/identities/app%s", behind);
    API_REPLY(reply, client_send(&dev, &request));
    cr_assert_eq(reply.status / 100, 2, "%s %s: %ld %s", method, target, reply.status, reply.body);
}

/* A token of the identity, issued now to the millisecond. */
static void give(struct client *client, const char *audience, const char *more)
{
    char payload[2048], members[256];

    snprintf(members, sizeof(members), "%s,\"aio\":\"%" PRId64 ".0.0\"", more, kv_clock_real());
    token_write(ISSUER, audience, 0, 3600, members, payload);
    token_give(client, token_sign(&own, payload));
}

/* What can become of an identity. */
static const struct {
    const char *method, *behind, *body;
} fates[] = {
    { "POST", "/disable", "{}" },
    { "POST", "/revoke", "{}" },
    { "DELETE", "", NULL },
    { "POST", "/recreate", "{}" },
};

/* The challenge with its claims, whose base64 has no padding: some parsers would stumble over it. */
static void expect_claims(struct client *client, int64_t after)
{
    static const char head[] = "Bearer authorization=\"https://login.microsoftonline.com/" TENANT
                               "\", resource=\"https://";
    API_REPLY(reply, client_call(client, "GET", "/keys/nothing-here", NULL));
    const char *challenge = reply_header(&reply, "WWW-Authenticate");
    const char *claims =
        challenge != NULL ? strstr(challenge, ", error=\"insufficient_claims\", claims=\"") : NULL;
    char json[256];
    size_t len;
    int64_t nbf = 0;

    cr_assert_eq(reply.status, 401, "%ld %s", reply.status, reply.body);
    cr_assert_eq(strncmp(reply_text(&reply, "error.message"), REVOKED, strlen(REVOKED)), 0, "%s",
                 reply.body);
    cr_assert_not_null(claims, "%s", challenge);
    cr_assert_eq(strncmp(challenge, head, strlen(head)), 0, "%s", challenge);
    claims = strstr(claims, "claims=\"") + strlen("claims=\"");
    cr_assert_eq(strcspn(claims, "=\""), strlen(claims) - 1, "%s", challenge);
    cr_assert(kv_base64_decode(claims, strlen(claims) - 1, json, &len));
    json[len] = '\0';
    cr_assert_eq(
        sscanf(json, "{\"access_token\":{\"nbf\":{\"essential\":true,\"value\":\"%" SCNd64 "\"}}}",
               &nbf),
        1, "%s", json);
    cr_expect_geq(nbf, after / 1000);
    cr_expect_leq(nbf, kv_seconds(kv_clock_real()));
}

struct callers {
    struct client vault, hsm, plain; /* the first two announced cp1 */
    int64_t before;                  /* their tokens were issued */
};

/* An identity of its own for each fate: a deleted one does not get its ids back. */
static void strike(size_t fate, struct callers *callers)
{
    client_open(&callers->vault, &own, "dev");
    client_open(&callers->plain, &own, "dev");
    client_open_hsm(&callers->hsm, &own, "pool");
    ask("PUT", "", "{\"object_id\":\"" OBJECT "\"}");
    callers->before = kv_clock_real();
    give(&callers->vault, VAULTS, CP1);
    give(&callers->plain, VAULTS, "");
    give(&callers->hsm, "https://managedhsm.azure.net", ",\"xms_cc\":\"cp1\"");
    cr_expect(token_lets_in(&callers->vault));
    cr_expect(token_lets_in(&callers->plain));
    cr_expect(token_lets_in(&callers->hsm));
    ask(fates[fate].method, fates[fate].behind, fates[fate].body);
}

static void callers_done(struct callers *callers)
{
    client_close(&callers->vault);
    client_close(&callers->plain);
    client_close(&callers->hsm);
}

Test(token_standing, lets_a_token_live_on_unless_its_client_answers_challenges)
{
    for (size_t i = 0; i < KV_COUNT(fates); i++) {
        __attribute__((cleanup(callers_done))) struct callers callers;

        start("expiry");
        strike(i, &callers);
        cr_expect(token_lets_in(&callers.plain), "%s", fates[i].behind);
        expect_claims(&callers.vault, callers.before);
        expect_claims(&callers.hsm, callers.before);
        stop();
    }
}

Test(token_standing, ends_a_token_at_once_when_told_to)
{
    for (size_t i = 0; i < KV_COUNT(fates); i++) {
        __attribute__((cleanup(callers_done))) struct callers callers;

        start("immediate");
        strike(i, &callers);
        cr_expect(token_is_refused(&callers.plain, REVOKED), "%s", fates[i].behind);
        expect_claims(&callers.vault, callers.before);
        expect_claims(&callers.hsm, callers.before);
        stop();
    }
}

/* The cure that the challenge names; and an identity that is enabled again has its token back. */
Test(token_standing, takes_a_token_of_after_the_revocation)
{
    __attribute__((cleanup(callers_done))) struct callers callers;

    start("immediate");
    strike(1, &callers);
    give(&callers.vault, VAULTS, CP1);
    cr_expect(token_lets_in(&callers.vault));
    cr_expect(token_is_refused(&callers.plain, REVOKED), "the one of before");
    give(&callers.plain, VAULTS, "");
    ask("POST", "/disable", "{}");
    cr_expect(token_is_refused(&callers.plain, REVOKED));
    ask("POST", "/enable", "{}");
    cr_expect(token_lets_in(&callers.plain));
    stop();
}

/* Where the virtual clock stands makes no difference, now or after a restart. */
Test(token_standing, revokes_by_the_real_clock)
{
    __attribute__((cleanup(callers_done))) struct callers callers;

    start("immediate");
    api_set_clock(&own, "{\"advance\":\"P90D\"}");
    strike(1, &callers);
    cr_expect(token_is_refused(&callers.plain, REVOKED));
    give(&callers.plain, VAULTS, "");
    cr_expect(token_lets_in(&callers.plain));
    stop();
}

/* One that nobody registered has nothing to lose. */
Test(token_standing, does_not_mind_who_is_not_registered)
{
    start("immediate");
    API_CLIENT_OF(&own, dev);
    cr_expect(token_lets_in(&dev));
    give(&dev, VAULTS, CP1);
    cr_expect(token_lets_in(&dev));
    stop();
}
