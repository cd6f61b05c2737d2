/* SPDX-License-Identifier: Apache-2.0 */
/* The players: what they ask, how they judge the answer, and what they write down. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "contention.h"

#define CREATE_BODY "{\"kty\":\"RSA\"}"
#define LATE_VERSIONS 6

const char *const contention_names[NAMES] = { "Alpha", "Beta", "Gamma", "Delta" };
const char *const contention_vaults[VAULTS] = { "free", "safe" };

/* A request in the making. */
struct ask {
    enum contention_operation operation;
    unsigned vault, name;
    char version[KV_VERSION_LENGTH + 1]; /* "": the latest */
    char body[600];
    struct envelope envelope; /* of wrap and unwrap */
    bool skip;                /* not now: play another one */
};

static struct chronicle *chronicle_of(const struct player *player, const struct ask *ask)
{
    return &player->contention->chronicle[ask->vault][ask->name];
}

/* One of the acknowledged versions, more often than not a late one, which is likely to be there
 * still; "" while there is none. */
static void roll_version(struct player *player, struct ask *ask)
{
    struct chronicle *chronicle = chronicle_of(player, ask);

    pthread_mutex_lock(&chronicle->mutex);
    if (chronicle->count > 0) {
        bool late = chronicle->count > LATE_VERSIONS && dice_roll(&player->dice, 4) != 0;
        size_t back = dice_roll(&player->dice, late ? LATE_VERSIONS : (unsigned) chronicle->count);

        memcpy(ask->version, chronicle->versions[chronicle->count - 1 - back],
               sizeof(ask->version));
    }
    pthread_mutex_unlock(&chronicle->mutex);
}

/* Keys are made in a queue, and all players would end up waiting in it: a few at a time have one
 * made, the others go on. */
static void prepare_rotate(struct player *player, struct ask *ask)
{
    ask->skip = sem_trywait(&player->contention->makers) != 0;
}

static void prepare_create(struct player *player, struct ask *ask)
{
    prepare_rotate(player, ask);
    snprintf(ask->body, sizeof(ask->body), CREATE_BODY);
}

static void prepare_version(struct player *player, struct ask *ask)
{
    roll_version(player, ask);
}

/* Three of four enable, so that most versions are usable most of the time. */
static void prepare_update(struct player *player, struct ask *ask)
{
    roll_version(player, ask);
    snprintf(ask->body, sizeof(ask->body),
             "{\"attributes\":{\"enabled\":%s},\"tags\":{\"mark\":\"%u\"}}",
             dice_roll(&player->dice, 4) == 0 ? "false" : "true", dice_roll(&player->dice, 1000));
}

/* None that would rotate a key before the test ends. */
static void prepare_policy(struct player *player, struct ask *ask)
{
    snprintf(ask->body, sizeof(ask->body),
             "{\"lifetimeActions\":[{\"action\":{\"type\":\"Rotate\"},\"trigger\":"
             "{\"timeAfterCreate\":\"P%uD\"}}]}",
             7 + dice_roll(&player->dice, 3));
}

static void prepare_wrap(struct player *player, struct ask *ask)
{
    uint64_t bytes[4];

    for (size_t i = 0; i < KV_COUNT(bytes); i++) {
        bytes[i] = dice_bits(&player->dice);
    }
    roll_version(player, ask);
    ask->envelope.alg = dice_roll(&player->dice, 2) == 0 ? "RSA-OAEP" : "RSA-OAEP-256";
    kv_base64url_encode(bytes, sizeof(bytes), ask->envelope.plain);
    snprintf(ask->body, sizeof(ask->body), "{\"alg\":\"%s\",\"value\":\"%s\"}", ask->envelope.alg,
             ask->envelope.plain);
}

/* Before anything was wrapped there is nothing to unwrap. */
static void prepare_unwrap(struct player *player, struct ask *ask)
{
    struct contention *contention = player->contention;
    struct envelope *envelope = &ask->envelope;

    pthread_mutex_lock(&contention->mutex);
    *envelope = contention->envelope[dice_roll(&player->dice, ENVELOPES)];
    pthread_mutex_unlock(&contention->mutex);
    ask->skip = envelope->version[0] == '\0';
    if (ask->skip) {
        return;
    }
    ask->vault = envelope->vault;
    ask->name = envelope->name;
    if (ask->operation == OP_UNWRAP) {
        memcpy(ask->version, envelope->version, sizeof(ask->version));
    }
    snprintf(ask->body, sizeof(ask->body), "{\"alg\":\"%s\",\"value\":\"%s\"}", envelope->alg,
             envelope->cipher);
}

static const char *version_of(const char *kid)
{
    const char *slash = strrchr(kid, '/');

    return slash != NULL ? slash + 1 : "";
}

static void note_version(struct player *player, struct ask *ask, const struct reply *reply)
{
    struct chronicle *chronicle = chronicle_of(player, ask);
    const char *version = version_of(reply_text(reply, "key.kid"));

    pthread_mutex_lock(&chronicle->mutex);
    chronicle->versions =
        reallocarray(chronicle->versions, chronicle->count + 1, sizeof(*chronicle->versions));
    if (chronicle->versions == NULL) {
        abort();
    }
    snprintf(chronicle->versions[chronicle->count++], sizeof(*chronicle->versions), "%s", version);
    pthread_mutex_unlock(&chronicle->mutex);
}

static void note_delete(struct player *player, struct ask *ask, const struct reply *reply)
{
    (void) reply;
    atomic_fetch_add(&chronicle_of(player, ask)->deletions, 1);
}

static void note_recover(struct player *player, struct ask *ask, const struct reply *reply)
{
    (void) reply;
    atomic_fetch_add(&chronicle_of(player, ask)->recoveries, 1);
}

static void note_purge(struct player *player, struct ask *ask, const struct reply *reply)
{
    (void) reply;
    atomic_fetch_add(&chronicle_of(player, ask)->purges, 1);
}

static void note_wrap(struct player *player, struct ask *ask, const struct reply *reply)
{
    struct contention *contention = player->contention;
    struct envelope *envelope = &ask->envelope;

    envelope->vault = ask->vault;
    envelope->name = ask->name;
    snprintf(envelope->version, sizeof(envelope->version), "%s",
             version_of(reply_text(reply, "kid")));
    snprintf(envelope->cipher, sizeof(envelope->cipher), "%s", reply_text(reply, "value"));
    pthread_mutex_lock(&contention->mutex);
    contention->envelope[dice_roll(&player->dice, ENVELOPES)] = *envelope;
    pthread_mutex_unlock(&contention->mutex);
}

static void note_unwrap(struct player *player, struct ask *ask, const struct reply *reply)
{
    const struct envelope *envelope = &ask->envelope;
    const char *version = version_of(reply_text(reply, "kid"));

    tally_check(player->contention->tally, PROMISE_BYTES,
                strcmp(version, envelope->version) == 0
                    && strcmp(reply_text(reply, "value"), envelope->plain) == 0,
                "%s of %s by %s: wrapped with %s, got %s",
                contention_operation_names[ask->operation], envelope->plain, envelope->alg,
                envelope->version, reply->body);
}

/* How each operation is asked for and what a good answer is used for. */
static const struct {
    unsigned weight;
    const char *method, *collection;
    bool names_key;
    const char *suffix;
    const char *kid; /* where a good answer tells whom it is about; NULL: nowhere */
    void (*prepare)(struct player *player, struct ask *ask);
    void (*note)(struct player *player, struct ask *ask, const struct reply *reply);
} rows[OP_COUNT] = {
    [OP_CREATE] = { 12, "POST", "keys", true, "/create", "key.kid", prepare_create, note_version },
    [OP_ROTATE] = { 10, "POST", "keys", true, "/rotate", "key.kid", prepare_rotate, note_version },
    [OP_UPDATE] = { 100, "PATCH", "keys", true, "", "key.kid", prepare_update, NULL },
    [OP_DELETE] = { 16, "DELETE", "keys", true, "", "key.kid", NULL, note_delete },
    [OP_RECOVER] = { 70, "POST", "deletedkeys", true, "/recover", "key.kid", NULL, note_recover },
    [OP_PURGE] = { 2, "DELETE", "deletedkeys", true, "", NULL, NULL, note_purge },
    [OP_GET] = { 80, "GET", "keys", true, "", "key.kid", NULL, NULL },
    [OP_GET_POLICY] = { 20, "GET", "keys", true, "/rotationpolicy", NULL, NULL, NULL },
    [OP_SET_POLICY] = { 20, "PUT", "keys", true, "/rotationpolicy", NULL, prepare_policy, NULL },
    [OP_GET_VERSION] = { 80, "GET", "keys", true, "", "key.kid", prepare_version, NULL },
    [OP_GET_DELETED] = { 60, "GET", "deletedkeys", true, "", "key.kid", NULL, NULL },
    [OP_LIST] = { 30, "GET", "keys", false, "", NULL, NULL, NULL },
    [OP_LIST_VERSIONS] = { 30, "GET", "keys", true, "/versions", NULL, NULL, NULL },
    [OP_LIST_DELETED] = { 30, "GET", "deletedkeys", false, "", NULL, NULL, NULL },
    [OP_WRAP] = { 150, "POST", "keys", true, "/wrapkey", "kid", prepare_wrap, note_wrap },
    [OP_UNWRAP] = { 280, "POST", "keys", true, "/unwrapkey", "kid", prepare_unwrap, note_unwrap },
    [OP_UNWRAP_LATEST] = { 60, "POST", "keys", true, "/unwrapkey", "kid", prepare_unwrap,
                           note_unwrap },
};

static enum contention_operation roll_operation(struct player *player)
{
    unsigned sum = 0;
    unsigned roll;
    size_t operation = 0;

    for (size_t i = 0; i < OP_COUNT; i++) {
        sum += rows[i].weight;
    }
    for (roll = dice_roll(&player->dice, sum); roll >= rows[operation].weight; operation++) {
        roll -= rows[operation].weight;
    }
    return (enum contention_operation) operation;
}

struct reply contention_send(struct client *client, unsigned vault, const char *method,
                             const char *path, const char *body)
{
    char target[512];
    char host[128];
    const struct request request = {
        .method = method,
        .target = target,
        .body = body,
        .host = host,
    };

    snprintf(target, sizeof(target), "%s%sapi-version=7.6", path,
             strchr(path, '?') != NULL ? "&" : "?");
    snprintf(host, sizeof(host), "%s.vault.localhost", contention_vaults[vault]);
    return client_send(client, &request);
}

static struct reply send_ask(struct player *player, const struct ask *ask)
{
    char path[256];
    struct reply reply;

    snprintf(path, sizeof(path), "/%s%s%s%s%s%s", rows[ask->operation].collection,
             rows[ask->operation].names_key ? "/" : "",
             rows[ask->operation].names_key ? contention_names[ask->name] : "",
             ask->version[0] != '\0' ? "/" : "", ask->version, rows[ask->operation].suffix);
    atomic_store(&player->operation, ask->operation);
    atomic_store(&player->busy_since, kv_clock_monotonic());
    reply = contention_send(&player->client, ask->vault, rows[ask->operation].method, path,
                            ask->body[0] != '\0' ? ask->body : NULL);
    atomic_store(&player->busy_since, 0);
    return reply;
}

/* ".../keys/NAME/VERSION" with the name, and the version if one was asked for. */
static bool is_about(const char *kid, const struct ask *ask)
{
    char wanted[256];
    const char *path = strstr(kid, "/keys/");

    snprintf(wanted, sizeof(wanted), "/keys/%s/%s", contention_names[ask->name], ask->version);
    return path != NULL && strncmp(path, wanted, strlen(wanted)) == 0;
}

static void judge(struct player *player, struct ask *ask, const struct reply *reply)
{
    struct contention *contention = player->contention;
    const struct scene scene = { .lagging = contention->lagging, .is_protected = ask->vault == 1 };
    const struct outcome *outcome = outcome_find(ask->operation, scene, reply);
    const char *kid = rows[ask->operation].kid;

    if (!tally_check(contention->tally, PROMISE_CONTRACT, outcome != NULL,
                     "%s of %s in %s vault: %ld %s", contention_operation_names[ask->operation],
                     contention_names[ask->name], contention_vaults[ask->vault], reply->status,
                     reply->body)) {
        return;
    }
    atomic_fetch_add(&contention->outcomes[outcome - contention_outcomes], 1);
    if (outcome->status >= 300) {
        return;
    }
    if (kid != NULL) {
        tally_check(contention->tally, PROMISE_SUBJECT, is_about(reply_text(reply, kid), ask),
                    "%s of %s/%s: %s", contention_operation_names[ask->operation],
                    contention_names[ask->name], ask->version, reply->body);
    }
    if (rows[ask->operation].note != NULL) {
        rows[ask->operation].note(player, ask, reply);
    }
}

/* False when there is no daemon to talk to any more. */
static bool play(struct player *player, struct ask *ask)
{
    struct reply reply = send_ask(player, ask);
    bool answered = tally_check(player->contention->tally, PROMISE_ANSWERED, reply.status != 0,
                                "%s: %s", contention_operation_names[ask->operation], reply.body);

    if (answered) {
        judge(player, ask, &reply);
    }
    reply_done(&reply);
    return answered;
}

static bool play_any(struct player *player)
{
    struct ask ask = {
        .operation = roll_operation(player),
        .vault = dice_roll(&player->dice, VAULTS),
        .name = dice_roll(&player->dice, NAMES),
    };
    bool answered;

    if (rows[ask.operation].prepare != NULL) {
        rows[ask.operation].prepare(player, &ask);
    }
    if (ask.skip) {
        return true;
    }
    answered = play(player, &ask);
    if (ask.operation == OP_CREATE || ask.operation == OP_ROTATE) {
        sem_post(&player->contention->makers);
    }
    return answered;
}

bool player_furnish(struct player *player)
{
    bool answered = true;

    for (unsigned i = 0; answered && i < VAULTS * NAMES; i++) {
        struct ask ask = {
            .operation = OP_CREATE,
            .vault = i / NAMES,
            .name = i % NAMES,
            .body = CREATE_BODY,
        };

        answered = play(player, &ask);
    }
    return answered;
}

void player_play(struct player *player)
{
    while (!atomic_load(&player->contention->over) && play_any(player)) {
    }
}
