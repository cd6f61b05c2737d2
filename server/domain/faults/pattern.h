/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pattern.h - what a member of `match` says of a text: one text or several of them, in which *
 * stands for any characters and ? for any one. Case does not matter.
 *
 * fnmatch() would do, but the time it takes grows with every further * as a power of the length,
 * and the texts are a client's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "read.h"

#define PATTERN_MAX 256 /* bytes of a pattern */
#define PATTERNS_MAX 64 /* in a list */

struct fault_pattern {
    char *text; /* in lower case */
    bool is_literal;
};

/* Of a member that was given; without one, count is 0 and everything fits. */
struct fault_patterns {
    struct fault_pattern *pattern;
    size_t count;
    bool is_literal; /* all are, so it can be looked up */
};
void fault_patterns_done(struct fault_patterns *patterns);
KV_DEFINE_CLEANUP_VALUE(struct fault_patterns, fault_patterns_done)

fault_read_fn fault_read_patterns; /* struct fault_patterns */

/* Whether one of them fits; a text that is NULL fits none. */
bool fault_patterns_fit(const struct fault_patterns *patterns, const char *text);
bool fault_pattern_fits(const struct fault_pattern *pattern, const char *text);
