/* SPDX-License-Identifier: Apache-2.0 */
/* The players: how they ask, and the first look at an answer. */
#include <stdio.h>
#include <string.h>

#include "vaults_ask.h"

#define CROWD_TURNS 256 /* requests of all players */

static struct reply send_to(struct player *player, unsigned vault, bool as_hsm, const char *method,
                            const char *path, const char *body)
{
    struct client *client = as_hsm ? &player->hsm_client : &player->client;

    return client_call_vault(client, vaults_estates[vault].name, as_hsm, method, path, body);
}

struct reply player_send(struct player *player, unsigned vault, const char *method,
                         const char *path, const char *body)
{
    return send_to(player, vault, vaults_estates[vault].is_hsm, method, path, body);
}

struct reply player_control(struct player *player, unsigned vault, const char *method,
                            const char *behind, const char *body)
{
    char whole[96] = "";

    if (behind != NULL) {
        snprintf(whole, sizeof(whole), "/%s%s", vaults_estates[vault].name, behind);
    }
    return client_ask_vaults(&player->client, method, whole, body);
}

/* What came before is known only now: the key carries the number of this request. */
static void number_key(struct player *player, struct ask *ask)
{
    const bool is_shared = ask->operation == OP_CREATE_SHARED;

    ask->deed = deed_begin(player->stress, ask->vault, is_shared ? SHARED : player->number,
                           ask->before.incarnation.first);
    snprintf(ask->body, sizeof(ask->body), "{%s,\"tags\":{\"deed\":\"%u\"}}",
             vaults_kinds[estate_of(ask)->is_hsm].create, ask->deed);
}

static struct reply send_ask(struct player *player, struct ask *ask)
{
    const enum vaults_operation operation = ask->operation;
    const char *body = ask->body[0] != '\0' ? ask->body : NULL;

    if (vaults_ask_rows[operation].control != NULL || operation == OP_LIST_VAULTS) {
        return player_control(player, ask->vault, vaults_ask_rows[operation].method,
                              vaults_ask_rows[operation].control, body);
    }
    return send_to(player, ask->vault, estate_of(ask)->is_hsm != (operation == OP_ASTRAY),
                   vaults_ask_rows[operation].method, ask->path, body);
}

static struct reply send_and_look(struct player *player, struct ask *ask)
{
    struct annals *annals = &player->stress->annals[ask->vault];
    struct reply reply;

    if (ask->operation <= OP_PURGE) {
        ask->before = annals_begin(annals, ask->operation);
        reply = send_ask(player, ask);
        ask->after = annals_end(annals, ask->operation, reply.status);
        return reply;
    }
    ask->before = annals_look(annals);
    if (ask->operation == OP_CREATE || ask->operation == OP_CREATE_SHARED) {
        number_key(player, ask);
    }
    reply = send_ask(player, ask);
    ask->after = annals_look(annals);
    return reply;
}

/* Where nobody did anything to the vault meanwhile there is one state only that explains it. */
static void judge(struct player *player, struct ask *ask, const struct reply *reply)
{
    struct stress *stress = player->stress;
    const struct outcome *outcome = outcome_find(ask->operation, LIFE_COUNT, reply);

    if (!tally_check(stress->tally, PROMISE_ALLOWED, outcome != NULL, "%s of %s: %ld %s",
                     vaults_operation_names[ask->operation], estate_of(ask)->name, reply->status,
                     reply->body)) {
        return;
    }
    atomic_fetch_add(&stress->outcomes[outcome - vaults_outcomes], 1);
    if (is_calm(ask)) {
        atomic_fetch_add(&stress->calm, 1);
        tally_check(stress->tally, PROMISE_EXACT,
                    outcome_find(ask->operation, ask->before.life, reply) != NULL,
                    "%s of %s, which is %s: %ld %s", vaults_operation_names[ask->operation],
                    estate_of(ask)->name, life_names[ask->before.life], reply->status, reply->body);
    }
    ask_note(player, ask, reply);
}

bool player_perform(struct player *player, enum vaults_operation operation, unsigned vault)
{
    struct ask ask = { .operation = operation, .vault = vault };
    struct reply reply;
    bool answered;

    if (vaults_ask_rows[operation].prepare != NULL) {
        vaults_ask_rows[operation].prepare(player, &ask);
    }
    if (ask.skip) {
        return true;
    }
    reply = send_and_look(player, &ask);
    answered =
        tally_check(player->stress->tally, PROMISE_ANSWERED, reply.status != 0, "%s of %s: %s",
                    vaults_operation_names[operation], vaults_estates[vault].name, reply.body);
    if (answered) {
        judge(player, &ask, &reply);
    }
    reply_done(&reply);
    return answered;
}

static enum vaults_operation roll_operation(struct player *player)
{
    unsigned sum = 0;
    unsigned roll;
    size_t operation = 0;

    for (size_t i = 0; i < OP_COUNT; i++) {
        sum += vaults_ask_rows[i].weight;
    }
    for (roll = dice_roll(&player->dice, sum); roll >= vaults_ask_rows[operation].weight;
         operation++) {
        roll -= vaults_ask_rows[operation].weight;
    }
    return (enum vaults_operation) operation;
}

/* Two of three requests go to the same mortal vault, for as long as a crowd is there. */
static unsigned roll_vault(struct player *player)
{
    unsigned long turn = atomic_fetch_add(&player->stress->turns, 1);

    return dice_roll(&player->dice, 3) == 0 ? dice_roll(&player->dice, VAULTS)
                                            : turn / CROWD_TURNS % MORTALS;
}

void player_play(struct player *player)
{
    while (!atomic_load(&player->stress->over)
           && player_perform(player, roll_operation(player), roll_vault(player))) {
    }
}

void player_open(struct player *player, struct stress *stress, unsigned number, unsigned long seed)
{
    player->stress = stress;
    player->number = number;
    player->dice.state = seed + number;
    client_open(&player->client, stress->daemon, vaults_estates[VAULTS - 2].name);
    client_open_hsm(&player->hsm_client, stress->daemon, vaults_estates[VAULTS - 1].name);
}

void player_close(struct player *player)
{
    client_close(&player->client);
    client_close(&player->hsm_client);
}
