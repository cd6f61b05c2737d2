/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal.h - what the files of coffer journal share.
 */
#pragma once

#include "server.h"

/* "" and 0 where there is no such member. */
const char *cli_text_of(const cJSON *object, const char *name);
int64_t cli_number_of(const cJSON *object, const char *name);

/* "127.0.0.1 my-app unwrapKey dev/key" */
void cli_print_who(const cJSON *object);

/* GET of what is below /control/v1/requests, with the filter that the options give. */
enum kv_code cli_get_requests(const struct kv_options *options, const char *behind,
                              cJSON **ret_answer, struct kv_err *err) kv_must_check;
