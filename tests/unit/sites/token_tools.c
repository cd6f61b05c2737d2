/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <criterion/criterion.h>

struct kv_key_file *keys;

void set_up_token_site(void)
{
    set_up_principals();
    must(kv_key_file_new(folder, &keys, &err));
    app = (struct kv_app){ .identity = identity, .principals = principals, .arc_keys = keys };
    cr_assert_eq(kv_clock_new(&app.clock, &err), KV_OK);
}

void tear_down_token_site(void)
{
    end_exchange();
    kv_clock_free(app.clock);
    kv_key_file_free(keys);
    tear_down_principals();
}

void ask_app_service(void)
{
    begin(KV_GET, APP_SERVICE);
    add_header("x-identity-header", "anything");
    add_query("api-version", "2019-08-01");
    add_query("resource", OTHER_AUDIENCE);
}

void ask_app_service_of_2017(void)
{
    begin(KV_GET, APP_SERVICE "/");
    add_header("Secret", "anything");
    add_query("api-version", "2017-09-01");
    add_query("resource", OTHER_AUDIENCE);
}

void ask_imds(void)
{
    begin(KV_GET, IMDS);
    add_header("Metadata", "true");
    add_query("api-version", "2018-02-01");
    add_query("resource", OTHER_AUDIENCE);
}

void ask_arc(void)
{
    begin(KV_GET, ARC);
    add_header("Metadata", "true");
    add_query("api-version", "2020-06-01");
    add_query("resource", OTHER_AUDIENCE);
}

static void write_refusal(int status, const char *word, const char *text, char *ret_body,
                          size_t size)
{
    if (strncasecmp(request.target, "/msi", strlen("/msi")) == 0) {
        (void) snprintf(ret_body, size,
                        "{\"statusCode\":%d,\"message\":\"%s\",\"correlationId\":\"%s\"}", status,
                        text, request.id);
    } else {
        (void) snprintf(ret_body, size, "{\"error\":\"%s\",\"error_description\":\"%s\"}", word,
                        text);
    }
}

void expect_no_token(int status, const char *word, const char *text)
{
    char expected[1024];

    write_refusal(status, word, text, expected, sizeof(expected));
    cr_assert_eq(response.status, status, "%d", response.status);
    cr_assert_str_eq(response.body.data, expected);
}
