/* SPDX-License-Identifier: Apache-2.0 */
/* token.h - what the tests of the managed-identity endpoints share. */
#pragma once

#include "exchange.h"
#include "kv/identity/key_file.h"
#include "../identity/principals.h"

#define APP_SERVICE "/msi/token"
#define IMDS "/metadata/identity/oauth2/token"
#define ARC "/arc" IMDS

extern struct kv_key_file *keys;

void set_up_token_site(void);
void tear_down_token_site(void);

/* A request of each dialect that lacks nothing; of Arc but the key. */
void ask_app_service(void);
void ask_app_service_of_2017(void);
void ask_imds(void);
void ask_arc(void);

/* The answer is that refusal, whole, as the endpoint that was asked words it: App Service has no word
 * for it, but a number and an id. */
void expect_no_token(int status, const char *word, const char *text);

#define NO_SUCH_IDENTITY                                                                           \
    "No User Assigned or Delegated Managed Identity found for specified "                          \
    "ClientId/ResourceId/PrincipalId."
