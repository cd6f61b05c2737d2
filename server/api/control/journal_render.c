/* SPDX-License-Identifier: Apache-2.0 */
/* An entry of the journal as JSON. */
#include "journal.h"

void journal_add_text(cJSON *object, const struct kv_journal_entry *entry,
                      enum kv_journal_text text, bool *ok)
{
    if (entry->note.text[text][0] != '\0') {
        kv_json_add_text(object, kv_journal_text_name(text), entry->note.text[text], ok);
    }
}

void journal_add_principal(cJSON *object, const struct kv_journal_entry *entry, bool *ok)
{
    const char *const *text = entry->note.text;

    if (text[KV_JOURNAL_OBJECT_ID][0] != '\0' || text[KV_JOURNAL_NAME][0] != '\0') {
        cJSON *principal = kv_json_add_object(object, "principal", ok);

        journal_add_text(principal, entry, KV_JOURNAL_OBJECT_ID, ok);
        journal_add_text(principal, entry, KV_JOURNAL_APP_ID, ok);
        journal_add_text(principal, entry, KV_JOURNAL_NAME, ok);
    }
}

static void add_instant(cJSON *object, const char *name, kv_millis instant, bool *ok)
{
    char iso[KV_ISO_DATE_SIZE];

    kv_time_render_iso(instant, iso);
    kv_json_add_text(object, name, iso, ok);
}

static void add_times(cJSON *object, const struct kv_journal_note *note, bool *ok)
{
    add_instant(object, "time", note->real, ok);
    add_instant(object, "virtual_time", note->now, ok);
    kv_json_add_int(object, "duration_us", note->micros, ok);
}

cJSON *journal_render(const struct kv_journal_entry *entry)
{
    static const enum kv_journal_text last_of_principal = KV_JOURNAL_NAME;
    const struct kv_journal_note *note = &entry->note;
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    kv_json_add_int(object, "number", (int64_t) entry->number, &ok);
    kv_json_add_text(object, "kind", kv_journal_kind_name(note->kind), &ok);
    add_times(object, note, &ok);
    journal_add_text(object, entry, KV_JOURNAL_CLIENT, &ok);
    journal_add_principal(object, entry, &ok);
    kv_json_add_int(object, "status", note->status, &ok);
    for (unsigned i = last_of_principal + 1; i < KV_JOURNAL_TEXTS; i++) {
        journal_add_text(object, entry, i, &ok);
    }
    if (note->retry_after >= 0) {
        kv_json_add_int(object, "retry_after_ms", note->retry_after, &ok);
    }
    if (!ok) {
        cJSON_Delete(object);
        return NULL;
    }
    return object;
}
