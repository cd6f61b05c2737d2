/* SPDX-License-Identifier: Apache-2.0 */
/* Binary members of bodies as clients spell them: contract §4.5. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/cell.h"
#include "../support/jwk.h"
#include "backup_tools.h"
#include "byok_tools.h"
#include "kv/base/base64.h"

TestSuite(spelling, .timeout = 180);

#define NO_JWK "The property \"key\" must be a valid JsonWebKey object."
#define DIGEST "-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_-_8" /* 32 bytes */

/* No spelling of any bytes: blanks, padding of a wrong length or place, other characters. */
static const char *const no_spellings[] = {
    "A",     "AAAAA", "=",    "==",    "====",  "A===",     "AA=",      "AAA==",
    "AAAA=", "AA==A", "A=A=", " AAA",  "AAA ",  "A AA",     "AA\\n==",  "AAAA\\r\\n",
    "A.AA",  "A,AA",  "A*AA", "%2BAA", "AA===", "AAAA====", "AAA=AAA=", "\\u00c4AA",
};

/* The same bytes in the standard alphabet, padded; the caller's. */
static char *spell_otherwise(const char *text)
{
    size_t len = strlen(text);
    char *other = calloc(len + 4, 1);

    for (size_t i = 0; i < len; i++) {
        other[i] = text[i] == '-' ? '+' : text[i] == '_' ? '/' : text[i];
    }
    while (len % 4 != 0) {
        other[len++] = '=';
    }
    return other;
}

/* Puts another spelling in the place of every text of that object. */
static void respell(cJSON *object, const char *members)
{
    char names[64];
    char *rest = NULL;

    snprintf(names, sizeof(names), "%s", members);
    for (char *name = strtok_r(names, " ", &rest); name != NULL;
         name = strtok_r(NULL, " ", &rest)) {
        char *other =
            spell_otherwise(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name)));

        jwk_set(object, name, other);
        free(other);
    }
}

static struct reply import(struct client *client, const char *name, const cJSON *jwk)
{
    char *key = cJSON_PrintUnformatted(jwk);
    char path[128];
    char body[8192];
    struct reply reply;

    snprintf(path, sizeof(path), "/keys/%s", name);
    snprintf(body, sizeof(body), "{\"key\":%s}", key);
    cJSON_free(key);
    reply = client_call(client, "PUT", path, body);
    return reply;
}

Test(spelling, BAD_PARAMETER_of_operands_that_spell_nothing)
{
    static const char *const members[] = { "value", "digest", "iv", "aad", "tag" };
    char body[512];
    char message[256];
    char version[33];
    API_CLIENT(dev);

    api_create_key(&dev, "spelling-bad", "", version);
    for (size_t i = 0; i < KV_COUNT(no_spellings); i++) {
        for (size_t j = 0; j < KV_COUNT(members); j++) {
            snprintf(body, sizeof(body), "{\"alg\":\"RSA-OAEP\"%s,\"%s\":\"%s\"}",
                     j > 0 ? ",\"value\":\"AA\"" : "", members[j], no_spellings[i]);
            snprintf(message, sizeof(message),
                     "Content of '%s' is not base64url.\r\nProperty '%s' is required.\r\n",
                     members[j], members[j]);
            API_REPLY(reply, client_call(&dev, "POST", "/keys/spelling-bad/encrypt", body));
            cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, message), "%s", body);
        }
    }
}

Test(spelling, BAD_PARAMETER_of_keys_that_spell_nothing)
{
    static const struct {
        const char *before, *behind;
    } bodies[] = {
        { "{\"key\":{\"kty\":\"RSA\",\"n\":\"", "\",\"e\":\"AQAB\"}}" },
        { "{\"key\":{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"", "\"}}" },
        { "{\"key\":{\"kty\":\"oct-HSM\",\"k\":\"", "\"}}" },
    };
    char body[512];
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(no_spellings); i++) {
        for (size_t j = 0; j < KV_COUNT(bodies); j++) {
            snprintf(body, sizeof(body), "%s%s%s", bodies[j].before, no_spellings[i],
                     bodies[j].behind);
            API_REPLY(reply, client_call(&dev, "PUT", "/keys/spelling-none", body));
            cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, NO_JWK), "%s", body);
        }
        snprintf(body, sizeof(body),
                 "{\"kty\":\"EC-HSM\",\"attributes\":{\"exportable\":true},"
                 "\"release_policy\":{\"data\":\"%s\"}}",
                 no_spellings[i]);
        API_REPLY(policy, client_call(&dev, "POST", "/keys/spelling-none/create", body));
        cr_expect(reply_is_error(&policy, 400, "BadParameter", NULL,
                                 "Content of 'data' is not base64url.\r\n"),
                  "%s", body);
        snprintf(body, sizeof(body), "{\"key\":{\"kty\":\"EC-HSM\",\"key_hsm\":\"%s\"}}",
                 no_spellings[i]);
        API_REPLY(blob, client_call(&dev, "PUT", "/keys/spelling-none", body));
        cr_expect(reply_is_error(&blob, 400, "BadParameter", NULL,
                                 "\"key_hsm\" is not a key transfer blob: it is not JSON in "
                                 "base64url."),
                  "%s", body);
        API_REPLY(backup, restore(&dev, no_spellings[i]));
        cr_expect_eq(backup.status, 400, "%s: %s", no_spellings[i], backup.body);
    }
}

Test(spelling, padded_value_comes_back_without_padding)
{
    char version[33];
    char body[1024];
    API_CLIENT(dev);

    api_create_key(&dev, "spelling-value", "", version);
    API_REPLY(secret, client_call(&dev, "POST", "/keys/spelling-value/encrypt",
                                  "{\"alg\":\"RSA-OAEP\",\"value\":\"c29tZS1zZWNyZXQ=\"}"));
    cr_assert_eq(secret.status, 200, "%s", secret.body);
    char *cipher = spell_otherwise(reply_text(&secret, "value"));

    snprintf(body, sizeof(body), "{\"alg\":\"RSA-OAEP\",\"value\":\"%s\"}", cipher);
    free(cipher);
    API_REPLY(plain, client_call(&dev, "POST", "/keys/spelling-value/decrypt", body));
    cr_expect_str_eq(reply_text(&plain, "value"), "c29tZS1zZWNyZXQ", "%s", plain.body);
}

Test(spelling, either_alphabet_signs_and_verifies_the_same)
{
    char *digest = spell_otherwise(DIGEST);
    API_CLIENT(dev);
    API_REPLY(key, cell_key(&dev, &ec_cells[0]));

    API_REPLY(made,
              cell_call(&dev, &key, "sign", &(struct operands){ .alg = "ES256", .value = digest }));
    cr_assert_eq(made.status, 200, "%s", made.body);
    char *signature = spell_otherwise(reply_text(&made, "value"));

    API_REPLY(same, cell_call(&dev, &key, "verify",
                              &(struct operands){ .alg = "ES256",
                                                  .digest = DIGEST,
                                                  .value = reply_text(&made, "value") }));
    API_REPLY(other, cell_call(&dev, &key, "verify",
                               &(struct operands){
                                   .alg = "ES256", .digest = digest, .value = signature }));
    cr_expect_str_eq(same.body, "{\"value\":true}");
    cr_expect_str_eq(other.body, "{\"value\":true}");
    free(digest);
    free(signature);
}

Test(spelling, either_alphabet_frames_a_ciphertext)
{
    char *aad = spell_otherwise("-_-_-w");
    API_CLIENT(dev);
    API_REPLY(key, cell_key(&dev, &oct_cells[2]));

    API_REPLY(secret,
              cell_call(&dev, &key, "encrypt",
                        &(struct operands){ .alg = "A256GCM", .value = "AA==", .aad = aad }));
    cr_assert_eq(secret.status, 200, "%s", secret.body);
    char *iv = spell_otherwise(reply_text(&secret, "iv"));
    char *tag = spell_otherwise(reply_text(&secret, "tag"));
    char *value = spell_otherwise(reply_text(&secret, "value"));

    API_REPLY(
        plain,
        cell_call(&dev, &key, "decrypt",
                  &(struct operands){
                      .alg = "A256GCM", .value = value, .iv = iv, .tag = tag, .aad = "-_-_-w" }));
    cr_expect_str_eq(reply_text(&plain, "value"), "AA", "%s", plain.body);
    free(aad);
    free(iv);
    free(tag);
    free(value);
}

Test(spelling, numbers_of_imported_keys_are_taken_in_either_alphabet)
{
    EVP_PKEY *rsa = jwk_new_rsa(2048);
    EVP_PKEY *ec = jwk_new_ec("prime256v1");
    cJSON *rsa_jwk = jwk_render(rsa, "RSA");
    cJSON *ec_jwk = jwk_render(ec, "EC");
    cJSON *oct_jwk = cJSON_Parse("{\"kty\":\"oct-HSM\",\"k\":\"-_-_-_-_-_-_-_-_-_-_-w\"}");
    char n[512];
    char x[64];
    API_CLIENT(dev);

    snprintf(n, sizeof(n), "%s", cJSON_GetStringValue(cJSON_GetObjectItem(rsa_jwk, "n")));
    snprintf(x, sizeof(x), "%s", cJSON_GetStringValue(cJSON_GetObjectItem(ec_jwk, "x")));
    respell(rsa_jwk, "n e d p q dp dq qi");
    respell(ec_jwk, "x y d");
    respell(oct_jwk, "k");
    API_REPLY(rsa_key, import(&dev, "spelling-rsa", rsa_jwk));
    API_REPLY(ec_key, import(&dev, "spelling-ec", ec_jwk));
    API_REPLY(oct_key, import(&dev, "spelling-oct", oct_jwk));
    cr_expect_str_eq(reply_text(&rsa_key, "key.n"), n, "%s", rsa_key.body);
    cr_expect_str_eq(reply_text(&rsa_key, "key.e"), "AQAB");
    cr_expect_str_eq(reply_text(&ec_key, "key.x"), x, "%s", ec_key.body);
    cr_expect_eq(oct_key.status, 200, "%s", oct_key.body);
    cJSON_Delete(rsa_jwk);
    cJSON_Delete(ec_jwk);
    cJSON_Delete(oct_jwk);
    EVP_PKEY_free(rsa);
    EVP_PKEY_free(ec);
}

Test(spelling, blobs_are_taken_in_either_alphabet)
{
    EVP_PKEY *key = jwk_new_ec("prime256v1");
    char blob[BYOK_TEXT_SIZE];
    char version[33];
    API_CLIENT(dev);
    API_REPLY(kek, byok_make_kek(&dev, "spelling-kek", ""));

    byok_wrap_key(&kek, key, blob);
    char *other = spell_otherwise(blob);
    API_REPLY(arrived, byok_send(&dev, "spelling-byok", key, "EC-HSM", other));
    cr_expect_eq(arrived.status, 200, "%s", arrived.body);
    free(other);
    EVP_PKEY_free(key);

    api_create_key(&dev, "spelling-backup", "", version);
    char *value = back_up(&dev, "spelling-backup");

    purge(&dev, "spelling-backup");
    other = spell_otherwise(value);
    API_REPLY(back, restore(&dev, other));
    cr_expect_eq(back.status, 200, "%s", back.body);
    free(other);
    free(value);
}

#define POLICY                                                                                     \
    "{\"version\":\"1.0.0\",\"anyOf\":[{\"authority\":\"https://a\",\"allOf\":[{\"claim\":\"c\","  \
    "\"equals\":\"\xc3\xbf\xc3\xbe?>\"}]}]}"

Test(spelling, policies_are_taken_in_either_alphabet)
{
    char data[512];
    char body[1024];
    API_CLIENT(dev);

    kv_base64url_encode(POLICY, strlen(POLICY), data);
    char *other = spell_otherwise(data);
    snprintf(body, sizeof(body),
             "{\"kty\":\"EC-HSM\",\"attributes\":{\"exportable\":true},"
             "\"release_policy\":{\"data\":\"%s\"}}",
             other);
    free(other);
    API_REPLY(reply, client_call(&dev, "POST", "/keys/spelling-policy/create", body));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "release_policy.data"), data);
}

/* What programs send that the service is known to answer; the header lines are theirs, too. */
static const struct shape {
    const char *name, *key, *operation, *query, *body, *content_type, *accept, *agent;
} shapes[] = {
    { "jsign", "spelling-jsign", "sign", "7.2",
      "{\"alg\":\"RS256\",\"value\":\"47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=\"}",
      "application/json; charset=utf-8", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
      "Jsign (https://ebourg.github.io/jsign/)" },
    { "jsign, SHA-1", "spelling-jsign", "sign", "7.2",
      "{\"alg\":\"RSNULL\",\"value\":\"MCEwCQYFKw4DAhoFAAQU2jmj7l5rSw0yVb/vlWAYkK/YBwk=\"}",
      "application/json; charset=utf-8", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2",
      "Jsign (https://ebourg.github.io/jsign/)" },
    { "libmongocrypt", "spelling-mongo", "wrapkey", "7.1",
      "{\"alg\": \"RSA-OAEP-256\", \"value\": "
      "\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUm"
      "JygpKissLS4vMDEyMzQ1Njc4OTo7PD0-P0BBQkNERUZHSElKS0xNTk9QUVJTVFVWV1hZWltcXV5f\"}",
      "application/json", "application/json", NULL },
    { "libmongocrypt, padded", "spelling-mongo", "wrapkey", "7.1",
      "{\"alg\": \"RSA-OAEP-256\", \"value\": \"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\"}",
      "application/json", "application/json", NULL },
};

static struct reply send_shape(struct client *client, const struct shape *shape,
                               const char *version, const char *operation, const char *body)
{
    char target[256];
    char accept[128];
    char agent[128];
    const struct request request = {
        .method = "POST",
        .target = target,
        .body = body,
        .content_type = shape->content_type,
        .headers = { accept, shape->agent != NULL ? agent : NULL },
    };

    snprintf(target, sizeof(target), "/keys/%s/%s/%s?api-version=%s", shape->key, version,
             operation, shape->query);
    snprintf(accept, sizeof(accept), "Accept: %s", shape->accept);
    snprintf(agent, sizeof(agent), "User-Agent: %s", shape->agent != NULL ? shape->agent : "");
    return client_send(client, &request);
}

/* libmongocrypt names no version unless it is told one: "/keys/{name}//wrapkey". */
Test(spelling, requests_of_programs_are_answered)
{
    char version[33];
    API_CLIENT(dev);

    api_create_key(&dev, "spelling-jsign", "", version);
    api_create_key(&dev, "spelling-mongo", "", version);
    for (size_t i = 0; i < KV_COUNT(shapes); i++) {
        const struct shape *shape = &shapes[i];
        const char *named = strcmp(shape->operation, "sign") == 0 ? NULL : "";
        char path[128];

        snprintf(path, sizeof(path), "/keys/%s", shape->key);
        API_REPLY(key, client_call(&dev, "GET", path, NULL));
        if (named == NULL) {
            named = strrchr(reply_text(&key, "key.kid"), '/') + 1;
        }
        API_REPLY(reply, send_shape(&dev, shape, named, shape->operation, shape->body));
        cr_expect_eq(reply.status, 200, "%s: %s", shape->name, reply.body);
    }
}

Test(spelling, what_libmongocrypt_wraps_it_unwraps)
{
    const struct shape *shape = &shapes[3];
    char version[33];
    char body[1024];
    API_CLIENT(dev);

    api_create_key(&dev, "spelling-mongo", "", version);
    API_REPLY(wrapped, send_shape(&dev, shape, "", "wrapkey", shape->body));
    char *value = calloc(strlen(reply_text(&wrapped, "value")) + 4, 1);

    memcpy(value, reply_text(&wrapped, "value"), strlen(reply_text(&wrapped, "value")));
    while (strlen(value) % 4 != 0) {
        value[strlen(value)] = '=';
    }
    snprintf(body, sizeof(body), "{\"alg\": \"RSA-OAEP-256\", \"value\": \"%s\"}", value);
    free(value);
    API_REPLY(plain, send_shape(&dev, shape, version, "unwrapkey", body));
    cr_expect_str_eq(reply_text(&plain, "value"), "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8",
                     "%s", plain.body);
}
