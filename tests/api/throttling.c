/* SPDX-License-Identifier: Apache-2.0 */
/* The service's limits behind --throttling service: contract §9.6, §13. Each test has a daemon of
 * its own whose clock stands still, so that no machine is too slow for it. */
#include "../support/api.h"

#include <string.h>

static struct daemon own;

#define REFUSAL                                                                                    \
    "Request was not processed because too many requests were received. Reason: "                  \
    "VaultRequestTypeLimitReached"

/* What costs 400 and 200 of the 4000 that a vault has, and makes no key. */
#define NEW_HSM_KEY "{\"kty\":\"RSA-HSM\",\"key_size\":1}"
#define NEW_KEY "{\"kty\":\"RSA\",\"key_size\":1}"

static void start_frozen(const char *const *arguments)
{
    cr_assert(daemon_start(&own, arguments));
    api_set_clock(&own, "{\"frozen\":true}");
}

static void start(void)
{
    static const char *const arguments[] = {
        "--throttling", "service", "--vault",       "dev", "--vault",
        "other",        "--vault", "pool,kind=hsm", NULL,
    };

    daemon_prepare(&own);
    start_frozen(arguments);
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(throttling, .init = start, .fini = stop, .timeout = 180);

/* Sends it so often and expects that status each time. */
static void expect_each(struct client *client, unsigned times, const char *method, const char *path,
                        const char *body, long status)
{
    for (unsigned i = 0; i < times; i++) {
        API_REPLY(reply, client_call(client, method, path, body));

        cr_assert_eq(reply.status, status, "%s %s, %u of %u: %ld %s", method, path, i, times,
                     reply.status, reply.body);
    }
}

static void use_up(struct client *client)
{
    expect_each(client, 10, "POST", "/keys/none/create", NEW_HSM_KEY, 400);
}

Test(throttling, THROTTLED)
{
    API_CLIENT_OF(&own, dev);

    use_up(&dev);
    API_REPLY(create, client_call(&dev, "POST", "/keys/none/create", NEW_HSM_KEY));
    cr_expect(reply_is_error(&create, 429, "Throttled", NULL, REFUSAL));
    cr_expect_eq(create.len, 146); /* as recorded */
    API_REPLY(list, client_call(&dev, "GET", "/keys", NULL));
    cr_expect(reply_is_error(&list, 429, "Throttled", NULL, REFUSAL));
}

Test(throttling, headers_are_those_of_the_recorded_answer)
{
    static const char *const recorded[] = {
        "Cache-Control",
        "Pragma",
        "x-ms-keyvault-region",
        "x-ms-client-request-id",
        "x-ms-request-id",
        "x-ms-keyvault-service-version",
        "x-ms-keyvault-network-info",
        "X-Content-Type-Options",
        "Strict-Transport-Security",
        "Date",
        "Content-Length",
        "Content-Type",
        "Expires",
    };
    const struct request request = {
        .method = "GET",
        .target = "/keys?api-version=7.6",
        .headers = { "x-ms-client-request-id: 11111111-2222-3333-4444-555555555555" },
    };
    API_CLIENT_OF(&own, dev);
    size_t lines = 0;

    use_up(&dev);
    API_REPLY(reply, client_send(&dev, &request));
    cr_assert_eq(reply.status, 429, "%s", reply.body);
    for (size_t i = 0; i < KV_COUNT(recorded); i++) {
        cr_expect_not_null(reply_header(&reply, recorded[i]), "%s", recorded[i]);
    }
    cr_expect_null(reply_header(&reply, "Retry-After"));
    for (const char *at = reply.headers; (at = strstr(at, "\r\n")) != NULL; at += 2) {
        lines++;
    }
    cr_expect_eq(lines, KV_COUNT(recorded) + 2, "status line, headers, empty line: %s",
                 reply.headers);
}

Test(throttling, ends_after_ten_seconds_of_virtual_time)
{
    API_CLIENT_OF(&own, dev);

    use_up(&dev);
    api_advance(&own, 9);
    expect_each(&dev, 1, "GET", "/keys", NULL, 429);
    api_advance(&own, 1);
    expect_each(&dev, 1, "GET", "/keys", NULL, 200);
}

Test(throttling, weighs_a_request_by_the_key_it_names)
{
    API_CLIENT_OF(&own, dev);

    expect_each(&dev, 1, "POST", "/keys/hard/create", "{\"kty\":\"RSA-HSM\"}", 200); /* 400 */
    expect_each(&dev, 8, "POST", "/keys/none/create", NEW_HSM_KEY, 400);             /* 3600 */
    expect_each(&dev, 1, "POST", "/keys/none/create", NEW_KEY, 400);                 /* 3800 */
    expect_each(&dev, 99, "GET", "/keys/hard", NULL, 200);                           /* 3998 */
    expect_each(&dev, 1, "GET", "/keys/nobody", NULL, 404);                          /* 3999 */
    expect_each(&dev, 1, "GET", "/keys/hard", NULL, 429);
    expect_each(&dev, 1, "GET", "/keys", NULL, 200); /* 4000 */
    expect_each(&dev, 1, "GET", "/keys", NULL, 429);
}

/* create and import alone, and by the type they name; what they then lack is refused with 400 */
Test(throttling, counts_imports_as_creations)
{
    static const struct {
        const char *method, *path, *body;
        unsigned limit;
    } rows[] = {
        { "PUT", "/keys/none", "{\"key\":{\"kty\":\"RSA\"}}", 20 },
        { "PUT", "/keys/none", "{\"key\":{\"kty\":\"EC\"},\"Hsm\":false}", 20 },
        { "PUT", "/keys/none", "{\"key\":{\"kty\":\"EC\"},\"Hsm\":true}", 10 },
        { "PUT", "/keys/none", "{\"Hsm\":true,\"key\":{\"kty\":\"RSA-HSM\"}}", 10 },
        { "POST", "/keys/none/create", "{\"kty\":\"EC-HSM\",\"crv\":\"none\"}", 10 },
        { "POST", "/keys/none/create", "{\"kty\":\"EC\",\"crv\":\"none\"}", 20 },
    };
    API_CLIENT_OF(&own, dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_each(&dev, rows[i].limit, rows[i].method, rows[i].path, rows[i].body, 400);
        expect_each(&dev, 1, rows[i].method, rows[i].path, rows[i].body, 429);
        api_advance(&own, 10);
    }
}

Test(throttling, lets_a_request_that_names_no_key_type_be_refused_for_that)
{
    API_CLIENT_OF(&own, dev);

    expect_each(&dev, 11, "POST", "/keys/none/create", "{\"kty\":7}", 400);
    expect_each(&dev, 11, "POST", "/keys/none/create", "nonsense", 400);
    expect_each(&dev, 11, "POST", "/keys/none/create", NULL, 400);
}

Test(throttling, comes_after_challenge_and_version)
{
    const struct request unknown = { .method = "GET", .target = "/keys?api-version=foo" };
    const struct request stranger = {
        .method = "GET",
        .target = "/keys?api-version=7.6",
        .without_token = true,
    };
    API_CLIENT_OF(&own, dev);

    use_up(&dev);
    API_REPLY(challenge, client_send(&dev, &stranger));
    cr_expect_eq(challenge.status, 401, "%s", challenge.body);
    API_REPLY(refused, client_send(&dev, &unknown));
    cr_expect_eq(refused.status, 400, "%s", refused.body);
}

Test(throttling, of_one_vault_leaves_the_others_alone)
{
    API_CLIENT_OF(&own, dev);
    API_CLIENT_OF(&own, other);

    use_up(&dev);
    expect_each(&other, 1, "GET", "/keys", NULL, 200);
}

/* contract §13: five times the limit of a vault for all of them, the subscription's */
Test(throttling, of_the_subscription_stops_a_vault_that_was_idle)
{
    static const char *const arguments[] = {
        "--throttling", "service", "--vault", "dev",   "--vault", "other", "--vault", "third",
        "--vault",      "fourth",  "--vault", "fifth", "--vault", "sixth", NULL,
    };

    cr_assert(daemon_stop(&own));
    start_frozen(arguments);

    API_CLIENT_OF(&own, dev);
    API_CLIENT_OF(&own, other);
    API_CLIENT_OF(&own, third);
    API_CLIENT_OF(&own, fourth);
    API_CLIENT_OF(&own, fifth);
    API_CLIENT_OF(&own, sixth);
    struct client *const vaults[] = { &dev, &other, &third, &fourth, &fifth };

    for (size_t i = 0; i < KV_COUNT(vaults); i++) {
        use_up(vaults[i]);
    }
    API_REPLY(refused, client_call(&sixth, "GET", "/keys", NULL));
    cr_expect(reply_is_error(&refused, 429, "Throttled", NULL, REFUSAL));
    api_advance(&own, 10);
    expect_each(&sixth, 1, "GET", "/keys", NULL, 200);
}

/* contract §13 */
Test(throttling, came_at_half_the_numbers_before_2022)
{
    static const char *const arguments[] = {
        "--throttling", "service", "--service-build", "2021", NULL,
    };

    cr_assert(daemon_stop(&own));
    start_frozen(arguments);

    API_CLIENT_OF(&own, dev);

    expect_each(&dev, 5, "POST", "/keys/none/create", NEW_HSM_KEY, 400);
    expect_each(&dev, 1, "POST", "/keys/none/create", NEW_HSM_KEY, 429);
}

/* contract §12: what holds a managed HSM back is its own capacity */
Test(throttling, is_not_for_managed_hsms)
{
    API_HSM_OF(&own, pool);

    expect_each(&pool, 11, "POST", "/keys/none/create", NEW_HSM_KEY, 400);
    expect_each(&pool, 1, "GET", "/keys", NULL, 200);
}

Test(throttling, names_the_wait_where_it_was_asked_to)
{
    static const char *const arguments[] = {
        "--throttling", "service", "--retry-after", "7", NULL,
    };

    cr_assert(daemon_stop(&own));
    start_frozen(arguments);

    API_CLIENT_OF(&own, dev);

    use_up(&dev);
    API_REPLY(reply, client_call(&dev, "GET", "/keys", NULL));
    cr_assert_eq(reply.status, 429);
    cr_assert_str_eq(reply_header(&reply, "Retry-After"), "7");
}

Test(throttling, is_off_by_default)
{
    cr_assert(daemon_stop(&own));
    start_frozen(NULL);

    API_CLIENT_OF(&own, dev);

    use_up(&dev);
    expect_each(&dev, 1, "POST", "/keys/none/create", NEW_HSM_KEY, 400);
    expect_each(&dev, 1, "GET", "/keys", NULL, 200);
}
