/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking an attestation authority, or an issuer of tokens, over HTTP: one answer, in bounded time and
 * size.
 */
#include <curl/curl.h>

#include "serve.h"
#include "transfer.h"

#define TIMEOUT_MS 2500L
#define CONNECT_TIMEOUT_MS 2000L

static void cleanup_curl(CURL *curl)
{
    curl_easy_cleanup(curl);
}
KV_DEFINE_CLEANUP(CURL *, cleanup_curl)

/* A body that is too large ends the transfer. */
static size_t take_piece(char *bytes, size_t size, size_t count, void *body)
{
    return kv_buf_append(body, bytes, size * count, NULL) == KV_OK ? size * count : 0;
}

static void set_up(CURL *curl, const char *url, struct kv_buf *body)
{
    transfer_set_up(curl, url, TIMEOUT_MS, CONNECT_TIMEOUT_MS);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take_piece);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, body);
}

static enum kv_code ask(const char *url, const char *who, struct kv_buf *body, struct kv_err *err)
{
    kv_auto(cleanup_curl) CURL *curl = curl_easy_init();
    CURLcode result;
    long status = 0;

    if (curl == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    set_up(curl, url, body);
    result = transfer_run(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
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
