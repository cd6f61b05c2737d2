/* SPDX-License-Identifier: Apache-2.0 */
/* scenario.h - what the commands on scenarios share: scripts, read and checked before they run. */
#pragma once

#include "kv/base/clock.h"
#include "server.h"

#define SCENARIOS_PATH "/control/v1/scenarios"
#define SCRIPT_STEPS_MAX 1000
#define SCRIPT_PATIENCE_MS 130000L /* of one step: a move of the clock, a key that is generated */

#define SCRIPT_FAULTS_PATH "/control/v1/faults"
#define SCRIPT_REQUESTS_PATH "/control/v1/requests"
#define SCRIPT_HSM_PATH "/control/v1/hsm/faults"

struct kv_script_row {
    const char *name, *line, *json;
};
extern const struct kv_script_row kv_scripts[];
extern const size_t kv_script_count;

enum kv_script_action {
    SCRIPT_APPLY,
    SCRIPT_REVERT,
    SCRIPT_ADVANCE,
    SCRIPT_PAUSE, /* in real time */
    SCRIPT_WAIT_FOR,
    SCRIPT_EXPECT,
    SCRIPT_FAULT,
    SCRIPT_HSM,
    SCRIPT_ACTIONS
};
const char *kv_script_action_name(enum kv_script_action action);

struct kv_script_step {
    enum kv_script_action action;
    const char *text;   /* of the first three: borrowed from the script */
    const cJSON *value; /* of the others; of apply its "with", or NULL */
    kv_millis span;     /* of pause; of waitFor its timeout */
    int64_t count;      /* of waitFor */
};

struct kv_script {
    cJSON *json; /* owned */
    struct kv_script_step *step;
    size_t count;
};
void kv_script_done(struct kv_script *script);
KV_DEFINE_CLEANUP_VALUE(struct kv_script, kv_script_done)

/*
 * The script of that name, or in that file ("-" is standard input), with the options in place of what
 * stands for them. Everything that can be wrong with it is found here, with the server's help; nothing
 * has changed afterwards. KV_BAD_PARAMETER says what is wrong with which step.
 */
enum kv_code kv_script_load(const struct kv_options *options, const struct kv_cli_server *server,
                            struct kv_script *ret_script, struct kv_err *err) kv_must_check;

/* The first half of it: what can be told without the server. */
enum kv_code kv_script_read(const struct kv_options *options, struct kv_script *ret_script,
                            struct kv_err *err) kv_must_check;

/* POSTs to the path of a scenario: "apply", "revert". */
enum kv_code kv_scenario_send(const struct kv_cli_server *server, const char *name,
                              const char *what, const cJSON *body, cJSON **ret_answer,
                              struct kv_err *err) kv_must_check;

/* What a step waits for or expects, as the journal takes it: {"filter":{...},"count":...}, of entries
 * after `since` where it names none. NULL: out of memory. */
cJSON *kv_script_question(const struct kv_script_step *step, int64_t since);

/* A span of time in a script: seconds, or "PT30M"; false: it is neither. */
bool kv_script_span(const cJSON *item, kv_millis *ret_span);
