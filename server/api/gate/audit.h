/* SPDX-License-Identifier: Apache-2.0 */
/* audit.h - the audit log's record of a request to a vault. Private to api/gate. */
#pragma once

#include "kv/http/request.h"
#include "kv/http/response.h"

/* Puts a line into the audit log, if there is one, about a request that was answered; `err` is what
 * was refused, as it was worded, or NULL. */
void gate_audit(const struct kv_request *request, const struct kv_response *response,
                const struct kv_err *err, int64_t micros);
