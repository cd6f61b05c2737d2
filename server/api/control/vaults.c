/* SPDX-License-Identifier: Apache-2.0 */
/* Vaults on the control port: listing them, and their life cycle. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/events/events.h"
#include "private.h"

#define SETTING_NAME_SIZE 64

/* Purge protection is a switch, days are a number, and the rest are words. */
static void add_setting(cJSON *object, const struct kv_vault *vault, enum kv_vault_setting setting,
                        bool *ok)
{
    char name[SETTING_NAME_SIZE], text[KV_SETTING_TEXT_SIZE];

    (void) snprintf(name, sizeof(name), "%s", kv_vault_setting_name(setting));
    for (char *at = name; *at != '\0'; at++) {
        *at = *at == '-' ? '_' : *at;
    }
    kv_vault_setting_text(vault, setting, text);
    if (setting == KV_SETTING_PURGE_PROTECTION) {
        kv_json_add_bool(object, name, vault->purge_protection, ok);
    } else if (setting == KV_SETTING_RETENTION) {
        kv_json_add_int(object, name, vault->retention_days, ok);
    } else {
        kv_json_add_text(object, name, text, ok);
    }
}

static void add_date(cJSON *object, const char *name, kv_time date, bool *ok)
{
    char iso[KV_ISO_DATE_SIZE];

    kv_time_render_iso(date * 1000, iso);
    kv_json_add_text(object, name, iso, ok);
}

static cJSON *render_vault(const struct kv_app *app, const struct kv_vault *vault, bool *ok)
{
    cJSON *object = cJSON_CreateObject();

    kv_json_add_text(object, "name", vault->name, ok);
    control_add_url(object, app, vault, ok);
    kv_json_add_text(object, "state", vault->deleted != 0 ? "deleted" : "live", ok);
    for (unsigned i = 0; i < KV_SETTING_COUNT; i++) {
        add_setting(object, vault, (enum kv_vault_setting) i, ok);
    }
    if (vault->read_only) { /* while its region has failed over */
        kv_json_add_bool(object, "read_only", true, ok);
    }
    add_date(object, "made", vault->made, ok);
    add_date(object, "changed", vault->changed, ok);
    if (vault->deleted != 0) {
        add_date(object, "deleted", vault->deleted, ok);
        add_date(object, "scheduled_purge", vault->purge, ok);
    }
    return object;
}

/* Takes the vault over. */
static enum kv_code respond(const struct kv_request *request, const struct kv_vault *vault,
                            unsigned status, struct kv_response *response, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *held = vault;
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = render_vault(request->app, held, &ok);

    return kv_response_json(response, status, ok ? body : NULL, err);
}

static kv_time seconds_of(const struct kv_request *request)
{
    return kv_seconds(request->now);
}

/* The draft of the vault that the path names. */
static enum kv_code name_draft(const struct kv_request *request, struct kv_vault_draft *ret_draft,
                               struct kv_err *err)
{
    const char *name = kv_request_capture(request, "name");

    return kv_vault_draft_begin(ret_draft, name, strlen(name), err);
}

/* The value as written in a SPEC; false if it has no such form. */
static bool read_value(const cJSON *member, char ret_text[KV_SETTING_TEXT_SIZE])
{
    int64_t number;

    if (cJSON_IsBool(member)) {
        (void) snprintf(ret_text, KV_SETTING_TEXT_SIZE, "%s",
                        cJSON_IsTrue(member) ? "true" : "false");
        return true;
    }
    if (kv_json_is_int(member, &number)) {
        return snprintf(ret_text, KV_SETTING_TEXT_SIZE, "%lld", (long long) number)
               < KV_SETTING_TEXT_SIZE;
    }
    return cJSON_IsString(member)
           && snprintf(ret_text, KV_SETTING_TEXT_SIZE, "%s", member->valuestring)
                  < KV_SETTING_TEXT_SIZE;
}

/* Members are named like the settings of a SPEC, with underscores; a misspelt one is refused. */
static enum kv_code read_setting(const cJSON *member, struct kv_vault_draft *draft,
                                 struct kv_err *err)
{
    char name[SETTING_NAME_SIZE], value[KV_SETTING_TEXT_SIZE];

    (void) snprintf(name, sizeof(name), "%s", member->string);
    for (char *at = name; *at != '\0'; at++) {
        *at = *at == '_' ? '-' : *at;
    }
    if (!read_value(member, value)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%.63s' must be a word, a number of days, or true or false.",
                       member->string);
    }
    return kv_vault_draft_set(draft, name, value, err);
}

/* A body may name the vault, as what is sent back for it does: the one that the path names. */
static enum kv_code check_name(const cJSON *member, const struct kv_vault_draft *draft,
                               struct kv_err *err)
{
    if (!cJSON_IsString(member)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'name' must be the name that the path has.");
    }
    if (strcasecmp(member->valuestring, draft->vault.name) != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.64s' is not the vault that the path names.",
                       member->valuestring);
    }
    return KV_OK;
}

/* What the path names, with the settings of the body; a body may be missing. */
static enum kv_code read_draft(const struct kv_request *request, struct kv_vault_draft *ret_draft,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    const cJSON *member;

    KV_TRY(name_draft(request, ret_draft, err));
    if (request->body.len == 0) {
        return KV_OK;
    }
    KV_TRY(control_read_body(request, &body, err));
    cJSON_ArrayForEach (member, body) {
        KV_TRY(strcmp(member->string, "name") == 0 ? check_name(member, ret_draft, err)
                                                   : read_setting(member, ret_draft, err));
    }
    return KV_OK;
}

enum kv_code control_vaults(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    kv_auto(kv_vault_list_done) struct kv_vault_list list = { .vault = NULL };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;

    KV_TRY(kv_vaults_list(request->app->vaults, &list, err));
    cJSON *vaults = kv_json_add_array(body, "vaults", &ok);
    for (size_t i = 0; i < list.count; i++) {
        bool is_gone = list.vault[i]->deleted != 0 && list.vault[i]->purge <= seconds_of(request);

        if (!is_gone) { /* the housekeeper is about to purge it */
            kv_json_add_take(vaults, NULL, render_vault(request->app, list.vault[i], &ok), &ok);
        }
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code control_vault_get(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct kv_vault_draft draft;
    const struct kv_vault *vault;

    KV_TRY(name_draft(request, &draft, err));
    KV_TRY(kv_vaults_get(request->app->vaults, draft.vault.name, seconds_of(request), &vault, err));
    return respond(request, vault, 200, response, err);
}

enum kv_code control_vault_put(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct kv_vault_draft draft;
    const struct kv_vault *vault;
    bool is_new;

    KV_TRY(read_draft(request, &draft, err));
    KV_TRY(kv_vaults_make(request->app->vaults, &draft, seconds_of(request), &is_new, &vault, err));
    return respond(request, vault, is_new ? 201 : 200, response, err);
}

enum kv_code control_vault_patch(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    struct kv_vault_draft draft;
    const struct kv_vault *vault;

    KV_TRY(read_draft(request, &draft, err));
    KV_TRY(kv_vaults_change(request->app->vaults, &draft, seconds_of(request), &vault, err));
    kv_events_tell(request->app->events); /* its access may have changed */
    return respond(request, vault, 200, response, err);
}

/* The clock's waiters sleep until the next purge: now there is another one. */
enum kv_code control_vault_delete(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    struct kv_vault_draft draft;
    const struct kv_vault *vault;

    KV_TRY(name_draft(request, &draft, err));
    KV_TRY(
        kv_vaults_delete(request->app->vaults, draft.vault.name, seconds_of(request), &vault, err));
    kv_clock_wake(request->app->clock);
    return respond(request, vault, 200, response, err);
}

enum kv_code control_vault_recover(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err)
{
    struct kv_vault_draft draft;
    const struct kv_vault *vault;

    KV_TRY(control_refuse_members(request, err));
    KV_TRY(name_draft(request, &draft, err));
    KV_TRY(kv_vaults_recover(request->app->vaults, draft.vault.name, seconds_of(request), &vault,
                             err));
    kv_clock_wake(request->app->clock); /* rotations that waited */
    return respond(request, vault, 200, response, err);
}

/* What was in it is destroyed by the housekeeper. */
enum kv_code control_vault_purge(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    struct kv_vault_draft draft;

    KV_TRY(control_refuse_members(request, err));
    KV_TRY(name_draft(request, &draft, err));
    KV_TRY(kv_vaults_purge(request->app->vaults, draft.vault.name, seconds_of(request), err));
    kv_clock_wake(request->app->clock);
    response->status = 204;
    return KV_OK;
}
