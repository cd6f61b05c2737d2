/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/route.h - sites: a table of routes, the gates around every handler, and how errors look.
 *
 * A site is const and lives as long as the process. A request passes through:
 *   `at_head`    steps that see only the head, before the body is read or waited for
 *   `gates`      steps that see the whole request; one of them is kv_route_match()
 *                the route's handler, on the route's lane
 *   `at_answer`  steps that see the answer in *response, from the handler or an error, and may
 *                change it, refuse in its place, hold it up, or spoil it
 *   `finish`     on success and on failure alike: the headers that every answer has
 *   `after`      for logs and journals
 * The steps of a list are asked in order; each passes the request on, refuses it, or says what else
 * comes next (step.h). A refusal or an answer continues with `at_answer`. All but the handler run
 * on the connection's thread; if the deadline has expired before the handler is done, they run
 * concurrently with it. So they read from a request only what the gates left there, and a handler
 * changes nothing in it but body, next and state.
 */
#pragma once

#include <stdbool.h>

#include "kv/base/operation.h"
#include "kv/http/request.h"
#include "kv/http/response.h"

/* A row of a route table; a table ends with { 0 }. */
struct kv_route {
    enum kv_verb verb;
    const char *path; /* "/keys/{name}/create": literals match in any case, placeholders match any
                         segment; `{version:hex32}` only 32 hex digits, and `{scope*}`, of which a
                         path has one at most, any number of segments */
    kv_handler_fn *handler;
    enum kv_lane lane;           /* where the handler runs */
    const void *own;             /* the site's own further columns; or NULL */
    enum kv_operation operation; /* its name, for rules and logs; 0: it has none */
};

/* A step of a site; a list ends with { 0 }. It passes a request on by returning KV_OK, refuses it
 * by returning an error, and makes any other choice by a function of step.h. */
struct kv_gate {
    const char *name; /* for the log */
    kv_handler_fn *pass;
};

struct kv_site {
    const char *name;
    bool (*serves)(const struct kv_request *request); /* NULL: every request */
    const struct kv_route *const *tables;             /* searched in order; a NULL ends them */
    size_t segments_max; /* a longer path matches no row; 0: KV_SEGMENTS_MAX */
    /* Whether the row is open to this request, apart from verb and path; NULL: every row is. */
    bool (*offers)(const struct kv_request *request, const struct kv_route *route);
    const struct kv_gate *at_head; /* NULL: none */
    const struct kv_gate *gates;
    const struct kv_gate *at_answer; /* NULL: none */

    /* How large the body of this request may be, judging by its head; NULL: KV_BODY_MAX. */
    size_t (*body_max)(const struct kv_request *request);

    /* Called when no row matches: says why, in the site's own words. `verbs_of_path` has bit 1 <<
     * kv_verb set for every verb that some row has for that path. */
    enum kv_code (*unmatched)(struct kv_request *request, struct kv_response *response,
                              unsigned verbs_of_path, struct kv_err *err);

    /* Turns an error into an answer. Cannot fail: anything that does not fit is left out. */
    void (*render_error)(struct kv_request *request, const struct kv_err *err,
                         struct kv_response *response);

    /* Adds the headers that every answer of the site carries. */
    void (*finish)(struct kv_request *request, struct kv_response *response);

    /* Sees every answer once it is complete; `err` is NULL for a success, `micros` counts from
     * arrival. request->cut says what the client sees of it. Status 0: there is no answer, because
     * the connection was cut before, or the client had left. May be NULL. */
    void (*after)(const struct kv_request *request, const struct kv_response *response,
                  const struct kv_err *err, int64_t micros);
};

/* The gate that finds the route and fills the captures. */
enum kv_code kv_route_match(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err) kv_must_check;

/* The route that this gate will find, for steps before it; NULL: it will find none. */
const struct kv_route *kv_route_find(const struct kv_request *request);
/* The same as kv_request_capture(), by a route that was found so. */
const char *kv_route_capture(const struct kv_route *route, const struct kv_request *request,
                             const char *name);

/* An `after` for any site: one line in the log, KV_LOG_INFO, KV_LOG_WARNING from status 500 on. */
void kv_log_access(const struct kv_request *request, const struct kv_response *response,
                   const struct kv_err *err, int64_t micros);
