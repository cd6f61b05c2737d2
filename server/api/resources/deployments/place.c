/* SPDX-License-Identifier: Apache-2.0 */
/* A deployment: where it is made, and for whom. It outlives the request that wanted it. */
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/buf.h"
#include "kv/base/json.h"
#include "private.h"

void place_free(void *argument)
{
    struct place *place = argument;

    if (place == NULL) {
        return;
    }
    cJSON_Delete(place->template);
    cJSON_Delete(place->given);
    cJSON_Delete(place->parameters);
    cJSON_Delete(place->tags);
    free(place);
}

/* Twenty digits, as the service has them. */
static void make_status_id(char ret_id[STATUS_ID_SIZE])
{
    char uuid[KV_UUID_LENGTH + 1];
    size_t len = (size_t) snprintf(ret_id, STATUS_ID_SIZE, "08584");

    kv_uuid_random(uuid);
    for (const char *at = uuid; *at != '\0' && len < 20; at++) {
        if (*at != '-') {
            ret_id[len++] = (char) ('0' + *at % 10);
        }
    }
    ret_id[len] = '\0';
}

/* Minified, in upper case, as the service is said to do it (control-plane.md §3.1). */
void place_hash(struct place *place, const cJSON *template)
{
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, (size_t) 2 * KV_TEMPLATE_SIZE_MAX);
    if (kv_json_print(template, &text, NULL) != KV_OK) {
        return; /* it is shown without */
    }
    for (size_t i = 0; i < text.len; i++) {
        text.data[i] = (char) toupper((unsigned char) text.data[i]);
    }
    (void) snprintf(place->hash, sizeof(place->hash), "%" PRIu64,
                    kv_template_hash(text.data, text.len));
}

static enum kv_code copy(const cJSON *tree, cJSON **ret_copy, struct kv_err *err)
{
    *ret_copy = tree != NULL ? cJSON_Duplicate(tree, true) : NULL;
    return tree == NULL || *ret_copy != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code place_new(const struct arm_call *call, const struct ask *ask, struct place **ret_place,
                       struct kv_err *err)
{
    kv_auto(place_free) struct place *place = calloc(1, sizeof(*place));

    if (place == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    place->app = call->app;
    place->has_caller = call->caller != NULL;
    if (place->has_caller) {
        place->caller = *call->caller;
    }
    (void) snprintf(place->base, sizeof(place->base), "%s", call->base);
    (void) snprintf(place->correlation, sizeof(place->correlation), "%s", call->correlation);
    (void) snprintf(place->api_version, sizeof(place->api_version), "%s", call->api_version);
    (void) snprintf(place->folder, sizeof(place->folder), "%s", ask->folder);
    (void) snprintf(place->location, sizeof(place->location), "%s", ask->location);
    place->is_complete = ask->is_complete;
    make_status_id(place->status_id);
    place_hash(place, ask->template);
    KV_TRY(arm_id_parse(call->id->text, &place->id, err));
    KV_TRY(copy(ask->template, &place->template, err));
    KV_TRY(arm_take_tags(ask->tags, &place->tags, err));
    world_init(place);
    *ret_place = kv_take(place);
    return KV_OK;
}

enum kv_code place_nest(struct place *place, const struct kv_template_resource *resource,
                        struct place **ret_place, struct kv_err *err)
{
    kv_auto(place_free) struct place *nested = calloc(1, sizeof(*nested));

    if (nested == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    nested->app = place->app;
    nested->caller = place->caller;
    nested->has_caller = place->has_caller;
    nested->is_nested = true;
    memcpy(nested->base, place->base, sizeof(nested->base));
    memcpy(nested->correlation, place->correlation, sizeof(nested->correlation));
    memcpy(nested->folder, place->folder, sizeof(nested->folder));
    (void) snprintf(nested->api_version, sizeof(nested->api_version), "%s",
                    resource->api_version != NULL ? resource->api_version : place->api_version);
    make_status_id(nested->status_id);
    KV_TRY(arm_id_parse(resource->id, &nested->id, err));
    world_init(nested);
    place->nesting = nested;
    *ret_place = kv_take(nested);
    return KV_OK;
}

struct kv_template_scope place_scope(const struct place *place)
{
    bool has_group = place->id.group[0] != '\0';

    return (struct kv_template_scope){
        .level = has_group ? KV_TEMPLATE_AT_RESOURCE_GROUP : KV_TEMPLATE_AT_SUBSCRIPTION,
        .subscription = place->id.subscription,
        .resource_group = has_group ? place->id.group : NULL,
    };
}

void made_plan_done(struct made_plan *made)
{
    kv_template_plan_free(made->plan);
    kv_template_free(made->template);
    *made = (struct made_plan){ 0 };
}

/* What deployment() shows of the parameters; of a template that has no more of them than it may. */
static enum kv_code note_given(struct place *place, const struct ask *ask,
                               const struct kv_template *template, struct kv_err *err)
{
    const cJSON *definitions = cJSON_GetObjectItem(ask->template, "parameters");
    cJSON *entry;

    if (cJSON_GetArraySize(ask->parameters) > cJSON_GetArraySize(definitions)) {
        return KV_OK; /* which is refused in a moment */
    }
    KV_TRY(copy(ask->parameters, &place->given, err));
    cJSON_ArrayForEach (entry, place->given) {
        if (kv_template_hides(template, entry->string)) {
            cJSON_Delete(entry->child);
            entry->child = NULL;
        }
    }
    return KV_OK;
}

enum kv_code place_plan(struct place *place, const struct ask *ask, struct made_plan *ret_made,
                        struct kv_err *err)
{
    kv_auto(made_plan_done) struct made_plan made = { 0 };
    const struct kv_template_scope scope = place_scope(place);

    KV_TRY(kv_template_new(ask->template, &made.template, err));
    KV_TRY(note_given(place, ask, made.template, err));
    KV_TRY(kv_template_plan_new(made.template, ask->parameters, &scope, &place->world, &made.plan,
                                err));
    KV_TRY(kv_template_plan_parameters(made.plan, &place->parameters, err));
    *ret_made = made;
    made = (struct made_plan){ 0 };
    return KV_OK;
}
