/* SPDX-License-Identifier: Apache-2.0 */
/* The transfer blob of a key that comes wrapped (BYOK): contract §6.2. */
#include <ctype.h>
#include <string.h>

#include "kv/base/base64.h"
#include "kv/custody/private_key.h"
#include "private.h"

#define BLOB_MAX (3 * KV_TRANSFER_MAX) /* bytes of its JSON; what other tools add is short */
#define SCHEME "https://"

void sent_transfer_done(struct sent_transfer *sent)
{
    cJSON_Delete(sent->blob);
    kv_buf_done(&sent->bytes);
}

static enum kv_code refuse(const char *what, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "\"key_hsm\" is not a key transfer blob: %s.", what);
}

/* Decodes a text of up to `max` bytes into `ret_bytes`; refuses it for `what`. */
static enum kv_code decode(const char *text, size_t max, struct kv_buf *ret_bytes, const char *what,
                           struct kv_err *err)
{
    enum kv_code code;

    kv_buf_init(ret_bytes, max);
    code = kv_base64_parse(text, strlen(text), ret_bytes, err);
    return code == KV_OK || code == KV_INTERNAL ? code : refuse(what, err);
}

struct sent_blob {
    const char *schema, *ciphertext;
    const cJSON *header;
};

struct sent_header {
    const char *kid, *alg, *enc;
};

/* The members that have to be what they are. */
static enum kv_code bind(const cJSON *json, struct sent_blob *ret_blob,
                         struct sent_header *ret_header, struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_blob, schema, "schema_version", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_blob, ciphertext, "ciphertext", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_blob, header, "header", KV_JSON_OBJECT),
    };
    static const struct kv_json_field header_fields[] = {
        KV_JSON_FIELD(struct sent_header, kid, "kid", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_header, alg, "alg", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_header, enc, "enc", KV_JSON_STRING),
    };

    if (kv_json_bind(json, fields, KV_COUNT(fields), ret_blob, NULL) != KV_OK
        || ret_blob->schema == NULL || strcmp(ret_blob->schema, "1.0.0") != 0) {
        return refuse("its schema_version is not 1.0.0", err);
    }
    if (ret_blob->header == NULL || ret_blob->ciphertext == NULL
        || kv_json_bind(ret_blob->header, header_fields, KV_COUNT(header_fields), ret_header, NULL)
               != KV_OK
        || ret_header->kid == NULL) {
        return refuse("it lacks header.kid or ciphertext", err);
    }
    if (ret_header->alg == NULL || strcmp(ret_header->alg, "dir") != 0 || ret_header->enc == NULL
        || strcmp(ret_header->enc, "CKM_RSA_AES_KEY_WRAP") != 0) {
        return refuse("its header names other algorithms than dir and CKM_RSA_AES_KEY_WRAP", err);
    }
    return KV_OK;
}

/* Copies up to a character of `stop`; false when it is empty or does not fit. */
static bool take_part(const char **text, const char *stop, char *ret_part, size_t size)
{
    size_t len = strcspn(*text, stop);

    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(ret_part, *text, len);
    ret_part[len] = '\0';
    *text += len;
    return true;
}

static bool is_vault_of(const struct kv_request *request, const char *host)
{
    kv_auto(kv_vault_release) const struct kv_vault *named =
        kv_vaults_acquire_host(request->app->vaults, host);

    return named != NULL && named->id == kv_call_of(request)->vault->id;
}

/* https://{host}[:port]/keys/{name}/{version}, the host being one of the request's vault. */
static bool parse_kid(const struct kv_request *request, const char *kid, struct sent_transfer *sent)
{
    char host[256];

    if (strncmp(kid, SCHEME, strlen(SCHEME)) != 0) {
        return false;
    }
    kid += strlen(SCHEME);
    if (!take_part(&kid, ":/", host, sizeof(host))) {
        return false;
    }
    for (char *at = host; *at != '\0'; at++) {
        *at = (char) tolower((unsigned char) *at);
    }
    kid += strcspn(kid, "/");
    if (strncmp(kid, "/keys/", 6) != 0 || !is_vault_of(request, host)) {
        return false;
    }
    kid += 6;
    if (!take_part(&kid, "/", sent->name, sizeof(sent->name)) || *kid++ != '/') {
        return false;
    }
    return take_part(&kid, "/", sent->version, sizeof(sent->version)) && *kid == '\0';
}

enum kv_code transfer_parse(const struct kv_request *request, const char *text,
                            struct sent_transfer *ret_sent, struct kv_err *err)
{
    static const char no_json[] = "it is not JSON in base64url";
    kv_auto(kv_buf_done) struct kv_buf json;
    struct sent_blob blob = { .schema = NULL };
    struct sent_header header = { .kid = NULL };

    KV_TRY(decode(text, BLOB_MAX, &json, no_json, err));
    if (kv_json_parse(json.data, json.len, &ret_sent->blob, NULL) != KV_OK) {
        return refuse(no_json, err);
    }
    KV_TRY(bind(ret_sent->blob, &blob, &header, err));
    if (!parse_kid(request, header.kid, ret_sent)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The key exchange key that \"key_hsm\" names is not a key of this vault.");
    }
    KV_TRY(decode(blob.ciphertext, KV_TRANSFER_MAX, &ret_sent->bytes,
                  "its ciphertext is not a wrapped key in base64url", err));
    ret_sent->transfer = (struct kv_key_transfer){
        .kek_name = ret_sent->name,
        .kek_version = ret_sent->version,
        .bytes = ret_sent->bytes.data,
        .len = ret_sent->bytes.len,
    };
    return KV_OK;
}
