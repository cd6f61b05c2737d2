/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a look at a caller's standing costs, which every request pays whose client answers claims
 * challenges: of 10 000 who are registered, in turn, and of one whom nobody registered. In this
 * process, without a daemon.
 */
#include <stdio.h>

#include "kv/base/clock.h"
#include "kv/base/files.h"
#include "kv/identity/identity.h"
#include "kv/identity/principals.h"
#include "world.h"

#define PART "standing"
#define REGISTERED KV_PRINCIPALS_MAX
#define LOOKS 100000

struct registry {
    struct kv_store *store;
    struct kv_identity *identity;
    struct kv_principals *principals;
};

static void registry_done(struct registry *registry)
{
    kv_principals_free(registry->principals);
    kv_identity_free(registry->identity);
    kv_store_close(registry->store);
}
KV_DEFINE_CLEANUP_VALUE(struct registry, registry_done)

static enum kv_code open_registry(struct registry *registry, const char *folder, struct kv_err *err)
{
    const struct kv_identity_config who = {
        .folder = folder,
        .tenant = WORLD_TENANT,
        .auth = KV_AUTH_STRICT,
    };
    struct kv_principals_config config = { .refuses_unknown = false };
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, folder, "standing.db", err));
    KV_TRY(kv_store_open(path, 2, &registry->store, err));
    KV_TRY(kv_identity_new(&who, &registry->identity, err));
    config.store = registry->store;
    config.identity = registry->identity;
    return kv_principals_new(&config, &registry->principals, err);
}

/* Straight into the store: what is measured is the look. */
static enum kv_code fill(struct registry *registry, struct kv_err *err)
{
    static const char sql[] =
        "INSERT INTO principal (name, type, state, registered, object_id, client_id, tenant,"
        " resource, upn, trusted, revoked) VALUES ('app-' || ?1, ?2, ?3, 1, ?4, NULL, ?5, '', '', "
        "0,"
        " ?6)";
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    char object_id[KV_UUID_LENGTH + 1];

    KV_TRY(kv_db_acquire(registry->store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    for (unsigned i = 0; i < REGISTERED; i++) {
        world_name_principal(i, object_id);
        KV_TRY(kv_db_run(db, sql,
                         KV_BINDS(KV_B_INT(i), KV_B_INT(KV_PRINCIPAL_USER_ASSIGNED),
                                  KV_B_INT(KV_PRINCIPAL_ENABLED), KV_B_TEXT(object_id),
                                  KV_B_TEXT(WORLD_TENANT), KV_B_INT(KV_PRINCIPAL_NOT_REVOKED)),
                         NULL, err));
    }
    return kv_db_commit(db, err);
}

/* Whether the look finds what it must of the caller of that number. */
static bool look(struct registry *registry, unsigned number)
{
    struct kv_principal_standing standing;
    char object_id[KV_UUID_LENGTH + 1];

    world_name_principal(number, object_id);
    return kv_principals_standing(registry->principals, object_id, &standing, NULL) == KV_OK
           && standing.known == (number < REGISTERED) && standing.state == KV_PRINCIPAL_ENABLED;
}

/* Microseconds a look, of the callers from `first` on in turn; false when one is wrong. */
static bool measure(struct registry *registry, unsigned first, unsigned callers,
                    struct samples *samples)
{
    int64_t start = kv_clock_monotonic_us();

    for (unsigned i = 0; i < LOOKS; i++) {
        if (!look(registry, first + i % callers)) {
            return false;
        }
    }
    samples_add(samples, (double) (kv_clock_monotonic_us() - start) / LOOKS);
    return true;
}

static bool measure_all(const struct settings *settings, struct registry *registry,
                        struct report *report)
{
    kv_auto(samples_done) struct samples registered = { 0 };
    kv_auto(samples_done) struct samples unknown = { 0 };
    int64_t start = kv_clock_monotonic_us();

    if (!look(registry, 0)) {
        return false;
    }
    report_value(report, PART, "ms", (double) (kv_clock_monotonic_us() - start) / 1000,
                 "%d registered: read anew", REGISTERED);
    for (unsigned i = 0; i < settings->rounds; i++) {
        if (!measure(registry, 0, REGISTERED, &registered)
            || !measure(registry, REGISTERED, 1, &unknown)) {
            return false;
        }
    }
    report_samples(report, PART, "us", &registered, "%d registered: a look", REGISTERED);
    report_samples(report, PART, "us", &unknown, "%d registered: one who is not", REGISTERED);
    return true;
}

static enum kv_code run(const char *folder, const struct settings *settings, struct report *report,
                        struct kv_err *err)
{
    kv_auto(registry_done) struct registry registry = { .store = NULL };

    KV_TRY(open_registry(&registry, folder, err));
    KV_TRY(fill(&registry, err));
    return measure_all(settings, &registry, report)
               ? KV_OK
               : KV_FAIL(err, KV_INTERNAL, 0, "a caller's standing is not what it was");
}

bool bench_standing(const struct settings *settings, struct report *report)
{
    return world_run(run, settings, report);
}
