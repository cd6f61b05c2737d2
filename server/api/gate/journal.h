/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - what of a body the journal may show.
 */
#pragma once

#include "private.h"

#define GATE_MASKED_MAX 65536 /* bytes; the journal keeps fewer */

/*
 * Appends the body as JSON, in which whatever can be a plaintext, a key, a token or another secret is
 * "***", whoever sent it. A body that is no JSON is not shown, but how long it is. Nothing when there
 * is none, or memory is short.
 */
void gate_mask_body(const struct kv_buf *body, struct kv_buf *masked);

/* How long it is, and no more: of bodies that are data. */
void gate_hide_body(const struct kv_buf *body, struct kv_buf *masked);
