/* SPDX-License-Identifier: Apache-2.0 */
/* The log once it has its thread: standard error is a small pipe, or what the test makes it. */
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "kv/base/clock.h"
#include "kv/base/log.h"

#define MANY 20000 /* lines, more than the queue holds */

static int reader = -1, saved;
static char line[8192];

static void setup(void)
{
    saved = dup(STDERR_FILENO);
}

/* Without a reader, what waits is dropped: it must not go to the test's own standard error. */
static void teardown(void)
{
    close(reader);
    kv_log_flush();
    dup2(saved, STDERR_FILENO);
    close(saved);
}
TestSuite(log_queue, .init = setup, .fini = teardown, .timeout = 120);

static void use_pipe(void)
{
    int ends[2];

    cr_assert_eq(pipe2(ends, O_CLOEXEC), 0);
    cr_assert_gt(fcntl(ends[1], F_SETPIPE_SZ, 4096), 0);
    cr_assert_eq(dup2(ends[1], STDERR_FILENO), STDERR_FILENO);
    close(ends[1]);
    reader = ends[0];
}

static void use_full_disk(void)
{
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);

    cr_assert_geq(full, 0);
    cr_assert_eq(dup2(full, STDERR_FILENO), STDERR_FILENO);
    close(full);
}

static void start(void)
{
    struct kv_err err;

    kv_log_setup(KV_LOG_INFO, KV_LOG_TEXT);
    cr_assert_eq(kv_log_start(&err), KV_OK);
}

static void log_numbers(int from, int to)
{
    for (int i = from; i < to; i++) {
        kv_log(KV_LOG_INFO, "event", KV_LOG_NUMBER_FIELD("n", i));
    }
}

/* The next line of the pipe in `line`; false when none comes for a second. */
static bool read_pipe_line(void)
{
    struct pollfd wait = { .fd = reader, .events = POLLIN };
    size_t len = 0;

    while (len + 1 < sizeof(line) && poll(&wait, 1, 1000) == 1
           && read(reader, line + len, 1) == 1) {
        if (line[len] == '\n') {
            line[len] = '\0';
            return true;
        }
        len++;
    }
    return false;
}

static long number_after(const char *part)
{
    const char *found = strstr(line, part);
    long number = -1;

    if (found != NULL && sscanf(found + strlen(part), "%ld", &number) != 1) {
        number = -1;
    }
    return number;
}

Test(log_queue, keeps_the_order_of_its_lines)
{
    use_pipe();
    start();
    log_numbers(0, 500);
    for (int i = 0; i < 500; i++) {
        cr_assert(read_pipe_line());
        cr_assert_eq(number_after(" event n="), i, "%d: %s", i, line);
    }
}

/* Whether the thread works, naps or sleeps just then: each pause is longer than the one before. */
Test(log_queue, forgets_no_line_whatever_its_thread_is_doing)
{
    use_pipe();
    start();
    for (int i = 0; i < 60; i++) {
        const struct timespec pause = { .tv_nsec = i * 200000 };

        log_numbers(2 * i, 2 * i + 1);
        nanosleep(&pause, NULL);
        log_numbers(2 * i + 1, 2 * i + 2);
        cr_assert(read_pipe_line());
        cr_assert_eq(number_after(" event n="), 2 * i, "%d: %s", i, line);
        cr_assert(read_pipe_line());
        cr_assert_eq(number_after(" event n="), 2 * i + 1, "%d: %s", i, line);
    }
}

/* Those that were queued come first and whole, then the count of the others, then the new ones. */
Test(log_queue, never_waits_for_a_reader_and_tells_how_many_lines_it_lost)
{
    long next = 0;
    long lost = -1;

    use_pipe();
    start();
    log_numbers(0, MANY);
    while (lost < 0) {
        cr_assert(read_pipe_line());
        lost = number_after(" warning log_lines_lost count=");
        cr_assert(lost > 0 || number_after(" event n=") == next, "%ld: %s", next, line);
        next += lost < 0;
    }
    cr_assert_gt(next, 1000);
    cr_assert_eq(next + lost, MANY);
    log_numbers(MANY, MANY + 1);
    cr_assert(read_pipe_line());
    cr_assert_eq(number_after(" event n="), MANY, "%s", line);
}

Test(log_queue, tells_what_a_full_disk_lost_once_there_is_room)
{
    use_full_disk();
    start();
    log_numbers(0, 10);
    kv_log_flush();
    log_numbers(10, 13);
    kv_log_flush();
    use_pipe();
    log_numbers(13, 14);
    cr_assert(read_pipe_line());
    cr_assert_eq(number_after(" warning log_lines_lost count="), 13, "%s", line);
    cr_assert(read_pipe_line());
    cr_assert_eq(number_after(" event n="), 13, "%s", line);
    cr_assert_not(read_pipe_line());
}

Test(log_queue, tells_lost_lines_whatever_its_level_and_in_its_format)
{
    use_full_disk();
    start();
    kv_log_setup(KV_LOG_ERROR, KV_LOG_JSON);
    kv_log(KV_LOG_ERROR, "event", KV_LOG_NUMBER_FIELD("n", 0));
    kv_log_flush();
    use_pipe();
    kv_log(KV_LOG_ERROR, "event", KV_LOG_NUMBER_FIELD("n", 1));
    cr_assert(read_pipe_line());
    cr_assert_not_null(
        strstr(line, "\"level\":\"warning\",\"event\":\"log_lines_lost\",\"count\":1}"), "%s",
        line);
}

Test(log_queue, waits_at_the_end_for_its_lines_but_no_longer_than_about_a_second)
{
    use_pipe();
    start();
    log_numbers(0, 10);
    kv_log_flush();
    for (int i = 0; i < 10; i++) {
        struct pollfd wait = { .fd = reader, .events = POLLIN };

        cr_assert_eq(poll(&wait, 1, 0), 1, "all is out when the flush is over");
        cr_assert(read_pipe_line());
    }
    log_numbers(0, MANY);
    kv_millis before = kv_clock_monotonic();
    kv_log_flush();
    kv_millis took = kv_clock_monotonic() - before;
    cr_assert(took >= 900 && took < 20000, "%lld", (long long) took);
}

Test(log_queue, says_a_text_as_it_stands_behind_the_lines_before_it)
{
    use_pipe();
    start();
    log_numbers(0, 1);
    kv_log_say("coffer: no\nreally\n");
    cr_assert(read_pipe_line());
    cr_assert(read_pipe_line());
    cr_assert_str_eq(line, "coffer: no");
    cr_assert(read_pipe_line());
    cr_assert_str_eq(line, "really");
}

/* Whoever shares the descriptor may have made it so; then only the thread waits. */
Test(log_queue, loses_nothing_for_a_descriptor_that_does_not_block)
{
    use_pipe();
    cr_assert_eq(fcntl(STDERR_FILENO, F_SETFL, O_NONBLOCK), 0);
    start();
    log_numbers(0, 500);
    for (int i = 0; i < 500; i++) {
        cr_assert(read_pipe_line());
        cr_assert_eq(number_after(" event n="), i, "%d: %s", i, line);
    }
}

#define THREADS 4
#define EACH 200

static void *log_as(void *argument)
{
    for (int i = 0; i < EACH; i++) {
        kv_log(KV_LOG_INFO, "event", KV_LOG_NUMBER_FIELD("thread", (intptr_t) argument),
               KV_LOG_NUMBER_FIELD("n", i));
    }
    return NULL;
}

Test(log_queue, keeps_the_order_of_each_of_several_threads)
{
    pthread_t threads[THREADS];
    long next[THREADS] = { 0 };

    use_pipe();
    start();
    for (intptr_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, log_as, (void *) i), 0);
    }
    for (int i = 0; i < THREADS * EACH; i++) {
        cr_assert(read_pipe_line());
        long thread = number_after(" thread=");
        cr_assert(thread >= 0 && thread < THREADS, "%s", line);
        cr_assert_eq(number_after(" n="), next[thread]++, "%s", line);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
}
