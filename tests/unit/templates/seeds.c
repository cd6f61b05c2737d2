/* SPDX-License-Identifier: Apache-2.0 */
/* The templates of the two FHIR documents: control-plane.md §0. Ours stand for them; the documents'
 * own are read where their folder is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "fixture.h"
#include "kv/base/json.h"

TestSuite(template_seeds, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

#define ROLE "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"

static char *read_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    char *text = calloc(1, 100000);

    cr_assert_not_null(file, "%s", path);
    cr_assert_lt(fread(text, 1, 99999, file), 99999);
    fclose(file);
    return text;
}

static void plan_file(const char *path, const char *parameters)
{
    char *text = read_file(path);

    fixture_accept(text, parameters);
    free(text);
}

/* What waits for what: names are those of the parameters. */
static void expect_waits(const char *end_of_id, const char *const *before)
{
    const struct kv_template_resource *resource =
        kv_template_plan_at(fixture_made, fixture_find(end_of_id));
    size_t count = 0;

    for (; before[count] != NULL; count++) {
        size_t place = fixture_find(before[count]);
        bool waits = false;

        for (size_t i = 0; i < resource->before_count; i++) {
            waits |= resource->before[i] == place;
        }
        cr_expect(waits, "%s for %s", end_of_id, before[count]);
    }
    cr_expect_eq(resource->before_count, count, "%s", end_of_id);
}

/* Vault, identity and workspace; then the key, the grant, the service. */
static void expect_user_assigned(void)
{
    static const char grant[] = "roleAssignments/4e2a2a43-b25a-5f00-96bc-82aff26bf5db";
    char *body;

    cr_assert_eq(kv_template_plan_count(fixture_made), 6);
    expect_waits("vaults/kv1", (const char *[]){ NULL });
    expect_waits("userAssignedIdentities/id1", (const char *[]){ NULL });
    expect_waits("workspaces/ws1", (const char *[]){ NULL });
    expect_waits("vaults/kv1/keys/k1", (const char *[]){ "vaults/kv1", NULL });
    expect_waits(grant, (const char *[]){ "keys/k1", "userAssignedIdentities/id1", NULL });
    expect_waits("fhirservices/fs1", (const char *[]){ "workspaces/ws1", grant, "keys/k1", NULL });
    body = fixture_body(fixture_find(grant));
    cr_expect(strstr(body, "\"roleDefinitionId\":\"" GROUP "/providers/Microsoft.Authorization/"
                           "roleDefinitions/" ROLE "\"")
                  != NULL,
              "%s", body);
    cr_expect(strstr(body, "\"principalId\":\"p1\"") != NULL, "%s", body);
    free(body);
    body = fixture_body(fixture_find("fhirservices/fs1"));
    cr_expect(strstr(body,
                     "\"identity\":{\"type\":\"userAssigned\",\"userAssignedIdentities\":{\"" GROUP
                     "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/id1\":{}}}")
                  != NULL,
              "%s", body);
    cr_expect(strstr(body, "\"keyEncryptionKeyUrl\":\"https://v.vault.azure.net/keys/k/1\"")
                  != NULL,
              "%s", body);
    free(body);
    body = fixture_body(fixture_find("keys/k1"));
    cr_expect(strstr(body, "\"curveName\":\"P-256\"") != NULL, "%s", body);
    free(body);
    cr_expect(strstr(fixture_asked, "vaults/kv1/keys/k1 2022-07-01\n") != NULL, "%s",
              fixture_asked);
    cr_expect(strstr(fixture_asked, "userAssignedIdentities/id1 2023-01-31\n") != NULL);
}

Test(template_seeds, of_a_user_assigned_identity_are_planned_in_the_documents_order)
{
    plan_file(DATA_FOLDER "/user-assigned.json",
              "{\"vault\": {\"value\": \"kv1\"}, \"key\": {\"value\": \"k1\"}, \"caretaker\": "
              "{\"value\": "
              "\"id1\"}, \"workspace\": {\"value\": \"ws1\"}, \"service\": {\"value\": \"fs1\"}, "
              "\"grant\": "
              "{\"value\": \"fhir-cmk-role\"}, \"directory\": {\"value\": \"t1\"}}");
    expect_user_assigned();
}

Test(template_seeds, of_a_system_assigned_identity_are_planned)
{
    plan_file(DATA_FOLDER "/system-assigned.json",
              "{\"service\": {\"value\": \"ws1\"}, \"keyUrl\": {\"value\": \"\"}, \"labels\": "
              "{\"value\": "
              "{\"a\": \"b\"}}}");
    char *body = fixture_body(fixture_find("workspaces/ws1/dicomservices/images"));
    cr_expect_str_eq(body,
                     "{\"location\":\"North Europe\",\"tags\":{\"a\":\"b\"},\"identity\":{\"type\":"
                     "\"SystemAssigned\"},\"properties\":{\"encryption\":{"
                     "\"customerManagedKeyEncryption\":{\"keyEncryptionKeyUrl\":\"\"}}}}");
    free(body);
}

Test(template_seeds, of_the_documents_are_planned_where_they_are)
{
    if (access(SEED_FOLDER "/template-user-assigned.json", R_OK) != 0) {
        cr_skip_test("the documents' own templates are not here");
    }
    plan_file(
        SEED_FOLDER "/template-user-assigned.json",
        "{\"workspaceName\": {\"value\": \"ws1\"}, \"fhirServiceName\": {\"value\": \"fs1\"}, "
        "\"keyVaultName\": {\"value\": \"kv1\"}, \"keyName\": {\"value\": \"k1\"}, "
        "\"userAssignedIdentityName\": {\"value\": \"id1\"}, \"roleAssignmentName\": {\"value\": "
        "\"fhir-cmk-role\"}, \"tenantId\": {\"value\": \"t1\"}}");
    expect_user_assigned();
    plan_file(
        SEED_FOLDER "/template-system-assigned.json",
        "{\"workspaceName\": {\"value\": \"ws1\"}, \"fhirServiceName\": {\"value\": \"fs1\"}, "
        "\"keyEncryptionKeyUrl\": {\"value\": \"https://x\"}}");
    cr_expect_str_eq(kv_template_plan_at(fixture_made, 0)->id,
                     GROUP "/providers/Microsoft.HealthcareApis/workspaces/ws1/fhirservices/fs1");
}
