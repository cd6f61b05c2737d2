/* SPDX-License-Identifier: Apache-2.0 */
/* What an answer must be by all that is known, and what is known by it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vaults_ask.h"

static bool is_bundle_of(unsigned vault, const char *kid, const struct deed *deed)
{
    char text[16], wanted[128];
    size_t len =
        (size_t) snprintf(wanted, sizeof(wanted), "/keys/%s", vaults_key_name(deed->name, text));
    const char *path = strstr(kid, "/keys/");
    char host[64];

    snprintf(host, sizeof(host), "https://%s.%s.localhost:", vaults_estates[vault].name,
             vaults_estates[vault].is_hsm ? "managedhsm" : "vault");
    return strncmp(kid, host, strlen(host)) == 0 && path != NULL && strncmp(path, wanted, len) == 0
           && (path[len] == '\0' || deed->version[0] == '\0'
               || strcmp(path + len + 1, deed->version) == 0);
}

bool player_check_bundle(struct player *player, unsigned vault, struct span incarnation,
                         const cJSON *bundle, const char *kid, unsigned *ret_name)
{
    struct stress *stress = player->stress;
    const cJSON *tag =
        cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(bundle, "tags"), "deed");
    const char *number = cJSON_IsString(tag) ? tag->valuestring : "none";
    const struct deed deed =
        deed_at(stress, cJSON_IsString(tag) ? (unsigned) strtoul(number, NULL, 10) : DEEDS_MAX);

    *ret_name = deed.name;
    return tally_check(
               stress->tally, PROMISE_OWNER, deed.vault == vault && is_bundle_of(vault, kid, &deed),
               "%s shows %s, asked for by request %s", vaults_estates[vault].name, kid, number)
           && tally_check(stress->tally, PROMISE_INCARNATION,
                          spans_meet(deed.incarnation, incarnation),
                          "%s after %lu to %lu purges shows %s, made after %lu to %lu",
                          vaults_estates[vault].name, incarnation.first, incarnation.last, kid,
                          deed.incarnation.first, deed.incarnation.last);
}

/* The player's own key was answered: its vault was not purged, so its number is known better. */
static bool judge_found(struct player *player, struct ask *ask, const char *version)
{
    struct holding *holding = holding_of(player, ask);
    const struct span window = window_of(ask);
    bool right = tally_check(
        player->stress->tally, PROMISE_INCARNATION,
        holding->life != LIFE_ABSENT && spans_meet(holding->incarnation, window)
            && (version == NULL || strcmp(version, holding->version) == 0),
        "%s in %s after %lu to %lu purges: player %u has key %s, %s, made after %lu to %lu; "
        "answered was %s",
        vaults_operation_names[ask->operation], estate_of(ask)->name, window.first, window.last,
        player->number, holding->version, life_names[holding->life], holding->incarnation.first,
        holding->incarnation.last, version != NULL ? version : "that there is one");

    if (right && holding->incarnation.first < window.first) {
        holding->incarnation.first = window.first;
    }
    if (right && holding->incarnation.last > window.last) {
        holding->incarnation.last = window.last;
    }
    return right;
}

/* It was not: only a purge of the vault can have taken it. */
static void judge_missing(struct player *player, struct ask *ask, bool was_there)
{
    struct holding *holding = holding_of(player, ask);
    const struct span window = window_of(ask);

    if (was_there) {
        tally_check(player->stress->tally, PROMISE_KEPT, holding->incarnation.first < window.last,
                    "%s in %s after %lu to %lu purges: key %s of player %u, made after %lu to %lu, "
                    "was not found",
                    vaults_operation_names[ask->operation], estate_of(ask)->name, window.first,
                    window.last, holding->version, player->number, holding->incarnation.first,
                    holding->incarnation.last);
        *holding = (struct holding){ .life = LIFE_ABSENT };
    }
}

static const char *version_of(const char *kid)
{
    const char *slash = strrchr(kid, '/');

    return slash != NULL ? slash + 1 : "";
}

static void note_vault(struct player *player, struct ask *ask, const struct reply *reply)
{
    if (reply->status == 200 || reply->status == 201) {
        tally_check(player->stress->tally, PROMISE_SUBJECT,
                    strcmp(reply_text(reply, "name"), estate_of(ask)->name) == 0, "%s of %s: %s",
                    vaults_operation_names[ask->operation], estate_of(ask)->name, reply->body);
    }
}

static void judge_state(struct player *player, struct ask *ask, const char *state)
{
    if (is_calm(ask)) {
        tally_check(player->stress->tally, PROMISE_EXACT,
                    strcmp(state, life_names[ask->before.life]) == 0, "%s is %s, shown is %s",
                    estate_of(ask)->name, life_names[ask->before.life], state);
    }
}

static void note_look(struct player *player, struct ask *ask, const struct reply *reply)
{
    note_vault(player, ask, reply);
    if (reply->status == 200) {
        judge_state(player, ask, reply_text(reply, "state"));
    }
}

static void note_vaults(struct player *player, struct ask *ask, const struct reply *reply)
{
    const char *state = life_names[LIFE_ABSENT];
    const cJSON *item;

    cJSON_ArrayForEach (item, reply_item(reply, "vaults")) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "name"));

        if (name != NULL && strcmp(name, estate_of(ask)->name) == 0) {
            state = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "state"));
        }
    }
    judge_state(player, ask, state != NULL ? state : "without a state");
}

static void note_any_create(struct player *player, struct ask *ask, const struct reply *reply)
{
    unsigned name;

    deed_end(player->stress, ask->deed, window_of(ask).last,
             reply->status == 200 ? version_of(reply_text(reply, "key.kid")) : NULL);
    if (reply->status == 200) {
        player_check_bundle(player, ask->vault, window_of(ask), reply->json,
                            reply_text(reply, "key.kid"), &name);
    }
}

static void note_create(struct player *player, struct ask *ask, const struct reply *reply)
{
    struct holding *holding = holding_of(player, ask);

    note_any_create(player, ask, reply);
    if (reply->status == 200) {
        *holding = (struct holding){ .life = LIFE_LIVE, .incarnation = window_of(ask) };
        snprintf(holding->version, sizeof(holding->version), "%s",
                 version_of(reply_text(reply, "key.kid")));
    }
}

/* Whether the answer is about a key of the vault at all, and not about the vault. */
static bool misses_key(const struct reply *reply)
{
    return strcmp(reply_text(reply, "error.code"), "KeyNotFound") == 0;
}

static bool is_held(struct player *player, const struct ask *ask)
{
    return holding_of(player, ask)->life == LIFE_LIVE;
}

static void note_get(struct player *player, struct ask *ask, const struct reply *reply)
{
    const char *kid = reply_text(reply, "key.kid");
    unsigned name;

    if (misses_key(reply)) {
        judge_missing(player, ask, is_held(player, ask));
    } else if (reply->status == 200
               && player_check_bundle(player, ask->vault, window_of(ask), reply->json, kid,
                                      &name)) {
        judge_found(player, ask, version_of(kid));
    }
}

static void note_get_shared(struct player *player, struct ask *ask, const struct reply *reply)
{
    unsigned name;

    if (reply->status == 200) {
        player_check_bundle(player, ask->vault, window_of(ask), reply->json,
                            reply_text(reply, "key.kid"), &name);
    }
}

static void note_list(struct player *player, struct ask *ask, const struct reply *reply)
{
    bool found = false;
    const cJSON *item;

    if (reply->status != 200) {
        return;
    }
    cJSON_ArrayForEach (item, reply_item(reply, "value")) {
        const char *kid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "kid"));
        unsigned name;

        found |= player_check_bundle(player, ask->vault, window_of(ask), item,
                                     kid != NULL ? kid : "", &name)
                 && name == player->number;
    }
    if (found) {
        judge_found(player, ask, NULL);
    } else {
        judge_missing(player, ask, is_held(player, ask));
    }
}

static void note_seal(struct player *player, struct ask *ask, const struct reply *reply)
{
    struct holding *holding = holding_of(player, ask);

    if (misses_key(reply)) {
        judge_missing(player, ask, is_held(player, ask));
    } else if (reply->status == 200
               && judge_found(player, ask, version_of(reply_text(reply, "kid")))) {
        memcpy(holding->plain, ask->plain, sizeof(holding->plain));
        snprintf(holding->cipher, sizeof(holding->cipher), "%s", reply_text(reply, "value"));
    }
}

static void note_open(struct player *player, struct ask *ask, const struct reply *reply)
{
    const struct holding *holding = holding_of(player, ask);
    const bool is_hsm = estate_of(ask)->is_hsm;

    if (misses_key(reply)) {
        judge_missing(player, ask, is_held(player, ask));
    } else if (reply->status == 200) {
        bool holds = vaults_kinds[is_hsm].signs
                         ? cJSON_IsTrue(reply_item(reply, "value"))
                         : strcmp(reply_text(reply, "value"), holding->plain) == 0;

        tally_check(player->stress->tally, PROMISE_BYTES, holds, "%s: %s", ask->path, reply->body);
        judge_found(player, ask, NULL);
    }
}

static void note_delete_key(struct player *player, struct ask *ask, const struct reply *reply)
{
    if (misses_key(reply)) {
        judge_missing(player, ask, is_held(player, ask));
    } else if (reply->status == 200
               && judge_found(player, ask, version_of(reply_text(reply, "key.kid")))) {
        holding_of(player, ask)->life = LIFE_DELETED;
    }
}

static void note_purge_key(struct player *player, struct ask *ask, const struct reply *reply)
{
    if (misses_key(reply)) {
        judge_missing(player, ask, true);
    } else if (reply->status == 204 && judge_found(player, ask, NULL)) {
        *holding_of(player, ask) = (struct holding){ .life = LIFE_ABSENT };
    }
}

typedef void note_fn(struct player *player, struct ask *ask, const struct reply *reply);
static note_fn *const notes[OP_COUNT] = {
    [OP_MAKE] = note_vault,
    [OP_CHANGE] = note_vault,
    [OP_DELETE] = note_vault,
    [OP_RECOVER] = note_vault,
    [OP_PURGE] = note_vault,
    [OP_LOOK] = note_look,
    [OP_LIST_VAULTS] = note_vaults,
    [OP_CREATE] = note_create,
    [OP_CREATE_SHARED] = note_any_create,
    [OP_GET] = note_get,
    [OP_GET_SHARED] = note_get_shared,
    [OP_LIST] = note_list,
    [OP_SEAL] = note_seal,
    [OP_OPEN] = note_open,
    [OP_DELETE_KEY] = note_delete_key,
    [OP_PURGE_KEY] = note_purge_key,
};

void ask_note(struct player *player, struct ask *ask, const struct reply *reply)
{
    if (notes[ask->operation] != NULL) {
        notes[ask->operation](player, ask, reply);
    }
}
