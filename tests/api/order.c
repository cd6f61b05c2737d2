/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which of two faults of one request its answer tells of: contract §8.4, §19 row 26. There is one
 * list, in the order in which faults win, and every pair of it that one request can have is tried.
 */
#include <stdio.h>
#include <string.h>

#include "access_tools.h"

TestSuite(order, .timeout = 300);

enum fault {
    NO_TOKEN,
    BAD_TOKEN,
    PUBLIC_ACCESS_OFF,
    FIREWALL_CLOSED,
    UNKNOWN_ROUTE,
    NO_API_VERSION,
    NO_PERMISSION,
    BAD_BODY,
    UNKNOWN_KEY,
    DISABLED,
    EXPIRED,
    NOT_IN_KEY_OPS,
    OTHER_ALGORITHM,
    FAULTS
};

#define HAS(faults, fault) (((faults) &1U << (fault)) != 0)
#define OF_VAULT                                                                                   \
    (1U << PUBLIC_ACCESS_OFF | 1U << FIREWALL_CLOSED | 1U << NO_PERMISSION) /* its settings */
#define OF_KEY (1U << DISABLED | 1U << EXPIRED | 1U << NOT_IN_KEY_OPS)      /* its state */

/* From the one that always wins to the one that never does. */
static const struct {
    const char *name;
    long status;
    const char *code, *inner; /* "": none */
    const char *said;         /* in its message */
} order[] = {
    [NO_TOKEN] = { "no token", 401, "Unauthorized", "", "AKV10000" },
    [BAD_TOKEN] = { "bad token", 401, "Unauthorized", "", "S2S12086" },
    [PUBLIC_ACCESS_OFF] = { "public access off", 403, "Forbidden", "ForbiddenByConnection",
                            "Public network access is disabled" },
    [FIREWALL_CLOSED] = { "firewall closed", 403, "Forbidden", "ForbiddenByFirewall",
                          "Client address is not authorized" },
    [UNKNOWN_ROUTE] = { "unknown route", 400, "BadParameter", "",
                        "Method POST does not allow operation 'frob'" },
    [NO_API_VERSION] = { "no api-version", 400, "BadParameter", "", "api-version" },
    [NO_PERMISSION] = { "no permission", 403, "Forbidden", "ForbiddenByRbac",
                        "Caller is not authorized" },
    [BAD_BODY] = { "bad body", 400, "BadParameter", "", "Property  has invalid value" },
    [UNKNOWN_KEY] = { "unknown key", 404, "KeyNotFound", "", "was not found" },
    [DISABLED] = { "disabled key", 403, "Forbidden", "KeyDisabled", "on a disabled key" },
    [EXPIRED] = { "expired key", 403, "Forbidden", "KeyExpired", "on a expired key" },
    [NOT_IN_KEY_OPS] = { "operation not in key_ops", 403, "Forbidden", "KeyOperationForbidden",
                         "is not permitted on this key" },
    [OTHER_ALGORITHM] = { "algorithm of another key type", 400, "BadParameter", "",
                          "algorithm are incompatible" },
};

static bool can_meet(enum fault one, enum fault other)
{
    bool both_of_token = one == NO_TOKEN && other == BAD_TOKEN;
    bool state_of_nothing = one == UNKNOWN_KEY && HAS(OF_KEY, other);

    return !both_of_token && !state_of_nothing;
}

/* --- vaults and keys that have them --- */

static const char *name_vault(unsigned faults)
{
    static char name[32];

    (void) snprintf(name, sizeof(name), "order%s%s%s", HAS(faults, PUBLIC_ACCESS_OFF) ? "-off" : "",
                    HAS(faults, FIREWALL_CLOSED) ? "-deny" : "",
                    HAS(faults, NO_PERMISSION) ? "-rbac" : "");
    return name;
}

static const char *name_key(unsigned faults)
{
    static char name[64];

    (void) snprintf(name, sizeof(name), "k%s%s%s%s", HAS(faults, DISABLED) ? "-disabled" : "",
                    HAS(faults, EXPIRED) ? "-expired" : "",
                    HAS(faults, NOT_IN_KEY_OPS) ? "-ops" : "",
                    HAS(faults, UNKNOWN_KEY) ? "-unknown" : "");
    return name;
}

static void make_key(struct client *client, unsigned faults)
{
    char path[96], body[256];

    (void) snprintf(path, sizeof(path), "/keys/%s/create", name_key(faults));
    (void) snprintf(body, sizeof(body),
                    "{\"kty\":\"EC\",\"crv\":\"P-256\",\"key_ops\":[%s],\"attributes\":{"
                    "\"enabled\":%s%s}}",
                    HAS(faults, NOT_IN_KEY_OPS) ? "\"verify\"" : "\"sign\",\"verify\"",
                    HAS(faults, DISABLED) ? "false" : "true",
                    HAS(faults, EXPIRED) ? ",\"exp\":1000000000" : "");
    API_REPLY(reply, client_call_vault(client, name_vault(faults), false, "POST", path, body));
    cr_assert_eq(reply.status, 200, "%s: %ld %s", path, reply.status, reply.body);
}

static void set_vault(unsigned faults, const char *behind, const char *body)
{
    char path[64];

    (void) snprintf(path, sizeof(path), "/%s%s", name_vault(faults), behind);
    access_do(api_daemon(), "PATCH", path, body, 200);
}

/* While it is open, the keys; then what keeps everybody out. */
static void make_vault(struct client *client, unsigned faults)
{
    access_make_vault(api_daemon(), name_vault(faults), "{}");
    for (unsigned i = DISABLED; i <= NOT_IN_KEY_OPS; i++) {
        make_key(client, faults | 1U << i);
        for (unsigned j = i + 1; j <= NOT_IN_KEY_OPS; j++) {
            make_key(client, faults | 1U << i | 1U << j);
        }
    }
    make_key(client, faults);
    if (HAS(faults, NO_PERMISSION)) {
        set_vault(faults, "", "{\"access\":\"rbac\"}");
    }
    if (HAS(faults, FIREWALL_CLOSED)) {
        set_vault(faults, "/network", "{\"defaultAction\":\"Deny\"}");
    }
    if (HAS(faults, PUBLIC_ACCESS_OFF)) {
        set_vault(faults, "/network", "{\"publicNetworkAccess\":\"Disabled\"}");
    }
}

static void make_vaults(struct client *client)
{
    static const enum fault settings[] = { PUBLIC_ACCESS_OFF, FIREWALL_CLOSED, NO_PERMISSION };

    make_vault(client, 0);
    for (size_t i = 0; i < KV_COUNT(settings); i++) {
        make_vault(client, 1U << settings[i]);
        for (size_t j = i + 1; j < KV_COUNT(settings); j++) {
            make_vault(client, 1U << settings[i] | 1U << settings[j]);
        }
    }
}

/* --- requests --- */

#define DIGEST "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static struct reply ask_with(struct client *client, unsigned faults)
{
    char target[128], host[64], body[128];
    const struct request request = {
        .method = "POST",
        .target = target,
        .body = body,
        .host = host,
        .without_token = HAS(faults, NO_TOKEN) || HAS(faults, BAD_TOKEN),
        .headers = { HAS(faults, BAD_TOKEN) ? "Authorization: Bearer e30.e30.e30" : NULL },
    };

    (void) snprintf(host, sizeof(host), "%s.vault.localhost", name_vault(faults));
    (void) snprintf(target, sizeof(target), "/keys/%s/%s%s", name_key(faults),
                    HAS(faults, UNKNOWN_ROUTE) ? "frob" : "sign",
                    HAS(faults, NO_API_VERSION) ? "" : "?api-version=7.6");
    (void) snprintf(body, sizeof(body), "{\"alg\":\"%s\",\"value\":\"" DIGEST "\"%s",
                    HAS(faults, OTHER_ALGORITHM) ? "RS256" : "ES256",
                    HAS(faults, BAD_BODY) ? "" : "}");
    return client_send(client, &request);
}

static bool tells_of(const struct reply *reply, enum fault fault)
{
    return reply->status == order[fault].status
           && strcmp(reply_text(reply, "error.code"), order[fault].code) == 0
           && strcmp(reply_text(reply, "error.innererror.code"), order[fault].inner) == 0
           && strstr(reply_text(reply, "error.message"), order[fault].said) != NULL;
}

static unsigned expect_winner(struct client *client, enum fault winner, enum fault loser)
{
    API_REPLY(reply, ask_with(client, 1U << winner | 1U << loser));

    cr_expect(tells_of(&reply, winner), "%s, %s: expected the first, got %ld %s",
              order[winner].name, order[loser].name, reply.status, reply.body);
    return 1;
}

Test(order, of_two_faults_of_a_request_is_that_of_the_list)
{
    unsigned pairs = 0;
    API_CLIENT(dev);

    make_vaults(&dev);
    API_REPLY(good, ask_with(&dev, 0));
    cr_assert_eq(good.status, 200, "without a fault: %s", good.body);
    for (unsigned i = 0; i < FAULTS; i++) {
        (void) expect_winner(&dev, i, i); /* alone */
        for (unsigned j = i + 1; j < FAULTS; j++) {
            pairs += can_meet(i, j) ? expect_winner(&dev, i, j) : 0;
        }
    }
    cr_expect_eq(pairs, FAULTS * (FAULTS - 1) / 2 - 4, "%u pairs", pairs);
}
