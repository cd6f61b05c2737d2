/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's way through its site, phase by phase: the steps at the head, those before the
 * handler, the handler, those before the answer, the answer. All on the connection's thread, except
 * for a handler's stay on a lane.
 */
#include "exchange.h"

#include <assert.h>
#include <stdlib.h>
#include <strings.h>

#include "kv/base/base.h"
#include "kv/base/log.h"
#include "kv/http/route.h"

/* What comes after a phase. */
enum pace {
    PACE_ON,    /* the phase that is noted in the exchange */
    PACE_PAUSE, /* nothing for now: wait for more of the request, a resumption, or its end */
    PACE_END    /* the end of the connection */
};

static const struct kv_site *find_site(const struct kv_exchange *exchange)
{
    const struct kv_site *const *site = exchange->service->config.sites;

    while (*site != NULL && (*site)->serves != NULL && !(*site)->serves(&exchange->request)) {
        site++;
    }
    return *site;
}

static struct kv_response *response_of(struct kv_exchange *exchange)
{
    return exchange->late != NULL ? &exchange->late->response : &exchange->response;
}

static struct kv_err *err_of(struct kv_exchange *exchange)
{
    return exchange->late != NULL ? &exchange->late->err : &exchange->err;
}

static enum pace go_on(struct kv_exchange *exchange, enum kv_phase phase)
{
    exchange->phase = phase;
    return PACE_ON;
}

static enum pace ask(struct kv_exchange *exchange, enum kv_phase phase, const struct kv_gate *steps)
{
    static const struct kv_gate none = { 0 };

    exchange->step = steps != NULL ? steps : &none;
    exchange->request.waits = 0;
    return go_on(exchange, phase);
}

/* A drain waits for it, even if it has not fully arrived. */
static bool count(struct kv_exchange *exchange)
{
    bool is_open = exchange->is_counted || kv_traffic_enter(exchange->service->traffic);

    exchange->is_counted = true;
    return is_open;
}

static void count_no_more(struct kv_exchange *exchange)
{
    if (exchange->is_counted) {
        kv_traffic_leave(exchange->service->traffic);
        exchange->is_counted = false;
    }
}

static enum pace wait(struct kv_exchange *exchange)
{
    (void) count(exchange); /* if we are closing, it is resumed at once */
    kv_hold_begin(exchange);
    return PACE_PAUSE;
}

/* The first step that does not just pass the request on. */
static enum kv_next ask_steps(struct kv_exchange *exchange, enum kv_code *ret_code)
{
    struct kv_request *request = &exchange->request;

    for (*ret_code = KV_OK; exchange->step->pass != NULL; exchange->step++) {
        request->choice = (struct kv_choice){
            .next = KV_NEXT_PASS,
            .news = kv_traffic_news(exchange->service->traffic),
        };
        *ret_code = exchange->step->pass(request, response_of(exchange), err_of(exchange));
        if (*ret_code != KV_OK) {
            kv_log(KV_LOG_DEBUG, "gate_refused", KV_LOG_TEXT_FIELD("id", request->id),
                   KV_LOG_TEXT_FIELD("gate", exchange->step->name));
            return KV_NEXT_ANSWER;
        }
        if (request->choice.next != KV_NEXT_PASS) {
            return request->choice.next;
        }
        request->waits = 0;
    }
    return KV_NEXT_PASS;
}

/* Before there is an answer. */
static enum pace ask_before(struct kv_exchange *exchange, enum kv_phase after)
{
    switch (ask_steps(exchange, &exchange->code)) {
    case KV_NEXT_PASS:
        return go_on(exchange, after);
    case KV_NEXT_ANSWER:
        return go_on(exchange, KV_PHASE_RENDER);
    case KV_NEXT_WAIT:
    case KV_NEXT_HANG:
        return wait(exchange);
    case KV_NEXT_CUT:
        return go_on(exchange, kv_cut_is_wordless(exchange->request.cut.kind) ? KV_PHASE_CUT
                                                                              : KV_PHASE_RENDER);
    }
    assert(false);
    return PACE_END;
}

static bool announces_body(const struct kv_request *request)
{
    const char *length = kv_request_header(request, MHD_HTTP_HEADER_CONTENT_LENGTH);

    return kv_request_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) != NULL
           || (length != NULL && strtoull(length, NULL, 10) > 0);
}

static enum pace at_head(struct kv_exchange *exchange)
{
    enum pace pace = ask_before(exchange, KV_PHASE_BODY);

    if (exchange->has_body && exchange->phase != KV_PHASE_HEAD
        && exchange->phase != KV_PHASE_BODY) {
        exchange->wants_more = false; /* with the body in between */
    }
    return pace;
}

static enum pace at_body(struct kv_exchange *exchange)
{
    if (!exchange->has_body) {
        return go_on(exchange, KV_PHASE_ENTER);
    }
    count_no_more(exchange); /* it was, if it has waited */
    if (!kv_exchange_expects_too_much(exchange)) {
        return PACE_PAUSE;
    }
    exchange->request.body_is_too_large = true;
    exchange->wants_more = false;
    return go_on(exchange, KV_PHASE_ENTER);
}

static enum pace enter(struct kv_exchange *exchange)
{
    const struct kv_site *site = exchange->request.site;

    if (site == NULL) {
        return kv_answer_refuse(exchange->stay.connection, MHD_HTTP_NOT_FOUND) == MHD_YES
                   ? PACE_PAUSE
                   : PACE_END;
    }
    if (!count(exchange)) {
        kv_raise_closing(exchange);
        return go_on(exchange, KV_PHASE_RENDER);
    }
    return ask(exchange, KV_PHASE_STEPS, site->gates);
}

static enum pace at_steps(struct kv_exchange *exchange)
{
    enum pace pace = ask_before(exchange, KV_PHASE_HANDLER);

    /* After the steps, because a client must authenticate first (contract §1). */
    if (exchange->phase == KV_PHASE_HANDLER && exchange->request.body_is_too_large) {
        exchange->code =
            KV_FAIL(&exchange->err, KV_BODY_TOO_LARGE, 0, "Maximum request length exceeded.");
        return go_on(exchange, KV_PHASE_RENDER);
    }
    return pace;
}

static enum pace at_handler(struct kv_exchange *exchange)
{
    assert(exchange->request.route != NULL); /* the steps that passed it on saw to that */
    return kv_handle_begin(exchange) ? go_on(exchange, KV_PHASE_RENDER) : PACE_PAUSE;
}

/* Renders err_of() in the site's words. */
static void render_error(struct kv_exchange *exchange)
{
    struct kv_response *response = response_of(exchange);

    kv_response_reset(response);
    exchange->request.site->render_error(&exchange->request, err_of(exchange), response);
    exchange->is_refused = true;
}

static enum pace render(struct kv_exchange *exchange)
{
    (void) count(exchange);
    if (exchange->late != NULL) {
        render_error(exchange);
    } else if (exchange->code != KV_OK) {
        assert(exchange->err.code == exchange->code); /* a step that returns a code must raise it */
        render_error(exchange);
        if (exchange->retry_soon) {
            enum kv_code added = kv_response_header(&exchange->response, NULL, "Retry-After", "1");
            (void) added; /* an answer without it is still one */
        }
    }
    return ask(exchange, KV_PHASE_ANSWER, exchange->request.site->at_answer);
}

static enum pace at_answer(struct kv_exchange *exchange)
{
    enum kv_code code;
    enum kv_next next = ask_steps(exchange, &code);

    if (next == KV_NEXT_WAIT || next == KV_NEXT_HANG) {
        return wait(exchange);
    }
    if (code != KV_OK) {
        render_error(exchange);
    }
    return go_on(exchange, KV_PHASE_SEND);
}

static void tell_site(struct kv_exchange *exchange, const struct kv_response *response,
                      const struct kv_err *err)
{
    const struct kv_request *request = &exchange->request;

    if (request->site->after != NULL) {
        request->site->after(request, response, err, kv_clock_monotonic_us() - request->arrived);
    }
}

/* The site's last words on an answer. */
static enum pace send_answer(struct kv_exchange *exchange)
{
    struct kv_request *request = &exchange->request;
    struct kv_response *response = response_of(exchange);

    response->close = response->close || exchange->closing;
    request->site->finish(request, response);
    tell_site(exchange, response, exchange->is_refused ? err_of(exchange) : NULL);
    exchange->has_more =
        exchange->wants_more && !response->close && request->cut.kind == KV_CUT_NONE;
    return kv_cut_send(exchange, response) == MHD_YES ? PACE_PAUSE : PACE_END;
}

static enum pace cut(struct kv_exchange *exchange)
{
    (void) count(exchange);
    kv_response_reset(&exchange->response);
    exchange->response.status = 0; /* for the log and others: none was sent */
    tell_site(exchange, &exchange->response, NULL);
    return kv_cut_send(exchange, &exchange->response) == MHD_YES ? PACE_PAUSE : PACE_END;
}

static enum MHD_Result take_on(struct kv_exchange *exchange)
{
    static enum pace (*const phases[])(struct kv_exchange *) = {
        [KV_PHASE_HEAD] = at_head,     [KV_PHASE_BODY] = at_body,       [KV_PHASE_ENTER] = enter,
        [KV_PHASE_STEPS] = at_steps,   [KV_PHASE_HANDLER] = at_handler, [KV_PHASE_RENDER] = render,
        [KV_PHASE_ANSWER] = at_answer, [KV_PHASE_SEND] = send_answer,   [KV_PHASE_CUT] = cut,
    };
    enum pace pace = PACE_ON;

    while (pace == PACE_ON) {
        pace = phases[exchange->phase](exchange);
    }
    return pace == PACE_PAUSE ? MHD_YES : MHD_NO;
}

/*
 * The library ends the connection of a request answered at its head. So for a request without a
 * body, which is complete in a moment, the steps are asked then.
 */
static enum MHD_Result begin_at_head(struct kv_exchange *exchange)
{
    const struct kv_site *site = exchange->request.site;

    (void) ask(exchange, KV_PHASE_HEAD, site != NULL ? site->at_head : NULL);
    return take_on(exchange);
}

enum MHD_Result kv_steps_meet_head(struct kv_exchange *exchange)
{
    struct kv_request *request = &exchange->request;

    request->site = find_site(exchange);
    if (request->site != NULL && request->site->body_max != NULL) {
        request->body.max = request->site->body_max(request);
    }
    exchange->has_body = announces_body(request);
    exchange->phase = KV_PHASE_BODY;
    return exchange->has_body ? begin_at_head(exchange) : MHD_YES;
}

enum MHD_Result kv_steps_begin(struct kv_exchange *exchange)
{
    if (!exchange->has_body) {
        return begin_at_head(exchange);
    }
    exchange->phase = KV_PHASE_ENTER;
    return take_on(exchange);
}

/* A worker may still have the exchange's answer and error: this one is made separately. */
static bool make_late(struct kv_exchange *exchange)
{
    exchange->late = calloc(1, sizeof(*exchange->late));
    if (exchange->late == NULL) {
        return false;
    }
    kv_response_init(&exchange->late->response);
    KV_IGNORE(kv_raise_expired(&exchange->late->err)); /* rendered from there */
    return true;
}

enum MHD_Result kv_steps_resume(struct kv_exchange *exchange)
{
    enum kv_stay_state state = kv_traffic_state(exchange->service->traffic, &exchange->stay);

    if (state == KV_STAY_EXPIRED && !make_late(exchange)) {
        return MHD_NO;
    }
    exchange->phase =
        exchange->phase == KV_PHASE_HANDLER ? KV_PHASE_RENDER : kv_hold_end(exchange, state);
    return take_on(exchange);
}
