/* SPDX-License-Identifier: Apache-2.0 */
/* The pending phases of delete, recover and purge, and what falls due by the virtual clock:
 * contract §6.6, §9.5. Each test has a daemon of its own and moves its time. */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#define LAG 3600 /* seconds; a test may take long, but not that long */

static struct daemon own;

static void start(void)
{
    static const char *const arguments[] = { "--deletion-lag",
                                             "1h",
                                             "--vault",
                                             "dev",
                                             "--vault",
                                             "locked,purge-protection,retention=7",
                                             NULL };

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(pending, .init = start, .fini = stop, .timeout = 120);

static void expect_status(struct client *client, const char *method, const char *path,
                          const char *body, long status)
{
    API_REPLY(reply, client_call(client, method, path, body));

    cr_expect_eq(reply.status, status, "%s %s: %ld %s", method, path, reply.status, reply.body);
}

static void make_deleted(struct client *client, const char *name)
{
    char version[33];
    char path[64];

    api_create_key(client, name, "", version);
    snprintf(path, sizeof(path), "/keys/%s", name);
    expect_status(client, "DELETE", path, NULL, 200);
}

#define CREATE "{\"kty\":\"RSA\"}"
#define EC_KEY                                                                                     \
    "{\"key\":{\"kty\":\"EC\",\"crv\":\"P-256\","                                                  \
    "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","                                       \
    "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\","                                       \
    "\"d\":\"jpsQnnGQmL-YBIffH1136cspYG6-0iY7X1fCE9-E9LI\"}}"

Test(pending, KEY_BEING_DELETED_after_delete)
{
    API_CLIENT_OF(&own, dev);

    make_deleted(&dev, "a");
    expect_status(&dev, "GET", "/keys/a", NULL, 404);
    expect_status(&dev, "DELETE", "/keys/a", NULL, 404);
    expect_status(&dev, "GET", "/deletedkeys/a", NULL, 404);
    expect_status(&dev, "POST", "/deletedkeys/a/recover", NULL, 404);

    API_REPLY(create, client_call(&dev, "POST", "/keys/a/create", CREATE));
    cr_expect(
        reply_is_error(&create, 409, "Conflict", "ObjectIsBeingDeleted",
                       "Key a is currently being deleted and cannot be re-created; retry later."));
    cr_expect_eq(create.len, 158); /* 157 and the name's length, as recorded */

    API_REPLY(purge, client_call(&dev, "DELETE", "/deletedkeys/a", NULL));
    cr_expect(reply_is_error(&purge, 409, "Conflict", "ObjectIsBeingDeleted",
                             "Key is currently being deleted."));

    api_advance(&own, LAG);
    expect_status(&dev, "GET", "/deletedkeys/a", NULL, 200);
    expect_status(&dev, "DELETE", "/deletedkeys/a", NULL, 204);
}

Test(pending, KEY_BEING_DELETED_of_a_restore)
{
    char version[33];
    API_CLIENT_OF(&own, dev);

    api_create_key(&dev, "r", "", version);
    API_REPLY(backup, client_call(&dev, "POST", "/keys/r/backup", NULL));
    expect_status(&dev, "DELETE", "/keys/r", NULL, 200);

    API_REPLY(restore, client_call(&dev, "POST", "/keys/restore", backup.body));
    cr_expect(
        reply_is_error(&restore, 409, "Conflict", "ObjectIsBeingDeleted",
                       "Key r is currently being deleted and cannot be re-created; retry later."));
}

/* contract §6.7: as recorded, and not the text that create gets then */
Test(pending, CONFLICT_of_a_restore_while_the_purge_runs)
{
    char version[33];
    char message[1024];
    API_CLIENT_OF(&own, dev);

    api_create_key(&dev, "p", "", version);
    API_REPLY(backup, client_call(&dev, "POST", "/keys/p/backup", NULL));
    expect_status(&dev, "DELETE", "/keys/p", NULL, 200);
    api_advance(&own, LAG);
    expect_status(&dev, "DELETE", "/deletedkeys/p", NULL, 204);

    snprintf(message, sizeof(message),
             "There was a conflict restoring the key 'https://%s:%u/keys/p/%s'. This can happen if "
             "either: a second key with the same name was created after the first key was deleted; "
             "thus trying to restore a key whose name is already in use. To fix this, rename the "
             "second key to something else so that the restore works. The second probable cause "
             "of this exception is when multiple operations are performed in parallel against the "
             "key. To avoid this error, perform operations against a key in a sequential manner.",
             dev.host, own.port, version);
    API_REPLY(refused, client_call(&dev, "POST", "/keys/restore", backup.body));
    cr_expect(reply_is_error(&refused, 409, "Conflict", NULL, message));
    api_advance(&own, LAG);
    expect_status(&dev, "POST", "/keys/restore", backup.body, 200);
}

Test(pending, KEY_BEING_RECOVERED_and_CONFLICT_after_recover)
{
    API_CLIENT_OF(&own, dev);
    char version[33];
    char expected[512];

    api_create_key(&dev, "b", "", version);
    API_REPLY(backup, client_call(&dev, "POST", "/keys/b/backup", NULL));
    expect_status(&dev, "DELETE", "/keys/b", NULL, 200);
    api_advance(&own, LAG);
    expect_status(&dev, "POST", "/deletedkeys/b/recover", NULL, 200);
    expect_status(&dev, "GET", "/keys/b", NULL, 404);

    API_REPLY(create, client_call(&dev, "POST", "/keys/b/create", CREATE));
    cr_expect(reply_is_error(
        &create, 409, "Conflict", "ObjectIsBeingRecovered",
        "Key b is currently being recovered and cannot be re-created; retry later."));
    API_REPLY(import, client_call(&dev, "PUT", "/keys/B", EC_KEY));
    cr_expect(reply_is_error(
        &import, 409, "Conflict", "ObjectIsBeingRecovered",
        "Key B is currently being recovered and cannot be re-created; retry later."));
    API_REPLY(restore, client_call(&dev, "POST", "/keys/restore", backup.body));
    cr_expect(reply_is_error(
        &restore, 409, "Conflict", "ObjectIsBeingRecovered",
        "Key b is currently being recovered and cannot be re-created; retry later."));

    API_REPLY(again, client_call(&dev, "POST", "/deletedkeys/b/recover", NULL));
    snprintf(expected, sizeof(expected),
             "There was a conflict while recovering the soft-deleted key "
             "'https://dev.vault.localhost:%u/keys/b/%s'. This can happen when multiple operations "
             "are performed in parallel against the soft-deleted key. To avoid this error, perform "
             "operations against the soft-deleted key in a sequential manner.",
             own.port, version);
    cr_expect(reply_is_error(&again, 409, "Conflict", NULL, expected));

    api_advance(&own, LAG);
    expect_status(&dev, "GET", "/keys/b", NULL, 200);
}

Test(pending, name_is_not_free_at_once_after_a_purge)
{
    API_CLIENT_OF(&own, dev);

    make_deleted(&dev, "c");
    api_advance(&own, LAG);
    expect_status(&dev, "DELETE", "/deletedkeys/c", NULL, 204);
    expect_status(&dev, "GET", "/deletedkeys/c", NULL, 404);
    expect_status(&dev, "GET", "/keys/c", NULL, 404);

    API_REPLY(create, client_call(&dev, "POST", "/keys/c/create", CREATE));
    cr_expect(
        reply_is_error(&create, 409, "Conflict", "ObjectIsBeingDeleted",
                       "Key c is currently being deleted and cannot be re-created; retry later."));
    API_REPLY(purge, client_call(&dev, "DELETE", "/deletedkeys/c", NULL));
    cr_expect(reply_is_error(&purge, 404, "KeyNotFound", NULL, "Deleted Key not found: c"));

    api_advance(&own, LAG);
    expect_status(&dev, "POST", "/keys/c/create", CREATE, 200);
}

Test(pending, scheduled_purge_needs_no_request)
{
    const struct timespec pause = { .tv_nsec = 20000000 };
    API_CLIENT_OF(&own, locked);
    long keys = -1;

    make_deleted(&locked, "d");
    api_advance(&own, 7L * 86400 - 3600);
    cr_expect_eq(api_metric(&own, "coffer_key_versions"), 1);
    api_advance(&own, 7200);
    for (int i = 0; i < 3000 && keys != 0; i++) {
        nanosleep(&pause, NULL);
        keys = api_metric(&own, "coffer_token_keys");
    }
    cr_assert_eq(keys, 0, "the object must be gone from the token, not only from sight");
    cr_assert_eq(api_metric(&own, "coffer_key_versions"), 0);
}

Test(pending, purge_date_holds_to_the_second)
{
    API_CLIENT_OF(&own, locked);

    api_set_clock(&own, "{\"frozen\":true}");
    make_deleted(&locked, "e");
    api_advance(&own, 7L * 86400 - 1);
    client_close(&locked);
    client_open(&locked, &own, "locked"); /* with a token of this day */
    expect_status(&locked, "GET", "/deletedkeys/e", NULL, 200);
    api_advance(&own, 1);
    expect_status(&locked, "GET", "/deletedkeys/e", NULL, 404);
    expect_status(&locked, "POST", "/keys/e/create", CREATE, 200);
}
