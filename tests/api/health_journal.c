/* SPDX-License-Identifier: Apache-2.0 */
/* Fronts in the journal, without their data, and under fault rules, in their own words. */
#include <stdio.h>
#include <string.h>

#include "health_tools.h"
#include "process_tools.h"

TestSuite(health_journal, .timeout = 120);

#define PATIENT                                                                                    \
    "{\"resourceType\":\"Patient\",\"id\":\"ada-1815\",\"name\":[{\"family\":\"Lovelace\"}]}"

static struct reply control(const struct daemon *daemon, const char *method, const char *target,
                            const char *body)
{
    API_CLIENT_OF(daemon, dev);

    return client_send(&dev,
                       &(const struct request){
                           .method = method, .target = target, .body = body, .control = true });
}

static struct reply ask_of(const struct daemon *daemon, const char *profile, const char *method,
                           const char *target, const char *body, const char *audience)
{
    API_CLIENT_OF(daemon, dev);

    return health_ask(&dev, &(const struct front_ask){ .service = "svc",
                                                       .profile = profile,
                                                       .method = method,
                                                       .target = target,
                                                       .type = body != NULL ? FHIR_JSON : NULL,
                                                       .body = body,
                                                       .audience = audience });
}

static struct reply ask(const struct daemon *daemon, const char *method, const char *target,
                        const char *body)
{
    return ask_of(daemon, "fhir", method, target, body, NULL);
}

static void begin(struct daemon *daemon, const char *profile)
{
    api_begin(daemon, (const char *const[]){ "--vault", "dev", "--journal-bodies", NULL });
    health_make(daemon, "svc", profile, "k", "");
}

static void add_rule(const struct daemon *daemon, const char *rule)
{
    API_REPLY(added, control(daemon, "POST", "/control/v1/faults", rule));

    cr_assert_eq(added.status, 201, "%s", added.body);
}

Test(health_journal, rules_that_can_never_act_on_fronts_are_refused)
{
    static const char *const rules[] = {
        "{\"match\":{\"operation\":\"fhirRead\",\"vault\":\"dev\"},\"effect\":{\"status\":500}}",
        "{\"match\":{\"operation\":\"fhirRead\",\"key\":\"k\"},\"effect\":{\"status\":500}}",
        "{\"match\":{\"operation\":\"fhirRead\"},\"effect\":{\"error\":\"KEY_DISABLED\"}}",
        "{\"match\":{\"operation\":\"dicomStore\"},\"effect\":{\"result\":\"wrong_plaintext\"}}",
        "{\"match\":{\"operation\":\"healthCheck\",\"principal\":\"me\"},\"effect\":{}}",
        "{\"match\":{\"operation\":\"fhirWrite\"},\"effect\":{\"status\":500}}",
    };
    struct daemon own;

    begin(&own, "fhir");
    for (size_t i = 0; i < KV_COUNT(rules); i++) {
        API_REPLY(refused, control(&own, "POST", "/control/v1/faults", rules[i]));
        cr_expect_eq(refused.status, 400, "row %zu: %s", i, refused.body);
    }
    api_end(&own);
}

Test(health_journal, a_rule_acts_on_its_operation_alone)
{
    struct daemon own;

    begin(&own, "fhir");
    add_rule(&own, "{\"id\":\"busy\",\"match\":{\"operation\":\"fhirRead\"},\"when\":{\"times\":1},"
                   "\"effect\":{\"status\":429,\"retry_after\":7}}");
    API_REPLY(written, ask(&own, "PUT", "/Patient/ada-1815", PATIENT));
    cr_expect_eq(written.status, 201, "%s", written.body);
    API_REPLY(busy, ask(&own, "GET", "/Patient/ada-1815", NULL));
    health_expect_outcome(&busy, 429, "throttled", "The fault rule busy says so.");
    cr_expect_str_eq(reply_header(&busy, "Retry-After"), "7");
    API_REPLY(again, ask(&own, "GET", "/Patient/ada-1815", NULL));
    cr_expect_eq(again.status, 200, "%s", again.body);
    API_REPLY(rule, control(&own, "GET", "/control/v1/faults/busy", NULL));
    cr_expect_eq((int) reply_number(&rule, "hits"), 1, "%s", rule.body);
    api_end(&own);
}

/* Rules without an operation are for vaults, as they were before there were fronts. */
Test(health_journal, a_rule_for_vaults_leaves_fronts_alone)
{
    struct daemon own;

    begin(&own, "fhir");
    api_set_clock(&own, "{\"frozen\":true}");
    add_rule(&own, "{\"id\":\"all\",\"effect\":{\"status\":503}}");
    add_rule(&own, "{\"id\":\"early\",\"stage\":\"arrival\",\"effect\":{\"status\":503}}");
    API_REPLY(nowhere, ask(&own, "GET", "/a/path/that/is/none", NULL));
    cr_expect_eq(nowhere.status, 404, "%s", nowhere.body);
    API_REPLY(written, ask(&own, "PUT", "/Patient/ada-1815", PATIENT));
    cr_expect_eq(written.status, 201, "%s", written.body);
    api_end(&own);
}

Test(health_journal, a_rule_is_asked_on_arrival_before_the_token)
{
    struct daemon own;

    begin(&own, "fhir");
    add_rule(&own, "{\"stage\":\"arrival\",\"match\":{\"operation\":\"fhir*\",\"header\":{\"Host\":"
                   "\"svc.fhir.*\"}},\"when\":{\"times\":1},\"effect\":{\"status\":503,"
                   "\"message\":\"Closed for today.\",\"delay\":20}}");
    API_REPLY(closed, ask_of(&own, "fhir", "PUT", "/Patient/ada-1815", PATIENT, ""));
    health_expect_outcome(&closed, 503, "transient", "Closed for today.");
    API_REPLY(stranger, ask_of(&own, "fhir", "PUT", "/Patient/ada-1815", PATIENT, ""));
    cr_expect_eq(stranger.status, 401, "%s", stranger.body);
    api_end(&own);
}

Test(health_journal, a_rule_knows_who_asks)
{
    struct daemon own;

    begin(&own, "fhir");
    add_rule(&own, "{\"match\":{\"operation\":\"fhirSearch\",\"principal\":\"somebody-else\"},"
                   "\"effect\":{\"status\":500}}");
    API_REPLY(others, ask(&own, "GET", "/Patient", NULL));
    cr_expect_eq(others.status, 200, "%s", others.body);
    add_rule(&own, "{\"match\":{\"operation\":\"fhirSearch\",\"principal\":\"*\"},"
                   "\"effect\":{\"status\":500,\"code\":\"incomplete\",\"inner_code\":\"X1\","
                   "\"message\":\"No.\"}}");
    API_REPLY(mine, ask(&own, "GET", "/Patient", NULL));
    health_expect_outcome(&mine, 500, "incomplete", "No. (X1)");
    api_end(&own);
}

Test(health_journal, what_is_written_stays_when_the_answer_is_lost)
{
    struct daemon own;

    begin(&own, "fhir");
    add_rule(&own, "{\"match\":{\"operation\":\"fhirUpdate\"},\"when\":{\"times\":1},"
                   "\"effect\":{\"carried_out\":true,\"cut\":\"reset\"}}");
    API_REPLY(lost, ask(&own, "PUT", "/Patient/ada-1815", PATIENT));
    cr_expect_eq(lost.status, 0, "%ld", lost.status);
    API_REPLY(there, ask(&own, "GET", "/Patient/ada-1815", NULL));
    cr_expect_eq(there.status, 200, "%s", there.body);
    api_end(&own);
}

/* Of a service the host tells which it is. */
Test(health_journal, names_the_service_in_a_shell)
{
    char output[8192], control_address[64];
    struct daemon own;

    begin(&own, "fhir");
    API_REPLY(none, ask(&own, "GET", "/Patient/none", NULL));
    cr_assert_eq(none.status, 404, "%s", none.body);
    (void) snprintf(control_address, sizeof(control_address), "http://127.0.0.1:%u",
                    own.control_port);
    const char *const list[] = { "journal",   "list",          "--host", "svc.fhir.*",
                                 "--control", control_address, NULL };
    const char *const others[] = { "journal",   "list",          "--host", "other.fhir.*",
                                   "--control", control_address, NULL };
    const char *const expect[] = { "journal", "expect",    "--kind",        "service", "--count",
                                   "7",       "--control", control_address, NULL };

    cr_expect_eq(program_run(list, output, sizeof(output)), 0, "%s", output);
    cr_expect_not_null(strstr(output, " fhirRead svc.fhir.localhost"), "%s", output);
    cr_expect_eq(program_run(others, output, sizeof(output)), 0, "%s", output);
    cr_expect_str_empty(output, "%s", output);
    cr_expect_eq(program_run(expect, output, sizeof(output)), 1, "%s", output);
    cr_expect_not_null(strstr(output, " fhirRead svc.fhir.localhost"), "%s", output);
    api_end(&own);
}

Test(health_journal, tells_how_clients_come_back_to_a_service)
{
    char output[8192], control_address[64];
    struct daemon own;

    begin(&own, "fhir");
    (void) snprintf(control_address, sizeof(control_address), "http://127.0.0.1:%u",
                    own.control_port);
    const char *const list[] = { "journal", "retries", "--control", control_address, NULL };

    cr_expect_eq(program_run(list, output, sizeof(output)), 0, "%s", output);
    cr_expect_str_empty(output, "%s", output);
    add_rule(&own, "{\"id\":\"busy\",\"match\":{\"operation\":\"fhirRead\"},\"when\":{\"times\":2},"
                   "\"effect\":{\"status\":429,\"retry_after\":30}}");
    for (int i = 0; i < 3; i++) {
        API_REPLY(read, ask(&own, "GET", "/Patient/ada-1815", NULL));
        cr_expect_eq(read.status, i < 2 ? 429 : 404, "%d: %s", i, read.body);
    }
    API_REPLY(judged, control(&own, "GET", "/control/v1/requests/retries?kind=service", NULL));
    cr_assert_eq(cJSON_GetArraySize(reply_item(&judged, "setbacks")), 1, "%s", judged.body);
    cr_expect_str_eq(reply_text(&judged, "setbacks.0.kind"), "service", "%s", judged.body);
    cr_expect_str_eq(reply_text(&judged, "setbacks.0.method"), "GET", "%s", judged.body);
    cr_expect_str_eq(reply_text(&judged, "setbacks.0.path"), "/Patient/{id}", "%s", judged.body);
    cr_expect_null(strstr(judged.body, "ada"), "%s", judged.body);
    cr_expect_eq(program_run(list, output, sizeof(output)), 0, "%s", output);
    cr_expect_not_null(strstr(output, " fhirRead svc.fhir.localhost"), "%s", output);
    cr_expect_not_null(strstr(output, ": 429 429 404\n  refused; 2 retries after"), "%s", output);
    cr_expect_not_null(strstr(output, "; obeyed 0 of 2 Retry-After"), "%s", output);
    api_end(&own);
}

Test(health_journal, a_dicom_service_says_it_in_a_sentence)
{
    struct daemon own;

    begin(&own, "dicom");
    add_rule(&own, "{\"match\":{\"operation\":\"dicomRetrieve\"},\"effect\":{\"status\":424,"
                   "\"code\":\"KeyLost\",\"message\":\"Gone.\"}}");
    API_REPLY(said,
              ask_of(&own, "dicom", "GET", "/v2/studies/1.2/series/3/instances/4", NULL, NULL));
    cr_expect_eq(said.status, 424, "%s", said.body);
    cr_expect_str_eq(said.body, "KeyLost: Gone.");
    api_end(&own);
}

static const struct {
    const char *profile, *method, *target, *body, *operation, *path, *code;
    int status;
} asked[] = {
    { "fhir", "PUT", "/Patient/ada-1815", PATIENT, "fhirUpdate", "/Patient/{id}", NULL, 201 },
    { "fhir", "GET", "/Patient/ada-1815", NULL, "fhirRead", "/Patient/{id}", NULL, 200 },
    { "fhir", "GET", "/Patient/ada-1815/_history/1", NULL, "fhirReadVersion",
      "/Patient/{id}/_history/{version}", NULL, 200 },
    { "fhir", "GET", "/Patient?_id=ada-1815", NULL, "fhirSearch", "/Patient", NULL, 200 },
    { "fhir", "GET", "/Patient?api-version=lovelace&name=lovelace", NULL, "fhirSearch", "/Patient",
      "invalid", 400 },
    { "fhir", "POST", "/Patient", PATIENT, "fhirCreate", "/Patient", NULL, 201 },
    { "fhir", "GET", "/Patient/lovelace", NULL, "fhirRead", "/Patient/{id}", "not-found", 404 },
    { "fhir", "GET", "/Lovelace/ada-1815", NULL, "fhirRead", "/{type}/{id}", "not-found", 404 },
    { "fhir", "DELETE", "/Patient/ada-1815", NULL, NULL, "/***", "not-supported", 405 },
    { "fhir", "GET", "/a/lovelace/ada-1815/d/e", NULL, NULL, "/***", "not-found", 404 },
    { "fhir", "GET", "/health/check", NULL, "healthCheck", "/health/check", NULL, 200 },
};

static void expect_entry(const cJSON *entry, size_t row)
{
    static const char *const names[] = { "operation", "path", "code" };
    const char *const wanted[] = { asked[row].operation, asked[row].path, asked[row].code };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, names[i]));

        cr_expect((text == NULL) == (wanted[i] == NULL), "row %zu: %s: %s", row, names[i],
                  text != NULL ? text : "none");
        cr_expect(text == NULL || wanted[i] == NULL || strcmp(text, wanted[i]) == 0,
                  "row %zu: %s: %s", row, names[i], text);
    }
    cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(entry, "kind")),
                     "service");
}

/* The log, which is whole once the daemon has ended. */
static void expect_log(struct daemon *own)
{
    cr_assert(daemon_stop(own));
    cr_expect_gt(process_count_lines(own, "path=\"/Patient/{id}\" status=404"), 0);
    cr_expect_gt(process_count_lines(own, "path=\"/***\""), 0);
    cr_expect_eq(process_count_lines(own, "ovelace"), 0);
    cr_expect_eq(process_count_lines(own, "1815"), 0);
    daemon_discard(own);
}

Test(health_journal, shows_what_was_asked_and_nothing_of_the_data)
{
    struct daemon own;

    begin(&own, "fhir");
    for (size_t i = 0; i < KV_COUNT(asked); i++) {
        API_REPLY(reply, ask_of(&own, asked[i].profile, asked[i].method, asked[i].target,
                                asked[i].body, NULL));
        cr_expect_eq(reply.status, asked[i].status, "row %zu: %s", i, reply.body);
    }
    API_REPLY(journal, control(&own, "GET", "/control/v1/requests?kind=service", NULL));
    cr_assert_eq(cJSON_GetArraySize(reply_item(&journal, "requests")), (int) KV_COUNT(asked), "%s",
                 journal.body);
    for (size_t i = 0; i < KV_COUNT(asked); i++) {
        expect_entry(cJSON_GetArrayItem(reply_item(&journal, "requests"), (int) i), i);
    }
    cr_expect_not_null(strstr(reply_text(&journal, "requests.0.host"), "svc.fhir.localhost"));
    cr_expect_str_not_empty(reply_text(&journal, "requests.0.principal.object_id"), "%s",
                            journal.body);
    cr_expect_not_null(strstr(reply_text(&journal, "requests.0.request_body"), " bytes)"), "%s",
                       journal.body);
    cr_expect_null(strcasestr(journal.body, "lovelace"), "%s", journal.body);
    cr_expect_null(strstr(journal.body, "1815"), "%s", journal.body);
    API_REPLY(har, control(&own, "GET", "/control/v1/requests?kind=service&format=har", NULL));
    cr_expect_eq(har.status, 200, "%s", har.body);
    cr_expect_null(strcasestr(har.body, "lovelace"), "%s", har.body);
    cr_expect_null(strstr(har.body, "1815"), "%s", har.body);
    expect_log(&own);
}
