/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What it costs to validate a token that was seen before, as every request but the first of a client
 * does. In this process, without a daemon; of one client, and of as many as are remembered.
 */
#include <string.h>

#include "kv/base/clock.h"
#include "kv/identity/identity.h"
#include "world.h"

#define PART "token"
#define AUDIENCE "https://vault.azure.net"
#define APP_ID "cfa8b339-82a2-471a-a3c9-0fc0be7a4093"
#define CLIENTS 200 /* fewer than are remembered */
#define CHECKS 100000

struct issued {
    struct kv_clock *clock;
    struct kv_identity *identity;
    struct kv_token token[CLIENTS];
};

static void issued_done(struct issued *issued)
{
    for (size_t i = 0; i < CLIENTS; i++) {
        kv_token_done(&issued->token[i]);
    }
    kv_identity_free(issued->identity);
    kv_clock_free(issued->clock);
}
KV_DEFINE_CLEANUP_VALUE(struct issued, issued_done)

static enum kv_code begin(struct issued *issued, const char *folder, struct kv_err *err)
{
    const struct kv_identity_config config = {
        .folder = folder,
        .tenant = WORLD_TENANT,
        .auth = KV_AUTH_STRICT,
    };
    struct kv_identity_card card;

    KV_TRY(kv_clock_new(&issued->clock, err));
    KV_TRY(kv_identity_new(&config, &issued->identity, err));
    (void) kv_identity_card(issued->identity, NULL, &card); /* it is always there */
    for (size_t i = 0; i < CLIENTS; i++) {
        const struct kv_token_time when = kv_clock_token_time(issued->clock);

        KV_TRY(kv_identity_issue(issued->identity, &card, AUDIENCE, &when, &issued->token[i], err));
    }
    return KV_OK;
}

static bool check(struct issued *issued, size_t number)
{
    static const char *const audiences[] = { AUDIENCE, NULL };
    const struct kv_token_demand demand = {
        .audiences = audiences,
        .app_id = APP_ID,
        .when = kv_clock_token_time(issued->clock),
    };
    const char *text = issued->token[number].text;
    struct kv_token_verdict verdict;
    struct kv_principal principal;

    return kv_identity_verify(issued->identity, text, strlen(text), &demand, &principal, &verdict,
                              NULL)
           == KV_OK;
}

/* Microseconds a check, of that many clients in turn; false when one is refused. */
static bool measure(struct issued *issued, size_t clients, struct samples *samples)
{
    for (size_t i = 0; i < clients; i++) {
        if (!check(issued, i)) {
            return false;
        }
    }

    int64_t start = kv_clock_monotonic_us();

    for (size_t i = 0; i < CHECKS; i++) {
        if (!check(issued, i % clients)) {
            return false;
        }
    }
    samples_add(samples, (double) (kv_clock_monotonic_us() - start) / CHECKS);
    return true;
}

static bool measure_all(const struct settings *settings, struct issued *issued,
                        struct report *report)
{
    static const struct {
        size_t count;
        const char *words;
    } clients[] = { { 1, "of one client" }, { CLIENTS, "of 200 clients in turn" } };

    for (size_t i = 0; i < KV_COUNT(clients); i++) {
        kv_auto(samples_done) struct samples samples = { 0 };

        for (unsigned round = 0; round < settings->rounds; round++) {
            if (!measure(issued, clients[i].count, &samples)) {
                return false;
            }
        }
        report_samples(report, PART, "us", &samples, "a token seen before, %s", clients[i].words);
    }
    return true;
}

static enum kv_code run(const char *folder, const struct settings *settings, struct report *report,
                        struct kv_err *err)
{
    kv_auto(issued_done) struct issued issued = { 0 };

    KV_TRY(begin(&issued, folder, err));
    return measure_all(settings, &issued, report)
               ? KV_OK
               : KV_FAIL(err, KV_INTERNAL, 0, "a good token was refused");
}

bool bench_token(const struct settings *settings, struct report *report)
{
    return world_run(run, settings, report);
}
