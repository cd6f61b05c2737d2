/* SPDX-License-Identifier: Apache-2.0 */
/* How long a start takes, from fork() to the ready line: on a fresh folder and on a used one. */
#include "bench.h"

#include "kv/base/clock.h"
#include "server.h"

#define PART "start"
#define REPEATS 7

/* Starts and stops; the time of the start alone is added to the samples, in ms. */
static bool start_once(struct daemon *daemon, struct samples *samples)
{
    int64_t began = kv_clock_monotonic_us();

    if (!daemon_start(daemon, NULL)) {
        return false;
    }
    samples_add(samples, (double) (kv_clock_monotonic_us() - began) / 1e3);
    return daemon_stop(daemon);
}

static bool start_fresh(struct samples *samples)
{
    struct daemon daemon;
    bool good;

    daemon_prepare(&daemon);
    good = start_once(&daemon, samples);
    daemon_discard(&daemon);
    return good;
}

/* The first start on the folder is not counted: it is one more cold one. */
static bool measure_warm(struct samples *samples)
{
    struct samples first = { .count = 0 };
    struct daemon daemon;
    bool good;

    daemon_prepare(&daemon);
    good = start_once(&daemon, &first);
    for (unsigned i = 0; good && i < REPEATS; i++) {
        good = start_once(&daemon, samples);
    }
    daemon_discard(&daemon);
    samples_done(&first);
    return good;
}

bool bench_start(const struct settings *settings, struct report *report)
{
    kv_auto(samples_done) struct samples cold = { .count = 0 };
    kv_auto(samples_done) struct samples warm = { .count = 0 };
    bool good = true;

    (void) settings;
    for (unsigned i = 0; good && i < REPEATS; i++) {
        good = start_fresh(&cold);
    }
    good = good && measure_warm(&warm);
    if (good) {
        report_samples(report, PART, "ms", &cold, "cold");
        report_samples(report, PART, "ms", &warm, "warm");
    }
    return good;
}
