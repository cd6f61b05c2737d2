/* SPDX-License-Identifier: Apache-2.0 */
/* core.h - what the files of domain/events share. */
#pragma once

#include "kv/events/events.h"
#include "kv/store/store.h"

struct kv_events {
    struct kv_store *store; /* all immutable */
    void (*tell)(void *context);
    void *context;
};

/* The columns of `event` for event_read(), from the first one on. */
#define EVENT_COLUMNS                                                                              \
    "e.number, e.id, e.type, e.at, e.made, e.vault, e.key, e.version, e.not_before, e.expires,"    \
    " e.resource_group"
#define EVENT_COLUMN_COUNT 11
void event_read(const struct kv_rows *rows, struct kv_key_event *ret_event);
