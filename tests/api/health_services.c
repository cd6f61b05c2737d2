/* SPDX-License-Identifier: Apache-2.0 */
/*
 * FHIR and DICOM services of the resource manager: what their deployment asks of a key, and what it makes of
 * identity and consumer (control-plane.md §0, §2.2, §4.1, §4.3).
 */
#include "../support/arm.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(health_services, .timeout = 120);

#define GROUP "~/resourceGroups/coffer/providers/"
#define HEALTH GROUP "Microsoft.HealthcareApis/"
#define VERSION "2023-11-01"
#define USER                                                                                       \
    "/resourceGroups/coffer/providers/Microsoft.ManagedIdentity/userAssignedIdentities/"           \
    "health-user"

static struct reply put(struct client *client, const char *path, const char *format, ...)
    kv_printf(3, 4);

static struct reply put(struct client *client, const char *path, const char *format, ...)
{
    char body[4096];
    va_list arguments;

    va_start(arguments, format);
    (void) vsnprintf(body, sizeof(body), format, arguments);
    va_end(arguments);
    return arm_ask(client, "PUT", path, VERSION, body);
}

/* A workspace of that name; the test fails without. */
static void make_workspace(struct client *client, const char *name)
{
    char path[256];

    snprintf(path, sizeof(path), HEALTH "workspaces/%s", name);
    API_REPLY(reply, put(client, path, "{\"location\":\"eastus\"}"));
    cr_assert_eq(reply.status, 201, "%s", reply.body);
}

static void key_url(const struct client *client, const char *key, const char *version,
                    char ret_url[512])
{
    snprintf(ret_url, 512, "https://%s:%u/keys/%s%s%s", client->host, client->daemon->port, key,
             *version != '\0' ? "/" : "", version);
}

#define WITH_KEY                                                                                   \
    "\"properties\":{\"encryption\":{\"customerManagedKeyEncryption\":{\"keyEncryptionKeyUrl\":"   \
    "\"%s\"}}}"
#define SYSTEM "{\"location\":\"eastus\",\"identity\":{\"type\":\"SystemAssigned\"},"

static void expect_part(const struct reply *reply, const char *part)
{
    cr_expect_eq(reply->status, 400, "%s", reply->body);
    cr_expect_str_eq(reply_text(reply, "error.code"), "BadRequest");
    cr_expect_not_null(strstr(reply_text(reply, "error.message"), part), "%s", reply->body);
}

Test(health_services, ARM_INVALID_NAME_of_workspaces_and_services)
{
    API_CLIENT(dev);
    API_REPLY(upper, put(&dev, HEALTH "workspaces/Upper", "{\"location\":\"eastus\"}"));
    make_workspace(&dev, "wsnames");
    API_REPLY(shorter,
              put(&dev, HEALTH "workspaces/wsnames/fhirservices/ab", SYSTEM "\"properties\":{}}"));

    cr_expect_str_eq(reply_text(&upper, "error.code"), "InvalidResourceName");
    cr_expect_str_eq(reply_text(&shorter, "error.code"), "InvalidResourceName");
}

Test(health_services, PARENT_RESOURCE_NOT_FOUND_without_a_workspace)
{
    API_CLIENT(dev);
    API_REPLY(reply,
              put(&dev, HEALTH "workspaces/none/fhirservices/fhir", SYSTEM "\"properties\":{}}"));

    arm_expect_refusal(&reply, 404, "ParentResourceNotFound",
                       "Can not perform requested operation on nested resource. Parent resource "
                       "'none' not found.");
}

/* Each rule that coffer can tell by what it has itself. */
Test(health_services, refuse_a_key_by_the_first_rule_that_does_not_hold)
{
    char version[33], url[512];
    API_CLIENT(dev);
    API_CLIENT(locked);

    make_workspace(&dev, "wsrules");
    api_create_key(&dev, "health-open", "", version);
    key_url(&dev, "health-open", version, url);
    API_REPLY(purge,
              put(&dev, HEALTH "workspaces/wsrules/fhirservices/fhir", SYSTEM WITH_KEY "}", url));
    key_url(&locked, "health-none", "", url);
    API_REPLY(versioned,
              put(&dev, HEALTH "workspaces/wsrules/fhirservices/fhir", SYSTEM WITH_KEY "}", url));
    key_url(&locked, "health-none", "0123456789abcdef0123456789abcdef", url);
    API_REPLY(absent,
              put(&dev, HEALTH "workspaces/wsrules/fhirservices/fhir", SYSTEM WITH_KEY "}", url));
    API_REPLY(garbage, put(&dev, HEALTH "workspaces/wsrules/dicomservices/dicom",
                           SYSTEM WITH_KEY "}", "ftp://x"));
    API_REPLY(number, put(&dev, HEALTH "workspaces/wsrules/fhirservices/fhir",
                          SYSTEM "\"properties\":{\"encryption\":{\"customerManagedKeyEncryption\":"
                                 "{\"keyEncryptionKeyUrl\":7}}}}"));
    API_REPLY(gone,
              arm_ask(&dev, "GET", HEALTH "workspaces/wsrules/fhirservices/fhir", VERSION, NULL));

    expect_part(&purge, "purge protection");
    expect_part(&versioned, "it names none");
    expect_part(&absent, "cannot be used");
    expect_part(&garbage, "cannot be used");
    expect_part(&number, "has to be a text");
    cr_expect_eq(gone.status, 404, "nothing was left behind");
}

Test(health_services, need_an_identity_for_a_key)
{
    char url[512];
    API_CLIENT(locked);

    make_workspace(&locked, "wsidentity");
    API_REPLY(user, arm_ask(&locked, "PUT", "~" USER, "2023-01-31", "{\"location\":\"eastus\"}"));
    cr_assert_eq(user.status, 201, "%s", user.body);
    key_url(&locked, "k", "0123456789abcdef0123456789abcdef", url);
    API_REPLY(none, put(&locked, HEALTH "workspaces/wsidentity/fhirservices/fhir",
                        "{\"location\":\"eastus\"," WITH_KEY "}", url));
    API_REPLY(both, put(&locked, HEALTH "workspaces/wsidentity/fhirservices/fhir",
                        "{\"location\":\"eastus\",\"identity\":{\"type\":\"SystemAssigned,"
                        "UserAssigned\",\"userAssignedIdentities\":{\"%s" USER "\":{}}},"
                        "\"properties\":{}}",
                        arm_subscription_id));
    API_REPLY(odd, put(&locked, HEALTH "workspaces/wsidentity/fhirservices/fhir",
                       "{\"location\":\"eastus\",\"identity\":{\"type\":\"Other\"},"
                       "\"properties\":{}}"));
    API_REPLY(empty, put(&locked, HEALTH "workspaces/wsidentity/fhirservices/fhir",
                         "{\"location\":\"eastus\",\"identity\":{\"type\":\"userAssigned\"},"
                         "\"properties\":{}}"));

    expect_part(&none, "needs a managed identity");
    expect_part(&both, "not both");
    expect_part(&odd, "identity of the resource is not valid");
    expect_part(&empty, "identity of the resource is not valid");
}

/* What the doctor says of a key's service that may have been moved. */
static void expect_moved(const char *url, const char *identity, const char *verdict,
                         const char *said)
{
    char control[64];
    char *output = calloc(1, 65536);
    const char *const words[] = { "doctor", "--key",     url,     "--identity", identity,
                                  "--json", "--control", control, NULL };

    cr_assert_not_null(output);
    snprintf(control, sizeof(control), "http://127.0.0.1:%u", api_daemon()->control_port);
    (void) program_run(words, output, 65536);

    const char *rule = strstr(output, "\"service-not-moved\"");

    cr_assert_not_null(rule, "%s", output);
    const char *end = strchr(rule, '}');
    const char *found = strstr(rule, verdict), *word = strstr(rule, said);

    cr_expect(found != NULL && found < end, "not %s: %.400s", verdict, rule);
    cr_expect(word != NULL && word < end, "not %s: %.400s", said, rule);
    free(output);
}

/* As the configure page has it for a system-assigned identity: make it, let it use the key, give it the key. */
Test(health_services, take_a_key_that_their_identity_can_use)
{
    char version[33], url[512];
    API_CLIENT(locked);

    make_workspace(&locked, "wsgood");
    api_create_key(&locked, "health-good", "", version);
    key_url(&locked, "health-good", version, url);
    API_REPLY(made, put(&locked, HEALTH "workspaces/wsgood/fhirservices/fhir",
                        SYSTEM "\"properties\":{}}"));
    API_REPLY(keyed,
              put(&locked, HEALTH "workspaces/wsgood/fhirservices/fhir", SYSTEM WITH_KEY "}", url));
    API_REPLY(got,
              arm_ask(&locked, "GET", HEALTH "workspaces/wsgood/fhirservices/fhir", VERSION, NULL));
    API_REPLY(health, arm_ask(&locked, "GET",
                              HEALTH "workspaces/wsgood/fhirservices/fhir/providers/"
                                     "Microsoft.ResourceHealth/availabilityStatuses/current",
                              "2023-07-01-preview", NULL));

    cr_expect_eq(made.status, 201, "%s", made.body);
    cr_expect_str_eq(reply_text(&made, "kind"), "fhir-R4");
    cr_expect_eq(keyed.status, 200, "%s", keyed.body);
    cr_expect_str_eq(reply_text(&keyed, "identity.principalId"),
                     reply_text(&made, "identity.principalId"), "deployed again, it is the same");
    cr_expect_str_eq(
        reply_text(&got, "properties.encryption.customerManagedKeyEncryption.keyEncryptionKeyUrl"),
        url);
    cr_expect_str_eq(reply_text(&got, "properties.provisioningState"), "Succeeded");
    cr_expect_str_eq(reply_text(&health, "properties.availabilityState"), "Available");
    expect_moved(url, "system-assigned", "\"holds\"", "workspaces/wsgood/fhirservices/fhir");
    expect_moved(url, "health-none", "\"not known\"", "no service of coffer's uses this key so");
}

Test(health_services, have_another_identity_once_theirs_was_taken_away)
{
    API_CLIENT(dev);

    make_workspace(&dev, "wsagain");
    API_REPLY(first, put(&dev, HEALTH "workspaces/wsagain/dicomservices/dicom",
                         SYSTEM "\"properties\":{}}"));
    API_REPLY(none, put(&dev, HEALTH "workspaces/wsagain/dicomservices/dicom",
                        "{\"location\":\"eastus\",\"identity\":{\"type\":\"None\"},"
                        "\"properties\":{}}"));
    API_REPLY(second, put(&dev, HEALTH "workspaces/wsagain/dicomservices/dicom",
                          SYSTEM "\"properties\":{}}"));

    cr_expect_eq(none.status, 200, "%s", none.body);
    cr_expect_null(reply_item(&none, "identity"));
    cr_expect_str_neq(reply_text(&first, "identity.principalId"),
                      reply_text(&second, "identity.principalId"));
}

/* Who names nobody is the default identity, before and after a service got one of its own. */
Test(health_services, leave_the_default_identity_to_callers)
{
    API_CLIENT(dev);

    API_REPLY(before, put(&dev, HEALTH "workspaces/wsdefault", "{\"location\":\"eastus\"}"));
    API_REPLY(made, put(&dev, HEALTH "workspaces/wsdefault/fhirservices/fhir",
                        SYSTEM "\"properties\":{}}"));
    API_REPLY(after, put(&dev, HEALTH "workspaces/wsdefault", "{\"location\":\"eastus\"}"));

    cr_expect_eq(made.status, 201, "%s", made.body);
    cr_expect_str_eq(reply_text(&before, "systemData.createdBy"),
                     reply_text(&after, "systemData.lastModifiedBy"));
}

Test(health_services, go_with_their_workspace)
{
    API_CLIENT(dev);

    make_workspace(&dev, "wsgone");
    API_REPLY(made,
              put(&dev, HEALTH "workspaces/wsgone/fhirservices/fhir", SYSTEM "\"properties\":{}}"));
    API_REPLY(taken,
              arm_ask(&dev, "POST", "~/providers/Microsoft.HealthcareApis/checkNameAvailability",
                      VERSION, "{\"name\":\"wsgone-fhir\",\"type\":\"x\"}"));
    API_REPLY(gone, arm_ask(&dev, "DELETE", HEALTH "workspaces/wsgone", VERSION, NULL));
    API_REPLY(service,
              arm_ask(&dev, "GET", HEALTH "workspaces/wsgone/fhirservices/fhir", VERSION, NULL));
    API_REPLY(free_again,
              arm_ask(&dev, "POST", "~/providers/Microsoft.HealthcareApis/checkNameAvailability",
                      VERSION, "{\"name\":\"wsgone-fhir\",\"type\":\"x\"}"));

    cr_expect_eq(made.status, 201);
    cr_expect_eq(gone.status, 200);
    cr_expect_eq(service.status, 404);
    cr_expect(cJSON_IsFalse(reply_item(&taken, "nameAvailable")), "%s", taken.body);
    cr_expect(cJSON_IsTrue(reply_item(&free_again, "nameAvailable")), "%s", free_again.body);
}

static struct reply ask_consumers(struct client *client, const char *method, const char *behind)
{
    char target[256];

    snprintf(target, sizeof(target), "/control/v1/consumers/%s", behind);
    const struct request request = { .method = method, .target = target, .control = true };
    return client_send(client, &request);
}

/* Resource Health of a resource without its service would have nothing to say. */
Test(health_services, are_not_removed_under_their_resource)
{
    API_CLIENT(dev);

    make_workspace(&dev, "wsheld");
    API_REPLY(made,
              put(&dev, HEALTH "workspaces/wsheld/fhirservices/Fhir", SYSTEM "\"properties\":{}}"));
    API_REPLY(refused, ask_consumers(&dev, "DELETE", "wsheld-fhir"));
    API_REPLY(louder, ask_consumers(&dev, "DELETE", "WSHELD-FHIR"));
    API_REPLY(shown, ask_consumers(&dev, "GET", "wsheld-fhir"));
    API_REPLY(deleted,
              arm_ask(&dev, "DELETE", HEALTH "workspaces/wsheld/fhirservices/fhir", VERSION, NULL));
    API_REPLY(gone, ask_consumers(&dev, "DELETE", "wsheld-fhir"));

    cr_assert_eq(made.status, 201, "%s", made.body);
    cr_expect_eq(refused.status, 409, "%s", refused.body);
    cr_expect_not_null(strstr(refused.body, reply_text(&made, "id")), "%s", refused.body);
    cr_expect_not_null(strstr(refused.body, "az resource delete"), "%s", refused.body);
    cr_expect_eq(louder.status, 409, "%s", louder.body);
    cr_expect_str_eq(reply_text(&shown, "resource"), reply_text(&made, "id"), "%s", shown.body);
    cr_expect(deleted.status == 200 || deleted.status == 204, "%s", deleted.body);
    cr_expect_eq(gone.status, 404, "%s", gone.body);
}

Test(health_services, are_known_to_the_doctor)
{
    char version[33], url[512], body[1024];
    API_CLIENT(dev);

    make_workspace(&dev, "wsdoctor");
    api_create_key(&dev, "health-doctor", "", version);
    key_url(&dev, "health-doctor", version, url);
    expect_moved(url, "health-none", "\"not known\"", "no service of coffer's uses this key so");

    snprintf(body, sizeof(body), "{\"key\":\"%s\",\"identity\":\"health-none\",\"rules\":\"none\"}",
             url);
    const struct request request = {
        .method = "PUT", .target = "/control/v1/consumers/ws-by-hand", .body = body, .control = true
    };
    API_REPLY(by_hand, client_send(&dev, &request));
    cr_assert(by_hand.status == 200 || by_hand.status == 409, "%s", by_hand.body);
    expect_moved(url, "health-none", "\"not known\"", "ws-by-hand was not deployed by a template");
}
