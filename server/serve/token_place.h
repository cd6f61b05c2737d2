/* SPDX-License-Identifier: Apache-2.0 */
/*
 * token_place.h - moving coffer's own token out of its place and back (control port:
 * /control/v1/hsm/faults). Private to the files beside it.
 *
 * FOLDER/tokens is the place. FOLDER/tokens.aside, where there is one, is the folder that holds the
 * keys, whatever a kill left in the place meanwhile: nothing but a blank token is ever put there. So
 * each start puts it back first.
 */
#pragma once

#include "serve.h"

/* Before the module is open: puts the token back if an earlier process left it aside, and removes what
 * was in its place. */
enum kv_code token_place_restore(const char *folder, struct kv_err *err) kv_must_check;

/* The same while the process runs, or away from there; a kv_hsm_hands.move with the struct token. */
enum kv_code token_place_move(void *token, enum kv_hsm_place place,
                              struct kv_err *err) kv_must_check;
