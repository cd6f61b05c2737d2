/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Managed identities of resources, on FHIR services: who may assign them, what is shown of them, and what
 * becomes of them and of what was granted (control-plane.md §2.1, §2.2, §2.4).
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authorization_tools.h"
#include "kv/base/uuid.h"

TestSuite(health_identity, .timeout = 120);

#define HEALTH_VERSION "2023-11-01"
#define IDENTITY_VERSION "2023-01-31"
#define IDENTITIES "/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"
#define CONTRIBUTOR "b24988ac-6180-42a0-ab88-20f7382dd24c"
#define SYSTEM                                                                                     \
    "{\"location\":\"eastus\",\"identity\":{\"type\":\"SystemAssigned\"},\"properties\":{}}"
#define NONE "{\"location\":\"eastus\",\"identity\":{\"type\":\"None\"},\"properties\":{}}"

/* A service, whose workspace bears the name of the test: "~/resourceGroups/GROUP/.../fhirservices/fhir". */
struct place {
    char workspace[256], service[320];
};

static struct place make_place(struct client *client, const char *group, const char *name)
{
    struct place place;

    snprintf(place.workspace, sizeof(place.workspace),
             "~/resourceGroups/%s/providers/Microsoft.HealthcareApis/workspaces/%s", group, name);
    snprintf(place.service, sizeof(place.service), "%s/fhirservices/fhir", place.workspace);
    API_REPLY(reply,
              arm_ask(client, "PUT", place.workspace, HEALTH_VERSION, "{\"location\":\"eastus\"}"));
    cr_assert_eq(reply.status, 201, "%s", reply.body);
    return place;
}

static struct reply ask(struct client *client, const char *method, const struct place *place,
                        const char *body)
{
    return arm_ask(client, method, place->service, HEALTH_VERSION, body);
}

/* Of the subscription: "/subscriptions/.../resourceGroups/coffer/.../NAME". */
static void user_assigned_id(const char *name, char ret_id[256])
{
    snprintf(ret_id, 256, "%s/resourceGroups/coffer" IDENTITIES "%s", arm_subscription_id, name);
}

static struct reply make_user_assigned(struct client *client, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), "~/resourceGroups/coffer" IDENTITIES "%s", name);
    return arm_ask(client, "PUT", path, IDENTITY_VERSION, "{\"location\":\"eastus\"}");
}

static void user_assigned_body(const char *id, char ret_body[512])
{
    snprintf(ret_body, 512,
             "{\"location\":\"eastus\",\"identity\":{\"type\":\"userassigned\","
             "\"userAssignedIdentities\":{\"%s\":{}}},\"properties\":{}}",
             id);
}

Test(health_identity, FAILED_IDENTITY_OPERATION_of_one_that_is_not_there)
{
    char id[256], body[512], expected[2048];
    API_CLIENT(dev);
    struct place place = make_place(&dev, "coffer", "wsfailed");

    user_assigned_id("fhir-nobody", id);
    user_assigned_body(id, body);
    API_REPLY(reply, ask(&dev, "PUT", &place, body));
    API_REPLY(gone, ask(&dev, "GET", &place, NULL));
    snprintf(expected, sizeof(expected),
             "Identity operation for resource '%s%s' failed with error 'Failed to perform resource "
             "identity operation. Status: 'BadRequest'. Response: "
             "'{\"error\":{\"code\":\"BadRequest\",\"message\":\"Resource '%s' was not "
             "found.\"}}'.'.",
             arm_subscription_id, place.service + 1, id);
    arm_expect_refusal(&reply, 400, "FailedIdentityOperation", expected);
    cr_expect_eq(gone.status, 404, "nothing was left behind: %s", gone.body);
}

/* A contributor of one group, to whom nothing was given at the identity in the other. */
Test(health_identity, LINKED_AUTHORIZATION_FAILED_without_a_right_to_assign_it)
{
    char object[64], id[256], body[512], expected[2048];
    API_CLIENT(dev);

    arm_make_group(&dev, "rg-linked");
    struct place place = make_place(&dev, "rg-linked", "wslinked");
    roles_find_object(dev.daemon, "deployer", object);
    API_REPLY(identity, make_user_assigned(&dev, "fhir-linked"));
    cr_assert_eq(identity.status, 201, "%s", identity.body);
    API_REPLY(granted, roles_assign(&dev, "~/resourceGroups/rg-linked", 301, CONTRIBUTOR, object));
    cr_assert_eq(granted.status, 201, "%s", granted.body);
    user_assigned_id("fhir-linked", id);
    user_assigned_body(id, body);
    API_REPLY(refused, arm_ask_as(&dev, "deployer", "PUT", place.service, HEALTH_VERSION, body));
    snprintf(
        expected, sizeof(expected),
        "with object id '%s' has permission to perform action "
        "'Microsoft.HealthcareApis/workspaces/fhirservices/write' on scope '%s%s'; however, it "
        "does not have permission to perform action(s) "
        "'Microsoft.ManagedIdentity/userAssignedIdentities/assign/action' on the linked "
        "scope(s) '%s' (respectively) or the linked scope(s) are invalid.",
        object, arm_subscription_id, place.service + 1, id);
    cr_expect_eq(refused.status, 403, "%s", refused.body);
    cr_expect_str_eq(reply_text(&refused, "error.code"), "LinkedAuthorizationFailed");
    cr_expect_not_null(strstr(refused.body, expected), "%s", refused.body);
    cr_expect_eq(strncmp(reply_text(&refused, "error.message"), "The client '", 12), 0);

    API_REPLY(more, roles_assign(&dev, "~/resourceGroups/coffer" IDENTITIES "fhir-linked", 302,
                                 CONTRIBUTOR, object));
    cr_assert_eq(more.status, 201, "%s", more.body);
    API_REPLY(made, arm_ask_as(&dev, "deployer", "PUT", place.service, HEALTH_VERSION, body));
    cr_expect_eq(made.status, 201, "it may, with the role at the identity: %s", made.body);
}

Test(health_identity, is_shown_by_the_default_one_of_the_resource)
{
    static const char below[] = "/providers/Microsoft.ManagedIdentity/identities/";
    char path[512];
    API_CLIENT(dev);
    struct place place = make_place(&dev, "coffer", "wsdefid");

    API_REPLY(made, ask(&dev, "PUT", &place, SYSTEM));
    snprintf(path, sizeof(path), "%s%sdefault", place.service, below);
    API_REPLY(shown, arm_ask(&dev, "GET", path, IDENTITY_VERSION, NULL));
    snprintf(path, sizeof(path), "%s%sother", place.service, below);
    API_REPLY(other, arm_ask(&dev, "GET", path, IDENTITY_VERSION, NULL));
    snprintf(path, sizeof(path), "%s%sdefault", place.workspace, below);
    API_REPLY(without, arm_ask(&dev, "GET", path, IDENTITY_VERSION, NULL));

    cr_assert_eq(made.status, 201, "%s", made.body);
    cr_expect_eq(shown.status, 200, "%s", shown.body);
    cr_expect_str_eq(reply_text(&shown, "name"), "default");
    cr_expect_str_eq(reply_text(&shown, "type"), "Microsoft.ManagedIdentity/identities");
    cr_expect_str_eq(reply_text(&shown, "properties.principalId"),
                     reply_text(&made, "identity.principalId"));
    cr_expect_str_eq(reply_text(&shown, "properties.tenantId"),
                     reply_text(&made, "identity.tenantId"));
    cr_expect(kv_uuid_is_valid(reply_text(&shown, "properties.clientId")), "%s", shown.body);
    cr_expect_eq(other.status, 404, "%s", other.body);
    cr_expect_eq(without.status, 404, "%s", without.body);
}

Test(health_identity, has_other_ids_when_it_is_enabled_again)
{
    char first[64];
    API_CLIENT(dev);
    struct place place = make_place(&dev, "coffer", "wsnewids");

    API_REPLY(made, ask(&dev, "PUT", &place, SYSTEM));
    snprintf(first, sizeof(first), "%s", reply_text(&made, "identity.principalId"));
    API_REPLY(same, ask(&dev, "PUT", &place, SYSTEM));
    API_REPLY(none, ask(&dev, "PATCH", &place, "{\"identity\":{\"type\":\"None\"}}"));
    API_REPLY(got, ask(&dev, "GET", &place, NULL));
    API_REPLY(again, ask(&dev, "PATCH", &place, "{\"identity\":{\"type\":\"SystemAssigned\"}}"));
    API_REPLY(tagged, ask(&dev, "PATCH", &place, "{\"tags\":{\"a\":\"b\"}}"));
    API_REPLY(put_none, ask(&dev, "PUT", &place, NONE));

    cr_assert_eq(made.status, 201, "%s", made.body);
    cr_expect_str_eq(reply_text(&same, "identity.principalId"), first);
    cr_expect_eq(none.status, 200, "%s", none.body);
    cr_expect_null(reply_item(&got, "identity"), "%s", got.body);
    cr_expect(kv_uuid_is_valid(reply_text(&again, "identity.principalId")), "%s", again.body);
    cr_expect_str_neq(reply_text(&again, "identity.principalId"), first);
    cr_expect_str_eq(reply_text(&tagged, "identity.principalId"),
                     reply_text(&again, "identity.principalId"), "tags leave it alone");
    cr_expect_null(reply_item(&put_none, "identity"), "%s", put_none.body);
}

Test(health_identity, may_be_user_assigned_in_any_case_and_is_associated)
{
    char id[256], body[512], path[512];
    API_CLIENT(dev);
    struct place place = make_place(&dev, "coffer", "wsmixed");

    API_REPLY(identity, make_user_assigned(&dev, "fhir-mixed"));
    snprintf(id, sizeof(id), "%s/RESOURCEGROUPS/Coffer" IDENTITIES "FHIR-Mixed",
             arm_subscription_id);
    user_assigned_body(id, body);
    API_REPLY(made, ask(&dev, "PUT", &place, body));
    snprintf(path, sizeof(path),
             "~/resourceGroups/coffer" IDENTITIES "fhir-mixed/listAssociatedResources");
    API_REPLY(listed, arm_ask(&dev, "POST", path, IDENTITY_VERSION, NULL));
    API_REPLY(switched, ask(&dev, "PATCH", &place, "{\"identity\":{\"type\":\"None\"}}"));
    API_REPLY(after, arm_ask(&dev, "POST", path, IDENTITY_VERSION, NULL));

    cr_assert_eq(made.status, 201, "%s", made.body);
    cr_expect_str_eq(reply_text(&made, "identity.type"), "UserAssigned");
    const cJSON *all = reply_item(&made, "identity.userAssignedIdentities");
    const cJSON *one = cJSON_GetObjectItem(all, id);
    cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(one, "principalId")),
                     reply_text(&identity, "properties.principalId"), "%s", made.body);
    cr_expect_eq(cJSON_GetNumberValue(reply_item(&listed, "totalCount")), 1, "%s", listed.body);
    cr_expect_str_eq(reply_text(&listed, "value.0.type"),
                     "Microsoft.HealthcareApis/workspaces/fhirservices");
    cr_expect_str_eq(reply_text(&listed, "value.0.resourceGroup"), "coffer");
    cr_expect_eq(switched.status, 200, "%s", switched.body);
    cr_expect_str_eq(after.body, "{\"totalCount\":0,\"value\":[]}");
}

static long count_grants(struct client *client, const char *scope)
{
    char path[512];

    snprintf(path, sizeof(path), "%s" AUTHORIZATION "/roleAssignments?$filter=atScope()", scope);
    API_REPLY(list, arm_ask(client, "GET", path, ROLES_VERSION, NULL));
    cr_assert_eq(list.status, 200, "%s", list.body);
    long count = 0;
    const cJSON *item;
    cJSON_ArrayForEach (item, reply_item(&list, "value")) {
        const cJSON *at = cJSON_GetObjectItem(cJSON_GetObjectItem(item, "properties"), "scope");
        count += strstr(cJSON_GetStringValue(at), scope + 1) != NULL;
    }
    return count;
}

/* Whoever had a role at a resource has none at its successor of the same name. */
Test(health_identity, and_what_was_granted_go_with_their_resource)
{
    API_CLIENT(dev);

    arm_make_group(&dev, "rg-forget");
    struct place place = make_place(&dev, "rg-forget", "wsforget");
    API_REPLY(made, ask(&dev, "PUT", &place, SYSTEM));
    API_REPLY(granted, roles_assign(&dev, place.service, 311, READER, SOMEBODY));
    cr_assert_eq(granted.status, 201, "%s", granted.body);
    cr_expect_eq(count_grants(&dev, place.service), 1);
    API_REPLY(gone, ask(&dev, "DELETE", &place, NULL));
    API_REPLY(again, ask(&dev, "PUT", &place, SYSTEM));
    cr_expect_eq(again.status, 201, "%s", again.body);
    cr_expect_eq(count_grants(&dev, place.service), 0, "with the service");

    API_REPLY(anew, roles_assign(&dev, place.service, 312, READER, SOMEBODY));
    API_REPLY(above, roles_assign(&dev, place.workspace, 313, READER, SOMEBODY));
    cr_assert_eq(above.status, 201, "%s", above.body);
    API_REPLY(all_gone, arm_ask(&dev, "DELETE", place.workspace, HEALTH_VERSION, NULL));
    cr_expect_eq(all_gone.status, 200, "%s", all_gone.body);
    place = make_place(&dev, "rg-forget", "wsforget");
    API_REPLY(third, ask(&dev, "PUT", &place, SYSTEM));
    cr_expect_eq(count_grants(&dev, place.service), 0, "with the workspace");
    cr_expect_eq(count_grants(&dev, place.workspace), 0);

    API_REPLY(at_group, roles_assign(&dev, "~/resourceGroups/rg-forget", 314, READER, SOMEBODY));
    cr_assert_eq(at_group.status, 201, "%s", at_group.body);
    API_REPLY(group, arm_ask(&dev, "DELETE", "~/resourceGroups/rg-forget", ARM_TEST_VERSION, NULL));
    cr_expect_eq(group.status, 202, "%s", group.body);
    arm_make_group(&dev, "rg-forget");
    cr_expect_eq(count_grants(&dev, "~/resourceGroups/rg-forget"), 0, "with the group");
}
