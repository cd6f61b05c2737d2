/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/arm/identity_block.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/identity/registry.h"
#include "private.h"

#define ATTACHED_MAX 20
#define ASSIGN "Microsoft.ManagedIdentity/userAssignedIdentities/assign/action"

enum { OWN = 1, USERS = 2 };

void arm_identity_done(struct arm_identity *identity)
{
    cJSON_Delete(identity->block);
    *identity = (struct arm_identity){ 0 };
}

/* "SystemAssigned, UserAssigned" in any case: bits; -1: something else. */
static int read_kinds(const char *type)
{
    int kinds = 0;

    for (const char *at = type; *at != '\0'; at += strspn(at, ", ")) {
        size_t len = strcspn(at, ", ");

        if (len == strlen("SystemAssigned") && strncasecmp(at, "SystemAssigned", len) == 0) {
            kinds |= OWN;
        } else if (len == strlen("UserAssigned") && strncasecmp(at, "UserAssigned", len) == 0) {
            kinds |= USERS;
        } else if (len != strlen("None") || strncasecmp(at, "None", len) != 0) {
            return -1;
        }
        at += len;
    }
    return kinds;
}

static int kinds_of(const cJSON *block)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(block, "type"));

    return type != NULL ? read_kinds(type) : 0;
}

static enum kv_code refuse_kinds(const cJSON *sent, struct kv_err *err)
{
    const char *type = cJSON_GetStringValue(cJSON_GetObjectItem(sent, "type"));

    return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                   "The identity type '%.64s' is not one that this resource can have.",
                   type != NULL ? type : "");
}

/* --- its own --- */

static enum kv_code add_own(const struct arm_call *call, struct arm_identity *identity,
                            struct kv_err *err)
{
    const enum kv_principal_type type = KV_PRINCIPAL_SYSTEM_ASSIGNED;
    const struct kv_principal_draft draft = { .name = call->id->text, .type = &type };
    struct kv_principal_entry entry;
    bool is_new;
    bool ok = true;

    KV_TRY(kv_principal_register(call->app->principals, &draft, false, &entry, &is_new, err));
    kv_json_add_text(identity->block, "principalId", entry.object_id, &ok);
    kv_json_add_text(identity->block, "tenantId", entry.tenant, &ok);
    (void) snprintf(identity->name, sizeof(identity->name), "%.255s", call->id->text);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code drop_own(const struct arm_call *call, struct kv_err *err)
{
    enum kv_code code = kv_principal_delete(call->app->principals, call->id->text, err);

    return code == KV_NOT_FOUND ? KV_OK : code;
}

enum kv_code arm_identity_drop(const struct arm_call *call, const cJSON *before, struct kv_err *err)
{
    return (kinds_of(before) & OWN) != 0 ? drop_own(call, err) : KV_OK;
}

/* --- those of users --- */

static enum kv_code check_assign(const struct arm_call *call, const char *id, struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };
    enum kv_code code = arm_authorize(call, ASSIGN, id, &why);

    if (code != KV_AUTHORIZATION_FAILED) {
        if (code != KV_OK && err != NULL) {
            *err = why;
        }
        return code;
    }
    return KV_FAIL(err, KV_LINKED_AUTHORIZATION_FAILED, 0,
                   "The client '%s' with object id '%s' has permission to perform action "
                   "'%s/write' on scope '%.256s'; however, it does not have permission to perform "
                   "action(s) '" ASSIGN "' on the linked scope(s) '%.256s' (respectively) or the "
                   "linked scope(s) are invalid.",
                   call->caller->name[0] != '\0' ? call->caller->name : call->caller->app_id,
                   call->caller->object_id, call->type->name, call->id->text, id);
}

static enum kv_code find_user(const struct arm_call *call, const char *id,
                              struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    enum kv_code code = *id == '/'
                            ? kv_principals_find_resource(call->app->principals, id, ret_entry, err)
                            : KV_NOT_FOUND;

    return code == KV_NOT_FOUND
               ? KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "The identity '%.256s' was not found.", id)
               : code;
}

static enum kv_code attach(const struct arm_call *call, const char *id, cJSON *users,
                           struct arm_identity *identity, struct kv_err *err)
{
    struct kv_principal_entry entry;
    bool ok = true;

    KV_TRY(find_user(call, id, &entry, err));
    KV_TRY(check_assign(call, id, err));
    cJSON *user = kv_json_add_object(users, id, &ok);
    kv_json_add_text(user, "principalId", entry.object_id, &ok);
    kv_json_add_text(user, "clientId", entry.client_id, &ok);
    if (identity->name[0] == '\0') {
        (void) snprintf(identity->name, sizeof(identity->name), "%s", id);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code attach_all(const struct arm_call *call, const cJSON *sent,
                               struct arm_identity *identity, struct kv_err *err)
{
    const cJSON *wanted = cJSON_GetObjectItem(sent, "userAssignedIdentities");
    const cJSON *user;
    bool ok = true;
    cJSON *users = kv_json_add_object(identity->block, "userAssignedIdentities", &ok);
    int count = cJSON_IsObject(wanted) ? cJSON_GetArraySize(wanted) : 0;

    if (count == 0 || count > ATTACHED_MAX) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "A resource with the identity type 'UserAssigned' names 1 to %d identities.",
                       ATTACHED_MAX);
    }
    cJSON_ArrayForEach (user, wanted) {
        KV_TRY(attach(call, user->string, users, identity, err));
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code make_block(const struct arm_call *call, const cJSON *sent, int kinds,
                               struct arm_identity *identity, struct kv_err *err)
{
    static const char *const words[] = { "None", "SystemAssigned", "UserAssigned",
                                         "SystemAssigned,UserAssigned" };
    bool ok = true;

    identity->block = cJSON_CreateObject();
    kv_json_add_text(identity->block, "type", words[kinds], &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    if ((kinds & USERS) != 0) {
        KV_TRY(attach_all(call, sent, identity, err));
    }
    return (kinds & OWN) != 0 ? add_own(call, identity, err) : KV_OK;
}

enum kv_code arm_identity_put(const struct arm_call *call, const cJSON *sent, const cJSON *before,
                              bool one_kind, struct arm_identity *ret_identity, struct kv_err *err)
{
    kv_auto(arm_identity_done) struct arm_identity identity = { 0 };
    int kinds = kinds_of(sent);

    if (kinds < 0 || (one_kind && kinds == (OWN | USERS))
        || (sent != NULL && !cJSON_IsNull(sent) && !cJSON_IsObject(sent))) {
        return refuse_kinds(sent, err);
    }
    if (kinds != 0) {
        KV_TRY(make_block(call, sent, kinds, &identity, err));
    }
    if ((kinds & OWN) == 0) {
        KV_TRY(arm_identity_drop(call, before, err));
    }
    *ret_identity = identity;
    identity = (struct arm_identity){ 0 };
    return KV_OK;
}
