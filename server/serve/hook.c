/* SPDX-License-Identifier: Apache-2.0 */
/* Receivers of events, as the options name them. */
#include <stdio.h>
#include <string.h>

#include <curl/curl.h>

#include "courier.h"
#include "kv/base/files.h"
#include "serve.h"

#define WEBHOOKS_MAX (KV_EVENT_HOOKS_MAX - 1)
#define CA_MAX (1024 * 1024)

static void cleanup_url(CURLU *url)
{
    curl_url_cleanup(url);
}
KV_DEFINE_CLEANUP(CURLU *, cleanup_url)

static void free_text(char *text)
{
    curl_free(text);
}
KV_DEFINE_CLEANUP(char *, free_text)

static enum kv_code refuse(const char *option, const char *why, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--%s: %s", option, why);
}

/* The URL without what may be secret in it. */
static enum kv_code show(CURLU *url, struct hook *hook, struct kv_err *err)
{
    static const CURLUPart secret[] = { CURLUPART_QUERY, CURLUPART_FRAGMENT };
    kv_auto(free_text) char *text = NULL;

    for (size_t i = 0; i < KV_COUNT(secret); i++) {
        (void) curl_url_set(url, secret[i], NULL, 0); /* removing cannot fail */
    }
    if (curl_url_get(url, CURLUPART_URL, &text, 0) != CURLUE_OK) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) snprintf(hook->shown, sizeof(hook->shown), "%s", text);
    return KV_OK;
}

/* A receiver that has to be told a secret gets it in the query, which is never shown. */
static bool has_user(CURLU *url)
{
    kv_auto(free_text) char *user = NULL;

    return curl_url_get(url, CURLUPART_USER, &user, 0) == CURLUE_OK;
}

static enum kv_code read_webhook(const char *option, const char *target, struct hook *hook,
                                 struct kv_err *err)
{
    kv_auto(cleanup_url) CURLU *url = curl_url();
    kv_auto(free_text) char *scheme = NULL;

    if (url == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (strlen(target) > HOOK_URL_MAX) {
        return refuse(option, "the URL is too long", err);
    }
    if (curl_url_set(url, CURLUPART_URL, target, CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK
        || curl_url_get(url, CURLUPART_SCHEME, &scheme, 0) != CURLUE_OK) {
        return refuse(option, "want https://HOST[:PORT]/PATH, or http:// to this machine", err);
    }
    if (strcmp(scheme, "https") != 0 && strcmp(scheme, "http") != 0) {
        return refuse(option, "the URL must begin with https:// or http://", err);
    }
    if (has_user(url)) {
        return refuse(option, "the URL must not have a user or a password", err);
    }
    hook->kind = HOOK_WEB;
    hook->target = target;
    kv_uuid_of(option, target, hook->id);
    return show(url, hook, err);
}

static enum kv_code check_ca(const char *path, struct kv_err *err)
{
    if (*path == '\0') {
        return KV_OK;
    }

    kv_auto(kv_buf_done) struct kv_buf pem;

    kv_buf_init(&pem, CA_MAX);
    if (kv_file_read(path, &pem, err) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, err->cause, "--event-webhook-ca: cannot read %s",
                       path);
    }
    return pem.len > 0 && strstr(pem.data, "-----BEGIN CERTIFICATE-----") != NULL
               ? KV_OK
               : KV_FAIL(err, KV_BAD_PARAMETER, 0, "--event-webhook-ca: %s has no certificate",
                         path);
}

static enum kv_code check_new(const struct hook *hooks, size_t count, const struct hook *hook,
                              struct kv_err *err)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(hooks[i].id, hook->id) == 0) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--event-webhook: %s is given twice",
                           hook->shown);
        }
    }
    return KV_OK;
}

static enum kv_code read_webhooks(const struct kv_options *options, struct hook *hooks,
                                  size_t *count, struct kv_err *err)
{
    const char *ca = kv_option_text(options, KV_OPTION_EVENT_WEBHOOK_CA);
    size_t given = kv_option_list_count(options, KV_OPTION_EVENT_WEBHOOK);

    if (given > WEBHOOKS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--event-webhook: at most %d", WEBHOOKS_MAX);
    }
    KV_TRY(check_ca(ca, err));
    for (size_t i = 0; i < given; i++) {
        const char *target = kv_option_list_item(options, KV_OPTION_EVENT_WEBHOOK, i);

        KV_TRY(read_webhook("event-webhook", target, &hooks[*count], err));
        KV_TRY(check_new(hooks, *count, &hooks[*count], err));
        hooks[(*count)++].ca = *ca != '\0' ? ca : NULL;
    }
    return KV_OK;
}

static void read_file(const char *path, struct hook *hook)
{
    hook->kind = HOOK_FILE;
    hook->target = path;
    hook->is_ready = true;
    kv_uuid_of("event-file", path, hook->id);
    (void) snprintf(hook->shown, sizeof(hook->shown), "%s", path);
}

enum kv_code hooks_read(const struct kv_options *options, struct hook *hooks, size_t *ret_count,
                        struct kv_err *err)
{
    const char *file = kv_option_text(options, KV_OPTION_EVENT_FILE);
    size_t count = 0;

    KV_TRY(read_webhooks(options, hooks, &count, err));
    if (*file != '\0') {
        read_file(file, &hooks[count++]);
    }
    for (size_t i = 0; i < count; i++) {
        hooks[i].dropped = -1;
    }
    *ret_count = count;
    return KV_OK;
}

enum kv_code hook_read_audit(const struct kv_options *options, struct hook *hook, bool *ret_has,
                             struct kv_err *err)
{
    const char *ca = kv_option_text(options, KV_OPTION_EVENT_WEBHOOK_CA);
    const char *target = kv_option_text(options, KV_OPTION_AUDIT_WEBHOOK);

    if (*target != '\0') {
        KV_TRY(check_ca(ca, err));
        KV_TRY(read_webhook("audit-webhook", target, hook, err));
        hook->ca = *ca != '\0' ? ca : NULL;
    }
    *ret_has = *target != '\0';
    return KV_OK;
}
