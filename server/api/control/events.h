/* SPDX-License-Identifier: Apache-2.0 */
/* events.h - what the handlers of /control/v1/events share. */
#pragma once

#include "kv/events/events.h"
#include "private.h"

/* A filter as it is written; NULL: not given. Borrowed by the filter. */
struct events_words {
    const char *type, *state, *vault, *key;
};

/* KV_BAD_PARAMETER for a type or state that there is not. */
enum kv_code events_bind_filter(const struct events_words *words, struct kv_event_filter *filter,
                                struct kv_err *err) kv_must_check;

/* Adds "events": at most so many that pass. *ret_next is the number to go on after. */
enum kv_code events_add_list(const struct kv_app *app, const struct kv_event_filter *filter,
                             size_t limit, cJSON *body, int64_t *ret_next,
                             struct kv_err *err) kv_must_check;
