/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The handler of a request: on the connection's thread, or on the lanes that its route and it
 * itself name, while the connection is suspended.
 */
#include "exchange.h"

#include "kv/base/log.h"

static void run(struct kv_exchange *exchange)
{
    struct kv_request *request = &exchange->request;

    request->next = NULL;
    exchange->code = exchange->handler(request, &exchange->response, &exchange->err);
}

static bool goes_on(const struct kv_exchange *exchange)
{
    return exchange->code == KV_OK && exchange->request.next != NULL;
}

static kv_job_fn run_on_lane;

static bool post(struct kv_exchange *exchange, enum kv_lane lane, uint64_t turn)
{
    struct kv_lanes *lanes = exchange->service->config.lanes;

    return turn != 0 ? kv_lanes_post_in_turn(lanes, turn, run_on_lane, exchange)
                     : kv_lanes_post(lanes, lane, run_on_lane, exchange);
}

/* A job: has its own reference, which outlives the request if the deadline expires first. */
static void run_on_lane(void *argument)
{
    struct kv_exchange *exchange = argument;
    const struct kv_service *service = exchange->service;
    const struct kv_request *request = &exchange->request;

    if (kv_traffic_state(service->traffic, &exchange->stay) == KV_STAY_AWAITED) {
        run(exchange);
        if (goes_on(exchange)
            && kv_traffic_move(service->traffic, &exchange->stay, request->next_lane)) {
            exchange->handler = request->next;
            if (post(exchange, request->next_lane, request->next_turn)) {
                return; /* the other lane has it, with our reference */
            }
            kv_raise_busy(exchange);
        }
    }
    if (!kv_traffic_end_job(service->traffic, &exchange->stay)) {
        kv_log(KV_LOG_WARNING, "late_answer_dropped", KV_LOG_TEXT_FIELD("id", request->id));
    }
    kv_exchange_release(exchange);
}

static void go_to_lane(struct kv_exchange *exchange, enum kv_lane lane, uint64_t turn)
{
    const struct kv_service *service = exchange->service;

    MHD_suspend_connection(exchange->stay.connection); /* first: the job may resume it at once */
    kv_traffic_suspend(service->traffic, &exchange->stay, lane);
    if (!post(kv_exchange_acquire(exchange), lane, turn)) {
        kv_raise_busy(exchange);
        (void) kv_traffic_end_job(service->traffic, &exchange->stay); /* resumed either way */
        kv_exchange_release(exchange);
    }
}

bool kv_handle_begin(struct kv_exchange *exchange)
{
    const struct kv_request *request = &exchange->request;

    exchange->handler = request->route->handler;
    if (request->route->lane != KV_LANE_INLINE) {
        go_to_lane(exchange, request->route->lane, 0);
        return false;
    }
    run(exchange);
    if (!goes_on(exchange)) {
        return true;
    }
    exchange->handler = request->next;
    go_to_lane(exchange, request->next_lane, request->next_turn);
    return false;
}
