/* SPDX-License-Identifier: Apache-2.0 */
/* Handlers that do one thing each, and the gates and hooks around them. */
#include "tests/support/site.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/http/route.h"

#define LARGE (4 * 1024 * 1024) /* bytes */

static enum kv_code say(struct kv_response *response, const char *text, struct kv_err *err)
{
    return kv_response_text(response, 200, "text/plain", text, err);
}

static enum kv_code say_inline(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    (void) request;
    return say(response, "inline", err);
}

static enum kv_code say_work(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    (void) request;
    return say(response, "worker", err);
}

static enum kv_code say_generate(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    (void) request;
    return say(response, "generate", err);
}

struct counted {
    struct kv_app *app;
    char text[16];
};

static struct counted *make_counted(struct kv_app *app, const char *text)
{
    struct counted *made = calloc(1, sizeof(*made));

    assert(made != NULL);
    made->app = app;
    (void) snprintf(made->text, sizeof(made->text), "%s", text);
    atomic_fetch_add(&app->contexts, 1);
    return made;
}

static void free_counted(void *context)
{
    struct counted *counted = context;

    atomic_fetch_sub(&counted->app->contexts, 1);
    free(counted);
}

static enum kv_code end_hop(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    const struct counted *state = request->state;

    return say(response, state->text, err);
}

static enum kv_code begin_hop(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    bool is_inline = strcmp(request->route->path, "/hop-inline") == 0;

    (void) response;
    (void) err;
    request->state = make_counted(request->app, is_inline ? "hop to worker" : "hop");
    request->state_free = free_counted;
    return kv_request_continue(request, is_inline ? KV_LANE_WORK : KV_LANE_GENERATE, end_hop);
}

static enum kv_code hold(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    struct kv_app *app = request->app;

    atomic_fetch_add(&app->held, 1);
    sem_post(&app->started);
    sem_wait(&app->released);
    atomic_fetch_add(&app->finished, 1);
    return say(response, "held", err);
}

static enum kv_code echo(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    response->content_type = "application/octet-stream";
    return kv_buf_append(&response->body, request->body.data, request->body.len, err);
}

static enum kv_code tell_facts(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct kv_buf *body = &response->body;

    response->content_type = "text/plain";
    KV_TRY(kv_buf_printf(body, err, "%s %s\nauthority %s\nhost %s\nclient %s%s%s\n",
                         kv_verb_name(request->verb), request->method, request->authority,
                         request->host, request->client, request->client_is_ipv6 ? " v6" : "",
                         request->secure ? " secure" : ""));
    for (size_t i = 0; i < request->query.count; i++) {
        KV_TRY(kv_buf_printf(body, err, "query %s=%s\n", request->query.pair[i].name,
                             request->query.pair[i].value));
    }
    for (size_t i = 0; i < request->headers.count; i++) {
        KV_TRY(kv_buf_printf(body, err, "header %s=%s\n", request->headers.pair[i].name,
                             request->headers.pair[i].value));
    }
    return KV_OK;
}

static enum kv_code set_headers(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    bool typed = strcmp(request->route->path, "/typed") == 0;

    KV_TRY(kv_response_header(response, err, "Pragma", "no-cache"));
    if (typed) {
        KV_TRY(kv_response_header(response, err, "content-type", "text/x-own"));
    }
    KV_TRY(kv_response_header(response, err, "Cache-Control", "no-cache"));
    KV_TRY(kv_response_header(response, err, "x-empty", ""));
    KV_TRY(kv_response_header(response, err, "Date", "Tue, 21 Nov 2023 13:41:26 GMT"));
    KV_TRY(kv_response_header(response, err, "a-last", "1"));
    return say(response, "body", err);
}

static enum kv_code be_wordy(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    char words[KV_RESPONSE_HEADER_MAX + 1];

    (void) request;
    memset(words, 'w', KV_RESPONSE_HEADER_MAX);
    words[KV_RESPONSE_HEADER_MAX] = '\0';
    return kv_response_header(response, err, "x-wordy", words);
}

static enum kv_code be_empty(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    (void) request;
    (void) err;
    response->status = 204;
    response->content_type = "text/plain";
    return KV_OK;
}

enum kv_code test_site_be_large(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    static const char part[4096] = { [0 ... 4095] = 'x' };

    (void) request;
    response->content_type = "text/plain";
    for (size_t i = 0; i < LARGE / sizeof(part); i++) {
        KV_TRY(kv_buf_append(&response->body, part, sizeof(part), err));
    }
    return KV_OK;
}

static enum kv_code fail(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    (void) request;
    KV_TRY(kv_response_header(response, err, "x-half-made", "yes"));
    KV_TRY(kv_response_text(response, 201, "text/html", "half-made", err));
    return KV_FAIL(err, KV_KEY_NOT_FOUND, 0, "no such key");
}

static enum kv_code ask_to_close(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    (void) request;
    response->close = true;
    return say(response, "closing", err);
}

static const struct kv_route routes[] = {
    { KV_GET, "/inline", say_inline, KV_LANE_INLINE },
    { KV_HEAD, "/inline", say_inline, KV_LANE_INLINE },
    { KV_GET, "/worker", say_work, KV_LANE_WORK },
    { KV_HEAD, "/worker", say_work, KV_LANE_WORK },
    { KV_GET, "/generate", say_generate, KV_LANE_GENERATE },
    { KV_GET, "/hop", begin_hop, KV_LANE_WORK },
    { KV_GET, "/hop-inline", begin_hop, KV_LANE_INLINE },
    { KV_GET, "/hold", hold, KV_LANE_WORK },
    { KV_GET, "/hold-generate", hold, KV_LANE_GENERATE },
    { KV_POST, "/echo", echo, KV_LANE_WORK },
    { KV_POST, "/echo-inline", echo, KV_LANE_INLINE },
    { KV_GET, "/facts", tell_facts, KV_LANE_INLINE },
    { KV_POST, "/facts", tell_facts, KV_LANE_INLINE },
    { KV_PUT, "/facts", tell_facts, KV_LANE_INLINE },
    { KV_PATCH, "/facts", tell_facts, KV_LANE_INLINE },
    { KV_DELETE, "/facts", tell_facts, KV_LANE_INLINE },
    { KV_GET, "/headers", set_headers, KV_LANE_INLINE },
    { KV_GET, "/typed", set_headers, KV_LANE_INLINE },
    { KV_GET, "/wordy", be_wordy, KV_LANE_INLINE },
    { KV_GET, "/empty", be_empty, KV_LANE_INLINE },
    { KV_GET, "/large", test_site_be_large, KV_LANE_WORK },
    { KV_GET, "/fail", fail, KV_LANE_INLINE },
    { KV_GET, "/fail-work", fail, KV_LANE_WORK },
    { KV_GET, "/close", ask_to_close, KV_LANE_INLINE },
    { 0 },
};

static enum kv_code refuse_marked(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    (void) response;
    if (kv_request_header(request, "X-Refuse") != NULL) {
        return KV_FAIL(err, KV_UNAUTHORIZED, 0, "refused by a gate");
    }
    request->context = make_counted(request->app, "context");
    request->context_free = free_counted;
    return KV_OK;
}

static enum kv_code refuse_odd_target(struct kv_request *request, struct kv_response *response,
                                      struct kv_err *err)
{
    (void) response;
    if (!request->target_is_valid) {
        return KV_FAIL(err, KV_BAD_URL, 0, "odd target");
    }
    return KV_OK;
}

static const struct kv_gate gates[] = {
    { "marked", refuse_marked },
    { "target", refuse_odd_target },
    { "route", kv_route_match },
    { 0 },
};

static bool serves(const struct kv_request *request)
{
    return strcmp(request->host, "nobody.localhost") != 0;
}

static enum kv_code refuse_unmatched(struct kv_request *request, struct kv_response *response,
                                     unsigned verbs_of_path, struct kv_err *err)
{
    (void) response;
    if (verbs_of_path != 0) {
        return KV_FAIL(err, KV_METHOD_NOT_ALLOWED, 0, "not %s", request->method);
    }
    return KV_FAIL(err, KV_NOT_FOUND, 0, "no route");
}

static void render_error(struct kv_request *request, const struct kv_err *err,
                         struct kv_response *response)
{
    const struct kv_err_row *row = kv_err_row(err->code);
    char text[256];

    (void) request;
    (void) snprintf(text, sizeof(text), "%s %.200s", row->symbol, err->message);
    enum kv_code code = kv_response_text(response, row->status, "text/plain", text, NULL);
    assert(code == KV_OK);
}

static void finish(struct kv_request *request, struct kv_response *response)
{
    enum kv_code code = kv_response_header(response, NULL, "x-ms-request-id", request->id);

    assert(code == KV_OK);
}

static void after(const struct kv_request *request, const struct kv_response *response,
                  const struct kv_err *err, int64_t micros)
{
    struct kv_app *app = request->app;

    assert((err == NULL) == (response->status < 400));
    assert(err == NULL || kv_err_row(err->code)->status == response->status);
    atomic_fetch_add(err == NULL ? &app->succeeded : &app->refused, 1);
    app->micros = micros;
}

static const struct kv_site small_site = {
    .name = "small",
    .serves = serves,
    .tables = (const struct kv_route *const[]){ routes, NULL },
    .gates = gates,
    .unmatched = refuse_unmatched,
    .render_error = render_error,
    .finish = finish,
    .after = after,
};

static const struct kv_site *const sites[] = { &small_site, NULL };
const struct kv_site *const test_both_sites[] = { &small_site, &test_steps_site, NULL };

void test_site_configure(struct kv_lanes_config *ret_lanes, struct kv_listener_config *ret_config)
{
    *ret_lanes = (struct kv_lanes_config){
        .workers = 1,
        .work_queue = 2,
        .generators = 1,
        .generate_queue = 2,
        .generate_niceness = 1,
        .outside = 1,
        .outside_queue = 2,
        .outside_share = 2,
    };
    *ret_config = (struct kv_listener_config){
        .address = "127.0.0.1",
        .sites = sites,
        .threads = 1,
        .connections = 1000,
        .idle_timeout = 60000,
        .head_timeout = 60000,
        .arrival_timeout = 60000,
        .deadline = { [KV_LANE_WORK] = 60000,
                      [KV_LANE_GENERATE] = 60000,
                      [KV_LANE_ALONE] = 60000,
                      [KV_LANE_OUTSIDE] = 60000 },
        .waits = 100,
        .wait_max = 60000,
    };
}

void test_site_start(struct test_site *site, const struct kv_lanes_config *lanes,
                     const struct kv_listener_config *config)
{
    struct kv_listener_config complete = *config;
    struct kv_err err = { 0 };

    *site = (struct test_site){ 0 };
    if (sem_init(&site->app.started, 0, 0) != 0 || sem_init(&site->app.released, 0, 0) != 0
        || kv_clock_new(&site->clock, &err) != KV_OK
        || kv_lanes_new(lanes, &site->lanes, &err) != KV_OK) {
        abort();
    }
    complete.app = &site->app;
    complete.clock = site->clock;
    complete.lanes = site->lanes;
    if (kv_listener_new(&complete, &site->listener, &err) != KV_OK) {
        fprintf(stderr, "%s\n", err.message);
        abort();
    }
    site->port = kv_listener_port(site->listener);
}

void test_site_start_default(struct test_site *site)
{
    struct kv_lanes_config lanes;
    struct kv_listener_config config;

    test_site_configure(&lanes, &config);
    test_site_start(site, &lanes, &config);
}

void test_site_await_hold(struct test_site *site)
{
    sem_wait(&site->app.started);
}

void test_site_release(struct test_site *site, int handlers)
{
    for (int i = 0; i < handlers; i++) {
        sem_post(&site->app.released);
    }
}

void test_site_stop(struct test_site *site)
{
    if (!kv_listener_drain(site->listener, 60000)) {
        fprintf(stderr, "%zu requests are left\n", kv_listener_pending(site->listener));
        abort();
    }
    kv_listener_free(site->listener);
    kv_lanes_free(site->lanes);
    kv_clock_free(site->clock);
    sem_destroy(&site->app.started);
    sem_destroy(&site->app.released);
    if (site->app.contexts != 0) {
        fprintf(stderr, "%d contexts were not freed\n", site->app.contexts);
        abort();
    }
}
