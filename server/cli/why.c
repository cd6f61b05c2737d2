/* SPDX-License-Identifier: Apache-2.0 */
/* coffer why: what a vault would answer to an operation, and which rule decides. */

#include "cli.h"

#include <string.h>

#include "kv/base/files.h"
#include "server.h"

#define PATH_MAX_BYTES 8192
#define TOKEN_FILE_MAX 32768 /* bytes; twice what a vault reads of a token */

/* What the command's options are called in the question. */
static const struct {
    const char *parameter;
    enum kv_option option;
} parameters[] = {
    { "operation", KV_OPTION_WHY_OPERATION },  { "key", KV_OPTION_WHY_KEY },
    { "version", KV_OPTION_WHY_VERSION },      { "address", KV_OPTION_WHY_ADDRESS },
    { "identity", KV_OPTION_ACCESS_IDENTITY }, { "principal", KV_OPTION_PRINCIPAL },
};

/* The token is the first line of the file: on a command line everybody could read it. */
static enum kv_code add_token(const char *path, cJSON *body, bool *ok, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf file;

    kv_buf_init(&file, TOKEN_FILE_MAX);
    KV_TRY(kv_file_read(path, &file, err));
    size_t len = file.len > 0 ? strcspn(file.data, " \t\r\n") : 0;

    if (len == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s does not begin with a token", path);
    }
    file.data[len] = '\0';
    kv_json_add_text(body, "token", file.data, ok);
    return KV_OK;
}

static enum kv_code make_question(const struct kv_options *options, cJSON **ret_body,
                                  struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    const char *path = kv_option_text(options, KV_OPTION_WHY_TOKEN_FILE);
    bool ok = body != NULL;

    for (size_t i = 0; i < KV_COUNT(parameters); i++) {
        const char *value = kv_option_text(options, parameters[i].option);

        if (*value != '\0') {
            kv_json_add_text(body, parameters[i].parameter, value, &ok);
        }
    }
    if (*path != '\0') {
        KV_TRY(add_token(path, body, &ok, err));
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_body = kv_take(body);
    return KV_OK;
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}

static void print_line(const char *indent, const char *head, const char *text)
{
    (void) printf("%s%s", indent, head);
    kv_cli_print_text(text);
    (void) putchar('\n');
}

/* "403 Forbidden / ForbiddenByRbac" */
static void print_verdict(const cJSON *answer)
{
    const cJSON *status = cJSON_GetObjectItemCaseSensitive(answer, "status");
    const char *inner = text_of(answer, "innererror");

    (void) printf("%d ", cJSON_IsNumber(status) ? status->valueint : 0);
    kv_cli_print_text(text_of(answer, "code"));
    (void) printf("%s", *inner != '\0' ? " / " : "");
    kv_cli_print_text(inner);
}

static const cJSON *find_step(const cJSON *answer, const char *name)
{
    const cJSON *step;

    cJSON_ArrayForEach (step, cJSON_GetObjectItemCaseSensitive(answer, "steps")) {
        if (strcmp(text_of(step, "step"), name) == 0) {
            return step;
        }
    }
    return NULL;
}

static void print_head(const cJSON *answer)
{
    const cJSON *step = find_step(answer, text_of(answer, "decided_by"));
    const cJSON *changes = cJSON_GetObjectItemCaseSensitive(answer, "changes");

    if (step == NULL) {
        (void) puts("allowed");
        return;
    }
    (void) printf("refused: ");
    print_verdict(cJSON_GetObjectItemCaseSensitive(step, "answer"));
    (void) printf(", by the step ");
    kv_cli_print_text(text_of(step, "step"));
    (void) printf(cJSON_IsNumber(changes) && changes->valueint > 1
                      ? "; it takes %d changes to be allowed\n"
                      : "; one change allows it\n",
                  cJSON_IsNumber(changes) ? changes->valueint : 1);
}

static void print_step(const cJSON *step)
{
    static const char indent[] = "                         ";
    const char *change = text_of(step, "change");
    const cJSON *grants = cJSON_GetObjectItemCaseSensitive(step, "grants");
    const cJSON *grant;

    (void) printf("  %-14.14s %-7.7s ", text_of(step, "step"), text_of(step, "verdict"));
    print_line("", "", text_of(step, "because"));
    cJSON_ArrayForEach (grant, grants) {
        if (grant != grants->child) { /* the reason is the first of them */
            print_line(indent, "and ", text_of(grant, "text"));
        }
    }
    if (*change != '\0') {
        print_line(indent, "to change it: ", change);
    }
}

enum kv_code kv_cli_why(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf path;
    kv_auto(cJSON_Delete) cJSON *question = NULL;
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    const cJSON *step;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_append_vault(options, &server, &path, err));
    KV_TRY(kv_buf_printf(&path, err, "/why"));
    KV_TRY(make_question(options, &question, err));
    KV_TRY(kv_cli_send(&server, "POST", path.data, question, &answer, err));
    print_head(answer);
    cJSON_ArrayForEach (step, cJSON_GetObjectItemCaseSensitive(answer, "steps")) {
        print_step(step);
    }
    return KV_OK;
}
