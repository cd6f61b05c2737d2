/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots whose files are not what was saved: docs/state.md, "When it goes wrong". */
#include "snapshot_tools.h"

#include <glob.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(snapshot_damage, .init = snapshot_start, .fini = snapshot_stop, .timeout = 90);

/* A byte of a file below the snapshot's folder, found by the end of its name. */
static void flip_byte(const char *path)
{
    FILE *file = fopen(path, "r+b");

    cr_assert_not_null(file, "%s", path);
    cr_assert_eq(fseek(file, 100, SEEK_SET), 0);
    int byte = fgetc(file);
    cr_assert_eq(fseek(file, 100, SEEK_SET), 0);
    cr_assert_neq(fputc(byte ^ 1, file), EOF);
    cr_assert_eq(fclose(file), 0);
}

Test(snapshot_damage, is_refused_and_nothing_changes)
{
    static const char *const files[] = { "coffer.db", "snapshot.json" };
    char path[400];
    API_CLIENT_OF(&snapshot_daemon, dev);

    hsm_make_key(&dev, "kept");
    for (size_t i = 0; i < KV_COUNT(files); i++) {
        char below[64];

        snprintf(below, sizeof(below), "bad%zu", i);
        snapshot_save(&dev, below);
        snprintf(path, sizeof(path), "%s/snapshots/bad%zu/%s", snapshot_daemon.folder, i, files[i]);
        flip_byte(path);
        snprintf(below, sizeof(below), "/bad%zu/restore", i);
        API_REPLY(reply, snapshot_ask(&dev, "POST", below, "{}"));
        cr_expect_eq(reply.status, 409, "%s", reply.body);
        cr_expect_not_null(strstr(reply.body, "is damaged: "), "%s", reply.body);
    }
    snprintf(path, sizeof(path), "%s/snapshots/bad1/snapshot.json", snapshot_daemon.folder);
    cr_assert_eq(unlink(path), 0);
    API_REPLY(list, snapshot_ask(&dev, "GET", "", NULL));
    cr_expect_eq(list.status, 200);
    cr_expect_not_null(strstr(reply_text(&list, "snapshots.1.damaged"), "cannot be read"), "%s",
                       list.body);
    hsm_expect_sign(&dev, "kept", 200, "nothing was put back");
}

/* The snapshot of that name has something else in the place of one of its files. */
static void expect_damaged(struct client *client, const char *name, const char *what)
{
    char below[80];

    snprintf(below, sizeof(below), "/%s/restore", name);
    API_REPLY(reply, snapshot_ask(client, "POST", below, "{}"));
    cr_expect_eq(reply.status, 409, "%s: %s", what, reply.body);
    API_REPLY(one, snapshot_ask(client, "POST", below, "{\"vault\":\"dev\"}"));
    cr_expect_eq(one.status, 409, "%s: %s", what, one.body);
    cr_expect_not_null(strstr(one.body, "is damaged: "), "%s: %s", what, one.body);
}

static void put_fifo(const char *path)
{
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkfifo(path, 0600), 0);
}

/* A file of the saved token that is empty, as SoftHSM's locks are. */
static void find_lock(const char *name, char ret_path[400])
{
    char pattern[400];
    glob_t found;

    snprintf(pattern, sizeof(pattern), "%s/snapshots/%s/tokens/*/token.lock",
             snapshot_daemon.folder, name);
    cr_assert_eq(glob(pattern, 0, NULL, &found), 0);
    snprintf(ret_path, 400, "%s", found.gl_pathv[0]);
    globfree(&found);
}

Test(snapshot_damage, by_something_else_in_place_of_a_file_is_refused_at_once)
{
    static const char *const files[] = { "coffer.db", "snapshot.json" };
    char path[400], name[64];
    API_CLIENT_OF(&snapshot_daemon, dev);

    API_SKIP_WITH_NSS("it looks for a file of SoftHSM");
    for (size_t i = 0; i < KV_COUNT(files); i++) {
        snprintf(name, sizeof(name), "fifo%zu", i);
        snapshot_save(&dev, name);
        snprintf(path, sizeof(path), "%s/snapshots/%s/%s", snapshot_daemon.folder, name, files[i]);
        put_fifo(path);
        expect_damaged(&dev, name, files[i]);
    }
    snapshot_save(&dev, "folder");
    find_lock("folder", path);
    cr_assert_eq(unlink(path), 0);
    cr_assert_eq(mkdir(path, 0700), 0);
    expect_damaged(&dev, "folder", "an empty folder for an empty file");
    API_REPLY(list, snapshot_ask(&dev, "GET", "", NULL));
    cr_expect_eq(list.status, 200, "%s", list.body);
}

/* Where the data folder is does not concern those who ask. */
Test(snapshot_damage, is_told_without_the_place_of_the_data_folder)
{
    char path[400];
    API_CLIENT_OF(&snapshot_daemon, dev);

    snprintf(path, sizeof(path), "%s/tokens/pipe", snapshot_daemon.folder);
    API_SKIP_WITH_NSS("it has no such folder");
    cr_assert_eq(mkfifo(path, 0600), 0);
    API_REPLY(reply, snapshot_ask(&dev, "POST", "", "{\"name\":\"piped\"}"));
    cr_assert_eq(unlink(path), 0);
    cr_expect_eq(reply.status, 409, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "error.message"),
                     "tokens/pipe is neither a file nor a folder");
    snapshot_save(&dev, "piped");
}
