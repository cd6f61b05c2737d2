/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/resources share: the resource manager, as far as clients ask it
 * while they log in (clients.md §9; control-plane.md §1.4, §3).
 */
#pragma once

#include <strings.h>

#include "kv/app/app.h"
#include "kv/http/route.h"

/* Whether the host that was asked is the one that the resource manager has at Azure. */
static inline bool resources_are_azures(const struct kv_request *request)
{
    return strcasecmp(request->host, "management.azure.com") == 0;
}

/* The gate that asks for a token of the management audience: KV_ARM_... of err.def. */
kv_handler_fn resources_authenticate;

/* What a 401 says in WWW-Authenticate, where the code has words for it. */
const char *resources_describe_401(enum kv_code code);

kv_handler_fn cloud_describe;
kv_handler_fn subscriptions_list, subscription_get, tenants_list;
