/* SPDX-License-Identifier: Apache-2.0 */
/* Errands, and those that bring key material onto the token. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash_errand.h"

static bool is_expected(const struct errand *errand, const struct reply *reply)
{
    return reply->status == errand->status
           && (errand->inner == NULL
               || strcmp(reply_text(reply, "error.innererror.code"), errand->inner) == 0);
}

bool errand_run(struct worker *worker, const struct errand *errand, struct reply *ret_reply)
{
    worker->flight.operation = errand->operation;
    worker->flight.key = errand->key;
    worker->flight.after = *errand->after;
    aim_announce(worker->aim, errand->operation);
    *ret_reply = client_call(&worker->client, errand->method, errand->path, errand->body);
    if (ret_reply->status == 0) {
        tally_check(worker->tally, PROMISE_ALIVE, atomic_load(worker->doomed), "%s %s: %s",
                    errand->method, errand->path, ret_reply->body);
        return false;
    }
    worker->flight.key = NULL;
    worker->deeds[errand->operation].answered++;
    return tally_check(worker->tally, PROMISE_ANSWER, is_expected(errand, ret_reply),
                       "%s %s: wanted %ld, got %ld %s", errand->method, errand->path,
                       errand->status, ret_reply->status, ret_reply->body);
}

bool errand_run_plain(struct worker *worker, const struct errand *errand)
{
    struct reply reply;
    bool done = errand_run(worker, errand, &reply);

    reply_done(&reply);
    if (done) {
        *errand->key = *errand->after;
    }
    return done;
}

/* The body that asks for such a version; heap. A rotation has none. */
static char *render_body(const struct worker *worker, enum crash_operation operation,
                         const struct ledger_version *version)
{
    const struct cargo *cargo = worker->cargo;
    char *body = NULL;
    int len = 0;

    if (operation == OP_CREATE) {
        len = asprintf(&body, "{%s,\"tags\":{\"mark\":\"%u\"}}", crash_kinds[version->kind].create,
                       version->mark);
    } else if (operation != OP_ROTATE) {
        len = asprintf(&body, "{\"key\":%s,\"tags\":{\"mark\":\"%u\"}}",
                       (operation == OP_IMPORT ? cargo->clear : cargo->wrapped)[version->kind],
                       version->mark);
    }
    if (len < 0) {
        abort();
    }
    return body;
}

/* The tags of the latest are carried over by a rotation, but not that it was disabled. */
static void append_version(struct worker *worker, struct ledger_key *key,
                           enum crash_operation operation, unsigned kind)
{
    struct ledger_version *version = &key->version[key->count++];
    const bool rotates = operation == OP_ROTATE;

    *version = (struct ledger_version){
        .enabled = true,
        .mark = rotates ? version[-1].mark : ++worker->marks,
        .kind = rotates ? version[-1].kind : kind,
    };
    key->state = LEDGER_LIVE;
}

bool worker_make(struct worker *worker, struct ledger_key *key, enum crash_operation operation,
                 unsigned kind)
{
    const bool imports = operation == OP_IMPORT || operation == OP_TRANSFER;
    struct ledger_key after = *key;
    struct errand errand = {
        .operation = operation,
        .key = key,
        .after = &after,
        .method = imports ? "PUT" : "POST",
        .status = 200,
    };
    struct ledger_version *version = &after.version[key->count];
    struct reply reply;
    char *body;
    bool done;

    append_version(worker, &after, operation, kind);
    body = render_body(worker, operation, version);
    errand.body = body;
    snprintf(errand.path, sizeof(errand.path), "/keys/%s%s%s", key->name, imports ? "" : "/",
             imports ? "" : crash_operation_names[operation]);
    done = errand_run(worker, &errand, &reply);
    if (done) {
        const char *slash = strrchr(reply_text(&reply, "key.kid"), '/');

        snprintf(version->id, sizeof(version->id), "%s", slash != NULL ? slash + 1 : "");
        *key = after;
        done = imports || handed_check(worker->handed, worker->tally, &reply);
    }
    reply_done(&reply);
    free(body);
    return done;
}

bool worker_back_up(struct worker *worker, struct ledger_key *key)
{
    size_t i = (size_t) (key - worker->key);
    struct errand errand = {
        .operation = OP_BACKUP, .key = key, .after = key, .method = "POST", .status = 200
    };
    struct reply reply;
    bool done;

    snprintf(errand.path, sizeof(errand.path), "/keys/%s/backup", key->name);
    done = errand_run(worker, &errand, &reply);
    if (done) {
        free(worker->backup[i].value);
        worker->backup[i].value = strdup(reply_text(&reply, "value"));
        worker->backup[i].key = *key;
    }
    reply_done(&reply);
    return done;
}

bool worker_has_backup(const struct worker *worker, const struct ledger_key *key)
{
    return worker->backup[key - worker->key].value != NULL;
}

bool worker_restore(struct worker *worker, struct ledger_key *key)
{
    size_t i = (size_t) (key - worker->key);
    struct ledger_key after = worker->backup[i].key;
    struct errand errand = {
        .operation = OP_RESTORE,
        .key = key,
        .after = &after,
        .method = "POST",
        .path = "/keys/restore",
        .status = 200,
    };
    char *body = NULL;
    bool done;

    after.purged = key->purged;
    if (asprintf(&body, "{\"value\":\"%s\"}", worker->backup[i].value) < 0) {
        abort();
    }
    errand.body = body;
    done = errand_run_plain(worker, &errand);
    free(body);
    return done;
}
