/* SPDX-License-Identifier: Apache-2.0 */
/* Fault rules: results that are wrong, operations whose answer is lost, and which requests are asked
 * about. */
#include "fault_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(fault_results, .timeout = 120);

#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define DIGEST "47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU"

/* --- results that are wrong --- */

Test(fault_results, unwrap_other_bytes_than_were_wrapped)
{
    char version[33], wrapped[1024];
    API_CLIENT(dev);

    api_create_key(&dev, "wrong-bytes", "", version);
    api_wrap(&dev, "wrong-bytes", NULL, "RSA-OAEP", VALUE, wrapped);
    fault_add_for_key("wrong-bytes", "wrong-bytes", "{\"result\":\"wrong_plaintext\"}");
    API_REPLY(wrong, api_unwrap(&dev, "wrong-bytes", NULL, "RSA-OAEP", wrapped));
    cr_expect_eq(wrong.status, 200, "%s", wrong.body);
    cr_expect_eq(strlen(reply_text(&wrong, "value")), strlen(VALUE));
    cr_expect_str_neq(reply_text(&wrong, "value"), VALUE);
    API_REPLY(read, client_call(&dev, "GET", "/keys/wrong-bytes", NULL));
    cr_expect_eq(read.status, 200);
    cr_expect_eq(fault_count("wrong-bytes", "seen"), 1);
    fault_remove("wrong-bytes");
    API_REPLY(right, api_unwrap(&dev, "wrong-bytes", NULL, "RSA-OAEP", wrapped));
    cr_expect_str_eq(reply_text(&right, "value"), VALUE);
}

static void expect_zero(struct client *client, const char *effect, size_t at)
{
    char body[512];

    fault_add_for_key("zeros", "zeros", effect);
    API_REPLY(reply, client_call(client, "POST", "/keys/zeros/sign",
                                 "{\"alg\":\"ES256\",\"value\":\"" DIGEST "\"}"));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    const char *value = reply_text(&reply, "value");
    cr_expect_eq(strlen(value), 86);
    /* six bits a character: byte 0 is all of the first and two bits of the second; byte 32 the last
     * two bits of the 43rd, and all of the 44th */
    cr_expect(at == 0 ? value[0] == 'A' && strchr("ABCDEFGHIJKLMNOP", value[1]) != NULL
                      : value[43] == 'A' && strchr("AEIMQUYcgkosw048", value[42]) != NULL,
              "%s", value);
    (void) snprintf(body, sizeof(body),
                    "{\"alg\":\"ES256\",\"digest\":\"" DIGEST "\",\"value\":\"%s\"}", value);
    API_REPLY(verdict, client_call(client, "POST", "/keys/zeros/verify", body));
    cr_expect_str_eq(verdict.body, "{\"value\":true}");
    fault_remove("zeros");
}

Test(fault_results, sign_with_a_leading_zero_so_that_it_verifies)
{
    API_CLIENT(dev);
    API_REPLY(made, client_call(&dev, "POST", "/keys/zeros/create", "{\"kty\":\"EC\"}"));

    cr_assert_eq(made.status, 200, "%s", made.body);
    expect_zero(&dev, "{\"result\":\"zero_r\"}", 0);
    expect_zero(&dev, "{\"result\":\"zero_s\"}", 32);
}

/* --- when a rule is asked --- */

Test(fault_results, do_not_count_a_request_without_a_token)
{
    struct request stranger = {
        .method = "GET",
        .target = "/keys/challenged?api-version=7.6",
        .without_token = true,
    };
    API_CLIENT(dev);

    fault_add_for_key("challenged", "challenged", "{\"status\":429}");
    API_REPLY(challenge, client_send(&dev, &stranger));
    cr_expect_eq(challenge.status, 401);
    cr_expect_eq(fault_count("challenged", "seen"), 0);
    fault_remove("challenged");
    fault_add("challenged", "\"stage\":\"arrival\",\"match\":{\"key\":\"challenged\"},"
                            "\"effect\":{\"status\":503}");
    API_REPLY(outage, client_send(&dev, &stranger));
    cr_expect_eq(outage.status, 503);
    fault_remove("challenged");
}

Test(fault_results, carry_an_operation_out_and_lose_its_answer)
{
    API_CLIENT(dev);

    fault_add("ack-lost", "\"match\":{\"key\":\"ack-lost\",\"operation\":\"createKey\"},"
                          "\"when\":{\"times\":1},"
                          "\"effect\":{\"cut\":\"reset\",\"carried_out\":true}");
    API_REPLY(lost, client_call(&dev, "POST", "/keys/ack-lost/create", "{\"kty\":\"EC\"}"));
    cr_expect_eq(lost.status, 0, "%ld %s", lost.status, lost.body);
    API_REPLY(made, client_call(&dev, "GET", "/keys/ack-lost", NULL));
    cr_expect_eq(made.status, 200, "%s", made.body);
    fault_remove("ack-lost");

    fault_add_for_key("not-made", "not-made", "{\"status\":500,\"carried_out\":true}");
    API_REPLY(refused, client_call(&dev, "POST", "/keys/not-made/create", "{\"kty\":\"EC\"}"));
    cr_expect_eq(refused.status, 500);
    fault_remove("not-made");
    API_REPLY(there, client_call(&dev, "GET", "/keys/not-made", NULL));
    cr_expect_eq(there.status, 200);

    fault_add_for_key("before", "before", "{\"cut\":\"reset\"}");
    API_REPLY(cut, client_call(&dev, "POST", "/keys/before/create", "{\"kty\":\"EC\"}"));
    cr_expect_eq(cut.status, 0);
    fault_remove("before");
    API_REPLY(none, client_call(&dev, "GET", "/keys/before", NULL));
    cr_expect_eq(none.status, 404);
}

/* --- endpoints that give out tokens --- */

static struct reply ask_imds(const char *query)
{
    char target[256];
    const struct request request = {
        .method = "GET",
        .target = target,
        .headers = { "Metadata: true" },
        .control = true,
    };
    API_CLIENT(dev);

    (void) snprintf(target, sizeof(target),
                    "/metadata/identity/oauth2/token?api-version=2018-02-01&"
                    "resource=https://vault.azure.net%s",
                    query);
    return client_send(&dev, &request);
}

Test(fault_results, are_for_the_identity_endpoints_too)
{
    static const struct {
        const char *effect;
        long status;
        const char *error;
    } rows[] = {
        { "{\"status\":400,\"code\":\"invalid_request\",\"message\":\"Identity not found\"}", 400,
          "invalid_request" },
        { "{\"status\":410,\"code\":\"gone\"}", 410, "gone" },
        { "{\"status\":429}", 429, "too_many_requests" },
        { "{\"error\":\"INTERNAL\"}", 500, "server_error" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char rest[256];

        (void) snprintf(rest, sizeof(rest),
                        "\"match\":{\"operation\":\"imdsToken\",\"principal\":\"faulty\"},"
                        "\"effect\":%s",
                        rows[i].effect);
        fault_add("imds", rest);
        API_REPLY(faulty, ask_imds("&client_id=faulty"));
        cr_expect_eq(faulty.status, rows[i].status, "%s: %s", rows[i].effect, faulty.body);
        cr_expect_str_eq(reply_text(&faulty, "error"), rows[i].error, "%s", faulty.body);
        API_REPLY(sound, ask_imds("&client_id=sound"));
        cr_expect_eq(sound.status, 200, "%s", sound.body);
        fault_remove("imds");
    }
}

Test(fault_results, look_at_app_service_as_its_own_do)
{
    const struct request token = {
        .method = "GET",
        .target = "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net&"
                  "client_id=faulty",
        .headers = { "X-IDENTITY-HEADER: x" },
        .control = true,
    };
    char expected[256];
    API_CLIENT(dev);

    fault_add("msi", "\"match\":{\"operation\":\"appServiceToken\",\"principal\":\"faulty\"},"
                     "\"effect\":{\"status\":429,\"message\":\"Slow down.\"}");
    API_REPLY(faulty, client_send(&dev, &token));
    fault_remove("msi");
    (void) snprintf(expected, sizeof(expected),
                    "{\"statusCode\":429,\"message\":\"Slow down.\",\"correlationId\":\"%s\"}",
                    reply_text(&faulty, "correlationId"));
    cr_expect_eq(faulty.status, 429);
    cr_expect_str_eq(faulty.body, expected);
}

Test(fault_results, are_for_the_authority_too)
{
    const struct request log_in = {
        .method = "POST",
        .target = "/organizations/oauth2/v2.0/token",
        .body = "grant_type=client_credentials",
        .content_type = "application/x-www-form-urlencoded",
        .headers = { "x-coffer-session: log-in" },
        .without_token = true,
    };
    API_CLIENT(dev);

    API_REPLY(before, client_send(&dev, &log_in));
    fault_add("log-in", "\"match\":{\"operation\":\"authorityToken\",\"session\":\"log-in\"},"
                        "\"effect\":{\"status\":400,\"code\":\"unauthorized_client\","
                        "\"message\":\"AADSTS700016: not found\"}");
    API_REPLY(refused, client_send(&dev, &log_in));
    cr_expect_eq(refused.status, 400, "%s", refused.body);
    cr_expect_str_eq(refused.body, "{\"error\":\"unauthorized_client\","
                                   "\"error_description\":\"AADSTS700016: not found\"}");
    fault_remove("log-in");
    API_REPLY(after, client_send(&dev, &log_in));
    cr_expect_eq(after.status, before.status, "%s", after.body);
    cr_expect_str_eq(reply_text(&after, "error"), reply_text(&before, "error"));
}
