/* SPDX-License-Identifier: Apache-2.0 */
/* What a vault and an IMDS answer with: foreign bytes, read as far as a client needs them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/base64.h"
#include "probe.h"

#define TOKEN_MAX 16384
#define TOKEN_SPARE_MS INT64_C(300000) /* it is not used in its last minutes */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}

static bool parse(const struct probe *probe, cJSON **ret_json)
{
    return probe->answer.len > 0
           && kv_json_parse(probe->answer.data, probe->answer.len, ret_json, NULL) == KV_OK;
}

static bool read_number(const cJSON *object, const char *name, unsigned char *ret_bytes,
                        size_t size, size_t *ret_len)
{
    const char *text = text_of(object, name);
    size_t len = strlen(text);

    return len > 0 && KV_BASE64URL_BYTES(len) <= size
           && kv_base64_decode(text, len, ret_bytes, ret_len);
}

static bool lists(const cJSON *array, const char *word)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, array) {
        if (cJSON_IsString(item) && strcmp(item->valuestring, word) == 0) {
            return true;
        }
    }
    return false;
}

static int64_t date_of(const cJSON *attributes, const char *name)
{
    int64_t date = 0;

    return kv_json_is_int(cJSON_GetObjectItemCaseSensitive(attributes, name), &date) ? date : 0;
}

static unsigned count_bits(const struct key_facts *facts)
{
    return (unsigned) facts->n_len * 8; /* the first byte of a modulus is not 0 */
}

/* Room is left for a slash and a version. */
#define URL_BEFORE_VERSION (KV_CONSUMER_URL_MAX - 1 - VERSION_LENGTH)

/* The key's own URL with the version that the vault names: the host that it names gets no token. */
static void write_kid(const struct probe *probe, const char *kid, struct key_facts *facts)
{
    const struct key_place *key = &probe->settings.key;
    const char *slash = strrchr(kid, '/');
    const char *version = slash != NULL ? slash + 1 : "";
    bool names = strlen(version) == VERSION_LENGTH
                 && strspn(version, "0123456789abcdefABCDEF") == VERSION_LENGTH;

    if (names && key->version[0] == '\0' && strlen(key->url) <= URL_BEFORE_VERSION) {
        (void) snprintf(facts->kid, sizeof(facts->kid), "%.*s/%s", URL_BEFORE_VERSION, key->url,
                        version);
    } else {
        (void) snprintf(facts->kid, sizeof(facts->kid), "%s", key->url);
    }
}

bool answer_read_key(struct probe *probe)
{
    kv_auto(cJSON_Delete) cJSON *bundle = NULL;
    struct key_facts facts = { .is_known = true };

    if (!parse(probe, &bundle)) {
        return false;
    }

    const cJSON *key = cJSON_GetObjectItemCaseSensitive(bundle, "key");
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(bundle, "attributes");
    const char *kty = text_of(key, "kty"), *kid = text_of(key, "kid");

    if (*kty == '\0' || *kid == '\0') {
        return false;
    }
    write_kid(probe, kid, &facts);
    facts.is_hsm = strlen(kty) > 4 && strcmp(kty + strlen(kty) - 4, "-HSM") == 0;
    facts.is_rsa = strncmp(kty, "RSA", 3) == 0
                   && read_number(key, "n", facts.n, sizeof(facts.n), &facts.n_len)
                   && read_number(key, "e", facts.e, sizeof(facts.e), &facts.e_len);
    facts.bits = count_bits(&facts);
    facts.can_wrap = lists(cJSON_GetObjectItemCaseSensitive(key, "key_ops"), "wrapKey");
    facts.not_before = date_of(attributes, "nbf");
    facts.expires = date_of(attributes, "exp");
    facts.is_purgeable = strstr(text_of(attributes, "recoveryLevel"), "Purgeable") != NULL;
    probe->facts = facts;
    return true;
}

bool answer_read_bytes(const struct probe *probe, struct bytes *ret_bytes)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    return parse(probe, &body)
           && read_number(body, "value", ret_bytes->data, sizeof(ret_bytes->data), &ret_bytes->len);
}

/* Some issuers write the number as a text. */
static int64_t read_lifetime(const cJSON *body)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, "expires_in");
    int64_t seconds = 0;

    if (kv_json_is_int(item, &seconds)) {
        return seconds;
    }
    return cJSON_IsString(item) ? strtoll(item->valuestring, NULL, 10) : 0;
}

static kv_millis use_until(int64_t seconds)
{
    int64_t bounded = seconds < 0 ? 0 : seconds > 86400 ? 86400 : seconds;
    kv_millis span = bounded * 1000;

    return kv_clock_real() + span - (span > 2 * TOKEN_SPARE_MS ? TOKEN_SPARE_MS : span / 2);
}

bool answer_read_token(struct probe *probe)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    if (!parse(probe, &body)) {
        return false;
    }

    const char *token = text_of(body, "access_token");
    size_t len = strlen(token);

    /* it goes into a header line */
    if (len == 0 || len > TOKEN_MAX || strpbrk(token, "\r\n") != NULL) {
        return false;
    }
    kv_wipe_free(probe->token);
    probe->token = strdup(token);
    probe->token_until = use_until(read_lifetime(body));
    return probe->token != NULL;
}

/* Bearer authorization="https://login.../TENANT", resource="https://vault.azure.net" */
bool answer_read_challenge(struct probe *probe)
{
    static const char *const names[] = { "resource=\"", "scope=\"" };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        const char *at = strcasestr(probe->challenge, names[i]);
        size_t len;

        if (at == NULL) {
            continue;
        }
        at += strlen(names[i]);
        len = strcspn(at, "\"");
        if (len > 0 && len < sizeof(probe->resource) && strncmp(at, "https://", 8) == 0) {
            (void) snprintf(probe->resource, sizeof(probe->resource), "%.*s", (int) len, at);
            return true;
        }
    }
    return false;
}

/* What would steer a terminal is left out, as in kv_cli_print_text(). */
static void copy_plain(char *ret_text, size_t size, const char *text)
{
    size_t len = 0;

    for (; *text != '\0' && len + 1 < size; text++) {
        ret_text[len++] = (unsigned char) *text >= ' ' && *text != 0x7f ? *text : ' ';
    }
    ret_text[len] = '\0';
}

void answer_describe_unread(const struct probe *probe, long status, char *ret_text, size_t size)
{
    if (probe->is_too_long) {
        (void) snprintf(ret_text, size, "%ld, with a body of more than %d KiB", status,
                        ANSWER_MAX_KIB);
        return;
    }
    (void) snprintf(ret_text, size, "%ld, with a body that cannot be read", status);
}

void answer_name(const struct probe *probe, char *ret_code, size_t size)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    ret_code[0] = '\0';
    if (!parse(probe, &body)) {
        return;
    }

    const cJSON *error = cJSON_GetObjectItemCaseSensitive(body, "error");
    const char *inner = text_of(cJSON_GetObjectItemCaseSensitive(error, "innererror"), "code");

    copy_plain(ret_code, size, *inner != '\0' ? inner : text_of(error, "code"));
}

void answer_describe(const struct probe *probe, long status, char *ret_text, size_t size)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    char text[CAUSE_SIZE * 2];

    if (probe->is_too_long) {
        answer_describe_unread(probe, status, ret_text, size);
        return;
    }
    if (!parse(probe, &body)) {
        (void) snprintf(ret_text, size, "%ld", status);
        return;
    }

    const cJSON *error = cJSON_GetObjectItemCaseSensitive(body, "error");
    const char *inner = text_of(cJSON_GetObjectItemCaseSensitive(error, "innererror"), "code");
    const char *code = cJSON_IsString(error) ? error->valuestring : text_of(error, "code");
    const char *message =
        cJSON_IsString(error) ? text_of(body, "error_description") : text_of(error, "message");

    int line = (int) strcspn(message, "\r\n"); /* a role's refusal goes on with ids, for lines */
    (void) snprintf(text, sizeof(text), "%ld%s%.60s%s%.60s%s%s%.*s", status,
                    *code != '\0' ? " " : "", code, *inner != '\0' ? " (" : "", inner,
                    *inner != '\0' ? ")" : "", line > 0 ? ": " : "", line, message);
    copy_plain(ret_text, size, text);
}
