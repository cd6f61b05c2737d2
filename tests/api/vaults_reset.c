/* SPDX-License-Identifier: Apache-2.0 */
/* Everything, or one vault, back to what the options say, while others use it. */
#include "vault_tools.h"

#include <pthread.h>
#include <stdatomic.h>

TestSuite(vault_reset, .timeout = 300);

static void reset(const struct daemon *daemon, const char *body, long status)
{
    struct client client;

    client_open(&client, daemon, "dev");
    API_REPLY(reply, client_send(&client, &(struct request){ .method = "POST",
                                                             .target = "/control/v1/reset",
                                                             .body = body,
                                                             .control = true }));
    cr_expect_eq(reply.status, status, "%s: %ld %s", body, reply.status, reply.body);
    client_close(&client);
}

Test(vault_reset, begins_anew_by_a_reset)
{
    static const char *const wrong[] = { "",
                                         "[]",
                                         "{\"vault\":7}",
                                         "{\"vault\":null}",
                                         "{\"valut\":\"dev\"}",
                                         "{\"vault\":\"\"}",
                                         "{\"vault\":\"dev\",\"more\":1}" };
    static const char *const arguments[] = { "--vault", "dev", "--vault", "pool,kind=hsm", NULL };
    static const char setting[] = "/settings/AllowKeyManagementOperationsThroughARM";
    char version[33];
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    API_CLIENT_OF(&own, dev);
    API_HSM_OF(&own, pool);
    expect(&own, "PUT", "alone", NULL, 201);
    API_CLIENT_OF(&own, alone);
    api_create_key(&dev, "mine", "", version);
    api_create_key(&alone, "mine", "", version);
    API_REPLY(set, client_call(&pool, "PATCH", setting, "{\"value\":\"true\"}"));
    for (size_t i = 0; i < KV_COUNT(wrong); i++) {
        reset(&own, wrong[i], 400);
    }
    reset(&own, "{\"vault\":\"none\"}", 404);
    api_advance(&own, 600);

    reset(&own, "{\"vault\":\"ALONE\"}", 204);
    expect_error(&alone, "GET", "/keys/mine", 404, "KeyNotFound");
    API_REPLY(kept, client_call(&dev, "GET", "/keys/mine", NULL));
    cr_expect_eq(kept.status, 200, "%s", kept.body);

    reset(&own, "{}", 204);
    expect_error(&alone, "GET", "/keys/mine", 404, "VaultNotFound");
    expect_error(&dev, "GET", "/keys/mine", 404, "KeyNotFound");
    API_REPLY(got, client_call(&pool, "GET", setting, NULL));
    cr_expect_str_eq(reply_text(&got, "value"), "false");
    API_REPLY(clock, client_send(&dev, &(struct request){ .method = "GET",
                                                          .target = "/control/v1/clock",
                                                          .control = true }));
    cr_expect_eq(reply_number(&clock, "offset"), 0, "%s", clock.body);
    wait_for_metric(&own, "coffer_doomed_objects", 0);
    cr_expect_eq(api_metric(&own, "coffer_key_versions"), 0);
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

struct user {
    const struct daemon *daemon;
    atomic_bool *done;
    unsigned asked, wrong;
};

/* What is under way when everything is reset is answered: it was done, or its vault is not there. */
static void *use_keys(void *context)
{
    struct user *user = context;
    struct client client;

    client_open(&client, user->daemon, "dev");
    while (!atomic_load(user->done)) {
        API_REPLY(made, client_call(&client, "POST", "/keys/again/create", "{\"kty\":\"EC\"}"));
        API_REPLY(got, client_call(&client, "GET", "/keys/again", NULL));
        user->wrong +=
            (made.status != 200 && made.status != 404) || (got.status != 200 && got.status != 404);
        user->asked++;
    }
    client_close(&client);
    return NULL;
}

Test(vault_reset, answers_what_is_under_way_when_it_is_reset)
{
    static const char *const arguments[] = { "--vault", "dev", NULL };
    atomic_bool done = false;
    struct user users[4];
    pthread_t threads[4];
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    for (size_t i = 0; i < KV_COUNT(users); i++) {
        users[i] = (struct user){ .daemon = &own, .done = &done };
        cr_assert_eq(pthread_create(&threads[i], NULL, use_keys, &users[i]), 0);
    }
    for (unsigned i = 0; i < 40; i++) {
        reset(&own, i % 2 == 0 ? "{}" : "{\"vault\":\"dev\"}", 204);
        usleep(10000);
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < KV_COUNT(users); i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(users[i].wrong, 0, "of %u", users[i].asked);
        cr_expect_gt(users[i].asked, 0);
    }
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}
