/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/private_file.h - whether a file that holds a secret is as private as that.
 *
 * The rule is PostgreSQL's for its key, so that the volumes of containers can be used: a file of our
 * own gives nothing to others (0600); one of root may be read by a group of ours (0640), as a
 * Kubernetes secret with defaultMode 0400 and an fsGroup is. Safe from any thread.
 */
#pragma once

#include <stdbool.h>

#include "kv/base/err.h"

/*
 * KV_BAD_PARAMETER, with the mode, the file and the cure, when others than us, root and that group
 * may read or change the file, or when it belongs to somebody else; root takes anybody's. Links of
 * ours and root's are followed: what counts is where they lead. A pipe or a terminal keeps nothing, and one that is not
 * there is for its reader to miss: both are fine.
 */
enum kv_code kv_private_file_check(const char *path, struct kv_err *err) kv_must_check;

/* Whether the path is a link that somebody else than us or root has made; *ret_owner says who. */
bool kv_link_is_of_others(const char *path, unsigned *ret_owner);

/* KV_BAD_PARAMETER when the folder belongs to somebody else than us or root, who could put anything in
 * the place of what we keep there; root takes anybody's. */
enum kv_code kv_private_folder_check(const char *path, struct kv_err *err) kv_must_check;

/*
 * Takes from a file or folder of our own what its mode gives to others. *ret_was is the mode it had;
 * 0: nothing was to be done, or it is not ours, not there, or a link.
 */
enum kv_code kv_private_file_tighten(const char *path, unsigned *ret_was,
                                     struct kv_err *err) kv_must_check;

/*
 * The same for a folder that the user may share for other reasons, and in which all that is secret is
 * private by itself: others may look into it, but not put anything there. One with the sticky bit stays
 * as it is: in it nobody replaces what is ours.
 */
enum kv_code kv_private_folder_tighten(const char *path, unsigned *ret_was,
                                       struct kv_err *err) kv_must_check;
