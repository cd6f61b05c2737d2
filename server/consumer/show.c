/* SPDX-License-Identifier: Apache-2.0 */
/* Consumers as JSON, for the control port and the resource manager. */
#include <string.h>

#include "core.h"
#include "kv/base/json.h"

static void add_time(cJSON *object, const char *name, kv_millis time, bool *ok)
{
    char text[KV_ISO_DATE_SIZE];

    kv_time_render_iso(time, text);
    kv_json_add_text(object, name, text, ok);
}

/* 0 is never; it is 1970 only where there always is a time. */
static void add_time_if_any(cJSON *object, const char *name, kv_millis time, bool *ok)
{
    if (time != 0) {
        add_time(object, name, time, ok);
    }
}

static void add_said(cJSON *object, const char *name, const char *text, bool *ok)
{
    if (*text != '\0') {
        kv_json_add_text(object, name, text, ok);
    }
}

/* A view, and the few things more that are shown. */
struct shown {
    struct kv_consumer_view view;
    const char *rules;
    int heals;
    int64_t checks, missed;
    char wrapped_by[KV_CONSUMER_URL_MAX + 1];
    char follow[FOLLOW_SIZE];
    kv_millis looks_at; /* 0: never */
};

static enum kv_code read_shown(struct kv_consumers *consumers, const char *name,
                               struct shown *ret_shown, struct kv_err *err)
{
    pthread_mutex_lock(&consumers->mutex);
    const struct consumer *consumer = consumers_find_locked(consumers, name);
    if (consumer != NULL) {
        consumer_view(consumer, &ret_shown->view);
        ret_shown->rules = consumer->settings.rules->name;
        ret_shown->heals = standing_heals(&consumer->settings, consumer->name);
        ret_shown->checks = consumer->checks;
        ret_shown->missed = consumer->missed;
        ret_shown->looks_at = consumer_looks_at(consumer);
        settings_print_follow(&consumer->settings, ret_shown->follow);
        memcpy(ret_shown->wrapped_by, consumer->wrapped.by, sizeof(ret_shown->wrapped_by));
    }
    pthread_mutex_unlock(&consumers->mutex);
    return consumer != NULL ? KV_OK
                            : KV_FAIL(err, KV_NOT_FOUND, 0, "There is no consumer '%.63s'.", name);
}

static cJSON *render(const struct shown *shown)
{
    const struct kv_consumer_view *view = &shown->view;
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    kv_json_add_text(object, "name", view->name, &ok);
    kv_json_add_text(object, "profile", view->profile, &ok);
    kv_json_add_text(object, "key", view->key, &ok);
    kv_json_add_text(object, "identity", view->identity, &ok);
    kv_json_add_text(object, "rules", shown->rules, &ok);
    kv_json_add_text(object, "state", kv_consumer_state_name(view->state), &ok);
    add_time(object, "since", view->since, &ok);
    add_time_if_any(object, "lost_since", view->lost_since, &ok);
    add_time_if_any(object, "heals_at", view->heals_at, &ok);
    kv_json_add_bool(object, "healthy", view->is_healthy, &ok);
    add_said(object, "reason", view->reason, &ok);
    add_said(object, "cause", view->cause, &ok);
    add_said(object, "advice", view->advice, &ok);
    kv_json_add_int(object, "status", view->status, &ok);
    kv_json_add_int(object, "heals", shown->heals, &ok);
    kv_json_add_text(object, "follow", shown->follow, &ok);
    kv_json_add_int(object, "checks", shown->checks, &ok);
    kv_json_add_int(object, "missed", shown->missed, &ok);
    add_said(object, "dek_wrapped_by", shown->wrapped_by, &ok);
    add_time_if_any(object, "looks_at", shown->looks_at, &ok);
    if (!ok) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

enum kv_code kv_consumers_describe(struct kv_consumers *consumers, const char *name,
                                   cJSON **ret_shown, struct kv_err *err)
{
    struct shown shown = { .heals = 0 };

    KV_TRY(read_shown(consumers, name, &shown, err));
    *ret_shown = render(&shown);
    return *ret_shown != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* --- the timeline --- */

static bool add_entry(void *list, const struct entry *entry)
{
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    add_time(object, "at", entry->at, &ok);
    kv_json_add_text(object, "state", kv_consumer_state_name(entry->state), &ok);
    kv_json_add_bool(object, "healthy", entry->is_healthy, &ok);
    add_said(object, "reason", entry->reason, &ok);
    add_said(object, "cause", entry->cause, &ok);
    kv_json_add_take(list, NULL, object, &ok);
    return ok;
}

enum kv_code kv_consumers_timeline(struct kv_consumers *consumers, const char *name,
                                   cJSON **ret_shown, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *object = cJSON_CreateObject();
    struct kv_consumer_view view;
    bool ok = object != NULL;

    KV_TRY(kv_consumers_find(consumers, name, &view, err));
    kv_json_add_text(object, "name", view.name, &ok);
    add_time(object, "now", kv_clock_now(consumers->clock), &ok);
    cJSON *list = kv_json_add_array(object, "entries", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(keeping_history(consumers->store, view.name, false, add_entry, list, err));
    *ret_shown = kv_take(object);
    return KV_OK;
}
