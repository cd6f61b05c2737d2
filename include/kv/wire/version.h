/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/wire/version.h - the api-versions of the service: the rows of api_version.def.
 *
 * Immutable.
 */
#pragma once

#include <stdbool.h>

/* A row of api_version.def, or the row that an unknown version is treated as. */
struct kv_api_version {
    const char *name;
    bool shows_hsm_platform, knows_release;
};

/*
 * Whether the service knows the version. Not strict: a well-formed unknown one counts as the
 * newest (clients.md §1).
 */
bool kv_api_version_find(const char *name, bool strict, struct kv_api_version *ret_version);

/* Whether the version is older than the named one, which must be a row of the table. */
bool kv_api_version_is_before(const struct kv_api_version *version, const char *since);

/* The newest stable version, for the refusal of an unknown one. */
const char *kv_api_version_newest(void);
