/* SPDX-License-Identifier: Apache-2.0 */
/* A transfer whose waiting thread checks ten times a second whether the process is shutting down. */
#include "transfer.h"

#include <stdatomic.h>

#include "serve.h"

#define LOOK_UP_MS 100

static atomic_bool ended;

void fetch_end(void)
{
    atomic_store(&ended, true);
}

static void cleanup_multi(CURLM *multi)
{
    (void) curl_multi_cleanup(multi); /* it is empty, or there is nothing to write to */
}
KV_DEFINE_CLEANUP(CURLM *, cleanup_multi)

static CURLcode result_of(CURLM *multi)
{
    int left;
    const CURLMsg *message = curl_multi_info_read(multi, &left);

    return message != NULL && message->msg == CURLMSG_DONE ? message->data.result
                                                           : CURLE_FAILED_INIT;
}

static bool is_fetching(void *context)
{
    (void) context; /* it is the process that ends */
    return !atomic_load(&ended);
}

/* Until it is done, or no longer wanted. */
static CURLcode transfer(CURLM *multi, transfer_wanted_fn *is_wanted, void *context)
{
    int running = 1;

    while (running > 0) {
        if (!is_wanted(context)) {
            return CURLE_ABORTED_BY_CALLBACK;
        }
        if (curl_multi_perform(multi, &running) != CURLM_OK
            || (running > 0 && curl_multi_poll(multi, NULL, 0, LOOK_UP_MS, NULL) != CURLM_OK)) {
            return CURLE_FAILED_INIT;
        }
    }
    return result_of(multi);
}

void transfer_set_up(CURL *curl, const char *url, long timeout_ms, long connect_timeout_ms)
{
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, "https,http");
    curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 0L);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, timeout_ms);
    curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_ms);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_QUICK_EXIT, 1L); /* a silent name server holds nobody up */
    curl_easy_setopt(curl, CURLOPT_PROXY, "");
}

CURLcode transfer_run_while(CURL *curl, transfer_wanted_fn *is_wanted, void *context)
{
    kv_auto(cleanup_multi) CURLM *multi = curl_multi_init();

    if (multi == NULL || curl_multi_add_handle(multi, curl) != CURLM_OK) {
        return CURLE_OUT_OF_MEMORY;
    }

    CURLcode result = transfer(multi, is_wanted, context);

    (void) curl_multi_remove_handle(multi, curl); /* it was added */
    return result;
}

CURLcode transfer_run(CURL *curl)
{
    return transfer_run_while(curl, is_fetching, NULL);
}
