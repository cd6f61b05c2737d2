/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation policies and rotations as the wire shows them: contract §6.8, §10, §17. */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>

TestSuite(rotation, .timeout = 120);

#define DEFAULT_POLICY                                                                             \
    "{\"lifetimeActions\":[{\"trigger\":{\"timeBeforeExpiry\":\"P30D\"},"                          \
    "\"action\":{\"type\":\"Notify\"}}],\"attributes\":null}"
#define ROTATE_AFTER(time)                                                                         \
    "{\"trigger\":{\"timeAfterCreate\":\"" time "\"},\"action\":{\"type\":\"Rotate\"}}"
#define ROTATE_BEFORE(time)                                                                        \
    "{\"trigger\":{\"timeBeforeExpiry\":\"" time "\"},\"action\":{\"type\":\"Rotate\"}}"
#define NOTIFY(time)                                                                               \
    "{\"trigger\":{\"timeBeforeExpiry\":\"" time "\"},\"action\":{\"type\":\"Notify\"}}"
#define ACTIONS(actions) "{\"lifetimeActions\":[" actions "]}"
#define NOT_FOUND(name)                                                                            \
    "A key with (name/id) " name " was not found in this key vault. If you recently deleted this " \
    "key you may be able to recover it using the correct recovery command. For help resolving "    \
    "this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"

static struct daemon own;

static void start(void)
{
    static const char *const arguments[] = { "--vault", "dev", NULL };

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

/* With a daemon of the test's own, whose clock it may set. */
TestSuite(rotation_dates, .init = start, .fini = stop, .timeout = 120);

static void freeze_at(long seconds)
{
    API_CLIENT_OF(&own, dev);
    char body[64];
    const struct request request = {
        .method = "POST",
        .target = "/control/v1/clock",
        .body = body,
        .control = true,
    };

    snprintf(body, sizeof(body), "{\"set\":%ld,\"frozen\":true}", seconds);

    API_REPLY(reply, client_send(&dev, &request));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

static void expect_body(struct client *client, const char *method, const char *path,
                        const char *body, const char *expected)
{
    API_REPLY(reply, client_call(client, method, path, body));

    cr_expect_eq(reply.status, 200, "%s %s: %ld", method, path, reply.status);
    cr_expect_str_eq(reply.body, expected, "%s %s %s", method, path, body != NULL ? body : "");
}

static void put_policy(struct client *client, const char *path, const char *body)
{
    API_REPLY(reply, client_call(client, "PUT", path, body));

    cr_assert_eq(reply.status, 200, "%s %s: %ld %s", path, body, reply.status, reply.body);
}

Test(rotation, of_an_unknown_key_is_refused)
{
    static const struct {
        const char *method, *path, *body;
    } rows[] = {
        { "GET", "/keys/missing/rotationpolicy", NULL },
        { "PUT", "/keys/missing/rotationpolicy", "{}" },
        { "PUT", "/keys/missing/rotationpolicy", "{\"attributes\":{\"expiryTime\":\"P1D\"}}" },
        { "POST", "/keys/missing/rotate", NULL },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, client_call(&dev, rows[i].method, rows[i].path, rows[i].body));

        cr_expect(reply_is_error(&reply, 404, "KeyNotFound", NULL, NOT_FOUND("missing")), "%s %s",
                  rows[i].method, rows[i].path);
    }
}

Test(rotation, of_an_impossible_name_is_refused)
{
    API_CLIENT(dev);
    API_REPLY(rotate, client_call(&dev, "POST", "/keys/a_b/rotate", NULL));
    API_REPLY(policy, client_call(&dev, "GET", "/keys/a_b/rotationpolicy", NULL));

    cr_expect(reply_is_error(&rotate, 400, "BadParameter", NULL,
                             "The request URI contains an invalid name: a_b"));
    cr_expect(reply_is_error(&policy, 400, "BadParameter", NULL,
                             "The request URI contains an invalid name: a_b"));
}

Test(rotation, policy_that_cannot_be_bound_is_refused)
{
    static const struct {
        const char *body, *message;
    } rows[] = {
        { NULL, "Request body not specified" },
        { "[]", "Property  has invalid value\r\n" },
        { "{\"lifetimeActions\":{}}", "Property  has invalid value\r\n" },
        { "{\"lifetimeActions\":[null]}", "Property  has invalid value\r\n" },
        { "{\"lifetimeActions\":[{\"action\":\"Rotate\"}]}", "Property  has invalid value\r\n" },
        { "{\"lifetimeActions\":[{\"action\":{\"type\":1}}]}", "Property  has invalid value\r\n" },
        { "{\"lifetimeActions\":[{\"action\":{\"type\":\"Rotate\"},\"trigger\":"
          "{\"timeAfterCreate\":30}}]}",
          "Property  has invalid value\r\n" },
        { "{\"attributes\":[]}", "Property  has invalid value\r\n" },
        { "{\"attributes\":{\"expiryTime\":90}}", "Property  has invalid value\r\n" },
    };
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "unbound", "", version);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, client_call(&dev, "PUT", "/keys/unbound/rotationpolicy", rows[i].body));

        cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, rows[i].message), "%s",
                  rows[i].body);
    }
}

/* One of each rule; all of them are in tests/unit/rotation.c. */
Test(rotation, policy_against_the_rules_is_refused_and_changes_nothing)
{
    static const struct {
        const char *body, *message;
    } rows[] = {
        { "{\"attributes\":{\"expiryTime\":\"P27D\"}}", "expiryTime must be at least 28 days." },
        { "{\"attributes\":{\"expiryTime\":\"one year\"}}",
          "expiryTime must be a duration in ISO 8601 format." },
        { ACTIONS(ROTATE_AFTER("P6D")), "timeAfterCreate of Rotate must be at least 7 days." },
        { ACTIONS(ROTATE_BEFORE("P30D")), "timeBeforeExpiry of Rotate needs an expiryTime." },
        { ACTIONS(NOTIFY("P30D") "," NOTIFY("P30D")),
          "A rotation policy can have only one lifetime action of type Notify." },
        { ACTIONS("{}"), "The type of a lifetime action must be Rotate or Notify." },
        { ACTIONS("{},{},{},{},{},{},{},{},{},{}"),
          "The type of a lifetime action must be Rotate or Notify." },
        { ACTIONS("{\"action\":{\"type\":\"rotate\"},\"trigger\":null}"),
          "A trigger must have exactly one of timeAfterCreate and timeBeforeExpiry." },
    };
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "ruled", "", version);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, client_call(&dev, "PUT", "/keys/ruled/rotationpolicy", rows[i].body));

        cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, rows[i].message), "%s",
                  rows[i].body);
    }
    expect_body(&dev, "GET", "/keys/ruled/rotationpolicy", NULL, DEFAULT_POLICY);
}

Test(rotation, policy_of_a_new_key_is_the_default)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "fresh", "", version);
    API_REPLY(reply, client_call(&dev, "GET", "/keys/fresh/rotationpolicy", NULL));
    cr_expect_str_eq(reply.body, DEFAULT_POLICY);
    cr_expect_eq(reply.len, 106); /* as recorded */
}

#define NOW 1669071668 /* 2022-11-21, of the recorded sequence of contract §17 */

/* What PUT answers and GET shows, around the actions and attributes given. */
static void expect_policy(struct client *client, const char *name, const char *body,
                          const char *actions, const char *attributes)
{
    char path[64];
    char expected[1024];

    snprintf(path, sizeof(path), "/keys/%s/rotationpolicy", name);
    snprintf(expected, sizeof(expected),
             "{\"id\":\"https://%s:%u/keys/%s/rotationpolicy\",\"lifetimeActions\":[%s],"
             "\"attributes\":{%s}}",
             client->host, own.port, name, actions, attributes);
    expect_body(client, "PUT", path, body, expected);
    expect_body(client, "GET", path, NULL, expected);
}

Test(rotation_dates, policy_is_shown_as_the_service_shows_it)
{
    static const char dates[] = "\"created\":1669071668,\"updated\":1669071668";
    static const struct {
        const char *name, *body, *actions, *expiry;
    } rows[] = {
        { "none", "{}", NOTIFY("P30D"), "" },
        { "empty", "{\"lifetimeActions\":[]}", NOTIFY("P30D"), "" },
        { "nulls", "{\"lifetimeActions\":null,\"attributes\":null}", NOTIFY("P30D"), "" },
        { "blank", "{\"attributes\":{}}", NOTIFY("P30D"), "" },
        { "unset", "{\"attributes\":{\"expiryTime\":null}}", NOTIFY("P30D"), "" },
        { "expiry", "{\"attributes\":{\"expiryTime\":\"P1Y10D\"}}", NOTIFY("P30D"),
          "\"expiryTime\":\"P1Y10D\"," },
        { "after", ACTIONS(ROTATE_AFTER("PT480H")), ROTATE_AFTER("PT480H") "," NOTIFY("P30D"), "" },
        { "sorted",
          "{\"attributes\":{\"expiryTime\":\"P2Y\"},\"lifetimeActions\":[" NOTIFY(
              "P10D") "," ROTATE_BEFORE("P20D") "]}",
          ROTATE_BEFORE("P20D") "," NOTIFY("P10D"), "\"expiryTime\":\"P2Y\"," },
        { "members",
          "{\"id\":\"x\",\"attributes\":{\"created\":1,\"updated\":2,\"expiryTime\":\"P60D\"},"
          "\"lifetimeActions\":[{\"action\":{\"type\":\"ROTATE\",\"more\":1},\"trigger\":"
          "{\"timeAfterCreate\":null,\"timeBeforeExpiry\":\"P10D\"}},{\"trigger\":"
          "{\"timeAfterCreate\":null,\"timeBeforeExpiry\":\"P40D\"},\"action\":"
          "{\"type\":\"notify\"}}]}",
          ROTATE_BEFORE("P10D") "," NOTIFY("P40D"), "\"expiryTime\":\"P60D\"," },
    };
    char version[33];
    char attributes[128];

    freeze_at(NOW);

    API_CLIENT_OF(&own, dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        api_create_key(&dev, rows[i].name, "", version);
        snprintf(attributes, sizeof(attributes), "%s%s", rows[i].expiry, dates);
        expect_policy(&dev, rows[i].name, rows[i].body, rows[i].actions, attributes);
    }
}

Test(rotation_dates, policy_keeps_its_dates_while_it_is_the_same)
{
    char version[33];

    freeze_at(NOW);

    API_CLIENT_OF(&own, dev);

    api_create_key(&dev, "Same", "", version);
    expect_policy(&dev, "Same", ACTIONS(ROTATE_AFTER("P1Y")),
                  ROTATE_AFTER("P1Y") "," NOTIFY("P30D"),
                  "\"created\":1669071668,\"updated\":1669071668");
    api_advance(&own, 100);
    expect_policy(&dev, "Same", ACTIONS(NOTIFY("P30D") "," ROTATE_AFTER("P1Y")),
                  ROTATE_AFTER("P1Y") "," NOTIFY("P30D"),
                  "\"created\":1669071668,\"updated\":1669071668");
    expect_policy(&dev, "Same", ACTIONS(ROTATE_AFTER("P12M")),
                  ROTATE_AFTER("P12M") "," NOTIFY("P30D"),
                  "\"created\":1669071668,\"updated\":1669071768");
    api_advance(&own, 100);
    expect_policy(&dev, "Same", ACTIONS(""), NOTIFY("P30D"), /* replaced as a whole */
                  "\"created\":1669071668,\"updated\":1669071868");
}

Test(rotation, policy_belongs_to_the_name)
{
    API_CLIENT(dev);
    char version[33];
    char expected[1024];

    api_create_key(&dev, "Owner", "", version);
    put_policy(&dev, "/keys/OWNER/rotationpolicy", ACTIONS(ROTATE_AFTER("P1Y")));
    api_create_key(&dev, "owner", "", version);

    API_REPLY(before, client_call(&dev, "GET", "/keys/owner/rotationpolicy", NULL));
    snprintf(expected, sizeof(expected), "https://%s:%u/keys/Owner/rotationpolicy", dev.host,
             dev.daemon->port);
    cr_expect_str_eq(reply_text(&before, "id"), expected);

    API_REPLY(deleted, client_call(&dev, "DELETE", "/keys/owner", NULL));
    API_REPLY(hidden, client_call(&dev, "GET", "/keys/owner/rotationpolicy", NULL));
    cr_expect(reply_is_error(&hidden, 404, "KeyNotFound", NULL, NOT_FOUND("owner")));

    API_REPLY(recovered, client_call(&dev, "POST", "/deletedkeys/owner/recover", NULL));
    expect_body(&dev, "GET", "/keys/owner/rotationpolicy", NULL, before.body);

    API_REPLY(again, client_call(&dev, "DELETE", "/keys/owner", NULL));
    API_REPLY(purged, client_call(&dev, "DELETE", "/deletedkeys/owner", NULL));
    cr_assert_eq(purged.status, 204);
    api_create_key(&dev, "owner", "", version);
    expect_body(&dev, "GET", "/keys/owner/rotationpolicy", NULL, DEFAULT_POLICY);
}

Test(rotation, makes_a_version_like_the_latest)
{
    static const char body[] = "{\"kty\":\"RSA-HSM\",\"key_size\":3072,\"key_ops\":[\"unwrapKey\","
                               "\"wrapKey\"],\"tags\":{\"b\":\"1\",\"a\":\"2\"},\"attributes\":"
                               "{\"enabled\":false,\"nbf\":5,\"exp\":32503680000}}";
    API_CLIENT(dev);
    API_REPLY(first, client_call(&dev, "POST", "/keys/like/create", body));
    API_REPLY(second, client_call(&dev, "POST", "/keys/like/rotate", "{}"));
    API_REPLY(latest, client_call(&dev, "GET", "/keys/like", NULL));

    cr_assert_eq(second.status, 200, "%s", second.body);
    cr_expect_str_neq(reply_text(&second, "key.kid"), reply_text(&first, "key.kid"));
    cr_expect_str_neq(reply_text(&second, "key.n"), reply_text(&first, "key.n"));
    cr_expect_str_eq(reply_text(&second, "key.kty"), "RSA-HSM");
    cr_expect_eq((int) reply_number(&second, "attributes.key_size"), 3072);
    cr_expect_str_eq(reply_text(&second, "key.key_ops.0"), "unwrapKey");
    cr_expect_str_eq(reply_text(&second, "key.key_ops.1"), "wrapKey");
    cr_expect_null(reply_item(&second, "key.key_ops.2"));
    cr_expect_not_null(strstr(second.body, "\"tags\":{\"b\":\"1\",\"a\":\"2\"}"));
    cr_expect_not_null(strstr(second.body, "\"attributes\":{\"enabled\":true,\"key_size\":3072,"
                                           "\"created\":"));
    cr_expect_str_eq(latest.body, second.body);
}

Test(rotation, leaves_older_versions_as_they_were)
{
    API_CLIENT(dev);
    char version[33];
    char path[128];
    char wrapped[1024];

    api_create_key(&dev, "older", ",\"tags\":{\"a\":\"b\"}", version);
    api_wrap(&dev, "older", NULL, "RSA-OAEP", "AAECAw", wrapped);
    snprintf(path, sizeof(path), "/keys/older/%s", version);

    API_REPLY(before, client_call(&dev, "GET", path, NULL));
    API_REPLY(rotated, client_call(&dev, "POST", "/keys/older/rotate", NULL));
    cr_assert_eq(rotated.status, 200, "%s", rotated.body);
    expect_body(&dev, "GET", path, NULL, before.body);

    API_REPLY(unwrapped, api_unwrap(&dev, "older", version, "RSA-OAEP", wrapped));
    cr_expect_str_eq(reply_text(&unwrapped, "value"), "AAECAw");
}

Test(rotation_dates, gives_versions_the_expiry_of_the_policy)
{
    static const char policy[] =
        "{\"attributes\":{\"expiryTime\":\"P48M\"},\"lifetimeActions\":["
        "{\"action\":{\"type\":\"rotate\"},\"trigger\":{\"timeAfterCreate\":\"P18M\"}},"
        "{\"action\":{\"type\":\"notify\"},\"trigger\":{\"timeBeforeExpiry\":\"P30D\"}}]}";
    static const char stamped[] = "\"exp\":1795302068,\"created\":1669071668,"
                                  "\"updated\":1669071668,";
    char version[33];

    freeze_at(NOW);

    API_CLIENT_OF(&own, dev);

    api_create_key(&dev, "RotateKey", ",\"attributes\":null", version);
    expect_policy(&dev, "RotateKey", policy, ROTATE_AFTER("P18M") "," NOTIFY("P30D"),
                  "\"expiryTime\":\"P48M\",\"created\":1669071668,\"updated\":1669071668");

    API_REPLY(first, client_call(&dev, "GET", "/keys/RotateKey", NULL));
    API_REPLY(rotated, client_call(&dev, "POST", "/keys/RotateKey/rotate", NULL));
    API_REPLY(created, client_call(&dev, "POST", "/keys/RotateKey/create", "{\"kty\":\"RSA\"}"));
    API_REPLY(explicit, client_call(&dev, "POST", "/keys/RotateKey/create",
                                    "{\"kty\":\"RSA\",\"attributes\":{\"exp\":1800000000}}"));

    cr_expect_not_null(strstr(reply_text(&first, "key.kid"), version));
    cr_expect_null(reply_item(&first, "attributes.exp"));
    cr_expect_not_null(strstr(rotated.body, stamped), "%s", rotated.body);
    cr_expect_not_null(strstr(created.body, stamped), "%s", created.body);
    cr_expect_eq((long) reply_number(&explicit, "attributes.exp"), 1800000000);
}

/* A date beyond the year 9999 is none: such a version does not expire. */
Test(rotation_dates, gives_no_expiry_that_no_calendar_has)
{
    char version[33];

    freeze_at(NOW);

    API_CLIENT_OF(&own, dev);

    api_create_key(&dev, "eternal", "", version);
    put_policy(&dev, "/keys/eternal/rotationpolicy",
               "{\"attributes\":{\"expiryTime\":\"P7977Y\"}}");
    API_REPLY(last, client_call(&dev, "POST", "/keys/eternal/rotate", NULL));
    put_policy(&dev, "/keys/eternal/rotationpolicy",
               "{\"attributes\":{\"expiryTime\":\"P7978Y\"}}");
    API_REPLY(none, client_call(&dev, "POST", "/keys/eternal/rotate", NULL));

    cr_expect_eq((int64_t) reply_number(&last, "attributes.exp"), 253398841268);
    cr_expect_eq(none.status, 200);
    cr_expect_null(reply_item(&none, "attributes.exp"));
}
