/* SPDX-License-Identifier: Apache-2.0 */
/* coffer vault ..., coffer reset: the life of vaults, from a shell. */

#include "cli.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "server.h"

#define SETTING_SIZE 128  /* what is longer than a setting may be still is when cut */
#define NAME_MAX_BYTES 64 /* the server says what a name may be; this only bounds the path */

KV_DEFINE_CLEANUP(void *, curl_free)

/* --- requests about a vault --- */

/* "retention=7" is a number, "purge-protection" a switch, "sku=premium" a word. */
static void add_setting(cJSON *body, const char *text, size_t len, bool *ok)
{
    char setting[SETTING_SIZE];

    (void) snprintf(setting, sizeof(setting), "%.*s", (int) len, text);
    char *equals = strchr(setting, '=');
    const char *value = equals != NULL ? equals + 1 : "";
    if (equals != NULL) {
        *equals = '\0';
    }
    for (char *at = setting; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    if (*value != '\0' && value[strspn(value, "0123456789")] == '\0') {
        kv_json_add_int(body, setting, strtoll(value, NULL, 10), ok);
    } else if (equals == NULL) {
        kv_json_add_bool(body, setting, true, ok);
    } else {
        kv_json_add_text(body, setting, value, ok);
    }
}

static enum kv_code render_spec(const char *spec, cJSON **ret_body, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    size_t len = strcspn(spec, ",");
    bool ok = body != NULL;

    for (const char *rest = spec + len; *rest == ','; rest += len) {
        rest++;
        len = strcspn(rest, ",");
        add_setting(body, rest, len, &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_body = kv_take(body);
    return KV_OK;
}

/* The vault of that name, and what is done with it: "" or "/purge". */
static enum kv_code render_path(const char *name, size_t len, const char *action,
                                struct kv_buf *path, struct kv_err *err)
{
    if (len == 0 || len > NAME_MAX_BYTES) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.*s' is not a valid vault name",
                       (int) (len < NAME_MAX_BYTES ? len : NAME_MAX_BYTES), name);
    }
    kv_auto(curl_free) void *escaped = curl_easy_escape(NULL, name, (int) len);
    if (escaped == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return kv_buf_printf(path, err, "/control/v1/vaults/%s%s", (const char *) escaped, action);
}

/* What is asked of a vault; `body` may be NULL. */
struct wish {
    const char *verb, *name;
    size_t len; /* of the name */
    const char *action;
    const cJSON *body;
};

static enum kv_code send_wish(const struct kv_options *options, const struct wish *wish,
                              cJSON **ret_answer, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, 1024);
    KV_TRY(render_path(wish->name, wish->len, wish->action, &path, err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    return kv_cli_send(&server, wish->verb, path.data, wish->body, ret_answer, err);
}

/* The one that the command line names. */
static enum kv_code send_to_vault(const struct kv_options *options, const char *verb,
                                  const char *action, cJSON **ret_answer, struct kv_err *err)
{
    const char *name = kv_option_text(options, KV_OPTION_NAME);
    const struct wish wish = { .verb = verb, .name = name, .len = strlen(name), .action = action };

    return send_wish(options, &wish, ret_answer, err);
}

static enum kv_code print_url(const cJSON *vault, struct kv_err *err)
{
    const char *url = NULL;

    KV_TRY(kv_cli_read_text(vault, "url", &url, err));
    (void) puts(url);
    return KV_OK;
}

enum kv_code kv_cli_vault_create(const struct kv_options *options, struct kv_err *err)
{
    const char *spec = kv_option_text(options, KV_OPTION_SPEC);
    struct wish wish = { .verb = "PUT", .name = spec, .len = strcspn(spec, ","), .action = "" };
    kv_auto(cJSON_Delete) cJSON *settings = NULL;
    kv_auto(cJSON_Delete) cJSON *vault = NULL;

    KV_TRY(render_spec(spec, &settings, err));
    wish.body = settings;
    KV_TRY(send_wish(options, &wish, &vault, err));
    return print_url(vault, err);
}

enum kv_code kv_cli_vault_recover(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *vault = NULL;

    KV_TRY(send_to_vault(options, "POST", "/recover", &vault, err));
    return print_url(vault, err);
}

enum kv_code kv_cli_vault_purge(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    return send_to_vault(options, "POST", "/purge", &answer, err);
}

/* Looked at first, so that it is done whole or not at all. */
static enum kv_code check_purgeable(const struct kv_options *options, bool *ret_is_deleted,
                                    struct kv_err *err)
{
    const char *name = kv_option_text(options, KV_OPTION_NAME);
    kv_auto(cJSON_Delete) cJSON *vault = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;
    const char *state = NULL;

    kv_buf_init(&path, 1024);
    KV_TRY(render_path(name, strlen(name), "", &path, err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, path.data, &vault, err));
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(vault, "purge_protection"))) {
        return KV_FAIL(err, KV_PURGE_PROTECTED, 0,
                       "%s has purge protection: it can be deleted, but not purged", name);
    }
    KV_TRY(kv_cli_read_text(vault, "state", &state, err));
    *ret_is_deleted = strcmp(state, "deleted") == 0;
    return KV_OK;
}

static enum kv_code delete_for_good(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *vault = NULL;
    bool is_deleted = false;

    KV_TRY(check_purgeable(options, &is_deleted, err));
    if (!is_deleted) {
        KV_TRY(send_to_vault(options, "DELETE", "", &vault, err));
    }
    return kv_cli_vault_purge(options, err);
}

enum kv_code kv_cli_vault_delete(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *vault = NULL;
    const char *date = NULL;

    if (kv_option_flag(options, KV_OPTION_PURGE)) {
        return delete_for_good(options, err);
    }
    KV_TRY(send_to_vault(options, "DELETE", "", &vault, err));
    KV_TRY(kv_cli_read_text(vault, "scheduled_purge", &date, err));
    (void) printf("to be purged on %s\n", date);
    return KV_OK;
}

/* --- what there is --- */

/* A text that comes from a server goes to a terminal: what is not printable is left out. */
static void print_column(const char *text, int width)
{
    int printed = 0;

    for (; *text != '\0'; text++) {
        if (isprint((unsigned char) *text)) {
            (void) putchar(*text);
            printed++;
        }
    }
    (void) printf("%*s", width > printed ? width - printed : 1, "");
}

static enum kv_code print_vault(const cJSON *vault, struct kv_err *err)
{
    static const struct {
        const char *name;
        int width;
    } columns[] = { { "name", 25 }, { "kind", 7 }, { "sku", 10 }, { "state", 9 } };
    const char *text = NULL;

    for (size_t i = 0; i < KV_COUNT(columns); i++) {
        KV_TRY(kv_cli_read_text(vault, columns[i].name, &text, err));
        print_column(text, columns[i].width);
    }
    return print_url(vault, err);
}

enum kv_code kv_cli_vault_list(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    const cJSON *vault;

    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, "/control/v1/vaults", &answer, err));
    (void) printf("%-25s%-7s%-10s%-9s%s\n", "NAME", "KIND", "SKU", "STATE", "URL");
    cJSON_ArrayForEach (vault, cJSON_GetObjectItemCaseSensitive(answer, "vaults")) {
        KV_TRY(print_vault(vault, err));
    }
    return KV_OK;
}

enum kv_code kv_cli_reset(const struct kv_options *options, struct kv_err *err)
{
    const char *vault = kv_option_text(options, KV_OPTION_RESET_VAULT);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    bool ok = body != NULL;

    if (*vault != '\0') {
        kv_json_add_text(body, "vault", vault, &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_cli_find_server(options, &server, err));
    return kv_cli_send(&server, "POST", "/control/v1/reset", body, &answer, err);
}
