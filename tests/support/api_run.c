/* SPDX-License-Identifier: Apache-2.0 */
#include "api_run.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <criterion/options.h>

#include "api.h"

/* client_send() asks proof.c where that is linked, and out of a library it is only when it is named. */
__attribute__((used)) static void (*const with_proofs)(const char *) = api_proves;

/*
 * Criterion has a process of its own. It looks for the end of its tests among all children of the
 * process it runs in, and takes none but a test: a daemon that died would be found for ever, and the
 * tests behind it never.
 */
static pid_t start_tests(struct criterion_test_set *tests)
{
    pid_t pid = fork();
    bool passed;

    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        passed = criterion_run_all_tests(tests);
        criterion_finalize(tests);
        exit(passed ? 0 : 1);
    }
    return pid;
}

/* True when all have passed. When the daemon ends first, so do they: none could. */
static bool wait_for_tests(pid_t tests, struct daemon *daemon)
{
    siginfo_t end = { .si_pid = 0 };
    int status;

    if (waitid(P_ALL, 0, &end, WEXITED | WNOWAIT) != 0 || end.si_pid != tests) {
        kill(tests, SIGKILL);
        daemon_report_end(daemon);
    }
    return waitpid(tests, &status, 0) == tests && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static int run_with_daemon(struct criterion_test_set *tests, const char *const *arguments)
{
    struct daemon daemon;
    bool passed;
    bool stopped;

    daemon_prepare(&daemon);
    if (!daemon_start(&daemon, arguments)) {
        fputs("the daemon did not start\n", stderr);
        return 1;
    }
    api_publish_daemon(&daemon);
    passed = wait_for_tests(start_tests(tests), &daemon);
    stopped = daemon.pid > 0 && daemon_stop(&daemon);
    if (stopped) {
        daemon_discard(&daemon);
    }
    return passed && stopped ? 0 : 1;
}

int api_run(int argc, char **argv, const char *const *arguments)
{
    struct criterion_test_set *tests;
    int status = 0;

    curl_global_init(CURL_GLOBAL_DEFAULT);
    tests = criterion_initialize();
    if (criterion_handle_args(argc, argv, true)) {
        status = run_with_daemon(tests, arguments);
    }
    criterion_finalize(tests);
    return status;
}
