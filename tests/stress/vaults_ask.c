/* SPDX-License-Identifier: Apache-2.0 */
/* What the players ask. */
#include "vaults_ask.h"

#include <stdio.h>

const struct estate vaults_estates[VAULTS] = {
    { "ash", false, true },  { "birch", false, true }, { "cedar", true, true },
    { "oak", false, false }, { "yew", true, false },
};

const struct lock_kind vaults_kinds[2] = {
    { "\"kty\":\"EC\"", "ES256", "sign", "verify", true },
    { "\"kty\":\"oct-HSM\",\"key_size\":256", "A256KW", "wrapkey", "unwrapkey", false },
};

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
    snprintf(behind, sizeof(behind), "/%s", vaults_kinds[is_hsm].seal);
    put_path(ask, "keys", player->number, behind);
    snprintf(ask->body, sizeof(ask->body), "{\"alg\":\"%s\",\"value\":\"%s\"}",
             vaults_kinds[is_hsm].alg, ask->plain);
}

static void prepare_open(struct player *player, struct ask *ask)
{
    const struct holding *holding = holding_of(player, ask);
    const bool is_hsm = estate_of(ask)->is_hsm;
    char behind[64];

    ask->skip = holding->life == LIFE_ABSENT || holding->cipher[0] == '\0';
    snprintf(behind, sizeof(behind), "/%s/%s", holding->version, vaults_kinds[is_hsm].open);
    put_path(ask, "keys", player->number, behind);
    snprintf(ask->body, sizeof(ask->body), "{\"alg\":\"%s\",\"%s\":\"%s\",\"value\":\"%s\"}",
             vaults_kinds[is_hsm].alg, vaults_kinds[is_hsm].signs ? "digest" : "kid",
             vaults_kinds[is_hsm].signs ? holding->plain : "", holding->cipher);
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

const struct ask_row vaults_ask_rows[OP_COUNT] = {
    [OP_MAKE] = { 20, "PUT", "", prepare_make },
    [OP_CHANGE] = { 4, "PATCH", "", prepare_change },
    [OP_DELETE] = { 10, "DELETE", "", prepare_delete },
    [OP_RECOVER] = { 12, "POST", "/recover", NULL },
    [OP_PURGE] = { 12, "POST", "/purge", NULL },
    [OP_LOOK] = { 4, "GET", "", NULL },
    [OP_LIST_VAULTS] = { 2, "GET", NULL, NULL },
    [OP_CREATE] = { 25, "POST", NULL, prepare_create },
    [OP_CREATE_SHARED] = { 4, "POST", NULL, prepare_create_shared },
    [OP_GET] = { 25, "GET", NULL, prepare_get },
    [OP_GET_SHARED] = { 15, "GET", NULL, prepare_get_shared },
    [OP_LIST] = { 12, "GET", NULL, prepare_list },
    [OP_SEAL] = { 25, "POST", NULL, prepare_seal },
    [OP_OPEN] = { 25, "POST", NULL, prepare_open },
    [OP_DELETE_KEY] = { 4, "DELETE", NULL, prepare_delete_key },
    [OP_PURGE_KEY] = { 20, "DELETE", NULL, prepare_purge_key },
    [OP_ASTRAY] = { 2, "GET", NULL, prepare_list },
};
