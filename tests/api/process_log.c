/* SPDX-License-Identifier: Apache-2.0 */
/* The process whose output nobody reads. */
#include "process_tools.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(process_log, .timeout = 180);

/* A pipe that is full and that nobody reads, beside the daemon's folder. */
struct stuck {
    char path[400];
    int end; /* keeps it open for reading and writing */
};

static void make_stuck(struct stuck *stuck, const struct daemon *daemon)
{
    static const char filling[4096] = { 0 };

    snprintf(stuck->path, sizeof(stuck->path), "%s.pipe", daemon->folder);
    cr_assert_eq(mkfifo(stuck->path, 0600), 0);
    stuck->end = open(stuck->path, O_RDWR | O_NONBLOCK | O_CLOEXEC);
    cr_assert_geq(stuck->end, 0);
    while (write(stuck->end, filling, sizeof(filling)) > 0) {
        /* until it is full */
    }
}

static void discard_stuck(struct stuck *stuck)
{
    close(stuck->end);
    unlink(stuck->path);
}

static void redirect_to(const char *descriptor, const struct stuck *stuck)
{
    char redirection[500];

    snprintf(redirection, sizeof(redirection), "%s>%s", descriptor, stuck->path);
    process_redirect(redirection);
}

static const char *const debug[] = { "--log-level", "debug", NULL };

Test(process_log, serves_and_ends_although_nobody_reads_its_log)
{
    struct daemon own;
    struct stuck stuck;

    daemon_prepare(&own);
    make_stuck(&stuck, &own);
    redirect_to("2", &stuck);
    cr_assert(daemon_start(&own, debug));
    process_expect_answers(&own, 600);
    kill(own.pid, SIGTERM);
    process_expect_end(&own, 0);
    discard_stuck(&stuck);
    daemon_discard(&own);
}

Test(process_log, serves_and_ends_although_its_log_is_closed)
{
    struct daemon own;
    struct stuck stuck;

    daemon_prepare(&own);
    make_stuck(&stuck, &own);
    redirect_to("2", &stuck);
    cr_assert(daemon_start(&own, debug));
    discard_stuck(&stuck);
    process_expect_answers(&own, 10);
    kill(own.pid, SIGTERM);
    process_expect_end(&own, 0);
    daemon_discard(&own);
}

/* What is refused before there is a server, and what fails while it is made. */
Test(process_log, a_start_that_fails_ends_although_nobody_reads_why)
{
    static const char *const bad_option[] = { "--nonsense", NULL };
    static const char *const bad_vault[] = { "--vault", "a_b", NULL };
    struct daemon own;
    struct stuck stuck;

    daemon_prepare(&own);
    make_stuck(&stuck, &own);
    redirect_to("2", &stuck);
    cr_assert(daemon_launch(&own, bad_option));
    process_expect_end(&own, 2);
    cr_assert(daemon_launch(&own, bad_vault));
    process_expect_end(&own, 2);
    discard_stuck(&stuck);
    daemon_discard(&own);
}

Test(process_log, serves_and_ends_although_nobody_reads_that_it_is_ready)
{
    struct daemon own;
    struct stuck stuck;

    daemon_prepare(&own);
    make_stuck(&stuck, &own);
    redirect_to("1", &stuck);
    cr_assert(daemon_launch(&own, NULL));
    process_await_file(&own, "run.json");
    process_pause(1500);
    cr_expect_eq(process_count_lines(&own, "info ready"), 1);
    kill(own.pid, SIGTERM);
    process_expect_end(&own, 0);
    discard_stuck(&stuck);
    daemon_discard(&own);
}
