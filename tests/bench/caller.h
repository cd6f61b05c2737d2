/* SPDX-License-Identifier: Apache-2.0 */
/*
 * caller.h - one connection to a server of the keys API, by libcurl, and what came back.
 *
 * Belongs to one thread. Whatever is in `answer` and `error` lasts until the next call.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <curl/curl.h>

#include "kv/base/base.h"

#define CALLER_ANSWER_MAX 65536
#define CALLER_ERROR_MAX 1024

/* How to get at a server. All is borrowed by its callers, and not changed while there are any. */
struct caller_way {
    const char *name;           /* for messages */
    const char *url;            /* https://HOST[:PORT] */
    const char *ca;             /* PEM file; NULL: the system's */
    bool is_insecure;           /* any certificate will do */
    struct curl_slist *place;   /* where to connect to in place of the URL's host; NULL: there */
    struct curl_slist *headers; /* of each request */
};

struct caller {
    const struct caller_way *way;
    CURL *curl;
    char answer[CALLER_ANSWER_MAX];
    size_t answer_len;
    char challenge[256]; /* the line of WWW-Authenticate */
    CURLcode code;
    long status;                  /* 0: no answer */
    char error[CALLER_ERROR_MAX]; /* what went wrong, and what can be done about it; one line */
};

/* False when memory is short. */
bool caller_open(struct caller *caller, const struct caller_way *way);
void caller_close(struct caller *caller);
KV_DEFINE_CLEANUP_VALUE(struct caller, caller_close)

/* GET without a body, else POST of that JSON. `target` begins with a slash. False, with `error`,
 * for everything but a 2xx. */
bool caller_call(struct caller *caller, const char *target, const char *body);
