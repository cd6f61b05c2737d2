/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The documents' templates, unchanged, from the first line to the last: what they leave, that deploying them again
 * changes nothing, and what-if says so (control-plane.md §0). The documents' own are read where ../shared/seeds is
 * beside the sources; those of the project, with every trait of them, always.
 */
#include "deployments_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/buf.h"
#include "kv/base/files.h"

static struct daemon own;

/* Without --unknown-resources: every type of theirs is known. */
static void start(void)
{
    api_begin(&own, (const char *const[]){ NULL });

    API_CLIENT_OF(&own, dev);
    arm_make_group(&dev, "rg1");
}

static void stop(void)
{
    api_end(&own);
}

TestSuite(deployments_documents, .init = start, .fini = stop, .timeout = 180);

#define VAULT GROUP_ID("rg1") "/providers/Microsoft.KeyVault/vaults/traits1"
#define HEALTH GROUP_ID("rg1") "/providers/Microsoft.HealthcareApis/workspaces/"
#define VAULT_VERSION "2022-07-01"
#define HEALTH_VERSION "2023-11-01"
#define ROLE_VERSION "2022-04-01"
#define OFFICER "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
#define ENCRYPTION_USER "e147488a-f6f5-4113-8e2d-b22465e65bf6"
#define KEY_MEMBER "properties.encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl"

static struct reply get(struct client *client, const char *path, const char *version)
{
    struct reply reply = arm_ask(client, "GET", path, version, NULL);

    cr_assert_eq(reply.status, 200, "%s: %s", path, reply.body);
    return reply;
}

static void put(struct client *client, const char *path, const char *version, const char *body)
{
    API_REPLY(reply, arm_ask(client, "PUT", path, version, body));
    cr_assert(reply.status == 200 || reply.status == 201, "%s: %s", path, reply.body);
}

static void expect_no_change(struct client *client, const char *body)
{
    API_REPLY(changes, deployments_act(client, "one", "whatIf", body));
    const cJSON *change;

    cr_assert_eq(changes.status, 200, "%s", changes.body);
    cr_expect_gt(cJSON_GetArraySize(reply_item(&changes, "properties.changes")), 0);
    cJSON_ArrayForEach (change, reply_item(&changes, "properties.changes")) {
        const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(change, "changeType"));

        cr_expect(strcmp(type, "NoChange") == 0 || strcmp(type, "Ignore") == 0, "%s", changes.body);
    }
}

static void expect_encrypted(struct client *client, const char *service)
{
    char target[128];

    snprintf(target, sizeof(target), "/control/v1/consumers/%s", service);
    API_REPLY(reply, client_send(client, &(const struct request){
                                             .method = "GET", .target = target, .control = true }));
    cr_expect_str_eq(reply_text(&reply, "state"), "encrypted", "%s", reply.body);
}

static void skip_without(const char *path)
{
    if (access(path, R_OK) != 0) {
        cr_skip_test("the documents' own templates are not here");
    }
}

/* ---- A user-assigned identity ------------------------------------------------------------------ */

#define THEIRS                                                                                     \
    "{\"keyVaultName\":{\"value\":\"traits1\"},\"keyName\":{\"value\":\"cmk\"},"                   \
    "\"userAssignedIdentityName\":{\"value\":\"carer\"},\"workspaceName\":{\"value\":\"ws1\"},"    \
    "\"fhirServiceName\":{\"value\":\"fhir1\"},\"roleAssignmentName\":{\"value\":\"grant-1\"},"    \
    "\"tenantId\":{\"value\":\"" TENANT "\"}}"

static void expect_vault(struct client *client)
{
    API_REPLY(vault, get(client, VAULT, VAULT_VERSION));
    cr_expect(cJSON_IsTrue(reply_item(&vault, "properties.enablePurgeProtection")), "%s",
              vault.body);
    cr_expect(cJSON_IsTrue(reply_item(&vault, "properties.enableRbacAuthorization")));
    cr_expect(cJSON_IsTrue(reply_item(&vault, "properties.enableSoftDelete")));
    cr_expect_str_eq(reply_text(&vault, "properties.sku.name"), "standard");
    cr_expect_str_eq(reply_text(&vault, "properties.tenantId"), TENANT);
}

static void expect_key(struct client *client, char ret_url[512])
{
    API_REPLY(key, get(client, VAULT "/keys/cmk", VAULT_VERSION));
    char *ops = cJSON_PrintUnformatted(reply_item(&key, "properties.keyOps"));

    cr_expect_str_eq(reply_text(&key, "properties.kty"), "RSA");
    cr_expect_eq(reply_number(&key, "properties.keySize"), 2048);
    cr_expect_null(reply_item(&key, "properties.curveName"), "%s", key.body);
    cr_expect(strstr(ops, "\"wrapKey\"") != NULL && strstr(ops, "\"unwrapKey\"") != NULL, "%s",
              ops);
    cr_expect_eq(cJSON_GetArraySize(reply_item(&key, "properties.keyOps")), 2);
    cJSON_free(ops);
    snprintf(ret_url, 512, "%s", reply_text(&key, "properties.keyUriWithVersion"));
}

/* That the list of the group's own assignments has that one, and no other. */
static void expect_role(struct client *client, const char *principal)
{
    API_REPLY(roles, get(client,
                         GROUP_ID("rg1") "/providers/Microsoft.Authorization/roleAssignments?"
                                         "$filter=atScope()",
                         ROLE_VERSION));
    const cJSON *role;
    int count = 0;

    cJSON_ArrayForEach (role, reply_item(&roles, "value")) {
        const cJSON *properties = cJSON_GetObjectItem(role, "properties");
        const char *who = cJSON_GetStringValue(cJSON_GetObjectItem(properties, "principalId"));
        const char *what =
            cJSON_GetStringValue(cJSON_GetObjectItem(properties, "roleDefinitionId"));
        const char *where = cJSON_GetStringValue(cJSON_GetObjectItem(properties, "scope"));

        count += strcmp(who, principal) == 0 && strstr(what, OFFICER) != NULL
                 && strcmp(strrchr(where, '/'), "/rg1") == 0;
    }
    cr_expect_eq(count, 1, "%s", roles.body);
}

static void expect_user_assigned(struct client *client)
{
    char url[512];
    API_REPLY(identity, get(client,
                            GROUP_ID("rg1") "/providers/Microsoft.ManagedIdentity/"
                                            "userAssignedIdentities/carer",
                            "2023-01-31"));
    API_REPLY(service, get(client, HEALTH "ws1/fhirservices/fhir1", HEALTH_VERSION));

    expect_vault(client);
    expect_key(client, url);
    expect_role(client, reply_text(&identity, "properties.principalId"));
    cr_expect_str_eq(reply_text(&service, KEY_MEMBER), url);
    cr_expect_str_eq(reply_text(&service, "identity.type"), "UserAssigned", "%s", service.body);
    cr_expect_str_eq(reply_text(&service, "kind"), "fhir-R4");
    cr_expect_str_eq(reply_text(&service, "properties.provisioningState"), "Succeeded");
    expect_encrypted(client, "ws1-fhir1");
}

static void follow_user_assigned(const char *path, const char *parameters)
{
    kv_auto(kv_buf_done) struct kv_buf body;
    API_CLIENT_OF(&own, dev);

    deployments_read(path, parameters, &body);
    deployments_succeed(&dev, "one", body.data);
    expect_user_assigned(&dev);
    API_REPLY(service, get(&dev, HEALTH "ws1/fhirservices/fhir1", HEALTH_VERSION));
    expect_no_change(&dev, body.data);

    deployments_succeed(&dev, "one", body.data);
    expect_user_assigned(&dev);
    API_REPLY(again, get(&dev, HEALTH "ws1/fhirservices/fhir1", HEALTH_VERSION));
    cr_expect_str_eq(reply_text(&again, KEY_MEMBER), reply_text(&service, KEY_MEMBER),
                     "the key has no new version");
}

Test(deployments_documents, of_a_user_assigned_identity_with_our_template)
{
    follow_user_assigned(TRAITS, TRAITS_PARAMETERS);
}

Test(deployments_documents, of_a_user_assigned_identity_with_their_template)
{
    skip_without(SEEDS "/template-user-assigned.json");
    follow_user_assigned(SEEDS "/template-user-assigned.json", THEIRS);
}

/* ---- A system-assigned identity ---------------------------------------------------------------- */

/* Vault and key, workspace and a service that has no key yet; the role that the configure page names. */
static void prepare(struct client *client, const char *service, char ret_url[512])
{
    char body[1024], path[256];

    put(client, VAULT, VAULT_VERSION,
        "{\"location\":\"westus3\",\"properties\":{\"tenantId\":\"" TENANT
        "\",\"sku\":{\"family\":\"A\",\"name\":\"standard\"},\"accessPolicies\":[],"
        "\"enablePurgeProtection\":true,\"enableRbacAuthorization\":true}}");
    put(client, VAULT "/keys/cmk", VAULT_VERSION,
        "{\"properties\":{\"kty\":\"RSA\",\"keySize\":2048,\"keyOps\":[\"wrapKey\",\"unwrapKey\"]}"
        "}");
    put(client, HEALTH "ws1", HEALTH_VERSION, "{\"location\":\"westus3\"}");
    snprintf(path, sizeof(path), HEALTH "ws1/%s", service);
    put(client, path, HEALTH_VERSION,
        "{\"location\":\"westus3\",\"identity\":{\"type\":\"SystemAssigned\"},\"properties\":{}}");

    API_REPLY(made, get(client, path, HEALTH_VERSION));
    snprintf(body, sizeof(body),
             "{\"properties\":{\"roleDefinitionId\":\"%s/providers/Microsoft.Authorization/"
             "roleDefinitions/" ENCRYPTION_USER "\",\"principalId\":\"%s\"}}",
             arm_subscription_id, reply_text(&made, "identity.principalId"));
    put(client,
        VAULT "/providers/Microsoft.Authorization/roleAssignments/"
              "5e0b5c7e-1d4f-4d0a-9f7b-6a5d3b1c2e01",
        ROLE_VERSION, body);
    expect_key(client, ret_url);
}

static void expect_system_assigned(struct client *client, const char *service, const char *url)
{
    char path[256];

    snprintf(path, sizeof(path), HEALTH "ws1/%s", service);
    API_REPLY(reply, get(client, path, HEALTH_VERSION));
    cr_expect_str_eq(reply_text(&reply, KEY_MEMBER), url);
    cr_expect_str_eq(reply_text(&reply, "identity.type"), "SystemAssigned");
}

/* `head` and `tail` are the parameters around the key. */
static void follow_system_assigned(const char *path, const char *service, const char *consumer,
                                   const char *head, const char *tail)
{
    kv_auto(kv_buf_done) struct kv_buf body;
    char url[512], parameters[1024];
    API_CLIENT_OF(&own, dev);

    prepare(&dev, service, url);
    snprintf(parameters, sizeof(parameters), "%s%s%s", head, url, tail);
    deployments_read(path, parameters, &body);
    for (int i = 0; i < 2; i++) {
        deployments_succeed(&dev, "one", body.data);
        expect_system_assigned(&dev, service, url);
        expect_encrypted(&dev, consumer);
        expect_no_change(&dev, body.data);
    }
}

Test(deployments_documents, of_a_system_assigned_identity_with_our_template)
{
    follow_system_assigned(TEMPLATES "/system-assigned.json", "dicomservices/images", "ws1-images",
                           "{\"service\":{\"value\":\"ws1\"},\"place\":{\"value\":\"West US 3\"},"
                           "\"keyUrl\":{\"value\":\"",
                           "\"},\"labels\":{\"value\":{\"a\":\"b\"}}}");
}

Test(deployments_documents, of_a_system_assigned_identity_with_their_template)
{
    skip_without(SEEDS "/template-system-assigned.json");
    follow_system_assigned(SEEDS "/template-system-assigned.json", "fhirservices/fhir1",
                           "ws1-fhir1",
                           "{\"workspaceName\":{\"value\":\"ws1\"},\"fhirServiceName\":{\"value\":"
                           "\"fhir1\"},\"keyEncryptionKeyUrl\":{\"value\":\"",
                           "\"}}");
}

/* ---- Recovery ---------------------------------------------------------------------------------- */

/* The best-practices page's template, whose placeholders are to be filled in. */
static const struct {
    const char *placeholder, *filling;
} fillings[] = {
    { "<insert configured identity>", "\"type\":\"SystemAssigned\"" },
    { "<insert any additional configured properties>", "\"publicNetworkAccess\":\"Enabled\"" },
};

/* Fills in the key, too, unless `url` is "". */
static void fill_in(const char *path, const char *url, const char *ret_path)
{
    kv_auto(kv_buf_done) struct kv_buf text, filled;
    const char *at;

    kv_buf_init(&text, 65536);
    kv_buf_init(&filled, 65536);
    cr_assert_eq(kv_file_read(path, &text, NULL), KV_OK, "%s", path);
    at = text.data;
    for (size_t i = 0; i < KV_COUNT(fillings); i++) {
        const char *hole = strstr(at, fillings[i].placeholder);

        cr_assert_not_null(hole, "%s", fillings[i].placeholder);
        cr_assert_eq(
            kv_buf_printf(&filled, NULL, "%.*s%s", (int) (hole - at), at, fillings[i].filling),
            KV_OK);
        at = hole + strlen(fillings[i].placeholder);
    }
    const char *key = strstr(at, "\"\"");
    cr_assert_not_null(key);
    cr_assert_eq(kv_buf_printf(&filled, NULL, "%.*s\"%s\"%s", (int) (key - at), at, url, key + 2),
                 KV_OK);
    cr_assert_eq(kv_file_write(ret_path, filled.data, filled.len, 0600, NULL), KV_OK);
}

static void await_consumer(struct client *client, const char *service, const char *state)
{
    char target[160];

    snprintf(target, sizeof(target), "/control/v1/consumers/%s/wait?state=%s&timeout=30", service,
             state);
    API_REPLY(reply, client_send(client, &(const struct request){
                                             .method = "GET", .target = target, .control = true }));
    cr_assert_str_eq(reply_text(&reply, "state"), state, "%s", reply.body);
}

/* Two minutes are a lost key, forty are more than it heals from by itself. */
static void lose_key_for_long(struct client *client)
{
    deployments_enable_key(client, false);
    api_advance(&own, 120);
    await_consumer(client, "ws1-images", "access-lost");
    api_advance(&own, 2400);
    await_consumer(client, "ws1-images", "needs-redeploy");
    deployments_enable_key(client, true);
    api_advance(&own, 900);
    await_consumer(client, "ws1-images", "needs-redeploy");
}

static void follow_recovery(const char *path)
{
    kv_auto(kv_buf_done) struct kv_buf body;
    char url[512], filled[400];
    API_CLIENT_OF(&own, dev);

    prepare(&dev, "dicomservices/images", url);
    snprintf(filled, sizeof(filled), "%s/recovery.json", own.folder);
    fill_in(path, url, filled);
    deployments_read(filled,
                     "{\"name\":{\"value\":\"ws1/images\"},\"location\":{\"value\":\"westus3\"},"
                     "\"tags\":{\"value\":{\"a\":\"b\"}}}",
                     &body);
    deployments_succeed(&dev, "one", body.data);
    expect_encrypted(&dev, "ws1-images");
    expect_no_change(&dev, body.data);

    lose_key_for_long(&dev);
    deployments_succeed(&dev, "one", body.data);
    expect_encrypted(&dev, "ws1-images");
    expect_system_assigned(&dev, "dicomservices/images", url);
}

Test(deployments_documents, of_a_recovery_with_our_template)
{
    follow_recovery(TEMPLATES "/recovery.txt");
}

Test(deployments_documents, of_a_recovery_with_their_template)
{
    skip_without(SEEDS "/template-recovery-dicom.txt");
    follow_recovery(SEEDS "/template-recovery-dicom.txt");
}
