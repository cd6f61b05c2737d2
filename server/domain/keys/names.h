/* SPDX-License-Identifier: Apache-2.0 */
/* names.h - names of keys, key_ops and tags, as received and as stored. */
#pragma once

#include "kv/keys/keys.h"

/* The name a key is stored under: upper-cased (contract §1). */
struct name_fold {
    char text[KV_KEY_NAME_MAX + 1];
};

/* Checks the name and folds it. */
enum kv_code name_fold(const char *name, struct name_fold *ret_fold,
                       struct kv_err *err) kv_must_check;

/* key_ops of a key of that family in such a vault; refuses what it cannot do (contract §7). */
enum kv_code key_ops_choose(const struct kv_scope *scope, enum kv_family family,
                            const struct kv_key_op_names *names, struct kv_key_ops *ret_ops,
                            struct kv_err *err) kv_must_check;

/* key_ops as they are stored: wire names separated by blanks. */
#define KEY_OPS_TEXT_SIZE 128
void key_ops_render(const struct kv_key_ops *ops, char ret_text[KEY_OPS_TEXT_SIZE]);
void key_ops_parse(const char *text, struct kv_key_ops *ret_ops);

/* Tags from their packed form; anything else gives no tags. */
enum kv_code tags_copy(const char *packed, size_t len, struct kv_tags *ret_tags,
                       struct kv_err *err) kv_must_check;
