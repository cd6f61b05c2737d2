/* SPDX-License-Identifier: Apache-2.0 */
/* Deleted vaults, names, managed HSMs and pages, through the resource manager: control-plane.md §1.3 to §1.6. */
#include "keyvault_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(keyvault_life, .timeout = 120);

#define DELETED_AT PROVIDER "/locations/eastus/deletedVaults/"

Test(keyvault_life, DELETED_VAULT_NOT_FOUND_of_one_that_lives_or_lies_elsewhere)
{
    static const char *const paths[] = { DELETED_AT "dev", DELETED_AT "a--b",
                                         PROVIDER "/locations/westus/deletedVaults/not-there" };
    static const char *const names[] = { "dev", "a--b", "not-there" };

    keyvault_do(api_daemon(), "PUT", VAULTS "not-there", VAULT_BODY(NO_POLICIES), 201);
    keyvault_do(api_daemon(), "DELETE", VAULTS "not-there", NULL, 200);
    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        char message[96];

        (void) snprintf(message, sizeof(message), "The deleted vault '%s' does not exist",
                        names[i]);
        keyvault_expect_error(api_daemon(), "GET", paths[i], NULL, 404, "DeletedVaultNotFound",
                              message);
    }
    keyvault_expect_error(api_daemon(), "PUT", VAULTS "never-was",
                          VAULT_BODY(",\"createMode\":\"recover\""), 404, "DeletedVaultNotFound",
                          "The deleted vault 'never-was' does not exist");
}

Test(keyvault_life, PURGE_NOT_ALLOWED_under_purge_protection)
{
    keyvault_do(api_daemon(), "PUT", VAULTS "protected",
                VAULT_BODY(NO_POLICIES ",\"enablePurgeProtection\":true"), 201);
    keyvault_do(api_daemon(), "DELETE", VAULTS "protected", NULL, 200);
    keyvault_expect_error(api_daemon(), "POST", DELETED_AT "protected/purge", NULL, 405,
                          "MethodNotAllowed", "Operation 'DeletedVaultPurge' is not allowed.");
}

Test(keyvault_life, ends_with_a_purge_that_is_polled)
{
    char path[512];
    const char *location;

    keyvault_do(
        api_daemon(), "PUT", VAULTS "Ended",
        "{\"location\":\"East US\",\"tags\":{\"a\":\"b\"},\"properties\":{\"tenantId\":\"" TENANT
        "\",\"sku\":{\"name\":\"Premium\"},\"accessPolicies\":[],"
        "\"softDeleteRetentionInDays\":7}}",
        201);
    keyvault_do(api_daemon(), "DELETE", VAULTS "ended", NULL, 200);
    API_REPLY(deleted, keyvault_ask(api_daemon(), "GET", DELETED_AT "ended", NULL));
    keyvault_mask(api_daemon(), &deleted);
    cr_expect_str_eq(
        deleted.body,
        "{\"id\":\"/subscriptions/S/providers/Microsoft.KeyVault/locations/eastus/deletedVaults/"
        "Ended\",\"name\":\"Ended\",\"type\":\"Microsoft.KeyVault/deletedVaults\",\"properties\":{"
        "\"vaultId\":\"/subscriptions/S/resourceGroups/coffer/providers/Microsoft.KeyVault/vaults/"
        "Ended\",\"location\":\"eastus\",\"tags\":{\"a\":\"b\"},\"deletionDate\":\"DATE\","
        "\"scheduledPurgeDate\":\"DATE\"}}");
    API_REPLY(purge, keyvault_ask(api_daemon(), "POST", DELETED_AT "ended/purge", NULL));
    cr_assert_eq(purge.status, 202, "%s", purge.body);
    location = strstr(reply_header(&purge, "Location"), PROVIDER "/locations/eastus/");
    cr_assert_not_null(location);
    (void) snprintf(path, sizeof(path), "%s", location);
    API_REPLY(poll, keyvault_ask(api_daemon(), "GET", path, NULL));
    for (unsigned i = 0; i < 100 && poll.status == 202; i++) {
        reply_done(&poll);
        poll = keyvault_ask(api_daemon(), "GET", path, NULL);
    }
    cr_expect_eq(poll.status, 200, "%s", poll.body);
    keyvault_mask(api_daemon(), &poll);
    cr_expect_str_eq(poll.body, "{\"createdDateTime\":\"SPACED\",\"lastActionDateTime\":\"SPACED\","
                                "\"status\":\"Succeeded\"}");
    keyvault_do(api_daemon(), "GET", DELETED_AT "ended", NULL, 404);
    API_REPLY(anew, keyvault_ask(api_daemon(), "PUT", VAULTS "ended", VAULT_BODY(NO_POLICIES)));
    cr_expect_eq(anew.status, 201, "%s", anew.body);
    cr_expect_str_eq(reply_text(&anew, "name"), "ended", "nothing is left of the former one");
}

/* §1.3: the whole vault as it was, keys, policies and tags, whatever else is said. */
Test(keyvault_life, goes_on_with_a_recovery)
{
    keyvault_do(
        api_daemon(), "PUT", VAULTS "back",
        "{\"location\":\"eastus\",\"tags\":{\"a\":\"b\"},\"properties\":{\"tenantId\":\"" TENANT
        "\",\"sku\":{\"name\":\"standard\"},\"accessPolicies\":[],"
        "\"enableRbacAuthorization\":true,\"enabledForDiskEncryption\":true}}",
        201);
    keyvault_do(api_daemon(), "PUT", VAULTS "back/keys/k", "{\"properties\":{\"kty\":\"EC\"}}",
                200);
    API_REPLY(before, keyvault_ask(api_daemon(), "GET", VAULTS "back", NULL));
    API_REPLY(key, keyvault_ask(api_daemon(), "GET", VAULTS "back/keys/k", NULL));
    keyvault_do(api_daemon(), "DELETE", VAULTS "back", NULL, 200);
    keyvault_do(api_daemon(), "GET", VAULTS "back/keys/k", NULL, 404);
    API_REPLY(after, keyvault_ask(api_daemon(), "PUT", VAULTS "back",
                                  VAULT_BODY(",\"createMode\":\"Recover\"")));
    cr_expect_eq(after.status, 200);
    cr_expect_str_eq(strstr(after.body, "\"properties\""), strstr(before.body, "\"properties\""));
    cr_expect_str_eq(reply_text(&after, "tags.a"), "b");
    API_REPLY(same, keyvault_ask(api_daemon(), "GET", VAULTS "back/keys/k", NULL));
    cr_expect_str_eq(same.body, key.body);
}

Test(keyvault_life, tells_which_names_are_free)
{
    static const struct {
        const char *body, *reason;
        bool is_free;
    } rows[] = {
        { "{\"name\":\"free-as-air\",\"type\":\"Microsoft.KeyVault/vaults\"}", "", true },
        { "{\"name\":\"DEV\",\"type\":\"Microsoft.KeyVault/vaults\"}", "AlreadyExists", false },
        { "{\"name\":\"a--b\"}", "AccountNameInvalid", false },
        { "{\"name\":\"\"}", "AccountNameInvalid", false },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, keyvault_ask(api_daemon(), "POST", PROVIDER "/checkNameAvailability",
                                      rows[i].body));
        cr_expect_eq(reply.status, 200, "%s", reply.body);
        cr_expect_eq(cJSON_IsTrue(reply_item(&reply, "nameAvailable")), rows[i].is_free, "%s",
                     reply.body);
        cr_expect_str_eq(reply_text(&reply, "reason"), rows[i].reason);
    }
    keyvault_expect_error(api_daemon(), "POST", PROVIDER "/checkNameAvailability", "{\"name\":7}",
                          400, "BadRequest", "The property \"name\" has an invalid value.");
}

/* All of a list are there once, page by page. */
Test(keyvault_life, has_lists_that_go_on_page_by_page)
{
    char path[1024] = PROVIDER "/vaults?$top=1";
    unsigned found = 0, pages = 0;

    keyvault_do(api_daemon(), "PUT", VAULTS "page-one", VAULT_BODY(NO_POLICIES), 201);
    while (path[0] != '\0') {
        API_REPLY(reply, keyvault_ask(api_daemon(), "GET", path, NULL));
        const char *next = strstr(reply_text(&reply, "nextLink"), PROVIDER);

        cr_assert_eq(reply.status, 200, "%s", reply.body);
        cr_assert_leq(cJSON_GetArraySize(reply_item(&reply, "value")), 1);
        found += strcmp(reply_text(&reply, "value.0.name"), "dev") == 0
                 || strcmp(reply_text(&reply, "value.0.name"), "page-one") == 0;
        (void) snprintf(path, sizeof(path), "%s", next != NULL ? next : "");
        cr_assert_lt(pages++, 200);
    }
    cr_expect_eq(found, 2);
}

Test(keyvault_life, is_that_of_managed_HSMs_too)
{
#define HSMS GROUP "/managedHSMs/"
    static const char body[] =
        "{\"location\":\"eastus\",\"sku\":{\"family\":\"B\",\"name\":\"Standard_B1\"},"
        "\"properties\":{\"tenantId\":\"" TENANT "\",\"initialAdminObjectIds\":[\"" TENANT
        "\"],\"softDeleteRetentionInDays\":7}}";

    keyvault_expect_error(api_daemon(), "PUT", HSMS "pool-a", VAULT_BODY(""), 400, "BadRequest",
                          "The property \"sku\" is missing.");
    API_REPLY(made, keyvault_ask(api_daemon(), "PUT", HSMS "pool-a", body));
    cr_expect_eq(made.status, 200, "clients take no other: %s", made.body);
    keyvault_mask(api_daemon(), &made);
    cr_expect_str_eq(
        strstr(made.body, "\"sku\""),
        "\"sku\":{\"family\":\"B\",\"name\":\"Standard_B1\"},\"properties\":{\"tenantId\":\"" TENANT
        "\",\"initialAdminObjectIds\":[\"" TENANT
        "\"],\"hsmUri\":\"https://pool-a.managedhsm.localhost:P/\",\"enableSoftDelete\":true,"
        "\"softDeleteRetentionInDays\":7,\"enablePurgeProtection\":false,\"statusMessage\":\"The "
        "Managed HSM is provisioned and ready to use.\",\"securityDomainProperties\":{"
        "\"activationStatus\":\"Active\",\"activationStatusMessage\":\"Your HSM has been "
        "activated.\"},\"provisioningState\":\"Succeeded\",\"publicNetworkAccess\":\"Enabled\"}}");
    API_REPLY(access, access_ask(api_daemon(), "GET", "/pool-a/access", NULL));
    cr_expect_not_null(strstr(access.body, "Managed HSM Administrator"), "%s", access.body);
    API_REPLY(regions, keyvault_ask(api_daemon(), "GET", HSMS "pool-a/regions", NULL));
    cr_expect_str_eq(regions.body, "{\"value\":[{\"name\":\"eastus\",\"provisioningState\":"
                                   "\"Succeeded\",\"isPrimary\":true}]}");
    keyvault_do(api_daemon(), "GET", VAULTS "pool-a", NULL, 404);
    keyvault_do(api_daemon(), "DELETE", HSMS "pool-a", NULL, 200);
    keyvault_do(api_daemon(), "GET", PROVIDER "/locations/eastus/deletedVaults/pool-a", NULL, 404);
    API_REPLY(list, keyvault_ask(api_daemon(), "GET", PROVIDER "/deletedManagedHSMs", NULL));
    cr_expect_not_null(strstr(list.body, "deletedManagedHSMs/pool-a"), "%s", list.body);
    keyvault_do(api_daemon(), "POST", PROVIDER "/locations/eastus/deletedManagedHSMs/pool-a/purge",
                NULL, 202);
}

Test(keyvault_life, has_private_endpoints_that_are_kept)
{
    static const char approved[] =
        "{\"properties\":{\"privateLinkServiceConnectionState\":{\"status\":\"Approved\"}}}";

    keyvault_do(api_daemon(), "PUT", VAULTS "linked", VAULT_BODY(NO_POLICIES), 201);
    keyvault_expect_error(
        api_daemon(), "PUT", VAULTS "linked/privateEndpointConnections/pe", "{\"properties\":{}}",
        400, "BadRequest",
        "The property \"privateLinkServiceConnectionState.status\" has an invalid "
        "value.");
    keyvault_do(api_daemon(), "PUT", VAULTS "linked/privateEndpointConnections/pe", approved, 201);
    API_REPLY(
        pe, keyvault_ask(api_daemon(), "GET", VAULTS "linked/privateEndpointConnections/pe", NULL));
    cr_expect_str_eq(reply_text(&pe, "properties.privateLinkServiceConnectionState.status"),
                     "Approved");
    API_REPLY(links, keyvault_ask(api_daemon(), "GET", VAULTS "linked/privateLinkResources", NULL));
    cr_expect_str_eq(reply_text(&links, "value.0.properties.requiredZoneNames.0"),
                     "privatelink.vaultcore.azure.net");
    API_REPLY(vault, keyvault_ask(api_daemon(), "GET", VAULTS "linked", NULL));
    cr_expect_str_eq(reply_text(&vault, "properties.privateEndpointConnections.0.id"),
                     reply_text(&pe, "id"));
    keyvault_do(api_daemon(), "DELETE", VAULTS "linked/privateEndpointConnections/pe", NULL, 200);
    keyvault_do(api_daemon(), "GET", VAULTS "linked/privateEndpointConnections/pe", NULL, 404);
}

/* One that vaults were put into by another door is a group like any other. */
Test(keyvault_life, is_that_of_groups_made_by_other_doors)
{
    keyvault_do(api_daemon(), "GET", "/resourceGroups/Side-Door", NULL, 404);
    access_make_vault(api_daemon(), "side-door", "{\"group\":\"Side-Door\",\"region\":\"westus\"}");
    API_REPLY(list, keyvault_ask(api_daemon(), "GET",
                                 "/resourceGroups/side-door" PROVIDER "/vaults", NULL));
    cr_expect_str_eq(reply_text(&list, "value.0.name"), "side-door", "%s", list.body);
    cr_expect_eq(cJSON_GetArraySize(reply_item(&list, "value")), 1);
    API_REPLY(groups, keyvault_ask(api_daemon(), "GET", "/resourceGroups", NULL));
    cr_expect_not_null(strstr(groups.body, "/resourceGroups/Side-Door"), "%s", groups.body);
    API_REPLY(group, keyvault_ask(api_daemon(), "GET", "/resourceGroups/SIDE-DOOR", NULL));
    cr_expect_str_eq(reply_text(&group, "location"), "westus");
    keyvault_do(api_daemon(), "DELETE", "/resourceGroups/side-door", NULL, 202);
    API_REPLY(vault, access_ask(api_daemon(), "GET", "/side-door", NULL));
    cr_expect_str_eq(reply_text(&vault, "state"), "deleted");
    keyvault_do(api_daemon(), "GET", "/resourceGroups/side-door", NULL, 404);
}

static void reset(const struct daemon *daemon, const char *order)
{
    API_CLIENT_OF(daemon, dev);
    API_REPLY(reply, client_send(&dev, &(const struct request){ .method = "POST",
                                                                .target = "/control/v1/reset",
                                                                .body = order,
                                                                .control = true }));

    cr_assert_eq(reply.status, 204, "%ld %s", reply.status, reply.body);
}

/* What was kept is there after a restart, and gone after a reset, with the vault or without it. */
Test(keyvault_life, is_not_ended_by_a_restart_but_by_a_reset)
{
    static const char body[] =
        "{\"location\":\"eastus\",\"tags\":{\"a\":\"b\"},\"properties\":{\"tenantId\":\"" TENANT
        "\",\"sku\":{\"name\":\"premium\"},\"accessPolicies\":[],\"enabledForDeployment\":true,"
        "\"networkAcls\":{\"defaultAction\":\"Deny\"}}}";
    struct daemon own;

    api_begin(&own, NULL);
    keyvault_do(&own, "PUT", VAULTS "lasting", body, 201);
    keyvault_do(&own, "PUT", VAULTS "dev", body, 200);
    API_REPLY(before, keyvault_ask(&own, "GET", VAULTS "lasting", NULL));
    cr_assert(daemon_stop(&own));
    keyvault_mask(&own, &before);
    cr_assert(daemon_start(&own, NULL));
    API_REPLY(after, keyvault_ask(&own, "GET", VAULTS "lasting", NULL));
    keyvault_mask(&own, &after);
    cr_expect_str_eq(after.body, before.body);
    reset(&own, "{\"vault\":\"dev\"}");
    API_REPLY(dev, keyvault_ask(&own, "GET", VAULTS "dev", NULL));
    cr_expect_str_eq(reply_text(&dev, "tags.a"), "", "%s", dev.body);
    cr_expect_null(reply_item(&dev, "properties.networkAcls"));
    reset(&own, "{}");
    keyvault_do(&own, "GET", VAULTS "lasting", NULL, 404);
    keyvault_do(&own, "PUT", VAULTS "lasting", VAULT_BODY(NO_POLICIES), 201);
    api_end(&own);
}
