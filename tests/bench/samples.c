/* SPDX-License-Identifier: Apache-2.0 */
#include "samples.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FIRST_CAPACITY 1024

void samples_add(struct samples *samples, double value)
{
    if (samples->count == samples->capacity) {
        size_t capacity = samples->capacity > 0 ? 2 * samples->capacity : FIRST_CAPACITY;
        double *larger = reallocarray(samples->value, capacity, sizeof(*larger));

        if (larger == NULL) {
            fputs("bench: out of memory\n", stderr);
            abort();
        }
        samples->value = larger;
        samples->capacity = capacity;
    }
    samples->value[samples->count++] = value;
}

void samples_clear(struct samples *samples)
{
    samples->count = 0;
}

void samples_done(struct samples *samples)
{
    free(samples->value);
    *samples = (struct samples){ .count = 0 };
}

double samples_last(const struct samples *samples)
{
    return samples->value[samples->count - 1];
}

double samples_sum(const struct samples *samples)
{
    double sum = 0;

    for (size_t i = 0; i < samples->count; i++) {
        sum += samples->value[i];
    }
    return sum;
}

static int compare(const void *a, const void *b)
{
    const double *left = a;
    const double *right = b;

    return (*left > *right) - (*left < *right);
}

double samples_quantile(struct samples *samples, double fraction)
{
    if (samples->count == 0) {
        return NAN;
    }
    qsort(samples->value, samples->count, sizeof(*samples->value), compare);
    return samples->value[(size_t) (fraction * (double) (samples->count - 1) + 0.5)];
}

double samples_median(struct samples *samples)
{
    return samples_quantile(samples, 0.5);
}
