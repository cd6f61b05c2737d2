/* SPDX-License-Identifier: Apache-2.0 */
#include "chance.h"

#include <math.h>

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15) /* 2^64 divided by the golden ratio */

/* SplitMix64's finalizer: Steele, Lea and Flood, "Fast Splittable Pseudorandom Number
 * Generators" (2014). */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

double fault_chance(uint64_t seed, unsigned stream, uint64_t n)
{
    uint64_t start = mix(seed + mix(stream + 1));

    return (double) (mix(start + (n + 1) * GOLDEN) >> 11) * 0x1p-53;
}

/* Box and Muller; 1 - u is never 0. */
double fault_chance_normal(uint64_t seed, unsigned stream, uint64_t n)
{
    double u = fault_chance(seed, stream, n);
    double v = fault_chance(seed, stream + 1, n);

    return sqrt(-2 * log(1 - u)) * cos(2 * M_PI * v);
}
