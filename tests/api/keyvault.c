/* SPDX-License-Identifier: Apache-2.0 */
/* Vaults through the resource manager: control-plane.md §1.1 to §1.4, each recorded text whole. */
#include "keyvault_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(keyvault, .timeout = 120);

#define TAKEN(name)                                                                                \
    "The vault name '" name                                                                        \
    "' is already in use. Vault names are globaly unique so it is possible that the name is "      \
    "already taken. If you are sure that the vault name was not taken then it is possible that a " \
    "vault with the same name was recently deleted but not purged after being placed in a "        \
    "recoverable state. If the vault is in a recoverable state then the vault will need to be "    \
    "purged before reusing the name."
#define DELETED                                                                                    \
    "A vault with the same name already exists in deleted state. You need to either recover or "   \
    "purge existing key vault. Follow this link https://go.microsoft.com/fwlink/?linkid=2149745 "  \
    "for more information on soft delete."
#define INVALID(property) "The property \"" property "\" has an invalid value."
#define MISSING(property) "The property \"" property "\" is missing."

Test(keyvault, of_the_control_plane_are_refused_as_recorded)
{
    static const struct {
        const char *body, *message;
    } rows[] = {
        { VAULT_BODY(NO_POLICIES ",\"enablePurgeProtection\":false"),
          "The property \"enablePurgeProtection\" cannot be set to false. Enabling the purge "
          "protection for a vault is an irreversible action." },
        { VAULT_BODY(NO_POLICIES ",\"enableSoftDelete\":false"),
          "The property \"enableSoftDelete\" can be set to false only for creating new vault. "
          "Enabling the 'soft delete' functionality is an irreversible action." },
        { VAULT_BODY(NO_POLICIES ",\"softDeleteRetentionInDays\":8"),
          "The property \"softDeleteRetentionInDays\" has been set already and it can't be "
          "modified." },
    };

    keyvault_do(api_daemon(), "PUT", VAULTS "recorded", VAULT_BODY(NO_POLICIES), 201);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        keyvault_expect_error(api_daemon(), "PUT", VAULTS "recorded", rows[i].body, 400,
                              "BadRequest", rows[i].message);
    }
    keyvault_expect_error(api_daemon(), "PUT", VAULTS "never", rows[0].body, 400, "BadRequest",
                          rows[0].message);
    keyvault_expect_error(
        api_daemon(), "GET", VAULTS "never", NULL, 404, "ResourceNotFound",
        "The Resource 'Microsoft.KeyVault/vaults/never' under resource group 'coffer' "
        "was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix");
}

Test(keyvault, are_refused_for_what_is_no_vault)
{
    static const struct {
        const char *body, *message;
    } rows[] = {
        { "{\"location\":\"eastus\"}", MISSING("properties") },
        { "{\"location\":\"eastus\",\"properties\":7}", INVALID("properties") },
        { "{\"location\":\"eastus\",\"properties\":{}}", MISSING("tenantId") },
        { "{\"location\":\"eastus\",\"properties\":{\"tenantId\":\"" TENANT "\"}}",
          MISSING("sku") },
        { VAULT_BODY(""), MISSING("accessPolicies") },
        { VAULT_BODY(",\"accessPolicies\":{}"), INVALID("accessPolicies") },
        { VAULT_BODY(",\"accessPolicies\":[7]"), INVALID("accessPolicies") },
        { VAULT_BODY(",\"accessPolicies\":[{}]"), MISSING("accessPolicies.tenantId") },
        { VAULT_BODY(",\"accessPolicies\":[{\"tenantId\":\"" TENANT "\",\"objectId\":\"me\"}]"),
          INVALID("accessPolicies.objectId") },
        { VAULT_BODY(",\"accessPolicies\":[{\"tenantId\":\"" TENANT "\",\"objectId\":\"" TENANT
                     "\"}]"),
          MISSING("accessPolicies.permissions") },
        { VAULT_BODY(",\"accessPolicies\":[{\"tenantId\":\"" TENANT "\",\"objectId\":\"" TENANT
                     "\",\"permissions\":{\"keys\":[\"fly\"]}}]"),
          "'fly' is not a permission on keys of an access policy." },
        { VAULT_BODY(",\"accessPolicies\":[{\"tenantId\":\"" TENANT "\",\"objectId\":\"" TENANT
                     "\",\"permissions\":{\"keys\":[\"get list\"]}}]"),
          INVALID("permissions.keys") },
        { VAULT_BODY(",\"accessPolicies\":[{\"tenantId\":\"00000000-0000-0000-0000-000000000000\","
                     "\"objectId\":\"" TENANT "\",\"permissions\":{}}]"),
          "An access policy is for another tenant than the vault's, " TENANT "." },
        { VAULT_BODY(NO_POLICIES ",\"softDeleteRetentionInDays\":6"),
          "The property \"softDeleteRetentionInDays\" has to be from 7 to 90." },
        { VAULT_BODY(NO_POLICIES ",\"softDeleteRetentionInDays\":\"7\""),
          INVALID("softDeleteRetentionInDays") },
        { VAULT_BODY(NO_POLICIES ",\"enableRbacAuthorization\":\"true\""),
          INVALID("enableRbacAuthorization") },
        { VAULT_BODY(NO_POLICIES ",\"enabledForDeployment\":1"), INVALID("enabledForDeployment") },
        { VAULT_BODY(NO_POLICIES ",\"createMode\":\"again\""), INVALID("createMode") },
        { VAULT_BODY(NO_POLICIES ",\"networkAcls\":[]"), INVALID("networkAcls") },
        { VAULT_BODY(NO_POLICIES ",\"networkAcls\":{\"ipRules\":[{}]}"), MISSING("ipRules.value") },
        { VAULT_BODY(NO_POLICIES ",\"networkAcls\":{\"virtualNetworkRules\":[{\"id\":7}]}"),
          INVALID("id") },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        keyvault_expect_error(api_daemon(), "PUT", VAULTS "not-one", rows[i].body, 400,
                              "BadRequest", rows[i].message);
    }
    keyvault_do(api_daemon(), "PUT", VAULTS "not-one",
                VAULT_BODY(NO_POLICIES ",\"networkAcls\":{\"ipRules\":[{\"value\":\"1.2.3\"}]}"),
                400);
    keyvault_do(api_daemon(), "PUT", VAULTS "not-one",
                VAULT_BODY(NO_POLICIES ",\"networkAcls\":{\"bypass\":\"Everything\"}"), 400);
    keyvault_expect_error(api_daemon(), "PUT", VAULTS "not-one",
                          "{\"properties\":{\"tenantId\":\"" TENANT "\"}}", 400, "LocationRequired",
                          "The location property is required for this definition.");
    keyvault_do(api_daemon(), "GET", VAULTS "not-one", NULL, 404);
}

Test(keyvault, VAULT_NAME_NOT_VALID_of_a_name_that_no_vault_has)
{
    keyvault_expect_error(
        api_daemon(), "PUT", VAULTS "a--b", VAULT_BODY(NO_POLICIES), 400, "VaultNameNotValid",
        "The vault name 'a--b' is invalid. A vault's name must be between 3-24 "
        "alphanumeric characters. The name must begin with a letter, end with a letter "
        "or digit, and not contain consecutive hyphens.");
}

Test(keyvault, VAULT_ALREADY_EXISTS_in_another_group_or_as_a_managed_HSM)
{
    access_make_vault(api_daemon(), "elsewhere", "{\"group\":\"rg-2\"}");
    access_make_vault(api_daemon(), "an-hsm", "{\"kind\":\"hsm\"}");
    keyvault_expect_error(api_daemon(), "PUT", VAULTS "elsewhere", VAULT_BODY(NO_POLICIES), 409,
                          "VaultAlreadyExists", TAKEN("elsewhere"));
    keyvault_expect_error(api_daemon(), "PUT", VAULTS "an-hsm", VAULT_BODY(NO_POLICIES), 409,
                          "VaultAlreadyExists", TAKEN("an-hsm"));
}

Test(keyvault, VAULT_IS_DELETED_and_its_name_is_kept)
{
    keyvault_do(api_daemon(), "PUT", VAULTS "kept", VAULT_BODY(NO_POLICIES), 201);
    keyvault_do(api_daemon(), "DELETE", VAULTS "kept", NULL, 200);
    keyvault_do(api_daemon(), "DELETE", VAULTS "kept", NULL, 204);
    keyvault_expect_error(api_daemon(), "PUT", VAULTS "kept", VAULT_BODY(NO_POLICIES), 409,
                          "ConflictError", DELETED);
    keyvault_expect_error(api_daemon(), "PUT", VAULTS "kept",
                          "{\"location\":\"westus\",\"properties\":{\"tenantId\":\"" TENANT
                          "\",\"sku\":{\"name\":\"standard\"},\"accessPolicies\":[]}}",
                          409, "VaultAlreadyExists", TAKEN("kept"));
}

Test(keyvault, stay_in_their_region)
{
    keyvault_do(api_daemon(), "PUT", VAULTS "resident", VAULT_BODY(NO_POLICIES), 201);
    keyvault_expect_error(
        api_daemon(), "PUT", VAULTS "resident",
        "{\"location\":\"West US\",\"properties\":{\"tenantId\":\"" TENANT
        "\",\"sku\":{\"name\":\"standard\"},\"accessPolicies\":[]}}",
        409, "InvalidResourceLocation",
        "The resource 'resident' already exists in location 'eastus' in resource group "
        "'coffer'. A resource with the same name cannot be created in location "
        "'westus'. Please select a new resource name.");
}

#define OBJECT "a1b2c3d4-0000-4000-8000-000000000001"
#define HEAD(name, tags)                                                                           \
    "{\"id\":\"/subscriptions/S/resourceGroups/coffer/providers/Microsoft.KeyVault/vaults/" name   \
    "\",\"name\":\"" name "\",\"type\":\"Microsoft.KeyVault/vaults\",\"location\":\"eastus\","     \
    "\"tags\":" tags ","
#define POLICIES                                                                                   \
    "[{\"tenantId\":\"" TENANT "\",\"objectId\":\"" OBJECT                                         \
    "\",\"permissions\":{\"keys\":[\"all\"],\"secrets\":[\"all\"],\"certificates\":[\"all\"],"     \
    "\"storage\":[\"all\"]}}]"

/* §1.2, with what is absent in it; deployed again nothing is different but the date. */
Test(keyvault, look_as_recorded)
{
    static const char body[] =
        VAULT_BODY(",\"accessPolicies\":" POLICIES ",\"enabledForDeployment\":false,"
                   "\"softDeleteRetentionInDays\":7,\"enablePurgeProtection\":true");
    static const char expected[] =
        "\"properties\":{\"sku\":{\"family\":\"A\",\"name\":\"standard\"},"
        "\"tenantId\":\"" TENANT "\",\"accessPolicies\":" POLICIES
        ",\"enabledForDeployment\":false,\"enableSoftDelete\":true,"
        "\"softDeleteRetentionInDays\":7,\"enablePurgeProtection\":true,"
        "\"vaultUri\":\"https://looks.vault.localhost:P/\","
        "\"provisioningState\":\"Succeeded\","
        "\"publicNetworkAccess\":\"Enabled\"}}";
    static const char *const verbs[] = { "PUT", "GET", "PUT", "GET" };

    for (size_t i = 0; i < KV_COUNT(verbs); i++) {
        API_REPLY(reply,
                  keyvault_ask(api_daemon(), verbs[i], VAULTS "Looks", i % 2 == 0 ? body : NULL));
        cr_expect_eq(reply.status, i == 0 ? 201 : 200, "%ld", reply.status);
        keyvault_mask(api_daemon(), &reply);
        cr_expect_eq(strncmp(reply.body, HEAD("Looks", "{}"), strlen(HEAD("Looks", "{}"))), 0, "%s",
                     reply.body);
        cr_expect_str_eq(strstr(reply.body, "\"properties\""), expected);
        cr_expect_str_eq(reply_text(&reply, "systemData.createdByType"), "Application");
    }
}

Test(keyvault, are_the_same_by_every_door)
{
    API_REPLY(dev, keyvault_ask(api_daemon(), "GET", VAULTS "DEV", NULL));
    API_REPLY(access, access_ask(api_daemon(), "GET", "/seen", NULL));

    keyvault_mask(api_daemon(), &dev);
    cr_expect_str_eq(dev.body,
                     HEAD("dev", "{}") "\"properties\":{\"sku\":{\"family\":\"A\",\"name\":"
                                       "\"premium\"},\"tenantId\":\"" TENANT
                                       "\",\"accessPolicies\":[],\"enabledForDeployment\":false,"
                                       "\"enableSoftDelete\":true,\"softDeleteRetentionInDays\":90,"
                                       "\"vaultUri\":\"https://dev.vault.localhost:P/\","
                                       "\"provisioningState\":\"Succeeded\","
                                       "\"publicNetworkAccess\":\"Enabled\"}}");
    cr_expect_eq(access.status, 404);
    keyvault_do(api_daemon(), "PUT", VAULTS "seen", VAULT_BODY(NO_POLICIES), 201);
    API_REPLY(seen, access_ask(api_daemon(), "GET", "/seen", NULL));
    cr_expect_str_eq(reply_text(&seen, "access"), "policy");
    cr_expect_str_eq(reply_text(&seen, "sku"), "standard");
    cr_expect_str_eq(reply_text(&seen, "group"), "coffer");
    access_do(api_daemon(), "DELETE", "/seen", NULL, 200);
    keyvault_do(api_daemon(), "GET", VAULTS "seen", NULL, 404);
    access_do(api_daemon(), "POST", "/seen/purge", "{}", 204);
    access_make_vault(api_daemon(), "seen", "{}");
    API_REPLY(anew, keyvault_ask(api_daemon(), "GET", VAULTS "seen", NULL));
    cr_expect_null(reply_item(&anew, "systemData"), "it is another vault: %s", anew.body);
}

Test(keyvault, go_by_roles_when_they_are_new_and_the_version_is)
{
    static const char *const body = VAULT_BODY(",\"accessPolicies\":[]");

    keyvault_do(api_daemon(), "PUT", VAULTS "by-roles?api-version=2026-02-01", body, 201);
    keyvault_do(api_daemon(), "PUT", VAULTS "by-policy?api-version=2024-11-01", body, 201);
    keyvault_do(api_daemon(), "PUT", VAULTS "by-policy?api-version=2026-02-01", body, 200);
    API_REPLY(roles, keyvault_ask(api_daemon(), "GET", VAULTS "by-roles", NULL));
    API_REPLY(policy, keyvault_ask(api_daemon(), "GET", VAULTS "by-policy", NULL));
    cr_expect(cJSON_IsTrue(reply_item(&roles, "properties.enableRbacAuthorization")));
    cr_expect_null(reply_item(&policy, "properties.enableRbacAuthorization"));
    keyvault_do(api_daemon(), "PATCH", VAULTS "by-roles",
                "{\"properties\":{\"enableRbacAuthorization\":false}}", 200);
    API_REPLY(changed, keyvault_ask(api_daemon(), "GET", VAULTS "by-roles", NULL));
    cr_expect(cJSON_IsFalse(reply_item(&changed, "properties.enableRbacAuthorization")));
}

/* What an operator does to a vault counts from the next request on. */
Test(keyvault, are_closed_and_opened_for_the_data_plane_at_once)
{
    char body[512];
    struct caller caller;
    API_CLIENT(dev);

    access_read_caller(api_daemon(), &caller);
    keyvault_do(api_daemon(), "PUT", VAULTS "doors", VAULT_BODY(NO_POLICIES), 201);
    cr_expect_eq(access_get(&dev, "doors", false, "k"), 403);
    (void) snprintf(body, sizeof(body),
                    "{\"properties\":{\"accessPolicies\":[{\"tenantId\":\"" TENANT
                    "\",\"objectId\":\"%s\",\"permissions\":{\"keys\":[\"Get\",\"list\"]}}]}}",
                    caller.object_id);
    keyvault_do(api_daemon(), "PUT", VAULTS "doors/accessPolicies/add", body, 200);
    cr_expect_eq(access_get(&dev, "doors", false, "k"), 404);
    keyvault_do(api_daemon(), "PATCH", VAULTS "doors",
                "{\"properties\":{\"publicNetworkAccess\":\"Disabled\"}}", 200);
    cr_expect_eq(access_get(&dev, "doors", false, "k"), 403);
    keyvault_do(
        api_daemon(), "PATCH", VAULTS "doors",
        "{\"properties\":{\"publicNetworkAccess\":\"enabled\",\"networkAcls\":{\"defaultAction\":"
        "\"Deny\"}}}",
        200);
    cr_expect_eq(access_get(&dev, "doors", false, "k"), 403);
    keyvault_do(
        api_daemon(), "PATCH", VAULTS "doors",
        "{\"properties\":{\"networkAcls\":{\"defaultAction\":\"Deny\",\"ipRules\":[{\"value\":"
        "\"127.0.0.1\"}]}}}",
        200);
    cr_expect_eq(access_get(&dev, "doors", false, "k"), 404);
    API_REPLY(shown, keyvault_ask(api_daemon(), "GET", VAULTS "doors", NULL));
    cr_expect_str_eq(reply_text(&shown, "properties.networkAcls.ipRules.0.value"), "127.0.0.1/32");
    keyvault_do(api_daemon(), "PUT", VAULTS "doors/accessPolicies/remove", body, 200);
    cr_expect_eq(access_get(&dev, "doors", false, "k"), 403);
    keyvault_do(api_daemon(), "DELETE", VAULTS "doors", NULL, 200);
    cr_expect_neq(access_get(&dev, "doors", false, "k"), 403);
}

Test(keyvault, merge_access_policies_by_their_callers)
{
#define ENTRY(object, permissions)                                                                 \
    "{\"tenantId\":\"" TENANT "\",\"objectId\":\"" object "\",\"permissions\":{" permissions "}}"
#define SENT(entries) "{\"properties\":{\"accessPolicies\":[" entries "]}}"
    static const struct {
        const char *kind, *sent, *left;
    } rows[] = {
        { "add", ENTRY(OBJECT, "\"keys\":[\"get\"]"), ENTRY(OBJECT, "\"keys\":[\"get\"]") },
        { "add", ENTRY(OBJECT, "\"keys\":[\"GET\",\"list\"],\"secrets\":[\"get\"]"),
          ENTRY(OBJECT, "\"keys\":[\"get\",\"list\"],\"secrets\":[\"get\"]") },
        { "replace", ENTRY(TENANT, "\"keys\":[\"wrapKey\"]"),
          ENTRY(OBJECT, "\"keys\":[\"get\",\"list\"],\"secrets\":[\"get\"]") "," ENTRY(
              TENANT, "\"keys\":[\"wrapKey\"]") },
        { "replace", ENTRY(OBJECT, "\"keys\":[\"sign\"]"),
          ENTRY(TENANT, "\"keys\":[\"wrapKey\"]") "," ENTRY(OBJECT, "\"keys\":[\"sign\"]") },
        { "Remove", ENTRY(OBJECT, "\"keys\":[\"sign\"]"), ENTRY(TENANT, "\"keys\":[\"wrapKey\"]") },
        { "remove", ENTRY(TENANT, ""), "" },
    };
    char path[128], expected[1024];

    keyvault_do(api_daemon(), "PUT", VAULTS "merged", VAULT_BODY(NO_POLICIES), 201);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char sent[1024];

        (void) snprintf(path, sizeof(path), VAULTS "merged/accessPolicies/%s", rows[i].kind);
        (void) snprintf(sent, sizeof(sent), SENT("%s"), rows[i].sent);
        (void) snprintf(expected, sizeof(expected),
                        "{\"id\":\"/subscriptions/S/resourceGroups/coffer/providers/"
                        "Microsoft.KeyVault/vaults/merged/accessPolicies/\",\"type\":"
                        "\"Microsoft.KeyVault/vaults/accessPolicies\",\"location\":\"eastus\","
                        "\"properties\":{\"accessPolicies\":[%s]}}",
                        rows[i].left);
        API_REPLY(reply, keyvault_ask(api_daemon(), "PUT", path, sent));
        keyvault_mask(api_daemon(), &reply);
        cr_expect_str_eq(reply.body, expected);
    }
    keyvault_expect_error(api_daemon(), "PUT", VAULTS "merged/accessPolicies/toggle", SENT(""), 400,
                          "BadRequest",
                          "'toggle' is none of the operations on access policies: add, replace, "
                          "remove.");
    keyvault_do(api_daemon(), "PUT", VAULTS "nowhere/accessPolicies/add", SENT(""), 404);
}

/* Answers of the data plane, and refusals of its purge, name the region. */
Test(keyvault, say_where_they_are)
{
    API_CLIENT(dev);

    keyvault_do(api_daemon(), "PUT", VAULTS "regional",
                "{\"location\":\"West US 2\",\"properties\":{\"tenantId\":\"" TENANT
                "\",\"sku\":{\"name\":\"standard\"},\"accessPolicies\":[]}}",
                201);
    API_REPLY(reply, client_call_vault(&dev, "regional", false, "GET", "/keys/none", NULL));
    cr_expect_str_eq(reply_header(&reply, "x-ms-keyvault-region"), "westus2");
    API_REPLY(other, client_call_vault(&dev, "dev", false, "GET", "/keys/none", NULL));
    cr_expect_str_eq(reply_header(&other, "x-ms-keyvault-region"), "eastus");
}
