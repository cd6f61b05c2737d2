/* SPDX-License-Identifier: Apache-2.0 */
/* How clients went about failures, as JSON. */
#include "kv/journal/retries.h"

#include "journal.h"

#define SHOWN_MAX 100     /* attempts of a setback */
#define SETBACKS_MAX 1000 /* the last of them */

static void add_number(cJSON *list, int64_t number, bool *ok)
{
    kv_json_add_take(list, NULL, cJSON_CreateNumber((double) number), ok);
}

/* What it waited after each answer, and what that demanded; both in ms. */
static void add_waits(cJSON *object, const struct kv_setback *setback, size_t shown, bool *ok)
{
    cJSON *waits = kv_json_add_array(object, "waits_ms", ok);
    cJSON *demands = kv_json_add_array(object, "demanded_ms", ok);

    for (size_t i = 0; i + 1 < shown; i++) {
        kv_millis demand = setback->attempt[i]->note.retry_after;

        add_number(waits, kv_setback_wait(setback->attempt[i], setback->attempt[i + 1]) / 1000, ok);
        kv_json_add_take(demands, NULL,
                         demand >= 0 ? cJSON_CreateNumber((double) demand) : cJSON_CreateNull(),
                         ok);
    }
}

static void add_attempts(cJSON *object, const struct kv_setback *setback, bool *ok)
{
    size_t shown = setback->attempts < SHOWN_MAX ? setback->attempts : SHOWN_MAX;
    cJSON *numbers = kv_json_add_array(object, "numbers", ok);
    cJSON *statuses = kv_json_add_array(object, "statuses", ok);

    for (size_t i = 0; i < shown; i++) {
        add_number(numbers, (int64_t) setback->attempt[i]->number, ok);
        add_number(statuses, setback->attempt[i]->note.status, ok);
    }
    add_waits(object, setback, shown, ok);
}

/* Null when nothing was demanded. */
static void add_obedience(cJSON *object, const struct kv_setback *setback, bool *ok)
{
    kv_json_add_take(object, "obeyed_retry_after",
                     setback->demands == 0 ? cJSON_CreateNull()
                                           : cJSON_CreateBool(setback->obeyed == setback->demands),
                     ok);
    kv_json_add_int(object, "demands", (int64_t) setback->demands, ok);
    kv_json_add_int(object, "obeyed", (int64_t) setback->obeyed, ok);
}

static cJSON *render(const struct kv_setback *setback)
{
    static const enum kv_journal_text texts[] = { KV_JOURNAL_CLIENT, KV_JOURNAL_VAULT,
                                                  KV_JOURNAL_KEY, KV_JOURNAL_OPERATION,
                                                  KV_JOURNAL_USER_AGENT };
    static const enum kv_journal_text of_service[] = { KV_JOURNAL_HOST, KV_JOURNAL_METHOD,
                                                       KV_JOURNAL_PATH };
    const struct kv_journal_entry *first = setback->attempt[0];
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    kv_json_add_text(object, "kind", kv_journal_kind_name(first->note.kind), &ok);
    journal_add_principal(object, first, &ok);
    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        journal_add_text(object, first, texts[i], &ok);
    }
    for (size_t i = 0; first->note.kind == KV_JOURNAL_SERVICE && i < KV_COUNT(of_service); i++) {
        journal_add_text(object, first, of_service[i], &ok);
    }
    kv_json_add_int(object, "retries", (int64_t) setback->attempts - 1, &ok);
    kv_json_add_text(object, "end", kv_setback_end_name(setback->end), &ok);
    kv_json_add_text(object, "backoff", kv_backoff_name(setback->verdict.backoff), &ok);
    kv_json_add_bool(object, "jitter", setback->verdict.has_jitter, &ok);
    add_obedience(object, setback, &ok);
    add_attempts(object, setback, &ok);
    if (!ok) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}

static enum kv_code respond(const struct kv_setbacks *setbacks, struct kv_response *response,
                            struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;
    cJSON *list = kv_json_add_array(body, "setbacks", &ok);
    size_t left_off = setbacks->count > SETBACKS_MAX ? setbacks->count - SETBACKS_MAX : 0;

    for (size_t i = left_off; ok && i < setbacks->count; i++) {
        kv_json_add_take(list, NULL, render(&setbacks->setback[i]), &ok);
    }
    kv_json_add_int(body, "left_off", (int64_t) left_off, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code control_retries(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };
    kv_auto(kv_setbacks_done) struct kv_setbacks setbacks = { .count = 0 };
    struct kv_journal_filter filter = { .since = 0 };
    struct kv_journal *journal = NULL;
    uint64_t next;

    KV_TRY(journal_find(request, &journal, err));
    KV_TRY(journal_read_query(request, &filter, err));
    KV_TRY(kv_journal_read(journal, &filter, KV_JOURNAL_MAX, &entries, &next, err));
    KV_TRY(kv_setbacks_find(&entries, &setbacks, err));
    return respond(&setbacks, response, err);
}
