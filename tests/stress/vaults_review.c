/* SPDX-License-Identifier: Apache-2.0 */
/* After the play: what is there, held against what was acknowledged, and then the end of it all. */
#include <stdio.h>
#include <string.h>

#include "../support/consistency.h"
#include "../support/program.h"
#include "vaults.h"

#define ASKED_MAX 100 /* versions of before, of a vault */

static void perform_all(struct player *player, const enum vaults_operation *operations,
                        size_t count, unsigned vault)
{
    for (size_t i = 0; i < count; i++) {
        player_perform(player, operations[i], vault);
    }
}

/* Now nothing is under way: every answer has to be exact. */
static void review_vault(struct stress *stress, struct player players[PLAYERS], unsigned vault)
{
    static const enum vaults_operation revival[] = { OP_LOOK, OP_RECOVER, OP_MAKE, OP_LIST_VAULTS };
    static const enum vaults_operation survey[] = { OP_GET, OP_GET_SHARED, OP_LIST, OP_SEAL,
                                                    OP_OPEN };
    char text[160];

    tally_check(stress->tally, PROMISE_HISTORY,
                annals_add_up(&stress->annals[vault], text, sizeof(text)), "%s: %s",
                vaults_estates[vault].name, text);
    perform_all(&players[0], revival, KV_COUNT(revival), vault);
    for (size_t i = 0; i < PLAYERS; i++) {
        perform_all(&players[i], survey, KV_COUNT(survey), vault);
    }
}

/* How many keys it lists; more than a page is not made. */
static size_t count_listed(struct player *player, unsigned vault, const char *path)
{
    struct reply reply = player_send(player, vault, "GET", path, NULL);
    const cJSON *list = reply_item(&reply, "value");
    size_t count = (size_t) cJSON_GetArraySize(list);

    tally_check(player->stress->tally, PROMISE_ALLOWED, cJSON_IsArray(list), "%s of %s: %ld %s",
                path, vaults_estates[vault].name, reply.status, reply.body);
    reply_done(&reply);
    return count;
}

static void ask_for_former(struct player *player, const struct deed *deed)
{
    char path[96], name[16];
    struct reply reply;

    snprintf(path, sizeof(path), "/keys/%s/%s", vaults_key_name(deed->name, name), deed->version);
    reply = player_send(player, deed->vault, "GET", path, NULL);
    tally_check(player->stress->tally, PROMISE_EMPTY,
                reply.status == 404 && strcmp(reply_text(&reply, "error.code"), "KeyNotFound") == 0,
                "%s of %s after its purge: %ld %s", path, vaults_estates[deed->vault].name,
                reply.status, reply.body);
    reply_done(&reply);
}

/* Purged and made again, it has nothing of before: no list says so, and no version answers. */
static void replace_vault(struct stress *stress, struct player players[PLAYERS], unsigned vault)
{
    static const enum vaults_operation replacement[] = { OP_DELETE, OP_PURGE, OP_MAKE };
    size_t live, deleted;
    size_t asked = 0;

    perform_all(&players[0], replacement, KV_COUNT(replacement), vault);
    live = count_listed(&players[0], vault, "/keys");
    deleted = count_listed(&players[0], vault, "/deletedkeys");
    tally_check(stress->tally, PROMISE_EMPTY, live + deleted == 0,
                "%s lists %zu keys and %zu deleted ones after its purge",
                vaults_estates[vault].name, live, deleted);
    for (unsigned i = stress->deed_count; i > 0 && asked < ASKED_MAX; i--) {
        const struct deed deed = deed_at(stress, i - 1);

        if (deed.vault == vault && deed.version[0] != '\0') {
            ask_for_former(&players[0], &deed);
            asked++;
        }
    }
    for (size_t i = 0; i < PLAYERS; i++) {
        player_perform(&players[i], OP_GET, vault);
    }
}

/* The housekeeper destroys what was purged behind the requests: it gets a little time. */
static void check_census(struct stress *stress, size_t live, size_t deleted)
{
    struct census census = { .versions = 0 };
    bool agreed = false;

    for (unsigned tries = 0; tries < 600 && !agreed; tries++) {
        agreed = census_read(stress->daemon, &census) && census.limbo == 0 && census.live == live
                 && census.deleted == deleted && census.versions == census.token_keys;
        if (!agreed) {
            program_pause(100);
        }
    }
    tally_check(stress->tally, PROMISE_CENSUS, agreed,
                "%zu keys and %zu deleted ones in the vaults that stay; %zu and %zu in the store, "
                "%zu versions, %zu keys on the token, %zu in limbo",
                live, deleted, census.live, census.deleted, census.versions, census.token_keys,
                census.limbo);
}

void vaults_review(struct stress *stress, struct player players[PLAYERS])
{
    size_t live = 0;
    size_t deleted = 0;

    for (unsigned vault = 0; vault < VAULTS; vault++) {
        review_vault(stress, players, vault);
    }
    for (unsigned vault = 0; vault < VAULTS; vault++) {
        if (vaults_estates[vault].is_mortal) {
            replace_vault(stress, players, vault);
        } else {
            live += count_listed(&players[0], vault, "/keys");
            deleted += count_listed(&players[0], vault, "/deletedkeys");
        }
    }
    check_census(stress, live, deleted);
}
