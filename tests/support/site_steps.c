/* SPDX-License-Identifier: Apache-2.0 */
/* A site whose steps do what the request says. */
#include "tests/support/site.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/base.h"
#include "kv/http/route.h"

#define WORD_SIZE 64

static enum kv_code say_small(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    atomic_fetch_add(&request->app->handled, 1);
    request->app->now = request->now;
    return kv_response_text(response, 200, "text/plain", "the real answer", err);
}

static enum kv_code say_nothing(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    (void) err;
    atomic_fetch_add(&request->app->handled, 1);
    response->status = 204;
    return KV_OK;
}

static enum kv_code echo(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    atomic_fetch_add(&request->app->handled, 1);
    response->content_type = "text/plain";
    return kv_buf_append(&response->body, request->body.data, request->body.len, err);
}

static const struct kv_route routes[] = {
    { KV_GET, "/small", say_small, KV_LANE_WORK },
    { KV_HEAD, "/small", say_small, KV_LANE_WORK },
    { KV_DELETE, "/small", say_nothing, KV_LANE_WORK },
    { KV_GET, "/large", test_site_be_large, KV_LANE_WORK },
    { KV_POST, "/echo", echo, KV_LANE_WORK },
    { 0 },
};

/* The word whose turn it is; false when there is none. */
static bool find_word(const char *script, unsigned turn, char ret_word[WORD_SIZE])
{
    for (; turn > 0 && script != NULL; turn--) {
        script = strchr(script, ';');
        script = script != NULL ? script + 1 : NULL;
    }
    if (script == NULL) {
        return false;
    }
    script += strspn(script, " ");
    (void) snprintf(ret_word, WORD_SIZE, "%.*s", (int) strcspn(script, ";"), script);
    return true;
}

static enum kv_cut_kind find_kind(const char *name)
{
    enum kv_cut_kind kind = KV_CUT_EMPTY;

    while (kind < KV_CUT_DRIBBLE && strcmp(kv_cut_name(kind), name) != 0) {
        kind++;
    }
    assert(strcmp(kv_cut_name(kind), name) == 0);
    return kind;
}

static bool takes_time(struct kv_request *request, const char *word, enum kv_code *ret_code)
{
    struct test_site *site = (struct test_site *) request->app; /* its first member */
    char unit[WORD_SIZE];
    long long span = 0;

    if (sscanf(word, "%63s %lld", unit, &span) == 2 && strcmp(unit, "wait") == 0) {
        *ret_code = kv_step_wait(request, kv_clock_monotonic() + span);
        return true;
    }
    if (strcmp(unit, "news") == 0) {
        *ret_code = kv_step_wait_news(request, kv_clock_monotonic() + span);
        return true;
    }
    if (strcmp(unit, "virtual") == 0) {
        *ret_code = kv_step_wait_virtual(request, kv_clock_now(site->clock) + span);
        return true;
    }
    return false;
}

static bool cuts(struct kv_request *request, const char *word, enum kv_code *ret_code)
{
    char what[WORD_SIZE] = "", kind[WORD_SIZE] = "";
    unsigned long long length = 0;
    long long pause = 0;

    if (sscanf(word, "%63s %63s %llu %lld", what, kind, &length, &pause) < 2) {
        return false;
    }
    const struct kv_cut cut = { .kind = find_kind(kind), .length = length, .pause = pause };
    if (strcmp(what, "spoil") == 0) {
        kv_step_spoil(request, cut);
        *ret_code = KV_OK;
    } else {
        *ret_code = kv_step_cut(request, cut);
    }
    return true;
}

static enum kv_code act(struct kv_request *request, struct kv_response *response,
                        const char *header, struct kv_err *err)
{
    char word[WORD_SIZE];
    enum kv_code code;

    atomic_fetch_add(&request->app->asked, 1);
    if (!find_word(kv_request_header(request, header), request->waits, word)) {
        return KV_OK;
    }
    if (strcmp(word, "refuse") == 0) {
        return KV_FAIL(err, KV_THROTTLED, 0, "refused by a step");
    }
    if (strcmp(word, "answer") == 0) {
        KV_TRY(kv_response_text(response, 203, "text/plain", "a step's answer", err));
        return kv_step_answer(request);
    }
    if (strcmp(word, "hang") == 0) {
        return kv_step_hang(request);
    }
    if (strncmp(word, "cut truncated", 13) == 0 && strcmp(header, "At-Answer") != 0) {
        KV_TRY(kv_response_text(response, 200, "text/plain", "a step's answer", err));
    }
    bool is_known = takes_time(request, word, &code) || cuts(request, word, &code);
    assert(is_known);
    return code;
}

static enum kv_code act_at_head(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    return act(request, response, "At-Head", err);
}

static enum kv_code act_at_step(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    return act(request, response, "At-Step", err);
}

static enum kv_code act_at_answer(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    return act(request, response, "At-Answer", err);
}

static const struct kv_gate at_head[] = { { "at-head", act_at_head }, { 0 } };
static const struct kv_gate gates[] = {
    { "at-step", act_at_step },
    { "route", kv_route_match },
    { 0 },
};
static const struct kv_gate at_answer[] = { { "at-answer", act_at_answer }, { 0 } };

static enum kv_code refuse_unmatched(struct kv_request *request, struct kv_response *response,
                                     unsigned verbs_of_path, struct kv_err *err)
{
    (void) request;
    (void) response;
    (void) verbs_of_path;
    return KV_FAIL(err, KV_NOT_FOUND, 0, "no route");
}

static void render_error(struct kv_request *request, const struct kv_err *err,
                         struct kv_response *response)
{
    const struct kv_err_row *row = kv_err_row(err->code);

    (void) request;
    KV_IGNORE(kv_response_text(response, row->status, "text/plain", err->message, NULL));
}

static void finish(struct kv_request *request, struct kv_response *response)
{
    (void) request;
    KV_IGNORE(kv_response_header(response, NULL, "x-finished", "yes"));
}

static void after(const struct kv_request *request, const struct kv_response *response,
                  const struct kv_err *err, int64_t micros)
{
    struct kv_app *app = request->app;

    assert(response->status != 0 || err == NULL);
    atomic_fetch_add(response->status == 0 ? &app->unanswered
                     : err == NULL         ? &app->succeeded
                                           : &app->refused,
                     1);
    app->micros = micros;
}

const struct kv_site test_steps_site = {
    .name = "steps",
    .tables = (const struct kv_route *const[]){ routes, NULL },
    .at_head = at_head,
    .gates = gates,
    .at_answer = at_answer,
    .unmatched = refuse_unmatched,
    .render_error = render_error,
    .finish = finish,
    .after = after,
};

const struct kv_site *const test_steps_sites[] = { &test_steps_site, NULL };
