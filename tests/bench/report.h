/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report.h - the figures of one run beside their targets: a table for people, JSON for programs.
 *
 * Belongs to one thread. Texts handed in are literals.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "samples.h"

#define FIGURES_MAX 128

/* What a figure should be: least <= value <= most. */
struct target {
    const char *part, *name;
    double least, most; /* 0 and INFINITY where there is no bound */
};

struct figure {
    const char *part;
    char name[48];
    const char *unit;
    double value;
    double low, high; /* equal to value when it was measured once */
    size_t samples;
};

struct report {
    const struct target *targets; /* ends with a row without part */
    struct figure figure[FIGURES_MAX];
    size_t figures;
    double load_average; /* of the machine, before */
    double foreign;      /* share of the processors that other programs took meanwhile */
};

/* The name may carry a number: report_value(report, "scale", "MiB", rss, "RSS, %d keys", 10). */
void report_value(struct report *report, const char *part, const char *unit, double value,
                  const char *name, ...) kv_printf(5, 6);
/* The median of the samples, with their range. */
void report_samples(struct report *report, const char *part, const char *unit,
                    struct samples *samples, const char *name, ...) kv_printf(5, 6);

/* False when a figure misses its target. */
bool report_print(const struct report *report);
bool report_write_json(const struct report *report, const char *path) kv_must_check;
