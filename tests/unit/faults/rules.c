/* SPDX-License-Identifier: Apache-2.0 */
/* Rules among one another: their order, and what becomes of them. */
#include "fixture.h"

#include <string.h>

#include "kv/base/base.h"
#include "kv/base/json.h"

TestSuite(rules, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

static enum kv_code change(const char *id, const char *json, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_Parse(json);
    kv_auto(cJSON_Delete) cJSON *shown = NULL;

    return kv_faults_change(faults, id, body, NOW, &shown, err);
}

static void expect_hit(const char *id)
{
    const struct kv_fault_subject subject = fixture_subject();

    fixture_hit.id[0] = '\0';
    (void) fixture_ask(&subject);
    cr_expect_str_eq(fixture_hit.id, id);
}

Test(rules, act_in_their_order_each_until_it_is_used_up)
{
    fixture_add("{\"id\":\"a\",\"when\":{\"times\":1},\"effect\":{\"delay\":1}}");
    fixture_add("{\"id\":\"b\",\"match\":{\"vault\":\"dev\"},\"when\":{\"times\":1},"
                "\"effect\":{\"delay\":1}}");
    fixture_add("{\"id\":\"c\",\"match\":{\"key\":\"cmk\"},\"effect\":{\"delay\":1}}");
    expect_hit("a");
    expect_hit("b");
    expect_hit("c");
    expect_hit("c");
    cr_expect_eq(fixture_count("a", "seen"), 4);
    cr_expect_eq(fixture_count("b", "seen"), 3);
}

/* "Fail the second call" is two rules. */
Test(rules, let_a_request_through_with_an_empty_effect)
{
    fixture_add("{\"rules\":[{\"id\":\"pass\",\"when\":{\"times\":1},\"effect\":{}},"
                "{\"id\":\"fail\",\"when\":{\"times\":1},\"effect\":{\"status\":500}}]}");
    expect_hit("");
    expect_hit("fail");
    expect_hit("");
    cr_expect_eq(fixture_count("pass", "hits"), 1);
}

Test(rules, that_are_disabled_count_nothing)
{
    fixture_add("{\"id\":\"a\",\"enabled\":false,\"effect\":{\"delay\":1}}");
    expect_hit("");
    cr_expect_eq(fixture_count("a", "seen"), 0);
    cr_assert_eq(change("a", "{\"enabled\":true}", NULL), KV_OK);
    expect_hit("a");
    cr_assert_eq(change("a", "{\"enabled\":null}", NULL), KV_OK);
    expect_hit("a");
    cr_expect_eq(fixture_count("a", "hits"), 2);
}

Test(rules, that_are_changed_keep_their_place)
{
    fixture_add("{\"id\":\"a\",\"when\":{\"times\":1},\"effect\":{\"delay\":1}}");
    fixture_add("{\"id\":\"b\",\"effect\":{\"delay\":1}}");
    expect_hit("a");
    expect_hit("b");
    cr_assert_eq(change("a", "{\"when\":{\"times\":2}}", NULL), KV_OK);
    expect_hit("a"); /* counted anew */
    cr_assert_eq(change("a", "{\"effect\":{\"delay\":9}}", NULL), KV_OK);
    expect_hit("a"); /* counted on */
    cr_expect_eq(fixture_hit.delay, 9);
    expect_hit("b");
}

Test(rules, that_are_changed_live_as_long_as_before)
{
    fixture_add("{\"id\":\"a\",\"ttl\":\"PT1H\",\"effect\":{}}");
    cr_assert_eq(change("a", "{\"comment\":\"as before\"}", NULL), KV_OK);
    cr_expect_geq(fixture_count("a", "expires_in"), 3000);
    cr_assert_eq(change("a", "{\"ttl\":\"P1D\"}", NULL), KV_OK);
    cr_expect_geq(fixture_count("a", "expires_in"), 80000);
}

Test(rules, stay_as_they_are_when_a_change_is_refused)
{
    struct kv_err err;

    fixture_add("{\"id\":\"a\",\"effect\":{\"delay\":1}}");
    cr_expect_eq(change("none", "{}", &err), KV_NOT_FOUND);
    cr_expect_eq(change("a", "{\"id\":\"b\"}", &err), KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "A rule keeps its id.");
    cr_expect_eq(change("a", "{\"effect\":null}", &err), KV_BAD_PARAMETER);
    cr_expect_eq(change("a", "{\"color\":1}", &err), KV_BAD_PARAMETER);
    expect_hit("a");
}

Test(rules, go_one_by_one_by_vault_or_all)
{
    fixture_add("{\"id\":\"one\",\"match\":{\"vault\":\"dev\"},\"effect\":{}}");
    fixture_add("{\"id\":\"two\",\"match\":{\"vault\":[\"dev\",\"other\"]},\"effect\":{}}");
    fixture_add("{\"id\":\"all\",\"effect\":{}}");
    fixture_add("{\"id\":\"glob\",\"match\":{\"vault\":\"de*\"},\"effect\":{}}");
    cr_expect_eq(kv_faults_remove(faults, "none", NULL), KV_NOT_FOUND);
    cr_expect_eq(kv_faults_clear(faults, "DEV", NULL), KV_OK);
    cr_expect_eq(kv_faults_remove(faults, "one", NULL), KV_NOT_FOUND);
    cr_expect_eq(kv_faults_remove(faults, "two", NULL), KV_OK);
    cr_expect(kv_faults_has_any(faults));
    cr_expect_eq(kv_faults_clear(faults, NULL, NULL), KV_OK);
    cr_expect_not(kv_faults_has_any(faults));
}

Test(rules, are_shown_as_they_were_given)
{
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    kv_auto(cJSON_Delete) cJSON *list = NULL;

    fixture_add("{\"comment\":\"why\",\"match\":{\"vault\":\"dev\"},\"effect\":{\"status\":429}}");
    cr_assert_eq(kv_faults_show(faults, "rule-1", &shown, NULL), KV_OK);
    char *text = cJSON_PrintUnformatted(shown);
    cr_expect_str_eq(text, "{\"id\":\"rule-1\",\"comment\":\"why\",\"match\":{\"vault\":\"dev\"},"
                           "\"effect\":{\"status\":429},\"seen\":0,\"hits\":0}");
    cJSON_free(text);
    cr_assert_eq(kv_faults_list(faults, &list, NULL), KV_OK);
    cr_expect_eq(cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(list, "rules")), 1);
}

/* What a request holds of a rule outlives the rule. */
Test(rules, that_are_removed_live_as_long_as_a_request_has_them)
{
    const struct kv_fault_subject subject = fixture_subject();
    struct kv_fault_hit hit;

    fixture_add("{\"id\":\"gone\",\"effect\":{\"status\":418,\"message\":\"still here\"}}");
    cr_assert(kv_faults_ask(faults, &subject, &hit));
    cr_assert_eq(kv_faults_clear(faults, NULL, NULL), KV_OK);
    cr_expect_str_eq(hit.id, "gone");
    cr_expect_str_eq(hit.effect->answer.message, "still here");
    kv_fault_hit_done(&hit);
}
