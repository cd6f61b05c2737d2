/* SPDX-License-Identifier: Apache-2.0 */
/* The players: what they ask, and what an answer must be by all that is known. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "vaults.h"

#define CROWD_TURNS 256 /* requests of all players */

const struct estate vaults_estates[VAULTS] = {
    { "ash", false, true },  { "birch", false, true }, { "cedar", true, true },
    { "oak", false, false }, { "yew", true, false },
};

/* What a vault's keys are made of. */
static const struct {
    const char *create; /* the members that ask for one */
    const char *alg;
    const char *seal, *open; /* operations */
    bool signs;              /* or else wraps */
} kinds[] = {
    { "\"kty\":\"EC\"", "ES256", "sign", "verify", true },
    { "\"kty\":\"oct-HSM\",\"key_size\":256", "A256KW", "wrapkey", "unwrapkey", false },
};

/* A request in the making, and what was known before and after it. */
struct ask {
    enum vaults_operation operation;
    unsigned vault;
    char path[160];
    char body[400]; /* "": none */
    char plain[KV_BASE64URL_LENGTH(32) + 1];
    unsigned deed;
    bool skip; /* not now: play another one */
    struct moment before, after;
};

static const struct estate *estate_of(const struct ask *ask)
{
    return &vaults_estates[ask->vault];
}

static struct holding *holding_of(struct player *player, const struct ask *ask)
{
    return &player->holding[ask->vault];
}

/* The purges between the moment before and the one after may have come before the answer or not. */
static struct span window_of(const struct ask *ask)
{
    return (struct span){ ask->before.incarnation.first, ask->after.incarnation.last };
}

const char *vaults_key_name(unsigned name, char ret_text[16])
{
    if (name == SHARED) {
        snprintf(ret_text, 16, "Shared");
    } else {
        snprintf(ret_text, 16, "Own-%u", name);
    }
    return ret_text;
}

static void put_path(struct ask *ask, const char *collection, unsigned name, const char *behind)
{
    char text[16];

    snprintf(ask->path, sizeof(ask->path), "/%s/%s%s", collection, vaults_key_name(name, text),
             behind);
}

/* --- what is asked --- */

static void prepare_make(struct player *player, struct ask *ask)
{
    (void) player;
    snprintf(ask->body, sizeof(ask->body), "{\"kind\":\"%s\",\"retention\":7}",
             estate_of(ask)->is_hsm ? "hsm" : "vault");
}

static void prepare_change(struct player *player, struct ask *ask)
{
    snprintf(ask->body, sizeof(ask->body), "{\"sku\":\"%s\"}",
             dice_roll(&player->dice, 2) == 0 ? "standard" : "premium");
}

static void prepare_delete(struct player *player, struct ask *ask)
{
    (void) player;
    ask->skip = !estate_of(ask)->is_mortal;
}

static void prepare_create(struct player *player, struct ask *ask)
{
    put_path(ask, "keys", player->number, "/create");
    ask->skip = holding_of(player, ask)->life != LIFE_ABSENT;
}

static void prepare_create_shared(struct player *player, struct ask *ask)
{
    (void) player;
    put_path(ask, "keys", SHARED, "/create");
}

static void prepare_get(struct player *player, struct ask *ask)
{
    put_path(ask, "keys", player->number, "");
}

static void prepare_get_shared(struct player *player, struct ask *ask)
{
    (void) player;
    put_path(ask, "keys", SHARED, "");
}

static void prepare_list(struct player *player, struct ask *ask)
{
    (void) player;
    snprintf(ask->path, sizeof(ask->path), "/keys");
}

static void prepare_seal(struct player *player, struct ask *ask)
{
    const bool is_hsm = estate_of(ask)->is_hsm;
    uint64_t bytes[4];
    char behind[16];

    for (size_t i = 0; i < KV_COUNT(bytes); i++) {
        bytes[i] = dice_bits(&player->dice);
    }
    kv_base64url_encode(bytes, sizeof(bytes), ask->plain);
    snprintf(behind, sizeof(behind), "/%s", kinds[is_hsm].seal);
    put_path(ask, "keys", player->number, behind);
    snprintf(ask->body, sizeof(ask->body), "{\"alg\":\"%s\",\"value\":\"%s\"}", kinds[is_hsm].alg,
             ask->plain);
}

static void prepare_open(struct player *player, struct ask *ask)
{
    const struct holding *holding = holding_of(player, ask);
    const bool is_hsm = estate_of(ask)->is_hsm;
    char behind[64];

    ask->skip = holding->life == LIFE_ABSENT || holding->cipher[0] == '\0';
    snprintf(behind, sizeof(behind), "/%s/%s", holding->version, kinds[is_hsm].open);
    put_path(ask, "keys", player->number, behind);
    snprintf(ask->body, sizeof(ask->body), "{\"alg\":\"%s\",\"%s\":\"%s\",\"value\":\"%s\"}",
             kinds[is_hsm].alg, kinds[is_hsm].signs ? "digest" : "kid",
             kinds[is_hsm].signs ? holding->plain : "", holding->cipher);
}

static void prepare_delete_key(struct player *player, struct ask *ask)
{
    put_path(ask, "keys", player->number, "");
}

static void prepare_purge_key(struct player *player, struct ask *ask)
{
    put_path(ask, "deletedkeys", player->number, "");
    ask->skip = holding_of(player, ask)->life != LIFE_DELETED;
}

/* --- what is answered --- */

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

static bool is_calm(const struct ask *ask)
{
    return ask->before.under_way == 0
           && ask->after.steps == ask->before.steps + (ask->operation <= OP_PURGE);
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
        bool holds = kinds[is_hsm].signs ? cJSON_IsTrue(reply_item(reply, "value"))
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

/* --- how --- */

typedef void prepare_fn(struct player *player, struct ask *ask);
typedef void note_fn(struct player *player, struct ask *ask, const struct reply *reply);

static const struct {
    unsigned weight;
    const char *method;
    const char *control; /* behind the vault's path on the control port; NULL: to the vault */
    prepare_fn *prepare;
    note_fn *note;
} rows[OP_COUNT] = {
    [OP_MAKE] = { 20, "PUT", "", prepare_make, note_vault },
    [OP_CHANGE] = { 4, "PATCH", "", prepare_change, note_vault },
    [OP_DELETE] = { 10, "DELETE", "", prepare_delete, note_vault },
    [OP_RECOVER] = { 12, "POST", "/recover", NULL, note_vault },
    [OP_PURGE] = { 12, "POST", "/purge", NULL, note_vault },
    [OP_LOOK] = { 4, "GET", "", NULL, note_look },
    [OP_LIST_VAULTS] = { 2, "GET", NULL, NULL, note_vaults },
    [OP_CREATE] = { 25, "POST", NULL, prepare_create, note_create },
    [OP_CREATE_SHARED] = { 4, "POST", NULL, prepare_create_shared, note_any_create },
    [OP_GET] = { 25, "GET", NULL, prepare_get, note_get },
    [OP_GET_SHARED] = { 15, "GET", NULL, prepare_get_shared, note_get_shared },
    [OP_LIST] = { 12, "GET", NULL, prepare_list, note_list },
    [OP_SEAL] = { 25, "POST", NULL, prepare_seal, note_seal },
    [OP_OPEN] = { 25, "POST", NULL, prepare_open, note_open },
    [OP_DELETE_KEY] = { 4, "DELETE", NULL, prepare_delete_key, note_delete_key },
    [OP_PURGE_KEY] = { 20, "DELETE", NULL, prepare_purge_key, note_purge_key },
    [OP_ASTRAY] = { 2, "GET", NULL, prepare_list, NULL },
};

static struct reply send_to(struct player *player, unsigned vault, bool as_hsm, const char *method,
                            const char *path, const char *body)
{
    char target[256], host[64];
    const struct request request = {
        .method = method,
        .target = target,
        .body = body,
        .host = host,
    };

    snprintf(target, sizeof(target), "%s?api-version=7.6", path);
    snprintf(host, sizeof(host), "%s.%s.localhost", vaults_estates[vault].name,
             as_hsm ? "managedhsm" : "vault");
    return client_send(as_hsm ? &player->hsm_client : &player->client, &request);
}

struct reply player_send(struct player *player, unsigned vault, const char *method,
                         const char *path, const char *body)
{
    return send_to(player, vault, vaults_estates[vault].is_hsm, method, path, body);
}

struct reply player_control(struct player *player, unsigned vault, const char *method,
                            const char *behind, const char *body)
{
    char target[128];
    const struct request request = {
        .method = method,
        .target = target,
        .body = body,
        .content_type = "application/json",
        .control = true,
    };

    snprintf(target, sizeof(target), "/control/v1/vaults%s%s%s", behind != NULL ? "/" : "",
             behind != NULL ? vaults_estates[vault].name : "", behind != NULL ? behind : "");
    return client_send(&player->client, &request);
}

/* What came before is known only now: the key carries the number of this request. */
static void number_key(struct player *player, struct ask *ask)
{
    const bool is_shared = ask->operation == OP_CREATE_SHARED;

    ask->deed = deed_begin(player->stress, ask->vault, is_shared ? SHARED : player->number,
                           ask->before.incarnation.first);
    snprintf(ask->body, sizeof(ask->body), "{%s,\"tags\":{\"deed\":\"%u\"}}",
             kinds[estate_of(ask)->is_hsm].create, ask->deed);
}

static struct reply send_ask(struct player *player, struct ask *ask)
{
    const enum vaults_operation operation = ask->operation;
    const char *body = ask->body[0] != '\0' ? ask->body : NULL;

    if (rows[operation].control != NULL || operation == OP_LIST_VAULTS) {
        return player_control(player, ask->vault, rows[operation].method, rows[operation].control,
                              body);
    }
    return send_to(player, ask->vault, estate_of(ask)->is_hsm != (operation == OP_ASTRAY),
                   rows[operation].method, ask->path, body);
}

static struct reply send_and_look(struct player *player, struct ask *ask)
{
    struct annals *annals = &player->stress->annals[ask->vault];
    struct reply reply;

    if (ask->operation <= OP_PURGE) {
        ask->before = annals_begin(annals, ask->operation);
        reply = send_ask(player, ask);
        ask->after = annals_end(annals, ask->operation, reply.status);
        return reply;
    }
    ask->before = annals_look(annals);
    if (ask->operation == OP_CREATE || ask->operation == OP_CREATE_SHARED) {
        number_key(player, ask);
    }
    reply = send_ask(player, ask);
    ask->after = annals_look(annals);
    return reply;
}

/* Where nobody did anything to the vault meanwhile there is one state only that explains it. */
static void judge(struct player *player, struct ask *ask, const struct reply *reply)
{
    struct stress *stress = player->stress;
    const struct outcome *outcome = outcome_find(ask->operation, LIFE_COUNT, reply);

    if (!tally_check(stress->tally, PROMISE_ALLOWED, outcome != NULL, "%s of %s: %ld %s",
                     vaults_operation_names[ask->operation], estate_of(ask)->name, reply->status,
                     reply->body)) {
        return;
    }
    atomic_fetch_add(&stress->outcomes[outcome - vaults_outcomes], 1);
    if (is_calm(ask)) {
        atomic_fetch_add(&stress->calm, 1);
        tally_check(stress->tally, PROMISE_EXACT,
                    outcome_find(ask->operation, ask->before.life, reply) != NULL,
                    "%s of %s, which is %s: %ld %s", vaults_operation_names[ask->operation],
                    estate_of(ask)->name, life_names[ask->before.life], reply->status, reply->body);
    }
    if (rows[ask->operation].note != NULL) {
        rows[ask->operation].note(player, ask, reply);
    }
}

bool player_perform(struct player *player, enum vaults_operation operation, unsigned vault)
{
    struct ask ask = { .operation = operation, .vault = vault };
    struct reply reply;
    bool answered;

    if (rows[operation].prepare != NULL) {
        rows[operation].prepare(player, &ask);
    }
    if (ask.skip) {
        return true;
    }
    reply = send_and_look(player, &ask);
    answered =
        tally_check(player->stress->tally, PROMISE_ANSWERED, reply.status != 0, "%s of %s: %s",
                    vaults_operation_names[operation], vaults_estates[vault].name, reply.body);
    if (answered) {
        judge(player, &ask, &reply);
    }
    reply_done(&reply);
    return answered;
}

static enum vaults_operation roll_operation(struct player *player)
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
    return (enum vaults_operation) operation;
}

/* Two of three requests go to the same mortal vault, for as long as a crowd is there. */
static unsigned roll_vault(struct player *player)
{
    unsigned long turn = atomic_fetch_add(&player->stress->turns, 1);

    return dice_roll(&player->dice, 3) == 0 ? dice_roll(&player->dice, VAULTS)
                                            : turn / CROWD_TURNS % MORTALS;
}

void player_play(struct player *player)
{
    while (!atomic_load(&player->stress->over)
           && player_perform(player, roll_operation(player), roll_vault(player))) {
    }
}

void player_open(struct player *player, struct stress *stress, unsigned number, unsigned long seed)
{
    player->stress = stress;
    player->number = number;
    player->dice.state = seed + number;
    client_open(&player->client, stress->daemon, vaults_estates[VAULTS - 2].name);
    client_open_hsm(&player->hsm_client, stress->daemon, vaults_estates[VAULTS - 1].name);
}

void player_close(struct player *player)
{
    client_close(&player->client);
    client_close(&player->hsm_client);
}
