/* SPDX-License-Identifier: Apache-2.0 */
/* Requests to the control port, by libcurl. */

#include "server.h"

#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#define CONNECT_TIMEOUT 3000L /* milliseconds */
#define TIMEOUT 40000L        /* a first token waits up to 30 s for the key that signs it */

KV_DEFINE_CLEANUP(CURL *, curl_easy_cleanup)

/* One of them may hold the control token. */
static void wipe_headers(struct curl_slist *headers)
{
    for (struct curl_slist *at = headers; at != NULL; at = at->next) {
        kv_wipe(at->data, strlen(at->data));
    }
    curl_slist_free_all(headers);
}
KV_DEFINE_CLEANUP(struct curl_slist *, wipe_headers)

/* The header that the token endpoint requires; any value will do. */
static const char identity_header[] = "X-IDENTITY-HEADER: coffer";

/* libcurl's write callback: short means stop, when the buffer is full. */
static size_t append_body(char *bytes, size_t size, size_t count, void *context)
{
    struct kv_buf *body = context;

    return kv_buf_append(body, bytes, size * count, NULL) == KV_OK ? count : 0;
}

/* What is asked: `verb` NULL is GET, `text` NULL no body. */
struct question {
    const struct kv_cli_server *server;
    const char *verb, *path, *text;
};

/* True when libcurl took every option. */
static bool prepare(CURL *curl, const char *url, long patience, const struct curl_slist *headers,
                    struct kv_buf *body)
{
    return curl_easy_setopt(curl, CURLOPT_URL, url) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "http") == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_NOPROXY, "*") == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, patience > 0 ? patience : TIMEOUT)
                  == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_body) == CURLE_OK
           && curl_easy_setopt(curl, CURLOPT_WRITEDATA, body) == CURLE_OK;
}

/* The body first: it makes the verb POST, unless another one is asked for. */
static bool prepare_verb(CURL *curl, const struct question *question)
{
    return (question->text == NULL
            || curl_easy_setopt(curl, CURLOPT_COPYPOSTFIELDS, question->text) == CURLE_OK)
           && (question->verb == NULL
               || curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, question->verb) == CURLE_OK);
}

static enum kv_code perform(CURL *curl, const struct kv_cli_server *server, long *ret_status,
                            struct kv_err *err)
{
    CURLcode rc = curl_easy_perform(curl);

    if (rc == CURLE_WRITE_ERROR) {
        return KV_FAIL(err, KV_INTERNAL, rc, "%s answered with more than %d bytes", server->url,
                       KV_CLI_ANSWER_MAX);
    }
    if (rc != CURLE_OK) {
        return KV_FAIL(err, KV_UNAVAILABLE, rc, "%s, named by %.300s, does not answer: %s",
                       server->url, server->origin, curl_easy_strerror(rc));
    }
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, ret_status);
    return KV_OK;
}

/* The message of any form of error body: of the control port, of IMDS, of App Service; "" when it is
 * another. */
static const char *find_message(const cJSON *json)
{
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(json, "error");
    const cJSON *const found[] = {
        cJSON_GetObjectItemCaseSensitive(error, "message"),
        cJSON_GetObjectItemCaseSensitive(json, "error_description"),
        cJSON_GetObjectItemCaseSensitive(json, "message"),
    };

    for (size_t i = 0; i < KV_COUNT(found); i++) {
        if (cJSON_IsString(found[i])) {
            return found[i]->valuestring;
        }
    }
    return "";
}

static enum kv_code refuse_status(const struct kv_cli_server *server, long status,
                                  const struct kv_buf *body, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *json = NULL;

    bool is_json = kv_json_parse(body->data, body->len, &json, NULL) == KV_OK;
    const char *said = is_json ? find_message(json) : "";
    return KV_FAIL(err, KV_INTERNAL, (unsigned long) status, "%s answered %ld%s%.800s", server->url,
                   status, *said != '\0' ? ": " : "", said);
}

/* The list stays with the caller, grown or not. */
static bool add_header(struct curl_slist **headers, const char *line)
{
    struct curl_slist *longer = curl_slist_append(*headers, line);

    *headers = longer != NULL ? longer : *headers;
    return longer != NULL;
}

static enum kv_code add_authorization(struct curl_slist **headers, const struct question *question,
                                      struct kv_err *err)
{
    char line[KV_CLI_AUTHORIZATION_SIZE];

    KV_TRY(kv_cli_authorize(question->server, question->path, line, err));
    bool ok = line[0] == '\0' || add_header(headers, line);
    kv_wipe(line, sizeof(line));
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code ask(const struct question *question, struct kv_buf *body, long *ret_status,
                        struct kv_err *err)
{
    kv_auto(curl_easy_cleanup) CURL *curl = curl_easy_init();
    kv_auto(wipe_headers) struct curl_slist *headers = NULL;
    kv_auto(kv_buf_done) struct kv_buf url;

    kv_buf_init(&url, 8192);
    KV_TRY(kv_buf_printf(&url, err, "%s%s", question->server->url, question->path));
    KV_TRY(add_authorization(&headers, question, err));
    if (curl == NULL || !add_header(&headers, identity_header)
        || (question->verb != NULL && !add_header(&headers, "Content-Type: application/json"))
        || !prepare(curl, url.data, question->server->patience, headers, body)
        || !prepare_verb(curl, question)) {
        return KV_OUT_OF_MEMORY(err);
    }
    return perform(curl, question->server, ret_status, err);
}

enum kv_code kv_cli_get(const struct kv_cli_server *server, const char *path, struct kv_buf *body,
                        struct kv_err *err)
{
    const struct question question = { .server = server, .path = path };
    long status = 0;

    KV_TRY(ask(&question, body, &status, err));
    return status == 200 ? KV_OK : refuse_status(server, status, body, err);
}

static enum kv_code parse_answer(const struct kv_cli_server *server, const struct kv_buf *body,
                                 cJSON **ret_json, struct kv_err *err)
{
    if (kv_json_parse_long(body->data, body->len, KV_CLI_VALUES_MAX, ret_json, NULL) != KV_OK) {
        return KV_FAIL(err, KV_INTERNAL, 0, "%s does not answer as coffer does", server->url);
    }
    return KV_OK;
}

enum kv_code kv_cli_send(const struct kv_cli_server *server, const char *verb, const char *path,
                         const cJSON *body, cJSON **ret_json, struct kv_err *err)
{
    struct question question = { .server = server, .verb = verb, .path = path, .text = "" };
    kv_auto(kv_buf_done) struct kv_buf sent, answer;
    long status = 0;

    kv_buf_init(&sent, KV_CLI_ANSWER_MAX);
    kv_buf_init(&answer, KV_CLI_ANSWER_MAX);
    if (body != NULL) {
        KV_TRY(kv_json_print(body, &sent, err));
        question.text = sent.data;
    }
    KV_TRY(ask(&question, &answer, &status, err));
    if (status < 200 || status > 299) {
        return refuse_status(server, status, &answer, err);
    }
    if (answer.len == 0) {
        KV_TRY(kv_buf_append(&answer, "{}", 2, err));
    }
    return parse_answer(server, &answer, ret_json, err);
}

enum kv_code kv_cli_get_json(const struct kv_cli_server *server, const char *path, cJSON **ret_json,
                             struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf body;

    kv_buf_init(&body, KV_CLI_ANSWER_MAX);
    KV_TRY(kv_cli_get(server, path, &body, err));
    return parse_answer(server, &body, ret_json, err);
}

enum kv_code kv_cli_read_text(const cJSON *json, const char *name, const char **ret_text,
                              struct kv_err *err)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, name));

    if (text == NULL) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the answer has no %s: is it from coffer?", name);
    }
    *ret_text = text;
    return KV_OK;
}
