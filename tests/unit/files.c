/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>

#include <criterion/criterion.h>

#include "scratch.h"

static struct kv_buf buf;
static struct kv_err err;

static void setup(void)
{
    scratch_make();
    kv_buf_init(&buf, 100000);
}

static void teardown(void)
{
    kv_buf_done(&buf);
    scratch_remove();
}
TestSuite(files, .init = setup, .fini = teardown, .timeout = 120);

static void write_text(const char *path, const char *text)
{
    cr_assert_eq(kv_file_write(path, text, strlen(text), 0600, &err), KV_OK, "%s", err.message);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    cr_assert_eq(stat(path, &status), 0);
    return status.st_mode & 07777;
}

Test(files, refuses_a_path_that_is_too_long)
{
    char path[KV_PATH_MAX], name[KV_PATH_MAX + 100];

    memset(name, 'x', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    cr_assert_eq(kv_path_join(path, "", name, &err), KV_INTERNAL);
    cr_assert_eq(err.cause, ENAMETOOLONG);
    cr_assert_eq(kv_folder_make(name, 0700, &err), KV_INTERNAL);
    cr_assert_eq(kv_file_write(name, "", 0, 0600, &err), KV_INTERNAL);
    name[KV_PATH_MAX - 1] = '\0'; /* with the slash there is no room for the NUL */
    cr_assert_eq(kv_path_join(path, "", name, &err), KV_INTERNAL);
    name[KV_PATH_MAX - 2] = '\0'; /* with the slash and the NUL it fits to the byte */
    cr_assert_eq(kv_path_join(path, "", name, &err), KV_OK);
    cr_assert_eq(strlen(path), KV_PATH_MAX - 1);
}

Test(files, joins_folder_and_name)
{
    char path[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, "/data", "coffer.db", &err), KV_OK);
    cr_assert_str_eq(path, "/data/coffer.db");
}

Test(files, says_that_a_file_is_not_there)
{
    cr_assert_eq(kv_file_read("none", &buf, &err), KV_NOT_FOUND);
    cr_assert_not_null(strstr(err.message, "none"));
    cr_assert_not(kv_file_exists("none"));
}

Test(files, does_not_read_a_folder)
{
    cr_assert_eq(kv_file_read(scratch_folder, &buf, &err), KV_INTERNAL);
    cr_assert_eq(err.cause, EISDIR);
    cr_assert_not_null(strstr(err.message, scratch_folder));
}

Test(files, does_not_read_more_than_the_buffer_takes)
{
    static const char text[5001] = "large";

    cr_assert_eq(kv_file_write("large", text, sizeof(text), 0600, &err), KV_OK);
    kv_buf_init(&buf, 5000);
    cr_assert_eq(kv_file_read("large", &buf, &err), KV_INTERNAL);
    cr_assert_eq(err.cause, EFBIG);
    cr_assert_not_null(strstr(err.message, "large"));
}

Test(files, reads_a_file_of_exactly_the_maximum)
{
    static const char text[5000] = "large";

    cr_assert_eq(kv_file_write("large", text, sizeof(text), 0600, &err), KV_OK);
    kv_buf_init(&buf, 5000);
    cr_assert_eq(kv_file_read("large", &buf, &err), KV_OK);
    cr_assert_eq(buf.len, 5000);
}

Test(files, reads_behind_what_the_buffer_holds)
{
    write_text("file", "two");
    cr_assert_eq(kv_buf_append(&buf, "one ", 4, &err), KV_OK);
    cr_assert_eq(kv_file_read("file", &buf, &err), KV_OK);
    cr_assert_str_eq(buf.data, "one two");
}

/* Writes to the pipe in a while, from another process. */
static void write_later(const char *path, const char *text)
{
    const struct timespec pause = { .tv_nsec = 100000000 };
    pid_t child = fork();

    cr_assert_geq(child, 0);
    if (child == 0) {
        nanosleep(&pause, NULL);
        int descriptor = open(path, O_WRONLY);
        bool written = write(descriptor, text, 2) == 2 && nanosleep(&pause, NULL) == 0
                       && write(descriptor, text + 2, strlen(text + 2)) > 0;
        _exit(written ? 0 : 1);
    }
}

Test(files, waits_for_the_end_of_a_pipe)
{
    cr_assert_eq(mkfifo("pipe", 0600), 0);
    write_later("pipe", "piecemeal");
    cr_assert_eq(kv_file_read("pipe", &buf, &err), KV_OK, "%s", err.message);
    cr_assert_str_eq(buf.data, "piecemeal");
}

Test(files, does_not_wait_for_a_pipe_when_a_signal_comes)
{
    sigset_t set;

    cr_assert_eq(mkfifo("pipe", 0600), 0);
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    kill(getpid(), SIGTERM);
    cr_expect_eq(kv_file_read("pipe", &buf, &err), KV_INTERNAL);
    cr_expect_str_eq(err.message, "cannot read pipe: a signal ended the wait");
    cr_expect_eq(sigwait(&set, &(int){ 0 }), 0);
}

Test(files, writes_with_the_mode_whatever_the_umask)
{
    umask(0777);
    write_text("file", "secret");
    umask(0);
    cr_assert_eq(mode_of("file"), 0600);
    cr_assert_eq(kv_file_write("file", "public", 6, 0644, &err), KV_OK);
    cr_assert_eq(mode_of("file"), 0644);
}

Test(files, writes_lightly_as_well)
{
    write_text("file", "what was there before");
    cr_assert_eq(kv_file_write_lightly("none/file", "new", 3, 0644, &err), KV_INTERNAL);
    cr_assert_eq(kv_file_write_lightly("file", "new", 3, 0644, &err), KV_OK);
    cr_assert_eq(kv_file_read("file", &buf, &err), KV_OK);
    cr_assert_str_eq(buf.data, "new");
    cr_assert_eq(mode_of("file"), 0644);
}

Test(files, replaces_a_file_and_leaves_nothing_beside_it)
{
    write_text("file", "a long first text");
    write_text("file", "second");
    cr_assert_eq(kv_file_read("file", &buf, &err), KV_OK);
    cr_assert_str_eq(buf.data, "second");
    cr_assert_eq(unlink("file"), 0);
    cr_assert_eq(rmdir(scratch_folder), 0, "nothing is left");
    cr_assert_eq(mkdir(scratch_folder, 0700), 0);
}

Test(files, overcomes_what_an_interrupted_write_left)
{
    write_text("file.new", "half");
    write_text("file", "whole");
    cr_assert_eq(kv_file_read("file", &buf, &err), KV_OK);
    cr_assert_str_eq(buf.data, "whole");
}

Test(files, replaces_a_link_and_not_what_it_points_to)
{
    write_text("target", "untouched");
    cr_assert_eq(symlink("target", "link"), 0);
    cr_assert_eq(symlink("target", "link.new"), 0);
    write_text("link", "new");
    cr_assert_eq(kv_file_read("target", &buf, &err), KV_OK);
    cr_assert_str_eq(buf.data, "untouched");
}

Test(files, keeps_the_old_file_when_the_new_one_cannot_be_written)
{
    const struct rlimit limit = { .rlim_cur = 4, .rlim_max = 4 };
    int status = 0;

    write_text("file", "old");
    pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        signal(SIGXFSZ, SIG_IGN);
        bool fails = setrlimit(RLIMIT_FSIZE, &limit) == 0
                     && kv_file_write("file", "too long", 8, 0600, &err) == KV_INTERNAL
                     && err.cause == EFBIG;
        _exit(fails ? 0 : 1);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
    cr_assert_eq(kv_file_read("file", &buf, &err), KV_OK);
    cr_assert_str_eq(buf.data, "old");
    cr_assert_not(kv_file_exists("file.new"));
}

Test(files, does_not_replace_a_folder)
{
    cr_assert_eq(kv_folder_make("folder", 0700, &err), KV_OK);
    cr_assert_eq(kv_file_write("folder", "x", 1, 0600, &err), KV_INTERNAL);
    cr_assert_eq(err.cause, EISDIR);
    cr_assert_not(kv_file_exists("folder.new"));
}

Test(files, does_not_write_into_a_missing_folder)
{
    cr_assert_eq(kv_file_write("none/file", "x", 1, 0600, &err), KV_INTERNAL);
    cr_assert_eq(err.cause, ENOENT);
}

Test(files, does_not_make_a_folder_below_a_file)
{
    write_text("file", "x");
    cr_assert_eq(kv_folder_make("file", 0700, &err), KV_INTERNAL);
    cr_assert_eq(err.cause, ENOTDIR);
    cr_assert_eq(kv_folder_make("file/below", 0700, &err), KV_INTERNAL);
    cr_assert_eq(err.cause, ENOTDIR);
}

Test(files, makes_a_folder_with_its_parents_from_the_root)
{
    char path[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, scratch_folder, "a/b", &err), KV_OK);
    cr_assert_eq(kv_folder_make(path, 0700, &err), KV_OK);
    cr_assert(kv_file_exists("a/b"));
}

Test(files, makes_a_folder_with_its_parents)
{
    umask(0);
    cr_assert_eq(kv_folder_make("a//b/c/", 0700, &err), KV_OK);
    cr_assert_eq(kv_folder_make("a//b/c/", 0700, &err), KV_OK, "one that is there is fine");
    cr_assert_eq(mode_of("a"), 0700);
    cr_assert_eq(mode_of("a/b/c"), 0700);
}

Test(files, says_that_a_folder_to_remove_is_not_there)
{
    cr_assert_eq(kv_folder_remove("none", &err), KV_INTERNAL);
    cr_assert_eq(err.cause, ENOENT);
}

Test(files, removes_a_folder_but_nothing_that_links_point_to)
{
    cr_assert_eq(kv_folder_make("folder/a/b", 0700, &err), KV_OK);
    write_text("folder/a/b/file", "x");
    cr_assert_eq(kv_folder_make("kept", 0700, &err), KV_OK);
    write_text("kept/file", "x");
    cr_assert_eq(symlink("../../kept", "folder/a/link"), 0);

    cr_assert_eq(kv_folder_remove("folder", &err), KV_OK);
    cr_assert_not(kv_file_exists("folder"));
    cr_assert(kv_file_exists("kept/file"));
}

Test(files, removes_a_link_to_a_folder_as_a_link)
{
    write_text("file", "x");
    cr_assert_eq(symlink(scratch_folder, "link"), 0);
    cr_assert_eq(kv_folder_remove("link", &err), KV_OK);
    cr_assert(kv_file_exists("file"));
}

Test(files, refuses_a_second_lock_on_a_folder)
{
    int first = -1, second = -1;

    cr_assert_eq(kv_folder_lock(scratch_folder, &first, &err), KV_OK);
    cr_assert_eq(kv_folder_lock(scratch_folder, &second, &err), KV_CONFLICT);
    cr_assert_not_null(strstr(err.message, scratch_folder));
    cr_assert_eq(second, -1);

    cr_assert_eq(close(first), 0);
    cr_assert_eq(kv_folder_lock(scratch_folder, &second, &err), KV_OK);
    cr_assert_eq(close(second), 0);
}

Test(files, does_not_lock_a_missing_folder)
{
    int descriptor = -1;

    cr_assert_eq(kv_folder_lock("none", &descriptor, &err), KV_INTERNAL);
    cr_assert_eq(err.cause, ENOENT);
}

Test(files, does_not_pass_its_lock_to_programs_it_starts)
{
    int descriptor = -1;

    cr_assert_eq(kv_folder_lock(scratch_folder, &descriptor, &err), KV_OK);
    cr_assert_neq(fcntl(descriptor, F_GETFD) & FD_CLOEXEC, 0);
    cr_assert_eq(close(descriptor), 0);
}
