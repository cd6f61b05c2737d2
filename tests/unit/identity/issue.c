/* SPDX-License-Identifier: Apache-2.0 */
/* What a new token says. */

#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/base64.h"
#include "kv/base/json.h"

#define CLIENT "0a0b0c0d-1111-4222-8333-444455556666"

TestSuite(issue, .init = set_up, .fini = tear_down, .timeout = 120);

/* The decoded part of a token that begins at `text`. */
static cJSON *decode_part(const char *text)
{
    static char bytes[KV_TOKEN_MAX];
    size_t len;
    cJSON *json = NULL;

    cr_assert(kv_base64url_decode(text, strcspn(text, "."), bytes, &len));
    cr_assert_eq(kv_json_parse(bytes, len, &json, &err), KV_OK);
    return json;
}

static const char *member(const cJSON *json, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

    return text == NULL ? "(none)" : text;
}

Test(issue, refuses_a_resource_that_is_no_uri)
{
    char longest[KV_RESOURCE_MAX + 2];
    struct kv_token token;

    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    const char *const rows[] = {
        "", " ", "https://a b", "https://a\n", "https://\xc3\xa4", longest
    };
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(issue_token(rows[i], &token), KV_BAD_PARAMETER, "row %zu", i);
    }
}

Test(issue, takes_the_longest_resource)
{
    kv_auto(kv_token_done) struct kv_token token = { 0 };
    char longest[KV_RESOURCE_MAX + 1];

    memset(longest, 'x', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    cr_assert_eq(issue_token(longest, &token), KV_OK, "%s", err.message);
    cr_assert_eq(verify(token.text, NOW), KV_UNAUTHORIZED);
    cr_assert_not_null(strstr(err.message, longest), "the audience is told whole");
}

Test(issue, names_its_key_in_the_header)
{
    kv_auto(kv_token_done) struct kv_token token = { 0 };
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, 1024);
    cr_assert_eq(issue_token(OTHER_AUDIENCE, &token), KV_OK);
    kv_auto(cJSON_Delete) cJSON *header = decode_part(token.text);
    cr_assert_eq(kv_json_print(header, &text, &err), KV_OK);
    cr_assert_str_eq(text.data, "{\"typ\":\"JWT\",\"alg\":\"RS256\",\"x5t\":\"" FORGE_KEY_NAME
                                "\",\"kid\":\"" FORGE_KEY_NAME "\"}");
}

Test(issue, says_what_a_managed_identitys_token_says)
{
    kv_auto(kv_token_done) struct kv_token token = { 0 };
    struct kv_identity_card card;

    cr_assert(kv_identity_card(identity, CLIENT, &card));
    cr_assert_eq(kv_identity_issue(identity, &card, OTHER_AUDIENCE, &token_time, &token, &err),
                 KV_OK);
    kv_auto(cJSON_Delete) cJSON *claims = decode_part(strchr(token.text, '.') + 1);
    const struct {
        const char *name, *value;
    } rows[] = {
        { "aud", OTHER_AUDIENCE },
        { "iss", "https://sts.windows.net/" TENANT "/" },
        { "idp", "https://sts.windows.net/" TENANT "/" },
        { "tid", TENANT },
        { "appid", CLIENT },
        { "appidacr", "2" },
        { "idtyp", "app" },
        { "ver", "1.0" },
        { "oid", card.object_id },
        { "sub", card.object_id },
        { "xms_mirid", card.resource },
    };
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_str_eq(member(claims, rows[i].name), rows[i].value, "%s", rows[i].name);
    }
    cr_assert_eq(strlen(member(claims, "uti")), 22);
}

Test(issue, dates_a_token_from_now_for_its_lifetime)
{
    kv_auto(kv_token_done) struct kv_token token = { 0 };

    cr_assert_eq(issue_token(OTHER_AUDIENCE, &token), KV_OK);
    cr_assert_eq(token.not_before, NOW);
    cr_assert_eq(token.expires, NOW + KV_TOKEN_LIFETIME);
    kv_auto(cJSON_Delete) cJSON *claims = decode_part(strchr(token.text, '.') + 1);
    const struct {
        const char *name;
        double value;
    } rows[] = { { "iat", NOW }, { "nbf", NOW }, { "exp", NOW + KV_TOKEN_LIFETIME } };
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(cJSON_GetNumberValue(cJSON_GetObjectItem(claims, rows[i].name)), rows[i].value,
                     "%s", rows[i].name);
    }
}

Test(issue, makes_two_tokens_of_a_second_two)
{
    kv_auto(kv_token_done) struct kv_token first = { 0 };
    kv_auto(kv_token_done) struct kv_token second = { 0 };

    cr_assert_eq(issue_token(OTHER_AUDIENCE, &first), KV_OK);
    cr_assert_eq(issue_token(OTHER_AUDIENCE, &second), KV_OK);
    cr_assert_str_neq(first.text, second.text);
    cr_assert_eq(verify(first.text, NOW), KV_OK, "%s", err.message);
    cr_assert_eq(verify(second.text, NOW), KV_OK, "%s", err.message);
}
