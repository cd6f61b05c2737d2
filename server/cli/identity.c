/* SPDX-License-Identifier: Apache-2.0 */
/* coffer identity ...: who there is, and what becomes of him, from a shell. */

#include "cli.h"

#include <string.h>

#include "server.h"

#define PATH_MAX_BYTES 8192
#define SETTING_SIZE 1024
#define DEFAULT_NAME "system-assigned" /* how a path names the one that has no name */

/* --- requests about an identity --- */

/* What is asked: ".../NAME", then "/" and `part`, then "/" and `item`, where these are not NULL. */
struct wish {
    const char *verb, *name, *part, *item;
    const cJSON *body; /* NULL: none */
};

static enum kv_code render_path(const struct wish *wish, struct kv_buf *path, struct kv_err *err)
{
    KV_TRY(kv_buf_printf(path, err, "/control/v1/identities/"));
    KV_TRY(kv_cli_append_escaped(path, *wish->name != '\0' ? wish->name : DEFAULT_NAME, err));
    if (wish->part != NULL) {
        KV_TRY(kv_buf_printf(path, err, "/%s", wish->part));
    }
    if (wish->item != NULL) {
        KV_TRY(kv_buf_printf(path, err, "/"));
        KV_TRY(kv_cli_append_escaped(path, wish->item, err));
    }
    return KV_OK;
}

static enum kv_code send_wish(const struct kv_options *options, const struct wish *wish,
                              cJSON **ret_answer, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_cli_server server;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(render_path(wish, &path, err));
    KV_TRY(kv_cli_find_server(options, &server, err));
    return strcmp(wish->verb, "GET") == 0
               ? kv_cli_get_json(&server, path.data, ret_answer, err)
               : kv_cli_send(&server, wish->verb, path.data, wish->body, ret_answer, err);
}

static const char *name_of(const struct kv_options *options)
{
    return kv_option_text(options, KV_OPTION_IDENTITY_NAME);
}

/* --- what is printed --- */

/* "object_id=.." for each text and switch; lists a line for each item. */
static void print_member(const cJSON *member)
{
    const cJSON *item;

    if (cJSON_IsString(member) || cJSON_IsBool(member)) {
        kv_cli_print_text(member->string);
        (void) putchar('=');
        kv_cli_print_text(cJSON_IsString(member) ? member->valuestring
                          : cJSON_IsTrue(member) ? "true"
                                                 : "false");
        (void) putchar('\n');
        return;
    }
    cJSON_ArrayForEach (item, member) {
        const cJSON *field;

        kv_cli_print_text(member->string);
        (void) putchar(':');
        if (cJSON_IsString(item)) {
            (void) putchar(' ');
            kv_cli_print_text(item->valuestring);
        }
        cJSON_ArrayForEach (field, item) {
            (void) putchar(' ');
            kv_cli_print_text(field->string);
            (void) putchar('=');
            kv_cli_print_text(cJSON_IsString(field) ? field->valuestring : "");
        }
        (void) putchar('\n');
    }
}

static void print_identity(const cJSON *identity)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, identity) {
        print_member(member);
    }
}

static enum kv_code print_line(const cJSON *identity, struct kv_err *err)
{
    static const char *const names[] = { "name", "type", "state", "object_id" };
    const char *client =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(identity, "client_id"));

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        const char *text = NULL;

        KV_TRY(kv_cli_read_text(identity, names[i], &text, err));
        kv_cli_print_text(text);
        (void) putchar(' ');
    }
    kv_cli_print_text(client != NULL ? client : "-");
    (void) putchar('\n');
    return KV_OK;
}

/* --- the commands --- */

enum kv_code kv_cli_identity_list(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    struct kv_cli_server server;
    const cJSON *item;

    KV_TRY(kv_cli_find_server(options, &server, err));
    KV_TRY(kv_cli_get_json(&server, "/control/v1/identities", &answer, err));
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(answer, "identities")) {
        KV_TRY(print_line(item, err));
    }
    return KV_OK;
}

static enum kv_code print_answer(const struct kv_options *options, const struct wish *wish,
                                 struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    KV_TRY(send_wish(options, wish, &answer, err));
    print_identity(answer);
    return KV_OK;
}

/* "client-id=.." is a text, "trusted" a switch. */
static enum kv_code add_setting(cJSON *body, char *setting, struct kv_err *err)
{
    char *equals = strchr(setting, '=');
    bool ok = true;

    if (equals != NULL) {
        *equals = '\0';
    }
    for (char *at = setting; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    if (equals != NULL) {
        kv_json_add_text(body, setting, equals + 1, &ok);
    } else {
        kv_json_add_bool(body, setting, true, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_cli_identity_create(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    struct wish wish = { .verb = "PUT", .body = body };
    char spec[SETTING_SIZE];
    char *rest = spec;

    if (snprintf(spec, sizeof(spec), "%s", kv_option_text(options, KV_OPTION_IDENTITY_SPEC))
        >= (int) sizeof(spec)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "the identity is too long");
    }
    if (body == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    wish.name = strsep(&rest, ",");
    for (char *setting; (setting = strsep(&rest, ",")) != NULL;) {
        KV_TRY(add_setting(body, setting, err));
    }
    return print_answer(options, &wish, err);
}

enum kv_code kv_cli_identity_show(const struct kv_options *options, struct kv_err *err)
{
    return print_answer(options, &(struct wish){ .verb = "GET", .name = name_of(options) }, err);
}

enum kv_code kv_cli_identity_delete(const struct kv_options *options, struct kv_err *err)
{
    return print_answer(options, &(struct wish){ .verb = "DELETE", .name = name_of(options) }, err);
}

static enum kv_code command(const struct kv_options *options, const char *part, struct kv_err *err)
{
    return print_answer(
        options, &(struct wish){ .verb = "POST", .name = name_of(options), .part = part }, err);
}

enum kv_code kv_cli_identity_disable(const struct kv_options *options, struct kv_err *err)
{
    return command(options, "disable", err);
}

enum kv_code kv_cli_identity_enable(const struct kv_options *options, struct kv_err *err)
{
    return command(options, "enable", err);
}

enum kv_code kv_cli_identity_recreate(const struct kv_options *options, struct kv_err *err)
{
    return command(options, "recreate", err);
}

enum kv_code kv_cli_identity_revoke(const struct kv_options *options, struct kv_err *err)
{
    return command(options, "revoke", err);
}

/* --- members --- */

static const char *member_of(const struct kv_options *options)
{
    const char *member = kv_option_text(options, KV_OPTION_MEMBER);

    return *member != '\0' ? member : DEFAULT_NAME;
}

enum kv_code kv_cli_identity_add_member(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    const struct wish wish = {
        .verb = "POST",
        .name = name_of(options),
        .part = "members",
        .body = body,
    };
    bool ok = body != NULL;

    kv_json_add_text(body, "member", member_of(options), &ok);
    return ok ? print_answer(options, &wish, err) : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_cli_identity_remove_member(const struct kv_options *options, struct kv_err *err)
{
    const struct wish wish = {
        .verb = "DELETE",
        .name = name_of(options),
        .part = "members",
        .item = member_of(options),
    };

    return print_answer(options, &wish, err);
}

/* --- credentials --- */

static void add_option(cJSON *body, const char *name, const struct kv_options *options,
                       enum kv_option option, bool *ok)
{
    const char *text = kv_option_text(options, option);

    if (*text != '\0') {
        kv_json_add_text(body, name, text, ok);
    }
}

static enum kv_code add_credential(const struct kv_options *options, const char *part,
                                   const cJSON *body, const char *printed, struct kv_err *err)
{
    const struct wish wish = {
        .verb = "POST",
        .name = name_of(options),
        .part = part,
        .body = body,
    };
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const char *text = NULL;

    KV_TRY(send_wish(options, &wish, &answer, err));
    KV_TRY(kv_cli_read_text(answer, printed, &text, err));
    (void) puts(text);
    return KV_OK;
}

/* The first line of the file, as the secret. */
static enum kv_code add_secret_of_file(cJSON *body, const char *path, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf file;
    bool ok = true;

    kv_buf_init(&file, SETTING_SIZE);
    KV_TRY(kv_file_read(path, &file, err));
    if (file.len > 0) {
        file.data[strcspn(file.data, "\r\n")] = '\0';
    }
    kv_json_add_text(body, "secret", file.len > 0 ? file.data : "", &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* Prints the secret that coffer makes; of one that is given, its id. */
enum kv_code kv_cli_identity_add_secret(const struct kv_options *options, struct kv_err *err)
{
    const char *path = kv_option_text(options, KV_OPTION_SECRET_FILE);
    kv_millis lifetime = kv_option_duration(options, KV_OPTION_LIFETIME);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    add_option(body, "label", options, KV_OPTION_LABEL, &ok);
    if (lifetime > 0) {
        kv_json_add_int(body, "lifetime", kv_seconds(lifetime), &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (*path != '\0') {
        KV_TRY(add_secret_of_file(body, path, err));
    }
    return add_credential(options, "secrets", body, *path != '\0' ? "id" : "secret", err);
}

enum kv_code kv_cli_identity_add_certificate(const struct kv_options *options, struct kv_err *err)
{
    const char *path = kv_option_text(options, KV_OPTION_CERTIFICATE_FILE);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf pem;
    bool ok = body != NULL;

    kv_buf_init(&pem, 65536);
    if (*path == '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--certificate names its file");
    }
    KV_TRY(kv_file_read(path, &pem, err));

    const char *begin =
        pem.len > 0 ? strstr(pem.data, "-----BEGIN CERTIFICATE-----") : NULL; /* a private key that
                                                                                 goes before stays */
    if (begin == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "there is no certificate in %s", path);
    }
    kv_json_add_text(body, "pem", begin, &ok);
    add_option(body, "label", options, KV_OPTION_LABEL, &ok);
    return ok ? add_credential(options, "certificates", body, "thumbprint", err)
              : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_cli_identity_add_federated(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    add_option(body, "label", options, KV_OPTION_LABEL, &ok);
    add_option(body, "issuer", options, KV_OPTION_ISSUER, &ok);
    add_option(body, "subject", options, KV_OPTION_SUBJECT, &ok);
    add_option(body, "audience", options, KV_OPTION_AUDIENCE, &ok);
    return ok ? add_credential(options, "federated-credentials", body, "id", err)
              : KV_OUT_OF_MEMORY(err);
}

enum kv_code kv_cli_identity_remove_credential(const struct kv_options *options, struct kv_err *err)
{
    char part[64];
    const struct wish wish = {
        .verb = "DELETE",
        .name = name_of(options),
        .part = part,
        .item = kv_option_text(options, KV_OPTION_CREDENTIAL_ID),
    };

    (void) snprintf(part, sizeof(part), "%ss", kv_option_text(options, KV_OPTION_CREDENTIAL_KIND));
    return *wish.item != '\0' ? print_answer(options, &wish, err)
                              : KV_FAIL(err, KV_BAD_PARAMETER, 0, "--id says which one");
}
