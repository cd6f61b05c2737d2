/* SPDX-License-Identifier: Apache-2.0 */
#include "confusion_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/hmac.h>

#include "kv/base/base64.h"
#include "kv/base/files.h"

static struct daemon own;
struct client client;
char *header, *payload;
char kid[128];

/* What a part of the token says. */
static char *decode(const char *part, size_t len)
{
    char *text = calloc(1, len + 1);
    size_t got;

    cr_assert(kv_base64url_decode(part, len, text, &got));
    return text;
}

static void read_good_token(void)
{
    const char *first = strchr(client.token, '.');
    const char *second = strrchr(client.token, '.');

    header = decode(client.token, (size_t) (first - client.token));
    payload = decode(first + 1, (size_t) (second - first - 1));
    cJSON *json = cJSON_Parse(header);
    snprintf(kid, sizeof(kid), "%s",
             cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "kid")));
    cJSON_Delete(json);
}

void confusion_set_up(void)
{
    char path[512];
    struct kv_err err;

    daemon_prepare(&own);
    snprintf(path, sizeof(path), "%s/issuer.pem", own.folder);
    cr_assert_eq(kv_file_write(path, forge_pem, strlen(forge_pem), 0600, &err), KV_OK);
    cr_assert(daemon_start(&own, NULL));
    client_open(&client, &own, "dev");
    read_good_token();
}

void confusion_tear_down(void)
{
    free(header);
    free(payload);
    client_close(&client);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

long ask(const char *authorization, char *ret_challenge, size_t size)
{
    static char line[TEXT_MAX + 64];
    struct request request = { .method = "GET",
                               .target = "/keys?api-version=7.4",
                               .headers = { line },
                               .without_token = true };

    snprintf(line, sizeof(line), "Authorization: %s", authorization);
    API_REPLY(reply, client_send(&client, &request));
    const char *challenge = reply_header(&reply, "WWW-Authenticate");
    snprintf(ret_challenge, size, "%s", challenge != NULL ? challenge : "");
    return reply.status;
}

/* 401, with the challenge that goes with each. */
void expect_refused(const char *token, const char *what)
{
    static char line[TEXT_MAX + 64];
    char challenge[512];

    snprintf(line, sizeof(line), "Bearer %s", token);
    long status = ask(line, challenge, sizeof(challenge));
    cr_expect_eq(status, 401, "%s: %ld", what, status);
    cr_expect_eq(strncmp(challenge, "Bearer authorization=\"https://", 30), 0, "%s: %s", what,
                 challenge);
}

void expect_taken(const char *token, const char *what)
{
    static char line[TEXT_MAX + 64];
    char challenge[512];

    snprintf(line, sizeof(line), "Bearer %s", token);
    long status = ask(line, challenge, sizeof(challenge));
    cr_expect_eq(status, 200, "%s: %ld", what, status);
}

/* "HEADER.PAYLOAD." with room for a signature. */
char *join(const char *a_header, const char *a_payload)
{
    size_t len = KV_BASE64URL_LENGTH(strlen(a_header));
    char *text = calloc(1, len + KV_BASE64URL_LENGTH(strlen(a_payload)) + 1024);

    kv_base64url_encode(a_header, strlen(a_header), text);
    text[len] = '.';
    kv_base64url_encode(a_payload, strlen(a_payload), text + len + 1);
    text[strlen(text)] = '.'; /* what follows is zero */
    return text;
}

static char *append(char *text, const unsigned char *signature, size_t signature_len)
{
    kv_base64url_encode(signature, signature_len, text + strlen(text));
    return text;
}

/* RS256 by a key that is not the issuer's. */
char *sign_by(EVP_PKEY *key, const char *a_header, const char *a_payload)
{
    unsigned char signature[512];
    size_t len = sizeof(signature);
    char *text = join(a_header, a_payload);
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    cr_assert(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key));
    cr_assert(EVP_DigestSign(context, signature, &len, (unsigned char *) text, strlen(text) - 1));
    EVP_MD_CTX_free(context);
    return append(text, signature, len);
}

char *sign_by_secret(const void *secret, int secret_len, const char *a_header)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len;
    char *text = join(a_header, payload);

    cr_assert_not_null(HMAC(EVP_sha256(), secret, secret_len, (unsigned char *) text,
                            strlen(text) - 1, mac, &len));
    return append(text, mac, len);
}

/* The template with the kid for each @, and `text` for each #. */
const char *fill(const char *template, const char *text)
{
    static char filled[8192];
    size_t len = 0;

    for (; *template != '\0'; template ++) {
        const char one[] = { *template, '\0' };
        const char *part = *template == '@' ? kid : *template == '#' ? text : one;
        len += (size_t) snprintf(filled + len, sizeof(filled) - len, "%s", part);
        cr_assert_lt(len, sizeof(filled));
    }
    return filled;
}

void expect_all_refused(const char *const *headers, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char *token = forge_token(fill(headers[i], ""), payload);
        expect_refused(token, headers[i]);
        free(token);
    }
}
