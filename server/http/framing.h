/* SPDX-License-Identifier: Apache-2.0 */
/*
 * framing.h - whether a head means the same to everybody as to libmicrohttpd (RFC 9112 §2.2, §5).
 *
 * The library treats a folded line as part of the name before it, a bare LF as the end of a line,
 * and a NUL as the end of a value: what a proxy in front of us, or a browser, understands as one
 * request would be a different one here. It parses in place and only overwrites separators with
 * NULs, so the whole head can still be examined afterwards. Pure functions; safe from any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/*
 * `bytes`, `len`: a head as libmicrohttpd 0.9.75 leaves it, from the method to the empty line, with
 * NULs for the blanks of the first line, each CR and LF that ends a line, and each first colon. The
 * target in it has `target_len` bytes, at which it does not look. False unless the rest is `headers` fields on
 * one line each, whose names are tokens and whose values have no control character but tabs.
 * One case cannot be detected: NUL and LF after a value look like CR and LF.
 */
bool kv_framing_is_clean(const char *bytes, size_t len, size_t target_len, size_t headers);

/* False if the target, as sent, contains a control character other than a tab. Other invalid
 * targets are for the site to refuse. */
bool kv_framing_is_text(const char *target);
