/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ca_file.h - files of CA certificates that the subcommands write: their names, and those that are kept
 * in the cache of the user. One thread.
 */
#pragma once

#include "kv/base/buf.h"
#include "kv/base/files.h"
#include "kv/base/options.h"

/*
 * Joins the folder with a name that what is in the file makes, so that the certificates of two
 * servers do not get into each other's way: `head`, 16 hex digits, `tail`.
 */
enum kv_code ca_file_path(const char *folder, const char *head, const struct kv_buf *pem,
                          const char *tail, char ret_path[KV_PATH_MAX],
                          struct kv_err *err) kv_must_check;

/*
 * Where the cache has that certificate; its folder is made. Servers come and go: of the others
 * CA_FILES_MAX - 1 are kept at most, those that were asked for last.
 */
#define CA_FILES_MAX 64
enum kv_code ca_file_in_cache(const struct kv_options *options, const struct kv_buf *pem,
                              char ret_path[KV_PATH_MAX], struct kv_err *err) kv_must_check;
