/* SPDX-License-Identifier: Apache-2.0 */
/*
 * dice.h - random numbers that a seed repeats (SplitMix64), for tests only.
 *
 * A struct dice belongs to one thread; give each thread a seed of its own.
 */
#pragma once

#include <stdint.h>

struct dice {
    uint64_t state;
};

static inline uint64_t dice_bits(struct dice *dice)
{
    uint64_t bits = dice->state += 0x9e3779b97f4a7c15U;

    bits = (bits ^ bits >> 30) * 0xbf58476d1ce4e5b9U;
    bits = (bits ^ bits >> 27) * 0x94d049bb133111ebU;
    return bits ^ bits >> 31;
}

/* 0 to limit - 1; the bias of the remainder is no matter for a test. */
static inline unsigned dice_roll(struct dice *dice, unsigned limit)
{
    return (unsigned) (dice_bits(dice) % limit);
}
