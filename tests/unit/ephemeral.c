/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/ephemeral.h"

#include <string.h>
#include <sys/statfs.h>

#include <criterion/criterion.h>
#include <linux/magic.h>

#include "scratch.h"

TestSuite(ephemeral, .init = scratch_make, .fini = scratch_remove, .timeout = 120);

static bool is_memory(const char *path)
{
    struct statfs status;

    return statfs(path, &status) == 0 && status.f_type == TMPFS_MAGIC;
}

/* A folder as a start makes it; its lock, which is held until it is closed. */
static int make_marked(const char *folder)
{
    char path[KV_PATH_MAX];
    struct kv_err err;
    int lock;

    cr_assert_eq(kv_folder_make(folder, 0700, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_folder_lock(folder, &lock, &err), KV_OK, "%s", err.message);
    cr_assert_eq(kv_path_join(path, folder, KV_EPHEMERAL_MARK, &err), KV_OK);
    cr_assert_eq(kv_file_write(path, "", 0, 0600, &err), KV_OK, "%s", err.message);
    return lock;
}

struct sight {
    char path[KV_PATH_MAX];
    unsigned count, alive;
};

static void count_ours(const char *path, bool is_alive, void *context)
{
    struct sight *sight = context;

    if (strstr(path, sight->path) != NULL) {
        sight->count++;
        sight->alive += is_alive;
    }
}

Test(ephemeral, a_given_folder_is_taken_whatever_it_is_on)
{
    setenv("TMPDIR", scratch_folder, 1);
    cr_expect_str_eq(kv_ephemeral_base(), scratch_folder);
}

Test(ephemeral, a_relative_folder_is_not_taken)
{
    setenv("TMPDIR", "here", 1);
    cr_expect_eq(kv_ephemeral_base()[0], '/');
}

Test(ephemeral, where_nothing_is_given_memory_is_taken_or_the_disk)
{
    unsetenv("TMPDIR");
    unsetenv("XDG_RUNTIME_DIR");

    const char *base = kv_ephemeral_base();

    if (strcmp(base, "/tmp") != 0) {
        cr_expect_str_eq(base, "/dev/shm");
        cr_expect(is_memory(base));
    }
}

/* No folder that is no tmpfs, is not there, or that SoftHSM cannot read the name of. */
Test(ephemeral, a_runtime_folder_that_is_no_good_is_left_alone)
{
    static const char *const bad[] = { "", "run", "/nowhere/to/be/found", "/dev/shm/a#b", "/proc" };

    unsetenv("TMPDIR");
    for (size_t i = 0; i < KV_COUNT(bad); i++) {
        setenv("XDG_RUNTIME_DIR", bad[i], 1);
        cr_expect_str_neq(kv_ephemeral_base(), bad[i]);
    }
}

Test(ephemeral, one_is_found_once_by_whatever_name_its_place_has)
{
    struct sight sight = { .count = 0 };
    char folder[KV_PATH_MAX], runtime[KV_PATH_MAX];
    struct kv_err err;

    unsetenv("TMPDIR");
    cr_assert_eq(kv_path_join(folder, scratch_folder, "coffer-abcdef", &err), KV_OK);
    cr_assert_eq(kv_path_join(runtime, scratch_folder, ".", &err), KV_OK);
    (void) snprintf(sight.path, sizeof(sight.path), "/coffer-abcdef");
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    int lock = make_marked(folder);

    kv_ephemeral_each(count_ours, &sight);
    cr_expect_eq(sight.count, 1, "%u", sight.count);
    cr_expect_eq(sight.alive, 1);
    close(lock);
    kv_ephemeral_each(count_ours, &sight);
    cr_expect_eq(sight.count, 2, "a dead one is found, too");
    cr_expect_eq(sight.alive, 1);
}

Test(ephemeral, a_place_is_looked_through_once_and_not_beside_a_given_one)
{
    char folder[] = "/tmp/" KV_EPHEMERAL_TEMPLATE;
    struct sight sight = { .count = 0 };

    unsetenv("TMPDIR");
    setenv("XDG_RUNTIME_DIR", "/tmp/", 1);
    cr_assert_not_null(mkdtemp(folder));
    (void) snprintf(sight.path, sizeof(sight.path), "%s", strrchr(folder, '/'));
    int lock = make_marked(folder);

    kv_ephemeral_each(count_ours, &sight);
    cr_expect_eq(sight.count, 1, "%u", sight.count);
    setenv("TMPDIR", "/nowhere/to/be/found", 1);
    kv_ephemeral_each(count_ours, &sight);
    cr_expect_eq(sight.count, 1);
    close(lock);
    cr_expect_eq(kv_folder_remove(folder, NULL), KV_OK);
}
