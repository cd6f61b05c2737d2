/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An entry of the journal as one of an HTTP Archive 1.2, for tools that show such files. Headers are
 * those that the journal keeps; what the format has no member for is in "_coffer".
 */
#include <stdio.h>
#include <string.h>

#include "journal.h"

#define URL_SIZE 1024

static const char *text_of(const struct kv_journal_entry *entry, enum kv_journal_text text)
{
    return entry->note.text[text];
}

static void add_pair(cJSON *list, const char *name, const char *value, bool *ok)
{
    if (value[0] != '\0') {
        cJSON *pair = cJSON_CreateObject();

        kv_json_add_text(pair, "name", name, ok);
        kv_json_add_text(pair, "value", value, ok);
        kv_json_add_take(list, NULL, pair, ok);
    }
}

/* What the control port is asked comes without TLS: managed identities, too. */
static bool is_secure(const struct kv_journal_entry *entry)
{
    static const char *const plain[] = { "/msi/", "/metadata/", "/arc/" };
    bool is = entry->note.kind != KV_JOURNAL_CONTROL;

    for (size_t i = 0; entry->note.kind == KV_JOURNAL_TOKEN && i < KV_COUNT(plain); i++) {
        is = is && strncmp(text_of(entry, KV_JOURNAL_PATH), plain[i], strlen(plain[i])) != 0;
    }
    return is;
}

static void add_url(cJSON *request, const struct kv_journal_entry *entry, bool *ok)
{
    const char *version = text_of(entry, KV_JOURNAL_API_VERSION);
    char url[URL_SIZE];

    (void) snprintf(url, sizeof(url), "%s://%s%s%s%s", is_secure(entry) ? "https" : "http",
                    text_of(entry, KV_JOURNAL_HOST), text_of(entry, KV_JOURNAL_PATH),
                    version[0] != '\0' ? "?api-version=" : "", version);
    kv_json_add_text(request, "url", url, ok);
}

/* Members that the format wants in both halves, and the journal does not know. */
static void add_sizes(cJSON *half, bool *ok)
{
    kv_json_add_text(half, "httpVersion", "HTTP/1.1", ok);
    kv_json_add_array(half, "cookies", ok);
    kv_json_add_int(half, "headersSize", -1, ok);
    kv_json_add_int(half, "bodySize", -1, ok);
}

static void add_request(cJSON *object, const struct kv_journal_entry *entry, bool *ok)
{
    cJSON *request = kv_json_add_object(object, "request", ok);
    const char *body = text_of(entry, KV_JOURNAL_REQUEST_BODY);

    kv_json_add_text(request, "method", text_of(entry, KV_JOURNAL_METHOD), ok);
    add_url(request, entry, ok);
    add_sizes(request, ok);
    cJSON *headers = kv_json_add_array(request, "headers", ok);
    add_pair(headers, "User-Agent", text_of(entry, KV_JOURNAL_USER_AGENT), ok);
    add_pair(headers, "x-ms-client-request-id", text_of(entry, KV_JOURNAL_CLIENT_REQUEST_ID), ok);
    cJSON *query = kv_json_add_array(request, "queryString", ok);
    add_pair(query, "api-version", text_of(entry, KV_JOURNAL_API_VERSION), ok);
    if (body[0] != '\0') {
        cJSON *data = kv_json_add_object(request, "postData", ok);

        kv_json_add_text(data, "mimeType", "application/json", ok);
        kv_json_add_text(data, "text", body, ok);
    }
}

static void add_retry_after(cJSON *headers, const struct kv_journal_entry *entry, bool *ok)
{
    char seconds[24];

    if (entry->note.retry_after >= 0) {
        (void) snprintf(seconds, sizeof(seconds), "%lld",
                        (long long) (entry->note.retry_after + 999) / 1000);
        add_pair(headers, "Retry-After", seconds, ok);
    }
}

static void add_response(cJSON *object, const struct kv_journal_entry *entry, bool *ok)
{
    cJSON *response = kv_json_add_object(object, "response", ok);
    const char *body = text_of(entry, KV_JOURNAL_RESPONSE_BODY);

    kv_json_add_int(response, "status", entry->note.status, ok);
    kv_json_add_text(response, "statusText", text_of(entry, KV_JOURNAL_CODE), ok);
    add_sizes(response, ok);
    cJSON *headers = kv_json_add_array(response, "headers", ok);
    add_pair(headers, "x-ms-request-id", text_of(entry, KV_JOURNAL_REQUEST_ID), ok);
    add_retry_after(headers, entry, ok);
    cJSON *content = kv_json_add_object(response, "content", ok);
    kv_json_add_int(content, "size", -1, ok);
    kv_json_add_text(content, "mimeType", "application/json", ok);
    if (body[0] != '\0') {
        kv_json_add_text(content, "text", body, ok);
    }
    kv_json_add_text(response, "redirectURL", "", ok);
}

static void add_millis(cJSON *object, const char *name, int64_t micros, bool *ok)
{
    kv_json_add_take(object, name, cJSON_CreateNumber((double) micros / 1000), ok);
}

static void add_timings(cJSON *object, const struct kv_journal_entry *entry, bool *ok)
{
    cJSON *timings = kv_json_add_object(object, "timings", ok);

    kv_json_add_int(timings, "send", 0, ok);
    add_millis(timings, "wait", entry->note.micros, ok);
    kv_json_add_int(timings, "receive", 0, ok);
}

cJSON *journal_render_har(const struct kv_journal_entry *entry)
{
    cJSON *object = cJSON_CreateObject();
    char iso[KV_ISO_DATE_SIZE];
    bool ok = object != NULL;

    kv_time_render_iso(entry->note.real, iso);
    kv_json_add_text(object, "startedDateTime", iso, &ok);
    add_millis(object, "time", entry->note.micros, &ok);
    add_request(object, entry, &ok);
    add_response(object, entry, &ok);
    kv_json_add_object(object, "cache", &ok);
    add_timings(object, entry, &ok);
    kv_json_add_take(object, "_coffer", journal_render(entry), &ok);
    if (!ok) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}
