/* SPDX-License-Identifier: Apache-2.0 */
/* core.h - what the files of domain/resources share. */
#pragma once

#include "kv/resources/resources.h"
#include "kv/store/store.h"

struct kv_resources {
    struct kv_store *store;
};

/* An id as it is compared: ASCII letters in lower case. */
struct resource_key {
    char text[KV_RESOURCE_ID_MAX + 8]; /* with room for a slash */
};
/* KV_BAD_PARAMETER when it is too long. */
enum kv_code resource_key_make(const char *id, struct resource_key *ret_key,
                               struct kv_err *err) kv_must_check;

/* The columns that resource_read() reads, in its order. */
#define RESOURCE_COLUMNS                                                                           \
    "id, type, name, location, tags, content, created_by, created_by_user, changed_by,"            \
    " changed_by_user, created, changed, ready, edition"

/* A row as a resource; *ret_resource is to be ended even when it fails. */
enum kv_code resource_read(const struct kv_rows *row, struct kv_resource *ret_resource,
                           struct kv_err *err) kv_must_check;

/* A tree of a column's text; NULL for none. KV_INTERNAL when the store's text is no JSON. */
enum kv_code resource_parse(const char *text, cJSON **ret_tree, struct kv_err *err) kv_must_check;
