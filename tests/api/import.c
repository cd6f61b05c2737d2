/* SPDX-License-Identifier: Apache-2.0 */
/* Import: contract §6.2. The keys are OpenSSL's, and OpenSSL checks what the service does. */
#include "import_tools.h"

#include <stdio.h>
#include <string.h>

#include "../support/jwk.h"

TestSuite(import, .timeout = 180);

#define NO_JWK "The property \"key\" must be a valid JsonWebKey object."
#define BAD_EC "EC key is not valid - cannot instantiate crypto service"
#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static cJSON *render_ec(const char *group)
{
    EVP_PKEY *key = jwk_new_ec(group);
    cJSON *jwk = jwk_render(key, "EC");

    EVP_PKEY_free(key);
    return jwk;
}

static const struct {
    const char *body, *message;
} no_jwks[] = {
    { "{}", NO_JWK },
    { "{\"key\":null}", NO_JWK },
    { "{\"key\":\"RSA\"}", NO_JWK },
    { "{\"key\":[]}", NO_JWK },
    { "{\"key\":{}}", NO_JWK },
    { "{\"key\":{\"kty\":5}}", NO_JWK },
    { "{\"key\":{\"kty\":\"RSA\",\"n\":5}}", NO_JWK },
    { "{\"key\":{\"kty\":\"RSA\",\"n\":\"a*b\"}}", NO_JWK },
    { "{\"key\":{\"kty\":\"RSA\",\"key_ops\":\"sign\"}}", NO_JWK },
    { "{\"key\":{\"kty\":\"EC\",\"crv\":256}}", NO_JWK },
    { "{\"key\":{\"kty\":\"EC\"}}", "Unsupported curve" },
    { "{\"key\":{\"kty\":\"EC\",\"crv\":\"P-224\"}}", "Unsupported curve" },
    { "{\"key\":{\"kty\":\"EC\",\"crv\":\"P-256\"}}", BAD_EC },
    { "{\"key\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AQ\",\"y\":\"AQ\",\"d\":\"AQ\"}}",
      BAD_EC },
    { "{\"key\":{\"kty\":\"RSA\"}}", BAD_RSA },
    { "{\"key\":{\"kty\":\"RSA\",\"n\":\"AAAA\",\"e\":\"AQAB\"}}", BAD_RSA },
    { "{\"key\":{\"kty\":\"RSA\"},\"Hsm\":1}", "Property  has invalid value\r\n" },
    { "{\"key\":{\"kty\":\"RSA\"},\"tags\":[]}", "Property  has invalid value\r\n" },
    { "{\"key\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"key_ops\":[\"encrypt\"]}}",
      "Unsupported key operation(s): \"encrypt\". Supported values are \"sign\", \"verify\"." },
};

Test(import, refuses_what_is_no_usable_jwk)
{
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(no_jwks); i++) {
        API_REPLY(reply, client_call(&dev, "PUT", "/keys/import-refused", no_jwks[i].body));
        cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, no_jwks[i].message), "%s",
                  no_jwks[i].body);
    }
}

Test(import, refuses_numbers_that_do_not_belong_together)
{
    static const char *const members[] = { "n", "d", "p", "q", "dp", "dq", "qi" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        cJSON *jwk = import_render_rsa(2048, "RSA");
        jwk_damage(jwk, members[i]);
        API_REPLY(damaged, import_send(&dev, "import-damaged", jwk, ""));
        cr_expect(reply_is_error(&damaged, 400, "BadParameter", NULL, BAD_RSA), "%s", members[i]);
        cJSON_Delete(jwk);
    }
}

Test(import, refuses_an_rsa_key_that_lacks_a_number)
{
    static const char *const members[] = { "n", "e", "d", "p", "q" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        cJSON *jwk = import_render_rsa(2048, "RSA");
        jwk_set(jwk, members[i], NULL);
        API_REPLY(reply, import_send(&dev, "import-lacking", jwk, ""));
        cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, BAD_RSA), "%s", members[i]);
        cJSON_Delete(jwk);
    }
}

Test(import, refuses_a_point_that_is_not_on_its_curve_or_not_of_its_scalar)
{
    static const char *const members[] = { "x", "y", "d" };
    static const char *const groups[] = { "prime256v1", "secp256k1", "secp384r1", "secp521r1" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(members) * KV_COUNT(groups); i++) {
        cJSON *jwk = render_ec(groups[i / KV_COUNT(members)]);
        const char *member = members[i % KV_COUNT(members)];

        jwk_damage(jwk, member);
        API_REPLY(damaged, import_send(&dev, "import-off-curve", jwk, ""));
        cr_expect(reply_is_error(&damaged, 400, "BadParameter", NULL, BAD_EC), "%s", member);
        jwk_set(jwk, member, NULL);
        API_REPLY(lacking, import_send(&dev, "import-off-curve", jwk, ""));
        cr_expect(reply_is_error(&lacking, 400, "BadParameter", NULL, BAD_EC), "%s", member);
        cJSON_Delete(jwk);
    }
}

Test(import, KEY_SIZE_NOT_SUPPORTED)
{
    cJSON *jwk = import_render_rsa(1024, "RSA");
    API_CLIENT(dev);

    API_REPLY(reply, import_send(&dev, "import-small", jwk, ""));
    cr_assert(
        reply_is_error(&reply, 400, "BadParameter", "KeySizeNotSupported",
                       "Unsupported key size (1024). Supported sizes are [2048, 3072, 4096]"));
    cJSON_Delete(jwk);
}

Test(import, KEY_TYPE_NOT_SUPPORTED)
{
    API_CLIENT(dev);

    API_REPLY(reply, client_call(&dev, "PUT", "/keys/import-oct",
                                 "{\"key\":{\"kty\":\"oct\",\"k\":\"" VALUE "\"}}"));
    cr_assert(reply_is_error(&reply, 400, "BadParameter", "KeyTypeNotSupported",
                             "Invalid kty value: oct"));
}

Test(import, of_a_hardware_key_is_refused_by_a_standard_vault)
{
    static const char *const rests[] = { ",\"Hsm\":true", "" };
    static const char *const types[] = { "RSA", "RSA-HSM" };
    cJSON *jwk = import_render_rsa(2048, "RSA");
    API_CLIENT(std);

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        jwk_set(jwk, "kty", types[i]);
        API_REPLY(reply, import_send(&std, "import-hsm", jwk, rests[i]));
        cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL,
                                 "Hardware key operation not allowed on standard vault"));
    }
    cJSON_Delete(jwk);
}

Test(import, refuses_more_than_a_key_can_carry)
{
    cJSON *jwk = render_ec("prime256v1");
    char text[2048];
    API_CLIENT(dev);
    memset(text, 'x', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    jwk_set(jwk, "use", text);
    API_REPLY(reply, import_send(&dev, "import-large", jwk, ""));
    cr_assert(reply_is_error(&reply, 400, "BadParameter", NULL, NO_JWK));
    cJSON_Delete(jwk);
}

Test(import, over_a_deleted_key_is_refused)
{
    char version[33];
    cJSON *jwk = render_ec("prime256v1");
    API_CLIENT(dev);

    api_create_key(&dev, "import-deleted", "", version);
    API_REPLY(deleted, client_call(&dev, "DELETE", "/keys/import-deleted", NULL));
    cr_assert_eq(deleted.status, 200);
    API_REPLY(reply, import_send(&dev, "import-deleted", jwk, ""));
    cr_assert(reply_is_error(&reply, 409, "Conflict", "ObjectIsDeletedButRecoverable",
                             "Key import-deleted is currently in a deleted but recoverable state, "
                             "and its name cannot be reused; in this state, the key can only be "
                             "recovered or purged."));
    cJSON_Delete(jwk);
}

Test(import, of_an_rsa_key_answers_the_bundle_and_keeps_the_curve_it_was_sent)
{
    cJSON *jwk = import_render_rsa(2048, "RSA");
    char golden[2048];
    API_CLIENT(dev);

    jwk_set(jwk, "crv", "P-521");
    cJSON_AddItemToObject(jwk, "key_ops", cJSON_Parse("[\"encrypt\"]"));
    API_REPLY(reply,
              import_send(&dev, "Import-Golden", jwk,
                          ",\"Hsm\":true,\"attributes\":{\"enabled\":false,\"exp\":32503680000},"
                          "\"tags\":{\"a\":\"b\"}"));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    snprintf(
        golden, sizeof(golden),
        "{\"key\":{\"kid\":\"%s\",\"kty\":\"RSA-HSM\",\"key_ops\":[\"encrypt\"],\"n\":\"%s\","
        "\"e\":\"AQAB\",\"crv\":\"P-521\"},\"attributes\":{\"enabled\":false,\"key_size\":2048,"
        "\"exp\":32503680000,\"created\":%.0f,\"updated\":%.0f,"
        "\"recoveryLevel\":\"Recoverable+Purgeable\",\"recoverableDays\":90,"
        "\"exportable\":false,\"hsmPlatform\":\"2\"},\"tags\":{\"a\":\"b\"}}",
        reply_text(&reply, "key.kid"), cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "n")),
        reply_number(&reply, "attributes.created"), reply_number(&reply, "attributes.updated"));
    cr_assert_str_eq(reply.body, golden);
    API_REPLY(got, client_call(&dev, "GET", "/keys/import-golden", NULL));
    cr_assert_str_eq(got.body, golden);
    cJSON_Delete(jwk);
}

Test(import, brings_the_private_half)
{
    static const unsigned sizes[] = { 2048, 3072, 4096 };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(sizes); i++) {
        cJSON *jwk = import_render_rsa(sizes[i], i == 0 ? "RSA" : "RSA-HSM");
        char name[64];

        snprintf(name, sizeof(name), "import-%u", sizes[i]);
        API_REPLY(reply, import_send(&dev, name, jwk, ""));
        cr_assert_eq(reply.status, 200, "%s", reply.body);
        cr_expect_eq(reply_number(&reply, "attributes.key_size"), (double) sizes[i]);
        import_assert_decrypts(&dev, name, jwk);
        cJSON_Delete(jwk);
    }
    api_proves("import RSA,RSA-HSM");
}

Test(import, takes_numbers_with_leading_zeros)
{
    static const char *const members[] = { "n", "e", "d", "p", "q", "dp", "dq", "qi" };
    cJSON *jwk = import_render_rsa(2048, "RSA");
    char modulus[512];
    API_CLIENT(dev);

    snprintf(modulus, sizeof(modulus), "%s", cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "n")));
    for (size_t i = 0; i < KV_COUNT(members); i++) {
        jwk_pad(jwk, members[i], 1 + i);
    }
    API_REPLY(reply, import_send(&dev, "import-zeros", jwk, ""));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_assert_str_eq(reply_text(&reply, "key.n"), modulus);
    cr_assert_str_eq(reply_text(&reply, "key.e"), "AQAB");
    import_assert_decrypts(&dev, "import-zeros", reply_item(&reply, "key"));
    cJSON_Delete(jwk);
}

Test(import, computes_the_numbers_that_follow_from_others)
{
    static const char *const members[] = { "dp", "dq", "qi" };
    cJSON *jwk = import_render_rsa(2048, "RSA");
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        jwk_set(jwk, members[i], NULL);
        API_REPLY(reply, import_send(&dev, "import-short", jwk, ""));
        cr_assert_eq(reply.status, 200, "%s: %s", members[i], reply.body);
        import_assert_decrypts(&dev, "import-short", jwk);
    }
    cJSON_Delete(jwk);
}

Test(import, of_an_ec_key_shows_its_point)
{
    static const char *const groups[] = { "prime256v1", "secp256k1", "secp384r1", "secp521r1",
                                          "secp256k1" };
    static const char *const crvs[] = { "P-256", "P-256K", "P-384", "P-521", "SECP256K1" };
    static const char *const members[] = { "crv", "x", "y" };
    API_CLIENT(dev);
    API_SKIP_WITH_NSS("NSS does not have P-256K");
    for (size_t i = 0; i < KV_COUNT(groups); i++) {
        cJSON *jwk = render_ec(groups[i]);
        char name[64];

        jwk_set(jwk, "crv", crvs[i]);
        snprintf(name, sizeof(name), "import-ec-%zu", i);
        API_REPLY(plain, import_send(&dev, name, jwk, ""));
        cr_expect_str_eq(reply_text(&plain, "key.kty"), "EC");
        API_REPLY(reply, import_send(&dev, name, jwk, ",\"Hsm\":true"));
        cr_assert_eq(reply.status, 200, "%s", reply.body);
        cr_expect_str_eq(reply_text(&reply, "key.kty"), "EC-HSM");
        for (size_t j = 0; j < KV_COUNT(members); j++) {
            cr_expect(cJSON_Compare(cJSON_GetObjectItem(reply_item(&reply, "key"), members[j]),
                                    cJSON_GetObjectItem(jwk, members[j]), true));
        }
        cJSON_Delete(jwk);
    }
    api_proves("import EC,EC-HSM");
    api_proves("import EC,EC-HSM P-256,P-256K,P-384,P-521,SECP256K1");
}

Test(import, keeps_members_it_does_not_know_and_never_shows_private_ones)
{
    cJSON *jwk = render_ec("prime256v1");
    cJSON *key;
    API_CLIENT(dev);

    jwk_set(jwk, "use", "sig");
    jwk_set(jwk, "n", "AQAB");
    jwk_set(jwk, "k", VALUE);
    jwk_set(jwk, "p", VALUE);
    jwk_set(jwk, "kid", "somebody's");
    cJSON_AddItemToObject(jwk, "x5c", cJSON_Parse("[\"a\",{\"b\":1}]"));
    API_REPLY(reply, import_send(&dev, "import-members", jwk, ""));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    key = cJSON_GetObjectItem(reply.json, "key");
    cr_expect_str_eq(reply_text(&reply, "key.use"), "sig");
    cr_expect_str_eq(reply_text(&reply, "key.n"), "AQAB");
    cr_expect_str_eq(reply_text(&reply, "key.x5c.0"), "a");
    cr_expect_not_null(strstr(reply_text(&reply, "key.kid"), "/keys/import-members/"));
    cr_expect(!cJSON_HasObjectItem(key, "k") && !cJSON_HasObjectItem(key, "p")
              && !cJSON_HasObjectItem(key, "d"));
    cJSON_Delete(jwk);
}

Test(import, over_a_living_key_is_a_new_version)
{
    char version[33];
    cJSON *jwk = import_render_rsa(2048, "RSA");
    API_CLIENT(dev);

    api_create_key(&dev, "import-over", ",\"tags\":{\"old\":\"1\"}", version);
    API_REPLY(reply, import_send(&dev, "import-over", jwk, ""));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_expect_null(strstr(reply_text(&reply, "key.kid"), version));
    cr_expect_null(reply_item(&reply, "tags"));
    API_REPLY(versions, client_call(&dev, "GET", "/keys/import-over/versions", NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&versions, "value")), 2);
    import_assert_decrypts(&dev, "import-over", jwk);
    cJSON_Delete(jwk);
}

Test(import, leaves_no_private_number_in_the_log)
{
    cJSON *jwk = import_render_rsa(2048, "RSA");
    char *secret = cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "d"));
    char line[8192];
    FILE *log;
    API_CLIENT(dev);

    secret[24] = '\0';
    jwk_damage(jwk, "qi"); /* a short d alone is taken */
    API_REPLY(refused, import_send(&dev, "import-log", jwk, ""));
    cr_assert_eq(refused.status, 400);
    cr_expect_null(strstr(refused.body, secret));
    log = fopen(api_daemon()->log, "r");
    cr_assert_not_null(log);
    while (fgets(line, sizeof(line), log) != NULL) {
        cr_expect_null(strstr(line, secret), "%s", line);
    }
    fclose(log);
    cJSON_Delete(jwk);
}
