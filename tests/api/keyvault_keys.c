/* SPDX-License-Identifier: Apache-2.0 */
/* Keys through the resource manager: made if they are not there, and looked at (control-plane.md §1.5). */
#include "keyvault_tools.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

TestSuite(keyvault_keys, .timeout = 120);

#define KEYS VAULTS "dev/keys/"

Test(keyvault_keys, are_refused_for_what_is_no_key)
{
    static const struct {
        const char *body, *message;
    } rows[] = {
        { "{}", "The property \"properties\" is missing." },
        { "{\"properties\":{\"kty\":\"oct\"}}", "The property \"kty\" has an invalid value." },
        { "{\"properties\":{\"kty\":7}}", "The property \"kty\" has an invalid value." },
        { "{\"properties\":{\"keySize\":\"2048\"}}",
          "The property \"keySize\" has an invalid value." },
        { "{\"properties\":{\"keyOps\":[7]}}", "The property \"keyOps\" has an invalid value." },
        { "{\"properties\":{\"keyOps\":[\"release\"]}}",
          "The property \"release_policy\" is missing." },
        { "{\"properties\":{\"keyOps\":{}}}", "The property \"keyOps\" has an invalid value." },
        { "{\"properties\":{\"attributes\":{\"exp\":-1}}}",
          "The property \"exp\" has an invalid value." },
        { "{\"properties\":{\"attributes\":{\"exp\":\"2030-01-01\"}}}",
          "The property \"exp\" has an invalid value." },
        { "{\"properties\":{\"rotationPolicy\":{\"lifetimeActions\":[7]}}}",
          "The property \"lifetimeActions\" has an invalid value." },
        { "{\"properties\":{},\"tags\":{\"a\":7}}", "The property \"tags\" has an invalid value." },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        keyvault_expect_error(api_daemon(), "PUT", KEYS "no-key", rows[i].body, 400, "BadRequest",
                              rows[i].message);
    }
    keyvault_do(api_daemon(), "PUT", KEYS "no-key", "{\"properties\":{\"keySize\":1000}}", 400);
    keyvault_do(api_daemon(), "PUT", KEYS "no_key", "{\"properties\":{}}", 400);
    keyvault_expect_error(
        api_daemon(), "GET", KEYS "no-key", NULL, 404, "ResourceNotFound",
        "The Resource 'Microsoft.KeyVault/vaults/dev/keys/no-key' under resource group "
        "'coffer' was not found. For more details please go to "
        "https://aka.ms/ARMResourceNotFoundFix");
    keyvault_do(api_daemon(), "DELETE", KEYS "no-key", NULL, 405);
    keyvault_expect_error(api_daemon(), "PUT", VAULTS "no-vault/keys/k", "{\"properties\":{}}", 404,
                          "ParentResourceNotFound",
                          "Can not perform requested operation on nested resource. Parent resource "
                          "'no-vault' not found.");
}

/* §0 row 6: what the documents' template sends; and nothing of it is public. */
Test(keyvault_keys, are_made_as_the_template_has_them)
{
    static const char body[] =
        "{\"tags\":{\"a\":\"b\"},\"properties\":{\"attributes\":{\"enabled\":true},\"keyOps\":["
        "\"wrapKey\",\"UnwrapKey\"],\"keySize\":2048,\"curveName\":\"P-256\",\"kty\":\"rsa\"}}";
    API_REPLY(made, keyvault_ask(api_daemon(), "PUT", KEYS "cmk", body));
    API_REPLY(again,
              keyvault_ask(api_daemon(), "PUT", KEYS "cmk", "{\"properties\":{\"kty\":\"EC\"}}"));
    API_REPLY(got, keyvault_ask(api_daemon(), "GET", KEYS "cmk", NULL));

    cr_expect_eq(made.status, 200, "%s", made.body);
    cr_expect_str_eq(again.body, made.body, "a key that is there stays as it is");
    cr_expect_str_eq(got.body, made.body);
    keyvault_mask(api_daemon(), &made);
    cr_expect_str_eq(made.body,
                     "{\"id\":\"/subscriptions/S/resourceGroups/coffer/providers/"
                     "Microsoft.KeyVault/vaults/dev/keys/cmk\",\"name\":\"cmk\",\"type\":"
                     "\"Microsoft.KeyVault/vaults/keys\",\"location\":\"eastus\",\"tags\":{\"a\":"
                     "\"b\"},\"properties\":{\"attributes\":{\"enabled\":true,\"created\":0,"
                     "\"updated\":0,\"recoveryLevel\":\"Recoverable+Purgeable\"},\"kty\":\"RSA\","
                     "\"keyOps\":[\"wrapKey\",\"unwrapKey\"],\"keySize\":2048,\"keyUri\":"
                     "\"https://dev.vault.localhost:P/keys/cmk\",\"keyUriWithVersion\":"
                     "\"https://dev.vault.localhost:P/keys/cmk/V\"}}");
    API_REPLY(versions, keyvault_ask(api_daemon(), "GET", KEYS "cmk/versions", NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&versions, "value")), 1);
    cr_expect_str_eq(reply_text(&versions, "value.0.type"),
                     "Microsoft.KeyVault/vaults/keys/versions");
}

Test(keyvault_keys, are_those_of_the_data_plane)
{
    char version[33], path[128];
    API_CLIENT(dev);

    api_create_key(&dev, "from-data", "", version);
    (void) snprintf(path, sizeof(path), KEYS "from-data/versions/%s", version);
    API_REPLY(one, keyvault_ask(api_daemon(), "GET", path, NULL));
    cr_expect_str_eq(reply_text(&one, "name"), version);
    keyvault_do(
        api_daemon(), "PUT", KEYS "from-arm",
        "{\"properties\":{\"kty\":\"EC-HSM\",\"curveName\":\"p-384\",\"attributes\":{\"enabled\":"
        "false}}}",
        200);
    API_REPLY(key, client_call(&dev, "GET", "/keys/from-arm", NULL));
    cr_expect_str_eq(reply_text(&key, "key.kty"), "EC-HSM");
    cr_expect_str_eq(reply_text(&key, "key.crv"), "P-384");
    cr_expect(cJSON_IsFalse(reply_item(&key, "attributes.enabled")));
    API_REPLY(list, keyvault_ask(api_daemon(), "GET", VAULTS "dev/keys?$top=1", NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&list, "value")), 1);
    cr_expect_str_neq(reply_text(&list, "nextLink"), "");
    API_REPLY(deleted, client_call(&dev, "DELETE", "/keys/from-arm", NULL));
    cr_expect_eq(deleted.status, 200);
    keyvault_do(api_daemon(), "GET", KEYS "from-arm", NULL, 404);
    keyvault_do(api_daemon(), "PUT", KEYS "from-arm", "{\"properties\":{\"kty\":\"EC\"}}", 409);
}

/* The documentation's own template leaves the trigger that it does not use empty. */
Test(keyvault_keys, have_a_rotation_policy)
{
    API_REPLY(
        made,
        keyvault_ask(api_daemon(), "PUT", KEYS "turning",
                     "{\"properties\":{\"kty\":\"EC\",\"vaultName\":\"dev\",\"rotationPolicy\":{"
                     "\"attributes\":{\"expiryTime\":\"P2Y\"},\"lifetimeActions\":[{\"trigger\":{"
                     "\"timeAfterCreate\":\"P18M\",\"timeBeforeExpiry\":\"\"},\"action\":{\"type\":"
                     "\"Rotate\"}},{\"trigger\":{\"timeBeforeExpiry\":\"P30D\"},\"action\":{"
                     "\"type\":\"notify\"}}]}}}"));

    cr_expect_eq(made.status, 200, "%s", made.body);
    keyvault_mask(api_daemon(), &made);
    cr_expect_not_null(
        strstr(
            made.body,
            "\"rotationPolicy\":{\"lifetimeActions\":[{\"trigger\":{\"timeAfterCreate\":\"P18M\"},"
            "\"action\":{\"type\":\"rotate\"}},{\"trigger\":{\"timeBeforeExpiry\":\"P30D\"},"
            "\"action\":{\"type\":\"notify\"}}],\"attributes\":{\"expiryTime\":\"P2Y\","
            "\"created\":0,"),
        "%s", made.body);
    keyvault_do(
        api_daemon(), "PUT", KEYS "not-turning",
        "{\"properties\":{\"kty\":\"EC\",\"rotationPolicy\":{\"lifetimeActions\":[{\"trigger\":{"
        "\"timeAfterCreate\":\"soon\"},\"action\":{\"type\":\"rotate\"}}]}}}",
        400);
    keyvault_do(api_daemon(), "GET", KEYS "not-turning", NULL, 404);
}

static void *make_racer(void *context)
{
    (void) context;
    keyvault_do(api_daemon(), "PUT", KEYS "racer", "{\"properties\":{\"kty\":\"EC\"}}", 200);
    return NULL;
}

Test(keyvault_keys, are_made_once_by_however_many)
{
    pthread_t threads[4];

    keyvault_do(api_daemon(), "GET", KEYS "racer", NULL, 404);
    for (size_t i = 0; i < KV_COUNT(threads); i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, make_racer, NULL), 0);
    }
    for (size_t i = 0; i < KV_COUNT(threads); i++) {
        pthread_join(threads[i], NULL);
    }
    API_REPLY(versions, keyvault_ask(api_daemon(), "GET", KEYS "racer/versions", NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&versions, "value")), 1, "%s", versions.body);
}

#define HSMS GROUP "/managedHSMs/"

Test(keyvault_keys, are_there_in_managed_HSMs_too)
{
    char version[192];

    keyvault_do(api_daemon(), "PUT", HSMS "keyhsm",
                "{\"location\":\"eastus\",\"sku\":{\"family\":\"B\",\"name\":\"Standard_B1\"},"
                "\"properties\":{\"tenantId\":\"" TENANT "\",\"initialAdminObjectIds\":[\"" TENANT
                "\"]}}",
                200);
    keyvault_expect_error(api_daemon(), "PUT", VAULTS "keyhsm/keys/k", "{\"properties\":{}}", 404,
                          "ParentResourceNotFound",
                          "Can not perform requested operation on nested resource. Parent resource "
                          "'keyhsm' not found.");
    keyvault_do(api_daemon(), "GET", HSMS "keyhsm/keys/k", NULL, 404);
    keyvault_do(api_daemon(), "PUT", HSMS "keyhsm/keys/k", "{\"properties\":{\"kty\":\"oct\"}}",
                400);
    API_REPLY(made, keyvault_ask(api_daemon(), "PUT", HSMS "keyhsm/keys/k",
                                 "{\"properties\":{\"kty\":\"EC-HSM\",\"curveName\":\"P-384\"}}"));
    API_REPLY(got, keyvault_ask(api_daemon(), "GET", HSMS "keyhsm/keys/k", NULL));
    API_REPLY(list, keyvault_ask(api_daemon(), "GET", HSMS "keyhsm/keys", NULL));
    API_REPLY(versions, keyvault_ask(api_daemon(), "GET", HSMS "keyhsm/keys/k/versions", NULL));

    cr_assert_eq(made.status, 200, "%s", made.body);
    cr_expect_str_eq(got.body, made.body);
    cr_expect_str_eq(reply_text(&made, "type"), "Microsoft.KeyVault/managedHSMs/keys");
    cr_expect_str_eq(reply_text(&made, "properties.kty"), "EC-HSM");
    cr_expect_str_eq(reply_text(&made, "properties.curveName"), "P-384");
    cr_expect_not_null(strstr(reply_text(&made, "properties.keyUri"), "keyhsm.managedhsm."));
    cr_expect_null(reply_item(&made, "location"), "keys of managed HSMs have none");
    cr_expect_str_eq(reply_text(&list, "value.0.id"), reply_text(&made, "id"));
    cr_expect_str_eq(reply_text(&versions, "value.0.type"),
                     "Microsoft.KeyVault/managedHSMs/keys/versions");
    snprintf(version, sizeof(version), HSMS "keyhsm/keys/k/versions/%s",
             reply_text(&versions, "value.0.name"));
    keyvault_do(api_daemon(), "GET", version, NULL, 200);
}
