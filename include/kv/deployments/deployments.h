/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/deployments/deployments.h - carries out plans of templates: in the order of their dependencies,
 * what is independent at the same time, nested plans within the plan that has them.
 *
 * Knows nothing of HTTP and of providers: sending a resource, and what else is outside, is done by a
 * struct kv_deployment_hands. What becomes of a deployment is handed to those, too: here are only
 * those that are under way. Threads are made when there is something to do. Times are ms of the
 * virtual clock. Everything here is thread-safe; callbacks run on threads of ours, without a lock
 * unless they say otherwise.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include <cjson/cJSON.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"
#include "kv/templates/templates.h"

struct kv_deployments; /* opaque */

struct kv_deployments_config {
    struct kv_clock *clock;
    unsigned threads; /* for steps; at least 2 */
    unsigned at_once; /* deployments that run at a time: each may take what a plan takes */
    unsigned waiting; /* further ones that may wait for that */
};

/* Free with kv_deployments_free(), which cancels what runs and waits for the steps that are under way;
 * NULL is fine there. */
enum kv_code kv_deployments_new(const struct kv_deployments_config *config,
                                struct kv_deployments **ret_deployments,
                                struct kv_err *err) kv_must_check;
void kv_deployments_free(struct kv_deployments *deployments);
KV_DEFINE_CLEANUP(struct kv_deployments *, kv_deployments_free)

/* ---- What they look like ---------------------------------------------------------------------- */

enum kv_deployment_state {
    KV_DEPLOYMENT_ACCEPTED, /* it waits for others */
    KV_DEPLOYMENT_RUNNING,
    KV_DEPLOYMENT_SUCCEEDED,
    KV_DEPLOYMENT_FAILED,
    KV_DEPLOYMENT_CANCELED
};
const char *kv_deployment_state_name(enum kv_deployment_state state);

enum kv_step_state {
    KV_STEP_WAITING,  /* for what is before it; or it was never begun */
    KV_STEP_STARTING, /* its body is being made */
    KV_STEP_SENT,
    KV_STEP_SETTLING, /* sent, and its provisioning goes on */
    KV_STEP_SKIPPED,  /* its condition does not hold, or it is only referred to */
    KV_STEP_DONE,
    KV_STEP_FAILED,
    KV_STEP_CANCELED
};

/* A resource of a deployment. */
struct kv_deployment_step {
    enum kv_step_state state;
    kv_millis begun, ended; /* 0: not yet */
    kv_millis ready;        /* while it is settling: when to look again */
    int status;             /* of HTTP; 0: nothing came */
    cJSON *error;           /* {"code", "message", ...}; NULL: none */
};

/* A deployment as it is; all borrowed, step[i] is of kv_template_plan_at(plan, i). */
struct kv_deployment_view {
    const char *id;
    void *place; /* of its hands */
    struct kv_template_plan *plan;
    const struct kv_deployment_step *step;
    enum kv_deployment_state state;
    kv_millis begun, changed;
    const cJSON *error;   /* of one that has failed or was canceled */
    const cJSON *outputs; /* of one that has succeeded */
};

/* ---- Who does it ------------------------------------------------------------------------------ */

/* What became of a resource that was sent. */
struct kv_deployment_answer {
    int status;
    kv_millis ready; /* look again then; 0: it is over */
    cJSON *error;    /* its owner is who asked; NULL: none */
};

/* Callbacks get the `place` of a deployment: whatever they need to know of it. */
struct kv_deployment_hands {
    /* Sends a resource, or looks how far it is. */
    void (*send)(void *place, const struct kv_template_resource *resource, const cJSON *body,
                 struct kv_deployment_answer *answer);
    void (*look)(void *place, const struct kv_template_resource *resource,
                 struct kv_deployment_answer *answer);

    /* The place of a nested deployment, and its world, which lives as long. */
    enum kv_code (*nest)(void *place, const struct kv_template_resource *resource, void **ret_place,
                         const struct kv_template_world **ret_world, struct kv_err *err);
    /* It begins: its plan is known, and nothing was sent. KV_OK, or why it cannot. Of one that was begun by
     * kv_deployments_begin() it is called by that. */
    enum kv_code (*begun)(void *place, const struct kv_deployment_view *view, struct kv_err *err);

    /* Everything is there: what else is to be done, such as removing what the template does not
     * have. NULL, or an error of the deployment. */
    cJSON *(*complete)(void *place, const struct kv_deployment_view *view);
    /* It has ended: to be kept, because afterwards it is forgotten here. */
    void (*ended)(void *place, const struct kv_deployment_view *view);
    /* Frees the place, when nothing of the plan is needed any more. */
    void (*close)(void *place);
};

/*
 * Begins a deployment. Template, plan and place are its own from then on; hands outlive it. KV_CONFLICT
 * if one of that id, in any case, is under way; KV_UNAVAILABLE if too many are.
 */
struct kv_deployment_start {
    const char *id;
    const struct kv_deployment_hands *hands;
    void *place;
    struct kv_template *template;
    struct kv_template_plan *plan;
};
enum kv_code kv_deployments_begin(struct kv_deployments *deployments,
                                  const struct kv_deployment_start *start,
                                  struct kv_err *err) kv_must_check;

/* Shows one that is under way; false: there is none of that id. `show` is called with the lock held:
 * it takes no other lock, and does no I/O. */
bool kv_deployments_show(struct kv_deployments *deployments, const char *id,
                         void (*show)(void *context, const struct kv_deployment_view *view),
                         void *context);
/* All of them, nested ones, too. */
void kv_deployments_each(struct kv_deployments *deployments,
                         void (*show)(void *context, const struct kv_deployment_view *view),
                         void *context);

/* Begins no more steps of it, and waits for nothing that is settling. False: it is not under way. */
bool kv_deployments_cancel(struct kv_deployments *deployments, const char *id);

/* ---- Errors (control-plane.md §3.2) ------------------------------------------------------------ */

/* {"code", "message"}; NULL when memory is short. */
cJSON *kv_deployment_error(const struct kv_err *err);
/* That of a resource which has ended in `state` ("Failed"); takes `detail`, which may be NULL. */
cJSON *kv_deployment_failure(const char *id, const char *state, cJSON *detail);

/* ---- The clock -------------------------------------------------------------------------------- */

/* When something that settles is to be looked at next; INT64_MAX: nothing is. */
kv_millis kv_deployments_due(struct kv_deployments *deployments);
/* Looks at what is due by `at`. */
void kv_deployments_catch_up(struct kv_deployments *deployments, kv_millis at);
/* Waits until everything that is under way waits for the clock; so many real milliseconds at most. */
void kv_deployments_settle(struct kv_deployments *deployments, kv_millis patience);
