/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h - a request with its answer, and all that belongs to it from its first line until
 * the answer was sent and no worker has it any more.
 *
 * Counted: the connection holds one reference, a job on a lane another. It belongs to the
 * connection's thread, except that between kv_traffic_suspend() and the end of the job the worker
 * has `response`, `err`, `code` and what handlers may change in `request`.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#include "kv/http/listener.h"
#include "kv/http/request.h"
#include "kv/http/response.h"
#include "traffic.h"
#include "uri.h"

#define KV_HEAD_MEMORY 32768 /* of a connection, for the heads of request and answer */
#define KV_METHOD_MAX 32     /* characters of a method we keep */
#define KV_AUTHORITY_MAX 261 /* a DNS name of 255 with a port */

/* What all exchanges of a listener share. */
struct kv_service {
    struct kv_listener_config config; /* its texts are not kept */
    bool secure;
    struct kv_traffic *traffic;
};

struct kv_exchange {
    struct kv_request request;
    struct kv_response response;
    struct kv_err err;
    enum kv_code code; /* of the steps so far */

    const struct kv_service *service;
    struct kv_stay stay;
    kv_handler_fn *step; /* what a lane is to run */
    atomic_uint references;

    bool has_head;       /* the headers were read */
    bool is_counted;     /* kv_traffic_enter() was called */
    uint64_t body_bytes; /* received, dropped ones included */
    bool retry_soon;     /* the refusal gets a Retry-After */
    bool closing;        /* the refusal ends the connection */
    bool wants_more;     /* by its head, another request may follow */
    bool has_more;       /* and by the answer, too */

    char *target; /* owned by the exchange, as are the next two */
    struct kv_uri uri;
    void *headers; /* pairs and their texts, in one block */
    char method[KV_METHOD_MAX + 1];
    char authority[KV_AUTHORITY_MAX + 1];
    char host[KV_AUTHORITY_MAX + 1];
};

/* At the first line of a request. NULL: out of memory. */
struct kv_exchange *kv_exchange_new(const struct kv_service *service,
                                    struct MHD_Connection *connection, const char *target);

/* Takes another reference and returns it; lets one go. */
struct kv_exchange *kv_exchange_acquire(struct kv_exchange *exchange);
void kv_exchange_release(struct kv_exchange *exchange);

/* True when the body announced is not worth reading before it is refused. */
bool kv_exchange_expects_too_much(const struct kv_exchange *exchange);

/* Appends to the request's body; false: end the connection. */
bool kv_exchange_append(struct kv_exchange *exchange, const char *bytes, size_t len) kv_must_check;

/*
 * Copies the head out of the library: verb, headers, authority, the target's parts. Returns 0, or
 * the HTTP status of a request that no site should see.
 */
unsigned kv_head_read(struct kv_exchange *exchange, const char *method, const char *version);

/* How large the body may be, by the site the head leads to. */
size_t kv_steps_body_max(const struct kv_exchange *exchange);

/* The whole request is there: runs it until it is answered or suspended. MHD_NO ends the
 * connection. */
enum MHD_Result kv_steps_begin(struct kv_exchange *exchange);

/* The request was resumed: answers it. */
enum MHD_Result kv_steps_finish(struct kv_exchange *exchange);

/* Hands the answer to the library; its body is gone from `response` then. */
enum MHD_Result kv_answer_send(struct MHD_Connection *connection, struct kv_response *response);

/* Answers with nothing but a status, and closes. */
enum MHD_Result kv_answer_refuse(struct MHD_Connection *connection, unsigned status);

/*
 * The same bytes past the library, in the thread of the connection, when nothing of an earlier
 * answer is left to be sent; then nothing more can be. A client that does not read gets none.
 */
void kv_answer_by_hand(struct MHD_Connection *connection, unsigned status);
