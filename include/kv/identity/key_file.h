/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/identity/key_file.h - the proof that a caller runs on this machine: Azure Arc's identity
 * endpoint names a file in its challenge, and the caller sends what is in it (clients.md §5.1).
 *
 * The file is FOLDER/{guid}.key (0600), made at the first challenge, with random contents that stay
 * the same as long as the process runs. Clients accept such a file only where the agent of Azure Arc
 * would make it, in KV_KEY_FILE_AGENT_FOLDER. Thread-safe.
 */
#pragma once

#include <stdbool.h>

#include "kv/base/files.h"

#define KV_KEY_FILE_AGENT_FOLDER "/var/opt/azcmagent/tokens"

struct kv_key_file; /* opaque */

/* Nothing is made yet. Free with kv_key_file_free(), which removes the file; NULL is fine there. */
enum kv_code kv_key_file_new(const char *folder, struct kv_key_file **ret_file,
                             struct kv_err *err) kv_must_check;
void kv_key_file_free(struct kv_key_file *file);
KV_DEFINE_CLEANUP(struct kv_key_file *, kv_key_file_free)

/* The path of the file, which is there from now on: made again if somebody has removed it. Blocks
 * for the disk. */
enum kv_code kv_key_file_challenge(struct kv_key_file *file, char ret_path[KV_PATH_MAX],
                                   struct kv_err *err) kv_must_check;

/* Whether the text is what a file that was made holds; in constant time. */
bool kv_key_file_matches(struct kv_key_file *file, const char *text);
