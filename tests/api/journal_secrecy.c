/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whatever clients send and get that is secret: none of it is in the journal, in any form, with
 * bodies and requests to the control port kept.
 */
#include "journal_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/jwk.h"

static struct daemon own;

static void prepare(void)
{
    static const char *const arguments[] = {
        "--journal-bodies", "--journal-control", "--vault", "dev", "--vault", "pool,kind=hsm", NULL
    };

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

static void discard(void)
{
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(journal_secrecy, .init = prepare, .fini = discard, .timeout = 240);

#define PLAIN "cGxhaW50ZXh0LW5vYm9keS1tYXktc2Vl" /* base64url of a sentence */
#define SECRETS_MAX 64

static char *secrets[SECRETS_MAX];
static size_t secrets_count;

static void keep(const char *secret)
{
    cr_assert_lt(secrets_count, SECRETS_MAX);
    cr_assert_gt(strlen(secret), 8, "'%s' may be anywhere", secret);
    secrets[secrets_count++] = strdup(secret);
}

/* A token, and its parts. */
static void keep_token(const char *token)
{
    char beginning[65];

    (void) snprintf(beginning, sizeof(beginning), "%s", token);
    keep(beginning); /* where a path would be cut */
    keep(token);
    keep(strrchr(token, '.') + 1);
    keep(strchr(token, '.') + 1);
}

static struct reply call(struct client *client, const char *path, const char *body, long status)
{
    struct reply reply = client_call(client, "POST", path, body);

    cr_assert_eq(reply.status, status, "%s: %ld %s", path, reply.status, reply.body);
    return reply;
}

static void import(struct client *client)
{
    static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi" };
    EVP_PKEY *pair = api_rsa(2048);
    cJSON *jwk = jwk_render(pair, "RSA");
    cJSON *body = cJSON_CreateObject();

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        keep(cJSON_GetStringValue(cJSON_GetObjectItem(jwk, members[i])));
    }
    cJSON_AddItemToObject(body, "key", jwk);
    char *text = cJSON_PrintUnformatted(body);
    API_REPLY(reply, client_call(client, "PUT", "/keys/secrecy", text));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    free(text);
    cJSON_Delete(body);
    EVP_PKEY_free(pair);
}

static void operate(struct client *client)
{
    static const char body[] = "{\"alg\":\"RSA-OAEP\",\"value\":\"" PLAIN "\"}";
    char wrapped[1024];

    keep(PLAIN);
    API_REPLY(encrypted, call(client, "/keys/secrecy/encrypt", body, 200));
    keep(reply_text(&encrypted, "value"));
    (void) snprintf(wrapped, sizeof(wrapped), "{\"alg\":\"RSA-OAEP\",\"value\":\"%s\"}",
                    reply_text(&encrypted, "value"));
    API_REPLY(decrypted, call(client, "/keys/secrecy/decrypt", wrapped, 200));
    cr_assert_str_eq(reply_text(&decrypted, "value"), PLAIN);
    API_REPLY(unwrapped, call(client, "/keys/secrecy/unwrapkey", wrapped, 200));
    API_REPLY(backup, call(client, "/keys/secrecy/backup", NULL, 200));
    keep(reply_text(&backup, "value"));
}

/* Bodies that are refused can have them as well, anywhere a member of that name can be. */
static void be_refused(struct client *client)
{
    static const char *const bodies[] = {
        "{\"alg\":\"RSA-OAEP\",\"value\":[{},\"" PLAIN "\",[\"" PLAIN "\"]]}",
        "{\"alg\":\"RSA-OAEP\",\"value\":{\"a\":\"" PLAIN "\"}}",
        "{\"alg\":\"RSA-OAEP\",\"VALUE\":\"" PLAIN "\",\"value\":\"" PLAIN "\"}",
        "{\"alg\":\"RSA-OAEP\",\"value\":\"" PLAIN "\"",
        "\"" PLAIN "\"",
        ("value=" PLAIN),
    };

    for (size_t i = 0; i < KV_COUNT(bodies); i++) {
        API_REPLY(reply, client_call(client, "POST", "/keys/secrecy/decrypt", bodies[i]));
        cr_expect_geq(reply.status, 400, "row %zu: %ld", i, reply.status);
    }
}

/* In places where no token belongs. */
static void mislay_token(struct client *client)
{
    char target[8192], header[8192];
    const struct request request = {
        .method = "GET",
        .target = target,
        .headers = { header },
        .without_token = true,
    };

    (void) snprintf(target, sizeof(target), "/keys/secrecy?api-version=7.4&access_token=%s",
                    client->token);
    (void) snprintf(header, sizeof(header), "Authorization: Basic %s", client->token);
    API_REPLY(reply, client_send(client, &request));
    cr_expect_eq(reply.status, 401, "%s", reply.body);
}

static void fetch_tokens(struct client *client)
{
    const struct request request = {
        .method = "GET",
        .target = "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net",
        .headers = { "X-IDENTITY-HEADER: identity-header-secret" },
        .control = true,
    };
    API_REPLY(reply, client_send(client, &request));

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    keep("identity-header-secret");
    keep_token(reply_text(&reply, "access_token"));
    keep_token(client->token);
}

#define CLIENT_SECRET "a-secret-of-an-application"

static void expect_status(struct client *client, const struct request *request, long status)
{
    API_REPLY(reply, client_send(client, request));

    cr_assert_eq(reply.status, status, "%s: %ld %s", request->target, reply.status, reply.body);
}

/* An application is registered and logs in, once with a secret that is wrong. */
static void log_in(struct client *client)
{
    static const char form[] = "grant_type=client_credentials&client_id=0d1d5f2e-5d3c-4b0b-8a5e-"
                               "2f7c1b1e0a11&scope=https%3A%2F%2Fvault.azure.net%2F.default&"
                               "client_secret=";
    const struct request make = { .method = "PUT",
                                  .target = "/control/v1/identities/secrecy-app",
                                  .body = "{\"type\":\"application\",\"client_id\":"
                                          "\"0d1d5f2e-5d3c-4b0b-8a5e-2f7c1b1e0a11\"}",
                                  .control = true };
    const struct request add = { .method = "POST",
                                 .target = "/control/v1/identities/secrecy-app/secrets",
                                 .body = "{\"secret\":\"" CLIENT_SECRET "\"}",
                                 .control = true };
    char body[512];
    struct request enter = { .method = "POST",
                             .target = "/organizations/oauth2/v2.0/token",
                             .body = body,
                             .content_type = "application/x-www-form-urlencoded",
                             .without_token = true };

    keep(CLIENT_SECRET);
    expect_status(client, &make, 201);
    expect_status(client, &add, 201);
    (void) snprintf(body, sizeof(body), "%s%s-wrong", form, CLIENT_SECRET);
    expect_status(client, &enter, 401);
    (void) snprintf(body, sizeof(body), "%s%s", form, CLIENT_SECRET);
    API_REPLY(reply, client_send(client, &enter));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    keep_token(reply_text(&reply, "access_token"));
}

static void draw_random(void)
{
    API_HSM_OF(&own, pool);
    API_REPLY(reply, client_call(&pool, "POST", "/rng", "{\"count\":64}"));

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    keep(reply_text(&reply, "value"));
    keep_token(pool.token);
}

/* What is written into JSON has its slashes as they are, so a secret would be found as it is. */
static void expect_nothing(const char *form, int entries)
{
    API_REPLY(reply, journal_ask(&own, "GET", form, NULL));

    cr_assert_eq(reply.status, 200);
    cr_expect_not_null(strstr(reply.body, "***"), "bodies are kept");
    cr_expect_not_null(strstr(reply.body, "decrypt"), "%s", form);
    cr_expect_gt(reply.len, (size_t) entries * 100);
    for (size_t i = 0; i < secrets_count; i++) {
        cr_expect_null(strstr(reply.body, secrets[i]), "%s shows %s", form, secrets[i]);
    }
}

Test(journal_secrecy, is_kept_of_all_that_clients_send_and_get)
{
    API_CLIENT_OF(&own, dev);

    import(&dev);
    operate(&dev);
    be_refused(&dev);
    fetch_tokens(&dev);
    mislay_token(&dev);
    log_in(&dev);
    draw_random();
    expect_nothing("", 15);
    expect_nothing("?format=jsonl", 15);
    expect_nothing("?format=har", 15);
    while (secrets_count > 0) {
        free(secrets[--secrets_count]);
    }
}
