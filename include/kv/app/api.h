/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/app/api.h - what main.c mounts on the listeners: one site each.
 *
 * The HTTPS port has the resource manager, the authority, and the data plane, which is api/gate around
 * the routes of api/keys and api/hsm; the control port has the routes of api/token and api/control.
 */
#pragma once

#include <cjson/cJSON.h>

#include "kv/app/app.h"
#include "kv/http/route.h"
#include "kv/identity/identity.h"
#include "kv/identity/principals.h"
#include "kv/journal/journal.h"

extern const struct kv_route kv_key_routes[];      /* api/keys */
extern const struct kv_route kv_hsm_routes[];      /* api/hsm */
extern const struct kv_route kv_token_routes[];    /* api/token */
extern const struct kv_route kv_control_routes[];  /* api/control */
extern const struct kv_route kv_resource_routes[]; /* api/resources */

/* api/gate: tells the journal of an answer, in an `after` of any site, whose requests are of that
 * kind. A challenge is one by its error. */
void kv_journal_answer(enum kv_journal_kind kind, const struct kv_request *request,
                       const struct kv_response *response, const struct kv_err *err,
                       int64_t micros);

/*
 * api/gate: the steps at which fault rules act, for any site that names its operations. On arrival:
 * once it is known whose vault is asked. On request: once its route and its caller are known. The
 * third one is for at_answer. One rule acts on a request.
 */
kv_handler_fn kv_fault_on_arrival, kv_fault_on_request, kv_fault_on_answer;

/* api/gate: what a step returns that has to be asked again because the keys of an issuer are being
 * fetched. It waits for a little while, KV_WAITS_MAX times at most, which is longer than a fetch takes;
 * then the request is KV_UNAVAILABLE. */
enum kv_code kv_wait_for_keys(struct kv_request *request) kv_must_check;

/*
 * api/gate: whether a vault or managed HSM that is asked under that resource (contract §2.1) accepts a
 * token, KV_UNAUTHORIZED with the texts of contract §2.2 if not; as kv_identity_verify() in the rest.
 * And whether the session that it is of has ended: then, where its client answers claims challenges,
 * *ret_reissue_after is what a new token has to be issued after. The first one never blocks.
 */
enum kv_code kv_token_check(const struct kv_app *app, enum kv_vault_kind kind, const char *resource,
                            const char *token, struct kv_principal *ret_principal,
                            struct kv_token_verdict *ret_verdict, struct kv_err *err) kv_must_check;
enum kv_code kv_token_check_standing(const struct kv_app *app, const struct kv_principal *principal,
                                     const struct kv_token_verdict *verdict,
                                     kv_time *ret_reissue_after, struct kv_err *err) kv_must_check;

/* api/gate: kv_identity_issue_order(), but a fault rule that has acted on the request may say what is
 * wrong with the token. */
enum kv_code kv_fault_issue(const struct kv_request *request, const struct kv_token_order *order,
                            struct kv_token *ret_token, struct kv_err *err) kv_must_check;

/* api/authority, of a request for that site: refuses as it does with that number, one of login.def;
 * and who logs in, as far as the request says so, with its client id alone if nobody has it. False:
 * it does not say. */
enum kv_code kv_authority_raise(const struct kv_request *request, unsigned number,
                                struct kv_err *err) kv_must_check;
bool kv_authority_find_caller(const struct kv_request *request,
                              struct kv_principal_entry *ret_who) kv_must_check;

/* api/gate: what fault rules say of a new connection, and of its client hello;
 * kv_listener_config.greet. */
struct kv_welcome kv_fault_greet(struct kv_app *app, const char *client, const char *server);

/*
 * api/gate: whether the token is open; gates that let requests wait for that, two minutes from their
 * arrival at most, and then answer as if the HSM were away: all of them, or those that may change
 * something. They hold up nobody once it is open, whatever becomes of it then.
 */
bool kv_token_is_open(const struct kv_app *app);
kv_handler_fn kv_hold_for_token, kv_hold_changes_for_token;

/* api/gate: the gates, errors and headers of the data plane. */
extern const struct kv_site kv_data_plane;

/* api/resources: the resource manager. */
extern const struct kv_site kv_resource_site;

/* api/front: the fronts of FHIR and DICOM services, on the HTTPS port by host. */
extern const struct kv_site kv_front_site;
extern const struct kv_route kv_front_routes[];

/* api/front: whether a request is for that site. */
bool kv_front_is_asked(const struct kv_request *request);
/*
 * api/front, of a request for that site: an answer that says what is wrong, as the service words it (an
 * OperationOutcome of FHIR, a sentence of DICOM). `code` NULL: by the status; `inner` NULL: none.
 */
enum kv_code kv_front_say(const struct kv_request *request, int status, const char *code,
                          const char *inner, const char *text, struct kv_response *response,
                          struct kv_err *err) kv_must_check;
/* Who asks, as far as that is known by now, all empty if not; borrowed from the request. NULL: it is not
 * known yet whose front is asked. */
const struct kv_principal *kv_front_caller(const struct kv_request *request);
/* The path without what may tell of a patient: "/Patient/{id}". */
#define KV_FRONT_PATH_SIZE 128
void kv_front_path(const struct kv_request *request, char ret_path[KV_FRONT_PATH_SIZE]);

/* api/graph: who there is, as clients ask for it that assign roles. */
extern const struct kv_site kv_graph_site;

/* api/authority: where clients log in, on the HTTPS port by host and by path. */
extern const struct kv_site kv_authority_site;

/* api/token: managed-identity endpoints. api/control: everything else of the control port. */
extern const struct kv_site kv_token_site;
extern const struct kv_site kv_control_site;

/*
 * What is running and where: version, pid, both ports and the first `vaults` vaults with their URLs;
 * the content of run.json and /control/v1/info.
 */
enum kv_code kv_control_describe(const struct kv_app *app, size_t vaults, cJSON **ret_description,
                                 struct kv_err *err) kv_must_check;
