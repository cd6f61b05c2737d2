/* SPDX-License-Identifier: Apache-2.0 */
/* Faults of where tokens come from: the authority's refusals by their numbers and by who logs in, and
 * tokens that are no good, which the vault finds out. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority_tools.h"
#include "fault_tools.h"

TestSuite(fault_login, .timeout = 120);

#define SPARE "51111111-1111-4111-8111-111111111111" /* API_ARGUMENTS */
/* Of nobody who is registered, each of one test. */
#define ONE "61111111-1111-4111-8111-111111111111"
#define TWO "71111111-1111-4111-8111-111111111111"
#define THREE "81111111-1111-4111-8111-111111111111"
#define LOGIN(app)                                                                                 \
    GRANT "&client_id=" app "&client_secret=s3cret&scope=https%3A%2F%2Fvault.azure.net%2F.default"
#define IMDS                                                                                       \
    "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net"

static struct reply log_in(struct client *client, const char *form)
{
    return authority_post(client, TENANT, form);
}

static struct reply ask_imds(struct client *client, const char *who)
{
    char target[256];

    (void) snprintf(target, sizeof(target), IMDS "&client_id=%s", who);
    return client_send(client, &(struct request){ .method = "GET",
                                                  .target = target,
                                                  .headers = { "Metadata: true" },
                                                  .without_token = true,
                                                  .control = true });
}

static const struct row {
    unsigned number;
} rows[] = {
#define X(number_, ...) { .number = number_ },
#include "kv/faults/login.def"
#undef X
};

/* Each that rules can name leaves as the authority's own, with its number in three places. */
Test(fault_login, is_refused_by_every_number)
{
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char rest[256], begin[64], uri[128];
        (void) snprintf(rest, sizeof(rest),
                        "\"match\":{\"session\":\"none\"},\"effect\":{\"error\":\"AADSTS%u\"}",
                        rows[i].number);
        fault_add("other", rest);
        (void) snprintf(rest, sizeof(rest),
                        "\"match\":{\"principal\":\"" ONE "\"},\"effect\":{\"error\":\"AADSTS%u\"}",
                        rows[i].number);
        fault_add("number", rest);
        API_REPLY(reply, log_in(&dev, LOGIN(ONE)));
        (void) snprintf(begin, sizeof(begin), "AADSTS%u: ", rows[i].number);
        (void) snprintf(uri, sizeof(uri), "https://login.microsoftonline.com/error?code=%u",
                        rows[i].number);
        cr_expect_geq(reply.status, 400, "%s%ld %s", begin, reply.status, reply.body);
        cr_expect_eq(strncmp(reply_text(&reply, "error_description"), begin, strlen(begin)), 0,
                     "%s", reply.body);
        cr_expect_eq((unsigned) reply_number(&reply, "error_codes.0"), rows[i].number, "%s",
                     reply.body);
        cr_expect_str_eq(reply_text(&reply, "error_uri"), uri);
        cr_expect_null(strstr(reply.body, "%s"), "%s", reply.body);
        cr_expect_eq(fault_count("number", "hits"), 1);
        cr_expect_eq(fault_count("other", "hits"), 0, "of another session");
        fault_remove("number");
        fault_remove("other");
    }
}

/* What the forced one repeats is what the request says: to the byte as the real one. */
static void expect_worded(struct client *dev)
{
    API_REPLY(real, log_in(dev, GRANT "&client_id=" SPARE "&client_secret=wrong&scope=x%3A%2F%2Fy"
                                      "%2F.default"));
    const char *description = reply_text(&real, "error_description");

    cr_assert_eq(strncmp(description, "AADSTS7000215: ", 15), 0, "%s", real.body);
    size_t len = (size_t) (strstr(description, " Trace ID:") - description);
    fault_add("words", "\"match\":{\"operation\":\"authorityToken\",\"principal\":\"" SPARE "\"},"
                       "\"effect\":{\"error\":\"AADSTS7000215\"}");
    API_REPLY(forced, log_in(dev, LOGIN(SPARE)));
    cr_expect_eq(forced.status, real.status);
    cr_expect_str_eq(reply_text(&forced, "error"), reply_text(&real, "error"));
    cr_expect_eq(strncmp(reply_text(&forced, "error_description"), description, len), 0, "%s\n%s",
                 forced.body, real.body);
    fault_remove("words");
}

/* By client id and by name; nobody else is touched. */
Test(fault_login, concerns_one_caller_alone)
{
    static const char *const names[] = { SPARE, "spare" };
    API_CLIENT(dev);

    expect_worded(&dev);
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        char rest[256];
        (void) snprintf(rest, sizeof(rest),
                        "\"match\":{\"principal\":\"%s\"},\"effect\":{\"error\":\"AADSTS7000222\"}",
                        names[i]);
        fault_add("caller", rest);
        API_REPLY(hit, log_in(&dev, LOGIN(SPARE)));
        cr_expect_eq(hit.status, 401, "%s: %ld %s", names[i], hit.status, hit.body);
        API_REPLY(free, log_in(&dev, LOGIN(TWO)));
        cr_expect_eq(free.status, 200, "%s: %ld %s", names[i], free.status, free.body);
        fault_remove("caller");
        API_REPLY(healed, log_in(&dev, LOGIN(SPARE)));
        cr_expect_eq(healed.status, 200, "%s: %ld %s", names[i], healed.status, healed.body);
    }
}

/* The answer looks like any other, and the vault says what is wrong with the token in it. */
static const struct bad {
    const char *result, *says;
} bad[] = {
    { "expired_token", "[TokenExpired]" },
    { "foreign_token", "AKV10032" },
    { "wrong_audience", "AKV10022" },
};

static void expect_useless(struct client *client, const struct reply *reply, const struct bad *row)
{
    authority_take_token(client, reply);
    API_REPLY(refused, client_call(client, "GET", "/keys/nothing-here", NULL));
    cr_expect_eq(refused.status, 401, "%s: %ld %s", row->result, refused.status, refused.body);
    cr_expect_not_null(strstr(refused.body, row->says), "%s: %s", row->result, refused.body);
}

Test(fault_login, gives_tokens_that_are_no_good)
{
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(bad); i++) {
        char rest[256];
        (void) snprintf(rest, sizeof(rest),
                        "\"match\":{\"principal\":[\"useless\",\"" THREE "\"]},"
                        "\"effect\":{\"result\":\"%s\"}",
                        bad[i].result);
        fault_add("useless", rest);
        API_REPLY(managed, ask_imds(&dev, "useless"));
        cr_expect_geq(strtol(reply_text(&managed, "expires_in"), NULL, 10), 3000, "%s",
                      managed.body);
        expect_useless(&dev, &managed, &bad[i]);
        API_REPLY(application, log_in(&dev, LOGIN(THREE)));
        expect_useless(&dev, &application, &bad[i]);
        API_REPLY(other, ask_imds(&dev, "useful"));
        authority_take_token(&dev, &other);
        authority_expect_let_in(&dev);
        fault_remove("useless");
        API_REPLY(healed, ask_imds(&dev, "useless"));
        authority_take_token(&dev, &healed);
        authority_expect_let_in(&dev);
    }
}

/* The statuses that clients of IMDS know, in the words that they read, for one identity alone. */
Test(fault_login, fails_as_imds_does)
{
    static const struct {
        long status;
        const char *error;
    } statuses[] = {
        { 400, "invalid_request" },   { 404, "not_found" },    { 410, "gone" },
        { 429, "too_many_requests" }, { 500, "server_error" }, { 503, "temporarily_unavailable" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(statuses); i++) {
        char rest[256];
        (void) snprintf(rest, sizeof(rest),
                        "\"match\":{\"operation\":\"imdsToken\",\"principal\":\"poor\"},"
                        "\"effect\":{\"status\":%ld,\"retry_after\":7}",
                        statuses[i].status);
        fault_add("imds", rest);
        API_REPLY(hit, ask_imds(&dev, "poor"));
        cr_expect_eq(hit.status, statuses[i].status, "%ld %s", hit.status, hit.body);
        cr_expect_str_eq(reply_text(&hit, "error"), statuses[i].error, "%s", hit.body);
        cr_expect_str_neq(reply_text(&hit, "error_description"), "", "%s", hit.body);
        cr_expect_str_eq(reply_header(&hit, "Retry-After"), "7");
        API_REPLY(free, ask_imds(&dev, "rich"));
        cr_expect_eq(free.status, 200, "%ld %s", free.status, free.body);
        fault_remove("imds");
    }
}

Test(fault_login, refuses_what_could_never_act)
{
    static const char *const rules[] = {
        "{\"effect\":{\"error\":\"AADSTS1\"}}",
        "{\"effect\":{\"error\":\"AADSTS900144\"}}",
        "{\"stage\":\"arrival\",\"effect\":{\"error\":\"AADSTS700016\"}}",
        "{\"match\":{\"vault\":\"dev\"},\"effect\":{\"error\":\"AADSTS700016\"}}",
        "{\"match\":{\"key\":\"a\"},\"effect\":{\"error\":\"AADSTS700016\"}}",
        "{\"match\":{\"operation\":\"imdsToken\"},\"effect\":{\"error\":\"AADSTS700016\"}}",
        "{\"match\":{\"operation\":\"getKey\"},\"effect\":{\"result\":\"expired_token\"}}",
        "{\"match\":{\"vault\":\"dev\"},\"effect\":{\"result\":\"foreign_token\"}}",
        "{\"match\":{\"operation\":\"authorityKeys\"},\"effect\":{\"result\":\"wrong_audience\"}}",
        "{\"effect\":{\"result\":\"expired_token\",\"status\":400}}",
    };

    for (size_t i = 0; i < KV_COUNT(rules); i++) {
        API_REPLY(reply, fault_ask("POST", "", rules[i]));
        cr_expect_eq(reply.status, 400, "%s: %ld %s", rules[i], reply.status, reply.body);
    }
}
