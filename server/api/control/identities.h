/* SPDX-License-Identifier: Apache-2.0 */
/* identities.h - what the files about principals share. Private to api/control. */
#pragma once

#include "kv/identity/registry.h"
#include "private.h"

/* How a path names the default identity, which has no name. */
#define IDENTITIES_DEFAULT "system-assigned"

/* Whom the path names, as kv/identity/principals.h takes names. */
const char *identities_name(const struct kv_request *request);

/* Adds a text, unless it is "". */
void identities_add_text(cJSON *object, const char *name, const char *text, bool *ok);

/* control_bind_body(); a request without a body is as good as one with {}. */
enum kv_code identities_bind(const struct kv_request *request, const struct kv_json_field *fields,
                             size_t count, void *ret_args, cJSON **ret_body,
                             struct kv_err *err) kv_must_check;

/* Answers with one, and with his credentials, groups and members. */
enum kv_code identities_respond(const struct kv_request *request, unsigned status,
                                const struct kv_principal_entry *entry,
                                struct kv_response *response, struct kv_err *err) kv_must_check;

/* One of his credentials; never a secret. */
cJSON *identities_render_credential(const struct kv_credential *credential, bool *ok);
