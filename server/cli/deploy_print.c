/* SPDX-License-Identifier: Apache-2.0 */
/* What coffer deploy shows: how far each resource is, outputs, changes in colour. */
#include "deploy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VALUE_SHOWN 200 /* of a value */

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}

static bool has_colour(const struct kv_options *options)
{
    const char *none = kv_options_variable(options, "NO_COLOR");

    return isatty(STDOUT_FILENO) == 1 && (none == NULL || *none == '\0');
}

/* ---- Values ---------------------------------------------------------------------------------------- */

/* A text as it is, anything else as JSON. */
static void print_value(const cJSON *value)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, KV_CLI_ANSWER_MAX);
    if (cJSON_IsString(value)) {
        kv_cli_print_text(value->valuestring);
        return;
    }
    if (value != NULL && kv_json_print(value, &text, NULL) == KV_OK) {
        kv_cli_print_text(text.data);
    }
}

static void print_short(const cJSON *value)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, KV_CLI_ANSWER_MAX);
    if (value == NULL || kv_json_print(value, &text, NULL) != KV_OK) {
        return;
    }
    if (text.len > VALUE_SHOWN) {
        kv_buf_cut(&text, VALUE_SHOWN);
        kv_cli_print_text(text.data);
        (void) fputs("...", stdout);
        return;
    }
    kv_cli_print_text(text.data);
}

/* ---- Progress --------------------------------------------------------------------------------------- */

/* What the error of an operation is, in a line. */
static void print_operation(const cJSON *properties)
{
    const cJSON *target = cJSON_GetObjectItemCaseSensitive(properties, "targetResource");
    const cJSON *message = cJSON_GetObjectItemCaseSensitive(properties, "statusMessage");
    const cJSON *error = cJSON_GetObjectItemCaseSensitive(message, "error");

    (void) printf("%-9.20s  ", text_of(properties, "provisioningState"));
    kv_cli_print_text(text_of(target, "resourceType"));
    (void) fputs("  ", stdout);
    kv_cli_print_text(text_of(target, "resourceName"));
    if (error != NULL) {
        (void) fputs("  ", stdout);
        kv_cli_print_text(text_of(error, "code"));
    }
    (void) fputs("\n", stdout);
}

static bool is_news(cJSON *seen, const char *id, const char *state)
{
    bool ok = true;

    if (strcmp(text_of(seen, id), state) == 0) {
        return false;
    }
    cJSON_DeleteItemFromObjectCaseSensitive(seen, id);
    kv_json_add_text(seen, id, state, &ok);
    return true;
}

void deploy_print_progress(const cJSON *operations, cJSON *seen)
{
    const cJSON *operation;

    cJSON_ArrayForEach (operation, cJSON_GetObjectItemCaseSensitive(operations, "value")) {
        const cJSON *properties = cJSON_GetObjectItemCaseSensitive(operation, "properties");

        if (is_news(seen, text_of(operation, "operationId"),
                    text_of(properties, "provisioningState"))) {
            print_operation(properties);
        }
    }
    (void) fflush(stdout);
}

/* ---- Outputs ---------------------------------------------------------------------------------------- */

static int width_of(const cJSON *object, int least)
{
    size_t width = (size_t) least;
    const cJSON *member;

    cJSON_ArrayForEach (member, object) {
        size_t len = strlen(member->string);

        width = len > width ? len : width;
    }
    return width < 64 ? (int) width : 64;
}

void deploy_print_outputs(const cJSON *properties)
{
    const cJSON *outputs = cJSON_GetObjectItemCaseSensitive(properties, "outputs");
    int width = width_of(outputs, (int) strlen("OUTPUT"));
    const cJSON *output;

    if (cJSON_GetArraySize(outputs) > 0) {
        (void) printf("\n%-*s  %-12s  VALUE\n", width, "OUTPUT", "TYPE");
    }
    cJSON_ArrayForEach (output, outputs) {
        (void) printf("%-*.*s  %-12.20s  ", width, width, output->string, text_of(output, "type"));
        print_value(cJSON_GetObjectItemCaseSensitive(output, "value"));
        (void) fputs("\n", stdout);
    }
}

/* ---- Changes ---------------------------------------------------------------------------------------- */

static const struct kind {
    const char *name, *sign, *colour, *word;
} kinds[] = {
    { "Create", "+", "\033[32m", "to create" },     { "Modify", "~", "\033[33m", "to modify" },
    { "Delete", "-", "\033[31m", "to delete" },     { "Deploy", "!", "\033[34m", "to deploy" },
    { "NoChange", "=", "", "unchanged" },           { "Ignore", "*", "\033[2m", "to ignore" },
    { "Unsupported", "x", "\033[2m", "not known" },
};

static const struct kind *find_kind(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        if (strcmp(kinds[i].name, name) == 0) {
            return &kinds[i];
        }
    }
    return &kinds[KV_COUNT(kinds) - 1];
}

static void print_delta(const cJSON *delta)
{
    const cJSON *change;

    cJSON_ArrayForEach (change, delta) {
        const struct kind *kind = find_kind(text_of(change, "propertyChangeType"));

        (void) printf("      %s ", strcmp(text_of(change, "propertyChangeType"), "Array") == 0
                                       ? "~"
                                       : kind->sign);
        kv_cli_print_text(text_of(change, "path"));
        (void) fputs(": ", stdout);
        print_short(cJSON_GetObjectItemCaseSensitive(change, "before"));
        (void) fputs(" => ", stdout);
        print_short(cJSON_GetObjectItemCaseSensitive(change, "after"));
        (void) fputs("\n", stdout);
    }
}

static void print_change(const cJSON *change, bool in_colour)
{
    const struct kind *kind = find_kind(text_of(change, "changeType"));
    bool coloured = in_colour && kind->colour[0] != '\0';

    (void) printf("%s  %s ", coloured ? kind->colour : "", kind->sign);
    kv_cli_print_text(text_of(change, "resourceId"));
    (void) fputs("\n", stdout);
    print_delta(cJSON_GetObjectItemCaseSensitive(change, "delta"));
    if (*text_of(change, "unsupportedReason") != '\0') {
        (void) fputs("      ", stdout);
        kv_cli_print_text(text_of(change, "unsupportedReason"));
        (void) fputs("\n", stdout);
    }
    (void) fputs(coloured ? "\033[0m" : "", stdout);
}

static void print_counts(const cJSON *changes)
{
    bool is_first = true;

    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        const cJSON *change;
        int count = 0;

        cJSON_ArrayForEach (change, changes) {
            count += find_kind(text_of(change, "changeType")) == &kinds[i];
        }
        if (count > 0) {
            (void) printf("%s%d %s", is_first ? "" : ", ", count, kinds[i].word);
            is_first = false;
        }
    }
    (void) printf("%s\n", is_first ? "no resources" : "");
}

void deploy_print_changes(const struct kv_options *options, const cJSON *answer)
{
    const cJSON *properties = cJSON_GetObjectItemCaseSensitive(answer, "properties");
    const cJSON *changes = cJSON_GetObjectItemCaseSensitive(properties, "changes");
    bool in_colour = has_colour(options);
    const cJSON *change;

    cJSON_ArrayForEach (change, changes) {
        print_change(change, in_colour);
    }
    print_counts(changes);
}
