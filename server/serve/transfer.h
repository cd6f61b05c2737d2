/* SPDX-License-Identifier: Apache-2.0 */
/*
 * transfer.h - transfers of libcurl that end when the process does (fetch_end()), or when whoever
 * makes them says so.
 */
#pragma once

#include <stdbool.h>

#include <curl/curl.h>

/* What all of them have: a URL of HTTP, no redirects, no proxy, and an end by so many ms. */
void transfer_set_up(CURL *curl, const char *url, long timeout_ms, long connect_timeout_ms);

/* Runs a transfer that was set up; CURLE_ABORTED_BY_CALLBACK once nothing more is fetched. */
CURLcode transfer_run(CURL *curl);

/* The same, with an end of its own: as soon as it is not wanted, which is asked ten times a second. */
typedef bool transfer_wanted_fn(void *context);
CURLcode transfer_run_while(CURL *curl, transfer_wanted_fn *is_wanted, void *context);
