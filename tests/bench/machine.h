/* SPDX-License-Identifier: Apache-2.0 */
/*
 * machine.h - how busy the machine was with other things: figures from a busy one say little.
 */
#pragma once

/* Of the last minute; NAN where it cannot be read. */
double machine_load_average(void);

/* A reading of all processors' time and of what this program and its children had of it. */
struct machine_time {
    double all, busy, own; /* seconds */
};
struct machine_time machine_time(void);

/* The share of the processors that others took between two readings; children that ended in
 * between count as own. */
double machine_foreign(const struct machine_time *before, const struct machine_time *after);
