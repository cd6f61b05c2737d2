/* SPDX-License-Identifier: Apache-2.0 */
/* What is left after a kill, seen through the API and held against the ledger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash.h"

/* Where the versions of an answer are: {"key":{"kid"},...} is one, {"value":[{"kid",...}]} many. */
static void take_version(const cJSON *bundle, const char *kid, struct sighting *seen)
{
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(bundle, "attributes");
    const cJSON *tags = cJSON_GetObjectItemCaseSensitive(bundle, "tags");
    const cJSON *mark = cJSON_GetObjectItemCaseSensitive(tags, "mark");
    const char *slash = kid != NULL ? strrchr(kid, '/') : NULL;
    size_t i = seen->count;

    if (slash == NULL || i == SIGHTING_VERSIONS) {
        return;
    }
    snprintf(seen->version[i].id, sizeof(seen->version[i].id), "%s", slash + 1);
    seen->version[i].enabled =
        cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(attributes, "enabled"));
    seen->version[i].mark =
        cJSON_IsString(mark) ? (unsigned) strtoul(mark->valuestring, NULL, 10) : 0;
    seen->count++;
}

/* One of three looks at a name; false when the answer is neither 200 nor 404. */
static bool look_at(struct worker *worker, const char *path, struct reply *ret_reply)
{
    *ret_reply = client_call(&worker->client, "GET", path, NULL);
    return tally_check(worker->tally, PROMISE_ANSWER,
                       ret_reply->status == 200 || ret_reply->status == 404, "GET %s: %ld %s", path,
                       ret_reply->status, ret_reply->body);
}

static bool look_for_latest(struct worker *worker, const char *collection, const char *name,
                            bool *ret_found, struct sighting *seen, bool is_all)
{
    char path[160];
    struct reply reply;
    bool looked;

    snprintf(path, sizeof(path), "/%s/%s", collection, name);
    looked = look_at(worker, path, &reply);
    *ret_found = looked && reply.status == 200;
    if (*ret_found) {
        const char *kid = reply_text(&reply, "key.kid");
        const char *slash = strrchr(kid, '/');

        snprintf(seen->latest, sizeof(seen->latest), "%s", slash != NULL ? slash + 1 : "");
        if (is_all) {
            take_version(reply.json, kid, seen);
        }
    }
    reply_done(&reply);
    return looked;
}

static bool look_for_versions(struct worker *worker, const char *name, struct sighting *seen)
{
    char path[160];
    struct reply reply;
    const cJSON *item;
    bool looked;

    snprintf(path, sizeof(path), "/keys/%s/versions", name);
    looked = look_at(worker, path, &reply);
    cJSON_ArrayForEach (item, reply_item(&reply, "value")) {
        take_version(item, cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "kid")),
                     seen);
    }
    reply_done(&reply);
    return looked;
}

static bool look_for_policy(struct worker *worker, const char *name, struct sighting *seen)
{
    char path[160];
    struct reply reply;
    bool looked;

    snprintf(path, sizeof(path), "/keys/%s/rotationpolicy", name);
    looked = look_at(worker, path, &reply);
    sscanf(reply_text(&reply, "attributes.expiryTime"), "P%uD", &seen->days);
    reply_done(&reply);
    return looked;
}

static bool look(struct worker *worker, const char *name, struct sighting *ret_seen)
{
    bool live;
    bool deleted;

    *ret_seen = (struct sighting){ .state = LEDGER_ABSENT };
    if (!look_for_versions(worker, name, ret_seen) || !look_for_policy(worker, name, ret_seen)
        || !look_for_latest(worker, "keys", name, &live, ret_seen, false)
        || !look_for_latest(worker, "deletedkeys", name, &deleted, ret_seen, true)) {
        return false;
    }
    if (live || deleted) {
        ret_seen->state = live ? LEDGER_LIVE : LEDGER_DELETED;
    }
    return tally_check(worker->tally, PROMISE_ANSWER, !live || !deleted,
                       "%s is a key and a deleted key at once", name);
}

static enum crash_promise promise_of(const struct ledger_key *key)
{
    switch (key->state) {
    case LEDGER_LIVE:
        return PROMISE_LIVE;
    case LEDGER_DELETED:
        return PROMISE_DELETED;
    case LEDGER_ABSENT:
        break;
    }
    return PROMISE_PURGED;
}

/* The request that the kill cut off happened, or it did not: the ledger takes what was seen. */
static void settle(struct worker *worker, struct ledger_key *key, const struct sighting *seen)
{
    struct flight *flight = &worker->flight;
    enum crash_operation operation = flight->operation;
    char wanted[LEDGER_TEXT_SIZE];
    char or_else[LEDGER_TEXT_SIZE];
    char got[LEDGER_TEXT_SIZE];

    flight->key = NULL;
    if (ledger_explains(key, seen)) {
        worker->deeds[operation].did_not++;
        tally_check(worker->tally, PROMISE_WHOLE, true, " ");
        return;
    }
    ledger_learn_id(&flight->after, seen);
    if (tally_check(worker->tally, PROMISE_WHOLE, ledger_explains(&flight->after, seen),
                    "%s after a cut %s: wanted %s, or %s, seen %s", key->name,
                    crash_operation_names[operation], ledger_describe(key, wanted),
                    ledger_describe(&flight->after, or_else), sighting_describe(seen, got))) {
        worker->deeds[operation].happened++;
        *key = flight->after;
    }
}

static void audit_state(struct worker *worker, struct ledger_key *key)
{
    struct sighting seen;
    char wanted[LEDGER_TEXT_SIZE];
    char got[LEDGER_TEXT_SIZE];

    if (!look(worker, key->name, &seen)) {
        return;
    }
    if (worker->flight.key == key) {
        settle(worker, key, &seen);
        return;
    }
    if (key->state == LEDGER_ABSENT && !key->purged && seen.count == 0) {
        return; /* never made: nothing was promised, and nothing is there */
    }
    tally_check(worker->tally, promise_of(key), ledger_explains(key, &seen),
                "%s: wanted %s, seen %s", key->name, ledger_describe(key, wanted),
                sighting_describe(&seen, got));
}

static struct reply call_version(struct worker *worker, const struct ledger_key *key,
                                 const struct ledger_version *version, const char *operation,
                                 const char *body)
{
    char path[160];

    snprintf(path, sizeof(path), "/keys/%s/%s/%s", key->name, version->id, operation);
    return client_call(&worker->client, "POST", path, body);
}

/* What was sealed before the kill opens, or is refused. */
static void audit_sealed(struct worker *worker, const struct ledger_key *key,
                         const struct ledger_version *version)
{
    const struct crash_kind *kind = &crash_kinds[version->kind];
    char body[PROOF_BODY_SIZE];
    const char *operation = proof_open(kind, version->plain, version->cipher, body);
    struct reply reply = call_version(worker, key, version, operation, body);

    if (version->enabled) {
        tally_check(worker->tally, PROMISE_OPEN, proof_holds(kind, version->plain, &reply),
                    "%s %s/%s: %ld %s", operation, key->name, version->id, reply.status,
                    reply.body);
    } else {
        tally_check(worker->tally, PROMISE_DISABLED,
                    reply.status == 403
                        && strcmp(reply_text(&reply, "error.innererror.code"), "KeyDisabled") == 0,
                    "%s %s/%s: %ld %s", operation, key->name, version->id, reply.status,
                    reply.body);
    }
    reply_done(&reply);
}

/* And it still seals: with most kinds only this has the token take part. */
static void audit_use(struct worker *worker, const struct ledger_key *key,
                      const struct ledger_version *version)
{
    const struct crash_kind *kind = &crash_kinds[version->kind];
    char plain[sizeof(version->plain)];
    char body[PROOF_BODY_SIZE];
    struct reply sealed;
    struct reply opened;
    const char *operation;
    bool holds;

    proof_roll(&worker->dice, plain);
    operation = proof_seal(kind, plain, body);
    sealed = call_version(worker, key, version, operation, body);
    operation = proof_open(kind, plain, reply_text(&sealed, "value"), body);
    opened = call_version(worker, key, version, operation, body);
    holds = proof_holds(kind, plain, &opened);
    tally_check(worker->tally, PROMISE_SEAL, holds, "%s %s/%s: %ld %s, then %ld %s", kind->name,
                key->name, version->id, sealed.status, sealed.body, opened.status, opened.body);
    worker->proven[version->kind] += holds;
    reply_done(&sealed);
    reply_done(&opened);
}

static void audit_version(struct worker *worker, const struct ledger_key *key,
                          const struct ledger_version *version)
{
    if (version->cipher[0] != '\0') {
        audit_sealed(worker, key, version);
    }
    if (version->enabled) {
        audit_use(worker, key, version);
    }
}

void worker_audit(struct worker *worker)
{
    for (size_t i = 0; i < WORKER_KEYS; i++) {
        struct ledger_key *key = &worker->key[i];

        audit_state(worker, key);
        for (size_t j = 0; key->state == LEDGER_LIVE && j < key->count; j++) {
            audit_version(worker, key, &key->version[j]);
        }
    }
}

size_t worker_keys(const struct worker *worker, enum ledger_state state)
{
    size_t count = 0;

    for (size_t i = 0; i < WORKER_KEYS; i++) {
        count += worker->key[i].state == state;
    }
    return count;
}

size_t worker_versions(const struct worker *worker)
{
    size_t count = 0;

    for (size_t i = 0; i < WORKER_KEYS; i++) {
        count += worker->key[i].count;
    }
    return count;
}
