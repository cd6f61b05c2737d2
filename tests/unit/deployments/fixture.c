/* SPDX-License-Identifier: Apache-2.0 */
#include "fixture.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/json.h"

#define ENDED_MAX 8
#define THREADS 4

struct kv_clock *fixture_clock;
struct kv_deployments *fixture_deployments;

static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t released = PTHREAD_COND_INITIALIZER;
static bool is_released;
static char sent[4096];
static struct ended {
    char id[256], state[16], error[4096];
} ended[ENDED_MAX];
static size_t ended_count;

/* ---- Hands -------------------------------------------------------------------------------------- */

static bool begins(const char *name, const char *with)
{
    return strncmp(name, with, strlen(with)) == 0;
}

static cJSON *make_error(const char *code)
{
    const struct kv_err err = { .code = KV_CONFLICT, .message = "It is bad." };
    cJSON *error = kv_deployment_error(&err);

    cJSON_ReplaceItemInObject(error, "code", cJSON_CreateString(code));
    return error;
}

static void wait_for_release(void)
{
    while (!is_released) {
        pthread_cond_wait(&released, &mutex);
    }
}

static void send(void *place, const struct kv_template_resource *resource, const cJSON *body,
                 struct kv_deployment_answer *answer)
{
    (void) place;
    (void) body;
    pthread_mutex_lock(&mutex);
    size_t len = strlen(sent);
    (void) snprintf(sent + len, sizeof(sent) - len, "%s ", resource->name);
    if (begins(resource->name, "held")) {
        wait_for_release();
    }
    pthread_mutex_unlock(&mutex);
    answer->status = begins(resource->name, "bad") ? 409 : 201;
    answer->error = begins(resource->name, "bad") ? make_error("Bad") : NULL;
    if (begins(resource->name, "slow") || begins(resource->name, "doomed")) {
        answer->ready = kv_clock_now(fixture_clock) + SLOW_MS;
    }
}

static void look(void *place, const struct kv_template_resource *resource,
                 struct kv_deployment_answer *answer)
{
    (void) place;
    answer->status = 200;
    if (begins(resource->name, "doomed")) {
        answer->error = kv_deployment_failure(resource->id, "Failed", NULL);
    }
}

static const struct kv_template_world world = { .now = 1 };

static enum kv_code nest(void *place, const struct kv_template_resource *resource, void **ret_place,
                         const struct kv_template_world **ret_world, struct kv_err *err)
{
    (void) place;
    (void) resource;
    *ret_place = malloc(1);
    *ret_world = &world;
    return *ret_place != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code begun(void *place, const struct kv_deployment_view *view, struct kv_err *err)
{
    (void) place;
    return strstr(view->id, "refused") != NULL ? KV_FAIL(err, KV_UNAVAILABLE, 0, "no room") : KV_OK;
}

static void note_end(void *place, const struct kv_deployment_view *view)
{
    char *error = cJSON_PrintUnformatted(view->error);

    (void) place;
    pthread_mutex_lock(&mutex);
    struct ended *own = &ended[ended_count++ % ENDED_MAX];
    (void) snprintf(own->id, sizeof(own->id), "%s", view->id);
    (void) snprintf(own->state, sizeof(own->state), "%s", kv_deployment_state_name(view->state));
    (void) snprintf(own->error, sizeof(own->error), "%s", error != NULL ? error : "");
    pthread_mutex_unlock(&mutex);
    cJSON_free(error);
}

static const struct kv_deployment_hands hands = {
    .send = send,
    .look = look,
    .nest = nest,
    .begun = begun,
    .ended = note_end,
    .close = free,
};

/* ---- Deploying ----------------------------------------------------------------------------------- */

void fixture_setup(void)
{
    struct kv_err err;

    kv_json_setup();
    cr_assert_eq(kv_clock_new(&fixture_clock, &err), KV_OK);
    kv_clock_freeze(fixture_clock, true);

    const struct kv_deployments_config config = { fixture_clock, THREADS, 2, 1 };

    cr_assert_eq(kv_deployments_new(&config, &fixture_deployments, &err), KV_OK);
}

void fixture_teardown(void)
{
    fixture_release();
    kv_deployments_free(fixture_deployments);
    kv_clock_free(fixture_clock);
}

enum kv_code fixture_begin(const char *name, const char *resources, const char *outputs,
                           struct kv_err *err)
{
    const struct kv_template_scope scope = { KV_TEMPLATE_AT_RESOURCE_GROUP, NULL,
                                             "00000000-0000-0000-0000-000000000001", "rg1" };
    struct kv_deployment_start start = { .hands = &hands, .place = malloc(1) };
    char text[8192], id[256];
    cJSON *tree = NULL;

    (void) snprintf(text, sizeof(text),
                    "{\"$schema\":\"https://schema.management.azure.com/schemas/2019-04-01/"
                    "deploymentTemplate.json#\",\"contentVersion\":\"1.0.0.0\",\"resources\":[%s],"
                    "\"outputs\":{%s}}",
                    resources, outputs != NULL ? outputs : "");
    (void) snprintf(id, sizeof(id), "%s%s", DEPLOYMENT(""), name);
    start.id = id;
    cr_assert_eq(kv_template_parse(text, strlen(text), &tree, err), KV_OK, "%s", err->message);
    cr_assert_eq(kv_template_new(tree, &start.template, err), KV_OK, "%s", err->message);
    cr_assert_eq(kv_template_plan_new(start.template, NULL, &scope, &world, &start.plan, err),
                 KV_OK, "%s", err->message);
    cJSON_Delete(tree);

    enum kv_code code = kv_deployments_begin(fixture_deployments, &start, err);
    if (code != KV_OK) {
        kv_template_plan_free(start.plan);
        kv_template_free(start.template);
        free(start.place);
    }
    return code;
}

void fixture_deploy(const char *name, const char *resources, const char *outputs)
{
    struct kv_err err;

    cr_assert_eq(fixture_begin(name, resources, outputs, &err), KV_OK, "%s", err.message);
}

void fixture_settle(void)
{
    kv_deployments_settle(fixture_deployments, 20000);
}

void fixture_advance(kv_millis span)
{
    struct kv_err err;

    cr_assert_eq(kv_clock_shift(fixture_clock, span, &err), KV_OK);
    kv_deployments_catch_up(fixture_deployments, kv_clock_now(fixture_clock));
    fixture_settle();
}

void fixture_release(void)
{
    pthread_mutex_lock(&mutex);
    is_released = true;
    pthread_cond_broadcast(&released);
    pthread_mutex_unlock(&mutex);
}

/* ---- What has come of it --------------------------------------------------------------------------- */

const char *fixture_sent(void)
{
    return sent;
}

static const struct ended *find(const char *name)
{
    char id[256];

    (void) snprintf(id, sizeof(id), "%s%s", DEPLOYMENT(""), name);
    for (size_t i = 0; i < ended_count; i++) {
        if (strcmp(ended[i].id, id) == 0) {
            return &ended[i];
        }
    }
    return NULL;
}

const char *fixture_state(const char *name)
{
    const struct ended *own = find(name);

    return own != NULL ? own->state : NULL;
}

const char *fixture_error(const char *name)
{
    const struct ended *own = find(name);

    return own != NULL ? own->error : NULL;
}
