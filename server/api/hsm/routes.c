/* SPDX-License-Identifier: Apache-2.0 */
/* What a managed HSM has beside its keys: contract §12. */
#include "kv/app/api.h"

#include "private.h"

#define HSM "Microsoft.KeyVault/managedHsm/"
#define PROVIDER "/providers/Microsoft.Authorization/"

/* The scope may be nothing, one segment, or a key. */
#define SCOPED(verb, path, action, handler, lane)                                                  \
    { verb, PROVIDER path, HSM action, handler, lane, .hosts = KV_ON_HSM },                        \
        { verb, "/{scope}" PROVIDER path, HSM action, handler, lane, .hosts = KV_ON_HSM },         \
    {                                                                                              \
        verb, "/keys/{key}" PROVIDER path, HSM action, handler, lane, .hosts = KV_ON_HSM           \
    }

/* clang-format off */
const struct kv_route kv_hsm_routes[] = {
    SCOPED(KV_GET,    "roleDefinitions",        "roleDefinitions/read/action",   definition_list,   KV_LANE_INLINE),
    SCOPED(KV_GET,    "roleDefinitions/{name}", "roleDefinitions/read/action",   definition_get,    KV_LANE_INLINE),
    SCOPED(KV_PUT,    "roleDefinitions/{name}", "roleDefinitions/write/action",  definition_put,    KV_LANE_WORK),
    SCOPED(KV_DELETE, "roleDefinitions/{name}", "roleDefinitions/delete/action", definition_delete, KV_LANE_WORK),

    SCOPED(KV_GET,    "roleAssignments",        "roleAssignments/read/action",   assignment_list,   KV_LANE_INLINE),
    SCOPED(KV_GET,    "roleAssignments/{name}", "roleAssignments/read/action",   assignment_get,    KV_LANE_INLINE),
    SCOPED(KV_PUT,    "roleAssignments/{name}", "roleAssignments/write/action",  assignment_put,    KV_LANE_WORK),
    SCOPED(KV_DELETE, "roleAssignments/{name}", "roleAssignments/delete/action", assignment_delete, KV_LANE_WORK),

    { KV_GET,   "/settings",              HSM "settings/read/action",  setting_list,   KV_LANE_INLINE, .hosts = KV_ON_HSM },
    { KV_GET,   "/settings/{name}",       HSM "settings/read/action",  setting_get,    KV_LANE_INLINE, .hosts = KV_ON_HSM },
    { KV_PATCH, "/settings/{name}",       HSM "settings/write/action", setting_update, KV_LANE_WORK,   .hosts = KV_ON_HSM },

    { KV_POST,  "/backup",                HSM "backup/start/action",   job_refuse,     KV_LANE_INLINE, .hosts = KV_ON_HSM },
    { KV_POST,  "/prebackup",             HSM "backup/start/action",   job_refuse,     KV_LANE_INLINE, .hosts = KV_ON_HSM },
    { KV_GET,   "/backup/{job}/pending",  HSM "backup/status/action",  job_refuse,     KV_LANE_INLINE, .hosts = KV_ON_HSM },
    { KV_PUT,   "/restore",               HSM "restore/start/action",  job_refuse,     KV_LANE_INLINE, .hosts = KV_ON_HSM },
    { KV_PUT,   "/prerestore",            HSM "restore/start/action",  job_refuse,     KV_LANE_INLINE, .hosts = KV_ON_HSM },
    { KV_GET,   "/restore/{job}/pending", HSM "restore/status/action", job_refuse,     KV_LANE_INLINE, .hosts = KV_ON_HSM },
    { KV_PUT,   "/keys/{name}/restore",   HSM "restore/start/action",  job_refuse,     KV_LANE_INLINE, .hosts = KV_ON_HSM },
    { 0 },
};
/* clang-format on */
