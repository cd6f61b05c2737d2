/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking an attestation authority, or an issuer of tokens, over HTTP: one answer, in bounded time and
 * size. The waiting thread checks ten times a second whether the process is shutting down.
 */
#include "serve.h"

#include <stdatomic.h>

#include <curl/curl.h>

#define TIMEOUT_MS 2500L
#define CONNECT_TIMEOUT_MS 2000L
#define LOOK_UP_MS 100

static atomic_bool ended;

void fetch_end(void)
{
    atomic_store(&ended, true);
}

static void cleanup_curl(CURL *curl)
{
    curl_easy_cleanup(curl);
}
KV_DEFINE_CLEANUP(CURL *, cleanup_curl)

static void cleanup_multi(CURLM *multi)
{
    (void) curl_multi_cleanup(multi); /* it is empty, or there is nothing to write to */
}
KV_DEFINE_CLEANUP(CURLM *, cleanup_multi)

/* A body that is too large ends the transfer. */
static size_t take_piece(char *bytes, size_t size, size_t count, void *body)
{
    return kv_buf_append(body, bytes, size * count, NULL) == KV_OK ? size * count : 0;
}

static void set_up(CURL *curl, const char *url, struct kv_buf *body)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* a silent name server holds nobody up */
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_piece);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
}

static CURLcode result_of(CURLM *multi)
{
    int left;
    const CURLMsg *message = curl_multi_info_read(multi, &left);

    return message != NULL && message->msg == CURLMSG_DONE ? message->data.result
                                                           : CURLE_FAILED_INIT;
}

/* Until it is done, or no longer wanted. */
static CURLcode transfer(CURLM *multi)
{
    int running = 1;

    while (running > 0) {
        if (atomic_load(&ended)) {
            return CURLE_ABORTED_BY_CALLBACK;
        }
        if (curl_multi_perform(multi, &running) != CURLM_OK
            || (running > 0 && curl_multi_poll(multi, NULL, 0, LOOK_UP_MS, NULL) != CURLM_OK)) {
            return CURLE_FAILED_INIT;
        }
    }
    return result_of(multi);
}

static enum kv_code ask(const char *url, const char *who, struct kv_buf *body, struct kv_err *err)
{
    kv_auto(cleanup_multi) CURLM *multi = curl_multi_init();
    kv_auto(cleanup_curl) CURL *curl = curl_easy_init();
    CURLcode result;
    long status = 0;

    if (curl == NULL || multi == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    set_up(curl, url, body);
    if (curl_multi_add_handle(multi, curl) != CURLM_OK) {
        return KV_OUT_OF_MEMORY(err);
    }
    result = transfer(multi);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    (void) curl_multi_remove_handle(multi, curl); /* it was added */
    if (result != CURLE_OK || status != 200) {
        return KV_FAIL(err, KV_UNAVAILABLE, (unsigned long) result,
                       "The %s could not be asked: %s, status %ld.", who,
                       curl_easy_strerror(result), status);
    }
    return KV_OK;
}

enum kv_code fetch_url(const char *url, struct kv_buf *body, struct kv_err *err)
{
    return ask(url, "attestation authority", body, err);
}

enum kv_code fetch_of_issuer(const char *url, struct kv_buf *body, struct kv_err *err)
{
    return ask(url, "issuer", body, err);
}
