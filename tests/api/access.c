/* SPDX-License-Identifier: Apache-2.0 */
/* Who may do what at a vault, and how the others are refused: contract §9.3, §14, §19 row 26. */
#include "access_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(access, .timeout = 120);

#define GUID "aaaaaaaa-0000-4000-8000-000000000001"
#define VERSION "0123456789abcdef0123456789abcdef"

/* Every row of the route table that a vault has, and whether the model role allows it. */
static const struct {
    const char *method, *path, *action, *key;
    bool is_allowed;
} operations[] = {
    { "GET", "/keys", "keys/read", NULL, true },
    { "GET", "/keys/k", "keys/read", "k", true },
    { "GET", "/keys/k/" VERSION, "keys/read", "k", true },
    { "GET", "/keys/k/versions", "keys/read", "k", true },
    { "GET", "/deletedkeys", "keys/read", NULL, true },
    { "GET", "/deletedkeys/k", "keys/read", "k", true },
    { "POST", "/keys/k/wrapkey", "keys/wrap/action", "k", true },
    { "POST", "/keys/k/" VERSION "/wrapkey", "keys/wrap/action", "k", true },
    { "POST", "/keys/k/unwrapkey", "keys/unwrap/action", "k", true },
    { "POST", "/keys/k/" VERSION "/unwrapkey", "keys/unwrap/action", "k", true },
    { "POST", "/keys/Some-Key/create", "keys/create/action", "Some-Key", false },
    { "PUT", "/keys/k", "keys/import/action", "k", false },
    { "PATCH", "/keys/k", "keys/update/action", "k", false },
    { "PATCH", "/keys/k/" VERSION, "keys/update/action", "k", false },
    { "DELETE", "/keys/k", "keys/delete", "k", false },
    { "POST", "/keys/restore", "keys/restore/action", NULL, false },
    { "POST", "/keys/k/release", "keys/release/action", "k", false },
    { "POST", "/keys/k/" VERSION "/release", "keys/release/action", "k", false },
    { "POST", "/keys/k/backup", "keys/backup/action", "k", false },
    { "POST", "/keys/k/rotate", "keys/rotate/action", "k", false },
    { "GET", "/keys/k/rotationpolicy", "keyrotationpolicies/read", "k", false },
    { "PUT", "/keys/k/rotationpolicy", "keyrotationpolicies/write", "k", false },
    { "DELETE", "/deletedkeys/k", "keys/purge/action", "k", false },
    { "POST", "/deletedkeys/k/recover", "keys/recover/action", "k", false },
    { "POST", "/keys/k/encrypt", "keys/encrypt/action", "k", false },
    { "POST", "/keys/k/" VERSION "/encrypt", "keys/encrypt/action", "k", false },
    { "POST", "/keys/k/decrypt", "keys/decrypt/action", "k", false },
    { "POST", "/keys/k/" VERSION "/decrypt", "keys/decrypt/action", "k", false },
    { "POST", "/keys/k/sign", "keys/sign/action", "k", false },
    { "POST", "/keys/k/" VERSION "/sign", "keys/sign/action", "k", false },
    { "POST", "/keys/k/verify", "keys/verify/action", "k", false },
    { "POST", "/keys/k/" VERSION "/verify", "keys/verify/action", "k", false },
};

static struct reply call(struct client *client, const char *vault, size_t i)
{
    bool reads = strcmp(operations[i].method, "GET") == 0;

    return client_call_vault(client, vault, false, operations[i].method, operations[i].path,
                             reads ? NULL : "{}");
}

Test(access, FORBIDDEN_BY_RBAC_of_every_operation_without_an_assignment)
{
    struct caller caller;
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "nothing", "{\"access\":\"rbac\"}");
    access_read_caller(api_daemon(), &caller);
    for (size_t i = 0; i < KV_COUNT(operations); i++) {
        API_REPLY(reply, call(&dev, "nothing", i));
        cr_expect(reply_is_error(&reply, 403, "Forbidden", "ForbiddenByRbac",
                                 access_rbac_text(&caller, "nothing", operations[i].action,
                                                  operations[i].key)),
                  "%s %s", operations[i].method, operations[i].path);
    }
}

Test(access, FORBIDDEN_BY_RBAC_of_all_but_get_wrap_and_unwrap_with_the_model_role)
{
    struct caller caller;
    API_CLIENT(dev);
    const char *name;

    access_make_vault(api_daemon(), "model", "{\"access\":\"rbac\"}");
    access_read_caller(api_daemon(), &caller);
    name = access_grant(api_daemon(), "model", ENCRYPTION_USER, "");
    for (size_t i = 0; i < KV_COUNT(operations); i++) {
        API_REPLY(reply, call(&dev, "model", i));
        if (operations[i].is_allowed) {
            cr_expect_neq(reply.status, 403, "%s %s", operations[i].method, operations[i].path);
            cr_expect_not_null(reply_header(&reply, "x-ms-keyvault-rbac-assignment-id"));
        } else {
            cr_expect(reply_is_error(&reply, 403, "Forbidden", "ForbiddenByRbac",
                                     access_rbac_text(&caller, "model", operations[i].action,
                                                      operations[i].key)),
                      "%s %s", operations[i].method, operations[i].path);
        }
    }
    access_revoke(api_daemon(), "model", name);
    cr_expect_eq(access_get(&dev, "model", false, "k"), 403, "the role was removed");
}

Test(access, of_a_resource_group_reaches_the_vault)
{
    API_CLIENT(dev);
    const char *name;

    access_make_vault(api_daemon(), "grouped", "{\"access\":\"rbac\"}");
    access_make_vault(api_daemon(), "grouped-2", "{\"access\":\"rbac\"}");
    cr_expect_eq(access_get(&dev, "grouped-2", false, "k"), 403);
    name = access_grant(api_daemon(), "grouped", "key-vault-crypto-service-release-user",
                        ",\"scope\":\"group\"");
    API_REPLY(reply, client_call_vault(&dev, "grouped-2", false, "POST", "/keys/k/release", "{}"));
    cr_expect_neq(reply.status, 403);
    access_revoke(api_daemon(), "grouped-2", name);
    API_REPLY(after, client_call_vault(&dev, "grouped-2", false, "POST", "/keys/k/release", "{}"));
    cr_expect_eq(after.status, 403);
}

Test(access, of_one_key_is_for_that_key)
{
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "one-key", "{\"access\":\"rbac\"}");
    (void) access_grant(api_daemon(), "one-key", "Key Vault Crypto Officer", ",\"key\":\"Mine\"");
    cr_expect_eq(access_get(&dev, "one-key", false, "mine"), 404);
    cr_expect_eq(access_get(&dev, "one-key", false, "other"), 403);
    API_REPLY(made, client_call_vault(&dev, "one-key", false, "POST", "/keys/mine/create",
                                      "{\"kty\":\"EC\"}"));
    cr_expect_eq(made.status, 200, "%s", made.body);
    API_REPLY(list, client_call_vault(&dev, "one-key", false, "GET", "/keys", NULL));
    cr_expect_eq(list.status, 403);
}

Test(access, is_granted_by_an_assignment_that_the_answer_names)
{
    const char *name;
    char wanted[64];
    size_t len = 0;
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "named", "{\"access\":\"rbac\"}");
    name = access_grant(api_daemon(), "named", ENCRYPTION_USER, "");
    for (const char *at = name; *at != '\0'; at++) {
        wanted[len] = *at;
        len += *at != '-';
    }
    wanted[len] = '\0';
    API_REPLY(list, client_call_vault(&dev, "named", false, "GET", "/keys", NULL));
    cr_expect_eq(list.status, 200);
    cr_expect_str_eq(reply_header(&list, "x-ms-keyvault-rbac-assignment-id"), wanted);
    cr_expect_not_null(strstr(list.headers, "act_addr_fam=InterNetwork"));
    cr_expect_lt(strstr(list.headers, "x-ms-keyvault-network-info"),
                 strstr(list.headers, "x-ms-keyvault-rbac-assignment-id"));
    cr_expect_lt(strstr(list.headers, "x-ms-keyvault-rbac-assignment-id"),
                 strstr(list.headers, "X-Content-Type-Options"));
    API_REPLY(missing, client_call_vault(&dev, "named", false, "GET", "/keys/missing", NULL));
    cr_expect_eq(missing.status, 404);
    cr_expect_str_eq(reply_header(&missing, "x-ms-keyvault-rbac-assignment-id"), wanted);
    API_REPLY(refused, client_call_vault(&dev, "named", false, "DELETE", "/keys/missing", NULL));
    cr_expect_eq(refused.status, 403);
    cr_expect_null(reply_header(&refused, "x-ms-keyvault-rbac-assignment-id"));
    API_REPLY(open, client_call(&dev, "GET", "/keys", NULL));
    cr_expect_null(reply_header(&open, "x-ms-keyvault-rbac-assignment-id"));
}

/* contract §19 row 26 */
Test(access, is_decided_after_route_and_version_and_before_body_and_lookup)
{
    static const struct {
        const char *method, *path, *body;
        long status;
        const char *code;
    } rows[] = {
        { "PUT", "/keys/k/backup?api-version=7.6", "{}", 400, "BadParameter" },
        { "GET", "/keys/k?api-version=foo", NULL, 400, "BadParameter" },
        { "GET", "/keys/k", NULL, 400, "BadParameter" },
        { "POST", "/keys/a_b/create?api-version=7.6", "{\"kty\":7}", 403, "Forbidden" },
        { "POST", "/keys/k/create?api-version=7.6", "{", 403, "Forbidden" },
        { "GET", "/keys/missing?api-version=7.6", NULL, 403, "Forbidden" },
    };
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "order", "{\"access\":\"rbac\"}");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct request request = {
            .method = rows[i].method,
            .target = rows[i].path,
            .body = rows[i].body,
            .host = "order.vault.localhost",
        };
        API_REPLY(reply, client_send(&dev, &request));
        cr_expect_eq(reply.status, rows[i].status, "row %zu: %s", i, reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.code"), rows[i].code, "row %zu", i);
    }

    const struct request nobody = {
        .method = "GET",
        .target = "/keys/k?api-version=7.6",
        .host = "order.vault.localhost",
        .without_token = true,
    };
    API_REPLY(reply, client_send(&dev, &nobody));
    cr_expect_eq(reply.status, 401);
}

static const char *policy_text(const struct caller *caller, const char *word)
{
    static char text[512];

    (void) snprintf(text, sizeof(text),
                    "The user, group or application '%s' does not have keys %s permission on key "
                    "vault 'policed;location=eastus'. For help resolving this issue, please see "
                    "https://go.microsoft.com/fwlink/?linkid=2125287",
                    caller->text, word);
    return text;
}

static struct reply call_policed(struct client *client, const char *operation)
{
    char path[64];

    (void) snprintf(path, sizeof(path), "/keys/k%s", operation);
    return client_call_vault(client, "policed", false, "POST", path, "{}");
}

Test(access, ACCESS_DENIED_without_an_access_policy_FORBIDDEN_BY_POLICY_without_unwrapKey)
{
    struct caller caller;
    char behind[128];
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "policed", "{\"access\":\"policy\"}");
    access_read_caller(api_daemon(), &caller);
    API_REPLY(before, call_policed(&dev, "/unwrapkey"));
    cr_expect(reply_is_error(&before, 403, "Forbidden", "AccessDenied",
                             policy_text(&caller, "unwrapKey")));

    (void) snprintf(behind, sizeof(behind), "/policed/policies/%s", caller.object_id);
    access_do(api_daemon(), "PUT", behind, "{\"permissions\":[\"get\",\"wrapkey\"]}", 200);
    API_REPLY(wrap, call_policed(&dev, "/wrapkey"));
    cr_expect_eq(wrap.status, 400, "%s", wrap.body);
    cr_expect_null(reply_header(&wrap, "x-ms-keyvault-rbac-assignment-id"));
    API_REPLY(unwrap, call_policed(&dev, "/unwrapkey"));
    cr_expect(reply_is_error(&unwrap, 403, "Forbidden", "ForbiddenByPolicy",
                             policy_text(&caller, "unwrapKey")));

    access_do(api_daemon(), "DELETE", behind, NULL, 204);
    access_do(api_daemon(), "DELETE", behind, NULL, 404);
    API_REPLY(after, call_policed(&dev, "/wrapkey"));
    cr_expect(
        reply_is_error(&after, 403, "Forbidden", "AccessDenied", policy_text(&caller, "wrapKey")));
}

Test(access, goes_by_the_mode_that_the_vault_has_now)
{
    struct caller caller;
    char behind[128];
    API_CLIENT(dev);

    access_read_caller(api_daemon(), &caller);
    access_make_vault(api_daemon(), "changing", NULL);
    cr_expect_eq(access_get(&dev, "changing", false, "k"), 404);
    access_do(api_daemon(), "PATCH", "/changing", "{\"access\":\"rbac\"}", 200);
    cr_expect_eq(access_get(&dev, "changing", false, "k"), 403);
    (void) access_grant(api_daemon(), "changing", "Key Vault Reader", "");
    cr_expect_eq(access_get(&dev, "changing", false, "k"), 404);
    access_do(api_daemon(), "PATCH", "/changing", "{\"access\":\"policy\"}", 200);
    cr_expect_eq(access_get(&dev, "changing", false, "k"), 403);
    (void) snprintf(behind, sizeof(behind), "/changing/policies/%s", caller.object_id);
    access_do(api_daemon(), "PUT", behind, "{\"permissions\":[\"all\"]}", 200);
    cr_expect_eq(access_get(&dev, "changing", false, "k"), 404);
    access_do(api_daemon(), "PATCH", "/changing", "{\"access\":\"open\"}", 200);
    cr_expect_eq(access_get(&dev, "changing", false, "k"), 404);
}

Test(access, is_not_inherited_by_a_later_vault_of_that_name)
{
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "twice", "{\"access\":\"rbac\"}");
    (void) access_grant(api_daemon(), "twice", "Key Vault Reader", "");
    cr_expect_eq(access_get(&dev, "twice", false, "k"), 404);
    access_do(api_daemon(), "DELETE", "/twice", NULL, 200);
    access_do(api_daemon(), "POST", "/twice/recover", "{}", 200);
    cr_expect_eq(access_get(&dev, "twice", false, "k"), 404, "it is the same vault");
    access_do(api_daemon(), "DELETE", "/twice", NULL, 200);
    access_do(api_daemon(), "POST", "/twice/purge", "{}", 204);
    access_make_vault(api_daemon(), "twice", "{\"access\":\"rbac\"}");
    cr_expect_eq(access_get(&dev, "twice", false, "k"), 403);
}

/* --- managed HSMs --- */

static bool is_refused_at_hsm(const struct reply *reply, const char *action, const char *scope)
{
    char message[256];

    (void) snprintf(message, sizeof(message),
                    "Not authorized to access Microsoft.KeyVault/managedHsm/%s on %s (Activity ID: "
                    "%s)",
                    action, scope, reply_header(reply, "x-ms-request-id"));
    return reply_is_error(reply, 403, "AccessDenied", NULL, message);
}

#define AUTHORIZATION "/providers/Microsoft.Authorization/"

Test(access, ACCESS_DENIED_of_every_operation_of_a_managed_hsm_without_a_role)
{
    static const struct {
        const char *method, *path, *action, *scope;
    } rows[] = {
        { "GET", "/keys", "keys/read/action", "/" },
        { "GET", "/keys/Some-Key", "keys/read/action", "/keys/Some-Key" },
        { "GET", "/keys/k/attestation", "keys/read/action", "/keys/k" },
        { "POST", "/keys/k/create", "keys/create", "/keys/k" },
        { "PATCH", "/keys/k", "keys/write/action", "/keys/k" },
        { "DELETE", "/keys/k", "keys/delete", "/keys/k" },
        { "DELETE", "/deletedkeys/k", "keys/deletedKeys/delete", "/keys/k" },
        { "POST", "/keys/restore", "keys/restore/action", "/" },
        { "POST", "/keys/k/unwrapkey", "keys/unwrap/action", "/keys/k" },
        { "POST", "/rng", "rng/action", "/" },
        { "GET", AUTHORIZATION "roleAssignments", "roleAssignments/read/action", "/" },
        { "GET", "/keys" AUTHORIZATION "roleAssignments", "roleAssignments/read/action", "/" },
        { "GET", "/keys/k" AUTHORIZATION "roleAssignments", "roleAssignments/read/action",
          "/keys/k" },
        { "GET", "/%2Fkeys%2Fk" AUTHORIZATION "roleAssignments", "roleAssignments/read/action",
          "/keys/k" },
        { "PUT", AUTHORIZATION "roleAssignments/" GUID, "roleAssignments/write/action", "/" },
        { "PUT", AUTHORIZATION "roleDefinitions/" GUID, "roleDefinitions/write/action", "/" },
        { "GET", "/settings", "settings/read/action", "/" },
        { "POST", "/backup", "backup/start/action", "/" },
    };

    access_make_vault(api_daemon(), "shut", "{\"kind\":\"hsm\",\"access\":\"rbac\"}");
    API_HSM_OF(api_daemon(), shut);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        bool reads = strcmp(rows[i].method, "GET") == 0;

        API_REPLY(reply, client_call(&shut, rows[i].method, rows[i].path, reads ? NULL : "{}"));
        cr_expect(is_refused_at_hsm(&reply, rows[i].action, rows[i].scope), "%s %s", rows[i].method,
                  rows[i].path);
    }
}

static long status_of(struct client *client, const char *method, const char *path, const char *body)
{
    API_REPLY(reply, client_call(client, method, path, body));
    return reply.status;
}

Test(access, of_a_managed_hsm_goes_by_the_scope_of_its_roles)
{
    static const struct {
        const char *more;
        long key_a, key_b, list, random;
    } rows[] = {
        { "", 404, 404, 200, 200 },
        { ",\"scope\":\"/keys\"", 404, 404, 200, 403 },
        { ",\"scope\":\"/keys/a\"", 404, 403, 403, 403 },
        { ",\"key\":\"A\"", 404, 403, 403, 403 },
    };

    access_make_vault(api_daemon(), "scoped", "{\"kind\":\"hsm\",\"access\":\"rbac\"}");
    API_HSM_OF(api_daemon(), scoped);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *name =
            access_grant(api_daemon(), "scoped", "Managed HSM Crypto User", rows[i].more);

        cr_expect_eq(access_get(&scoped, "scoped", true, "a"), rows[i].key_a, "row %zu", i);
        cr_expect_eq(access_get(&scoped, "scoped", true, "b"), rows[i].key_b, "row %zu", i);
        cr_expect_eq(status_of(&scoped, "GET", "/keys", NULL), rows[i].list, "row %zu", i);
        cr_expect_eq(status_of(&scoped, "POST", "/rng", "{\"count\":8}"), rows[i].random, "row %zu",
                     i);
        access_revoke(api_daemon(), "scoped", name);
        cr_expect_eq(access_get(&scoped, "scoped", true, "a"), 403, "row %zu", i);
    }
}

Test(access, of_a_managed_hsm_is_given_by_its_administrators_too)
{
    struct caller caller;
    char body[512];

    access_make_vault(api_daemon(), "admin", "{\"kind\":\"hsm\",\"access\":\"rbac\"}");
    access_read_caller(api_daemon(), &caller);
    API_HSM_OF(api_daemon(), admin);
    (void) access_grant(api_daemon(), "admin", "managed hsm administrator", "");
    cr_expect_eq(access_get(&admin, "admin", true, "k"), 403);
    (void) snprintf(body, sizeof(body),
                    "{\"properties\":{\"roleDefinitionId\":"
                    "\"21dbd100-6940-42c2-9190-5d6cb909625b\",\"principalId\":\"%s\"}}",
                    caller.object_id);
    cr_expect_eq(status_of(&admin, "PUT", "/keys/k" AUTHORIZATION "roleAssignments/" GUID, body),
                 201);
    cr_expect_eq(access_get(&admin, "admin", true, "k"), 404);
    cr_expect_eq(access_get(&admin, "admin", true, "l"), 403);
    cr_expect_eq(status_of(&admin, "DELETE", "/keys/k" AUTHORIZATION "roleAssignments/" GUID, NULL),
                 200);
    cr_expect_eq(access_get(&admin, "admin", true, "k"), 403);
}
