/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clock.h - what a command to the clock asks for (clock_order.c), how it is carried out (time.c) and
 * what is answered (clock_answer.c).
 */
#pragma once

#include "kv/base/agenda.h"
#include "private.h"

/* All ways of moving the clock come to this. The items are borrowed from the body, and one of them
 * at most is given, or one of is_next, is_offset_given and reset. */
struct clock_order {
    const cJSON
        *advance;     /* seconds, may be negative, or a duration of ISO 8601, also with a minus */
    const cJSON *set; /* seconds since 1970, or a date of RFC 3339 */
    bool is_next;     /* to where something is due */
    bool is_offset_given; /* to so many seconds ahead of the system's clock */
    int64_t offset;
    bool reset; /* to the system's clock */

    struct kv_maybe_bool frozen; /* as it is to be then */
    int64_t rate;                /* at what pace it is to run then; 0: as it did */
    bool ages_tokens;            /* the move makes tokens older, too */

    const char *advance_name, *set_name; /* the two members, as the body calls them */
};

/* What the body asks for, in the words of the request's route; the body is the caller's to delete.
 * KV_BAD_PARAMETER for what is no order; whether it can be carried out is not looked at. */
enum kv_code clock_read_order(const struct kv_request *request, cJSON **ret_body,
                              struct clock_order *ret_order, struct kv_err *err) kv_must_check;

/* What the clock shows, and what was on the way to that; `log` NULL: nobody has moved it. */
enum kv_code clock_respond(const struct kv_app *app, const struct kv_travel_log *log,
                           struct kv_response *response, struct kv_err *err) kv_must_check;
