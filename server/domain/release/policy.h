/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy.h - the parts of a checked policy. Private to domain/release.
 */
#pragma once

#include <stdbool.h>

#include <cjson/cJSON.h>

/* Whether an authority of a policy is the one a token names, ignoring a slash at the end. */
bool policy_names_authority(const cJSON *authority, const char *issuer);

/* Whether the claims meet the conditions of that authority. */
bool policy_is_met(const cJSON *authority, const cJSON *claims);
