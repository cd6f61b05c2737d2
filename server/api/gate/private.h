/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - what the files of api/gate share.
 */
#pragma once

#include <stdbool.h>

#include "kv/app/app.h"
#include "kv/http/route.h"
#include "kv/identity/caller.h"

/*
 * The resource a challenge names: the parent domain of the request's host, with its port
 * (clients.md §0.3, §0.5); the authority itself where the host is no vault's name.
 */
#define RESOURCE_SIZE 320
void gate_resource(const struct kv_request *request, char ret_resource[RESOURCE_SIZE]);

/* The gate that asks who calls (contract §2). */
kv_handler_fn gate_authenticate;
/* The gate that finds out who the client is: behind a proxy that is trusted, the one that it names.
 * All that follow, and the answer's headers, see that address. */
kv_handler_fn gate_find_client;

/* The gate that asks whether the vault can be reached from there (contract §9.3). */
kv_handler_fn gate_firewall;

/* The gate that asks whether the caller may do that (contract §9.3, §19 row 26). */
kv_handler_fn gate_authorize;

/* What it asks about a request whose route and caller are known, and room for what is in no request;
 * stays where it is. */
struct gate_question {
    struct kv_access_question question;
    char groups[KV_PRINCIPAL_GROUPS_MAX][KV_UUID_LENGTH + 1];
    char caller[KV_CALLER_SIZE];
};
enum kv_code gate_ask(const struct kv_request *request, struct gate_question *ret_asked,
                      struct kv_err *err) kv_must_check;

/* The gate that keeps changes from a vault that is read-only. */
kv_handler_fn gate_read_only;

/* The gate that holds up what needs the token until that is open. */
kv_handler_fn gate_await_token;

/* The gate that answers 429 once the vault is over its limit (contract §13). */
kv_handler_fn gate_throttle;

/* Whether the call came to a managed HSM; false until this is known. */
static inline bool gate_is_hsm(const struct kv_request *request)
{
    const struct kv_call *call = kv_call_of(request);

    return call != NULL && call->vault != NULL && call->vault->kind == KV_MANAGED_HSM;
}

/* Words a refusal for the host that was asked: a vault or a managed HSM, of the build that is
 * shown. Until this is known, it is a vault. */
void gate_word(const struct kv_request *request, struct kv_err *err);

/* Appends the Activity ID to the message (contract §9.1). A message that leaves no room for it is
 * cut, so that the id is always whole. */
void gate_append_activity(const struct kv_request *request, struct kv_err *err);

/*
 * The HTML pages of contract §9.8: that of the layer in front of the web server, and the web
 * server's own. `message` is a literal of ours, as the row is: nothing in them needs escaping.
 */
enum kv_code gate_render_page(const struct kv_err_row *row, const char *message,
                              struct kv_response *response, struct kv_err *err) kv_must_check;
enum kv_code gate_render_site_page(const struct kv_err_row *row, const char *message,
                                   struct kv_response *response, struct kv_err *err) kv_must_check;

/* The site's hooks: how its answers look, and its access log. */
void gate_render_error(struct kv_request *request, const struct kv_err *err,
                       struct kv_response *response);
void gate_finish(struct kv_request *request, struct kv_response *response);
void gate_log_access(const struct kv_request *request, const struct kv_response *response,
                     const struct kv_err *err, int64_t micros);
