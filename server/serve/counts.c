/* SPDX-License-Identifier: Apache-2.0 */
/* What the token's gate reports: calls, failures and time by function, for /metrics. */
#include "kv/base/clock.h"
#include "serve.h"

/* When the module was last entered on this thread: a call is asked about and told of by the same
 * one, and none is made inside another. */
static _Thread_local int64_t entered;

void token_counts_enter(void)
{
    entered = kv_clock_monotonic_us();
}

void token_counts_add(void *counts, const struct hsm_call *call, CK_RV rv)
{
    struct token_counts *all = counts;
    unsigned long spent = (unsigned long) (kv_clock_monotonic_us() - entered);

    atomic_fetch_add_explicit(&all->micros[call->function], spent, memory_order_relaxed);
    atomic_fetch_add_explicit(&all->calls[call->function], 1, memory_order_relaxed);
    if (rv != CKR_OK) {
        atomic_fetch_add_explicit(&all->failures[call->function], 1, memory_order_relaxed);
    }
}

typedef enum kv_code print_fn(unsigned long value, struct kv_buf *buf, struct kv_err *err);

static enum kv_code print_count(unsigned long count, struct kv_buf *buf, struct kv_err *err)
{
    return kv_buf_printf(buf, err, "%lu\n", count);
}

static enum kv_code print_seconds(unsigned long micros, struct kv_buf *buf, struct kv_err *err)
{
    return kv_buf_printf(buf, err, "%lu.%06lu\n", micros / 1000000, micros % 1000000);
}

static enum kv_code print_rows(struct token_counts *counts, const char *metric,
                               const atomic_ulong *shown, print_fn *print, struct kv_buf *buf,
                               struct kv_err *err)
{
    for (enum hsm_function i = 0; i < HSM_FUNCTIONS; i++) {
        if (atomic_load(&counts->calls[i]) > 0) {
            KV_TRY(kv_buf_printf(buf, err, "%s{function=\"%s\"} ", metric, hsm_function_name(i)));
            KV_TRY(print(atomic_load(&shown[i]), buf, err));
        }
    }
    return KV_OK;
}

enum kv_code token_counts_print(struct token_counts *counts, struct kv_buf *buf, struct kv_err *err)
{
    KV_TRY(kv_buf_printf(
        buf, err,
        "# HELP coffer_token_function_calls_total PKCS#11 calls by function, including "
        "those that close.\n"
        "# TYPE coffer_token_function_calls_total counter\n"));
    KV_TRY(print_rows(counts, "coffer_token_function_calls_total", counts->calls, print_count, buf,
                      err));
    KV_TRY(kv_buf_printf(buf, err,
                         "# HELP coffer_token_function_failures_total Of these, calls that "
                         "returned anything but CKR_OK.\n"
                         "# TYPE coffer_token_function_failures_total counter\n"));
    KV_TRY(print_rows(counts, "coffer_token_function_failures_total", counts->failures, print_count,
                      buf, err));
    KV_TRY(kv_buf_printf(buf, err,
                         "# HELP coffer_token_function_seconds_total Time on the clock that these "
                         "calls were inside the module, without what a fault held them up.\n"
                         "# TYPE coffer_token_function_seconds_total counter\n"));
    return print_rows(counts, "coffer_token_function_seconds_total", counts->micros, print_seconds,
                      buf, err);
}
