/* SPDX-License-Identifier: Apache-2.0 */
/* coffer scenario ...: incidents by name. The server says what makes no sense. */

#include "scenario.h"

#include <stdlib.h>
#include <string.h>

#define PATH_MAX_BYTES 1024

enum kv_code kv_scenario_send(const struct kv_cli_server *server, const char *name,
                              const char *what, const cJSON *body, cJSON **ret_answer,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *nothing = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf path;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_buf_printf(&path, err, "%s", SCENARIOS_PATH "/"));
    KV_TRY(kv_cli_append_escaped(&path, name, err));
    KV_TRY(kv_buf_printf(&path, err, "/%s", what));
    return kv_cli_send(server, "POST", path.data, body != NULL ? body : nothing, ret_answer, err);
}

/* --- listing --- */

static enum kv_code get_all(const struct kv_options *options, cJSON **ret_answer,
                            struct kv_err *err)
{
    struct kv_cli_server server;

    KV_TRY(kv_cli_find_server(options, &server, err));
    return kv_cli_get_json(&server, SCENARIOS_PATH, ret_answer, err);
}

/* "key-disabled            A version of a key is disabled  (key, version)" */
static enum kv_code print_scenario(const cJSON *scenario, struct kv_err *err)
{
    const char *name = NULL, *line = NULL;
    const cJSON *param;
    const char *before = " (";

    KV_TRY(kv_cli_read_text(scenario, "name", &name, err));
    KV_TRY(kv_cli_read_text(scenario, "line", &line, err));
    kv_cli_print_text(name);
    (void) printf("%*s", (int) (strlen(name) < 24 ? 24 - strlen(name) : 1), "");
    kv_cli_print_text(line);
    cJSON_ArrayForEach (param, cJSON_GetObjectItemCaseSensitive(scenario, "parameters")) {
        const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(param, "name"));

        (void) fputs(before, stdout);
        kv_cli_print_text(text != NULL ? text : "");
        before = ", ";
    }
    (void) puts(before[0] == ',' ? ")" : "");
    return KV_OK;
}

enum kv_code kv_cli_scenario_list(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const cJSON *scenario;

    KV_TRY(get_all(options, &answer, err));
    (void) puts("Scenarios, for coffer scenario apply:");
    cJSON_ArrayForEach (scenario, cJSON_GetObjectItemCaseSensitive(answer, "scenarios")) {
        KV_TRY(print_scenario(scenario, err));
    }
    (void) puts("\nScripts, for coffer scenario run:");
    for (size_t i = 0; i < kv_script_count; i++) {
        (void) printf("%-35s %s\n", kv_scripts[i].name, kv_scripts[i].line);
    }
    return KV_OK;
}

static void print_changes(const cJSON *scenario)
{
    const cJSON *line;

    cJSON_ArrayForEach (line, cJSON_GetObjectItemCaseSensitive(scenario, "changed")) {
        const char *text = cJSON_GetStringValue(line);

        (void) fputs("  ", stdout);
        kv_cli_print_text(text != NULL ? text : "");
        (void) putchar('\n');
    }
}

static enum kv_code print_applied(const cJSON *scenario, struct kv_err *err)
{
    const char *name = NULL, *since = NULL;

    KV_TRY(kv_cli_read_text(scenario, "name", &name, err));
    KV_TRY(kv_cli_read_text(scenario, "since", &since, err));
    kv_cli_print_text(name);
    (void) fputs(" since ", stdout);
    kv_cli_print_text(since);
    (void) putchar('\n');
    print_changes(scenario);
    return KV_OK;
}

enum kv_code kv_cli_scenario_status(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const cJSON *scenario;

    KV_TRY(get_all(options, &answer, err));
    cJSON_ArrayForEach (scenario, cJSON_GetObjectItemCaseSensitive(answer, "scenarios")) {
        if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(scenario, "applied"))) {
            KV_TRY(print_applied(scenario, err));
        }
    }
    return KV_OK;
}

/* --- applying --- */

static bool is_number(const char *text)
{
    size_t len = strlen(text);

    return len > 0 && len <= 15 && strspn(text, "0123456789") == len;
}

/* NAME=VALUE; digits alone are a number. */
static enum kv_code add_pair(cJSON *body, const char *pair, struct kv_err *err)
{
    const char *value = strchr(pair, '=');
    char name[64];
    bool ok = true;

    if (value == NULL || value == pair || (size_t) (value - pair) >= sizeof(name)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--with takes NAME=VALUE, not '%.64s'", pair);
    }
    (void) snprintf(name, sizeof(name), "%.*s", (int) (value - pair), pair);
    if (is_number(++value)) {
        kv_json_add_int(body, name, strtoll(value, NULL, 10), &ok);
    } else {
        kv_json_add_text(body, name, value, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code render_with(const struct kv_options *options, cJSON *body, struct kv_err *err)
{
    static const struct {
        enum kv_option option;
        const char *name;
    } rows[] = {
        { KV_OPTION_SCENARIO_VAULT, "vault" },
        { KV_OPTION_SCENARIO_KEY, "key" },
        { KV_OPTION_SCENARIO_VERSION, "version" },
        { KV_OPTION_SCENARIO_IDENTITY, "identity" },
    };
    bool ok = body != NULL;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *text = kv_option_text(options, rows[i].option);

        if (*text != '\0') {
            kv_json_add_text(body, rows[i].name, text, &ok);
        }
    }
    for (size_t i = 0; ok && i < kv_option_list_count(options, KV_OPTION_SCENARIO_WITH); i++) {
        KV_TRY(add_pair(body, kv_option_list_item(options, KV_OPTION_SCENARIO_WITH, i), err));
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code send(const struct kv_options *options, const char *what, const cJSON *body,
                         cJSON **ret_answer, struct kv_err *err)
{
    struct kv_cli_server server;

    KV_TRY(kv_cli_find_server(options, &server, err));
    server.patience = SCRIPT_PATIENCE_MS;
    return kv_scenario_send(&server, kv_option_text(options, KV_OPTION_SCENARIO_NAME), what, body,
                            ret_answer, err);
}

enum kv_code kv_cli_scenario_apply(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    KV_TRY(render_with(options, body, err));
    KV_TRY(send(options, "apply", body, &answer, err));
    return print_applied(answer, err);
}

enum kv_code kv_cli_scenario_revert(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    return send(options, "revert", NULL, &answer, err);
}
