/* SPDX-License-Identifier: Apache-2.0 */
/*
 * framing.h - whether a head means to everybody what it means to libmicrohttpd (RFC 9112 §2.2, §5).
 *
 * The library takes a folded line for a part of the name before it, a bare LF for the end of a
 * line, and a NUL for the end of a value: what a proxy in front of us, or a browser, takes for one
 * request would be another one here. It parses where the bytes were received and only puts NULs
 * over what ends a part, so after that the head can still be looked at whole.
 * Pure functions; safe from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * `bytes`, `len`: a head as libmicrohttpd 0.9.75 leaves it, from the method to the empty line, with
 * NULs for the blanks of the first line, each CR and LF that ends a line, and each first colon. The
 * target in it has `target_len` bytes, at which it does not look. False unless the rest is `headers` fields on
 * one line each, whose names are tokens and whose values have no control character but tabs.
 * The one thing that cannot be told apart: NUL and LF after a value look like CR and LF.
 */
bool kv_framing_is_clean(const char *bytes, size_t len, size_t target_len, size_t headers);

/* False when the target, as it was sent, has a control character in it but tabs. What else is no
 * target is for the site to refuse. */
bool kv_framing_is_text(const char *target);
