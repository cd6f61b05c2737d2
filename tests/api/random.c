/* SPDX-License-Identifier: Apache-2.0 */
/* rng, which only a managed HSM has: contract §6.9. */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>

#include "kv/base/base64.h"

static struct client pool;

static void setup(void)
{
    client_open_hsm(&pool, api_daemon(), "pool");
}

static void teardown(void)
{
    client_close(&pool);
}

TestSuite(rng, .init = setup, .fini = teardown, .timeout = 60);

/* The text with the suffix that every message of a managed HSM has (contract §9.1). */
static void expect_refusal(const char *body, const char *text)
{
    API_REPLY(reply, client_call(&pool, "POST", "/rng", body));
    char message[256];

    snprintf(message, sizeof(message), "%s (Activity ID: %s)", text,
             reply_header(&reply, "x-ms-request-id"));
    cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, message), "%s",
              body != NULL ? body : "no body");
}

Test(rng, refuses_every_count_but_1_to_128)
{
    static const char *const counts[] = { "0",          "129",         "-1",
                                          "1000000000", "-2147483648", "9007199254740992" };
    char body[64];

    for (size_t i = 0; i < KV_COUNT(counts); i++) {
        snprintf(body, sizeof(body), "{\"count\":%s}", counts[i]);
        expect_refusal(body,
                       "GetRandomBytesRequest: count cannot be greater than 128 or less than 1");
    }
    expect_refusal("{}", "GetRandomBytesRequest: count cannot be greater than 128 or less than 1");
}

Test(rng, refuses_what_is_no_number)
{
    expect_refusal("{\"count\":\"8\"}", "Property  has invalid value\r\n");
    expect_refusal("{\"count\":1.5}", "Property  has invalid value\r\n");
    expect_refusal("[]", "Property  has invalid value\r\n");
    expect_refusal(NULL, "Request body not specified");
}

/* The bytes of an answer; the test fails when they are not as many as were asked for. */
static void get_bytes(int count, unsigned char ret_bytes[128])
{
    char body[64];

    snprintf(body, sizeof(body), "{\"count\":%d}", count);
    API_REPLY(reply, client_call(&pool, "POST", "/rng", body));
    const char *value = reply_text(&reply, "value");
    size_t len;

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_assert_eq(strlen(value), KV_BASE64URL_LENGTH((size_t) count));
    cr_assert(kv_base64url_decode(value, strlen(value), ret_bytes, &len));
    cr_assert_eq(len, (size_t) count);
    cr_assert_eq(reply.len, strlen("{\"value\":\"\"}") + strlen(value), "%s", reply.body);
}

Test(rng, gives_as_many_bytes_as_it_is_asked_for)
{
    unsigned char bytes[128];

    get_bytes(1, bytes);
    get_bytes(127, bytes);
    get_bytes(128, bytes);
    api_proves("rng");
}

Test(rng, never_gives_the_same_bytes_again)
{
    unsigned char first[128];
    unsigned char second[128];

    get_bytes(32, first);
    get_bytes(32, second);
    cr_expect_neq(memcmp(first, second, 32), 0);
}
