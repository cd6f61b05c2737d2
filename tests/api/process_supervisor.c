/* SPDX-License-Identifier: Apache-2.0 */
/* What the service manager that started it is told, by the protocol of sd_notify(3). */
#include "process_tools.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

TestSuite(process_supervisor, .timeout = 180);

Test(process_supervisor, one_that_cannot_be_told_is_a_warning_and_no_failure)
{
    static const char *const names[] = { "/there/is/no/such/socket", "relative", "vsock:2:1", "@" };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        struct daemon own;

        setenv("NOTIFY_SOCKET", names[i], 1);
        daemon_prepare(&own);
        cr_assert(daemon_start(&own, NULL), "%s", names[i]);
        process_expect_answers(&own, 1);
        cr_expect(daemon_stop(&own));
        cr_expect_eq(process_count_lines(&own, "supervisor_not_told state=\"READY=1"), 1, "%s",
                     names[i]);
        daemon_discard(&own);
    }
}

Test(process_supervisor, is_told_when_it_answers_and_when_it_stops)
{
    char file[300], abstract[300];
    const char *const names[] = { file, abstract };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        struct daemon own;

        daemon_prepare(&own);
        snprintf(file, sizeof(file), "%s/notify", own.folder);
        snprintf(abstract, sizeof(abstract), "@coffer-test-%d", (int) getpid());
        int told = process_supervise(names[i]);
        cr_assert(daemon_launch(&own, NULL));
        process_expect_told(told, "STATUS=Opening the token");
        process_expect_told(told, "READY=1\nSTATUS=Serving on port ");
        process_await_file(&own, "run.json");
        cr_assert(daemon_await(&own));
        process_expect_answers(&own, 1);
        kill(own.pid, SIGTERM);
        process_expect_told(told, "STOPPING=1\nSTATUS=Finishing the requests under way");
        process_expect_end(&own, 0);
        cr_expect_eq(process_count_lines(&own, "supervisor_not_told"), 0);
        close(told);
        unlink(file);
        daemon_discard(&own);
    }
}

Test(process_supervisor, a_start_that_fails_never_says_that_it_is_ready)
{
    const char *const arguments[] = { "serve",  "--data", "/proc/nowhere",
                                      "--port", "0",      "--control-port",
                                      "0",      NULL };
    char name[300], output[1024], text[64];
    struct daemon own;

    daemon_prepare(&own);
    snprintf(name, sizeof(name), "%s/notify", own.folder);
    int told = process_supervise(name);
    cr_expect_neq(program_run(arguments, output, sizeof(output)), 0, "%s", output);
    cr_expect_lt(recv(told, text, sizeof(text), MSG_DONTWAIT), 0);
    close(told);
    unlink(name);
    daemon_discard(&own);
}
