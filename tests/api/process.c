/* SPDX-License-Identifier: Apache-2.0 */
/* The process: signals, descriptors, limits, and what is left behind. */
#include "../support/api.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

TestSuite(process, .timeout = 180);

static const char *const ephemeral[] = { "--ephemeral", NULL };

static void pause_for(long ms)
{
    const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    nanosleep(&pause, NULL);
}

static void start_ephemeral(struct daemon *own)
{
    daemon_prepare(own);
    setenv("TMPDIR", own->folder, 1);
    cr_assert(daemon_start(own, ephemeral));
}

Test(process, signals_within_a_second_count_as_one)
{
    struct daemon own;
    int status = -1;

    API_SKIP_WITH_NSS("the token is not the program's own");
    start_ephemeral(&own);
    for (int i = 0; i < 10; i++) {
        kill(own.pid, i % 2 == 0 ? SIGTERM : SIGINT);
        pause_for(2);
    }
    cr_expect_eq(waitpid(own.pid, &status, 0), own.pid);
    cr_expect_eq(status, 0, "%d", status);
    cr_expect_eq(rmdir(own.folder), 0, "the folder must be empty again");
    own.pid = 0;
    daemon_discard(&own);
}

static size_t count_lines(const struct daemon *daemon, const char *part)
{
    char line[8192];
    FILE *log = fopen(daemon->log, "r");
    size_t count = 0;

    while (fgets(line, sizeof(line), log) != NULL) {
        count += strstr(line, part) != NULL;
    }
    fclose(log);
    return count;
}

Test(process, a_start_removes_what_a_killed_one_left_and_nothing_else)
{
    struct daemon own;
    struct daemon second;

    API_SKIP_WITH_NSS("the token is not the program's own");
    start_ephemeral(&own);
    daemon_prepare(&second);
    cr_assert(daemon_start(&second, ephemeral));
    cr_expect_eq(count_lines(&second, "stale_folder_removed"), 0, "the first one lives");
    daemon_kill(&own);
    cr_expect(daemon_stop(&second));
    cr_expect_neq(rmdir(own.folder), 0, "a killed one leaves its folder");
    cr_assert(daemon_start(&own, ephemeral));
    cr_expect_eq(count_lines(&own, "stale_folder_removed"), 1);
    cr_expect(daemon_stop(&own));
    cr_expect_eq(rmdir(own.folder), 0, "the folder must be empty again");
    daemon_discard(&own);
    daemon_discard(&second);
}

Test(process, closed_standard_descriptors_become_no_file_of_its_own)
{
    char path[64];
    char target[400];
    struct daemon own;

    daemon_prepare(&own);
    int saved = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 10);
    close(STDIN_FILENO); /* 1 and 2 are given to it by daemon_launch() */
    bool started = daemon_start(&own, NULL);
    if (saved >= 0) {
        dup2(saved, STDIN_FILENO);
    }
    cr_assert(started);
    snprintf(path, sizeof(path), "/proc/%d/fd/0", own.pid);
    ssize_t len = readlink(path, target, sizeof(target) - 1);
    cr_assert_gt(len, 0);
    target[len] = '\0';
    cr_expect_str_eq(target, "/dev/null");
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(process, a_file_that_may_not_grow_fails_the_write_and_no_more)
{
    static const struct rlimit none = { 0, RLIM_INFINITY };
    static const struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
    struct daemon own;

    API_SKIP_WITH_NSS("the token is not the program's own");
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    {
        API_CLIENT_OF(&own, dev);

        cr_assert_eq(prlimit(own.pid, RLIMIT_FSIZE, &none, NULL), 0);
        API_REPLY(reply, client_call(&dev, "POST", "/keys/full/create", "{\"kty\":\"EC\"}"));
        cr_expect_geq(reply.status, 500, "%d %s", reply.status, reply.body);
        cr_assert(daemon_is_running(&own));
        cr_assert_eq(prlimit(own.pid, RLIMIT_FSIZE, &all, NULL), 0);
    }
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

/* A purged key whose object cannot be destroyed: the housekeeper tries, at its leisure. */
Test(process, a_token_that_is_away_fills_no_log)
{
    struct daemon own;
    char version[33];
    char from[400];
    char to[400];

    API_SKIP_WITH_NSS("the token is not the program's own");
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    {
        API_CLIENT_OF(&own, dev);

        api_create_key(&dev, "orphan", "", version);
        snprintf(from, sizeof(from), "%s/tokens", own.folder);
        snprintf(to, sizeof(to), "%s/tokens-away", own.folder);
        cr_assert_eq(rename(from, to), 0);
        API_REPLY(gone, client_call(&dev, "DELETE", "/keys/orphan", NULL));
        API_REPLY(purged, client_call(&dev, "DELETE", "/deletedkeys/orphan", NULL));
        API_REPLY(made, client_call(&dev, "POST", "/keys/other/create", "{\"kty\":\"EC\"}"));
        pause_for(3000);
        cr_expect_geq(count_lines(&own, "token_lost"), 1);
        cr_expect_leq(count_lines(&own, "tidying_failed"), 1);
        cr_assert_eq(rename(to, from), 0);
    }
    daemon_stop(&own);
    daemon_discard(&own);
}

/* A pipe that is full and that nobody reads, in the daemon's folder. */
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

/* From now on a shell redirects the daemon's descriptors and then becomes the daemon. */
static void redirect(const char *redirection)
{
    const char *before = getenv("TEST_WRAPPER");
    char wrapper[1024];

    snprintf(wrapper, sizeof(wrapper), "sh -c exec\t\"$0\"\t\"$@\"\t%s %s", redirection,
             before != NULL ? before : "");
    setenv("TEST_WRAPPER", wrapper, 1);
}

static void redirect_to(const char *descriptor, const struct stuck *stuck)
{
    char redirection[500];

    snprintf(redirection, sizeof(redirection), "%s>%s", descriptor, stuck->path);
    redirect(redirection);
}

/* Waits for the end, a few seconds at most, and expects that status. */
static void expect_end(struct daemon *own, int wanted)
{
    int status = -1;
    int tries = 0;

    while (waitpid(own->pid, &status, WNOHANG) == 0 && tries++ < 1000) {
        pause_for(5);
    }
    cr_expect(tries <= 1000 && WIFEXITED(status) && WEXITSTATUS(status) == wanted, "%d %d", tries,
              status);
    if (tries > 1000) {
        daemon_kill(own);
    }
    own->pid = 0;
}

static void expect_answers(struct daemon *own, int count)
{
    API_CLIENT_OF(own, dev);

    for (int i = 0; i < count; i++) {
        API_REPLY(reply, client_call(&dev, "GET", "/keys/nobody", NULL));
        cr_assert_eq(reply.status, 404, "%d: %ld", i, reply.status);
    }
}

static const char *const debug[] = { "--log-level", "debug", NULL };

Test(process, serves_and_ends_although_nobody_reads_its_log)
{
    struct daemon own;
    struct stuck stuck;

    daemon_prepare(&own);
    make_stuck(&stuck, &own);
    redirect_to("2", &stuck);
    cr_assert(daemon_start(&own, debug));
    expect_answers(&own, 600);
    kill(own.pid, SIGTERM);
    expect_end(&own, 0);
    discard_stuck(&stuck);
    daemon_discard(&own);
}

Test(process, serves_and_ends_although_its_log_is_closed)
{
    struct daemon own;
    struct stuck stuck;

    daemon_prepare(&own);
    make_stuck(&stuck, &own);
    redirect_to("2", &stuck);
    cr_assert(daemon_start(&own, debug));
    discard_stuck(&stuck);
    expect_answers(&own, 10);
    kill(own.pid, SIGTERM);
    expect_end(&own, 0);
    daemon_discard(&own);
}

/* What is refused before there is a server, and what fails while it is made. */
Test(process, a_start_that_fails_ends_although_nobody_reads_why)
{
    static const char *const bad_option[] = { "--nonsense", NULL };
    static const char *const bad_vault[] = { "--vault", "a_b", NULL };
    struct daemon own;
    struct stuck stuck;

    daemon_prepare(&own);
    make_stuck(&stuck, &own);
    redirect_to("2", &stuck);
    cr_assert(daemon_launch(&own, bad_option));
    expect_end(&own, 2);
    cr_assert(daemon_launch(&own, bad_vault));
    expect_end(&own, 2);
    discard_stuck(&stuck);
    daemon_discard(&own);
}

static void await_file(const struct daemon *own, const char *name)
{
    char path[400];

    snprintf(path, sizeof(path), "%s/%s", own->folder, name);
    for (int tries = 0; access(path, F_OK) != 0; tries++) {
        cr_assert_lt(tries, 6000, "%s", path);
        pause_for(5);
    }
}

Test(process, serves_and_ends_although_nobody_reads_that_it_is_ready)
{
    struct daemon own;
    struct stuck stuck;

    daemon_prepare(&own);
    make_stuck(&stuck, &own);
    redirect_to("1", &stuck);
    cr_assert(daemon_launch(&own, NULL));
    await_file(&own, "run.json");
    pause_for(1500);
    cr_expect_eq(count_lines(&own, "info ready"), 1);
    kill(own.pid, SIGTERM);
    expect_end(&own, 0);
    discard_stuck(&stuck);
    daemon_discard(&own);
}
