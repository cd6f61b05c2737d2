/* SPDX-License-Identifier: Apache-2.0 */
/* coffer firewall ...: from where a vault can be reached. */

#include "cli.h"

#include <string.h>

#include "server.h"

#define PATH_MAX_BYTES 4096
#define RANGE_SIZE 128 /* what is cut is no range either */

/* How the control port names a setting, and how it is shown and given here. */
static const struct {
    const char *name, *option;
    enum kv_option given; /* KV_OPTION_COUNT: a list */
} settings[] = {
    { "defaultAction", "default-action", KV_OPTION_DEFAULT_ACTION },
    { "bypass", "bypass", KV_OPTION_BYPASS },
    { "publicNetworkAccess", "public-access", KV_OPTION_PUBLIC_ACCESS },
    { "ipRules", "allow", KV_OPTION_COUNT },
    { "privateEndpoints", "private", KV_OPTION_COUNT },
};

/* Sends a body to the vault's network settings, or below them; NULL: asks for them. */
static enum kv_code send_order(const struct kv_options *options, const char *verb,
                               const char *below, const cJSON *body, cJSON **ret_answer,
                               struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_append_vault(options, &server, &path, err));
    KV_TRY(kv_buf_printf(&path, err, "/network%s", below));
    return body == NULL ? kv_cli_get_json(&server, path.data, ret_answer, err)
                        : kv_cli_send(&server, verb, path.data, body, ret_answer, err);
}

static void print_line(const char *name, const char *value)
{
    (void) printf("%s=", name);
    kv_cli_print_text(value != NULL ? value : "");
    (void) putchar('\n');
}

static void print_settings(const cJSON *answer)
{
    const cJSON *item;

    for (size_t i = 0; i < KV_COUNT(settings); i++) {
        const cJSON *setting = cJSON_GetObjectItemCaseSensitive(answer, settings[i].name);

        if (settings[i].given != KV_OPTION_COUNT) {
            print_line(settings[i].option, cJSON_GetStringValue(setting));
            continue;
        }
        cJSON_ArrayForEach (item, setting) {
            print_line(settings[i].option,
                       cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "value")));
        }
    }
}

static void print_answer(const cJSON *answer)
{
    const char *since = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "since"));

    print_settings(answer);
    if (since != NULL) {
        print_line("since", since);
    }
}

enum kv_code kv_cli_firewall_show(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    KV_TRY(send_order(options, "GET", "", NULL, &answer, err));
    print_answer(answer);
    return KV_OK;
}

enum kv_code kv_cli_firewall_set(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    bool ok = body != NULL;

    for (size_t i = 0; i < KV_COUNT(settings); i++) {
        const char *value =
            settings[i].given != KV_OPTION_COUNT ? kv_option_text(options, settings[i].given) : "";

        if (*value != '\0') {
            kv_json_add_text(body, settings[i].name, value, &ok);
        }
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (body->child == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--default-action, --bypass or --public-access says what is set");
    }
    KV_TRY(send_order(options, "PATCH", "", body, &answer, err));
    print_answer(answer);
    return KV_OK;
}

/* "10.0.0.0/8+192.0.2.1", of which the server says whether they are ranges */
static void add_ranges(cJSON *list, const char *text, bool *ok)
{
    for (;;) {
        size_t len = strcspn(text, "+");
        cJSON *item = cJSON_CreateObject();
        char range[RANGE_SIZE];

        (void) snprintf(range, sizeof(range), "%.*s", (int) len, text);
        kv_json_add_text(item, "value", range, ok);
        kv_json_add_take(list, NULL, item, ok);
        if (text[len] == '\0') {
            return;
        }
        text += len + 1;
    }
}

/* {"ipRules":[{"value":"203.0.113.0/24"}]} */
static enum kv_code render_ranges(const struct kv_options *options, cJSON **ret_body,
                                  struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;
    cJSON *list;

    list = kv_json_add_array(
        body, kv_option_flag(options, KV_OPTION_PRIVATE) ? "privateEndpoints" : "ipRules", &ok);
    add_ranges(list, kv_option_text(options, KV_OPTION_RANGE), &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_body = kv_take(body);
    return KV_OK;
}

static enum kv_code send_ranges(const struct kv_options *options, const char *verb,
                                struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    KV_TRY(render_ranges(options, &body, err));
    KV_TRY(send_order(options, verb, "/rules", body, &answer, err));
    print_answer(answer);
    return KV_OK;
}

enum kv_code kv_cli_firewall_allow(const struct kv_options *options, struct kv_err *err)
{
    return send_ranges(options, "POST", err);
}

enum kv_code kv_cli_firewall_remove(const struct kv_options *options, struct kv_err *err)
{
    return send_ranges(options, "DELETE", err);
}
