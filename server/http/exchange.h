/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h - a request with its answer, and everything that belongs to it from its first line
 * until the answer has been sent and no worker has it any more.
 *
 * Reference-counted: the connection holds one reference, a job on a lane another. It belongs to the
 * connection's thread, except that between kv_traffic_suspend() and the end of the job the worker
 * owns `response`, `err`, `code` and what handlers may change in `request`; permanently so if the
 * deadline expired first: then `late` takes their place.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <microhttpd.h>

#include "kv/http/listener.h"
#include "kv/http/request.h"
#include "kv/http/response.h"
#include "kv/http/route.h"
#include "traffic.h"
#include "uri.h"

#define KV_HEAD_MEMORY 32768 /* of a connection, for the heads of request and answer */
#define KV_METHOD_MAX 32     /* characters of a method we keep */
#define KV_CLIENT_SIZE sizeof(((struct kv_request *) NULL)->client)
#define KV_AUTHORITY_MAX 261 /* a DNS name of 255 with a port */

/* What all exchanges of a listener share. */
struct kv_service {
    struct kv_listener_config config; /* its texts are not kept */
    bool secure;
    struct kv_traffic *traffic;
    struct kv_handshakes *handshakes;
    struct kv_tickets *tickets;
};

/* The phase of a request; steps.c takes it from each to the next. */
enum kv_phase {
    KV_PHASE_HEAD,    /* asks the steps at the head, whose body may not be there */
    KV_PHASE_BODY,    /* waits for the rest of the body */
    KV_PHASE_ENTER,   /* is whole */
    KV_PHASE_STEPS,   /* asks the steps before the handler */
    KV_PHASE_HANDLER, /* runs the handler, or waits for a lane */
    KV_PHASE_RENDER,  /* has an answer, or an error that becomes one */
    KV_PHASE_ANSWER,  /* asks the steps before the answer is sent */
    KV_PHASE_SEND,    /* sends it, or what a cut makes of it */
    KV_PHASE_CUT      /* ends the connection without an answer */
};

/* An answer made while a worker still has the exchange's own. */
struct kv_late {
    struct kv_response response;
    struct kv_err err;
};

struct kv_exchange {
    struct kv_request request;
    struct kv_response response;
    struct kv_err err;
    enum kv_code code; /* of the steps so far */

    const struct kv_service *service;
    struct kv_stay stay;
    enum kv_phase phase;
    const struct kv_gate *step; /* the one being asked, in a phase that asks steps */
    kv_handler_fn *handler;     /* what is running, or waiting for a lane */
    struct kv_late *late;       /* NULL: `response` and `err` */
    atomic_uint references;

    bool has_head;       /* the headers were read */
    bool has_body;       /* by its head */
    bool is_counted;     /* kv_traffic_enter() was called */
    bool is_refused;     /* the answer is that of an error */
    uint64_t body_bytes; /* received, dropped ones included */
    bool retry_soon;     /* the refusal gets a Retry-After */
    bool closing;        /* the refusal ends the connection */
    bool wants_more;     /* judging by its head, another request may follow */
    bool has_more;       /* and judging by the answer, too */

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

/* True if the announced body is not worth reading before it is refused. */
bool kv_exchange_expects_too_much(const struct kv_exchange *exchange);

/* Appends to the request's body; false: end the connection. */
bool kv_exchange_append(struct kv_exchange *exchange, const char *bytes, size_t len) kv_must_check;

/*
 * Copies the head out of the library: verb, headers, authority, the target's parts. Returns 0, or
 * the HTTP status for a request that no site should see.
 */
unsigned kv_head_read(struct kv_exchange *exchange, const char *method, const char *version);

/* The head is there: finds the site and the limit for the body, and asks the first steps. Returns
 * once the request is in KV_PHASE_BODY, answered, or suspended. MHD_NO, here and below, ends the
 * connection. */
enum MHD_Result kv_steps_meet_head(struct kv_exchange *exchange);

/* The whole request is there: processes it until it is answered or suspended. */
enum MHD_Result kv_steps_begin(struct kv_exchange *exchange);

/* It was suspended and has been resumed: goes on from there. */
enum MHD_Result kv_steps_resume(struct kv_exchange *exchange);

/* Runs the route's handler here or passes it to its lane. True if there is an answer; false: the
 * connection is suspended until there is one, or the lane's deadline expires. */
bool kv_handle_begin(struct kv_exchange *exchange);

/* Suspends the connection as the last step chose; it is resumed in any case, and kv_hold_end() then
 * says in which phase to go on. */
void kv_hold_begin(struct kv_exchange *exchange);
enum kv_phase kv_hold_end(struct kv_exchange *exchange, enum kv_stay_state state);

/* Refusals, noted in the exchange: there is no room now; we are shutting down. */
void kv_raise_busy(struct kv_exchange *exchange);
void kv_raise_closing(struct kv_exchange *exchange);
/* The same for a request that took too long; returns the code, which is in `err`. */
enum kv_code kv_raise_expired(struct kv_err *err);

/* Hands the answer to the library; this takes its body out of `response`. */
enum MHD_Result kv_answer_send(struct MHD_Connection *connection, struct kv_response *response);

/* Hands over a response made elsewhere, with the status and the headers of `response`. `length`, or
 * NULL: a Content-Length that the library does not know, after which it ends the connection. Lets go
 * of `made`, which may be NULL: out of memory. */
enum MHD_Result kv_answer_queue(struct MHD_Connection *connection,
                                const struct kv_response *response, struct MHD_Response *made,
                                const uint64_t *length);

/* Hands over what a cut leaves of the answer, or ends the connection as it says: `request.cut`. */
enum MHD_Result kv_cut_send(struct kv_exchange *exchange, struct kv_response *response);

/* The same for KV_CUT_DRIBBLE. */
enum MHD_Result kv_dribble_send(struct kv_exchange *exchange, struct kv_response *response);

/* Prints the address of the peer without its port; true if it is an IPv6 one. */
bool kv_client_print(struct MHD_Connection *connection, char ret_client[KV_CLIENT_SIZE]);

/* Ends a connection before it has a request; false if `cut` does not say so. */
bool kv_client_end(struct MHD_Connection *connection, enum kv_cut_kind cut);

/* Resets the connection at once. */
void kv_cut_reset(struct MHD_Connection *connection);

/* Answers with just a status, and closes. */
enum MHD_Result kv_answer_refuse(struct MHD_Connection *connection, unsigned status);

/*
 * Sends the same bytes bypassing the library, on the connection's thread, when nothing of an
 * earlier answer is left to be sent; nothing more can be sent after it. A client that does not read
 * gets nothing.
 */
void kv_answer_by_hand(struct MHD_Connection *connection, unsigned status);

/* Sends any bytes in the same way, then ends our side. */
void kv_answer_last_words(struct MHD_Connection *connection, const void *bytes, size_t len);
