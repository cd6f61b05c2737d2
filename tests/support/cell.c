/* SPDX-License-Identifier: Apache-2.0 */
#include "cell.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/base.h"
#include "kv/base/base64.h"

const struct cell rsa_cells[6] = {
    { "RSA", 2048, NULL },     { "RSA", 3072, NULL },     { "RSA", 4096, NULL },
    { "RSA-HSM", 2048, NULL }, { "RSA-HSM", 3072, NULL }, { "RSA-HSM", 4096, NULL },
};
const struct cell ec_cells[8] = {
    { "EC", 0, "P-256" },     { "EC", 0, "P-256K" },    { "EC", 0, "P-384" },
    { "EC", 0, "P-521" },     { "EC-HSM", 0, "P-256" }, { "EC-HSM", 0, "P-256K" },
    { "EC-HSM", 0, "P-384" }, { "EC-HSM", 0, "P-521" },
};
const struct cell oct_cells[6] = {
    { "oct", 128, NULL },     { "oct", 192, NULL },     { "oct", 256, NULL },
    { "oct-HSM", 128, NULL }, { "oct-HSM", 192, NULL }, { "oct-HSM", 256, NULL },
};

static void add_member(cJSON *body, const char *name, const char *text)
{
    if (text != NULL) {
        cJSON_AddStringToObject(body, name, text);
    }
}

static struct reply post(struct client *client, const char *path, cJSON *body)
{
    char *text = cJSON_PrintUnformatted(body);
    struct reply reply = client_call(client, "POST", path, text);

    free(text);
    cJSON_Delete(body);
    return reply;
}

struct reply cell_key(struct client *client, const struct cell *cell)
{
    char path[128];
    char create[160];

    snprintf(path, sizeof(path), "/keys/cell-%s-%s-%d", cell->kty,
             cell->crv != NULL ? cell->crv : "", cell->bits);

    struct reply reply = client_call(client, "GET", path, NULL);

    if (reply.status == 404) {
        cJSON *body = cJSON_CreateObject();

        reply_done(&reply);
        add_member(body, "kty", cell->kty);
        add_member(body, "crv", cell->crv);
        if (cell->bits != 0) {
            cJSON_AddNumberToObject(body, "key_size", cell->bits);
        }
        snprintf(create, sizeof(create), "%s/create", path);
        reply = post(client, create, body);
    }
    if (strstr(reply.body, "The HSM does not make keys of curve") != NULL) {
        cr_skip_test("the module does not have %s", cell->crv);
    }
    cr_assert_eq(reply.status, 200, "%s: %ld %s", path, reply.status, reply.body);
    return reply;
}

void cell_each_oct(struct client *client, const char *alg, int bits, cell_check_fn *check)
{
    for (size_t i = 0; i < KV_COUNT(oct_cells); i++) {
        if (bits == 0 || oct_cells[i].bits == bits) {
            struct reply key = cell_key(client, &oct_cells[i]);

            check(client, &key, alg);
            reply_done(&key);
        }
    }
}

struct reply cell_call(struct client *client, const struct reply *key, const char *operation,
                       const struct operands *operands)
{
    const char *path = strstr(reply_text(key, "key.kid"), "/keys/");
    cJSON *body = cJSON_CreateObject();
    char whole[256];

    cr_assert_not_null(path);
    snprintf(whole, sizeof(whole), "%s/%s", path, operation);
    add_member(body, "alg", operands->alg);
    add_member(body, "value", operands->value);
    add_member(body, "digest", operands->digest);
    add_member(body, "iv", operands->iv);
    add_member(body, "aad", operands->aad);
    add_member(body, "tag", operands->tag);
    return post(client, whole, body);
}

const char *cell_text(const void *bytes, size_t len, char ret_text[CELL_TEXT_SIZE])
{
    cr_assert_lt(KV_BASE64URL_LENGTH(len), CELL_TEXT_SIZE);
    kv_base64url_encode(bytes, len, ret_text);
    return ret_text;
}

size_t cell_bytes(const struct reply *reply, const char *member, unsigned char *ret_bytes,
                  size_t size)
{
    const char *text = reply_text(reply, member);
    size_t len;

    cr_assert_leq(KV_BASE64URL_BYTES(strlen(text)), size, "%s", reply->body);
    cr_assert(kv_base64url_decode(text, strlen(text), ret_bytes, &len), "%s", reply->body);
    return len;
}

void cell_refused(struct client *client, const struct reply *key, const char *operation,
                  const struct operands *operands, const char *message)
{
    struct reply reply = cell_call(client, key, operation, operands);

    cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, message), "%s %s", operands->alg,
              operation);
    reply_done(&reply);
}

void cell_value(struct client *client, const struct reply *key, const char *operation,
                const struct operands *operands, const char *value)
{
    char whole[CELL_TEXT_SIZE];
    struct reply reply = cell_call(client, key, operation, operands);

    snprintf(whole, sizeof(whole), "{\"kid\":\"%s\",\"value\":\"%s\"}", reply_text(key, "key.kid"),
             value);
    cr_expect_eq(reply.status, 200, "%s", reply.body);
    cr_expect_str_eq(reply.body, whole, "%s %s: %s", operands->alg, operation, reply.body);
    reply_done(&reply);
}

void cell_lengths_refused(struct client *client, const struct reply *key, const char *operation,
                          const char *alg, const size_t *lengths, size_t count, const char *rule)
{
    static const unsigned char bytes[1024];
    char text[CELL_TEXT_SIZE];
    char message[256];

    for (size_t i = 0; i < count; i++) {
        const struct operands operands = {
            .alg = alg,
            .iv = CELL_IV,
            .value = cell_text(bytes, lengths[i], text),
        };

        snprintf(message, sizeof(message),
                 "Invalid length of 'value': %zu bytes. %s requires %s bytes, encoded with "
                 "base64url.",
                 lengths[i], alg, rule);
        cell_refused(client, key, operation, &operands, message);
    }
}

const char *cell_changed(const char *text, char ret_text[CELL_TEXT_SIZE])
{
    snprintf(ret_text, CELL_TEXT_SIZE, "%s", text);
    ret_text[0] = ret_text[0] == 'A' ? 'B' : 'A';
    return ret_text;
}
