/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <criterion/criterion.h>

#include "kv/base/options.h"

static char path[KV_PATH_MAX];
static struct kv_err err;

TestSuite(data_folder, .timeout = 120);

/* Literals for main()'s texts, which nobody writes to. */
static enum kv_code find_folder(const char *data, const char *const variables[])
{
    const char *const arguments[] = { "ca", "--data", data, NULL };
    char *const *argv = (char *const *) arguments;
    char *const *environment = (char *const *) variables;
    kv_auto(kv_options_free) struct kv_options *options = NULL;

    cr_assert_eq(
        kv_options_load(KV_COMMAND_CA, data == NULL ? 1 : 3, argv, environment, &options, &err),
        KV_OK);
    return kv_data_folder(options, path, &err);
}

Test(data_folder, wants_a_home_or_an_option)
{
    static const char *const rows[][3] = {
        { NULL },
        { "HOME=", NULL },
        { "HOME=home", NULL },
        { "XDG_STATE_HOME=state", "HOMER=/x", NULL },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(find_folder(NULL, rows[i]), KV_BAD_PARAMETER, "row %zu", i);
        cr_assert_not_null(strstr(err.message, "--data"));
    }
}

Test(data_folder, refuses_a_path_that_is_too_long)
{
    static char longest[KV_PATH_MAX + 1];
    static const char *const environment[] = { NULL };

    memset(longest, '/', KV_PATH_MAX);
    cr_assert_eq(find_folder(longest, environment), KV_BAD_PARAMETER);
}

Test(data_folder, follows_option_then_state_home_then_home)
{
    static const char *const both[] = { "HOME=/h/ann", "XDG_STATE_HOME=/state", NULL };
    static const char *const relative[] = { "XDG_STATE_HOME=state", "HOME=/h/ann", NULL };
    const struct {
        const char *data;
        const char *const *environment;
        const char *expected;
    } rows[] = {
        { "here", both, "here" },
        { NULL, both, "/state/coffer" },
        { NULL, relative, "/h/ann/.local/state/coffer" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(find_folder(rows[i].data, rows[i].environment), KV_OK, "%s", err.message);
        cr_assert_str_eq(path, rows[i].expected);
    }
}
