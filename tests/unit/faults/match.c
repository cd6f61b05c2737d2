/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests a rule is for. */
#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/base.h"
#include "kv/base/json.h"

TestSuite(match, .init = fixture_setup, .fini = fixture_teardown, .timeout = 120);

static void add_for(const char *match)
{
    char json[1024];

    (void) snprintf(json, sizeof(json), "{\"id\":\"r\",\"match\":%s,\"effect\":{\"delay\":1}}",
                    match);
    fixture_add(json);
}

/* Each alone, of the fixture's request. */
static const struct {
    const char *match;
    bool fits;
} rows[] = {
    { "{}", true },
    { "{\"vault\":\"dev\"}", true },
    { "{\"vault\":\"DEV\"}", true },
    { "{\"vault\":\"devil\"}", false },
    { "{\"vault\":\"d*\"}", true },
    { "{\"vault\":\"d*x\"}", false },
    { "{\"vault\":\"???\"}", true },
    { "{\"vault\":\"??\"}", false },
    { "{\"vault\":\"?ev\"}", true },
    { "{\"vault\":\"*ev\"}", true },
    { "{\"vault\":\"*vv\"}", false },
    { "{\"vault\":\"dev*dev\"}", false },
    { "{\"version\":\"0123456789abcdef*6789abcdef\"}", true },
    { "{\"key\":\"*\"}", true },
    { "{\"vault\":[\"other\",\"dev\"]}", true },
    { "{\"vault\":[\"other\",\"third\"]}", false },
    { "{\"vault\":[\"other\",\"*v\"]}", true },
    { "{\"key\":\"cmk\"}", true },
    { "{\"key\":\"cmk2\"}", false },
    { "{\"key\":\"*m*k*\"}", true },
    { "{\"version\":\"0123456789ABCDEF0123456789abcdef\"}", true },
    { "{\"version\":\"0123456789abcdef0123456789abcdee\"}", false },
    { "{\"operation\":\"unwrapKey\"}", true },
    { "{\"operation\":\"UNWRAPKEY\"}", true },
    { "{\"operation\":\"wrapKey\"}", false },
    { "{\"operation\":\"*wrapKey\"}", true },
    { "{\"operation\":[\"sign\",\"unwrapKey\"]}", true },
    { "{\"operation\":\"*\"}", true },
    { "{\"operation\":\"imdsToken\"}", false },
    { "{\"principal\":\"01EA9a65-813e-4238-8204-bf7328d63fc6\"}", true },
    { "{\"principal\":\"storage\"}", true },
    { "{\"principal\":[\"nobody\",\"stor*\"]}", true },
    { "{\"principal\":\"nobody\"}", false },
    { "{\"api_version\":\"7.*\"}", true },
    { "{\"api_version\":\"2025-*\"}", false },
    { "{\"client\":\"127.0.0.1\"}", true },
    { "{\"client\":\"10.*\"}", false },
    { "{\"session\":\"test-7\"}", true },
    { "{\"session\":\"test-8\"}", false },
    { "{\"header\":{\"user-agent\":\"azsdk-*\"}}", true },
    { "{\"header\":{\"User-Agent\":\"*dotnet*\"}}", false },
    { "{\"header\":{\"X-None\":\"*\"}}", false },
    { "{\"vault\":\"dev\",\"key\":\"cmk\",\"operation\":\"unwrapKey\",\"session\":\"test-7\"}",
      true },
    { "{\"vault\":\"dev\",\"key\":\"cmk\",\"operation\":\"unwrapKey\",\"session\":\"test-8\"}",
      false },
    { "{\"vault\":\"other\",\"key\":\"cmk\"}", false },
};

Test(match, is_of_everything_that_its_members_say)
{
    const struct kv_fault_subject subject = fixture_subject();

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        add_for(rows[i].match);
        cr_expect_eq(fixture_ask(&subject), rows[i].fits, "%s", rows[i].match);
        cr_assert_eq(kv_faults_clear(faults, NULL, NULL), KV_OK);
    }
}

Test(match, without_an_operation_is_of_vaults_alone)
{
    struct kv_fault_subject subject = fixture_subject();

    add_for("{}");
    subject.operation = KV_OPERATION_IMDS_TOKEN;
    cr_expect_not(fixture_ask(&subject));
    subject.operation = KV_OPERATION_NONE;
    cr_expect(fixture_ask(&subject));
}

Test(match, of_something_that_a_request_lacks_does_not_fit)
{
    struct kv_fault_subject subject = fixture_subject();

    add_for("{\"session\":\"*\"}");
    cr_expect(fixture_ask(&subject));
    subject.session = NULL;
    cr_expect_not(fixture_ask(&subject));
}

Test(match, is_asked_for_at_its_stage_alone)
{
    struct kv_fault_subject subject = fixture_subject();

    fixture_add("{\"stage\":\"arrival\",\"effect\":{\"delay\":1}}");
    cr_expect_not(fixture_ask(&subject));
    subject.stage = KV_FAULT_ARRIVAL;
    cr_expect(fixture_ask(&subject));
}

Test(match, of_a_long_text_takes_no_long_time)
{
    struct kv_fault_subject subject = fixture_subject();
    char text[8192];

    memset(text, 'a', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    subject.session = text;
    add_for("{\"session\":\"*a*a*a*a*a*a*a*a*a*a*a*a*b\"}");
    cr_expect_not(fixture_ask(&subject));
}

/* --- the index --- */

#define RULES 60
#define SUBJECTS 400

/* The same numbers in each run. */
static unsigned roll(unsigned *state, unsigned sides)
{
    *state = *state * 1103515245U + 12345U;
    return (*state >> 16) % sides;
}

static const char *const vaults[] = { "\"dev\"", "\"other\"", "\"*er\"", "[\"dev\",\"third\"]" };
static const char *const keys[] = { "\"cmk\"", "\"k2\"", "\"?m*\"", "\"*2\"" };
static const char *const names[] = { "\"storage\"", "\"01EA*\"", "[\"sql\",\"storage\"]",
                                     "\"sql\"" };

static void write_rule(unsigned *state, char ret_json[512])
{
    const struct {
        const char *name;
        const char *const *values;
    } traits[] = { { "vault", vaults }, { "key", keys }, { "principal", names } };
    size_t used = (size_t) snprintf(ret_json, 512, "{\"match\":{");
    const char *comma = "";

    for (size_t i = 0; i < KV_COUNT(traits); i++) {
        unsigned side = roll(state, 6);

        if (side < 4) {
            used += (size_t) snprintf(ret_json + used, 512 - used, "%s\"%s\":%s", comma,
                                      traits[i].name, traits[i].values[side]);
            comma = ",";
        }
    }
    (void) snprintf(ret_json + used, 512 - used, "},\"effect\":{\"delay\":1}}");
}

static struct kv_fault_subject roll_subject(unsigned *state)
{
    static const char *const some_vaults[] = { "dev", "other", "third", "DEV" };
    static const char *const some_keys[] = { "cmk", "k2", "CMK", NULL };
    static const char *const some_names[] = { "storage", "sql", "SQL", NULL };
    struct kv_fault_subject subject = fixture_subject();

    subject.vault = some_vaults[roll(state, 4)];
    subject.key = some_keys[roll(state, 4)];
    subject.principal[4] = some_names[roll(state, 4)];
    subject.principal[0] = roll(state, 2) == 0 ? NULL : subject.principal[0];
    return subject;
}

static struct kv_faults *make_alone(const char *json)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_Parse(json);
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    struct kv_faults *alone;

    cr_assert_eq(kv_faults_new(&alone, NULL), KV_OK);
    cr_assert_eq(kv_faults_add(alone, body, NOW, &shown, NULL), KV_OK, "%s", json);
    return alone;
}

/* Each rule has a table of its own beside the one that has all. */
Test(match, finds_the_rule_that_a_look_at_each_in_turn_finds)
{
    struct kv_faults *alone[RULES];
    unsigned state = 7, hits = 0;
    char json[512];

    for (unsigned i = 0; i < RULES; i++) {
        write_rule(&state, json);
        fixture_add(json);
        alone[i] = make_alone(json);
    }
    for (unsigned i = 0; i < SUBJECTS; i++) {
        const struct kv_fault_subject subject = roll_subject(&state);
        struct kv_fault_hit hit = { .id = "" };
        unsigned first = 0;
        char expected[32] = "";

        while (first < RULES && !kv_faults_ask(alone[first], &subject, &hit)) {
            first++;
        }
        if (first < RULES) {
            kv_fault_hit_done(&hit);
            (void) snprintf(expected, sizeof(expected), "rule-%u", first + 1);
        }
        fixture_hit.id[0] = '\0';
        hits += fixture_ask(&subject);
        cr_assert_str_eq(fixture_hit.id, expected, "request %u", i);
    }
    cr_expect_gt(hits, SUBJECTS / 4);
    for (unsigned i = 0; i < RULES; i++) {
        kv_faults_free(alone[i]);
    }
}
