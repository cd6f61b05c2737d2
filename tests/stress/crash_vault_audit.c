/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of vaults after a kill, held against the ledger. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crash_vault.h"

static const char *const state_names[] = {
    [LEDGER_ABSENT] = "absent",
    [LEDGER_LIVE] = "live",
    [LEDGER_DELETED] = "deleted",
};

static bool shows(const struct vault_sighting *seen, const struct lodger *lodger)
{
    for (size_t i = 0; i < seen->count; i++) {
        if (strcmp(seen->key[i].name, lodger->name) == 0) {
            return seen->key[i].mark == lodger->mark;
        }
    }
    return false;
}

bool vault_explains(const struct ledger_vault *vault, const struct vault_sighting *seen)
{
    if (seen->state != vault->state) {
        return false;
    }
    if (vault->state == LEDGER_ABSENT) {
        return true;
    }
    if (seen->is_premium != vault->is_premium || seen->days != vault->days) {
        return false;
    }
    if (vault->state == LEDGER_DELETED) { /* nobody can see its keys */
        return true;
    }
    for (size_t i = 0; i < vault->count; i++) {
        if (!shows(seen, &vault->key[i])) {
            return false;
        }
    }
    return seen->count == vault->count;
}

/* The description of either. */
struct description {
    enum ledger_state state;
    bool is_premium;
    unsigned days;
    const struct lodger *key;
    size_t count;
};

static const char *describe(const struct description *is, char ret_text[LEDGER_TEXT_SIZE])
{
    size_t len =
        (size_t) snprintf(ret_text, LEDGER_TEXT_SIZE, "%s, %s, %u days,", state_names[is->state],
                          is->is_premium ? "premium" : "standard", is->days);

    for (size_t i = 0; i < is->count && len < LEDGER_TEXT_SIZE; i++) {
        len += (size_t) snprintf(ret_text + len, LEDGER_TEXT_SIZE - len, " %s/%u", is->key[i].name,
                                 is->key[i].mark);
    }
    return ret_text;
}

const char *vault_describe(const struct ledger_vault *vault, char ret_text[LEDGER_TEXT_SIZE])
{
    const struct description is = { vault->state, vault->is_premium, vault->days, vault->key,
                                    vault->count };

    return describe(&is, ret_text);
}

const char *vault_sighting_describe(const struct vault_sighting *seen,
                                    char ret_text[LEDGER_TEXT_SIZE])
{
    const struct description is = { seen->state, seen->is_premium, seen->days, seen->key,
                                    seen->count };

    return describe(&is, ret_text);
}

/* False when there was no answer, or another one than these two. */
static bool is_seen(struct landlord *landlord, const struct ledger_vault *vault,
                    const struct reply *reply, const char *what)
{
    if (reply->status == 0) {
        tally_check(landlord->tally, PROMISE_ALIVE, atomic_load(landlord->doomed), "%s of %s: %s",
                    what, vault->name, reply->body);
        return false;
    }
    return tally_check(landlord->tally, PROMISE_ANSWER,
                       reply->status == 200
                           || (reply->status == 404
                               && strcmp(reply_text(reply, "error.code"), "VaultNotFound") == 0),
                       "%s of %s: %ld %s", what, vault->name, reply->status, reply->body);
}

static void take_key(const cJSON *item, struct vault_sighting *seen)
{
    const char *kid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "kid"));
    const char *mark = cJSON_GetStringValue(
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(item, "tags"), "mark"));
    const char *slash = kid != NULL ? strrchr(kid, '/') : NULL;

    if (slash == NULL || seen->count == VAULT_SIGHTING_KEYS) {
        return;
    }
    snprintf(seen->key[seen->count].name, sizeof(seen->key[0].name), "%s", slash + 1);
    seen->key[seen->count++].mark = mark != NULL ? (unsigned) strtoul(mark, NULL, 10) : 0;
}

/* Only a vault that lives lists keys. */
static bool look_for_keys(struct landlord *landlord, const struct ledger_vault *vault,
                          struct vault_sighting *seen)
{
    struct reply reply = landlord_send(landlord, vault, "GET", "/keys", NULL);
    bool looked = is_seen(landlord, vault, &reply, "list");
    const cJSON *item;

    if (looked) {
        looked = tally_check(landlord->tally, PROMISE_ANSWER,
                             (reply.status == 200) == (seen->state == LEDGER_LIVE),
                             "%s is %s and lists its keys with %ld", vault->name,
                             state_names[seen->state], reply.status);
    }
    cJSON_ArrayForEach (item, reply_item(&reply, "value")) {
        take_key(item, seen);
    }
    reply_done(&reply);
    return looked;
}

bool vault_look(struct landlord *landlord, const struct ledger_vault *vault,
                struct vault_sighting *ret_seen)
{
    struct reply reply = landlord_control(landlord, vault, "GET", "", NULL);
    bool looked = is_seen(landlord, vault, &reply, "look");

    *ret_seen = (struct vault_sighting){ .state = LEDGER_ABSENT };
    if (reply.status == 200) {
        const char *state = reply_text(&reply, "state");

        ret_seen->state = strcmp(state, "live") == 0 ? LEDGER_LIVE : LEDGER_DELETED;
        ret_seen->is_premium = strcmp(reply_text(&reply, "sku"), "premium") == 0;
        ret_seen->days = (unsigned) reply_number(&reply, "retention");
    }
    reply_done(&reply);
    return looked && look_for_keys(landlord, vault, ret_seen);
}

static enum crash_promise promise_of(const struct ledger_vault *vault)
{
    switch (vault->state) {
    case LEDGER_LIVE:
        return PROMISE_VAULT_LIVE;
    case LEDGER_DELETED:
        return PROMISE_VAULT_DELETED;
    case LEDGER_ABSENT:
        break;
    }
    return PROMISE_VAULT_PURGED;
}

/* The request that the kill cut off happened, or it did not: the ledger takes what was seen. */
static void settle(struct landlord *landlord, struct ledger_vault *vault,
                   const struct vault_sighting *seen)
{
    struct deeds *deeds = &landlord->deeds[landlord->flight.operation - OP_COUNT];
    const struct ledger_vault *after = &landlord->flight.after;
    char wanted[LEDGER_TEXT_SIZE], or_else[LEDGER_TEXT_SIZE], got[LEDGER_TEXT_SIZE];

    landlord->flight.vault = NULL;
    if (vault_explains(vault, seen)) {
        deeds->did_not++;
        tally_check(landlord->tally, PROMISE_WHOLE, true, " ");
    } else if (tally_check(landlord->tally, PROMISE_WHOLE, vault_explains(after, seen),
                           "%s after a cut %s: wanted %s, or %s, seen %s", vault->name,
                           crash_operation_names[landlord->flight.operation],
                           vault_describe(vault, wanted), vault_describe(after, or_else),
                           vault_sighting_describe(seen, got))) {
        deeds->happened++;
        *vault = *after;
    }
}

/* The token has it, and it is the one that the store names. */
static void audit_use(struct landlord *landlord, const struct ledger_vault *vault,
                      const struct lodger *lodger)
{
    char plain[KV_BASE64URL_LENGTH(LEDGER_PLAIN) + 1];
    char path[64], body[PROOF_BODY_SIZE];
    const struct crash_kind *kind = &crash_kinds[LODGER_KIND];
    struct reply sealed, opened;

    proof_roll(&landlord->dice, plain);
    snprintf(path, sizeof(path), "/keys/%s/%s", lodger->name, proof_seal(kind, plain, body));
    sealed = landlord_send(landlord, vault, "POST", path, body);
    snprintf(path, sizeof(path), "/keys/%s/%s", lodger->name,
             proof_open(kind, plain, reply_text(&sealed, "value"), body));
    opened = landlord_send(landlord, vault, "POST", path, body);
    tally_check(landlord->tally, PROMISE_SEAL, proof_holds(kind, plain, &opened),
                "%s of %s: %ld %s, then %ld %s", lodger->name, vault->name, sealed.status,
                sealed.body, opened.status, opened.body);
    reply_done(&sealed);
    reply_done(&opened);
}

static void audit_state(struct landlord *landlord, struct ledger_vault *vault)
{
    struct vault_sighting seen;
    char wanted[LEDGER_TEXT_SIZE], got[LEDGER_TEXT_SIZE];

    if (!vault_look(landlord, vault, &seen)) {
        return;
    }
    if (landlord->flight.vault == vault) {
        settle(landlord, vault, &seen);
    } else if (vault->state != LEDGER_ABSENT || vault->purged || seen.state != LEDGER_ABSENT) {
        tally_check(landlord->tally, promise_of(vault), vault_explains(vault, &seen),
                    "%s: wanted %s, seen %s", vault->name, vault_describe(vault, wanted),
                    vault_sighting_describe(&seen, got));
    }
}

void landlord_audit(struct landlord *landlord)
{
    for (size_t i = 0; i < LANDLORD_VAULTS; i++) {
        struct ledger_vault *vault = &landlord->vault[i];

        audit_state(landlord, vault);
        for (size_t j = 0; vault->state == LEDGER_LIVE && j < vault->count; j++) {
            audit_use(landlord, vault, &vault->key[j]);
        }
    }
}

size_t landlord_vaults(const struct landlord *landlord)
{
    size_t count = 0;

    for (size_t i = 0; i < LANDLORD_VAULTS; i++) {
        count += landlord->vault[i].state != LEDGER_ABSENT;
    }
    return count;
}

size_t landlord_keys(const struct landlord *landlord)
{
    size_t count = 0;

    for (size_t i = 0; i < LANDLORD_VAULTS; i++) {
        count += landlord->vault[i].count;
    }
    return count;
}
