/* SPDX-License-Identifier: Apache-2.0 */
/* After the play: does what is there follow from what was acknowledged, in whatever order? */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/program.h"
#include "contention.h"

struct version_list {
    char (*items)[KV_VERSION_LENGTH + 1]; /* heap */
    size_t count;
};

static bool list_has(const struct version_list *list, const char *version)
{
    for (size_t i = 0; i < list->count; i++) {
        if (strcmp(list->items[i], version) == 0) {
            return true;
        }
    }
    return false;
}

static void add_items(const struct reply *reply, struct version_list *list)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, reply_item(reply, "value")) {
        const char *kid = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "kid"));
        const char *slash = kid != NULL ? strrchr(kid, '/') : NULL;

        list->items = reallocarray(list->items, list->count + 1, sizeof(*list->items));
        if (list->items == NULL) {
            abort();
        }
        snprintf(list->items[list->count++], sizeof(*list->items), "%s",
                 slash != NULL ? slash + 1 : "");
    }
}

/* All pages, as nextLink leads from one to the next. */
static void list_versions(struct client *client, unsigned vault, unsigned name,
                          struct version_list *ret_list)
{
    char path[512];
    bool more = true;

    *ret_list = (struct version_list){ .items = NULL };
    snprintf(path, sizeof(path), "/keys/%s/versions", contention_names[name]);
    while (more) {
        struct reply reply = contention_send(client, vault, "GET", path, NULL);
        const char *next = strstr(reply_text(&reply, "nextLink"), "/keys/");
        const char *token = next != NULL ? strstr(next, "$skiptoken=") : NULL;

        add_items(&reply, ret_list);
        more = token != NULL;
        if (more) {
            snprintf(path, sizeof(path), "/keys/%s/versions?%s", contention_names[name], token);
        }
        reply_done(&reply);
    }
}

static long send_for_status(struct client *client, unsigned vault, const char *method,
                            const char *path)
{
    struct reply reply = contention_send(client, vault, method, path, NULL);
    long status = reply.status;

    reply_done(&reply);
    return status;
}

/* Waits until what is pending is over. */
static void settle(kv_millis lag)
{
    program_pause(3 * lag);
}

/* A deletion is undone by one recovery or one purge: what is left over is the last state. */
static void review_history(struct contention *contention, struct client *client, unsigned vault,
                           unsigned name, kv_millis lag)
{
    const struct chronicle *chronicle = &contention->chronicle[vault][name];
    unsigned long deletions = atomic_load(&chronicle->deletions);
    unsigned long undone = atomic_load(&chronicle->recoveries) + atomic_load(&chronicle->purges);
    char path[256];
    long status;

    snprintf(path, sizeof(path), "/deletedkeys/%s", contention_names[name]);
    status = send_for_status(client, vault, "GET", path);
    tally_check(contention->tally, PROMISE_HISTORY,
                (status == 200 || status == 404) && deletions == undone + (status == 200),
                "%s in the %s vault: %lu deletions, %lu recoveries and purges, now %ld",
                contention_names[name], contention_vaults[vault], deletions, undone, status);
    if (status == 200) {
        snprintf(path, sizeof(path), "/deletedkeys/%s/recover", contention_names[name]);
        status = send_for_status(client, vault, "POST", path);
        tally_check(contention->tally, PROMISE_CONTRACT, status == 200, "%s in the %s vault: %ld",
                    path, contention_vaults[vault], status);
        settle(lag);
    }
}

static bool is_usable(struct client *client, unsigned vault, unsigned name, const char *version,
                      const char *alg, const char *plain, const char *cipher)
{
    char path[256];
    char body[600];
    struct reply reply;
    bool equal;

    snprintf(path, sizeof(path), "/keys/%s/%s/unwrapkey", contention_names[name], version);
    snprintf(body, sizeof(body), "{\"alg\":\"%s\",\"value\":\"%s\"}", alg, cipher);
    reply = contention_send(client, vault, "POST", path, body);
    equal = reply.status == 200 && strcmp(reply_text(&reply, "value"), plain) == 0;
    if (!equal) {
        fprintf(stderr, "%s: %ld %s\n", path, reply.status, reply.body);
    }
    reply_done(&reply);
    return equal;
}

/* Enables the version, wraps and unwraps with it. */
static void review_version(struct contention *contention, struct client *client, unsigned vault,
                           unsigned name, const char *version)
{
    static const char plain[] = "AAECAwQFBgcICQoLDA0ODw";
    char path[256];
    struct reply reply;
    char cipher[KV_BASE64URL_LENGTH(256) + 1];

    snprintf(path, sizeof(path), "/keys/%s/%s", contention_names[name], version);
    reply = contention_send(client, vault, "PATCH", path, "{\"attributes\":{\"enabled\":true}}");
    reply_done(&reply);
    snprintf(path, sizeof(path), "/keys/%s/%s/wrapkey", contention_names[name], version);
    reply = contention_send(client, vault, "POST", path,
                            "{\"alg\":\"RSA-OAEP\",\"value\":\"AAECAwQFBgcICQoLDA0ODw\"}");
    snprintf(cipher, sizeof(cipher), "%s", reply_text(&reply, "value"));
    reply_done(&reply);
    tally_check(contention->tally, PROMISE_USABLE,
                is_usable(client, vault, name, version, "RSA-OAEP", plain, cipher),
                "%s/%s in the %s vault", contention_names[name], version, contention_vaults[vault]);
}

static void review_versions(struct contention *contention, struct client *client, unsigned vault,
                            unsigned name, const struct version_list *list)
{
    const struct chronicle *chronicle = &contention->chronicle[vault][name];
    const struct version_list acknowledged = { chronicle->versions, chronicle->count };

    for (size_t i = 0; i < list->count; i++) {
        tally_check(contention->tally, PROMISE_KNOWN, list_has(&acknowledged, list->items[i]),
                    "%s/%s in the %s vault was never acknowledged", contention_names[name],
                    list->items[i], contention_vaults[vault]);
        review_version(contention, client, vault, name, list->items[i]);
    }
    for (size_t i = 0; vault == 1 && i < chronicle->count; i++) {
        tally_check(contention->tally, PROMISE_KEPT, list_has(list, chronicle->versions[i]),
                    "%s/%s in the %s vault is lost", contention_names[name], chronicle->versions[i],
                    contention_vaults[vault]);
    }
}

/* What was wrapped during the play with a version that is there still. */
static void review_envelopes(struct contention *contention, struct client *client, unsigned vault,
                             unsigned name, const struct version_list *list)
{
    for (size_t i = 0; i < ENVELOPES; i++) {
        const struct envelope *envelope = &contention->envelope[i];

        if (envelope->vault == vault && envelope->name == name && envelope->version[0] != '\0'
            && list_has(list, envelope->version)) {
            tally_check(contention->tally, PROMISE_BYTES,
                        is_usable(client, vault, name, envelope->version, envelope->alg,
                                  envelope->plain, envelope->cipher),
                        "%s/%s in the %s vault", contention_names[name], envelope->version,
                        contention_vaults[vault]);
        }
    }
}

void contention_review(struct contention *contention, struct client *client, kv_millis lag)
{
    settle(lag);
    for (unsigned vault = 0; vault < VAULTS; vault++) {
        for (unsigned name = 0; name < NAMES; name++) {
            struct version_list list;

            review_history(contention, client, vault, name, lag);
            list_versions(client, vault, name, &list);
            review_versions(contention, client, vault, name, &list);
            review_envelopes(contention, client, vault, name, &list);
            free(list.items);
        }
    }
}
