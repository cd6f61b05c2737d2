/* SPDX-License-Identifier: Apache-2.0 */
/*
 * draft.h - a version to be created: what is known about it before it is stored. A draft borrows
 * everything it points to, and needs no clean-up; what is read from the store is a struct kv_key.
 */
#pragma once

#include <string.h>

#include "kv/keys/keys.h"

/* Like struct kv_release_terms. */
struct release_draft {
    bool exportable;
    bool immutable;
    const char *policy, *content_type;
};

/* Like struct kv_key, except for the material, which comes separately. */
struct key_draft {
    char version[KV_VERSION_LENGTH + 1];
    enum kv_kty kty;
    struct kv_key_ops ops;
    struct kv_attributes attributes;
    const struct kv_tags *tags; /* NULL: none */
    struct release_draft release;
    const char *members, *external;
    bool only_first; /* see struct kv_key_create_args */
};

/* What must be stored unchanged. */
static inline struct release_draft release_draft_of(const struct kv_release_terms *terms)
{
    return (struct release_draft){
        .exportable = terms->exportable,
        .immutable = terms->immutable,
        .policy = terms->policy,
        .content_type = terms->content_type,
    };
}

static inline struct key_draft key_draft_of(const struct kv_key *key)
{
    struct key_draft draft = {
        .kty = key->kty,
        .ops = key->ops,
        .attributes = key->attributes,
        .tags = &key->tags,
        .release = release_draft_of(&key->release),
        .members = key->members,
        .external = key->external,
    };

    memcpy(draft.version, key->version, sizeof(draft.version));
    return draft;
}
