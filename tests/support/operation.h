/* SPDX-License-Identifier: Apache-2.0 */
/*
 * operation.h - what the tables of docs/parity.md call an operation of the keys API: one word, taken
 * from the method and the path.
 *
 * The same of a request, "GET /keys/a", and of a row of the route table, "GET /keys/{name}": so what
 * a test had answered (proof.c) and what there is to be asked for (tests/parity) meet.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#define OPERATION_SIZE 48
#define OPERATION_SEGMENTS_MAX 5

/* The segments of a path, empty ones left out; they lie in `text`. */
struct operation_path {
    char text[1024];
    const char *segment[OPERATION_SEGMENTS_MAX];
    size_t count;
};

/* Without the query of the target; segments beyond the maximum are dropped. */
void operation_split(const char *target, struct operation_path *ret_path);

/* Whether the segment is a key's version, or in a route stands for one. */
bool operation_is_version(const char *segment);

/* In lower case: "get", "list-deleted", "set-rotationpolicy", "wrapkey". The path has a segment. */
void operation_name(const char *method, const struct operation_path *path,
                    char ret_name[OPERATION_SIZE]);
