/* SPDX-License-Identifier: Apache-2.0 */
/* How services judge what comes of their checks, and how they stand: the tables and the states alone. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "core.h"

static const enum outcome bad[] = { OUTCOME_REFUSED, OUTCOME_LOCAL,          OUTCOME_WRONG_KEY,
                                    OUTCOME_LOGIN,   OUTCOME_NO_PUBLIC_NAME, OUTCOME_UNREACHABLE };

static const char *const names[] = { "fhir",    "dicom",  "storage",
                                     "sql-tde", "cosmos", "disk-encryption-set" };

Test(consumer, has_a_row_for_every_failure_of_every_profile)
{
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        const struct profile *profile = profile_find(names[i]);

        cr_assert_not_null(profile, "%s", names[i]);
        cr_expect_not_null(strstr(profile_names(), names[i]));
        cr_expect_not_null(rules_find(profile->rules), "%s", names[i]);
        cr_expect_eq(profile->status, profile->statuses[0]);
        cr_expect_eq(profile->trial[0], ACT_GET, "%s must see which version it tries", names[i]);
        cr_expect(profile->follows == 0 || profile->follows >= profile->period, "%s", names[i]);
        for (size_t j = 0; j < KV_COUNT(bad); j++) {
            const struct ruling *ruling = profile_rule(profile, bad[j], 403, "");

            cr_expect_eq(ruling->outcome, bad[j], "%s has no row for %zu", names[i], j);
            cr_expect(ruling->verdict != VERDICT_LOST || ruling->reason != NULL);
        }
        cr_expect_eq(profile_rule(profile, OUTCOME_OK, 200, "")->verdict, VERDICT_HEALTHY);
    }
    cr_expect_null(profile_find("fihr"));
    cr_expect_null(rules_find("all"));
}

/* consumers.md §1.3, the whole table. */
Test(consumer, judges_as_the_health_services_do)
{
    static const struct {
        enum outcome outcome;
        long status;
        enum verdict verdict;
    } rows[] = {
        { OUTCOME_REFUSED, 400, VERDICT_LOST },      { OUTCOME_REFUSED, 401, VERDICT_LOST },
        { OUTCOME_REFUSED, 403, VERDICT_LOST },      { OUTCOME_REFUSED, 404, VERDICT_LOST },
        { OUTCOME_REFUSED, 429, VERDICT_LOST },      { OUTCOME_REFUSED, 503, VERDICT_LOST },
        { OUTCOME_LOCAL, 0, VERDICT_LOST },          { OUTCOME_LOGIN, 400, VERDICT_RESET },
        { OUTCOME_NO_PUBLIC_NAME, 0, VERDICT_LOST }, { OUTCOME_UNREACHABLE, 0, VERDICT_RESET },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        for (size_t j = 0; j < 2; j++) {
            cr_expect_eq(
                profile_rule(profile_find(names[j]), rows[i].outcome, rows[i].status, "")->verdict,
                rows[i].verdict, "%s, row %zu", names[j], i);
        }
    }
}

/* What the vault says tells more than its status: a row that names it comes before one that does not. */
Test(consumer, judges_by_what_is_said)
{
    static const struct {
        const char *profile;
        enum outcome outcome;
        long status;
        const char *code, *reason; /* NULL: it is not lost */
    } rows[] = {
        { "storage", OUTCOME_REFUSED, 404, "VaultNotFound", "KeyVaultVaultNotFound" },
        { "storage", OUTCOME_REFUSED, 404, "KeyNotFound", "KeyVaultEncryptionKeyNotFound" },
        { "storage", OUTCOME_REFUSED, 404, "", "KeyVaultEncryptionKeyNotFound" },
        { "sql-tde", OUTCOME_REFUSED, 404, "VaultNotFound", "AzureKeyVaultConnectionFailed" },
        { "sql-tde", OUTCOME_REFUSED, 404, "KeyNotFound", "ServerKeyNotFound" },
        { "cosmos", OUTCOME_REFUSED, 404, "VaultNotFound", "4009" },
        { "cosmos", OUTCOME_REFUSED, 404, "vaultnotfound", "4003" },
        { "cosmos", OUTCOME_LOCAL, 0, "KeyExpired", "4002" },
        { "cosmos", OUTCOME_LOCAL, 0, "", "4005" },
        { "cosmos", OUTCOME_LOGIN, 400, "", "4000" },
        { "cosmos", OUTCOME_LOGIN, 503, "", NULL },
        { "cosmos", OUTCOME_LOGIN, 0, "", NULL },
        { "fhir", OUTCOME_REFUSED, 404, "VaultNotFound", ACCESS_LOST_REASON },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct ruling *ruling = profile_rule(profile_find(rows[i].profile), rows[i].outcome,
                                                   rows[i].status, rows[i].code);

        cr_expect_eq(ruling->verdict == VERDICT_LOST, rows[i].reason != NULL, "row %zu", i);
        cr_expect_str_eq(ruling->reason != NULL ? ruling->reason : "",
                         rows[i].reason != NULL ? rows[i].reason : "", "row %zu", i);
    }
}

static struct settings settings;
static struct standing standing;

static void begin(const char *profile)
{
    settings = (struct settings){ .profile = profile_find(profile), .heals = 0 };
    standing = (struct standing){ .state = KV_CONSUMER_STARTING, .is_healthy = true };
    standing_deploy(&standing, MINUTE_MS);
    cr_assert_eq(standing.state, KV_CONSUMER_ENCRYPTED);
}

static void take(enum outcome outcome, long status, bool has_dek, int minute)
{
    standing_take(&standing, &settings, "ws-fhir",
                  profile_rule(settings.profile, outcome, status, ""), "", has_dek,
                  minute * MINUTE_MS);
}

Test(consumer, does_not_heal_without_its_dek)
{
    begin("fhir");
    take(OUTCOME_REFUSED, 403, false, 10);
    cr_expect_eq(standing.state, KV_CONSUMER_ACCESS_LOST);
    take(OUTCOME_LOGIN, 400, false, 12); /* "healthy", and nothing was unwrapped */
    cr_expect(standing.is_healthy);
    cr_expect_eq(standing.state, KV_CONSUMER_HEALING);
    take(OUTCOME_LOGIN, 400, false, 60);
    cr_expect_eq(standing.state, KV_CONSUMER_HEALING);
    cr_expect_eq(standing_next(&standing, &settings, false), INT64_MAX);
    take(OUTCOME_OK, 200, true, 61);
    cr_expect_eq(standing.state, KV_CONSUMER_ENCRYPTED);
}

Test(consumer, has_been_lost_since_the_first_time)
{
    begin("fhir");
    take(OUTCOME_REFUSED, 403, false, 10);
    take(OUTCOME_OK, 200, true, 38);
    cr_expect_eq(standing.state, KV_CONSUMER_HEALING);
    take(OUTCOME_REFUSED, 403, false, 39);
    cr_expect_eq(standing.state, KV_CONSUMER_ACCESS_LOST);
    cr_expect_eq(standing_next(&standing, &settings, false), 40 * MINUTE_MS);
    standing_tick(&standing, &settings, false, 40 * MINUTE_MS - 1);
    cr_expect_eq(standing.state, KV_CONSUMER_ACCESS_LOST);
    standing_tick(&standing, &settings, false, 40 * MINUTE_MS);
    cr_expect_eq(standing.state, KV_CONSUMER_NEEDS_REDEPLOY);
    take(OUTCOME_OK, 200, true, 41);
    cr_expect_eq(standing.state, KV_CONSUMER_NEEDS_REDEPLOY);
    standing_deploy(&standing, 42 * MINUTE_MS);
    cr_expect_eq(standing.state, KV_CONSUMER_ENCRYPTED);
    cr_expect_eq(standing.lost_since, 0);
}

Test(consumer, heals_in_five_to_ten_minutes)
{
    bool seen[11] = { false };
    char name[] = "ws-a";

    begin("fhir");
    for (char letter = 'a'; letter <= 'z'; letter++) {
        int minutes;

        name[3] = letter;
        minutes = standing_heals(&settings, name);
        cr_assert(minutes >= 5 && minutes <= 10, "%d", minutes);
        cr_expect_eq(minutes, standing_heals(&settings, name));
        seen[minutes] = true;
    }
    for (int i = 5; i <= 10; i++) {
        cr_expect(seen[i], "nobody takes %d minutes", i);
    }
}

Test(consumer, reads_urls_of_keys_and_no_others)
{
    static const char *const wrong[] = {
        "x",
        "http://a.vault.localhost/keys/k",
        "https://a.vault.localhost",
        "https://a.vault.localhost/keys/",
        "https://a.vault.localhost/keys/a_b",
        "https://a.vault.localhost/keys/k/0123",
        "https://a.vault.localhost/keys/k/0123456789abcdef0123456789abcdeg",
        "https://a.vault.localhost/keys/k/0123456789abcdef0123456789abcdef/x",
        "https://a.vault.localhost/keys/k?a=b",
        "https://a.vault.localhost/keys/k#a",
        "https://u@a.vault.localhost/keys/k",
    };
    struct key_place place;
    char longest[KV_CONSUMER_URL_MAX + 64] = "https://a.vault.localhost/keys/";

    for (size_t i = 0; i < KV_COUNT(wrong); i++) {
        cr_expect_eq(key_place_read(wrong[i], &place, NULL), KV_BAD_PARAMETER, "%s", wrong[i]);
    }
    memset(longest + strlen(longest), 'k', sizeof(longest) - strlen(longest) - 1);
    cr_expect_eq(key_place_read(longest, &place, NULL), KV_BAD_PARAMETER);
    cr_assert_eq(key_place_read("https://A.vault.localhost/keys/k/"
                                "0123456789abcdef0123456789abcdef/",
                                &place, NULL),
                 KV_OK);
    cr_expect_str_eq(place.name, "k");
    cr_expect_str_eq(place.version, "0123456789abcdef0123456789abcdef");
    cr_expect(place.is_ours);
    cr_assert_eq(key_place_read("https://a.vault.azure.net:443/keys/k", &place, NULL), KV_OK);
    cr_expect_not(place.is_ours);
    cr_expect_str_eq(place.version, "");
    cr_assert_eq(key_place_read("https://a.vault.localhost:8443/keys/k", &place, NULL), KV_OK);
    cr_expect_not(place.is_ours);
    cr_expect_str_eq(place.url, "https://a.vault.localhost:8443/keys/k");
}

/* --- when checks are due --- */

static struct consumer service;

static void begin_service(void)
{
    begin("fhir");
    service = (struct consumer){ .settings = settings, .standing = standing, .due = MINUTE_MS };
    service.checks = 1;
    service.has_dek = true;
    (void) snprintf(service.settings.key.url, sizeof(service.settings.key.url), "%s",
                    "https://a.vault.localhost/keys/k");
}

/* A check that is due at that time begins `late` ms after it, and takes `took` of the virtual clock. */
static void check(kv_millis due, kv_millis late, kv_millis took)
{
    const struct finding finding = { .outcome = OUTCOME_OK };

    cr_assert(!consumer_advance(&service, due - 1, true), "due before %lld", (long long) due);
    cr_assert(consumer_advance(&service, due + late, true), "not due at %lld", (long long) due);
    consumer_begin(&service, due + late);
    service.is_busy = true;
    consumer_land(&service, &finding, due + late, took);
    cr_assert(!consumer_advance(&service, due + late + took, true), "due at once again");
}

Test(consumer, is_due_every_period_however_late_each_check_begins)
{
    begin_service();
    for (int minute = 1; minute <= 60; minute++) {
        check(minute * MINUTE_MS, minute * 7919 % MINUTE_MS, 0);
    }
    cr_expect_eq(service.checks, 61);
    cr_expect_eq(service.missed, 0);
}

/* "from the end of one check to the next" */
Test(consumer, is_due_a_period_after_the_end_of_a_check_that_took_its_time)
{
    begin_service();
    check(MINUTE_MS, 0, 5600);
    check(2 * MINUTE_MS + 5600, 300, 400000);
    cr_expect_eq(consumer_next(&service), 3 * MINUTE_MS + 5600 + 400000);
    cr_expect_eq(service.missed, 0);
}

Test(consumer, says_what_it_has_missed_and_makes_the_last_of_it)
{
    const struct finding finding = { .outcome = OUTCOME_OK };
    kv_millis now = 4 * MINUTE_MS + 59999;

    begin_service();
    cr_assert(consumer_advance(&service, now, true));
    cr_expect_eq(service.missed, 3, "of minutes 1, 2 and 3");
    consumer_begin(&service, now);
    consumer_land(&service, &finding, now, 0);
    cr_assert(!consumer_advance(&service, now, true));
    cr_expect_eq(service.checks + service.missed, 1 + 4);
    cr_expect_eq(consumer_next(&service), 5 * MINUTE_MS, "the fifth is made when it is due");
}

Test(consumer, does_not_count_what_a_journey_leaves_out)
{
    begin_service();
    cr_assert(consumer_advance(&service, 9 * MINUTE_MS, false));
    cr_expect_eq(service.missed, 0);
}
