/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer scenario run: one step after the other. Whatever ends it, a step that fails or a signal, takes
 * back what it has applied and added, the last thing first. Where the clock was moved to, it stays.
 */
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "scenario.h"

#define SLICE_MS 500 /* of a wait: then a signal is looked for */

static volatile sig_atomic_t interrupted;

static void note_signal(int number)
{
    interrupted = number;
}

/* The second one ends it as ever. */
static void watch_signals(void)
{
    struct sigaction action = { .sa_handler = note_signal, .sa_flags = SA_RESETHAND };

    (void) sigemptyset(&action.sa_mask);
    (void) sigaction(SIGINT, &action, NULL);
    (void) sigaction(SIGTERM, &action, NULL);
}

/* What is to be taken back, the last thing at the end. */
struct taken_back {
    enum kv_script_action action;
    char id[128];
};

struct run {
    const struct kv_cli_server *server;
    const struct kv_script *script;
    int64_t since; /* in the journal */
    struct taken_back *list;
    size_t count;
};

static enum kv_code check_interrupted(struct kv_err *err)
{
    return interrupted == 0
               ? KV_OK
               : KV_FAIL(err, KV_UNAVAILABLE, (unsigned long) interrupted, "interrupted");
}

/* --- taking back --- */

static void remember(struct run *run, enum kv_script_action action, const char *id)
{
    struct taken_back *one = &run->list[run->count++];

    one->action = action;
    (void) snprintf(one->id, sizeof(one->id), "%s", id);
}

static void forget(struct run *run, const char *id)
{
    for (size_t i = 0; i < run->count; i++) {
        if (run->list[i].action == SCRIPT_APPLY && strcmp(run->list[i].id, id) == 0) {
            memmove(&run->list[i], &run->list[i + 1], (run->count - i - 1) * sizeof(run->list[0]));
            run->count--;
            return;
        }
    }
}

static enum kv_code remove_from(const struct kv_cli_server *server, const char *where,
                                const char *id, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;

    kv_buf_init(&path, 1024);
    KV_TRY(kv_buf_printf(&path, err, "%s/", where));
    KV_TRY(kv_cli_append_escaped(&path, id, err));
    return kv_cli_send(server, "DELETE", path.data, NULL, &answer, err);
}

static enum kv_code take_back(const struct kv_cli_server *server, const struct taken_back *one,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    if (one->action == SCRIPT_FAULT) {
        return remove_from(server, SCRIPT_FAULTS_PATH, one->id, err);
    }
    if (one->action == SCRIPT_HSM) {
        return remove_from(server, SCRIPT_HSM_PATH, one->id, err);
    }
    return kv_scenario_send(server, one->id, "revert", NULL, &answer, err);
}

/* True when all of it could be. What somebody else has ended meanwhile is not there any more. */
static bool take_all_back(struct run *run)
{
    bool all = true;

    while (run->count > 0) {
        const struct taken_back *one = &run->list[--run->count];
        struct kv_err reason = { .message = "" };
        enum kv_code code = take_back(run->server, one, &reason);

        (void) printf("taking back %s %s", kv_script_action_name(one->action), one->id);
        (void) printf(code == KV_OK ? "\n" : ": %s\n", reason.message);
        all = all && code == KV_OK;
    }
    return all;
}

/* --- steps --- */

static enum kv_code apply(struct run *run, const struct kv_script_step *step, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const cJSON *line;

    KV_TRY(kv_scenario_send(run->server, step->text, "apply", step->value, &answer, err));
    remember(run, SCRIPT_APPLY, step->text);
    cJSON_ArrayForEach (line, cJSON_GetObjectItemCaseSensitive(answer, "changed")) {
        const char *text = cJSON_GetStringValue(line);

        (void) fputs("; ", stdout);
        kv_cli_print_text(text != NULL ? text : "");
    }
    return KV_OK;
}

static enum kv_code revert(struct run *run, const struct kv_script_step *step, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    KV_TRY(kv_scenario_send(run->server, step->text, "revert", NULL, &answer, err));
    forget(run, step->text);
    return KV_OK;
}

static enum kv_code advance(const struct run *run, const struct kv_script_step *step,
                            struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    bool ok = body != NULL;

    kv_json_add_text(body, "by", step->text, &ok);
    return ok ? kv_cli_send(run->server, "POST", "/control/v1/clock/advance", body, &answer, err)
              : KV_OUT_OF_MEMORY(err);
}

static enum kv_code pause_for(const struct kv_script_step *step, struct kv_err *err)
{
    kv_millis until = kv_clock_monotonic() + step->span;

    for (kv_millis left = step->span; left > 0; left = until - kv_clock_monotonic()) {
        KV_TRY(check_interrupted(err));
        (void) usleep((useconds_t) (left < SLICE_MS ? left : SLICE_MS) * 1000U);
    }
    return KV_OK;
}

static enum kv_code wait_once(const struct run *run, cJSON *question, kv_millis left, bool *ret_met,
                              int64_t *ret_count, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    bool ok = true;

    cJSON_DeleteItemFromObjectCaseSensitive(question, "timeout");
    kv_json_add_take(question, "timeout",
                     cJSON_CreateNumber((double) (left < SLICE_MS ? left : SLICE_MS) / 1000), &ok);
    KV_TRY(
        ok ? kv_cli_send(run->server, "POST", SCRIPT_REQUESTS_PATH "/wait", question, &answer, err)
           : KV_OUT_OF_MEMORY(err));
    *ret_met = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "met"));
    (void) kv_json_is_int(cJSON_GetObjectItemCaseSensitive(answer, "count"), ret_count);
    return KV_OK;
}

static enum kv_code wait_for(const struct run *run, const struct kv_script_step *step,
                             struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *question = kv_script_question(step, run->since);
    kv_millis until = kv_clock_monotonic() + step->span;
    int64_t count = 0;
    bool met = false;

    if (question == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    do {
        kv_millis left = until - kv_clock_monotonic();

        KV_TRY(check_interrupted(err));
        KV_TRY(wait_once(run, question, left > 0 ? left : 0, &met, &count, err));
    } while (!met && kv_clock_monotonic() < until);
    if (!met) {
        return KV_FAIL(err, KV_CONFLICT, 0, "%lld of %lld such requests came in %lld s",
                       (long long) count, (long long) step->count, (long long) (step->span / 1000));
    }
    (void) printf("; %lld came", (long long) count);
    return KV_OK;
}

static enum kv_code expect(const struct run *run, const struct kv_script_step *step,
                           struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *question = kv_script_question(step, run->since);
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const char *diff;

    if (question == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(
        kv_cli_send(run->server, "POST", SCRIPT_REQUESTS_PATH "/expect", question, &answer, err));
    diff = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "diff"));
    if (!cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "ok"))) {
        return KV_FAIL(err, KV_CONFLICT, 0, "it is not so:\n%.900s", diff != NULL ? diff : "");
    }
    return KV_OK;
}

static enum kv_code add_fault(struct run *run, const struct kv_script_step *step, const char *path,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const char *id = NULL;

    KV_TRY(kv_cli_send(run->server, "POST", path, step->value, &answer, err));
    KV_TRY(kv_cli_read_text(answer, "id", &id, err));
    remember(run, step->action, id);
    (void) fputs("; ", stdout);
    kv_cli_print_text(id);
    return KV_OK;
}

static enum kv_code perform(struct run *run, const struct kv_script_step *step, struct kv_err *err)
{
    switch (step->action) {
    case SCRIPT_APPLY:
        return apply(run, step, err);
    case SCRIPT_REVERT:
        return revert(run, step, err);
    case SCRIPT_ADVANCE:
        return advance(run, step, err);
    case SCRIPT_PAUSE:
        return pause_for(step, err);
    case SCRIPT_WAIT_FOR:
        return wait_for(run, step, err);
    case SCRIPT_EXPECT:
        return expect(run, step, err);
    case SCRIPT_FAULT:
        return add_fault(run, step, SCRIPT_FAULTS_PATH, err);
    case SCRIPT_HSM:
        return add_fault(run, step, SCRIPT_HSM_PATH, err);
    case SCRIPT_ACTIONS:
        break;
    }
    return KV_OK;
}

/* "2/6 advance PT30M" */
static void print_head(size_t i, size_t count, const struct kv_script_step *step)
{
    (void) printf("%zu/%zu %s", i + 1, count, kv_script_action_name(step->action));
    if (step->text != NULL) {
        (void) putchar(' ');
        kv_cli_print_text(step->text);
    }
    (void) fflush(stdout);
}

static enum kv_code run_steps(struct run *run, struct kv_err *err)
{
    struct kv_err reason = { .message = "" };

    for (size_t i = 0; i < run->script->count; i++) {
        const struct kv_script_step *step = &run->script->step[i];
        enum kv_code code = check_interrupted(&reason);

        print_head(i, run->script->count, step);
        code = code == KV_OK ? perform(run, step, &reason) : code;
        (void) puts(code == KV_OK ? "" : ": failed");
        (void) fflush(stdout);
        if (code != KV_OK) { /* whatever it is, it is no wrong usage any more */
            return KV_FAIL(err, KV_CONFLICT, 0, "step %zu (%s): %.960s", i + 1,
                           kv_script_action_name(step->action), reason.message);
        }
    }
    return KV_OK;
}

/* What came before does not count. */
static enum kv_code find_since(const struct kv_cli_server *server, const struct kv_script *script,
                               int64_t *ret_since, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    bool is_needed = false;

    *ret_since = 0;
    for (size_t i = 0; i < script->count; i++) {
        enum kv_script_action action = script->step[i].action;

        is_needed = is_needed || action == SCRIPT_WAIT_FOR || action == SCRIPT_EXPECT;
    }
    if (!is_needed) {
        return KV_OK;
    }
    KV_TRY(kv_cli_get_json(server, SCRIPT_REQUESTS_PATH "?limit=1", &answer, err));
    (void) kv_json_is_int(cJSON_GetObjectItemCaseSensitive(answer, "last"), ret_since);
    return KV_OK;
}

KV_DEFINE_CLEANUP(struct taken_back *, free)

enum kv_code kv_cli_scenario_run(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(kv_script_done) struct kv_script script = { .json = NULL };
    kv_auto(free) struct taken_back *list = NULL;
    struct kv_cli_server server;
    struct run run = { .server = &server, .script = &script };

    KV_TRY(kv_cli_find_server(options, &server, err));
    server.patience = SCRIPT_PATIENCE_MS;
    KV_TRY(kv_script_load(options, &server, &script, err));
    KV_TRY(find_since(&server, &script, &run.since, err));
    list = calloc(script.count, sizeof(*list));
    run.list = list;
    if (list == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    watch_signals();
    enum kv_code code = run_steps(&run, err);
    bool all = take_all_back(&run);
    return code != KV_OK || all
               ? code
               : KV_FAIL(err, KV_CONFLICT, 0, "not everything could be taken back");
}
