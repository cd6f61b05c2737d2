/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies without what is secret in them. */
#include "journal.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"

#define SHOWN_MAX 65536 /* bytes; of longer ones only the length is told */

/* Members of keys (RFC 7517, 7518), of operations, and of those who give out tokens. */
static const char *const secrets[] = {
    "value",
    "k",
    "d",
    "p",
    "q",
    "dp",
    "dq",
    "qi",
    "oth",
    "key_hsm",
    "target",
    "result",
    "token",
    "env",
    "nonce",
    "enc",
    "assertion",
    "password",
    "access_token",
    "id_token",
    "refresh_token",
    "client_secret",
    "secret",
    "secrets",
    "client_assertion",
    "device_code",
    "secretText",
    "storageResourceUri",
    "ciphertext",
    "plaintext",
    "SASTokenParameters",
    "pem",
    "header",
    "authorization",
};

static bool is_secret(const char *name)
{
    for (size_t i = 0; name != NULL && i < KV_COUNT(secrets); i++) {
        if (strcasecmp(name, secrets[i]) == 0) {
            return true;
        }
    }
    return false;
}

/* False: out of memory. */
static bool hide(cJSON *item)
{
    if (cJSON_IsNumber(item)) {
        cJSON_SetNumberValue(item, 0);
    }
    return !cJSON_IsString(item) || cJSON_SetValuestring(item, "***") != NULL;
}

/*
 * What is in an object under such a name is hidden, and what is in a list, but not objects in a list:
 * those of keys are called "value". As deep as the parser lets bodies be. False: out of memory.
 */
static bool mask(cJSON *holder, bool hides)
{
    bool done = true;

    for (cJSON *item = holder->child; done && item != NULL; item = item->next) {
        bool is_one = item->string != NULL ? hides || is_secret(item->string)
                                           : hides && !cJSON_IsObject(item);

        done = (!is_one || hide(item)) && mask(item, is_one);
    }
    return done;
}

static enum kv_code show_length(size_t len, struct kv_buf *masked)
{
    return kv_buf_printf(masked, NULL, "(%zu bytes)", len);
}

static enum kv_code show(const struct kv_buf *body, struct kv_buf *masked)
{
    kv_auto(cJSON_Delete) cJSON *json = NULL;

    if (body->len > SHOWN_MAX || kv_json_parse(body->data, body->len, &json, NULL) != KV_OK) {
        return show_length(body->len, masked);
    }
    return mask(json, false) ? kv_json_print(json, masked, NULL) : show_length(body->len, masked);
}

void gate_hide_body(const struct kv_buf *body, struct kv_buf *masked)
{
    if (body->len > 0) {
        KV_IGNORE(
            show_length(body->len, masked)); /* a buffer that is too small for it has nothing */
    }
}

void gate_mask_body(const struct kv_buf *body, struct kv_buf *masked)
{
    if (body->len > 0 && show(body, masked) != KV_OK) {
        kv_buf_clear(masked);
    }
}
