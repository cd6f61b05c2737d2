/* SPDX-License-Identifier: Apache-2.0 */
/* The body of a request to deploy, to validate or to ask what-if. What it may not have is refused by name. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/base/secret.h"
#include "private.h"

void ask_done(struct ask *ask)
{
    for (size_t i = 0; i < KV_COUNT(ask->linked); i++) {
        cJSON_Delete(ask->linked[i]);
        ask->linked[i] = NULL;
    }
}

static enum kv_code refuse(struct kv_err *err, const char *reason, const char *name)
{
    return KV_FAIL(err, KV_INVALID_REQUEST_CONTENT, 0,
                   "The request content was invalid and could not be deserialized: '%s%.128s'.",
                   reason, name);
}

/* A member in any case; null is none. */
static const cJSON *find(const cJSON *object, const char *name)
{
    const cJSON *member = cJSON_GetObjectItem(object, name);

    return cJSON_IsNull(member) ? NULL : member;
}

static enum kv_code find_object(const cJSON *object, const char *name, const cJSON **ret_member,
                                struct kv_err *err)
{
    *ret_member = find(object, name);
    return *ret_member == NULL || cJSON_IsObject(*ret_member)
               ? KV_OK
               : refuse(err, "It has to be an object: ", name);
}

/* ---- What there may be -------------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *names)
{
    while (*names != NULL && strcasecmp(*names, name) != 0) {
        names++;
    }
    return *names != NULL;
}

static enum kv_code check_names(const cJSON *object, const char *const *known, const char *type,
                                struct kv_err *err)
{
    const cJSON *member;

    cJSON_ArrayForEach (member, object) {
        const struct kv_template_place place = kv_template_place_of(member);

        if (!is_one_of(member->string, known)) {
            return KV_FAIL(err, KV_INVALID_REQUEST_CONTENT, 0,
                           "The request content was invalid and could not be deserialized: 'Could "
                           "not find member '%.128s' on object of type '%s'. Path '%s%.128s', "
                           "line %u, position %u.'.",
                           member->string, type,
                           strcmp(type, "DeploymentContent") == 0 ? "" : "properties.",
                           member->string, place.line, place.column);
        }
    }
    return KV_OK;
}

/* Rolling back, and what is not understood. */
static enum kv_code check_unsupported(const cJSON *properties, struct kv_err *err)
{
    static const char *const unsupported[] = { "onErrorDeployment", "extensionConfigs",
                                               "externalInputs", "externalInputDefinitions" };

    for (size_t i = 0; i < KV_COUNT(unsupported); i++) {
        if (find(properties, unsupported[i]) != NULL) {
            return refuse(err, "coffer does not support the property ", unsupported[i]);
        }
    }
    return KV_OK;
}

static enum kv_code check_members(const cJSON *body, const cJSON *properties, struct kv_err *err)
{
    static const char *const outer[] = { "location", "tags", "properties", "id",
                                         "name",     "type", "identity",   NULL };
    static const char *const inner[] = { "template",
                                         "templateLink",
                                         "parameters",
                                         "parametersLink",
                                         "mode",
                                         "debugSetting",
                                         "whatIfSettings",
                                         "onErrorDeployment",
                                         "expressionEvaluationOptions",
                                         "validationLevel",
                                         "extensionConfigs",
                                         "externalInputs",
                                         "externalInputDefinitions",
                                         NULL };

    KV_TRY(check_names(body, outer, "DeploymentContent", err));
    KV_TRY(check_names(properties, inner, "DeploymentPropertiesDefinition", err));
    return check_unsupported(properties, err);
}

/* ---- Links -------------------------------------------------------------------------------------- */

/* Template specs are resources of their own, which are named by an id. */
static enum kv_code find_uri(const cJSON *link, const char **ret_uri, struct kv_err *err)
{
    const char *uri = cJSON_GetStringValue(find(link, "uri"));
    const char *path = cJSON_GetStringValue(find(link, "relativePath"));

    if (find(link, "id") != NULL) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "Deployment template validation failed: 'Template specs are not supported; "
                       "give the template itself, or a file below --template-root.'.");
    }
    *ret_uri = uri != NULL ? uri : path;
    return *ret_uri != NULL ? KV_OK : refuse(err, "A link needs a uri or a ", "relativePath");
}

static enum kv_code follow(const struct arm_call *call, const cJSON *link, char *ret_folder,
                           cJSON **ret_tree, struct kv_err *err)
{
    kv_auto(kv_wipe_free) char *text = NULL;
    char name[KV_TEMPLATE_LINK_SIZE];
    const char *uri = NULL;
    size_t len = 0;

    KV_TRY(find_uri(link, &uri, err));
    KV_TRY(link_read(call->app, "", uri, ret_folder, name, &text, &len, err));
    return kv_template_parse_linked(name, text, len, ret_tree, err);
}

static enum kv_code take_template(const struct arm_call *call, const cJSON *properties,
                                  struct ask *ask, struct kv_err *err)
{
    const cJSON *link;

    KV_TRY(find_object(properties, "template", &ask->template, err));
    KV_TRY(find_object(properties, "templateLink", &link, err));
    if ((ask->template != NULL) == (link != NULL)) {
        return refuse(err,
                      "Exactly one of the properties 'template' and 'templateLink' has to be "
                      "there",
                      "");
    }
    if (link != NULL) {
        KV_TRY(follow(call, link, ask->folder, &ask->linked[0], err));
        ask->template = ask->linked[0];
    }
    return KV_OK;
}

/* A file of parameters has them below "parameters". */
static enum kv_code take_parameters(const struct arm_call *call, const cJSON *properties,
                                    struct ask *ask, struct kv_err *err)
{
    const cJSON *link;

    KV_TRY(find_object(properties, "parameters", &ask->parameters, err));
    KV_TRY(find_object(properties, "parametersLink", &link, err));
    if (link == NULL) {
        return KV_OK;
    }
    if (ask->parameters != NULL) {
        return refuse(
            err, "Only one of the properties 'parameters' and 'parametersLink' may be there", "");
    }
    KV_TRY(follow(call, link, NULL, &ask->linked[1], err));
    return find_object(ask->linked[1], "parameters", &ask->parameters, err);
}

/* ---- The rest ----------------------------------------------------------------------------------- */

static enum kv_code take_mode(const cJSON *properties, struct ask *ask, struct kv_err *err)
{
    const cJSON *mode = find(properties, "mode");
    const char *text = cJSON_GetStringValue(mode);

    if (mode == NULL) {
        return KV_OK;
    }
    ask->is_complete = text != NULL && strcasecmp(text, "Complete") == 0;
    return ask->is_complete || (text != NULL && strcasecmp(text, "Incremental") == 0)
               ? KV_OK
               : refuse(err, "The mode is Incremental or Complete, and not ",
                        text != NULL ? text : "that");
}

static enum kv_code take_settings(const cJSON *properties, struct ask *ask, struct kv_err *err)
{
    const cJSON *settings;
    const char *format;

    KV_TRY(find_object(properties, "whatIfSettings", &settings, err));
    format = cJSON_GetStringValue(find(settings, "resultFormat"));
    ask->wants_ids = format != NULL && strcasecmp(format, "ResourceIdOnly") == 0;
    return format == NULL || ask->wants_ids || strcasecmp(format, "FullResourcePayloads") == 0
               ? KV_OK
               : refuse(err, "The resultFormat is FullResourcePayloads or ResourceIdOnly, and not ",
                        format);
}

/* A deployment to a group lies where the group is, and needs none. */
static enum kv_code take_location(const struct arm_call *call, struct ask *ask, struct kv_err *err)
{
    const cJSON *location = find(call->body, "location");

    if (call->id->group[0] != '\0') {
        return KV_OK;
    }
    if (location == NULL) {
        return KV_FAIL(err, KV_INVALID_DEPLOYMENT, 0,
                       "The 'location' property must be specified for '%.64s'. Please see "
                       "https://aka.ms/deploy-to-subscription for usage details.",
                       call->id->leaf);
    }
    if (ask->is_complete) {
        return KV_FAIL(err, KV_INVALID_DEPLOYMENT, 0,
                       "The mode 'Complete' is not supported for the deployment '%.64s': it is for "
                       "resource groups alone.",
                       call->id->leaf);
    }
    return arm_take_location(location, ask->location, err);
}

static enum kv_code check_name(const char *name, struct kv_err *err)
{
    static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                  "-_.()";

    if (strlen(name) > DEPLOYMENT_NAME_MAX || name[strspn(name, allowed)] != '\0') {
        return KV_FAIL(err, KV_INVALID_DEPLOYMENT, 0,
                       "The deployment name '%.128s' is not valid: it has at most %d letters, "
                       "digits, '-', '_', '.', '(' and ')'.",
                       name, DEPLOYMENT_NAME_MAX);
    }
    return KV_OK;
}

enum kv_code ask_read(const struct arm_call *call, struct ask *ret_ask, struct kv_err *err)
{
    kv_auto(ask_done) struct ask ask = { 0 };
    const cJSON *properties = NULL;

    KV_TRY(check_name(call->id->leaf, err));
    if (call->body == NULL) {
        return refuse(err, "The body is ", "empty");
    }
    KV_TRY(find_object(call->body, "properties", &properties, err));
    if (properties == NULL) {
        return refuse(err, "Required property 'properties' not found in JSON", "");
    }
    KV_TRY(check_members(call->body, properties, err));
    KV_TRY(take_mode(properties, &ask, err));
    KV_TRY(take_settings(properties, &ask, err));
    KV_TRY(take_location(call, &ask, err));
    KV_TRY(find_object(call->body, "tags", &ask.tags, err));
    KV_TRY(take_parameters(call, properties, &ask, err));
    KV_TRY(take_template(call, properties, &ask, err));
    *ret_ask = ask;
    ask.linked[0] = ask.linked[1] = NULL;
    return KV_OK;
}
