/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of api/token share. */
#pragma once

#include "kv/app/app.h"

kv_handler_fn token_of_app_service, token_of_imds; /* token.c */
kv_handler_fn token_of_arc;                        /* arc.c */

/* How one kind of endpoint is asked, and answers. */
struct token_dialect {
    const char *header;       /* that proves the caller is no browser following a link, */
    const char *header_word;  /* and as refusals spell it */
    const char *header_value; /* NULL: any but an empty one */
    bool expires_as_date;
    bool confirms; /* tells which identity it is, by all of its ids */
};

/* What every dialect has in common: the header and the parameters, then the token or the refusal. */
enum kv_code token_check_header(const struct kv_request *request,
                                const struct token_dialect *dialect,
                                struct kv_err *err) kv_must_check;
enum kv_code token_answer(const struct kv_request *request, const struct token_dialect *dialect,
                          struct kv_response *response, struct kv_err *err) kv_must_check;

/* The managed identity that a request names, or the one it gets that names none; KV_BAD_PARAMETER
 * with the texts of control-plane.md §5.3, §5.4 for one that is not there, or is disabled. */
enum kv_code token_pick(const struct kv_request *request, struct kv_principal_entry *ret_entry,
                        struct kv_err *err) kv_must_check;

/* A parameter of the query; NULL: it is missing, or empty. */
const char *token_parameter(const struct kv_request *request, const char *name);

/* Whether the endpoint of App Service is asked, whose words for refusals are its own. */
bool token_is_of_app_service(const struct kv_request *request);

/* The body of a refusal: of App Service {"statusCode","message","correlationId"}, the last of which is
 * the request's id; of the others `word`, as OAuth 2.0 has it (RFC 6749 §5.2), and the description. */
enum kv_code token_render_refusal(const struct kv_request *request, int status, const char *word,
                                  const char *description, struct kv_response *response,
                                  struct kv_err *err) kv_must_check;
