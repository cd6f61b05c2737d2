/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chance.h - numbers that look random and are always the same: the n-th of a stream depends on the
 * seed and on n alone, so it does not matter which thread asks, or in which order.
 */
#pragma once

#include <stdint.h>

/* From 0 up to, but not, 1. Streams of one seed are independent of each other. */
double fault_chance(uint64_t seed, unsigned stream, uint64_t n);

/* Of a normal distribution with mean 0 and deviation 1; it uses `stream` and the one behind it. */
double fault_chance_normal(uint64_t seed, unsigned stream, uint64_t n);
