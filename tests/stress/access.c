/* SPDX-License-Identifier: Apache-2.0 */
/*
 * access - grants and withdrawals by some, checks by all.
 *
 * Each of nine players gives somebody of its own a role and takes it away again, at a vault, a key
 * of it, or the group above it, or by an access policy, or lets an address of its own through a
 * firewall; the others ask meanwhile. Once a withdrawal was
 * answered nobody may hear yes, once a grant was, nobody no. A plain main(), so that
 * ThreadSanitizer can watch it. Exit 0: nothing was wrong.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "kv/access/firewall.h"
#include "kv/access/grants.h"
#include "kv/access/roles.h"
#include "kv/base/files.h"
#include "kv/store/store.h"
#include "support/dice.h"
#include "support/tally.h"
#include "support/vaults.h"

#define PLAYERS 9
#define ROUNDS 40

enum { PROMISE_DONE, PROMISE_YES, PROMISE_NO, PROMISE_CALM };

static const char *const promises[] = {
    [PROMISE_DONE] = "a grant is made and withdrawn whoever else does the same",
    [PROMISE_YES] = "whoever was granted something may do it at once",
    [PROMISE_NO] = "whoever lost it may not from then on",
    [PROMISE_CALM] = "others hear the same",
};

struct stress {
    struct kv_store *store;
    struct kv_vaults *vaults;
    struct kv_roles *roles;
    struct kv_access *access;
    const struct kv_vault *rbac, *policy, *walled;
    struct tally tally;
    /* Of each player: 2 for what it has done so often, and 1 while it is doing it; granted after
     * an odd number of times. */
    atomic_uint state[PLAYERS];
    char principal[PLAYERS][KV_UUID_LENGTH + 1];
};

struct player {
    struct stress *stress;
    unsigned number;
    struct dice dice;
    pthread_t thread;
};

/* What a player gives and takes away. */
enum kind { ASSIGNMENTS, POLICIES, RULES, KINDS };

static enum kind kind_of(unsigned player)
{
    return (enum kind)(player % KINDS);
}

static const struct kv_vault *vault_of(const struct stress *stress, unsigned player)
{
    return kind_of(player) == ASSIGNMENTS ? stress->rbac : stress->policy;
}

static void print_address(unsigned player, char ret_address[KV_ADDRESS_SIZE])
{
    (void) snprintf(ret_address, KV_ADDRESS_SIZE, "10.0.0.%u", player);
}

static bool may_come(struct stress *stress, unsigned player)
{
    char address[KV_ADDRESS_SIZE];
    const struct kv_network_question question = {
        .vault = stress->walled,
        .client = address,
        .caller = "",
        .caller_in_full = "",
    };

    print_address(player, address);
    return kv_network_check(stress->access, &question, NULL) == KV_OK;
}

static enum kv_code move_rule(const struct player *player, enum kv_network_mode mode,
                              struct kv_err *err)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .mode = mode };
    kv_auto(kv_network_done) struct kv_network made = { .since = 0 };
    char address[KV_ADDRESS_SIZE];

    print_address(player->number, address);
    KV_TRY(kv_network_give_range(&change, KV_NETWORK_RULES, address, err));
    return kv_network_change(player->stress->access, player->stress->walled, &change, 0, &made,
                             err);
}

static bool may(struct stress *stress, unsigned player)
{
    if (kind_of(player) == RULES) {
        return may_come(stress, player);
    }

    const struct kv_access_question question = {
        .vault = vault_of(stress, player),
        .object_id = stress->principal[player],
        .app_id = "",
        .caller = "",
        .permission = KV_PERMISSION_KEYS_UNWRAP,
        .key = "k",
        .now = 0,
    };
    char assignment[KV_UUID_LENGTH + 1];

    return kv_access_check(stress->access, &question, assignment, NULL) == KV_OK;
}

static enum kv_code permit(struct player *player, const char *words, struct kv_err *err)
{
    struct stress *stress = player->stress;
    struct kv_policy policy = { .words = "" }, stored;

    (void) snprintf(policy.principal, sizeof(policy.principal), "%s",
                    stress->principal[player->number]);
    (void) snprintf(policy.words, sizeof(policy.words), "%s", words);
    return kv_access_set_policy(stress->access, stress->policy, &policy, 0, &stored, err);
}

static enum kv_code grant(struct player *player, char ret_name[KV_UUID_LENGTH + 1],
                          struct kv_err *err)
{
    static const char *const scopes[] = { "vault", "key", "group", "/" };
    struct stress *stress = player->stress;
    unsigned scope = dice_roll(&player->dice, KV_COUNT(scopes));
    const struct kv_assignment_draft draft = {
        .vault = stress->rbac,
        .principal = stress->principal[player->number],
        .role = "key-vault-crypto-user",
        .scope = scopes[scope],
        .key = scope == 1 ? "K" : NULL,
    };
    struct kv_assignment made;

    switch (kind_of(player->number)) {
    case POLICIES:
        return permit(player, "get unwrapKey", err);
    case RULES:
        return move_rule(player, KV_NETWORK_ADD, err);
    case ASSIGNMENTS:
    case KINDS:
        break;
    }
    KV_TRY(kv_access_assign(stress->access, &draft, 0, &made, err));
    (void) snprintf(ret_name, KV_UUID_LENGTH + 1, "%s", made.name);
    return KV_OK;
}

/* A policy is replaced or removed. */
static enum kv_code withdraw(struct player *player, const char *name, struct kv_err *err)
{
    struct stress *stress = player->stress;

    switch (kind_of(player->number)) {
    case ASSIGNMENTS:
        return kv_access_unassign(stress->access, stress->rbac, name, 0, err);
    case RULES:
        return move_rule(player, KV_NETWORK_REMOVE, err);
    case POLICIES:
    case KINDS:
        break;
    }
    return dice_roll(&player->dice, 2) == 0
               ? permit(player, "get", err)
               : kv_access_remove_policy(stress->access, stress->policy,
                                         stress->principal[player->number], "", 0, err);
}

/* Asks about somebody else: what was so before and after was so meanwhile. */
static void look_around(struct player *player)
{
    struct stress *stress = player->stress;
    unsigned other = dice_roll(&player->dice, PLAYERS);
    unsigned before = atomic_load(&stress->state[other]);
    bool is = may(stress, other);

    if (before % 2 == 0 && atomic_load(&stress->state[other]) == before) {
        tally_check(&stress->tally, PROMISE_CALM, is == (before / 2 % 2 != 0), "player %u, deed %u",
                    other, before / 2);
    }
}

static void play_round(struct player *player)
{
    struct stress *stress = player->stress;
    atomic_uint *state = &stress->state[player->number];
    char name[KV_UUID_LENGTH + 1] = "";
    struct kv_err err = { .message = "" };
    enum kv_code code;

    atomic_fetch_add(state, 1);
    code = grant(player, name, &err);
    tally_check(&stress->tally, PROMISE_DONE, code == KV_OK, "%s", err.message);
    atomic_fetch_add(state, 1);
    tally_check(&stress->tally, PROMISE_YES, may(stress, player->number), "player %u",
                player->number);
    for (unsigned i = 0; i < 8; i++) {
        look_around(player);
    }
    atomic_fetch_add(state, 1);
    code = withdraw(player, name, &err);
    tally_check(&stress->tally, PROMISE_DONE, code == KV_OK, "%s", err.message);
    atomic_fetch_add(state, 1);
    tally_check(&stress->tally, PROMISE_NO, !may(stress, player->number), "player %u",
                player->number);
    for (unsigned i = 0; i < 8; i++) {
        look_around(player);
    }
}

static void *play(void *context)
{
    struct player *player = context;

    for (unsigned i = 0; i < ROUNDS && tally_is_clean(&player->stress->tally); i++) {
        play_round(player);
    }
    return NULL;
}

static enum kv_code close_firewall(struct stress *stress, struct kv_err *err)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .mode = KV_NETWORK_SET };
    kv_auto(kv_network_done) struct kv_network made = { .since = 0 };

    KV_TRY(kv_network_give_word(&change, KV_NETWORK_DEFAULT_ACTION, "Deny", err));
    return kv_network_change(stress->access, stress->walled, &change, 0, &made, err);
}

static enum kv_code begin(struct stress *stress, const char *folder, struct kv_err *err)
{
    static const char *const specs[] = { "rbac,access=rbac", "policy,access=policy", "walled" };
    struct kv_access_config config = { .tenant = "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57" };
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, folder, "access.db", err));
    KV_TRY(kv_store_open(path, PLAYERS + 2, &stress->store, err));
    KV_TRY(vaults_of_specs(stress->store, specs, KV_COUNT(specs), &stress->vaults, err));
    KV_TRY(kv_roles_new(stress->store, &stress->roles, err));
    config.store = stress->store;
    config.roles = stress->roles;
    KV_TRY(kv_access_new(&config, &stress->access, err));
    stress->rbac = kv_vaults_acquire(stress->vaults, "rbac");
    stress->policy = kv_vaults_acquire(stress->vaults, "policy");
    stress->walled = kv_vaults_acquire(stress->vaults, "walled");
    for (unsigned i = 0; i < PLAYERS; i++) {
        kv_uuid_random(stress->principal[i]);
    }
    return close_firewall(stress, err);
}

static void end(struct stress *stress)
{
    kv_vault_release(stress->rbac);
    kv_vault_release(stress->policy);
    kv_vault_release(stress->walled);
    kv_access_free(stress->access);
    kv_roles_free(stress->roles);
    kv_vaults_free(stress->vaults);
    kv_store_close(stress->store);
}

int main(void)
{
    static struct stress stress;
    static struct player players[PLAYERS];
    char folder[] = "/tmp/coffer-access-XXXXXX";
    struct kv_err err;

    if (mkdtemp(folder) == NULL || begin(&stress, folder, &err) != KV_OK) {
        fprintf(stderr, "access: nothing to begin with\n");
        return 1;
    }
    tally_init(&stress.tally, promises, KV_COUNT(promises));
    for (unsigned i = 0; i < PLAYERS; i++) {
        players[i] = (struct player){ .stress = &stress, .number = i, .dice = { i + 1 } };
        pthread_create(&players[i].thread, NULL, play, &players[i]);
    }
    for (unsigned i = 0; i < PLAYERS; i++) {
        pthread_join(players[i].thread, NULL);
    }
    end(&stress);
    KV_IGNORE(kv_folder_remove(folder, NULL));
    return tally_close(&stress.tally);
}
