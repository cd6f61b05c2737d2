/* SPDX-License-Identifier: Apache-2.0 */
/* Events as part of the composition: the outbox, its receivers, and who waits for news of it. */
#include "events.h"

#include <string.h>

#include "kv/base/json.h"
#include "kv/http/listener.h"

/* For whoever brings events, and for those who wait for some at the control port. Called by whoever
 * writes events, until events_stop(). */
static void tell(void *context)
{
    struct courier *courier = context;

    pthread_mutex_lock(&courier->mutex);
    courier->was_told = true;
    pthread_cond_signal(&courier->news);
    if (courier->control != NULL) {
        kv_listener_tell(courier->control);
    }
    pthread_mutex_unlock(&courier->mutex);
}

static void init_locks(struct courier *courier)
{
    pthread_condattr_t attributes;

    (void) pthread_mutex_init(&courier->mutex, NULL); /* these cannot fail on Linux */
    (void) pthread_condattr_init(&attributes);
    (void) pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC);
    (void) pthread_cond_init(&courier->news, &attributes);
    (void) pthread_condattr_destroy(&attributes);
}

enum kv_code events_check(const struct kv_options *options, struct kv_err *err)
{
    struct hook hooks[KV_EVENT_HOOKS_MAX] = { { .shown = "" } };
    size_t count = 0;

    KV_TRY(hooks_read(options, hooks, &count, err));
    return audit_check(options, err);
}

enum kv_code events_open(struct courier *courier, const struct kv_options *options,
                         struct kv_store *store, struct kv_err *err)
{
    const char *ids[KV_EVENT_HOOKS_MAX] = { NULL };

    init_locks(courier);
    courier->schema = kv_option_is(options, KV_OPTION_EVENT_SCHEMA, "cloudevents") ? KV_CLOUD_EVENTS
                                                                                   : KV_EVENT_GRID;
    KV_TRY(hooks_read(options, courier->hook, &courier->hooks, err));
    for (size_t i = 0; i < courier->hooks; i++) {
        ids[i] = courier->hook[i].id;
    }
    KV_TRY(kv_events_new(store, tell, courier, &courier->events, err));
    return kv_events_subscribe(courier->events, ids, courier->hooks, err);
}

/* A vault has another permission model: by the second that the change has. */
static enum kv_code note_access(void *context, struct kv_db *db, const struct kv_vault *vault,
                                struct kv_err *err)
{
    struct courier *courier = context;
    struct kv_key_event event = { .type = KV_EVENT_POLICY_CHANGED, .at = vault->changed * 1000 };

    if (vault->kind == KV_MANAGED_HSM) {
        return KV_OK;
    }
    memcpy(event.vault, vault->name, sizeof(event.vault));
    memcpy(event.group, vault->group, sizeof(event.group));
    return kv_events_write(courier->events, db, &event, err);
}

void events_watch(struct courier *courier, struct kv_vaults *vaults)
{
    kv_vaults_note_access(vaults, note_access, courier);
}

/* What is known of a receiver now. */
static enum kv_code describe_hook(struct courier *courier, struct hook *hook, cJSON *list,
                                  struct kv_err *err)
{
    struct kv_hook_counts counts;
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    kv_json_add_text(object, "id", hook->id, &ok);
    kv_json_add_text(object, hook->kind == HOOK_WEB ? "url" : "file", hook->shown, &ok);
    pthread_mutex_lock(&courier->mutex);
    kv_json_add_bool(object, "ready", hook->is_ready, &ok);
    if (hook->error[0] != '\0') {
        kv_json_add_text(object, "error", hook->error, &ok);
    }
    pthread_mutex_unlock(&courier->mutex);
    kv_json_add_take(list, NULL, object, &ok); /* the list has it, or it is gone */
    KV_TRY(kv_events_counts(courier->events, hook->id, &counts, err));
    kv_json_add_int(object, "pending", counts.pending, &ok);
    kv_json_add_int(object, "delivered", counts.delivered, &ok);
    kv_json_add_int(object, "dropped", counts.dropped, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code describe(void *context, cJSON **ret_list, struct kv_err *err)
{
    struct courier *courier = context;
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();

    if (list == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < courier->hooks; i++) {
        KV_TRY(describe_hook(courier, &courier->hook[i], list, err));
    }
    *ret_list = kv_take(list);
    return KV_OK;
}

void events_lend(struct courier *courier, struct kv_app *app)
{
    kv_uuid_of("subscription", kv_identity_tenant(app->identity), courier->place.subscription);
    app->events = courier->events;
    app->event_schema = courier->schema;
    app->event_place = &courier->place;
    app->describe_hooks = describe;
    app->hooks_context = courier;
    for (size_t i = 0; i < courier->hooks; i++) {
        app->event_hook[i] = courier->hook[i].id;
    }
}

enum kv_code events_start(struct courier *courier, const struct kv_app *app,
                          struct kv_listener *control, struct kv_err *err)
{
    courier->place.public_url = &app->public_url;
    courier->place.port = app->port;
    pthread_mutex_lock(&courier->mutex);
    courier->control = control;
    pthread_mutex_unlock(&courier->mutex);
    return courier_start(courier, err);
}

void events_stop(struct courier *courier)
{
    if (courier->events != NULL) {
        courier_stop(courier);
    }
}

void events_close(struct courier *courier)
{
    if (courier->events == NULL) {
        return;
    }
    kv_events_free(kv_take(courier->events));
    (void) pthread_cond_destroy(&courier->news);
    (void) pthread_mutex_destroy(&courier->mutex);
}
