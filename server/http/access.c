/* SPDX-License-Identifier: Apache-2.0 */
/* The access log: one line per request, with everything that explains its answer. */
#include "kv/http/route.h"

#include "kv/base/log.h"
#include "kv/base/secret.h"
#include "uri.h"

#define FIELDS_MAX 14

void kv_log_access(const struct kv_request *request, const struct kv_response *response,
                   const struct kv_err *err, int64_t micros)
{
    kv_auto(kv_wipe_free) char *target = kv_uri_mask(request->target);
    enum kv_log_level level = response->status >= 500 ? KV_LOG_WARNING : KV_LOG_INFO;
    struct kv_log_field fields[FIELDS_MAX];
    size_t count = 0;

    fields[count++] = KV_LOG_TEXT_FIELD("id", request->id);
    if (request->vault != NULL) {
        fields[count++] = KV_LOG_TEXT_FIELD("vault", request->vault);
    }
    fields[count++] = KV_LOG_TEXT_FIELD("method", request->method);
    fields[count++] = KV_LOG_TEXT_FIELD("path", target);
    fields[count++] = KV_LOG_NUMBER_FIELD("status", response->status);
    if (request->cut.kind != KV_CUT_NONE) {
        fields[count++] = KV_LOG_TEXT_FIELD("cut", kv_cut_name(request->cut.kind));
    }
    if (request->rule != NULL) {
        fields[count++] = KV_LOG_TEXT_FIELD("rule", request->rule);
    }
    if (err != NULL) {
        const struct kv_err_row *row = kv_err_row(err->code);

        fields[count++] = KV_LOG_TEXT_FIELD("code", row->inner != NULL ? row->inner : row->code);
        fields[count++] = KV_LOG_NUMBER_FIELD("cause", err->cause);
        fields[count++] = KV_LOG_TEXT_FIELD("where", err->where);
        fields[count++] = KV_LOG_TEXT_FIELD("reason", err->message);
        if (err->detail != NULL) {
            fields[count++] = KV_LOG_TEXT_FIELD("detail", err->detail);
        }
    }
    fields[count++] = KV_LOG_MILLIS_FIELD("ms", micros);
    kv_log_write(level, "request", fields, count);
}
