/* SPDX-License-Identifier: Apache-2.0 */
/* Who there is: applications, managed identities, users and groups on the control port. */
#include "identities.h"

/* --- what is shown --- */

static void add_moment(cJSON *object, const char *name, kv_millis time, bool *ok)
{
    char iso[KV_ISO_DATE_SIZE];

    kv_time_render_iso(time, iso);
    kv_json_add_text(object, name, iso, ok);
}

/* Members that somebody of the type has not are left out. */
static void fill_entry(cJSON *object, const struct kv_principal_entry *entry, bool *ok)
{
    bool is_default = entry->name[0] == '\0' && entry->type == KV_PRINCIPAL_SYSTEM_ASSIGNED;

    kv_json_add_text(object, "name", is_default ? IDENTITIES_DEFAULT : entry->name, ok);
    kv_json_add_text(object, "type", kv_principal_type_word(entry->type), ok);
    kv_json_add_text(object, "state", kv_principal_state_word(entry->state), ok);
    kv_json_add_bool(object, "registered", entry->registered, ok);
    kv_json_add_text(object, "object_id", entry->object_id, ok);
    identities_add_text(object, "client_id", entry->client_id, ok);
    kv_json_add_text(object, "tenant", entry->tenant, ok);
    identities_add_text(object, "resource_id", entry->resource, ok);
    identities_add_text(object, "upn", entry->upn, ok);
    kv_json_add_bool(object, "trusted", entry->trusted_service, ok);
    if (entry->revoked != KV_PRINCIPAL_NOT_REVOKED) {
        add_moment(object, "revoked_before", entry->revoked, ok);
    }
}

/* --- all of them --- */

static enum kv_code list_one(const struct kv_principal_entry *entry, void *context,
                             struct kv_err *err)
{
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    fill_entry(object, entry, &ok);
    kv_json_add_take(context, NULL, object, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code identities_list(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = true;
    cJSON *list = kv_json_add_array(body, "identities", &ok);

    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_principals_each(request->app->principals, list_one, list, err));
    return kv_response_json(response, 200, body, err);
}

/* --- one of them --- */

/* The arrays of the kinds, in the order of enum kv_credential_kind. */
struct details {
    cJSON *arrays[3];
};

static enum kv_code add_credential(const struct kv_credential *credential, void *context,
                                   struct kv_err *err)
{
    const struct details *details = context;
    bool ok = true;

    kv_json_add_take(details->arrays[credential->kind], NULL,
                     identities_render_credential(credential, &ok), &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_credentials(const struct kv_app *app, const char *name, cJSON *body,
                                    struct kv_err *err)
{
    bool ok = true;
    struct details details = { {
        [KV_CREDENTIAL_SECRET] = kv_json_add_array(body, "secrets", &ok),
        [KV_CREDENTIAL_CERTIFICATE] = kv_json_add_array(body, "certificates", &ok),
        [KV_CREDENTIAL_FEDERATED] = kv_json_add_array(body, "federated_credentials", &ok),
    } };

    return ok ? kv_principal_credentials(app->principals, name, add_credential, &details, err)
              : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_groups(const struct kv_app *app, const struct kv_principal_entry *entry,
                               cJSON *body, struct kv_err *err)
{
    char ids[KV_PRINCIPAL_GROUPS_MAX][KV_UUID_LENGTH + 1];
    size_t count;
    bool ok = true;
    cJSON *list = kv_json_add_array(body, "groups", &ok);

    KV_TRY(kv_principals_groups(app->principals, entry->object_id, ids, KV_PRINCIPAL_GROUPS_MAX,
                                &count, err));
    for (size_t i = 0; i < count; i++) {
        kv_json_append_text(list, ids[i], &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_members(const struct kv_app *app, const char *name, cJSON *body,
                                struct kv_err *err)
{
    bool ok = true;
    cJSON *list = kv_json_add_array(body, "members", &ok);

    return ok ? kv_principal_members(app->principals, name, list, err) : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_details(const struct kv_app *app, const char *name,
                                const struct kv_principal_entry *entry, cJSON *body,
                                struct kv_err *err)
{
    KV_TRY(add_groups(app, entry, body, err));
    if (entry->type == KV_PRINCIPAL_GROUP) {
        return add_members(app, name, body, err);
    }
    return entry->client_id[0] != '\0' ? add_credentials(app, name, body, err) : KV_OK;
}

/* One who is deleted has nothing any more. */
enum kv_code identities_respond(const struct kv_request *request, unsigned status,
                                const struct kv_principal_entry *entry,
                                struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    fill_entry(body, entry, &ok);
    if (ok && entry->state != KV_PRINCIPAL_DELETED) {
        KV_TRY(add_details(request->app, identities_name(request), entry, body, err));
    }
    return kv_response_json(response, (int) status, ok ? body : NULL, err);
}

enum kv_code identities_get(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    struct kv_principal_entry entry;

    KV_TRY(kv_principal_get(request->app->principals, identities_name(request), &entry, err));
    return identities_respond(request, 200, &entry, response, err);
}

/* --- registering --- */

struct sent_identity {
    const char *type, *object_id, *client_id, *tenant, *upn;
    struct kv_maybe_bool trusted;
};

/* `draft` borrows from the body, from `type` and from `sent`. */
static enum kv_code read_draft(const struct kv_request *request, struct kv_principal_draft *draft,
                               enum kv_principal_type *type, struct sent_identity *sent,
                               cJSON **ret_body, struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_identity, type, "type", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_identity, object_id, "object_id", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_identity, client_id, "client_id", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_identity, tenant, "tenant", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_identity, upn, "upn", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_identity, trusted, "trusted", KV_JSON_BOOL),
    };

    KV_TRY(identities_bind(request, fields, KV_COUNT(fields), sent, ret_body, err));
    if (sent->type != NULL && !kv_principal_type_parse(sent->type, type)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "type is application, system-assigned, user-assigned, user or group.");
    }
    *draft = (struct kv_principal_draft){
        .name = identities_name(request),
        .type = sent->type != NULL ? type : NULL,
        .object_id = sent->object_id,
        .client_id = sent->client_id,
        .tenant = sent->tenant,
        .upn = sent->upn,
        .trusted_service = sent->trusted.given ? &sent->trusted.value : NULL,
    };
    return KV_OK;
}

static enum kv_code take_draft(struct kv_request *request, bool only_living,
                               struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct sent_identity sent = { .type = NULL };
    enum kv_principal_type type = KV_PRINCIPAL_USER_ASSIGNED;
    struct kv_principal_draft draft;
    struct kv_principal_entry entry;
    bool is_new;

    KV_TRY(read_draft(request, &draft, &type, &sent, &body, err));
    KV_TRY(
        kv_principal_register(request->app->principals, &draft, only_living, &entry, &is_new, err));
    return identities_respond(request, is_new && !only_living ? 201 : 200, &entry, response, err);
}

enum kv_code identities_put(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    return take_draft(request, false, response, err);
}

enum kv_code identities_patch(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    return take_draft(request, true, response, err);
}

/* --- what becomes of them --- */

enum kv_code identities_delete(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    KV_TRY(kv_principal_delete(request->app->principals, identities_name(request), err));
    response->status = 204;
    return KV_OK;
}

static enum kv_code switch_state(struct kv_request *request, bool enabled,
                                 struct kv_response *response, struct kv_err *err)
{
    struct kv_principal_entry entry;

    KV_TRY(control_refuse_members(request, err));
    KV_TRY(kv_principal_enable(request->app->principals, identities_name(request), enabled, &entry,
                               err));
    return identities_respond(request, 200, &entry, response, err);
}

enum kv_code identities_disable(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    return switch_state(request, false, response, err);
}

enum kv_code identities_enable(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    return switch_state(request, true, response, err);
}

enum kv_code identities_recreate(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    struct kv_principal_entry entry;

    KV_TRY(control_refuse_members(request, err));
    KV_TRY(kv_principal_recreate(request->app->principals, identities_name(request), &entry, err));
    return identities_respond(request, 200, &entry, response, err);
}

enum kv_code identities_revoke(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    struct kv_principal_entry entry;

    KV_TRY(control_refuse_members(request, err));
    KV_TRY(kv_principal_revoke(request->app->principals, identities_name(request), kv_clock_real(),
                               &entry, err));
    return identities_respond(request, 200, &entry, response, err);
}

/* --- members --- */

struct sent_member {
    const char *member;
};

enum kv_code identities_member_add(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_member, member, "member", KV_JSON_STRING),
    };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct sent_member sent = { .member = NULL };
    struct kv_principal_entry entry;

    KV_TRY(identities_bind(request, fields, KV_COUNT(fields), &sent, &body, err));
    if (sent.member == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Give the member, a name.");
    }
    KV_TRY(kv_principal_add_member(request->app->principals, identities_name(request),
                                   kv_principal_name_of(sent.member), err));
    KV_TRY(kv_principal_get(request->app->principals, identities_name(request), &entry, err));
    return identities_respond(request, 200, &entry, response, err);
}

enum kv_code identities_member_remove(struct kv_request *request, struct kv_response *response,
                                      struct kv_err *err)
{
    KV_TRY(kv_principal_remove_member(request->app->principals, identities_name(request),
                                      kv_principal_name_of(kv_request_capture(request, "member")),
                                      err));
    response->status = 204;
    return KV_OK;
}
