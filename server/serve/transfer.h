/* SPDX-License-Identifier: Apache-2.0 */
/* transfer.h - transfers of libcurl that end when the process does (fetch_end()). */
#pragma once

#include <curl/curl.h>

/* Runs a transfer that was set up; CURLE_ABORTED_BY_CALLBACK once nothing more is fetched. */
CURLcode transfer_run(CURL *curl);
