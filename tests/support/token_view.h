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

/* Everything that coffer puts on a token. A twin does the HMACs of an AES key and has its CKA_ID. */
enum object_kind { OBJECT_RSA, OBJECT_EC, OBJECT_AES, OBJECT_TWIN, OBJECT_WRAPPING, OBJECT_KINDS };

struct token_object {
    enum object_kind kind;
    unsigned char id[HSM_ID_LENGTH];
};

struct object_list {
    struct token_object *items; /* heap */
    size_t count;
};

bool object_list_add(struct object_list *list, enum object_kind kind, const void *id);

/* How often it is in the list. */
size_t object_list_count(const struct object_list *list, const struct token_object *object);
void object_list_done(struct object_list *list);

struct token_view {
    struct object_list objects; /* whole ones: their key is there */
    size_t trusted;             /* trusted wrapping keys that nobody can change */
    size_t strays;              /* of no such kind, half-made, or without CKA_ID */
};

/* Lists in that way. */
bool token_view_read(const char *folder, struct token_view *ret_view);
void token_view_done(struct token_view *view);
