/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a deployment: the template as its author wrote it, and parameters from files and from words. */
#include "deploy.h"

#include <string.h>
#include <strings.h>

#include "kv/base/files.h"

#define VALUES_MAX 200000
#define PARAMETER_MAX 256 /* characters of a name */

void deploy_name(const char *path, char ret_name[DEPLOY_NAME_SIZE])
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.()";
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *dot = strrchr(name, '.');
    size_t len = dot != NULL && dot != name ? (size_t) (dot - name) : strlen(name);

    len = len < DEPLOY_NAME_SIZE - 1 ? len : DEPLOY_NAME_SIZE - 1;
    for (size_t i = 0; i < len; i++) {
        ret_name[i] = strchr(allowed, name[i]) != NULL ? name[i] : '-';
    }
    ret_name[len] = '\0';
}

/* ---- Values ---------------------------------------------------------------------------------------- */

/* What the template says a parameter is, as far as that can be seen from here; NULL. */
static const char *find_type(const cJSON *template, const char *name)
{
    const cJSON *parameters = cJSON_GetObjectItem(template, "parameters");

    return cJSON_GetStringValue(cJSON_GetObjectItem(cJSON_GetObjectItem(parameters, name), "type"));
}

static bool is_text_type(const char *type)
{
    return type != NULL
           && (strcasecmp(type, "string") == 0 || strcasecmp(type, "securestring") == 0);
}

/* 5, -17: but not 007, which is a text. */
static bool is_number(const char *text)
{
    const char *digits = text + (text[0] == '-');

    return digits[0] != '\0' && strlen(digits) <= 15 && digits[strspn(digits, "0123456789")] == '\0'
           && (digits[0] != '0' || digits[1] == '\0');
}

static bool looks_like_json(const char *text)
{
    return text[0] == '{' || text[0] == '[' || strcmp(text, "true") == 0
           || strcmp(text, "false") == 0 || strcmp(text, "null") == 0 || is_number(text);
}

/* What looks like JSON is, unless the template wants a text; everything else is one. */
static cJSON *read_value(const char *text, const char *type, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *wrapped = NULL;
    kv_auto(kv_buf_done) struct kv_buf whole;

    kv_buf_init(&whole, DEPLOY_TEMPLATE_MAX);
    if (is_text_type(type) || !looks_like_json(text)
        || kv_buf_printf(&whole, err, "{\"v\":%s}", text) != KV_OK
        || kv_json_parse_long(whole.data, whole.len, VALUES_MAX, &wrapped, NULL) != KV_OK
        || cJSON_GetArraySize(wrapped) != 1) {
        return cJSON_CreateString(text);
    }
    return cJSON_DetachItemFromObjectCaseSensitive(wrapped, "v");
}

/* The last one of a name counts. */
static enum kv_code put(cJSON *parameters, const char *name, cJSON *entry, struct kv_err *err)
{
    bool ok = true;

    cJSON_DeleteItemFromObjectCaseSensitive(parameters, name);
    kv_json_add_take(parameters, name, entry, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_word(const char *word, const char *equals, const cJSON *template,
                             cJSON *parameters, struct kv_err *err)
{
    char name[PARAMETER_MAX + 1];
    cJSON *entry = cJSON_CreateObject();
    bool ok = true;

    (void) snprintf(name, sizeof(name), "%.*s", (int) (equals - word), word);
    kv_json_add_take(entry, "value", read_value(equals + 1, find_type(template, name), err), &ok);
    if (!ok) {
        cJSON_Delete(entry);
        return KV_OUT_OF_MEMORY(err);
    }
    return put(parameters, name, entry, err);
}

/* ---- Files ----------------------------------------------------------------------------------------- */

/* {"name": {"value": ...}}, or that below "parameters", as az has it. */
static enum kv_code add_file(const char *path, cJSON *parameters, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *file = NULL;
    kv_auto(kv_buf_done) struct kv_buf text;
    cJSON *from, *entry;

    kv_buf_init(&text, DEPLOY_TEMPLATE_MAX);
    KV_TRY(kv_file_read(path, &text, err));
    KV_TRY(kv_cli_parse_text(path, &text, VALUES_MAX, &file, err));
    from = cJSON_GetObjectItemCaseSensitive(file, "parameters");
    from = cJSON_IsObject(from) ? from : file;
    while ((entry = cJSON_DetachItemFromArray(from, 0)) != NULL) {
        kv_auto(kv_buf_done) struct kv_buf name;

        kv_buf_init(&name, PARAMETER_MAX);
        if (!cJSON_IsObject(entry) || kv_buf_printf(&name, err, "%s", entry->string) != KV_OK) {
            enum kv_code code = KV_FAIL(err, KV_BAD_PARAMETER, 0,
                                        "%.300s: the parameter %.64s is no object with a \"value\"",
                                        path, entry->string);
            cJSON_Delete(entry);
            return code;
        }
        KV_TRY(put(parameters, name.data, entry, err));
    }
    return KV_OK;
}

/* A word with = is a parameter, unless a file has that name. */
static enum kv_code add_parameters(const struct kv_options *options, const cJSON *template,
                                   cJSON *parameters, struct kv_err *err)
{
    for (size_t i = 0; i < kv_option_list_count(options, KV_OPTION_DEPLOY_PARAMETERS); i++) {
        const char *word = kv_option_list_item(options, KV_OPTION_DEPLOY_PARAMETERS, i);
        const char *equals = strchr(word, '=');

        if (equals == word || (equals != NULL && equals - word > PARAMETER_MAX)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--parameters %.64s: the name is missing",
                           word);
        }
        if (equals == NULL && word[0] != '@' && !kv_file_exists(word)) {
            return KV_FAIL(err, KV_NOT_FOUND, 0,
                           "--parameters %.300s: there is no such file, and it is no NAME=VALUE",
                           word);
        }
        if (equals != NULL && !kv_file_exists(word)) {
            KV_TRY(add_word(word, equals, template, parameters, err));
        } else {
            KV_TRY(add_file(word[0] == '@' ? word + 1 : word, parameters, err));
        }
    }
    return KV_OK;
}

/* ---- The whole ------------------------------------------------------------------------------------- */

/* Only for the types of its parameters: what is wrong with it, the server says. *ret_tree may stay NULL. */
static enum kv_code read_types(const struct kv_buf *template, cJSON **ret_tree, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf copy;

    kv_buf_init(&copy, template->len);
    KV_TRY(kv_buf_append(&copy, template->data, template->len, err));
    cJSON_Minify(copy.data); /* a template may have comments */
    KV_IGNORE(kv_json_parse_long(copy.data, strlen(copy.data), VALUES_MAX, ret_tree, NULL));
    return KV_OK;
}

enum kv_code deploy_body(const struct kv_options *options, const struct kv_buf *template,
                         struct kv_buf *body, struct kv_err *err)
{
    static const char mark[] =
        "\xef\xbb\xbf"; /* a byte order mark is not for the middle of a text */
    bool has_mark = template->len >= 3 && strncmp(template->data, mark, 3) == 0;
    kv_auto(cJSON_Delete) cJSON *tree = NULL;
    kv_auto(cJSON_Delete) cJSON *parameters = cJSON_CreateObject();

    if (parameters == NULL || template->len == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the template is empty");
    }
    KV_TRY(read_types(template, &tree, err));
    KV_TRY(add_parameters(options, tree, parameters, err));
    KV_TRY(kv_buf_printf(
        body, err, "%s%s\n,\"mode\":\"%s\",\"parameters\":", DEPLOY_BEFORE_TEMPLATE,
        template->data + (has_mark ? 3 : 0),
        kv_option_is(options, KV_OPTION_DEPLOY_MODE, "complete") ? "Complete" : "Incremental"));
    KV_TRY(kv_json_print(parameters, body, err));
    return kv_buf_printf(body, err, "}}");
}
