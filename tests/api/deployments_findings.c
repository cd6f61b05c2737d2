/* SPDX-License-Identifier: Apache-2.0 */
/* The fourteen findings in the two documents (control-plane.md §0), a test for each, by the number of its row. */
#include "deployments_tools.h"

#include <stdio.h>
#include <string.h>

#include "health_tools.h"

static struct daemon daemon;

static void start_with(const char *const *arguments)
{
    api_begin(&daemon, arguments);

    API_CLIENT_OF(&daemon, dev);
    arm_make_group(&dev, "rg1");
}

static void start(void)
{
    start_with((const char *const[]){ NULL });
}

static void stop(void)
{
    api_end(&daemon);
}

TestSuite(deployments_findings, .init = start, .fini = stop, .timeout = 180);

#define PROVIDERS GROUP_ID("rg1") "/providers/"
#define VAULT PROVIDERS "Microsoft.KeyVault/vaults/traits1"
#define ROLES PROVIDERS "Microsoft.Authorization/roleAssignments"
#define SERVICE PROVIDERS "Microsoft.HealthcareApis/workspaces/ws1/fhirservices/fhir1"
#define IDENTITIES "Microsoft.ManagedIdentity/userAssignedIdentities"
#define OFFICER "14b46e9e-c2b7-41b4-b07b-48a6ebf60603"
#define ENCRYPTION_USER "e147488a-f6f5-4113-8e2d-b22465e65bf6"
#define VAULT_VERSION "2022-07-01"
#define ROLE_VERSION "2022-04-01"
#define HEALTH_VERSION "2023-11-01"

#define ON_ITS_OWN API_CLIENT_OF(&daemon, dev)

static struct reply get(struct client *client, const char *path, const char *version)
{
    struct reply reply = arm_ask(client, "GET", path, version, NULL);

    cr_assert_eq(reply.status, 200, "%s: %s", path, reply.body);
    return reply;
}

/* The whole template, with another role in place of the Crypto Officer unless that is NULL. */
static void deploy_traits(struct client *client, const char *role)
{
    kv_auto(kv_buf_done) struct kv_buf body;

    deployments_read(TRAITS, TRAITS_PARAMETERS, &body);
    if (role != NULL) {
        char *at = strstr(body.data, OFFICER);

        cr_assert_not_null(at);
        memcpy(at, role, strlen(OFFICER));
    }
    deployments_succeed(client, "one", body.data);
}

static void expect_consumer(struct client *client, const char *state)
{
    API_REPLY(reply, client_send(client, &(const struct request){ .method = "GET",
                                                                  .target = "/control/v1/consumers/"
                                                                            "ws1-fhir1",
                                                                  .control = true }));
    cr_expect_str_eq(reply_text(&reply, "state"), state, "%s", reply.body);
}

/* That of the template. */
static struct reply find_role(struct client *client, const char *role)
{
    char path[512];
    API_REPLY(list, get(client, ROLES "?$filter=atScope()", ROLE_VERSION));
    const cJSON *item;

    path[0] = '\0';
    cJSON_ArrayForEach (item, reply_item(&list, "value")) {
        const cJSON *properties = cJSON_GetObjectItem(item, "properties");
        const char *what =
            cJSON_GetStringValue(cJSON_GetObjectItem(properties, "roleDefinitionId"));

        if (strstr(what, role) != NULL) {
            snprintf(path, sizeof(path), "%s",
                     cJSON_GetStringValue(cJSON_GetObjectItem(item, "id")));
        }
    }
    cr_assert_neq(path[0], '\0', "%s", list.body);
    return get(client, path, ROLE_VERSION);
}

Test(deployments_findings, finding_1_the_role_of_the_template_lets_the_service_use_the_key)
{
    ON_ITS_OWN;
    deploy_traits(&dev, NULL);
    expect_consumer(&dev, "encrypted");
}

Test(deployments_findings, finding_1_the_role_of_the_prose_lets_the_service_use_the_key)
{
    ON_ITS_OWN;
    deploy_traits(&dev, ENCRYPTION_USER);
    expect_consumer(&dev, "encrypted");
    API_REPLY(role, find_role(&dev, ENCRYPTION_USER));
    cr_expect_not_null(strstr(role.body, ENCRYPTION_USER));
}

Test(deployments_findings, finding_2_a_role_at_the_resource_group_reaches_the_key)
{
    ON_ITS_OWN;
    deploy_traits(&dev, NULL);
    API_REPLY(role, find_role(&dev, OFFICER));
    const char *scope = reply_text(&role, "properties.scope");
    cr_expect_str_eq(strrchr(scope, '/'), "/rg1", "%s", scope);
    expect_consumer(&dev, "encrypted");

    API_REPLY(gone, arm_ask(&dev, "DELETE", reply_text(&role, "id"), ROLE_VERSION, NULL));
    cr_assert_eq(gone.status, 200, "%s", gone.body);
    api_advance(&daemon, 120);
    health_await(&daemon, "ws1-fhir1", "access-lost");
}

Test(deployments_findings, finding_3_a_role_definition_is_known_by_its_last_guid)
{
    static const char *const prefixes[] = {
        "/subscriptions/ffecaf7c-b368-5892-b89b-b894d5612a15/resourceGroups/rg1",
        "/subscriptions/ffecaf7c-b368-5892-b89b-b894d5612a15",
        "",
    };
    char path[512], body[512], expected[512];
    ON_ITS_OWN;

    snprintf(expected, sizeof(expected),
             "%s/providers/Microsoft.Authorization/roleDefinitions/" OFFICER, arm_subscription_id);
    for (size_t i = 0; i < KV_COUNT(prefixes); i++) {
        snprintf(path, sizeof(path), ROLES "/00000000-0000-4000-8000-00000000000%zu", i);
        snprintf(body, sizeof(body),
                 "{\"properties\":{\"roleDefinitionId\":\"%s/providers/Microsoft.Authorization/"
                 "roleDefinitions/" OFFICER "\",\"principalId\":\"9a1c6f0e-52a4-4d0c-8d5b-"
                 "0a4f3f1f7b1%zu\",\"principalType\":\"ServicePrincipal\"}}",
                 prefixes[i], i);
        API_REPLY(role, arm_ask(&dev, "PUT", path, ROLE_VERSION, body));
        cr_expect_eq(role.status, 201, "%s: %s", prefixes[i], role.body);
        cr_expect_str_eq(reply_text(&role, "properties.roleDefinitionId"), expected);
    }
}

Test(deployments_findings, finding_4_principalType_may_be_missing)
{
    ON_ITS_OWN;
    deploy_traits(&dev, NULL);
    API_REPLY(role, find_role(&dev, OFFICER));
    cr_expect_str_eq(reply_text(&role, "properties.principalType"), "ServicePrincipal", "%s",
                     role.body);
}

static void start_slowly(void)
{
    start_with((const char *const[]){ "--directory-delay", "30s", NULL });
}

Test(deployments_findings, finding_4_the_directory_may_not_have_heard_of_it, .init = start_slowly)
{
    kv_auto(kv_buf_done) struct kv_buf body;
    ON_ITS_OWN;

    deployments_read(TRAITS, TRAITS_PARAMETERS, &body);
    API_REPLY(early, deployments_run(&dev, "one", body.data));
    cr_expect_str_eq(reply_text(&early, "properties.provisioningState"), "Failed");
    cr_expect_str_eq(reply_text(&early, "properties.error.details.0.code"), "PrincipalNotFound",
                     "%s", early.body);
    api_advance(&daemon, 31);
    deployments_succeed(&dev, "one", body.data);
}

#define IDENTITY_RESOURCE(name, more)                                                              \
    "{\"type\":\"" IDENTITIES "\",\"apiVersion\":\"2023-01-31\",\"name\":\"" name                  \
    "\",\"location\":\"eastus\"" more "}"

Test(deployments_findings, finding_5_a_trailing_slash_in_a_type)
{
    static const char body[] = DEPLOY(TEMPLATE("\"resources\":[" IDENTITY_RESOURCE(
        "second",
        ",\"dependsOn\":[\"[resourceId('" IDENTITIES
        "/','first')]\"]") "," IDENTITY_RESOURCE("first", "") "],\"outputs\":{\"id\":{"
                                                              "\"type\":\"string\",\"value\":"
                                                              "\"[resourceId('" IDENTITIES
                                                              "/','first')]\"}}"));
    char expected[512];
    ON_ITS_OWN;
    API_REPLY(reply, deployments_run(&dev, "one", body));

    snprintf(expected, sizeof(expected), "%s/resourceGroups/rg1/providers/" IDENTITIES "/first",
             arm_subscription_id);
    cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Succeeded", "%s",
                     reply.body);
    cr_expect_str_eq(reply_text(&reply, "properties.outputs.id.value"), expected);
    cr_expect_str_eq(reply_text(&reply, "properties.dependencies.0.dependsOn.0.resourceName"),
                     "first");
}

Test(deployments_findings, finding_6_a_curve_of_an_rsa_key_is_ignored)
{
    ON_ITS_OWN;
    deploy_traits(&dev, NULL);
    API_REPLY(key, get(&dev, VAULT "/keys/cmk", VAULT_VERSION));
    cr_expect_str_eq(reply_text(&key, "properties.kty"), "RSA");
    cr_expect_eq(reply_number(&key, "properties.keySize"), 2048);
    cr_expect_null(reply_item(&key, "properties.curveName"), "%s", key.body);
}

Test(deployments_findings, finding_7_an_enum_in_another_case_and_a_name_that_is_an_expression)
{
    ON_ITS_OWN;
    deploy_traits(&dev, NULL);
    API_REPLY(service, get(&dev, SERVICE, HEALTH_VERSION));
    const cJSON *identities = reply_item(&service, "identity.userAssignedIdentities");

    cr_expect_str_eq(reply_text(&service, "identity.type"), "UserAssigned");
    cr_assert_eq(cJSON_GetArraySize(identities), 1, "%s", service.body);
    cr_expect_not_null(strstr(identities->child->string, "/" IDENTITIES "/carer"), "%s",
                       identities->child->string);
}

Test(deployments_findings, finding_8_reference_takes_the_version_of_the_template)
{
    ON_ITS_OWN;
    API_REPLY(
        reply,
        deployments_run(
            &dev, "one",
            DEPLOY(TEMPLATE("\"resources\":[" IDENTITY_RESOURCE(
                "first", "") "],\"outputs\":{\"all\":{\"type\":\"object\",\"value\":\"[reference("
                             "resourceId('" IDENTITIES "','first'))]\"}}"))));
    API_REPLY(identity, get(&dev, PROVIDERS IDENTITIES "/first", "2023-01-31"));

    cr_expect_str_eq(reply_text(&reply, "properties.outputs.all.value.principalId"),
                     reply_text(&identity, "properties.principalId"), "%s", reply.body);
    cr_expect_null(reply_item(&reply, "properties.outputs.all.value.name"), "properties alone");
}

Test(deployments_findings, finding_9_a_service_without_a_kind_is_R4)
{
    ON_ITS_OWN;
    deploy_traits(&dev, NULL);
    API_REPLY(service, get(&dev, SERVICE, HEALTH_VERSION));
    cr_expect_str_eq(reply_text(&service, "kind"), "fhir-R4");
}

/* The recovery template as it stands, but for its placeholders; of that type. */
#define RECOVERY(type)                                                                             \
    DEPLOY_WITH(TEMPLATE("\"parameters\":{\"tags\":{\"type\":\"Object\"}},\"resources\":[{"        \
                         "\"type\":\"Microsoft.HealthcareApis/workspaces\",\"apiVersion\":"        \
                         "\"2023-11-01\",\"name\":\"ws2\",\"location\":\"eastus\"},{\"type\":"     \
                         "\"Microsoft.HealthcareApis/workspaces/" type                             \
                         "\",\"apiVersion\":\"2023-11-01\",\"name\":\"ws2/any\",\"location\":"     \
                         "\"eastus\",\"dependsOn\":[\"ws2\"],\"tags\":\"[parameters('tags')]\","   \
                         "\"identity\":{\"type\":\"SystemAssigned\"},\"properties\":{"             \
                         "\"encryption\":{\"customerManagedKeyEncryption\":{"                      \
                         "\"keyEncryptionKeyUrl\":\"\"}}}}]"),                                     \
                "{\"tags\":{\"value\":{\"a\":\"b\"}}}")

static const char *const recoveries[] = { RECOVERY("fhirservices"), RECOVERY("dicomservices") };

Test(deployments_findings, finding_10_the_recovery_template_is_taken_for_either_type)
{
    static const char *const paths[] = {
        PROVIDERS "Microsoft.HealthcareApis/workspaces/ws2/fhirservices/any",
        PROVIDERS "Microsoft.HealthcareApis/workspaces/ws2/dicomservices/any",
    };
    ON_ITS_OWN;

    for (size_t i = 0; i < KV_COUNT(recoveries); i++) {
        deployments_succeed(&dev, "one", recoveries[i]);
        API_REPLY(service, get(&dev, paths[i], HEALTH_VERSION));
        cr_expect_str_eq(reply_text(&service, "tags.a"), "b");
        API_REPLY(gone, arm_ask(&dev, "DELETE", paths[i], HEALTH_VERSION, NULL));
        cr_expect(gone.status >= 200 && gone.status < 300, "%s", gone.body);
    }
}

static void start_strictly(void)
{
    start_with((const char *const[]){ "--empty-key-url", "refuse", NULL });
}

Test(deployments_findings, finding_10_or_its_empty_url_is_refused, .init = start_strictly)
{
    ON_ITS_OWN;
    for (size_t i = 0; i < KV_COUNT(recoveries); i++) {
        API_REPLY(reply, deployments_run(&dev, "one", recoveries[i]));
        cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Failed");
        cr_expect_str_eq(reply_text(&reply, "properties.error.details.0.message"),
                         "keyEncryptionKeyUrl is empty: give the URL of a version of a key, or "
                         "leave out customerManagedKeyEncryption.");
    }
}

/* A key that the template has, of another size. */
static struct reply deploy_size(struct client *client, const char *size)
{
    kv_auto(kv_buf_done) struct kv_buf body;

    deployments_read(TRAITS, TRAITS_PARAMETERS, &body);
    char *at = strstr(body.data, "2048");
    cr_assert_not_null(at);
    memcpy(at, size, 4);
    return deployments_run(client, "one", body.data);
}

Test(deployments_findings, finding_11_a_key_of_3072_bits_is_taken)
{
    ON_ITS_OWN;
    API_REPLY(reply, deploy_size(&dev, "3072"));
    cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Succeeded", "%s",
                     reply.body);
    expect_consumer(&dev, "encrypted");
}

Test(deployments_findings, finding_11_a_key_of_4096_bits_is_refused)
{
    ON_ITS_OWN;
    API_REPLY(reply, deploy_size(&dev, "4096"));
    cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Failed");
    cr_expect_str_eq(reply_text(&reply, "properties.error.details.0.code"), "BadRequest");
    cr_expect_not_null(strstr(reply_text(&reply, "properties.error.details.0.message"), "4096"),
                       "%s", reply.body);
}

/* The other status is an option of a consumer: health_lost shows both. */
Test(deployments_findings, finding_12_a_lost_key_is_a_500_as_documented)
{
    ON_ITS_OWN;
    deploy_traits(&dev, NULL);
    deployments_enable_key(&dev, false);
    api_advance(&daemon, 120);
    health_await(&daemon, "ws1-fhir1", "access-lost");
    API_REPLY(reply, health_ask(&dev, &(const struct front_ask){ .service = "ws1-fhir1",
                                                                 .profile = "fhir",
                                                                 .method = "GET",
                                                                 .target = "/Patient" }));
    cr_expect_eq(reply.status, 500, "%s", reply.body);
}

Test(deployments_findings, finding_13_less_than_half_an_hour_heals_and_more_needs_a_deployment)
{
    ON_ITS_OWN;
    deploy_traits(&dev, NULL);
    deployments_enable_key(&dev, false);
    api_advance(&daemon, 29L * 60);
    health_await(&daemon, "ws1-fhir1", "access-lost");
    deployments_enable_key(&dev, true);
    api_advance(&daemon, 12L * 60);
    health_await(&daemon, "ws1-fhir1", "encrypted");

    deployments_enable_key(&dev, false);
    api_advance(&daemon, 32L * 60);
    health_await(&daemon, "ws1-fhir1", "needs-redeploy");
    deployments_enable_key(&dev, true);
    api_advance(&daemon, 12L * 60);
    expect_consumer(&dev, "needs-redeploy");
    deploy_traits(&dev, NULL);
    expect_consumer(&dev, "encrypted");
}

Test(deployments_findings, finding_14_older_schemas_and_types_in_capitals)
{
    static const char *const dates[] = { "2015-01-01", "2014-04-01-preview", "2019-04-01" };
    static const char *const types[] = { "String", "string", "STRING" };
    char body[1024];
    ON_ITS_OWN;

    for (size_t i = 0; i < KV_COUNT(dates); i++) {
        snprintf(body, sizeof(body),
                 "{\"properties\":{\"template\":{\"$schema\":\"https://"
                 "schema.management.azure.com/schemas/%s/deploymentTemplate.json#\","
                 "\"contentVersion\":\"1.0.0.0\",\"parameters\":{\"p\":{\"type\":\"%s\"},\"o\":{"
                 "\"type\":\"Object\",\"defaultValue\":{}}},\"resources\":[],\"outputs\":{\"p\":{"
                 "\"type\":\"%s\",\"value\":\"[parameters('p')]\"}}},\"parameters\":{\"p\":{"
                 "\"value\":\"x\"}}}}",
                 dates[i], types[i], types[i]);
        API_REPLY(reply, deployments_run(&dev, "one", body));
        cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Succeeded", "%s",
                         reply.body);
        cr_expect_str_eq(reply_text(&reply, "properties.outputs.p.type"), "String", "%s",
                         reply.body);
    }
}
