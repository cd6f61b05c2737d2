/* SPDX-License-Identifier: Apache-2.0 */
/*
 * secureWrapKey and secureUnwrapKey of a managed HSM: contract §6.11. The environment is the test,
 * attested by coffer's own authority.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/rsa.h>

#include "../support/jwk.h"
#include "kv/base/base64.h"
#include "release_tools.h"

TestSuite(secure, .timeout = 120);

#define SINCE "2026-01-01-preview"
#define VERSION "0123456789abcdef0123456789abcdef"
#define BOTH_OPS "\"key_ops\":[\"secureWrapKey\",\"secureUnwrapKey\"]"
#define VALUE_MAX 1024

static const char *const paths[] = {
    "/keys/a/securewrapkey",
    "/keys/a/" VERSION "/secureWrapKey",
    "/keys/a/secureunwrapkey",
    "/keys/a/" VERSION "/secureUnwrapKey",
};

/* All of them, of that host in that api-version. */
static void expect_unknown(struct client *client, const char *api_version)
{
    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        char target[256];
        char unknown[256];
        const struct request request = { .method = "POST",
                                         .target = target,
                                         .body = "{\"alg\":\"RSA-OAEP-256\"}" };

        snprintf(target, sizeof(target), "%s?api-version=%s", paths[i], api_version);
        snprintf(unknown, sizeof(unknown), "Method POST does not allow operation '%s'",
                 strrchr(paths[i], '/') + 1);
        API_REPLY(reply, client_send(client, &request));
        cr_expect_eq(reply.status, 400, "%s", target);
        cr_expect_not_null(strstr(reply.body, unknown), "%s: %s", target, reply.body);
    }
}

Test(secure, operations_are_unknown_to_older_versions)
{
    static const char *const versions[] = { "2015-06-01", "7.6", "2025-07-01" };
    API_HSM_OF(api_daemon(), pool);

    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        expect_unknown(&pool, versions[i]);
    }
}

Test(secure, operations_are_unknown_to_vaults)
{
    API_CLIENT(dev);

    expect_unknown(&dev, "2025-07-01");
    expect_unknown(&dev, SINCE);
    expect_unknown(&dev, "2026-04-01");
}

Test(secure, operations_are_unknown_to_other_methods)
{
    API_HSM_OF(api_daemon(), pool);
    const struct request request = { .method = "GET",
                                     .target = "/keys/a/securewrapkey?api-version=2026-04-01" };

    API_REPLY(reply, client_send(&pool, &request));
    cr_expect_not_null(strstr(reply.body, "Method GET does not allow operation 'securewrapkey'"));
}

Test(secure, operations_ask_who_calls_before_anything_else)
{
    API_HSM_OF(api_daemon(), pool);
    const struct request request = { .method = "POST",
                                     .target = "/keys/a/securewrapkey?api-version=2026-04-01",
                                     .without_token = true };

    API_REPLY(reply, client_send(&pool, &request));
    cr_expect_eq(reply.status, 401, "%s", reply.body);
}

/* Creates a key of that name whose policy trusts coffer's own authority for that condition. */
static struct reply create(struct client *pool, const char *name, const char *condition)
{
    char data[1024];
    char path[128];
    char body[2048];

    release_make_policy(pool, condition, data);
    snprintf(path, sizeof(path), "/keys/%s/create", name);
    snprintf(body, sizeof(body),
             "{" BOTH_OPS ",\"kty\":\"RSA-HSM\",\"release_policy\":{\"data\":\"%s\","
             "\"immutable\":true}}",
             data);
    return client_call(pool, "POST", path, body);
}

static struct reply call(struct client *pool, const char *name, const char *operation,
                         const char *api_version, const char *body)
{
    char target[256];

    snprintf(target, sizeof(target), "/keys/%s/%s?api-version=%s", name, operation, api_version);
    return client_send(pool, &(struct request){ .method = "POST", .target = target, .body = body });
}

static struct reply wrap(struct client *pool, const char *name)
{
    return call(pool, name, "securewrapkey", "2026-01-01-preview", "{\"alg\":\"RSA-OAEP-256\"}");
}

static struct reply unwrap(struct client *pool, const char *name, const char *token,
                           const char *value)
{
    size_t size = strlen(token) + strlen(value) + 128;
    char *body = malloc(size);
    struct reply reply;

    snprintf(body, size, "{\"alg\":\"RSA-OAEP-256\",\"target\":\"%s\",\"value\":\"%s\"}", token,
             value);
    reply = call(pool, name, "secureunwrapkey", "2026-01-01-preview", body);
    free(body);
    return reply;
}

/* What OAEP with SHA-256 has under that key; 0 bytes when it is for another one. */
static size_t open_value(EVP_PKEY *key, const char *value, unsigned char ret_bytes[VALUE_MAX])
{
    EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new(key, NULL);
    unsigned char sealed[VALUE_MAX];
    size_t sealed_len;
    size_t len = VALUE_MAX;

    cr_assert(kv_base64url_decode(value, strlen(value), sealed, &sealed_len));
    cr_assert_eq(EVP_PKEY_decrypt_init(ctx), 1);
    cr_assert_eq(EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_OAEP_PADDING), 1);
    cr_assert_eq(EVP_PKEY_CTX_set_rsa_oaep_md(ctx, EVP_sha256()), 1);
    if (EVP_PKEY_decrypt(ctx, ret_bytes, &len, sealed, sealed_len) != 1) {
        len = 0;
    }
    EVP_PKEY_CTX_free(ctx);
    return len;
}

Test(secure, key_stays_although_it_has_a_release_policy)
{
    API_HSM_OF(api_daemon(), pool);
    API_REPLY(key, create(&pool, "secure-kept", MAA));

    cr_assert_eq(key.status, 200, "%s", key.body);
    cr_expect(cJSON_IsFalse(reply_item(&key, "attributes.exportable")), "%s", key.body);
    cr_expect_not_null(reply_item(&key, "release_policy"));
    API_REPLY(released, release_send(&pool, "secure-kept", "a.b.c", "CKM_RSA_AES_KEY_WRAP"));
    cr_expect_eq(released.status, 403, "%s", released.body);
    API_REPLY(rotated, client_call(&pool, "POST", "/keys/secure-kept/rotate", NULL));
    cr_expect(cJSON_IsFalse(reply_item(&rotated, "attributes.exportable")), "%s", rotated.body);
    API_REPLY(gone, client_call(&pool, "DELETE", "/keys/secure-kept", NULL));
    cr_expect_not_null(reply_item(&gone, "release_policy"));
    cr_expect_not_null(strstr(gone.body, "\"secureUnwrapKey\""));
}

/* A blob says so, too. */
Test(secure, key_stays_after_it_was_restored)
{
    char *body;
    API_HSM_OF(api_daemon(), pool);
    API_REPLY(key, create(&pool, "secure-moved", MAA));

    cr_assert_eq(key.status, 200, "%s", key.body);
    API_REPLY(blob, client_call(&pool, "POST", "/keys/secure-moved/backup", NULL));
    cr_assert_eq(blob.status, 200, "%s", blob.body);
    body = strdup(blob.body);
    API_REPLY(gone, client_call(&pool, "DELETE", "/keys/secure-moved", NULL));
    API_REPLY(purged, client_call(&pool, "DELETE", "/deletedkeys/secure-moved", NULL));
    cr_expect_eq(purged.status, 204, "%s", purged.body);
    API_REPLY(restored, client_call(&pool, "POST", "/keys/restore", body));
    cr_expect_eq(restored.status, 200, "%s", restored.body);
    cr_expect(cJSON_IsFalse(reply_item(&restored, "attributes.exportable")), "%s", restored.body);
    cr_expect(cJSON_IsTrue(reply_item(&restored, "release_policy.immutable")), "%s", restored.body);
    free(body);
}

Test(secure, BAD_PARAMETER_of_a_policy_for_a_key_that_also_does_something_else)
{
    char data[1024];
    char body[2048];
    API_HSM_OF(api_daemon(), pool);
    API_CLIENT(dev);

    release_make_policy(&pool, MAA, data);
    snprintf(body, sizeof(body),
             "{\"key_ops\":[\"secureWrapKey\",\"sign\"],\"kty\":\"RSA-HSM\","
             "\"release_policy\":{\"data\":\"%s\"}}",
             data);
    API_REPLY(mixed, client_call(&pool, "POST", "/keys/secure-mixed/create", body));
    cr_expect_eq(mixed.status, 400);
    cr_expect_not_null(strstr(mixed.body, "Non-exportable keys must not have release policy"));
    API_REPLY(vault, client_call(&dev, "POST", "/keys/secure-vault/create",
                                 "{" BOTH_OPS ",\"kty\":\"RSA-HSM\"}"));
    cr_expect_eq(vault.status, 400, "%s", vault.body);
    API_REPLY(curve, client_call(&pool, "POST", "/keys/secure-curve/create",
                                 "{" BOTH_OPS ",\"kty\":\"EC-HSM\"}"));
    cr_expect_eq(curve.status, 400, "%s", curve.body);
}

Test(secure, KEY_OPERATION_FORBIDDEN)
{
    API_HSM_OF(api_daemon(), pool);

    API_REPLY(key, client_call(&pool, "POST", "/keys/secure-not/create", "{\"kty\":\"RSA-HSM\"}"));
    API_REPLY(wrapped, wrap(&pool, "secure-not"));
    API_REPLY(unwrapped, unwrap(&pool, "secure-not", "a.b.c", "AAAA"));
    cr_expect_eq(wrapped.status, 403);
    cr_expect_not_null(strstr(wrapped.body, "KeyOperationForbidden"));
    cr_expect_not_null(strstr(wrapped.body, "Operation secureWrapKey is not permitted on "));
    cr_expect_eq(unwrapped.status, 403);
    cr_expect_not_null(strstr(unwrapped.body, "Operation secureUnwrapKey is not permitted on "));
    API_REPLY(missing, wrap(&pool, "secure-missing"));
    cr_expect_eq(missing.status, 404, "%s", missing.body);
}

Test(secure, key_is_seen_by_attested_environments_alone)
{
    EVP_PKEY *environments[] = { jwk_new_rsa(2048), jwk_new_rsa(3072) };
    unsigned char seen[2][VALUE_MAX];
    API_HSM_OF(api_daemon(), pool);
    API_REPLY(key, create(&pool, "secure", MAA));
    API_REPLY(wrapped, wrap(&pool, "secure"));
    API_REPLY(other, wrap(&pool, "secure"));
    const char *value = reply_text(&wrapped, "value");

    cr_assert_eq(wrapped.status, 200, "%s", wrapped.body);
    cr_expect_str_eq(reply_text(&wrapped, "alg"), "RSA-OAEP-256");
    cr_expect_str_eq(reply_text(&wrapped, "kid"), reply_text(&key, "key.kid"));
    cr_expect_eq(strlen(value), KV_BASE64URL_LENGTH(256));
    cr_expect_str_neq(value, reply_text(&other, "value"));
    for (size_t i = 0; i < KV_COUNT(environments); i++) {
        API_REPLY(token, release_attest(&pool, environments[i]));
        API_REPLY(again, unwrap(&pool, "secure", reply_text(&token, "token"), value));

        cr_assert_eq(again.status, 200, "%s", again.body);
        cr_expect_str_eq(reply_text(&again, "kid"), reply_text(&key, "key.kid"));
        cr_expect_eq(open_value(environments[i], reply_text(&again, "value"), seen[i]), 32);
        cr_expect_eq(open_value(environments[1 - i], reply_text(&again, "value"),
                                (unsigned char[VALUE_MAX]){ 0 }),
                     0);
    }
    cr_expect_arr_eq(seen[0], seen[1], 32);
    EVP_PKEY_free(environments[0]);
    EVP_PKEY_free(environments[1]);
    api_proves("securewrapkey RSA-HSM");
    api_proves("secureunwrapkey RSA-HSM");
}

/* In standard base64, and padded: contract §4.5. */
static void to_standard_base64(const char *text, char ret_text[VALUE_MAX])
{
    size_t len = strlen(text);

    cr_assert_lt(len + 3, VALUE_MAX);
    for (size_t i = 0; i < len; i++) {
        ret_text[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    }
    while (len % 4 != 0) {
        ret_text[len++] = '=';
    }
    ret_text[len] = '\0';
}

Test(secure, takes_a_value_in_standard_base64_with_padding)
{
    char standard[VALUE_MAX];
    API_HSM_OF(api_daemon(), pool);
    API_REPLY(key, create(&pool, "secure-standard", MAA));
    API_REPLY(wrapped, wrap(&pool, "secure-standard"));
    API_REPLY(token, release_ask_authority(&pool, "/generate-test-token"));

    cr_assert_eq(wrapped.status, 200, "%s", wrapped.body);
    to_standard_base64(reply_text(&wrapped, "value"), standard);
    API_REPLY(reply, unwrap(&pool, "secure-standard", reply_text(&token, "token"), standard));
    cr_expect_eq(reply.status, 200, "%s", reply.body);
}

Test(secure, RELEASE_DENIED_and_BAD_PARAMETER_as_of_a_release)
{
    API_HSM_OF(api_daemon(), pool);
    API_REPLY(key, create(&pool, "secure-refused", MAA));
    API_REPLY(unmet, create(&pool, "secure-unmet", "{\"claim\":\"sdk-test\",\"equals\":\"no\"}"));
    API_REPLY(wrapped, wrap(&pool, "secure-refused"));
    API_REPLY(token, release_ask_authority(&pool, "/generate-test-token"));
    const char *value = reply_text(&wrapped, "value");
    const char *text = reply_text(&token, "token");
    char *changed = strdup(text);

    changed[strlen(changed) - 8] = changed[strlen(changed) - 8] == 'A' ? 'B' : 'A';
    API_REPLY(forged, unwrap(&pool, "secure-refused", changed, value));
    cr_expect_eq(forged.status, 403, "%s", forged.body);
    cr_expect(strstr(forged.body, "cannot be verified") != NULL
                  && strstr(forged.body, "AccessDenied") != NULL,
              "%s", forged.body);
    free(changed);
    API_REPLY(lacking, unwrap(&pool, "secure-unmet", text, value));
    cr_expect_eq(lacking.status, 400, "%s", lacking.body);
    API_REPLY(unpolicied, client_call(&pool, "POST", "/keys/secure-open/create",
                                      "{" BOTH_OPS ",\"kty\":\"RSA-HSM\"}"));
    API_REPLY(nobody, unwrap(&pool, "secure-open", text, value));
    cr_expect_eq(nobody.status, 403, "%s", nobody.body);
}

Test(secure, CANNOT_DECRYPT_of_what_was_not_wrapped_so)
{
    char zeros[KV_BASE64URL_LENGTH(256) + 1];
    API_HSM_OF(api_daemon(), pool);
    API_REPLY(key, create(&pool, "secure-zeros", MAA));
    API_REPLY(token, release_ask_authority(&pool, "/generate-test-token"));

    kv_base64url_encode((unsigned char[256]){ 0 }, 256, zeros);
    API_REPLY(none, unwrap(&pool, "secure-zeros", reply_text(&token, "token"), zeros));
    API_REPLY(few, unwrap(&pool, "secure-zeros", reply_text(&token, "token"), "AAAA"));
    API_REPLY(text, unwrap(&pool, "secure-zeros", reply_text(&token, "token"), "*"));
    cr_expect_not_null(strstr(none.body, "Unable to decrypt specified value"), "%s", none.body);
    cr_expect_not_null(strstr(few.body, "Unable to decrypt specified value"), "%s", few.body);
    cr_expect_not_null(strstr(text.body, "Content of 'value' is not base64url"), "%s", text.body);
    cr_expect(none.status == 400 && few.status == 400 && text.status == 400);
}

Test(secure, BAD_PARAMETER_of_bodies_that_lack_something)
{
    static const struct {
        const char *operation, *body, *message;
    } rows[] = {
        { "securewrapkey", "{}", "Property  has invalid value" },
        { "securewrapkey", "{\"alg\":\"RSA-OAEP\"}", "Property  has invalid value" },
        { "securewrapkey", "{\"alg\":\"A256KW\"}", "Property  has invalid value" },
        { "secureunwrapkey", "{\"alg\":\"RSA-OAEP-256\",\"target\":\"a.b.c\"}",
          "Property 'value' is required." },
        { "secureunwrapkey", "{\"alg\":\"RSA-OAEP-256\",\"value\":\"AAAA\"}",
          "Property 'target' is required." },
    };
    API_HSM_OF(api_daemon(), pool);
    API_REPLY(key, create(&pool, "secure-lacking", MAA));

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply,
                  call(&pool, "secure-lacking", rows[i].operation, "2026-04-01", rows[i].body));

        cr_expect_eq(reply.status, 400, "%zu", i);
        cr_expect_not_null(strstr(reply.body, rows[i].message), "%s", reply.body);
    }
}
