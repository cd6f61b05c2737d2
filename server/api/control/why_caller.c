/* SPDX-License-Identifier: Apache-2.0 */
/* The explainer: is the vault there, and does the caller get a token that it accepts? */
#include <string.h>
#include <strings.h>

#include "kv/access/firewall.h"
#include "why.h"

enum kv_code why_vault(struct why_question *question, struct why_finding *finding,
                       struct kv_err *err)
{
    const struct kv_vault *vault = question->vault;
    char mode[KV_SETTING_TEXT_SIZE];

    if (vault->deleted != 0) {
        SAY(finding->because, "the vault is deleted");
        SAY(finding->cure, "coffer vault recover %s", vault->name);
        return KV_FAIL(err, KV_VAULT_NOT_FOUND, 0, "The vault '%s' was not found.", vault->name);
    }
    kv_vault_setting_text(vault, KV_SETTING_ACCESS, mode);
    SAY(finding->because, "the vault is there, with access=%s", mode);
    return KV_OK;
}

static enum kv_code refuse_stranger(struct why_finding *finding, struct kv_err *err)
{
    SAY(finding->because, "there is no such identity, so it gets no token");
    SAY(finding->cure, "coffer identity create");
    return KV_FAIL(err, KV_UNAUTHORIZED, 0, "Identity not found");
}

static enum kv_code refuse_disabled(const struct why_question *question,
                                    struct why_finding *finding, struct kv_err *err)
{
    SAY(finding->because, "the identity is disabled: it gets no token, and one from before ends "
                          "with its time");
    SAY(finding->cure, "coffer identity enable %s", question->entry.name);
    return KV_FAIL(err, KV_UNAUTHORIZED, 0, "The identity is disabled.");
}

static enum kv_code refuse_foreigner(const struct why_question *question,
                                     struct why_finding *finding, struct kv_err *err)
{
    const char *tenant = kv_identity_tenant(question->request->app->identity);
    char issuer[KV_ISSUER_SIZE];

    kv_identity_issuer(tenant, issuer);
    SAY(finding->because, "the identity is of the tenant %s, and the vault of another",
        question->entry.tenant);
    SAY(finding->cure, "PATCH /control/v1/identities/%s {\"tenant\":\"%s\"}", question->entry.name,
        tenant);
    return KV_REFUSE(err, KV_TEXT_TOKEN_ISSUER, 0, issuer, question->principal.issuer);
}

static void tell_of_tokens(const struct why_question *question, struct why_finding *finding)
{
    char date[KV_ISO_DATE_SIZE];

    if (question->entry.revoked == KV_PRINCIPAL_NOT_REVOKED) {
        SAY(finding->because, "coffer gives the identity tokens that the vault accepts until they "
                              "expire");
        return;
    }
    kv_time_render_iso(question->entry.revoked, date);
    SAY(finding->because,
        "a token from before %s was revoked; one that coffer gives the identity "
        "now is accepted",
        date);
}

enum kv_code why_token(struct why_question *question, struct why_finding *finding,
                       struct kv_err *err)
{
    switch (kv_identity_auth(question->request->app->identity)) {
    case KV_AUTH_OFF:
        SAY(finding->because, "with --auth off nobody is asked for a token");
        return KV_OK;
    case KV_AUTH_ANY:
        SAY(finding->because, "with --auth any any token will do, and everybody is the "
                              "system-assigned identity");
        return KV_OK;
    case KV_AUTH_STRICT:
        break;
    }
    if (question->has_token) {
        return why_judge_token(question, finding, err);
    }
    if (!question->has_entry) {
        return refuse_stranger(finding, err);
    }
    if (question->entry.state == KV_PRINCIPAL_DISABLED) {
        return refuse_disabled(question, finding, err);
    }
    if (strcasecmp(question->entry.tenant, kv_identity_tenant(question->request->app->identity))
        != 0) {
        return refuse_foreigner(question, finding, err);
    }
    tell_of_tokens(question, finding);
    return KV_OK;
}

/* What would let the caller in from there. */
static void open_firewall(const struct why_question *question, enum kv_code code,
                          struct why_finding *finding)
{
    const char *vault = question->vault->name;

    if (code == KV_FORBIDDEN_BY_FIREWALL) {
        SAY(finding->cure, "coffer firewall allow --vault %s %s", vault, question->address);
    } else {
        SAY(finding->cure, "coffer firewall set --vault %s --public-access enabled", vault);
    }
}

enum kv_code why_firewall(struct why_question *question, struct why_finding *finding,
                          struct kv_err *err)
{
    char in_full[KV_CALLER_IN_FULL_SIZE];
    const struct kv_principal *who = &question->principal;
    const struct kv_network_question network = {
        .vault = question->vault,
        .client = question->address,
        .is_trusted = question->entry.trusted_service || kv_network_trusts(who->resource),
        .caller = question->caller,
        .caller_in_full = in_full,
        .now = question->request->now,
    };

    kv_caller_print_in_full(who, in_full);

    enum kv_code code = kv_network_check(question->request->app->access, &network, err);

    SAY(finding->because, "the firewall %s callers at %.64s",
        code == KV_OK ? "lets in" : "keeps out", question->address);
    if (code != KV_OK) {
        open_firewall(question, code, finding);
    }
    return code;
}

enum kv_code why_region(struct why_question *question, struct why_finding *finding,
                        struct kv_err *err)
{
    const struct kv_vault *vault = question->vault;

    SAY(finding->because, "the region of '%s' has failed over, so it is read-only", vault->name);
    if (!kv_permission_row(question->operation->permission)->changes) {
        return KV_OK;
    }
    SAY(finding->cure, "coffer scenario revert region-failover");
    return KV_REFUSE(err, KV_TEXT_VAULT_IS_READ_ONLY, 0, vault->name);
}
