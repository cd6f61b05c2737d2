/* SPDX-License-Identifier: Apache-2.0 */
/* Answers to GET that were rendered before serve nobody who has to see another one. */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>

TestSuite(shown, .timeout = 120);

static struct reply get_as(struct client *client, const char *host, const char *target)
{
    return client_send(client,
                       &(struct request){ .method = "GET", .target = target, .host = host });
}

static void expect_id(struct client *client, const char *host, const char *version)
{
    char id[256];

    (void) snprintf(id, sizeof(id), "https://%s:%u/keys/hosts/%s", host, client->daemon->port,
                    version);
    API_REPLY(reply, get_as(client, host, "/keys/hosts?api-version=7.6"));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "key.kid"), id);
}

Test(shown, ids_are_of_the_host_that_is_asked)
{
    static const char *const hosts[] = { "dev.vault.localhost", "dev.vault.azure.net",
                                         "dev.vault.localhost", "dev.vault.azure.net" };
    char version[33];
    API_CLIENT(dev);

    api_create_key(&dev, "hosts", "", version);
    for (size_t i = 0; i < KV_COUNT(hosts); i++) {
        expect_id(&dev, hosts[i], version);
        expect_id(&dev, hosts[i], version);
    }
}

Test(shown, key_that_was_changed_is_seen_at_once)
{
    static const char *const texts[] = { "one", "two", "three" };
    char version[33], body[64];
    API_CLIENT(dev);

    api_create_key(&dev, "changed", "", version);
    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        (void) snprintf(body, sizeof(body), "{\"tags\":{\"text\":\"%s\"}}", texts[i]);
        API_REPLY(changed, client_call(&dev, "PATCH", "/keys/changed", body));
        cr_assert_eq(changed.status, 200, "%s", changed.body);
        for (int again = 0; again < 2; again++) {
            API_REPLY(reply, client_call(&dev, "GET", "/keys/changed", NULL));
            cr_expect_str_eq(reply_text(&reply, "tags.text"), texts[i]);
            cr_expect_str_eq(reply.body, changed.body);
        }
    }
}

Test(shown, vault_that_was_changed_is_seen_at_once)
{
    static const char *const levels[] = { "CustomizedRecoverable+Purgeable",
                                          "CustomizedRecoverable" };
    API_CLIENT(dev);

    API_REPLY(made, client_ask_vaults(&dev, "PUT", "/shown-vault", "{\"retention\":8}"));
    cr_assert_eq(made.status, 201, "%s", made.body);
    API_REPLY(key, client_call_vault(&dev, "shown-vault", false, "POST", "/keys/k/create",
                                     "{\"kty\":\"EC\"}"));
    cr_assert_eq(key.status, 200, "%s", key.body);
    for (size_t i = 0; i < KV_COUNT(levels); i++) {
        if (i > 0) {
            API_REPLY(changed, client_ask_vaults(&dev, "PATCH", "/shown-vault",
                                                 "{\"purge_protection\":true}"));
            cr_assert_eq(changed.status, 200, "%s", changed.body);
        }
        for (int again = 0; again < 2; again++) {
            API_REPLY(reply, client_call_vault(&dev, "shown-vault", false, "GET", "/keys/k", NULL));
            cr_expect_str_eq(reply_text(&reply, "attributes.recoveryLevel"), levels[i]);
        }
    }
}
