/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be answered when others work on the same name: every row is the right answer for some
 * order of events (contract sections 6.1 to 6.8, 8.4, 8.5, 9.3 to 9.5, 10). There is no row with
 * 500 or 503: contention alone is no reason to fail.
 */
#include <string.h>

#include "contention.h"

const char *const contention_operation_names[OP_COUNT] = {
    [OP_CREATE] = "create",
    [OP_ROTATE] = "rotate",
    [OP_UPDATE] = "update",
    [OP_DELETE] = "delete",
    [OP_RECOVER] = "recover",
    [OP_PURGE] = "purge",
    [OP_GET] = "get",
    [OP_GET_POLICY] = "get policy",
    [OP_SET_POLICY] = "set policy",
    [OP_GET_VERSION] = "get version",
    [OP_GET_DELETED] = "get deleted",
    [OP_LIST] = "list",
    [OP_LIST_VERSIONS] = "list versions",
    [OP_LIST_DELETED] = "list deleted",
    [OP_WRAP] = "wrap",
    [OP_UNWRAP] = "unwrap",
    [OP_UNWRAP_LATEST] = "unwrap latest",
};

/* clang-format off */
const struct outcome contention_outcomes[OUTCOMES_MAX] = {
    { OP_CREATE,        ALWAYS,    200, "", "" },
    { OP_CREATE,        ALWAYS,    409, "Conflict", "ObjectIsDeletedButRecoverable" },
    { OP_CREATE,        LAGGING,   409, "Conflict", "ObjectIsBeingDeleted" },
    { OP_CREATE,        LAGGING,   409, "Conflict", "ObjectIsBeingRecovered" },

    { OP_ROTATE,        ALWAYS,    200, "", "" },
    { OP_ROTATE,        ALWAYS,    404, "KeyNotFound", "" },

    { OP_UPDATE,        ALWAYS,    200, "", "" },
    { OP_UPDATE,        ALWAYS,    404, "KeyNotFound", "" },

    { OP_DELETE,        ALWAYS,    200, "", "" },
    { OP_DELETE,        ALWAYS,    404, "KeyNotFound", "" },

    { OP_RECOVER,       ALWAYS,    200, "", "" },
    { OP_RECOVER,       ALWAYS,    404, "KeyNotFound", "" },
    { OP_RECOVER,       LAGGING,   409, "Conflict", "" },

    { OP_PURGE,         PURGEABLE, 204, "", "" },
    { OP_PURGE,         PROTECTED, 403, "Forbidden", "" },
    { OP_PURGE,         ALWAYS,    404, "KeyNotFound", "" },
    { OP_PURGE,         LAGGING,   409, "Conflict", "ObjectIsBeingDeleted" },

    { OP_GET,           ALWAYS,    200, "", "" },
    { OP_GET,           ALWAYS,    404, "KeyNotFound", "" },

    { OP_GET_POLICY,    ALWAYS,    200, "", "" },
    { OP_GET_POLICY,    ALWAYS,    404, "KeyNotFound", "" },

    { OP_SET_POLICY,    ALWAYS,    200, "", "" },
    { OP_SET_POLICY,    ALWAYS,    404, "KeyNotFound", "" },

    { OP_GET_VERSION,   ALWAYS,    200, "", "" },
    { OP_GET_VERSION,   ALWAYS,    404, "KeyNotFound", "" },

    { OP_GET_DELETED,   ALWAYS,    200, "", "" },
    { OP_GET_DELETED,   ALWAYS,    404, "KeyNotFound", "" },

    { OP_LIST,          ALWAYS,    200, "", "" },
    { OP_LIST_VERSIONS, ALWAYS,    200, "", "" },
    { OP_LIST_DELETED,  ALWAYS,    200, "", "" },

    { OP_WRAP,          ALWAYS,    200, "", "" },
    { OP_WRAP,          ALWAYS,    403, "Forbidden", "KeyDisabled" },
    { OP_WRAP,          ALWAYS,    404, "KeyNotFound", "" },

    { OP_UNWRAP,        ALWAYS,    200, "", "" },
    { OP_UNWRAP,        ALWAYS,    403, "Forbidden", "KeyDisabled" },
    { OP_UNWRAP,        ALWAYS,    404, "KeyNotFound", "" },

    /* the latest version may be another one than what was wrapped with */
    { OP_UNWRAP_LATEST, ALWAYS,    200, "", "" },
    { OP_UNWRAP_LATEST, ALWAYS,    400, "BadParameter", "" },
    { OP_UNWRAP_LATEST, ALWAYS,    403, "Forbidden", "KeyDisabled" },
    { OP_UNWRAP_LATEST, ALWAYS,    404, "KeyNotFound", "" },
    { 0 },
};
/* clang-format on */

static bool applies(const struct outcome *row, struct scene scene)
{
    switch (row->when) {
    case ALWAYS:
        return true;
    case LAGGING:
        return scene.lagging;
    case PURGEABLE:
        return !scene.is_protected;
    case PROTECTED:
        return scene.is_protected;
    }
    return false;
}

const struct outcome *outcome_find(enum contention_operation operation, struct scene scene,
                                   const struct reply *reply)
{
    const char *code = reply_text(reply, "error.code");
    const char *inner = reply_text(reply, "error.innererror.code");

    for (const struct outcome *row = contention_outcomes; row->status != 0; row++) {
        if (row->operation == operation && row->status == reply->status && applies(row, scene)
            && strcmp(row->code, code) == 0 && strcmp(row->inner, inner) == 0) {
            return row;
        }
    }
    return NULL;
}
