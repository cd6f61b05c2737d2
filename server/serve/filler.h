/* SPDX-License-Identifier: Apache-2.0 */
/*
 * filler.h - the filler: has key pairs generated ahead (kv/keys/pool.h) by --key-pool, one at a time and
 * at a low priority, while nobody waits for one. Private to the files beside it.
 */
#pragma once

#include <cjson/cJSON.h>

#include "kv/base/options.h"
#include "kv/http/lanes.h"
#include "kv/keys/keys.h"

struct token;

struct filler; /* opaque */
struct filler_config {
    struct kv_keys *keys; /* borrowed, as the next two are */
    struct kv_lanes *lanes;
    struct token *token;
};
enum kv_code filler_check(const struct kv_options *options, struct kv_err *err) kv_must_check;
enum kv_code filler_describe(const struct kv_options *options, struct token *token,
                             struct kv_pool_config *ret_config, struct kv_err *err) kv_must_check;
enum kv_code filler_start(const struct filler_config *config, struct filler **ret_filler,
                          struct kv_err *err) kv_must_check;
void filler_ask_to_stop(struct filler *filler); /* NULL is fine, as in the next one */
/* Waits a moment for the key that is being generated, and frees the filler. False when that takes
 * longer: then its thread is still inside the token module. */
bool filler_stop(struct filler *filler);

/* Adds what there is in the pool as `pool`: for what the control port says of the token. */
void filler_show(cJSON *body, struct kv_keys *keys, bool *ok);
