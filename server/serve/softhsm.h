/* SPDX-License-Identifier: Apache-2.0 */
/*
 * softhsm.h - SoftHSM's files under the data folder: its configuration, and a copy of what every
 * login puts at risk. Private to the files beside it; one thread, before the module is open.
 *
 * C_Login writes a token's own file, token.object, anew, and empties it first. It holds the key
 * that all other objects are encrypted with: a process that is killed in between has lost them
 * all. So a copy lies beside it, made while nobody is logged in, and put back at the next start.
 */
#pragma once

#include <stddef.h>

#include "kv/base/err.h"

/*
 * Whether SoftHSM's configuration can name that folder, which has no escapes: a "#" begins a comment
 * there, and the tokens would go to the folder whose name ends before it. KV_BAD_PARAMETER, naming
 * the character and `source`, the option or variable that the folder comes from.
 */
enum kv_code softhsm_check_folder(const char *folder, const char *source,
                                  struct kv_err *err) kv_must_check;

/* Writes FOLDER/softhsm2.conf for tokens below FOLDER/tokens and names it to the module. */
enum kv_code softhsm_configure(const char *folder, struct kv_err *err) kv_must_check;

/*
 * Puts back the copy where the file was cut short, and removes what a kill left: a token that has
 * nothing yet, not even an SO PIN, and the empty files where an object was being made or destroyed,
 * which the module neither uses nor takes away.
 */
enum kv_code softhsm_restore(const char *folder, struct kv_err *err) kv_must_check;

/* How many tokens there are under the folder. */
enum kv_code softhsm_count(const char *folder, size_t *ret_count, struct kv_err *err) kv_must_check;

/* Copies the file of every token; after hsm_init_token(), before the first login. */
enum kv_code softhsm_keep(const char *folder, struct kv_err *err) kv_must_check;
