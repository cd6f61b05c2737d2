/* SPDX-License-Identifier: Apache-2.0 */
/* A file, a URL, or OpenID Connect Discovery 1.0 §4. */

#include "trust_source.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core.h"
#include "kv/base/json.h"

#define CONFIGURATION "/.well-known/openid-configuration"

/* Whoever names a plain http URL has decided to trust the way there. */
static bool is_url(const char *text)
{
    return strncasecmp(text, "https://", strlen("https://")) == 0
           || strncasecmp(text, "http://", strlen("http://")) == 0;
}

static enum kv_code refuse(const char *why, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s", why);
}

enum kv_code kv_trust_source_init(struct kv_trust_source *source,
                                  const struct kv_trusted_issuer *issuer, kv_issuer_fetch_fn *fetch,
                                  struct kv_err *err)
{
    const char *place = issuer->keys != NULL ? issuer->keys : "";

    if (*issuer->issuer == '\0' || !kv_text_is_graphic(issuer->issuer)
        || strlen(issuer->issuer) >= sizeof(source->issuer)) {
        return refuse("an issuer is 1 to 127 printable ASCII characters without blanks", err);
    }
    if (issuer->keys == NULL && !is_url(issuer->issuer)) {
        return refuse("it is no URL, so its keys have to be named: jwks=FILE or URL", err);
    }
    if ((issuer->keys != NULL && *place == '\0') || strlen(place) >= sizeof(source->place)) {
        return refuse("the place of its keys is empty or too long", err);
    }
    (void) snprintf(source->issuer, sizeof(source->issuer), "%s", issuer->issuer);
    (void) snprintf(source->place, sizeof(source->place), "%s", place);
    source->is_file = issuer->keys != NULL && !is_url(place);
    source->fetch = fetch;
    if (!source->is_file && fetch == NULL) {
        return refuse("nothing can be fetched here", err);
    }
    return KV_OK;
}

/* Its `issuer` has to be the one that was asked (Discovery §4.3): another one's configuration must not bring
 * keys for this one. */
static enum kv_code read_configuration(const struct kv_trust_source *source, const cJSON *json,
                                       const char **ret_url, struct kv_err *err)
{
    const char *issuer = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "issuer"));
    const char *url = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "jwks_uri"));

    if (issuer == NULL || strcmp(issuer, source->issuer) != 0) {
        return refuse("its configuration is that of another issuer", err);
    }
    if (url == NULL || !is_url(url)) {
        return refuse("its configuration names no http or https URL of its keys", err);
    }
    *ret_url = url;
    return KV_OK;
}

static enum kv_code fetch_configured(const struct kv_trust_source *source, struct kv_buf *keys,
                                     struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf url;
    kv_auto(kv_buf_done) struct kv_buf body;
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    size_t len = strlen(source->issuer);
    const char *keys_url = NULL;

    kv_buf_init(&url, KV_PATH_MAX);
    kv_buf_init(&body, KV_KEY_SET_TEXT_MAX);
    len -= source->issuer[len - 1] == '/';
    KV_TRY(kv_buf_printf(&url, err, "%.*s" CONFIGURATION, (int) len, source->issuer));
    KV_TRY(source->fetch(url.data, &body, err));
    if (kv_json_parse(body.data, body.len, &json, NULL) != KV_OK) {
        return refuse("its configuration is not JSON", err);
    }
    KV_TRY(read_configuration(source, json, &keys_url, err));
    return source->fetch(keys_url, keys, err);
}

static enum kv_code bring(const struct kv_trust_source *source, struct kv_buf *keys,
                          struct kv_err *err)
{
    if (source->is_file) {
        return kv_file_read(source->place, keys, err);
    }
    if (source->place[0] != '\0') {
        return source->fetch(source->place, keys, err);
    }
    return fetch_configured(source, keys, err);
}

enum kv_code kv_trust_source_read(const struct kv_trust_source *source, struct kv_key_set **ret_set,
                                  struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf keys;

    kv_buf_init(&keys, KV_KEY_SET_TEXT_MAX);
    KV_TRY(bring(source, &keys, err));
    return kv_key_set_parse(keys.data, keys.len, ret_set, err);
}
