/* SPDX-License-Identifier: Apache-2.0 */
/* The table of the service's builds. */
#include "kv/wire/build.h"

#include <string.h>

static const struct kv_build builds[] = {
#define X(year_, version_, hsm_version_, headers_, exportable_, platform_, key_size_,              \
          wide_exponent_, pem_file_, early_ops_, rewrites_, budget_, authority_)                   \
    {                                                                                              \
        .name = #year_,                                                                            \
        .year = KV_BUILD_##year_,                                                                  \
        .version = (version_),                                                                     \
        .hsm_version = (hsm_version_),                                                             \
        .headers = KV_HEADERS_##headers_,                                                          \
        .exportable = KV_EXPORTABLE_##exportable_,                                                 \
        .shows_platform = (platform_),                                                             \
        .shows_key_size = (key_size_),                                                             \
        .widens_exponent = (wide_exponent_),                                                       \
        .names_pem_file = (pem_file_),                                                             \
        .has_early_ops = (early_ops_),                                                             \
        .rewrites_policies = (rewrites_),                                                          \
        .budget = (budget_),                                                                       \
        .authority = (authority_),                                                                 \
    },
#include "kv/wire/service_build.def"
#undef X
};

_Static_assert(KV_COUNT(builds) == KV_BUILD_COUNT, "each build is a column of wording.def");

const struct kv_build *kv_build_find(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(builds); i++) {
        if (strcmp(builds[i].name, name) == 0) {
            return &builds[i];
        }
    }
    return NULL;
}
