/* SPDX-License-Identifier: Apache-2.0 */
/* Requests and templates that are refused before anything is done (control-plane.md §3.2). */
#include "deployments_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/buf.h"

TestSuite(deployments_bad, .init = deployments_start, .fini = deployments_stop, .timeout = 120);

static struct reply put(struct client *client, const char *body)
{
    return arm_ask(client, "PUT", DEPLOYMENTS("rg1") "bad", VERSION, body);
}

static void expect(struct client *client, const char *body, const char *code, const char *message)
{
    API_REPLY(reply, put(client, body));
    arm_expect_refusal(&reply, 400, code, message);
    API_REPLY(validated, deployments_act(client, "bad", "validate", body));
    arm_expect_refusal(&validated, 400, code, message);
    API_REPLY(asked, deployments_act(client, "bad", "whatIf", body));
    arm_expect_refusal(&asked, 400, code, message);
    API_REPLY(missing, arm_ask(client, "GET", DEPLOYMENTS("rg1") "bad", VERSION, NULL));
    cr_expect_eq(missing.status, 404, "nothing may be left of it");
}

#define CONTENT "The request content was invalid and could not be deserialized: "
#define INVALID "Deployment template validation failed: "

Test(deployments_bad, bodies_that_are_no_request)
{
    static const struct {
        const char *body, *message;
    } cases[] = {
        { "{}", CONTENT "'Required property 'properties' not found in JSON'." },
        { "{\"properties\":[]}", CONTENT "'It has to be an object: properties'." },
        { "{\"properties\":{}}", CONTENT
          "'Exactly one of the properties 'template' and 'templateLink' has to be there'." },
        { "{\"properties\":{\"mode\":\"Partial\"}}",
          CONTENT "'The mode is Incremental or Complete, and not Partial'." },
        { "{\"properties\":{\"mode\":7}}",
          CONTENT "'The mode is Incremental or Complete, and not that'." },
        { "{\"properties\":{\"onErrorDeployment\":{\"type\":\"LastSuccessful\"}}}",
          CONTENT "'coffer does not support the property onErrorDeployment'." },
        { "{\"properties\":{\"template\":{},\"parameters\":[]}}",
          CONTENT "'It has to be an object: parameters'." },
        { "{\"properties\":{\"whatIfSettings\":{\"resultFormat\":\"All\"}}}",
          CONTENT "'The resultFormat is FullResourcePayloads or ResourceIdOnly, and not All'." },
        { "{\"properties\":{\n  \"templates\":{}}}",
          CONTENT "'Could not find member 'templates' on object of type "
                  "'DeploymentPropertiesDefinition'. Path 'properties.templates', line 2, position "
                  "15.'." },
    };
    DEPLOYMENTS_CLIENT;

    for (size_t i = 0; i < KV_COUNT(cases); i++) {
        expect(&dev, cases[i].body, "InvalidRequestContent", cases[i].message);
    }
}

Test(deployments_bad, INVALID_DEPLOYMENT_without_a_location_and_with_a_wrong_name)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(reply, arm_ask(&dev, "PUT", "~/providers/Microsoft.Resources/deployments/one",
                             VERSION, DEPLOY(TEMPLATE("\"resources\":[]"))));
    arm_expect_refusal(&reply, 400, "InvalidDeployment",
                       "The 'location' property must be specified for 'one'. Please see "
                       "https://aka.ms/deploy-to-subscription for usage details.");
    API_REPLY(name, arm_ask(&dev, "PUT", DEPLOYMENTS("rg1") "a%20b", VERSION,
                            DEPLOY(TEMPLATE("\"resources\":[]"))));
    arm_expect_refusal(&name, 400, "InvalidDeployment",
                       "The deployment name 'a b' is not valid: it has at most 64 letters, digits, "
                       "'-', '_', '.', '(' and ')'.");
    API_REPLY(group, arm_ask(&dev, "PUT", DEPLOYMENTS("nobodys") "one", VERSION,
                             DEPLOY(TEMPLATE("\"resources\":[]"))));
    arm_expect_refusal(&group, 404, "ResourceGroupNotFound",
                       "Resource group 'nobodys' could not be found.");
}

Test(deployments_bad, templates_are_refused_in_the_words_of_the_service)
{
    static const struct {
        const char *body, *message;
    } cases[] = {
        { DEPLOY(TEMPLATE("\"parameters\":{\"p\":{\"type\":\"string\"}},\"resources\":[]")),
          INVALID "'The value for the template parameter 'p' at line '1' and column '186' is not "
                  "provided. Please see https://aka.ms/arm-create-parameter-file for usage "
                  "details.'." },
        { DEPLOY_WITH(
              TEMPLATE("\"parameters\":{\"a\":{\"type\":\"string\",\"defaultValue\":\"\"},"
                       "\"b\":{\"type\":\"string\",\"defaultValue\":\"\"}},\"resources\":[]"),
              "{\"x\":{\"value\":1}}"),
          INVALID
          "'The template parameters 'x' in the parameters file are not valid; they are not "
          "present in the original template and can therefore not be provided at deployment "
          "time. The only supported parameters for this template are 'a, b'. Please see "
          "https://aka.ms/arm-pass-parameter-values for usage details.'." },
        { DEPLOY(TEMPLATE("\"resources\":[" THING("a", ",\"dependsOn\":[\"b\"]") "]")),
          INVALID "'The resource 'b' is not defined in the template. Please see "
                  "https://aka.ms/arm-syntax for usage details.'." },
    };
    DEPLOYMENTS_CLIENT;

    for (size_t i = 0; i < KV_COUNT(cases); i++) {
        expect(&dev, cases[i].body, "InvalidTemplate", cases[i].message);
    }
}

/* What begins with it. */
static void expect_start(struct client *client, const char *body, long status, const char *code,
                         const char *said)
{
    API_REPLY(reply, put(client, body));
    cr_expect_eq(reply.status, status, "%ld: %.300s", reply.status, reply.body);
    cr_expect_str_eq(reply_text(&reply, "error.code"), code);
    cr_expect_not_null(strstr(reply_text(&reply, "error.message"), said), "%s",
                       reply_text(&reply, "error.message"));
}

Test(deployments_bad, circles_and_huge_loops_are_refused)
{
    DEPLOYMENTS_CLIENT;
    expect_start(&dev,
                 DEPLOY(TEMPLATE("\"resources\":[" THING("a", ",\"dependsOn\":[\"b\"]") "," THING(
                     "b", ",\"dependsOn\":[\"a\"]") "]")),
                 400, "InvalidTemplate", "Circular dependency detected on resource: '");
    expect_start(&dev,
                 DEPLOY(TEMPLATE("\"resources\":[" THING(
                     "x", ",\"copy\":{\"name\":\"c\",\"count\":1000000}") "]")),
                 400, "InvalidTemplate", "1000000");
    expect_start(&dev,
                 DEPLOY(TEMPLATE("\"resources\":[{\"type\":\"Contoso.Things/things\","
                                 "\"apiVersion\":\"2020-01-01\",\"name\":\"a/b\"}]")),
                 400, "InvalidTemplate", "has incorrect segment lengths.");
}

/* `open` a thousand times, then `close` as often; between `head` and `tail`. */
static void nest(struct kv_buf *text, const char *const parts[4])
{
    kv_buf_init(text, 65536);
    cr_assert_eq(kv_buf_printf(text, NULL, "%s", parts[0]), KV_OK);
    for (int i = 0; i < 2000; i++) {
        cr_assert_eq(kv_buf_printf(text, NULL, "%s", parts[i < 1000 ? 1 : 2]), KV_OK);
    }
    cr_assert_eq(kv_buf_printf(text, NULL, "%s", parts[3]), KV_OK);
}

Test(deployments_bad, what_is_nested_a_thousand_deep_is_refused)
{
    DEPLOYMENTS_CLIENT;
    kv_auto(kv_buf_done) struct kv_buf lists, calls;

    nest(&lists, (const char *const[]){ "{\"properties\":{\"template\":{\"x\":", "[", "]", "}}}" });
    nest(&calls, (const char *const[]){ "{\"properties\":{\"template\":{" SCHEMA
                                        ",\"resources\":[],\"outputs\":{\"o\":{\"type\":\"bool\","
                                        "\"value\":\"[",
                                        "not(", ")", "]\"}}}}}" });
    expect_start(&dev, lists.data, 400, "InvalidRequestContent", "");
    expect_start(&dev, calls.data, 400, "InvalidTemplate", "");
}

Test(deployments_bad, ten_megabytes_are_refused)
{
    DEPLOYMENTS_CLIENT;
    size_t size = (size_t) 10 * 1024 * 1024;
    char *body = malloc(size + 1);

    memset(body, ' ', size);
    body[size] = '\0';
    memcpy(body, "{\"properties\":", 14);
    API_REPLY(reply, put(&dev, body));
    cr_expect(reply.status == 413 || reply.status == 400, "%ld: %.200s", reply.status, reply.body);
    free(body);
    deployments_succeed(&dev, "after", DEPLOY(TEMPLATE("\"resources\":[]")));
}

Test(deployments_bad, INVALID_TEMPLATE_DEPLOYMENT_lists_what_providers_refuse)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(reply,
              arm_ask(&dev, "PUT", "~/providers/Microsoft.Resources/deployments/bad", VERSION,
                      "{\"location\":\"eastus\",\"properties\":{\"template\":" TEMPLATE(
                          "\"resources\":[{\"type\":\"Microsoft.Resources/resourceGroups\","
                          "\"apiVersion\":\"1999-01-01\",\"name\":\"g\",\"location\":\"eastus\"},{"
                          "\"type\":\"Microsoft.Resources/resourceGroups\",\"apiVersion\":"
                          "\"2021-04-01\",\"name\":\"h\"},{\"type\":\"Microsoft.Resources/"
                          "resourceGroups\",\"apiVersion\":\"2021-04-01\",\"name\":\"fine\","
                          "\"location\":\"eastus\"}]") "}}"));
    cr_expect_eq(reply.status, 400);
    cr_expect_str_eq(reply_text(&reply, "error.code"), "InvalidTemplateDeployment");
    cr_expect_not_null(strstr(reply_text(&reply, "error.message"),
                              "The template deployment 'bad' is not valid according to the "
                              "validation procedure. The tracking id is '"));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&reply, "error.details")), 2, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "error.details.0.code"), "NoRegisteredProviderFound");
    cr_expect_str_eq(reply_text(&reply, "error.details.1.code"), "LocationRequired");
    cr_expect_not_null(strstr(reply_text(&reply, "error.details.1.target"), "/resourceGroups/h"));
    API_REPLY(group, arm_ask(&dev, "GET", GROUP_ID("fine"), VERSION, NULL));
    cr_expect_eq(group.status, 404, "nothing is done");
}

Test(deployments_bad, ids_of_other_subscriptions_end_in_an_error)
{
    DEPLOYMENTS_CLIENT;
    API_REPLY(reply, deployments_run(
                         &dev, "other",
                         DEPLOY(TEMPLATE(
                             "\"resources\":[],\"outputs\":{\"o\":{\"type\":\"object\","
                             "\"value\":\"[reference('/subscriptions/11111111-1111-1111-1111-"
                             "111111111111/resourceGroups/g/providers/Contoso.Things/things/a',"
                             "'2020-01-01')]\"}}"))));
    cr_expect_str_eq(reply_text(&reply, "properties.provisioningState"), "Failed");
    cr_expect_str_eq(reply_text(&reply, "properties.error.code"), "SubscriptionNotFound", "%s",
                     reply.body);
}

Test(deployments_bad, links_lead_nowhere_but_below_the_root)
{
    static const struct {
        const char *link, *said;
    } cases[] = {
        { "\"uri\":\"https://example.com/x.json\"", "coffer fetches nothing" },
        { "\"uri\":\"file:///../../etc/passwd\"", "below --template-root" },
        { "\"relativePath\":\"../../../../../../etc/passwd\"", "below --template-root" },
        { "\"relativePath\":\"/etc/passwd\"", "coffer fetches nothing" },
        { "\"relativePath\":\"link.json\"", "it is no file below --template-root" },
        { "\"relativePath\":\".\"", "it is no file below --template-root" },
        { "\"relativePath\":\"missing.json\"", "there is no such file below --template-root" },
        { "\"id\":\"/subscriptions/x/templateSpecs/y\"", "Template specs are not supported" },
    };
    char link[300], body[512];
    DEPLOYMENTS_CLIENT;

    snprintf(link, sizeof(link), "%s/link.json", deployments_root);
    cr_assert_eq(symlink("/etc/hostname", link), 0);
    for (size_t i = 0; i < KV_COUNT(cases); i++) {
        snprintf(body, sizeof(body), "{\"properties\":{\"templateLink\":{%s}}}", cases[i].link);
        expect_start(&dev, body, 400, "InvalidTemplate", cases[i].said);
    }
}
