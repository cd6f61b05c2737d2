/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signer.h - the one key that signs whatever has to be signed here, so that a text that was signed
 * once can be kept.
 */
#pragma once

#include "kv/base/jws.h"

const struct kv_jws_key *signer_key(void);

/* Signs any payload; heap. */
char *signer_sign(const char *payload);

/* Answers, as a kv_fetch_fn, every question with a configuration that is also the set of keys. */
enum kv_code signer_fetch(const char *url, struct kv_buf *body, struct kv_err *err);
