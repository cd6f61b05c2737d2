/* SPDX-License-Identifier: Apache-2.0 */
/* One object, or several by their ids. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

#define IDS_MAX 1000 /* of one call, as in Graph */

/*
 * Somebody by an id. Whoever nobody registered is made up by his object id as a service principal, as he
 * is everywhere, unless those are refused.
 */
static enum kv_code find(const struct kv_app *app, const char *id,
                         struct kv_principal_entry *ret_entry, enum graph_kind *ret_kind,
                         struct kv_err *err)
{
    struct kv_principal_entry entry;
    enum kv_code code = kv_principals_find_object(app->principals, id, &entry, err);

    if (code == KV_NOT_FOUND) {
        return graph_refuse_missing(id, err);
    }
    KV_TRY(code);
    *ret_entry = entry;
    return graph_kind_of(&entry, ret_kind) || !entry.registered ? KV_OK
                                                                : graph_refuse_missing(id, err);
}

static enum kv_code answer(const struct kv_principal_entry *entry, enum graph_kind kind,
                           const char *context_name, bool shows_type, struct kv_response *response,
                           struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *item = NULL;
    char context[128];

    (void) snprintf(context, sizeof(context),
                    "https://graph.microsoft.com/v1.0/$metadata#%s/$entity", context_name);
    item = graph_render(entry, kind, context, shows_type);
    return kv_response_json(response, 200, item, err);
}

static enum kv_code get(struct kv_request *request, enum graph_kind kind,
                        struct kv_response *response, struct kv_err *err)
{
    const char *id = kv_request_capture(request, "id");
    struct kv_principal_entry entry;
    enum graph_kind own;

    KV_TRY(find(request->app, id, &entry, &own, err));
    if (own != kind) {
        return graph_refuse_missing(id, err);
    }
    return answer(&entry, kind, graph_kind_name(kind), false, response, err);
}

enum kv_code graph_get_service_principal(struct kv_request *request, struct kv_response *response,
                                         struct kv_err *err)
{
    return get(request, GRAPH_SERVICE_PRINCIPALS, response, err);
}

enum kv_code graph_get_group(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    return get(request, GRAPH_GROUPS, response, err);
}

struct search {
    const char *text;
    enum graph_kind kind;
    struct kv_principal_entry found;
    bool is_found;
};

static enum kv_code look_at(const struct kv_principal_entry *entry, void *context,
                            struct kv_err *err)
{
    struct search *search = context;
    char id[KV_UUID_LENGTH + 1];
    bool is_it = strcasecmp(entry->upn, search->text) == 0;

    (void) err;
    if (search->kind == GRAPH_APPLICATIONS) {
        kv_uuid_of("application", entry->client_id, id);
        is_it = strcasecmp(id, search->text) == 0;
    }
    if (is_it && graph_is_of(entry, search->kind)) {
        search->found = *entry;
        search->is_found = true;
    }
    return KV_OK;
}

static enum kv_code get_by_search(struct kv_request *request, enum graph_kind kind,
                                  struct kv_response *response, struct kv_err *err)
{
    struct search search = { .text = kv_request_capture(request, "id"), .kind = kind };

    KV_TRY(kv_principals_each(request->app->principals, look_at, &search, err));
    return search.is_found
               ? answer(&search.found, kind, graph_kind_name(kind), false, response, err)
               : graph_refuse_missing(search.text, err);
}

/* By object id or by upn. */
enum kv_code graph_get_user(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    return kv_uuid_is_valid(kv_request_capture(request, "id"))
               ? get(request, GRAPH_USERS, response, err)
               : get_by_search(request, GRAPH_USERS, response, err);
}

enum kv_code graph_get_application(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err)
{
    return get_by_search(request, GRAPH_APPLICATIONS, response, err);
}

enum kv_code graph_get_object(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    struct kv_principal_entry entry;
    enum graph_kind kind;

    KV_TRY(find(request->app, kv_request_capture(request, "id"), &entry, &kind, err));
    return answer(&entry, kind, "directoryObjects", true, response, err);
}

/* Only users have a /me. */
enum kv_code graph_get_me(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    const struct graph_call *call = request->context;
    struct kv_principal_entry entry;
    enum graph_kind kind;

    if (call->has_caller) {
        KV_TRY(find(request->app, call->caller.object_id, &entry, &kind, err));
        if (kind == GRAPH_USERS) {
            return answer(&entry, kind, "users", false, response, err);
        }
    }
    return KV_FAIL(err, KV_GRAPH_BAD_REQUEST, 0,
                   "/me request is only valid with delegated authentication flow.");
}

static enum kv_code read_ids(const struct kv_request *request, const char *name, bool is_needed,
                             cJSON **ret_body, const cJSON **ret_list, struct kv_err *err)
{
    const cJSON *item;

    if (kv_request_json(request, ret_body, NULL) != KV_OK) {
        return KV_FAIL(
            err, KV_GRAPH_BAD_REQUEST, 0,
            "Unable to read JSON request payload. Please ensure Content-Type header is set "
            "and payload is of valid JSON format.");
    }
    *ret_list = cJSON_GetObjectItem(*ret_body, name);
    if ((is_needed && !cJSON_IsArray(*ret_list)) || cJSON_GetArraySize(*ret_list) > IDS_MAX) {
        return KV_FAIL(err, KV_GRAPH_BAD_REQUEST, 0,
                       "The property '%s' has to be an array of at most %d texts.", name, IDS_MAX);
    }
    cJSON_ArrayForEach (item, *ret_list) {
        if (!cJSON_IsString(item)) {
            return KV_FAIL(err, KV_GRAPH_BAD_REQUEST, 0,
                           "The property '%s' has to be an array of at most %d texts.", name,
                           IDS_MAX);
        }
    }
    return KV_OK;
}

/* "servicePrincipal" of "servicePrincipals"; an empty list of types is all of them. */
static bool is_of_types(enum graph_kind kind, const cJSON *types)
{
    const char *name = graph_kind_name(kind);
    const cJSON *type;

    cJSON_ArrayForEach (type, types) {
        const char *text = type->valuestring;

        if (strcasecmp(text, "directoryObject") == 0
            || (strlen(text) == strlen(name) - 1 && strncasecmp(text, name, strlen(text)) == 0)) {
            return true;
        }
    }
    return cJSON_GetArraySize(types) == 0;
}

/* Ids of nobody are left out, as in Graph. */
static enum kv_code add_each(const struct kv_app *app, const cJSON *ids, const cJSON *types,
                             cJSON *values, struct kv_err *err)
{
    const cJSON *id;
    bool ok = true;

    cJSON_ArrayForEach (id, ids) {
        struct kv_principal_entry entry;
        enum graph_kind kind;
        enum kv_code code = find(app, id->valuestring, &entry, &kind, err);

        if (code != KV_OK && code != KV_GRAPH_NOT_FOUND) {
            return code;
        }
        if (code == KV_OK && is_of_types(kind, types)) {
            kv_json_add_take(values, NULL, graph_render(&entry, kind, NULL, true), &ok);
        }
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code begin_list(const char *name, cJSON **ret_body, cJSON **ret_values,
                               struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char context[128];
    bool ok = body != NULL;

    (void) snprintf(context, sizeof(context), "https://graph.microsoft.com/v1.0/$metadata#%s",
                    name);
    kv_json_add_text(body, "@odata.context", context, &ok);
    *ret_values = kv_json_add_array(body, "value", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_body = kv_take(body);
    return KV_OK;
}

enum kv_code graph_get_by_ids(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *asked = NULL;
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    const cJSON *ids = NULL, *types = NULL;
    cJSON *values = NULL;

    KV_TRY(read_ids(request, "ids", true, &asked, &ids, err));
    types = cJSON_GetObjectItem(asked, "types");
    if (types != NULL) {
        kv_auto(cJSON_Delete) cJSON *again = NULL;

        KV_TRY(read_ids(request, "types", true, &again, &types, err));
        types = cJSON_GetObjectItem(asked, "types");
    }
    KV_TRY(begin_list("directoryObjects", &body, &values, err));
    KV_TRY(add_each(request->app, ids, types, values, err));
    return kv_response_json(response, 200, body, err);
}

/* The object ids of the groups somebody is in, nested ones included. */
enum kv_code graph_get_member_groups(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    const char *id = kv_request_capture(request, "id");
    char groups[KV_PRINCIPAL_GROUPS_MAX][KV_UUID_LENGTH + 1];
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    cJSON *values = NULL;
    struct kv_principal_entry entry;
    enum graph_kind kind;
    size_t count = 0;
    bool ok = true;

    KV_TRY(find(request->app, id, &entry, &kind, err));
    KV_TRY(kv_principals_groups(request->app->principals, entry.object_id, groups,
                                KV_PRINCIPAL_GROUPS_MAX, &count, err));
    KV_TRY(begin_list("Collection(Edm.String)", &body, &values, err));
    for (size_t i = 0; i < count; i++) {
        kv_json_append_text(values, groups[i], &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code graph_list_members(struct kv_request *request, struct kv_response *response,
                                struct kv_err *err)
{
    const char *id = kv_request_capture(request, "id");
    kv_auto(cJSON_Delete) cJSON *ids = cJSON_CreateArray();
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    cJSON *values = NULL;
    struct kv_principal_entry entry;
    enum graph_kind kind;

    if (ids == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(find(request->app, id, &entry, &kind, err));
    if (kind != GRAPH_GROUPS) {
        return graph_refuse_missing(id, err);
    }
    KV_TRY(kv_principal_members(request->app->principals, entry.name, ids, err));
    KV_TRY(begin_list("directoryObjects", &body, &values, err));
    KV_TRY(add_each(request->app, ids, NULL, values, err));
    return kv_response_json(response, 200, body, err);
}
