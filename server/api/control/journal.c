/* SPDX-License-Identifier: Apache-2.0 */
/* The journal, read and removed: docs/journal.md. */
#include "journal.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "config.h"

#define LIMIT_DEFAULT 1000
#define LIMIT_MAX 10000
#define PAGE_MAX (4 * 1024 * 1024) /* bytes of an answer, give or take an entry */

enum kv_code journal_find(const struct kv_request *request, struct kv_journal **ret_journal,
                          struct kv_err *err)
{
    if (request->app->journal == NULL) {
        return KV_FAIL(err, KV_CONFLICT, 0, "No journal is kept: this runs with --journal 0.");
    }
    *ret_journal = request->app->journal;
    return KV_OK;
}

static bool is_of_list(const char *name)
{
    return strcasecmp(name, "limit") == 0 || strcasecmp(name, "format") == 0;
}

enum kv_code journal_read_query(const struct kv_request *request, struct kv_journal_filter *filter,
                                struct kv_err *err)
{
    for (size_t i = 0; i < request->query.count; i++) {
        const struct kv_pair *pair = &request->query.pair[i];

        if (!is_of_list(pair->name)) {
            KV_TRY(kv_journal_filter_add(filter, pair->name, pair->value, err));
        }
    }
    return KV_OK;
}

static enum kv_code read_value(const cJSON *value, const char *name,
                               struct kv_journal_filter *filter, struct kv_err *err)
{
    char number[24];
    int64_t read;

    if (cJSON_IsString(value)) {
        return kv_journal_filter_add(filter, name, value->valuestring, err);
    }
    if (!kv_json_is_int(value, &read)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%.63s' of a filter is a text, a number, or a list of such.", name);
    }
    (void) snprintf(number, sizeof(number), "%" PRId64, read);
    return kv_journal_filter_add(filter, name, number, err);
}

enum kv_code journal_read_filter(const cJSON *object, struct kv_journal_filter *filter,
                                 struct kv_err *err)
{
    const cJSON *member, *value;

    cJSON_ArrayForEach (member, object) {
        if (!cJSON_IsArray(member)) {
            KV_TRY(read_value(member, member->string, filter, err));
            continue;
        }
        if (member->child == NULL) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.63s' is an empty list: nothing matches.",
                           member->string);
        }
        cJSON_ArrayForEach (value, member) {
            KV_TRY(read_value(value, member->string, filter, err));
        }
    }
    return KV_OK;
}

enum kv_code journal_count_attempts(struct kv_journal_filter *filter, struct kv_err *err)
{
    return filter->patterns[KV_JOURNAL_BY_KIND][0] != '\0'
               ? KV_OK
               : kv_journal_filter_add(filter, "kind", "request,token", err);
}

/* --- listing --- */

struct form {
    const char *name, *content_type;
    cJSON *(*render)(const struct kv_journal_entry *entry);
    const char *opening, *separator, *ending; /* the ending takes what else there is to say */
};

#define MORE                                                                                       \
    "\"next\":%" PRIu64 ",\"more\":%s,\"first\":%" PRIu64 ",\"last\":%" PRIu64                     \
    ",\"capacity\":%zu,\"lost\":%" PRIu64

static const struct form forms[] = {
    { "json", "application/json; charset=utf-8", journal_render, "{\"requests\":[", ",",
      "]," MORE "}" },
    { "jsonl", "application/x-ndjson", journal_render, "", "\n", NULL },
    { "har", "application/json; charset=utf-8", journal_render_har,
      "{\"log\":{\"version\":\"1.2\",\"creator\":{\"name\":\"coffer\",\"version\":"
      "\"" PACKAGE_VERSION "\"},\"entries\":[",
      ",", "],\"_coffer\":{" MORE "}}}" },
};

static enum kv_code read_form(const struct kv_request *request, const struct form **ret_form,
                              struct kv_err *err)
{
    const char *name = kv_request_query(request, "format");

    for (size_t i = 0; i < KV_COUNT(forms); i++) {
        if (name == NULL || strcmp(name, forms[i].name) == 0) {
            *ret_form = &forms[i];
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "format is json, jsonl or har.");
}

static enum kv_code read_limit(const struct kv_request *request, size_t *ret_limit,
                               struct kv_err *err)
{
    const char *text = kv_request_query(request, "limit");
    char *end = NULL;
    unsigned long limit = LIMIT_DEFAULT;

    if (text != NULL) {
        limit = strspn(text, "0123456789") > 0 ? strtoul(text, &end, 10) : 0;
    }
    if (limit < 1 || limit > LIMIT_MAX || (end != NULL && *end != '\0')) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "limit is a number from 1 to %d.", LIMIT_MAX);
    }
    *ret_limit = limit;
    return KV_OK;
}

static enum kv_code print_entry(const struct form *form, const struct kv_journal_entry *entry,
                                struct kv_buf *buf, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *object = form->render(entry);

    return object != NULL ? kv_json_print(object, buf, err) : KV_OUT_OF_MEMORY(err);
}

/* As many as there is room for; *next is moved back to the last of them. */
static enum kv_code print_entries(const struct form *form, const struct kv_journal_entries *entries,
                                  struct kv_buf *buf, uint64_t *next, struct kv_err *err)
{
    for (size_t i = 0; i < entries->count; i++) {
        if (buf->len > PAGE_MAX) {
            *next = entries->entry[i - 1].number;
            return KV_OK;
        }
        KV_TRY(i > 0 && form->ending != NULL ? kv_buf_printf(buf, err, "%s", form->separator)
                                             : KV_OK);
        KV_TRY(print_entry(form, &entries->entry[i], buf, err));
        KV_TRY(form->ending == NULL ? kv_buf_printf(buf, err, "%s", form->separator) : KV_OK);
    }
    return KV_OK;
}

static enum kv_code print_ending(const struct form *form, const struct kv_journal_state *state,
                                 uint64_t next, struct kv_buf *buf, struct kv_err *err)
{
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral" /* a column of ours */
    return form->ending == NULL
               ? KV_OK
               : kv_buf_printf(buf, err, form->ending, next, next < state->last ? "true" : "false",
                               state->first, state->last, state->capacity, state->lost);
#pragma GCC diagnostic pop
}

/* For forms that have no other place for it. */
static enum kv_code add_next(struct kv_response *response, uint64_t next, struct kv_err *err)
{
    char text[24];

    (void) snprintf(text, sizeof(text), "%" PRIu64, next);
    return kv_response_header(response, err, "x-coffer-next", text);
}

enum kv_code control_requests(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };
    struct kv_journal_filter filter = { .since = 0 };
    struct kv_journal *journal = NULL;
    struct kv_journal_state state;
    const struct form *form = NULL;
    size_t limit = 0;
    uint64_t next = 0;

    KV_TRY(journal_find(request, &journal, err));
    KV_TRY(read_form(request, &form, err));
    KV_TRY(read_limit(request, &limit, err));
    KV_TRY(journal_read_query(request, &filter, err));
    KV_TRY(kv_journal_read(journal, &filter, limit, &entries, &next, err));
    kv_journal_look(journal, &state);
    KV_TRY(kv_response_text(response, 200, form->content_type, form->opening, err));
    KV_TRY(print_entries(form, &entries, &response->body, &next, err));
    KV_TRY(add_next(response, next, err));
    return print_ending(form, &state, next, &response->body, err);
}

/* --- removing --- */

enum kv_code control_requests_clear(struct kv_request *request, struct kv_response *response,
                                    struct kv_err *err)
{
    struct kv_journal_filter filter = { .since = 0 };
    struct kv_journal *journal = NULL;

    KV_TRY(journal_find(request, &journal, err));
    KV_TRY(journal_read_query(request, &filter, err));
    kv_journal_remove(journal, &filter);
    response->status = 204;
    return KV_OK;
}

void control_forget(const struct kv_app *app, const char *vault)
{
    struct kv_journal_filter filter = { .since = 0 };

    if (app->journal == NULL) {
        return;
    }
    if (vault != NULL) { /* a vault's name is a pattern that matches nothing else */
        KV_IGNORE(kv_journal_filter_add(&filter, "vault", vault, NULL));
    }
    kv_journal_remove(app->journal, &filter);
}
