/* SPDX-License-Identifier: Apache-2.0 */
/*
 * softhsm.h - SoftHSM's files under the data folder: its configuration, and a copy of the file that
 * every login puts at risk. Private to the files beside it; one thread, before the module is open.
 *
 * C_Login rewrites a token's own file, token.object, and truncates it first. It holds the key that
 * all other objects are encrypted with: a kill in between loses them all. So there is a copy beside
 * it, made while nobody is logged in, which the next start puts back.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/err.h"

/*
 * Whether SoftHSM's configuration can name that folder. It has no escapes: a "#" begins a comment,
 * and the tokens would go to the folder whose name ends before it. KV_BAD_PARAMETER, naming the
 * character and `source`, the option or variable that the folder comes from.
 */
enum kv_code softhsm_check_folder(const char *folder, const char *source,
                                  struct kv_err *err) kv_must_check;

/* Has the module read FOLDER/softhsm2.conf, once it is loaded. While there is only one thread, since it
 * changes the environment. */
enum kv_code softhsm_point_to(const char *folder, struct kv_err *err) kv_must_check;

/* Writes FOLDER/softhsm2.conf for tokens below FOLDER/tokens. */
enum kv_code softhsm_configure(const char *folder, struct kv_err *err) kv_must_check;

/*
 * Puts back the copy if the file was truncated, and removes what a kill left behind: a token that
 * has nothing yet, not even an SO PIN, and empty files of objects that were being made or
 * destroyed, which the module neither uses nor removes.
 */
enum kv_code softhsm_restore(const char *folder, struct kv_err *err) kv_must_check;

/* How many tokens there are under the folder; none if FOLDER/tokens is missing, too. */
enum kv_code softhsm_count(const char *folder, size_t *ret_count, struct kv_err *err) kv_must_check;

/* Copies the file of every token; after hsm_init_token(), before the first login. */
enum kv_code softhsm_keep(const char *folder, struct kv_err *err) kv_must_check;

/*
 * Whether the disk has room for the objects that all threads may be making, and for what the store's log
 * takes meanwhile. SoftHSM closes a file without looking whether all of it was written: a key that it made
 * on a full disk is there until the process ends, and not after that.
 */
bool softhsm_has_room(const char *folder);
