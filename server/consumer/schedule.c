/* SPDX-License-Identifier: Apache-2.0 */
/* When something is to be done for a consumer, and what becomes of it when a probe has ended. */
#include <string.h>

#include "core.h"

static kv_millis earlier(kv_millis a, kv_millis b)
{
    return a < b ? a : b;
}

static bool has_key(const struct consumer *consumer)
{
    return consumer->settings.key.url[0] != '\0';
}

kv_millis consumer_next(const struct consumer *consumer)
{
    kv_millis timer = standing_next(&consumer->standing, &consumer->settings, consumer->has_dek);

    if (consumer->is_busy) {
        return INT64_MAX;
    }
    if (consumer->deployment.is_wanted) {
        return INT64_MIN;
    }
    return has_key(consumer) ? earlier(consumer->due, timer) : INT64_MAX;
}

static void take_dek(struct consumer *consumer, const struct finding *finding)
{
    if (finding->has_dek) {
        memcpy(consumer->dek, finding->dek, sizeof(consumer->dek));
        consumer->has_dek = true;
        consumer->wrapped = finding->wrapped;
    }
}

static void conclude(struct deployment *deployment, const struct finding *finding)
{
    deployment->code = finding->outcome == OUTCOME_OK ? KV_OK : KV_CONFLICT;
    memcpy(deployment->message, finding->cause, sizeof(finding->cause));
    deployment->is_done = true;
    deployment->is_wanted = false;
}

/* One that has failed leaves everything as it was, but what was never deployed says why. */
static void end_deployment(struct consumer *consumer, const struct finding *finding, kv_millis now)
{
    struct deployment *deployment = &consumer->deployment;
    bool is_ordered = consumer->serves != 0 && consumer->serves == deployment->number;

    if (finding->outcome == OUTCOME_OK) {
        consumer->settings = is_ordered ? deployment->settings : consumer->settings;
        take_dek(consumer, finding);
        consumer->looked_at = now;
        standing_deploy(&consumer->standing, now);
        consumer->told = consumer->standing.state;
    } else if (consumer->wrapped.len == 0) {
        memcpy(consumer->standing.cause, finding->cause, sizeof(finding->cause));
    }
    if (is_ordered) {
        conclude(deployment, finding);
    }
}

/* The DEK is of no use any more while access is lost: what it encrypts is out of reach in fact. */
static void end_check(struct consumer *consumer, const struct finding *finding, kv_millis now)
{
    const struct ruling *ruling =
        profile_rule(consumer->settings.profile, finding->outcome, finding->status, finding->code);

    take_dek(consumer, finding);
    consumer->looked_at = finding->has_looked ? now : consumer->looked_at;
    standing_take(&consumer->standing, &consumer->settings, consumer->name, ruling, finding->cause,
                  consumer->has_dek, now);
    if (consumer->standing.state == KV_CONSUMER_ACCESS_LOST
        || (consumer->standing.state == KV_CONSUMER_NEEDS_REDEPLOY && consumer->has_dek)) {
        consumer_drop_dek(consumer);
    }
}

static void make_known(struct consumer *consumer, kv_millis now)
{
    if (consumer->deploys) {
        end_deployment(consumer, &consumer->finding, now);
    } else {
        end_check(consumer, &consumer->finding, now);
    }
    consumer->has_landed = false;
    consumer->known_at = now;
    consumer->due = now - consumer->lag + consumer->settings.profile->period;
    consumer->lag = 0;
    consumer->checks++;
    kv_wipe(&consumer->finding, sizeof(consumer->finding));
}

void consumer_land(struct consumer *consumer, const struct finding *finding, kv_millis at,
                   kv_millis took)
{
    consumer->is_busy = false;
    if (!consumer->deploys && !has_key(consumer)) { /* it was taken from it meanwhile */
        return;
    }
    consumer->finding = *finding;
    consumer->has_landed = true;
    consumer->due = consumer->deploys ? at : at + took;
}

/* Of a clock that was moved back, what it said before is no date any more: the next check is one now. */
static void start_over(struct consumer *consumer, kv_millis now)
{
    if (consumer->known_at > now) {
        consumer->known_at = now;
        consumer->due = now;
        consumer->looked_at = consumer->looked_at < now ? consumer->looked_at : now;
    }
}

/* A computer has slept, or the clock was moved without a stop: what was missed is not made up for, and the
 * last of the checks that should have been is made now. */
static void catch_up(struct consumer *consumer, kv_millis now, bool counts_missed)
{
    kv_millis period = consumer->settings.profile->period;
    kv_millis missed = (now - consumer->due) / period;

    if (missed > 0) {
        consumer->missed += counts_missed && consumer->checks > 0 ? missed : 0;
        consumer->due += missed * period;
    }
}

/* How late a check begins does not put off those after it: in an hour there are as many as there are
 * periods, however busy the machine is. */
void consumer_begin(struct consumer *consumer, kv_millis now)
{
    consumer->lag = consumer->deploys || now < consumer->due ? 0 : now - consumer->due;
}

bool consumer_is_due(const struct consumer *consumer, kv_millis now)
{
    return consumer_next(consumer) <= now || (!consumer->is_busy && consumer->known_at > now);
}

static void tick(struct consumer *consumer, kv_millis now)
{
    enum kv_consumer_state before = consumer->standing.state;

    standing_tick(&consumer->standing, &consumer->settings, consumer->has_dek, now);
    if (consumer->standing.state != before) {
        consumer->known_at = now;
    }
}

bool consumer_advance(struct consumer *consumer, kv_millis now, bool counts_missed)
{
    if (consumer->is_busy) {
        return false;
    }
    start_over(consumer, now);
    if (consumer->has_landed && consumer->due <= now) {
        make_known(consumer, consumer->due);
    }
    tick(consumer, now);
    if (consumer->deployment.is_wanted) {
        return true;
    }
    if (!has_key(consumer) || consumer->has_landed) {
        return false;
    }
    catch_up(consumer, now, counts_missed);
    return consumer->due <= now;
}
