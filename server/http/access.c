/* SPDX-License-Identifier: Apache-2.0 */
/* The access log: one line for each request, with all that tells why it was answered so. */
#include "kv/route.h"

#include <inttypes.h>
#include <stdio.h>

#include "kv/log.h"

void kv_log_access(const struct kv_request *request, const struct kv_response *response,
                   const struct kv_err *err, int64_t micros)
{
    enum kv_log_level level = response->status >= 500 ? KV_LOG_WARNING : KV_LOG_INFO;
    char millis[32];

    /* without floating point, which costs printf more than all the other fields */
    snprintf(millis, sizeof(millis), "%" PRId64 ".%03" PRId64, micros / 1000, micros % 1000);
    if (err == NULL) {
        kv_log(level, "request", KV_LOG_TEXT_FIELD("id", request->id),
               KV_LOG_TEXT_FIELD("method", request->method),
               KV_LOG_TEXT_FIELD("path", request->target),
               KV_LOG_NUMBER_FIELD("status", response->status), KV_LOG_TEXT_FIELD("ms", millis));
        return;
    }

    const struct kv_err_row *row = kv_err_row(err->code);

    kv_log(level, "request", KV_LOG_TEXT_FIELD("id", request->id),
           KV_LOG_TEXT_FIELD("method", request->method), KV_LOG_TEXT_FIELD("path", request->target),
           KV_LOG_NUMBER_FIELD("status", response->status),
           KV_LOG_TEXT_FIELD("code", row->inner != NULL ? row->inner : row->code),
           KV_LOG_NUMBER_FIELD("cause", err->cause), KV_LOG_TEXT_FIELD("where", err->where),
           KV_LOG_TEXT_FIELD("reason", err->message), KV_LOG_TEXT_FIELD("ms", millis));
}
