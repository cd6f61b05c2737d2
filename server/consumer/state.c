/* SPDX-License-Identifier: Apache-2.0 */
/* The states of a consumer, and what leads from one to the next: control-plane.md §7. */
#include <stdio.h>
#include <string.h>

#include "core.h"

static const struct {
    const char *name, *availability;
    bool serves;
} states[] = {
#define X(symbol, name, availability, serves) { name, availability, serves },
    KV_CONSUMER_STATES(X)
#undef X
};

const char *kv_consumer_state_name(enum kv_consumer_state state)
{
    return states[state].name;
}

bool kv_consumer_state_find(const char *name, enum kv_consumer_state *ret_state)
{
    for (size_t i = 0; i < KV_COUNT(states); i++) {
        if (strcmp(states[i].name, name) == 0) {
            *ret_state = (enum kv_consumer_state) i;
            return true;
        }
    }
    return false;
}

const char *state_availability(enum kv_consumer_state state)
{
    return states[state].availability;
}

bool state_serves(enum kv_consumer_state state)
{
    return states[state].serves;
}

void standing_set(struct standing *standing, enum kv_consumer_state state, kv_millis now)
{
    if (standing->state != state) {
        standing->state = state;
        standing->since = now;
    }
}

/* The same name takes the same time at every start, and others another: 5 to 10 minutes. */
int standing_heals(const struct settings *settings, const char *name)
{
    const struct profile *profile = settings->profile;
    unsigned sum = 0;

    if (settings->heals > 0) {
        return settings->heals;
    }
    for (; *name != '\0'; name++) {
        sum = sum * 31 + (unsigned char) *name;
    }
    return profile->heals_min
           + (int) (sum % (unsigned) (profile->heals_max - profile->heals_min + 1));
}

static void end_outage(struct standing *standing, kv_millis now)
{
    standing_set(standing, KV_CONSUMER_ENCRYPTED, now);
    standing->lost_since = 0;
    standing->heals_at = 0;
}

void standing_deploy(struct standing *standing, kv_millis now)
{
    end_outage(standing, now);
    standing->is_healthy = true;
    standing->last_good = now;
    standing->reason[0] = '\0';
    standing->cause[0] = '\0';
}

static bool is_too_long(const struct standing *standing, const struct settings *settings,
                        kv_millis now)
{
    return now - standing->lost_since >= settings->profile->grace;
}

/* Nothing but a good check begins to heal, and nothing is served without the DEK. */
static void begin_healing(struct standing *standing, const struct settings *settings,
                          const char *name, kv_millis now)
{
    if (is_too_long(standing, settings, now)) {
        standing_set(standing, KV_CONSUMER_NEEDS_REDEPLOY, now);
        return;
    }
    standing_set(standing, KV_CONSUMER_HEALING, now);
    standing->heals_at = now + standing_heals(settings, name) * MINUTE_MS;
}

static void take_good(struct standing *standing, const struct settings *settings, const char *name,
                      bool has_dek, kv_millis now)
{
    switch (standing->state) {
    case KV_CONSUMER_STARTING:
        if (has_dek) {
            end_outage(standing, now);
        }
        break;
    case KV_CONSUMER_ACCESS_LOST:
        begin_healing(standing, settings, name, now);
        break;
    case KV_CONSUMER_ENCRYPTED:
    case KV_CONSUMER_HEALING:
    case KV_CONSUMER_NEEDS_REDEPLOY:
    case KV_CONSUMER_STATE_COUNT:
        break;
    }
    standing_tick(standing, settings, has_dek, now);
}

/* One that was never deployed has nothing to lose. While the DEK is cached the service goes on. */
static void take_lost(struct standing *standing, const struct settings *settings, bool was_deployed,
                      kv_millis now)
{
    bool is_cached = standing->state == KV_CONSUMER_ENCRYPTED
                     && now - standing->last_good < settings->profile->cache;

    if (!was_deployed || is_cached || standing->state == KV_CONSUMER_NEEDS_REDEPLOY) {
        return;
    }
    if (standing->lost_since == 0) {
        standing->lost_since = now;
    }
    standing->heals_at = 0;
    standing_set(standing, KV_CONSUMER_ACCESS_LOST, now);
}

static void say(char *text, size_t size, const char *what)
{
    (void) snprintf(text, size, "%s", what == NULL ? "" : what);
}

void standing_take(struct standing *standing, const struct settings *settings, const char *name,
                   const struct ruling *ruling, const char *cause, bool has_dek, kv_millis now)
{
    bool was_deployed = standing->last_good != 0;

    if (ruling->verdict == VERDICT_LOST) {
        standing->is_healthy = false;
        take_lost(standing, settings, was_deployed, now);
    }
    if (ruling->verdict == VERDICT_HEALTHY || ruling->verdict == VERDICT_RESET) {
        standing->is_healthy = true;
        take_good(standing, settings, name, has_dek, now);
    }
    if (ruling->verdict == VERDICT_HEALTHY && has_dek) {
        standing->last_good = now;
    }
    if (ruling->verdict != VERDICT_STAYS) {
        say(standing->reason, sizeof(standing->reason), ruling->reason);
    }
    say(standing->cause, sizeof(standing->cause), cause);
    standing_tick(standing, settings, has_dek, now);
}

void standing_tick(struct standing *standing, const struct settings *settings, bool has_dek,
                   kv_millis now)
{
    if (standing->state == KV_CONSUMER_ACCESS_LOST && is_too_long(standing, settings, now)) {
        standing_set(standing, KV_CONSUMER_NEEDS_REDEPLOY, now);
    }
    if (standing->state == KV_CONSUMER_HEALING && has_dek && now >= standing->heals_at) {
        end_outage(standing, now);
    }
}

kv_millis standing_next(const struct standing *standing, const struct settings *settings,
                        bool has_dek)
{
    if (standing->state == KV_CONSUMER_HEALING) {
        return has_dek ? standing->heals_at : INT64_MAX;
    }
    if (standing->state == KV_CONSUMER_ACCESS_LOST && settings->profile->grace != INT64_MAX) {
        return standing->lost_since + settings->profile->grace;
    }
    return INT64_MAX;
}

const char *standing_advice(const struct standing *standing, const struct settings *settings)
{
    switch (standing->state) {
    case KV_CONSUMER_STARTING:
        return standing->cause[0] != '\0' ? "Mend what the cause says: it is tried again." : "";
    case KV_CONSUMER_ENCRYPTED:
        return standing->is_healthy ? "" : "Restore access to the key: its DEK is still cached.";
    case KV_CONSUMER_ACCESS_LOST:
        return settings->profile->grace == INT64_MAX
                   ? "Restore access to the key: the service then heals by itself."
                   : "Restore access to the key within 30 minutes of its loss: the service then "
                     "heals by itself.";
    case KV_CONSUMER_HEALING:
        return "Wait: the service heals by itself.";
    case KV_CONSUMER_NEEDS_REDEPLOY:
        return standing->is_healthy ? settings->profile->is_back : settings->profile->redeploy;
    case KV_CONSUMER_STATE_COUNT:
        break;
    }
    return "";
}
