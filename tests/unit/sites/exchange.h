/* SPDX-License-Identifier: Apache-2.0 */
/*
 * exchange.h - a request made by hand and taken through a site as http/ does: gates, handler,
 * error, finish. No sockets and no lanes.
 *
 * Each test is a process of its own, so these globals are one test's.
 */
#pragma once

#include "kv/app/app.h"
#include "kv/base/json.h"

extern struct kv_app app;
extern struct kv_request request;
extern struct kv_response response;

/* A GET of `path` from localhost, without query, headers and body. Lives until the next one. */
void begin(enum kv_verb verb, const char *path);
void add_query(const char *name, const char *value);
void add_header(const char *name, const char *value);
void set_body(const char *text);

/* Takes the request through the site; `response` is what would be sent. */
void perform(const struct kv_site *site);
void end_exchange(void);

/* A header of the response; "" when it has none of that name. */
const char *answer_header(const char *name);

/* A member of the response's body, "a" or "a.b"; NULL when there is none. Freed at the end. */
const cJSON *answer_member(const char *path);
const char *answer_text(const char *path);
int64_t answer_number(const char *path);

/* The response is an error of the control site. */
void expect_error(int status, const char *code);
