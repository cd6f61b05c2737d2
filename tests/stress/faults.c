/* SPDX-License-Identifier: Apache-2.0 */
/*
 * faults - fault rules that come, change and go under requests that ask about them.
 *
 * Each player adds a rule for a vault of its own, changes it and removes it, while all ask about
 * their own vaults and, once in a while, list or clear what is there. A rule that was added acts on
 * its player's requests until it is removed, and on nobody else's; and what a request holds of a
 * rule outlives it. A plain main(), so that ThreadSanitizer can watch it. Exit 0: nothing was wrong.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"
#include "kv/faults/faults.h"
#include "support/tally.h"

#define PLAYERS 8
#define ROUNDS 300
#define ASKED 5 /* times for each state of a rule */

enum { PROMISE_DONE, PROMISE_OWN, PROMISE_NONE, PROMISE_COUNT, PROMISE_KEPT };

static const char *const promises[] = {
    [PROMISE_DONE] = "a rule is added, changed and removed whoever else does the same",
    [PROMISE_OWN] = "a rule acts on the requests that it is for, at once",
    [PROMISE_NONE] = "one that is gone, or is for others, does not",
    [PROMISE_COUNT] = "each hit is counted once",
    [PROMISE_KEPT] = "what a request holds of a rule stays as it was",
};

struct stress {
    struct kv_faults *faults;
    struct tally tally;
};

struct player {
    struct stress *stress;
    char vault[16];
    pthread_t thread;
};

static const char *find_header(const void *context, const char *name)
{
    (void) context;
    (void) name;
    return NULL;
}

static bool ask(const struct player *player, struct kv_fault_hit *ret_hit)
{
    const struct kv_fault_subject subject = {
        .stage = KV_FAULT_REQUEST,
        .operation = KV_OPERATION_GET_KEY,
        .vault = player->vault,
        .key = "k",
        .find_header = find_header,
        .now = 1,
    };

    return kv_faults_ask(player->stress->faults, &subject, ret_hit);
}

/* As often as it is asked; true when the player's own rule acted each time, or never. */
static void expect(const struct player *player, bool acts)
{
    for (unsigned i = 0; i < ASKED; i++) {
        struct kv_fault_hit hit = { .id = "" };
        bool is_hit = ask(player, &hit);
        bool is_own = is_hit && strcmp(hit.id, player->vault) == 0;

        (void) tally_check(&player->stress->tally, acts ? PROMISE_OWN : PROMISE_NONE,
                           acts ? is_own : !is_hit, "%s was hit by '%s'", player->vault,
                           is_hit ? hit.id : "");
        if (is_hit) {
            kv_fault_hit_done(&hit);
        }
    }
}

static bool add(const struct player *player)
{
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    char text[256];

    (void) snprintf(text, sizeof(text),
                    "{\"id\":\"%s\",\"match\":{\"vault\":\"%s\"},"
                    "\"effect\":{\"status\":418,\"message\":\"%s\"}}",
                    player->vault, player->vault, player->vault);
    json = cJSON_Parse(text);
    return kv_faults_add(player->stress->faults, json, 1, &shown, NULL) == KV_OK;
}

static bool change(const struct player *player, const char *text)
{
    kv_auto(cJSON_Delete) cJSON *json = cJSON_Parse(text);
    kv_auto(cJSON_Delete) cJSON *shown = NULL;

    return kv_faults_change(player->stress->faults, player->vault, json, 1, &shown, NULL) == KV_OK;
}

static void check_count(const struct player *player, int expected)
{
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    bool is_there = kv_faults_show(player->stress->faults, player->vault, &shown, NULL) == KV_OK;
    const cJSON *hits = cJSON_GetObjectItemCaseSensitive(shown, "hits");
    int count = is_there ? hits->valueint : -1;

    (void) tally_check(&player->stress->tally, PROMISE_COUNT, count == expected,
                       "%s has %d hits, not %d", player->vault, count, expected);
}

/* Removed in one way or another, with a hit still held. */
static void remove_rule(const struct player *player, unsigned round)
{
    struct kv_faults *faults = player->stress->faults;
    struct kv_fault_hit hit;
    bool is_hit = ask(player, &hit);
    enum kv_code code = round % 2 == 0 ? kv_faults_remove(faults, player->vault, NULL)
                                       : kv_faults_clear(faults, player->vault, NULL);

    (void) tally_check(&player->stress->tally, PROMISE_DONE, code == KV_OK, "%s stays",
                       player->vault);
    (void) tally_check(&player->stress->tally, PROMISE_KEPT,
                       is_hit && strcmp(hit.effect->answer.message, player->vault) == 0,
                       "%s lost what it held", player->vault);
    if (is_hit) {
        kv_fault_hit_done(&hit);
    }
}

static void play_round(const struct player *player, unsigned round)
{
    struct tally *tally = &player->stress->tally;
    kv_auto(cJSON_Delete) cJSON *list = NULL;

    (void) tally_check(tally, PROMISE_DONE, add(player), "%s was not added", player->vault);
    expect(player, true);
    (void) tally_check(tally, PROMISE_DONE, change(player, "{\"enabled\":false}"),
                       "%s was not changed", player->vault);
    expect(player, false);
    (void) tally_check(tally, PROMISE_DONE, change(player, "{\"enabled\":null}"),
                       "%s was not changed", player->vault);
    expect(player, true);
    check_count(player, 2 * ASKED);
    (void) tally_check(tally, PROMISE_DONE,
                       kv_faults_list(player->stress->faults, &list, NULL) == KV_OK, "no list");
    remove_rule(player, round);
    expect(player, false);
}

static void *play(void *argument)
{
    const struct player *player = argument;

    for (unsigned i = 0; i < ROUNDS; i++) {
        play_round(player, i);
    }
    return NULL;
}

int main(void)
{
    static struct stress stress;
    static struct player players[PLAYERS];

    tally_init(&stress.tally, promises, KV_COUNT(promises));
    if (kv_faults_new(&stress.faults, NULL) != KV_OK) {
        return 1;
    }
    for (unsigned i = 0; i < PLAYERS; i++) {
        players[i].stress = &stress;
        (void) snprintf(players[i].vault, sizeof(players[i].vault), "vault%u", i);
        if (pthread_create(&players[i].thread, NULL, play, &players[i]) != 0) {
            return 1;
        }
    }
    for (unsigned i = 0; i < PLAYERS; i++) {
        pthread_join(players[i].thread, NULL);
    }
    kv_faults_free(stress.faults);
    return tally_close(&stress.tally);
}
