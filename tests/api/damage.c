/* SPDX-License-Identifier: Apache-2.0 */
/* What kills, and hands in the data folder, leave: nothing that was lost is papered over, and
 * nothing that was acknowledged is lost. Each test has a daemon of its own. */
#include "../support/api.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv/files.h"

#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define PATH_SIZE KV_PATH_MAX

static struct daemon own;
static char wrapped[1024]; /* VALUE, by the key "kept" */

static void start(void)
{
    char version[33];

    if (nss_is_chosen()) {
        cr_skip_test("the token is not the program's own");
    }
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
    API_CLIENT_OF(&own, dev);
    api_create_key(&dev, "kept", "", version);
    api_wrap(&dev, "kept", NULL, "RSA-OAEP", VALUE, wrapped);
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(damage, .init = start, .fini = stop, .timeout = 120);

static void expect_kept_key(void)
{
    API_CLIENT_OF(&own, dev);
    API_REPLY(unwrap, api_unwrap(&dev, "kept", NULL, "RSA-OAEP", wrapped));

    cr_expect_str_eq(reply_text(&unwrap, "value"), VALUE, "%ld %s", unwrap.status, unwrap.body);
}

static void join(char path[PATH_SIZE], const char *folder, const char *name)
{
    cr_assert_eq(kv_path_join(path, folder, name, NULL), KV_OK);
}

static bool is_there(const char *folder, const char *name)
{
    char path[PATH_SIZE];
    struct stat status;

    join(path, folder, name);
    return lstat(path, &status) == 0;
}

/* The folder of the only token. */
static void find_token(char token[PATH_SIZE])
{
    char tokens[PATH_SIZE];
    struct dirent *entry;

    join(tokens, own.folder, "tokens");
    DIR *listing = opendir(tokens);
    cr_assert_not_null(listing);
    token[0] = '\0';
    while ((entry = readdir(listing)) != NULL) {
        if (entry->d_name[0] != '.') {
            join(token, tokens, entry->d_name);
        }
    }
    closedir(listing);
    cr_assert_neq(token[0], '\0');
}

static void make_file(const char *folder, const char *name, const char *text)
{
    char path[PATH_SIZE];

    join(path, folder, name);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    cr_assert_geq(descriptor, 0, "%s", path);
    cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t) strlen(text));
    close(descriptor);
}

static unsigned count_suffix(const char *folder, const char *suffix)
{
    struct dirent *entry;
    unsigned count = 0;
    DIR *listing = opendir(folder);

    cr_assert_not_null(listing);
    while ((entry = readdir(listing)) != NULL) {
        size_t len = strlen(entry->d_name);
        count += len > strlen(suffix) && strcmp(entry->d_name + len - strlen(suffix), suffix) == 0;
    }
    closedir(listing);
    return count;
}

/* What SoftHSM leaves of an object whose making, or whose end, was killed. */
static void leave_empty_files(const char *token)
{
    char path[PATH_SIZE];

    make_file(token, "half-made.object", "");
    make_file(token, "half-made.lock", "");
    make_file(token, "half-destroyed.lock", "");
    make_file(token, "note", "");
    make_file(token, ".object", "");
    make_file(token, "full.lock", "text");
    join(path, token, "link.object");
    cr_assert_eq(symlink("/dev/null", path), 0);
}

static void expect_others_are_there(const char *token)
{
    static const char *const names[] = { "note", ".object", "full.lock", "link.object" };

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        cr_expect(is_there(token, names[i]), "%s", names[i]);
    }
}

Test(damage, empty_files_of_a_killed_module_are_swept_at_the_next_start)
{
    char token[PATH_SIZE];

    daemon_kill(&own);
    find_token(token);
    unsigned objects = count_suffix(token, ".object");
    unsigned locks = count_suffix(token, ".lock");
    leave_empty_files(token);
    cr_assert(daemon_start(&own, NULL));
    cr_expect_not(is_there(token, "half-made.object"));
    cr_expect_not(is_there(token, "half-made.lock"));
    cr_expect_not(is_there(token, "half-destroyed.lock"));
    expect_others_are_there(token);
    cr_expect_eq(count_suffix(token, ".object"), objects + 1, "the link");
    cr_expect_eq(count_suffix(token, ".lock"), locks + 1, "the full one");
    expect_kept_key();
}

/* The same module by --pkcs11-module, with a token that is somebody's. */
Test(damage, empty_files_on_a_token_of_somebody_else_are_left_alone)
{
    char token[PATH_SIZE];
    char pin[PATH_SIZE];
    char configuration[PATH_SIZE];
    struct daemon other;
    const char *const arguments[] = {
        "--pkcs11-module", getenv("SOFTHSM_MODULE"), "--pkcs11-pin-file", pin, NULL,
    };

    cr_assert(daemon_stop(&own));
    find_token(token);
    leave_empty_files(token);
    join(pin, own.folder, "pin");
    join(configuration, own.folder, "softhsm2.conf");
    setenv("SOFTHSM2_CONF", configuration, 1);
    daemon_prepare(&other);
    cr_assert(daemon_start(&other, arguments));
    cr_expect(is_there(token, "half-made.object"));
    cr_expect(is_there(token, "half-made.lock"));
    cr_expect(is_there(token, "half-destroyed.lock"));
    cr_expect(daemon_stop(&other));
    daemon_discard(&other);
}

Test(damage, of_a_lost_pin_is_said_and_no_new_one_is_written)
{
    const char *const arguments[] = {
        "serve", "--data", own.folder, "--port", "0", "--control-port", "0", NULL,
    };
    char pin[PATH_SIZE];
    char away[PATH_SIZE];
    char output[4096];

    cr_assert(daemon_stop(&own));
    join(pin, own.folder, "pin");
    join(away, own.folder, "pin.away");
    cr_assert_eq(rename(pin, away), 0);
    for (int i = 0; i < 2; i++) {
        cr_expect_eq(program_run(arguments, output, sizeof(output)), 1, "%s", output);
        cr_expect_not_null(strstr(output, "/pin is missing"), "%s", output);
        cr_expect_not_null(strstr(output, "restore that file"), "%s", output);
        cr_expect_not(is_there(own.folder, "pin"));
    }
    cr_assert_eq(rename(away, pin), 0);
    cr_assert(daemon_start(&own, NULL));
    expect_kept_key();
}
