/* SPDX-License-Identifier: Apache-2.0 */
/* What comes back from a backup: contract §6.7. */
#include "backup_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/jwk.h"
#include "kv/base/base64.h"
#include "kv/base/secret.h"

TestSuite(restore, .timeout = 300);

#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define PREFIX "&AzureKeyVaultKeyBackupV1.microsoft.com"

static bool holds(const char *bytes, size_t len, const unsigned char *part, size_t part_len)
{
    for (size_t i = 0; i + part_len <= len; i++) {
        if (kv_secret_equal(bytes + i, part_len, part, part_len)) {
            return true;
        }
    }
    return false;
}

/* The key is the test's own, so that the test knows what must not be there. */
Test(restore, is_of_a_blob_that_shows_no_key)
{
    static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi", "n" };
    EVP_PKEY *key = jwk_new_rsa(2048);
    cJSON *jwk = jwk_render(key, "RSA");
    char *text = cJSON_PrintUnformatted(jwk);
    char body[4096];
    char *value;
    char *blob;
    size_t len;
    API_CLIENT(dev);

    snprintf(body, sizeof(body), "{\"key\":%s}", text);
    expect_status(&dev, "PUT", "/keys/restore-clear", body, 200);
    value = back_up(&dev, "restore-clear");
    blob = decode(value, &len);
    for (size_t i = 0; i < KV_COUNT(members); i++) {
        const char *number = cJSON_GetStringValue(cJSON_GetObjectItem(jwk, members[i]));
        unsigned char bytes[512];
        size_t number_len;

        cr_assert(kv_base64url_decode(number, strlen(number), bytes, &number_len));
        cr_expect_not(holds(blob, len, bytes, 16), "%s", members[i]);
        cr_expect_null(strstr(blob, number), "%s", members[i]);
    }
    free(blob);
    free(value);
    cJSON_free(text);
    cJSON_Delete(jwk);
    EVP_PKEY_free(key);
}

Test(restore, is_an_envelope_of_the_services_form)
{
    char version[33];
    char header[256];
    size_t len;
    size_t dots = 0;
    char *value;
    char *blob;
    char *jwe;
    API_CLIENT(dev);

    api_create_key(&dev, "backup-form", "", version);
    value = back_up(&dev, "backup-form");
    blob = decode(value, &len);
    jwe = blob + strlen(PREFIX);
    cr_expect_eq(strncmp(blob, PREFIX, strlen(PREFIX)), 0);
    for (const char *at = jwe; *at != '\0'; at++) {
        dots += *at == '.';
    }
    cr_expect_eq(dots, 4);
    cr_assert(kv_base64url_decode(jwe, strcspn(jwe, "."), header, &len));
    header[len] = '\0';
    cr_expect_eq(strncmp(header, "{\"kid\":\"", 8), 0, "%s", header);
    cr_expect_str_eq(header + 8 + 36, "\",\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256CBC-HS512\"}");
    free(blob);
    free(value);
}

Test(restore, brings_back_every_version_as_it_was)
{
    char first[33];
    char second[33];
    char path[128];
    char wrapped[1024];
    char *value;
    API_CLIENT(dev);

    api_create_key(&dev, "Backup-All", ",\"tags\":{\"a\":\"1\"},\"attributes\":{\"enabled\":false}",
                   first);
    api_create_key(&dev, "backup-all",
                   ",\"key_ops\":[\"wrapKey\",\"unwrapKey\"],"
                   "\"attributes\":{\"nbf\":5,\"exp\":32503680000}",
                   second);
    api_wrap(&dev, "backup-all", NULL, "RSA-OAEP", VALUE, wrapped);
    value = back_up(&dev, "backup-all");
    snprintf(path, sizeof(path), "/keys/backup-all/%s", first);
    API_REPLY(old_first, client_call(&dev, "GET", path, NULL));
    API_REPLY(old_latest, client_call(&dev, "GET", "/keys/backup-all", NULL));
    purge(&dev, "backup-all");

    API_REPLY(reply, restore(&dev, value));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_expect_str_eq(reply.body, old_latest.body);
    API_REPLY(new_first, client_call(&dev, "GET", path, NULL));
    cr_expect_str_eq(new_first.body, old_first.body);
    API_REPLY(new_latest, client_call(&dev, "GET", "/keys/BACKUP-ALL", NULL));
    cr_expect_str_eq(new_latest.body, old_latest.body);
    API_REPLY(plain, api_unwrap(&dev, "backup-all", second, "RSA-OAEP", wrapped));
    cr_expect_str_eq(reply_text(&plain, "value"), VALUE, "%s", plain.body);
    free(value);
}

Test(restore, restores_into_another_vault_of_the_instance)
{
    char version[33];
    char wrapped[1024];
    char *value;
    API_CLIENT(dev);
    API_CLIENT(locked);

    api_create_key(&dev, "backup-move", "", version);
    api_wrap(&dev, "backup-move", NULL, "RSA-OAEP-256", VALUE, wrapped);
    value = back_up(&dev, "backup-move");
    API_REPLY(reply, restore(&locked, value));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_expect_not_null(strstr(reply_text(&reply, "key.kid"), "https://locked."));
    cr_expect_not_null(strstr(reply_text(&reply, "key.kid"), version));
    API_REPLY(plain, api_unwrap(&locked, "backup-move", version, "RSA-OAEP-256", wrapped));
    cr_expect_str_eq(reply_text(&plain, "value"), VALUE, "%s", plain.body);
    free(value);
}

Test(restore, brings_the_rotation_policy_back)
{
    static const char policy[] =
        "{\"attributes\":{\"expiryTime\":\"P48M\"},\"lifetimeActions\":[{\"action\":{\"type\":"
        "\"rotate\"},\"trigger\":{\"timeAfterCreate\":\"P18M\"}}]}";
    char version[33];
    char *value;
    API_CLIENT(dev);

    api_create_key(&dev, "backup-policy", "", version);
    expect_status(&dev, "PUT", "/keys/backup-policy/rotationpolicy", policy, 200);
    API_REPLY(before, client_call(&dev, "GET", "/keys/backup-policy/rotationpolicy", NULL));
    value = back_up(&dev, "backup-policy");
    purge(&dev, "backup-policy");
    API_REPLY(reply, restore(&dev, value));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    API_REPLY(after, client_call(&dev, "GET", "/keys/backup-policy/rotationpolicy", NULL));
    cr_expect_str_eq(after.body, before.body);
    free(value);
}

Test(restore, survives_a_restart)
{
    static const char *const arguments[] = { NULL };
    struct daemon own;
    char version[33];
    char *value = NULL;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    {
        API_CLIENT_OF(&own, dev);

        api_create_key(&dev, "kept", "", version);
        value = back_up(&dev, "kept");
        purge(&dev, "kept");
    }
    cr_assert(daemon_stop(&own));
    cr_assert(daemon_start(&own, arguments));
    {
        API_CLIENT_OF(&own, dev);

        API_REPLY(reply, restore(&dev, value));
        cr_expect_eq(reply.status, 200, "%s", reply.body);
    }
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
    free(value);
}

Test(restore, of_every_type_can_be_restored)
{
    static const char *const bodies[] = {
        "{\"kty\":\"EC\",\"crv\":\"P-256\"}",      "{\"kty\":\"EC-HSM\",\"crv\":\"P-256K\"}",
        "{\"kty\":\"EC\",\"crv\":\"P-384\"}",      "{\"kty\":\"EC\",\"crv\":\"P-521\"}",
        "{\"kty\":\"RSA-HSM\",\"key_size\":3072}", "{\"kty\":\"RSA\"}",
    };
    API_CLIENT(dev);

    API_SKIP_WITH_NSS("NSS does not have P-256K");
    for (size_t i = 0; i < KV_COUNT(bodies); i++) {
        char name[64];
        char path[128];
        char *value;

        snprintf(name, sizeof(name), "backup-type-%zu", i);
        snprintf(path, sizeof(path), "/keys/%s/create", name);
        expect_status(&dev, "POST", path, bodies[i], 200);
        snprintf(path, sizeof(path), "/keys/%s", name);
        API_REPLY(before, client_call(&dev, "GET", path, NULL));
        value = back_up(&dev, name);
        purge(&dev, name);
        API_REPLY(reply, restore(&dev, value));
        cr_expect_eq(reply.status, 200, "%s", reply.body);
        cr_expect_str_eq(reply.body, before.body);
        free(value);
    }
    api_proves("backup,restore RSA,RSA-HSM,EC,EC-HSM");
}

/* A blob of many versions is larger than any other body. */
Test(restore, may_be_larger_than_other_bodies_but_not_boundless)
{
    static const struct {
        const char *path;
        size_t megabytes;
        long status;
    } rows[] = {
        { "/keys/restore", 3, 400 },
        { "/keys/restore", 9, 413 },
        { "/keys/backup-large/create", 3, 413 },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        size_t len = rows[i].megabytes * 1024 * 1024;
        char *body = malloc(len + 16);

        snprintf(body, 16, "{\"value\":\"");
        memset(body + 10, 'A', len);
        snprintf(body + 10 + len, 3, "\"}");
        API_REPLY(reply, client_call(&dev, "POST", rows[i].path, body));
        cr_expect_eq(reply.status, rows[i].status, "%s %zu: %ld", rows[i].path, rows[i].megabytes,
                     reply.status);
        free(body);
    }
}
