/* SPDX-License-Identifier: Apache-2.0 */
/* The end of serving: the requests under way get their answers. */
#include <unistd.h>

#include "kv/base/log.h"
#include "serve.h"

#define DRAIN_PATIENCE_MS 30000

static bool drain_until(struct kv_listener *listener, kv_millis end)
{
    kv_millis left = end - kv_clock_monotonic();

    return listener == NULL || kv_listener_drain(listener, left > 0 ? left : 0);
}

void drain(struct kv_listener *tls, struct kv_listener *control, struct data_folder *folder)
{
    kv_millis end = kv_clock_monotonic() + DRAIN_PATIENCE_MS; /* of both together */
    bool tls_is_idle = drain_until(tls, end);
    bool control_is_idle = drain_until(control, end);

    if (!tls_is_idle || !control_is_idle) {
        kv_log(KV_LOG_ERROR, "stopped_hard", KV_LOG_NUMBER_FIELD("waited_ms", DRAIN_PATIENCE_MS));
        data_folder_abandon(folder);
        kv_log_flush();
        _exit(1);
    }
}
