/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots while others are at work: nobody gets a wrong answer. */
#include "snapshot_tools.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

TestSuite(snapshot_load, .init = snapshot_start, .fini = snapshot_stop, .timeout = 120);

#define CLIENTS 8

struct player {
    unsigned number;
    atomic_bool *is_over;
    unsigned answers, oddities;
    char odd[256];
};

static void note(struct player *player, const struct reply *reply)
{
    bool is_fine = reply->status == 200 || reply->status == 404 || reply->status == 409
                   || reply->status == 503;

    player->answers++;
    if (!is_fine) {
        player->oddities++;
        snprintf(player->odd, sizeof(player->odd), "%ld %.200s", reply->status, reply->body);
    }
}

static void *play(void *argument)
{
    struct player *player = argument;
    char path[64];
    API_CLIENT_OF(&snapshot_daemon, dev);

    for (unsigned round = 0; !atomic_load(player->is_over); round++) {
        API_REPLY(signed_, hsm_sign_with(&dev, "kept"));
        player->oddities += signed_.status == 404;
        note(player, &signed_);
        if (player->number % 2 == 0) {
            snprintf(path, sizeof(path), "/keys/made-%u-%u/create", player->number, round);
            API_REPLY(made, client_call(&dev, "POST", path, "{\"kty\":\"EC\"}"));
            note(player, &made);
        }
    }
    return NULL;
}

Test(snapshot_load, are_made_and_put_back_while_eight_clients_are_at_work)
{
    static const char *const orders[] = { "{}", "{\"vault\":\"dev\"}" };
    struct player player[CLIENTS] = { 0 };
    pthread_t thread[CLIENTS];
    atomic_bool is_over = false;
    API_CLIENT_OF(&snapshot_daemon, dev);

    hsm_make_key(&dev, "kept");
    snapshot_save(&dev, "first");
    for (unsigned i = 0; i < CLIENTS; i++) {
        player[i] = (struct player){ .number = i, .is_over = &is_over };
        cr_assert_eq(pthread_create(&thread[i], NULL, play, &player[i]), 0);
    }
    for (unsigned i = 0; i < 12; i++) {
        char name[16];

        snprintf(name, sizeof(name), "s%u", i);
        snapshot_save(&dev, name);
        snapshot_restore(&dev, i % 3 == 0 ? "first" : name, orders[i % 2]);
    }
    atomic_store(&is_over, true);
    for (unsigned i = 0; i < CLIENTS; i++) {
        cr_assert_eq(pthread_join(thread[i], NULL), 0);
        cr_expect_eq(player[i].oddities, 0, "%u of %u: %s", player[i].oddities, player[i].answers,
                     player[i].odd);
        cr_expect_gt(player[i].answers, 0);
    }
    snapshot_restore(&dev, "first", "{}");
    hsm_expect_sign(&dev, "kept", 200, "it was in each of them");
}
