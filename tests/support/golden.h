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
 *   % NAME: VALUE           a header of it, its port as {port}, a UUID as {uuid-N} with its version
 *   = NAME PATH             remembers the last segment of the text at PATH of the answer; $(NAME)
 *                           stands for it in later requests and answers
 *   . STEPS TEXT            what golden_open() finds inside the answer
 *   attest NAME [QUERY]     $(NAME) is an attestation by the daemon's own authority, the URL of
 *                           which is $(authority) once an attestation or an answer was there
 *   encode NAME TEXT        $(NAME) is a text in base64url, with what $(...) stands for in it
 *   advance SECONDS         moves the daemon's clock, and has new tokens fetched
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
 * A body, or what golden_open() found in it, without what differs from run to run: the port is
 * {port}, a version {version}, a date {time}, the request id {request-id}, bytes in base64url {N}
 * with their number of characters, the end of a line {crlf}, certificates and what is signed or
 * encrypted {...}, as are tokens; a date of the authority {date}; a text called value only where `expected` has it masked. Takes `body`; heap.
 */
char *golden_mask(char *body, const struct reply *reply, unsigned port, const char *expected);

/*
 * A text inside a body: steps with slashes between them, each a member's path ("a.b.0", as of
 * reply_text()) or the number of a part in base64url, where dots separate the parts:
 * "value/1/response.key" is a member of the payload of a JWS. Heap; "" when there is none.
 */
char *golden_open(const char *body, const char *steps);

/* Names of the headers of an answer in their order, separated by blanks. */
void golden_list_headers(const struct reply *reply, char *ret_names, size_t size);

/* Whether it is one in the usual form; NULL is not. */
bool golden_is_uuid(const char *text);

/* An attestation by the daemon's test authority, which is told `query`; heap, "" for none. */
char *golden_attest(const struct daemon *daemon, const char *query);

/* Moves the daemon's clock by a number of seconds. */
bool golden_advance(const struct daemon *daemon, const char *seconds);
