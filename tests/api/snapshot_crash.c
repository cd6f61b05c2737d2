/* SPDX-License-Identifier: Apache-2.0 */
/* A kill in the middle: a snapshot is there whole or not at all, and what is put back is all of it or
 * nothing. */
#include "snapshot_tools.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "../support/dice.h"

TestSuite(snapshot_crash, .init = snapshot_start, .fini = snapshot_stop, .timeout = 180);

#define ROUNDS 12
#define KEYS 24

static void *send_order(void *order)
{
    API_CLIENT_OF(&snapshot_daemon, dev);
    API_REPLY(reply, client_send(&dev, order)); /* it gets an answer, or none */

    return NULL;
}

/* Sends an order, and kills the daemon some moments later. */
static void kill_during(const char *target, const char *body, struct dice *dice)
{
    struct request request = { .method = "POST", .target = target, .body = body, .control = true };
    struct timespec wait = { .tv_nsec = (long) dice_roll(dice, 30) * 1000000 };
    pthread_t thread;

    cr_assert_eq(pthread_create(&thread, NULL, send_order, &request), 0);
    nanosleep(&wait, NULL);
    daemon_kill(&snapshot_daemon);
    cr_assert_eq(pthread_join(thread, NULL), 0);
    cr_assert(daemon_start(&snapshot_daemon, snapshot_vaults));
}

static void make_keys(struct client *client)
{
    for (unsigned i = 0; i < KEYS; i++) {
        char name[16];

        snprintf(name, sizeof(name), "k%u", i);
        hsm_make_key(client, name);
    }
}

Test(snapshot_crash, leaves_a_whole_snapshot_or_none)
{
    struct dice dice = { 11 };

    {
        API_CLIENT_OF(&snapshot_daemon, dev);
        make_keys(&dev);
    }
    for (unsigned i = 0; i < ROUNDS; i++) {
        char body[64], below[64];

        snprintf(body, sizeof(body), "{\"name\":\"s%u\"}", i);
        kill_during("/control/v1/snapshots", body, &dice);

        API_CLIENT_OF(&snapshot_daemon, dev);
        snprintf(below, sizeof(below), "/s%u/restore", i);
        API_REPLY(restore, snapshot_ask(&dev, "POST", below, "{}"));
        cr_expect(restore.status == 204 || restore.status == 404, "%ld %s", restore.status,
                  restore.body);
        hsm_expect_sign(&dev, "k0", 200, "in either case");
        hsm_expect_sign(&dev, "k23", 200, "in either case");
    }
}

/* Which of the two states it is: with the old key and without the young one, or the other way round. */
static void expect_one_state(const char *when)
{
    API_CLIENT_OF(&snapshot_daemon, dev);
    API_REPLY(old, hsm_sign_with(&dev, "old"));
    API_REPLY(young, hsm_sign_with(&dev, "young"));

    cr_expect((old.status == 200 && young.status == 404)
                  || (old.status == 404 && young.status == 200),
              "%s: %ld %s, %ld %s", when, old.status, old.body, young.status, young.body);
}

static void prepare_two_states(void)
{
    API_CLIENT_OF(&snapshot_daemon, dev);

    hsm_make_key(&dev, "old");
    make_keys(&dev);
    snapshot_save(&dev, "one");
    snapshot_purge(&dev, "old");
    hsm_make_key(&dev, "young");
    snapshot_save(&dev, "other");
}

static void alternate(const char *body)
{
    struct dice dice = { 12 };

    prepare_two_states();
    for (unsigned i = 0; i < ROUNDS; i++) {
        char target[64];

        snprintf(target, sizeof(target), "/control/v1/snapshots/%s/restore",
                 i % 2 == 0 ? "one" : "other");
        kill_during(target, body, &dice);
        expect_one_state(target);
    }
}

Test(snapshot_crash, leaves_all_of_what_is_put_back_or_nothing)
{
    alternate("{}");
}

Test(snapshot_crash, leaves_all_of_a_vault_that_is_put_back_or_nothing)
{
    alternate("{\"vault\":\"dev\"}");
}
