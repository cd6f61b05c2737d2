/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The way of a request through its site: gates on the connection's thread, the handler there or
 * on a lane, the answer on the connection's thread again.
 */
#include "exchange.h"

#include <assert.h>

#include "kv/base/log.h"
#include "kv/http/route.h"

#define BUSY "The service is busy: too many requests are waiting."
#define EXPIRED "The service is busy: the request took too long."
#define CLOSING "The service is shutting down."

static const struct kv_site *find_site(const struct kv_exchange *exchange)
{
    const struct kv_site *const *site = exchange->service->config.sites;

    while (*site != NULL && (*site)->serves != NULL && !(*site)->serves(&exchange->request)) {
        site++;
    }
    return *site;
}

size_t kv_steps_body_max(const struct kv_exchange *exchange)
{
    const struct kv_site *site = find_site(exchange);

    return site != NULL && site->body_max != NULL ? site->body_max(&exchange->request)
                                                  : KV_BODY_MAX;
}

static enum kv_code pass_gates(struct kv_exchange *exchange)
{
    struct kv_request *request = &exchange->request;

    for (const struct kv_gate *gate = request->site->gates; gate->pass != NULL; gate++) {
        enum kv_code code = gate->pass(request, &exchange->response, &exchange->err);
        if (code != KV_OK) {
            kv_log(KV_LOG_DEBUG, "gate_refused", KV_LOG_TEXT_FIELD("id", request->id),
                   KV_LOG_TEXT_FIELD("gate", gate->name));
            return code;
        }
    }
    /* After the gates, because a client must authenticate first (contract §1). */
    if (request->body_is_too_large) {
        return KV_FAIL(&exchange->err, KV_BODY_TOO_LARGE, 0, "Maximum request length exceeded.");
    }
    return KV_OK;
}

static void run_step(struct kv_exchange *exchange)
{
    struct kv_request *request = &exchange->request;

    request->next = NULL;
    exchange->code = exchange->step(request, &exchange->response, &exchange->err);
}

static bool goes_on(const struct kv_exchange *exchange)
{
    return exchange->code == KV_OK && exchange->request.next != NULL;
}

static void raise_busy(struct kv_exchange *exchange)
{
    exchange->retry_soon = true;
    exchange->code = KV_FAIL(&exchange->err, KV_UNAVAILABLE, 0, BUSY);
}

static kv_job_fn run_on_lane;

static bool post(struct kv_exchange *exchange, enum kv_lane lane, uint64_t turn)
{
    struct kv_lanes *lanes = exchange->service->config.lanes;

    return turn != 0 ? kv_lanes_post_in_turn(lanes, turn, run_on_lane, exchange)
                     : kv_lanes_post(lanes, lane, run_on_lane, exchange);
}

/* A job: has a reference of its own, which outlasts the request when the deadline was faster. */
static void run_on_lane(void *argument)
{
    struct kv_exchange *exchange = argument;
    const struct kv_service *service = exchange->service;
    const struct kv_request *request = &exchange->request;

    if (kv_traffic_state(service->traffic, &exchange->stay) == KV_STAY_AWAITED) {
        run_step(exchange);
        if (goes_on(exchange)
            && kv_traffic_move(service->traffic, &exchange->stay, request->next_lane)) {
            exchange->step = request->next;
            if (post(exchange, request->next_lane, request->next_turn)) {
                return; /* the other lane has it, with our reference */
            }
            raise_busy(exchange);
        }
    }
    if (!kv_traffic_end_job(service->traffic, &exchange->stay)) {
        kv_log(KV_LOG_WARNING, "late_answer_dropped", KV_LOG_TEXT_FIELD("id", request->id));
    }
    kv_exchange_release(exchange);
}

static enum MHD_Result go_to_lane(struct kv_exchange *exchange, enum kv_lane lane, uint64_t turn)
{
    const struct kv_service *service = exchange->service;

    MHD_suspend_connection(exchange->stay.connection); /* first: the job may resume it at once */
    kv_traffic_suspend(service->traffic, &exchange->stay, lane);
    if (!post(kv_exchange_acquire(exchange), lane, turn)) {
        raise_busy(exchange);
        (void) kv_traffic_end_job(service->traffic, &exchange->stay); /* resumed either way */
        kv_exchange_release(exchange);
    }
    return MHD_YES;
}

/* The site's last words on an answer; `err` is NULL for a success. */
static enum MHD_Result complete(struct kv_exchange *exchange, struct kv_response *response,
                                const struct kv_err *err)
{
    struct kv_request *request = &exchange->request;
    const struct kv_site *site = request->site;

    site->finish(request, response);
    if (site->after != NULL) {
        site->after(request, response, err, kv_clock_monotonic_us() - request->arrived);
    }
    exchange->has_more = exchange->wants_more && !response->close;
    return kv_answer_send(exchange->stay.connection, response);
}

static enum MHD_Result answer(struct kv_exchange *exchange)
{
    struct kv_request *request = &exchange->request;
    struct kv_response *response = &exchange->response;

    if (exchange->code == KV_OK) {
        return complete(exchange, response, NULL);
    }
    assert(exchange->err.code == exchange->code); /* whoever returns a code raises it */
    kv_response_reset(response);
    request->site->render_error(request, &exchange->err, response);
    if (exchange->retry_soon) {
        enum kv_code added = kv_response_header(response, NULL, "Retry-After", "1");
        (void) added; /* an answer without it is still one */
    }
    response->close = response->close || exchange->closing;
    return complete(exchange, response, &exchange->err);
}

/* A worker may still have the exchange's answer and error: this one is made apart from them. */
static enum MHD_Result answer_expired(struct kv_exchange *exchange)
{
    struct kv_response response;
    struct kv_err err;

    kv_response_init(&response);
    enum kv_code code = KV_FAIL(&err, KV_UNAVAILABLE, 0, EXPIRED);
    (void) code; /* it is in err */
    exchange->request.site->render_error(&exchange->request, &err, &response);
    enum MHD_Result sent = complete(exchange, &response, &err);
    kv_response_done(&response);
    return sent;
}

enum MHD_Result kv_steps_begin(struct kv_exchange *exchange)
{
    struct kv_request *request = &exchange->request;

    request->site = find_site(exchange);
    if (request->site == NULL) {
        return kv_answer_refuse(exchange->stay.connection, MHD_HTTP_NOT_FOUND);
    }
    exchange->is_counted = true;
    if (!kv_traffic_enter(exchange->service->traffic)) {
        exchange->retry_soon = exchange->closing = true;
        exchange->code = KV_FAIL(&exchange->err, KV_UNAVAILABLE, 0, CLOSING);
        return answer(exchange);
    }
    exchange->code = pass_gates(exchange);
    if (exchange->code != KV_OK || request->route == NULL) {
        return answer(exchange);
    }
    exchange->step = request->route->handler;
    if (request->route->lane != KV_LANE_INLINE) {
        return go_to_lane(exchange, request->route->lane, 0);
    }
    run_step(exchange);
    if (!goes_on(exchange)) {
        return answer(exchange);
    }
    exchange->step = request->next;
    return go_to_lane(exchange, request->next_lane, request->next_turn);
}

enum MHD_Result kv_steps_finish(struct kv_exchange *exchange)
{
    if (kv_traffic_state(exchange->service->traffic, &exchange->stay) == KV_STAY_EXPIRED) {
        return answer_expired(exchange);
    }
    return answer(exchange);
}
