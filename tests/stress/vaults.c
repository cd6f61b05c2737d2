/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Eight clients that make, change, delete, recover, purge and make again three vaults, one of them
 * a managed HSM, and create, get, list, use, delete and purge keys in these and in two that stay.
 * Each key carries the number of the request that asked for it, so that whoever sees it knows in
 * which vault it was made and after which of its purges.
 *
 *   vaults [SECONDS [SEED]]    or $VAULTS_SECONDS, $VAULTS_SEED; 20 s, a seed of the day
 */
#include "vaults.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "../support/consistency.h"
#include "../support/program.h"

#define SECONDS_DEFAULT 20

static const char *const promises[PROMISE_COUNT] = {
    [PROMISE_START] = "the daemon starts",
    [PROMISE_ANSWERED] = "every request gets an answer",
    [PROMISE_ALLOWED] = "every answer is right for some order of events",
    [PROMISE_EXACT] = "while nobody changes a vault, an answer is the one for what it is",
    [PROMISE_SUBJECT] = "an answer is about the vault that was asked for",
    [PROMISE_OWNER] = "a vault shows only keys that were asked for in it",
    [PROMISE_INCARNATION] = "a key that is shown was made after the last purge of its vault",
    [PROMISE_KEPT] = "an acknowledged key is there until its vault is purged",
    [PROMISE_BYTES] = "what a key wrapped or signed, it unwraps or verifies",
    [PROMISE_HISTORY] = "what was acknowledged of a vault took effect once",
    [PROMISE_EMPTY] = "a vault that was purged and made again has nothing of before",
    [PROMISE_CENSUS] = "a key on the token for each version, none in limbo, once it is quiet",
    [PROMISE_FOLDER] = "store and token, read behind the daemon's back, agree",
    [PROMISE_STOP] = "the daemon stops in order",
};

static const char *const arguments[] = {
    "--vault",     "oak,retention=7", "--vault", "yew,kind=hsm,retention=7",
    "--log-level", "warning",         NULL,
};

static void init(struct stress *stress, const struct daemon *daemon, struct tally *tally)
{
    stress->daemon = daemon;
    stress->tally = tally;
    stress->deeds = calloc(DEEDS_MAX, sizeof(*stress->deeds));
    if (stress->deeds == NULL) {
        abort();
    }
    pthread_mutex_init(&stress->mutex, NULL);
    for (size_t i = 0; i < VAULTS; i++) {
        annals_init(&stress->annals[i], !vaults_estates[i].is_mortal);
    }
}

static void done(struct stress *stress)
{
    free(stress->deeds);
    pthread_mutex_destroy(&stress->mutex);
    for (size_t i = 0; i < VAULTS; i++) {
        annals_done(&stress->annals[i]);
    }
}

static void *run_player(void *argument)
{
    player_play(argument);
    return NULL;
}

/* A daemon that hangs answers nobody: the clients give up by themselves. */
static void play(struct stress *stress, struct player players[PLAYERS], kv_millis span)
{
    kv_millis end = kv_clock_monotonic() + span;

    for (size_t i = 0; i < PLAYERS; i++) {
        if (pthread_create(&players[i].thread, NULL, run_player, &players[i]) != 0) {
            abort();
        }
    }
    while (kv_clock_monotonic() < end && tally_is_clean(stress->tally)) {
        program_pause(100);
    }
    atomic_store(&stress->over, true);
    for (size_t i = 0; i < PLAYERS; i++) {
        pthread_join(players[i].thread, NULL);
    }
}

static void print_outcomes(const struct stress *stress)
{
    unsigned long sum = 0;

    for (const struct outcome *row = vaults_outcomes; row->status != 0; row++) {
        unsigned long count = atomic_load(&stress->outcomes[row - vaults_outcomes]);

        if (count > 0) {
            printf("  %-14s %4ld %-14s %9lu\n", vaults_operation_names[row->operation], row->status,
                   row->code, count);
        }
        sum += count;
    }
    printf("  %lu answers, %lu of them while nobody changed the vault\n", sum,
           atomic_load(&stress->calm));
    for (size_t i = 0; i < VAULTS; i++) {
        const struct annals *annals = &stress->annals[i];

        printf("  %-6s made %lu times, deleted %lu, recovered %lu, purged %lu\n",
               vaults_estates[i].name, annals->made, annals->deleted, annals->recovered,
               annals->purged);
    }
    fflush(stdout);
}

static void check_folder(struct tally *tally, const struct daemon *daemon)
{
    struct consistency found;
    char text[CONSISTENCY_TEXT_SIZE];
    bool read = consistency_read(daemon->folder, &found);

    tally_check(tally, PROMISE_FOLDER, read && consistency_holds(&found), "%s: %s", daemon->folder,
                read ? consistency_describe(&found, text) : "it cannot be read");
}

static void run(struct stress *stress, struct daemon *daemon, kv_millis span, unsigned long seed)
{
    struct player players[PLAYERS] = { { .number = 0 } };

    for (unsigned i = 0; i < PLAYERS; i++) {
        player_open(&players[i], stress, i, seed);
    }
    play(stress, players, span);
    if (tally_is_clean(stress->tally)) { /* else it was not waited for what is being destroyed */
        vaults_review(stress, players);
        tally_check(stress->tally, PROMISE_STOP, daemon_stop(daemon), "its log is above");
        check_folder(stress->tally, daemon);
    }
    print_outcomes(stress);
    for (size_t i = 0; i < PLAYERS; i++) {
        player_close(&players[i]);
    }
}

int main(int argc, char **argv)
{
    static struct stress stress;
    const struct program_arguments given = { argc, argv, "[SECONDS [SEED]]" };
    unsigned long seconds = program_number(&given, 1, "VAULTS_SECONDS", SECONDS_DEFAULT);
    unsigned long seed = program_number(&given, 2, "VAULTS_SEED", (unsigned long) kv_clock_real());
    struct daemon daemon;
    struct tally tally;

    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    printf("seed %lu\n", seed);
    fflush(stdout);
    tally_init(&tally, promises, PROMISE_COUNT);
    daemon_prepare(&daemon);
    init(&stress, &daemon, &tally);
    if (tally_check(&tally, PROMISE_START, daemon_start(&daemon, arguments), "its log is above")) {
        run(&stress, &daemon, (kv_millis) seconds * 1000, seed);
    }
    daemon_kill(&daemon);
    if (tally_is_clean(&tally)) {
        daemon_discard(&daemon);
    } else {
        fprintf(stderr, "the folder is left for a look: %s\n", daemon.folder);
    }
    done(&stress);
    curl_global_cleanup();
    return tally_close(&tally);
}
