/* SPDX-License-Identifier: Apache-2.0 */
/* coffer hsm ...: the state of the HSM, and what is wrong with it. The server says what makes no
 * sense. */

#include "cli.h"

#include <stdlib.h>
#include <string.h>

#include "server.h"

#define HSM_PATH "/control/v1/hsm"
#define FAULTS_PATH HSM_PATH "/faults"
#define PATH_MAX_BYTES 4096
#define WORD_MAX 128 /* what is cut is no name either */

/* --- adding --- */

/* How an option is written in the body. */
enum form { FORM_TEXT, FORM_LIST, FORM_NUMBER, FORM_SPAN };

static const struct row {
    enum kv_option option;
    const char *name;
    enum form form;
} timed[] = {
    { KV_OPTION_HSM_ID, "id", FORM_TEXT },
    { KV_OPTION_HSM_FOR, "for", FORM_SPAN },
    { KV_OPTION_HSM_TTL, "ttl", FORM_NUMBER },
}, made[] = {
    { KV_OPTION_HSM_FUNCTION, "functions", FORM_LIST },
    { KV_OPTION_HSM_VAULT, "vault", FORM_TEXT },
    { KV_OPTION_HSM_KEY, "key", FORM_TEXT },
    { KV_OPTION_HSM_VERSION, "version", FORM_TEXT },
    { KV_OPTION_HSM_SKIP, "skip", FORM_NUMBER },
    { KV_OPTION_HSM_TIMES, "times", FORM_NUMBER },
    { KV_OPTION_HSM_EVERY, "every", FORM_NUMBER },
}, failing[] = {
    { KV_OPTION_HSM_KIND, "kind", FORM_TEXT },
    { KV_OPTION_HSM_RV, "rv", FORM_TEXT },
    { KV_OPTION_HSM_LIMIT, "limit", FORM_NUMBER },
    { KV_OPTION_HSM_MECHANISM, "mechanisms", FORM_LIST },
}, slow[] = {
    { KV_OPTION_HSM_DELAY, "delay", FORM_NUMBER },
};

/* "C_Sign,C_Decrypt" as a list. */
static void add_list(cJSON *body, const char *name, const char *words, bool *ok)
{
    cJSON *list = kv_json_add_array(body, name, ok);

    while (*words != '\0') {
        size_t len = strcspn(words, ",");
        char word[WORD_MAX];

        (void) snprintf(word, sizeof(word), "%.*s", (int) len, words);
        kv_json_append_text(list, word, ok);
        words += len + (words[len] == ',');
    }
}

static bool is_number(const char *text)
{
    return text[strspn(text, "0123456789")] == '\0' && strlen(text) < 16;
}

static enum kv_code add_number(cJSON *body, const struct row *row, const char *text, bool *ok,
                               struct kv_err *err)
{
    if (!is_number(text)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.64s' is no number: %s must be one", text,
                       row->name);
    }
    kv_json_add_int(body, row->name, strtoll(text, NULL, 10), ok);
    return KV_OK;
}

static enum kv_code add_row(const struct kv_options *options, const struct row *row, cJSON *body,
                            bool *ok, struct kv_err *err)
{
    const char *text = kv_option_text(options, row->option);

    if (*text == '\0') {
        return KV_OK;
    }
    if (row->form == FORM_NUMBER || (row->form == FORM_SPAN && is_number(text))) {
        return add_number(body, row, text, ok, err);
    }
    if (row->form == FORM_LIST) {
        add_list(body, row->name, text, ok);
    } else {
        kv_json_add_text(body, row->name, text, ok);
    }
    return KV_OK;
}

static enum kv_code add_rows(const struct kv_options *options, const struct row *rows, size_t count,
                             cJSON *body, struct kv_err *err)
{
    bool ok = body != NULL;

    for (size_t i = 0; i < count; i++) {
        KV_TRY(add_row(options, &rows[i], body, &ok, err));
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code send_fault(const struct kv_options *options, const cJSON *body,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    const char *id = NULL;

    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_send(&server, "POST", FAULTS_PATH, body, &answer, err));
    KV_TRY(kv_cli_read_text(answer, "id", &id, err));
    kv_cli_print_text(id);
    (void) putchar('\n');
    return KV_OK;
}

/* `kind` NULL: the options say it. */
static enum kv_code begin_body(const struct kv_options *options, const char *kind, cJSON **ret_body,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    if (kind != NULL) {
        kv_json_add_text(body, "kind", kind, &ok);
    }
    KV_TRY(ok ? add_rows(options, timed, KV_COUNT(timed), body, err) : KV_OUT_OF_MEMORY(err));
    *ret_body = kv_take(body);
    return KV_OK;
}

enum kv_code kv_cli_hsm_remove(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    KV_TRY(begin_body(options, "token_removed", &body, err));
    return send_fault(options, body, err);
}

enum kv_code kv_cli_hsm_fail(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    KV_TRY(begin_body(options, NULL, &body, err));
    KV_TRY(add_rows(options, made, KV_COUNT(made), body, err));
    KV_TRY(add_rows(options, failing, KV_COUNT(failing), body, err));
    return send_fault(options, body, err);
}

enum kv_code kv_cli_hsm_slow(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;

    KV_TRY(begin_body(options, "slow", &body, err));
    KV_TRY(add_rows(options, made, KV_COUNT(made), body, err));
    KV_TRY(add_rows(options, slow, KV_COUNT(slow), body, err));
    return send_fault(options, body, err);
}

/* --- ending --- */

static enum kv_code send_delete(const struct kv_options *options, const char *below,
                                const char *name, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_buf_printf(&path, err, "%s%s", FAULTS_PATH, below));
    KV_TRY(kv_cli_append_escaped(&path, name, err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    return kv_cli_send(&server, "DELETE", path.data, NULL, &answer, err);
}

/* Whatever took it out of its place. */
enum kv_code kv_cli_hsm_insert(const struct kv_options *options, struct kv_err *err)
{
    KV_TRY(send_delete(options, "?kind=", "token_removed", err));
    return send_delete(options, "?kind=", "token_reinitialised", err);
}

enum kv_code kv_cli_hsm_clear(const struct kv_options *options, struct kv_err *err)
{
    const char *id = kv_option_text(options, KV_OPTION_HSM_FAULT);

    return send_delete(options, *id != '\0' ? "/" : "", id, err);
}

/* --- state --- */

static enum kv_code print_line(const cJSON *answer, const char *name, struct kv_err *err)
{
    const char *text = NULL;

    KV_TRY(kv_cli_read_text(answer, name, &text, err));
    (void) printf("%s=", name);
    kv_cli_print_text(text);
    (void) putchar('\n');
    return KV_OK;
}

/* pool=RSA-2048 4 of 4: what was generated ahead. A server of another version may have none. */
static void print_pool(const cJSON *pool)
{
    const cJSON *kind;

    cJSON_ArrayForEach (kind, pool) {
        (void) fputs("pool=", stdout);
        kv_cli_print_text(kind->string);
        (void) printf(" %.0f of %.0f\n",
                      cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(kind, "ready")),
                      cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(kind, "wanted")));
    }
}

static enum kv_code print_state(const struct kv_cli_server *server, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    KV_TRY(kv_cli_get_json(server, HSM_PATH, &answer, err));
    KV_TRY(print_line(answer, "state", err));
    KV_TRY(print_line(answer, "place", err));
    KV_TRY(print_line(answer, "label", err));
    KV_TRY(print_line(answer, "library", err));
    print_pool(cJSON_GetObjectItemCaseSensitive(answer, "pool"));
    return KV_OK;
}

/* fault={"id":"hsm-1","kind":"slow",...} */
static void print_fault(const cJSON *fault)
{
    char *text = cJSON_PrintUnformatted(fault);

    if (text != NULL) {
        (void) fputs("fault=", stdout);
        kv_cli_print_text(text);
        (void) putchar('\n');
        cJSON_free(text);
    }
}

enum kv_code kv_cli_hsm_status(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    const cJSON *fault;

    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(print_state(&server, err));
    KV_TRY(kv_cli_get_json(&server, FAULTS_PATH, &answer, err));
    cJSON_ArrayForEach (fault, cJSON_GetObjectItemCaseSensitive(answer, "faults")) {
        print_fault(fault);
    }
    return KV_OK;
}
