/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to a vault over TLS, as the service would make them. */
#include <stdio.h>
#include <string.h>

#include "doctor.h"

#define API_VERSION "api-version=7.4"
#define CONNECT_TIMEOUT 5000L /* milliseconds */
#define TIMEOUT 20000L
#define ANSWER_MAX (256 * 1024) /* bytes */
#define PATH_MAX_BYTES 2048

KV_DEFINE_CLEANUP(CURL *, curl_easy_cleanup)

/* One of them holds the token. */
static void wipe_list(struct curl_slist *list)
{
    for (struct curl_slist *at = list; at != NULL; at = at->next) {
        kv_wipe(at->data, strlen(at->data));
    }
    curl_slist_free_all(list);
}
KV_DEFINE_CLEANUP(struct curl_slist *, wipe_list)

void doctor_reply_done(struct doctor_reply *reply)
{
    cJSON_Delete(reply->json);
    reply->json = NULL;
}

static size_t append_body(char *bytes, size_t size, size_t count, void *context)
{
    return kv_buf_append(context, bytes, size * count, NULL) == KV_OK ? count : 0;
}

static bool add_line(struct curl_slist **list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*list, line);

    *list = longer != NULL ? longer : *list;
    return longer != NULL;
}

static enum kv_code add_headers(const struct doctor *doctor, bool with_token,
                                struct curl_slist **headers, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf line;

    kv_buf_init(&line, DOCTOR_TOKEN_MAX + 64);
    if (!add_line(headers, "Content-Type: application/json")) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (!with_token || doctor->token.len == 0) {
        return KV_OK;
    }
    KV_TRY(kv_buf_printf(&line, err, "Authorization: Bearer %s", doctor->token.data));
    return add_line(headers, line.data) ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* A coffer's names need not resolve here, and its ports may be mapped: what is reached is where its
 * control port is, by the port that the URL has. */
static enum kv_code add_route(const struct doctor *doctor, struct curl_slist **route,
                              struct kv_err *err)
{
    const char *host = strstr(doctor->server.url, "://");
    size_t len = host != NULL ? strcspn(host + 3, "/") : 0;
    char line[sizeof(doctor->server.url) + 32];

    if (!doctor->is_coffer || len == 0) {
        return KV_OK;
    }
    host += 3;
    const char *colon = memrchr(host, ':', len);
    bool has_port = colon != NULL && memchr(colon, ']', len - (size_t) (colon - host)) == NULL;
    (void) snprintf(line, sizeof(line), "::%.*s:%u", (int) (has_port ? colon - host : (long) len),
                    host, doctor->url.port);
    return add_line(route, line) ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static bool prepare_trust(CURL *curl, const struct doctor *doctor)
{
    struct curl_blob blob = { .data = doctor->ca.data,
                              .len = doctor->ca.len,
                              .flags = CURL_BLOB_NOCOPY };

    return doctor->ca.len == 0
           || (curl_easy_setopt(curl, CURLOPT_CAINFO_BLOB, &blob) == CURLE_OK
               && curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") == CURLE_OK);
}

static bool prepare(CURL *curl, const char *url, struct kv_buf *body)
{
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_body) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK;
}

static void take_header(CURL *curl, const char *name, char *ret_text, size_t size)
{
    struct curl_header *header = NULL;

    if (curl_easy_header(curl, name, 0, CURLH_HEADER, -1, &header) == CURLHE_OK) {
        (void) snprintf(ret_text, size, "%s", header->value);
    }
}

/* "403 Forbidden / ForbiddenByRbac: Caller is not authorized ..." */
static void describe(struct doctor_reply *reply)
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(reply->json, "error");
    const char *code = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "code"));
    const char *said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(error, "message"));
    const char *inner = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(error, "innererror"), "code"));

    int line = said != NULL ? (int) strcspn(said, "\r\n") : 0; /* the rest is ids */
    (void) snprintf(reply->said, sizeof(reply->said), "%ld%s%.40s%s%.40s%s%.*s", reply->status,
                    code != NULL ? " " : "", code != NULL ? code : "", inner != NULL ? " / " : "",
                    inner != NULL ? inner : "", said != NULL ? ": " : "", line,
                    said != NULL ? said : "");
    for (char *at = reply->said; *at != '\0'; at++) {
        *at = *at == '\r' || *at == '\n' || *at == '\t' ? ' ' : *at;
    }
}

static void take_reply(CURL *curl, const struct kv_buf *body, struct doctor_reply *ret_reply)
{
    (void) curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &ret_reply->status);
    take_header(curl, "WWW-Authenticate", ret_reply->challenge, sizeof(ret_reply->challenge));
    take_header(curl, "x-ms-keyvault-region", ret_reply->region, sizeof(ret_reply->region));
    if (body->len > 0) {
        (void) !kv_json_parse(body->data, body->len, &ret_reply->json, NULL); /* or it has none */
    }
    describe(ret_reply);
}

enum kv_code doctor_ask(const struct doctor *doctor, const char *path, const cJSON *body,
                        bool with_token, struct doctor_reply *ret_reply, struct kv_err *err)
{
    char detail[CURL_ERROR_SIZE] = ""; /* curl's, until it is cleaned up */
    kv_auto(curl_easy_cleanup) CURL *curl = curl_easy_init();
    kv_auto(wipe_list) struct curl_slist *headers = NULL;
    kv_auto(wipe_list) struct curl_slist *route = NULL;
    kv_auto(kv_buf_done) struct kv_buf url, sent, answer;

    kv_buf_init(&url, PATH_MAX_BYTES);
    kv_buf_init(&sent, PATH_MAX_BYTES);
    kv_buf_init(&answer, ANSWER_MAX);
    *ret_reply = (struct doctor_reply){ .status = 0 };
    KV_TRY(kv_buf_printf(&url, err, "https://%s:%u%s?" API_VERSION, doctor->url.host,
                         doctor->url.port, path));
    KV_TRY(add_headers(doctor, with_token, &headers, err));
    KV_TRY(add_route(doctor, &route, err));
    if (body != NULL) {
        KV_TRY(kv_json_print(body, &sent, err));
    }
    if (curl == NULL || !prepare(curl, url.data, &answer) || !prepare_trust(curl, doctor)
        || curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_CONNECT_TO, route) != CURLE_OK
        || curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail) != CURLE_OK
        || (body != NULL && curl_easy_setopt(curl, CURLOPT_POSTFIELDS, sent.data) != CURLE_OK)) {
        return KV_OUT_OF_MEMORY(err);
    }
    CURLcode rc = curl_easy_perform(curl);
    if (rc == CURLE_OK) {
        take_reply(curl, &answer, ret_reply);
        return KV_OK;
    }
    ret_reply->reach = doctor_describe_silence(doctor, curl, rc, detail, ret_reply->said);
    return KV_OK;
}
