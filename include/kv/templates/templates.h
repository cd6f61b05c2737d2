/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/templates/templates.h - the template language of Azure Resource Manager (docs/templates.md).
 *
 *   kv_template_parse()      JSON text -> a tree that knows where everything stands
 *   kv_template_new()        a tree -> a template whose form is checked
 *   kv_template_plan_new()   a template, parameters and a place -> resources in the order of their
 *                            dependencies, with names, ids and conditions evaluated
 *   kv_template_plan_body()  what to send for one of them, once those before it are there
 *   kv_template_plan_nest()  the plan of a nested deployment, which runs like any other
 *   kv_template_plan_outputs()
 *
 * Knows nothing of HTTP, of providers and of what exists: that is asked of a struct
 * kv_template_world. Size, depth, counts, work and memory are bounded. Errors are those of the
 * service (control-plane.md §3.2): KV_INVALID_TEMPLATE, KV_INVALID_REQUEST_CONTENT,
 * KV_OUTPUT_EVALUATION_FAILED; KV_INTERNAL when memory is short; or what the world said.
 *
 * A template never changes and may be shared by threads. A plan belongs to one thread at a time; so
 * independent resources may run in parallel while one thread asks for their bodies. A plan borrows
 * its template and its world, which must outlive it.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

/* The service's limits (docs/templates.md). */
#define KV_TEMPLATE_SIZE_MAX (4 * 1024 * 1024)
#define KV_TEMPLATE_PARAMETERS_MAX 256
#define KV_TEMPLATE_VARIABLES_MAX 256
#define KV_TEMPLATE_OUTPUTS_MAX 64
#define KV_TEMPLATE_RESOURCES_MAX 800
#define KV_TEMPLATE_COPIES_MAX 800
#define KV_TEMPLATE_EXPRESSION_MAX 24576

/* Ours. */
#define KV_TEMPLATE_DEPTH_MAX 100     /* of JSON */
#define KV_TEMPLATE_VALUES_MAX 200000 /* in a JSON text */
#define KV_TEMPLATE_NESTING_MAX 5     /* deployments in deployments */
#define KV_TEMPLATE_ID_MAX 2048       /* characters of a resource id */

/* ---- JSON that knows where it stands ------------------------------------------------------- */

/* From 1, as the service counts: the last character that was read of a text, the bracket that opens
 * an object or a list. 0: not known, as of numbers. */
struct kv_template_place {
    unsigned line, column;
};

/*
 * Parses one JSON value. Comments are blanks, as in the service. KV_INVALID_REQUEST_CONTENT, with
 * the place in its text, for what is no JSON in UTF-8, names a member twice, has a NUL or is beyond
 * the limits above. Any template, and any request that has one inside, is to be parsed by this.
 */
enum kv_code kv_template_parse(const char *text, size_t len, cJSON **ret_tree,
                               struct kv_err *err) kv_must_check;

#define KV_TEMPLATE_LINK_SIZE 301 /* of the name of a linked file, with its NUL */

/* The same of a file that a template links to by that name, of which its errors speak. */
enum kv_code kv_template_parse_linked(const char *name, const char *text, size_t len,
                                      cJSON **ret_tree, struct kv_err *err) kv_must_check;

/* The hash of uniqueString(), of which a deployment's templateHash is made, too. */
uint64_t kv_template_hash(const void *bytes, size_t len);

/* Where a value of such a tree stands, or of a copy of it. */
struct kv_template_place kv_template_place_of(const cJSON *value);

/* ---- Templates ----------------------------------------------------------------------------- */

struct kv_template; /* opaque */

/* Checks the form of a template, which is copied. KV_INVALID_TEMPLATE. */
enum kv_code kv_template_new(const cJSON *tree, struct kv_template **ret_template,
                             struct kv_err *err) kv_must_check;
void kv_template_free(struct kv_template *template);
KV_DEFINE_CLEANUP(struct kv_template *, kv_template_free)

/* Whether the value of that parameter, or a part of it, may be secure; of one that is not there, too. */
bool kv_template_hides(const struct kv_template *template, const char *parameter);

/* ---- What is asked of the world ------------------------------------------------------------ */

/* Where a deployment is made; what does not apply is NULL. */
enum kv_template_level {
    KV_TEMPLATE_AT_TENANT,
    KV_TEMPLATE_AT_MANAGEMENT_GROUP,
    KV_TEMPLATE_AT_SUBSCRIPTION,
    KV_TEMPLATE_AT_RESOURCE_GROUP
};
struct kv_template_scope {
    enum kv_template_level level;
    const char *management_group, *subscription, *resource_group;
};

/* What functions without arguments describe. */
enum kv_template_thing {
    KV_TEMPLATE_RESOURCE_GROUP,
    KV_TEMPLATE_SUBSCRIPTION,
    KV_TEMPLATE_MANAGEMENT_GROUP,
    KV_TEMPLATE_TENANT,
    KV_TEMPLATE_DEPLOYMENT,
    KV_TEMPLATE_DEPLOYER,
    KV_TEMPLATE_ENVIRONMENT
};

/* A resource that an expression asks for. All borrowed. */
struct kv_template_query {
    const char *id;
    const char *api_version; /* as said, or that of the resource in the template; else NULL */
    bool is_full;            /* all of it; else `properties` */
    size_t index;            /* in the plan; its count: it is no resource of the template */
};

/*
 * Callbacks get `context`, run on the thread of whoever called, and must not call the plan. Those
 * that are NULL refuse. *ret_... is the plan's from then on. Their errors are passed on as they are,
 * but KV_INVALID_TEMPLATE, whose text becomes the reason in that of the plan.
 */
struct kv_template_world {
    void *context;
    kv_millis now; /* of the virtual clock when the deployment was asked for: utcNow() */
    enum kv_code (*describe)(void *context, enum kv_template_thing thing,
                             const struct kv_template_scope *scope, cJSON **ret_value,
                             struct kv_err *err);
    /* reference(): the resource as it is now */
    enum kv_code (*reference)(void *context, const struct kv_template_query *query,
                              cJSON **ret_value, struct kv_err *err);
    /* listKeys() and the like; `function` as it was written, `body` NULL or an object */
    enum kv_code (*list)(void *context, const char *function, const struct kv_template_query *query,
                         const cJSON *body, cJSON **ret_value, struct kv_err *err);
    /* a linked template or its parameters; `ret_name` is what errors call it, *ret_text is freed with
     * kv_wipe_free() */
    enum kv_code (*read_link)(void *context, const char *uri, char ret_name[KV_TEMPLATE_LINK_SIZE],
                              char **ret_text, size_t *ret_len, struct kv_err *err);
};

/* ---- Plans --------------------------------------------------------------------------------- */

struct kv_template_plan; /* opaque */

/*
 * Binds `parameters` ({"name": {"value": ...}}, NULL is none) and expands the template at `scope`,
 * which is copied. KV_INVALID_TEMPLATE for everything that the service finds before it deploys.
 */
enum kv_code kv_template_plan_new(const struct kv_template *template, const cJSON *parameters,
                                  const struct kv_template_scope *scope,
                                  const struct kv_template_world *world,
                                  struct kv_template_plan **ret_plan,
                                  struct kv_err *err) kv_must_check;
void kv_template_plan_free(struct kv_template_plan *plan);
KV_DEFINE_CLEANUP(struct kv_template_plan *, kv_template_plan_free)

/* A resource of a plan; borrowed from it. */
struct kv_template_resource {
    const char *id, *type, *name; /* type and name with all their segments */
    const char *api_version;
    const char *symbol;   /* languageVersion 2.0: "vault", or "vaults[3]" of a loop; else NULL */
    bool is_deployed;     /* its condition holds; what is not counts as done at once */
    bool is_existing;     /* only referred to: nothing is sent for it */
    bool is_nested;       /* a deployment: kv_template_plan_nest() */
    const size_t *before; /* places in the plan of what has to be done before, ascending */
    size_t before_count;
    struct kv_template_place place;
};

/* Resources stand behind everything that has to be done before them. */
size_t kv_template_plan_count(const struct kv_template_plan *plan);
const struct kv_template_resource *kv_template_plan_at(const struct kv_template_plan *plan,
                                                       size_t index);

/*
 * What to send for a resource: all of its members but those that the language has for itself (type,
 * name, apiVersion, condition, dependsOn, copy, scope, comments, ...), evaluated. *ret_has_secret:
 * a secure parameter went into it, so it must not be shown. The error's text names the resource, and
 * no value of a secure parameter.
 */
enum kv_code kv_template_plan_body(struct kv_template_plan *plan, size_t index, cJSON **ret_body,
                                   bool *ret_has_secret, struct kv_err *err) kv_must_check;

/*
 * Whether a secure parameter went into that value of a body, or into the name of one of its members; false
 * for NULL. What is in it must not be kept or shown. Copies by cJSON_Duplicate() say the same.
 */
bool kv_template_is_secret(const cJSON *value);

/* The same without calling reference() or list(): texts that need them stay as they are written. For
 * what-if and preflight, where nothing is deployed yet. */
enum kv_code kv_template_plan_preview(struct kv_template_plan *plan, size_t index, cJSON **ret_body,
                                      bool *ret_has_secret, struct kv_err *err) kv_must_check;

/*
 * The plan of a nested or linked deployment, once what is before it is done. It owns its template
 * and needs this plan no more. `world` is its own, in which deployment() is another one.
 */
enum kv_code kv_template_plan_nest(struct kv_template_plan *plan, size_t index,
                                   const struct kv_template_world *world,
                                   struct kv_template_plan **ret_nested,
                                   struct kv_err *err) kv_must_check;

/* Where a plan deploys; a nested one may have a place of its own. Borrowed. */
const struct kv_template_scope *kv_template_plan_scope(const struct kv_template_plan *plan);

/* {"name": {"type": "String", "value": ...}}, as deployments show them: secure ones without values. */
enum kv_code kv_template_plan_parameters(struct kv_template_plan *plan, cJSON **ret_parameters,
                                         struct kv_err *err) kv_must_check;

/* The same of the outputs, once everything is done. KV_OUTPUT_EVALUATION_FAILED. */
enum kv_code kv_template_plan_outputs(struct kv_template_plan *plan, cJSON **ret_outputs,
                                      struct kv_err *err) kv_must_check;
