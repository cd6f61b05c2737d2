/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/hsm share: the handlers that routes.c lists, and the scope that
 * a path names.
 */
#pragma once

#include <cjson/cJSON.h>

#include "kv/access/roles.h"
#include "kv/app/app.h"
#include "kv/base/json.h"

/* The handlers of the route table. */
kv_handler_fn definition_list, definition_get, definition_put,
    definition_delete; /* definitions.c */
kv_handler_fn assignment_list, assignment_get, assignment_put,
    assignment_delete;                                   /* assignments.c */
kv_handler_fn setting_list, setting_get, setting_update; /* settings.c */
kv_handler_fn job_refuse;                                /* settings.c */

/* The prefix of the ids of role definitions. */
#define DEFINITION_ID "Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/"

/*
 * The scope before /providers in the path: "/", "/keys" or "/keys/{name}". Clients write it as
 * segments, or as one segment with encoded slashes. KV_INVALID_KEY_IDENTIFIER for anything else.
 */
enum kv_code scope_parse(const struct kv_request *request, char ret_scope[KV_ROLE_SCOPE_MAX + 1],
                         struct kv_err *err) kv_must_check;

/* The same for a text, which may lack its first slash. */
enum kv_code scope_parse_text(const char *text, char ret_scope[KV_ROLE_SCOPE_MAX + 1],
                              struct kv_err *err) kv_must_check;

/* The id of the HSM in question. */
static inline int64_t hsm_of(const struct kv_request *request)
{
    return kv_call_of(request)->vault->id;
}

/* A refusal in the one sentence of the service's model binder (contract §4.6). */
static inline enum kv_code fail_property(struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s", KV_JSON_INVALID_PROPERTY);
}

/* The `properties` of a body: its one member that matters. */
enum kv_code properties_parse(const struct kv_request *request, cJSON **ret_body,
                              const cJSON **ret_properties, struct kv_err *err) kv_must_check;
