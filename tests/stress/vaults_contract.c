/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What may be answered to a request about a vault that others make, delete, recover and purge:
 * every row is the right answer for one state of the vault. There is no row with 500 or 503.
 */
#include <string.h>

#include "vaults.h"

const char *const vaults_operation_names[OP_COUNT] = {
    [OP_MAKE] = "make",
    [OP_CHANGE] = "change",
    [OP_DELETE] = "delete",
    [OP_RECOVER] = "recover",
    [OP_PURGE] = "purge",
    [OP_LOOK] = "look",
    [OP_LIST_VAULTS] = "list vaults",
    [OP_CREATE] = "create",
    [OP_CREATE_SHARED] = "create shared",
    [OP_GET] = "get",
    [OP_GET_SHARED] = "get shared",
    [OP_LIST] = "list",
    [OP_SEAL] = "seal",
    [OP_OPEN] = "open",
    [OP_DELETE_KEY] = "delete key",
    [OP_PURGE_KEY] = "purge key",
    [OP_ASTRAY] = "other kind",
};

const char *const life_names[LIFE_COUNT] = {
    [LIFE_ABSENT] = "absent",
    [LIFE_LIVE] = "live",
    [LIFE_DELETED] = "deleted",
};

/* clang-format off */
const struct outcome vaults_outcomes[OUTCOMES_MAX] = {
    { OP_MAKE,          LIFE_ABSENT,  201, "" },
    { OP_MAKE,          LIFE_LIVE,    200, "" },
    { OP_MAKE,          LIFE_DELETED, 409, "Conflict" },

    { OP_CHANGE,        LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_CHANGE,        LIFE_LIVE,    200, "" },
    { OP_CHANGE,        LIFE_DELETED, 409, "Conflict" },

    { OP_DELETE,        LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_DELETE,        LIFE_LIVE,    200, "" },
    { OP_DELETE,        LIFE_DELETED, 409, "Conflict" },

    { OP_RECOVER,       LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_RECOVER,       LIFE_LIVE,    409, "Conflict" },
    { OP_RECOVER,       LIFE_DELETED, 200, "" },

    { OP_PURGE,         LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_PURGE,         LIFE_LIVE,    409, "Conflict" },
    { OP_PURGE,         LIFE_DELETED, 204, "" },

    { OP_LOOK,          LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_LOOK,          LIFE_LIVE,    200, "" },
    { OP_LOOK,          LIFE_DELETED, 200, "" },

    { OP_LIST_VAULTS,   LIFE_ABSENT,  200, "" },
    { OP_LIST_VAULTS,   LIFE_LIVE,    200, "" },
    { OP_LIST_VAULTS,   LIFE_DELETED, 200, "" },

    { OP_CREATE,        LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_CREATE,        LIFE_LIVE,    200, "" },
    { OP_CREATE,        LIFE_DELETED, 404, "VaultNotFound" },

    { OP_CREATE_SHARED, LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_CREATE_SHARED, LIFE_LIVE,    200, "" },
    { OP_CREATE_SHARED, LIFE_DELETED, 404, "VaultNotFound" },

    { OP_GET,           LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_GET,           LIFE_LIVE,    200, "" },
    { OP_GET,           LIFE_LIVE,    404, "KeyNotFound" },
    { OP_GET,           LIFE_DELETED, 404, "VaultNotFound" },

    { OP_GET_SHARED,    LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_GET_SHARED,    LIFE_LIVE,    200, "" },
    { OP_GET_SHARED,    LIFE_LIVE,    404, "KeyNotFound" },
    { OP_GET_SHARED,    LIFE_DELETED, 404, "VaultNotFound" },

    { OP_LIST,          LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_LIST,          LIFE_LIVE,    200, "" },
    { OP_LIST,          LIFE_DELETED, 404, "VaultNotFound" },

    { OP_SEAL,          LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_SEAL,          LIFE_LIVE,    200, "" },
    { OP_SEAL,          LIFE_LIVE,    404, "KeyNotFound" },
    { OP_SEAL,          LIFE_DELETED, 404, "VaultNotFound" },

    { OP_OPEN,          LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_OPEN,          LIFE_LIVE,    200, "" },
    { OP_OPEN,          LIFE_LIVE,    404, "KeyNotFound" },
    { OP_OPEN,          LIFE_DELETED, 404, "VaultNotFound" },

    { OP_DELETE_KEY,    LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_DELETE_KEY,    LIFE_LIVE,    200, "" },
    { OP_DELETE_KEY,    LIFE_LIVE,    404, "KeyNotFound" },
    { OP_DELETE_KEY,    LIFE_DELETED, 404, "VaultNotFound" },

    { OP_PURGE_KEY,     LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_PURGE_KEY,     LIFE_LIVE,    204, "" },
    { OP_PURGE_KEY,     LIFE_LIVE,    404, "KeyNotFound" },
    { OP_PURGE_KEY,     LIFE_DELETED, 404, "VaultNotFound" },

    { OP_ASTRAY,        LIFE_ABSENT,  404, "VaultNotFound" },
    { OP_ASTRAY,        LIFE_LIVE,    404, "VaultNotFound" },
    { OP_ASTRAY,        LIFE_DELETED, 404, "VaultNotFound" },
    { 0 },
};
/* clang-format on */

const struct outcome *outcome_find(enum vaults_operation operation, enum life life,
                                   const struct reply *reply)
{
    const char *code = reply_text(reply, "error.code");

    for (const struct outcome *row = vaults_outcomes; row->status != 0; row++) {
        if (row->operation == operation && row->status == reply->status
            && (life == LIFE_COUNT || row->life == life) && strcmp(row->code, code) == 0) {
            return row;
        }
    }
    return NULL;
}
