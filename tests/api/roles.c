/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of a managed HSM's own operations, by their rows of err.def; all that is answered is
 * compared whole in tests/data/golden/managed_hsm_roles.txt. contract §9.2, §9.4, §12. */
#include "../support/api.h"

#include <stdio.h>

#define DEFINITIONS "/providers/Microsoft.Authorization/roleDefinitions/"
#define ASSIGNMENTS "/providers/Microsoft.Authorization/roleAssignments/"
#define NOBODYS "b36b00af-89c6-435f-a43d-9a3087015c27"

static struct client pool;

static void setup(void)
{
    client_open_hsm(&pool, api_daemon(), "pool");
}

static void teardown(void)
{
    client_close(&pool);
}
TestSuite(roles, .init = setup, .fini = teardown, .timeout = 120);

struct row {
    const char *method, *path, *body;
};

static void expect_refusals(const struct row *rows, size_t count, long status, const char *code,
                            const char *text)
{
    for (size_t i = 0; i < count; i++) {
        API_REPLY(reply, client_call(&pool, rows[i].method, rows[i].path, rows[i].body));
        char message[256];

        snprintf(message, sizeof(message), "%s (Activity ID: %s)", text,
                 reply_header(&reply, "x-ms-request-id"));
        cr_expect(reply_is_error(&reply, status, code, NULL, message), "%s %s", rows[i].method,
                  rows[i].path);
    }
}

Test(roles, INVALID_KEY_IDENTIFIER)
{
    static const struct row rows[] = {
        { "GET", "/keys/a_b", NULL },
        { "GET", "/secrets" ASSIGNMENTS NOBODYS, NULL },
        { "GET", "/keys/a_b" ASSIGNMENTS NOBODYS, NULL },
        { "GET", "/keyss" ASSIGNMENTS NOBODYS, NULL },
        { "GET", "/%2Fkeys%2Fa%2Fb" DEFINITIONS NOBODYS, NULL },
        { "DELETE", "/a" ASSIGNMENTS NOBODYS, NULL },
    };

    expect_refusals(rows, KV_COUNT(rows), 400, "Invalidkeyidentifier", "Invalid key identifier");
}

Test(roles, ROLE_DEFINITION_NOT_FOUND)
{
    static const struct row rows[] = {
        { "GET", DEFINITIONS NOBODYS, NULL },
        { "GET", "/keys" DEFINITIONS "name", NULL },
        { "DELETE", DEFINITIONS NOBODYS, NULL },
        { "PUT", ASSIGNMENTS NOBODYS,
          "{\"properties\":{\"roleDefinitionId\":\"" NOBODYS "\",\"principalId\":\"" NOBODYS
          "\"}}" },
    };

    expect_refusals(rows, KV_COUNT(rows), 404, "RoleDefinitionNotFound",
                    "Requested role definition not found");
}

Test(roles, ROLE_ASSIGNMENT_NOT_FOUND)
{
    static const struct row rows[] = {
        { "GET", ASSIGNMENTS NOBODYS, NULL },
        { "GET", "/keys/k" ASSIGNMENTS "name", NULL },
        { "DELETE", "/%2F" ASSIGNMENTS NOBODYS, NULL },
    };

    expect_refusals(rows, KV_COUNT(rows), 404, "RoleAssignmentNotFound",
                    "Requested role assignment not found");
}

Test(roles, ROLE_ASSIGNMENT_EXISTS)
{
    static const char name[] = ASSIGNMENTS "4a2b7890-d0d1-9fa7-2151-f2eb553aabf7";
    static const char body[] =
        "{\"properties\":{\"roleDefinitionId\":"
        "\"21dbd100-6940-42c2-9190-5d6cb909625b\",\"principalId\":\"" NOBODYS "\"}}";
    static const struct row rows[] = {
        { "PUT", "/keys/4a2b" ASSIGNMENTS "4a2b7890-d0d1-9fa7-2151-f2eb553aabf7", body },
        { "PUT", name,
          "{\"properties\":{\"roleDefinitionId\":\"33413926-3206-4cdd-b39a-83574fe37a17\","
          "\"principalId\":\"" NOBODYS "\"}}" },
    };
    API_REPLY(made, client_call(&pool, "PUT", name, body));

    cr_assert_eq(made.status, 201, "%ld %s", made.status, made.body);
    expect_refusals(rows, KV_COUNT(rows), 409, "RoleAssignmentExists",
                    "The role assignment already exists.");
}

Test(roles, NOT_OFFERED)
{
    static const struct row rows[] = {
        { "POST", "/backup", "{}" },
        { "PUT", "/restore", "{}" },
        { "GET", "/backup/1/pending", NULL },
        { "PUT", "/keys/k/restore", "{}" },
    };

    expect_refusals(rows, KV_COUNT(rows), 501, "NotImplemented",
                    "This emulator does not offer full backup and restore of a managed HSM. Back "
                    "up keys one by one.");
}
