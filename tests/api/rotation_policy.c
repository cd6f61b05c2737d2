/* SPDX-License-Identifier: Apache-2.0 */
/* Rotation policies as the wire shows them: contract §10.1, §10.2. */
#include "rotation.h"

TestSuite(rotation_policy, .timeout = 120);
TestSuite(rotation_policy_dates, .init = start, .fini = stop, .timeout = 120);

Test(rotation_policy, that_cannot_be_bound_is_refused)
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
Test(rotation_policy, against_the_rules_is_refused_and_changes_nothing)
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

Test(rotation_policy, of_a_new_key_is_the_default)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "fresh", "", version);
    API_REPLY(reply, client_call(&dev, "GET", "/keys/fresh/rotationpolicy", NULL));
    cr_expect_str_eq(reply.body, DEFAULT_POLICY);
    cr_expect_eq(reply.len, 106); /* as recorded */
}

Test(rotation_policy_dates, is_shown_as_the_service_shows_it)
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

Test(rotation_policy_dates, keeps_its_dates_while_it_is_the_same)
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

Test(rotation_policy, belongs_to_the_name)
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
    cr_assert_eq(deleted.status, 200);
    API_REPLY(hidden, client_call(&dev, "GET", "/keys/owner/rotationpolicy", NULL));
    cr_expect(reply_is_error(&hidden, 404, "KeyNotFound", NULL, NOT_FOUND("owner")));

    API_REPLY(recovered, client_call(&dev, "POST", "/deletedkeys/owner/recover", NULL));
    cr_assert_eq(recovered.status, 200);
    expect_body(&dev, "GET", "/keys/owner/rotationpolicy", NULL, before.body);

    API_REPLY(again, client_call(&dev, "DELETE", "/keys/owner", NULL));
    cr_assert_eq(again.status, 200);
    API_REPLY(purged, client_call(&dev, "DELETE", "/deletedkeys/owner", NULL));
    cr_assert_eq(purged.status, 204);
    api_create_key(&dev, "owner", "", version);
    expect_body(&dev, "GET", "/keys/owner/rotationpolicy", NULL, DEFAULT_POLICY);
}
