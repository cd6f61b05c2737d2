/* SPDX-License-Identifier: Apache-2.0 */
/* Search by id: a Bundle of what is there. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "resource.h"

#define COUNT_DEFAULT 10
#define COUNT_MAX 20 /* of the largest resources, which the largest answer has room for */

struct bundle {
    const struct kv_request *request;
    const char *type;
    cJSON *entries; /* borrowed from the bundle */
    int64_t total;
};

struct question {
    const char *ids; /* NULL: all */
    unsigned count;
};

/* A filter that is not known would not filter: it is refused. */
static enum kv_code read_question(const struct kv_request *request, struct question *ret_question,
                                  struct kv_err *err)
{
    const char *count = kv_request_query(request, "_count");

    for (size_t i = 0; i < request->query.count; i++) {
        const char *name = request->query.pair[i].name;

        if (strcmp(name, "_id") != 0 && strcmp(name, "_count") != 0
            && strcmp(name, "_format") != 0) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "'%.64s' is not supported: search is by _id, with _count.", name);
        }
    }
    *ret_question =
        (struct question){ .ids = kv_request_query(request, "_id"), .count = COUNT_DEFAULT };
    if (count == NULL) {
        return KV_OK;
    }
    size_t digits = strspn(count, "0123456789");
    ret_question->count =
        digits > 0 && digits < 3 && count[digits] == '\0' ? (unsigned) strtoul(count, NULL, 10) : 0;
    if (ret_question->count < 1 || ret_question->count > COUNT_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'_count' has to be from 1 to %d.", COUNT_MAX);
    }
    return KV_OK;
}

static enum kv_code add_entry(void *context, const struct kv_record *record, struct kv_err *err)
{
    struct bundle *bundle = context;
    cJSON *entry = cJSON_CreateObject();
    kv_auto(cJSON_Delete) cJSON *held = entry;
    cJSON *resource = NULL;
    char url[640];
    bool ok = entry != NULL;

    KV_TRY(fhir_show(record, &resource, err));
    (void) snprintf(url, sizeof(url), "https://%.250s/%s/%s", bundle->request->authority,
                    bundle->type, record->id);
    kv_json_add_text(entry, "fullUrl", url, &ok);
    kv_json_add_take(entry, "resource", resource, &ok);
    kv_json_add_text(kv_json_add_object(entry, "search", &ok), "mode", "match", &ok);
    kv_json_add_take(bundle->entries, NULL, kv_take(held), &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_one(struct bundle *bundle, const struct kv_record_owner *owner,
                            const char *id, struct kv_err *err)
{
    kv_auto(kv_record_done) struct kv_record record = { .version = 0 };

    KV_TRY(fhir_check_id(id, err));
    enum kv_code code =
        kv_records_get(bundle->request->app->records, owner, bundle->type, id, 0, &record, err);
    if (code == KV_NOT_FOUND) {
        return KV_OK;
    }
    KV_TRY(code);
    bundle->total++;
    return add_entry(bundle, &record, err);
}

/* _id=a,b: each of them once, in that order. */
static enum kv_code add_listed(struct bundle *bundle, const struct kv_record_owner *owner,
                               const char *ids, struct kv_err *err)
{
    for (unsigned count = 0; *ids != '\0'; count++) {
        size_t len = strcspn(ids, ",");
        char id[FHIR_ID_SIZE + 1];

        if (count == COUNT_MAX) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'_id' has to name %d ids at most.",
                           COUNT_MAX);
        }
        (void) snprintf(id, sizeof(id), "%.*s", (int) (len < sizeof(id) ? len : sizeof(id)), ids);
        KV_TRY(add_one(bundle, owner, id, err));
        ids += len + (ids[len] == ',');
    }
    return KV_OK;
}

enum kv_code fhir_search(const struct kv_request *request, const struct kv_record_owner *owner,
                         struct kv_response *response, struct kv_err *err)
{
    struct bundle bundle = { .request = request, .type = kv_request_capture(request, "type") };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    struct question question = { .ids = NULL };
    bool ok = body != NULL;

    KV_TRY(fhir_check_type(bundle.type, err));
    KV_TRY(read_question(request, &question, err));
    kv_json_add_text(body, "resourceType", "Bundle", &ok);
    kv_json_add_text(body, "id", request->id, &ok);
    kv_json_add_text(body, "type", "searchset", &ok);
    bundle.entries = kv_json_add_array(body, "entry", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (question.ids != NULL) {
        KV_TRY(add_listed(&bundle, owner, question.ids, err));
    } else {
        KV_TRY(kv_records_each(request->app->records, owner, bundle.type, question.count, add_entry,
                               &bundle, &bundle.total, err));
    }
    kv_json_add_int(body, "total", bundle.total, &ok);
    return ok ? front_send(200, kv_take(body), response, err) : KV_OUT_OF_MEMORY(err);
}
