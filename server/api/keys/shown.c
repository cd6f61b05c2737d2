/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers to GET that were rendered before. Besides the version, which cannot change as long as there is
 * a lease of it, an answer shows a few facts of the vault and of the request: it serves those alone who
 * have the same ones.
 */
#include <stdlib.h>
#include <string.h>

#include "private.h"

/* What render.c goes by that is not the version's, and can differ from one request to the next. */
struct manner {
    const char *authority;      /* in its ids */
    const char *recovery_level; /* a literal */
    unsigned retention_days;
    bool shows_hsm_platform;
    bool sorted;
};

struct shown {
    struct manner manner; /* `authority` is behind the body */
    const char *content_type;
    size_t len;
    char body[];
};

static struct manner manner_of(const struct kv_request *request, const struct kv_response *response)
{
    const struct kv_call *call = kv_call_of(request);

    return (struct manner){
        .authority = request->authority,
        .recovery_level = kv_vault_recovery_level(call->vault),
        .retention_days = (unsigned) call->vault->retention_days,
        .shows_hsm_platform = call->shows_hsm_platform,
        .sorted = response->sorted,
    };
}

static bool is_same(const struct manner *manner, const struct manner *other)
{
    return manner->retention_days == other->retention_days
           && manner->shows_hsm_platform == other->shows_hsm_platform
           && manner->sorted == other->sorted
           && strcmp(manner->recovery_level, other->recovery_level) == 0
           && strcmp(manner->authority, other->authority) == 0;
}

/* Without memory for it the next one is rendered, too. */
static void keep(struct kv_key_lease *lease, const struct manner *manner,
                 const struct kv_response *response)
{
    size_t len = response->body.len;
    size_t authority_size = strlen(manner->authority) + 1;
    struct shown *shown = malloc(sizeof(*shown) + len + authority_size);

    if (shown == NULL) {
        return;
    }
    shown->manner = *manner;
    shown->manner.authority = shown->body + len;
    shown->content_type = response->content_type;
    shown->len = len;
    memcpy(shown->body, response->body.data, len);
    memcpy(shown->body + len, manner->authority, authority_size);
    kv_key_lease_keep(lease, shown);
}

enum kv_code respond_lease(const struct kv_request *request, struct kv_key_lease *lease,
                           struct kv_response *response, struct kv_err *err)
{
    const struct manner manner = manner_of(request, response);
    const struct shown *shown = kv_key_lease_note(lease);

    if (shown != NULL && is_same(&shown->manner, &manner)) {
        response->content_type = shown->content_type;
        return kv_buf_append(&response->body, shown->body, shown->len, err);
    }
    KV_TRY(respond_key(request, kv_key_lease_key(lease), response, err));
    if (shown == NULL) {
        keep(lease, &manner, response);
    }
    return KV_OK;
}
