/* SPDX-License-Identifier: Apache-2.0 */
/* From where a vault can be reached: its network settings, in the words of the resource manager. */
#include <string.h>

#include "kv/access/firewall.h"
#include "kv/base/json.h"
#include "private.h"

#define FIELDS (KV_NETWORK_WORDS + KV_NETWORK_LISTS)

/* --- what is shown --- */

static void add_list(cJSON *body, const struct kv_network *network, enum kv_network_list which,
                     bool *ok)
{
    const struct kv_cidrs *list = &network->list[which];
    cJSON *array = kv_json_add_array(body, kv_network_list_row(which)->name, ok);
    char text[KV_CIDR_SIZE];

    for (size_t i = 0; i < list->count; i++) {
        cJSON *item = cJSON_CreateObject();

        kv_cidr_render(&list->cidr[i], text);
        kv_json_add_text(item, "value", text, ok);
        kv_json_add_take(array, NULL, item, ok);
    }
}

/* What a PUT can be given again; and while it does not count yet, from when it does. */
static enum kv_code respond(const struct kv_network *network, struct kv_response *response,
                            struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char iso[KV_ISO_DATE_SIZE];
    bool ok = true;

    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        const struct kv_network_word_row *row = kv_network_word_row(i);

        kv_json_add_text(body, row->name, row->words[network->word[i]], &ok);
    }
    for (unsigned i = 0; i < KV_NETWORK_LISTS; i++) {
        add_list(body, network, i, &ok);
    }
    if (network->since != INT64_MIN) {
        kv_time_render_iso(network->since, iso);
        kv_json_add_text(body, "since", iso, &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code control_network_get(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_network_done) struct kv_network network = { .since = 0 };

    KV_TRY(control_find_vault(request, &vault, err));
    KV_TRY(kv_network_get(request->app->access, vault, &network, err));
    return respond(&network, response, err);
}

/* --- what is sent --- */

struct sent {
    const char *word[KV_NETWORK_WORDS];
    const cJSON *list[KV_NETWORK_LISTS];
};

static void fill_fields(struct kv_json_field fields[FIELDS])
{
    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        fields[i] = (struct kv_json_field){
            .name = kv_network_word_row(i)->name,
            .type = KV_JSON_STRING,
            .offset = offsetof(struct sent, word) + i * sizeof(const char *),
        };
    }
    for (unsigned i = 0; i < KV_NETWORK_LISTS; i++) {
        fields[KV_NETWORK_WORDS + i] = (struct kv_json_field){
            .name = kv_network_list_row(i)->name,
            .type = KV_JSON_ARRAY,
            .offset = offsetof(struct sent, list) + i * sizeof(const cJSON *),
        };
    }
}

static enum kv_code give_list(struct kv_network_change *change, enum kv_network_list which,
                              const cJSON *list, struct kv_err *err)
{
    const cJSON *item;

    change->lists_given |= 1U << which; /* an empty one too */
    cJSON_ArrayForEach (item, list) {
        const char *value = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "value"));

        if (value == NULL || cJSON_GetArraySize(item) != 1) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "%s is a list of ranges such as {\"value\":\"203.0.113.0/24\"}.",
                           kv_network_list_row(which)->name);
        }
        KV_TRY(kv_network_give_range(change, which, value, err));
    }
    return KV_OK;
}

static enum kv_code read_change(const struct kv_request *request, struct kv_network_change *change,
                                struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct kv_json_field fields[FIELDS];
    struct sent sent = { .word = { NULL } };

    fill_fields(fields);
    KV_TRY(control_bind_body(request, fields, FIELDS, &sent, &body, err));
    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        if (sent.word[i] != NULL) {
            KV_TRY(kv_network_give_word(change, i, sent.word[i], err));
        }
    }
    for (unsigned i = 0; i < KV_NETWORK_LISTS; i++) {
        if (sent.list[i] != NULL) {
            KV_TRY(give_list(change, i, sent.list[i], err));
        }
    }
    return KV_OK;
}

/* A change can be due later: those who wait for the clock hear of it. */
static enum kv_code change_network(const struct kv_request *request,
                                   const struct kv_network_change *change,
                                   struct kv_response *response, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_network_done) struct kv_network network = { .since = 0 };

    KV_TRY(control_find_living_vault(request, &vault, err));
    KV_TRY(kv_network_change(request->app->access, vault, change, request->now, &network, err));
    kv_clock_wake(request->app->clock);
    return respond(&network, response, err);
}

static enum kv_code set(const struct kv_request *request, enum kv_network_mode mode,
                        struct kv_response *response, struct kv_err *err)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .mode = mode };

    KV_TRY(read_change(request, &change, err));
    return change_network(request, &change, response, err);
}

enum kv_code control_network_put(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    return set(request, KV_NETWORK_REPLACE, response, err);
}

enum kv_code control_network_patch(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err)
{
    return set(request, KV_NETWORK_SET, response, err);
}

/* Of ranges alone. */
static enum kv_code move_ranges(const struct kv_request *request, enum kv_network_mode mode,
                                struct kv_response *response, struct kv_err *err)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .mode = mode };

    KV_TRY(read_change(request, &change, err));
    if (change.words_given != 0 || change.lists_given == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Give ranges: %s, %s, or both.",
                       kv_network_list_row(KV_NETWORK_RULES)->name,
                       kv_network_list_row(KV_NETWORK_PRIVATE)->name);
    }
    return change_network(request, &change, response, err);
}

enum kv_code control_network_allow(struct kv_request *request, struct kv_response *response,
                                   struct kv_err *err)
{
    return move_ranges(request, KV_NETWORK_ADD, response, err);
}

enum kv_code control_network_remove(struct kv_request *request, struct kv_response *response,
                                    struct kv_err *err)
{
    return move_ranges(request, KV_NETWORK_REMOVE, response, err);
}
