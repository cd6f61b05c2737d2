/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What another user of the token can learn of the keys that the daemon put there, of every type, on
 * whatever way they came: nothing, in both modes of --key-export.
 */
#include "backup_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "../support/jwk.h"
#include "../support/token_view.h"
#include "kv/base/base64.h"
#include "release_tools.h"

static struct daemon own;

static void prepare(void)
{
    daemon_prepare(&own);
}

static void discard(void)
{
    daemon_discard(&own);
}
TestSuite(key_secrecy, .init = prepare, .fini = discard, .timeout = 600);

static const struct kind {
    const char *name, *kty; /* kty of a create */
    unsigned bits;          /* of RSA and oct */
    const char *crv, *group;
} kinds[] = {
    { "rsa-2048", "RSA-HSM", 2048, NULL, NULL },
    { "rsa-3072", "RSA-HSM", 3072, NULL, NULL },
    { "rsa-4096", "RSA-HSM", 4096, NULL, NULL },
    { "p-256", "EC-HSM", 0, "P-256", "prime256v1" },
    { "p-256k", "EC-HSM", 0, "P-256K", "secp256k1" },
    { "p-384", "EC-HSM", 0, "P-384", "secp384r1" },
    { "p-521", "EC-HSM", 0, "P-521", "secp521r1" },
    { "oct-128", "oct-HSM", 128, NULL, NULL },
    { "oct-192", "oct-HSM", 192, NULL, NULL },
    { "oct-256", "oct-HSM", 256, NULL, NULL },
};

static void start(const char *mode)
{
    const char *const arguments[] = { "--key-export",     mode,      "--vault", "dev",
                                      "--symmetric-keys", "premium", NULL };

    cr_assert(daemon_start(&own, arguments));
}

/* Sends a body with further members, the caller's. */
static void expect_made(struct client *client, const char *method, const char *path, cJSON *body)
{
    char *text = cJSON_PrintUnformatted(body);

    expect_status(client, method, path, text, 200);
    free(text);
    cJSON_Delete(body);
}

static cJSON *describe(const struct kind *kind)
{
    cJSON *body = cJSON_CreateObject();

    cJSON_AddStringToObject(body, "kty", kind->kty);
    if (kind->bits != 0) {
        cJSON_AddNumberToObject(body, "key_size", kind->bits);
    }
    if (kind->crv != NULL) {
        cJSON_AddStringToObject(body, "crv", kind->crv);
    }
    return body;
}

static void create(struct client *client, const struct kind *kind, const char *policy)
{
    cJSON *body = describe(kind);
    char path[64];

    if (policy != NULL) {
        cJSON_AddTrueToObject(cJSON_AddObjectToObject(body, "attributes"), "exportable");
        cJSON_AddStringToObject(cJSON_AddObjectToObject(body, "release_policy"), "data", policy);
    }
    snprintf(path, sizeof(path), "/keys/%s/create", kind->name);
    expect_made(client, "POST", path, body);
}

/* A key that the test knows. */
static cJSON *render(const struct kind *kind)
{
    unsigned char value[32] = { 0x5a };
    char text[KV_BASE64URL_LENGTH(sizeof(value)) + 1];
    EVP_PKEY *key;
    cJSON *jwk;

    if (strcmp(kind->kty, "oct-HSM") == 0) {
        jwk = cJSON_CreateObject();
        cJSON_AddStringToObject(jwk, "kty", kind->kty);
        kv_base64url_encode(value, kind->bits / 8, text);
        cJSON_AddStringToObject(jwk, "k", text);
        return jwk;
    }
    key = kind->group != NULL ? jwk_new_ec(kind->group) : api_rsa(kind->bits);
    jwk = jwk_render(key, kind->kty);
    EVP_PKEY_free(key);
    return jwk;
}

/* Of all kinds, each of these; returns how many keys there must be on the token. */
static size_t generate_and_rotate(struct client *client)
{
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        char path[64];

        create(client, &kinds[i], NULL);
        snprintf(path, sizeof(path), "/keys/%s/rotate", kinds[i].name);
        expect_status(client, "POST", path, NULL, 200);
    }
    return 2 * KV_COUNT(kinds);
}

static size_t import(struct client *client)
{
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        cJSON *body = cJSON_CreateObject();
        char path[64];

        cJSON_AddItemToObject(body, "key", render(&kinds[i]));
        snprintf(path, sizeof(path), "/keys/%s", kinds[i].name);
        expect_made(client, "PUT", path, body);
    }
    return KV_COUNT(kinds);
}

static size_t release(struct client *client)
{
    EVP_PKEY *environment = jwk_new_rsa(2048);
    char policy[1024];
    API_REPLY(token, release_attest(client, environment));

    release_make_policy(client, MAA, policy);
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        create(client, &kinds[i], policy);
        API_REPLY(reply, release_send(client, kinds[i].name, reply_text(&token, "token"),
                                      "RSA_AES_KEY_WRAP_384"));
        cr_assert_eq(reply.status, 200, "%s: %s", kinds[i].name, reply.body);
    }
    EVP_PKEY_free(environment);
    return KV_COUNT(kinds);
}

/* What the token showed. */
struct audit {
    size_t keys, extractable, bound; /* to the trusted wrapping key */
};

static const struct {
    CK_ATTRIBUTE_TYPE type;
    const char *name;
} secrets[] = {
    { CKA_VALUE, "CKA_VALUE" },
    { CKA_PRIVATE_EXPONENT, "CKA_PRIVATE_EXPONENT" },
    { CKA_PRIME_1, "CKA_PRIME_1" },
    { CKA_PRIME_2, "CKA_PRIME_2" },
    { CKA_EXPONENT_1, "CKA_EXPONENT_1" },
    { CKA_EXPONENT_2, "CKA_EXPONENT_2" },
    { CKA_COEFFICIENT, "CKA_COEFFICIENT" },
};

static bool is_set(const struct token_sight *sight, CK_ATTRIBUTE_TYPE type)
{
    CK_BBOOL value = CK_FALSE;
    CK_ATTRIBUTE attribute = { type, &value, sizeof(value) };

    return sight->functions->C_GetAttributeValue(sight->session, sight->object, &attribute, 1)
               == CKR_OK
           && value;
}

static bool look(void *context, const struct token_sight *sight)
{
    struct audit *audit = context;
    CK_OBJECT_CLASS class = 0;
    CK_ATTRIBUTE attribute = { CKA_CLASS, &class, sizeof(class) };

    cr_assert_eq(
        sight->functions->C_GetAttributeValue(sight->session, sight->object, &attribute, 1),
        CKR_OK);
    cr_expect(class == CKO_PRIVATE_KEY || class == CKO_SECRET_KEY, "an object of class %lu", class);
    cr_expect(is_set(sight, CKA_PRIVATE) && is_set(sight, CKA_SENSITIVE));
    for (size_t i = 0; i < KV_COUNT(secrets); i++) {
        unsigned char value[HSM_MODULUS_MAX + 8];
        CK_ATTRIBUTE secret = { secrets[i].type, value, sizeof(value) };
        CK_RV rv = sight->functions->C_GetAttributeValue(sight->session, sight->object, &secret, 1);

        cr_expect(rv == CKR_ATTRIBUTE_SENSITIVE || rv == CKR_ATTRIBUTE_TYPE_INVALID, "%s: %lx",
                  secrets[i].name, rv);
    }
    audit->keys++;
    audit->extractable += is_set(sight, CKA_EXTRACTABLE);
    audit->bound += is_set(sight, CKA_WRAP_WITH_TRUSTED);
    return true;
}

/* The daemon has ended. */
static struct audit read_token(void)
{
    struct audit audit = { .keys = 0 };

    cr_assert(token_visit(own.folder, look, &audit));
    return audit;
}

/* How the keys that a test makes may leave. */
enum way { NOT_AT_ALL, UNDER_THE_TRUSTED_KEY, UNDER_ANY_KEY };

/* All that came since `before`, which the wrapping keys are in. */
static void expect_secrecy(const struct audit *before, size_t keys, enum way way)
{
    const struct audit after = read_token();
    size_t made = after.keys - before->keys;

    cr_expect_geq(made, keys);
    cr_expect_eq(after.extractable - before->extractable, way == NOT_AT_ALL ? 0 : made, "of %zu",
                 made);
    if (way == UNDER_THE_TRUSTED_KEY) {
        cr_expect_eq(after.bound - before->bound, made, "of %zu", made);
    } else if (way == UNDER_ANY_KEY) { /* but for the one that the service signs with */
        cr_expect_eq(after.bound - before->bound, 1, "of %zu", made);
    }
}

static void check(const char *mode, size_t (*fill)(struct client *client), enum way way)
{
    struct audit before;
    size_t keys;

    start(mode);
    cr_assert(daemon_stop(&own));
    before = read_token();
    cr_expect_eq(before.keys, strcmp(mode, "never") == 0 ? 1 : 2, "the wrapping keys");
    cr_expect_eq(before.extractable + before.bound, 0, "they never are");
    start(mode);
    {
        API_CLIENT_OF(&own, dev);

        keys = fill(&dev);
    }
    cr_assert(daemon_stop(&own));
    expect_secrecy(&before, keys, way);
}

#define SKIP_WITH_NSS API_SKIP_WITH_NSS("tests/token/secrecy.c looks into a token of NSS")

Test(key_secrecy, of_generated_and_rotated_keys_that_never_leave)
{
    SKIP_WITH_NSS;
    check("never", generate_and_rotate, NOT_AT_ALL);
}

Test(key_secrecy, of_generated_and_rotated_keys_that_leave_wrapped)
{
    SKIP_WITH_NSS;
    check("wrapped", generate_and_rotate, UNDER_THE_TRUSTED_KEY);
}

Test(key_secrecy, of_imported_keys_that_never_leave)
{
    SKIP_WITH_NSS;
    check("never", import, NOT_AT_ALL);
}

Test(key_secrecy, of_imported_keys_that_leave_wrapped)
{
    SKIP_WITH_NSS;
    check("wrapped", import, UNDER_THE_TRUSTED_KEY);
}

Test(key_secrecy, of_released_keys_that_leave_wrapped)
{
    SKIP_WITH_NSS;
    check("wrapped", release, UNDER_ANY_KEY);
}

/* What was purged is destroyed behind the answers. */
static void await_destruction(void)
{
    const struct timespec pause = { .tv_nsec = 10000000 };

    while (api_metric(&own, "coffer_doomed_objects") > 0) {
        (void) nanosleep(&pause, NULL);
    }
}

/* Backed up while that was allowed, restored in that mode; the originals are gone, but what seals
 * backups is there. */
static void check_restored(const char *mode, enum way way)
{
    char *blobs[KV_COUNT(kinds)];
    struct audit before;

    start("wrapped");
    {
        API_CLIENT_OF(&own, dev);

        import(&dev);
        for (size_t i = 0; i < KV_COUNT(kinds); i++) {
            blobs[i] = back_up(&dev, kinds[i].name);
            purge(&dev, kinds[i].name);
        }
        await_destruction();
    }
    cr_assert(daemon_stop(&own));
    before = read_token();
    start(mode);
    {
        API_CLIENT_OF(&own, dev);

        for (size_t i = 0; i < KV_COUNT(kinds); i++) {
            API_REPLY(reply, restore(&dev, blobs[i]));

            cr_expect_eq(reply.status, 200, "%s: %s", kinds[i].name, reply.body);
            free(blobs[i]);
        }
    }
    cr_assert(daemon_stop(&own));
    expect_secrecy(&before, KV_COUNT(kinds), way);
}

Test(key_secrecy, of_restored_keys_that_never_leave)
{
    SKIP_WITH_NSS;
    check_restored("never", NOT_AT_ALL);
}

Test(key_secrecy, of_restored_keys_that_leave_wrapped)
{
    SKIP_WITH_NSS;
    check_restored("wrapped", UNDER_THE_TRUSTED_KEY);
}
