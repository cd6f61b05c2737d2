/* SPDX-License-Identifier: Apache-2.0 */
/* A start that makes a token, beside the rest. */
#include "process_tools.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(opening_new, .timeout = 120);

static const char *const arguments[] = { "--vault", "dev", NULL };
static struct daemon own;

static void expect(const char *path, long status, const char *part)
{
    API_CLIENT_OF(&own, dev);
    API_REPLY(reply, client_send(&dev, &(const struct request){
                                           .method = "GET", .target = path, .control = true }));

    cr_expect_eq(reply.status, status, "%s: %ld", path, reply.status);
    cr_expect(reply.body != NULL && strstr(reply.body, part) != NULL, "%s: %s", path, reply.body);
}

/* A file of the data folder, which is new. */
static void put_in_the_way(const char *name)
{
    char path[400];

    (void) snprintf(path, sizeof(path), "%s/%s", own.folder, name);
    int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    cr_assert_geq(descriptor, 0);
    (void) close(descriptor);
}

static bool is_there(const char *name)
{
    char path[400];

    (void) snprintf(path, sizeof(path), "%s/%s", own.folder, name);
    return access(path, F_OK) == 0;
}

static void clear_the_way(const char *name)
{
    char path[400];

    (void) snprintf(path, sizeof(path), "%s/%s", own.folder, name);
    cr_assert_eq(unlink(path), 0);
}

/* The token is made beside the tables. */
Test(opening_new, of_a_new_token_that_fails_ends_the_start)
{
    API_SKIP_WITH_NSS("it has its token elsewhere");
    daemon_prepare(&own);
    put_in_the_way("tokens");
    cr_assert(daemon_launch(&own, arguments));
    process_await_end(&own, 1);
    cr_expect_eq(process_count_lines(&own, "/tokens: Not a directory"), 1);
    cr_expect_not(is_there("pin"));
    clear_the_way("tokens");
    cr_assert(daemon_start(&own, arguments), "it does not go on where it stopped");
    expect("/control/v1/hsm", 200, "\"state\":\"available\"");
    api_end(&own);
}

/* It would be left behind by a start that comes to nothing. */
Test(opening_new, of_a_new_token_does_not_begin_before_old_certificates_are_read)
{
    char path[400];

    API_SKIP_WITH_NSS("it has its token elsewhere");
    daemon_prepare(&own);
    (void) snprintf(path, sizeof(path), "%s/tls", own.folder);
    cr_assert_eq(mkdir(path, 0700), 0);
    put_in_the_way("tls/ca.key");
    cr_assert(daemon_launch(&own, arguments));
    process_await_end(&own, 1);
    cr_expect_eq(process_count_lines(&own, "tls/ca.key does not contain a private key"), 1);
    cr_expect_not(is_there("coffer.db"));
    cr_expect_not(is_there("tokens"));
    daemon_discard(&own);
}
