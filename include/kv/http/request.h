/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/request.h - one request as seen by the steps that answer it: gates, then a handler.
 *
 * Made by http/ on arrival, copied out of the HTTP library, and freed after the answer was sent.
 * A request belongs to one thread at a time; it moves with the step from the connection's thread
 * to a lane and back. Everything it holds is borrowed by its readers until the request ends.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "kv/base/buf.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/base/uuid.h"
#include "kv/http/lanes.h"
#include "kv/http/step.h"

enum kv_verb {
    KV_GET,
    KV_HEAD,
    KV_POST,
    KV_PUT,
    KV_PATCH,
    KV_DELETE,
    KV_OPTIONS,
    KV_VERB_OTHER /* a verb no route uses */
};
const char *kv_verb_name(enum kv_verb verb);

/* "GET, POST": the verbs whose bit 1 << kv_verb is set, in the form of an Allow header. */
#define KV_VERBS_SIZE 64
void kv_verbs_list(unsigned verbs, char ret_text[KV_VERBS_SIZE]);

/* Whether it is a token of RFC 9110 §5.6.2, like methods and the two halves of media types. */
bool kv_is_http_token(const char *text, size_t len);

#define KV_SEGMENTS_MAX 32        /* of a path; a longer path matches nothing */
#define KV_BODY_MAX (1024 * 1024) /* where a site does not say otherwise */
#define KV_WAITS_MAX 64           /* of one step for one request */

/* A name and its value; lists of them are bounded by the size of a request's head. */
struct kv_pair {
    const char *name, *value;
};
struct kv_pairs {
    const struct kv_pair *pair;
    size_t count;
};

struct kv_app; /* what main.c composed; opaque to http/ */
struct kv_route;
struct kv_site;
struct kv_response;

/* A step of a request: fills *response, or raises an error, which the site renders. */
struct kv_request;
typedef enum kv_code kv_handler_fn(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err);

struct kv_request {
    struct kv_app *app;
    const struct kv_site *site;
    const struct kv_route *route; /* NULL until kv_route_match() */

    char id[KV_UUID_LENGTH + 1]; /* x-ms-request-id */
    kv_millis now;               /* THE reading of the clock for this request; see kv_step_wait() */
    int64_t arrived;             /* kv_clock_monotonic_us() at its first line */
    char client[64];             /* address of the peer, without port */
    bool client_is_ipv6;
    bool secure; /* came over TLS */

    enum kv_verb verb;
    const char *method;   /* as sent, or as X-HTTP-METHOD has it; for messages and the log */
    const char *target;   /* raw request target; for the log only */
    bool target_is_valid; /* false: not an RFC 3986 path and query, control characters, or not
                             UTF-8 */
    const char *segment[KV_SEGMENTS_MAX]; /* decoded path segments, empty ones dropped */
    size_t segments;                      /* KV_SEGMENTS_MAX + 1 when there were more */
    struct kv_pairs query;                /* decoded names and values, in order */
    struct kv_pairs headers;              /* as sent, blanks around values removed */

    const char *authority; /* Host header as sent, lower case; "" when there is none */
    const char *host;      /* the same without port; [] of an IPv6 literal removed */

    struct kv_buf body;     /* whole; wiped when the request ends */
    bool body_is_too_large; /* it exceeded its maximum and was dropped: refused after the gates */

    const char *vault; /* for the log: the vault asked for, set by a gate; NULL: none */
    void *context;     /* of the site's gates */
    void (*context_free)(void *context);

    struct kv_choice choice; /* of the step that is asked: step.h */
    unsigned waits;          /* how often this step has waited already, at most KV_WAITS_MAX */
    struct kv_cut cut;       /* what happens to the answer; for the log, too */

    const char
        *rule;  /* for the log: what a step names as the reason for its choice; NULL: nothing */
    void *fate; /* of a site's steps that decide what goes wrong with the request */
    void (*fate_free)(void *fate); /* called last, when the answer is gone */

    kv_handler_fn *next; /* set by kv_request_continue() */
    enum kv_lane next_lane;
    uint64_t next_turn; /* there; 0: it waits for no other request */
    void *state;        /* of a handler that continues elsewhere */
    void (*state_free)(void *state);
};

/* First query value of that name (any case: contract §1), or NULL. */
const char *kv_request_query(const struct kv_request *request, const char *name);

/* First header of that name (any case), or NULL. */
const char *kv_request_header(const struct kv_request *request, const char *name);

/* The body as one JSON object; an empty body is refused as in the service (contract §4.6). The
 * caller frees it with cJSON_Delete(). */
enum kv_code kv_request_json(const struct kv_request *request, cJSON **ret_body,
                             struct kv_err *err) kv_must_check;

/* What the route's {name} matched, NULL if the route has no such placeholder; for a {name*} the
 * first segment, NULL if it matched none. */
const char *kv_request_capture(const struct kv_request *request, const char *name);

/* Consecutive segments of a path; borrowed from the request. */
struct kv_segments {
    const char *const *segment;
    size_t count;
};

/* What the route's {name*} matched, which may be no segment at all; also none if the route has no
 * such placeholder. */
struct kv_segments kv_request_captures(const struct kv_request *request, const char *name);

/*
 * Lets the request go on with `handler` on `lane` after the present handler has returned KV_OK:
 *     return kv_request_continue(request, KV_LANE_GENERATE, key_create_generate);
 * If that queue is full the request is answered with KV_UNAVAILABLE.
 */
enum kv_code kv_request_continue(struct kv_request *request, enum kv_lane lane,
                                 kv_handler_fn *handler) kv_must_check;

/* The same on KV_LANE_OUTSIDE, where requests with the same turn run one after another:
 * kv_lanes_post_in_turn(). */
enum kv_code kv_request_continue_in_turn(struct kv_request *request, uint64_t turn,
                                         kv_handler_fn *handler) kv_must_check;
