/* SPDX-License-Identifier: Apache-2.0 */
/* The resource manager, as any other client asks it: over TLS, with a token for it. */
#include "deploy.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <curl/curl.h>

#define HOST "management.localhost"
#define TOKEN_PATH                                                                                 \
    "/msi/token?api-version=2019-08-01&resource=https%3A%2F%2Fmanagement.azure.com%2F"
#define POLL_MS 200
#define LOCATION_MAX 4096
#define TIMEOUT_MS 130000L /* a preflight may wait for the token */

KV_DEFINE_CLEANUP(CURL *, curl_easy_cleanup)
KV_DEFINE_CLEANUP(CURLU *, curl_url_cleanup)
KV_DEFINE_CLEANUP(void *, curl_free)

void deploy_client_done(struct deploy_client *client)
{
    kv_buf_done(&client->trust);
    kv_wipe_free(client->authorization);
    client->authorization = NULL;
}

void deploy_client_rest(long milliseconds)
{
    const struct timespec span = { .tv_sec = milliseconds / 1000,
                                   .tv_nsec = milliseconds % 1000 * 1000000 };

    (void) nanosleep(&span, NULL);
}

/* ---- Where it is -------------------------------------------------------------------------------- */

/* The HTTPS port is on the machine of the control port. */
static enum kv_code find_url(struct deploy_client *client, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *info = NULL;
    kv_auto(curl_url_cleanup) CURLU *parts = curl_url();
    char *host = NULL;

    KV_TRY(kv_cli_get_json(&client->server, "/control/v1/info", &info, err));
    const cJSON *port = cJSON_GetObjectItemCaseSensitive(info, "port");
    const char *root =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(info, "template_root"));
    (void) snprintf(client->root, sizeof(client->root), "%s", root != NULL ? root : "");
    if (!cJSON_IsNumber(port) || port->valuedouble < 1 || port->valuedouble > 65535) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the answer has no port: is it from coffer?");
    }
    if (parts == NULL || curl_url_set(parts, CURLUPART_URL, client->server.url, 0) != CURLUE_OK
        || curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s is no URL", client->server.url);
    }
    kv_auto(curl_free) kv_unused void *owned = host;
    (void) snprintf(client->url, sizeof(client->url), "https://" HOST ":%d",
                    (int) port->valuedouble);
    (void) snprintf(client->connect_to, sizeof(client->connect_to), "::%s:%d", host,
                    (int) port->valuedouble);
    return KV_OK;
}

static enum kv_code find_token(struct deploy_client *client, struct kv_err *err)
{
    static const char head[] = "Authorization: Bearer ";
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const char *token = NULL;

    KV_TRY(kv_cli_get_json(&client->server, TOKEN_PATH, &answer, err));
    KV_TRY(kv_cli_read_text(answer, "access_token", &token, err));

    size_t size = sizeof(head) + strlen(token);

    client->authorization = malloc(size);
    if (client->authorization == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) snprintf(client->authorization, size, "%s%s", head, token);
    return KV_OK;
}

/* ---- Asking -------------------------------------------------------------------------------------- */

static size_t append_body(char *bytes, size_t size, size_t count, void *context)
{
    return kv_buf_append(context, bytes, size * count, NULL) == KV_OK ? count : 0;
}

static bool prepare(CURL *curl, const struct deploy_client *client, const char *url,
                    struct kv_buf *answer)
{
    struct curl_blob trust = { client->trust.data, client->trust.len, CURL_BLOB_NOCOPY };

    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &trust) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_CAPATH, NULL) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_body) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_WRITEDATA, answer) == CURLE_OK;
}

static bool prepare_verb(CURL *curl, const char *verb, const struct kv_buf *body)
{
    if (body != NULL
        && (curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body->data) != CURLE_OK
            || curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) body->len)
                   != CURLE_OK)) {
        return false;
    }
    return strcmp(verb, "GET") == 0
           || curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, verb) == CURLE_OK;
}

/* Where it will be, when it is not yet known: of this server alone, because the token goes there. */
static enum kv_code read_location(CURL *curl, const struct deploy_client *client,
                                  struct kv_buf *location, struct kv_err *err)
{
    struct curl_header *header = NULL;
    size_t len = strlen(client->url);

    kv_buf_cut(location, 0);
    if (curl_easy_header(curl, "Location", 0, CURLH_HEADER, -1, &header) != CURLHE_OK) {
        return KV_OK;
    }
    if (strncmp(header->value, client->url, len) != 0 || header->value[len] != '/') {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s sends the way to %.200s, which is another server",
                       client->url, header->value);
    }
    return kv_buf_printf(location, err, "%s", header->value);
}

static enum kv_code perform(CURL *curl, const struct deploy_client *client,
                            const struct kv_buf *answer, long *ret_status, cJSON **ret_json,
                            struct kv_err *err)
{
    CURLcode rc = curl_easy_perform(curl);
    bool is_empty = answer->len == 0;

    if (rc != CURLE_OK) {
        return KV_FAIL(err, KV_UNAVAILABLE, rc, "%s does not answer: %s", client->url,
                       curl_easy_strerror(rc));
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
    if (kv_json_parse_long(is_empty ? "{}" : answer->data, is_empty ? 2 : answer->len,
                           KV_CLI_VALUES_MAX, ret_json, NULL)
        != KV_OK) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s does not answer as coffer does", client->url);
    }
    return KV_OK;
}

static enum kv_code ask(const struct deploy_client *client, const char *verb, const char *url,
                        const struct kv_buf *body, struct kv_buf *location, long *ret_status,
                        cJSON **ret_json, struct kv_err *err)
{
    kv_auto(curl_easy_cleanup) CURL *curl = curl_easy_init();
    kv_auto(kv_buf_done) struct kv_buf answer;
    struct curl_slist type = { .data = (char[]){ "Content-Type: application/json" }, .next = NULL };
    struct curl_slist headers = { .data = client->authorization, .next = &type };
    const struct curl_slist *sent = &headers;
    struct curl_slist *const addresses =
        curl_slist_append(NULL, client->connect_to); /* freed below */
    enum kv_code code;

    kv_buf_init(&answer, KV_CLI_ANSWER_MAX);
    if (curl == NULL || addresses == NULL || !prepare(curl, client, url, &answer)
        || !prepare_verb(curl, verb, body)
        || curl_easy_setopt(curl, CURLOPT_HTTPHEADER, sent) != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_CONNECT_TO, addresses) != CURLE_OK) {
        code = KV_OUT_OF_MEMORY(err);
    } else {
        code = perform(curl, client, &answer, ret_status, ret_json, err);
    }
    if (code == KV_OK) {
        code = read_location(curl, client, location, err);
    }
    curl_slist_free_all(addresses);
    return code;
}

/* What was accepted is asked for where its answer says, until it is there. */
static enum kv_code follow(const struct deploy_client *client, struct kv_buf *location,
                           long *ret_status, cJSON **ret_json, struct kv_err *err)
{
    for (long waited = 0; *ret_status == 202 && location->len > 0; waited += POLL_MS) {
        kv_auto(kv_buf_done) struct kv_buf next = *location;

        kv_buf_init(location, LOCATION_MAX);
        if (waited >= TIMEOUT_MS) {
            return KV_FAIL(err, KV_INTERNAL, 0, "%s has accepted it, and does not come to an end",
                           client->url);
        }
        if (waited > 0) {
            deploy_client_rest(POLL_MS);
        }
        cJSON_Delete(kv_take(*ret_json));
        KV_TRY(ask(client, "GET", next.data, NULL, location, ret_status, ret_json, err));
    }
    return KV_OK;
}

enum kv_code deploy_client_ask(const struct deploy_client *client, const char *verb,
                               const char *path, const struct kv_buf *body, long *ret_status,
                               cJSON **ret_json, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf url;
    kv_auto(kv_buf_done) struct kv_buf location;

    kv_buf_init(&url, LOCATION_MAX);
    kv_buf_init(&location, LOCATION_MAX);
    KV_TRY(kv_buf_printf(&url, err, "%s%s%s", client->url, client->scope, path));
    KV_TRY(ask(client, verb, url.data, body, &location, ret_status, ret_json, err));
    return follow(client, &location, ret_status, ret_json, err);
}

/* ---- Opening -------------------------------------------------------------------------------------- */

/* There is one subscription. */
static enum kv_code find_scope(struct deploy_client *client, const char *group, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf escaped;
    const char *id = NULL;
    long status = 0;

    kv_buf_init(&escaped, sizeof(client->scope));
    KV_TRY(kv_cli_append_escaped(&escaped, group, err));
    KV_TRY(deploy_client_ask(client, "GET", "/subscriptions?api-version=2021-04-01", NULL, &status,
                             &answer, err));
    KV_TRY(kv_cli_read_text(
        cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(answer, "value"), 0), "id", &id, err));
    (void) snprintf(client->scope, sizeof(client->scope), "%.90s/resourceGroups/%.380s", id,
                    escaped.data);
    return KV_OK;
}

enum kv_code deploy_client_open(const struct kv_options *options, const char *group,
                                struct deploy_client *client, struct kv_err *err)
{
    kv_buf_init(&client->trust, KV_CLI_ANSWER_MAX);
    KV_TRY(kv_cli_find_server(options, &client->server, err));
    KV_TRY(find_url(client, err));
    KV_TRY(kv_cli_get(&client->server, "/ca.pem", &client->trust, err));
    KV_TRY(find_token(client, err));
    return find_scope(client, group, err);
}
