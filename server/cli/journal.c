/* SPDX-License-Identifier: Apache-2.0 */
/* coffer journal ...: what clients asked for. Filters go to the server, which says what is wrong with
 * them. */

#include "journal.h"

#include <stdlib.h>
#include <string.h>

#define REQUESTS_PATH "/control/v1/requests"
#define PATH_MAX_BYTES 16384
#define GRACE_MS 15000 /* beyond the time that the server is to wait */

/* What the options are called in a filter. */
static const struct {
    enum kv_option option;
    const char *name;
} members[] = {
    { KV_OPTION_JOURNAL_VAULT, "vault" },
    { KV_OPTION_JOURNAL_KEY, "key" },
    { KV_OPTION_JOURNAL_VERSION, "version" },
    { KV_OPTION_JOURNAL_OPERATION, "operation" },
    { KV_OPTION_JOURNAL_STATUS, "status" },
    { KV_OPTION_JOURNAL_CODE, "code" },
    { KV_OPTION_JOURNAL_INNER, "inner_code" },
    { KV_OPTION_JOURNAL_PRINCIPAL, "principal" },
    { KV_OPTION_JOURNAL_KIND, "kind" },
    { KV_OPTION_JOURNAL_API_VERSION, "api_version" },
    { KV_OPTION_JOURNAL_CLIENT, "client" },
    { KV_OPTION_JOURNAL_FAULT, "fault" },
    { KV_OPTION_JOURNAL_CORRELATION, "client_request_id" },
    { KV_OPTION_JOURNAL_AGENT, "user_agent" },
    { KV_OPTION_JOURNAL_HOST, "host" },
    { KV_OPTION_JOURNAL_SINCE, "since" },
};

/* "?vault=dev&status=403": what is given but --since, in whose place there may be another number. */
static enum kv_code append_query(const struct kv_options *options, int64_t since,
                                 struct kv_buf *path, struct kv_err *err)
{
    char separator = '?';

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        const char *value = kv_option_text(options, members[i].option);
        bool is_replaced = since >= 0 && members[i].option == KV_OPTION_JOURNAL_SINCE;

        if (*value != '\0' && !is_replaced) {
            KV_TRY(kv_buf_printf(path, err, "%c%s=", separator, members[i].name));
            KV_TRY(kv_cli_append_escaped(path, value, err));
            separator = '&';
        }
    }
    return since >= 0 ? kv_buf_printf(path, err, "%csince=%lld", separator, (long long) since)
                      : KV_OK;
}

static cJSON *render_filter(const struct kv_options *options)
{
    cJSON *filter = cJSON_CreateObject();
    bool ok = filter != NULL;

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        const char *value = kv_option_text(options, members[i].option);

        if (*value != '\0') {
            kv_json_add_text(filter, members[i].name, value, &ok);
        }
    }
    if (!ok) {
        cJSON_Delete(filter);
        return NULL;
    }
    return filter;
}

/* --- printing --- */

const char *cli_text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}

int64_t cli_number_of(const cJSON *object, const char *name)
{
    int64_t number;

    return kv_json_is_int(cJSON_GetObjectItemCaseSensitive(object, name), &number) ? number : 0;
}

static void print_word(const char *before, const char *text)
{
    if (*text != '\0') {
        (void) fputs(before, stdout);
        kv_cli_print_text(text);
    }
}

static void print_principal(const cJSON *object)
{
    const cJSON *principal = cJSON_GetObjectItemCaseSensitive(object, "principal");
    const char *name = cli_text_of(principal, "name");

    print_word(" ", *name != '\0' ? name : cli_text_of(principal, "object_id"));
}

/* " unwrapKey dev/key", " fhirRead ws-fhir.fhir.localhost" */
static void print_target(const cJSON *object)
{
    const char *operation = cli_text_of(object, "operation");
    const char *vault = cli_text_of(object, "vault");
    bool is_of_service = strcmp(cli_text_of(object, "kind"), "service") == 0;

    print_word(" ", *operation != '\0' ? operation : cli_text_of(object, "path"));
    print_word(" ", is_of_service ? cli_text_of(object, "host") : "");
    print_word(" ", vault);
    print_word(*vault != '\0' ? "/" : " ", cli_text_of(object, "key"));
}

void cli_print_who(const cJSON *object)
{
    kv_cli_print_text(cli_text_of(object, "client"));
    print_principal(object);
    print_target(object);
}

/* "#5 2026-11-29T19:40:43.698Z request my-app unwrapKey dev/key 403 Forbidden/ForbiddenByRbac 2.1 ms" */
static enum kv_code print_line(const cJSON *request, struct kv_err *err)
{
    (void) err;
    (void) printf("#%lld", (long long) cli_number_of(request, "number"));
    print_word(" ", cli_text_of(request, "time"));
    print_word(" ", cli_text_of(request, "kind"));
    print_principal(request);
    print_target(request);
    (void) printf(" %lld", (long long) cli_number_of(request, "status"));
    print_word(" ", cli_text_of(request, "code"));
    print_word("/", cli_text_of(request, "inner_code"));
    print_word(" fault=", cli_text_of(request, "fault"));
    print_word(" cut=", cli_text_of(request, "cut"));
    (void) printf(" %.1f ms\n", (double) cli_number_of(request, "duration_us") / 1000);
    return KV_OK;
}

static enum kv_code print_json(const cJSON *json, const char *behind, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, KV_CLI_ANSWER_MAX);
    KV_TRY(kv_json_print(json, &text, err));
    (void) printf("%s%s", text.data, behind);
    return KV_OK;
}

static enum kv_code print_json_line(const cJSON *request, struct kv_err *err)
{
    return print_json(request, "\n", err);
}

/* --- reading page by page --- */

static enum kv_code get_page(const struct kv_options *options, const struct kv_cli_server *server,
                             const char *form, int64_t since, cJSON **ret_answer,
                             struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf path;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_buf_printf(&path, err, REQUESTS_PATH));
    KV_TRY(append_query(options, since, &path, err));
    KV_TRY(
        kv_buf_printf(&path, err, "%cformat=%s", strchr(path.data, '?') != NULL ? '&' : '?', form));
    return kv_cli_get_json(server, path.data, ret_answer, err);
}

typedef enum kv_code print_fn(const cJSON *request, struct kv_err *err);

/* How far it was read, and up to where: what comes later is not waited for. */
struct progress {
    int64_t since, end; /* -1: nothing was read yet */
    bool more;
};

static void go_on(struct progress *progress, const cJSON *page)
{
    if (progress->end < 0) {
        progress->end = cli_number_of(page, "last");
    }
    progress->since = cli_number_of(page, "next");
    progress->more = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(page, "more"))
                     && progress->since < progress->end;
}

static enum kv_code print_page(const struct kv_options *options, const struct kv_cli_server *server,
                               print_fn *print, struct progress *progress, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const cJSON *request;

    KV_TRY(get_page(options, server, "json", progress->since, &answer, err));
    cJSON_ArrayForEach (request, cJSON_GetObjectItemCaseSensitive(answer, "requests")) {
        KV_TRY(print(request, err));
    }
    go_on(progress, answer);
    return KV_OK;
}

static enum kv_code print_all(const struct kv_options *options, print_fn *print, struct kv_err *err)
{
    struct progress progress = { -1, -1, true };
    struct kv_cli_server server;

    KV_TRY(kv_cli_find_server(options, &server, err));
    while (progress.more) {
        KV_TRY(print_page(options, &server, print, &progress, err));
    }
    return KV_OK;
}

enum kv_code kv_cli_journal_list(const struct kv_options *options, struct kv_err *err)
{
    return print_all(options, print_line, err);
}

/* --- exporting --- */

/* `comma`: whether an entry was printed before. */
static enum kv_code print_har_entries(const cJSON *log, bool *comma, struct kv_err *err)
{
    const cJSON *entry;

    cJSON_ArrayForEach (entry, cJSON_GetObjectItemCaseSensitive(log, "entries")) {
        (void) fputs(*comma ? ",\n" : "", stdout);
        KV_TRY(print_json(entry, "", err));
        *comma = true;
    }
    return KV_OK;
}

static enum kv_code print_har_page(const struct kv_options *options,
                                   const struct kv_cli_server *server, bool *comma,
                                   struct progress *progress, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    KV_TRY(get_page(options, server, "har", progress->since, &answer, err));
    const cJSON *log = cJSON_GetObjectItemCaseSensitive(answer, "log");
    if (progress->since < 0) {
        (void) fputs("{\"log\":{\"version\":\"1.2\",\"creator\":", stdout);
        KV_TRY(print_json(cJSON_GetObjectItemCaseSensitive(log, "creator"), "", err));
        (void) fputs(",\"entries\":[\n", stdout);
    }
    KV_TRY(print_har_entries(log, comma, err));
    go_on(progress, cJSON_GetObjectItemCaseSensitive(log, "_coffer"));
    return KV_OK;
}

static enum kv_code export_har(const struct kv_options *options, struct kv_err *err)
{
    struct progress progress = { -1, -1, true };
    struct kv_cli_server server;
    bool comma = false;

    KV_TRY(kv_cli_find_server(options, &server, err));
    while (progress.more) {
        KV_TRY(print_har_page(options, &server, &comma, &progress, err));
    }
    (void) puts("\n]}}");
    return KV_OK;
}

enum kv_code kv_cli_journal_export(const struct kv_options *options, struct kv_err *err)
{
    return kv_option_is(options, KV_OPTION_JOURNAL_FORMAT, "har")
               ? export_har(options, err)
               : print_all(options, print_json_line, err);
}

/* --- waiting, expecting, removing --- */

/* Adds the number that an option gives. */
static enum kv_code add_number(cJSON *body, const struct kv_options *options, enum kv_option option,
                               const char *name, struct kv_err *err)
{
    const char *text = kv_option_text(options, option);
    bool ok = true;

    if (*text == '\0') {
        return KV_OK;
    }
    if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 9) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--%s %.64s is not a number", name, text);
    }
    kv_json_add_int(body, name, strtoll(text, NULL, 10), &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code begin_body(const struct kv_options *options, cJSON **ret_body,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_take(body, "filter", render_filter(options), &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(add_number(body, options, KV_OPTION_JOURNAL_COUNT, "count", err));
    *ret_body = kv_take(body);
    return KV_OK;
}

enum kv_code kv_cli_journal_wait(const struct kv_options *options, struct kv_err *err)
{
    kv_millis timeout = kv_option_duration(options, KV_OPTION_JOURNAL_TIMEOUT);
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    const cJSON *request;

    KV_TRY(begin_body(options, &body, err));
    if (cJSON_AddNumberToObject(body, "timeout", (double) timeout / 1000) == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_cli_find_server(options, &server, err));
    server.patience = (long) timeout + GRACE_MS;
    KV_TRY(kv_cli_send(&server, "POST", REQUESTS_PATH "/wait", body, &answer, err));
    cJSON_ArrayForEach (request, cJSON_GetObjectItemCaseSensitive(answer, "requests")) {
        KV_TRY(print_line(request, err));
    }
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "met"))
               ? KV_OK
               : KV_FAIL(err, KV_CONFLICT, 0, "the time is over, there were %lld",
                         (long long) cli_number_of(answer, "count"));
}

/* The difference has lines of its own. */
static void print_lines(const char *text)
{
    while (*text != '\0') {
        char line[1024];
        size_t len = strcspn(text, "\n");

        (void) snprintf(line, sizeof(line), "%.*s", (int) len, text);
        kv_cli_print_text(line);
        (void) putchar('\n');
        text += len + (text[len] == '\n');
    }
    (void) fflush(stdout); /* before what standard error says; a failure is found at the end */
}

enum kv_code kv_cli_journal_expect(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;

    KV_TRY(begin_body(options, &body, err));
    KV_TRY(add_number(body, options, KV_OPTION_JOURNAL_MIN, "min", err));
    KV_TRY(add_number(body, options, KV_OPTION_JOURNAL_MAX, "max", err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_send(&server, "POST", REQUESTS_PATH "/expect", body, &answer, err));
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "ok"))) {
        return KV_OK;
    }
    print_lines(cli_text_of(answer, "diff"));
    return KV_FAIL(err, KV_CONFLICT, 0, "it is not as expected");
}

enum kv_code cli_get_requests(const struct kv_options *options, const char *behind,
                              cJSON **ret_answer, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_buf_printf(&path, err, REQUESTS_PATH "%s", behind));
    KV_TRY(append_query(options, -1, &path, err));
    return kv_cli_get_json(&server, path.data, ret_answer, err);
}

enum kv_code kv_cli_journal_clear(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_buf_printf(&path, err, REQUESTS_PATH));
    KV_TRY(append_query(options, -1, &path, err));
    return kv_cli_send(&server, "DELETE", path.data, NULL, &answer, err);
}
