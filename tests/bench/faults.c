/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a request pays for fault rules: without any, with a thousand that name other vaults, and with a
 * thousand that have to be looked at because they name things by a pattern. In this process,
 * without a daemon.
 */
#include "bench.h"

#include <stdio.h>

#include "kv/base/clock.h"
#include "kv/base/json.h"
#include "kv/faults/faults.h"

#define PART "faults"
#define RULES 1000
#define REQUESTS 100000

static const char *find_header(const void *context, const char *name)
{
    (void) context;
    (void) name;
    return "azsdk-python-keyvault-keys/4.9.0";
}

static enum kv_code add(struct kv_faults *faults, const char *match, unsigned number,
                        struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    char text[256];

    (void) snprintf(text, sizeof(text), "{\"match\":{\"%s%u\"},\"effect\":{\"status\":429}}", match,
                    number);
    kv_auto(cJSON_Delete) cJSON *rule = cJSON_Parse(text);
    return kv_faults_add(faults, rule, 0, &shown, err);
}

/* A request that no rule acts on, for a vault that one of them may name; false when one does. */
static bool ask(struct kv_faults *faults, unsigned number)
{
    char vault[32];
    struct kv_fault_hit hit;
    const struct kv_fault_subject subject = {
        .stage = KV_FAULT_REQUEST,
        .operation = KV_OPERATION_UNWRAP_KEY,
        .vault = vault,
        .key = "key-encryption-key",
        .principal = { "01ea9a65-813e-4238-8204-bf7328d63fc6",
                       "baac95ff-6992-53a6-90cc-786124325339", NULL, NULL, "storage" },
        .api_version = "7.6",
        .client = "127.0.0.1",
        .find_header = find_header,
        .now = 1,
    };

    (void) snprintf(vault, sizeof(vault), "other%u", number);
    return !kv_faults_ask(faults, &subject, &hit);
}

static bool measure(const struct settings *settings, struct kv_faults *faults, const char *what,
                    struct report *report)
{
    kv_auto(samples_done) struct samples samples = { 0 };

    for (unsigned i = 0; i < settings->rounds; i++) {
        int64_t start = kv_clock_monotonic_us();

        for (unsigned j = 0; j < REQUESTS; j++) {
            if (!ask(faults, j % RULES)) {
                return false;
            }
        }
        samples_add(&samples, (double) (kv_clock_monotonic_us() - start) / REQUESTS);
    }
    report_samples(report, PART, "us", &samples, "%s: a request", what);
    return true;
}

static bool measure_with(const struct settings *settings, const char *match, const char *what,
                         struct report *report)
{
    kv_auto(kv_faults_free) struct kv_faults *faults = NULL;
    struct kv_err err = { .message = "" };
    enum kv_code code = kv_faults_new(&faults, &err);

    for (unsigned i = 0; code == KV_OK && match != NULL && i < RULES; i++) {
        code = add(faults, match, i, &err);
    }
    if (code != KV_OK) {
        fprintf(stderr, "bench: %s\n", err.message);
        return false;
    }
    return measure(settings, faults, what, report);
}

bool bench_faults(const struct settings *settings, struct report *report)
{
    return measure_with(settings, NULL, "no rules", report)
           && measure_with(settings, "vault\":\"vault", "1000 rules for vaults", report)
           && measure_with(settings, "key\":\"*-key-", "1000 rules for patterns", report);
}
