/* SPDX-License-Identifier: Apache-2.0 */
/* Key pairs that are generated ahead (docs/pool.md), over the real token: when one is taken and when
 * not, and that nobody can tell afterwards. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../support/consistency.h"
#include "hsm_tools.h"
#include "kv/base/clock.h"

#define PATIENCE_MS 60000
#define CALM_MS 400 /* much longer than a P-256 pair takes, and than the pool waits for others */

static struct daemon own;

static void start_with(const char *sizes, const char *further, const char *value)
{
    const char *const arguments[] = { "--vault", "dev,retention=7", "--key-pool",
                                      sizes,     further,           value,
                                      NULL };

    cr_assert(daemon_start(&own, arguments));
}

static void prepare(void)
{
    daemon_prepare(&own);
}

/* Store and token agree in the end, too. */
static void finish(void)
{
    struct consistency found;
    char text[CONSISTENCY_TEXT_SIZE];

    if (own.pid != 0) {
        cr_assert(daemon_stop(&own));
    }
    cr_assert(consistency_read(own.folder, &found));
    cr_assert(consistency_holds(&found), "%s", consistency_describe(&found, text));
    daemon_discard(&own);
}

TestSuite(pool, .init = prepare, .fini = finish, .timeout = 120);

static long read_metric(const char *what, const char *kind)
{
    char name[80];

    snprintf(name, sizeof(name), "coffer_pool_%s{kind=\"%s\"}", what, kind);
    return api_metric(&own, name);
}

static long ready(const char *kind)
{
    return read_metric("ready", kind);
}

static long taken(const char *kind)
{
    return read_metric("taken_total", kind);
}

static void await(const char *kind, long count)
{
    kv_millis end = kv_clock_monotonic() + PATIENCE_MS;

    while (ready(kind) != count && kv_clock_monotonic() < end) {
        usleep(10000);
    }
    cr_assert_eq(ready(kind), count, "%s: %ld", kind, ready(kind));
}

static struct reply create(struct client *client, const char *name, const char *body)
{
    char path[128];

    snprintf(path, sizeof(path), "/keys/%s/create", name);
    return client_call(client, "POST", path, body);
}

static void expect_created(struct client *client, const char *name, const char *body)
{
    API_REPLY(reply, create(client, name, body));
    cr_assert_eq(reply.status, 200, "%s: %s", name, reply.body);
}

/* --- when none is taken --- */

Test(pool, is_refused_by_the_option_with_the_reason)
{
    static const struct {
        const char *sizes, *reason;
    } rows[] = {
        { "", "the value is empty" },
        { "RSA-1024=1", "\"RSA-1024\" is none of RSA-2048, RSA-3072, RSA-4096, P-256" },
        { "rsa-2048=1", "is none of" },
        { "P-256", "P-256 wants a number from 0 to 64" },
        { "P-256=", "P-256 wants a number from 0 to 64" },
        { "P-256=65", "P-256 wants a number from 0 to 64" },
        { "P-256=-1", "P-256 wants a number from 0 to 64" },
        { "P-256=1x", "P-256 wants a number from 0 to 64" },
        { "P-256=1,", "\"\" is none of" },
        { "P-256=1,P-256=2", "P-256 is there twice" },
        { "P-256=1;P-384=2", "P-256 wants a number from 0 to 64" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *const arguments[] = { "serve", "--key-pool", rows[i].sizes, NULL };
        char output[4096] = "";

        cr_expect_neq(program_run(arguments, output, sizeof(output)), 0, "\"%s\"", rows[i].sizes);
        cr_expect_not_null(strstr(output, rows[i].reason), "\"%s\": %s", rows[i].sizes, output);
    }
    start_with("off", NULL, NULL); /* for what is checked in the end */
}

Test(pool, has_nothing_when_it_is_off_and_generates_nothing)
{
    start_with("off", NULL, NULL);
    API_CLIENT_OF(&own, dev);

    expect_created(&dev, "off", "{\"kty\":\"EC\"}");
    usleep(CALM_MS * 1000);
    cr_expect_eq(ready("P-256"), 0);
    cr_expect_eq(api_metric(&own, "coffer_token_keys"), 1, "that of the version");
}

Test(pool, generates_nothing_that_nobody_has_asked_for_unless_it_is_told_to)
{
    start_with("auto", NULL, NULL);
    usleep(CALM_MS * 1000);
    cr_expect_eq(api_metric(&own, "coffer_token_keys"), 0);
}

/* docs/hsm.md: what a failing HSM answers does not depend on what was made before it failed. */
Test(pool, does_not_hide_what_is_wrong_with_the_token)
{
    static const struct {
        const char *fault, *message;
    } rows[] = {
        { "{\"kind\":\"token_full\"}", "The HSM has no room for another key." },
        { "{\"kind\":\"token_removed\"}", "The HSM is not reachable." },
        { "{\"kind\":\"mechanism_gone\",\"mechanisms\":[\"CKM_EC_KEY_PAIR_GEN\"]}",
          "The HSM does not support this operation." },
        { "{\"kind\":\"error\",\"functions\":[\"C_GenerateKeyPair\"]}",
          "The HSM failed to carry out the operation." },
    };

    start_with("P-256=2", NULL, NULL);
    await("P-256", 2);
    API_CLIENT_OF(&own, dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        hsm_add(&dev, rows[i].fault);
        API_REPLY(refused, create(&dev, "broken", "{\"kty\":\"EC\"}"));
        cr_expect_geq(refused.status, 400, "%s", rows[i].fault);
        cr_expect_not_null(strstr(refused.body, rows[i].message), "%s: %s", rows[i].fault,
                           refused.body);
        cr_expect_eq(ready("P-256"), 2, "%s", rows[i].fault);
        hsm_clear(&dev);
    }
    expect_created(&dev, "mended", "{\"kty\":\"EC\"}");
    cr_expect_eq(taken("P-256"), 1);
}

Test(pool, does_not_serve_keys_that_are_made_otherwise)
{
    start_with("RSA-2048=1,P-256=1", NULL, NULL);
    await("RSA-2048", 1);
    await("P-256", 1);
    API_CLIENT_OF(&own, dev);

    expect_created(&dev, "other-size", "{\"kty\":\"RSA\",\"key_size\":3072}");
    expect_created(&dev, "other-curve", "{\"kty\":\"EC\",\"crv\":\"P-384\"}");
    expect_created(
        &dev, "released",
        "{\"kty\":\"EC-HSM\",\"attributes\":{\"exportable\":true},\"release_policy\":"
        "{\"data\":\"eyJ2ZXJzaW9uIjoiMS4wLjAiLCJhbnlPZiI6W3siYXV0aG9yaXR5IjoiaHR0cHM6Ly9hL"
        "yIsImFsbE9mIjpbeyJjbGFpbSI6ImEiLCJlcXVhbHMiOiJiIn1dfV19\"}}");
    cr_expect_eq(taken("RSA-2048") + taken("P-256"), 0);
}

Test(pool, does_not_lose_a_pair_to_a_create_that_is_refused)
{
    start_with("P-256=1", NULL, NULL);
    API_CLIENT_OF(&own, dev);

    expect_created(&dev, "gone", "{\"kty\":\"EC\"}");
    API_REPLY(deleted, client_call(&dev, "DELETE", "/keys/gone", NULL));
    cr_assert_eq(deleted.status, 200);
    await("P-256", 1);
    long before = taken("P-256");
    API_REPLY(refused, create(&dev, "gone", "{\"kty\":\"EC\"}"));
    cr_expect_eq(refused.status, 409, "%s", refused.body);
    cr_expect_eq(ready("P-256"), 1);
    cr_expect_eq(taken("P-256"), before);
}

/* --- what it keeps --- */

Test(pool, gives_up_what_was_made_otherwise_than_keys_are_made_now)
{
    start_with("P-256=2", NULL, NULL);
    await("P-256", 2);
    cr_assert(daemon_stop(&own));
    start_with("P-256=1", "--key-export", "never");
    await("P-256", 1);
    cr_expect_eq(api_metric(&own, "coffer_token_keys"), 1, "the two of before are gone");
    cr_assert(daemon_stop(&own));
    start_with("off", NULL, NULL);
    for (int i = 0; api_metric(&own, "coffer_token_keys") != 0 && i < 1000; i++) {
        usleep(10000);
    }
    cr_expect_eq(api_metric(&own, "coffer_token_keys"), 0);
}

Test(pool, is_kept_over_a_restart_and_a_kill)
{
    start_with("P-256=3", NULL, NULL);
    await("P-256", 3);
    cr_assert(daemon_stop(&own));
    start_with("P-256=3", NULL, NULL);
    cr_expect_eq(ready("P-256"), 3);
    daemon_kill(&own);
    start_with("P-256=3", NULL, NULL);
    cr_expect_eq(ready("P-256"), 3);
    API_CLIENT_OF(&own, dev);
    expect_created(&dev, "kept", "{\"kty\":\"EC\"}");
    cr_expect_eq(taken("P-256"), 1);
}

Test(pool, is_kept_by_a_reset)
{
    const struct request reset = {
        .method = "POST", .target = "/control/v1/reset", .body = "{}", .control = true
    };

    start_with("P-256=2", NULL, NULL);
    await("P-256", 2);
    API_CLIENT_OF(&own, dev);
    API_REPLY(reply, client_send(&dev, &reset));
    cr_assert_eq(reply.status, 204, "%s", reply.body);
    cr_expect_eq(ready("P-256"), 2);
    expect_created(&dev, "after", "{\"kty\":\"EC\"}");
    cr_expect_eq(taken("P-256"), 1);
}

static void ask_snapshots(struct client *client, const char *below, const char *body, long status)
{
    char target[128];
    const struct request request = {
        .method = "POST", .target = target, .body = body, .control = true
    };

    snprintf(target, sizeof(target), "/control/v1/snapshots%s", below);
    API_REPLY(reply, client_send(client, &request));
    cr_assert_eq(reply.status, status, "%s: %s", target, reply.body);
}

/* Of a version that is no more, somebody may still have what it signed. */
Test(pool, hands_no_key_out_again_after_a_restore)
{
    char first[128], second[128];

    API_SKIP_WITH_NSS("there are snapshots of coffer's own token alone");
    start_with("P-256=1", NULL, NULL);
    await("P-256", 1);
    API_CLIENT_OF(&own, dev);
    ask_snapshots(&dev, "", "{\"name\":\"then\"}", 201);
    await("P-256", 1);
    API_REPLY(before, create(&dev, "again", "{\"kty\":\"EC\"}"));
    snprintf(first, sizeof(first), "%s", reply_text(&before, "key.x"));
    ask_snapshots(&dev, "/then/restore", "{}", 204);
    API_REPLY(after, create(&dev, "again", "{\"kty\":\"EC\"}"));
    cr_assert_eq(after.status, 200, "%s", after.body);
    snprintf(second, sizeof(second), "%s", reply_text(&after, "key.x"));
    cr_expect_str_neq(first, "");
    cr_expect_str_neq(first, second);
}

/* --- what is taken --- */

/* The members of an answer that do not depend on chance. */
static void expect_alike(const struct reply *one, const struct reply *other)
{
    static const char *const members[] = { "key.kty", "key.crv", "key.key_ops.0", "key.key_ops.1",
                                           "attributes.recoveryLevel" };

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        cr_expect_str_eq(reply_text(one, members[i]), reply_text(other, members[i]), "%s",
                         members[i]);
    }
    cr_expect_eq(reply_number(one, "attributes.exportable"),
                 reply_number(other, "attributes.exportable"));
}

Test(pool, makes_no_difference_to_be_seen)
{
    start_with("P-256=1", NULL, NULL);
    API_CLIENT_OF(&own, dev);

    await("P-256", 1);
    sleep(1);
    kv_time now = kv_seconds(kv_clock_real());
    API_REPLY(pooled, create(&dev, "pooled", "{\"kty\":\"EC\"}"));
    cr_assert_eq(taken("P-256"), 1);
    hsm_add(&dev, "{\"kind\":\"slow\",\"delay\":1,\"functions\":[\"C_GenerateRandom\"]}");
    API_REPLY(made, create(&dev, "made", "{\"kty\":\"EC\"}"));
    hsm_clear(&dev);
    cr_assert_eq(taken("P-256"), 1, "with a fault, any, it is not used");
    expect_alike(&pooled, &made);
    cr_expect_geq(reply_number(&pooled, "attributes.created"), (double) now);
    API_REPLY(signature, hsm_sign_with(&dev, "pooled"));
    cr_expect_eq(signature.status, 200, "%s", signature.body);
}

Test(pool, adapts_to_what_was_asked_for)
{
    start_with("auto", NULL, NULL);
    API_CLIENT_OF(&own, dev);

    expect_created(&dev, "one", "{\"kty\":\"EC\"}");
    await("P-256", 1);
    expect_created(&dev, "two", "{\"kty\":\"EC\"}");
    await("P-256", 2);
    cr_expect_eq(taken("P-256"), 1);
    cr_expect_eq(ready("RSA-2048"), 0, "nobody has asked for one");
    API_REPLY(rotated, client_call(&dev, "POST", "/keys/two/rotate", ""));
    cr_expect_eq(rotated.status, 200, "%s", rotated.body);
    cr_expect_eq(taken("P-256"), 2, "a rotation takes one, too");

    const struct request request = { .method = "GET",
                                     .target = "/control/v1/hsm",
                                     .control = true };
    API_REPLY(shown, client_send(&dev, &request));
    cr_expect_eq(reply_number(&shown, "pool.P-256.asked"), 3, "%s", shown.body);
    cr_expect_eq(reply_number(&shown, "pool.P-256.taken"), 2);
    cr_expect_eq(reply_number(&shown, "pool.P-256.wanted"), 3);
}

#define TAKERS 8
#define EACH 4

struct taker {
    unsigned number;
    char x[EACH][64];
};

static void *take(void *argument)
{
    struct taker *taker = argument;
    API_CLIENT_OF(&own, dev);

    for (unsigned i = 0; i < EACH; i++) {
        char name[32];

        snprintf(name, sizeof(name), "t%u-%u", taker->number, i);
        API_REPLY(reply, create(&dev, name, "{\"kty\":\"EC\"}"));
        snprintf(taker->x[i], sizeof(taker->x[i]), "%s", reply_text(&reply, "key.x"));
    }
    return NULL;
}

static unsigned count_x(const struct taker *takers, const char *x)
{
    unsigned count = 0;

    for (size_t i = 0; i < TAKERS * EACH; i++) {
        count += strcmp(takers[i / EACH].x[i % EACH], x) == 0;
    }
    return count;
}

Test(pool, hands_no_key_out_twice)
{
    static struct taker takers[TAKERS];
    pthread_t threads[TAKERS];

    start_with("P-256=16", NULL, NULL);
    await("P-256", 16);
    for (unsigned i = 0; i < TAKERS; i++) {
        takers[i].number = i;
        cr_assert_eq(pthread_create(&threads[i], NULL, take, &takers[i]), 0);
    }
    for (size_t i = 0; i < TAKERS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < TAKERS * EACH; i++) {
        const char *x = takers[i / EACH].x[i % EACH];

        cr_expect_str_neq(x, "");
        cr_expect_eq(count_x(takers, x), 1, "%s", x);
    }
    cr_expect_geq(taken("P-256"), 16);
}
