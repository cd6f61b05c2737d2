/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a service with a customer-managed key loses its access, each way by itself, and what it is told
 * then, from the first byte to the last: contract §9.3, control-plane.md §5.5.
 */
#include "model.h"

#include <stdio.h>
#include <string.h>

TestSuite(model, .timeout = 300);

#define RBAC "{\"access\":\"rbac\"}"
#define POLICY "{\"access\":\"policy\"}"
#define REVOKE                                                                                     \
    {                                                                                              \
        "DELETE", "/control/v1/vaults/{vault}/assignments",                                        \
            "{\"identity\":\"{id}\",\"role\":\"{role}\"}"                                          \
    }
#define NETWORK(settings)                                                                          \
    {                                                                                              \
        "PUT", "/control/v1/vaults/{vault}/network", settings                                      \
    }
#define IDENTITY(verb, behind, body)                                                               \
    {                                                                                              \
        verb, "/control/v1/identities/{id}" behind, body                                           \
    }
#define NO_ROLE                                                                                    \
    "Caller is not authorized to perform action on resource.\r\nIf role assignments, deny "        \
    "assignments or role definitions were changed recently, please observe propagation time.\r\n"  \
    "Caller: {caller}\r\nAction: 'Microsoft.KeyVault/vaults/keys/unwrap/action'\r\n"               \
    "Resource: '/subscriptions/{subscription}/resourcegroups/coffer/providers/"                    \
    "microsoft.keyvault/vaults/{vault}/keys/cmk'\r\nAssignment: (not found)\r\n"                   \
    "DenyAssignmentId: null\r\nDecisionReason: 'DeniedWithNoValidRBAC' \r\n"                       \
    "Vault: {vault};location=eastus\r\n"
#define NO_LOCAL_ROLE                                                                              \
    "Not authorized to access Microsoft.KeyVault/managedHsm/keys/unwrap/action on /keys/cmk"
#define NO_POLICY                                                                                  \
    "The user, group or application '{caller}' does not have keys unwrapKey permission on key "    \
    "vault '{vault};location=eastus'. For help resolving this issue, please see "                  \
    "https://go.microsoft.com/fwlink/?linkid=2125287"
#define CLOSED                                                                                     \
    "Client address is not authorized and caller is not a trusted service.\r\nClient address: "    \
    "127.0.0.1\r\nCaller: {caller}\r\nVault: {vault};location=eastus"
#define OFF                                                                                        \
    "Public network access is disabled and request is not from a trusted service nor via an "      \
    "approved private link.\r\nCaller: {in full}\r\nVault: {vault};location=eastus"
#define ISSUERS(tenant, found)                                                                     \
    "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/" tenant "/, "              \
    "https://sts.windows.net/f8cdef31-a31e-4b4a-93e4-5f571e91255a/, "                              \
    "https://sts.windows.net/e2d54eb5-3869-4f70-8578-dee5fc7331f4/, "                              \
    "https://sts.windows.net/33e01921-4d64-4f8c-a055-5bdaffd5e33d/, "                              \
    "https://sts.windows.net/975f013f-7f24-47e8-a7d3-abc4752bf346/, found "                        \
    "https://sts.windows.net/" found "/."
#define S2S " Error validating token: 'S2S12086'."

#define ALLOWED "" /* in place of a code */

struct model_case {
    struct model_row row;
    const char *code_of_hsm; /* NULL: a managed HSM has no such case */
    const char *message_of_hsm;
};

/* At a vault; and at a managed HSM with what it says in its place, where it has such a case. */
static const struct model_case cases[] = {
    { { "role-removed",
        RBAC,
        { REVOKE },
        false,
        403,
        "Forbidden",
        "ForbiddenByRbac",
        NO_ROLE,
        "authorization",
        "nothing that reaches the vault is granted" },
      "AccessDenied",
      NO_LOCAL_ROLE },
    { { "group-only",
        RBAC,
        { REVOKE,
          { "POST", "/control/v1/vaults/{vault}/assignments",
            "{\"identity\":\"{id}\",\"role\":\"{role}\",\"scope\":\"group\"}" } },
        false,
        200,
        NULL,
        NULL,
        NULL,
        NULL,
        "tokens that the vault accepts" },
      NULL,
      NULL },
    { { "made-anew",
        RBAC,
        { IDENTITY("POST", "/recreate", "{}") },
        true,
        403,
        "Forbidden",
        "ForbiddenByRbac",
        NO_ROLE,
        "authorization",
        "nothing that reaches the vault is granted" },
      "AccessDenied",
      NO_LOCAL_ROLE },
    { { "no-unwrap",
        POLICY,
        { { "PUT", "/control/v1/vaults/{vault}/policies/{oid}",
            "{\"permissions\":[\"get\",\"wrapKey\"]}" } },
        false,
        403,
        "Forbidden",
        "ForbiddenByPolicy",
        NO_POLICY,
        "authorization",
        "the access policy 'get wrapKey' does not include it" },
      NULL,
      NULL },
    { { "no-policy",
        POLICY,
        { { "DELETE", "/control/v1/vaults/{vault}/policies/{oid}", NULL } },
        false,
        403,
        "Forbidden",
        "AccessDenied",
        NO_POLICY,
        "authorization",
        "nothing" },
      NULL,
      NULL },
    { { "closed",
        RBAC,
        { NETWORK("{\"defaultAction\":\"Deny\"}") },
        false,
        403,
        "Forbidden",
        "ForbiddenByFirewall",
        CLOSED,
        "firewall",
        "keeps out callers at 127.0.0.1" },
      "ForbiddenByFirewall",
      CLOSED },
    { { "trusted",
        RBAC,
        { NETWORK("{\"defaultAction\":\"Deny\",\"bypass\":\"AzureServices\"}"),
          IDENTITY("PATCH", "", "{\"trusted\":true}") },
        false,
        200,
        NULL,
        NULL,
        NULL,
        NULL,
        "tokens that the vault accepts" },
      ALLOWED,
      NULL },
    { { "public-off",
        RBAC,
        { NETWORK("{\"publicNetworkAccess\":\"Disabled\"}") },
        false,
        403,
        "Forbidden",
        "ForbiddenByConnection",
        OFF,
        "firewall",
        "keeps out callers at 127.0.0.1" },
      "ForbiddenByConnection",
      OFF },
    { { "foreign",
        RBAC,
        { IDENTITY("PATCH", "", "{\"tenant\":\"" MODEL_OTHER "\"}") },
        true,
        401,
        "Unauthorized",
        NULL,
        ISSUERS(MODEL_TENANT, MODEL_OTHER),
        "token",
        MODEL_OTHER },
      "Unauthorized",
      ISSUERS(MODEL_TENANT, MODEL_OTHER) },
};

/* Of a daemon of their own, with --revocation immediate: they move its clock. */
static const struct model_row of_tokens[] = {
    { "expired",
      RBAC,
      { { "POST", "/control/v1/clock", "{\"advance\":\"P2D\",\"tokens\":\"age\"}" } },
      false,
      401,
      "Unauthorized",
      NULL,
      "[TokenExpired]" S2S,
      NULL,
      "until they expire" },
    { "revoked",
      RBAC,
      { IDENTITY("POST", "/revoke", "{}") },
      false,
      401,
      "Unauthorized",
      NULL,
      "[TokenRevoked]" S2S,
      NULL,
      "was revoked" },
    { "disabled",
      RBAC,
      { IDENTITY("POST", "/disable", "{}") },
      false,
      401,
      "Unauthorized",
      NULL,
      "[TokenRevoked]" S2S,
      "token",
      "the identity is disabled" },
    { "deleted",
      RBAC,
      { IDENTITY("DELETE", "", NULL) },
      false,
      401,
      "Unauthorized",
      NULL,
      "[TokenRevoked]" S2S,
      "token",
      "there is no such identity" },
};

static void run(const struct daemon *daemon, const struct model_row *row, bool is_hsm)
{
    __attribute__((cleanup(model_end))) struct model model;

    model_begin(&model, daemon, row, is_hsm);
    for (size_t i = 0; i < MODEL_ACTS && row->act[i].method != NULL; i++) {
        model_act(&model, &row->act[i]);
    }
    if (row->anew) {
        model_log_in(&model);
    }
    model_expect(&model, row);
}

Test(model, of_a_vault_is_refused_as_the_service_does)
{
    for (size_t i = 0; i < KV_COUNT(cases); i++) {
        run(api_daemon(), &cases[i].row, false);
    }
}

Test(model, of_a_managed_hsm_is_refused_as_the_service_does)
{
    unsigned count = 0;

    for (size_t i = 0; i < KV_COUNT(cases); i++) {
        const char *code = cases[i].code_of_hsm;
        struct model_row row = cases[i].row;

        if (code == NULL) {
            continue;
        }
        row.code = *code != '\0' ? code : NULL;
        row.inner = NULL;
        row.message = cases[i].message_of_hsm;
        run(api_daemon(), &row, true);
        count++;
    }
    cr_expect_eq(count, 6);
}

/* --- tokens --- */

static void start(struct daemon *own, const char *tenant)
{
    const char *const arguments[] = { "--vault", "dev", "--revocation", "immediate", "--tenant",
                                      tenant,    NULL };

    cr_assert(daemon_start(own, arguments));
}

Test(model, of_a_token_is_refused_as_the_service_does)
{
    struct daemon own;

    daemon_prepare(&own);
    start(&own, MODEL_TENANT);
    for (size_t i = 0; i < KV_COUNT(of_tokens); i++) {
        run(&own, &of_tokens[i], false);
        run(&own, &of_tokens[i], true);
    }
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

/* What it may do is there, and its key; the vault knows its issuer no more, nor it the vault's. */
Test(model, of_a_vault_whose_tenant_has_moved)
{
    static const struct model_row row = { "moved",   RBAC,
                                          { { 0 } }, false,
                                          401,       "Unauthorized",
                                          NULL,      ISSUERS(MODEL_OTHER, MODEL_TENANT),
                                          "token",   MODEL_TENANT };
    __attribute__((cleanup(model_end))) struct model model;
    struct daemon own;

    daemon_prepare(&own);
    start(&own, MODEL_TENANT);
    model_begin(&model, &own, &row, false);
    cr_assert(daemon_stop(&own));
    start(&own, MODEL_OTHER);
    model.tenant = MODEL_OTHER;
    model_expect(&model, &row);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

/* --- what it may not do --- */

/* To read is to list, too, and at a vault what was deleted: contract §14. */
Test(model, of_a_service_may_get_wrap_and_unwrap_and_nothing_else)
{
    static const struct {
        const char *method, *path, *body;
    } others[] = {
        { "POST", "/keys/cmk/encrypt", "{}" },
        { "POST", "/keys/cmk/decrypt", "{}" },
        { "POST", "/keys/cmk/sign", "{}" },
        { "POST", "/keys/cmk/verify", "{}" },
        { "POST", "/keys/cmk/create", "{}" },
        { "PUT", "/keys/cmk", "{}" },
        { "PATCH", "/keys/cmk", "{}" },
        { "POST", "/keys/cmk/backup", NULL },
        { "POST", "/keys/cmk/rotate", NULL },
        { "POST", "/keys/cmk/release", "{}" },
        { "POST", "/deletedkeys/cmk/recover", NULL },
        { "DELETE", "/deletedkeys/cmk", NULL },
        { "PUT", "/keys/cmk/rotationpolicy", "{}" },

        { "DELETE", "/keys/cmk", NULL },
        { "POST", "/keys/restore", "{}" },
    };
    static const struct model_row row = { .name = "model", .access = RBAC };

    for (int is_hsm = 0; is_hsm < 2; is_hsm++) {
        __attribute__((cleanup(model_end))) struct model model;

        model_begin(&model, api_daemon(), &row, is_hsm);
        for (size_t i = 0; i < KV_COUNT(others); i++) {
            API_REPLY(reply, client_call_vault(&model.client, model.name, is_hsm, others[i].method,
                                               others[i].path, others[i].body));
            cr_expect_eq(reply.status, 403, "%s %s: %ld %s", others[i].method, others[i].path,
                         reply.status, reply.body);
        }
        model_expect_use(&model);
    }
}
