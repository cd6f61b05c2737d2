/* SPDX-License-Identifier: Apache-2.0 */
/* coffer fault ...: the rules for what goes wrong. The server says what makes no sense. */

#include "cli.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <curl/curl.h>

#include "server.h"

#define RULES_PATH "/control/v1/faults"
#define PATH_MAX_BYTES 4096
#define FILE_MAX_BYTES (1024 * 1024) /* what the server takes */
#define RULE_WORD_MAX 256

KV_DEFINE_CLEANUP(void *, curl_free)

/* How the value of an option is written in the rule. */
enum form { FORM_TEXT, FORM_LIST, FORM_NUMBER, FORM_FLAG };

/* Where in the rule; "" is the rule itself. */
static const struct row {
    enum kv_option option;
    const char *part, *name;
    enum form form;
} rows[] = {
    { KV_OPTION_FAULT_ID, "", "id", FORM_TEXT },
    { KV_OPTION_FAULT_STAGE, "", "stage", FORM_TEXT },
    { KV_OPTION_FAULT_TTL, "", "ttl", FORM_NUMBER },
    { KV_OPTION_FAULT_VAULT, "match", "vault", FORM_LIST },
    { KV_OPTION_FAULT_KEY, "match", "key", FORM_LIST },
    { KV_OPTION_FAULT_VERSION, "match", "version", FORM_LIST },
    { KV_OPTION_FAULT_OPERATION, "match", "operation", FORM_LIST },
    { KV_OPTION_FAULT_PRINCIPAL, "match", "principal", FORM_LIST },
    { KV_OPTION_FAULT_SESSION, "match", "session", FORM_LIST },
    { KV_OPTION_FAULT_SKIP, "when", "skip", FORM_NUMBER },
    { KV_OPTION_FAULT_TIMES, "when", "times", FORM_NUMBER },
    { KV_OPTION_FAULT_EVERY, "when", "every", FORM_NUMBER },
    { KV_OPTION_FAULT_PROBABILITY, "when", "probability", FORM_NUMBER },
    { KV_OPTION_FAULT_SEED, "when", "seed", FORM_NUMBER },
    { KV_OPTION_FAULT_ERROR, "effect", "error", FORM_TEXT },
    { KV_OPTION_FAULT_STATUS, "effect", "status", FORM_NUMBER },
    { KV_OPTION_FAULT_CODE, "effect", "code", FORM_TEXT },
    { KV_OPTION_FAULT_MESSAGE, "effect", "message", FORM_TEXT },
    { KV_OPTION_FAULT_RETRY, "effect", "retry_after", FORM_NUMBER },
    { KV_OPTION_FAULT_RETRY_MS, "effect", "retry_after_ms", FORM_NUMBER },
    { KV_OPTION_FAULT_DELAY, "effect", "delay", FORM_NUMBER },
    { KV_OPTION_FAULT_CUT, "effect", "cut", FORM_TEXT },
    { KV_OPTION_FAULT_REFUSE, "effect", "refuse", FORM_FLAG },
    { KV_OPTION_FAULT_CERTIFICATE, "effect", "certificate", FORM_TEXT },
    { KV_OPTION_FAULT_LENGTH, "effect", "length", FORM_NUMBER },
    { KV_OPTION_FAULT_RESULT, "effect", "result", FORM_TEXT },
    { KV_OPTION_FAULT_HANG, "effect", "hang", FORM_FLAG },
    { KV_OPTION_FAULT_MALFORMED, "effect", "malformed_json", FORM_FLAG },
    { KV_OPTION_FAULT_CARRIED_OUT, "effect", "carried_out", FORM_FLAG },
};

/* --- adding --- */

static bool is_given(const struct kv_options *options, const struct row *row)
{
    return row->form == FORM_FLAG ? kv_option_flag(options, row->option)
                                  : *kv_option_text(options, row->option) != '\0';
}

/* Of the rule, made if there is none yet. */
static cJSON *need_part(cJSON *rule, const char *name, bool *ok)
{
    cJSON *part = *name != '\0' ? cJSON_GetObjectItemCaseSensitive(rule, name) : rule;

    return part != NULL ? part : kv_json_add_object(rule, name, ok);
}

/* "getKey,sign" as a list. */
static void add_list(cJSON *part, const char *name, const char *words, bool *ok)
{
    cJSON *list = kv_json_add_array(part, name, ok);

    while (*words != '\0') {
        size_t len = strcspn(words, ",");
        char word[RULE_WORD_MAX + 1];

        (void) snprintf(word, sizeof(word), "%.*s", (int) len, words);
        kv_json_append_text(list, word, ok);
        words += len + (words[len] == ',');
    }
}

static enum kv_code add_number(cJSON *part, const struct row *row, const char *text, bool *ok,
                               struct kv_err *err)
{
    char *end;
    double number = strtod(text, &end);

    if (*end != '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.64s' is no number: %s must be one", text,
                       row->name);
    }
    kv_json_add_take(part, row->name, cJSON_CreateNumber(number), ok);
    return KV_OK;
}

static enum kv_code add_row(const struct kv_options *options, const struct row *row, cJSON *rule,
                            bool *ok, struct kv_err *err)
{
    if (!is_given(options, row)) {
        return KV_OK;
    }
    cJSON *part = need_part(rule, row->part, ok);
    const char *text = row->form != FORM_FLAG ? kv_option_text(options, row->option) : "";
    switch (row->form) {
    case FORM_TEXT:
        kv_json_add_text(part, row->name, text, ok);
        break;
    case FORM_LIST:
        add_list(part, row->name, text, ok);
        break;
    case FORM_NUMBER:
        return add_number(part, row, text, ok, err);
    case FORM_FLAG:
        kv_json_add_bool(part, row->name, true, ok);
        break;
    }
    return KV_OK;
}

/* A rule without any effect lets requests through, which nobody means who forgot to say one. */
static enum kv_code render_rule(const struct kv_options *options, cJSON **ret_rule,
                                struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *rule = cJSON_CreateObject();
    bool ok = rule != NULL;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        KV_TRY(add_row(options, &rows[i], rule, &ok, err));
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (cJSON_GetObjectItemCaseSensitive(rule, "effect") == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "say what goes wrong: --error, --status, --delay, --cut, --hang, --refuse, "
                       "--certificate, --result or --malformed-json");
    }
    *ret_rule = kv_take(rule);
    return KV_OK;
}

static enum kv_code read_all(int descriptor, const char *path, struct kv_buf *text,
                             struct kv_err *err)
{
    char piece[4096];
    ssize_t got;

    while ((got = read(descriptor, piece, sizeof(piece))) > 0) {
        if (kv_buf_append(text, piece, (size_t) got, NULL) != KV_OK) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s is larger than %d bytes", path,
                           FILE_MAX_BYTES);
        }
    }
    return got == 0 ? KV_OK : KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s cannot be read", path);
}

static enum kv_code read_text(const char *path, struct kv_buf *text, struct kv_err *err)
{
    if (strcmp(path, "-") == 0) {
        return read_all(STDIN_FILENO, "standard input", text, err);
    }
    int descriptor = open(path, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s cannot be opened: --json names a file, or is - for standard input",
                       path);
    }
    enum kv_code code = read_all(descriptor, path, text, err);
    (void) close(descriptor);
    return code;
}

static enum kv_code read_file(const struct kv_options *options, const char *path, cJSON **ret_rule,
                              struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, FILE_MAX_BYTES);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (is_given(options, &rows[i])) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "--json has the whole rule: no other option can go with it");
        }
    }
    KV_TRY(read_text(path, &text, err));
    return kv_cli_parse_text(path, &text, KV_JSON_VALUES_MAX, ret_rule, err);
}

/* A text that comes from a server goes to a terminal: what is not printable is left out. */
static void print_text(const char *text)
{
    for (; *text != '\0'; text++) {
        (void) (isprint((unsigned char) *text) ? putchar(*text) : 0);
    }
}

static enum kv_code print_id(const cJSON *rule, struct kv_err *err)
{
    const char *id = NULL;

    KV_TRY(kv_cli_read_text(rule, "id", &id, err));
    print_text(id);
    (void) putchar('\n');
    return KV_OK;
}

enum kv_code kv_cli_fault_add(const struct kv_options *options, struct kv_err *err)
{
    const char *file = kv_option_text(options, KV_OPTION_FAULT_JSON);
    kv_auto(cJSON_Delete) cJSON *rule = NULL;
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    const cJSON *one;

    KV_TRY(*file != '\0' ? read_file(options, file, &rule, err) : render_rule(options, &rule, err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_send(&server, "POST", RULES_PATH, rule, &answer, err));
    const cJSON *several = cJSON_GetObjectItemCaseSensitive(answer, "rules");
    if (several == NULL) {
        return print_id(answer, err);
    }
    cJSON_ArrayForEach (one, several) {
        KV_TRY(print_id(one, err));
    }
    return KV_OK;
}

/* --- listing --- */

static void print_part(const cJSON *rule, const char *name)
{
    const cJSON *part = cJSON_GetObjectItemCaseSensitive(rule, name);
    char *text = part != NULL ? cJSON_PrintUnformatted(part) : NULL;

    if (text != NULL) {
        (void) printf("  %s ", name);
        print_text(text);
        cJSON_free(text);
    }
}

static long long count_of(const cJSON *rule, const char *name)
{
    int64_t count = 0;

    return kv_json_is_int(cJSON_GetObjectItemCaseSensitive(rule, name), &count) ? count : 0;
}

/* ID  hits 2 of 3  match {...}  when {...}  effect {...} */
static enum kv_code print_rule(const cJSON *rule, struct kv_err *err)
{
    static const char *const parts[] = {
        "enabled", "stage", "match", "when", "effect", "expires_in"
    };
    const char *id = NULL;

    KV_TRY(kv_cli_read_text(rule, "id", &id, err));
    print_text(id);
    (void) printf("  hits %lld of %lld", count_of(rule, "hits"), count_of(rule, "seen"));
    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        print_part(rule, parts[i]);
    }
    (void) putchar('\n');
    return KV_OK;
}

enum kv_code kv_cli_fault_list(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    const cJSON *rule;

    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, RULES_PATH, &answer, err));
    cJSON_ArrayForEach (rule, cJSON_GetObjectItemCaseSensitive(answer, "rules")) {
        KV_TRY(print_rule(rule, err));
    }
    return KV_OK;
}

/* --- removing --- */

static enum kv_code send_delete(const struct kv_options *options, const char *before,
                                const char *name, struct kv_err *err)
{
    kv_auto(curl_free) void *escaped = curl_easy_escape(NULL, name, (int) strlen(name));
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    if (escaped == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_buf_printf(&path, err, "%s%s%s", RULES_PATH, before, (const char *) escaped));
    KV_TRY(kv_cli_find_server(options, &server, err));
    return kv_cli_send(&server, "DELETE", path.data, NULL, &answer, err);
}

enum kv_code kv_cli_fault_remove(const struct kv_options *options, struct kv_err *err)
{
    return send_delete(options, "/", kv_option_text(options, KV_OPTION_FAULT_RULE), err);
}

enum kv_code kv_cli_fault_clear(const struct kv_options *options, struct kv_err *err)
{
    const char *vault = kv_option_text(options, KV_OPTION_FAULT_VAULT);

    return send_delete(options, *vault != '\0' ? "?vault=" : "", vault, err);
}
