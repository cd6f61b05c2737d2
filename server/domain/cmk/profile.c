/* SPDX-License-Identifier: Apache-2.0 */
/* What profiles are called. */
#include <string.h>

#include "private.h"

static const char *const names[KV_CMK_PROFILE_COUNT] = {
    [KV_CMK_FHIR_2023] = "fhir-2023",
    [KV_CMK_FHIR_BEST_PRACTICE] = "fhir-best-practice",
    [KV_CMK_DICOM] = "dicom",
};

const char *kv_cmk_profile_name(enum kv_cmk_profile profile)
{
    return names[profile];
}

bool kv_cmk_profile_find(const char *name, enum kv_cmk_profile *ret_profile)
{
    if (strcmp(name, "fhir") == 0) {
        *ret_profile = KV_CMK_FHIR_BEST_PRACTICE;
        return true;
    }
    for (unsigned i = 0; i < KV_CMK_PROFILE_COUNT; i++) {
        if (strcmp(name, names[i]) == 0) {
            *ret_profile = (enum kv_cmk_profile) i;
            return true;
        }
    }
    return false;
}
