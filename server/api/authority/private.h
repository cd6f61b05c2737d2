/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/authority share.
 */
#pragma once

#include <stdbool.h>

#include "form.h"
#include "kv/app/app.h"
#include "kv/base/err.h"
#include "kv/http/route.h"
#include "kv/identity/principals.h"

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

/* What the gates found out; request->context. Not changed afterwards. */
struct authority_call {
    char correlation[KV_UUID_LENGTH + 1]; /* client-request-id, or one that is made up */
    bool is_echoed;                       /* the client sent it */
    char allow[KV_VERBS_SIZE];            /* of a path that has no such method; "" */
    kv_millis patience;                   /* monotonic: how long it waits for keys of an issuer */
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

/* A GUID, a domain name with a dot, or one of the words that stand for a tenant: nothing that a path
 * of the data plane begins with. */
bool authority_is_tenant(const char *name);

kv_handler_fn authority_discover_v1, authority_discover_v2, authority_discover_instance;
kv_handler_fn authority_keys_v1, authority_keys_v2;
kv_handler_fn authority_token_v1, authority_token_v2, authority_device_v1, authority_device_v2;

/* --- a request for a token --- */

/* What a request for a token says, and what was found out, from top to bottom. Texts are borrowed
 * from the form, or from `basic`. */
struct authority_order {
    const struct kv_request *request;
    struct authority_tenant tenant;
    struct form form;
    bool is_v1; /* the answer is that of the first version: all members are texts */
    struct kv_buf basic;
    const char *client_id, *secret, *assertion; /* NULL: not given */
    struct kv_principal_entry client;
    const char *proof;                  /* appidacr of the token */
    char resource[KV_RESOURCE_MAX + 1]; /* whom the token is for */
    bool announces_cp1;
};

void authority_order_done(struct authority_order *order);
KV_DEFINE_CLEANUP_VALUE(struct authority_order, authority_order_done)

/* Its tenant and its form. 900023, 90002, 9002313, 9000411. */
enum kv_code authority_begin_order(struct authority_order *order, struct kv_err *err) kv_must_check;

/* Who says that it asks: by HTTP Basic or in the form. 900144, 9002313. */
enum kv_code authority_read_client(struct authority_order *order, struct kv_err *err) kv_must_check;

/* The application of that client id. 700016, 7000112. */
enum kv_code authority_find_client(struct authority_order *order, struct kv_err *err) kv_must_check;

/* Whether it is the one: by a secret or by an assertion. The numbers of aadsts.def. */
enum kv_code authority_prove_client(struct authority_order *order,
                                    struct kv_err *err) kv_must_check;
enum kv_code authority_judge_assertion(const struct authority_order *order,
                                       struct kv_err *err) kv_must_check;

/* Whether the keys are being fetched that such an assertion has to be held against. Never blocks. */
bool authority_lacks_keys(const struct kv_request *request, const char *assertion);

/* A step: waits for them, a few seconds at most, before a token is asked for. */
kv_handler_fn authority_await_keys;

/* The key of an assertion that an application signed by itself (assertion_key.c). 700027, 50027. */
struct kv_jws;
enum kv_code authority_check_certificate(const struct authority_order *order,
                                         const struct kv_jws *jws,
                                         struct kv_err *err) kv_must_check;

/* Whom the token is to be for, by `resource`, or by `scope`; `for_user`: a scope need not be
 * .default, and may be missing. 900144, 70011, 1002012, 500011. */
enum kv_code authority_read_resource(struct authority_order *order, bool for_user,
                                     struct kv_err *err) kv_must_check;

/* What the client says with `claims` that the token is to have. */
enum kv_code authority_read_claims(struct authority_order *order, struct kv_err *err) kv_must_check;

/* Seconds that a token lasts; the service says one less, for the time it took. */
#define AUTHORITY_LIFETIME 3600
#define AUTHORITY_EARLY 300 /* it is dated by so much before: control-plane.md §5.2 */

/* Grants for users: session.c. */
enum kv_code authority_grant_refresh(struct authority_order *order, struct kv_response *response,
                                     struct kv_err *err) kv_must_check;
enum kv_code authority_grant_device(struct authority_order *order, struct kv_response *response,
                                    struct kv_err *err) kv_must_check;
enum kv_code authority_start_device(struct authority_order *order, struct kv_response *response,
                                    struct kv_err *err) kv_must_check;
