/* SPDX-License-Identifier: Apache-2.0 */
/* A Criterion main around one daemon; API_ARGUMENTS, if defined, are further options of it. */
#include <stdio.h>

#include <criterion/options.h>

#include "api.h"

static int run_with_daemon(struct criterion_test_set *tests)
{
    static const char *const arguments[] = {
        "--vault",     "dev",
        "--vault",     "std,sku=standard,retention=7",
        "--vault",     "locked,purge-protection,retention=7",
#ifdef API_ARGUMENTS
        API_ARGUMENTS,
#endif
        NULL,
    };
    struct daemon daemon;
    bool passed;
    bool stopped;

    daemon_prepare(&daemon);
    if (!daemon_start(&daemon, arguments)) {
        fputs("the daemon did not start\n", stderr);
        return 1;
    }
    api_publish_daemon(&daemon);
    passed = criterion_run_all_tests(tests);
    stopped = daemon_stop(&daemon);
    if (stopped) {
        daemon_discard(&daemon);
    }
    return passed && stopped ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct criterion_test_set *tests;
    int status = 0;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    tests = criterion_initialize();
    if (criterion_handle_args(argc, argv, true)) {
        status = run_with_daemon(tests);
    }
    criterion_finalize(tests);
    return status;
}
