/* SPDX-License-Identifier: Apache-2.0 */
/* The load of vaults: random requests for those that nobody else touches. */
#include <stdio.h>
#include <string.h>

#include "crash_vault.h"

#define DAYS_MIN 7
#define DAYS_MAX 90

void landlord_init(struct landlord *landlord, unsigned number)
{
    for (unsigned i = 0; i < LANDLORD_VAULTS; i++) {
        struct ledger_vault *vault = &landlord->vault[i];

        snprintf(vault->name, sizeof(vault->name), "house-%u-%u", number, i);
        vault->is_hsm = i % 2 == 1;
    }
    landlord->marks = number * 1000000;
}

void landlord_done(struct landlord *landlord)
{
    client_close(&landlord->client);
    client_close(&landlord->hsm_client);
}

struct reply landlord_control(struct landlord *landlord, const struct ledger_vault *vault,
                              const char *method, const char *behind, const char *body)
{
    char whole[96];

    snprintf(whole, sizeof(whole), "/%s%s", vault->name, behind);
    return client_ask_vaults(&landlord->client, method, whole, body);
}

struct reply landlord_send(struct landlord *landlord, const struct ledger_vault *vault,
                           const char *method, const char *path, const char *body)
{
    struct client *client = vault->is_hsm ? &landlord->hsm_client : &landlord->client;

    return client_call_vault(client, vault->name, vault->is_hsm, method, path, body);
}

/* A request, what it makes of the vault when it is done, and the answer it must get. */
struct vault_errand {
    enum crash_operation operation;
    struct ledger_vault *vault;
    struct ledger_vault after;
    const char *method;
    const char *path;   /* of a key; NULL: to the control port */
    const char *behind; /* the vault there */
    const char *body;   /* NULL: none */
    long status;
};

/* False when the load is over: an answer did not come, or was not the right one. */
static bool run(struct landlord *landlord, const struct vault_errand *errand)
{
    struct reply reply;
    bool done;

    landlord->flight.operation = errand->operation;
    landlord->flight.vault = errand->vault;
    landlord->flight.after = errand->after;
    aim_announce(landlord->aim, errand->operation);
    reply = errand->path != NULL
                ? landlord_send(landlord, errand->vault, errand->method, errand->path, errand->body)
                : landlord_control(landlord, errand->vault, errand->method, errand->behind,
                                   errand->body);
    if (reply.status == 0) {
        done = false;
        tally_check(landlord->tally, PROMISE_ALIVE, atomic_load(landlord->doomed), "%s of %s: %s",
                    crash_operation_names[errand->operation], errand->vault->name, reply.body);
    } else {
        landlord->flight.vault = NULL;
        landlord->deeds[errand->operation - OP_COUNT].answered++;
        done = tally_check(landlord->tally, PROMISE_ANSWER, reply.status == errand->status,
                           "%s of %s: wanted %ld, got %ld %s",
                           crash_operation_names[errand->operation], errand->vault->name,
                           errand->status, reply.status, reply.body);
    }
    reply_done(&reply);
    if (done) {
        *errand->vault = errand->after;
    }
    return done;
}

static const char *sku_of(const struct ledger_vault *vault)
{
    return vault->is_premium ? "premium" : "standard";
}

static bool make(struct landlord *landlord, struct ledger_vault *vault)
{
    char body[96];
    struct vault_errand errand = {
        .operation = OP_VAULT_MAKE,
        .vault = vault,
        .after = *vault,
        .method = "PUT",
        .behind = "",
        .body = body,
        .status = 201,
    };

    errand.after.state = LEDGER_LIVE;
    errand.after.is_premium = dice_roll(&landlord->dice, 2) == 0;
    errand.after.days = DAYS_MIN + dice_roll(&landlord->dice, DAYS_MAX - DAYS_MIN + 1);
    snprintf(body, sizeof(body), "{\"kind\":\"%s\",\"sku\":\"%s\",\"retention\":%u}",
             vault->is_hsm ? "hsm" : "vault", sku_of(&errand.after), errand.after.days);
    return run(landlord, &errand);
}

static bool change(struct landlord *landlord, struct ledger_vault *vault)
{
    char body[32];
    struct vault_errand errand = {
        .operation = OP_VAULT_CHANGE,
        .vault = vault,
        .after = *vault,
        .method = "PATCH",
        .behind = "",
        .body = body,
        .status = 200,
    };

    errand.after.is_premium = !vault->is_premium;
    snprintf(body, sizeof(body), "{\"sku\":\"%s\"}", sku_of(&errand.after));
    return run(landlord, &errand);
}

static bool delete_vault(struct landlord *landlord, struct ledger_vault *vault)
{
    struct vault_errand errand = {
        .operation = OP_VAULT_DELETE,
        .vault = vault,
        .after = *vault,
        .method = "DELETE",
        .behind = "",
        .status = 200,
    };

    errand.after.state = LEDGER_DELETED;
    return run(landlord, &errand);
}

static bool recover(struct landlord *landlord, struct ledger_vault *vault)
{
    struct vault_errand errand = {
        .operation = OP_VAULT_RECOVER,
        .vault = vault,
        .after = *vault,
        .method = "POST",
        .behind = "/recover",
        .status = 200,
    };

    errand.after.state = LEDGER_LIVE;
    return run(landlord, &errand);
}

static bool purge(struct landlord *landlord, struct ledger_vault *vault)
{
    struct vault_errand errand = {
        .operation = OP_VAULT_PURGE,
        .vault = vault,
        .after = *vault,
        .method = "POST",
        .behind = "/purge",
        .status = 204,
    };

    errand.after.state = LEDGER_ABSENT;
    errand.after.purged = true;
    errand.after.count = 0;
    return run(landlord, &errand);
}

/* Its mark and the next name of those that a vault's keys have. */
static void add_lodger(struct landlord *landlord, struct ledger_vault *vault)
{
    struct lodger *lodger = &vault->key[vault->count];

    snprintf(lodger->name, sizeof(lodger->name), "Lodger-%zu", vault->count++);
    lodger->mark = ++landlord->marks;
}

static bool lodge(struct landlord *landlord, struct ledger_vault *vault)
{
    char path[48], body[96];
    struct vault_errand errand = {
        .operation = OP_LODGE,
        .vault = vault,
        .after = *vault,
        .method = "POST",
        .path = path,
        .body = body,
        .status = 200,
    };

    add_lodger(landlord, &errand.after);
    snprintf(path, sizeof(path), "/keys/%s/create", errand.after.key[vault->count].name);
    snprintf(body, sizeof(body), "{\"kty\":\"%s\",\"tags\":{\"mark\":\"%u\"}}",
             vault->is_hsm ? "EC-HSM" : "EC", landlord->marks);
    return run(landlord, &errand);
}

static bool import(struct landlord *landlord, struct ledger_vault *vault)
{
    char path[48], body[1024];
    struct vault_errand errand = {
        .operation = OP_LODGE,
        .vault = vault,
        .after = *vault,
        .method = "PUT",
        .path = path,
        .body = body,
        .status = 200,
    };

    add_lodger(landlord, &errand.after);
    snprintf(path, sizeof(path), "/keys/%s", errand.after.key[vault->count].name);
    snprintf(body, sizeof(body), "{\"key\":%s,\"tags\":{\"mark\":\"%u\"}}",
             landlord->cargo->clear[LODGER_KIND], landlord->marks);
    return run(landlord, &errand);
}

/* Keys are made in a queue, and all landlords would end up waiting in it: what is brought has none. */
static bool lodge_quickly(struct landlord *landlord, struct ledger_vault *vault)
{
    bool done;

    if (dice_roll(&landlord->dice, 3) != 0 || atomic_flag_test_and_set(landlord->making)) {
        return import(landlord, vault);
    }
    done = lodge(landlord, vault);
    atomic_flag_clear(landlord->making);
    return done;
}

/* Nothing is in flight: a look that a kill cuts off tells nothing. */
static bool look(struct landlord *landlord, struct ledger_vault *vault)
{
    struct vault_sighting seen;
    char wanted[LEDGER_TEXT_SIZE], got[LEDGER_TEXT_SIZE];

    if (!vault_look(landlord, vault, &seen)) {
        return false;
    }
    landlord->deeds[OP_VAULT_LOOK - OP_COUNT].answered++;
    return tally_check(landlord->tally, PROMISE_ANSWER, vault_explains(vault, &seen),
                       "%s: wanted %s, seen %s", vault->name, vault_describe(vault, wanted),
                       vault_sighting_describe(&seen, got));
}

static bool is_absent(const struct ledger_vault *vault)
{
    return vault->state == LEDGER_ABSENT;
}

static bool is_live(const struct ledger_vault *vault)
{
    return vault->state == LEDGER_LIVE;
}

static bool is_deleted(const struct ledger_vault *vault)
{
    return vault->state == LEDGER_DELETED;
}

static bool has_room(const struct ledger_vault *vault)
{
    return is_live(vault) && vault->count < LODGERS;
}

static bool is_any(const struct ledger_vault *vault)
{
    (void) vault;
    return true;
}

#define OPERATIONS (OP_ALL - OP_COUNT)

/* Its vaults do not have to last, but to be purged with keys in them. */
static const struct {
    unsigned weight;
    bool (*is_possible)(const struct ledger_vault *vault);
    bool (*perform)(struct landlord *landlord, struct ledger_vault *vault);
} operations[OPERATIONS] = {
    [OP_VAULT_MAKE - OP_COUNT] = { 10, is_absent, make },
    [OP_VAULT_CHANGE - OP_COUNT] = { 4, is_live, change },
    [OP_VAULT_DELETE - OP_COUNT] = { 4, is_live, delete_vault },
    [OP_VAULT_RECOVER - OP_COUNT] = { 5, is_deleted, recover },
    [OP_VAULT_PURGE - OP_COUNT] = { 4, is_deleted, purge },
    [OP_LODGE - OP_COUNT] = { 12, has_room, lodge_quickly },
    [OP_VAULT_LOOK - OP_COUNT] = { 2, is_any, look },
};

/* Each operation with each vault is a choice of its own. */
static unsigned weigh(const struct landlord *landlord, size_t choice)
{
    size_t operation = choice % OPERATIONS;
    bool possible = operations[operation].is_possible(&landlord->vault[choice / OPERATIONS]);

    return possible ? operations[operation].weight : 0;
}

static bool perform_one(struct landlord *landlord)
{
    unsigned sum = 0;
    unsigned roll;
    size_t choice = 0;

    for (size_t i = 0; i < LANDLORD_VAULTS * OPERATIONS; i++) {
        sum += weigh(landlord, i);
    }
    for (roll = dice_roll(&landlord->dice, sum); roll >= weigh(landlord, choice); choice++) {
        roll -= weigh(landlord, choice);
    }
    return operations[choice % OPERATIONS].perform(landlord, &landlord->vault[choice / OPERATIONS]);
}

void landlord_load(struct landlord *landlord)
{
    while (perform_one(landlord)) {
    }
}

/* The first vault was changed and has come back, the second one is deleted, the third one purged,
 * and the fourth one was purged and made again. Each has had keys. */
void landlord_pose(struct landlord *landlord)
{
    struct ledger_vault *vault = landlord->vault;

    for (size_t i = 0; i < LANDLORD_VAULTS; i++) {
        if (!make(landlord, &vault[i]) || !lodge(landlord, &vault[i])) {
            return;
        }
    }
    (void) (change(landlord, &vault[0]) && delete_vault(landlord, &vault[0])
            && recover(landlord, &vault[0]) && lodge(landlord, &vault[0])
            && look(landlord, &vault[0]) && delete_vault(landlord, &vault[1])
            && delete_vault(landlord, &vault[2]) && purge(landlord, &vault[2])
            && delete_vault(landlord, &vault[3]) && purge(landlord, &vault[3])
            && make(landlord, &vault[3]));
}
