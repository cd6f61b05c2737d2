/* SPDX-License-Identifier: Apache-2.0 */
/* User-assigned identities through the resource manager (control-plane.md §2.1). */
#include "../support/arm.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(managed_identity, .timeout = 120);

#define VERSION "2023-01-31"
#define IDENTITIES "/providers/Microsoft.ManagedIdentity/userAssignedIdentities"
#define IN_GROUP "~/resourceGroups/coffer" IDENTITIES
#define EAST "{\"location\":\"eastus\"}"

static struct reply ask(struct client *client, const char *method, const char *path,
                        const char *body)
{
    return arm_ask(client, method, path, VERSION, body);
}

Test(managed_identity, with_a_name_that_cannot_be_is_refused)
{
    static const char *const names[] = { "ab", "-abc", "a_b%20c", "abc!" };
    char path[256];
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        snprintf(path, sizeof(path), IN_GROUP "/%s", names[i]);
        API_REPLY(reply, ask(&dev, "PUT", path, EAST));
        cr_expect_eq(reply.status, 400, "%s: %s", names[i], reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.code"), "InvalidResourceName");
    }
    API_REPLY(nowhere, ask(&dev, "PUT", IN_GROUP "/nowhere", "{}"));
    cr_expect_str_eq(reply_text(&nowhere, "error.code"), "LocationRequired");
    API_REPLY(none, ask(&dev, "GET", IN_GROUP "/nowhere", NULL));
    arm_expect_refusal(
        &none, 404, "ResourceNotFound",
        "The Resource 'Microsoft.ManagedIdentity/userAssignedIdentities/nowhere' under "
        "resource group 'coffer' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix");
}

Test(managed_identity, is_shown_as_recorded)
{
    char expected[1024];
    API_CLIENT(dev);
    API_REPLY(made, ask(&dev, "PUT", IN_GROUP "/fhir-shown", "{\"location\":\"West US\"}"));
    API_REPLY(again, ask(&dev, "PUT", IN_GROUP "/fhir-shown", "{\"location\":\"westus\"}"));
    API_REPLY(moved, ask(&dev, "PUT", IN_GROUP "/fhir-shown", EAST));

    snprintf(
        expected, sizeof(expected),
        "{\"location\":\"westus\",\"tags\":{},\"id\":\"%s/resourcegroups/coffer" IDENTITIES
        "/fhir-shown\",\"name\":\"fhir-shown\",\"type\":"
        "\"Microsoft.ManagedIdentity/userAssignedIdentities\",\"properties\":{\"tenantId\":"
        "\"72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57\",\"principalId\":\"%s\",\"clientId\":\"%s\"}}",
        arm_subscription_id, reply_text(&made, "properties.principalId"),
        reply_text(&made, "properties.clientId"));
    cr_expect_eq(made.status, 201);
    cr_expect_str_eq(made.body, expected);
    cr_expect_eq(again.status, 200);
    cr_expect_str_eq(again.body, expected);
    cr_expect_str_eq(reply_text(&moved, "error.code"), "InvalidResourceLocation");
}

Test(managed_identity, has_other_ids_when_it_is_made_anew)
{
    API_CLIENT(dev);

    arm_make_group(&dev, "rg-ids");
    API_REPLY(made, ask(&dev, "PUT", "~/resourceGroups/rg-ids" IDENTITIES "/fhir-id", EAST));
    API_REPLY(deleted, ask(&dev, "DELETE", "~/resourceGroups/RG-IDS" IDENTITIES "/FHIR-id", NULL));
    API_REPLY(again, ask(&dev, "DELETE", "~/resourceGroups/rg-ids" IDENTITIES "/fhir-id", NULL));
    API_REPLY(anew, ask(&dev, "PUT", "~/resourceGroups/rg-ids" IDENTITIES "/fhir-id", EAST));

    cr_expect_eq(made.status, 201, "%s", made.body);
    cr_expect_eq(deleted.status, 200, "%s", deleted.body);
    cr_expect_eq(again.status, 204, "%s", again.body);
    cr_expect_eq(anew.status, 201, "%s", anew.body);
    cr_expect_str_neq(reply_text(&made, "properties.principalId"),
                      reply_text(&anew, "properties.principalId"));
    cr_expect_str_neq(reply_text(&made, "properties.clientId"),
                      reply_text(&anew, "properties.clientId"));
}

/* Two groups may have one of the same name, and each has tokens by its resource id. */
Test(managed_identity, gets_tokens_by_its_resource_id)
{
    char target[1024];
    API_CLIENT(dev);

    arm_make_group(&dev, "rg-tokens");
    API_REPLY(made, ask(&dev, "PUT", "~/resourceGroups/rg-tokens" IDENTITIES "/fhir-token", EAST));
    API_REPLY(other, ask(&dev, "PUT", IN_GROUP "/fhir-token", EAST));
    snprintf(
        target, sizeof(target),
        "/metadata/identity/oauth2/token?api-version=2018-02-01&resource=https://vault.azure.net"
        "&msi_res_id=%s/resourceGroups/RG-Tokens" IDENTITIES "/fhir-token",
        arm_subscription_id);
    API_REPLY(token, client_send(&dev, &(const struct request){ .method = "GET",
                                                                .target = target,
                                                                .headers = { "Metadata: true" },
                                                                .without_token = true,
                                                                .control = true }));

    cr_expect_eq(token.status, 200, "%s", token.body);
    cr_expect_str_eq(reply_text(&token, "client_id"), reply_text(&made, "properties.clientId"));
    cr_expect_str_neq(reply_text(&other, "properties.clientId"),
                      reply_text(&made, "properties.clientId"));
}

Test(managed_identity, is_listed_and_goes_with_its_group)
{
    API_CLIENT(dev);

    arm_make_group(&dev, "rg-listed");
    API_REPLY(one, ask(&dev, "PUT", "~/resourceGroups/rg-listed" IDENTITIES "/fhir-b", EAST));
    API_REPLY(two, ask(&dev, "PUT", "~/resourceGroups/rg-listed" IDENTITIES "/fhir-a", EAST));
    API_REPLY(list, ask(&dev, "GET", "~/resourceGroups/rg-listed" IDENTITIES, NULL));
    API_REPLY(page, ask(&dev, "GET", "~/resourceGroups/rg-listed" IDENTITIES "?$top=1", NULL));
    API_REPLY(tagged, ask(&dev, "PATCH", "~/resourceGroups/rg-listed" IDENTITIES "/fhir-a",
                          "{\"tags\":{\"a\":\"b\"}}"));
    API_REPLY(whose,
              ask(&dev, "POST",
                  "~/resourceGroups/rg-listed" IDENTITIES "/fhir-a/listAssociatedResources", NULL));

    cr_expect_eq(one.status, 201);
    cr_expect_eq(two.status, 201);
    cr_expect_str_eq(reply_text(&list, "value.0.name"), "fhir-a", "%s", list.body);
    cr_expect_str_eq(reply_text(&list, "value.1.name"), "fhir-b");
    cr_expect_not_null(strstr(page.body, "nextLink"), "%s", page.body);
    cr_expect_str_eq(reply_text(&tagged, "tags.a"), "b", "%s", tagged.body);
    cr_expect_str_eq(whose.body, "{\"totalCount\":0,\"value\":[]}");

    API_REPLY(gone, arm_ask(&dev, "DELETE", "~/resourceGroups/rg-listed", ARM_TEST_VERSION, NULL));
    API_REPLY(all, ask(&dev, "GET", "~" IDENTITIES, NULL));
    cr_expect_eq(gone.status, 202, "%s", gone.body);
    cr_expect_null(strstr(all.body, "rg-listed"), "%s", all.body);
}

#define FEDERATED IN_GROUP "/fhir-federated/federatedIdentityCredentials"
#define GOOD                                                                                       \
    "{\"properties\":{\"issuer\":\"https://issuer.example\",\"subject\":\"s\","                    \
    "\"audiences\":[\"api://AzureADTokenExchange\"]}}"

Test(managed_identity, has_federated_credentials)
{
    static const char *const bad[] = {
        "{}",
        "{\"properties\":{\"issuer\":7,\"subject\":\"s\",\"audiences\":[\"a\"]}}",
        "{\"properties\":{\"issuer\":\"i\",\"subject\":\"s\",\"audiences\":[]}}",
        "{\"properties\":{\"issuer\":\"i\",\"subject\":\"s\",\"audiences\":[\"a\",\"b\"]}}",
    };
    API_CLIENT(dev);
    API_REPLY(orphan, ask(&dev, "PUT", FEDERATED "/one", GOOD));
    API_REPLY(identity, ask(&dev, "PUT", IN_GROUP "/fhir-federated", EAST));

    cr_expect_eq(orphan.status, 404, "%s", orphan.body);
    cr_expect_eq(identity.status, 201, "%s", identity.body);
    for (size_t i = 0; i < KV_COUNT(bad); i++) {
        API_REPLY(reply, ask(&dev, "PUT", FEDERATED "/one", bad[i]));
        cr_expect_eq(reply.status, 400, "%s: %s", bad[i], reply.body);
    }
    API_REPLY(made, ask(&dev, "PUT", FEDERATED "/one", GOOD));
    API_REPLY(again, ask(&dev, "PUT", FEDERATED "/one", GOOD));
    API_REPLY(twice, ask(&dev, "PUT", FEDERATED "/two", GOOD));
    API_REPLY(list, ask(&dev, "GET", FEDERATED, NULL));
    API_REPLY(gone, ask(&dev, "DELETE", FEDERATED "/one", NULL));
    API_REPLY(none, ask(&dev, "DELETE", FEDERATED "/one", NULL));

    cr_expect_eq(made.status, 201, "%s", made.body);
    cr_expect_str_eq(reply_text(&made, "properties.audiences.0"), "api://AzureADTokenExchange");
    cr_expect_eq(again.status, 200, "%s", again.body);
    cr_expect_eq(twice.status, 409, "%s", twice.body);
    cr_expect_str_eq(reply_text(&list, "value.0.name"), "one");
    cr_expect_eq(gone.status, 200);
    cr_expect_eq(none.status, 204);
}
