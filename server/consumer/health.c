/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Azure Resource Health of a consumer: control-plane.md §4.3. The states are inferred from the source
 * of the health checks; the service's own titles are not known, and these say what is so.
 */
#include <string.h>

#include "core.h"
#include "kv/base/json.h"

static const struct {
    const char *title, *summary, *reason_type, *action;
} words[] = {
    [KV_CONSUMER_STARTING] = { "Unknown", "Nothing is known yet of the health of this resource.",
                               "", "" },
    [KV_CONSUMER_ENCRYPTED] = { "Available",
                                "There aren't any known problems affecting this resource.", "",
                                "" },
    [KV_CONSUMER_ACCESS_LOST] = { "Customer-managed key access lost",
                                  "Access to the customer-managed key has been lost. Data is "
                                  "inaccessible until it is restored.",
                                  "Customer Initiated",
                                  "Restore access to the customer-managed key within 30 minutes." },
    [KV_CONSUMER_HEALING] = { "Recovering access to the customer-managed key",
                              "Access to the customer-managed key is back. The service recovers "
                              "within 10 minutes.",
                              "Customer Initiated", "Wait until the service has recovered." },
    [KV_CONSUMER_NEEDS_REDEPLOY] = { "Customer-managed key must be revalidated",
                                     "Access to the customer-managed key was lost for more than 30 "
                                     "minutes. Data stays inaccessible until the service is "
                                     "deployed again.",
                                     "Customer Initiated",
                                     "Restore access to the customer-managed key, then deploy the "
                                     "service again." },
};
_Static_assert(KV_COUNT(words) == KV_CONSUMER_STATE_COUNT, "words for each state");

static void add_time(cJSON *object, const char *name, kv_millis time, bool *ok)
{
    char text[KV_ISO_DATE_SIZE];

    kv_time_render_iso(time, text);
    kv_json_add_text(object, name, text, ok);
}

/* Of the last state nothing is to be restored any more once its checks are good. */
static const char *choose_action(enum kv_consumer_state state, bool is_healthy)
{
    return state == KV_CONSUMER_NEEDS_REDEPLOY && is_healthy ? "Deploy the service again."
                                                             : words[state].action;
}

/* "occuredTime" is spelled so by the service. */
static cJSON *render(enum kv_consumer_state state, bool is_healthy, const char *reason,
                     kv_millis since, kv_millis now)
{
    const char *said = choose_action(state, is_healthy);
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    kv_json_add_text(object, "availabilityState", state_availability(state), &ok);
    kv_json_add_text(object, "title", words[state].title, &ok);
    kv_json_add_text(object, "summary", words[state].summary, &ok);
    kv_json_add_text(object, "reasonType", words[state].reason_type, &ok);
    kv_json_add_text(object, "reasonChronicity", "Persistent", &ok);
    if (*reason != '\0') {
        kv_json_add_text(object, "context", reason, &ok);
    }
    add_time(object, "occuredTime", since, &ok);
    add_time(object, "reportedTime", now, &ok);

    cJSON *actions = kv_json_add_array(object, "recommendedActions", &ok);

    if (*said != '\0') {
        cJSON *action = cJSON_CreateObject();

        kv_json_add_text(action, "action", said, &ok);
        kv_json_add_take(actions, NULL, action, &ok);
    }
    if (!ok) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

enum kv_code kv_consumers_health(struct kv_consumers *consumers, const char *name,
                                 cJSON **ret_properties, struct kv_err *err)
{
    struct kv_consumer_view view;

    KV_TRY(kv_consumers_find(consumers, name, &view, err));
    *ret_properties = render(view.state, view.is_healthy, view.reason, view.since,
                             kv_clock_now(consumers->clock));
    return *ret_properties != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* Only what has another state than the one after it: verdicts alone are no news there. */
struct past {
    cJSON *list;
    bool has_one;
    struct entry entry; /* the earliest so far of a state */
};

static bool add_past(struct past *past)
{
    bool ok = true;

    kv_json_add_take(past->list, NULL,
                     render(past->entry.state, past->entry.is_healthy, past->entry.reason,
                            past->entry.at, past->entry.at),
                     &ok);
    return ok;
}

static bool take_entry(void *past_, const struct entry *entry)
{
    struct past *past = past_;
    bool is_another = past->has_one && past->entry.state != entry->state;
    bool ok = !is_another || add_past(past);

    past->entry = *entry;
    past->has_one = true;
    return ok;
}

enum kv_code kv_consumers_health_history(struct kv_consumers *consumers, const char *name,
                                         cJSON **ret_list, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *list = cJSON_CreateArray();
    struct past past = { .list = list };
    struct kv_consumer_view view;

    if (list == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_consumers_find(consumers, name, &view, err));
    KV_TRY(keeping_history(consumers->store, view.name, true, take_entry, &past, err));
    if (past.has_one && !add_past(&past)) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_list = kv_take(list);
    return KV_OK;
}
