/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/app/app.h - what main.c put together, for the handlers of api/; and what the data plane's
 * gates found out about a call.
 *
 * Visible to main.c and api/ only. Everything here is borrowed, created before the first listener
 * and freed after the last; the pointers never change in between.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "kv/access/access.h"
#include "kv/access/permission.h"
#include "kv/access/roles.h"
#include "kv/base/agenda.h"
#include "kv/base/cidr.h"
#include "kv/base/secret.h"
#include "kv/consumer/consumer.h"
#include "kv/events/events.h"
#include "kv/faults/faults.h"
#include "kv/hsmfaults/hsmfaults.h"
#include "kv/http/listener.h"
#include "kv/http/request.h"
#include "kv/http/route.h"
#include "kv/identity/identity.h"
#include "kv/identity/principals.h"
#include "kv/journal/journal.h"
#include "kv/keys/keys.h"
#include "kv/records/records.h"
#include "kv/release/release.h"
#include "kv/seeds/seeds.h"
#include "kv/snapshots/snapshots.h"
#include "kv/vaults/public.h"
#include "kv/vaults/vaults.h"
#include "kv/wire/build.h"

#define KV_CONTROL_NAMES_MAX 128
#define KV_AUTHORITY_URL_SIZE 320

struct kv_deployments;
struct kv_key_file;
struct kv_limits;
struct arm_type;
struct kv_resources;
struct kv_scenarios;

struct kv_app {
    struct kv_clock *clock;
    struct kv_agenda *agenda; /* what falls due by it; move the clock only with the turn */
    struct kv_keys *keys;
    struct kv_identity *identity;
    struct kv_roles *roles;
    struct kv_principals *principals; /* who there is */
    struct kv_key_file *arc_keys;     /* what Azure Arc's callers have to show */
    bool revokes_at_once;     /* --revocation immediate: a token ends with its caller's standing */
    struct kv_access *access; /* what callers may do */
    struct kv_lanes *lanes;
    struct kv_authorities *authorities; /* that attest environments */
    struct kv_vaults *vaults;

    const struct kv_build *build; /* what --service-build says */
    bool api_versions_strict;
    struct kv_limits *limits;   /* NULL: none apply */
    struct kv_journal *journal; /* of what was asked and answered; NULL: none is kept */
    bool journals_bodies;       /* without what is secret in them */
    bool journals_control;      /* requests to the control port, too */
    struct kv_faults *faults;   /* what goes wrong */
    unsigned retry_after;       /* seconds in a 429; 0: none sent, as in the service */
    atomic_uint told_keys_only; /* what api/gate has already logged: a bit for each kind */
    const char *ca_pem;
    const struct kv_buf *ca_p12, *ca_jks;
    const char *control_names[KV_CONTROL_NAMES_MAX + 1]; /* further ones of this machine; a NULL
                                                            ends them */
    const struct kv_cidrs *trusted_proxies; /* sorted; NULL: nobody's X-Forwarded-For is believed */
    struct kv_public_url public_url;        /* what ids, links and challenges name, if it is set */
    char authority_url[KV_AUTHORITY_URL_SIZE]; /* that challenges name; "": the service's */
    bool serves_siblings;                      /* it listens for others than this machine's own */
    bool wants_control_token;                  /* for /control/v1; of it the digest alone is kept */
    unsigned char control_token[KV_SECRET_DIGEST_SIZE];
    unsigned port, control_port; /* the ports in use */

    struct kv_scenarios *scenarios; /* incidents by name */

    const struct arm_type *const *arm_tables; /* of its providers; a NULL ends them */
    struct kv_resources *resources;           /* what the resource manager keeps */
    bool accepts_unknown_types;               /* of resources, which are kept as they are sent */
    bool refuses_empty_key_url;               /* of a service; else it has no key of a customer */
    struct kv_deployments *deployments;       /* that are under way */
    const char *template_root;     /* the folder of linked templates; "": there is none */
    bool resource_manager_is_open; /* every caller is Owner there */
    kv_millis directory_delay;     /* how long a new identity is not known to role assignments */
    kv_millis provisioning_lag;    /* how long a resource takes to be there, by the virtual clock */

    /* The token, by way of main.c: its state, what it is, its counters. Thread-safe. */
    bool (*token_is_open)(
        const void *token_context); /* not yet, at a start with many keys; NULL: it is */
    bool (*token_is_healthy)(void *health_context);
    void *health_context;
    enum kv_code (*describe_token)(void *token_context, cJSON **ret_description,
                                   struct kv_err *err);
    enum kv_code (*print_token_metrics)(void *token_context, struct kv_buf *buf,
                                        struct kv_err *err);
    void *token_context;
    struct kv_hsm_faults *hsm_faults; /* what is wrong with it */
    struct kv_snapshots *snapshots;   /* of store and token */
    struct kv_seeds *seeds;           /* what JSON files make */

    /* Events, what they look like, and who gets them: ids of receivers, a NULL ends them, and a list of
     * what is known of each. Thread-safe. */
    struct kv_events *events;
    enum kv_event_schema event_schema;
    const struct kv_event_place *event_place;
    const char *event_hook[KV_EVENT_HOOKS_MAX + 1];
    enum kv_code (*describe_hooks)(void *hooks_context, cJSON **ret_list, struct kv_err *err);
    void *hooks_context;

    /* Takes a copy of a line of the audit log, of at most KV_SPOOL_PUT_MAX bytes with its newline, and
     * never waits; tells what became of those that went to a receiver. Thread-safe. NULL: there is no
     * audit log, or no receiver of it. */
    void (*put_audit)(void *audit_context, const char *line, size_t len);
    enum kv_code (*print_audit_metrics)(void *audit_context, struct kv_buf *buf,
                                        struct kv_err *err);
    void *audit_context;

    /* Grants again what the options grant at a vault that was reset, or with NULL at all of them,
     * and registers whom they name. Thread-safe. NULL: they say nothing. */
    enum kv_code (*grant_again)(void *grant_context, const char *vault, struct kv_err *err);
    void *grant_context;

    /* Services that use keys; and, of everything that was reset, those that the options name;
     * NULL: there are none. Thread-safe. */
    struct kv_consumers *consumers;
    struct kv_records *records; /* what their fronts keep */
    enum kv_code (*begin_consumers_again)(void *consumers_context, struct kv_err *err);
    void *consumers_context;

    /* Whether the store can be written to, by kv_store_check(). Thread-safe. */
    enum kv_code (*check_store)(void *store_context, struct kv_err *err);
    void *store_context;
};

/* kv_terms.hosts: the kind of host that has the operation (contract §12). */
#define KV_ON_VAULT (1U << KV_VAULT)
#define KV_ON_HSM (1U << KV_MANAGED_HSM)

/* The data plane's own columns of a route: what its rows have in kv_route.own. */
struct kv_terms {
    enum kv_permission permission; /* what the caller has to be allowed (contract §14) */
    unsigned hosts;                /* KV_ON_VAULT, KV_ON_HSM; 0: both have it */
    bool makes_key;                /* counts as creating a key for the limits (§13) */
    const char *since;             /* the first api-version that has it (§15); NULL: all do */
};

/* What the gates found out; request->context of the data plane. */
struct kv_call {
    const struct kv_vault *vault; /* held to the end of the request */
    struct kv_principal principal;
    kv_time reissue_after; /* of a claims challenge, which a 401 then carries; 0: none */
    char assignment[KV_UUID_LENGTH + 1]; /* the role assignment that allows it; "": none */
    const char *api_version;             /* borrowed from the request */
    char public_authority[KV_PUBLIC_AUTHORITY_SIZE]; /* the request's authority where one is set */
    /* What the api-version has: columns of api_version.def. */
    bool shows_hsm_platform, knows_release;
    bool knows_external;       /* keys of an external key manager, on a managed HSM */
    unsigned allowed;          /* when a verb is refused: bits 1 << kv_verb of those allowed */
    enum kv_fault_twist twist; /* what is to be wrong with the result */
};

static inline const struct kv_call *kv_call_of(const struct kv_request *request)
{
    return request->context;
}

/* The terms of a row: what its caller has to be allowed, and what else there is to say. */
#define KV_NEEDS(permission_, ...)                                                                 \
    &(const struct kv_terms)                                                                       \
    {                                                                                              \
        .permission = KV_PERMISSION_##permission_, __VA_ARGS__                                     \
    }

/* The terms of the route that was found; of rows of the data plane. */
static inline const struct kv_terms *kv_terms_of(const struct kv_route *route)
{
    return route->own;
}

/* The scope the domain works in for this request. */
static inline struct kv_scope kv_scope_of(const struct kv_request *request)
{
    return (struct kv_scope){
        .keys = request->app->keys,
        .vault = kv_call_of(request)->vault,
        .authority = request->authority,
        .now = request->now,
    };
}
