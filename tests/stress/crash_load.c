/* SPDX-License-Identifier: Apache-2.0 */
/* The load: random requests for keys that nobody else touches, so that each answer is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"

const char *const crash_operation_names[OP_COUNT] = {
    [OP_CREATE] = "create", [OP_ROTATE] = "rotate",   [OP_UPDATE] = "update",
    [OP_DELETE] = "delete", [OP_RECOVER] = "recover", [OP_PURGE] = "purge",
    [OP_GET] = "get",       [OP_WRAP] = "wrap",       [OP_UNWRAP] = "unwrap",
};

/* A request, what it makes of the key when it is done, and the answer it must get. */
struct errand {
    enum crash_operation operation;
    struct ledger_key *key;
    const struct ledger_key *after;
    const char *method;
    char path[160];
    char body[512]; /* "": none */
    long status;
    const char *inner; /* of the error, NULL: none */
};

void worker_init(struct worker *worker, unsigned number)
{
    for (unsigned i = 0; i < WORKER_KEYS; i++) {
        snprintf(worker->key[i].name, sizeof(worker->key[i].name), "Key-%u-%u", number, i);
    }
}

static bool is_expected(const struct errand *errand, const struct reply *reply)
{
    return reply->status == errand->status
           && (errand->inner == NULL
               || strcmp(reply_text(reply, "error.innererror.code"), errand->inner) == 0);
}

/*
 * False when the answer did not come, and the errand stays in flight, or was not the right one;
 * either way the load is over.
 */
static bool run(struct worker *worker, const struct errand *errand, struct reply *ret_reply)
{
    worker->flight.operation = errand->operation;
    worker->flight.key = errand->key;
    worker->flight.after = *errand->after;
    aim_announce(worker->aim, errand->operation);
    *ret_reply = client_call(&worker->client, errand->method, errand->path,
                             errand->body[0] != '\0' ? errand->body : NULL);
    if (ret_reply->status == 0) {
        tally_check(worker->tally, PROMISE_ALIVE, atomic_load(worker->doomed), "%s %s: %s",
                    errand->method, errand->path, ret_reply->body);
        return false;
    }
    worker->flight.key = NULL;
    worker->answered[errand->operation]++;
    return tally_check(worker->tally, PROMISE_ANSWER, is_expected(errand, ret_reply),
                       "%s %s: wanted %ld, got %ld %s", errand->method, errand->path,
                       errand->status, ret_reply->status, ret_reply->body);
}

/* An errand that shows nothing the ledger wants to keep. */
static bool run_plain(struct worker *worker, const struct errand *errand)
{
    struct reply reply;
    bool done = run(worker, errand, &reply);

    reply_done(&reply);
    if (done) {
        *errand->key = *errand->after;
    }
    return done;
}

/* By create, with tags of its own, or by rotate: then the tags of the latest are carried over, but
 * not that it was disabled. */
static bool make_version(struct worker *worker, struct ledger_key *key,
                         enum crash_operation operation)
{
    struct ledger_key after = *key;
    struct ledger_version *version = &after.version[after.count++];
    struct errand errand = {
        .operation = operation, .key = key, .after = &after, .method = "POST", .status = 200
    };
    struct reply reply;
    bool done;

    *version = (struct ledger_version){ .enabled = true };
    version->mark = operation == OP_CREATE ? ++worker->marks : version[-1].mark;
    after.state = LEDGER_LIVE;
    snprintf(errand.path, sizeof(errand.path), "/keys/%s/%s", key->name,
             crash_operation_names[operation]);
    if (operation == OP_CREATE) {
        snprintf(errand.body, sizeof(errand.body), "{\"kty\":\"RSA\",\"tags\":{\"mark\":\"%u\"}}",
                 version->mark);
    }
    done = run(worker, &errand, &reply);
    if (done) {
        const char *slash = strrchr(reply_text(&reply, "key.kid"), '/');

        snprintf(version->id, sizeof(version->id), "%s", slash != NULL ? slash + 1 : "");
        *key = after;
    }
    reply_done(&reply);
    return done;
}

/* One at a time: keys are made in a queue, and all workers would end up waiting in it. */
static bool make_alone(struct worker *worker, struct ledger_key *key,
                       enum crash_operation operation)
{
    if (atomic_flag_test_and_set(worker->making)) {
        return true;
    }

    bool done = make_version(worker, key, operation);

    atomic_flag_clear(worker->making);
    return done;
}

static bool create(struct worker *worker, struct ledger_key *key)
{
    return make_alone(worker, key, OP_CREATE);
}

static bool rotate(struct worker *worker, struct ledger_key *key)
{
    return make_alone(worker, key, OP_ROTATE);
}

static size_t roll_version(struct worker *worker, const struct ledger_key *key)
{
    return dice_roll(&worker->dice, (unsigned) key->count);
}

/* Both members or none: an update is one change. */
static bool set_enabled(struct worker *worker, struct ledger_key *key, size_t index, bool enabled)
{
    struct ledger_key after = *key;
    struct ledger_version *version = &after.version[index];
    struct errand errand = {
        .operation = OP_UPDATE, .key = key, .after = &after, .method = "PATCH", .status = 200
    };

    version->enabled = enabled;
    version->mark = ++worker->marks;
    snprintf(errand.path, sizeof(errand.path), "/keys/%s/%s", key->name, version->id);
    snprintf(errand.body, sizeof(errand.body),
             "{\"attributes\":{\"enabled\":%s},\"tags\":{\"mark\":\"%u\"}}",
             enabled ? "true" : "false", version->mark);
    return run_plain(worker, &errand);
}

static bool update(struct worker *worker, struct ledger_key *key)
{
    size_t index = roll_version(worker, key);

    return set_enabled(worker, key, index, dice_roll(&worker->dice, 4) != 0);
}

static bool delete_key(struct worker *worker, struct ledger_key *key)
{
    struct ledger_key after = *key;
    struct errand errand = {
        .operation = OP_DELETE, .key = key, .after = &after, .method = "DELETE", .status = 200
    };

    after.state = LEDGER_DELETED;
    snprintf(errand.path, sizeof(errand.path), "/keys/%s", key->name);
    return run_plain(worker, &errand);
}

static bool recover(struct worker *worker, struct ledger_key *key)
{
    struct ledger_key after = *key;
    struct errand errand = {
        .operation = OP_RECOVER, .key = key, .after = &after, .method = "POST", .status = 200
    };

    after.state = LEDGER_LIVE;
    snprintf(errand.path, sizeof(errand.path), "/deletedkeys/%s/recover", key->name);
    return run_plain(worker, &errand);
}

static bool purge(struct worker *worker, struct ledger_key *key)
{
    struct ledger_key after = *key;
    struct errand errand = {
        .operation = OP_PURGE, .key = key, .after = &after, .method = "DELETE", .status = 204
    };

    after.state = LEDGER_ABSENT;
    after.purged = true;
    after.count = 0;
    snprintf(errand.path, sizeof(errand.path), "/deletedkeys/%s", key->name);
    return run_plain(worker, &errand);
}

static bool get(struct worker *worker, struct ledger_key *key)
{
    const struct ledger_version *version = &key->version[roll_version(worker, key)];
    struct errand errand = {
        .operation = OP_GET, .key = key, .after = key, .method = "GET", .status = 200
    };
    struct reply reply;
    bool done;

    snprintf(errand.path, sizeof(errand.path), "/keys/%s/%s", key->name, version->id);
    done = run(worker, &errand, &reply);
    if (done) {
        bool enabled = cJSON_IsTrue(reply_item(&reply, "attributes.enabled"));
        unsigned long mark = strtoul(reply_text(&reply, "tags.mark"), NULL, 10);

        done = tally_check(worker->tally, PROMISE_ANSWER,
                           enabled == version->enabled && mark == version->mark,
                           "%s: wanted %s and mark %u, got %s", errand.path,
                           version->enabled ? "enabled" : "disabled", version->mark, reply.body);
    }
    reply_done(&reply);
    return done;
}

/* The last two of an errand, for an operation that a disabled version refuses. */
static void expect_by_state(struct errand *errand, const struct ledger_version *version)
{
    errand->status = version->enabled ? 200 : 403;
    errand->inner = version->enabled ? NULL : "KeyDisabled";
}

static void roll_plain(struct worker *worker, char ret_text[])
{
    uint64_t bytes[LEDGER_PLAIN / sizeof(uint64_t)];

    for (size_t i = 0; i < KV_COUNT(bytes); i++) {
        bytes[i] = dice_bits(&worker->dice);
    }
    kv_base64url_encode(bytes, sizeof(bytes), ret_text);
}

static bool wrap(struct worker *worker, struct ledger_key *key)
{
    struct ledger_version *version = &key->version[roll_version(worker, key)];
    struct errand errand = { .operation = OP_WRAP, .key = key, .after = key, .method = "POST" };
    char plain[sizeof(version->plain)];
    struct reply reply;
    bool done;

    roll_plain(worker, plain);
    expect_by_state(&errand, version);
    snprintf(errand.path, sizeof(errand.path), "/keys/%s/%s/wrapkey", key->name, version->id);
    snprintf(errand.body, sizeof(errand.body), "{\"alg\":\"RSA-OAEP-256\",\"value\":\"%s\"}",
             plain);
    done = run(worker, &errand, &reply);
    if (done && reply.status == 200) {
        memcpy(version->plain, plain, sizeof(plain));
        snprintf(version->cipher, sizeof(version->cipher), "%s", reply_text(&reply, "value"));
    }
    reply_done(&reply);
    return done;
}

static bool unwrap(struct worker *worker, struct ledger_key *key)
{
    const struct ledger_version *version = &key->version[roll_version(worker, key)];
    struct errand errand = { .operation = OP_UNWRAP, .key = key, .after = key, .method = "POST" };
    struct reply reply;
    bool done;

    if (version->cipher[0] == '\0') {
        return true;
    }
    expect_by_state(&errand, version);
    snprintf(errand.path, sizeof(errand.path), "/keys/%s/%s/unwrapkey", key->name, version->id);
    snprintf(errand.body, sizeof(errand.body), "{\"alg\":\"RSA-OAEP-256\",\"value\":\"%s\"}",
             version->cipher);
    done = run(worker, &errand, &reply);
    if (done && reply.status == 200) {
        done = tally_check(worker->tally, PROMISE_UNWRAP,
                           strcmp(reply_text(&reply, "value"), version->plain) == 0, "%s gave %s",
                           errand.path, reply.body);
    }
    reply_done(&reply);
    return done;
}

static bool has_room(const struct worker *worker, const struct ledger_key *key)
{
    (void) worker;
    return key->state != LEDGER_DELETED && key->count < LEDGER_VERSIONS;
}

static bool can_grow(const struct worker *worker, const struct ledger_key *key)
{
    return key->state == LEDGER_LIVE && has_room(worker, key);
}

static bool is_live(const struct worker *worker, const struct ledger_key *key)
{
    (void) worker;
    return key->state == LEDGER_LIVE;
}

static bool is_deleted(const struct worker *worker, const struct ledger_key *key)
{
    (void) worker;
    return key->state == LEDGER_DELETED;
}

/* While another key is absent, this one is kept: making keys is much slower than purging them. */
static bool is_dispensable(const struct worker *worker, const struct ledger_key *key)
{
    size_t absent = 0;

    for (size_t i = 0; i < WORKER_KEYS; i++) {
        absent += worker->key[i].state == LEDGER_ABSENT;
    }
    return absent == 0 && key->state == LEDGER_DELETED;
}

static const struct {
    unsigned weight;
    bool (*is_possible)(const struct worker *worker, const struct ledger_key *key);
    bool (*perform)(struct worker *worker, struct ledger_key *key);
} operations[OP_COUNT] = {
    [OP_CREATE] = { 3, has_room, create },
    [OP_ROTATE] = { 2, can_grow, rotate },
    [OP_UPDATE] = { 16, is_live, update },
    [OP_DELETE] = { 6, is_live, delete_key },
    [OP_RECOVER] = { 20, is_deleted, recover },
    [OP_PURGE] = { 8, is_dispensable, purge },
    [OP_GET] = { 4, is_live, get },
    [OP_WRAP] = { 12, is_live, wrap },
    [OP_UNWRAP] = { 20, is_live, unwrap },
};

/* Each operation with each key is a choice of its own. */
static unsigned weigh(const struct worker *worker, size_t choice)
{
    size_t operation = choice % OP_COUNT;
    bool possible = operations[operation].is_possible(worker, &worker->key[choice / OP_COUNT]);

    return possible ? operations[operation].weight : 0;
}

static unsigned weigh_all(const struct worker *worker)
{
    unsigned sum = 0;

    for (size_t choice = 0; choice < WORKER_KEYS * OP_COUNT; choice++) {
        sum += weigh(worker, choice);
    }
    return sum;
}

/* One of all that can be asked for now; there is always something. */
static bool perform_one(struct worker *worker)
{
    unsigned roll = dice_roll(&worker->dice, weigh_all(worker));
    size_t choice = 0;

    for (; roll >= weigh(worker, choice); choice++) {
        roll -= weigh(worker, choice);
    }
    return operations[choice % OP_COUNT].perform(worker, &worker->key[choice / OP_COUNT]);
}

void worker_furnish(struct worker *worker)
{
    for (size_t i = 0; i < WORKER_KEYS; i++) {
        struct ledger_key *key = &worker->key[i];

        if (key->state == LEDGER_ABSENT && !make_version(worker, key, OP_CREATE)) {
            return;
        }
    }
}

void worker_pose(struct worker *worker)
{
    struct ledger_key *key = worker->key;

    (void) (wrap(worker, &key[0]) && unwrap(worker, &key[0])
            && set_enabled(worker, &key[0], 0, false) && delete_key(worker, &key[1])
            && delete_key(worker, &key[2]) && purge(worker, &key[2]));
}

void worker_load(struct worker *worker)
{
    while (perform_one(worker)) {
    }
}
