/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/wire/build.h - which build of the service coffer imitates: the rows of service_build.def.
 *
 * Immutable; safe from any thread.
 */
#pragma once

#include <stdbool.h>

#include "kv/base/err.h"

enum kv_header_order { KV_HEADERS_OLD, KV_HEADERS_NEW };
enum kv_exportable_shown { KV_EXPORTABLE_WHEN_TRUE, KV_EXPORTABLE_ALWAYS };

/* A row; the table says what each column means. */
struct kv_build {
    const char *name;
    enum kv_build_year year; /* how it words refusals: wording.def */
    const char *version, *hsm_version;
    enum kv_header_order headers;
    enum kv_exportable_shown exportable;
    bool shows_platform, shows_key_size, widens_exponent, names_pem_file, has_early_ops,
        rewrites_policies;
    unsigned budget;
    const char *authority;
};

/* The build of that name, one of the values of --service-build. NULL: none. */
const struct kv_build *kv_build_find(const char *name);
