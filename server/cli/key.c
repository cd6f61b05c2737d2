/* SPDX-License-Identifier: Apache-2.0 */
/* coffer key ...: the keys of a vault, and switches for them. */

#include "cli.h"

#include <string.h>

#include "server.h"

#define PATH_MAX_BYTES 4096
#define LIMIT "limit=25" /* as many as the store of the server reads at once */

/* --- requests --- */

/* What is asked: "...keys", then "/" and the key, "/versions/" and `version`, and `behind`, where these
 * are not NULL. */
struct wish {
    const char *verb;
    const char *key, *version;
    const char *behind;
    const cJSON *body; /* NULL: none */
};

static enum kv_code append_part(struct kv_buf *path, const char *before, const char *part,
                                struct kv_err *err)
{
    if (part == NULL) {
        return KV_OK;
    }
    KV_TRY(kv_buf_printf(path, err, "%s", before));
    return kv_cli_append_escaped(path, part, err);
}

static enum kv_code render_path(const struct kv_options *options,
                                const struct kv_cli_server *server, const struct wish *wish,
                                struct kv_buf *path, struct kv_err *err)
{
    KV_TRY(kv_cli_append_vault(options, server, path, err));
    KV_TRY(kv_buf_printf(path, err, "/keys"));
    KV_TRY(append_part(path, "/", wish->key, err));
    KV_TRY(append_part(path, "/versions/", wish->version, err));
    return kv_buf_printf(path, err, "%s", wish->behind != NULL ? wish->behind : "");
}

static enum kv_code send_wish(const struct kv_options *options, const struct wish *wish,
                              cJSON **ret_answer, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(render_path(options, &server, wish, &path, err));
    return strcmp(wish->verb, "GET") == 0
               ? kv_cli_get_json(&server, path.data, ret_answer, err)
               : kv_cli_send(&server, wish->verb, path.data, wish->body, ret_answer, err);
}

static const char *key_of(const struct kv_options *options)
{
    return kv_option_text(options, KV_OPTION_KEY_NAME);
}

/* --- what is printed --- */

static void print_column(const cJSON *object, const char *name, const char *ending)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    kv_cli_print_text(text != NULL ? text : "-");
    (void) fputs(ending, stdout);
}

/* "EC P-256", "RSA 2048" */
static void print_type(const cJSON *key)
{
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(key, "size");

    print_column(key, "type", " ");
    if (cJSON_IsNumber(size)) {
        (void) printf("%.0f  ", size->valuedouble);
    } else {
        print_column(key, "curve", "  ");
    }
}

static void print_key(const cJSON *key)
{
    print_column(key, "name", "  ");
    print_type(key);
    print_column(key, "state", "  ");
    print_column(key, "version", "\n");
}

static void print_version(const cJSON *version)
{
    print_column(version, "version", "  ");
    print_column(version, "created", "  ");
    print_column(version, "state", "\n");
}

/* Prints each of a list in an answer, and asks for what follows until there is nothing more. */
static enum kv_code print_list(const struct kv_options *options, const char *key, const char *query,
                               const char *list, void (*print)(const cJSON *item),
                               struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf behind;
    bool more = true;

    kv_buf_init(&behind, PATH_MAX_BYTES);
    KV_TRY(kv_buf_printf(&behind, err, "?%s", query));
    while (more) {
        const struct wish wish = { .verb = "GET", .key = key, .behind = behind.data };
        kv_auto(cJSON_Delete) cJSON *answer = NULL;
        const cJSON *item;

        KV_TRY(send_wish(options, &wish, &answer, err));
        cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(answer, list)) {
            print(item);
        }

        const char *next = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(answer, "next"));

        more = next != NULL;
        kv_buf_clear(&behind);
        KV_TRY(kv_buf_printf(&behind, err, "?%s&after=", query));
        KV_TRY(append_part(&behind, "", next, err));
    }
    return KV_OK;
}

enum kv_code kv_cli_key_list(const struct kv_options *options, struct kv_err *err)
{
    bool deleted = kv_option_flag(options, KV_OPTION_KEY_DELETED);

    return print_list(options, NULL, deleted ? LIMIT "&state=deleted" : LIMIT, "keys", print_key,
                      err);
}

enum kv_code kv_cli_key_show(const struct kv_options *options, struct kv_err *err)
{
    const struct wish wish = { .verb = "GET", .key = key_of(options), .behind = "?limit=1" };
    kv_auto(cJSON_Delete) cJSON *key = NULL;

    KV_TRY(send_wish(options, &wish, &key, err));
    print_key(key);
    return print_list(options, wish.key, LIMIT, "versions", print_version, err);
}

/* --- switches --- */

static enum kv_code carry_out(const struct kv_options *options, const struct wish *wish,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *key = NULL;

    KV_TRY(send_wish(options, wish, &key, err));
    print_key(key);
    return KV_OK;
}

static enum kv_code enable(const struct kv_options *options, bool enabled, struct kv_err *err)
{
    const char *version = kv_option_text(options, KV_OPTION_KEY_VERSION);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    const struct wish wish = {
        .verb = "PATCH",
        .key = key_of(options),
        .version = *version != '\0' ? version : NULL,
        .body = body,
    };
    bool ok = body != NULL;

    kv_json_add_bool(body, "enabled", enabled, &ok);
    return ok ? carry_out(options, &wish, err) : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_cli_key_enable(const struct kv_options *options, struct kv_err *err)
{
    return enable(options, true, err);
}

enum kv_code kv_cli_key_disable(const struct kv_options *options, struct kv_err *err)
{
    return enable(options, false, err);
}

enum kv_code kv_cli_key_delete(const struct kv_options *options, struct kv_err *err)
{
    const struct wish wish = { .verb = "DELETE", .key = key_of(options) };

    return carry_out(options, &wish, err);
}

enum kv_code kv_cli_key_recover(const struct kv_options *options, struct kv_err *err)
{
    const struct wish wish = { .verb = "POST", .key = key_of(options), .behind = "/recover" };

    return carry_out(options, &wish, err);
}
