/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The template with every trait of control-plane.md §0, deployed whole; linked templates; and where values of secure
 * parameters must not be.
 */
#include "deployments_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/command.h"
#include "kv/base/files.h"

TestSuite(deployments_seeds, .init = deployments_start, .fini = deployments_stop, .timeout = 180);

static void expect_order(const struct reply *reply)
{
    static const char *const types[] = { "vaults", "userAssignedIdentities", "workspaces" };

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        cr_expect_not_null(strstr(reply->body, types[i]), "%s", types[i]);
    }
    cr_expect_eq(cJSON_GetArraySize(reply_item(reply, "properties.outputResources")), 6, "%s",
                 reply->body);
}

Test(deployments_seeds, a_template_with_every_trait_is_deployed_and_then_nothing_changes)
{
    kv_auto(kv_buf_done) struct kv_buf body;
    DEPLOYMENTS_CLIENT;

    deployments_read(TRAITS, TRAITS_PARAMETERS, &body);
    API_REPLY(end, deployments_run(&dev, "traits", body.data));
    cr_assert_str_eq(reply_text(&end, "properties.provisioningState"), "Succeeded", "%s", end.body);
    expect_order(&end);

    API_REPLY(changes, deployments_act(&dev, "traits", "whatIf", body.data));
    cr_assert_eq(changes.status, 200, "%s", changes.body);
    for (int i = 0; i < cJSON_GetArraySize(reply_item(&changes, "properties.changes")); i++) {
        char path[64];

        snprintf(path, sizeof(path), "properties.changes.%d.changeType", i);
        cr_expect_str_eq(reply_text(&changes, path), "NoChange", "%s", changes.body);
    }
    deployments_succeed(&dev, "traits", body.data);
}

Test(deployments_seeds, what_was_deployed_is_seen_by_the_data_plane)
{
    kv_auto(kv_buf_done) struct kv_buf body;
    DEPLOYMENTS_CLIENT;

    deployments_read(TRAITS, TRAITS_PARAMETERS, &body);
    deployments_succeed(&dev, "traits", body.data);
    API_REPLY(vault, client_ask_vaults(&dev, "GET", "/traits1", NULL));
    cr_expect_eq(vault.status, 200, "%s", vault.body);
    cr_expect_not_null(strstr(vault.body, "purge"), "%s", vault.body);
}

static void write_file(const char *name, const char *text)
{
    char path[400];

    snprintf(path, sizeof(path), "%s/%s", deployments_root, name);
    cr_assert_eq(kv_file_write(path, text, strlen(text), 0600, NULL), KV_OK, "%s", path);
}

Test(deployments_seeds, links_are_followed_from_where_their_template_lies)
{
    char folder[400];
    DEPLOYMENTS_CLIENT;

    snprintf(folder, sizeof(folder), "mkdir -p %s/sub/deep", deployments_root);
    cr_assert_eq(command_run(folder), 0);
    write_file(
        "sub/main.json",
        TEMPLATE("\"parameters\":{\"who\":{\"type\":\"string\"}},\"resources\":[{\"type\":"
                 "\"Microsoft.Resources/deployments\",\"apiVersion\":\"2021-04-01\",\"name\":"
                 "\"inner\",\"properties\":{\"mode\":\"Incremental\",\"templateLink\":{"
                 "\"relativePath\":\"deep/inner.json\"},\"parameters\":{\"who\":{\"value\":"
                 "\"[parameters('who')]\"}}}}],\"outputs\":{\"o\":{\"type\":\"string\","
                 "\"value\":\"[reference('inner').outputs.o.value]\"}}"));
    write_file(
        "sub/deep/inner.json",
        TEMPLATE("\"parameters\":{\"who\":{\"type\":\"string\"}},\"resources\":[{\"type\":"
                 "\"Microsoft.Resources/deployments\",\"apiVersion\":\"2021-04-01\",\"name\":"
                 "\"innermost\",\"properties\":{\"mode\":\"Incremental\",\"templateLink\":{"
                 "\"relativePath\":\"last.json\"}}}],\"outputs\":{\"o\":{\"type\":"
                 "\"string\",\"value\":\"[concat(toUpper(parameters('who')),reference("
                 "'innermost').outputs.o.value)]\"}}"));
    write_file("sub/deep/last.json",
               TEMPLATE("\"resources\":[],\"outputs\":{\"o\":{\"type\":\"string\",\"value\":"
                        "\"-deep\"}}"));
    write_file("values.json", "{\"parameters\":{\"who\":{\"value\":\"linked\"}}}");
    API_REPLY(end, deployments_run(&dev, "one",
                                   "{\"properties\":{\"templateLink\":{\"uri\":\"file:///sub/"
                                   "main.json\"},\"parametersLink\":{\"relativePath\":"
                                   "\"values.json\"}}}"));
    cr_expect_str_eq(reply_text(&end, "properties.outputs.o.value"), "LINKED-deep", "%s", end.body);
}

/* Whether any file of the data folder, or the log, has the text. */
static bool is_written(const char *text)
{
    char line[1024];

    snprintf(line, sizeof(line), "grep -rqaF '%s' '%s' '%s'", text, deployments_daemon.folder,
             deployments_daemon.log);
    return command_run(line) == 0;
}

Test(deployments_seeds, secure_values_are_neither_stored_nor_logged_nor_told)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(
        end,
        deployments_run(
            &dev, "one",
            DEPLOY_WITH(
                TEMPLATE(
                    "\"parameters\":{\"pin\":{\"type\":\"secureString\"},\"open\":{"
                    "\"type\":\"string\"},\"box\":{\"type\":\"secureObject\"}},"
                    "\"resources\":[{\"type\":\"Microsoft.Resources/deployments\","
                    "\"apiVersion\":\"2021-04-01\",\"name\":\"inner\",\"properties\":{"
                    "\"mode\":\"Incremental\",\"expressionEvaluationOptions\":{"
                    "\"scope\":\"inner\"},\"parameters\":{\"p\":{\"value\":"
                    "\"[parameters('pin')]\"}},\"template\":" TEMPLATE(
                        "\"parameters\":{\"p\":{\"type\":\"secureString\"}},"
                        "\"resources\":[],\"outputs\":{\"o\":{\"type\":\"secureString\","
                        "\"value\":\"[parameters('p')]\"}}") "}}],\"outputs\":{\"bad\":{"
                                                             "\"type\":\"int\",\"value\":\"["
                                                             "int(concat(parameters('pin'),"
                                                             "reference('inner').nothing))]\"}}"),
                "{\"pin\":{\"value\":\"hush-4711\"},\"open\":{\"value\":\"seen-4711\"},"
                "\"box\":{\"value\":{\"x\":\"hush-4712\"}}}")));
    cr_expect_str_eq(reply_text(&end, "properties.provisioningState"), "Failed", "%s", end.body);
    cr_expect_null(strstr(end.body, "hush-47"), "%s", end.body);
    cr_expect(is_written("seen-4711"), "or nothing is proven");
    cr_expect_not(is_written("hush-47"));
}
