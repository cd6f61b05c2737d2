/* SPDX-License-Identifier: Apache-2.0 */
/*
 * furnished.h - the fixture of suites about a token that has keys and stands behind a gate: TestSuite
 * with .init = setup, .fini = teardown. Each file that includes it has its own.
 */
#pragma once

#include "fixture.h"

static struct test_token token;
static struct refusal refusal;
static struct key key;

static inline void setup(void)
{
    create_furnished(&token, &refusal, &key);
}

static inline void teardown(void)
{
    test_token_destroy(&token);
}
