/* SPDX-License-Identifier: Apache-2.0 */
/* Keys and crypto operations of a Managed HSM, where they differ: contract §4.3, §7, §8, §12, §17. */
#include <stdio.h>
#include <string.h>

#include "../support/api.h"
#include "../support/cell.h"

static struct client pool;

static void open_pool(void)
{
    client_open_hsm(&pool, api_daemon(), "pool");
}

static void close_pool(void)
{
    client_close(&pool);
}
TestSuite(managed, .init = open_pool, .fini = close_pool, .timeout = 120);

static struct reply create(const char *name, const char *body)
{
    char path[128];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    return client_call(&pool, "POST", path, body);
}

/* contract §4.3: the order of key_ops means nothing here, so they are compared as sets. */
static void expect_ops(const struct reply *key, const char *const *ops, size_t count)
{
    const cJSON *array = reply_item(key, "key.key_ops");
    size_t found = 0;

    cr_expect_eq((size_t) cJSON_GetArraySize(array), count, "%s", key->body);
    for (size_t i = 0; i < count; i++) {
        const cJSON *item;

        cJSON_ArrayForEach (item, array) {
            found += strcmp(item->valuestring, ops[i]) == 0;
        }
    }
    cr_expect_eq(found, count, "%s", key->body);
}

Test(managed, types_become_those_of_hardware)
{
    static const char *const rsa[] = { "encrypt", "decrypt", "sign",
                                       "verify",  "wrapKey", "unwrapKey" };
    static const char *const ec[] = { "sign", "verify", "deriveKey" };
    static const char *const oct[] = { "encrypt", "decrypt", "wrapKey",  "unwrapKey",
                                       "sign",    "verify",  "deriveKey" };
    static const struct {
        const char *kty, *becomes;
        const char *const *ops;
        size_t count;
        int size; /* that is shown; -1: none */
    } rows[] = {
        { "RSA", "RSA-HSM", rsa, 6, -1 },  { "RSA-HSM", "RSA-HSM", rsa, 6, -1 },
        { "EC", "EC-HSM", ec, 3, -1 },     { "EC-HSM", "EC-HSM", ec, 3, -1 },
        { "oct", "oct-HSM", oct, 7, 256 }, { "oct-HSM", "oct-HSM", oct, 7, 256 },
        { "AES", "oct-HSM", oct, 7, 256 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char body[64];

        snprintf(body, sizeof(body), "{\"kty\":\"%s\"}", rows[i].kty);
        API_REPLY(key, create("types", body));
        cr_expect_eq(key.status, 200, "%s", key.body);
        cr_expect_str_eq(reply_text(&key, "key.kty"), rows[i].becomes);
        expect_ops(&key, rows[i].ops, rows[i].count);
        cr_expect_eq(reply_number(&key, "attributes.key_size"), rows[i].size, "%s", key.body);
        cr_expect_null(reply_item(&key, "attributes.hsmPlatform"));
    }
}

/* contract §4.1, §12: a vault's are GUIDs of the fourth kind. Eight of them by chance: one in 2^32. */
Test(managed, versions_are_any_digits_however_they_came)
{
    static const char import[] = "{\"key\":{\"kty\":\"oct\",\"k\":\"AAECAwQFBgcICQoLDA0ODw\"}}";
    static const struct {
        const char *method, *path, *body;
    } rows[] = {
        { "POST", "/keys/digits/create", "{\"kty\":\"oct\"}" },
        { "PUT", "/keys/digits", import },
        { "POST", "/keys/digits/rotate", NULL },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        size_t guids = 0;

        for (size_t n = 0; n < 8; n++) {
            API_REPLY(key, client_call(&pool, rows[i].method, rows[i].path, rows[i].body));
            const char *kid = reply_text(&key, "key.kid");

            cr_assert_eq(key.status, 200, "%s", key.body);
            guids += kid[strlen(kid) - 32 + 12] == '4';
        }
        cr_expect_lt(guids, 8, "%s %s", rows[i].method, rows[i].path);
    }
}

/* contract §6.5: a vault's come by their names. Six of them sorted by chance: one time in 720. */
Test(managed, versions_are_listed_in_the_order_of_creation)
{
    char made[6][33];
    char target[512] = "/keys/ordered/versions?maxresults=2&api-version=7.6";
    size_t count = 0;

    for (size_t i = 0; i < KV_COUNT(made); i++) {
        API_REPLY(key, create("ordered", "{\"kty\":\"oct\"}"));
        const char *kid = reply_text(&key, "key.kid");

        cr_assert_eq(key.status, 200, "%s", key.body);
        snprintf(made[i], sizeof(made[i]), "%s", strrchr(kid, '/') + 1);
    }
    while (target[0] != '\0') {
        const struct request request = { .method = "GET", .target = target };
        API_REPLY(page, client_send(&pool, &request));
        const char *next = strstr(reply_text(&page, "nextLink"), "/keys/");
        const cJSON *item;

        cJSON_ArrayForEach (item, reply_item(&page, "value")) {
            const char *kid = cJSON_GetObjectItem(item, "kid")->valuestring;

            cr_assert_lt(count, KV_COUNT(made));
            cr_expect_str_eq(strrchr(kid, '/') + 1, made[count++], "%s", page.body);
        }
        snprintf(target, sizeof(target), "%s", next != NULL ? next : "");
    }
    cr_expect_eq(count, KV_COUNT(made));
}

/* contract §12: honoured here, ignored by a vault (§6.1); 0 is the default of both. */
Test(managed, exponents_are_honoured)
{
    static const struct {
        const char *sent, *e;
    } rows[] = { { "3", "Aw" }, { "17", "EQ" }, { "0", "AQAB" }, { "65537", "AQAB" } };
    API_CLIENT(dev);

    API_SKIP_WITH_NSS("NSS takes no small exponents");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char body[64];

        snprintf(body, sizeof(body), "{\"kty\":\"RSA-HSM\",\"public_exponent\":%s}", rows[i].sent);
        API_REPLY(here, create("exponent", body));
        cr_expect_str_eq(reply_text(&here, "key.e"), rows[i].e, "%s", here.body);
        API_REPLY(there, client_call(&dev, "POST", "/keys/exponent/create", body));
        cr_expect_str_eq(reply_text(&there, "key.e"), "AQAB", "%s", there.body);
    }
}

Test(managed, exponents_the_module_does_not_take_are_refused)
{
    if (!nss_is_chosen()) {
        cr_skip_test("SoftHSM takes every odd exponent");
    }
    API_REPLY(refused, create("exponent", "{\"kty\":\"RSA-HSM\",\"public_exponent\":3}"));
    cr_expect_eq(refused.status, 400, "%ld %s", refused.status, refused.body);
    cr_expect(strstr(refused.body, "The HSM does not support this operation.") != NULL, "%s",
              refused.body);
}

/* The whole answer: `members` in order, as far as they can be known. */
static void expect_members(const struct reply *reply, const struct reply *key, const char *alg,
                           const char *const *members, size_t count)
{
    const cJSON *member = reply->json != NULL ? reply->json->child : NULL;

    cr_assert_eq(reply->status, 200, "%s", reply->body);
    cr_expect_str_eq(reply_text(reply, "alg"), alg);
    cr_expect_str_eq(reply_text(reply, "kid"), reply_text(key, "key.kid"));
    for (size_t i = 0; i < count; i++, member = member->next) {
        cr_assert_not_null(member, "%s", reply->body);
        cr_expect_str_eq(member->string, members[i], "%s", reply->body);
    }
    cr_expect_null(member, "%s", reply->body);
}

static const char *const with_tag[] = { "alg", "iv", "kid", "tag", "value" };
static const char *const with_iv[] = { "alg", "iv", "kid", "value" };
static const char *const plain[] = { "alg", "kid", "value" };

/* contract §17, but for the key, which nobody knows */
Test(managed, answers_of_A256CBCPAD_have_the_recorded_members)
{
    API_REPLY(key, create("cbc", "{\"kty\":\"oct-HSM\",\"key_size\":256}"));
    struct operands operands = { .alg = "A256CBCPAD", .iv = CELL_IV, .value = "cGxhaW50ZXh0" };

    API_REPLY(encrypted, cell_call(&pool, &key, "encrypt", &operands));
    expect_members(&encrypted, &key, "A256CBCPAD", with_iv, KV_COUNT(with_iv));
    cr_expect_str_eq(reply_text(&encrypted, "iv"), CELL_IV);
    cr_expect_eq(strlen(reply_text(&encrypted, "value")), 22);
    operands.value = reply_text(&encrypted, "value");
    API_REPLY(decrypted, cell_call(&pool, &key, "decrypt", &operands));
    expect_members(&decrypted, &key, "A256CBCPAD", plain, KV_COUNT(plain));
    cr_expect_str_eq(reply_text(&decrypted, "value"), "cGxhaW50ZXh0");
}

Test(managed, answers_of_A256GCM_have_the_recorded_members)
{
    API_REPLY(key, create("gcm", "{\"kty\":\"oct-HSM\"}"));
    const struct operands forth = { .alg = "A256GCM", .value = "cGxhaW50ZXh0" };

    API_REPLY(encrypted, cell_call(&pool, &key, "encrypt", &forth));
    expect_members(&encrypted, &key, "A256GCM", with_tag, KV_COUNT(with_tag));
    const struct operands back = {
        .alg = "A256GCM",
        .value = reply_text(&encrypted, "value"),
        .iv = reply_text(&encrypted, "iv"),
        .tag = reply_text(&encrypted, "tag"),
    };

    API_REPLY(decrypted, cell_call(&pool, &key, "decrypt", &back));
    expect_members(&decrypted, &key, "A256GCM", plain, KV_COUNT(plain));
    cr_expect_str_eq(reply_text(&decrypted, "value"), "cGxhaW50ZXh0");
}

Test(managed, answers_of_all_other_operations_have_alg_too)
{
    static const struct {
        const char *body, *operation;
        struct operands operands;
    } rows[] = {
        { "{\"kty\":\"RSA\"}", "encrypt", { .alg = "RSA-OAEP-256", .value = "AAEC" } },
        { "{\"kty\":\"oct\",\"key_size\":128}", "wrapkey", { .alg = "A128KW", .value = CELL_IV } },
        { "{\"kty\":\"oct\"}", "sign", { .alg = "HS256", .value = "AAEC" } },
        { "{\"kty\":\"EC\",\"crv\":\"P-256K\"}",
          "sign",
          { .alg = "ES256K", .value = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8" } },
    };

    API_SKIP_WITH_NSS("NSS does not have P-256K");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(key, create("others", rows[i].body));
        API_REPLY(reply, cell_call(&pool, &key, rows[i].operation, &rows[i].operands));
        expect_members(&reply, &key, rows[i].operands.alg, plain, KV_COUNT(plain));
    }
}

/* What is refused has the sense of a vault and the suffix of a Managed HSM (contract §9.2). */
Test(managed, BAD_PARAMETER_has_the_suffix)
{
    static const struct {
        const char *body, *message;
    } rows[] = {
        { "{\"kty\":\"oct-HSM\",\"key_size\":64}", "Invalid key size: '64' (Activity ID: " },
        { "{\"kty\":\"RSA\",\"key_size\":1024}", "Invalid key size: '1024' (Activity ID: " },
        { "{\"kty\":\"EC\",\"crv\":\"P-192\"}", "Unsupported curve (Activity ID: " },
        { "{\"kty\":\"RSA\",\"public_exponent\":4}", "Property  has invalid value\r\n" },
        { "{\"kty\":\"RSA\",\"public_exponent\":1}", "Property  has invalid value\r\n" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, create("refused", rows[i].body));
        cr_expect_eq(reply.status, 400, "%s", reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.code"), "BadParameter");
        cr_expect_eq(
            strncmp(reply_text(&reply, "error.message"), rows[i].message, strlen(rows[i].message)),
            0, "%s", reply.body);
        cr_expect_null(reply_item(&reply, "error.innererror"), "%s", reply.body);
    }
}

/* contract §6.8, §9.4: what is said twice is so for the sake of the operation, not of a name */
Test(managed, says_twice_of_a_rotation_alone_that_the_key_was_not_found)
{
    static const struct {
        const char *method, *path, *head, *key;
    } rows[] = {
        { "POST", "/keys/nobody/rotate", "Key not found: Key not found: ", "/keys/nobody" },
        { "POST", "/keys/rotate/ROTATE", "Key not found: Key not found: ", "/keys/rotate" },
        { "GET", "/keys/nobody/rotationpolicy", "Key not found: ", "/keys/nobody" },
        { "GET", "/keys/rotate", "Key not found: ", "/keys/rotate" },
        { "DELETE", "/keys/rotate", "Key not found: ", "/keys/rotate" },
        { "GET", "/deletedkeys/rotate", "Key not found: ", "/deletedkeys/rotate" },
        { "POST", "/deletedkeys/nobody/recover", "Key not found: ", "/deletedkeys/nobody" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char text[256];

        snprintf(text, sizeof(text), "%shttps://%s:%u%s (Activity ID: ", rows[i].head, pool.host,
                 pool.daemon->port, rows[i].key);
        API_REPLY(reply, client_call(&pool, rows[i].method, rows[i].path, NULL));
        cr_expect_eq(reply.status, 404, "%s", reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.code"), "KeyNotFound");
        cr_expect_eq(strncmp(reply_text(&reply, "error.message"), text, strlen(text)), 0,
                     "%s %s: %s", rows[i].method, rows[i].path, reply.body);
    }
}

/* A refusal is logged as it was sent, but for the id, which the line has anyway. */
Test(managed, logs_a_refusal_as_it_was_sent)
{
    API_REPLY(reply, client_call(&pool, "GET", "/keys/in_the_log", NULL));
    cr_expect_eq(reply.status, 400, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "error.code"), "Invalidkeyidentifier");
    cr_expect_eq(api_count_lines(api_daemon(), "/keys/in_the_log", "code=Invalidkeyidentifier"), 1);
    cr_expect_eq(
        api_count_lines(api_daemon(), "/keys/in_the_log", "reason=\"Invalid key identifier\""), 1);
}

/* A key that is known: RFC 7516 A.3, through the whole daemon. */
Test(managed, imported_keys_give_known_answers)
{
    static const char cek[] = "BNMfxVSd_P4LZJ36P6pqzmt81C1vawnbyLEA8I-cLM8";
    static const char wrapped[] = "6KB707dM9YTIgHtLvtgWQ8mKwboJW3of9locizkDTHzBC2IlrT1oOQ";
    struct operands operands = { .alg = "A128KW", .value = cek };

    API_REPLY(key, client_call(&pool, "PUT", "/keys/known",
                               "{\"key\":{\"kty\":\"oct-HSM\",\"k\":\"GawgguFyGrWKav7AX4VKUg\"}}"));
    cr_assert_eq(key.status, 200, "%s", key.body);
    API_REPLY(forth, cell_call(&pool, &key, "wrapkey", &operands));
    cr_expect_str_eq(reply_text(&forth, "value"), wrapped, "%s", forth.body);
    operands.value = wrapped;
    API_REPLY(back, cell_call(&pool, &key, "unwrapkey", &operands));
    cr_expect_str_eq(reply_text(&back, "value"), cek, "%s", back.body);
}
