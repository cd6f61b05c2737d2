/* SPDX-License-Identifier: Apache-2.0 */
/* beside.h - what the command line of `beside` says. */
#pragma once

#include "side.h"

struct beside_settings {
    struct caller_way other; /* its lists are freed by beside_settings_done() */
    double seconds, patience;
    unsigned rounds;
    char query[80];
    char url[512];
    const char *only[16]; /* names of deeds; none: all */
    size_t only_count;
};

/* False when there is nothing more to do than to end with `ret_status`, which was explained. */
bool beside_settings_take(struct beside_settings *settings, int argc, char **argv, int *ret_status);
void beside_settings_done(struct beside_settings *settings);
KV_DEFINE_CLEANUP_VALUE(struct beside_settings, beside_settings_done)

/* The headers of a request by one with that token; NULL when memory is short. */
struct curl_slist *beside_headers(const char *token);
