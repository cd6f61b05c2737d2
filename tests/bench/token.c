/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to validate a token that was seen before, as every request but the first of a client
 * does. In this process, without a daemon; of one client, and of as many as are remembered.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/clock.h"
#include "kv/base/files.h"
#include "kv/identity/identity.h"

#define PART "token"
#define AUDIENCE "https://vault.azure.net"
#define APP_ID "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
#define CLIENTS 200 /* fewer than are remembered */
#define CHECKS 100000

struct world {
    struct kv_clock *clock;
    struct kv_identity *identity;
    struct kv_token token[CLIENTS];
};

static void world_done(struct world *world)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        kv_token_done(&world->token[i]);
    }
    kv_identity_free(world->identity);
    kv_clock_free(world->clock);
}
KV_DEFINE_CLEANUP_VALUE(struct world, world_done)

static enum kv_code begin(struct world *world, const char *folder, struct kv_err *err)
{
    const struct kv_identity_config config = {
        .folder = folder,
        .tenant = "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57",
        .auth = KV_AUTH_STRICT,
    };
    struct kv_identity_card card;

    KV_TRY(kv_clock_new(&world->clock, err));
    KV_TRY(kv_identity_new(&config, &world->identity, err));
    (void) kv_identity_card(world->identity, NULL, &card); /* it is always there */
    for (size_t i = 0; i < CLIENTS; i++) {
        const struct kv_token_time when = kv_clock_token_time(world->clock);

        KV_TRY(kv_identity_issue(world->identity, &card, AUDIENCE, &when, &world->token[i], err));
    }
    return KV_OK;
}

static bool check(struct world *world, size_t number)
{
    static const char *const audiences[] = { AUDIENCE, NULL };
    const struct kv_token_demand demand = {
        .audiences = audiences,
        .app_id = APP_ID,
        .when = kv_clock_token_time(world->clock),
    };
    const char *text = world->token[number].text;
    struct kv_token_verdict verdict;
    struct kv_principal principal;

    return kv_identity_verify(world->identity, text, strlen(text), &demand, &principal, &verdict,
                              NULL)
           == KV_OK;
}

/* Microseconds a check, of that many clients in turn; false when one is refused. */
static bool measure(struct world *world, size_t clients, struct samples *samples)
{
    for (size_t i = 0; i < clients; i++) {
        if (!check(world, i)) {
            return false;
        }
    }

    int64_t start = kv_clock_monotonic_us();

    for (size_t i = 0; i < CHECKS; i++) {
        if (!check(world, i % clients)) {
            return false;
        }
    }
    samples_add(samples, (double) (kv_clock_monotonic_us() - start) / CHECKS);
    return true;
}

static bool measure_all(const struct settings *settings, struct world *world, struct report *report)
{
    static const struct {
        size_t count;
        const char *words;
    } clients[] = { { 1, "of one client" }, { CLIENTS, "of 200 clients in turn" } };

    for (size_t i = 0; i < KV_COUNT(clients); i++) {
        kv_auto(samples_done) struct samples samples = { 0 };

        for (unsigned round = 0; round < settings->rounds; round++) {
            if (!measure(world, clients[i].count, &samples)) {
                return false;
            }
        }
        report_samples(report, PART, "us", &samples, "a token seen before, %s", clients[i].words);
    }
    return true;
}

bool bench_token(const struct settings *settings, struct report *report)
{
    char folder[] = "/tmp/coffer-bench-XXXXXX";
    struct kv_err err = { .message = "" };
    bool good;

    if (mkdtemp(folder) == NULL) {
        return false;
    }
    {
        kv_auto(world_done) struct world world = { 0 };

        good = begin(&world, folder, &err) == KV_OK && measure_all(settings, &world, report);
    }
    if (!good) {
        fprintf(stderr, "bench: %s\n", err.message);
    }
    return kv_folder_remove(folder, NULL) == KV_OK && good;
}
