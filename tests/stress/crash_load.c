/* SPDX-License-Identifier: Apache-2.0 */
/* The load: random requests for keys that nobody else touches, so that each answer is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash_errand.h"

void worker_init(struct worker *worker, unsigned number)
{
    for (unsigned i = 0; i < WORKER_KEYS; i++) {
        snprintf(worker->key[i].name, sizeof(worker->key[i].name), "Key-%u-%u", number, i);
    }
    worker->number = number;
    worker->kinds = number;
}

void worker_done(struct worker *worker)
{
    for (size_t i = 0; i < WORKER_KEYS; i++) {
        free(worker->backup[i].value);
    }
    client_close(&worker->client);
}

static bool make(struct worker *worker, struct ledger_key *key, enum crash_operation operation)
{
    return worker_make(worker, key, operation, worker->kinds++ % CRASH_KINDS);
}

static bool import(struct worker *worker, struct ledger_key *key)
{
    return make(worker, key, OP_IMPORT);
}

static bool transfer(struct worker *worker, struct ledger_key *key)
{
    return make(worker, key, OP_TRANSFER);
}

/* One at a time: keys are made in a queue, and all workers would end up waiting in it. */
static bool make_alone(struct worker *worker, struct ledger_key *key,
                       enum crash_operation operation)
{
    if (atomic_flag_test_and_set(worker->making)) {
        return true;
    }

    bool done =
        operation == OP_RESTORE ? worker_restore(worker, key) : make(worker, key, operation);

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

static bool restore(struct worker *worker, struct ledger_key *key)
{
    return make_alone(worker, key, OP_RESTORE);
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
    char body[128];

    version->enabled = enabled;
    version->mark = ++worker->marks;
    snprintf(errand.path, sizeof(errand.path), "/keys/%s/%s", key->name, version->id);
    snprintf(body, sizeof(body), "{\"attributes\":{\"enabled\":%s},\"tags\":{\"mark\":\"%u\"}}",
             enabled ? "true" : "false", version->mark);
    errand.body = body;
    return errand_run_plain(worker, &errand);
}

static bool update(struct worker *worker, struct ledger_key *key)
{
    size_t index = roll_version(worker, key);

    return set_enabled(worker, key, index, dice_roll(&worker->dice, 4) != 0);
}

/* Any number of days that the service takes will do. */
static bool set_policy(struct worker *worker, struct ledger_key *key)
{
    struct ledger_key after = *key;
    struct errand errand = {
        .operation = OP_POLICY, .key = key, .after = &after, .method = "PUT", .status = 200
    };
    char body[128];

    after.days = 100 + dice_roll(&worker->dice, 1000);
    snprintf(errand.path, sizeof(errand.path), "/keys/%s/rotationpolicy", key->name);
    snprintf(body, sizeof(body), "{\"attributes\":{\"expiryTime\":\"P%uD\"}}", after.days);
    errand.body = body;
    return errand_run_plain(worker, &errand);
}

/* What takes a key with all its versions from one state to another. */
struct move {
    enum crash_operation operation;
    const char *method, *collection, *behind;
    long status;
    enum ledger_state state;
};
static const struct move deletion = { OP_DELETE, "DELETE", "keys", "", 200, LEDGER_DELETED };
static const struct move recovery = {
    OP_RECOVER, "POST", "deletedkeys", "/recover", 200, LEDGER_LIVE,
};
static const struct move purging = { OP_PURGE, "DELETE", "deletedkeys", "", 204, LEDGER_ABSENT };

static bool move(struct worker *worker, struct ledger_key *key, const struct move *step)
{
    struct ledger_key after = *key;
    struct errand errand = {
        .operation = step->operation,
        .key = key,
        .after = &after,
        .method = step->method,
        .status = step->status,
    };

    after.state = step->state;
    if (after.state == LEDGER_ABSENT) {
        after.purged = true;
        after.days = 0;
        after.count = 0;
    }
    snprintf(errand.path, sizeof(errand.path), "/%s/%s%s", step->collection, key->name,
             step->behind);
    return errand_run_plain(worker, &errand);
}

static bool delete_key(struct worker *worker, struct ledger_key *key)
{
    return move(worker, key, &deletion);
}

static bool recover(struct worker *worker, struct ledger_key *key)
{
    return move(worker, key, &recovery);
}

static bool purge(struct worker *worker, struct ledger_key *key)
{
    return move(worker, key, &purging);
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
    done = errand_run(worker, &errand, &reply);
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

static bool seal_version(struct worker *worker, struct ledger_key *key, size_t index)
{
    struct ledger_version *version = &key->version[index];
    struct errand errand = { .operation = OP_SEAL, .key = key, .after = key, .method = "POST" };
    char plain[sizeof(version->plain)];
    char body[PROOF_BODY_SIZE];
    struct reply reply;
    bool done;

    proof_roll(&worker->dice, plain);
    expect_by_state(&errand, version);
    snprintf(errand.path, sizeof(errand.path), "/keys/%s/%s/%s", key->name, version->id,
             proof_seal(&crash_kinds[version->kind], plain, body));
    errand.body = body;
    done = errand_run(worker, &errand, &reply);
    if (done && reply.status == 200) {
        memcpy(version->plain, plain, sizeof(plain));
        snprintf(version->cipher, sizeof(version->cipher), "%s", reply_text(&reply, "value"));
    }
    reply_done(&reply);
    return done;
}

static bool seal(struct worker *worker, struct ledger_key *key)
{
    return seal_version(worker, key, roll_version(worker, key));
}

static bool open_version(struct worker *worker, struct ledger_key *key, size_t index)
{
    const struct ledger_version *version = &key->version[index];
    const struct crash_kind *kind = &crash_kinds[version->kind];
    struct errand errand = { .operation = OP_OPEN, .key = key, .after = key, .method = "POST" };
    char body[PROOF_BODY_SIZE];
    struct reply reply;
    bool done;

    if (version->cipher[0] == '\0') {
        return true;
    }
    expect_by_state(&errand, version);
    snprintf(errand.path, sizeof(errand.path), "/keys/%s/%s/%s", key->name, version->id,
             proof_open(kind, version->plain, version->cipher, body));
    errand.body = body;
    done = errand_run(worker, &errand, &reply);
    if (done && reply.status == 200) {
        done = tally_check(worker->tally, PROMISE_OPEN, proof_holds(kind, version->plain, &reply),
                           "%s gave %s", errand.path, reply.body);
    }
    reply_done(&reply);
    return done;
}

static bool open_sealed(struct worker *worker, struct ledger_key *key)
{
    return open_version(worker, key, roll_version(worker, key));
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

static bool is_restorable(const struct worker *worker, const struct ledger_key *key)
{
    return key->state == LEDGER_ABSENT && worker_has_backup(worker, key);
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
    [OP_IMPORT] = { 2, has_room, import },
    [OP_TRANSFER] = { 2, has_room, transfer },
    [OP_ROTATE] = { 2, can_grow, rotate },
    [OP_UPDATE] = { 16, is_live, update },
    [OP_POLICY] = { 4, is_live, set_policy },
    [OP_DELETE] = { 6, is_live, delete_key },
    [OP_RECOVER] = { 20, is_deleted, recover },
    [OP_PURGE] = { 8, is_dispensable, purge },
    [OP_RESTORE] = { 20, is_restorable, restore },
    [OP_GET] = { 4, is_live, get },
    [OP_BACKUP] = { 2, is_live, worker_back_up },
    [OP_SEAL] = { 12, is_live, seal },
    [OP_OPEN] = { 20, is_live, open_sealed },
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

        if (key->state == LEDGER_ABSENT && !make(worker, key, OP_CREATE)) {
            return;
        }
    }
}

static bool seal_and_open_all(struct worker *worker, struct ledger_key *key)
{
    bool done = true;

    for (size_t i = 0; done && i < key->count; i++) {
        done = seal_version(worker, key, i) && open_version(worker, key, i);
    }
    return done;
}

/* The first key has seen all that makes versions, and one of these is disabled; the second one is
 * deleted; the third one was purged, and every other worker's has come back. */
void worker_pose(struct worker *worker)
{
    struct ledger_key *key = worker->key;

    (void) (import(worker, &key[0]) && transfer(worker, &key[0]) && make(worker, &key[0], OP_ROTATE)
            && set_policy(worker, &key[0]) && seal_and_open_all(worker, &key[0])
            && get(worker, &key[0]) && set_enabled(worker, &key[0], 3, false)
            && delete_key(worker, &key[1]) && recover(worker, &key[1])
            && delete_key(worker, &key[1]) && set_policy(worker, &key[2])
            && worker_back_up(worker, &key[2]) && delete_key(worker, &key[2])
            && purge(worker, &key[2])
            && (worker->number % 2 == 0 || worker_restore(worker, &key[2])));
}

void worker_load(struct worker *worker)
{
    while (perform_one(worker)) {
    }
}
