/* SPDX-License-Identifier: Apache-2.0 */
/* Federated credentials of user-assigned identities: the directory's, under their labels. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

#define LABEL_MAX 63 /* of a label */

/* The id of the identity that it is of. */
static const char *owner_of(const struct arm_call *call)
{
    return call->id->parent;
}

struct search {
    const char *name; /* of one, or NULL */
    const char *issuer, *subject;
    struct kv_credential found;
    bool is_found;
};

static enum kv_code look_at(const struct kv_credential *credential, void *context,
                            struct kv_err *err)
{
    struct search *search = context;
    bool is_it = search->name != NULL ? strcasecmp(credential->label, search->name) == 0
                                      : strcmp(credential->issuer, search->issuer) == 0
                                            && strcmp(credential->subject, search->subject) == 0;

    (void) err;
    if (credential->kind == KV_CREDENTIAL_FEDERATED && is_it) {
        search->found = *credential;
        search->is_found = true;
    }
    return KV_OK;
}

static enum kv_code find_owner(const struct arm_call *call, struct kv_err *err)
{
    struct kv_principal_entry entry;
    struct arm_call ask = *call;
    struct arm_id owner;
    enum kv_code code =
        identity_find(call->app, owner_of(call), KV_PRINCIPAL_USER_ASSIGNED, &entry, err);

    if (code != KV_NOT_FOUND) {
        return code;
    }
    KV_TRY(arm_id_parse(owner_of(call), &owner, err));
    ask.id = &owner;
    ask.type = arm_type_find(call->app, IDENTITY_TYPE);
    return arm_refuse_missing(&ask, err);
}

static enum kv_code find(const struct arm_call *call, struct search *search, struct kv_err *err)
{
    KV_TRY(find_owner(call, err));
    return kv_principal_credentials(call->app->principals, owner_of(call), look_at, search, err);
}

static enum kv_code render(const struct arm_call *call, const struct kv_credential *credential,
                           cJSON **ret_item, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *item = cJSON_CreateObject();
    char id[KV_RESOURCE_ID_MAX + sizeof("/federatedIdentityCredentials/") + LABEL_MAX];
    bool ok = item != NULL;

    (void) snprintf(id, sizeof(id), "%s/federatedIdentityCredentials/%s", owner_of(call),
                    credential->label);
    kv_json_add_text(item, "id", id, &ok);
    kv_json_add_text(item, "name", credential->label, &ok);
    kv_json_add_text(item, "type", IDENTITY_TYPE "/federatedIdentityCredentials", &ok);
    cJSON *properties = kv_json_add_object(item, "properties", &ok);
    kv_json_add_text(properties, "issuer", credential->issuer, &ok);
    kv_json_add_text(properties, "subject", credential->subject, &ok);
    kv_json_append_text(kv_json_add_array(properties, "audiences", &ok), credential->audience, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_item = kv_take(item);
    return KV_OK;
}

enum kv_code identity_federated_get(struct arm_call *call, struct arm_reply *reply,
                                    struct kv_err *err)
{
    struct search search = { .name = call->id->leaf };

    KV_TRY(find(call, &search, err));
    return search.is_found ? render(call, &search.found, &reply->body, err)
                           : arm_refuse_missing(call, err);
}

/* --- made --- */

struct draft {
    const char *issuer, *subject, *audience;
};

static enum kv_code take_text(const cJSON *properties, const char *name, const char **ret_text,
                              struct kv_err *err)
{
    *ret_text = cJSON_GetStringValue(cJSON_GetObjectItem(properties, name));
    return *ret_text != NULL && **ret_text != '\0'
               ? KV_OK
               : KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                         "The property '%s' of a federated identity credential has to be a text.",
                         name);
}

static enum kv_code read_body(const struct arm_call *call, struct draft *ret_draft,
                              struct kv_err *err)
{
    const cJSON *properties = cJSON_GetObjectItem(call->body, "properties");
    const cJSON *audiences = cJSON_GetObjectItem(properties, "audiences");

    if (strlen(call->id->leaf) > LABEL_MAX) {
        return KV_FAIL(err, KV_ARM_INVALID_NAME, 0,
                       "The name of a federated identity credential has at most %d characters.",
                       LABEL_MAX);
    }
    KV_TRY(take_text(properties, "issuer", &ret_draft->issuer, err));
    KV_TRY(take_text(properties, "subject", &ret_draft->subject, err));
    ret_draft->audience = cJSON_GetStringValue(cJSON_GetArrayItem(audiences, 0));
    if (cJSON_GetArraySize(audiences) != 1 || ret_draft->audience == NULL) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0,
                       "The property 'audiences' of a federated identity credential has to be an "
                       "array of one text.");
    }
    return KV_OK;
}

static enum kv_code check_others(const struct arm_call *call, const struct draft *draft,
                                 struct kv_err *err)
{
    struct search search = { .issuer = draft->issuer, .subject = draft->subject };

    KV_TRY(find(call, &search, err));
    if (search.is_found && strcasecmp(search.found.label, call->id->leaf) != 0) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "Issuer and subject combination already exists for this Managed Identity.");
    }
    return KV_OK;
}

static enum kv_code remove_former(const struct arm_call *call, const struct search *former,
                                  struct kv_err *err)
{
    return former->is_found
               ? kv_principal_remove_credential(call->app->principals, owner_of(call),
                                                KV_CREDENTIAL_FEDERATED, former->found.id, err)
               : KV_OK;
}

enum kv_code identity_federated_put(struct arm_call *call, struct arm_reply *reply,
                                    struct kv_err *err)
{
    struct search former = { .name = call->id->leaf };
    struct kv_credential made;
    struct kv_err why = { .code = KV_OK };
    struct draft draft = { .issuer = NULL };
    enum kv_code code;

    KV_TRY(read_body(call, &draft, err));
    KV_TRY(check_others(call, &draft, err));
    KV_TRY(find(call, &former, err));
    code = kv_principal_add_federated(call->app->principals, owner_of(call), call->id->leaf,
                                      draft.issuer, draft.subject, draft.audience, &made, &why);
    if (code == KV_BAD_PARAMETER) {
        return KV_FAIL(err, KV_ARM_BAD_REQUEST, 0, "%s", why.message);
    }
    if (code != KV_OK) {
        *err = why;
        return code;
    }
    reply->status = former.is_found ? 200 : 201;
    if (strcmp(former.found.id, made.id) != 0) { /* it is another one now */
        KV_TRY(remove_former(call, &former, err));
    }
    return render(call, &made, &reply->body, err);
}

enum kv_code identity_federated_delete(struct arm_call *call, struct arm_reply *reply,
                                       struct kv_err *err)
{
    struct search search = { .name = call->id->leaf };

    KV_TRY(find(call, &search, err));
    reply->status = search.is_found ? 200 : 204;
    return remove_former(call, &search, err);
}

/* --- a list --- */

struct listing {
    struct arm_call *call;
    struct arm_page *page; /* there are KV_PRINCIPAL_CREDENTIALS_MAX at most: always one page */
};

static enum kv_code add(const struct kv_credential *credential, void *context, struct kv_err *err)
{
    struct listing *listing = context;
    cJSON *item = NULL;

    if (credential->kind != KV_CREDENTIAL_FEDERATED) {
        return KV_OK;
    }
    KV_TRY(render(listing->call, credential, &item, err));
    return arm_page_add(listing->page, item, credential->label, err);
}

enum kv_code identity_federated_list(struct arm_call *call, struct arm_page *page,
                                     struct kv_err *err)
{
    struct listing listing = { call, page };

    KV_TRY(find_owner(call, err));
    return kv_principal_credentials(call->app->principals, owner_of(call), add, &listing, err);
}
