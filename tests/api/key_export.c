/* SPDX-License-Identifier: Apache-2.0 */
/*
 * --key-export never where keys were exportable before, and what leaves where they are: contract
 * §11. Whole answers of a daemon that never knew another mode are in
 * tests/data/golden/key_export_never.txt.
 */
#include "backup_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/jwk.h"
#include "kv/base/base64.h"
#include "kv/base/secret.h"
#include "release_tools.h"

static struct daemon own;

static void start(const char *mode)
{
    const char *const arguments[] = {
        "--key-export",     mode,      "--vault", "dev", "--vault", "other",
        "--symmetric-keys", "premium", NULL
    };

    cr_assert(daemon_start(&own, arguments));
}

static void start_wrapped(void)
{
    daemon_prepare(&own);
    start("wrapped");
}

static void restart(const char *mode)
{
    cr_assert(daemon_stop(&own));
    start(mode);
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}
TestSuite(key_export, .init = start_wrapped, .fini = stop, .timeout = 600);

static bool stays(const struct reply *reply)
{
    return reply_is_error(reply, 403, "Forbidden", "KeyNotExportable",
                          "The key was made not to leave the HSM, not even wrapped "
                          "(--key-export never).");
}

/* Of a version, or, with "", of the latest. */
static struct reply release(struct client *client, const char *name, const char *version)
{
    EVP_PKEY *environment = jwk_new_rsa(2048);
    char path[128];
    struct reply reply;
    API_REPLY(token, release_attest(client, environment));

    snprintf(path, sizeof(path), "%s/%s", name, version);
    reply = release_send(client, path, reply_text(&token, "token"), "CKM_RSA_AES_KEY_WRAP");
    EVP_PKEY_free(environment);
    return reply;
}

/* The port of the authority is another one after each start. */
static struct reply renew_policy(struct client *client, const char *name)
{
    char data[1024];
    char path[64];
    char body[1200];

    release_make_policy(client, MAA, data);
    snprintf(path, sizeof(path), "/keys/%s", name);
    snprintf(body, sizeof(body), "{\"release_policy\":{\"data\":\"%s\"}}", data);
    return client_call(client, "PATCH", path, body);
}

/* An exportable key that was released once; its version. */
static void make_free(const char *name, const char *kty, char ret_version[33])
{
    char data[1024];
    API_CLIENT_OF(&own, dev);

    release_make_policy(&dev, MAA, data);
    API_REPLY(key, release_create(&dev, name, kty, data));
    cr_assert_eq(key.status, 200, "%s", key.body);
    snprintf(ret_version, 33, "%s", strrchr(reply_text(&key, "key.kid"), '/') + 1);
    API_REPLY(reply, release(&dev, name, ""));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

static const char *const types[] = { "RSA-HSM", "EC-HSM", "oct-HSM" };

Test(key_export, KEY_NOT_EXPORTABLE_of_keys_that_were_exportable_before)
{
    char version[KV_COUNT(types)][33];

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        make_free(types[i], types[i], version[i]);
    }
    restart("never");
    API_CLIENT_OF(&own, dev);

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        char path[64];

        API_REPLY(latest, release(&dev, types[i], ""));
        cr_expect(stays(&latest), "%s", types[i]);
        API_REPLY(named, release(&dev, types[i], version[i]));
        cr_expect(stays(&named), "%s", types[i]);
        snprintf(path, sizeof(path), "/keys/%s/backup", types[i]);
        API_REPLY(backup, client_call(&dev, "POST", path, NULL));
        cr_expect(stays(&backup), "%s", types[i]);
        API_REPLY(patched, renew_policy(&dev, types[i]));
        cr_expect(stays(&patched), "%s", types[i]);
    }
}

/* The refusal comes before anything is said of the attestation or asked of its authority. */
Test(key_export, KEY_NOT_EXPORTABLE_whatever_the_attestation_is)
{
    char version[33];

    make_free("free", "EC-HSM", version);
    restart("never");
    API_CLIENT_OF(&own, dev);
    API_REPLY(reply, release_send(&dev, "free", "a.b.c", "CKM_RSA_AES_KEY_WRAP"));
    cr_expect(stays(&reply));
}

Test(key_export, never_has_the_key_work_on)
{
    char version[33];

    make_free("free", "EC-HSM", version);
    restart("never");
    API_CLIENT_OF(&own, dev);
    expect_status(&dev, "POST", "/keys/free/sign",
                  "{\"alg\":\"ES256\",\"value\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8\"}",
                  200);
    expect_status(&dev, "PATCH", "/keys/free", "{\"tags\":{\"a\":\"b\"}}", 200);
    expect_status(&dev, "POST", "/keys/free/rotate", NULL, 200);
    purge(&dev, "free");
}

/* A version made under `never` stays for good, the one from before is free again. */
Test(key_export, wrapped_frees_only_what_was_made_under_it)
{
    char version[33];

    make_free("free", "EC-HSM", version);
    restart("never");
    {
        API_CLIENT_OF(&own, dev);

        expect_status(&dev, "POST", "/keys/free/rotate", NULL, 200);
        API_REPLY(latest, release(&dev, "free", ""));
        cr_expect(stays(&latest));
    }
    restart("wrapped");
    API_CLIENT_OF(&own, dev);
    API_REPLY(patched, renew_policy(&dev, "free"));
    cr_assert_eq(patched.status, 200, "%s", patched.body);
    API_REPLY(first, release(&dev, "free", version));
    cr_expect_eq(first.status, 200, "%s", first.body);
    API_SKIP_WITH_NSS("NSS wraps what is not extractable: docs/architecture.md, how to test");
    API_REPLY(latest, release(&dev, "free", ""));
    cr_expect(stays(&latest));
    API_REPLY(backup, client_call(&dev, "POST", "/keys/free/backup", NULL));
    cr_expect(stays(&backup));
}

/* What was backed up before comes back, and from then on it stays. */
Test(key_export, KEY_NOT_EXPORTABLE_of_a_backup_that_came_back)
{
    char version[33];
    char *value;

    make_free("free", "RSA-HSM", version);
    {
        API_CLIENT_OF(&own, dev);

        value = back_up(&dev, "free");
    }
    restart("never");
    API_CLIENT_OF(&own, other);
    API_REPLY(restored, restore(&other, value));
    cr_assert_eq(restored.status, 200, "%s", restored.body);
    API_REPLY(reply, release(&other, "free", ""));
    cr_expect(stays(&reply));
    API_REPLY(backup, client_call(&other, "POST", "/keys/free/backup", NULL));
    cr_expect(stays(&backup));
    free(value);
}

static bool holds(const void *bytes, size_t len, const void *part, size_t part_len)
{
    const unsigned char *at = bytes;

    for (size_t i = 0; i + part_len <= len; i++) {
        if (kv_secret_equal(at + i, part_len, part, part_len)) {
            return true;
        }
    }
    return false;
}

/* No secret member of the JWK stands in the payload, in text or, below it, in bytes. */
static void expect_hidden(const cJSON *jwk, const cJSON *payload)
{
    static const char *const members[] = { "d", "p", "q", "dp", "dq", "qi", "k" };
    char *text = cJSON_PrintUnformatted(payload);
    const cJSON *key = cJSON_GetObjectItem(
        cJSON_GetObjectItem(cJSON_GetObjectItem(payload, "response"), "key"), "key");
    size_t len;
    char *blob = decode(cJSON_GetStringValue(cJSON_GetObjectItem(key, "key_hsm")), &len);
    cJSON *transfer = cJSON_Parse(blob);
    size_t wrapped_len;
    char *wrapped =
        decode(cJSON_GetStringValue(cJSON_GetObjectItem(transfer, "ciphertext")), &wrapped_len);

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        const char *secret = cJSON_GetStringValue(cJSON_GetObjectItem(jwk, members[i]));
        unsigned char bytes[512];
        size_t secret_len;

        cr_expect_null(cJSON_GetObjectItem(key, members[i]), "%s", members[i]);
        if (secret != NULL && kv_base64url_decode(secret, strlen(secret), bytes, &secret_len)) {
            cr_expect_null(strstr(text, secret), "%s", members[i]);
            cr_expect_null(strstr(blob, secret), "%s", members[i]);
            cr_expect_not(holds(wrapped, wrapped_len, bytes, 16), "%s", members[i]);
        }
    }
    free(wrapped);
    cJSON_Delete(transfer);
    free(blob);
    cJSON_free(text);
}

static cJSON *make_jwk(size_t kind)
{
    EVP_PKEY *key = kind == 0 ? jwk_new_rsa(3072) : jwk_new_ec("secp384r1");
    cJSON *jwk = jwk_render(key, types[kind]);

    if (kind == 2) {
        cJSON_Delete(jwk);
        jwk = cJSON_Parse("{\"kty\":\"oct-HSM\",\"k\":\"AAECAwQFBgcICQoLDA0ODxAREhMUFRYX\"}");
    }
    EVP_PKEY_free(key);
    return jwk;
}

static void import_free(struct client *client, const char *name, const cJSON *jwk)
{
    cJSON *body = cJSON_CreateObject();
    char data[1024];
    char path[64];
    char *text;

    release_make_policy(client, MAA, data);
    cJSON_AddItemToObject(body, "key", cJSON_Duplicate(jwk, true));
    cJSON_AddTrueToObject(cJSON_AddObjectToObject(body, "attributes"), "exportable");
    cJSON_AddStringToObject(cJSON_AddObjectToObject(body, "release_policy"), "data", data);
    text = cJSON_PrintUnformatted(body);
    snprintf(path, sizeof(path), "/keys/%s", name);
    expect_status(client, "PUT", path, text, 200);
    cJSON_free(text);
    cJSON_Delete(body);
}

/* That it is signed is shown elsewhere (release_answer.c). */
static cJSON *read_payload(const char *jws)
{
    const char *first = strchr(jws, '.');

    return release_decode(first + 1, strcspn(first + 1, "."));
}

/* Somebody else's environment cannot open what this one can. */
Test(key_export, wrapped_lets_keys_go_wrapped_only)
{
    EVP_PKEY *environment = jwk_new_rsa(2048);
    EVP_PKEY *stranger = jwk_new_rsa(2048);
    API_CLIENT_OF(&own, dev);
    API_REPLY(token, release_attest(&dev, environment));

    for (size_t i = 0; i < KV_COUNT(types); i++) {
        cJSON *jwk = make_jwk(i);
        cJSON *payload;
        unsigned char bytes[TRANSFER_MAX];

        import_free(&dev, types[i], jwk);
        API_REPLY(reply, release_send(&dev, types[i], reply_text(&token, "token"),
                                      "RSA_AES_KEY_WRAP_256"));
        cr_assert_eq(reply.status, 200, "%s", reply.body);
        payload = read_payload(reply_text(&reply, "value"));
        expect_hidden(jwk, payload);
        cr_expect_eq(release_unwrap(payload, stranger, "SHA256", bytes), 0, "%s", types[i]);
        cr_expect_gt(release_unwrap(payload, environment, "SHA256", bytes), 0, "%s", types[i]);
        cJSON_Delete(payload);
        cJSON_Delete(jwk);
    }
    EVP_PKEY_free(stranger);
    EVP_PKEY_free(environment);
}
