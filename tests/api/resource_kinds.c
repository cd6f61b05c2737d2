/* SPDX-License-Identifier: Apache-2.0 */
/* Types of resources: those that nobody has, and those that are kept as they are sent. */
#include "../support/arm.h"

#include <stdio.h>
#include <string.h>

TestSuite(resource_kinds, .timeout = 120);

#define GROUP "~/resourceGroups/coffer"
#define WIDGET GROUP "/providers/Contoso.Things/widgets/w1"

#define NOBODY                                                                                     \
    "No registered resource provider found for location 'eastus' and API version '2020-01-01' "    \
    "for "                                                                                         \
    "type '%s'. The supported api-versions are ''. The supported locations are ''."

Test(resource_kinds, ARM_NO_REGISTERED_PROVIDER_of_types_that_nobody_has)
{
    static const struct {
        const char *path, *type;
    } rows[] = {
        { WIDGET, "widgets" },
        { WIDGET "/parts/p", "widgets/parts" },
        { GROUP "/providers/Microsoft.KeyVault/nothing/x", "nothing" },
    };
    char text[512];
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply,
                  arm_ask(&dev, "PUT", rows[i].path, "2020-01-01", "{\"location\":\"eastus\"}"));
        snprintf(text, sizeof(text), NOBODY, rows[i].type);
        arm_expect_refusal(&reply, 400, "NoRegisteredProviderFound", text);
    }
}

Test(resource_kinds, ARM_INVALID_NAMESPACE_of_nobody)
{
    API_CLIENT(dev);
    API_REPLY(reply, arm_ask(&dev, "GET", "~/providers/Contoso.Things", "2021-04-01", NULL));

    arm_expect_refusal(&reply, 404, "InvalidResourceNamespace",
                       "The resource namespace 'Contoso.Things' is invalid.");
}

Test(resource_kinds, ARM_INVALID_TYPE_where_it_cannot_be)
{
    API_CLIENT(dev);
    API_REPLY(reply, arm_ask(&dev, "PUT", "/providers/Microsoft.HealthcareApis/workspaces/ws",
                             "2023-11-01", "{\"location\":\"eastus\"}"));

    arm_expect_refusal(&reply, 404, "InvalidResourceType",
                       "The resource type 'Microsoft.HealthcareApis/workspaces' cannot be "
                       "addressed at the scope '/'.");
}

Test(resource_kinds, ARM_NO_REGISTERED_PROVIDER_for_that_version)
{
    API_CLIENT(dev);
    API_REPLY(reply, arm_ask(&dev, "GET", GROUP, "1999-01-01", NULL));
    const char *text = reply_text(&reply, "error.message");

    cr_expect_eq(reply.status, 400);
    cr_expect_str_eq(reply_text(&reply, "error.code"), "NoRegisteredProviderFound");
    cr_expect_not_null(strstr(text, "for location 'eastus' and API version '1999-01-01' for type "
                                    "'resourceGroups'. The supported api-versions are '2"));
}

Test(resource_kinds, ARM_INVALID_FILTER_is_refused_by_name)
{
    static const char *const filters[] = { "name%20ne%20'a'", "nonsense", "name%20eq%20'a",
                                           "substringof('a',%20location)",
                                           "name%20eq%20'a'%20or%20name%20eq%20'b'" };
    char path[256];
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(filters); i++) {
        snprintf(path, sizeof(path), "~/resources?$filter=%s", filters[i]);
        API_REPLY(reply, arm_ask(&dev, "GET", path, "2021-04-01", NULL));
        cr_expect_eq(reply.status, 400, "%s", filters[i]);
        cr_expect_str_eq(reply_text(&reply, "error.code"), "InvalidFilterInQueryString");
    }
}

Test(resource_kinds, METHOD_NOT_ALLOWED_of_a_list)
{
    API_CLIENT(dev);
    API_REPLY(reply, arm_ask(&dev, "PUT", "~/resourceGroups", "2021-04-01", "{}"));

    cr_expect_eq(reply.status, 405);
}

static void begin_accepting(struct daemon *daemon)
{
    static const char *const arguments[] = { "--unknown-resources", "accept", NULL };

    api_begin(daemon, arguments);
}

static void end_accepting(struct daemon *daemon)
{
    api_end(daemon);
}

Test(resource_kinds, RESOURCE_NOT_FOUND_once_a_kept_one_is_deleted)
{
    __attribute__((cleanup(end_accepting))) struct daemon own;

    begin_accepting(&own);

    API_CLIENT_OF(&own, dev);
    API_REPLY(made, arm_ask(&dev, "PUT", WIDGET, "2020-01-01",
                            "{\"location\":\"eastus\",\"sku\":{\"name\":\"S\"},"
                            "\"properties\":{\"size\":3}}"));
    API_REPLY(one, arm_ask(&dev, "GET", WIDGET, "2020-01-01", NULL));
    API_REPLY(some, arm_ask(&dev, "GET",
                            "~/resources?$filter=resourceType%20eq%20'contoso.things/widgets'",
                            "2021-04-01", NULL));
    API_REPLY(nested, arm_ask(&dev, "PUT", WIDGET "/parts/p1", "2020-01-01", "{}"));
    API_REPLY(gone, arm_ask(&dev, "DELETE", WIDGET, "2020-01-01", NULL));
    API_REPLY(again, arm_ask(&dev, "DELETE", WIDGET, "2020-01-01", NULL));
    API_REPLY(missing, arm_ask(&dev, "GET", WIDGET "/parts/p1", "2020-01-01", NULL));

    cr_expect_eq(made.status, 201, "%s", made.body);
    cr_expect_str_eq(reply_text(&made, "type"), "Contoso.Things/widgets");
    cr_expect_eq(reply_number(&one, "properties.size"), 3);
    cr_expect_str_eq(reply_text(&one, "sku.name"), "S");
    cr_expect_eq(cJSON_GetArraySize(reply_item(&some, "value")), 1, "%s", some.body);
    cr_expect_eq(nested.status, 201);
    cr_expect_eq(gone.status, 200);
    cr_expect_eq(again.status, 204);
    arm_expect_refusal(&missing, 404, "ResourceNotFound",
                       "The Resource 'Contoso.Things/widgets/w1/parts/p1' under resource group "
                       "'coffer' was not found. For more details please go to "
                       "https://aka.ms/ARMResourceNotFoundFix");
}

Test(resource_kinds, PARENT_RESOURCE_NOT_FOUND_before_a_nested_one)
{
    __attribute__((cleanup(end_accepting))) struct daemon own;

    begin_accepting(&own);

    API_CLIENT_OF(&own, dev);
    API_REPLY(reply, arm_ask(&dev, "PUT", GROUP "/providers/Contoso.Things/widgets/none/parts/p1",
                             "2020-01-01", "{}"));

    arm_expect_refusal(&reply, 404, "ParentResourceNotFound",
                       "Can not perform requested operation on nested resource. Parent resource "
                       "'none' not found.");
}

Test(resource_kinds, are_registered_all)
{
    API_CLIENT(dev);
    API_REPLY(list, arm_ask(&dev, "GET", "~/providers", "2021-04-01", NULL));
    API_REPLY(one, arm_ask(&dev, "GET", "~/providers/microsoft.resources", "2021-04-01", NULL));
    API_REPLY(again, arm_ask(&dev, "POST", "~/providers/Microsoft.Resources/register", "2021-04-01",
                             NULL));

    cr_expect_gt(cJSON_GetArraySize(reply_item(&list, "value")), 0);
    cr_expect_str_eq(reply_text(&one, "registrationState"), "Registered");
    cr_expect_str_eq(reply_text(&one, "namespace"), "Microsoft.Resources");
    cr_expect_eq(again.status, 200);
}

/* Whether that action is one, and of data, in the list. */
static bool has_operation(const struct reply *list, const char *name, bool is_data)
{
    const cJSON *operation;
    bool is_there = false;

    cJSON_ArrayForEach (operation, reply_item(list, "value")) {
        const char *own = cJSON_GetStringValue(cJSON_GetObjectItem(operation, "name"));

        if (own != NULL && strcmp(own, name) == 0) {
            cr_expect_not(is_there, "%s stands there once", name);
            is_there = cJSON_IsTrue(cJSON_GetObjectItem(operation, "isDataAction")) == is_data;
        }
    }
    return is_there;
}

Test(resource_kinds, have_operations_that_roles_allow)
{
    API_CLIENT(dev);
    API_REPLY(nothing,
              arm_ask(&dev, "GET", "/providers/Contoso.None/operations", "2023-07-01", NULL));
    API_REPLY(half,
              arm_ask(&dev, "GET", "/providers/Microsoft.Key/operations", "2023-07-01", NULL));
    API_REPLY(list,
              arm_ask(&dev, "GET", "/providers/microsoft.keyvault/operations", "2023-07-01", NULL));
    API_REPLY(others, arm_ask(&dev, "GET", "/providers/Microsoft.HealthcareApis/operations",
                              "2023-11-01", NULL));

    cr_expect_eq(nothing.status, 404, "%s", nothing.body);
    cr_expect_eq(half.status, 404, "%s", half.body);
    cr_assert_eq(list.status, 200, "%s", list.body);
    cr_expect(has_operation(&list, "Microsoft.KeyVault/vaults/write", false));
    cr_expect(has_operation(&list, "Microsoft.KeyVault/managedHSMs/keys/read", false));
    cr_expect(has_operation(&list, "Microsoft.KeyVault/checkNameAvailability/read", false));
    cr_expect(
        has_operation(&list, "Microsoft.KeyVault/locations/deletedVaults/purge/action", false));
    cr_expect(has_operation(&list, "Microsoft.KeyVault/vaults/keys/wrap/action", true));
    cr_expect(has_operation(&list, "Microsoft.KeyVault/managedHsm/keys/read/action", true));
    cr_expect_not(has_operation(&list, "Microsoft.KeyVault/vaults/accessPolicies/read", false));
    cr_expect(has_operation(&others, "Microsoft.HealthcareApis/workspaces/read", false));
    cr_expect_null(strstr(others.body, "KeyVault"));
}

#define TAGS "~/resourceGroups/rg-tagged/providers/Microsoft.Resources/tags/default"

/* What "operation" makes of the tags a=1, b=2. */
static void expect_tags(struct client *client, const char *operation, const char *tags,
                        const char *expected)
{
    char body[512];

    API_REPLY(before, arm_ask(client, "PUT", TAGS, "2021-04-01",
                              "{\"properties\":{\"tags\":{\"a\":\"1\",\"b\":\"2\"}}}"));
    cr_assert_eq(before.status, 200, "%s", before.body);
    snprintf(body, sizeof(body), "{\"operation\":\"%s\",\"properties\":{\"tags\":%s}}", operation,
             tags);
    API_REPLY(after, arm_ask(client, "PATCH", TAGS, "2021-04-01", body));
    API_REPLY(group, arm_ask(client, "GET", "~/resourceGroups/rg-tagged", "2021-04-01", NULL));
    char *text = cJSON_PrintUnformatted(reply_item(&group, "tags"));

    cr_expect_eq(after.status, 200, "%s", after.body);
    cr_expect_str_eq(text, expected, "%s", operation);
    cJSON_free(text);
}

Test(resource_kinds, are_tagged_by_an_extension)
{
    API_CLIENT(dev);
    arm_make_group(&dev, "rg-tagged");

    API_REPLY(other, arm_ask(&dev, "GET",
                             "~/resourceGroups/rg-tagged/providers/Microsoft.Resources/tags/mine",
                             "2021-04-01", NULL));
    API_REPLY(wrong, arm_ask(&dev, "PATCH", TAGS, "2021-04-01", "{\"operation\":\"Shuffle\"}"));

    arm_expect_refusal(&other, 400, "InvalidResourceName",
                       "The tags of a resource are called 'default', not 'mine'.");
    arm_expect_refusal(&wrong, 400, "BadRequest",
                       "The operation 'Shuffle' is none of Merge, Replace and Delete.");
    expect_tags(&dev, "Merge", "{\"b\":\"3\",\"c\":\"4\"}",
                "{\"a\":\"1\",\"b\":\"3\",\"c\":\"4\"}");
    expect_tags(&dev, "Replace", "{\"c\":\"4\"}", "{\"c\":\"4\"}");
    expect_tags(&dev, "Delete", "{\"a\":\"1\",\"b\":\"9\"}", "{\"b\":\"2\"}");

    API_REPLY(gone, arm_ask(&dev, "DELETE", TAGS, "2021-04-01", NULL));
    API_REPLY(none, arm_ask(&dev, "GET", TAGS, "2021-04-01", NULL));
    cr_expect_eq(gone.status, 200);
    cr_expect_eq(cJSON_GetArraySize(reply_item(&none, "properties.tags")), 0);
}

Test(resource_kinds, take_no_locks_and_say_so)
{
    API_CLIENT(dev);
    API_REPLY(put, arm_ask(&dev, "PUT", GROUP "/providers/Microsoft.Authorization/locks/l1",
                           "2020-05-01", "{\"properties\":{\"level\":\"CanNotDelete\"}}"));
    API_REPLY(list, arm_ask(&dev, "GET", GROUP "/providers/Microsoft.Authorization/locks",
                            "2020-05-01", NULL));
    API_REPLY(get, arm_ask(&dev, "GET", GROUP "/providers/Microsoft.Authorization/locks/l1",
                           "2020-05-01", NULL));

    arm_expect_refusal(&put, 400, "BadRequest",
                       "coffer has no locks: a resource that had one could still be deleted here.");
    cr_expect_str_eq(list.body, "{\"value\":[]}");
    cr_expect_str_eq(reply_text(&get, "error.code"), "ResourceNotFound");
}
