/* SPDX-License-Identifier: Apache-2.0 */
/* A disk that gets full while keys are made: what was answered is there afterwards. */
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>

#include "damage_tools.h"

TestSuite(damage_disk, .timeout = 180);

#define KEYS_MAX 2000
#define SMALL "size=3m,mode=0700"
#define TINY "size=1m,mode=0700"
#define LARGE "size=64m"

/* In a mount namespace of this process and its children, which ends with it. */
static void mount_small_disk(const char *folder, const char *options)
{
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0
        || mount("small", folder, "tmpfs", MS_NOSUID | MS_NODEV, options) != 0) {
        cr_skip_test("nothing can be mounted here");
    }
}

/* Until one is refused; how many there are. */
static size_t make_keys(struct client *client)
{
    size_t made = 0;
    char path[64];

    for (; made < KEYS_MAX; made++) {
        (void) snprintf(path, sizeof(path), "/keys/k%zu/create", made);
        API_REPLY(reply, client_call(client, "POST", path, "{\"kty\":\"EC\"}"));
        if (reply.status != 200) {
            cr_expect_eq(reply.status, 503, "%s", reply.body);
            cr_expect_not_null(strstr(reply.body, "the disk is full"), "%s", reply.body);
            return made;
        }
    }
    cr_assert_fail("%d keys fit on a disk with %s", KEYS_MAX, SMALL);
    return 0;
}

static void expect_keys(struct client *client, size_t count, const char *when)
{
    char path[64];

    for (size_t i = 0; i < count; i++) {
        (void) snprintf(path, sizeof(path), "/keys/k%zu/sign", i);
        API_REPLY(reply,
                  client_call(client, "POST", path, "{\"alg\":\"ES256\",\"value\":\"" VALUE "\"}"));
        cr_expect_eq(reply.status, 200, "%s: %s of %zu: %s", when, path, count, reply.body);
    }
}

static size_t fill_disk(const struct daemon *own)
{
    API_CLIENT_OF(own, dev);
    size_t made = make_keys(&dev);

    cr_assert_gt(made, 0);
    expect_keys(&dev, made, "while it is full");
    return made;
}

static void expect_all_well(const struct daemon *own, size_t made)
{
    API_CLIENT_OF(own, dev);

    expect_keys(&dev, made, "after a restart");
    API_REPLY(more, client_call(&dev, "POST", "/keys/more/create", "{\"kty\":\"EC\"}"));
    cr_expect_eq(more.status, 200, "there is room again: %s", more.body);
}

/* SoftHSM does not look whether what it wrote is on the disk. */
Test(damage_disk, loses_no_key_that_was_answered)
{
    struct daemon own;

    if (nss_is_chosen()) {
        cr_skip_test("the token is not the program's own");
    }
    daemon_prepare(&own);
    mount_small_disk(own.folder, SMALL);
    cr_assert(daemon_start(&own, NULL));
    size_t made = fill_disk(&own);

    daemon_kill(&own);
    cr_assert_eq(mount("small", own.folder, "tmpfs", MS_REMOUNT, LARGE), 0);
    cr_assert(daemon_start(&own, NULL));
    expect_all_well(&own, made);
    cr_expect(daemon_stop(&own));
    cr_assert_eq(umount(own.folder), 0);
    daemon_discard(&own);
}

Test(damage_disk, that_has_no_room_for_a_token_is_said)
{
    struct daemon own;
    char output[4096];

    if (nss_is_chosen()) {
        cr_skip_test("the token is not the program's own");
    }
    daemon_prepare(&own);
    const char *const words[] = { "serve", "--data",         own.folder, "--port",
                                  "0",     "--control-port", "0",        NULL };
    mount_small_disk(own.folder, TINY);
    cr_expect_neq(program_run(words, output, sizeof(output)), 0, "%s", output);
    cr_expect_not_null(strstr(output, "there is no room for a token in "), "%s", output);
    cr_assert_eq(umount(own.folder), 0);
    daemon_discard(&own);
}
