/* SPDX-License-Identifier: Apache-2.0 */
/* The control API: who is turned away, then what it tells. */

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "exchange.h"
#include "kv/app/api.h"
#include "kv/store/store.h"
#include "tests/support/vaults.h"
#include "tests/unit/scratch.h"

static bool healthy, stored;
static struct kv_store *store;
static struct kv_buf trust;
static struct kv_err err;

static bool token_is_healthy(void *context)
{
    return *(bool *) context;
}

static enum kv_code check_store(void *context, struct kv_err *ret_err)
{
    if (!*(bool *) context) {
        return KV_FAIL(ret_err, KV_UNAVAILABLE, 0, "the store is gone");
    }
    return KV_OK;
}

static enum kv_code describe_token(void *context, cJSON **ret_description, struct kv_err *ret_err)
{
    if (context == NULL) {
        return KV_FAIL(ret_err, KV_UNAVAILABLE, 0, "the token is gone");
    }
    *ret_description = cJSON_CreateObject();
    cJSON_AddStringToObject(*ret_description, "label", context);
    return KV_OK;
}

static void set_up_app(void)
{
    static const char *const specs[] = { "dev", "prod" };
    static char label[] = "a token";

    healthy = true;
    stored = true;
    kv_buf_init(&trust, 64);
    cr_assert_eq(kv_buf_append(&trust, "0\0\x82", 3, &err), KV_OK);
    scratch_make();
    cr_assert_eq(kv_store_open("coffer.db", 2, &store, &err), KV_OK, "%s", err.message);
    app = (struct kv_app){
        .ca_pem = "-----BEGIN\n",
        .ca_p12 = &trust,
        .port = 8443,
        .control_port = 8080,
        .token_is_healthy = token_is_healthy,
        .health_context = &healthy,
        .describe_token = describe_token,
        .token_context = label,
        .check_store = check_store,
        .store_context = &stored,
    };
    cr_assert_eq(vaults_of_specs(store, specs, KV_COUNT(specs), &app.vaults, &err), KV_OK);
    cr_assert_eq(kv_clock_new(&app.clock, &err), KV_OK);
}

static void tear_down_app(void)
{
    end_exchange();
    kv_clock_free(app.clock);
    kv_buf_done(&trust);
    kv_vaults_free(app.vaults);
    kv_store_close(store);
    scratch_remove();
}

TestSuite(control_site, .init = set_up_app, .fini = tear_down_app, .timeout = 60);

static void get(const char *path)
{
    begin(KV_GET, path);
    perform(&kv_control_site);
}

Test(control_site, answers_FOREIGN_CALLER_to_foreign_hosts)
{
    static const char *const rows[] = { "", "evil.example", "coffer.evil.example:8080",
                                        "169.254.169.254" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        begin(KV_GET, "/ready");
        request.authority = rows[i];
        perform(&kv_control_site);
        expect_error(403, "Forbidden");
    }
}

Test(control_site, answers_FOREIGN_CALLER_to_pages_of_other_origins)
{
    static const char *const rows[] = { "null", "http://evil.example", "http://127.0.0.1.example" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        begin(KV_GET, "/control/v1/info");
        add_header("Origin", rows[i]);
        perform(&kv_control_site);
        expect_error(403, "Forbidden");
    }
}

Test(control_site, takes_the_names_it_was_given_and_no_others)
{
    static const struct {
        const char *host, *origin;
        int status;
    } rows[] = {
        { "coffer", NULL, 200 },
        { "coffer:8080", "http://COFFER:8080", 200 },
        { "coffer.example", NULL, 403 },
        { "cof", NULL, 403 },
        { "coffer", "http://coffer.example", 403 },
        { "coffer", "http://coffer:80@evil.example", 403 },
        { "coffer", "ftp://coffer", 403 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        begin(KV_GET, "/ca.pem");
        app.control_names[0] = "coffer";
        request.authority = rows[i].host;
        if (rows[i].origin != NULL) {
            add_header("Origin", rows[i].origin);
        }
        perform(&kv_control_site);
        cr_expect_eq(response.status, rows[i].status, "%zu", i);
    }
}

#define TOKEN "0123456789abcdef"

static void want_token(void)
{
    app.wants_control_token = true;
    cr_assert(kv_secret_digest(TOKEN, strlen(TOKEN), app.control_token));
}

static void ask_with(enum kv_verb verb, const char *path, const char *authorization)
{
    begin(verb, path);
    if (authorization != NULL) {
        add_header("Authorization", authorization);
    }
    perform(&kv_control_site);
}

Test(control_site, answers_UNAUTHORIZED_without_the_token)
{
    static const char *const rows[] = {
        NULL,
        "",
        "Bearer",
        "Bearer ",
        TOKEN,
        "Basic " TOKEN,
        "Bearer " TOKEN "0",
        "Bearer 0123456789abcde",
        "Bearer 0123456789abcdeF",
        "Bearer " TOKEN ", Bearer " TOKEN,
    };

    want_token();
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        ask_with(KV_GET, "/control/v1/info", rows[i]);
        expect_error(401, "Unauthorized");
        cr_expect_str_eq(answer_header("WWW-Authenticate"), "Bearer");
    }
}

/* However the path is written, whatever its verb is, whether there is something or not. */
Test(control_site, wants_the_token_for_whatever_is_below_control)
{
    static const struct {
        enum kv_verb verb;
        const char *path;
    } rows[] = {
        { KV_GET, "/CONTROL/v1/info" },
        { KV_GET, "//control//v1//info" },
        { KV_GET, "/control" },
        { KV_GET, "/control/v2/info" },
        { KV_OPTIONS, "/control/v1/info" },
        { KV_HEAD, "/control/v1/info" },
        { KV_POST, "/control/v1/reset" },
        { KV_VERB_OTHER, "/control/v1/clock" },
    };

    want_token();
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        ask_with(rows[i].verb, rows[i].path, NULL);
        expect_error(401, "Unauthorized");
    }
}

/* A row that is added elsewhere has to be thought of here: these change nothing, and show nothing that
 * is not for everybody. */
Test(control_site, has_nothing_outside_control_but_what_is_for_everybody)
{
    static const char *const rows[] = { "/ready",
                                        "/health",
                                        "/metrics",
                                        "/ca.pem",
                                        "/ca.p12",
                                        "/ca.jks",
                                        "/generate-test-token",
                                        "/.well-known/openid-configuration",
                                        "/certs" };

    for (const struct kv_route *route = kv_control_routes; route->path != NULL; route++) {
        bool is_open = strncmp(route->path, "/control/v1/", 12) == 0;
        for (size_t i = 0; i < KV_COUNT(rows) && !is_open; i++) {
            is_open = strcmp(route->path, rows[i]) == 0 && route->verb == KV_GET;
        }
        cr_expect(is_open, "%s", route->path);
    }
}

Test(control_site, answers_whoever_has_the_token)
{
    static const char *const rows[] = { "Bearer " TOKEN, "bearer " TOKEN, "BEARER  " TOKEN };

    want_token();
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        ask_with(KV_GET, "/control/v1/info", rows[i]);
        cr_expect_eq(response.status, 200, "%s", rows[i]);
    }
    ask_with(KV_GET, "/ca.pem", NULL);
    cr_expect_eq(response.status, 200);
    ask_with(KV_GET, "/ready", NULL);
    cr_expect_eq(response.status, 200);
}

Test(control_site, wants_json_for_every_write)
{
    static const char *const rows[] = { "", "text/plain", "application/jsonp", "application/js",
                                        "application/x-www-form-urlencoded" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        begin(KV_POST, "/control/v1/clock");
        add_header("Content-Type", rows[i]);
        set_body("{\"reset\":true}");
        perform(&kv_control_site);
        expect_error(415, "UnsupportedMedia");
    }
}

Test(control_site, says_that_a_verb_is_wrong_before_it_looks_at_what_was_sent)
{
    begin(KV_POST, "/nowhere");
    perform(&kv_control_site);
    expect_error(404, "NotFound");
    begin(KV_POST, "/control/v1/info");
    set_body("a=1");
    perform(&kv_control_site);
    expect_error(405, "MethodNotAllowed");
}

Test(control_site, has_nothing_under_other_paths)
{
    static const char *const rows[] = { "/page",       "/keys",         "/control",
                                        "/control/v1", "/control/v1/x", "/ready/x" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        get(rows[i]);
        expect_error(404, "NotFound");
    }
}

Test(control_site, takes_a_url_that_is_no_path_for_none_and_not_for_the_page)
{
    begin(KV_GET, "/");
    perform(&kv_control_site);
    cr_assert_eq(response.status, 200);

    begin(KV_GET, "/");
    request.target_is_valid = false;
    perform(&kv_control_site);
    expect_error(400, "BadParameter");
}

Test(control_site, names_the_verbs_a_path_has)
{
    const struct {
        const char *path, *allow;
    } rows[] = { { "/ready", "GET" }, { "/control/v1/clock", "GET, POST, PUT" } };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        begin(KV_DELETE, rows[i].path);
        add_header("Content-Type", "application/json");
        perform(&kv_control_site);
        expect_error(405, "MethodNotAllowed");
        cr_assert_str_eq(answer_header("Allow"), rows[i].allow);
    }
}

Test(control_site, is_ready_when_asked)
{
    get("/ready");
    cr_assert_eq(response.status, 200);
    cr_assert_str_eq(response.body.data, "{\"status\":\"ready\"}");
    cr_assert_str_eq(answer_header("Date"), "Tue, 14 Nov 2023 22:13:20 GMT");
}

Test(control_site, is_neither_ready_nor_healthy_without_its_store)
{
    stored = false;
    get("/ready");
    expect_error(503, "ServiceUnavailable");
    cr_assert_str_eq(answer_text("error.message"), "the store is gone");
    get("/health");
    cr_assert_eq(response.status, 503);
    cr_assert_str_eq(
        response.body.data,
        "{\"status\":\"unhealthy\",\"token\":\"available\",\"store\":\"unavailable\"}");
    stored = true;
    get("/ready");
    cr_assert_eq(response.status, 200);
}

Test(control_site, is_as_healthy_as_its_token)
{
    healthy = false;
    get("/health");
    cr_assert_eq(response.status, 503);
    cr_assert_str_eq(
        response.body.data,
        "{\"status\":\"unhealthy\",\"token\":\"unavailable\",\"store\":\"available\"}");
    healthy = true;
    get("/health");
    cr_assert_eq(response.status, 200);
    cr_assert_str_eq(response.body.data,
                     "{\"status\":\"healthy\",\"token\":\"available\",\"store\":\"available\"}");
}

Test(control_site, passes_on_why_the_token_cannot_be_described)
{
    app.token_context = NULL;
    get("/control/v1/hsm");
    expect_error(503, "ServiceUnavailable");
}

Test(control_site, describes_the_token)
{
    get("/control/v1/hsm");
    cr_assert_eq(response.status, 200);
    cr_assert_str_eq(answer_text("label"), "a token");
}

Test(control_site, gives_its_certificate_away)
{
    get("/ca.pem");
    cr_assert_eq(response.status, 200);
    cr_assert_str_eq(response.content_type, "application/x-pem-file");
    cr_assert_str_eq(response.body.data, app.ca_pem);
}

Test(control_site, shows_the_trust_store_byte_by_byte)
{
    get("/ca.p12");
    cr_assert_eq(response.status, 200);
    cr_assert_str_eq(response.content_type, "application/x-pkcs12");
    cr_assert_eq(response.body.len, 3);
    cr_assert_eq(response.body.data[2], '\x82');
}

Test(control_site, tells_what_runs_where)
{
    get("/control/v1/info");
    cr_assert_eq(response.status, 200);
    cr_assert_eq(answer_number("pid"), getpid());
    cr_assert_eq(answer_number("port"), 8443);
    cr_assert_eq(answer_number("control_port"), 8080);
    cr_assert_str_neq(answer_text("version"), "(none)");
    cr_assert_not_null(strstr(
        response.body.data, "\"vaults\":["
                            "{\"name\":\"dev\",\"url\":\"https://dev.vault.localhost:8443\"},"
                            "{\"name\":\"prod\",\"url\":\"https://prod.vault.localhost:8443\"}]"));
}
