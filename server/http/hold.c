/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests that are held up because a step says so: the connection is suspended, and the traffic's
 * thread times it.
 */
#include "exchange.h"

#include "kv/base/log.h"
#include "kv/http/route.h"

/* It may be resumed before this returns, but then comes back to this thread. */
void kv_hold_begin(struct kv_exchange *exchange)
{
    MHD_suspend_connection(exchange->stay.connection);
    kv_traffic_wait(exchange->service->traffic, &exchange->stay, &exchange->request.choice);
}

static void log_end(const struct kv_exchange *exchange, enum kv_stay_state state)
{
    static const char *const reasons[] = {
        [KV_STAY_DUE] = "too many waits of one step",
        [KV_STAY_OVERDUE] = "too long",
        [KV_STAY_LEFT] = "client left",
        [KV_STAY_CLOSED] = "shutting down",
        [KV_STAY_REFUSED] = "too many wait",
    };

    kv_log(KV_LOG_DEBUG, "wait_cut_short", KV_LOG_TEXT_FIELD("id", exchange->request.id),
           KV_LOG_TEXT_FIELD("step", exchange->step->name),
           KV_LOG_TEXT_FIELD("reason", reasons[state]));
}

/* The refusal of a request that may not wait any longer. */
static enum kv_phase refuse(struct kv_exchange *exchange, enum kv_stay_state state)
{
    if (state == KV_STAY_CLOSED) {
        kv_raise_closing(exchange);
    } else if (state == KV_STAY_REFUSED) {
        kv_raise_busy(exchange);
    } else {
        exchange->code = kv_raise_expired(&exchange->err);
    }
    return KV_PHASE_RENDER;
}

/* The client got no answer so far, and must get none. */
static enum kv_phase leave_unanswered(struct kv_exchange *exchange)
{
    kv_step_spoil(&exchange->request, (struct kv_cut){ .kind = KV_CUT_EMPTY });
    return exchange->phase == KV_PHASE_ANSWER ? KV_PHASE_SEND : KV_PHASE_CUT;
}

enum kv_phase kv_hold_end(struct kv_exchange *exchange, enum kv_stay_state state)
{
    struct kv_request *request = &exchange->request;
    bool has_answer = exchange->phase == KV_PHASE_ANSWER;

    bool may_wait = request->choice.hears_news || request->waits < KV_WAITS_MAX;

    if (state == KV_STAY_DUE && may_wait) {
        request->waits++;
        request->now = has_answer ? request->now : kv_clock_now(exchange->service->config.clock);
        return exchange->phase; /* the same step is asked again */
    }
    log_end(exchange, state);
    exchange->closing = exchange->closing || state == KV_STAY_CLOSED;
    if (request->choice.next == KV_NEXT_HANG || (state == KV_STAY_LEFT && !has_answer)) {
        return leave_unanswered(exchange);
    }
    return has_answer ? KV_PHASE_SEND : refuse(exchange, state);
}
