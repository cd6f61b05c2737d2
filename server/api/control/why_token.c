/* SPDX-License-Identifier: Apache-2.0 */
/* The explainer: a certain token, judged as the gate of the data plane judges it (contract §2.2). */
#include <string.h>

#include "kv/app/api.h"
#include "why.h"

#define RESOURCE_SIZE (KV_PUBLIC_AUTHORITY_SIZE + sizeof("https://"))

/* How the refusals of tokens are told apart: by their text. */
static const struct {
    enum kv_text text;
    const char *because, *cure;
} rows[] = {
    { KV_TEXT_TOKEN_AUDIENCE, "the token is for another audience", "coffer token" },
    { KV_TEXT_TOKEN_ISSUER, "the token is of another tenant, or of an issuer that is not trusted",
      "coffer serve --trust-issuer, or a token of coffer's: coffer token" },
    { KV_TEXT_TOKEN_TOO_EARLY, "the token is not valid yet", "coffer token" },
    { KV_TEXT_TOKEN_REVOKED,
      "the session that the token is of was revoked, or the identity is "
      "disabled",
      "coffer token" },
    { KV_TEXT_TOKEN_EXPIRED, "the token has expired", "coffer token" },
    { KV_TEXT_TOKEN_KEY_UNKNOWN, "the token is signed by a key that nobody knows who is trusted",
      "coffer serve --trust-issuer, or a token of coffer's: coffer token" },
};

/* What challenges of the vault name: the domain that its host lies in. */
static void name_resource(const struct why_question *question, char ret_resource[RESOURCE_SIZE])
{
    const struct kv_app *app = question->request->app;
    char domain[KV_PUBLIC_AUTHORITY_SIZE], host[KV_VAULT_HOST_SIZE];

    if (kv_public_authority(&app->public_url, question->vault, domain)) {
        kv_public_resource(&app->public_url, domain);
    } else {
        kv_vault_host(question->vault, host);
        (void) snprintf(domain, sizeof(domain), "%s:%u", strchr(host, '.') + 1, app->port);
    }
    (void) snprintf(ret_resource, RESOURCE_SIZE, "https://%s", domain);
}

/* Whom the token is of. What is wrong with it is kept for its step to say; that it cannot be judged now
 * is an error. */
enum kv_code why_read_token(struct why_question *question, const char *token, struct kv_err *err)
{
    const struct kv_app *app = question->request->app;
    char resource[RESOURCE_SIZE];
    struct kv_token_verdict verdict;
    kv_time reissue_after;

    name_resource(question, resource);
    enum kv_code code = kv_token_check(app, question->vault->kind, resource, token,
                                       &question->principal, &verdict, &question->refusal);
    if (code == KV_OK && verdict.must_wait) {
        return KV_FAIL(err, KV_UNAVAILABLE, 0,
                       "The keys of the token's issuer are being fetched: ask again.");
    }
    question->is_known = code == KV_OK;
    if (code == KV_OK) {
        code = kv_token_check_standing(app, &question->principal, &verdict, &reissue_after,
                                       &question->refusal);
    }
    if (code != KV_OK && code != KV_UNAUTHORIZED) {
        *err = question->refusal;
        return code;
    }
    return KV_OK;
}

static void say_why(const struct kv_err *refusal, struct why_finding *finding)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (refusal->text == rows[i].text) {
            SAY(finding->because, "%s", rows[i].because);
            SAY(finding->cure, "%s", rows[i].cure);
            return;
        }
    }
    SAY(finding->because, "the token is malformed, or not signed by the key that it names");
    SAY(finding->cure, "coffer token");
}

enum kv_code why_judge_token(const struct why_question *question, struct why_finding *finding,
                             struct kv_err *err)
{
    if (question->refusal.code == KV_OK) {
        SAY(finding->because, "the vault accepts the token until it expires");
        return KV_OK;
    }
    say_why(&question->refusal, finding);
    *err = question->refusal;
    return err->code;
}
