/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Six clients that wrap, unwrap, sign and make keys while the token is taken away and put back, again
 * and again, at any moment: out of its place, or with a blank one in it. Every answer is the right one
 * or says that the HSM failed; when it is over every key works that was acknowledged.
 *
 *   outage [TIMES [SEED]]    or $OUTAGE_TIMES, $OUTAGE_SEED; 50 times, a seed of the day
 */
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/client.h"
#include "../support/consistency.h"
#include "../support/dice.h"
#include "../support/program.h"
#include "../support/tally.h"

#define TIMES_DEFAULT 50
#define PLAYERS 6
#define KEYS_MAX 4096 /* that one player makes */
#define PAUSE_MAX 120 /* ms between two changes */
#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define DIGEST "n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg"

enum promise {
    PROMISE_START,
    PROMISE_CHANGED,
    PROMISE_ANSWERED,
    PROMISE_RIGHT,
    PROMISE_METADATA,
    PROMISE_BACK,
    PROMISE_KEPT,
    PROMISE_ALIVE,
    PROMISE_STOP,
    PROMISE_FOLDER,
    PROMISE_COUNT
};

static const char *const promises[PROMISE_COUNT] = {
    [PROMISE_START] = "the daemon starts",
    [PROMISE_CHANGED] = "the token goes and comes as it is told",
    [PROMISE_ANSWERED] = "an answer is 200 or says that the HSM failed",
    [PROMISE_RIGHT] = "what was wrapped is what is unwrapped",
    [PROMISE_METADATA] = "a key can be looked at all the time",
    [PROMISE_BACK] = "the token works as soon as it is said to be back",
    [PROMISE_KEPT] = "every key that was acknowledged works in the end",
    [PROMISE_ALIVE] = "the daemon survives it",
    [PROMISE_STOP] = "the daemon stops in order",
    [PROMISE_FOLDER] = "store and token, read behind the daemon's back, agree",
};

struct outage {
    struct daemon daemon;
    struct tally tally;
    atomic_bool over;
    atomic_ulong well, ill; /* answers */
};

struct player {
    struct outage *outage;
    struct client client;
    struct dice dice;
    pthread_t thread;
    unsigned number;
    unsigned made; /* keys that were acknowledged: k<number>-0 ... */
    char wrapped[1024];
};

/* 200, or the refusal of an HSM that is away. */
static bool is_answer(struct player *player, const char *what, const struct reply *reply)
{
    bool is_refusal =
        reply->status == 503 && strcmp(reply_text(reply, "error.code"), "ServiceUnavailable") == 0;

    atomic_fetch_add(reply->status == 200 ? &player->outage->well : &player->outage->ill, 1);
    tally_check(&player->outage->tally, PROMISE_ANSWERED, reply->status == 200 || is_refusal,
                "%s: %ld %s", what, reply->status, reply->body);
    return reply->status == 200;
}

static struct reply operate(struct player *player, const char *key, const char *operation,
                            const char *alg, const char *value)
{
    char path[128], body[1200];

    snprintf(path, sizeof(path), "/keys/%s//%s", key, operation);
    snprintf(body, sizeof(body), "{\"alg\":\"%s\",\"value\":\"%s\"}", alg, value);
    return client_call(&player->client, "POST", path, body);
}

static void wrap(struct player *player)
{
    struct reply reply = operate(player, "rsa", "wrapkey", "RSA-OAEP-256", VALUE);

    if (is_answer(player, "wrap", &reply)) {
        snprintf(player->wrapped, sizeof(player->wrapped), "%s", reply_text(&reply, "value"));
    }
    reply_done(&reply);
}

static void unwrap(struct player *player)
{
    struct reply reply = operate(player, "rsa", "unwrapkey", "RSA-OAEP-256", player->wrapped);

    if (is_answer(player, "unwrap", &reply)) {
        tally_check(&player->outage->tally, PROMISE_RIGHT,
                    strcmp(reply_text(&reply, "value"), VALUE) == 0, "%s", reply.body);
    }
    reply_done(&reply);
}

static bool sign(struct player *player, const char *key)
{
    struct reply reply = operate(player, key, "sign", "ES256", DIGEST);
    bool is_well = is_answer(player, "sign", &reply);

    reply_done(&reply);
    return is_well;
}

static void name_key(const struct player *player, unsigned key, char ret_name[32])
{
    snprintf(ret_name, 32, "k%u-%u", player->number, key);
}

static void make_key(struct player *player)
{
    char name[32], path[64];

    if (player->made == KEYS_MAX) {
        return;
    }
    name_key(player, player->made, name);
    snprintf(path, sizeof(path), "/keys/%s/create", name);
    struct reply reply = client_call(&player->client, "POST", path, "{\"kty\":\"EC\"}");
    player->made += is_answer(player, "create", &reply);
    reply_done(&reply);
}

static void look(struct player *player)
{
    struct reply reply = client_call(&player->client, "GET", "/keys/rsa", NULL);

    tally_check(&player->outage->tally, PROMISE_METADATA, reply.status == 200, "%ld %s",
                reply.status, reply.body);
    reply_done(&reply);
}

static void *play(void *argument)
{
    struct player *player = argument;

    while (!atomic_load(&player->outage->over)) {
        switch (dice_roll(&player->dice, 10)) {
        case 0:
            make_key(player);
            break;
        case 1:
            look(player);
            break;
        case 2:
        case 3:
            wrap(player);
            break;
        case 4:
        case 5:
            sign(player, "ec");
            break;
        default:
            unwrap(player);
            break;
        }
    }
    return NULL;
}

/* --- the one who takes the token away --- */

static bool ask(struct outage *outage, struct client *client, const char *method, const char *body,
                long status)
{
    const struct request request = {
        .method = method, .target = "/control/v1/hsm/faults", .body = body, .control = true
    };
    struct reply reply = client_send(client, &request);
    bool is_done =
        tally_check(&outage->tally, PROMISE_CHANGED, reply.status == status, "%s: %ld %s",
                    body != NULL ? body : method, reply.status, reply.body);

    reply_done(&reply);
    return is_done;
}

static void lose_and_find(struct player *operator)
{
    static const char *const kinds[] = { "token_removed", "token_removed", "token_reinitialised" };
    struct outage *outage = operator->outage;
    char body[64];

    snprintf(body, sizeof(body), "{\"kind\":\"%s\"}",
             kinds[dice_roll(&operator->dice, KV_COUNT(kinds))]);
    program_pause(dice_roll(&operator->dice, PAUSE_MAX));
    if (!ask(outage, &operator->client, "POST", body, 201)) {
        return;
    }
    program_pause(dice_roll(&operator->dice, PAUSE_MAX));
    if (ask(outage, &operator->client, "DELETE", NULL, 204)) {
        struct reply reply = operate(operator, "ec", "sign", "ES256", DIGEST);

        tally_check(&outage->tally, PROMISE_BACK, reply.status == 200, "%ld %s", reply.status,
                    reply.body);
        reply_done(&reply);
    }
}

static void make_first(struct player *operator)
{
    static const char *const bodies[][2] = {
        { "/keys/rsa/create", "{\"kty\":\"RSA\"}" },
        { "/keys/ec/create", "{\"kty\":\"EC\"}" },
    };

    for (size_t i = 0; i < KV_COUNT(bodies); i++) {
        struct reply reply = client_call(&operator->client, "POST", bodies[i][0], bodies[i][1]);

        tally_check(&operator->outage->tally, PROMISE_START, reply.status == 200, "%s", reply.body);
        reply_done(&reply);
    }
    wrap(operator);
}

static void review(struct player *player)
{
    char name[32];

    for (unsigned i = 0; i < player->made; i++) {
        name_key(player, i, name);
        tally_check(&player->outage->tally, PROMISE_KEPT, sign(player, name), "%s", name);
    }
}

static void open_player(struct player *player, struct outage *outage, unsigned number,
                        unsigned long seed)
{
    player->outage = outage;
    player->number = number;
    player->dice.state = seed + number;
    client_open(&player->client, &outage->daemon, "dev");
}

static void begin(struct player players[PLAYERS], struct outage *outage, unsigned long seed,
                  const char *wrapped)
{
    for (unsigned i = 0; i < PLAYERS; i++) {
        open_player(&players[i], outage, i, seed);
        snprintf(players[i].wrapped, sizeof(players[i].wrapped), "%s", wrapped);
        if (pthread_create(&players[i].thread, NULL, play, &players[i]) != 0) {
            abort();
        }
    }
}

static void end(struct player players[PLAYERS], struct outage *outage)
{
    atomic_store(&outage->over, true);
    for (unsigned i = 0; i < PLAYERS; i++) {
        pthread_join(players[i].thread, NULL);
    }
}

static void check_folder(struct outage *outage)
{
    struct consistency found;
    char text[CONSISTENCY_TEXT_SIZE];
    bool read = consistency_read(outage->daemon.folder, &found);

    tally_check(&outage->tally, PROMISE_FOLDER, read && consistency_holds(&found), "%s",
                read ? consistency_describe(&found, text) : "it cannot be read");
}

/* Started once more: what a call that failed may have left on the token is swept then. */
static void stop(struct outage *outage)
{
    tally_check(&outage->tally, PROMISE_STOP, daemon_stop(&outage->daemon), "its log is above");
    tally_check(&outage->tally, PROMISE_START, daemon_start(&outage->daemon, NULL), "again");
    tally_check(&outage->tally, PROMISE_STOP, daemon_stop(&outage->daemon), "again");
    check_folder(outage);
}

static void run(struct outage *outage, unsigned long times, unsigned long seed)
{
    static struct player players[PLAYERS];
    struct player operator= { .made = 0 };

    open_player(&operator, outage, PLAYERS, seed);
    make_first(&operator);
    begin(players, outage, seed, operator.wrapped);
    for (unsigned long i = 0; i < times && tally_is_clean(&outage->tally); i++) {
        lose_and_find(&operator);
    }
    end(players, outage);
    tally_check(&outage->tally, PROMISE_ALIVE, daemon_is_running(&outage->daemon), "it is gone");
    for (unsigned i = 0; i < PLAYERS; i++) {
        review(&players[i]);
        client_close(&players[i].client);
    }
    client_close(&operator.client);
    printf("  %lu answers that were right, %lu that the HSM failed\n", atomic_load(&outage->well),
           atomic_load(&outage->ill));
    if (tally_is_clean(&outage->tally)) {
        stop(outage);
    }
}

int main(int argc, char **argv)
{
    static struct outage outage;
    const struct program_arguments given = { argc, argv, "[TIMES [SEED]]" };
    unsigned long times = program_number(&given, 1, "OUTAGE_TIMES", TIMES_DEFAULT);
    unsigned long seed = program_number(&given, 2, "OUTAGE_SEED", (unsigned long) kv_clock_real());

    signal(SIGPIPE, SIG_IGN);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    printf("seed %lu\n", seed);
    fflush(stdout);
    tally_init(&outage.tally, promises, PROMISE_COUNT);
    daemon_prepare(&outage.daemon);
    if (tally_check(&outage.tally, PROMISE_START, daemon_start(&outage.daemon, NULL),
                    "see above")) {
        run(&outage, times, seed);
    }
    daemon_kill(&outage.daemon);
    if (tally_is_clean(&outage.tally)) {
        daemon_discard(&outage.daemon);
    } else {
        fprintf(stderr, "the folder is left for a look: %s\n", outage.daemon.folder);
    }
    curl_global_cleanup();
    return tally_close(&outage.tally);
}
