/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sixteen clients that create, delete, recover, purge, update, list, get, wrap and unwrap under
 * the same few names of two vaults, one of them with purge protection; once with deletions that
 * are done at once, once with deletions that stay pending for a while.
 *
 *   contention [SECONDS [SEED]]    or $CONTENTION_SECONDS, $CONTENTION_SEED; 60 s in all
 */
#include "contention.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/consistency.h"
#include "../support/program.h"

#define SECONDS_DEFAULT 60
#define PATIENCE_MS 60000 /* for one answer; beyond it the daemon is taken for dead-locked */
#define LAG_MS 50

static const char *const promises[PROMISE_COUNT] = {
    [PROMISE_START] = "the daemon starts",
    [PROMISE_ANSWERED] = "every request gets an answer",
    [PROMISE_CONTRACT] = "every answer is one that the contract allows for some order of events",
    [PROMISE_SUBJECT] = "an answer is about the key and version that were asked for",
    [PROMISE_BYTES] = "an unwrap that is answered 200 gives the bytes that were wrapped",
    [PROMISE_PROGRESS] = "no request waits for a minute",
    [PROMISE_HISTORY] = "of many deletions, recoveries and purges each took effect once",
    [PROMISE_KEPT] = "where nothing can be purged, every acknowledged version is there",
    [PROMISE_KNOWN] = "no version is there that was not acknowledged",
    [PROMISE_USABLE] = "every version that is there works",
    [PROMISE_CENSUS] = "a key on the token for each version, none in limbo, once it is quiet",
    [PROMISE_FOLDER] = "store and token, read behind the daemon's back, agree",
    [PROMISE_STOP] = "the daemon stops in order",
};

static void init(struct contention *contention, const struct daemon *daemon, struct tally *tally,
                 bool lagging)
{
    contention->daemon = daemon;
    contention->tally = tally;
    contention->lagging = lagging;
    sem_init(&contention->makers, 0, MAKERS);
    pthread_mutex_init(&contention->mutex, NULL);
    for (size_t i = 0; i < VAULTS * NAMES; i++) {
        pthread_mutex_init(&contention->chronicle[i / NAMES][i % NAMES].mutex, NULL);
    }
}

static void done(struct contention *contention)
{
    sem_destroy(&contention->makers);
    pthread_mutex_destroy(&contention->mutex);
    for (size_t i = 0; i < VAULTS * NAMES; i++) {
        pthread_mutex_destroy(&contention->chronicle[i / NAMES][i % NAMES].mutex);
        free(contention->chronicle[i / NAMES][i % NAMES].versions);
    }
}

static void *run_player(void *argument)
{
    player_play(argument);
    return NULL;
}

static void seat(struct contention *contention, struct player players[PLAYERS], unsigned long seed)
{
    for (unsigned i = 0; i < PLAYERS; i++) {
        struct player *player = &players[i];

        player->contention = contention;
        player->dice.state = seed + i;
        client_open(&player->client, contention->daemon, contention_vaults[0]);
    }
}

static void begin_play(struct player players[PLAYERS])
{
    for (size_t i = 0; i < PLAYERS; i++) {
        if (pthread_create(&players[i].thread, NULL, run_player, &players[i]) != 0) {
            abort();
        }
    }
}

static void end_play(struct player players[PLAYERS])
{
    for (size_t i = 0; i < PLAYERS; i++) {
        pthread_join(players[i].thread, NULL);
    }
}

static void unseat(struct player players[PLAYERS])
{
    for (size_t i = 0; i < PLAYERS; i++) {
        client_close(&players[i].client);
    }
}

/* Those whose request has been under way for longer than anybody should wait. */
static bool nobody_is_stuck(struct contention *contention, struct player players[PLAYERS])
{
    kv_millis now = kv_clock_monotonic();
    bool moving = true;

    for (size_t i = 0; i < PLAYERS; i++) {
        kv_millis since = atomic_load(&players[i].busy_since);

        moving &= tally_check(contention->tally, PROMISE_PROGRESS,
                              since == 0 || now - since < PATIENCE_MS, "player %zu: %s for %lld ms",
                              i, contention_operation_names[atomic_load(&players[i].operation)],
                              (long long) (now - since));
    }
    return moving;
}

static bool anybody_is_busy(struct player players[PLAYERS])
{
    for (size_t i = 0; i < PLAYERS; i++) {
        if (atomic_load(&players[i].busy_since) != 0) {
            return true;
        }
    }
    return false;
}

/* Until the time is over and the last answer is there; a daemon that hangs is killed, so that the
 * players come back. */
static bool watch(struct contention *contention, struct daemon *daemon,
                  struct player players[PLAYERS], kv_millis span)
{
    kv_millis end = kv_clock_monotonic() + span;

    while (kv_clock_monotonic() < end || anybody_is_busy(players)) {
        program_pause(100);
        atomic_store(&contention->over, kv_clock_monotonic() >= end);
        if (!nobody_is_stuck(contention, players)) {
            atomic_store(&contention->over, true);
            daemon_kill(daemon);
            return false;
        }
    }
    atomic_store(&contention->over, true);
    return true;
}

static void print_outcomes(const struct contention *contention, kv_millis span)
{
    unsigned long sum = 0;

    printf("deletions %s, %u clients, %.1f s\n", contention->lagging ? "lag" : "are done at once",
           PLAYERS, (double) span / 1000);
    for (const struct outcome *row = contention_outcomes; row->status != 0; row++) {
        unsigned long count = atomic_load(&contention->outcomes[row - contention_outcomes]);

        printf("  %-14s %4ld %-13s %-30s %9lu\n", contention_operation_names[row->operation],
               row->status, row->code, row->inner, count);
        sum += count;
    }
    printf("  %lu answers\n", sum);
    fflush(stdout);
}

/* The housekeeper destroys what was purged behind the requests: it gets a little time. */
static void check_census(struct tally *tally, const struct daemon *daemon)
{
    struct census census = { .versions = 0 };
    bool agreed = false;

    for (unsigned tries = 0; tries < 600 && !agreed; tries++) {
        agreed = census_read(daemon, &census) && census.limbo == 0
                 && census.versions == census.token_keys;
        if (!agreed) {
            program_pause(100);
        }
    }
    tally_check(tally, PROMISE_CENSUS, agreed, "%zu versions, %zu keys on the token, %zu in limbo",
                census.versions, census.token_keys, census.limbo);
}

static void check_folder(struct tally *tally, const struct daemon *daemon)
{
    struct consistency found;
    char text[CONSISTENCY_TEXT_SIZE];
    bool read = consistency_read(daemon->folder, &found);

    tally_check(tally, PROMISE_FOLDER, read && consistency_holds(&found), "%s: %s", daemon->folder,
                read ? consistency_describe(&found, text) : "it cannot be read");
}

/* What is there now, held against what was acknowledged. */
static void review(struct contention *contention, struct client *client)
{
    contention_review(contention, client, contention->lagging ? LAG_MS : 0);
    check_census(contention->tally, contention->daemon);
}

static void play(struct contention *contention, struct daemon *daemon, kv_millis span,
                 unsigned long seed)
{
    struct player *players = calloc(PLAYERS, sizeof(*players));

    if (players == NULL) {
        abort();
    }
    seat(contention, players, seed);
    if (player_furnish(&players[0])) {
        kv_millis began = kv_clock_monotonic();
        bool moving;

        begin_play(players);
        moving = watch(contention, daemon, players, span);
        end_play(players);
        print_outcomes(contention, kv_clock_monotonic() - began);
        if (moving) {
            review(contention, &players[0].client);
        }
    }
    unseat(players);
    free(players);
}

/* One daemon, one way of deleting. */
static void contend(struct tally *tally, bool lagging, kv_millis span, unsigned long seed)
{
    static const char *const at_once[] = {
        "--vault",        "free", "--vault", "safe,purge-protection", "--log-level", "warning",
        "--deletion-lag", "0",    NULL
    };
    static const char *const lag[] = {
        "--vault",        "free", "--vault", "safe,purge-protection", "--log-level", "warning",
        "--deletion-lag", "0.05", NULL
    };
    struct contention *contention = calloc(1, sizeof(*contention));
    struct daemon daemon;

    if (contention == NULL) {
        abort();
    }
    daemon_prepare(&daemon);
    init(contention, &daemon, tally, lagging);
    if (tally_check(tally, PROMISE_START, daemon_start(&daemon, lagging ? lag : at_once),
                    "its log is above")) {
        play(contention, &daemon, span, seed);
        tally_check(tally, PROMISE_STOP, daemon_stop(&daemon), "its log is above");
        check_folder(tally, &daemon);
    }
    done(contention);
    free(contention);
    if (tally_is_clean(tally)) {
        daemon_discard(&daemon);
    }
}

int main(int argc, char **argv)
{
    const struct program_arguments given = { argc, argv, "[SECONDS [SEED]]" };
    unsigned long seconds = program_number(&given, 1, "CONTENTION_SECONDS", SECONDS_DEFAULT);
    unsigned long seed =
        program_number(&given, 2, "CONTENTION_SEED", (unsigned long) kv_clock_real());
    kv_millis half = (kv_millis) seconds * 500;
    struct tally tally;

    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    printf("seed %lu\n", seed);
    fflush(stdout);
    tally_init(&tally, promises, PROMISE_COUNT);
    contend(&tally, false, half, seed);
    contend(&tally, true, half, seed + PLAYERS);
    curl_global_cleanup();
    return tally_close(&tally);
}
