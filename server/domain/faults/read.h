/* SPDX-License-Identifier: Apache-2.0 */
/*
 * read.h - reading the members of a rule by tables, loudly: what cannot be understood is refused
 * with the member's name, so that a rule never does less than it says.
 *
 * Texts are copied; whoever owns the target frees them. Pure functions.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define FAULT_TEXT_MAX 8192 /* bytes of a text */

/* Reads one member into `target`, that of its row. `name` is for messages. */
typedef enum kv_code fault_read_fn(const cJSON *value, const char *name, void *target,
                                   struct kv_err *err);

struct fault_member {
    const char *name;
    fault_read_fn *read;
    size_t offset; /* of the target in the struct that the object becomes */
};

/* Reads an object; a member that no row has is refused with those there are. `name` is the
 * object's own, for messages. */
enum kv_code fault_read_object(const cJSON *object, const char *name,
                               const struct fault_member *members, size_t count, void *target,
                               struct kv_err *err) kv_must_check;

fault_read_fn fault_read_bool;   /* bool */
fault_read_fn fault_read_text;   /* char *, one line of printable text */
fault_read_fn fault_read_body;   /* char *, any text */
fault_read_fn fault_read_number; /* uint64_t, from 0 */
fault_read_fn fault_read_count;  /* uint64_t, from 1 */
fault_read_fn fault_read_share;  /* double, above 0, up to 1 */
fault_read_fn fault_read_real;   /* double, from 0 */
fault_read_fn fault_read_millis; /* kv_millis, a delay: from 1 to KV_FAULT_DELAY_MAX */
fault_read_fn fault_read_span;   /* kv_millis: seconds, or "PT10S" */
fault_read_fn fault_read_date;   /* kv_millis: seconds since 1970, or a date */
