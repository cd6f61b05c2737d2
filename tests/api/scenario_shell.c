/* SPDX-License-Identifier: Apache-2.0 */
/* coffer scenario ...: as a tester types it, and scripts. */
#include "scenario_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/command.h"
#include "kv/base/files.h"

TestSuite(scenario_shell, .init = scenario_start, .fini = scenario_stop, .timeout = 90);

static char output[16384];

/* The words behind `coffer scenario`, separated by blanks, none of them with one inside. */
static int run(const char *words)
{
    const char *arguments[24] = { "scenario" };
    char copy[512];
    size_t count = 1;
    char *rest = copy;

    (void) snprintf(copy, sizeof(copy), "%s", words);
    for (char *word = strsep(&rest, " "); word != NULL; word = strsep(&rest, " ")) {
        arguments[count++] = word;
    }
    arguments[count++] = "--data";
    arguments[count] = scenario_daemon.folder;
    return program_run(arguments, output, sizeof(output));
}

static void expect(const char *words, int status, const char *said)
{
    int is = run(words);

    cr_expect_eq(is, status, "%s: %d %s", words, is, output);
    cr_expect_not_null(strstr(output, said), "%s: %s", words, output);
}

/* Its path in a static buffer. */
static const char *write_script(const char *json)
{
    static char path[KV_PATH_MAX];

    (void) snprintf(path, sizeof(path), "%s/script.json", scenario_daemon.folder);
    cr_assert_eq(kv_file_write(path, json, strlen(json), 0600, NULL), KV_OK);
    return path;
}

static void expect_script(const char *json, int status, const char *said)
{
    char words[KV_PATH_MAX];

    (void) snprintf(words, sizeof(words), "run %.400s", write_script(json));
    expect(words, status, said);
}

static void expect_nothing_applied(void)
{
    cr_expect_eq(run("status"), 0);
    cr_expect_str_empty(output, "%s", output);
}

Test(scenario_shell, applies_shows_and_reverts)
{
    expect("apply key-expired", 1, "key-expired needs 'key'");
    expect("apply key-expired --key cmk --with how", 2, "--with takes NAME=VALUE");
    expect("apply key-expired --key cmk --with how=not-yet-valid", 0, "not yet valid");
    expect("status", 0, "key-expired since ");
    expect("revert key-expired", 0, "");
    expect("revert key-expired", 1, "key-expired is not applied.");
    expect("apply throttled --with times=3 --with retry_after=2 --identity somebody", 0,
           "the fault rule scenario-throttled: added, for dev");
    expect("revert throttled", 0, "");
    expect("list", 0,
           "key-disabled            A version of a key is disabled (vault, key, version)");
    expect("list", 0, "outage-30-minutes");
    expect_nothing_applied();
}

Test(scenario_shell, refuses_scripts_before_their_first_step)
{
    static const struct {
        const char *json, *said;
    } rows[] = {
        { "[]", "is not a JSON object" },
        { "{\"steps\":[\n  {\"pause\":1},\n]}", "is not a JSON object: see line 3, column " },
        { "{}", "a script has 'steps'" },
        { "{\"steps\":[]}", "a script has 'steps'" },
        { "{\"stpes\":[]}", "'stpes' is no member of a script" },
        { "{\"steps\":[7]}", "step 1: a step is an object" },
        { "{\"steps\":[{}]}", "step 1: it says nothing to do" },
        { "{\"steps\":[{\"fly\":1}]}", "step 1: 'fly' is no action" },
        { "{\"steps\":[{\"pause\":1,\"advance\":\"PT1S\"}]}", "there are two" },
        { "{\"steps\":[{\"pause\":-1}]}", "'pause' is seconds" },
        { "{\"steps\":[{\"pause\":\"PT1H\"}]}", "'pause' is seconds" },
        { "{\"steps\":[{\"advance\":\"soon\"}]}", "'advance' is a duration" },
        { "{\"steps\":[{\"apply\":\"slow\",\"with\":7}]}", "'with' is an object" },
        { "{\"steps\":[{\"apply\":7}]}", "the name of a scenario is a text" },
        { "{\"steps\":[{\"apply\":\"slow\"},{\"apply\":\"fire\"}]}",
          "step 2: there is no scenario 'fire'" },
        { "{\"steps\":[{\"apply\":\"slow\",\"with\":{\"dealy\":1}}]}",
          "step 1: 'dealy' is no parameter of slow" },
        { "{\"steps\":[{\"apply\":\"slow\"},{\"apply\":\"key-deleted\"}]}",
          "step 2: key-deleted needs 'key'" },
        { "{\"steps\":[{\"apply\":\"key-deleted\",\"with\":{\"key\":\"$key\"}}]}",
          "the script needs --key" },
        { "{\"steps\":[{\"apply\":\"key-deleted\",\"with\":{\"key\":\"$kye\"}}]}",
          "'$kye' stands for nothing: there are $vault, $key" },
        { "{\"steps\":[{\"revert\":\"slow\"}]}", "slow is not applied by an earlier step" },
        { "{\"steps\":[{\"apply\":\"slow\"},{\"apply\":\"slow\"}]}", "slow is applied already" },
        { "{\"steps\":[{\"apply\":\"slow\"},{\"waitFor\":{\"operation\":\"fly\"}}]}",
          "'fly' matches no operation" },
        { "{\"steps\":[{\"apply\":\"slow\"},{\"waitFor\":{\"count\":0}}]}", "'count' is a number" },
        { "{\"steps\":[{\"waitFor\":{\"timeout\":\"PT1H\"}}]}", "'timeout' is seconds" },
        { "{\"steps\":[{\"apply\":\"slow\"},{\"expect\":{\"operation\":\"getKey\"}}]}",
          "Give count, or min, max or both." },
        { "{\"steps\":[{\"apply\":\"slow\"},{\"fault\":{\"effect\":{\"sattus\":429}}}]}",
          "'sattus' is not a member of effect" },
    };

    expect("run none-such", 2, "is no script that coffer scenario list names");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect_script(rows[i].json, 2, rows[i].said);
        cr_expect_null(strstr(output, "1/"), "no step has begun: %s", output);
    }
    expect_nothing_applied();
}

Test(scenario_shell, runs_a_script_and_takes_back_what_is_left)
{
    char before[SCENARIO_DIGEST_SIZE];

    scenario_digest(before);
    expect_script("{\"name\":\"all\",\"line\":\"every action\",\"steps\":["
                  "{\"apply\":\"key-disabled\",\"with\":{\"key\":\"cmk\"},\"comment\":\"first\"},"
                  "{\"advance\":\"PT30M\"},{\"pause\":0},"
                  "{\"fault\":{\"match\":{\"key\":\"ec\"},\"effect\":{\"status\":429}}},"
                  "{\"hsm\":{\"kind\":\"slow\",\"delay\":1}},"
                  "{\"expect\":{\"operation\":\"unwrapKey\",\"count\":0}},"
                  "{\"apply\":\"slow\"},{\"revert\":\"key-disabled\"}]}",
                  0, "8/8 revert key-disabled");
    cr_expect_not_null(strstr(output, "taking back apply slow"), "%s", output);
    cr_expect_not_null(strstr(output, "taking back fault"), "%s", output);
    scenario_expect_digest(before, "after the script");
    expect_nothing_applied();
}

/* It waits for requests that nobody makes. */
Test(scenario_shell, ends_at_the_first_step_that_fails_and_takes_all_back)
{
    char before[SCENARIO_DIGEST_SIZE];

    scenario_digest(before);
    expect_script("{\"steps\":[{\"apply\":\"key-disabled\",\"with\":{\"key\":\"cmk\"}},"
                  "{\"waitFor\":{\"operation\":\"unwrapKey\",\"status\":403,\"count\":2,"
                  "\"timeout\":1}},{\"apply\":\"slow\"}]}",
                  1, "step 2 (waitFor): 0 of 2 such requests came in 1 s");
    cr_expect_null(strstr(output, "3/3"), "%s", output);
    scenario_expect_digest(before, "after the script");
    expect_nothing_applied();
}

/* As many requests as a step waits for have come before the script does. */
Test(scenario_shell, counts_no_requests_of_before)
{
    API_REPLY(reply, scenario_probe(PROBE_UNWRAP, "dev"));

    cr_assert_eq(reply.status, 200);
    expect_script("{\"steps\":[{\"expect\":{\"operation\":\"unwrapKey\",\"count\":0}}]}", 0, "1/1");
}

Test(scenario_shell, has_scripts_that_leave_everything_as_it_was)
{
    static const char *const names[] = {
        "outage-30-minutes", "rotation-with-old-version-disabled", "role-removed-and-granted-back",
        "hsm-outage",        "region-failover-and-back",
    };
    char before[SCENARIO_DIGEST_SIZE], words[256];

    scenario_need_keys("rol");
    scenario_digest(before);
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        (void) snprintf(words, sizeof(words), "run %s --vault rol --key cmk", names[i]);
        expect(words, 0, "1/");
        scenario_expect_digest(before, names[i]);
    }
    expect_nothing_applied();
}

/* As by Ctrl-C, in the middle of a wait. */
Test(scenario_shell, takes_all_back_when_it_is_interrupted)
{
    const char *program = getenv("TEST_PROGRAM");
    char before[SCENARIO_DIGEST_SIZE], line[KV_PATH_MAX];

    scenario_digest(before);
    (void) snprintf(
        line, sizeof(line),
        "timeout -s INT -k 30 2 %s scenario run %.400s --data %s 2>&1"
        " | grep -q 'taking back apply key-deleted'",
        program != NULL ? program : "./coffer",
        write_script("{\"steps\":[{\"apply\":\"key-deleted\",\"with\":{\"key\":\"cmk\"}},"
                     "{\"waitFor\":{\"status\":418,\"timeout\":\"PT5M\"}}]}"),
        scenario_daemon.folder);
    cr_expect_eq(command_run(line), 0);
    scenario_expect_digest(before, "after the interruption");
    expect_nothing_applied();
}
