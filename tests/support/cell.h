/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cell.h - key types with their sizes and curves, and crypto operations with a key of each: what
 * tests of algorithms go through.
 *
 * The keys of a program are shared by its tests, because large ones are slow to make.
 */
#pragma once

#include "client.h"

struct cell {
    const char *kty;
    int bits;        /* key_size; 0: not sent */
    const char *crv; /* NULL: not sent */
};
extern const struct cell rsa_cells[6], ec_cells[8], oct_cells[6];

/* The bundle of the cell's key, made if it is not there yet. The test fails when that does not
 * work. */
struct reply cell_key(struct client *client, const struct cell *cell);

/* Checks an algorithm with the key of each of oct_cells that has that size; 0 is every size. */
typedef void cell_check_fn(struct client *client, const struct reply *key, const char *alg);
void cell_each_oct(struct client *client, const char *alg, int bits, cell_check_fn *check);

/* Calls an operation of exactly that version. Members that are NULL are not sent. */
struct operands {
    const char *alg, *value, *digest, *iv, *aad, *tag; /* all but alg in base64url */
};
struct reply cell_call(struct client *client, const struct reply *key, const char *operation,
                       const struct operands *operands);

/* base64url of bytes that belong to the caller; in a buffer of CELL_TEXT_SIZE. */
#define CELL_TEXT_SIZE 2048
const char *cell_text(const void *bytes, size_t len, char ret_text[CELL_TEXT_SIZE]);

/* Decodes a member of an answer; its length. The test fails when it does not fit or decode. */
size_t cell_bytes(const struct reply *reply, const char *member, unsigned char *ret_bytes,
                  size_t size);

/* Expects 400 BadParameter with that message. */
void cell_refused(struct client *client, const struct reply *key, const char *operation,
                  const struct operands *operands, const char *message);
#define CELL_CANNOT "Unable to decrypt specified value with this key."

/* Expects the whole answer {"kid","value"} with that value. */
void cell_value(struct client *client, const struct reply *key, const char *operation,
                const struct operands *operands, const char *value);

/* Expects that values of none of these lengths are taken, because `rule` is not met ("at least
 * 16"). An iv is sent along. */
void cell_lengths_refused(struct client *client, const struct reply *key, const char *operation,
                          const char *alg, const size_t *lengths, size_t count, const char *rule);
#define CELL_IV "MDEyMzQ1Njc4OUFCQ0RFRg" /* 16 bytes */

/* The text with another first letter: of base64url, other bytes of the same length. */
const char *cell_changed(const char *text, char ret_text[CELL_TEXT_SIZE]);
