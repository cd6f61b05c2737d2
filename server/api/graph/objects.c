/* SPDX-License-Identifier: Apache-2.0 */
/* Principals as objects of the directory. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

static const struct {
    const char *name, *type;
} kinds[GRAPH_KINDS] = {
    [GRAPH_SERVICE_PRINCIPALS] = { "servicePrincipals", "#microsoft.graph.servicePrincipal" },
    [GRAPH_USERS] = { "users", "#microsoft.graph.user" },
    [GRAPH_GROUPS] = { "groups", "#microsoft.graph.group" },
    [GRAPH_APPLICATIONS] = { "applications", "#microsoft.graph.application" },
};

const char *graph_kind_name(enum graph_kind kind)
{
    return kinds[kind].name;
}

bool graph_kind_of(const struct kv_principal_entry *entry, enum graph_kind *ret_kind)
{
    static const enum graph_kind of_types[] = {
        [KV_PRINCIPAL_APPLICATION] = GRAPH_SERVICE_PRINCIPALS,
        [KV_PRINCIPAL_SYSTEM_ASSIGNED] = GRAPH_SERVICE_PRINCIPALS,
        [KV_PRINCIPAL_USER_ASSIGNED] = GRAPH_SERVICE_PRINCIPALS,
        [KV_PRINCIPAL_USER] = GRAPH_USERS,
        [KV_PRINCIPAL_GROUP] = GRAPH_GROUPS,
    };

    *ret_kind = of_types[entry->type];
    return entry->state != KV_PRINCIPAL_DELETED
           && (entry->registered || entry->type == KV_PRINCIPAL_SYSTEM_ASSIGNED);
}

bool graph_is_of(const struct kv_principal_entry *entry, enum graph_kind kind)
{
    enum graph_kind own;

    if (!graph_kind_of(entry, &own)) {
        return false;
    }
    return kind == GRAPH_APPLICATIONS ? entry->type == KV_PRINCIPAL_APPLICATION : own == kind;
}

const char *graph_display_name(const struct kv_principal_entry *entry)
{
    const char *slash = strrchr(entry->resource, '/');

    if (entry->name[0] != '\0' && entry->name[0] != '/') {
        return entry->name;
    }
    return slash != NULL ? slash + 1 : entry->object_id;
}

static void add_null(cJSON *object, const char *name, bool *ok)
{
    kv_json_add_take(object, name, cJSON_CreateNull(), ok);
}

static void add_service_principal(cJSON *item, const struct kv_principal_entry *entry, bool *ok)
{
    bool is_managed = entry->type != KV_PRINCIPAL_APPLICATION;

    kv_json_add_bool(item, "accountEnabled", entry->state == KV_PRINCIPAL_ENABLED, ok);
    cJSON *others = kv_json_add_array(item, "alternativeNames", ok);
    if (is_managed) {
        kv_json_append_text(
            others,
            entry->type == KV_PRINCIPAL_USER_ASSIGNED ? "isExplicit=True" : "isExplicit=False", ok);
        kv_json_append_text(others, entry->resource, ok);
    }
    kv_json_add_text(item, "appDisplayName", graph_display_name(entry), ok);
    kv_json_add_text(item, "appId", entry->client_id, ok);
    kv_json_add_text(item, "appOwnerOrganizationId", entry->tenant, ok);
    kv_json_append_text(kv_json_add_array(item, "servicePrincipalNames", ok), entry->client_id, ok);
    kv_json_add_text(item, "servicePrincipalType", is_managed ? "ManagedIdentity" : "Application",
                     ok);
    (void) kv_json_add_array(item, "tags", ok);
}

static void add_user(cJSON *item, const struct kv_principal_entry *entry, bool *ok)
{
    kv_json_add_text(item, "userPrincipalName", entry->upn, ok);
    add_null(item, "givenName", ok);
    add_null(item, "surname", ok);
    add_null(item, "mail", ok);
}

static void add_group(cJSON *item, const struct kv_principal_entry *entry, bool *ok)
{
    add_null(item, "description", ok);
    (void) kv_json_add_array(item, "groupTypes", ok);
    add_null(item, "mail", ok);
    kv_json_add_bool(item, "mailEnabled", false, ok);
    kv_json_add_text(item, "mailNickname", graph_display_name(entry), ok);
    kv_json_add_bool(item, "securityEnabled", true, ok);
}

/* The registration has an id of its own, which nobody else here knows: derived from the client id. */
static void add_application(cJSON *item, const struct kv_principal_entry *entry, bool *ok)
{
    kv_json_add_text(item, "appId", entry->client_id, ok);
    (void) kv_json_add_array(item, "identifierUris", ok);
    kv_json_add_text(item, "signInAudience", "AzureADMyOrg", ok);
}

cJSON *graph_render(const struct kv_principal_entry *entry, enum graph_kind kind,
                    const char *context, bool shows_type)
{
    static void (*const add[GRAPH_KINDS])(cJSON *, const struct kv_principal_entry *, bool *) = {
        [GRAPH_SERVICE_PRINCIPALS] = add_service_principal,
        [GRAPH_USERS] = add_user,
        [GRAPH_GROUPS] = add_group,
        [GRAPH_APPLICATIONS] = add_application,
    };
    cJSON *item = cJSON_CreateObject();
    char id[KV_UUID_LENGTH + 1];
    bool ok = item != NULL;

    memcpy(id, entry->object_id, sizeof(id));
    if (kind == GRAPH_APPLICATIONS) {
        kv_uuid_of("application", entry->client_id, id);
    }
    if (context != NULL) {
        kv_json_add_text(item, "@odata.context", context, &ok);
    }
    if (shows_type) {
        kv_json_add_text(item, "@odata.type", kinds[kind].type, &ok);
    }
    kv_json_add_text(item, "id", id, &ok);
    add_null(item, "deletedDateTime", &ok);
    kv_json_add_text(item, "displayName", graph_display_name(entry), &ok);
    add[kind](item, entry, &ok);
    if (!ok) {
        cJSON_Delete(kv_take(item));
    }
    return item;
}

enum kv_code graph_refuse_missing(const char *id, struct kv_err *err)
{
    return KV_FAIL(err, KV_GRAPH_NOT_FOUND, 0,
                   "Resource '%.128s' does not exist or one of its queried reference-property "
                   "objects are not present.",
                   id);
}
