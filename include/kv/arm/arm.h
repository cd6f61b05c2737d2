/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/arm/arm.h - how the resource manager asks its providers, and what it does for all of them.
 *
 * A provider is a list of rows, struct arm_type: a type of resource, its api-versions, and what becomes of
 * a GET, PUT, PATCH, DELETE, a list or an action of it. The site turns a request into a call; deployments make the same calls.
 * Everything that is the same for all types is done around the row: ids in any case, api-versions,
 * authorization, paging, If-Match, long-running operations, the time that provisioning takes, systemData (control-plane.md
 * §1, §3). To add a type: a row and its functions. To add a provider: a table, and a line in serve/resources.c.
 *
 * Thread rule: a call belongs to one thread; functions of rows run on a lane and may block.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "kv/app/app.h"
#include "kv/base/err.h"
#include "kv/http/request.h"
#include "kv/resources/resources.h"

#define ARM_TYPE_MAX 256 /* characters of "Microsoft.KeyVault/vaults/keys" */
#define ARM_NAME_MAX 512 /* of names with their slashes: "dev/key1" */
#define ARM_GROUP_MAX 90 /* of a resource group, as in the service */
#define ARM_SEGMENT_MAX 260
#define ARM_DEFAULT_GROUP "coffer" /* there from the start; vaults made elsewhere lie in it */

/* ---- Ids ------------------------------------------------------------------------------------- */

/*
 * A resource id, or the path of a list, taken apart. A subscription and a group are resources, too, of the types
 * Microsoft.Resources/subscriptions and Microsoft.Resources/resourceGroups. Empty parts are "".
 */
struct arm_id {
    char text[KV_RESOURCE_ID_MAX + 1];  /* begins with /, does not end with one; of the tenant "" */
    char scope[KV_RESOURCE_ID_MAX + 1]; /* what comes before the last "/providers/" */
    char parent[KV_RESOURCE_ID_MAX
                + 1]; /* of .../vaults/dev/keys/k1 it is .../vaults/dev; of a top type its scope */
    char subscription[KV_UUID_LENGTH + 1];
    char group[ARM_GROUP_MAX + 1];
    char type[ARM_TYPE_MAX + 1];
    char name[ARM_NAME_MAX + 1]; /* of a list without that of the last type */
    const char *leaf;            /* the last part of `name` */
    bool is_list;                /* ends with a type: all resources of it below `parent` */
};

/* KV_ARM_INVALID_ID for a text that is none. Only the form is looked at; literals ("subscriptions",
 * "resourceGroups", "providers") are written as the service does, the rest as it came. */
enum kv_code arm_id_parse(const char *text, struct arm_id *ret_id,
                          struct kv_err *err) kv_must_check;

/* The name of the last segment but `up`: of dev/key1 and 1, "dev". */
void arm_id_name(const struct arm_id *id, unsigned up, char ret_name[ARM_SEGMENT_MAX + 1]);

/* Whether two ids are the same, in any case. */
bool arm_id_equals(const char *a, const char *b);

/* "/subscriptions/{the one}": into a buffer of ARM_SUBSCRIPTION_SIZE; and its GUID alone. */
#define ARM_SUBSCRIPTION_SIZE (sizeof("/subscriptions/") + KV_UUID_LENGTH)
void arm_subscription(const struct kv_app *app, char ret_scope[ARM_SUBSCRIPTION_SIZE]);

/* ---- Rows ------------------------------------------------------------------------------------ */

struct arm_call;
struct arm_reply;
struct arm_page;

typedef enum kv_code arm_fn(struct arm_call *call, struct arm_reply *reply,
                            struct kv_err *err) kv_must_check;

/* Of the resources of call->id->type below call->id->parent, or call->id->parent itself; of a tracked type a
 * mark is the id. */
typedef enum kv_code arm_list_fn(struct arm_call *call, struct arm_page *page,
                                 struct kv_err *err) kv_must_check;

struct arm_action { /* POST .../{name}; a list ends with { 0 } */
    const char *name;
    arm_fn *act;
    const char
        *permission; /* what follows the type in the action to be allowed; NULL: "{name}/action" */
};

enum arm_place { /* where a type may be: bits */
                 ARM_AT_TENANT = 1,
                 ARM_AT_SUBSCRIPTION = 2,
                 ARM_AT_GROUP = 4,
                 ARM_AT_RESOURCE = 8 /* of another provider: an extension */
};

struct arm_type {     /* a table ends with { 0 } */
    const char *name; /* "Microsoft.KeyVault/vaults", as the service writes it */
    const char
        *api_versions; /* "2023-07-01 2022-07-01 ...", the newest first, separated by blanks */
    unsigned places;
    bool is_tracked; /* has a location and tags, and is shown by lists of resources */
    const char *
        waiting; /* provisioningState while --provisioning-lag lasts, "Creating"; NULL: it is there at once */
    arm_fn *get, *put, *patch, *delete; /* NULL: 405 */
    arm_list_fn *list;
    const struct arm_action *actions;
    enum kv_lane lane; /* of PUT; 0 is KV_LANE_WORK */
    arm_fn *
        check; /* what a PUT would refuse, without doing it: preflight of a deployment; NULL: nothing */
};

/* The row of a type, in any case; NULL: there is none. And all of them, for providers and lists. */
const struct arm_type *arm_type_find(const struct kv_app *app, const char *name);
const struct arm_type *arm_type_at(const struct kv_app *app, size_t index); /* NULL: no more */

/* Functions for rows of which the envelope is all there is: what is sent is kept and echoed. */
arm_fn arm_kept_get, arm_kept_put, arm_kept_patch, arm_kept_delete;
arm_list_fn arm_kept_list;

/* ---- Calls ----------------------------------------------------------------------------------- */

/* What is asked; all borrowed for the time of the call. */
struct arm_call {
    struct kv_app *app;
    const struct kv_principal *caller;
    const struct arm_type *type; /* the row; set by arm_call_run() */
    const struct arm_id *id;     /* of an action: of the resource that it is done to */
    const char *action;          /* of POST; "" of others */
    enum kv_verb verb;
    const char *api_version;              /* one of the row's */
    const cJSON *body;                    /* an object; NULL: none was sent */
    const char *filter;                   /* $filter as sent; NULL: none */
    const char *if_match, *if_none_match; /* NULL: not sent */
    const char *base;                     /* "https://management.localhost:8443", for links */
    const char *correlation;              /* GUID */
    kv_millis now;
    struct arm_type made_up; /* the row of a type that nobody has, where those are accepted */
    bool is_deployment;      /* made by a template */
    bool body_is_open; /* of a check: a part of the body is known later; the row is not asked */
};

/* What comes of it. Zeroed by the caller, ended with arm_reply_done(). */
struct arm_reply {
    int status;           /* 200 unless set */
    cJSON *body;          /* owned; NULL: none */
    char *location;       /* owned: Location, a path below `base` or a URL; NULL: none */
    char *async;          /* owned: Azure-AsyncOperation, the same */
    unsigned retry_after; /* seconds; 0: none */
    cJSON *details;       /* owned: array that goes into "details" of an error; NULL: none */
    const char *target;   /* of an error: borrowed from the call; NULL: none */
    char etag[32];        /* ETag; "": none */
};
void arm_reply_done(struct arm_reply *reply);
KV_DEFINE_CLEANUP_VALUE(struct arm_reply, arm_reply_done)

/*
 * Does what a request for that id would: finds the row, checks api-version, place and authorization, calls
 * its function, and adds what all have. An error of any code of err.def is what the client gets;
 * reply->details may go with it. The call's verb, id (as parsed), body, caller, ... are the caller's to set.
 */
enum kv_code arm_call_run(struct arm_call *call, struct arm_reply *reply,
                          struct kv_err *err) kv_must_check;
/* The same of a PUT without doing it: what would be refused, as far as the row can tell. */
enum kv_code arm_call_check(struct arm_call *call, struct arm_reply *reply,
                            struct kv_err *err) kv_must_check;
/* Fills page->values; the call's verb is KV_GET and its id a list. */
enum kv_code arm_call_list(struct arm_call *call, struct arm_page *page,
                           struct kv_err *err) kv_must_check;

/* ---- Lists ----------------------------------------------------------------------------------- */

/* A page that a list function fills: it adds what comes behind `after`, in an order of its own that does
 * not change, until arm_page_is_full(), then names where it stopped. */
struct arm_page {
    cJSON *values;     /* array to be filled */
    const char *after; /* what the last page's arm_page_add() named; NULL: from the beginning */
    size_t count, max;
    char *last;    /* owned by the site */
    bool has_more; /* set it when something is left out */
};
bool arm_page_is_full(const struct arm_page *page);
/* Takes `item`, even when it fails; `mark` is what the next page begins behind. */
enum kv_code arm_page_add(struct arm_page *page, cJSON *item, const char *mark,
                          struct kv_err *err) kv_must_check;

/*
 * Their parts, for rows that keep an envelope and do more. Find: KV_RESOURCE_NOT_FOUND in the service's words.
 * Take: all members of the body but the resource manager's own. Keep: stores it and answers with it.
 */
enum kv_code arm_find(const struct arm_call *call, struct kv_resource *ret_resource,
                      struct kv_err *err) kv_must_check;
enum kv_code arm_take_content(const cJSON *body, cJSON **ret_content,
                              struct kv_err *err) kv_must_check;
enum kv_code arm_check_location(const struct arm_call *call, const struct kv_resource *resource,
                                struct kv_err *err) kv_must_check;
enum kv_code arm_apply_patch(const struct arm_call *call, struct kv_resource *resource,
                             struct kv_err *err) kv_must_check;
enum kv_code arm_keep(struct arm_call *call, struct kv_resource *resource, struct arm_reply *reply,
                      struct kv_err *err) kv_must_check;

/* ---- Parts of answers ------------------------------------------------------------------------ */

/*
 * {"id","name","type","location","tags","systemData", then the members of its content}, as the service
 * orders them. `shows_system_data` false leaves that out.
 */
cJSON *arm_render(const struct kv_resource *resource, bool shows_system_data);

/* Takes location and tags of a PUT's body, and who asks, into an envelope for call->id. KV_ARM_LOCATION_REQUIRED for a
 * tracked type without one, unless it is there already; KV_BAD_REQUEST for tags beyond the limits. */
enum kv_code arm_begin_envelope(const struct arm_call *call, struct kv_resource *ret_resource,
                                struct kv_err *err) kv_must_check;
/* The parts of that, for rows that keep them otherwise: KV_ARM_BAD_REQUEST, KV_ARM_LOCATION_... */
enum kv_code arm_take_tags(const cJSON *tags, cJSON **ret_tags, struct kv_err *err) kv_must_check;
enum kv_code arm_take_location(const cJSON *location, char ret_location[KV_RESOURCE_LOCATION_SIZE],
                               struct kv_err *err) kv_must_check;
/* Who asks, as systemData shows it. */
void arm_name_caller(const struct arm_call *call, char ret_name[KV_RESOURCE_CALLER_SIZE],
                     bool *ret_is_user);
/* ETag of its edition. */
void arm_etag(const struct kv_resource *resource, char ret_etag[32]);
/* What If-Match and If-None-Match say, for kv_resource_put(). */
enum kv_code arm_precondition(const struct arm_call *call, int64_t *ret_before,
                              struct kv_err *err) kv_must_check;

/* "The Resource 'Microsoft.KeyVault/vaults/dev' under resource group 'coffer' was not found. ..." */
enum kv_code arm_refuse_missing(const struct arm_call *call, struct kv_err *err) kv_must_check;

/*
 * Has provisioning of what a PUT made take --provisioning-lag, if the row has a word for it: to be called before
 * kv_resource_put(), it sets resource->ready; and after it, with the envelope rendered, the operation to poll. Without a
 * lag it does nothing.
 */
void arm_delay(const struct arm_call *call, struct kv_resource *resource);
enum kv_code arm_delayed(struct arm_call *call, const struct kv_resource *resource,
                         struct arm_reply *reply, struct kv_err *err) kv_must_check;
/* provisioningState of a resource at call->now: the row's `waiting`, or "Succeeded". */
const char *arm_state(const struct arm_call *call, const struct kv_resource *resource);

/* 202 with Location and Azure-AsyncOperation of an operation that ends after the lag. */
enum kv_code arm_accept(struct arm_call *call, struct arm_reply *reply, kv_millis lag,
                        struct kv_err *err) kv_must_check;
/* The same of one that has ended: the members of reply->body are what its Location answers. What is too long to be
 * kept stays in the answer, with 200. */
enum kv_code arm_accept_result(struct arm_call *call, struct arm_reply *reply,
                               struct kv_err *err) kv_must_check;

/* ---- Authorization --------------------------------------------------------------------------- */

/*
 * Whether the caller may do `action` ("Microsoft.KeyVault/vaults/write") at that id. KV_AUTHORIZATION_FAILED in the service's words.
 * arm_call_run() asks it for the call itself; handlers ask for what is linked (KV_LINKED_AUTHORIZATION_FAILED).
 */
enum kv_code arm_authorize(const struct arm_call *call, const char *action, const char *scope,
                           struct kv_err *err) kv_must_check;

/* The same for an action on something else that a call needs, such as an identity that it attaches:
 * KV_LINKED_AUTHORIZATION_FAILED. */
enum kv_code arm_authorize_linked(const struct arm_call *call, const char *action,
                                  const char *linked, struct kv_err *err) kv_must_check;

/* Whether the caller may do everything, whatever was granted: the default identity, or everybody. */
bool arm_is_owner(const struct arm_call *call);
