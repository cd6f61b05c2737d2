/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/resources/resources.h - what the resource manager keeps of resources: their envelopes, and the
 * long-running operations on them (control-plane.md §1, §3).
 *
 * A resource of a provider of our own, such as a vault, is kept by the domain that it belongs to, and
 * has here what only the resource manager knows of it: where it lies, its tags, who made it. Of others
 * the envelope is all there is. Ids are compared in any case and kept as they were first written.
 * Once a call has returned KV_OK its effect is on disk. Thread-safe. Times are ms of the virtual clock.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/base/uuid.h"

#define KV_RESOURCE_ID_MAX 2048      /* bytes of an id */
#define KV_RESOURCE_LOCATION_SIZE 64 /* including the NUL, as the next one is */
#define KV_RESOURCE_CALLER_SIZE 128  /* of an object id, client id or user's name */
#define KV_RESOURCE_CONTENT_MAX                                                                    \
    (4 * 1024 * 1024)          /* bytes of its JSON: a deployment of 800 resources has 2 MB */
#define KV_RESOURCES_MAX 50000 /* of an instance */
#define KV_RESOURCE_OPERATIONS_MAX 10000 /* kept; the oldest that have ended go first */
#define KV_RESOURCE_RESULTS_MAX 32 /* of them with a result, which may be as long as a content */

struct kv_store;
struct kv_db;
struct kv_resources; /* opaque */

/* Migrates its tables. Free with kv_resources_free(); NULL is fine there. */
enum kv_code kv_resources_new(struct kv_store *store, struct kv_resources **ret_resources,
                              struct kv_err *err) kv_must_check;
void kv_resources_free(struct kv_resources *resources);
KV_DEFINE_CLEANUP(struct kv_resources *, kv_resources_free)

/* An envelope. */
struct kv_resource {
    char *
        id; /* owned, as the next four are: "/subscriptions/.../providers/Microsoft.KeyVault/vaults/dev" */
    char *type;     /* "Microsoft.KeyVault/vaults" */
    char *name;     /* the last segment */
    cJSON *tags;    /* object; never NULL in what is returned */
    cJSON *content; /* what else is kept: "sku", "kind", "identity", "properties", ...: object */
    char location[KV_RESOURCE_LOCATION_SIZE]; /* "eastus"; "": it has none */
    char created_by[KV_RESOURCE_CALLER_SIZE], changed_by[KV_RESOURCE_CALLER_SIZE];
    bool created_by_user, changed_by_user; /* not an application or a managed identity */
    kv_millis created, changed;
    kv_millis ready; /* until then provisioning goes on; 0: it is over */
    int64_t edition; /* counts changes, from 1: what an ETag is made of */
};
void kv_resource_done(struct kv_resource *resource);
KV_DEFINE_CLEANUP_VALUE(struct kv_resource, kv_resource_done)

/* KV_NOT_FOUND when there is none; the text is for the caller to replace. */
enum kv_code kv_resource_get(struct kv_resources *resources, const char *id,
                             struct kv_resource *ret_resource, struct kv_err *err) kv_must_check;

/* What has to be so before a change: an edition; or one of these. */
#define KV_RESOURCE_ANY ((int64_t) -1)    /* whatever there is */
#define KV_RESOURCE_THERE ((int64_t) -2)  /* If-Match: * */
#define KV_RESOURCE_ABSENT ((int64_t) -3) /* If-None-Match: * */

/*
 * Makes or replaces one. Of `resource`, which stays its owner's, id, type, name, location, tags, content,
 * ready and changed_by are taken; created_... are those of the first time, changed is `now`.
 * KV_PRECONDITION_FAILED when it is not as `before` says; KV_CONFLICT when there are KV_RESOURCES_MAX.
 */
enum kv_code kv_resource_put(struct kv_resources *resources, const struct kv_resource *resource,
                             int64_t before, kv_millis now, bool *ret_is_new,
                             struct kv_err *err) kv_must_check;

/* Removes one; *ret_was_there (NULL is fine) says whether it was there. KV_PRECONDITION_FAILED. */
enum kv_code kv_resource_delete(struct kv_resources *resources, const char *id, int64_t before,
                                bool *ret_was_there, struct kv_err *err) kv_must_check;
/* Removes it and all below it. */
enum kv_code kv_resource_delete_tree(struct kv_resources *resources, const char *id,
                                     struct kv_err *err) kv_must_check;

/* A part of a list, in the order of ids in lower case; all borrowed. */
struct kv_resource_range {
    const char *below; /* an id: what lies below it, at any depth; "" everything */
    const char *type;  /* of that type alone, in any case; NULL: all */
    const char *after; /* an id: only what comes behind it; NULL: from the beginning */
    size_t count;      /* so many at most */
};
/* `visit` gets each, and keeps none of it. */
typedef enum kv_code kv_resource_visit_fn(void *context, const struct kv_resource *resource,
                                          struct kv_err *err);
enum kv_code kv_resource_list(struct kv_resources *resources, const struct kv_resource_range *range,
                              kv_resource_visit_fn *visit, void *context,
                              struct kv_err *err) kv_must_check;

/* ---- Long-running operations ----------------------------------------------------------------- */

enum kv_operation_status {
    KV_OPERATION_RUNNING,
    KV_OPERATION_SUCCEEDED,
    KV_OPERATION_FAILED,
    KV_OPERATION_CANCELED
};

struct kv_resource_operation {
    char id[KV_UUID_LENGTH + 1];
    char *subject; /* owned: the id of the resource */
    enum kv_operation_status status;
    kv_millis begun,
        ends;      /* a running one that has reached `ends` has succeeded; 0: someone will say */
    cJSON *result; /* owned: its "error", or what else it ends in; or NULL */
};
void kv_resource_operation_done(struct kv_resource_operation *operation);
KV_DEFINE_CLEANUP_VALUE(struct kv_resource_operation, kv_resource_operation_done)

/* Begins one with an id of its own, or with that of `id` unless that is NULL. */
enum kv_code kv_resource_operation_begin(struct kv_resources *resources, const char *id,
                                         const char *subject, kv_millis begun, kv_millis ends,
                                         char ret_id[KV_UUID_LENGTH + 1],
                                         struct kv_err *err) kv_must_check;
/* Ends it; `result` stays its owner's. Of those that were ended so the last KV_RESOURCE_RESULTS_MAX are kept. */
enum kv_code kv_resource_operation_end(struct kv_resources *resources, const char *id,
                                       enum kv_operation_status status, const cJSON *result,
                                       kv_millis now, struct kv_err *err) kv_must_check;
/* As it is at `now`. KV_NOT_FOUND. */
enum kv_code kv_resource_operation_get(struct kv_resources *resources, const char *id,
                                       kv_millis now, struct kv_resource_operation *ret_operation,
                                       struct kv_err *err) kv_must_check;

/* Removes everything: what `coffer reset` of all does, in its transaction; a kv_vault_empty_fn, for
 * which a single vault is nothing. `resources` is the context. */
enum kv_code kv_resources_empty(void *resources, struct kv_db *db, int64_t vault,
                                struct kv_err *err) kv_must_check;

/* Copies what the resource manager keeps of the vault `saved` of the database that is attached, and of what
 * lies below it, to `vault`: a kv_vault_bring_fn, with `resources` as its context. That is the resource of a
 * type of vaults whose content names the vault by its number, as "vault"; what the store has of `vault` so
 * far goes. */
enum kv_code kv_resources_bring(void *resources, struct kv_db *db, int64_t saved, int64_t vault,
                                struct kv_err *err) kv_must_check;
