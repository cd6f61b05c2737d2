/* SPDX-License-Identifier: Apache-2.0 */
/* A key's life as the wire shows it: contract §4, §6. */
#include "../support/api.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

TestSuite(keys, .timeout = 120);

#define SAME "\001" /* in a golden body: whatever stands here */

/* Compares with a text in which each \001 stands for anything up to the next quote or comma. */
static bool matches(const char *text, const char *golden)
{
    for (; *golden != '\0'; golden++) {
        if (*golden != SAME[0]) {
            if (*text++ != *golden) {
                return false;
            }
            continue;
        }
        text += strcspn(text, "\",}");
    }
    return *text == '\0';
}

static void fill_host(const struct client *client, const char *golden, char *ret_text, size_t size)
{
    size_t len = 0;

    for (; *golden != '\0' && len + 128 < size; golden++) {
        if (*golden == '@') {
            len += (size_t) snprintf(ret_text + len, size - len, "https://%s:%u", client->host,
                                     client->daemon->port);
        } else {
            ret_text[len++] = *golden;
        }
    }
    ret_text[len] = '\0';
}

static void assert_golden(const struct client *client, const struct reply *reply,
                          const char *golden)
{
    char expected[4096];

    fill_host(client, golden, expected, sizeof(expected));
    cr_assert_eq(reply->status, 200, "%ld %s", reply->status, reply->body);
    cr_assert(matches(reply->body, expected), "got  %s\nwant %s", reply->body, expected);
}

static const char key_part[] =
    "\"key\":{\"kid\":\"@/keys/%s/" SAME "\",\"kty\":\"RSA\",\"key_ops\":[\"encrypt\",\"decrypt\","
    "\"sign\",\"verify\",\"wrapKey\",\"unwrapKey\"],\"n\":\"" SAME "\",\"e\":\"AQAB\"}";
static const char attributes_part[] =
    "\"attributes\":{\"enabled\":true,\"key_size\":2048,\"created\":" SAME ",\"updated\":" SAME
    ",\"recoveryLevel\":\"%s\",\"recoverableDays\":%d,\"exportable\":false,"
    "\"hsmPlatform\":\"0\"}";

static void assert_bundle(const struct client *client, const struct reply *reply, const char *head,
                          const char *name, const char *level, int days, const char *tail)
{
    char format[2048];
    char golden[2048];

    snprintf(format, sizeof(format), "{%s%s,%s%s}", head, key_part, attributes_part, tail);
    /* the format is put together from the literals above */
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    snprintf(golden, sizeof(golden), format, name, level, days);
#pragma GCC diagnostic pop
    assert_golden(client, reply, golden);
}

Test(keys, create_answers_the_bundle_of_the_contract)
{
    API_CLIENT(dev);
    API_REPLY(reply,
              client_call(&dev, "POST", "/keys/golden/create",
                          "{\"kty\":\"RSA\",\"attributes\":{},\"tags\":{\"b\":\"1\",\"a\":\"2\"},"
                          "\"unknown\":[1]}"));

    assert_bundle(&dev, &reply, "", "golden", "Recoverable+Purgeable", 90,
                  ",\"tags\":{\"b\":\"1\",\"a\":\"2\"}");
    cr_assert_eq(strlen(reply_text(&reply, "key.n")), 342);
}

Test(keys, recovery_level_follows_the_vault)
{
    API_CLIENT(std);
    API_CLIENT(locked);
    API_REPLY(customized, client_call(&std, "POST", "/keys/level/create", "{\"kty\":\"RSA\"}"));
    API_REPLY(protected, client_call(&locked, "POST", "/keys/level/create", "{\"kty\":\"RSA\"}"));

    assert_bundle(&std, &customized, "", "level", "CustomizedRecoverable+Purgeable", 7, "");
    assert_bundle(&locked, &protected, "", "level", "CustomizedRecoverable", 7, "");
}

Test(keys, version_is_a_guid_of_32_lower_case_digits)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "versioned", "", version);
    cr_assert_eq(strspn(version, "0123456789abcdef"), 32);
    cr_assert_eq(version[12], '4');
}

Test(keys, size_and_hardware_type_are_honoured)
{
    static const struct {
        const char *body, *kty, *platform;
        int bits;
        size_t n_len;
    } rows[] = {
        { "{\"kty\":\"RSA\",\"key_size\":3072}", "RSA", "0", 3072, 512 },
        { "{\"kty\":\"RSA-HSM\",\"key_size\":4096}", "RSA-HSM", "2", 4096, 683 },
        { "{\"kty\":\"RSA-HSM\",\"public_exponent\":0}", "RSA-HSM", "2", 2048, 342 },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, client_call(&dev, "POST", "/keys/sizes/create", rows[i].body));

        cr_expect_eq(reply.status, 200, "%s: %s", rows[i].body, reply.body);
        cr_expect_str_eq(reply_text(&reply, "key.kty"), rows[i].kty);
        cr_expect_eq(strlen(reply_text(&reply, "key.n")), rows[i].n_len);
        cr_expect_eq((int) reply_number(&reply, "attributes.key_size"), rows[i].bits);
        cr_expect_str_eq(reply_text(&reply, "attributes.hsmPlatform"), rows[i].platform);
    }
}

Test(keys, hsm_platform_is_shown_from_version_7_5_on)
{
    static const struct request requests[] = {
        { .method = "GET", .target = "/keys/platform?api-version=7.4" },
        { .method = "GET", .target = "/keys/platform?api-version=7.5" },
        { .method = "GET", .target = "/keys/platform?api-version=2099-01-01-preview" },
    };
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "platform", "", version);
    for (size_t i = 0; i < KV_COUNT(requests); i++) {
        API_REPLY(reply, client_send(&dev, &requests[i]));

        cr_expect_eq(reply.status, 200, "%s", reply.body);
        cr_expect_eq(reply_item(&reply, "attributes.hsmPlatform") != NULL, i > 0);
    }
}

Test(keys, dates_are_64_bit_and_in_their_place)
{
    API_CLIENT(dev);
    API_REPLY(reply, client_call(&dev, "POST", "/keys/dates/create",
                                 "{\"kty\":\"RSA\",\"attributes\":{\"enabled\":false,"
                                 "\"exp\":32503680000,\"nbf\":946684800}}"));

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_assert_not_null(strstr(reply.body, "\"attributes\":{\"enabled\":false,\"key_size\":2048,"
                                          "\"nbf\":946684800,\"exp\":32503680000,\"created\":"));
}

Test(keys, name_keeps_its_first_spelling_and_is_found_by_any)
{
    API_CLIENT(dev);
    char first[33];
    char second[33];

    api_create_key(&dev, "MixedCase", "", first);
    api_create_key(&dev, "mixedcase", "", second);

    API_REPLY(reply, client_call(&dev, "GET", "/keys/MIXEDCASE/", NULL));
    cr_assert_not_null(strstr(reply_text(&reply, "key.kid"), "/keys/MixedCase/"));
    cr_assert_not_null(strstr(reply_text(&reply, "key.kid"), second));
}

Test(keys, new_version_inherits_nothing)
{
    API_CLIENT(dev);
    char first[33];
    char second[33];
    char path[128];

    api_create_key(&dev, "heir",
                   ",\"key_ops\":[\"wrapKey\"],\"attributes\":{\"exp\":4000000000},"
                   "\"tags\":{\"a\":\"b\"}",
                   first);
    api_create_key(&dev, "heir", "", second);

    API_REPLY(latest, client_call(&dev, "GET", "/keys/heir", NULL));
    assert_bundle(&dev, &latest, "", "heir", "Recoverable+Purgeable", 90, "");

    snprintf(path, sizeof(path), "/keys/heir/%s", first);
    API_REPLY(old, client_call(&dev, "GET", path, NULL));
    cr_assert_eq(reply_number(&old, "attributes.exp"), 4000000000);
    cr_assert_str_eq(reply_text(&old, "tags.a"), "b");
}

Test(keys, update_changes_what_is_given_and_nothing_else)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "change", ",\"tags\":{\"a\":\"1\",\"b\":\"2\"}", version);

    API_REPLY(ops, client_call(&dev, "PATCH", "/keys/change/",
                               "{\"key_ops\":[\"unwrapKey\",\"wrapKey\"],\"attributes\":"
                               "{\"exp\":4000000000,\"created\":1,\"recoveryLevel\":\"x\"}}"));
    cr_assert_eq(ops.status, 200, "%s", ops.body);
    cr_assert_not_null(strstr(ops.body, "\"key_ops\":[\"unwrapKey\",\"wrapKey\"],\"n\""));
    cr_assert_not_null(strstr(ops.body, "\"tags\":{\"a\":\"1\",\"b\":\"2\"}"));
    cr_assert_gt(reply_number(&ops, "attributes.created"), 1);

    API_REPLY(tags, client_call(&dev, "PATCH", "/keys/change", "{\"tags\":{\"c\":\"3\"}}"));
    cr_assert_not_null(strstr(tags.body, "\"tags\":{\"c\":\"3\"}}"));
    cr_assert_eq(reply_number(&tags, "attributes.exp"), 4000000000);

    API_REPLY(none, client_call(&dev, "PATCH", "/keys/change", "{\"tags\":{},\"key_ops\":[]}"));
    cr_assert_not_null(strstr(none.body, "\"key_ops\":[],"));
    cr_assert_null(reply_item(&none, "tags"));
}

Test(keys, update_of_a_version_leaves_the_others)
{
    API_CLIENT(dev);
    char first[33];
    char second[33];
    char path[128];

    api_create_key(&dev, "one-of-two", "", first);
    api_create_key(&dev, "one-of-two", "", second);
    snprintf(path, sizeof(path), "/keys/one-of-two/%s", first);

    API_REPLY(changed, client_call(&dev, "PATCH", path, "{\"attributes\":{\"enabled\":false}}"));
    cr_assert(cJSON_IsFalse(reply_item(&changed, "attributes.enabled")));

    API_REPLY(latest, client_call(&dev, "GET", "/keys/one-of-two", NULL));
    cr_assert(cJSON_IsTrue(reply_item(&latest, "attributes.enabled")));
}

Test(keys, delete_recover_and_purge_follow_the_contract)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "mortal", "", version);

    API_REPLY(deleted, client_call(&dev, "DELETE", "/keys/mortal", NULL));
    assert_bundle(&dev, &deleted,
                  "\"recoveryId\":\"@/deletedkeys/mortal\",\"deletedDate\":" SAME
                  ",\"scheduledPurgeDate\":" SAME ",",
                  "mortal", "Recoverable+Purgeable", 90, "");
    cr_assert_eq(reply_number(&deleted, "scheduledPurgeDate"),
                 reply_number(&deleted, "deletedDate") + 90 * 86400);

    API_REPLY(found, client_call(&dev, "GET", "/deletedkeys/mortal/", NULL));
    cr_assert_str_eq(found.body, deleted.body);

    API_REPLY(recovered, client_call(&dev, "POST", "/deletedkeys/mortal/recover", NULL));
    assert_bundle(&dev, &recovered, "", "mortal", "Recoverable+Purgeable", 90, "");
    cr_assert_not_null(strstr(reply_text(&recovered, "key.kid"), version));

    API_REPLY(again, client_call(&dev, "DELETE", "/keys/mortal", NULL));
    cr_assert_eq(again.status, 200);

    API_REPLY(purged, client_call(&dev, "DELETE", "/deletedkeys/mortal", NULL));
    cr_assert_eq(purged.status, 204);
    cr_assert_eq(purged.len, 0);
    cr_assert_null(reply_header(&purged, "Content-Length"));
    cr_assert_null(reply_header(&purged, "Content-Type"));

    api_create_key(&dev, "mortal", "", version);
}

Test(keys, deleted_key_keeps_all_its_versions)
{
    API_CLIENT(dev);
    char first[33];
    char second[33];
    char path[128];

    api_create_key(&dev, "versions-return", "", first);
    api_create_key(&dev, "versions-return", "", second);

    API_REPLY(deleted, client_call(&dev, "DELETE", "/keys/versions-return", NULL));
    cr_assert_not_null(strstr(reply_text(&deleted, "key.kid"), second));

    API_REPLY(none, client_call(&dev, "GET", "/keys/versions-return/versions", NULL));
    cr_assert_str_eq(none.body, "{\"value\":[],\"nextLink\":null}");

    API_REPLY(recovered, client_call(&dev, "POST", "/deletedkeys/versions-return/recover", NULL));
    cr_assert_eq(recovered.status, 200);
    snprintf(path, sizeof(path), "/keys/versions-return/%s", first);

    API_REPLY(old, client_call(&dev, "GET", path, NULL));
    cr_assert_eq(old.status, 200, "%s", old.body);
}

Test(keys, odd_paths_lead_where_the_contract_says)
{
    static const char *const paths[] = {
        "/keys/odd", "/keys/odd/", "//keys//odd//", "/KEYS/odd", "/keys/%6Fdd",
    };
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "odd", "", version);
    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        API_REPLY(reply, client_call(&dev, "GET", paths[i], NULL));

        cr_expect_eq(reply.status, 200, "%s: %ld %s", paths[i], reply.status, reply.body);
    }
}

Test(keys, api_version_name_may_be_percent_encoded)
{
    const struct request request = { .method = "GET", .target = "/keys?api%2Dversion=2025-07-01" };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));

    cr_assert_eq(reply.status, 200, "%s", reply.body);
}
