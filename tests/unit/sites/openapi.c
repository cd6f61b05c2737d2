/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The document of the control API against its routes, both ways: a route that nobody described, and a
 * description of what is not there, are failures that name it.
 */
#include "server/api/control/openapi.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#include "kv/app/api.h"
#include "kv/base/json.h"

#define SOURCE "server/api/control/openapi"

static const struct row {
    enum kv_verb verb;
    const char *path, *id, *body, *statuses, *answer, *summary;
} rows[] = {
#define X(verb, path, id, body, statuses, answer, summary)                                         \
    { KV_##verb, path, id, body, statuses, answer, summary },
#include "server/api/control/openapi.def"
#undef X
};

static cJSON *document;
static struct kv_err err;

static void describe(void)
{
    cr_assert_eq(openapi_describe(kv_control_site.tables, false, &document, &err), KV_OK, "%s",
                 err.message);
}

static void end(void)
{
    cJSON_Delete(document);
}

TestSuite(openapi, .init = describe, .fini = end, .timeout = 60);

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const cJSON *component(const char *kind, const char *name)
{
    return member(member(member(document, "components"), kind), name);
}

static bool is_described(const struct kv_route *route)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (rows[i].verb == route->verb && strcmp(rows[i].path, route->path) == 0) {
            return true;
        }
    }
    return false;
}

static bool has_route(const struct row *row)
{
    for (size_t table = 0; kv_control_site.tables[table] != NULL; table++) {
        for (const struct kv_route *at = kv_control_site.tables[table]; at->path != NULL; at++) {
            if (at->verb == row->verb && strcmp(at->path, row->path) == 0) {
                return true;
            }
        }
    }
    return false;
}

Test(openapi, has_a_row_for_every_route)
{
    for (size_t table = 0; kv_control_site.tables[table] != NULL; table++) {
        for (const struct kv_route *at = kv_control_site.tables[table]; at->path != NULL; at++) {
            cr_expect(is_described(at), "%s %s has no row in " SOURCE ".def",
                      kv_verb_name(at->verb), at->path);
        }
    }
}

Test(openapi, has_rows_for_routes_alone_and_one_for_each)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect(has_route(&rows[i]), "%s %s of " SOURCE ".def is no route",
                  kv_verb_name(rows[i].verb), rows[i].path);
        for (size_t j = 0; j < i; j++) {
            cr_expect_str_neq(rows[i].id, rows[j].id, "two rows have that id");
        }
    }
}

static void expect_schema(const struct row *row, const char *name)
{
    cr_expect(name == NULL || component("schemas", name) != NULL
                  || component("responses", name) != NULL,
              "%s of %s is not in " SOURCE ".json", name != NULL ? name : "", row->path);
}

Test(openapi, has_the_schemas_that_rows_name)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *body = rows[i].body;

        expect_schema(&rows[i], rows[i].answer);
        expect_schema(&rows[i], body != NULL ? body + (body[0] == '?') : NULL);
    }
}

/* How many of an operation's parameters are of the query. */
static size_t count_query(const cJSON *operation, const char *path)
{
    const cJSON *item;
    size_t count = 0;

    cJSON_ArrayForEach (item, member(operation, "parameters")) {
        const char *reference = cJSON_GetStringValue(member(item, "$ref"));
        const char *name = cJSON_GetStringValue(member(item, "name"));

        cr_expect(reference != NULL, "the parameter %s of %s is not in " SOURCE ".json",
                  name != NULL ? name : "", path);
        if (reference != NULL) {
            const cJSON *found = component("parameters", strrchr(reference, '/') + 1);

            count += strcmp(cJSON_GetStringValue(member(found, "in")), "query") == 0;
        }
    }
    return count;
}

static size_t count_words(const char *text)
{
    size_t count = 0;

    for (; *text != '\0' && *text != '*'; text += strspn(text, " ")) {
        text += strcspn(text, " ");
        count++;
    }
    return count;
}

Test(openapi, describes_the_members_of_each_query)
{
    for (size_t table = 0; kv_control_site.tables[table] != NULL; table++) {
        for (const struct kv_route *at = kv_control_site.tables[table]; at->path != NULL; at++) {
            const cJSON *item = member(member(document, "paths"), at->path);
            const cJSON *operation =
                cJSON_GetObjectItem(item, kv_verb_name(at->verb)); /* in either case */
            size_t wanted = at->own != NULL ? count_words(at->own) : 0;

            cr_assert_not_null(operation, "%s", at->path);
            cr_expect_eq(count_query(operation, at->path), wanted, "%s", at->path);
        }
    }
}

static bool is_mentioned(const char *text, const char *kind, const char *name)
{
    char reference[256];

    (void) snprintf(reference, sizeof(reference), "\"#/components/%s/%s\"", kind, name);
    return strstr(text, reference) != NULL;
}

Test(openapi, has_no_component_that_nothing_refers_to)
{
    static const char *const kinds[] = { "schemas", "parameters", "responses" };
    char *text = cJSON_PrintUnformatted(document);
    const cJSON *item;

    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        cJSON_ArrayForEach (item, member(member(document, "components"), kinds[i])) {
            cr_expect(is_mentioned(text, kinds[i], item->string), "nothing refers to %s/%s",
                      kinds[i], item->string);
        }
    }
    free(text);
}

static kv_handler_fn unused;
static enum kv_code unused(struct kv_request *request, struct kv_response *response,
                           struct kv_err *ret_err)
{
    (void) request;
    (void) response;
    (void) ret_err;
    return KV_OK;
}

Test(openapi, tells_what_is_known_of_a_route_that_nobody_described)
{
    static const struct kv_route table[] = {
        { KV_PATCH, "/control/v1/things/{thing}", unused, KV_LANE_WORK, "colour" }, { 0 }
    };
    static const struct kv_route *const tables[] = { table, NULL };

    cJSON_Delete(document);
    document = NULL;
    cr_assert_eq(openapi_describe(tables, true, &document, &err), KV_OK);

    const cJSON *item = member(member(document, "paths"), "/control/v1/things/{thing}");
    const cJSON *patch = member(item, "patch");
    const cJSON *list = member(patch, "parameters");

    cr_assert_eq(cJSON_GetArraySize(member(document, "paths")), 1);
    cr_assert_eq(cJSON_GetArraySize(list), 2);
    cr_expect_str_eq(member(cJSON_GetArrayItem(list, 0), "in")->valuestring, "path");
    cr_expect_str_eq(member(cJSON_GetArrayItem(list, 0), "name")->valuestring, "thing");
    cr_expect_str_eq(member(cJSON_GetArrayItem(list, 1), "in")->valuestring, "query");
    cr_expect_str_eq(member(cJSON_GetArrayItem(list, 1), "name")->valuestring, "colour");
    cr_expect_null(member(patch, "operationId"));
    cr_expect_not_null(member(member(patch, "responses"), "default"));
}

Test(openapi, says_that_orders_need_the_token_where_they_do)
{
    const char *path = "/control/v1/info";
    const cJSON *free_choice =
        member(member(member(member(document, "paths"), path), "get"), "security");
    cJSON *other = NULL;

    cr_assert_eq(cJSON_GetArraySize(free_choice), 2, "none, or the token");
    cr_assert_eq(openapi_describe(kv_control_site.tables, true, &other, &err), KV_OK);
    cr_expect_eq(
        cJSON_GetArraySize(member(member(member(member(other, "paths"), path), "get"), "security")),
        1);
    cr_expect_null(member(member(member(member(other, "paths"), "/ready"), "get"), "security"));
    cJSON_Delete(other);
}
