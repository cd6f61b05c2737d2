/* SPDX-License-Identifier: Apache-2.0 */
/* "identity" of resources, and the extension that shows their system-assigned one. */
#include "kv/arm/identity_block.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

enum { SYSTEM = 1, USER = 2 };

/* By the bits of what it has. */
static const char *const words[] = { "None", "SystemAssigned", "UserAssigned",
                                     "SystemAssigned,UserAssigned" };

static enum kv_code refuse(const char *what, struct kv_err *err)
{
    return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "The identity of the resource is not valid: %s.",
                   what);
}

/* "systemassigned, UserAssigned": in any case, blanks behind the comma. */
static bool parse_type(const char *text, unsigned *ret_bits)
{
    char plain[sizeof("SystemAssigned,UserAssigned")];
    size_t len = 0;

    for (; *text != '\0'; text++) {
        if (*text != ' ' && len == sizeof(plain) - 1) {
            return false;
        }
        plain[len] = *text;
        len += *text != ' ' ? 1 : 0;
    }
    plain[len] = '\0';
    for (unsigned i = 0; i < KV_COUNT(words); i++) {
        if (strcasecmp(words[i], plain) == 0) {
            *ret_bits = i;
            return true;
        }
    }
    return false;
}

static unsigned bits_of(const cJSON *block)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(block, "type"));
    unsigned bits = 0;

    return type != NULL && parse_type(type, &bits) ? bits : 0;
}

static enum kv_code check_one(const struct arm_call *call, const char *id, struct kv_err *err)
{
    struct kv_principal_entry entry;
    enum kv_code code = identity_find(call->app, id, KV_PRINCIPAL_USER_ASSIGNED, &entry, err);

    if (code == KV_NOT_FOUND) {
        return KV_FAIL(
            err, KV_FAILED_IDENTITY_OPERATION, 0,
            "Identity operation for resource '%.256s' failed with error 'Failed to perform "
            "resource identity operation. Status: 'BadRequest'. Response: "
            "'{\"error\":{\"code\":\"BadRequest\",\"message\":\"Resource '%.256s' was "
            "not found.\"}}'.'.",
            call->id->text, id);
    }
    KV_TRY(code);
    return arm_authorize_linked(call, IDENTITY_TYPE "/assign/action", id, err);
}

/* A value of null takes one away, which in a whole block is leaving it out. */
static enum kv_code take_users(const struct arm_call *call, const cJSON *from, cJSON *block,
                               struct kv_err *err)
{
    bool ok = true;
    cJSON *to = kv_json_add_object(block, "userAssignedIdentities", &ok);
    const cJSON *one;

    if (!cJSON_IsObject(from) || cJSON_GetArraySize(from) > ARM_IDENTITIES_MAX) {
        return refuse("userAssignedIdentities has to be an object of at most 100 identities", err);
    }
    cJSON_ArrayForEach (one, from) {
        if (cJSON_IsNull(one)) {
            continue;
        }
        if (!cJSON_IsObject(one)) {
            return refuse("each of userAssignedIdentities has to be an object", err);
        }
        KV_TRY(check_one(call, one->string, err));
        (void) kv_json_add_object(to, one->string, &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    return cJSON_GetArraySize(to) > 0 ? KV_OK : refuse("userAssignedIdentities names none", err);
}

enum kv_code arm_identity_read(const struct arm_call *call, const cJSON *identity,
                               cJSON **ret_block, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *block = cJSON_CreateObject();
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(identity, "type"));
    bool is_none = identity == NULL || cJSON_IsNull(identity), ok = block != NULL;
    unsigned bits = 0;

    if (!is_none && (type == NULL || !parse_type(type, &bits))) {
        return refuse("its type has to be SystemAssigned, UserAssigned, both with a comma between "
                      "them, or None",
                      err);
    }
    kv_json_add_text(block, "type", words[bits], &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    if ((bits & USER) != 0) {
        KV_TRY(
            take_users(call, cJSON_GetObjectItem(identity, "userAssignedIdentities"), block, err));
    }
    *ret_block = kv_take(block);
    return KV_OK;
}

static enum kv_code make_system(const struct arm_call *call, struct kv_err *err)
{
    const enum kv_principal_type type = KV_PRINCIPAL_SYSTEM_ASSIGNED;
    const struct kv_principal_draft draft = { .name = call->id->text, .type = &type };
    struct kv_principal_entry entry;
    struct kv_err why = { .code = KV_OK };
    bool is_new;
    enum kv_code code =
        kv_principal_register(call->app->principals, &draft, false, &entry, &is_new, &why);

    if (code == KV_BAD_PARAMETER) { /* an id that is longer than names of principals */
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "%s", why.message);
    }
    if (code != KV_OK && err != NULL) {
        *err = why;
    }
    return code;
}

enum kv_code arm_identity_settle(const struct arm_call *call, const cJSON *block,
                                 struct kv_err *err)
{
    return (bits_of(block) & SYSTEM) != 0 ? make_system(call, err) : arm_identity_drop(call, err);
}

enum kv_code arm_identity_drop(const struct arm_call *call, struct kv_err *err)
{
    struct kv_principal_entry entry;
    enum kv_code code =
        identity_find(call->app, call->id->text, KV_PRINCIPAL_SYSTEM_ASSIGNED, &entry, err);

    if (code == KV_NOT_FOUND) {
        return KV_OK;
    }
    return code == KV_OK ? kv_principal_delete(call->app->principals, call->id->text, err) : code;
}

static enum kv_code show_users(const struct kv_app *app, const cJSON *block, cJSON *shown,
                               struct kv_err *err)
{
    bool ok = true;
    cJSON *to = kv_json_add_object(shown, "userAssignedIdentities", &ok);
    const cJSON *one;

    cJSON_ArrayForEach (one, cJSON_GetObjectItem(block, "userAssignedIdentities")) {
        struct kv_principal_entry entry;
        cJSON *item = kv_json_add_object(to, one->string, &ok);
        enum kv_code code =
            identity_find(app, one->string, KV_PRINCIPAL_USER_ASSIGNED, &entry, err);

        if (code == KV_OK) { /* one that is gone stays attached, as nobody */
            kv_json_add_text(item, "principalId", entry.object_id, &ok);
            kv_json_add_text(item, "clientId", entry.client_id, &ok);
        } else if (code != KV_NOT_FOUND) {
            return code;
        }
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code show_system(const struct kv_app *app, const char *resource, cJSON *shown,
                                struct kv_err *err)
{
    struct kv_principal_entry entry;
    bool ok = true;
    enum kv_code code = identity_find(app, resource, KV_PRINCIPAL_SYSTEM_ASSIGNED, &entry, err);

    if (code == KV_NOT_FOUND) { /* deleted behind the resource's back */
        return KV_OK;
    }
    KV_TRY(code);
    kv_json_add_text(shown, "principalId", entry.object_id, &ok);
    kv_json_add_text(shown, "tenantId", entry.tenant, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code arm_identity_show(const struct kv_app *app, const char *resource, const cJSON *block,
                               cJSON **ret_shown, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    unsigned bits = bits_of(block);
    bool ok = true;

    if (bits != 0) {
        shown = cJSON_CreateObject();
        ok = shown != NULL;
        kv_json_add_text(shown, "type", words[bits], &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    if ((bits & SYSTEM) != 0) {
        KV_TRY(show_system(app, resource, shown, err));
    }
    if ((bits & USER) != 0) {
        KV_TRY(show_users(app, block, shown, err));
    }
    *ret_shown = kv_take(shown);
    return KV_OK;
}

enum kv_code arm_identity_of(const struct kv_app *app, const char *resource, const cJSON *block,
                             struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    const cJSON *users = cJSON_GetObjectItem(block, "userAssignedIdentities");
    unsigned bits = bits_of(block);

    if ((bits & SYSTEM) != 0) {
        return identity_find(app, resource, KV_PRINCIPAL_SYSTEM_ASSIGNED, ret_entry, err);
    }
    if ((bits & USER) != 0 && cJSON_IsObject(users) && users->child != NULL) {
        return identity_find(app, users->child->string, KV_PRINCIPAL_USER_ASSIGNED, ret_entry, err);
    }
    return KV_FAIL(err, KV_NOT_FOUND, 0, "The resource has no managed identity.");
}

/* GET {resource}/providers/Microsoft.ManagedIdentity/identities/default */
enum kv_code identity_default_get(struct arm_call *call, struct arm_reply *reply,
                                  struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    struct kv_principal_entry entry;
    bool ok = body != NULL;
    enum kv_code code =
        strcasecmp(call->id->leaf, "default") != 0
            ? KV_NOT_FOUND
            : identity_find(call->app, call->id->scope, KV_PRINCIPAL_SYSTEM_ASSIGNED, &entry, err);

    if (code == KV_NOT_FOUND) {
        return arm_refuse_missing(call, err);
    }
    KV_TRY(code);
    kv_json_add_text(body, "id", call->id->text, &ok);
    kv_json_add_text(body, "name", "default", &ok);
    kv_json_add_text(body, "type", call->type->name, &ok);
    kv_json_add_text(body, "location", KV_REGION, &ok);
    cJSON *properties = kv_json_add_object(body, "properties", &ok);
    kv_json_add_text(properties, "tenantId", entry.tenant, &ok);
    kv_json_add_text(properties, "principalId", entry.object_id, &ok);
    kv_json_add_text(properties, "clientId", entry.client_id, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    reply->body = kv_take(body);
    return KV_OK;
}
