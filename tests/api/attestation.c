/* SPDX-License-Identifier: Apache-2.0 */
/* Key attestation of a Managed HSM (contract §6.10), checked by OpenSSL alone. */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "kv/base/base64.h"

#define TEXT_MAX 16384

static struct daemon own;

static void start(void)
{
    static const char *const arguments[] = { "--vault", "dev", "--vault", "pool,kind=hsm", NULL };

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

/* The same daemon once more, as a build of the service. */
static void restart_as(const char *build)
{
    const char *const arguments[] = { "--vault",         "dev", "--vault", "pool,kind=hsm",
                                      "--service-build", build, NULL };

    cr_assert(daemon_stop(&own));
    cr_assert(daemon_start(&own, arguments));
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(attestation, .init = start, .fini = stop, .timeout = 180);

/* The certificates of certificatePemFile; each the caller's. */
static void read_chain(const struct reply *reply, X509 **ret_leaf, X509 **ret_ca)
{
    const char *text = reply_text(reply, "attributes.attestation.certificatePemFile");
    unsigned char pem[TEXT_MAX];
    int len;
    BIO *bio;

    cr_assert_lt(strlen(text), TEXT_MAX);
    cr_expect_null(strpbrk(text, "+/="), "not base64url, too: %s", text);
    len = EVP_DecodeBlock(pem, (const unsigned char *) text, (int) strlen(text));
    cr_assert_gt(len, 0);
    bio = BIO_new_mem_buf(pem, len);
    *ret_leaf = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    *ret_ca = PEM_read_bio_X509(bio, NULL, NULL, NULL);
    BIO_free(bio);
    cr_assert(*ret_leaf != NULL && *ret_ca != NULL);
}

/* Whether the leaf leads to the CA that the daemon's clients trust. */
static bool chain_holds(X509 *leaf, X509 *ca)
{
    char path[512];
    FILE *file;
    X509 *trusted;
    bool holds;

    snprintf(path, sizeof(path), "%s/ca.pem", own.folder);
    file = fopen(path, "r");
    cr_assert_not_null(file);
    trusted = PEM_read_X509(file, NULL, NULL, NULL);
    fclose(file);
    holds = X509_cmp(trusted, ca) == 0 && X509_verify(leaf, X509_get0_pubkey(ca)) == 1
            && X509_check_issued(ca, leaf) == X509_V_OK;
    X509_free(trusted);
    return holds;
}

/* The payload of a statement whose signature holds; the caller's. */
static cJSON *read_statement(const struct reply *reply, const char *member, EVP_PKEY *key)
{
    char path[128];
    const char *value;
    char text[TEXT_MAX];
    char payload[TEXT_MAX];
    unsigned char signature[512];
    size_t len;
    char *dot;
    const char *middle;
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    snprintf(path, sizeof(path), "attributes.attestation.%s", member);
    value = reply_text(reply, path);
    cr_assert(strlen(value) < TEXT_MAX && kv_base64url_decode(value, strlen(value), text, &len));
    text[len] = '\0';
    dot = strrchr(text, '.');
    cr_assert_not_null(dot);
    cr_assert(kv_base64url_decode(dot + 1, strlen(dot + 1), signature, &len));
    cr_assert_eq(EVP_DigestVerifyInit_ex(ctx, NULL, "SHA256", NULL, NULL, key, NULL), 1);
    cr_assert_eq(
        EVP_DigestVerify(ctx, signature, len, (unsigned char *) text, (size_t) (dot - text)), 1,
        "%s", member);
    EVP_MD_CTX_free(ctx);
    middle = strchr(text, '.') + 1;
    cr_assert(kv_base64url_decode(middle, (size_t) (dot - middle), payload, &len));
    return cJSON_ParseWithLength(payload, len);
}

static bool says(const cJSON *statement, const char *member)
{
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(statement, member));
}

static void create(struct client *client, const char *name, const char *body)
{
    char path[128];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    API_REPLY(reply, client_call(client, "POST", path, body));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

Test(attestation, BAD_PARAMETER_on_a_vault)
{
    char version[33];
    API_CLIENT_OF(&own, dev);

    api_create_key(&dev, "a", "", version);
    API_REPLY(reply, client_call(&dev, "GET", "/keys/a//attestation", NULL));
    cr_assert(reply_is_error(&reply, 400, "BadParameter", NULL,
                             "Method GET does not allow operation 'attestation'"));
}

Test(attestation, KEY_NOT_FOUND)
{
    API_HSM_OF(&own, pool);

    API_REPLY(reply, client_call(&pool, "GET", "/keys/missing/attestation", NULL));
    cr_assert_eq(reply.status, 404, "%s", reply.body);
}

Test(attestation, is_signed_under_the_ca_and_tells_what_the_token_says)
{
    API_SKIP_WITH_NSS("NSS forgets CKA_LOCAL of what it stores");
    X509 *leaf;
    X509 *ca;
    API_HSM_OF(&own, pool);

    create(&pool, "made", "{\"kty\":\"EC\",\"crv\":\"P-256\"}");
    API_REPLY(reply, client_call(&pool, "GET", "/keys/made/attestation", NULL));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "attributes.attestation.version"), "MRVL-1");
    read_chain(&reply, &leaf, &ca);
    cr_expect(chain_holds(leaf, ca));

    cJSON *private = read_statement(&reply, "privateKeyAttestation", X509_get0_pubkey(leaf));
    cJSON *public = read_statement(&reply, "publicKeyAttestation", X509_get0_pubkey(leaf));
    const cJSON *jwk = cJSON_GetObjectItem(public, "key");

    cr_expect(says(private, "onToken") && says(private, "private") && says(private, "sensitive")
              && says(private, "alwaysSensitive") && says(private, "local"));
    cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "x")),
                     reply_text(&reply, "key.x"));
    cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(jwk, "kid")),
                     reply_text(&reply, "key.kid"));
    cJSON_Delete(private);
    cJSON_Delete(public);
    X509_free(leaf);
    X509_free(ca);
}

/* What came from outside never passes for a key of the HSM's own making. */
Test(attestation, of_an_imported_key_does_not_call_it_local)
{
    X509 *leaf;
    X509 *ca;
    API_HSM_OF(&own, pool);

    API_REPLY(imported, client_call(&pool, "PUT", "/keys/brought",
                                    "{\"key\":{\"kty\":\"oct\","
                                    "\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}}"));
    cr_assert_eq(imported.status, 200, "%s", imported.body);
    cr_expect_str_eq(reply_text(&imported, "key.kty"), "oct-HSM");
    cr_expect_null(reply_item(&imported, "key.k"));
    API_REPLY(reply, client_call(&pool, "GET", "/keys/brought/attestation", NULL));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    read_chain(&reply, &leaf, &ca);

    cJSON *private = read_statement(&reply, "privateKeyAttestation", X509_get0_pubkey(leaf));

    cr_expect(says(private, "sensitive") && !says(private, "local")
              && !says(private, "alwaysSensitive"));
    cJSON_Delete(private);
    X509_free(leaf);
    X509_free(ca);
    api_proves("import oct-HSM");
}

/* contract §6.10: no time stamp, no nonce */
Test(attestation, is_the_same_when_asked_twice)
{
    API_HSM_OF(&own, pool);

    create(&pool, "twice", "{\"kty\":\"EC-HSM\"}");
    API_REPLY(first, client_call(&pool, "GET", "/keys/twice/attestation", NULL));
    sleep(2); /* a second later it would be another iat */
    API_REPLY(second, client_call(&pool, "GET", "/keys/twice/attestation", NULL));
    cr_assert_eq(first.status, 200, "%s", first.body);
    cr_expect_str_eq(second.body, first.body);
}

Test(attestation, knows_every_key_type)
{
    static const char *const bodies[] = { "{\"kty\":\"RSA-HSM\"}", "{\"kty\":\"EC-HSM\"}",
                                          "{\"kty\":\"oct-HSM\"}" };
    API_HSM_OF(&own, pool);

    for (size_t i = 0; i < KV_COUNT(bodies); i++) {
        char name[32];
        char path[64];

        snprintf(name, sizeof(name), "type-%zu", i);
        snprintf(path, sizeof(path), "/keys/%s/attestation", name);
        create(&pool, name, bodies[i]);
        API_REPLY(reply, client_call(&pool, "GET", path, NULL));
        cr_expect_eq(reply.status, 200, "%s", reply.body);
    }
    api_proves("get-attestation RSA-HSM,EC-HSM,oct-HSM");
}

Test(attestation, tells_a_symmetric_key_of_a_wrong_size)
{
    char body[256];
    char text[128];
    unsigned char bytes[65] = { 0 };
    API_HSM_OF(&own, pool);

    kv_base64url_encode(bytes, 65, text);
    snprintf(body, sizeof(body), "{\"key\":{\"kty\":\"oct-HSM\",\"k\":\"%s\"}}", text);
    API_REPLY(large, client_call(&pool, "PUT", "/keys/large", body));
    cr_expect_eq(large.status, 400);
    cr_expect_not_null(strstr(large.body, "JSON Web Key: k property of oct key is too large, "
                                          "maximum size is 64 (Activity ID: "));
    API_REPLY(small, client_call(&pool, "PUT", "/keys/small",
                                 "{\"key\":{\"kty\":\"oct-HSM\",\"k\":\"\"}}"));
    cr_expect_eq(small.status, 400);
    cr_expect_not_null(strstr(small.body, "Invalid key size: '0' (Activity ID: "));
}

/* contract §6.10: as it was recorded until 2025-03 */
Test(attestation, of_older_builds_has_the_older_members)
{
    static const char *const builds[] = { "2021", "2024" };

    {
        API_HSM_OF(&own, pool);

        create(&pool, "old", "{\"kty\":\"EC-HSM\"}");
    }
    for (size_t i = 0; i < KV_COUNT(builds); i++) {
        restart_as(builds[i]);
        API_HSM_OF(&own, pool);
        API_REPLY(reply, client_call(&pool, "GET", "/keys/old/attestation", NULL));

        cr_expect_eq(reply.status, 200, "%s", reply.body);
        cr_expect_str_neq(reply_text(&reply, "attributes.attestation.certificates"), "");
        cr_expect_str_neq(reply_text(&reply, "attributes.attestation.publicKeyAttestation"), "");
        cr_expect_null(reply_item(&reply, "attributes.attestation.certificatePemFile"));
        cr_expect_null(reply_item(&reply, "attributes.attestation.version"));
    }
}
