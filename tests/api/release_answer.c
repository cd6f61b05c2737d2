/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a release answers: contract §11, and the example in Microsoft's guide to secure key release.
 * The environment is the test.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/x509.h>

#include "../support/jwk.h"
#include "kv/base/base64.h"
#include "kv/base/uuid.h"
#include "release_tools.h"

static cJSON *read_header(const char *jws)
{
    return release_decode(jws, strcspn(jws, "."));
}

/* The certificate under which an answer is signed; the caller's. */
static X509 *read_signer(const cJSON *header)
{
    const char *x5c =
        cJSON_GetStringValue(cJSON_GetArrayItem(cJSON_GetObjectItem(header, "x5c"), 0));
    unsigned char der[4096];
    const unsigned char *at = der;
    X509 *certificate;

    cr_assert_gt(EVP_DecodeBlock(der, (const unsigned char *) x5c, (int) strlen(x5c)), 0);
    certificate = d2i_X509(NULL, &at, sizeof(der));
    cr_assert_not_null(certificate);
    return certificate;
}

/* The payload of an answer that the certificate in its header has signed; the caller's. */
static cJSON *open_answer(const char *jws)
{
    const char *first = strchr(jws, '.');
    const char *second = strrchr(jws, '.');
    cJSON *header = read_header(jws);
    X509 *signer = read_signer(header);
    unsigned char signature[512];
    size_t len;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    cr_assert(kv_base64url_decode(second + 1, strlen(second + 1), signature, &len));
    cr_assert_eq(
        EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, X509_get0_pubkey(signer), NULL),
        1);
    cr_assert_eq(
        EVP_DigestVerify(ctx, signature, len, (const unsigned char *) jws, (size_t) (second - jws)),
        1);
    EVP_MD_CTX_free(ctx);
    X509_free(signer);
    cJSON_Delete(header);
    return release_decode(first + 1, (size_t) (second - first - 1));
}

static const cJSON *find_bundle(const cJSON *payload)
{
    return cJSON_GetObjectItem(cJSON_GetObjectItem(payload, "response"), "key");
}

/* The private key that an answer holds for that environment. */
static EVP_PKEY *unwrap_answer(const cJSON *payload, EVP_PKEY *environment, const char *hash)
{
    unsigned char bytes[TRANSFER_MAX];
    const unsigned char *at = bytes;
    size_t len = release_unwrap(payload, environment, hash, bytes);

    cr_assert_gt(len, 0, "%s", hash);
    return d2i_AutoPrivateKey(NULL, &at, (long) len);
}

Test(release, gives_the_key_to_the_environment_and_nobody_else)
{
    static const struct {
        const char *enc, *hash;
    } encs[] = {
        { "CKM_RSA_AES_KEY_WRAP", "SHA1" },
        { "RSA_AES_KEY_WRAP_256", "SHA256" },
        { "RSA_AES_KEY_WRAP_384", "SHA384" },
    };
    static const char *const types[] = { "EC-HSM", "RSA-HSM" };
    EVP_PKEY *environment = jwk_new_rsa(2048);
    char data[1024];
    API_CLIENT(dev);
    API_REPLY(token, release_attest(&dev, environment));

    release_make_policy(&dev, MAA, data);
    for (size_t i = 0; i < KV_COUNT(encs) * KV_COUNT(types); i++) {
        const char *kty = types[i / KV_COUNT(encs)];
        size_t enc = i % KV_COUNT(encs);

        API_REPLY(key, release_create(&dev, "release", kty, data));
        cr_assert_eq(key.status, 200, "%s", key.body);
        API_REPLY(reply, release_send(&dev, "release", reply_text(&token, "token"), encs[enc].enc));
        cr_assert_eq(reply.status, 200, "%s", reply.body);

        cJSON *payload = open_answer(reply_text(&reply, "value"));
        EVP_PKEY *released = unwrap_answer(payload, environment, encs[enc].hash);
        EVP_PKEY *public = jwk_parse(reply_item(&key, "key"));

        cr_expect(released != NULL && EVP_PKEY_eq(released, public) == 1, "%s %s", kty,
                  encs[enc].enc);
        cr_expect_str_eq(cJSON_GetStringValue(
                             cJSON_GetObjectItem(cJSON_GetObjectItem(payload, "request"), "nonce")),
                         "n-1");
        EVP_PKEY_free(released);
        EVP_PKEY_free(public);
        cJSON_Delete(payload);
    }
    EVP_PKEY_free(environment);
    api_proves("release RSA-HSM,EC-HSM");
}

/* The names of an object's members, in their order. */
static void expect_members(const cJSON *object, const char *expected)
{
    char names[256] = "";
    const cJSON *item;

    cJSON_ArrayForEach (item, object) {
        size_t len = strlen(names);

        snprintf(names + len, sizeof(names) - len, "%s%s", len > 0 ? "," : "", item->string);
    }
    cr_expect_str_eq(names, expected);
}

static void expect_text(const cJSON *object, const char *member, const char *expected)
{
    cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(object, member)), expected, "%s",
                     member);
}

/* SHA-1 of a certificate, in capital hexadecimal digits and in base64url. */
static void print_digest(const X509 *certificate, char ret_hex[41], char ret_text[32])
{
    unsigned char sha1[20];

    cr_assert(X509_digest(certificate, EVP_sha1(), sha1, NULL));
    kv_base64url_encode(sha1, sizeof(sha1), ret_text);
    for (size_t i = 0; i < sizeof(sha1); i++) {
        snprintf(ret_hex + 2 * i, 3, "%02X", sha1[i]);
    }
}

/* A key, released to the authority's test environment. */
static struct reply release_one(struct client *client, const char *name, const char *kty)
{
    char data[1024];
    API_REPLY(token, release_ask_authority(client, "/generate-test-token"));

    release_make_policy(client, MAA, data);
    API_REPLY(key, release_create(client, name, kty, data));
    cr_assert_eq(key.status, 200, "%s", key.body);
    return release_send(client, name, reply_text(&token, "token"), "RSA_AES_KEY_WRAP_256");
}

/* contract §11; a vault's signer is called as its service, a managed HSM's as its host. */
Test(release, is_signed_in_the_name_of_the_service)
{
    static const struct {
        const char *host, *resource, *signer, *members;
    } rows[] = {
        { "dev.vault.localhost", "https://vault.azure.net", "vault.azure.net",
          "alg,kid,x5t,typ,x5t#S256,x5c" },
        { "pool.managedhsm.localhost", "https://managedhsm.azure.net", "pool.managedhsm.localhost",
          "alg,kid,x5c,x5t#S256" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        __attribute__((cleanup(client_close))) struct client client;
        char hex[41];
        char text[32];
        char name[64];

        client_open(&client, api_daemon(), "dev");
        snprintf(client.host, sizeof(client.host), "%s", rows[i].host);
        free(client.token);
        client.token = client_fetch_token(api_daemon(), rows[i].resource);
        API_REPLY(reply, release_one(&client, "release-signed", "EC-HSM"));
        cr_assert_eq(reply.status, 200, "%s", reply.body);

        cJSON *header = read_header(reply_text(&reply, "value"));
        X509 *signer = read_signer(header);

        expect_members(header, rows[i].members);
        print_digest(signer, hex, text);
        expect_text(header, "alg", "RS256");
        if (i == 0) {
            expect_text(header, "kid", hex);
            expect_text(header, "x5t", text);
            expect_text(header, "typ", "JWT");
        } else {
            cr_expect(kv_uuid_is_valid(cJSON_GetStringValue(cJSON_GetObjectItem(header, "kid"))));
        }
        X509_NAME_get_text_by_NID(X509_get_subject_name(signer), NID_commonName, name,
                                  sizeof(name));
        cr_expect_str_eq(name, rows[i].signer);
        cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItem(header, "x5c")), 2);
        X509_free(signer);
        cJSON_Delete(header);
    }
}

/* As a key's name should: whoever has seen it knows whose statement the next one is. */
Test(release, is_signed_under_the_same_name_each_time)
{
    API_CLIENT(dev);
    API_REPLY(one, release_one(&dev, "release-again", "EC-HSM"));
    API_REPLY(other, release_one(&dev, "release-again", "EC-HSM"));
    const char *first = reply_text(&one, "value");
    const char *second = reply_text(&other, "value");
    size_t len = strcspn(first, ".");

    cr_expect_eq(strcspn(second, "."), len);
    cr_expect_eq(strncmp(first, second, len), 0, "the headers differ");
}

Test(release, tells_what_was_asked_for_and_gives_the_key_as_get_does)
{
    API_CLIENT(dev);
    API_REPLY(reply, release_one(&dev, "release-told", "EC-HSM"));
    API_REPLY(key, client_call(&dev, "GET", "/keys/release-told", NULL));
    char kid[512];
    cJSON *payload;
    cJSON *blob;
    const cJSON *asked;

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    payload = open_answer(reply_text(&reply, "value"));
    blob = release_read_blob(payload);
    asked = cJSON_GetObjectItem(payload, "request");
    snprintf(kid, sizeof(kid), "%s", reply_text(&key, "key.kid"));
    *strrchr(kid, '/') = '\0'; /* no version was asked for */
    expect_members(asked, "api-version,enc,kid,nonce");
    expect_text(asked, "enc", "RSA_AES_KEY_WRAP_256");
    expect_text(asked, "kid", kid);
    expect_text(asked, "nonce", "n-1");
    expect_members(find_bundle(payload), "key,attributes,release_policy");
    expect_members(cJSON_GetObjectItem(find_bundle(payload), "key"),
                   "kid,kty,key_ops,crv,x,y,key_hsm");
    expect_members(cJSON_GetObjectItem(find_bundle(payload), "release_policy"), "data,immutable");
    expect_members(blob, "schema_version,header,ciphertext");
    expect_text(blob, "schema_version", "1.0");
    expect_members(cJSON_GetObjectItem(blob, "header"), "kid,alg,enc");
    expect_text(cJSON_GetObjectItem(blob, "header"), "kid", "test-environment");
    cJSON_Delete(blob);
    cJSON_Delete(payload);
}

/* The policy that trusts that authority, base64url. */
static void print_policy(const char *authority, bool version_first, char ret_data[1400])
{
    char conditions[512];
    char json[1024];

    snprintf(conditions, sizeof(conditions),
             "\"anyOf\":[{\"authority\":\"%s\",\"allOf\":[" MAA "]}]", authority);
    snprintf(json, sizeof(json), "{%s%s%s}", version_first ? "\"version\":\"1.0.0\"," : "",
             conditions, version_first ? "" : ",\"version\":\"1.0.0\"");
    kv_base64url_encode(json, strlen(json), ret_data);
}

/* Sends a policy whose version is its last member, and looks where the answer has it. */
static void expect_policy(struct client *client, bool version_first)
{
    char sent[1400];
    char shown[1400];
    API_REPLY(about, release_ask_authority(client, "/.well-known/openid-configuration"));
    API_REPLY(token, release_ask_authority(client, "/generate-test-token"));

    print_policy(reply_text(&about, "issuer"), false, sent);
    print_policy(reply_text(&about, "issuer"), version_first, shown);
    API_REPLY(key, release_create(client, "release-order", "RSA-HSM", sent));
    cr_assert_eq(key.status, 200, "%s", key.body);
    cr_expect_str_eq(reply_text(&key, "release_policy.data"), sent, "the create keeps the order");
    API_REPLY(reply, release_send(client, "release-order", reply_text(&token, "token"),
                                  "CKM_RSA_AES_KEY_WRAP"));
    cr_assert_eq(reply.status, 200, "%s", reply.body);

    cJSON *payload = open_answer(reply_text(&reply, "value"));

    expect_text(cJSON_GetObjectItem(find_bundle(payload), "release_policy"), "data", shown);
    cJSON_Delete(payload);
}

/* contract §11: recorded of both */
Test(release, shows_the_version_of_a_policy_first_on_a_vault_alone)
{
    API_CLIENT(dev);
    API_HSM_OF(api_daemon(), pool);

    expect_policy(&dev, true);
    expect_policy(&pool, false);
}

/* contract §11: every member in the order of the alphabet, and RSA where GET says RSA-HSM */
Test(release, of_a_managed_hsm_is_in_order_and_calls_the_key_RSA)
{
    API_HSM_OF(api_daemon(), pool);
    API_REPLY(reply, release_one(&pool, "release-pool", "RSA-HSM"));
    cJSON *payload;
    const cJSON *jwk;

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    payload = open_answer(reply_text(&reply, "value"));
    jwk = cJSON_GetObjectItem(find_bundle(payload), "key");
    expect_members(find_bundle(payload), "attributes,key,release_policy");
    expect_members(jwk, "e,key_hsm,key_ops,kid,kty,n");
    expect_text(jwk, "kty", "RSA");
    expect_members(cJSON_GetObjectItem(find_bundle(payload), "release_policy"),
                   "contentType,data,immutable");

    cJSON *blob = release_read_blob(payload);

    expect_members(blob, "ciphertext,header,schema_version");
    cJSON_Delete(blob);
    cJSON_Delete(payload);
}
