/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an answer is a refusal, from its first byte to its last: contract §3, §9.1. */
#include <stdio.h>
#include <string.h>

#include "client.h"
#include "kv/base/base.h"

/* When an answer has a header. */
enum when {
    ALWAYS,
    WHEN_ASKED, /* it repeats one of the request */
    WHEN_CHALLENGED,
    WHEN_SERVED, /* a managed HSM is silent about itself in some refusals */
    WHEN_READ,   /* it answers a GET */
};

struct line {
    const char *name;
    const char *value; /* NULL: any */
    enum when when;
};

#define JSON "application/json; charset=utf-8"

static const struct line vault_lines[] = {
    { "Cache-Control", "no-cache", ALWAYS },
    { "Pragma", "no-cache", ALWAYS },
    { "Content-Type", JSON, ALWAYS },
    { "Expires", "-1", ALWAYS },
    { "WWW-Authenticate", NULL, WHEN_CHALLENGED },
    { "x-ms-keyvault-region", "eastus", ALWAYS },
    { "x-ms-client-request-id", NULL, WHEN_ASKED },
    { "x-ms-request-id", NULL, ALWAYS },
    { "x-ms-keyvault-service-version", "1.9.3449.1", ALWAYS },
    { "x-ms-keyvault-network-info", "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;",
      ALWAYS },
    { "X-Content-Type-Options", "nosniff", ALWAYS },
    { "Strict-Transport-Security", "max-age=31536000;includeSubDomains", ALWAYS },
    { "Date", NULL, ALWAYS },
    { "Content-Length", NULL, ALWAYS },
};

static const struct line hsm_lines[] = {
    { "cache-control", "no-cache", ALWAYS },
    { "content-security-policy", "default-src 'self'", ALWAYS },
    { "content-type", JSON, ALWAYS },
    { "strict-transport-security", "max-age=31536000; includeSubDomains", ALWAYS },
    { "www-authenticate", NULL, WHEN_CHALLENGED },
    { "x-content-type-options", "nosniff", ALWAYS },
    { "x-frame-options", "SAMEORIGIN", ALWAYS },
    { "x-ms-keyvault-network-info", "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=Ipv4;",
      WHEN_SERVED },
    { "x-ms-keyvault-region", "eastus", WHEN_SERVED },
    { "x-ms-request-id", NULL, ALWAYS },
    { "x-ms-server-latency", NULL, ALWAYS },
    { "x-ms-build-version", "1.0.20260505-1-b95d5630-develop", WHEN_READ },
    { "Content-Length", NULL, ALWAYS },
};

static bool is_due(const struct line *line, const struct reply *reply)
{
    switch (line->when) {
    case ALWAYS:
        return true;
    case WHEN_ASKED:
        return reply_header(reply, line->name) != NULL;
    case WHEN_CHALLENGED:
        return reply->status == 401;
    case WHEN_SERVED:
        return reply->status / 100 == 2;
    case WHEN_READ:
        return reply->to_get;
    }
    return false;
}

/* Whether `text` begins with that header line; *ret_next is what follows. */
static bool is_line(const char *text, const struct line *line, const char **ret_next)
{
    size_t name = strlen(line->name);
    const char *end = strstr(text, "\r\n");

    if (end == NULL || strncmp(text, line->name, name) != 0 || strncmp(text + name, ": ", 2) != 0) {
        return false;
    }
    text += name + 2;
    *ret_next = end + 2;
    return line->value == NULL ? end > text
                               : strlen(line->value) == (size_t) (end - text)
                                     && strncmp(text, line->value, (size_t) (end - text)) == 0;
}

static bool has_lines(const struct reply *reply, const struct line *lines, size_t count)
{
    const char *at = strstr(reply->headers, "\r\n");

    at = at != NULL ? at + 2 : "";
    for (size_t i = 0; i < count; i++) {
        if (is_due(&lines[i], reply) && !is_line(at, &lines[i], &at)) {
            fprintf(stderr, "expected %s: %s in\n%s", lines[i].name,
                    lines[i].value != NULL ? lines[i].value : "...", reply->headers);
            return false;
        }
    }
    if (strcmp(at, "\r\n") != 0) {
        fprintf(stderr, "expected no more than\n%s", reply->headers);
        return false;
    }
    return true;
}

bool reply_has_status_line(const struct reply *reply)
{
    static const struct {
        long status;
        const char *phrase;
    } rows[] = {
        { 200, "OK" },
        { 201, "Created" },
        { 204, "No Content" },
        { 400, "Bad Request" },
        { 401, "Unauthorized" },
        { 403, "Forbidden" },
        { 404, "Not Found" },
        { 405, "Method Not Allowed" },
        { 409, "Conflict" },
        { 415, "Unsupported Media Type" },
        { 429, "Too Many Requests" }, /* the library has no empty phrase */
        { 500, "Internal Server Error" },
        { 501, "Not Implemented" },
        { 503, "Service Unavailable" },
    };
    char line[128];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (rows[i].status == reply->status) {
            snprintf(line, sizeof(line), "HTTP/1.1 %ld %s\r\n", rows[i].status, rows[i].phrase);
            return strncmp(reply->headers, line, strlen(line)) == 0;
        }
    }
    return false;
}

static bool has_head(const struct reply *reply)
{
    if (!reply_has_status_line(reply)) {
        fprintf(stderr, "expected another status line than\n%s", reply->headers);
        return false;
    }
    return reply->from_hsm ? has_lines(reply, hsm_lines, KV_COUNT(hsm_lines))
                           : has_lines(reply, vault_lines, KV_COUNT(vault_lines));
}

/* Heap. A managed HSM has the members of every object in the order of their names (§4.3). */
static char *print_body(bool sorted, const char *code, const char *inner, const char *message)
{
    cJSON *body = cJSON_CreateObject();
    cJSON *error = cJSON_AddObjectToObject(body, "error");
    char *text;

    cJSON_AddStringToObject(error, "code", code);
    if (!sorted) {
        cJSON_AddStringToObject(error, "message", message);
    }
    if (inner != NULL) {
        cJSON_AddStringToObject(cJSON_AddObjectToObject(error, "innererror"), "code", inner);
    }
    if (sorted) {
        cJSON_AddStringToObject(error, "message", message);
    }
    text = cJSON_PrintUnformatted(body);
    cJSON_Delete(body);
    return text;
}

bool reply_is_error(const struct reply *reply, long status, const char *code, const char *inner,
                    const char *message)
{
    char *expected = print_body(reply->from_hsm, code, inner, message);
    bool equal = reply->status == status && strcmp(reply->body, expected) == 0;

    if (!equal) {
        fprintf(stderr, "expected %ld %s\n     got %ld %s\n", status, expected, reply->status,
                reply->body);
    }
    cJSON_free(expected);
    return equal && has_head(reply);
}
