/* SPDX-License-Identifier: Apache-2.0 */
#include "deployments.h"

#define AT_ONCE 4  /* each may take what a plan takes */
#define WAITING 64 /* for that; each has its plan already */
#define SETTLE_MS 5000

/* Anything overdue is due when the trip begins. Whoever moves the clock waits for steps that were sent just now: when
 * they are ready is known once they have been answered. */
static enum kv_code next(void *deployments, const struct kv_trip *trip, kv_millis after,
                         kv_millis *ret_due, struct kv_err *err)
{
    kv_millis due;

    (void) err; /* all of it is in memory */
    if (trip->is_travel) {
        kv_deployments_settle(deployments, SETTLE_MS);
    }
    due = kv_deployments_due(deployments);
    if (due < trip->from) {
        due = trip->from;
    }
    *ret_due = due > after ? due : INT64_MAX;
    return KV_OK;
}

/* Whoever moves the clock waits until the steps that were waiting for it have begun what comes next: so that is begun
 * at its own time, and not at the end of the journey. */
static enum kv_code run(void *deployments, const struct kv_trip *trip, kv_millis at,
                        struct kv_agenda_report *report, struct kv_err *err)
{
    (void) err;
    kv_deployments_catch_up(deployments, at);
    if (trip->is_travel) {
        kv_deployments_settle(deployments, SETTLE_MS);
    }
    kv_agenda_note(report, NULL, NULL, NULL);
    return KV_OK;
}

enum kv_code deployments_open(struct kv_clock *clock, struct kv_agenda *agenda,
                              struct kv_deployments **ret_deployments, struct kv_err *err)
{
    const struct kv_deployments_config config = {
        .clock = clock,
        .threads = DEPLOYMENT_THREADS,
        .at_once = AT_ONCE,
        .waiting = WAITING,
    };

    KV_TRY(kv_deployments_new(&config, ret_deployments, err));
    kv_agenda_add(agenda, &(struct kv_agenda_row){
                              .name = "deployment",
                              .pace = KV_PACE_QUICK,
                              .context = *ret_deployments,
                              .next = next,
                              .run = run,
                          });
    return KV_OK;
}

void deployments_lend(struct kv_deployments *deployments, const struct kv_options *options,
                      struct kv_app *app)
{
    app->deployments = deployments;
    app->template_root = kv_option_text(options, KV_OPTION_TEMPLATE_ROOT);
}
