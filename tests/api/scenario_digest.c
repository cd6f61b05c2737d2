/* SPDX-License-Identifier: Apache-2.0 */
/* One digest of all that lasts, of one moment, whoever changes something meanwhile. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "scenario_tools.h"

TestSuite(scenario_digest, .init = scenario_start, .fini = scenario_stop, .timeout = 240);

#define THREADS 3
#define KEYS 16
#define LOOKS_MAX 2048

static atomic_uint working;

/* Makes keys, and has every other one purged. Threads assert nothing: what they fail at is counted. */
static void *make_keys(void *context)
{
    const struct daemon *daemon = &scenario_daemon;
    const char *name = context;
    size_t failures = 0;

    for (int i = 0; i < KEYS; i++) {
        char path[64];

        API_CLIENT_OF(daemon, dev);
        snprintf(path, sizeof(path), "/keys/%s%d/create", name, i);
        API_REPLY(made, client_call(&dev, "POST", path, "{\"kty\":\"EC\"}"));
        failures += made.status != 200;
        if (i % 2 == 1) {
            continue;
        }
        snprintf(path, sizeof(path), "/keys/%s%d", name, i);
        API_REPLY(gone, client_call(&dev, "DELETE", path, NULL));
        snprintf(path, sizeof(path), "/deletedkeys/%s%d", name, i);
        API_REPLY(purged, client_call(&dev, "DELETE", path, NULL));
        failures += gone.status != 200 || purged.status != 204;
    }
    atomic_fetch_sub(&working, 1);
    return failures == 0 ? NULL : context;
}

struct look {
    char tables[2 * SCENARIO_DIGEST_SIZE]; /* those that say which objects there are */
    char objects[SCENARIO_DIGEST_SIZE];
};

static void look(struct look *ret_look)
{
    const struct request request = { .method = "GET",
                                     .target = "/control/v1/state/digest",
                                     .control = true };
    API_CLIENT_OF(&scenario_daemon, dev);
    API_REPLY(reply, client_send(&dev, &request));
    const cJSON *tables = reply_item(&reply, "tables");

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    snprintf(ret_look->tables, sizeof(ret_look->tables), "%s%s",
             cJSON_GetStringValue(cJSON_GetObjectItem(tables, "version")),
             cJSON_GetStringValue(cJSON_GetObjectItem(tables, "service_key")));
    snprintf(ret_look->objects, sizeof(ret_look->objects), "%s",
             cJSON_GetStringValue(cJSON_GetObjectItem(tables, "objects of the token")));
}

/* The store says which objects there are: where it says the same, they are the same. */
Test(scenario_digest, is_of_one_moment_while_keys_are_made_and_purged)
{
    static char names[THREADS][4] = { "a", "b", "c" };
    static struct look looks[LOOKS_MAX];
    pthread_t threads[THREADS];
    size_t count = 0, moments = 1;

    atomic_store(&working, THREADS);
    for (size_t i = 0; i < THREADS; i++) {
        cr_assert_eq(pthread_create(&threads[i], NULL, make_keys, names[i]), 0);
    }
    while (atomic_load(&working) > 0 && count < LOOKS_MAX) {
        look(&looks[count++]);
    }
    for (size_t i = 0; i < THREADS; i++) {
        void *failed;

        pthread_join(threads[i], &failed);
        cr_expect_null(failed, "a key was not made, or not purged");
    }
    for (size_t i = 1; i < count; i++) {
        bool is_same = strcmp(looks[i].tables, looks[i - 1].tables) == 0;

        cr_expect_eq(strcmp(looks[i].objects, looks[i - 1].objects) == 0, is_same,
                     "look %zu of %zu: the store %s, the objects do not", i, count,
                     is_same ? "says the same" : "has changed");
        moments += !is_same;
    }
    cr_expect_gt(moments, 1, "nothing changed while it was looked at");
}
