/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys whose URL has no version (control-plane.md §4.7): a service that follows them goes by the version
 * that its DEK is wrapped by, and looks now and then whether the vault has made a new one. What it finds
 * there it tries as a deployment would, and has its DEK wrapped by it; the old one is needed until then.
 */
#include <stdio.h>
#include <string.h>

#include "probe.h"

/* One that is told to look no more stays with the version that it has; one of a profile that never does is
 * as its source has it. */
bool consumer_follows(const struct consumer *consumer)
{
    const struct settings *settings = &consumer->settings;

    return (settings->profile->follows != 0 || settings_follow(settings) != 0)
           && settings->key.url[0] != '\0' && settings->key.version[0] == '\0'
           && consumer->wrapped.by[0] != '\0';
}

kv_millis consumer_looks_at(const struct consumer *consumer)
{
    kv_millis period = settings_follow(&consumer->settings);

    return period != 0 && consumer_follows(consumer) ? consumer->looked_at + period : 0;
}

void look_begin_locked(struct probe *probe)
{
    const struct consumer *consumer = probe->consumer;
    const struct profile *profile = probe->settings.profile;

    probe->follows = !probe->deploys && consumer_follows(consumer);
    kv_millis looks_at = consumer_looks_at(consumer);
    probe->looks = probe->follows && looks_at != 0 && probe->at >= looks_at;
    probe->acts = probe->deploys || probe->looks ? profile->trial : profile->acts;
}

/* An ordinary check of the version in use. */
static void go_on(struct probe *probe)
{
    probe->looks = false;
    probe->finding.has_looked = true;
    probe->acts = probe->settings.profile->acts;
    probe->act = 0;
}

/* One that the vault does not name is none that could be asked for later. */
static bool is_new(const struct probe *probe)
{
    return strcmp(probe->facts.kid, probe->wrapped.by) != 0
           && strcmp(probe->facts.kid, probe->settings.key.url) != 0;
}

bool look_finds_nothing(struct probe *probe)
{
    if (!probe->looks || probe->act > 0) {
        return false;
    }
    if (!is_new(probe)) {
        go_on(probe);
        return true;
    }
    probe->is_dek_sealed = false;
    (void) snprintf(probe->note, sizeof(probe->note),
                    "The DEK is wrapped by a new version of the key: %s.",
                    strrchr(probe->facts.kid, '/') + 1);
    return false;
}

/* What is said of the version itself; a vault that nobody reaches is none the better with another. */
static bool is_of_the_version(const struct finding *finding)
{
    return finding->outcome == OUTCOME_REFUSED || finding->outcome == OUTCOME_LOCAL
           || finding->outcome == OUTCOME_WRONG_KEY;
}

bool look_falls_back(struct probe *probe)
{
    struct finding *finding = &probe->finding;
    const struct profile *profile = probe->settings.profile;

    if (!probe->is_over || !probe->looks || !is_of_the_version(finding) || profile->needs_latest
        || profile_rule(profile, finding->outcome, finding->status, finding->code)->verdict
               != VERDICT_LOST) {
        return false;
    }
    (void) snprintf(probe->note, sizeof(probe->note),
                    "The latest version of the key is not taken up. %.180s", finding->cause);
    memset(finding, 0, sizeof(*finding));
    memset(&probe->facts, 0, sizeof(probe->facts));
    probe->is_dek_sealed = true;
    probe->is_over = false;
    go_on(probe);
    return true;
}

/* The DEK is opened by the version that sealed it, and sealed by the one that was got, whatever the
 * key's URL leads to now. */
const char *look_url(const struct probe *probe)
{
    if (probe->job == JOB_OPEN_DEK || (probe->follows && !probe->looks)) {
        return probe->wrapped.by;
    }
    if (probe->job == JOB_SEAL_DEK || (probe->looks && probe->facts.is_known && probe->act > 0)) {
        return probe->facts.kid;
    }
    return probe->settings.key.url;
}
