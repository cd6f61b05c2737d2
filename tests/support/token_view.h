/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_view.h - every object on the SoftHSM token of a data folder, as a PKCS#11 user other than
 * coffer sees it.
 *
 * Nobody else may have the module loaded in this process, and no other thread may run:
 * SOFTHSM2_CONF is set.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "hsm.h"

/* One of them, in a session that has logged in. */
struct token_sight {
    CK_FUNCTION_LIST *functions;
    CK_SESSION_HANDLE session;
    CK_OBJECT_HANDLE object;
};
typedef bool token_visit_fn(void *context, const struct token_sight *sight);

/* Logs in with the first line of FOLDER/pin and shows every object to `visit`, as long as that
 * returns true. False, with the reason on standard error, when that does not work. */
bool token_visit(const char *folder, token_visit_fn *visit, void *context);

struct object_ids {
    unsigned char (*items)[HSM_ID_LENGTH]; /* heap */
    size_t count;
};

bool object_ids_add(struct object_ids *ids, const void *id);
bool object_ids_have(const struct object_ids *ids, const void *id);

struct token_view {
    struct object_ids keys;     /* CKA_IDs of the private keys */
    struct object_ids wrappers; /* of the secret keys that may wrap */
    size_t strays;              /* objects of another kind, half-made, or without CKA_ID */
};

/* Lists in that way. */
bool token_view_read(const char *folder, struct token_view *ret_view);
void token_view_done(struct token_view *view);
