/* SPDX-License-Identifier: Apache-2.0 */
/* Clients take the names with a dot in front for all below it, and know no wildcards. */
#include "proxy.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include <curl/curl.h>

#include "kv/base/buf.h"

#define LIST_MAX 8192 /* bytes of a NO_PROXY */

KV_DEFINE_CLEANUP(CURLU *, curl_url_cleanup)
KV_DEFINE_CLEANUP(void *, curl_free)

static bool is_behind_proxy(const struct kv_options *options)
{
    static const char *const names[] = {
        "http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY",
    };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        const char *value = kv_options_variable(options, names[i]);

        if (value != NULL && *value != '\0') {
            return true;
        }
    }
    return false;
}

/* Whether the list, with commas or blanks between its entries, has that one. */
static bool has_entry(const char *list, const char *wanted)
{
    for (; *list != '\0'; list += strcspn(list, ", "), list += strspn(list, ", ")) {
        size_t len = strcspn(list, ", ");

        if (len == strlen(wanted) && strncasecmp(list, wanted, len) == 0) {
            return true;
        }
    }
    return false;
}

static enum kv_code add_entry(struct kv_buf *list, const char *entry, struct kv_err *err)
{
    if (has_entry(list->data, entry)) {
        return KV_OK;
    }
    return kv_buf_printf(list, err, "%s%s", list->len > 0 ? "," : "", entry);
}

/* An IPv6 address without its brackets, as most clients want it. */
static enum kv_code add_host(struct kv_buf *list, const char *url, struct kv_err *err)
{
    kv_auto(curl_url_cleanup) CURLU *parts = curl_url();
    char *host = NULL;

    if (parts == NULL || curl_url_set(parts, CURLUPART_URL, url, 0) != CURLUE_OK
        || curl_url_get(parts, CURLUPART_HOST, &host, 0) != CURLUE_OK) {
        return KV_FAIL(err, KV_INTERNAL, 0, "'%.256s' is not a URL", url);
    }
    kv_auto(curl_free) kv_unused void *owned = host;
    size_t len = strlen(host);

    if (*host == '[' && host[len - 1] == ']') {
        host[len - 1] = '\0';
        host++;
    }
    return add_entry(list, host, err);
}

static enum kv_code add_list(const char *name, const char *before, const char *const *urls,
                             struct variables *variables, struct kv_err *err)
{
    static const char *const here[] = { "localhost", ".localhost", "127.0.0.1", "::1" };
    kv_auto(kv_buf_done) struct kv_buf list;

    kv_buf_init(&list, LIST_MAX);
    KV_TRY(kv_buf_printf(&list, err, "%s", before));
    for (size_t i = 0; i < KV_COUNT(here); i++) {
        KV_TRY(add_entry(&list, here[i], err));
    }
    for (; *urls != NULL; urls++) {
        KV_TRY(add_host(&list, *urls, err));
    }
    return variables_add(variables, name, list.data, "", err);
}

enum kv_code proxy_add_exceptions(const struct kv_options *options, const char *const *urls,
                                  struct variables *variables, struct kv_err *err)
{
    const char *upper = kv_options_variable(options, "NO_PROXY");
    const char *lower = kv_options_variable(options, "no_proxy");
    const char *either = upper != NULL ? upper : lower != NULL ? lower : "";

    if (!is_behind_proxy(options) || strcmp(either, "*") == 0) {
        return KV_OK;
    }
    KV_TRY(add_list("NO_PROXY", either, urls, variables, err));
    return add_list("no_proxy", lower != NULL ? lower : either, urls, variables, err);
}
