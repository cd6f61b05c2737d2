/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/authority share.
 */
#pragma once

#include <stdbool.h>

#include "kv/app/app.h"
#include "kv/base/err.h"
#include "kv/http/route.h"

/* The rows of aadsts.def. */
enum aadsts {
#define X(number, status, word, arguments, text) AADSTS_##number,
#include "aadsts.def"
#undef X
    AADSTS_COUNT
};

/* How many arguments each row takes; AADSTS_REFUSE() checks the count at compile time. */
enum {
#define X(number, status, word, arguments, text) AADSTS_##number##_ARGS = (arguments),
#include "aadsts.def"
#undef X
};

/*
 * Refuse: return AADSTS_REFUSE(err, 90002, tenant); arguments are texts, cut where they are long. The
 * number stands at the beginning of the message: it is how the renderer finds the row again.
 */
#define AADSTS_REFUSE(err, number, ...)                                                            \
    ({                                                                                             \
        const char *const args_[] = { NULL, ##__VA_ARGS__ };                                       \
        _Static_assert(KV_COUNT(args_) == AADSTS_##number##_ARGS + 1, #number " has others");      \
        authority_refuse((err), KV_WHERE, AADSTS_##number, args_ + 1);                             \
    })
enum kv_code authority_refuse(struct kv_err *err, const char *where, enum aadsts aadsts,
                              const char *const *args) kv_must_check;

/* Turns an error into the service's body. */
void authority_render_error(struct kv_request *request, const struct kv_err *err,
                            struct kv_response *response);

/* "2024-01-01 00:00:00Z" */
#define AUTHORITY_DATE_SIZE 24
void authority_render_date(kv_time time, char ret_text[AUTHORITY_DATE_SIZE]);

/* What the first gate found out; request->context. Not changed afterwards. */
struct authority_call {
    char correlation[KV_UUID_LENGTH + 1]; /* client-request-id, or one that is made up */
    bool is_echoed;                       /* the client sent it */
};
static inline const struct authority_call *authority_call_of(const struct kv_request *request)
{
    return request->context;
}

/* Which tenant a path names. */
struct authority_tenant {
    const char *name;            /* as the path has it; borrowed from the request */
    char id[KV_UUID_LENGTH + 1]; /* a GUID in lower case; coffer's own where the name is none */
    bool is_adfs;
    bool is_any; /* common and the like: many tenants */
};

/* Any GUID is a tenant, and any domain name is coffer's own. 900023, 90002. */
enum kv_code authority_find_tenant(const struct kv_request *request,
                                   struct authority_tenant *ret_tenant,
                                   struct kv_err *err) kv_must_check;

/* Whether the request is for the authority: by its host, or else by its path, where the first
 * segment can only be a tenant. */
bool authority_serves(const struct kv_request *request);

extern const struct kv_route authority_routes[];

kv_handler_fn authority_discover_v1, authority_discover_v2, authority_discover_instance;
kv_handler_fn authority_keys_v1, authority_keys_v2;
