/* SPDX-License-Identifier: Apache-2.0 */
/* What the token's gate reports: calls and failures by function, for /metrics. */
#include "serve.h"

void token_counts_add(void *counts, const struct hsm_call *call, CK_RV rv)
{
    struct token_counts *all = counts;

    atomic_fetch_add_explicit(&all->calls[call->function], 1, memory_order_relaxed);
    if (rv != CKR_OK) {
        atomic_fetch_add_explicit(&all->failures[call->function], 1, memory_order_relaxed);
    }
}

static enum kv_code print_row(const char *metric, enum hsm_function function, unsigned long count,
                              struct kv_buf *buf, struct kv_err *err)
{
    return kv_buf_printf(buf, err, "%s{function=\"%s\"} %lu\n", metric, hsm_function_name(function),
                         count);
}

static enum kv_code print_rows(struct token_counts *counts, const char *metric,
                               const atomic_ulong *shown, struct kv_buf *buf, struct kv_err *err)
{
    for (enum hsm_function i = 0; i < HSM_FUNCTIONS; i++) {
        if (atomic_load(&counts->calls[i]) > 0) {
            KV_TRY(print_row(metric, i, atomic_load(&shown[i]), buf, err));
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
    KV_TRY(print_rows(counts, "coffer_token_function_calls_total", counts->calls, buf, err));
    KV_TRY(kv_buf_printf(buf, err,
                         "# HELP coffer_token_function_failures_total Of these, calls that "
                         "returned anything but CKR_OK.\n"
                         "# TYPE coffer_token_function_failures_total counter\n"));
    return print_rows(counts, "coffer_token_function_failures_total", counts->failures, buf, err);
}
