/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every row of err.def that a request alone can cause, whole body compared; a test is named
 * after its row. The rows that need a failing token, disk or queue are in failures.c.
 */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>

TestSuite(refusal, .timeout = 120);

#define KEY_NOT_FOUND_TEXT(name)                                                                   \
    "A key with (name/id) " name " was not found in this key vault. If you recently deleted this " \
    "key you may be able to recover it using the correct recovery command. For help resolving "    \
    "this issue, please see https://go.microsoft.com/fwlink/?linkid=2125182"
#define INVALID "Property  has invalid value\r\n"
#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define WRAP "{\"alg\":\"RSA-OAEP\",\"value\":\"" VALUE "\"}"

struct row {
    const char *method, *path, *body;
    const char *message;
};

static void expect_rows(struct client *client, const struct row *rows, size_t count, long status,
                        const char *code, const char *inner)
{
    for (size_t i = 0; i < count; i++) {
        API_REPLY(reply, client_call(client, rows[i].method, rows[i].path, rows[i].body));

        cr_expect(reply_is_error(&reply, status, code, inner, rows[i].message), "%s %s %s",
                  rows[i].method, rows[i].path, rows[i].body != NULL ? rows[i].body : "");
    }
}

Test(refusal, BAD_PARAMETER_of_create)
{
    static const struct row rows[] = {
        { "POST", "/keys/a/create", NULL, "Request body not specified" },
        { "POST", "/keys/a/create", "{}", INVALID INVALID },
        { "POST", "/keys/a/create", "{\"kty\":null}", INVALID INVALID },
        { "POST", "/keys/a/create", "{\"kty\":5}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"key_size\":\"2048\"}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"key_size\":2048.5}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"key_ops\":\"sign\"}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"key_ops\":[1]}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"attributes\":[]}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"attributes\":{\"enabled\":1}}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"attributes\":{\"exp\":-1}}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"attributes\":{\"nbf\":1e300}}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"attributes\":{\"nbf\":\"x\"}}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"tags\":[\"a\"]}", INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"tags\":{\"a\":1}}", INVALID },
        { "POST", "/keys/a/create",
          "{\"kty\":\"RSA\",\"tags\":{\"1\":\"\",\"2\":\"\",\"3\":\"\",\"4\":\"\",\"5\":\"\","
          "\"6\":\"\",\"7\":\"\",\"8\":\"\",\"9\":\"\",\"10\":\"\",\"11\":\"\",\"12\":\"\","
          "\"13\":\"\",\"14\":\"\",\"15\":\"\",\"16\":\"\"}}",
          INVALID },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"key_ops\":[\"sign\",\"deriveKey\",\"x\"]}",
          "Unsupported key operation(s): \"deriveKey\", \"x\". Supported values are \"encrypt\", "
          "\"decrypt\", \"sign\", \"verify\", \"wrapKey\", \"unwrapKey\"." },
        { "POST", "/keys/a/create", "{\"kty\":\"EC\",\"crv\":\"P-256 \"}", "Unsupported curve" },
        { "POST", "/keys/a/create", "{\"kty\":\"EC\",\"crv\":\"secp256k1\"}", "Unsupported curve" },
        { "POST", "/keys/a/create", "{\"kty\":\"EC-HSM\",\"crv\":\"\"}", "Unsupported curve" },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA-HSM\",\"key_ops\":[\"import\",\"sign\"]}",
          "Key operation \"import\" cannot be combined with other operations." },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"attributes\":{\"exportable\":true}}",
          "AKV.SKR.1004: Exportable keys must have release policy." },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"release_policy\":{\"data\":\"e30\"}}",
          "Key Release Policy: missing 'version' property" },
        { "POST", "/keys/a_b/create", "{\"kty\":\"RSA\"}",
          "The request URI contains an invalid name: a_b" },
        { "POST", "/keys/a%2Fb/create", "{\"kty\":\"RSA\"}",
          "The request URI contains an invalid name: a/b" },
    };
    API_CLIENT(dev);

    expect_rows(&dev, rows, KV_COUNT(rows), 400, "BadParameter", NULL);
}

Test(refusal, BAD_PARAMETER_of_an_over_long_name)
{
    API_CLIENT(dev);
    char name[129];
    char path[256];
    char message[256];

    memset(name, 'n', 128);
    name[128] = '\0';
    snprintf(path, sizeof(path), "/keys/%s/create", name);
    snprintf(message, sizeof(message), "The request URI contains an invalid name: %s", name);

    API_REPLY(longer, client_call(&dev, "POST", path, "{\"kty\":\"RSA\"}"));
    cr_expect(reply_is_error(&longer, 400, "BadParameter", NULL, message));

    snprintf(path, sizeof(path), "/keys/%s/create", name + 1);
    API_REPLY(longest, client_call(&dev, "POST", path, "{\"kty\":\"RSA\"}"));
    cr_expect_eq(longest.status, 200, "%s", longest.body);
}

Test(refusal, BAD_PARAMETER_of_a_hardware_key_on_a_standard_vault)
{
    static const struct row rows[] = {
        { "POST", "/keys/hard/create", "{\"kty\":\"RSA-HSM\"}",
          "Hardware key operation not allowed on standard vault" },
    };
    API_CLIENT(std);

    expect_rows(&std, rows, KV_COUNT(rows), 400, "BadParameter", NULL);
}

Test(refusal, BAD_PARAMETER_of_crypto_operations)
{
    static const struct row rows[] = {
        { "POST", "/keys/params/wrapkey", NULL, "Request body not specified" },
        { "POST", "/keys/params/wrapkey", "{\"value\":\"AA\"}", INVALID },
        { "POST", "/keys/params/wrapkey", "{\"alg\":\"\",\"value\":\"AA\"}", INVALID },
        { "POST", "/keys/params/wrapkey", "{\"alg\":\"rsa-oaep\",\"value\":\"AA\"}", INVALID },
        { "POST", "/keys/params/wrapkey", "{\"alg\":7,\"value\":\"AA\"}", INVALID },
        { "POST", "/keys/params/wrapkey", "{\"alg\":\"RSA-OAEP\"}",
          "Property 'value' is required.\r\n" },
        { "POST", "/keys/params/wrapkey", "{\"alg\":\"RSA-OAEP\",\"value\":\"a*b/\"}",
          "Content of 'value' is not base64url.\r\nProperty 'value' is required.\r\n" },
        { "POST", "/keys/params/wrapkey", "{\"alg\":\"RSA-OAEP\",\"value\":\"AA=\"}",
          "Content of 'value' is not base64url.\r\nProperty 'value' is required.\r\n" },
        { "POST", "/keys/params/unwrapkey", "{\"alg\":\"RSA-OAEP\",\"value\":\"AA\"}",
          "Unable to decrypt specified value with this key." },
        { "POST", "/keys/params/unwrapkey", "[]", INVALID },
        { "POST", "/keys/params/unwrapkey", "{\"alg\":\"RSA-OAEP\",\"value\":\"AA\"}x", INVALID },
        { "POST", "/keys/params/unwrapkey", "{", INVALID },
        { "POST", "/keys/params/unwrapkey", "nonsense", INVALID },
    };
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "params", "", version);
    expect_rows(&dev, rows, KV_COUNT(rows), 400, "BadParameter", NULL);
}

Test(refusal, BAD_PARAMETER_of_operations_that_do_not_exist)
{
    static const struct row rows[] = {
        { "POST", "/keys//create", "{\"kty\":\"RSA\"}", "Operation not specified" },
        { "POST", "/keys/a", "{}", "Operation not specified" },
        { "GET", "/keys/a/attestation", NULL, "Method GET does not allow operation 'attestation'" },
        { "GET", "/keys/a/latest", NULL, "Method GET does not allow operation 'latest'" },
        { "DELETE", "/deletedkeys/a/purge", NULL,
          "Method DELETE does not allow operation 'purge'" },
        { "DELETE", "/keys/a/0123456789abcdef0123456789abcdef", NULL,
          "Method DELETE does not allow operation '0123456789abcdef0123456789abcdef'" },
        { "GET", "/keys/a/wrapkey", NULL, "Method GET does not allow operation 'wrapkey'" },
        { "POST", "/keys/a/b/c/d/e/f/g/h/i/j", "{}", "Method POST does not allow operation 'j'" },
        { "GET", "/secrets", NULL, "Method GET does not allow operation 'secrets'" },
        { "POST", "/rng", "{\"count\":8}", "Method POST does not allow operation 'rng'" },
    };
    API_CLIENT(dev);

    expect_rows(&dev, rows, KV_COUNT(rows), 400, "BadParameter", NULL);
}

Test(refusal, KEY_TYPE_NOT_SUPPORTED)
{
    static const struct row rows[] = {
        { "POST", "/keys/a/create", "{\"kty\":\"oct\"}", "Invalid kty value: oct" },
        { "POST", "/keys/a/create", "{\"kty\":\"oct-HSM\"}", "Invalid kty value: oct-HSM" },
        { "POST", "/keys/a/create", "{\"kty\":\"rsa\"}", "Invalid kty value: rsa" },
        { "POST", "/keys/a/create", "{\"kty\":\"\"}", "Invalid kty value: " },
    };
    API_CLIENT(dev);

    expect_rows(&dev, rows, KV_COUNT(rows), 400, "BadParameter", "KeyTypeNotSupported");
}

Test(refusal, KEY_SIZE_NOT_SUPPORTED)
{
    static const struct row rows[] = {
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"key_size\":1024}",
          "Unsupported key size (1024). Supported sizes are [2048, 3072, 4096]" },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"key_size\":0}",
          "Unsupported key size (0). Supported sizes are [2048, 3072, 4096]" },
        { "POST", "/keys/a/create", "{\"kty\":\"RSA\",\"key_size\":-4096}",
          "Unsupported key size (-4096). Supported sizes are [2048, 3072, 4096]" },
    };
    API_CLIENT(dev);

    expect_rows(&dev, rows, KV_COUNT(rows), 400, "BadParameter", "KeySizeNotSupported");
}

/* Whoever takes the id of a key for its name asks for something else, or for a name of no key. */
Test(refusal, BAD_PARAMETER_of_a_key_id_where_a_name_belongs)
{
#define NO_NAME(name) "The request URI contains an invalid name: " name
    static const struct row rows[] = {
        { "GET", "/keys/a:b", NULL, NO_NAME("a:b") },
        { "GET", "/keys/:", NULL, NO_NAME(":") },
        { "GET", "/keys/a%3Ab/versions", NULL, NO_NAME("a:b") },
        { "POST", "/keys/a:b/create", "{\"kty\":\"EC\"}", NO_NAME("a:b") },
        { "POST", "/keys/a:b/backup", NULL, NO_NAME("a:b") },
        { "POST", "/keys/a:b/rotate", NULL, NO_NAME("a:b") },
        { "GET", "/deletedkeys/a:b", NULL, NO_NAME("a:b") },
        { "GET", "/keys/https%3A%2F%2Fa.vault.azure.net%2Fkeys%2Fb", NULL,
          NO_NAME("https://a.vault.azure.net/keys/b") },
        { "GET", "/keys/https://a.vault.azure.net/keys/b", NULL,
          "Method GET does not allow operation 'b'" },
        { "POST", "/keys/https://a.vault.azure.net/keys/b/sign", "{\"alg\":\"ES256\"}",
          "Method POST does not allow operation 'sign'" },
    };
    API_CLIENT(dev);

    expect_rows(&dev, rows, KV_COUNT(rows), 400, "BadParameter", NULL);
}

/* contract §8.4: all six are refused; the two that are not routed yet are not here */
static void expect_state(struct client *client, const char *name, const char *code,
                         const char *format_head, const char *format_tail, unsigned refused)
{
    static const char *const operations[] = { "encrypt", "wrapKey", "decrypt", "unwrapKey" };
    char path[128];
    char message[256];

    for (size_t i = 0; i < KV_COUNT(operations); i++) {
        snprintf(path, sizeof(path), "/keys/%s/%s", name, operations[i]);
        snprintf(message, sizeof(message), "%s%s%s", format_head, operations[i], format_tail);

        API_REPLY(reply, client_call(client, "POST", path, WRAP));
        if (refused & 1U << i) {
            cr_expect(reply_is_error(&reply, 403, "Forbidden", code, message), "%s", path);
        } else { /* let through: what then is wrong is only the value */
            cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL,
                                     "Unable to decrypt specified value with this key."),
                      "%s", path);
        }
    }
}

#define ALL_FOUR 0xFU
#define PROTECTING 0x3U /* encrypt and wrapKey */

Test(refusal, KEY_DISABLED)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "disabled", ",\"attributes\":{\"enabled\":false}", version);
    expect_state(&dev, "disabled", "KeyDisabled", "Operation ",
                 " is not allowed on a disabled key.", ALL_FOUR);

    API_REPLY(get, client_call(&dev, "GET", "/keys/disabled", NULL));
    cr_assert_eq(get.status, 200);
    API_REPLY(enabled,
              client_call(&dev, "PATCH", "/keys/disabled", "{\"attributes\":{\"enabled\":true}}"));
    cr_assert_eq(enabled.status, 200);
    API_REPLY(wrap, client_call(&dev, "POST", "/keys/disabled/wrapkey", WRAP));
    cr_assert_eq(wrap.status, 200, "%s", wrap.body);
}

Test(refusal, KEY_EXPIRED)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "expired", ",\"attributes\":{\"exp\":946684800}", version);
    expect_state(&dev, "expired", "KeyExpired", "Operation ", " is not allowed on a expired key.",
                 PROTECTING);
}

Test(refusal, KEY_NOT_YET_VALID)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "early", ",\"attributes\":{\"nbf\":32503680000}", version);
    expect_state(&dev, "early", "KeyNotYetValid", "Operation ",
                 " is not allowed on a key that is not yet valid.", PROTECTING);
}

Test(refusal, KEY_OPERATION_FORBIDDEN)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "sign-only", ",\"key_ops\":[\"sign\"]", version);
    expect_state(&dev, "sign-only", "KeyOperationForbidden", "Operation ",
                 " is not permitted on this key.", ALL_FOUR);
}

Test(refusal, order_of_state_refusals)
{
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "everything",
                   ",\"key_ops\":[],\"attributes\":{\"enabled\":false,\"exp\":1}", version);
    expect_state(&dev, "everything", "KeyDisabled", "Operation ",
                 " is not allowed on a disabled key.", ALL_FOUR);

    API_REPLY(enabled, client_call(&dev, "PATCH", "/keys/everything",
                                   "{\"attributes\":{\"enabled\":true}}"));
    cr_assert_eq(enabled.status, 200);
    API_REPLY(wrap, client_call(&dev, "POST", "/keys/everything/wrapkey", WRAP));
    cr_expect_str_eq(reply_text(&wrap, "error.innererror.code"), "KeyExpired");
    API_REPLY(unwrap, client_call(&dev, "POST", "/keys/everything/unwrapkey", WRAP));
    cr_expect_str_eq(reply_text(&unwrap, "error.innererror.code"), "KeyOperationForbidden");
}

Test(refusal, KEY_NOT_FOUND)
{
    static const struct row rows[] = {
        { "GET", "/keys/missing", NULL, KEY_NOT_FOUND_TEXT("missing") },
        { "GET", "/keys/Missing/0123456789abcdef0123456789abcdef", NULL,
          KEY_NOT_FOUND_TEXT("Missing/0123456789abcdef0123456789abcdef") },
        { "PATCH", "/keys/missing/", "{}", KEY_NOT_FOUND_TEXT("missing") },
        { "DELETE", "/keys/missing", NULL, KEY_NOT_FOUND_TEXT("missing") },
        { "POST", "/keys/missing/wrapkey", WRAP, KEY_NOT_FOUND_TEXT("missing") },
        { "POST", "/deletedkeys/missing/recover", NULL, KEY_NOT_FOUND_TEXT("missing") },
        { "GET", "/deletedkeys/missing", NULL, "Deleted Key not found: missing" },
        { "DELETE", "/deletedkeys/missing", NULL, "Deleted Key not found: missing" },
    };
    API_CLIENT(dev);

    expect_rows(&dev, rows, KV_COUNT(rows), 404, "KeyNotFound", NULL);
    API_REPLY(reply, client_call(&dev, "GET", "/keys/missing", NULL));
    cr_assert_eq(reply.len, 288 + strlen("missing")); /* the recorded Content-Length */
}

Test(refusal, KEY_NOT_FOUND_of_a_deleted_key)
{
    static const struct row rows[] = {
        { "GET", "/keys/gone", NULL, KEY_NOT_FOUND_TEXT("gone") },
        { "DELETE", "/keys/gone", NULL, KEY_NOT_FOUND_TEXT("gone") },
        { "POST", "/keys/gone/unwrapkey", WRAP, KEY_NOT_FOUND_TEXT("gone") },
    };
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "gone", "", version);
    API_REPLY(deleted, client_call(&dev, "DELETE", "/keys/gone", NULL));
    cr_assert_eq(deleted.status, 200);
    expect_rows(&dev, rows, KV_COUNT(rows), 404, "KeyNotFound", NULL);
}

Test(refusal, KEY_DELETED)
{
    static const struct row rows[] = {
        { "POST", "/keys/CreateDeletedKey/create", "{\"kty\":\"RSA\"}",
          "Key CreateDeletedKey is currently in a deleted but recoverable state, and its name "
          "cannot be reused; in this state, the key can only be recovered or purged." },
    };
    API_CLIENT(dev);
    char version[33];

    api_create_key(&dev, "CreateDeletedKey", "", version);
    API_REPLY(deleted, client_call(&dev, "DELETE", "/keys/createdeletedkey", NULL));
    cr_assert_eq(deleted.status, 200);
    expect_rows(&dev, rows, KV_COUNT(rows), 409, "Conflict", "ObjectIsDeletedButRecoverable");

    API_REPLY(reply, client_call(&dev, "POST", rows[0].path, rows[0].body));
    cr_assert_eq(reply.len, 252); /* the recorded Content-Length */
}

Test(refusal, PURGE_PROTECTED)
{
    API_CLIENT(locked);
    char version[33];

    api_create_key(&locked, "kept", "", version);
    API_REPLY(deleted, client_call(&locked, "DELETE", "/keys/kept", NULL));
    cr_assert_eq(deleted.status, 200);

    API_REPLY(purge, client_call(&locked, "DELETE", "/deletedkeys/kept", NULL));
    cr_expect(reply_is_error(
        &purge, 403, "Forbidden", NULL,
        "Operation \"purge\" is not allowed because purge protection is enabled for this vault. "
        "Key Vault service will automatically purge it after the retention period has passed.\r\n"
        "Vault: locked;location=eastus"));

    API_REPLY(recovered, client_call(&locked, "POST", "/deletedkeys/kept/recover", NULL));
    cr_assert_eq(recovered.status, 200, "%s", recovered.body);
}

Test(refusal, VAULT_NOT_FOUND)
{
    const struct request request = {
        .method = "GET",
        .target = "/keys?api-version=7.4",
        .host = "nobody.vault.localhost",
    };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));

    cr_assert(reply_is_error(&reply, 404, "VaultNotFound", NULL,
                             "The vault 'nobody.vault.localhost' was not found."));
}
