/* SPDX-License-Identifier: Apache-2.0 */
#include "token.h"

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

void expect_oauth_error(int status, const char *word, const char *description)
{
    cr_assert_eq(response.status, status);
    cr_assert_str_eq(answer_text("error"), word);
    cr_assert_str_eq(answer_text("error_description"), description);
}
