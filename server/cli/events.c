/* SPDX-License-Identifier: Apache-2.0 */
/* coffer events ...: what happened to keys and vaults, and who was told. The server says what is wrong
 * with a filter. */
#include <stdlib.h>
#include <string.h>

#include "journal.h"

#define EVENTS_PATH "/control/v1/events"
#define PATH_MAX_BYTES 8192
#define GRACE_MS 15000 /* beyond the time that the server is to wait */
#define PAGE 500

/* What the options are called in a filter. */
static const struct {
    enum kv_option option;
    const char *name;
} members[] = {
    { KV_OPTION_EVENT_TYPE, "type" },
    { KV_OPTION_EVENT_STATE, "state" },
    { KV_OPTION_EVENT_VAULT, "vault" },
    { KV_OPTION_EVENT_KEY, "key" },
};

static void print_word(const char *before, const char *text)
{
    if (*text != '\0') {
        (void) fputs(before, stdout);
        kv_cli_print_text(text);
    }
}

/* " delivered=200", " pending (it answered 503)" */
static void print_deliveries(const cJSON *list)
{
    const cJSON *delivery;

    cJSON_ArrayForEach (delivery, list) {
        const char *error = cli_text_of(delivery, "error");

        print_word(" ", cli_text_of(delivery, "state"));
        print_word(" (", error);
        (void) fputs(*error != '\0' ? ")" : "", stdout);
    }
}

/* "#5 2026-11-29T19:40:43.6980000Z Microsoft.KeyVault.KeyExpired dev/key delivered" */
static void print_event(const cJSON *item)
{
    const cJSON *event = cJSON_GetObjectItemCaseSensitive(item, "event");
    const cJSON *data = cJSON_GetObjectItemCaseSensitive(event, "data");

    (void) printf("#%lld", (long long) cli_number_of(item, "number"));
    print_word(" ", cli_text_of(event, "eventTime")); /* of the one schema, or of the other */
    print_word(" ", cli_text_of(event, "time"));
    print_word(" ", cli_text_of(event, "eventType"));
    print_word(" ", cli_text_of(event, "type"));
    print_word(" ", cli_text_of(data, "VaultName"));
    if (strcmp(cli_text_of(data, "ObjectType"), "Key") == 0) {
        print_word("/", cli_text_of(data, "ObjectName"));
        print_word("/", cli_text_of(data, "Version"));
    }
    print_deliveries(cJSON_GetObjectItemCaseSensitive(item, "deliveries"));
    (void) putchar('\n');
}

static void print_events(const cJSON *answer)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(answer, "events")) {
        print_event(item);
    }
}

/* The number as it was given; the server refuses what is none. */
static enum kv_code begin_path(const struct kv_options *options, int64_t since, struct kv_buf *path,
                               struct kv_err *err)
{
    const char *given = kv_option_text(options, KV_OPTION_JOURNAL_SINCE);

    KV_TRY(kv_buf_printf(path, err, EVENTS_PATH "?limit=%d&since=", PAGE));
    return since < 0 && *given != '\0'
               ? kv_cli_append_escaped(path, given, err)
               : kv_buf_printf(path, err, "%lld", (long long) (since < 0 ? 0 : since));
}

static enum kv_code get_page(const struct kv_options *options, const struct kv_cli_server *server,
                             int64_t since, cJSON **ret_answer, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf path;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(begin_path(options, since, &path, err));
    for (size_t i = 0; i < KV_COUNT(members); i++) {
        const char *value = kv_option_text(options, members[i].option);

        if (*value != '\0') {
            KV_TRY(kv_buf_printf(&path, err, "&%s=", members[i].name));
            KV_TRY(kv_cli_append_escaped(&path, value, err));
        }
    }
    return kv_cli_get_json(server, path.data, ret_answer, err);
}

enum kv_code kv_cli_events_list(const struct kv_options *options, struct kv_err *err)
{
    struct kv_cli_server server;
    int64_t since = -1;
    int count = PAGE;

    KV_TRY(kv_cli_find_server(options, &server, err));
    while (count == PAGE) {
        kv_auto(cJSON_Delete) cJSON *answer = NULL;

        KV_TRY(get_page(options, &server, since, &answer, err));
        print_events(answer);
        count = cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(answer, "events"));
        since = cli_number_of(answer, "next");
    }
    return KV_OK;
}

/* --- waiting --- */

static enum kv_code add_number(cJSON *object, const struct kv_options *options,
                               enum kv_option option, const char *name, struct kv_err *err)
{
    const char *text = kv_option_text(options, option);
    bool ok = true;

    if (*text == '\0') {
        return KV_OK;
    }
    if (strspn(text, "0123456789") != strlen(text) || strlen(text) > 15) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--%s %.64s is not a number", name, text);
    }
    kv_json_add_int(object, name, strtoll(text, NULL, 10), &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code render_order(const struct kv_options *options, cJSON *body, struct kv_err *err)
{
    kv_millis timeout = kv_option_duration(options, KV_OPTION_JOURNAL_TIMEOUT);
    bool ok = body != NULL;
    cJSON *filter = kv_json_add_object(body, "filter", &ok);

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        const char *value = kv_option_text(options, members[i].option);

        if (*value != '\0') {
            kv_json_add_text(filter, members[i].name, value, &ok);
        }
    }
    if (!ok || cJSON_AddNumberToObject(body, "timeout", (double) timeout / 1000) == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(add_number(filter, options, KV_OPTION_JOURNAL_SINCE, "since", err));
    return add_number(body, options, KV_OPTION_JOURNAL_COUNT, "count", err);
}

enum kv_code kv_cli_events_wait(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;

    KV_TRY(render_order(options, body, err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    server.patience = (long) kv_option_duration(options, KV_OPTION_JOURNAL_TIMEOUT) + GRACE_MS;
    KV_TRY(kv_cli_send(&server, "POST", EVENTS_PATH "/wait", body, &answer, err));
    print_events(answer);
    return cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(answer, "met"))
               ? KV_OK
               : KV_FAIL(err, KV_CONFLICT, 0, "the time is over, there were %lld",
                         (long long) cli_number_of(answer, "count"));
}
