/* SPDX-License-Identifier: Apache-2.0 */
/* Secure key release, who gets a key and who does not: contract §11. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/base64.h"
#include "release_tools.h"

TestSuite(release, .timeout = 180);

static bool is_bad(const struct reply *reply, const char *message)
{
    return reply_is_error(reply, 400, "BadParameter", NULL, message);
}

/* contract §9.3: which check has failed is not told */
static bool is_denied(const struct reply *reply)
{
    return reply_is_error(reply, 403, "Forbidden", "AccessDenied",
                          "Target environment attestation statement cannot be verified.");
}

/* Every text stands in tests/data/golden/release_2026.txt. */
static const struct {
    const char *vault, *target, *body, *message;
} refused[] = {
    { "std", "?api-version=7.6", "{\"kty\":\"EC\"," EXPORTABLE "}",
      "AKV.SKR.1001: The exportable attribute is only supported with premium vaults and API "
      "version >= '7.3-preview'." },
    { "dev", "?api-version=7.2", "{\"kty\":\"EC-HSM\"," EXPORTABLE "}",
      "AKV.SKR.1001: The exportable attribute is only supported with premium vaults and API "
      "version >= '7.3-preview'." },
    { "dev", "?api-version=7.6", "{\"kty\":\"EC-HSM\"," EXPORTABLE "}",
      "AKV.SKR.1004: Exportable keys must have release policy." },
    { "dev", "?api-version=7.6",
      "{\"kty\":\"EC-HSM\",\"release_policy\":{\"data\":\"eyJ2ZXJzaW9uIjoiMS4wLjAiLCJhbnlPZiI6W3si"
      "YXV0aG9yaXR5IjoiaHR0cHM6Ly9hIiwiYWxsT2YiOlt7ImNsYWltIjoiYSIsImVxdWFscyI6ImIifV19XX0\"}}",
      "AKV.SKR.1005: Non-exportable keys must not have release policy." },
};

Test(release, BAD_PARAMETER_of_what_cannot_be_exportable)
{
    for (size_t i = 0; i < KV_COUNT(refused); i++) {
        __attribute__((cleanup(client_close))) struct client client;
        char target[128];

        client_open(&client, api_daemon(), refused[i].vault);
        snprintf(target, sizeof(target), "/keys/release-refused/create%s", refused[i].target);
        API_REPLY(reply, client_send(&client, &(struct request){ .method = "POST",
                                                                 .target = target,
                                                                 .body = refused[i].body }));
        cr_expect(is_bad(&reply, refused[i].message), "%zu", i);
    }
}

static const struct {
    const char *policy, *message;
} bad_policies[] = {
    { "[]", "Key Release Policy: it is no JSON object" },
    { "{\"anyOf\":[]}", "Key Release Policy: missing 'version' property" },
    { "{\"version\":\"1.0.0\"}", "Key Release Policy: missing 'anyOf' property" },
    { "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"ftp://a\",\"allOf\":[" MAA "]}]}",
      "Key Release Policy: an 'authority' must be an https URL" },
    { "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"http://127.0.0.1.a\",\"allOf\":[" MAA
      "]}]}",
      "Key Release Policy: an 'authority' must be an https URL" },
    { "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://a\",\"allOf\":[]}]}",
      "Key Release Policy: an authority needs 'allOf' or 'anyOf' with claims, each with 'equals'" },
    { "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://"
      "a\",\"allOf\":[{\"claim\":\"c\"}]}]}",
      "Key Release Policy: an authority needs 'allOf' or 'anyOf' with claims, each with 'equals'" },
    { "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://"
      "a\",\"allOf\":[{\"allOf\":[{\"allOf\":"
      "[{\"allOf\":[{\"allOf\":[{\"allOf\":[{\"allOf\":[{\"allOf\":[" MAA "]}]}]}]}]}]}]}]}]}",
      "Key Release Policy: an authority needs 'allOf' or 'anyOf' with claims, each with 'equals'" },
};

Test(release, BAD_PARAMETER_of_policies_that_are_none)
{
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(bad_policies); i++) {
        char data[1024];

        kv_base64url_encode(bad_policies[i].policy, strlen(bad_policies[i].policy), data);
        API_REPLY(reply, release_create(&dev, "release-policy", "EC-HSM", data));
        cr_expect(is_bad(&reply, bad_policies[i].message), "%s", bad_policies[i].policy);
    }
}

Test(release, policy_can_be_replaced_until_it_is_immutable)
{
    char data[1024];
    char other[1024];
    char body[2048];
    char path[256];
    API_CLIENT(dev);

    release_make_policy(&dev, MAA, data);
    release_make_policy(&dev, "{\"claim\":\"a.b\",\"equals\":1}", other);
    API_REPLY(made, release_create(&dev, "release-terms", "RSA-HSM", data));
    cr_assert_eq(made.status, 200, "%s", made.body);
    cr_expect_not_null(strstr(made.body, ",\"release_policy\":{\"contentType\":\"application/json; "
                                         "charset=utf-8\",\"data\":\""));
    cr_expect_not_null(strstr(made.body, "\"exportable\":true"));

    API_REPLY(toggled, client_call(&dev, "PATCH", "/keys/release-terms",
                                   "{\"attributes\":{\"exportable\":false}}"));
    cr_expect(is_bad(&toggled, "AKV.SKR.1014: Cannot modify the exportable state of a key."));
    API_REPLY(recreated,
              client_call(&dev, "POST", "/keys/release-terms/create",
                          "{\"kty\":\"RSA-HSM\",\"attributes\":{\"exportable\":false}}"));
    cr_expect(is_bad(&recreated, "AKV.SKR.1003: The exportable attribute of an existing key cannot "
                                 "be changed."));
    snprintf(body, sizeof(body), "{\"release_policy\":{\"data\":\"%s\",\"immutable\":true}}",
             other);
    snprintf(path, sizeof(path), "/keys/release-terms/%s",
             strrchr(reply_text(&made, "key.kid"), '/') + 1);
    API_REPLY(versioned, client_call(&dev, "PATCH", path, body));
    cr_expect(
        is_bad(&versioned, "AKV.SKR.1016: Key Release Policy can only be set on versionless key"));
    API_REPLY(replaced, client_call(&dev, "PATCH", "/keys/release-terms", body));
    cr_expect_eq(replaced.status, 200, "%s", replaced.body);
    cr_expect(cJSON_IsTrue(reply_item(&replaced, "release_policy.immutable")));
    API_REPLY(again, client_call(&dev, "PATCH", "/keys/release-terms", body));
    cr_expect(is_bad(&again, "AKV.SKR.1020: Immutable Key Release Policy cannot be modified."));
    API_REPLY(rotated, client_call(&dev, "POST", "/keys/release-terms/rotate", NULL));
    cr_expect_str_eq(reply_text(&rotated, "release_policy.data"),
                     reply_text(&replaced, "release_policy.data"));
}

/* contract §11: 400, not 403 */
Test(release, BAD_PARAMETER_of_attestations_that_lack_a_claim)
{
    static const char *const conditions[] = { "{\"claim\":\"sdk-test\",\"equals\":\"false\"}",
                                              "{\"claim\":\"sdk-other\",\"equals\":\"true\"}" };
    char data[1024];
    API_CLIENT(dev);
    API_REPLY(token, release_ask_authority(&dev, "/generate-test-token"));

    for (size_t i = 0; i < KV_COUNT(conditions); i++) {
        release_make_policy(&dev, conditions[i], data);
        API_REPLY(key, release_create(&dev, "release-unmet", "EC-HSM", data));
        API_REPLY(unmet, release_send(&dev, "release-unmet", reply_text(&token, "token"),
                                      "CKM_RSA_AES_KEY_WRAP"));
        cr_expect(is_bad(&unmet, "Target environment attestation does not have the claims that the "
                                 "release policy demands."));
    }
}

Test(release, RELEASE_DENIED)
{
    char data[1024];
    char *changed;
    API_CLIENT(dev);
    API_REPLY(token, release_ask_authority(&dev, "/generate-test-token"));
    const char *text = reply_text(&token, "token");

    API_REPLY(other_key,
              release_create(&dev, "release-other", "EC-HSM",
                             "eyJ2ZXJzaW9uIjoiMS4wLjAiLCJhbnlPZiI6W3siYXV0aG9yaXR5IjoiaHR0cHM6Ly"
                             "9hIiwiYWxsT2YiOlt7ImNsYWltIjoiYSIsImVxdWFscyI6ImIifV19XX0"));
    API_REPLY(other, release_send(&dev, "release-other", text, "CKM_RSA_AES_KEY_WRAP"));
    cr_expect(is_denied(&other));

    release_make_policy(&dev, MAA, data);
    API_REPLY(key, release_create(&dev, "release-changed", "EC-HSM", data));
    changed = strdup(text);
    changed[strlen(changed) - 8] = changed[strlen(changed) - 8] == 'A' ? 'B' : 'A';
    API_REPLY(forged, release_send(&dev, "release-changed", changed, "CKM_RSA_AES_KEY_WRAP"));
    cr_expect(is_denied(&forged));
    free(changed);
    cr_expect_eq(api_count_lines(api_daemon(), "path=\"/keys/release-other/release",
                                 " detail=\"it is of no authority that the release policy names\""),
                 1);
    cr_expect_eq(api_count_lines(api_daemon(), "path=\"/keys/release-changed/release",
                                 " detail=\"it is not signed by the authority it names\""),
                 1);
}

Test(release, BAD_PARAMETER_of_attestations_that_are_none)
{
    char data[1024];
    API_CLIENT(dev);

    release_make_policy(&dev, MAA, data);
    API_REPLY(key, release_create(&dev, "release-bad", "EC-HSM", data));
    cr_assert_eq(key.status, 200, "%s", key.body);
    API_REPLY(text, release_send(&dev, "release-bad", "a.b.c", "CKM_RSA_AES_KEY_WRAP"));
    cr_expect(is_bad(&text, "Target environment attestation is not a JSON web token signed with "
                            "RS256."));
    API_REPLY(missing, client_call(&dev, "POST", "/keys/release-bad/release", "{}"));
    cr_expect(is_bad(&missing, "Property 'target' is required.\r\n"));
    API_REPLY(token, release_ask_authority(&dev, "/generate-test-token?n=&e="));
    const char *keyless = reply_text(&token, "token");

    API_REPLY(enc, release_send(&dev, "release-bad", keyless, "RSA-OAEP"));
    cr_expect(is_bad(&enc, "Property  has invalid value\r\n"));
    API_REPLY(held, release_send(&dev, "release-bad", keyless, "CKM_RSA_AES_KEY_WRAP"));
    cr_expect(is_bad(&held, "Target environment attestation does not have the required enclave "
                            "held data claim (maa-ehd)"));
}

Test(release, KEY_OPERATION_FORBIDDEN_and_KEY_DISABLED)
{
    char version[33];
    char data[1024];
    API_CLIENT(dev);

    api_create_key(&dev, "release-not", "", version);
    API_REPLY(not_exportable, release_send(&dev, "release-not", "a.b.c", "CKM_RSA_AES_KEY_WRAP"));
    cr_expect(reply_is_error(&not_exportable, 403, "Forbidden", "KeyOperationForbidden",
                             "Operation release is not permitted on this key."));
    release_make_policy(&dev, MAA, data);
    API_REPLY(key, release_create(&dev, "release-off", "EC-HSM", data));
    API_REPLY(off, client_call(&dev, "PATCH", "/keys/release-off",
                               "{\"attributes\":{\"enabled\":false}}"));
    cr_assert_eq(off.status, 200);
    API_REPLY(disabled, release_send(&dev, "release-off", "a.b.c", "CKM_RSA_AES_KEY_WRAP"));
    cr_expect(reply_is_error(&disabled, 403, "Forbidden", "KeyDisabled",
                             "Operation release is not allowed on a disabled key."));
}

/* contract §4.2, §4.3: a vault leaves the policy out of what it says of a deleted key */
Test(release, policy_of_a_deleted_key_is_shown_by_a_managed_hsm_alone)
{
    API_CLIENT(dev);
    API_HSM_OF(api_daemon(), pool);
    struct client *const clients[] = { &dev, &pool };
    char data[1024];

    release_make_policy(&dev, MAA, data);
    for (size_t i = 0; i < KV_COUNT(clients); i++) {
        API_REPLY(key, release_create(clients[i], "release-gone", "EC-HSM", data));
        cr_assert_eq(key.status, 200, "%s", key.body);
        API_REPLY(gone, client_call(clients[i], "DELETE", "/keys/release-gone", NULL));
        API_REPLY(shown, client_call(clients[i], "GET", "/deletedkeys/release-gone", NULL));
        cr_expect_eq(reply_item(&gone, "release_policy") != NULL, i == 1, "%s", gone.body);
        cr_expect_eq(reply_item(&shown, "release_policy") != NULL, i == 1, "%s", shown.body);
        cr_expect(cJSON_IsTrue(reply_item(&shown, "attributes.exportable")));
        API_REPLY(back, client_call(clients[i], "POST", "/deletedkeys/release-gone/recover", NULL));
        cr_expect_not_null(reply_item(&back, "release_policy"), "%s", back.body);
    }
}
