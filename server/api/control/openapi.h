/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openapi.h - the control API described as an OpenAPI 3.1 document.
 *
 * The routes are the truth: paths, verbs and query members come from them. openapi.def says what each is
 * for, openapi.json has the schemas. Pure functions.
 */
#pragma once

#include <cjson/cJSON.h>

#include "kv/http/route.h"

/*
 * Describes the routes of `tables`, which a NULL ends. With `wants_token` orders are said to need the
 * control token. A route that openapi.def has no row for is described as far as it goes. The document
 * is the caller's.
 */
enum kv_code openapi_describe(const struct kv_route *const *tables, bool wants_token,
                              cJSON **ret_document, struct kv_err *err) kv_must_check;
