/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kill -9 at random moments, hundreds of times, on one data folder: nothing that was acknowledged
 * may be lost or come back, and store and token must agree after every start.
 *
 *   crash [ROUNDS [SEED]]    or $CRASH_ROUNDS, $CRASH_SEED; 200 rounds with a seed of the day
 *
 * A round starts the daemon, compares what it shows with the ledgers of the workers, who have keys,
 * and of the landlords, who have vaults, and kills it while they load it anew. Some rounds kill it during the start, too. The moments of a seed are the
 * same each time; what the daemon is doing then is not.
 */
#include "crash.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/consistency.h"
#include "../support/program.h"
#include "crash_crew.h"
#include "kv/base/clock.h"

#define ROUNDS_DEFAULT 200
#define KILL_MIN_MS 5
#define KILL_MAX_MS 600
#define AIM_EVERY 6 /* rounds: four of them are aimed */
#define REQUEST_PATIENCE_MS 400
#define REQUEST_SPREAD_MS 15
#define VAULT_SPREAD_MS 6 /* what changes a vault is one short transaction */
#define OBJECT_PATIENCE_MS 2000
#define OBJECT_SPREAD_MS 40
#define KEY_BYTES 1500 /* an object of SoftHSM that is larger has the RSA-2048 key in it */
#define KEY_SPREAD_MS 3
#define FURNISH_EVERY 4    /* rounds */
#define START_KILL_EVERY 6 /* rounds: the daemon is killed before it is ready, too */
#define INSPECT_EVERY 20   /* rounds: store and token are read behind its back */
#define FIRST_START_SHARE 10

static const char *const promises[PROMISE_COUNT] = {
    [PROMISE_START] = "the daemon starts after every kill",
    [PROMISE_ALIVE] = "it ends only when it is killed",
    [PROMISE_ANSWER] = "every answer is the one that the ledger expects",
    [PROMISE_LIVE] = "an acknowledged key is there: its versions, their state and tags, its policy",
    [PROMISE_DELETED] = "an acknowledged deletion holds",
    [PROMISE_PURGED] = "an acknowledged purge holds: nothing comes back",
    [PROMISE_WHOLE] = "a request that a kill cut off happened as a whole or not at all",
    [PROMISE_UNIQUE] = "no key is handed out twice, from the pool or not",
    [PROMISE_OPEN] = "what a version wrapped or signed, it unwraps or verifies",
    [PROMISE_SEAL] = "it still wraps or signs",
    [PROMISE_DISABLED] = "a disabled version refuses",
    [PROMISE_VAULT_LIVE] = "an acknowledged vault is there: its settings and the keys in it",
    [PROMISE_VAULT_DELETED] = "an acknowledged deletion of a vault holds",
    [PROMISE_VAULT_PURGED] = "an acknowledged purge of a vault holds: nothing comes back",
    [PROMISE_VAULTS] = "after a start: the vaults that should be, and no other one",
    [PROMISE_CENSUS] = "after a start: the keys that should be, one on the token for each version",
    [PROMISE_FOLDER] = "store and token, read behind the daemon's back, agree",
    [PROMISE_STOP] = "the daemon stops in order",
    [PROMISE_REACH] = "each operation was answered, and each kind of key used",
};

#define KEK "Kek"

/* Pairs of curves take so little that the pool is at work between any two kills. */
static const char *const arguments[] = { "--log-level", "warning",    "--symmetric-keys",
                                         "premium",     "--key-pool", "P-256=6,P-384=3,P-521=2",
                                         NULL };

/* Some kills are aimed at one of these. */
static const enum crash_operation aims[] = { OP_PURGE, OP_IMPORT, OP_RESTORE, OP_TRANSFER };
static const enum crash_operation vault_aims[] = {
    OP_VAULT_PURGE, OP_VAULT_MAKE, OP_VAULT_DELETE, OP_VAULT_RECOVER, OP_VAULT_CHANGE, OP_LODGE,
};

struct crash {
    struct daemon daemon;
    struct tally tally;
    atomic_bool doomed;
    atomic_flag making;
    struct aim aim;
    struct dice dice;
    struct crew crew;
    struct cargo cargo;
    struct handed handed;
    bool has_sealed;    /* there was a backup: coffer has a key of its own for them */
    kv_millis start_ms; /* how long the last start took */
    unsigned kills, kills_in_start;
};

static bool start(struct crash *crash, struct daemon *daemon)
{
    kv_millis began = kv_clock_monotonic();
    bool started = daemon_start(daemon, arguments);

    crash->start_ms = kv_clock_monotonic() - began;
    return tally_check(&crash->tally, PROMISE_START, started, "its log is above");
}

/* Somewhere between the fork and a little after it is ready. */
static bool kill_in_start(struct crash *crash, struct daemon *daemon)
{
    if (!tally_check(&crash->tally, PROMISE_START, daemon_launch(daemon, arguments),
                     "no process")) {
        return false;
    }
    program_pause(dice_roll(&crash->dice, (unsigned) crash->start_ms + 10));

    bool running = daemon_is_running(daemon);

    daemon_kill(daemon);
    crash->kills_in_start++;
    return tally_check(&crash->tally, PROMISE_ALIVE, running, "it ended by itself in the start");
}

/* The stopped daemon's folder. */
static bool inspect(struct crash *crash, const struct daemon *daemon)
{
    struct consistency found;
    char text[CONSISTENCY_TEXT_SIZE];
    bool read = consistency_read(daemon->folder, &found);

    return tally_check(&crash->tally, PROMISE_FOLDER, read && consistency_holds(&found), "%s: %s",
                       daemon->folder,
                       read ? consistency_describe(&found, text) : "it cannot be read");
}

static bool stop_and_inspect(struct crash *crash, struct daemon *daemon)
{
    return tally_check(&crash->tally, PROMISE_STOP, daemon_stop(daemon), "its log is above")
           && inspect(crash, daemon);
}

/* A folder's very first start makes certificates, issuer key, token and wrapping key. */
static bool crash_first_start(struct crash *crash)
{
    struct daemon daemon;
    bool passed;

    daemon_prepare(&daemon);
    passed =
        kill_in_start(crash, &daemon) && start(crash, &daemon) && stop_and_inspect(crash, &daemon);
    daemon_kill(&daemon);
    if (passed) {
        daemon_discard(&daemon);
    }
    return passed;
}

/* Those of the landlords, and the one that the daemon makes by itself. */
static bool check_vaults(struct crash *crash)
{
    const struct request request = {
        .method = "GET",
        .target = "/control/v1/vaults",
        .control = true,
    };
    struct reply reply = client_send(&crash->crew.worker[0].client, &request);
    size_t listed = (size_t) cJSON_GetArraySize(reply_item(&reply, "vaults"));
    size_t wanted = crew_holdings(&crash->crew).vaults + 1;
    bool holds = tally_check(&crash->tally, PROMISE_VAULTS, listed == wanted,
                             "%zu in the ledgers, %zu listed: %s", wanted, listed, reply.body);

    reply_done(&reply);
    return holds;
}

/* The key exchange key is in no ledger, coffer's own key in no version. */
static bool check_census(struct crash *crash)
{
    struct census census = { .versions = 0 };
    const struct holdings held = crew_holdings(&crash->crew);
    const size_t live = held.live + 1;
    const size_t versions = held.versions + 1;
    bool read = crash_read_census(&crash->daemon, crash->has_sealed, &census);

    return tally_check(&crash->tally, PROMISE_CENSUS,
                       read && census.live == live && census.deleted == held.deleted
                           && census.versions == versions
                           && census.token_keys == versions + crash->has_sealed + census.pooled
                           && census.limbo == 0,
                       "%zu keys, %zu deleted, %zu versions in the ledgers; %zu, %zu, %zu in the "
                       "store, %zu keys on the token, %zu of them in the pool, %zu in limbo",
                       live, held.deleted, versions, census.live, census.deleted, census.versions,
                       census.token_keys, census.pooled, census.limbo);
}

static bool work(struct crash *crash, const struct task *task)
{
    crew_run(&crash->crew, task);
    return check_vaults(crash) && check_census(crash) && tally_is_clean(&crash->tally);
}

/* Most kills come at any time. Some are aimed: at a request, at an object that is being made, and at
 * the moment when a key is on the token and not yet in the store. */
static void wait_for_moment(struct crash *crash, unsigned long round)
{
    switch (round % AIM_EVERY) {
    case 0:
        aim_at_request(&crash->aim, aims[round / AIM_EVERY % KV_COUNT(aims)], REQUEST_PATIENCE_MS);
        program_pause(dice_roll(&crash->dice, REQUEST_SPREAD_MS));
        break;
    case 2:
        aim_at_object(crash->daemon.folder, 0, OBJECT_PATIENCE_MS);
        program_pause(dice_roll(&crash->dice, OBJECT_SPREAD_MS));
        break;
    case 3:
        aim_at_request(&crash->aim, vault_aims[round / AIM_EVERY % KV_COUNT(vault_aims)],
                       REQUEST_PATIENCE_MS);
        program_pause(dice_roll(&crash->dice, VAULT_SPREAD_MS));
        break;
    case 4:
        aim_at_object(crash->daemon.folder, KEY_BYTES, OBJECT_PATIENCE_MS);
        program_pause(dice_roll(&crash->dice, KEY_SPREAD_MS));
        break;
    default:
        program_pause(KILL_MIN_MS + dice_roll(&crash->dice, KILL_MAX_MS - KILL_MIN_MS));
        break;
    }
}

static bool load_and_kill(struct crash *crash, unsigned long round)
{
    struct shift shifts[SHIFTS];
    bool running;

    atomic_store(&crash->doomed, false);
    crew_begin(&crash->crew, shifts, &task_load);
    wait_for_moment(crash, round);
    running = daemon_is_running(&crash->daemon);
    atomic_store(&crash->doomed, true);
    daemon_kill(&crash->daemon);
    crew_end(shifts);
    crash->kills++;
    return tally_check(&crash->tally, PROMISE_ALIVE, running, "it ended by itself under load")
           && tally_is_clean(&crash->tally);
}

static bool run_round(struct crash *crash, unsigned long round)
{
    if (round % START_KILL_EVERY == 0 && !kill_in_start(crash, &crash->daemon)) {
        return false;
    }
    if (!start(crash, &crash->daemon) || !work(crash, &task_audit)) {
        return false;
    }
    if (round % INSPECT_EVERY == 0
        && (!stop_and_inspect(crash, &crash->daemon) || !start(crash, &crash->daemon))) {
        return false;
    }
    if (round % FURNISH_EVERY == 0 && !work(crash, &task_furnish)) {
        return false;
    }
    return load_and_kill(crash, round);
}

static bool hire_landlords(struct crash *crash, unsigned long seed)
{
    for (unsigned i = 0; i < LANDLORDS; i++) {
        struct landlord *landlord = &crash->crew.landlord[i];

        client_open(&landlord->client, &crash->daemon, "dev");
        client_open_hsm(&landlord->hsm_client, &crash->daemon, "dev");
        landlord->tally = &crash->tally;
        landlord->doomed = &crash->doomed;
        landlord->making = &crash->making;
        landlord->cargo = &crash->cargo;
        landlord->aim = &crash->aim;
        landlord->dice.state = seed + i + 1;
        landlord_init(landlord, i);
        if (!tally_check(&crash->tally, PROMISE_ANSWER,
                         landlord->client.token != NULL && landlord->hsm_client.token != NULL,
                         "no token")) {
            return false;
        }
    }
    return true;
}

/* Tokens outlive a kill, because the key that signs them is on disk: one a worker is enough. */
static bool hire(struct crash *crash, unsigned long seed)
{
    for (unsigned i = 0; i < WORKERS; i++) {
        struct worker *worker = &crash->crew.worker[i];

        client_open(&worker->client, &crash->daemon, "dev");
        worker->tally = &crash->tally;
        worker->doomed = &crash->doomed;
        worker->making = &crash->making;
        worker->cargo = &crash->cargo;
        worker->handed = &crash->handed;
        worker->aim = &crash->aim;
        worker->dice.state = seed + i + 1;
        worker_init(worker, i);
        if (!tally_check(&crash->tally, PROMISE_ANSWER, worker->client.token != NULL, "no token")) {
            return false;
        }
    }
    return hire_landlords(crash, seed + WORKERS);
}

/* Others' keys are wrapped to it; made once, it stays. */
static bool make_kek(struct crash *crash)
{
    struct reply reply = client_call(&crash->crew.worker[0].client, "POST", "/keys/" KEK "/create",
                                     "{\"kty\":\"RSA-HSM\",\"key_ops\":[\"import\"]}");
    bool made = tally_check(&crash->tally, PROMISE_ANSWER,
                            reply.status == 200 && cargo_load(&crash->cargo, &reply),
                            "the key exchange key: %ld %s", reply.status, reply.body);

    reply_done(&reply);
    return made;
}

static bool run_rounds(struct crash *crash, unsigned long rounds)
{
    for (unsigned long round = 1; round <= rounds; round++) {
        if (!run_round(crash, round)) {
            printf("stopped in round %lu\n", round);
            return false;
        }
        if (round % INSPECT_EVERY == 0) {
            printf("round %lu of %lu\n", round, rounds);
            fflush(stdout);
        }
    }
    return true;
}

/* The only kill whose moment is known: when everybody has just got the last answer. */
static bool run_first_round(struct crash *crash, unsigned long seed)
{
    if (!start(crash, &crash->daemon) || !hire(crash, seed) || !make_kek(crash)
        || !work(crash, &task_furnish)) {
        return false;
    }
    crew_run(&crash->crew, &task_pose);
    crash->has_sealed = true;
    daemon_kill(&crash->daemon);
    crash->kills++;
    return start(crash, &crash->daemon) && work(crash, &task_audit)
           && stop_and_inspect(crash, &crash->daemon);
}

static bool run(struct crash *crash, unsigned long rounds, unsigned long seed)
{
    if (!run_first_round(crash, seed)) {
        return false;
    }
    for (unsigned long i = 0; i < (rounds + FIRST_START_SHARE - 1) / FIRST_START_SHARE; i++) {
        if (!crash_first_start(crash)) {
            return false;
        }
    }
    return run_rounds(crash, rounds) && start(crash, &crash->daemon) && work(crash, &task_audit)
           && stop_and_inspect(crash, &crash->daemon);
}

int main(int argc, char **argv)
{
    static struct crash crash;
    const struct program_arguments given = { argc, argv, "[ROUNDS [SEED]]" };
    unsigned long rounds = program_number(&given, 1, "CRASH_ROUNDS", ROUNDS_DEFAULT);
    unsigned long seed = program_number(&given, 2, "CRASH_SEED", (unsigned long) kv_clock_real());
    int status;

    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    printf("seed %lu\n", seed);
    fflush(stdout);
    tally_init(&crash.tally, promises, PROMISE_COUNT);
    aim_init(&crash.aim);
    handed_init(&crash.handed);
    crash.dice.state = seed;
    daemon_prepare(&crash.daemon);
    run(&crash, rounds, seed);
    daemon_kill(&crash.daemon);
    crew_done(&crash.crew);
    handed_done(&crash.handed);
    crew_check_reach(&crash.crew, &crash.tally);
    crew_print(&crash.crew);
    printf("%u kills under load, %u in a start\n", crash.kills, crash.kills_in_start);
    status = tally_close(&crash.tally);
    if (tally_is_clean(&crash.tally)) {
        daemon_discard(&crash.daemon);
    } else {
        fprintf(stderr, "the folder is left for a look: %s\n", crash.daemon.folder);
    }
    aim_done(&crash.aim);
    cargo_done(&crash.cargo);
    curl_global_cleanup();
    return status;
}
