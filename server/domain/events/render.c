/* SPDX-License-Identifier: Apache-2.0 */
/* Events on the wire: control-plane.md §6.2, and CloudEvents 1.0. */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kv/base/json.h"

static const char *object_type(enum kv_event_type type)
{
    switch (type) {
    case KV_EVENT_NONE:
        break;
#define X(symbol, number, name, object)                                                            \
    case KV_EVENT_##symbol:                                                                        \
        return object;
#include "kv/events/type.def"
#undef X
    }
    return "";
}

void kv_event_time(kv_millis time, char ret_text[KV_EVENT_TIME_SIZE])
{
    char date[KV_ISO_DATE_SIZE];

    kv_time_render_iso(time, date);
    (void) snprintf(ret_text, KV_EVENT_TIME_SIZE, "%.*s0000Z", (int) strcspn(date, "Z"), date);
}

void kv_event_topic(const struct kv_event_place *place, const char *group, const char *vault,
                    char ret_topic[KV_EVENT_TOPIC_SIZE])
{
    (void) snprintf(ret_topic, KV_EVENT_TOPIC_SIZE,
                    "/subscriptions/%s/resourceGroups/%s/providers/Microsoft.KeyVault/vaults/%s",
                    place->subscription, group, vault);
}

#define ID_SIZE                                                                                    \
    (KV_PUBLIC_AUTHORITY_SIZE + sizeof("https:///keys//") + KV_EVENT_KEY_MAX + KV_VERSION_LENGTH)

/* Where clients reach the key. */
static void print_id(const struct kv_key_event *event, const struct kv_event_place *place,
                     char ret_id[ID_SIZE])
{
    struct kv_vault vault = { .kind = KV_VAULT };
    char authority[KV_PUBLIC_AUTHORITY_SIZE], host[KV_VAULT_HOST_SIZE];

    (void) snprintf(vault.name, sizeof(vault.name), "%s", event->vault);
    if (!kv_public_authority(place->public_url, &vault, authority)) {
        kv_vault_host(&vault, host);
        (void) snprintf(authority, sizeof(authority), "%s:%u", host, place->port);
    }
    if (event->key[0] == '\0') {
        (void) snprintf(ret_id, ID_SIZE, "https://%s", authority);
        return;
    }
    (void) snprintf(ret_id, ID_SIZE, "https://%s/keys/%s/%s", authority, event->key,
                    event->version);
}

static void add_date(cJSON *data, const char *name, struct kv_event_date date, bool *ok)
{
    if (date.given) {
        kv_json_add_int(data, name, date.value, ok);
        return;
    }
    kv_json_add_take(data, name, cJSON_CreateNull(), ok);
}

static const char *subject_of(const struct kv_key_event *event)
{
    return event->key[0] != '\0' ? event->key : event->vault;
}

static void add_data(cJSON *object, const struct kv_key_event *event,
                     const struct kv_event_place *place, bool *ok)
{
    cJSON *data = kv_json_add_object(object, "data", ok);
    char id[ID_SIZE];

    print_id(event, place, id);
    kv_json_add_text(data, "Id", id, ok);
    kv_json_add_text(data, "VaultName", event->vault, ok);
    kv_json_add_text(data, "ObjectType", object_type(event->type), ok);
    kv_json_add_text(data, "ObjectName", subject_of(event), ok);
    kv_json_add_text(data, "Version", event->version, ok);
    add_date(data, "NBF", event->not_before, ok);
    add_date(data, "EXP", event->expires, ok);
}

/* What the two schemas call the same things. */
struct names {
    const char *topic, *type, *time;
};
static const struct names names_of[] = {
    [KV_EVENT_GRID] = { "topic", "eventType", "eventTime" },
    [KV_CLOUD_EVENTS] = { "source", "type", "time" },
};

struct head {
    const char *id, *topic, *subject, *type;
    kv_millis at;
};

static void add_head(cJSON *object, const struct head *head, const struct names *names, bool *ok)
{
    char time[KV_EVENT_TIME_SIZE];

    kv_event_time(head->at, time);
    kv_json_add_text(object, "id", head->id, ok);
    kv_json_add_text(object, names->topic, head->topic, ok);
    kv_json_add_text(object, "subject", head->subject, ok);
    kv_json_add_text(object, names->type, head->type, ok);
    kv_json_add_text(object, names->time, time, ok);
}

static void add_versions(cJSON *object, const char *data_version, bool *ok)
{
    kv_json_add_text(object, "dataVersion", data_version, ok);
    kv_json_add_text(object, "metadataVersion", "1", ok);
}

static cJSON *checked(cJSON *object, bool ok)
{
    if (!ok) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

cJSON *kv_event_render(const struct kv_key_event *event, enum kv_event_schema schema,
                       const struct kv_event_place *place)
{
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;
    char topic[KV_EVENT_TOPIC_SIZE];
    const struct head head = { event->id, topic, subject_of(event), kv_event_type_name(event->type),
                               event->at };

    kv_event_topic(place, event->group, event->vault, topic);
    add_head(object, &head, &names_of[schema], &ok);
    add_data(object, event, place, &ok);
    if (schema == KV_EVENT_GRID) {
        add_versions(object, "1", &ok);
    } else {
        kv_json_add_text(object, "specversion", "1.0", &ok);
    }
    return checked(object, ok);
}

cJSON *kv_event_render_validation(const struct kv_event_place *place, const char *code,
                                  kv_millis now)
{
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;
    char id[KV_UUID_LENGTH + 1], topic[KV_EVENT_TOPIC_SIZE];
    const struct head head = { id, topic, "", "Microsoft.EventGrid.SubscriptionValidationEvent",
                               now };

    kv_uuid_random(id);
    (void) snprintf(topic, sizeof(topic), "/subscriptions/%s/resourceGroups/" KV_GROUP,
                    place->subscription);
    add_head(object, &head, &names_of[KV_EVENT_GRID], &ok);
    cJSON *data = kv_json_add_object(object, "data", &ok);
    kv_json_add_text(data, "validationCode", code, &ok);
    add_versions(object, "2", &ok);
    return checked(object, ok);
}
