/* SPDX-License-Identifier: Apache-2.0 */
#include "client.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define TIMEOUT_SECONDS 180L /* a loaded machine under valgrind makes keys slowly */

struct text {
    char *data;
    size_t len;
};

static size_t append(char *bytes, size_t size, size_t count, void *context)
{
    struct text *text = context;
    char *data = realloc(text->data, text->len + size * count + 1);

    if (data == NULL) {
        return 0;
    }
    memcpy(data + text->len, bytes, size * count);
    text->data = data;
    text->len += size * count;
    data[text->len] = '\0';
    return size * count;
}

/* Keeps the head of the last answer only: a "100 Continue" has one, too. */
static size_t append_header(char *bytes, size_t size, size_t count, void *context)
{
    struct text *text = context;

    if (size * count > 5 && strncmp(bytes, "HTTP/", 5) == 0) {
        free(text->data);
        *text = (struct text){ .data = NULL };
    }
    return append(bytes, size, count, context);
}

static struct curl_slist *fill_headers(const struct client *client, const struct request *request)
{
    struct curl_slist *list = curl_slist_append(NULL, "Expect:");
    const char *type = request->content_type;
    char line[8192];

    if (type == NULL) {
        type = request->body != NULL ? "application/json" : "";
    }
    snprintf(line, sizeof(line), "Content-Type:%s%s", type[0] != '\0' ? " " : "", type);
    list = curl_slist_append(list, line);
    if (client->token != NULL && !request->without_token && !request->control) {
        snprintf(line, sizeof(line), "Authorization: Bearer %s", client->token);
        list = curl_slist_append(list, line);
    }
    for (size_t i = 0; i < 8 && request->headers[i] != NULL; i++) {
        list = curl_slist_append(list, request->headers[i]);
    }
    return list;
}

static struct curl_slist *set_address(struct client *client, const struct request *request)
{
    const char *host = request->host != NULL ? request->host : client->host;
    char url[8192];
    char resolve[512];
    struct curl_slist *list;

    if (request->control) {
        host = "127.0.0.1";
    }
    snprintf(url, sizeof(url), "%s://%s:%u%s", request->control ? "http" : "https", host,
             request->control ? client->daemon->control_port : client->daemon->port,
             request->target);
    snprintf(resolve, sizeof(resolve), "%s:%u:127.0.0.1", host, client->daemon->port);
    list = curl_slist_append(NULL, resolve);
    curl_easy_setopt(client->curl, CURLOPT_URL, url);
    curl_easy_setopt(client->curl, CURLOPT_RESOLVE, list);
    return list;
}

static void set_body(CURL *curl, const struct request *request)
{
    bool is_get = strcmp(request->method, "GET") == 0;

    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_NOBODY, strcmp(request->method, "HEAD") == 0 ? 1L : 0L);
    if (request->body == NULL && is_get) {
        curl_easy_setopt(curl, CURLOPT_HTTPGET, 1L);
        curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
        return;
    }
    if (request->body == NULL && strcmp(request->method, "POST") != 0
        && strcmp(request->method, "PUT") != 0) {
        return;
    }
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request->method);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request->body != NULL ? request->body : "");
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     (curl_off_t) (request->body_len > 0 || request->body == NULL
                                       ? request->body_len
                                       : strlen(request->body)));
}

struct reply client_send(struct client *client, const struct request *request)
{
    struct text body = { .data = NULL };
    struct text head = { .data = NULL };
    const char *host = request->host != NULL ? request->host : client->host;
    struct reply reply = {
        .to_get = strcmp(request->method, "GET") == 0,
        .from_hsm = !request->control && strstr(host, ".managedhsm.") != NULL,
    };
    struct curl_slist *headers = fill_headers(client, request);
    struct curl_slist *resolve;
    CURLcode code;

    curl_easy_reset(client->curl);
    resolve = set_address(client, request);
    set_body(client->curl, request);
    curl_easy_setopt(client->curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(client->curl, CURLOPT_CAINFO, client->ca);
    curl_easy_setopt(client->curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(client->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(client->curl, CURLOPT_TIMEOUT, TIMEOUT_SECONDS);
    curl_easy_setopt(client->curl, CURLOPT_WRITEFUNCTION, append);
    curl_easy_setopt(client->curl, CURLOPT_WRITEDATA, &body);
    curl_easy_setopt(client->curl, CURLOPT_HEADERFUNCTION, append_header);
    curl_easy_setopt(client->curl, CURLOPT_HEADERDATA, &head);
    code = curl_easy_perform(client->curl);
    if (code == CURLE_OK) {
        curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &reply.status);
    } else {
        free(body.data);
        body.data = strdup(curl_easy_strerror(code));
        body.len = strlen(body.data);
    }
    curl_slist_free_all(headers);
    curl_slist_free_all(resolve);
    reply.body = body.data != NULL ? body.data : strdup("");
    reply.len = body.len;
    reply.headers = head.data != NULL ? head.data : strdup("");
    reply.json = cJSON_Parse(reply.body);
    if (client_witness != NULL) {
        client_witness(client, request, &reply);
    }
    return reply;
}

static struct reply call(struct client *client, const char *host, const char *method,
                         const char *path, const char *body)
{
    char target[4096];
    struct request request = { .method = method, .target = target, .body = body, .host = host };

    snprintf(target, sizeof(target), "%s%sapi-version=7.6", path,
             strchr(path, '?') != NULL ? "&" : "?");
    return client_send(client, &request);
}

struct reply client_call(struct client *client, const char *method, const char *path,
                         const char *body)
{
    return call(client, NULL, method, path, body);
}

struct reply client_call_vault(struct client *client, const char *name, bool is_hsm,
                               const char *method, const char *path, const char *body)
{
    char host[64];

    snprintf(host, sizeof(host), "%s.%s.localhost", name, is_hsm ? "managedhsm" : "vault");
    return call(client, host, method, path, body);
}

struct reply client_ask_vaults(struct client *client, const char *method, const char *behind,
                               const char *body)
{
    char target[128];
    const struct request request = {
        .method = method,
        .target = target,
        .body = body,
        .content_type = "application/json",
        .control = true,
    };

    snprintf(target, sizeof(target), "/control/v1/vaults%s", behind);
    return client_send(client, &request);
}

char *client_fetch_token(const struct daemon *daemon, const char *resource)
{
    struct client client = { .curl = curl_easy_init(), .daemon = daemon };
    char target[1024];
    struct request request = {
        .method = "GET",
        .target = target,
        .headers = { "X-IDENTITY-HEADER: test" },
        .control = true,
    };
    struct reply reply;
    char *token = NULL;

    snprintf(target, sizeof(target), "/msi/token?api-version=2019-08-01&resource=%s", resource);
    reply = client_send(&client, &request);
    if (reply.status == 200) {
        token = strdup(reply_text(&reply, "access_token"));
    }
    reply_done(&reply);
    curl_easy_cleanup(client.curl);
    return token;
}

static void open_at(struct client *client, const struct daemon *daemon, const char *name,
                    const char *service)
{
    char resource[64];

    *client = (struct client){ .curl = curl_easy_init(), .daemon = daemon };
    snprintf(client->host, sizeof(client->host), "%s.%s.localhost", name, service);
    snprintf(client->ca, sizeof(client->ca), "%s/ca.pem", daemon->folder);
    snprintf(resource, sizeof(resource), "https://%s.azure.net", service);
    client->token = client_fetch_token(daemon, resource);
}

void client_open(struct client *client, const struct daemon *daemon, const char *vault)
{
    open_at(client, daemon, vault, "vault");
}

void client_open_hsm(struct client *client, const struct daemon *daemon, const char *hsm)
{
    open_at(client, daemon, hsm, "managedhsm");
}

void client_close(struct client *client)
{
    curl_easy_cleanup(client->curl);
    free(client->token);
    *client = (struct client){ .curl = NULL };
}

void reply_done(struct reply *reply)
{
    free(reply->body);
    free(reply->headers);
    cJSON_Delete(reply->json);
    *reply = (struct reply){ .status = 0 };
}

const char *reply_header(const struct reply *reply, const char *name)
{
    static _Thread_local char value[4096];
    size_t len = strlen(name);

    for (const char *line = reply->headers; line != NULL && *line != '\0';) {
        const char *end = strstr(line, "\r\n");

        if (strncasecmp(line, name, len) == 0 && line[len] == ':' && end != NULL) {
            const char *start = line + len + 1 + strspn(line + len + 1, " ");

            snprintf(value, sizeof(value), "%.*s", (int) (end - start), start);
            return value;
        }
        line = end != NULL ? end + 2 : NULL;
    }
    return NULL;
}

const cJSON *reply_item(const struct reply *reply, const char *path)
{
    const cJSON *item = reply->json;
    char copy[256];
    char *rest = copy;

    snprintf(copy, sizeof(copy), "%s", path);
    for (char *name; item != NULL && (name = strsep(&rest, ".")) != NULL;) {
        item = cJSON_IsArray(item) ? cJSON_GetArrayItem(item, (int) strtol(name, NULL, 10))
                                   : cJSON_GetObjectItemCaseSensitive(item, name);
    }
    return item;
}

const char *reply_text(const struct reply *reply, const char *path)
{
    const cJSON *item = reply_item(reply, path);

    return cJSON_IsString(item) ? item->valuestring : "";
}

double reply_number(const struct reply *reply, const char *path)
{
    const cJSON *item = reply_item(reply, path);

    return cJSON_IsNumber(item) ? item->valuedouble : -1;
}
