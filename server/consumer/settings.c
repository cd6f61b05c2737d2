/* SPDX-License-Identifier: Apache-2.0 */
/* What a deployment says, read into settings. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/base/duration.h"

#define FOLLOW_MIN MINUTE_MS
#define FOLLOW_MAX (365 * DAY_MS)
#define NEVER "never"

static enum kv_code check_name(const char *name, struct kv_err *err)
{
    size_t len = name != NULL ? strlen(name) : 0;

    if (len == 0 || len > KV_CONSUMER_NAME_MAX
        || strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") != len || name[0] == '-'
        || name[len - 1] == '-') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The name of a consumer is a label of a host name: up to %d of a-z, 0-9 and "
                       "-, which is not at an end.",
                       KV_CONSUMER_NAME_MAX);
    }
    return KV_OK;
}

static enum kv_code copy(char *ret_text, size_t size, const char *text, const char *what,
                         struct kv_err *err)
{
    size_t len = text != NULL ? strlen(text) : 0;

    if (text == NULL) {
        return KV_OK;
    }
    if (len >= size) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s is too long: %zu characters at most.", what,
                       size - 1);
    }
    for (size_t i = 0; i < len; i++) {
        if ((unsigned char) text[i] <= ' ' || text[i] == 0x7f) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s has a blank or a control character.",
                           what);
        }
    }
    memcpy(ret_text, text, len + 1);
    return KV_OK;
}

static enum kv_code read_profile(const char *name, struct settings *settings, struct kv_err *err)
{
    const struct profile *profile = name != NULL                ? profile_find(name)
                                    : settings->profile != NULL ? settings->profile
                                                                : profile_find("fhir");

    if (profile == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.63s' is no profile: there are %s.", name,
                       profile_names());
    }
    if (settings->profile != NULL && settings->profile != profile) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "It is a consumer of profile %s, which cannot be changed.",
                       settings->profile->name);
    }
    if (settings->profile == NULL) {
        settings->rules = rules_find(profile->rules);
        settings->status = profile->status;
        settings->follow = FOLLOW_BY_PROFILE;
    }
    settings->profile = profile;
    return KV_OK;
}

static enum kv_code read_rules(const char *name, struct settings *settings, struct kv_err *err)
{
    if (name == NULL) {
        return KV_OK;
    }

    const struct rules *rules = rules_find(*name != '\0' ? name : settings->profile->rules);

    if (rules == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%.63s' are no rules: there are fhir-2023, fhir-best-practice, dicom and "
                       "none.",
                       name);
    }
    settings->rules = rules;
    return KV_OK;
}

static enum kv_code read_status(const char *text, struct settings *settings, struct kv_err *err)
{
    const unsigned *statuses = settings->profile->statuses;
    char known[16];

    if (text == NULL || *text == '\0') {
        settings->status = text != NULL ? settings->profile->status : settings->status;
        return KV_OK;
    }
    for (size_t i = 0; i < 3 && statuses[i] != 0; i++) {
        (void) snprintf(known, sizeof(known), "%u", statuses[i]);
        if (strcmp(known, text) == 0) {
            settings->status = statuses[i];
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                   "status is what a service of profile %s answers when access is lost: %u%s%.0u.",
                   settings->profile->name, statuses[0], statuses[1] != 0 ? " or " : "",
                   statuses[1]);
}

static enum kv_code read_heals(const char *text, struct settings *settings, struct kv_err *err)
{
    const struct profile *profile = settings->profile;
    char *end = NULL;
    long minutes;

    if (text == NULL || *text == '\0') {
        settings->heals = text != NULL ? 0 : settings->heals;
        return KV_OK;
    }
    minutes = isdigit((unsigned char) *text) ? strtol(text, &end, 10) : -1;
    if (minutes < 1 || *end != '\0' || minutes < profile->heals_min
        || minutes > profile->heals_max) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "heals is how many minutes healing takes: %d to %d for profile %s.",
                       profile->heals_min, profile->heals_max, profile->name);
    }
    settings->heals = (int) minutes;
    return KV_OK;
}

/* The last one that is read: it depends on what key there is to be. */
static enum kv_code read_follow(const char *text, struct settings *settings, struct kv_err *err)
{
    struct kv_duration period;

    if (text == NULL || *text == '\0') {
        settings->follow = text != NULL ? FOLLOW_BY_PROFILE : settings->follow;
        return KV_OK;
    }
    if (strcmp(text, NEVER) == 0) {
        settings->follow = 0;
        return KV_OK;
    }
    if (!kv_duration_parse(text, &period) || kv_duration_nominal(&period) * 1000 < FOLLOW_MIN
        || kv_duration_nominal(&period) * 1000 > FOLLOW_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "follow is how often it looks for a new version of its key: PT1M to P365D, "
                       "or never.");
    }
    if (settings->key.version[0] != '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "follow is for a key without a version in its URL: this one names %s.",
                       settings->key.version);
    }
    settings->follow = kv_duration_nominal(&period) * 1000;
    return KV_OK;
}

kv_millis settings_follow(const struct settings *settings)
{
    return settings->follow != FOLLOW_BY_PROFILE ? settings->follow : settings->profile->follows;
}

void settings_print_follow(const struct settings *settings, char ret_text[FOLLOW_SIZE])
{
    static const struct {
        kv_millis unit;
        const char *before;
        char letter;
    } units[] = { { DAY_MS, "P", 'D' },
                  { 60 * MINUTE_MS, "PT", 'H' },
                  { MINUTE_MS, "PT", 'M' },
                  { 1000, "PT", 'S' } };
    kv_millis period = settings_follow(settings);
    size_t i = 0;

    if (period == 0) {
        (void) snprintf(ret_text, FOLLOW_SIZE, NEVER);
        return;
    }
    while (i + 1 < KV_COUNT(units) && period % units[i].unit != 0) {
        i++;
    }
    (void) snprintf(ret_text, FOLLOW_SIZE, "%s%lld%c", units[i].before,
                    (long long) (period / units[i].unit), units[i].letter);
}

static enum kv_code check_login(const char *login, struct kv_err *err)
{
    return login == NULL || *login == '\0' || strncmp(login, "http://", 7) == 0
                   || strncmp(login, "https://", 8) == 0
               ? KV_OK
               : KV_FAIL(err, KV_BAD_PARAMETER, 0,
                         "login is the URL of an IMDS: it begins with http:// or https://.");
}

enum kv_code settings_read(const struct kv_consumer_order *order, struct settings *settings,
                           struct kv_err *err)
{
    KV_TRY(check_name(order->name, err));
    KV_TRY(read_profile(order->profile, settings, err));
    KV_TRY(read_rules(order->rules, settings, err));
    KV_TRY(read_status(order->status, settings, err));
    KV_TRY(read_heals(order->heals, settings, err));
    KV_TRY(check_login(order->login, err));
    KV_TRY(copy(settings->identity, sizeof(settings->identity), order->identity, "identity", err));
    KV_TRY(copy(settings->login, sizeof(settings->login), order->login, "login", err));
    KV_TRY(copy(settings->ca, sizeof(settings->ca), order->ca, "ca", err));
    KV_TRY(order->key != NULL ? key_place_read(order->key, &settings->key, err) : KV_OK);
    return read_follow(order->follow, settings, err);
}

enum kv_code kv_consumer_check(const struct kv_consumer_order *order, struct kv_err *err)
{
    struct settings settings = { .profile = NULL };

    return settings_read(order, &settings, err);
}
