/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a look at a client's address costs when its vault has as many rules as there can be, and 10 000
 * other vaults have network settings. In this process, without a daemon; and how long it takes to read
 * them all anew after a change.
 */
#include <stdio.h>

#include "kv/access/firewall.h"
#include "kv/base/clock.h"
#include "world.h"

#define PART "firewall"
#define OTHERS 10000
#define LOOKS 100000

/* Straight into the store, and for vaults that nobody made: only their number matters. */
static enum kv_code fill_others(struct kv_store *store, struct kv_err *err)
{
    static const char vault[] = "INSERT INTO vault (id, name) VALUES (?1, 'other-' || ?1)";
    static const char network[] =
        "INSERT INTO access_network (vault, default_action, bypass, public_access, ip_rules,"
        " private_endpoints, ranges, since, until)"
        " VALUES (?, 1, 0, 0, '192.0.2.0/24 203.0.113.0/24 ', '', 2, ?, ?)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    for (int64_t id = 1000; id < 1000 + OTHERS; id++) {
        KV_TRY(kv_db_run(db, vault, KV_BINDS(KV_B_INT(id)), NULL, err));
        KV_TRY(kv_db_run(db, network,
                         KV_BINDS(KV_B_INT(id), KV_B_INT(INT64_MIN), KV_B_INT(INT64_MAX)), NULL,
                         err));
    }
    return kv_db_commit(db, err);
}

static enum kv_code fill(struct world *world, struct kv_err *err)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .mode = KV_NETWORK_SET };
    kv_auto(kv_network_done) struct kv_network made = { .since = 0 };
    char range[KV_CIDR_SIZE];

    KV_TRY(kv_network_give_word(&change, KV_NETWORK_DEFAULT_ACTION, "Deny", err));
    for (unsigned i = 0; i < KV_NETWORK_RULES_MAX; i++) {
        (void) snprintf(range, sizeof(range), "10.%u.%u.0/25", i / 256, i % 256);
        KV_TRY(kv_network_give_range(&change, KV_NETWORK_RULES, range, err));
    }
    KV_TRY(fill_others(world->store, err));
    return kv_network_change(world->access, world->vault, &change, 0, &made, err);
}

/* Whether a client in the rule of that number, or right behind it, is let in. */
static bool look(struct world *world, unsigned number, bool is_behind)
{
    char client[KV_ADDRESS_SIZE];
    const struct kv_network_question question = {
        .vault = world->vault,
        .client = client,
        .caller = "",
        .caller_in_full = "",
    };

    (void) snprintf(client, sizeof(client), "10.%u.%u.%u", number / 256, number % 256,
                    is_behind ? 128U : 127U);
    return kv_network_check(world->access, &question, NULL) == KV_OK;
}

/* Microseconds a look; false when one is wrong. */
static bool measure(struct world *world, struct samples *samples)
{
    int64_t start = kv_clock_monotonic_us();

    for (unsigned i = 0; i < LOOKS; i++) {
        bool is_behind = i % 2 == 0;

        if (look(world, i % KV_NETWORK_RULES_MAX, is_behind) == is_behind) {
            return false;
        }
    }
    samples_add(samples, (double) (kv_clock_monotonic_us() - start) / LOOKS);
    return true;
}

static bool measure_all(const struct settings *settings, struct world *world, struct report *report)
{
    kv_auto(samples_done) struct samples samples = { 0 };
    int64_t start = kv_clock_monotonic_us();

    if (!look(world, 0, false)) {
        return false;
    }
    report_value(report, PART, "ms", (double) (kv_clock_monotonic_us() - start) / 1000,
                 "%d vaults: read anew", OTHERS);
    for (unsigned i = 0; i < settings->rounds; i++) {
        if (!measure(world, &samples)) {
            return false;
        }
    }
    report_samples(report, PART, "us", &samples, "%d rules: a look", KV_NETWORK_RULES_MAX);
    return true;
}

static enum kv_code run(const char *folder, const struct settings *settings, struct report *report,
                        struct kv_err *err)
{
    kv_auto(world_done) struct world world = { .store = NULL };

    KV_TRY(world_open(&world, folder, "dev", err));
    KV_TRY(fill(&world, err));
    return measure_all(settings, &world, report)
               ? KV_OK
               : KV_FAIL(err, KV_INTERNAL, 0, "a client was judged by another rule than its own");
}

bool bench_firewall(const struct settings *settings, struct report *report)
{
    return world_run(run, settings, report);
}
