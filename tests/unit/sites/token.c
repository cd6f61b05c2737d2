/* SPDX-License-Identifier: Apache-2.0 */
/* The managed-identity endpoints: who is turned away, then what the three dialects answer. */

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <criterion/criterion.h>

#include "kv/app/api.h"
#include "token.h"

#define CLIENT "0a0b0c0d-1111-4222-8333-444455556666"

TestSuite(token_site, .init = set_up_token_site, .fini = tear_down_token_site, .timeout = 60);

/* Tokens are dated by the real clock, and are good from the second in which they were issued. */
static kv_time real_now(void)
{
    return kv_seconds(kv_clock_real());
}

Test(token_site, serves_its_trees_and_nothing_else)
{
    const struct {
        const char *path;
        bool served;
    } rows[] = {
        { "/", false },        { "/ready", false },       { "/keys/msi", false },
        { "/msix", false },    { "/msi/token", true },    { "/MSI/token/", true },
        { "/metadata", true }, { "/Metadata/x/y", true }, { ARC, true },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        begin(KV_GET, rows[i].path);
        cr_assert_eq(kv_token_site.serves(&request), rows[i].served, "%s", rows[i].path);
    }
}

Test(token_site, turns_foreign_hosts_away)
{
    static const char *const rows[] = { "", "evil.example", "evil.example:8080", "169.254.169.253",
                                        "169.254.169.254.evil.example" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        ask_app_service();
        request.authority = rows[i];
        perform(&kv_token_site);
        expect_no_token(403, "access_denied", "This host name is not served here.");
    }
}

Test(token_site, turns_pages_of_other_origins_away)
{
    ask_imds();
    add_header("Origin", "http://evil.example");
    perform(&kv_token_site);
    expect_no_token(403, "access_denied", "Pages of other origins are not served here.");
}

Test(token_site, has_no_other_endpoints)
{
    static const char *const rows[] = { "/msi", "/msi/token/x", "/metadata/instance",
                                        "/metadata/identity" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        begin(KV_GET, rows[i]);
        perform(&kv_token_site);
        expect_no_token(404, "invalid_request", "There is no such token endpoint.");
    }
}

Test(token_site, has_no_other_verbs)
{
    static const enum kv_verb rows[] = { KV_HEAD, KV_POST, KV_PUT, KV_DELETE, KV_OPTIONS };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        ask_app_service();
        request.verb = rows[i];
        perform(&kv_token_site);
        cr_assert_eq(response.status, 405, "%zu", i);
        cr_assert_str_eq(answer_header("Allow"), "GET");
    }
}

Test(token_site, wants_the_header_of_each_dialect)
{
    const struct {
        void (*ask)(void);
        const char *wrong;
        const char *header, *word;
    } rows[] = {
        { ask_app_service, "", "X-IDENTITY-HEADER", "X-IDENTITY-HEADER" },
        { ask_app_service_of_2017, "", "secret", "secret" },
        { ask_imds, "", "Metadata", "metadata" },
        { ask_imds, "True", "Metadata", "metadata" },
        { ask_imds, "false", "Metadata", "metadata" },
        { ask_arc, "", "Metadata", "metadata" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char expected[64];
        snprintf(expected, sizeof(expected), "Required %s header not specified", rows[i].word);
        rows[i].ask();
        request.headers.count = 0;
        perform(&kv_token_site);
        expect_no_token(400, "invalid_request", expected);
        rows[i].ask();
        request.headers.count = 0;
        add_header(rows[i].header, rows[i].wrong);
        perform(&kv_token_site);
        expect_no_token(400, "invalid_request", expected);
    }
}

Test(token_site, wants_a_version_and_a_resource)
{
    static void (*const rows[])(void) = { ask_app_service, ask_imds };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        rows[i]();
        request.query.count = 1;
        perform(&kv_token_site);
        expect_no_token(400, "invalid_request", "Required query variable 'resource' is missing");
        rows[i]();
        request.query.count = 0;
        perform(&kv_token_site);
        expect_no_token(400, "invalid_request", "Required query variable 'api-version' is missing");
    }
}

Test(token_site, refuses_resources_that_are_none)
{
    static char longest[KV_RESOURCE_MAX + 2];
    memset(longest, 'x', sizeof(longest) - 1);
    const char *const rows[] = { "", "a b", "/.default", "\n", "\xff", longest };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        begin(KV_GET, IMDS);
        add_header("Metadata", "true");
        add_query("api-version", "2018-02-01");
        add_query("resource", rows[i]);
        perform(&kv_token_site);
        cr_assert_eq(response.status, 400, "row %zu", i);
        cr_assert_str_eq(answer_text("error"), "invalid_request");
    }
}

Test(token_site, refuses_identities_that_are_none)
{
    const struct {
        const char *parameter, *value;
    } rows[] = {
        { "client_id", "two words" }, { "object_id", "no-guid" }, { "principal_id", "x" },
        { "mi_res_id", "\xc3\xa4" },  { "msi_res_id", " " },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        ask_imds();
        add_query(rows[i].parameter, rows[i].value);
        perform(&kv_token_site);
        expect_no_token(400, "invalid_request", "Identity not found");
        ask_app_service();
        add_query(rows[i].parameter, rows[i].value);
        perform(&kv_token_site);
        expect_no_token(400, "invalid_request", NO_SUCH_IDENTITY);
    }
}

Test(token_site, refuses_two_identities)
{
    ask_imds();
    add_query("object_id", CLIENT);
    add_query("client_id", CLIENT);
    perform(&kv_token_site);
    expect_no_token(400, "invalid_request", "client_id and object_id cannot be given together");
}

static void expect_token_for(const struct kv_identity_card *card)
{
    cr_assert_eq(response.status, 200);
    cr_assert_eq(verify(answer_text("access_token"), real_now()), KV_OK, "%s", err.message);
    cr_assert_str_eq(principal.object_id, card->object_id);
    cr_assert_str_eq(principal.app_id, card->client_id);
    cr_assert_str_eq(principal.resource, card->resource);
    cr_assert_str_eq(answer_text("client_id"), card->client_id);
}

Test(token_site, gives_a_token_of_the_system_assigned_identity_unless_told)
{
    static void (*const rows[])(void) = { ask_app_service, ask_app_service_of_2017, ask_imds };
    struct kv_identity_card card;

    cr_assert(kv_identity_card(identity, NULL, &card));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        rows[i]();
        add_query("client_id", ""); /* as good as none */
        perform(&kv_token_site);
        expect_token_for(&card);
    }
}

Test(token_site, gives_a_token_of_the_identity_named)
{
    static const char *const parameters[] = { "client_id", "clientid", "mi_res_id", "msi_res_id" };
    static const char *const names[] = { CLIENT, "my-app", "/subscriptions/s/providers/p/i" };
    struct kv_identity_card card;

    for (size_t i = 0; i < KV_COUNT(parameters) * KV_COUNT(names); i++) {
        const char *name = names[i % KV_COUNT(names)];
        ask_imds();
        add_query(parameters[i / KV_COUNT(names)], name);
        perform(&kv_token_site);
        cr_assert(kv_identity_card(identity, name, &card));
        expect_token_for(&card);
    }
}

Test(token_site, gives_a_token_of_the_object_named)
{
    static const char *const parameters[] = { "object_id", "principal_id" };

    for (size_t i = 0; i < KV_COUNT(parameters); i++) {
        ask_app_service();
        add_query(parameters[i], CLIENT);
        perform(&kv_token_site);
        cr_assert_eq(verify(answer_text("access_token"), real_now()), KV_OK);
        cr_assert_str_eq(principal.object_id, CLIENT);
    }
}

static void expect_issued_between(kv_time first, kv_time last)
{
    kv_time not_before = strtoll(answer_text("not_before"), NULL, 10);

    cr_expect(not_before >= first && not_before <= last, "%s", answer_text("not_before"));
    cr_expect_eq(strtoll(answer_text("expires_on"), NULL, 10), not_before + KV_TOKEN_LIFETIME);
}

/* clients.md §5.2: all members are texts */
Test(token_site, answers_in_texts)
{
    static void (*const rows[])(void) = { ask_app_service, ask_imds };
    kv_time before = real_now();

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        rows[i]();
        perform(&kv_token_site);
        cr_assert_str_eq(response.content_type, "application/json; charset=utf-8");
        cr_assert_str_eq(answer_header("Cache-Control"), "no-store");
        cr_assert_str_eq(answer_header("Date"), "Tue, 14 Nov 2023 22:13:20 GMT");
        expect_issued_between(before, real_now());
        cr_assert_str_eq(answer_text("expires_in"), "86400");
        cr_assert_str_eq(answer_text("resource"), OTHER_AUDIENCE);
        cr_assert_str_eq(answer_text("token_type"), "Bearer");
    }
}

Test(token_site, tells_the_form_of_2017_a_date)
{
    struct tm calendar = { 0 };

    ask_app_service_of_2017();
    perform(&kv_token_site);
    const char *end = strptime(answer_text("expires_on"), "%m/%d/%Y %H:%M:%S +00:00", &calendar);
    cr_assert_str_eq(end, "", "%s", answer_text("expires_on"));
    cr_expect_eq(timegm(&calendar),
                 strtoll(answer_text("not_before"), NULL, 10) + KV_TOKEN_LIFETIME);
}

Test(token_site, takes_a_scope_for_its_resource)
{
    begin(KV_GET, IMDS);
    add_header("Metadata", "true");
    add_query("api-version", "2018-02-01");
    add_query("resource", OTHER_AUDIENCE "/.default");
    perform(&kv_token_site);
    cr_assert_str_eq(answer_text("resource"), OTHER_AUDIENCE);
    cr_assert_eq(verify(answer_text("access_token"), real_now()), KV_OK, "%s", err.message);
}

Test(token_site, strips_nothing_else_from_a_resource)
{
    begin(KV_GET, IMDS);
    add_header("Metadata", "true");
    add_query("api-version", "2018-02-01");
    add_query("resource", OTHER_AUDIENCE "/");
    perform(&kv_token_site);
    cr_assert_str_eq(answer_text("resource"), OTHER_AUDIENCE "/");
}

Test(token_site, answers_under_the_address_of_the_real_imds)
{
    ask_imds();
    request.authority = "169.254.169.254";
    perform(&kv_token_site);
    cr_assert_eq(response.status, 200);
}

Test(token_site, refuses_services_that_no_tenant_knows)
{
    begin(KV_GET, IMDS);
    add_header("Metadata", "true");
    add_query("api-version", "2018-02-01");
    add_query("resource", "nonsense");
    perform(&kv_token_site);
    cr_assert_eq(response.status, 400);
    cr_assert_str_eq(answer_text("error"), "invalid_resource");
    cr_assert_eq(strncmp(answer_text("error_description"),
                         "AADSTS500011: The resource principal "
                         "named nonsense was not found in the "
                         "tenant named " TENANT ".",
                         strlen("AADSTS500011: The resource principal named nonsense was not found "
                                "in the tenant named " TENANT ".")),
                 0);
}

Test(token_site, of_app_service_says_nothing_of_what_it_was_told)
{
    static const char *const versions[] = { "2017-09-01", "2019-08-01" };

    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        begin(KV_GET, APP_SERVICE);
        add_header("X-IDENTITY-HEADER", "x");
        add_header("secret", "x");
        add_query("api-version", versions[i]);
        add_query("resource", "nonsense");
        perform(&kv_token_site);
        expect_no_token(500, NULL, "An unexpected error occured while fetching the AAD Token.");
    }
}

/* What clients keep is dated by their clock, whatever the virtual one shows. */
Test(token_site, dates_tokens_by_the_real_clock)
{
    static const kv_millis rows[] = { INT64_C(7776000000), INT64_C(-86400000000) };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        kv_time before = real_now();

        cr_assert_eq(kv_clock_shift(app.clock, rows[i], &err), KV_OK);
        kv_clock_age_tokens(app.clock, rows[i]);
        ask_app_service();
        perform(&kv_token_site);
        expect_issued_between(before, real_now());
    }
}
