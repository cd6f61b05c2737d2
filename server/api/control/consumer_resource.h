/* SPDX-License-Identifier: Apache-2.0 */
/* consumer_resource.h - for which resources of the resource manager services run. Reads the store: not on
 * the thread of a connection. */
#pragma once

#include <cjson/cJSON.h>

#include "kv/app/app.h"

/* The ids of resources by the names of the services that run for them: for consumer_resource_find(). The
 * caller deletes it. */
enum kv_code consumer_resources_read(const struct kv_app *app, cJSON **ret_index,
                                     struct kv_err *err) kv_must_check;

/* The id of the resource that the service runs for, borrowed from the index; NULL: none. */
const char *consumer_resource_find(const cJSON *index, const char *name);
