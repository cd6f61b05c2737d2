/* SPDX-License-Identifier: Apache-2.0 */
/* What requests that wait cost, when there are thousands of them. */
#include <criterion/criterion.h>

#include <dirent.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "listener_held.h"

#define MANY 4000
#define KIB_EACH 24 /* a wait with its connection; measured: 9 */

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define MEMORY_IS_OURS false
#else
#define MEMORY_IS_OURS true
#endif

TestSuite(many_waits, .init = setup_waits, .timeout = 300);

static size_t count_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    size_t count = 0;

    cr_assert_not_null(folder);
    while (readdir(folder) != NULL) {
        count++;
    }
    closedir(folder);
    return count;
}

static size_t count_kib(void)
{
    unsigned long all = 0, resident = 0;
    FILE *file = fopen("/proc/self/statm", "r");

    cr_assert_not_null(file);
    cr_assert_eq(fscanf(file, "%lu %lu", &all, &resident), 2);
    fclose(file);
    return resident * (size_t) sysconf(_SC_PAGESIZE) / 1024;
}

/* Each of both ends has a descriptor. False when the system does not let us. */
static bool allow_descriptors(rlim_t count)
{
    struct rlimit limit;

    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    if (limit.rlim_cur < count) {
        limit.rlim_cur = count < limit.rlim_max ? count : limit.rlim_max;
        (void) setrlimit(RLIMIT_NOFILE, &limit);
    }
    return limit.rlim_cur >= count;
}

static struct raw many[MANY];

static void begin_many(const char *request)
{
    for (size_t i = 0; i < MANY; i++) {
        send_request(&many[i], false, request);
    }
    await_waiting(MANY);
}

Test(many_waits, of_4000_at_once_cost_no_thread_and_little_memory)
{
    struct kv_err err;

    if (!allow_descriptors(2 * MANY + 100)) {
        cr_skip_test("fewer than %d descriptors", 2 * MANY + 100);
    }
    config.connections = MANY + 10;
    config.waits = MANY;
    lanes.work_queue = MANY;
    start_waits(false);
    size_t threads = count_threads(), before = count_kib();
    begin_many(SMALL "At-Step: virtual 1000000\r\n\r\n");
    size_t each = (count_kib() - before) / MANY;
    cr_expect_eq(count_threads(), threads);
    cr_expect(!MEMORY_IS_OURS || each <= KIB_EACH, "%zu KiB each", each);

    cr_assert_eq(kv_clock_shift(site.clock, 1000000, &err), KV_OK);
    for (size_t i = 0; i < MANY; i++) {
        expect_text(&many[i], REAL);
        raw_close(&many[i]);
    }
    cr_expect_eq(site.app.handled, MANY);
    test_site_stop(&site);
}

Test(many_waits, of_4000_at_once_do_not_hold_up_the_end)
{
    if (!allow_descriptors(2 * MANY + 100)) {
        cr_skip_test("fewer than %d descriptors", 2 * MANY + 100);
    }
    config.connections = MANY + 10;
    config.waits = MANY;
    start_waits(false);
    begin_many(SMALL "At-Step: hang\r\n\r\n");
    (void) drain(NULL);
    for (size_t i = 0; i < MANY; i++) {
        expect_nothing(&many[i]);
        raw_close(&many[i]);
    }
    test_site_stop(&site);
}
