/* SPDX-License-Identifier: Apache-2.0 */
/* Which files are private enough for a secret. */
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "kv/base/private_file.h"
#include "scratch.h"

TestSuite(private_file, .init = scratch_make, .fini = scratch_remove, .timeout = 60);

#define NOBODY 65534

static struct kv_err err;

static void make(const char *path, mode_t mode)
{
    cr_assert_eq(kv_file_write(path, "x", 1, mode, &err), KV_OK, "%s", err.message);
}

static mode_t mode_of(const char *path)
{
    struct stat status;

    cr_assert_eq(stat(path, &status), 0);
    return status.st_mode & 07777;
}

Test(private_file, is_none_that_others_read_or_write)
{
    static const mode_t rows[] = { 0604, 0602, 0601, 0620, 0610, 0644, 0666, 0660, 0777 };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        make("file", rows[i]);
        cr_expect_eq(kv_private_file_check("file", &err), KV_BAD_PARAMETER, "%04o", rows[i]);
    }
    make("file", 0644);
    cr_assert_eq(kv_private_file_check("file", &err), KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message,
                     "file has mode 0644, so others can read it or change it: chmod 0600 file");
}

Test(private_file, is_judged_where_a_link_leads)
{
    make("file", 0644);
    cr_assert_eq(symlink("file", "link"), 0);
    cr_expect_eq(kv_private_file_check("link", &err), KV_BAD_PARAMETER);
    cr_assert_eq(chmod("file", 0600), 0);
    cr_expect_eq(kv_private_file_check("link", &err), KV_OK);
}

Test(private_file, may_be_a_pipe_and_need_not_be_there)
{
    cr_assert_eq(mkfifo("pipe", 0666), 0);
    cr_assert_eq(chmod("pipe", 0666), 0);
    cr_expect_eq(kv_private_file_check("pipe", &err), KV_OK);
    cr_expect_eq(kv_private_file_check("absent", &err), KV_OK);
    cr_expect_eq(kv_private_file_check("/dev/null", &err), KV_OK);
}

Test(private_file, is_one_that_only_its_owner_may_use)
{
    static const mode_t rows[] = { 0600, 0400, 0700, 0500 };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        make("file", rows[i]);
        cr_expect_eq(kv_private_file_check("file", &err), KV_OK, "%04o", rows[i]);
    }
}

/* As a Kubernetes secret with an fsGroup is mounted. From here on somebody else looks at the files of
 * root, as coffer in a container does: that takes root to arrange. */
static void become_nobody(void)
{
    if (geteuid() != 0) {
        cr_skip_test("only root can make files of root");
    }
    cr_assert_eq(chmod(".", 0755), 0);
    cr_assert_eq(seteuid(NOBODY), 0);
}

static void become_root(void)
{
    cr_assert_eq(seteuid(0), 0);
}

Test(private_file, of_root_may_be_read_by_a_group)
{
    static const struct {
        mode_t mode;
        enum kv_code code;
    } rows[] = {
        { 0444, KV_BAD_PARAMETER },
        { 0644, KV_BAD_PARAMETER },
        { 0660, KV_BAD_PARAMETER },
        { 0450, KV_BAD_PARAMETER },
        { 0640, KV_OK },
        { 0440, KV_OK },
        { 0600, KV_OK },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        make("file", rows[i].mode);
        become_nobody();
        cr_expect_eq(kv_private_file_check("file", &err), rows[i].code, "%04o", rows[i].mode);
        become_root();
    }
}

Test(private_file, is_none_of_somebody_else)
{
    make("file", 0600);
    cr_assert(geteuid() != 0 || chown("file", NOBODY - 1, 0) == 0);
    cr_expect(geteuid() != 0 || kv_private_file_check("file", &err) == KV_OK, "root takes it");
    become_nobody();
    cr_expect_eq(kv_private_file_check("file", &err), KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message,
                     "file belongs to user 65533, who can change it: have it belong to "
                     "user 65534 or root");
    become_root();
}

/* Whoever made the link says what the secret is, and root would not notice. */
Test(private_file, is_not_reached_by_a_link_of_somebody_else)
{
    unsigned owner;

    make("file", 0600);
    cr_assert_eq(symlink("file", "link"), 0);
    cr_expect_not(kv_link_is_of_others("link", &owner));
    cr_expect_not(kv_link_is_of_others("file", &owner));
    cr_expect_not(kv_link_is_of_others("absent", &owner));
    if (geteuid() != 0) {
        cr_skip_test("only root can make links of others");
    }
    cr_assert_eq(lchown("link", NOBODY, 0), 0);
    cr_expect(kv_link_is_of_others("link", &owner));
    cr_expect_eq(owner, NOBODY);
    cr_expect_eq(kv_private_file_check("link", &err), KV_BAD_PARAMETER);
    cr_expect_eq(strncmp(err.message, "link is a link of user 65534, ", 30), 0, "%s", err.message);
}

Test(private_file, lies_in_no_folder_of_somebody_else)
{
    cr_assert_eq(mkdir("folder", 0700), 0);
    cr_expect_eq(kv_private_folder_check("folder", &err), KV_OK);
    cr_expect_eq(kv_private_folder_check("absent", &err), KV_OK);
    cr_assert(geteuid() != 0 || chown("folder", NOBODY - 1, 0) == 0);
    cr_expect(geteuid() != 0 || kv_private_folder_check("folder", &err) == KV_OK, "root takes it");
    become_nobody();
    cr_expect_eq(kv_private_folder_check("folder", &err), KV_BAD_PARAMETER);
    cr_expect_eq(kv_private_folder_check(".", &err), KV_OK, "that is root's");
    become_root();
}

Test(private_file, that_is_ours_is_made_so)
{
    unsigned was = 7;

    make("file", 0664);
    cr_assert_eq(kv_private_file_tighten("file", &was, &err), KV_OK);
    cr_expect_eq(was, 0664);
    cr_expect_eq(mode_of("file"), 0600);
    cr_assert_eq(kv_private_file_tighten("file", &was, &err), KV_OK);
    cr_expect_eq(was, 0, "there is nothing left to do");
    cr_assert_eq(kv_private_file_tighten("absent", &was, &err), KV_OK);
    cr_expect_eq(was, 0);
}

Test(private_file, is_not_made_so_through_a_link)
{
    unsigned was = 7;

    make("file", 0644);
    cr_assert_eq(symlink("file", "link"), 0);
    cr_assert_eq(kv_private_file_tighten("link", &was, &err), KV_OK);
    cr_expect_eq(was, 0);
    cr_expect_eq(mode_of("file"), 0644);
}

Test(private_file, in_a_folder_is_safe_from_those_who_may_look_into_it)
{
    static const struct {
        mode_t before, after;
    } rows[] = { { 0777, 0755 }, { 0775, 0755 }, { 0755, 0755 }, { 0700, 0700 }, { 01777, 01777 } };
    unsigned was;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(mkdir("folder", 0700), 0);
        cr_assert_eq(chmod("folder", rows[i].before), 0);
        cr_assert_eq(kv_private_folder_tighten("folder", &was, &err), KV_OK);
        cr_expect_eq(was, rows[i].before != rows[i].after ? rows[i].before : 0);
        cr_expect_eq(mode_of("folder"), rows[i].after, "%04o", rows[i].before);
        cr_assert_eq(rmdir("folder"), 0);
    }
}
