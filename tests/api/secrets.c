/* SPDX-License-Identifier: Apache-2.0 */
/* The data folder and other users of the machine: modes, owners, links that they left. */
#include "../support/api.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../support/command.h"

#define OTHER 1234     /* somebody */
#define SERVER "65534" /* whom the server runs as */

TestSuite(secrets, .timeout = 120);

static void path_below(const struct daemon *daemon, const char *name, char ret_path[512])
{
    snprintf(ret_path, 512, "%s/%s", daemon->folder, name);
}

static mode_t mode_of(const struct daemon *daemon, const char *name)
{
    struct stat status;
    char path[512];

    path_below(daemon, name, path);
    cr_assert_eq(stat(path, &status), 0, "%s", path);
    return status.st_mode & 07777;
}

/* As a volume of Kubernetes gives it back, or a copy by somebody who was not careful. */
Test(secrets, of_the_data_folder_are_made_private_again)
{
    static const struct {
        const char *name;
        mode_t before, after;
    } rows[] = {
        { ".", 0777, 0755 },          { "tls", 02775, 02700 },
        { "tls/ca.key", 0644, 0600 }, { "tls/server.key", 0664, 0600 },
        { "issuer.pem", 0644, 0600 }, { "coffer.db", 0666, 0600 },
        { "ca.pem", 0644, 0644 },
    };
    struct daemon own;
    char path[512];

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    cr_expect_eq(api_count_lines(&own, "mode_tightened", "files="), 0);
    cr_expect(daemon_stop(&own));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        path_below(&own, rows[i].name, path);
        cr_assert_eq(chmod(path, rows[i].before), 0);
    }
    cr_assert(daemon_start(&own, NULL));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(mode_of(&own, rows[i].name), rows[i].after, "%s: %04o", rows[i].name,
                     mode_of(&own, rows[i].name));
    }
    cr_expect_eq(api_count_lines(&own, "mode_tightened", "was=0777 files=6"), 1);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

/* A folder that everybody may write to, like the image's, for a server of user SERVER. */
static void prepare_shared(struct daemon *own, char ret_data[512])
{
    if (geteuid() != 0) {
        cr_skip_test("only root can make files of others");
    }
    daemon_prepare(own);
    cr_assert_eq(chmod(own->folder, 0755), 0);
    path_below(own, "data", ret_data);
    cr_assert_eq(mkdir(ret_data, 0755), 0);
    cr_assert_eq(chmod(ret_data, 01777), 0);
}

/* The server is refused its start on that folder, in these words. */
static void expect_refusal(const char *data, const char *words)
{
    const char *program = getenv("TEST_PROGRAM");
    char line[1500];

    snprintf(line, sizeof(line),
             "timeout 60 setpriv --reuid=" SERVER " --clear-groups %s serve --data %s --port 0 "
             "--control-port 0 2>&1 | grep -q '%s'",
             program != NULL ? program : "./coffer", data, words);
    cr_expect_eq(command_run(line), 0, "%s", words);
}

Test(secrets, are_nobody_elses)
{
    static const char *const names[] = { "issuer.pem", "pin", "coffer.db", "run.token" };
    struct daemon own;
    char data[512], path[600], words[700];

    prepare_shared(&own, data);
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", data, names[i]);
        cr_assert_eq(close(open(path, O_CREAT | O_WRONLY, 0644)), 0);
        cr_assert_eq(chown(path, OTHER, OTHER), 0);
        snprintf(words, sizeof(words), "%s belongs to user 1234, who can change it", names[i]);
        expect_refusal(data, words);
        cr_assert_eq(unlink(path), 0);
    }
    daemon_discard(&own);
}

/* It would lead coffer to write into a folder of the server's user, or to read what is there. */
Test(secrets, are_behind_no_link_of_somebody_else)
{
    static const char *const names[] = { "tls", "tokens", "issuer.pem", "coffer.db" };
    struct daemon own;
    char data[512], path[600], words[700];

    prepare_shared(&own, data);
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        snprintf(path, sizeof(path), "%s/%s", data, names[i]);
        cr_assert_eq(symlink("/nowhere", path), 0);
        cr_assert_eq(lchown(path, OTHER, OTHER), 0);
        snprintf(words, sizeof(words), "%s is a link of user 1234", names[i]);
        expect_refusal(data, words);
        cr_assert_eq(unlink(path), 0);
    }
    daemon_discard(&own);
}

Test(secrets, lie_in_no_folder_of_somebody_else)
{
    struct daemon own;
    char data[512];

    prepare_shared(&own, data);
    cr_assert_eq(chmod(data, 0777), 0);
    cr_assert_eq(chown(data, OTHER, OTHER), 0);
    expect_refusal(data, "data belongs to user 1234, who can change it");
    daemon_discard(&own);
}

/* Nor does what coffer env leaves in /tmp go where a link of somebody else leads. */
Test(secrets, of_the_user_are_not_overwritten_through_a_link)
{
    char link[512], url[64], output[4096];
    const struct daemon *daemon = api_daemon();
    struct stat status;

    if (geteuid() != 0) {
        cr_skip_test("only root can make links of others");
    }
    path_below(daemon, "left-by-another", link);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", daemon->control_port);
    cr_assert_eq(symlink("precious", link), 0);
    cr_assert_eq(lchown(link, OTHER, OTHER), 0);
    cr_expect_eq(
        program_run((const char *const[]){ "env", "--control", url, "--ca-file", link, NULL },
                    output, sizeof(output)),
        2);
    cr_expect_not_null(strstr(output, "is a link of user 1234"), "%s", output);
    path_below(daemon, "precious", link);
    cr_expect_neq(stat(link, &status), 0);
}

/* It could be changed once it is trusted. */
Test(secrets, and_certificates_are_of_the_user_who_trusts_them)
{
    char file[512], url[64], output[4096];
    const struct daemon *daemon = api_daemon();
    struct stat status;
    const char *arguments[] = { "env", "--control", url, "--ca-file", file, NULL };

    if (geteuid() != 0) {
        cr_skip_test("only root can make files of others");
    }
    path_below(daemon, "ca-of-another", file);
    snprintf(url, sizeof(url), "http://127.0.0.1:%u", daemon->control_port);
    cr_assert_eq(program_run(arguments, output, sizeof(output)), 0, "%s", output);
    cr_assert_eq(chown(file, OTHER, OTHER), 0);
    cr_assert_eq(program_run(arguments, output, sizeof(output)), 0, "%s", output);
    cr_assert_eq(stat(file, &status), 0);
    cr_expect_eq(status.st_uid, 0);
}
