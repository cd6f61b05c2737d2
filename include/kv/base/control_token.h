/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/control_token.h - the token that whoever asks for /control/v1 has to show, where the
 * options give one.
 *
 * It is compared by its digest and never logged, printed or put into an error. Pure but for the
 * reading of files; safe from any thread.
 */
#pragma once

#include <stdbool.h>

#include "kv/base/err.h"
#include "kv/base/options.h"
#include "kv/base/secret.h"

/* The server leaves it here, in its data folder, for the commands of the same user: mode 0600. */
#define KV_CONTROL_TOKEN_NAME "run.token"

/* The first line of a file. KV_BAD_PARAMETER, after `option`, when there is no token in it. */
enum kv_code kv_control_token_read(const char *option, const char *path,
                                   struct kv_secret *ret_token, struct kv_err *err) kv_must_check;

/* What --control-token or --control-token-file says; empty when neither is given. */
enum kv_code kv_control_token_of(const struct kv_options *options, struct kv_secret *ret_token,
                                 struct kv_err *err) kv_must_check;

/* The token of an Authorization header: what follows "Bearer", in any case; NULL when it is of another
 * kind. Borrowed from it. */
const char *kv_control_token_shown(const char *authorization);
