/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - the parts of a checked policy. Private to domain/release.
 */
#pragma once

#include <stdbool.h>

#include <cjson/cJSON.h>

/* Whether an authority of a policy is the one a token names, but for a slash at the end. */
bool policy_names_authority(const cJSON *authority, const char *issuer);

/* Whether the claims do what the conditions of that authority want. */
bool policy_is_met(const cJSON *authority, const cJSON *claims);
