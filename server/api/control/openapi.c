/* SPDX-License-Identifier: Apache-2.0 */
#include "openapi.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "config.h"
#include "embedded.h"
#include "kv/base/json.h"
#include "private.h"

#define WORD_SIZE 64 /* a segment of a path, a member of a query, a status */
#define REFERENCE_SIZE 160
#define GUARDED "/control/"

/* A row of openapi.def. */
struct operation {
    enum kv_verb verb;
    const char *path, *id, *body, *statuses, *answer, *summary;
};

static const struct operation operations[] = {
#define X(verb, path, id, body, statuses, answer, summary)                                         \
    { KV_##verb, path, id, body, statuses, answer, summary },
#include "openapi.def"
#undef X
};

static const struct operation *find_operation(const struct kv_route *route)
{
    for (size_t i = 0; i < KV_COUNT(operations); i++) {
        if (operations[i].verb == route->verb && strcmp(operations[i].path, route->path) == 0) {
            return &operations[i];
        }
    }
    return NULL;
}

/* What is being written, and where its parts are. */
struct draft {
    cJSON *paths;
    const cJSON *components;
    bool wants_token, ok;
};

static bool has_component(const struct draft *draft, const char *kind, const char *name)
{
    return cJSON_HasObjectItem(cJSON_GetObjectItemCaseSensitive(draft->components, kind), name);
}

static void add_reference(struct draft *draft, cJSON *object, const char *kind, const char *name)
{
    char reference[REFERENCE_SIZE];

    (void) snprintf(reference, sizeof(reference), "#/components/%s/%s", kind, name);
    kv_json_add_text(object, "$ref", reference, &draft->ok);
}

static void add_json(struct draft *draft, cJSON *object, const char *schema)
{
    cJSON *content = kv_json_add_object(object, "content", &draft->ok);
    cJSON *json = kv_json_add_object(content, "application/json", &draft->ok);

    add_reference(draft, kv_json_add_object(json, "schema", &draft->ok), "schemas", schema);
}

/* --- parameters --- */

/* One that openapi.json does not know. */
static void add_unknown(struct draft *draft, cJSON *object, const char *name, bool is_query)
{
    kv_json_add_text(object, "name", name, &draft->ok);
    kv_json_add_text(object, "in", is_query ? "query" : "path", &draft->ok);
    kv_json_add_bool(object, "required", !is_query, &draft->ok);
    kv_json_add_text(kv_json_add_object(object, "schema", &draft->ok), "type", "string",
                     &draft->ok);
}

/* By the last segment before it that is no placeholder: {name} is a vault or an identity. A member of a
 * query can be the same for all. */
static void add_parameter(struct draft *draft, cJSON *list, const char *segment, const char *name,
                          bool is_query)
{
    cJSON *object = cJSON_CreateObject();
    char key[2 * WORD_SIZE];

    (void) snprintf(key, sizeof(key), "%s.%s", segment, name);
    if (is_query && !has_component(draft, "parameters", key)) {
        (void) snprintf(key, sizeof(key), "query.%s", name);
    }
    if (has_component(draft, "parameters", key)) {
        add_reference(draft, object, "parameters", key);
    } else {
        add_unknown(draft, object, name, is_query);
    }
    kv_json_add_take(list, NULL, object, &draft->ok);
}

/* Copies what ends before one of `ends`, and goes on behind that. */
static void take_word(const char **text, const char *ends, char ret_word[WORD_SIZE])
{
    size_t len = strcspn(*text, ends);

    (void) snprintf(ret_word, WORD_SIZE, "%.*s", (int) len, *text);
    *text += len + strspn(*text + len, ends);
}

static void add_query(struct draft *draft, cJSON *list, const char *segment, const char *names)
{
    char name[WORD_SIZE];

    while (names != NULL && *names != '\0' && *names != '*') {
        take_word(&names, " ", name);
        add_parameter(draft, list, segment, name, true);
    }
}

static void add_parameters(struct draft *draft, cJSON *operation, const struct kv_route *route)
{
    cJSON *list = kv_json_add_array(operation, "parameters", &draft->ok);
    char segment[WORD_SIZE] = "", word[WORD_SIZE];
    const char *path = route->path + 1;

    while (*path != '\0') {
        take_word(&path, "/", word);
        if (word[0] != '{') {
            memcpy(segment, word, sizeof(segment));
            continue;
        }
        word[strcspn(word, "}")] = '\0';
        add_parameter(draft, list, segment, word + 1, false);
    }
    add_query(draft, list, segment, route->own);
}

/* --- bodies and answers --- */

static void add_body(struct draft *draft, cJSON *operation, const char *schema)
{
    if (schema == NULL) {
        return;
    }

    cJSON *body = kv_json_add_object(operation, "requestBody", &draft->ok);
    bool is_optional = schema[0] == '?';

    kv_json_add_bool(body, "required", !is_optional, &draft->ok);
    add_json(draft, body, schema + is_optional);
}

static void add_answer(struct draft *draft, cJSON *responses, const char *status,
                       const char *answer)
{
    cJSON *response = kv_json_add_object(responses, status, &draft->ok);

    if (answer != NULL && has_component(draft, "responses", answer)) {
        add_reference(draft, response, "responses", answer);
        return;
    }
    kv_json_add_text(response, "description", answer != NULL ? "As asked" : "Done", &draft->ok);
    if (answer != NULL) {
        add_json(draft, response, answer);
    }
}

static void add_answers(struct draft *draft, cJSON *operation, const struct operation *row,
                        bool is_guarded)
{
    cJSON *responses = kv_json_add_object(operation, "responses", &draft->ok);
    const char *statuses = row != NULL ? row->statuses : "";
    char status[WORD_SIZE];

    while (*statuses != '\0') {
        take_word(&statuses, " ", status);
        add_answer(draft, responses, status, row->answer);
    }
    if (is_guarded) {
        add_answer(draft, responses, "401", "TokenWanted");
    }
    add_answer(draft, responses, "414", "TooLong");
    add_answer(draft, responses, "default", "Error");
}

/* --- operations --- */

/* Alternatives, of which an empty one is fulfilled without anything. */
static void add_security(struct draft *draft, cJSON *operation)
{
    cJSON *list = kv_json_add_array(operation, "security", &draft->ok);
    cJSON *token = cJSON_CreateObject();

    if (!draft->wants_token) {
        kv_json_add_take(list, NULL, cJSON_CreateObject(), &draft->ok);
    }
    kv_json_add_array(token, "controlToken", &draft->ok);
    kv_json_add_take(list, NULL, token, &draft->ok);
}

/* "GET" is the member "get" of what is at its path. */
static cJSON *add_operation(struct draft *draft, const struct kv_route *route)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(draft->paths, route->path);
    char verb[WORD_SIZE];

    if (item == NULL) {
        item = kv_json_add_object(draft->paths, route->path, &draft->ok);
    }
    (void) snprintf(verb, sizeof(verb), "%s", kv_verb_name(route->verb));
    for (char *at = verb; *at != '\0'; at++) {
        *at = (char) tolower((unsigned char) *at);
    }
    return kv_json_add_object(item, verb, &draft->ok);
}

static void describe_route(struct draft *draft, const struct kv_route *route)
{
    const struct operation *row = find_operation(route);
    bool is_guarded = strncmp(route->path, GUARDED, strlen(GUARDED)) == 0;
    cJSON *operation = add_operation(draft, route);

    if (row != NULL) {
        kv_json_add_text(operation, "operationId", row->id, &draft->ok);
        kv_json_add_text(operation, "summary", row->summary, &draft->ok);
    }
    add_parameters(draft, operation, route);
    add_body(draft, operation, row != NULL ? row->body : NULL);
    add_answers(draft, operation, row, is_guarded);
    if (is_guarded) {
        add_security(draft, operation);
    }
}

enum kv_code openapi_describe(const struct kv_route *const *tables, bool wants_token,
                              cJSON **ret_document, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *document = NULL;
    struct draft draft = { .wants_token = wants_token, .ok = true };

    KV_TRY(
        kv_json_parse((const char *) openapi_files[0].bytes, openapi_files[0].len, &document, err));
    kv_json_add_text(cJSON_GetObjectItemCaseSensitive(document, "info"), "version", PACKAGE_VERSION,
                     &draft.ok);
    draft.components = cJSON_GetObjectItemCaseSensitive(document, "components");
    draft.paths = kv_json_add_object(document, "paths", &draft.ok);
    for (size_t table = 0; tables[table] != NULL; table++) {
        for (const struct kv_route *route = tables[table]; route->path != NULL; route++) {
            describe_route(&draft, route);
        }
    }
    if (!draft.ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    *ret_document = kv_take(document);
    return KV_OK;
}

enum kv_code control_openapi(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *document = NULL;

    KV_TRY(
        openapi_describe(request->site->tables, request->app->wants_control_token, &document, err));
    return kv_response_json(response, 200, document, err);
}
