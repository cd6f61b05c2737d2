/* SPDX-License-Identifier: Apache-2.0 */
/* Signals that ask for the end, while it runs and while it starts. */
#include "process_tools.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(process_signals, .timeout = 180);

static const char *const ephemeral[] = { "--ephemeral", NULL };

static void start_ephemeral(struct daemon *own)
{
    daemon_prepare(own);
    setenv("TMPDIR", own->folder, 1);
    cr_assert(daemon_start(own, ephemeral));
}

Test(process_signals, signals_within_a_second_count_as_one)
{
    struct daemon own;
    int status = -1;

    API_SKIP_WITH_NSS("the token is not the program's own");
    start_ephemeral(&own);
    for (int i = 0; i < 10; i++) {
        kill(own.pid, i % 2 == 0 ? SIGTERM : SIGINT);
        process_pause(2);
    }
    cr_expect_eq(waitpid(own.pid, &status, 0), own.pid);
    cr_expect_eq(status, 0, "%d", status);
    cr_expect_eq(rmdir(own.folder), 0, "the folder must be empty again");
    own.pid = 0;
    daemon_discard(&own);
}

/* A terminal that is closed, and Ctrl+backslash. */
Test(process_signals, every_signal_that_asks_for_the_end_leaves_no_folder)
{
    static const int numbers[] = { SIGHUP, SIGQUIT };

    API_SKIP_WITH_NSS("the token is not the program's own");
    for (size_t i = 0; i < KV_COUNT(numbers); i++) {
        struct daemon own;

        start_ephemeral(&own);
        kill(own.pid, numbers[i]);
        process_expect_end(&own, 0);
        cr_expect_eq(rmdir(own.folder), 0, "the folder must be empty again");
        daemon_discard(&own);
    }
}

Test(process_signals, a_closed_terminal_does_not_end_it_below_nohup)
{
    struct daemon own;

    API_SKIP_WITH_NSS("the token is not the program's own");
    setenv("TEST_WRAPPER", "nohup", 1);
    start_ephemeral(&own);
    kill(own.pid, SIGHUP);
    process_pause(300);
    cr_expect(daemon_is_running(&own));
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

/* Pipes that nobody writes to: what it reads first, an option's file, a file of its own. */
Test(process_signals, a_signal_ends_a_start_that_waits_for_a_file)
{
    static const struct {
        const char *name; /* below the folder */
        const char *option;
    } rows[] = {
        { "config", "--config" },
        { "pin", NULL },
        { "pipe", "--pkcs11-pin-file" },
    };

    API_SKIP_WITH_NSS("the token is not the program's own");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char path[400];
        const char *arguments[] = { rows[i].option, path, "--pkcs11-module", SOFTHSM_MODULE, NULL };
        struct daemon own;

        daemon_prepare(&own);
        snprintf(path, sizeof(path), "%s/%s", own.folder, rows[i].name);
        cr_assert_eq(mkfifo(path, 0600), 0);
        if (i == 0) {
            arguments[2] = NULL;
        }
        cr_assert(daemon_launch(&own, rows[i].option != NULL ? arguments : arguments + 4));
        process_pause(1000);
        cr_expect(daemon_is_running(&own), "it waits for %s", rows[i].name);
        kill(own.pid, SIGTERM);
        process_expect_end(&own, 0);
        daemon_kill(&own);
        daemon_discard(&own);
    }
}
