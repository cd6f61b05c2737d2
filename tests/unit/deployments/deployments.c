/* SPDX-License-Identifier: Apache-2.0 */
/* The engine: what begins when, and how deployments end. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"

TestSuite(deployments, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

static void expect_sent(const char *names)
{
    cr_expect_str_eq(fixture_sent(), names);
}

static void expect_end(const char *name, const char *state)
{
    const char *is = fixture_state(name);

    cr_assert_not_null(is, "%s has not ended", name);
    cr_expect_str_eq(is, state, "%s: %s", name, fixture_error(name));
}

/* ---- Failures -------------------------------------------------------------------------------------- */

Test(deployments, those_that_wait_for_a_failed_one_are_not_begun)
{
    fixture_deploy("one", RESOURCE("bad", "") "," RESOURCE("after", "\"bad\""), NULL);
    fixture_settle();
    expect_sent("bad ");
    expect_end("one", "Failed");
    cr_expect_str_eq(fixture_error("one"),
                     "{\"code\":\"DeploymentFailed\",\"target\":\"" DEPLOYMENT(
                         "one") "\",\"message\":\"At least "
                                "one resource deployment operation failed. Please list deployment "
                                "operations for details. "
                                "Please see https://aka.ms/arm-deployment-operations for usage "
                                "details.\",\"details\":[{"
                                "\"code\":\"Bad\",\"message\":\"It is bad.\"}]}");
}

Test(deployments, what_is_independent_of_a_failed_one_is_still_done)
{
    fixture_deploy(
        "one", RESOURCE("bad", "") "," RESOURCE("slow", "") "," RESOURCE("c", "\"slow\""), NULL);
    fixture_settle();
    cr_expect_null(fixture_state("one"));
    fixture_advance(SLOW_MS);
    expect_end("one", "Failed");
    cr_expect_not_null(strstr(fixture_sent(), "c "));
}

Test(deployments, one_that_ends_as_failed_says_so)
{
    fixture_deploy("one", RESOURCE("doomed", ""), NULL);
    fixture_settle();
    fixture_advance(SLOW_MS);
    expect_end("one", "Failed");
    cr_expect_not_null(strstr(fixture_error("one"),
                              "{\"code\":\"ResourceDeploymentFailure\",\"target\":\"" GROUP
                              "/providers/Test.Things/things/doomed\",\"message\":\"The resource "
                              "write operation failed to complete successfully, because it reached "
                              "terminal provisioning state 'Failed'.\"}"));
}

Test(deployments, an_output_that_cannot_be_evaluated_is_a_failure)
{
    fixture_deploy("one", RESOURCE("a", ""),
                   "\"o\":{\"type\":\"string\",\"value\":\"[reference('a').b]\"}");
    fixture_settle();
    expect_end("one", "Failed");
    cr_expect_not_null(
        strstr(fixture_error("one"), "\"code\":\"DeploymentOutputEvaluationFailed\""));
}

Test(deployments, a_nested_failure_is_told_with_what_is_in_it)
{
    fixture_deploy("outer", NESTED("inner", "", RESOURCE("bad", "")) "," RESOURCE("z", "\"inner\""),
                   NULL);
    fixture_settle();
    expect_sent("bad ");
    expect_end("inner", "Failed");
    expect_end("outer", "Failed");

    const char *error = fixture_error("outer");

    cr_expect_not_null(strstr(error, "\"details\":[{\"code\":\"ResourceDeploymentFailure\","
                                     "\"target\":\"" DEPLOYMENT("inner")));
    cr_expect_not_null(strstr(error, "\"details\":[{\"code\":\"Bad\""));
}

Test(deployments, nothing_begins_when_it_cannot_be_written_down)
{
    struct kv_err err;

    cr_expect_eq(fixture_begin("refused", RESOURCE("a", ""), NULL, &err), KV_UNAVAILABLE);
    fixture_settle();
    expect_sent("");
    fixture_deploy("next", RESOURCE("b", ""), NULL);
    fixture_settle();
    expect_end("next", "Succeeded");
}

/* ---- Bounds ----------------------------------------------------------------------------------------- */

Test(deployments, a_name_is_active_until_it_has_ended)
{
    struct kv_err err;

    fixture_deploy("one", RESOURCE("held", ""), NULL);
    cr_expect_eq(fixture_begin("ONE", RESOURCE("b", ""), NULL, &err), KV_CONFLICT);
    fixture_release();
    fixture_settle();
    fixture_deploy("one", RESOURCE("b", ""), NULL);
    fixture_settle();
    expect_sent("held b ");
}

Test(deployments, further_ones_wait_and_more_are_refused)
{
    struct kv_err err;

    fixture_deploy("one", RESOURCE("held1", ""), NULL);
    fixture_deploy("two", RESOURCE("held2", ""), NULL);
    fixture_deploy("three", RESOURCE("c", ""), NULL);
    cr_expect_eq(fixture_begin("four", RESOURCE("d", ""), NULL, &err), KV_UNAVAILABLE);
    cr_expect_null(strstr(fixture_sent(), "c "), "it waits");
    fixture_release();
    fixture_settle();
    expect_end("three", "Succeeded");
}

Test(deployments, many_nested_ones_end_though_few_plans_are_held_at_once)
{
    char resources[8000] = "";
    size_t len = 0;

    for (int i = 0; i < 12; i++) {
        len += (size_t) snprintf(resources + len, sizeof(resources) - len,
                                 "%s" NESTED("n%d", "", RESOURCE("r", "")), i > 0 ? "," : "", i);
    }
    fixture_deploy("outer", resources, NULL);
    fixture_settle();
    expect_end("outer", "Succeeded");
    cr_expect_eq(strlen(fixture_sent()), 24U);
}

/* ---- Cancelling ------------------------------------------------------------------------------------- */

Test(deployments, a_canceled_one_begins_nothing_more)
{
    fixture_deploy("one", RESOURCE("slow", "") "," RESOURCE("b", "\"slow\""), NULL);
    fixture_settle();
    cr_expect(kv_deployments_cancel(fixture_deployments, DEPLOYMENT("ONE")));
    fixture_settle();
    expect_end("one", "Canceled");
    expect_sent("slow ");
    cr_expect_not(kv_deployments_cancel(fixture_deployments, DEPLOYMENT("one")));
    cr_expect_eq(kv_deployments_due(fixture_deployments), INT64_MAX);
}

Test(deployments, the_end_cancels_what_runs_and_what_waits)
{
    fixture_deploy("one", RESOURCE("slow1", ""), NULL);
    fixture_deploy("two", RESOURCE("slow2", ""), NULL);
    fixture_deploy("three", RESOURCE("c", ""), NULL);
    kv_deployments_free(fixture_deployments);
    fixture_deployments = NULL;
    expect_end("one", "Canceled");
    expect_end("three", "Canceled");
    cr_expect_not_null(strstr(fixture_error("two"), "coffer was stopped"));
}

/* ---- Order ------------------------------------------------------------------------------------------ */

Test(deployments, each_waits_for_what_it_depends_on)
{
    fixture_deploy(
        "one", RESOURCE("c", "\"b\"") "," RESOURCE("b", "\"slow\"") "," RESOURCE("slow", ""), NULL);
    fixture_settle();
    expect_sent("slow ");
    cr_expect_eq(kv_deployments_due(fixture_deployments), kv_clock_now(fixture_clock) + SLOW_MS);
    fixture_advance(SLOW_MS - 1);
    expect_sent("slow ");
    fixture_advance(1);
    expect_sent("slow b c ");
    expect_end("one", "Succeeded");
}

Test(deployments, what_is_independent_runs_at_the_same_time)
{
    fixture_deploy("one", RESOURCE("held1", "") "," RESOURCE("held2", "") "," RESOURCE("held3", ""),
                   NULL);
    while (strlen(fixture_sent()) < strlen("held1 held2 held3 ")) {
        kv_clock_wait(fixture_clock, INT64_MAX, 5);
    }
    cr_expect_null(fixture_state("one"));
    fixture_release();
    fixture_settle();
    expect_end("one", "Succeeded");
}

Test(deployments, what_is_not_deployed_counts_as_done)
{
    fixture_deploy("one",
                   "{\"type\":\"Test.Things/things\",\"apiVersion\":\"2020-01-01\",\"name\":\"no\","
                   "\"condition\":false}," RESOURCE("b", "\"no\""),
                   NULL);
    fixture_settle();
    expect_sent("b ");
    expect_end("one", "Succeeded");
}

Test(deployments, a_nested_one_is_done_when_all_in_it_is)
{
    fixture_deploy("outer",
                   NESTED("inner", "", RESOURCE("slow", "")) "," RESOURCE("b", "\"inner\""), NULL);
    fixture_settle();
    expect_sent("slow ");
    fixture_advance(SLOW_MS);
    expect_sent("slow b ");
    expect_end("inner", "Succeeded");
    expect_end("outer", "Succeeded");
}
