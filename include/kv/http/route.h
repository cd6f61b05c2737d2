/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/http/route.h - sites: a table of routes, the gates around every handler, and how errors look.
 *
 * A site is const and lives as long as the process. A request takes this way:
 *   `at_head`    steps that see the head alone, before its body was read, or waited for
 *   `gates`      steps that see all of it; one of them is kv_route_match()
 *                the route's handler, on the route's lane
 *   `at_answer`  steps that see the answer in *response, of the handler or of an error, and may
 *                change it, refuse in its place, hold it up, or spoil it
 *   `finish`     on success and on failure alike: the headers that every answer has
 *   `after`      for logs and journals
 * The steps of a list are asked in order; each passes the request on, refuses it, or says what else
 * comes next (step.h). What refuses or answers goes on with `at_answer`.
 * All but the handler run on the connection's thread; when the deadline was faster than the
 * handler, beside it: so they read of a request what the gates left, and a handler changes nothing
 * of it but body, next and state.
 */
#pragma once

#include <stdbool.h>

#include "kv/http/request.h"
#include "kv/http/response.h"

/* A row of a route table; a table ends with { 0 }. */
struct kv_route {
    enum kv_verb verb;
    const char *path; /* "/keys/{name}/create": literals match in any case, placeholders
                               whatever stands there; `{version:hex32}` only 32 hex digits, and
                               `{scope*}`, of which a path has one at most, any number of segments */
    kv_handler_fn *handler;
    enum kv_lane lane; /* where the handler runs */
    const void *own;   /* further columns, of the site's own; or NULL */
};

/* A step of a site; a list ends with { 0 }. It passes a request on by returning KV_OK, refuses it by
 * an error, and else chooses by a function of step.h. */
struct kv_gate {
    const char *name; /* for the log */
    kv_handler_fn *pass;
};

struct kv_site {
    const char *name;
    bool (*serves)(const struct kv_request *request); /* NULL: every request */
    const struct kv_route *const *tables;             /* searched in order; a NULL ends them */
    size_t segments_max; /* a longer path matches no row; 0: KV_SEGMENTS_MAX */
    /* Whether this request could have the row, but for verb and path; NULL: it could have any. */
    bool (*offers)(const struct kv_request *request, const struct kv_route *route);
    const struct kv_gate *at_head; /* NULL: none */
    const struct kv_gate *gates;
    const struct kv_gate *at_answer; /* NULL: none */

    /* How large the body of this request may be, by its head alone; NULL: KV_BODY_MAX. */
    size_t (*body_max)(const struct kv_request *request);

    /* No row matches: says why, in the site's own words. `verbs_of_path` has bit 1 << kv_verb set
     * for every verb some row of that path has. */
    enum kv_code (*unmatched)(struct kv_request *request, struct kv_response *response,
                              unsigned verbs_of_path, struct kv_err *err);

    /* Turns an error into an answer. Cannot fail: what does not fit is left out. */
    void (*render_error)(struct kv_request *request, const struct kv_err *err,
                         struct kv_response *response);

    /* Adds the headers that every answer of the site carries. */
    void (*finish)(struct kv_request *request, struct kv_response *response);

    /* Sees every answer, after it was made; `err` is NULL for a success, `micros` are since
     * arrival. request->cut says what the client sees of it. Status 0: none was made, because the
     * connection was cut before, or the client had left. May be NULL. */
    void (*after)(const struct kv_request *request, const struct kv_response *response,
                  const struct kv_err *err, int64_t micros);
};

/* The gate that finds the route and fills the captures. */
enum kv_code kv_route_match(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err) kv_must_check;

/* An `after` for any site: one line in the log, KV_LOG_INFO, KV_LOG_WARNING from status 500 on. */
void kv_log_access(const struct kv_request *request, const struct kv_response *response,
                   const struct kv_err *err, int64_t micros);
