/* SPDX-License-Identifier: Apache-2.0 */
/*
 * samples.h - measured values and what is said about them: median, percentiles, extremes.
 *
 * Belongs to one thread at a time. Starts as { 0 }; running out of memory ends the program.
 */
#pragma once

#include <stddef.h>

#include "kv/base/base.h"

struct samples {
    double *value;
    size_t count, capacity;
};

void samples_add(struct samples *samples, double value);
void samples_clear(struct samples *samples);
void samples_done(struct samples *samples);
KV_DEFINE_CLEANUP_VALUE(struct samples, samples_done)

/* The one added last; not after one of the functions below, which sort. */
double samples_last(const struct samples *samples);

double samples_sum(const struct samples *samples);

/* The value below which `fraction` (0 to 1) of the samples lie; NAN when there are none. Sorts. */
double samples_quantile(struct samples *samples, double fraction);
double samples_median(struct samples *samples);
