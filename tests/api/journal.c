/* SPDX-License-Identifier: Apache-2.0 */
/* The journal as the control port shows it: what is in it, and what is refused. */
#include "journal_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(journal, .timeout = 120);

#define EC_KEY "{\"kty\":\"EC\",\"crv\":\"P-256\"}"
#define SIGN "{\"alg\":\"ES256\",\"value\":\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\"}"

static void make_key(struct client *client, const char *name)
{
    char path[96];

    (void) snprintf(path, sizeof(path), "/keys/%s/create", name);
    API_REPLY(reply, client_call(client, "POST", path, EC_KEY));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

Test(journal, refuses_what_it_does_not_understand)
{
    static const struct {
        const char *method, *behind, *body, *said;
    } rows[] = {
        { "GET", "?keys=a", NULL, "'keys' is not a member of this query" },
        { "GET", "?key=", NULL, "'key' has an empty pattern." },
        { "GET", "?operation=fly", NULL, "'fly' matches no operation" },
        { "GET", "?status=teapot", NULL, "'teapot' matches no status" },
        { "GET", "?kind=bribe", NULL, "'bribe' matches no kind" },
        { "GET", "?since=yesterday", NULL, "since is the number of an entry." },
        { "GET", "?limit=0", NULL, "limit is a number from 1 to 10000." },
        { "GET", "?limit=10001", NULL, "limit is a number from 1 to 10000." },
        { "GET", "?limit=-1", NULL, "limit is a number from 1 to 10000." },
        { "GET", "?limit=5x", NULL, "limit is a number from 1 to 10000." },
        { "GET", "?format=xml", NULL, "format is json, jsonl or har." },
        { "DELETE", "?limit=5", NULL, "'limit' is not a member of this query" },
        { "DELETE", "?operation=fly", NULL, "'fly' matches no operation" },
        { "GET", "/retries?keys=a", NULL, "'keys' is not a member of this query" },
        { "GET", "/retries?status=99", NULL, "'99' matches no status" },
        { "POST", "/wait", "[]", "The body is not a JSON object." },
        { "POST", "/wait", "{\"filters\":{}}", "'filters' is not a member of this body" },
        { "POST", "/wait", "{\"filter\":[]}", "'filter' has a value of the wrong type." },
        { "POST", "/wait", "{\"filter\":{\"keys\":\"a\"}}", "'keys' is not a member of a filter" },
        { "POST", "/wait", "{\"filter\":{\"key\":[]}}", "'key' is an empty list" },
        { "POST", "/wait", "{\"filter\":{\"key\":true}}", "'key' of a filter is a text, a number" },
        { "POST", "/wait", "{\"filter\":{\"key\":[[\"a\"]]}}", "'key' of a filter is a text" },
        { "POST", "/wait", "{\"filter\":{\"status\":4.5}}", "'status' of a filter is a text" },
        { "POST", "/wait", "{\"count\":-1}", "count is a number from 0 to 100000." },
        { "POST", "/wait", "{\"count\":\"1\"}", "'count' has a value of the wrong type." },
        { "POST", "/wait", "{\"timeout\":\"1s\"}", "timeout is a number of seconds" },
        { "POST", "/wait", "{\"timeout\":-1}", "timeout is a number of seconds" },
        { "POST", "/wait", "{\"timeout\":591}", "timeout is a number of seconds from 0 to 590." },
        { "POST", "/expect", "{}", "Give count, or min, max or both." },
        { "POST", "/expect", "{\"count\":1,\"min\":1}", "Give count, or min, max or both." },
        { "POST", "/expect", "{\"min\":2,\"max\":1}", "min is more than max" },
        { "POST", "/expect", "{\"max\":-1}", "max is a number from 0 to 100000." },
        { "POST", "/expect", "{\"count\":1,\"filter\":{\"kind\":\"no\"}}", "'no' matches no kind" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, journal_ask(api_daemon(), rows[i].method, rows[i].behind, rows[i].body));
        cr_expect_eq(reply.status, 400, "row %zu: %ld", i, reply.status);
        cr_expect_not_null(strstr(reply.body, rows[i].said), "row %zu: %s", i, reply.body);
    }
}

/* One call that has everything a vault's entry can have. */
static void make_one(const char *key)
{
    char target[128];
    const struct request request = {
        .method = "POST",
        .target = target,
        .body = SIGN,
        .headers = { "x-ms-client-request-id: journal-id-1", "User-Agent: journal-agent/1.0" },
    };
    API_CLIENT(dev);

    (void) snprintf(target, sizeof(target), "/keys/%s/%032d/SIGN?api-version=7.5", key, 0);
    API_REPLY(reply, client_send(&dev, &request));
    cr_assert_eq(reply.status, 404, "%s", reply.body);
}

Test(journal, tells_who_asked_for_what_and_what_was_said)
{
    static const struct {
        const char *name, *value;
    } rows[] = {
        { "kind", "request" },
        { "client", "127.0.0.1" },
        { "vault", "dev" },
        { "key", "journal-whole" },
        { "version", "00000000000000000000000000000000" },
        { "operation", "sign" },
        { "api_version", "7.5" },
        { "method", "POST" },
        { "path", "/keys/journal-whole/00000000000000000000000000000000/SIGN" },
        { "code", "KeyNotFound" },
        { "client_request_id", "journal-id-1" },
        { "user_agent", "journal-agent/1.0" },
    };

    make_one("journal-whole");
    API_REPLY(reply, journal_find("key=journal-whole", 1));
    const cJSON *entry = journal_entry(&reply, 0);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_str_eq(journal_text(entry, rows[i].name), rows[i].value, "%s", rows[i].name);
    }
    const cJSON *principal = cJSON_GetObjectItem(entry, "principal");
    cr_expect_eq(strlen(journal_text(principal, "object_id")), 36);
    cr_expect_eq(strlen(journal_text(principal, "app_id")), 36);
    cr_expect_eq(cJSON_GetObjectItem(entry, "status")->valueint, 404);
    cr_expect_gt(cJSON_GetObjectItem(entry, "duration_us")->valueint, 0);
    cr_expect_eq(strlen(journal_text(entry, "request_id")), 36);
    cr_expect_eq(strlen(journal_text(entry, "time")), 24);
    cr_expect_null(cJSON_GetObjectItem(entry, "request_body"), "bodies are off");
}

/* Each row finds the entry, and its opposite does not. */
Test(journal, is_filtered_by_every_member)
{
    static const struct {
        const char *matching, *other;
    } rows[] = {
        { "kind=request", "kind=challenge" },
        { "status=404", "status=2xx" },
        { "status=4xx,5xx", "status=0" },
        { "client=127.*", "client=10.*" },
        { "host=dev.vault.localhost*", "host=std*" },
        { "vault=DEV", "vault=std" },
        { "version=0000*", "version=none" },
        { "operation=sign", "operation=verify" },
        { "api_version=7.5", "api_version=7.4" },
        { "api-version=7.5", "api-version=none" },
        { "method=POST", "method=GET" },
        { "path=*/SIGN", "path=*/verify" },
        { "code=KeyNotFound", "code=none" },
        { "inner_code=none", "inner_code=KeyDisabled" },
        { "fault=none", "fault=*" },
        { "cut=none", "cut=reset" },
        { "request_id=*-*", "request_id=1" },
        { "client_request_id=journal-*", "client_request_id=none" },
        { "user_agent=journal-agent/*", "user_agent=curl*" },
        { "principal=*-*-*", "principal=nobody" },
        { "since=0", "since=1000000000" },
        { "limit=1", "since=1000000000&limit=1" },
    };

    make_one("journal-filters");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char query[256];

        (void) snprintf(query, sizeof(query), "key=journal-filters&%s", rows[i].matching);
        API_REPLY(matching, journal_find(query, 1));
        (void) snprintf(query, sizeof(query), "key=journal-filters&%s", rows[i].other);
        API_REPLY(other, journal_find(query, 0));
    }
}

Test(journal, has_the_challenge_as_an_entry_of_its_own_kind)
{
    const struct request request = {
        .method = "GET",
        .target = "/keys/journal-challenge?api-version=7.4",
        .without_token = true,
    };
    API_CLIENT(dev);
    API_REPLY(challenge, client_send(&dev, &request));
    API_REPLY(refusal, client_call(&dev, "GET", "/keys/journal-challenge", NULL));

    API_REPLY(reply, journal_find("key=journal-challenge", 2));
    const cJSON *first = journal_entry(&reply, 0);
    cr_expect_str_eq(journal_text(first, "kind"), "challenge");
    cr_expect_str_eq(journal_text(first, "operation"), "getKey");
    cr_expect_eq(cJSON_GetObjectItem(first, "status")->valueint, 401);
    cr_expect_null(cJSON_GetObjectItem(first, "principal"));
    cr_expect_str_eq(journal_text(journal_entry(&reply, 1), "kind"), "request");
    API_REPLY(expected, journal_post("/expect", "{\"filter\":{\"key\":\"journal-challenge\"},"
                                                "\"count\":1}"));
    cr_expect(cJSON_IsTrue(reply_item(&expected, "ok")), "a challenge does not count: %s",
              expected.body);
    API_REPLY(counted,
              journal_post("/expect", "{\"filter\":{\"key\":\"journal-challenge\",\"kind\":\"*\"},"
                                      "\"count\":2}"));
    cr_expect(cJSON_IsTrue(reply_item(&counted, "ok")), "unless it is asked for: %s", counted.body);
}

Test(journal, has_tokens_and_not_what_the_control_port_was_asked)
{
    const struct request request = {
        .method = "GET",
        .target = "/metadata/identity/oauth2/token?api-version=2018-02-01&"
                  "resource=https://vault.azure.net&client_id=journal-app",
        .headers = { "Metadata: true" },
        .control = true,
    };
    API_CLIENT(dev);
    API_REPLY(token, client_send(&dev, &request));

    cr_assert_eq(token.status, 200, "%s", token.body);
    API_REPLY(reply, journal_find("principal=journal-app", 1));
    const cJSON *entry = journal_entry(&reply, 0);
    cr_expect_str_eq(journal_text(entry, "kind"), "token");
    cr_expect_str_eq(journal_text(entry, "operation"), "imdsToken");
    cr_expect_str_eq(journal_text(entry, "path"), "/metadata/identity/oauth2/token");
    API_REPLY(none, journal_find("kind=control", 0));
}

Test(journal, names_the_fault_and_the_cut)
{
    API_CLIENT(dev);

    fault_add_for_key("journal-429", "journal-fault", "{\"status\":429,\"retry_after\":7}");
    fault_add("journal-reset", "\"match\":{\"key\":\"journal-cut\"},\"when\":{\"times\":1},"
                               "\"effect\":{\"cut\":\"reset\"}"); /* the client tries again */
    API_REPLY(slow, client_call(&dev, "GET", "/keys/journal-fault", NULL));
    API_REPLY(cut, client_call(&dev, "GET", "/keys/journal-cut", NULL));
    API_REPLY(reply, journal_find("fault=journal-429", 1));
    const cJSON *entry = journal_entry(&reply, 0);
    cr_expect_eq(cJSON_GetObjectItem(entry, "status")->valueint, 429);
    cr_expect_eq(cJSON_GetObjectItem(entry, "retry_after_ms")->valueint, 7000);
    API_REPLY(broken, journal_find("fault=journal-reset", 1));
    cr_expect_str_eq(journal_text(journal_entry(&broken, 0), "cut"), "reset");
    fault_remove("journal-429");
    fault_remove("journal-reset");
}

Test(journal, has_the_codes_of_refusals)
{
    static const char disabled[] = "{\"kty\":\"EC\",\"crv\":\"P-256\",\"attributes\":{\"enabled\":"
                                   "false}}";
    API_CLIENT(dev);
    API_REPLY(made, client_call(&dev, "POST", "/keys/journal-off/create", disabled));
    API_REPLY(refused, client_call(&dev, "POST", "/keys/journal-off/sign", SIGN));

    cr_assert_eq(refused.status, 403, "%s", refused.body);
    API_REPLY(reply, journal_find("key=journal-off&status=403", 1));
    cr_expect_str_eq(journal_text(journal_entry(&reply, 0), "code"), "Forbidden");
    cr_expect_str_eq(journal_text(journal_entry(&reply, 0), "inner_code"), "KeyDisabled");
}

Test(journal, is_read_page_by_page)
{
    char query[128];
    int64_t since = 0;

    for (int i = 0; i < 5; i++) {
        make_one("journal-pages");
    }
    for (int i = 0; i < 5; i++) {
        (void) snprintf(query, sizeof(query), "key=journal-pages&limit=1&since=%lld",
                        (long long) since);
        API_REPLY(page, journal_find(query, 1));
        int64_t number = (int64_t) reply_number(&page, "requests.0.number");
        cr_expect_gt(number, since);
        cr_expect_leq((int64_t) reply_number(&page, "requests.0.number"),
                      (int64_t) reply_number(&page, "next"));
        since = (int64_t) reply_number(&page, "next");
    }
    (void) snprintf(query, sizeof(query), "key=journal-pages&since=%lld", (long long) since);
    API_REPLY(rest, journal_find(query, 0));
}

Test(journal, is_exported_as_lines)
{
    API_CLIENT(dev);
    int lines = 0;

    make_key(&dev, "journal-lines");
    make_one("journal-lines");
    API_REPLY(reply, journal_ask(api_daemon(), "GET", "?key=journal-lines&format=jsonl", NULL));
    cr_assert_eq(reply.status, 200);
    cr_expect_str_eq(reply_header(&reply, "Content-Type"), "application/x-ndjson");
    cr_expect_not_null(reply_header(&reply, "x-coffer-next"));
    for (char *at = reply.body, *end; (end = strchr(at, '\n')) != NULL; at = end + 1) {
        *end = '\0';
        cJSON *line = cJSON_Parse(at);
        cr_assert_not_null(line, "%s", at);
        cr_expect_str_eq(journal_text(line, "key"), "journal-lines");
        cJSON_Delete(line);
        lines++;
    }
    cr_expect_eq(lines, 2);
}

/* The members that HTTP Archive 1.2 wants, by their types. */
Test(journal, is_exported_as_an_http_archive)
{
    static const struct {
        const char *path;
        int type;
    } rows[] = {
        { "log.version", cJSON_String },
        { "log.creator.name", cJSON_String },
        { "log.creator.version", cJSON_String },
        { "log.entries.0.startedDateTime", cJSON_String },
        { "log.entries.0.time", cJSON_Number },
        { "log.entries.0.request.method", cJSON_String },
        { "log.entries.0.request.url", cJSON_String },
        { "log.entries.0.request.httpVersion", cJSON_String },
        { "log.entries.0.request.cookies", cJSON_Array },
        { "log.entries.0.request.headers", cJSON_Array },
        { "log.entries.0.request.headers.0.name", cJSON_String },
        { "log.entries.0.request.queryString.0.value", cJSON_String },
        { "log.entries.0.request.headersSize", cJSON_Number },
        { "log.entries.0.request.bodySize", cJSON_Number },
        { "log.entries.0.response.status", cJSON_Number },
        { "log.entries.0.response.statusText", cJSON_String },
        { "log.entries.0.response.httpVersion", cJSON_String },
        { "log.entries.0.response.cookies", cJSON_Array },
        { "log.entries.0.response.headers", cJSON_Array },
        { "log.entries.0.response.content.size", cJSON_Number },
        { "log.entries.0.response.content.mimeType", cJSON_String },
        { "log.entries.0.response.redirectURL", cJSON_String },
        { "log.entries.0.response.headersSize", cJSON_Number },
        { "log.entries.0.response.bodySize", cJSON_Number },
        { "log.entries.0.cache", cJSON_Object },
        { "log.entries.0.timings.send", cJSON_Number },
        { "log.entries.0.timings.wait", cJSON_Number },
        { "log.entries.0.timings.receive", cJSON_Number },
        { "log.entries.0._coffer.number", cJSON_Number },
    };

    make_one("journal-har");
    API_REPLY(reply, journal_ask(api_daemon(), "GET", "?key=journal-har&format=har", NULL));
    cr_assert_eq(reply.status, 200);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const cJSON *item = reply_item(&reply, rows[i].path);

        cr_assert_not_null(item, "%s: %s", rows[i].path, reply.body);
        cr_expect_eq(item->type & 0xff, rows[i].type, "%s", rows[i].path);
    }
    const char *url = reply_text(&reply, "log.entries.0.request.url");
    cr_expect_eq(strncmp(url, "https://dev.vault.localhost:", 28), 0, "%s", url);
    cr_expect_not_null(strstr(url, "/SIGN?api-version=7.5"), "%s", url);
}

Test(journal, says_what_is_other_than_expected)
{
    make_one("journal-diff");
    API_REPLY(reply, journal_post("/expect", "{\"filter\":{\"key\":\"journal-diff\",\"status\":"
                                             "[403,\"429\"]},\"min\":1}"));
    cr_expect(cJSON_IsFalse(reply_item(&reply, "ok")));
    cr_expect_eq(reply_number(&reply, "count"), 0);
    const char *diff = reply_text(&reply, "diff");
    cr_expect_not_null(strstr(diff, "expected at least 1 with kind=request,token "
                                    "status=403,429 key=journal-diff, there are 0\n"),
                       "%s", diff);
    cr_expect_not_null(strstr(diff, " sign dev/journal-diff 404 KeyNotFound: status is 404, not "
                                    "403,429\n"),
                       "%s", diff);
}
