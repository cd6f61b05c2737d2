/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as a service makes them: to the vault by its URL, and to the IMDS for a token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/base64.h"
#include "probe.h"

#define URL_MAX 2048
#define BODY_MAX 4096
#define API_VERSION "7.6"

static const struct {
    const char *name, *verb, *behind;
} jobs[] = {
    [JOB_CHALLENGE] = { "first request", NULL, "" },
    [JOB_LOGIN] = { "login", NULL, "" },
    [JOB_GET] = { "get", NULL, "" },
    [JOB_WRAP] = { "wrapKey", "POST", "/wrapkey" },
    [JOB_UNWRAP] = { "unwrapKey", "POST", "/unwrapkey" },
    [JOB_OPEN_DEK] = { "unwrapKey of the data-encryption key", "POST", "/unwrapkey" },
    [JOB_SEAL_DEK] = { "wrapKey of the data-encryption key", "POST", "/wrapkey" },
};

const char *job_name(enum job job)
{
    return jobs[job].name;
}

/* What is longer than any answer of a vault is not read to its end, and its beginning is no answer. */
static size_t take_body(char *bytes, size_t size, size_t count, void *probe_)
{
    struct probe *probe = probe_;

    if (size * count > ANSWER_MAX - probe->answer.len) {
        probe->is_too_long = true;
        kv_buf_clear(&probe->answer);
        return 0;
    }
    return kv_buf_append(&probe->answer, bytes, size * count, NULL) == KV_OK ? size * count : 0;
}

static bool read_header(const char *line, size_t len, const char *name, char *ret_value,
                        size_t size)
{
    size_t skip = strlen(name);

    if (len < skip || strncasecmp(line, name, skip) != 0) {
        return false;
    }
    while (skip < len && (line[skip] == ' ' || line[skip] == '\t')) {
        skip++;
    }
    while (len > skip && (line[len - 1] == '\r' || line[len - 1] == '\n')) {
        len--;
    }
    if (len - skip >= size) {
        return false;
    }
    memcpy(ret_value, line + skip, len - skip);
    ret_value[len - skip] = '\0';
    return true;
}

/* Seconds alone: nobody sends a date here. */
static size_t take_header(char *bytes, size_t size, size_t count, void *probe_)
{
    struct probe *probe = probe_;
    char value[16];

    (void) read_header(bytes, size * count, "WWW-Authenticate:", probe->challenge,
                       sizeof(probe->challenge));
    if (read_header(bytes, size * count, "Retry-After:", value, sizeof(value)) && *value >= '0'
        && *value <= '9') {
        probe->retry_after = strtol(value, NULL, 10);
    }
    return size * count;
}

static enum kv_code add_header(struct probe *probe, const char *line, struct kv_err *err)
{
    struct curl_slist *longer = curl_slist_append(probe->headers, line);

    probe->headers = longer != NULL ? longer : probe->headers;
    return longer != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code append_escaped(struct probe *probe, const char *text, struct kv_err *err)
{
    char *escaped = curl_easy_escape(probe->curl, text, 0);
    enum kv_code code =
        escaped != NULL ? kv_buf_printf(&probe->url, err, "%s", escaped) : KV_OUT_OF_MEMORY(err);

    curl_free(escaped);
    return code;
}

/* Who it is: by resource id, or by client id, in whose place a name will do at coffer's. */
static enum kv_code append_identity(struct probe *probe, struct kv_err *err)
{
    const char *identity = probe->settings.identity;

    if (*identity == '\0') {
        return KV_OK;
    }
    KV_TRY(kv_buf_printf(&probe->url, err, "&%s=", *identity == '/' ? "mi_res_id" : "client_id"));
    return append_escaped(probe, identity, err);
}

static enum kv_code prepare_login(struct probe *probe, struct kv_err *err)
{
    const char *login =
        probe->settings.login[0] != '\0' ? probe->settings.login : probe->consumers->login;

    KV_TRY(
        kv_buf_printf(&probe->url, err,
                      "%s/metadata/identity/oauth2/token?api-version=2018-02-01&resource=", login));
    KV_TRY(append_escaped(probe, probe->resource, err));
    KV_TRY(append_identity(probe, err));
    return add_header(probe, "Metadata: true", err);
}

static enum kv_code append_key(struct probe *probe, struct kv_err *err)
{
    return kv_buf_printf(&probe->url, err, "%s%s?api-version=" API_VERSION, look_url(probe),
                         jobs[probe->job].behind);
}

static enum kv_code add_token(struct probe *probe, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf line;

    kv_buf_init(&line, 32 * 1024);
    if (probe->token == NULL || probe->job == JOB_CHALLENGE) {
        return KV_OK;
    }
    KV_TRY(kv_buf_printf(&line, err, "Authorization: Bearer %s", probe->token));
    return add_header(probe, line.data, err);
}

static void choose_value(const struct probe *probe, const unsigned char **ret_data, size_t *ret_len)
{
    *ret_data = probe->job == JOB_WRAP       ? probe->plain
                : probe->job == JOB_SEAL_DEK ? probe->dek
                : probe->job == JOB_OPEN_DEK ? probe->wrapped.bytes
                                             : probe->blob.data;
    *ret_len = probe->job == JOB_OPEN_DEK ? probe->wrapped.len
               : probe->job == JOB_UNWRAP ? probe->blob.len
                                          : KV_CONSUMER_DEK_SIZE;
}

static enum kv_code write_body(struct probe *probe, struct kv_err *err)
{
    const unsigned char *data;
    size_t len;

    if (jobs[probe->job].verb == NULL) {
        return KV_OK;
    }
    choose_value(probe, &data, &len);
    KV_TRY(kv_buf_printf(&probe->sent, err, "{\"alg\":\"%s\",\"value\":\"",
                         probe->settings.profile->alg));
    KV_TRY(kv_base64url_render(data, len, &probe->sent, err));
    KV_TRY(kv_buf_printf(&probe->sent, err, "\"}"));
    return add_header(probe, "Content-Type: application/json", err);
}

/* HOST.localhost without a port is coffer itself, wherever it listens. */
static enum kv_code route(struct probe *probe, struct kv_err *err)
{
    char line[32];

    if (!probe->settings.key.is_ours || probe->job == JOB_LOGIN) {
        return KV_OK;
    }
    (void) snprintf(line, sizeof(line), ":::%u", probe->consumers->port);
    probe->connect_to = curl_slist_append(NULL, line);
    if (probe->connect_to == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    curl_easy_setopt(probe->curl, CURLOPT_CONNECT_TO, probe->connect_to);
    return KV_OK;
}

/* The system's authorities are trusted all the same, by their folder. */
static enum kv_code trust(struct probe *probe, struct kv_err *err)
{
    struct curl_blob blob = { .data = probe->consumers->ca };

    if (probe->settings.ca[0] != '\0') {
        curl_easy_setopt(probe->curl, CURLOPT_CAINFO, probe->settings.ca);
        return ca_find(probe->settings.ca, err);
    }
    if (blob.data != NULL) {
        blob.len = strlen(blob.data);
        blob.flags = CURL_BLOB_NOCOPY;
        curl_easy_setopt(probe->curl, CURLOPT_CAINFO_BLOB, &blob);
    }
    return KV_OK;
}

static void set_up(struct probe *probe, long silence)
{
    CURL *curl = probe->curl;

    curl_easy_setopt(curl, CURLOPT_URL, probe->url.data);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, silence);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* a silent name server holds nobody up */
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_USERAGENT, "azsdk-net-Security.KeyVault.Keys/4.10.0 (coffer)");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, probe->headers);
    if (jobs[probe->job].verb != NULL) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, probe->sent.data);
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE, (long) probe->sent.len);
    }
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, probe);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, take_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, probe);
    curl_easy_setopt(curl, CURLOPT_PRIVATE, probe);
}

/* One of them has the token. */
static void forget_headers(struct probe *probe)
{
    for (struct curl_slist *line = probe->headers; line != NULL; line = line->next) {
        kv_wipe(line->data, strlen(line->data));
    }
    curl_slist_free_all(kv_take(probe->headers));
}

static void forget_last(struct probe *probe)
{
    curl_easy_reset(probe->curl);
    forget_headers(probe);
    curl_slist_free_all(kv_take(probe->connect_to));
    kv_buf_clear(&probe->url);
    kv_buf_clear(&probe->sent);
    kv_buf_clear(&probe->answer);
    probe->challenge[0] = '\0';
    probe->retry_after = -1;
    probe->is_too_long = false;
}

enum kv_code request_prepare(struct probe *probe, long silence, struct kv_err *err)
{
    forget_last(probe);
    KV_TRY(probe->job == JOB_LOGIN ? prepare_login(probe, err) : append_key(probe, err));
    if (probe->job != JOB_LOGIN) {
        KV_TRY(add_token(probe, err));
        KV_TRY(write_body(probe, err));
    }
    KV_TRY(route(probe, err));
    set_up(probe, silence);
    return trust(probe, err);
}

/* --- life --- */

struct probe *probe_new_locked(struct kv_consumers *consumers, struct consumer *consumer,
                               bool deploys, kv_millis at)
{
    struct probe *probe = calloc(1, sizeof(*probe));

    if (probe == NULL || (probe->curl = curl_easy_init()) == NULL) {
        free(probe);
        return NULL;
    }
    probe->consumers = consumers;
    probe->consumer = consumer;
    probe->deploys = deploys;
    probe->settings =
        consumer->deployment.is_wanted ? consumer->deployment.settings : consumer->settings;
    probe->wrapped = consumer->wrapped;
    probe->has_dek = consumer->has_dek;
    memcpy(probe->dek, consumer->dek, sizeof(probe->dek));
    probe->at = at;
    probe->token = kv_take(consumer->token);
    if (deploys) { /* the token may be another identity's */
        kv_wipe_free(kv_take(probe->token));
    }
    probe->token_until = consumer->token_until;
    probe->is_dek_open = consumer->has_dek || consumer->wrapped.len == 0;
    probe->is_dek_sealed = consumer->wrapped.len > 0 && !deploys;
    look_begin_locked(probe);
    kv_buf_init(&probe->url, URL_MAX);
    kv_buf_init(&probe->sent, BODY_MAX);
    kv_buf_init(&probe->answer, ANSWER_MAX);
    consumer->is_busy = true;
    return probe;
}

void probe_return_token_locked(struct probe *probe)
{
    kv_wipe_free(probe->consumer->token);
    probe->consumer->token = kv_take(probe->token);
    probe->consumer->token_until = probe->token_until;
}

void probe_free(struct probe *probe)
{
    if (probe == NULL) {
        return;
    }
    curl_easy_cleanup(probe->curl);
    forget_headers(probe);
    curl_slist_free_all(probe->connect_to);
    kv_buf_done(&probe->url);
    kv_buf_done(&probe->sent);
    kv_buf_done(&probe->answer);
    kv_wipe_free(probe->token);
    kv_wipe(probe, sizeof(*probe));
    free(probe);
}
