/* SPDX-License-Identifier: Apache-2.0 */
/* Managing access by the control port: what is refused, what is shown, delays, and a reset. */
#include "access_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(access_control, .timeout = 120);

#define SOMEBODY "01ea9a65-813e-4238-8204-bf7328d63fc6"
#define GUID "aaaaaaaa-0000-4000-8000-000000000002"

Test(access_control, refuses_what_it_does_not_understand)
{
    static const struct {
        const char *method, *behind, *body;
        long status;
        const char *said;
    } rows[] = {
        { "GET", "/a_b/access", NULL, 400, "is not a valid vault name" },
        { "GET", "/none-such/access", NULL, 404, "There is no vault named 'none-such'." },
        { "POST", "/none-such/assignments", "{}", 404, "There is no vault named" },
        { "POST", "/strict/assignments", "[]", 400, "The body is not a JSON object." },
        { "POST", "/strict/assignments", "{}", 400, "Give whom it is for" },
        { "POST", "/strict/assignments", "{\"identity\":\"\",\"principal\":\"" SOMEBODY "\"}", 400,
          "Give whom it is for" },
        { "POST", "/strict/assignments", "{\"identity\":\"a b\",\"role\":\"owner\"}", 400,
          "There is no identity 'a b'." },
        { "POST", "/strict/assignments", "{\"principal\":\"me\",\"role\":\"owner\"}", 400,
          "The principal must be a GUID, which 'me' is not." },
        { "POST", "/strict/assignments", "{\"identity\":\"\"}", 400,
          "An assignment needs a role." },
        { "POST", "/strict/assignments", "{\"identity\":\"\",\"rolle\":\"owner\"}", 400,
          "'rolle' is not a member of this body: it can have identity, principal, role, scope, "
          "key, deny." },
        { "POST", "/strict/assignments", "{\"identity\":\"\",\"role\":7}", 400,
          "'role' has a value of the wrong type." },
        { "POST", "/strict/assignments", "{\"identity\":\"\",\"role\":\"cook\"}", 404,
          "There is no role 'cook'." },
        { "POST", "/strict/assignments",
          "{\"identity\":\"\",\"role\":\"owner\",\"scope\":\"here\"}", 400,
          "The scope 'here' does not reach the vault 'strict'" },
        { "DELETE", "/strict/assignments/" SOMEBODY, NULL, 404, "No role assignment" },
        { "PUT", "/strict/policies/me", "{\"permissions\":[]}", 400, "The principal must be" },
        { "PUT", "/strict/policies/" SOMEBODY, "{}", 400, "An access policy needs permissions." },
        { "PUT", "/strict/policies/" SOMEBODY, "{\"permissions\":[\"fly\"]}", 400,
          "'fly' is not a permission on keys of an access policy." },
        { "PUT", "/strict/policies/" SOMEBODY, "{\"permissions\":[7]}", 400,
          "permissions is a list of words" },
        { "PUT", "/strict/policies/" SOMEBODY, "{\"permissions\":[],\"application_id\":\"x\"}", 400,
          "The application must be a GUID" },
        { "DELETE", "/strict/policies/" SOMEBODY "?application_id=" GUID, NULL, 404,
          "has no access policy for" },
        { "PATCH", "/strict/access", "{}", 405, "only GET" },
        { "GET", "/strict/access?vault=x", NULL, 400,
          "'vault' is not a member of this query: it can have none." },
        { "GET", "?name=strict", NULL, 400, "'name' is not a member of this query" },
        { "PUT", "/strict?retention=7", NULL, 400, "'retention' is not a member of this query" },
        { "DELETE", "/strict/policies/" SOMEBODY "?aplication_id=" GUID, NULL, 400,
          "'aplication_id' is not a member of this query: it can have application_id." },
    };

    access_make_vault(api_daemon(), "strict", "{\"access\":\"rbac\"}");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, access_ask(api_daemon(), rows[i].method, rows[i].behind, rows[i].body));
        cr_expect_eq(reply.status, rows[i].status, "row %zu: %ld %s", i, reply.status, reply.body);
        cr_expect_not_null(strstr(reply.body, rows[i].said), "row %zu: %s", i, reply.body);
    }
}

Test(access_control, refuses_changes_of_a_vault_that_is_deleted)
{
    access_make_vault(api_daemon(), "gone", "{\"access\":\"rbac\"}");
    access_do(api_daemon(), "DELETE", "/gone", NULL, 200);
    access_do(api_daemon(), "GET", "/gone/access", NULL, 200);
    access_do(api_daemon(), "POST", "/gone/assignments", "{\"identity\":\"\",\"role\":\"owner\"}",
              409);
    access_do(api_daemon(), "PUT", "/gone/policies/" SOMEBODY, "{\"permissions\":[]}", 409);
}

Test(access_control, shows_who_may_do_what)
{
    access_make_vault(api_daemon(), "shown", "{\"access\":\"policy\"}");
    access_do(api_daemon(), "PUT", "/shown/policies/" SOMEBODY,
              "{\"permissions\":[\"GET\",\"all\"],\"application_id\":\"" GUID "\"}", 200);
    access_do(api_daemon(), "POST", "/shown/assignments",
              "{\"principal\":\"" SOMEBODY "\",\"role\":\"owner\",\"scope\":\"vault\","
              "\"deny\":true}",
              201);
    access_do(api_daemon(), "POST", "/shown/assignments",
              "{\"principal\":\"" SOMEBODY "\",\"role\":\"owner\",\"deny\":true}", 409);
    API_REPLY(reply, access_ask(api_daemon(), "GET", "/shown/access", NULL));
    cr_assert_eq(reply.status, 200);
    cr_expect_str_eq(reply_text(&reply, "access"), "policy");
    cr_expect_str_eq(reply_text(&reply, "policies.0.principal"), SOMEBODY);
    cr_expect_str_eq(reply_text(&reply, "policies.0.application_id"), GUID);
    cr_expect_str_eq(reply_text(&reply, "policies.0.permissions.0"), "get");
    cr_expect_str_eq(reply_text(&reply, "policies.0.permissions.1"), "all");
    cr_expect_str_eq(reply_text(&reply, "assignments.0.role"), "Owner");
    cr_expect(cJSON_IsTrue(reply_item(&reply, "assignments.0.deny")));
    cr_expect_null(reply_item(&reply, "assignments.0.since"));
    access_do(api_daemon(), "DELETE", "/shown/policies/" SOMEBODY "?application_id=" GUID, NULL,
              204);
}

static void expect_role(const char *method, const char *name, const char *body, long status,
                        const char *said)
{
    char target[128];
    const struct request request = {
        .method = method,
        .target = target,
        .body = body,
        .control = true,
    };
    API_CLIENT(dev);

    (void) snprintf(target, sizeof(target), "/control/v1/roles/%s", name);
    API_REPLY(reply, client_send(&dev, &request));
    cr_expect_eq(reply.status, status, "%s %s: %ld %s", method, name, reply.status, reply.body);
    cr_expect_not_null(strstr(reply.body, said), "%s %s: %s", method, name, reply.body);
}

Test(access_control, keeps_custom_roles)
{
    static const char body[] =
        "{\"name\":\"Wrapper\",\"data_actions\":[\"Microsoft.KeyVault/vaults/keys/*\"],"
        "\"not_data_actions\":[\"*/unwrap/action\"]}";
    API_CLIENT(dev);
    const char *name;

    expect_role("GET", "cook", NULL, 404, "There is no role 'cook'.");
    expect_role("PUT", "cook", body, 400, "must be a GUID");
    expect_role("PUT", GUID, "{\"name\":\"owner\"}", 409, "is named 'owner'");
    expect_role("PUT", GUID, "{\"dataActions\":[]}", 400, "is not a member");
    expect_role("PUT", GUID, body, 201, "\"built_in\":false");
    expect_role("PUT", GUID, body, 200, GUID);
    expect_role("GET", "00482A5A-887f-4fb3-b363-3b7fe8e74483", NULL, 200,
                "\"data_actions\":[\"Microsoft.KeyVault/vaults/*\"]");

    access_make_vault(api_daemon(), "custom", "{\"access\":\"rbac\"}");
    name = access_grant(api_daemon(), "custom", "wrapper", "");
    expect_role("DELETE", GUID, NULL, 409, "while it is assigned");
    API_REPLY(unwrap, client_call_vault(&dev, "custom", false, "POST", "/keys/k/unwrapkey", "{}"));
    cr_expect_eq(unwrap.status, 403);
    API_REPLY(wrap, client_call_vault(&dev, "custom", false, "POST", "/keys/k/wrapkey", "{}"));
    cr_expect_eq(wrap.status, 400, "%s", wrap.body);
    access_revoke(api_daemon(), "custom", name);
    expect_role("DELETE", GUID, NULL, 204, "");
}

#define PRINCIPAL "--principal", "01ea9a65-813e-4238-8204-bf7328d63fc6"

/* --assignment of one that was granted before. */
#define GRANTED "GRANTED"

/* What the shell sees, one command after another. */
static const struct {
    const char *words[12];
    int status;
    const char *said;
} commands[] = {
    { { "access", NULL }, 2, "Usage: coffer access COMMAND" },
    { { "access", "grant", "--role", "owner", "--principal", "me/x", NULL },
      1,
      "The principal must be a GUID, which 'me/x' is not." },
    { { "access", "grant", "--permissions", "get", "--principal", "me/x", NULL },
      1,
      "The principal must be a GUID, which 'me/x' is not." },
    { { "access", "grant", "--vault", "shell", NULL }, 2, "--role or --permissions says" },
    { { "access", "grant", "--role", "owner", "--permissions", "get", NULL },
      2,
      "give one of the two" },
    { { "access", "grant", "--permissions", "get", "--deny", NULL }, 2, "need a --role" },
    { { "access", "grant", "--role", "owner", "--identity", "me", PRINCIPAL, NULL },
      2,
      "are two persons" },
    { { "access", "grant", "--role", "owner", "--vault", "shelll", NULL },
      1,
      "There is no vault named 'shelll'." },
    { { "access", "grant", "--role", "cook", "--vault", "shell", NULL },
      1,
      "There is no role 'cook'." },
    { { "access", "list", "--vault", "shell", NULL }, 0, "access=rbac\n" },
    { { "access", "grant", "--vault", "shell", "--role", "key-vault-reader", PRINCIPAL, "--key",
        "k", NULL },
      0,
      "-" },
    { { "access", "grant", "--vault", "shell", "--role", "key-vault-reader", "--identity", "app",
        "--deny", NULL },
      0,
      "-" },
    { { "access", "grant", "--vault", "shell", "--permissions", "get,WRAPKEY", NULL }, 0, "" },
    { { "access", "grant", "--vault", "shell", "--permissions", "fly", NULL },
      1,
      "'fly' is not a permission" },
    { { "access", "list", "--vault", "shell", NULL }, 0, "  policy get wrapKey\n" },
    { { "access", "list", "--vault", "shell", NULL },
      0,
      "01ea9a65-813e-4238-8204-bf7328d63fc6  role 'Key Vault Reader' on /subscriptions/" },
    { { "access", "list", "--vault", "shell", NULL }, 0, "/vaults/shell/keys/k  named " },
    { { "access", "list", "--vault", "shell", NULL }, 0, "  deny 'Key Vault Reader' on " },
    { { "access", "revoke", "--vault", "shell", "--role", "key vault reader", PRINCIPAL, NULL },
      1,
      "There is no such role assignment." },
    { { "access", "revoke", "--vault", "shell", "--role", "key vault reader", PRINCIPAL, "--key",
        "K", NULL },
      0,
      "" },
    { { "access", "revoke", "--vault", "shell", "--role", "key vault reader", "--identity", "app",
        "--deny", NULL },
      0,
      "" },
    { { "access", "revoke", "--vault", "shell", "--assignment", GUID, NULL },
      1,
      "No role assignment '" },
    { { "access", "revoke", "--vault", "shell", "--assignment", GUID, "--role", "owner", NULL },
      2,
      "--assignment says all" },
    { { "access", "revoke", "--vault", "shell", "--assignment", GUID, "--deny", NULL },
      2,
      "need a --role" },
    { { "access", "grant", "--vault", "shell", "--role", "owner", PRINCIPAL, NULL }, 0, "-" },
    { { "access", "revoke", "--vault", "shell", "--assignment", GRANTED, NULL }, 0, "" },
    { { "access", "revoke", "--vault", "shell", "--assignment", GRANTED, NULL },
      1,
      "No role assignment '" },
    { { "access", "revoke", "--vault", "shell", NULL }, 0, "" },
    { { "access", "revoke", "--vault", "shell", NULL }, 1, "has no access policy for" },
};

Test(access_control, is_worked_by_coffer_access)
{
    char output[4096], granted[64] = "";

    access_make_vault(api_daemon(), "shell", "{\"access\":\"rbac\"}");
    for (size_t i = 0; i < KV_COUNT(commands); i++) {
        const char *words[16];
        size_t count = 0;

        for (; commands[i].words[count] != NULL; count++) {
            words[count] = commands[i].words[count];
            words[count] = strcmp(words[count], GRANTED) == 0 ? granted : words[count];
        }
        if (count > 1) {
            words[count++] = "--data";
            words[count++] = api_daemon()->folder;
        }
        words[count] = NULL;
        cr_expect_eq(program_run(words, output, sizeof(output)), commands[i].status, "row %zu: %s",
                     i, output);
        cr_expect_not_null(strstr(output, commands[i].said), "row %zu: %s", i, output);
        if (strcmp(commands[i].said, "-") == 0) {
            snprintf(granted, sizeof(granted), "%.*s", (int) strcspn(output, "\n"), output);
        }
    }
    API_REPLY(after, access_ask(api_daemon(), "GET", "/shell/access", NULL));
    cr_expect_not_null(strstr(after.body, "\"policies\":[],\"assignments\":[]"), "%s", after.body);
}

Test(access_control, asks_for_an_identity_by_name_alone)
{
    static const struct {
        const char *target;
        long status;
    } rows[] = {
        { "/control/v1/identity?nam=app", 400 },  { "/control/v1/identity?name=app", 200 },
        { "/control/v1/identity?NAME=app", 200 }, { "/control/v1/identity?name=app&x", 400 },
        { "/control/v1/clock?frozen=true", 400 }, { "/ready?probe=1", 200 },
        { "/metrics?format=prometheus", 200 },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct request request = {
            .method = "GET",
            .target = rows[i].target,
            .control = true,
        };
        API_REPLY(reply, client_send(&dev, &request));
        cr_expect_eq(reply.status, rows[i].status, "%s: %s", rows[i].target, reply.body);
    }
}

/* The HSM's own API makes the same assignment under as many names as it is given. */
Test(access_control, takes_back_all_that_are_alike_at_a_managed_hsm)
{
    static const char *const names[] = { GUID, "aaaaaaaa-0000-4000-8000-000000000003" };
    static const char role[] = "21dbd100-6940-42c2-9190-5d6cb909625b"; /* Crypto User */
    char body[512], path[160];

    access_make_vault(api_daemon(), "alike", "{\"kind\":\"hsm\"}");
    API_HSM_OF(api_daemon(), alike);
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        snprintf(path, sizeof(path), "/keys/k/providers/Microsoft.Authorization/roleAssignments/%s",
                 names[i]);
        snprintf(body, sizeof(body),
                 "{\"properties\":{\"principalId\":\"" SOMEBODY "\",\"roleDefinitionId\":"
                 "\"Microsoft.KeyVault/providers/Microsoft.Authorization/roleDefinitions/%s\"}}",
                 role);
        API_REPLY(made, client_call(&alike, "PUT", path, body));
        cr_assert_eq(made.status, 201, "%ld %s", made.status, made.body);
    }
    snprintf(body, sizeof(body), "{\"principal\":\"" SOMEBODY "\",\"role\":\"%s\",\"key\":\"k\"}",
             role);
    access_do(api_daemon(), "DELETE", "/alike/assignments", body, 204);
    API_REPLY(left, access_ask(api_daemon(), "GET", "/alike/access", NULL));
    cr_expect_null(strstr(left.body, "/keys/k"), "%s", left.body);
    access_do(api_daemon(), "DELETE", "/alike/assignments", body, 404);
}
