/* SPDX-License-Identifier: Apache-2.0 */
/* The life of an exchange, and the body while it arrives. */
#include "exchange.h"

#include <stdlib.h>
#include <string.h>

#include "kv/base/secret.h"
#include "kv/base/uuid.h"

/*
 * How far a body may exceed its limit. If the announced excess is more than the first, it is
 * refused before it arrives. If no length is announced it has to arrive first, because the library
 * takes no answer in the middle of a body; an excess over the second is no mistake worth an answer.
 */
#define EXCESS_ANNOUNCED_MAX (3 * (uint64_t) KV_BODY_MAX)
#define EXCESS_DROPPED_MAX (15 * (uint64_t) KV_BODY_MAX)

struct kv_exchange *kv_exchange_new(const struct kv_service *service,
                                    struct MHD_Connection *connection, const char *target)
{
    struct kv_exchange *exchange = calloc(1, sizeof(*exchange));

    if (exchange == NULL) {
        return NULL;
    }
    exchange->target = strdup(target);
    if (exchange->target == NULL) {
        free(exchange);
        return NULL;
    }
    atomic_init(&exchange->references, 1);
    exchange->request.arrived = kv_clock_monotonic_us();
    exchange->service = service;
    exchange->stay.connection = connection;
    exchange->stay.descriptor =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD)->connect_fd;
    exchange->request.app = service->config.app;
    exchange->request.secure = service->secure;
    exchange->request.target = exchange->target;
    exchange->request.now = kv_clock_now(service->config.clock);
    kv_uuid_random(exchange->request.id);
    kv_buf_init(&exchange->request.body, KV_BODY_MAX);
    kv_response_init(&exchange->response);
    return exchange;
}

struct kv_exchange *kv_exchange_acquire(struct kv_exchange *exchange)
{
    atomic_fetch_add_explicit(&exchange->references, 1, memory_order_relaxed);
    return exchange;
}

void kv_exchange_release(struct kv_exchange *exchange)
{
    struct kv_request *request = &exchange->request;

    if (atomic_fetch_sub_explicit(&exchange->references, 1, memory_order_acq_rel) > 1) {
        return;
    }
    if (request->state_free != NULL) {
        request->state_free(request->state);
    }
    if (request->context_free != NULL) {
        request->context_free(request->context);
    }
    if (exchange->late != NULL) {
        kv_response_done(&exchange->late->response);
        free(exchange->late);
    }
    kv_response_done(&exchange->response);
    if (request->fate_free != NULL) {
        request->fate_free(request->fate);
    }
    kv_buf_done(&request->body);
    kv_uri_done(&exchange->uri);
    kv_wipe_free(exchange->headers); /* they hold tokens */
    free(exchange->target);
    free(exchange);
}

/*
 * A body that is slightly too large is read and dropped, and the connection stays in use. One that
 * is much too large, or waits for 100 Continue, is refused at once, and the connection ends.
 */
bool kv_exchange_expects_too_much(const struct kv_exchange *exchange)
{
    const char *length = kv_request_header(&exchange->request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    bool waits = kv_request_header(&exchange->request, MHD_HTTP_HEADER_EXPECT) != NULL;
    uint64_t max = exchange->request.body.max + (waits ? 0 : EXCESS_ANNOUNCED_MAX);

    return length != NULL
           && strtoull(length, NULL, 10) > max; /* the library took it for a number */
}

bool kv_exchange_append(struct kv_exchange *exchange, const char *bytes, size_t len)
{
    struct kv_request *request = &exchange->request;

    exchange->body_bytes += len;
    if (exchange->body_bytes > request->body.max + EXCESS_DROPPED_MAX) {
        return false;
    }
    if (request->body_is_too_large) {
        return true;
    }
    enum kv_code code = kv_buf_append(&request->body, bytes, len, NULL);
    if (code == KV_BODY_TOO_LARGE) {
        request->body_is_too_large = true;
        kv_buf_done(&request->body);
        return true;
    }
    return code == KV_OK;
}
