/* SPDX-License-Identifier: Apache-2.0 */
/* What a managed HSM has beside its keys: contract §12. */
#include "kv/app/api.h"

#include "private.h"

#define PROVIDER "/providers/Microsoft.Authorization/"

/* The scope may be nothing, one segment, or a key. */
#define ROW(verb, path, handler, lane, permission, operation)                                      \
    {                                                                                              \
        verb, path, handler, lane, KV_NEEDS(permission, .hosts = KV_ON_HSM),                       \
            KV_OPERATION_##operation                                                               \
    }
#define SCOPED(verb, path, handler, lane, permission, operation)                                   \
    ROW(verb, PROVIDER path, handler, lane, permission, operation),                                \
        ROW(verb, "/{scope}" PROVIDER path, handler, lane, permission, operation),                 \
        ROW(verb, "/keys/{key}" PROVIDER path, handler, lane, permission, operation)

/* clang-format off */
const struct kv_route kv_hsm_routes[] = {
    SCOPED(KV_GET,    "roleDefinitions",        definition_list,   KV_LANE_INLINE, ROLE_DEFINITIONS_READ, LIST_ROLE_DEFINITIONS),
    SCOPED(KV_GET,    "roleDefinitions/{name}", definition_get,    KV_LANE_INLINE, ROLE_DEFINITIONS_READ, GET_ROLE_DEFINITION),
    SCOPED(KV_PUT,    "roleDefinitions/{name}", definition_put,    KV_LANE_WORK,   ROLE_DEFINITIONS_WRITE, SET_ROLE_DEFINITION),
    SCOPED(KV_DELETE, "roleDefinitions/{name}", definition_delete, KV_LANE_WORK,   ROLE_DEFINITIONS_DELETE, DELETE_ROLE_DEFINITION),

    SCOPED(KV_GET,    "roleAssignments",        assignment_list,   KV_LANE_INLINE, ROLE_ASSIGNMENTS_READ, LIST_ROLE_ASSIGNMENTS),
    SCOPED(KV_GET,    "roleAssignments/{name}", assignment_get,    KV_LANE_INLINE, ROLE_ASSIGNMENTS_READ, GET_ROLE_ASSIGNMENT),
    SCOPED(KV_PUT,    "roleAssignments/{name}", assignment_put,    KV_LANE_WORK,   ROLE_ASSIGNMENTS_WRITE, CREATE_ROLE_ASSIGNMENT),
    SCOPED(KV_DELETE, "roleAssignments/{name}", assignment_delete, KV_LANE_WORK,   ROLE_ASSIGNMENTS_DELETE, DELETE_ROLE_ASSIGNMENT),

    { KV_GET,   "/settings",               setting_list,   KV_LANE_INLINE, KV_NEEDS(SETTINGS_READ, .hosts = KV_ON_HSM), KV_OPERATION_GET_SETTINGS },
    { KV_GET,   "/settings/{name}",        setting_get,    KV_LANE_INLINE, KV_NEEDS(SETTINGS_READ, .hosts = KV_ON_HSM), KV_OPERATION_GET_SETTING },
    { KV_PATCH, "/settings/{name}",        setting_update, KV_LANE_WORK,   KV_NEEDS(SETTINGS_WRITE, .hosts = KV_ON_HSM), KV_OPERATION_UPDATE_SETTING },

    { KV_POST,  "/backup",                 job_refuse,     KV_LANE_INLINE, KV_NEEDS(BACKUP_START, .hosts = KV_ON_HSM), KV_OPERATION_FULL_BACKUP },
    { KV_POST,  "/prebackup",              job_refuse,     KV_LANE_INLINE, KV_NEEDS(BACKUP_START, .hosts = KV_ON_HSM), KV_OPERATION_PRE_FULL_BACKUP },
    { KV_GET,   "/backup/{job}/pending",   job_refuse,     KV_LANE_INLINE, KV_NEEDS(BACKUP_STATUS, .hosts = KV_ON_HSM), KV_OPERATION_FULL_BACKUP_STATUS },
    { KV_PUT,   "/restore",                job_refuse,     KV_LANE_INLINE, KV_NEEDS(RESTORE_START, .hosts = KV_ON_HSM), KV_OPERATION_FULL_RESTORE },
    { KV_PUT,   "/prerestore",             job_refuse,     KV_LANE_INLINE, KV_NEEDS(RESTORE_START, .hosts = KV_ON_HSM), KV_OPERATION_PRE_FULL_RESTORE },
    { KV_GET,   "/restore/{job}/pending",  job_refuse,     KV_LANE_INLINE, KV_NEEDS(RESTORE_STATUS, .hosts = KV_ON_HSM), KV_OPERATION_RESTORE_STATUS },
    { KV_PUT,   "/keys/{name}/restore",    job_refuse,     KV_LANE_INLINE, KV_NEEDS(RESTORE_START, .hosts = KV_ON_HSM), KV_OPERATION_SELECTIVE_KEY_RESTORE },
    { 0 },
};
/* clang-format on */
