/* SPDX-License-Identifier: Apache-2.0 */
/*
 * raw.h - a TLS or TCP connection that says what no library would. One thread each.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <openssl/ssl.h>

struct raw {
    int descriptor; /* -1: not connected */
    SSL *ssl;       /* NULL: plain TCP */
};

/* Connects to 127.0.0.1:port; over TLS without a look at the certificate when `tls`. */
bool raw_open(struct raw *raw, unsigned port, bool tls);
void raw_close(struct raw *raw);

/* Sends everything; false when the peer does not take it. */
bool raw_send(struct raw *raw, const void *bytes, size_t len);

/* Reads until the peer closes, `size` - 1 bytes are there, `until` has come, or the peer was silent
 * for a minute; NUL-terminates and returns the length. `until` may be NULL. */
size_t raw_read(struct raw *raw, char *ret_text, size_t size, const char *until);
