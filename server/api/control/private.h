/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of api/control share: the handlers that site.c lists. */
#pragma once

#include "kv/app/app.h"
#include "kv/base/json.h"

/* Where this machine reaches the vault: host and port, or the host that --public-url has for it. */
#define CONTROL_AUTHORITY_SIZE KV_PUBLIC_AUTHORITY_SIZE
void control_name_authority(const struct kv_app *app, const struct kv_vault *vault,
                            char ret_authority[CONTROL_AUTHORITY_SIZE]);

/* "url": the same as a URL. */
void control_add_url(cJSON *object, const struct kv_app *app, const struct kv_vault *vault,
                     bool *ok);

/* The object that the body is, for the caller to delete; refused when it gives a member twice. */
enum kv_code control_read_body(const struct kv_request *request, cJSON **ret_body,
                               struct kv_err *err) kv_must_check;

/*
 * Reads such a body into the zeroed `ret_args` by a table of its members. KV_BAD_PARAMETER for a
 * member that the table has not, or of another type: a misspelt one must not be ignored.
 */
enum kv_code control_bind_body(const struct kv_request *request, const struct kv_json_field *fields,
                               size_t count, void *ret_args, cJSON **ret_body,
                               struct kv_err *err) kv_must_check;

/* The same of an object within such a body. */
enum kv_code control_bind_object(const cJSON *object, const struct kv_json_field *fields,
                                 size_t count, void *ret_args, struct kv_err *err) kv_must_check;

/* For commands that need nothing said: KV_BAD_PARAMETER for a body that says something. */
enum kv_code control_refuse_members(const struct kv_request *request,
                                    struct kv_err *err) kv_must_check;

/* The vault that the path names; the second refuses one that is deleted. Release it. */
enum kv_code control_find_vault(const struct kv_request *request, const struct kv_vault **ret_vault,
                                struct kv_err *err) kv_must_check;
enum kv_code control_find_living_vault(const struct kv_request *request,
                                       const struct kv_vault **ret_vault,
                                       struct kv_err *err) kv_must_check;

/* Removes what the journal has of that vault; NULL: everything. */
void control_forget(const struct kv_app *app, const char *vault);

/* The steps that hold up those who wait for requests and for events: journal_wait.c, events_wait.c,
 * consumers.c. */
kv_handler_fn control_hold_waiters, control_hold_for_events, control_hold_for_consumers;

kv_handler_fn control_ready, control_health, control_ca, control_ca_p12, control_ca_jks,
    control_info, control_hsm;                                      /* state.c */
kv_handler_fn authority_describe, authority_keys, authority_attest; /* authority.c */
kv_handler_fn external_show, external_connect, external_make;       /* ekm.c */
kv_handler_fn control_openapi;                                      /* openapi.c */
kv_handler_fn control_metrics;                                      /* metrics.c */
kv_handler_fn control_vaults, control_vault_get, control_vault_put, control_vault_patch,
    control_vault_delete, control_vault_recover, control_vault_purge; /* vaults.c */
kv_handler_fn control_identity, control_access, control_policy_put, control_policy_delete,
    control_assignment_post, control_assignment_withdraw, control_assignment_delete; /* access.c */
kv_handler_fn control_role_get, control_role_put, control_role_delete;               /* roles.c */
kv_handler_fn fault_list, fault_add, fault_clear, fault_get, fault_change,
    fault_remove; /* faults.c */
kv_handler_fn identities_list, identities_get, identities_put, identities_patch, identities_delete,
    identities_disable, identities_enable, identities_recreate, identities_revoke,
    identities_member_add, identities_member_remove; /* identities.c */
kv_handler_fn identities_secret_add, identities_secret_remove, identities_certificate_add,
    identities_certificate_remove, identities_federated_add,
    identities_federated_remove;                            /* credentials.c */
extern const struct kv_route identities_routes[];           /* identity_routes.c */
extern const struct kv_route consumer_routes[];             /* consumers.c */
extern const struct kv_route keys_routes[];                 /* keys.c */
kv_handler_fn identities_token, identities_federated_token; /* tokens.c */
kv_handler_fn control_network_get, control_network_put, control_network_patch,
    control_network_allow, control_network_remove;            /* network.c */
kv_handler_fn control_why, control_why_post;                  /* why.c */
kv_handler_fn control_reset;                                  /* reset.c */
kv_handler_fn control_clock_get, control_clock_move;          /* time.c */
kv_handler_fn control_requests, control_requests_clear;       /* journal.c */
kv_handler_fn control_retries;                                /* journal_retries.c */
kv_handler_fn control_requests_wait, control_requests_expect; /* journal_wait.c */
kv_handler_fn control_events, control_events_clear,
    control_events_wait; /* events.c, events_wait.c */
kv_handler_fn scenario_list, scenario_get, scenario_apply, scenario_revert,
    state_digest; /* scenarios.c */
kv_handler_fn snapshot_list, snapshot_get, snapshot_save, snapshot_restore_order,
    snapshot_delete;                         /* snapshots.c */
kv_handler_fn seed_plant, seed_export;       /* seeds.c */
extern const struct kv_route state_routes[]; /* state_routes.c */
kv_handler_fn hsm_fault_list, hsm_fault_add, hsm_fault_clear, hsm_fault_get,
    hsm_fault_remove; /* hsm.c */
