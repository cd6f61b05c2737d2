/* SPDX-License-Identifier: Apache-2.0 */
/*
 * golden.h - whole answers as data: a file of cases, each a request and the answer that the
 * contract prescribes, status, header names in order and body byte for byte.
 *
 * A line of a file is one of
 *   # text                  a comment
 *   serve ARGUMENTS         further arguments of the daemon that plays the whole file
 *   headers NAME LIST       a list of header names, for the cases to refer to
 *   case SECTION TEXT       begins a case; SECTION is the contract's
 *   @ HOST                  the host that is asked; "dev.vault.localhost" when there is none
 *   audience URL            the token is for somebody else
 *   without token           the request has none; or "without type": no Content-Type
 *   > METHOD TARGET         the request; a second > line is its body
 *   + NAME: VALUE           a further header of it
 *   < STATUS NAME           the answer, its phrase that of contract §3.3, and the list its headers
 *                           must equal; then its body, if any
 *   % NAME: VALUE           a header of it, its port as {port}
 *   = NAME PATH             remembers the last segment of the text at PATH of the answer; $(NAME)
 *                           stands for it in later requests
 * A value whose length nobody can say is {...}.
 * What differs from run to run stands masked in a body: see golden_mask().
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "client.h"

/* Plays a file against a daemon of its own; returns how many cases it had, -1 when something
 * differed (the difference is on standard error). */
int golden_play(const char *path);

/*
 * A body without what differs from run to run: the port is {port}, a version {version}, a date
 * {time}, the request id {request-id}, bytes in base64url {N} with their number of characters,
 * the end of a line {crlf}; a text called value only where `expected` has it masked. Heap.
 */
char *golden_mask(const struct reply *reply, unsigned port, const char *expected);
