/* SPDX-License-Identifier: Apache-2.0 */
/* Rotations on request, and the exp of a policy: contract §6.8, §10.3, §17. */
#include "rotation.h"

TestSuite(rotation, .timeout = 120);
TestSuite(rotation_dates, .init = start, .fini = stop, .timeout = 120);

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

/* The members that tell one kind of key from another, and its key. */
Test(rotation_dates, makes_a_key_of_the_same_kind)
{
    static const char *const bodies[] = {
        "{\"kty\":\"RSA\"}",
        "{\"kty\":\"EC\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-521\"}",
        "{\"kty\":\"EC-HSM\",\"crv\":\"P-384\",\"key_ops\":[\"verify\"]}",
        "{\"kty\":\"EC-HSM\",\"crv\":\"P-256K\"}",
        "{\"kty\":\"oct\",\"key_size\":192}",
        "{\"kty\":\"oct-HSM\",\"key_size\":128}",
    };
    static const char *const same[] = { "key.kty", "key.crv", "key.e", "key.key_ops.0" };
    static const char *const different[] = { "key.kid", "key.n", "key.x", "key.y" };
    API_CLIENT_OF(&own, dev);

    API_SKIP_WITH_NSS("NSS does not have P-256K");
    for (size_t i = 0; i < KV_COUNT(bodies); i++) {
        API_REPLY(first, client_call(&dev, "POST", "/keys/kind/create", bodies[i]));
        API_REPLY(second, client_call(&dev, "POST", "/keys/kind/rotate", NULL));

        cr_expect_eq(first.status, 200, "%s: %s", bodies[i], first.body);
        cr_expect_eq(second.status, 200, "%s: %s", bodies[i], second.body);
        for (size_t j = 0; j < KV_COUNT(same); j++) {
            cr_expect_str_eq(reply_text(&first, same[j]), reply_text(&second, same[j]), "%s",
                             second.body);
            cr_expect(
                reply_item(&first, different[j]) == NULL
                    || strcmp(reply_text(&first, different[j]), reply_text(&second, different[j]))
                           != 0,
                "%s", second.body);
        }
        cr_expect_eq((int) reply_number(&first, "attributes.key_size"),
                     (int) reply_number(&second, "attributes.key_size"), "%s", second.body);
    }
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
    static const char stamped[] = "\"attributes\":{\"enabled\":true,\"exp\":1795302068,"
                                  "\"created\":1669071668,\"updated\":1669071668,";

    freeze_at(NOW);

    API_CLIENT_OF(&own, dev);
    API_REPLY(first, client_call(&dev, "POST", "/keys/RotateKey/create",
                                 "{\"attributes\":null,\"kty\":\"EC\"}"));
    cr_assert_eq(first.status, 200, "%s", first.body);
    expect_policy(&dev, "RotateKey", policy, ROTATE_AFTER("P18M") "," NOTIFY("P30D"),
                  "\"expiryTime\":\"P48M\",\"created\":1669071668,\"updated\":1669071668");
    expect_body(&dev, "GET", "/keys/RotateKey", NULL, first.body);
    cr_expect_null(reply_item(&first, "attributes.exp"));

    API_REPLY(rotated, client_call(&dev, "POST", "/keys/RotateKey/rotate", NULL));
    API_REPLY(created, client_call(&dev, "POST", "/keys/RotateKey/create", "{\"kty\":\"EC\"}"));
    API_REPLY(explicit, client_call(&dev, "POST", "/keys/RotateKey/create",
                                    "{\"kty\":\"EC\",\"attributes\":{\"exp\":1800000000}}"));

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
