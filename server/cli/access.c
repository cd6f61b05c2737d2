/* SPDX-License-Identifier: Apache-2.0 */
/* coffer access ...: who may do what at a vault. */

#include "cli.h"

#include <stdlib.h>
#include <string.h>

#include "server.h"

#define PATH_MAX_BYTES 4096

/* Where a command is carried out, and for whom. */
struct place {
    struct kv_cli_server server;
    struct kv_buf vault; /* the path of the vault */
    char principal[128];
};

static void place_done(struct place *place)
{
    kv_buf_done(&place->vault);
}
KV_DEFINE_CLEANUP_VALUE(struct place, place_done)

/* --principal, or the object id of --identity, which is the system-assigned one by default. */
static enum kv_code find_principal(const struct kv_options *options, struct place *place,
                                   struct kv_err *err)
{
    const char *id = kv_option_text(options, KV_OPTION_PRINCIPAL);
    const char *identity = kv_option_text(options, KV_OPTION_ACCESS_IDENTITY);
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;

    kv_buf_init(&path, PATH_MAX_BYTES);
    if (*id != '\0' && *identity != '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--identity and --principal are two persons");
    }
    if (*id == '\0') {
        KV_TRY(kv_buf_printf(&path, err, "/control/v1/identity?name="));
        KV_TRY(kv_cli_append_escaped(&path, identity, err));
        KV_TRY(kv_cli_get_json(&place->server, path.data, &answer, err));
        KV_TRY(kv_cli_read_text(answer, "object_id", &id, err));
    }
    (void) snprintf(place->principal, sizeof(place->principal), "%s", id);
    return KV_OK;
}

/* A role and what goes with it, or an access policy and what goes with that. */
static enum kv_code check_sense(const struct kv_options *options, bool is_policy,
                                struct kv_err *err)
{
    bool has_role = *kv_option_text(options, KV_OPTION_ROLE) != '\0';
    bool narrows = *kv_option_text(options, KV_OPTION_KEY) != '\0'
                   || *kv_option_text(options, KV_OPTION_SCOPE) != '\0'
                   || kv_option_flag(options, KV_OPTION_DENY);

    if (has_role && is_policy) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--role is for role assignments, --permissions and --application are for "
                       "access policies: give one of the two");
    }
    if (!has_role && narrows) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--key, --scope and --deny need a --role");
    }
    return KV_OK;
}

static void add_option(cJSON *body, const char *name, const struct kv_options *options,
                       enum kv_option option, bool *ok)
{
    const char *text = kv_option_text(options, option);

    if (*text != '\0') {
        kv_json_add_text(body, name, text, ok);
    }
}

static enum kv_code send_role(const struct kv_options *options, const char *verb,
                              struct place *place, cJSON **ret_answer, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_text(body, "principal", place->principal, &ok);
    add_option(body, "role", options, KV_OPTION_ROLE, &ok);
    add_option(body, "key", options, KV_OPTION_KEY, &ok);
    add_option(body, "scope", options, KV_OPTION_SCOPE, &ok);
    kv_json_add_bool(body, "deny", kv_option_flag(options, KV_OPTION_DENY), &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_buf_printf(&place->vault, err, "/assignments"));
    return kv_cli_send(&place->server, verb, place->vault.data, body, ret_answer, err);
}

/* "get,wrapKey" as a list. */
static void add_words(cJSON *body, const char *words, bool *ok)
{
    cJSON *list = kv_json_add_array(body, "permissions", ok);

    while (*words != '\0') {
        size_t len = strcspn(words, ", ");
        char word[64];

        (void) snprintf(word, sizeof(word), "%.*s", (int) len, words);
        kv_json_append_text(list, word, ok);
        words += len + strspn(words + len, ", ");
    }
}

static enum kv_code append_policy(struct place *place, struct kv_err *err)
{
    KV_TRY(kv_buf_printf(&place->vault, err, "/policies/"));
    return kv_cli_append_escaped(&place->vault, place->principal, err);
}

static enum kv_code put_policy(const struct kv_options *options, struct place *place,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    bool ok = body != NULL;

    add_words(body, kv_option_text(options, KV_OPTION_PERMISSIONS), &ok);
    add_option(body, "application_id", options, KV_OPTION_APPLICATION, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(append_policy(place, err));
    return kv_cli_send(&place->server, "PUT", place->vault.data, body, &answer, err);
}

static enum kv_code delete_policy(const struct kv_options *options, struct place *place,
                                  struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const char *application = kv_option_text(options, KV_OPTION_APPLICATION);

    KV_TRY(append_policy(place, err));
    KV_TRY(kv_buf_printf(&place->vault, err, "?application_id="));
    KV_TRY(kv_cli_append_escaped(&place->vault, application, err));
    return kv_cli_send(&place->server, "DELETE", place->vault.data, NULL, &answer, err);
}

static enum kv_code find_place(const struct kv_options *options, struct place *place,
                               struct kv_err *err)
{
    KV_TRY(kv_cli_find_server(options, &place->server, err));
    return kv_cli_append_vault(options, &place->server, &place->vault, err);
}

enum kv_code kv_cli_access_grant(const struct kv_options *options, struct kv_err *err)
{
    bool has_words = *kv_option_text(options, KV_OPTION_PERMISSIONS) != '\0';
    bool is_policy = has_words || *kv_option_text(options, KV_OPTION_APPLICATION) != '\0';
    bool has_role = *kv_option_text(options, KV_OPTION_ROLE) != '\0';
    kv_auto(place_done) struct place place = { .principal = "" };
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const char *name = NULL;

    kv_buf_init(&place.vault, PATH_MAX_BYTES);
    KV_TRY(check_sense(options, is_policy, err));
    if (!has_role && !has_words) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--role or --permissions says what is granted");
    }
    KV_TRY(find_place(options, &place, err));
    KV_TRY(find_principal(options, &place, err));
    if (has_words) {
        return put_policy(options, &place, err);
    }
    KV_TRY(send_role(options, "POST", &place, &answer, err));
    KV_TRY(kv_cli_read_text(answer, "name", &name, err));
    (void) puts(name);
    return KV_OK;
}

/* One that is named needs no further words. */
static enum kv_code revoke_assignment(const struct kv_options *options, const char *name,
                                      struct kv_err *err)
{
    static const enum kv_option others[] = { KV_OPTION_ROLE, KV_OPTION_ACCESS_IDENTITY,
                                             KV_OPTION_PRINCIPAL, KV_OPTION_APPLICATION };
    kv_auto(place_done) struct place place = { .principal = "" };
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    kv_buf_init(&place.vault, PATH_MAX_BYTES);
    KV_TRY(check_sense(options, false, err));
    for (size_t i = 0; i < KV_COUNT(others); i++) {
        if (*kv_option_text(options, others[i]) != '\0') {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "--assignment says all: --role, --identity, --principal and "
                           "--application do not go with it");
        }
    }
    KV_TRY(find_place(options, &place, err));
    KV_TRY(kv_buf_printf(&place.vault, err, "/assignments/"));
    KV_TRY(kv_cli_append_escaped(&place.vault, name, err));
    return kv_cli_send(&place.server, "DELETE", place.vault.data, NULL, &answer, err);
}

enum kv_code kv_cli_access_revoke(const struct kv_options *options, struct kv_err *err)
{
    const char *assignment = kv_option_text(options, KV_OPTION_ASSIGNMENT);
    bool is_policy = *kv_option_text(options, KV_OPTION_APPLICATION) != '\0';
    bool has_role = *kv_option_text(options, KV_OPTION_ROLE) != '\0';
    kv_auto(place_done) struct place place = { .principal = "" };
    kv_auto(cJSON_Delete) cJSON *answer = NULL;

    if (*assignment != '\0') {
        return revoke_assignment(options, assignment, err);
    }
    kv_buf_init(&place.vault, PATH_MAX_BYTES);
    KV_TRY(check_sense(options, is_policy, err));
    KV_TRY(find_place(options, &place, err));
    KV_TRY(find_principal(options, &place, err));
    return has_role ? send_role(options, "DELETE", &place, &answer, err)
                    : delete_policy(options, &place, err);
}

/* What a delay that is under way does to it. */
static void print_delay(const cJSON *grant)
{
    const char *since = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(grant, "since"));
    const char *until = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(grant, "until"));

    if (since != NULL) {
        (void) printf("  pending: counts from ");
        kv_cli_print_text(since);
    }
    if (until != NULL) {
        (void) printf("  withdrawn: counts until ");
        kv_cli_print_text(until);
    }
}

static enum kv_code print_policy(const cJSON *policy, struct kv_err *err)
{
    const char *principal = NULL;
    const char *application =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(policy, "application_id"));
    const cJSON *word;

    KV_TRY(kv_cli_read_text(policy, "principal", &principal, err));
    kv_cli_print_text(principal);
    (void) printf("  policy");
    cJSON_ArrayForEach (word, cJSON_GetObjectItemCaseSensitive(policy, "permissions")) {
        (void) putchar(' ');
        kv_cli_print_text(cJSON_IsString(word) ? word->valuestring : "");
    }
    if (application != NULL) {
        (void) printf(" with the application ");
        kv_cli_print_text(application);
    }
    print_delay(policy);
    (void) putchar('\n');
    return KV_OK;
}

static enum kv_code print_assignment(const cJSON *assignment, struct kv_err *err)
{
    bool denies = cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(assignment, "deny"));
    const char *principal = NULL, *role = NULL, *scope = NULL, *name = NULL;

    KV_TRY(kv_cli_read_text(assignment, "name", &name, err));
    KV_TRY(kv_cli_read_text(assignment, "principal", &principal, err));
    KV_TRY(kv_cli_read_text(assignment, "role", &role, err));
    KV_TRY(kv_cli_read_text(assignment, "scope", &scope, err));
    kv_cli_print_text(principal);
    (void) printf(denies ? "  deny '" : "  role '");
    kv_cli_print_text(role);
    (void) printf("' on ");
    kv_cli_print_text(scope);
    (void) printf("  named ");
    kv_cli_print_text(name);
    print_delay(assignment);
    (void) putchar('\n');
    return KV_OK;
}

enum kv_code kv_cli_access_list(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(place_done) struct place place = { .principal = "" };
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    const char *mode = NULL;
    const cJSON *item;

    kv_buf_init(&place.vault, PATH_MAX_BYTES);
    KV_TRY(find_place(options, &place, err));
    KV_TRY(kv_buf_printf(&place.vault, err, "/access"));
    KV_TRY(kv_cli_get_json(&place.server, place.vault.data, &answer, err));
    KV_TRY(kv_cli_read_text(answer, "access", &mode, err));
    (void) printf("access=");
    kv_cli_print_text(mode);
    (void) putchar('\n');
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(answer, "policies")) {
        KV_TRY(print_policy(item, err));
    }
    cJSON_ArrayForEach (item, cJSON_GetObjectItemCaseSensitive(answer, "assignments")) {
        KV_TRY(print_assignment(item, err));
    }
    return KV_OK;
}
