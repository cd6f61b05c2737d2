/* SPDX-License-Identifier: Apache-2.0 */
/* A fault for one vault, key, operation or caller never touches another: eight clients at once, each
 * with rules of its own that come and go. */
#include "fault_tools.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

TestSuite(fault_isolation, .timeout = 240);

#define CLIENTS 8
#define ROUNDS 40

/* What tells a client's requests from those of the others. */
enum trait { OF_VAULT, OF_KEY, OF_OPERATION, OF_CALLER, TRAITS };

struct player {
    unsigned number;
    char *token;     /* of a caller of its own */
    char caller[16]; /* its name */
    unsigned strays; /* answers that a rule of somebody else's gave, or that its own did not */
};

static void fetch(struct player *player)
{
    char target[256];
    const struct request request = {
        .method = "GET",
        .target = target,
        .headers = { "Metadata: true" },
        .control = true,
    };
    API_CLIENT(dev);

    (void) snprintf(player->caller, sizeof(player->caller), "caller-%u", player->number);
    (void) snprintf(target, sizeof(target),
                    "/metadata/identity/oauth2/token?api-version=2018-02-01&"
                    "resource=https://vault.azure.net&client_id=%s",
                    player->caller);
    API_REPLY(reply, client_send(&dev, &request));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    player->token = strdup(reply_text(&reply, "access_token"));
}

/* Two clients share each trait but one; the rule names what is the player's alone. */
static void write_match(const struct player *player, char ret_match[256])
{
    switch ((enum trait)(player->number % TRAITS)) {
    case OF_VAULT:
        (void) snprintf(ret_match, 256, "{\"vault\":\"lone%u\"}", player->number);
        break;
    case OF_KEY:
        (void) snprintf(ret_match, 256, "{\"key\":\"lone-%u\"}", player->number);
        break;
    case OF_OPERATION:
        (void) snprintf(ret_match, 256, "{\"key\":\"shared\",\"operation\":\"%s\"}",
                        player->number < TRAITS ? "getKeyVersions" : "getKeyRotationPolicy");
        break;
    case OF_CALLER:
    case TRAITS:
        (void) snprintf(ret_match, 256, "{\"key\":\"shared\",\"principal\":\"%s\"}",
                        player->caller);
        break;
    }
}

static struct reply send_own(struct client *client, const struct player *player)
{
    bool is_first = player->number < TRAITS;
    char vault[16], path[64];

    (void) snprintf(vault, sizeof(vault), "lone%u", player->number);
    (void) snprintf(path, sizeof(path), "/keys/lone-%u", player->number);
    switch ((enum trait)(player->number % TRAITS)) {
    case OF_VAULT:
        return client_call_vault(client, vault, false, "GET", "/keys/shared", NULL);
    case OF_KEY:
        return client_call(client, "GET", path, NULL);
    case OF_OPERATION:
        return client_call(client, "GET",
                           is_first ? "/keys/shared/versions" : "/keys/shared/rotationpolicy",
                           NULL);
    case OF_CALLER:
    case TRAITS:
        break;
    }
    return client_call(client, "GET", "/keys/shared", NULL);
}

/* With its rule the player's own status, without it whatever there is, but nobody's. */
static void play_round(struct client *client, struct player *player, const char *id)
{
    char rest[512], match[256];
    long own = 450 + (long) player->number;

    write_match(player, match);
    (void) snprintf(rest, sizeof(rest), "\"match\":%s,\"effect\":{\"status\":%ld}", match, own);
    fault_add(id, rest);
    for (unsigned i = 0; i < 3; i++) {
        API_REPLY(hit, send_own(client, player));
        player->strays += hit.status != own;
    }
    player->strays += fault_count(id, "hits") != 3;
    fault_remove(id);
    API_REPLY(free_again, send_own(client, player));
    player->strays += free_again.status >= 450 && free_again.status < 450 + CLIENTS;
}

static void *play(void *argument)
{
    struct player *player = argument;
    char id[32];
    API_CLIENT(dev);

    free(dev.token);
    dev.token = strdup(player->token);
    (void) snprintf(id, sizeof(id), "lone-%u", player->number);
    for (unsigned i = 0; i < ROUNDS; i++) {
        play_round(&dev, player, id);
    }
    return NULL;
}

Test(fault_isolation, holds_for_eight_clients_at_once)
{
    struct player player[CLIENTS] = { 0 };
    pthread_t thread[CLIENTS];
    API_CLIENT(dev);

    for (unsigned i = 0; i < CLIENTS; i++) {
        char behind[32];

        player[i].number = i;
        fetch(&player[i]);
        (void) snprintf(behind, sizeof(behind), "/lone%u", i);
        API_REPLY(made, client_ask_vaults(&dev, "PUT", behind, "{}"));
        cr_assert_eq(made.status, 201, "%s", made.body);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        cr_assert_eq(pthread_create(&thread[i], NULL, play, &player[i]), 0);
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        pthread_join(thread[i], NULL);
        cr_expect_eq(player[i].strays, 0, "client %u: %u", i, player[i].strays);
        free(player[i].token);
    }
}
