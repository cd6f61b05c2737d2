/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keys whose URL has no version: which services move to a new one by themselves, when, and what they
 * need the old one for until then (control-plane.md §4.7).
 */
#include <stdio.h>
#include <string.h>

#include "consumer_tools.h"

TestSuite(consumer_follow, .init = consumer_start, .fini = consumer_stop, .timeout = 400);

#define HOUR 3600
#define DAY (24 * HOUR)
#define SPARE                                                                                      \
    660 /* a check comes ten minutes after the last one at most, or at the period itself */

/* Without its version; `follow` is how often it looks for a new one, "": as its profile has it. */
static void add_following(const char *name, const char *profile, const char *follow)
{
    char url[CONSUMER_URL_SIZE], behind[80], body[512];

    consumer_key("rol", url);
    *strrchr(url, '/') = '\0';
    (void) snprintf(behind, sizeof(behind), "/%s", name);
    (void) snprintf(
        body, sizeof(body),
        "{\"profile\":\"%s\",\"key\":\"%s\",\"identity\":\"fhir-id\",\"rules\":\"none\","
        "\"follow\":\"%s\"}",
        profile, url, follow);
    API_REPLY(added, consumer_ask("PUT", behind, body));
    cr_assert_eq(added.status, 200, "%s: %s", name, added.body);
}

static void add(const char *name, const char *profile)
{
    add_following(name, profile, "");
}

static void enable(const char *url, bool is_enabled)
{
    char body[64];

    (void) snprintf(body, sizeof(body), "{\"attributes\":{\"enabled\":%s}}",
                    is_enabled ? "true" : "false");
    API_REPLY(changed, consumer_vault("rol", "PATCH", strrchr(url, '/'), body));
    cr_assert_eq(changed.status, 200, "%s", changed.body);
}

/* By which version its DEK is wrapped. */
static void expect_version(const char *name, const char *url, const char *when)
{
    char behind[80];

    (void) snprintf(behind, sizeof(behind), "/%s", name);
    API_REPLY(shown, consumer_ask("GET", behind, NULL));
    cr_expect_str_eq(reply_text(&shown, "dek_wrapped_by"), url, "%s, %s: %s", name, when,
                     shown.body);
}

static void expect_cause(const char *name, const char *cause)
{
    struct consumer_standing standing;

    consumer_look(name, &standing);
    cr_expect(strstr(standing.cause, cause) != NULL, "%s: %s", name, standing.cause);
}

/* A version in the URL is the only one there is, and the health services look for none by themselves. */
Test(consumer_follow, nobody_leaves_the_version_that_it_was_deployed_with)
{
    char old[CONSUMER_URL_SIZE], new[CONSUMER_URL_SIZE];

    consumer_key("rol", old);
    consumer_add("acc", "storage", old, "fhir-id");
    add("ws-fhir", "fhir");
    consumer_rotate("rol", new);
    consumer_walk(2 * DAY);
    expect_version("acc", old, "which its URL names");
    expect_version("ws-fhir", old, "until it is deployed again");
    API_REPLY(shown, consumer_ask("GET", "/acc", NULL));
    cr_expect_null(reply_item(&shown, "looks_at"), "%s", shown.body);
    API_REPLY(deployed, consumer_ask("POST", "/ws-fhir/redeploy", "{}"));
    cr_expect_eq(deployed.status, 200, "%s", deployed.body);
    expect_version("ws-fhir", new, "deployed again");
}

/* "version required (or auto-rotation flag)": what no rule asks for it. */
Test(consumer_follow, a_database_wants_a_version_unless_it_is_told_to_follow)
{
    API_REPLY(refused, consumer_ask("PUT", "/db",
                                    "{\"profile\":\"sql-tde\",\"identity\":\"fhir-id\",\"key\":"
                                    "\"https://rol.vault.localhost/keys/cmk\"}"));
    cr_expect_eq(refused.status, 409, "%s", refused.body);
    cr_expect(strstr(refused.body, "version") != NULL, "%s", refused.body);
    cr_expect(strstr(refused.body, "(rules=dicom; none asks nothing of it)") != NULL, "%s",
              refused.body);
    add("db", "sql-tde");
    consumer_expect("db", "encrypted", "with rules=none");
}

static const struct {
    const char *profile;
    int period;
} followers[] = {
    { "storage", DAY },
    { "sql-tde", DAY },
    { "cosmos", DAY },
    { "disk-encryption-set", HOUR },
};

/* Not before its period, once it is over, and from then on the old version is needed by nobody. */
Test(consumer_follow, each_moves_when_its_period_is_over)
{
    char old[CONSUMER_URL_SIZE], new[CONSUMER_URL_SIZE];

    for (size_t i = 0; i < KV_COUNT(followers); i++) {
        const char *name = followers[i].profile;

        consumer_key("rol", old);
        add(name, followers[i].profile);
        consumer_walk(HOUR / 2);
        consumer_rotate("rol", new);
        consumer_walk(followers[i].period - HOUR / 2 - 60);
        expect_version(name, old, "before the period is over");
        consumer_walk(SPARE);
        expect_version(name, new, "after it");
        expect_cause(name, i == 3 ? strrchr(new, '/') + 1 : "");
        enable(old, false);
        consumer_walk(HOUR + 60);
        consumer_expect(name, "encrypted", "the old version is needed no more");
    }
}

/* "Disabling the old one early breaks the account; wait 24 hours." */
Test(consumer_follow, an_old_version_that_is_disabled_too_early_is_a_lost_key)
{
    char old[CONSUMER_URL_SIZE], new[CONSUMER_URL_SIZE];

    consumer_key("rol", old);
    add("acc", "storage");
    consumer_rotate("rol", new);
    enable(old, false);
    consumer_walk(60);
    consumer_expect("acc", "access-lost", "its DEK is wrapped by the old one");
    expect_cause("acc", "KeyDisabled");
    consumer_walk(DAY + SPARE);
    consumer_expect("acc", "access-lost", "it cannot move without it, either");
    expect_version("acc", old, "still");
    enable(old, true);
    consumer_walk(60);
    consumer_expect("acc", "encrypted", "storage heals at once");
    consumer_walk(DAY + SPARE);
    expect_version("acc", new, "by its next look");
}

/* A new version that cannot be used: only cosmos takes that for a key that is revoked. */
Test(consumer_follow, a_new_version_of_no_use_is_not_taken_up)
{
    char old[CONSUMER_URL_SIZE], new[CONSUMER_URL_SIZE];

    consumer_key("rol", old);
    add("disks", "disk-encryption-set");
    add("acc", "storage");
    add("doc", "cosmos");
    consumer_rotate("rol", new);
    consumer_change("rol", "{\"enabled\":false}");
    consumer_walk(HOUR);
    consumer_expect("disks", "encrypted", "by the version it has");
    expect_cause("disks", "is not taken up");
    expect_version("disks", old, "after its look");
    consumer_walk(DAY + HOUR);
    consumer_expect("acc", "encrypted", "by the version it has");
    expect_version("acc", old, "after its look");
    consumer_expect("doc", "access-lost", "its latest version is disabled");
    expect_cause("doc", "KeyDisabled");
    enable(new, true);
    consumer_walk(3 * HOUR);
    consumer_expect("doc", "encrypted", "it heals in two hours");
    expect_version("doc", new, "and has moved");
    consumer_expect("acc", "encrypted", "nothing has happened to it");
}

/* What was wrapped anew is what a restart finds. It does not look at once for that; nor for long not, where
 * the clock is that of the system again, and behind the last look. */
Test(consumer_follow, a_move_lasts_over_a_crash)
{
    char old[CONSUMER_URL_SIZE], new[CONSUMER_URL_SIZE];

    consumer_key("rol", old);
    add("acc", "storage");
    consumer_rotate("rol", new);
    consumer_restart();
    api_set_clock(&consumer_daemon, "{\"frozen\":true}");
    consumer_walk(HOUR);
    consumer_expect("acc", "encrypted", "by the old version");
    expect_version("acc", old, "an hour is no day");
    consumer_walk(DAY);
    expect_version("acc", new, "after a day");
    enable(old, false);
    consumer_restart();
    api_set_clock(&consumer_daemon, "{\"frozen\":true}");
    consumer_walk(60);
    consumer_expect("acc", "encrypted", "the DEK that the store has is wrapped by the new version");
    expect_version("acc", new, "in the store");
    consumer_rotate("rol", old);
    consumer_walk(DAY - 120);
    expect_version("acc", new, "a day has not gone by since the restart");
    consumer_walk(SPARE);
    expect_version("acc", old, "it has");
}

/* A look that meets no answer is made again by the next check, and not a day later. */
Test(consumer_follow, a_look_that_nobody_answers_is_made_again)
{
    char old[CONSUMER_URL_SIZE], new[CONSUMER_URL_SIZE];

    consumer_key("rol", old);
    add("acc", "storage");
    consumer_rotate("rol", new);
    consumer_walk(DAY - 60);
    consumer_apply("server-error", "{\"vault\":\"rol\"}");
    consumer_walk(SPARE);
    consumer_expect("acc", "encrypted", "an answer that says later changes nothing");
    expect_version("acc", old, "while the vault fails");
    consumer_revert("server-error");
    consumer_walk(SPARE);
    expect_version("acc", new, "as soon as it answers");
}

/* The day begins anew where the clock is moved back to, and does not last until the old date comes again. */
Test(consumer_follow, looks_on_when_the_clock_goes_back)
{
    char old[CONSUMER_URL_SIZE], new[CONSUMER_URL_SIZE];

    consumer_key("rol", old);
    add("acc", "storage");
    api_set_clock(&consumer_daemon, "{\"advance\":-172800}");
    consumer_rotate("rol", new);
    consumer_walk(DAY - 60);
    expect_version("acc", old, "a day has not gone by");
    consumer_walk(SPARE);
    expect_version("acc", new, "it has");
}

/* --- told how often --- */

static void expect_follow(const char *name, const char *follow, bool looks)
{
    char behind[80];

    (void) snprintf(behind, sizeof(behind), "/%s", name);
    API_REPLY(shown, consumer_ask("GET", behind, NULL));
    cr_expect_str_eq(reply_text(&shown, "follow"), follow, "%s: %s", name, shown.body);
    cr_expect_eq(reply_item(&shown, "looks_at") != NULL, looks, "%s: %s", name, shown.body);
}

static void redeploy(const char *name, const char *body, long status)
{
    char behind[80];

    (void) snprintf(behind, sizeof(behind), "/%s/redeploy", name);
    API_REPLY(deployed, consumer_ask("POST", behind, body));
    cr_expect_eq(deployed.status, status, "%s %s: %s", name, body, deployed.body);
}

/* A new version that nobody could use is nothing to one that does not look for it. */
Test(consumer_follow, never_is_to_stay_with_the_version_that_it_has)
{
    static const char *const profiles[] = { "storage", "sql-tde", "cosmos", "disk-encryption-set" };
    char old[CONSUMER_URL_SIZE], new[CONSUMER_URL_SIZE];

    consumer_key("rol", old);
    for (size_t i = 0; i < KV_COUNT(profiles); i++) {
        add_following(profiles[i], profiles[i], "never");
        expect_follow(profiles[i], "never", false);
    }
    consumer_rotate("rol", new);
    enable(new, false);
    consumer_restart();
    api_set_clock(&consumer_daemon, "{\"frozen\":true}");
    consumer_walk(2 * DAY);
    for (size_t i = 0; i < KV_COUNT(profiles); i++) {
        expect_version(profiles[i], old, "which it was deployed with");
        consumer_expect(profiles[i], "encrypted", "by the old version");
    }
    enable(new, true);
    redeploy("storage", "{}", 200);
    expect_version("storage", new, "deployed again");
    expect_follow("storage", "never", false);
}

Test(consumer_follow, a_period_that_is_said_counts_and_lasts_over_a_crash)
{
    char old[CONSUMER_URL_SIZE], new[CONSUMER_URL_SIZE];

    consumer_key("rol", old);
    add_following("acc", "storage", "PT120M");
    add_following("ws-fhir", "fhir", "PT90M");
    expect_follow("acc", "PT2H", true);
    expect_follow("ws-fhir", "PT90M", true);
    consumer_rotate("rol", new);
    consumer_restart();
    api_set_clock(&consumer_daemon, "{\"frozen\":true}");
    consumer_walk(HOUR);
    expect_version("acc", old, "after an hour");
    expect_version("ws-fhir", old, "after an hour");
    consumer_walk(HOUR + SPARE);
    expect_version("acc", new, "after two");
    expect_version("ws-fhir", new, "after two");
    expect_follow("acc", "PT2H", true);
}

/* What is said of a key that names its version is refused, and what was said before is of no use to it. */
Test(consumer_follow, what_was_said_stays_until_something_else_is)
{
    char url[CONSUMER_URL_SIZE], body[512];

    consumer_key("rol", url);
    add("acc", "storage");
    expect_follow("acc", "P1D", true);
    redeploy("acc", "{\"follow\":\"PT1H\"}", 200);
    redeploy("acc", "{\"status\":\"403\"}", 200);
    expect_follow("acc", "PT1H", true);
    redeploy("acc", "{\"follow\":\"1h\"}", 400);
    (void) snprintf(body, sizeof(body), "{\"key\":\"%s\",\"follow\":\"PT2H\"}", url);
    redeploy("acc", body, 400);
    expect_follow("acc", "PT1H", true);
    (void) snprintf(body, sizeof(body), "{\"key\":\"%s\"}", url);
    redeploy("acc", body, 200);
    expect_follow("acc", "PT1H", false);
    redeploy("acc", "{\"follow\":\"\"}", 200);
    expect_follow("acc", "P1D", false);
}

Test(consumer_follow, is_an_option_in_a_shell)
{
    char url[CONSUMER_URL_SIZE], said[8192];

    consumer_key("rol", url);
    *strrchr(url, '/') = '\0';
    const char *const add_it[] = { "consumer",
                                   "add",
                                   "acc",
                                   "--profile",
                                   "storage",
                                   "--key",
                                   url,
                                   "--identity",
                                   "fhir-id",
                                   "--follow",
                                   "PT3H",
                                   "--data",
                                   consumer_daemon.folder,
                                   NULL };
    const char *const look[] = {
        "consumer", "status", "acc", "--data", consumer_daemon.folder, NULL
    };
    const char *const wrong[] = {
        "consumer", "redeploy", "acc", "--follow", "daily", "--data", consumer_daemon.folder, NULL
    };

    cr_expect_eq(program_run(add_it, said, sizeof(said)), 0, "%s", said);
    cr_expect_eq(program_run(look, said, sizeof(said)), 0, "%s", said);
    cr_expect_not_null(strstr(said, "  follow: PT3H\n"), "%s", said);
    consumer_key("rol", url);
    consumer_add("acc", "storage", url, "fhir-id");
    cr_expect_eq(program_run(look, said, sizeof(said)), 0, "%s", said);
    cr_expect_null(strstr(said, "follow:"), "its URL names the version: %s", said);
    cr_expect_eq(program_run(wrong, said, sizeof(said)), 1, "%s", said);
    cr_expect_not_null(strstr(said, "PT1M to P365D, or never"), "%s", said);
}
