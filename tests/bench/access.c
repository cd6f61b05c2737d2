/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a check of a caller costs when there are many role assignments: of many callers, and of one
 * caller at as many keys. In this process, without a daemon; and how long it takes to read them all
 * anew after a change.
 */
#include <stdio.h>

#include "kv/base/clock.h"
#include "world.h"

#define PART "access"
#define ASSIGNMENTS 10000
#define CHECKS 100000
#define ENCRYPTION_USER "e147488a-f6f5-4113-8e2d-b22465e65bf6"

/* Straight into the store: what is measured is the check. Every second one is of caller 0, at a key
 * of its own; the others are of a caller each, at the vault. */
static enum kv_code fill(struct world *world, struct kv_err *err)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    KV_TRY(kv_db_acquire(world->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    for (unsigned i = 0; i < ASSIGNMENTS; i++) {
        char principal[KV_UUID_LENGTH + 1], key[16] = "";
        bool is_of_one = i % 2 == 0;

        world_name_principal(is_of_one ? 0 : i, principal);
        if (is_of_one) {
            (void) snprintf(key, sizeof(key), "key-%u", i);
        }
        KV_TRY(world_assign(db, world->vault->id, principal, ENCRYPTION_USER, key, err));
    }
    return kv_db_commit(db, err);
}

static enum kv_code check(struct world *world, unsigned number)
{
    char principal[KV_UUID_LENGTH + 1], key[16], assignment[KV_UUID_LENGTH + 1];
    bool is_of_one = number % 2 == 0;
    const struct kv_access_question question = {
        .vault = world->vault,
        .object_id = principal,
        .app_id = "",
        .caller = "",
        .permission = KV_PERMISSION_KEYS_WRAP,
        .key = key,
        .now = 0,
    };

    world_name_principal(is_of_one ? 0 : number, principal);
    (void) snprintf(key, sizeof(key), "key-%u", number);
    return kv_access_check(world->access, &question, assignment, NULL);
}

/* Microseconds a check; false when one is refused. */
static bool measure(struct world *world, struct samples *samples)
{
    int64_t start = kv_clock_monotonic_us();

    for (unsigned i = 0; i < CHECKS; i++) {
        if (check(world, i % ASSIGNMENTS) != KV_OK) {
            return false;
        }
    }
    samples_add(samples, (double) (kv_clock_monotonic_us() - start) / CHECKS);
    return true;
}

static bool measure_all(const struct settings *settings, struct world *world, struct report *report)
{
    kv_auto(samples_done) struct samples samples = { 0 };
    int64_t start = kv_clock_monotonic_us();

    if (check(world, 0) != KV_OK) {
        return false;
    }
    report_value(report, PART, "ms", (double) (kv_clock_monotonic_us() - start) / 1000,
                 "%d assignments: read anew", ASSIGNMENTS);
    for (unsigned i = 0; i < settings->rounds; i++) {
        if (!measure(world, &samples)) {
            return false;
        }
    }
    report_samples(report, PART, "us", &samples, "%d assignments: a check", ASSIGNMENTS);
    return true;
}

static enum kv_code run(const char *folder, const struct settings *settings, struct report *report,
                        struct kv_err *err)
{
    kv_auto(world_done) struct world world = { .store = NULL };

    KV_TRY(world_open(&world, folder, "dev,access=rbac", err));
    KV_TRY(fill(&world, err));
    return measure_all(settings, &world, report)
               ? KV_OK
               : KV_FAIL(err, KV_INTERNAL, 0, "a caller with a role was refused");
}

bool bench_access(const struct settings *settings, struct report *report)
{
    return world_run(run, settings, report);
}
