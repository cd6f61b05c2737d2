/* SPDX-License-Identifier: Apache-2.0 */
/*
 * private.h - Microsoft.Resources/deployments (control-plane.md §3): from a request to a plan, what the
 * engine (kv/deployments/deployments.h) asks of the resource manager, and how a deployment is shown and
 * kept. While it runs the engine has it; from the moment it is accepted an envelope of kv/resources
 * has it, too, whose content is {"properties", "tags", "operations", "status"}.
 */
#pragma once

#include "kv/app/app.h"
#include "kv/arm/arm.h"
#include "kv/base/files.h"
#include "kv/deployments/deployments.h"

#define DEPLOYMENT_TYPE "Microsoft.Resources/deployments"
#define DEPLOYMENT_NAME_MAX 64
#define STATUS_ID_SIZE 24 /* of ".../operationStatuses/08584..." */
#define PLACE_BASE_SIZE 320

/* ---- ask.c: what a request wants ------------------------------------------------------------- */

struct ask { /* borrowed from the request's body, but `linked` */
    const cJSON *template, *parameters, *tags;
    cJSON *linked[2];         /* owned: template and parameters that came from files */
    char folder[KV_PATH_MAX]; /* below --template-root, of a linked template; "" */
    char location[KV_RESOURCE_LOCATION_SIZE];
    bool is_complete;
    bool wants_ids; /* whatIfSettings.resultFormat is ResourceIdOnly */
};
void ask_done(struct ask *ask);
KV_DEFINE_CLEANUP_VALUE(struct ask, ask_done)

/* KV_INVALID_REQUEST_CONTENT, KV_INVALID_DEPLOYMENT, KV_INVALID_TEMPLATE. */
enum kv_code ask_read(const struct arm_call *call, struct ask *ret_ask,
                      struct kv_err *err) kv_must_check;

/* ---- place.c: a deployment and who wants it --------------------------------------------------- */

/* The `place` of the engine, and the context of a world. It outlives the request. */
struct place {
    struct kv_app *app;
    struct kv_principal caller;
    bool has_caller;
    char base[PLACE_BASE_SIZE];
    char correlation[KV_UUID_LENGTH + 1];
    char api_version[32]; /* with which it was asked for */
    char status_id[STATUS_ID_SIZE];
    struct arm_id id;         /* of the deployment */
    char folder[KV_PATH_MAX]; /* of a linked template */
    struct place *nesting;    /* whose plan is being made: gets the folder of its link */
    char location[KV_RESOURCE_LOCATION_SIZE];
    char hash[24];
    bool is_complete, is_nested;
    cJSON *template; /* what deployment() shows; NULL of a nested one */
    cJSON
        *given; /* parameters as they were sent, those that may be secret without values; or NULL */
    cJSON
        *parameters; /* as they are shown, before anybody looks: the plan itself is its thread's */
    cJSON *tags;     /* or NULL */
    struct kv_template_world world;
    cJSON **ret_accepted; /* while it is begun: gets what the answer shows; NULL: nobody wants it */
    bool *ret_is_new;     /* goes with it */
};

enum kv_code place_new(const struct arm_call *call, const struct ask *ask, struct place **ret_place,
                       struct kv_err *err) kv_must_check;
/* Of a deployment in another one. */
enum kv_code place_nest(struct place *place, const struct kv_template_resource *resource,
                        struct place **ret_place, struct kv_err *err) kv_must_check;
void place_free(void *place);
KV_DEFINE_CLEANUP(struct place *, place_free)

/* Where it deploys to, borrowed from the place. */
struct kv_template_scope place_scope(const struct place *place);

/* Of a template. */
void place_hash(struct place *place, const cJSON *template);

/* A plan and its template; done with plan_done(), unless both were given away. */
struct made_plan {
    bool is_new; /* the deployment, once it was written down */
    struct kv_template *template;
    struct kv_template_plan *plan;
};
void made_plan_done(struct made_plan *made);
KV_DEFINE_CLEANUP_VALUE(struct made_plan, made_plan_done)
enum kv_code place_plan(struct place *place, const struct ask *ask, struct made_plan *ret_made,
                        struct kv_err *err) kv_must_check;

/* ---- call.c: asking other providers ------------------------------------------------------------ */

/* A call with the deployment's caller; the id is parsed into `ret_id`, which it borrows. */
enum kv_code place_call(const struct place *place, enum kv_verb verb, const char *id,
                        const char *api_version, struct arm_id *ret_id, struct arm_call *ret_call,
                        struct kv_err *err) kv_must_check;

/* {"code", "message", "target", "details"} of a call; takes the reply's details. */
cJSON *hands_error(const struct kv_err *err, struct arm_reply *reply);

/* ---- world.c, environment.c, link.c: what templates ask of it --------------------------------- */

void world_init(struct place *place);
/* environment(): how a cloud is built, by the address that was asked. */
cJSON *environment_describe(const struct place *place);
/*
 * The text of a file below --template-root; `uri` is a path relative to `folder`, or file:/// and a path.
 * *ret_folder (KV_PATH_MAX bytes; NULL is fine) is where it lies, `ret_name` its path from the root. KV_INVALID_TEMPLATE for
 * any other.
 */
enum kv_code link_read(const struct kv_app *app, const char *folder, const char *uri,
                       char *ret_folder, char ret_name[KV_TEMPLATE_LINK_SIZE], char **ret_text, size_t *ret_len,
                       struct kv_err *err) kv_must_check;

/* ---- hands.c, complete.c: what the engine asks of it ------------------------------------------- */

extern const struct kv_deployment_hands deployment_hands;

/* Removes the resources of the group that neither the plan nor nested ones have; an error of the deployment, or
 * NULL. */
cJSON *complete_group(struct place *place, const struct kv_deployment_view *view);
/* Tracked resources of the group that neither the plan has nor `spared` names, a list of objects with an "id"
 * or a "resourceId": an array of them as their types show them. Those that use others come first. */
enum kv_code complete_find(const struct place *place, struct kv_template_plan *plan,
                           const cJSON *spared, cJSON **ret_list, struct kv_err *err) kv_must_check;

/* ---- preflight.c, whatif.c, compare.c ---------------------------------------------------------- */

/* What would be refused, before anything is done: KV_INVALID_TEMPLATE_DEPLOYMENT with details. */
enum kv_code preflight(struct place *place, struct kv_template_plan *plan, struct arm_reply *reply,
                       struct kv_err *err) kv_must_check;

/* Whether a part of a body is still an expression. */
bool preflight_is_open(const cJSON *body);

arm_fn deployment_what_if;

/* The differences of what there is and what a template has, as what-if lists them: an array, empty when
 * there are none; NULL when memory is short. */
cJSON *compare_resources(const char *type, const cJSON *before, const cJSON *after);

/* ---- show.c, record.c, operations.c: what clients see ------------------------------------------ */

/* "properties" of a deployment; `resources` NULL: outputResources are left out. */
cJSON *show_properties(const struct kv_deployment_view *view, const cJSON *resources);
/* Its operations, as a list shows them. */
cJSON *show_operations(const struct kv_deployment_view *view);
/* {"id", "resourceType", "resourceName"} added to an object. */
void show_resource(cJSON *object, const struct kv_template_resource *resource, bool *ok);
/* A deployment around its content. */
cJSON *show_deployment(const char *id, const char *name, const char *location,
                       const cJSON *content);

/* What a deployment that is over has made, and those in it: [{"id"}]. */
cJSON *record_list_made(const struct place *place, const struct kv_deployment_view *view);
/* Keeps one as it is; with `is_final` what it has made, too. */
enum kv_code record_put(struct place *place, const struct kv_deployment_view *view, bool is_final,
                        bool *ret_is_new, struct kv_err *err) kv_must_check;
/*
 * What is known of a deployment: content and, unless NULL, its location. One that ran when coffer ended has
 * failed. KV_DEPLOYMENT_NOT_FOUND.
 */
enum kv_code record_get(const struct arm_call *call, const char *id, cJSON **ret_content,
                        char *ret_location, struct kv_err *err) kv_must_check;
/* The same of an envelope that a list has. */
enum kv_code record_of(const struct arm_call *call, const struct kv_resource *resource,
                       cJSON **ret_content, struct kv_err *err) kv_must_check;
/* Whether a deployment with that content runs no more. */
bool record_is_over(const cJSON *content);
/* The parent of what call->id names. */
enum kv_code record_get_parent(const struct arm_call *call, cJSON **ret_content,
                               struct kv_err *err) kv_must_check;

arm_fn operation_get, operation_status_get;
arm_list_fn operations_list;
