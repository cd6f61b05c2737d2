/* SPDX-License-Identifier: Apache-2.0 */
/* Which row of a route table a request gets, and what its placeholders catch. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "kv/base/base.h"
#include "kv/http/route.h"

#define VERSION "0123456789abcdefABCDEF0123456789"

static const struct kv_route routes[] = {
    { .verb = KV_GET, .path = "/keys" },
    { .verb = KV_POST, .path = "/keys/restore" },
    { .verb = KV_GET, .path = "/keys/{name}" },
    { .verb = KV_PUT, .path = "/keys/{name}" },
    { .verb = KV_GET, .path = "/keys/{name}/versions" },
    { .verb = KV_GET, .path = "/keys/{name}/{version:hex32}" },
    { .verb = KV_POST, .path = "/keys/{name}/{version:hex32}/wrapKey" },
    { .verb = KV_GET, .path = "/a/b/c/d/e/f/g/{last}" },
    { .verb = KV_GET, .path = "/" },
    { .verb = KV_GET, .path = "/rng", .own = "b" },
    { .verb = KV_POST, .path = "/rng", .own = "b" },
    { .verb = KV_POST, .path = "/{any}", .own = "ac" },
    { 0 },
};

/* Searched when no row of the first table fits. */
static const struct kv_route more_routes[] = {
    { .verb = KV_GET, .path = "/keys/{shadowed}" },
    { .verb = KV_PATCH, .path = "/keys/more/settings" },
    { .verb = KV_GET, .path = "/keys/more/settings" },
    { 0 },
};

/* Searched at last. */
static const struct kv_route greedy_routes[] = {
    { .verb = KV_GET, .path = "/{scope*}/providers/roles/{name}" },
    { .verb = KV_PUT, .path = "/{scope*}/providers/roles/{name}" },
    { .verb = KV_GET, .path = "/tail/{rest*}" },
    { .verb = KV_GET, .path = "/head/{middle*}/{version:hex32}" },
    { 0 },
};

static unsigned unmatched_verbs;

static enum kv_code refuse(struct kv_request *request, struct kv_response *response,
                           unsigned verbs_of_path, struct kv_err *err)
{
    (void) request;
    (void) response;
    unmatched_verbs = verbs_of_path;
    return KV_FAIL(err, KV_NOT_FOUND, 0, "no route");
}

/* The kinds of request that have the row, as letters. */
static bool offers(const struct kv_request *request, const struct kv_route *route)
{
    const char *kind = request->context;

    return route->own == NULL || (kind != NULL && strstr(route->own, kind) != NULL);
}

static const struct kv_site site = {
    .tables = (const struct kv_route *const[]){ routes, more_routes, greedy_routes, NULL },
    .segments_max = 16,
    .offers = offers,
    .unmatched = refuse,
};

TestSuite(router, .timeout = 120);

/* A request for a path whose segments are already decoded; they stay where `text` is. */
static struct kv_request make_request(enum kv_verb verb, char *text)
{
    struct kv_request request = { .site = &site, .verb = verb };
    char *segment;

    while ((segment = strsep(&text, "/")) != NULL) {
        if (*segment != '\0' && request.segments <= KV_SEGMENTS_MAX) {
            if (request.segments < KV_SEGMENTS_MAX) {
                request.segment[request.segments] = segment;
            }
            request.segments++;
        }
    }
    return request;
}

/* The path of the row that matches for a request of that kind, or NULL. */
static const char *match_on(const char *kind, enum kv_verb verb, const char *path)
{
    char text[256];
    struct kv_err err;

    cr_assert_lt(strlen(path), sizeof(text));
    memcpy(text, path, strlen(path) + 1);
    unmatched_verbs = 0;
    struct kv_request request = make_request(verb, text);
    request.context = (void *) kind;
    enum kv_code code = kv_route_match(&request, NULL, &err);
    cr_assert_eq(code == KV_OK, request.route != NULL);
    return code == KV_OK ? request.route->path : NULL;
}

static const char *match(enum kv_verb verb, const char *path)
{
    return match_on(NULL, verb, path);
}

Test(router, leaves_what_fits_no_row_to_the_site)
{
    static const char *const paths[] = {
        "/key",
        "/keyss",
        "/deletedkeys",
        "/keys/name/latest",
        "/keys/name/versions/more",
        "/keys/name/" VERSION "0",                     /* 33 digits */
        "/keys/name/0123456789abcdef",                 /* 16 */
        "/keys/name/0123456789abcdefg123456789abcdef", /* no digit */
        "/keys/name/01234567-89ab-cdef-0123-456789abcdef",
        "/a/b/c/d/e/f/g",
    };

    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        cr_expect_null(match(KV_GET, paths[i]), "%s", paths[i]);
        cr_expect_eq(unmatched_verbs, 0, "%s", paths[i]);
    }
}

Test(router, matches_nothing_that_has_too_many_segments)
{
    cr_expect_not_null(match(KV_GET, "/a/b/c/d/e/f/g/h"));
    cr_expect_null(match(KV_GET, "/a/b/c/d/e/f/g/h/i"));
}

Test(router, keeps_a_greedy_placeholder_to_the_bound_of_the_site)
{
    cr_expect_not_null(match(KV_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/providers/roles/x"));
    cr_expect_null(match(KV_GET, "/1/2/3/4/5/6/7/8/9/10/11/12/13/14/providers/roles/x"));
    cr_expect_eq(unmatched_verbs, 0);
}

Test(router, leaves_a_greedy_placeholder_no_segment_of_its_neighbours)
{
    cr_expect_null(match(KV_GET, "/providers/roles"));
    cr_expect_null(match(KV_GET, "/s/providers/roles"));
    cr_expect_null(match(KV_GET, "/s/providers/role/x"));
    cr_expect_null(match(KV_GET, "/providers/roles/x/y"));
    cr_expect_null(match(KV_GET, "/tails"));
    cr_expect_null(match(KV_GET, "/head"));
    cr_expect_null(match(KV_GET, "/head/" VERSION "/x"), "what follows it is checked");
    cr_expect_null(match(KV_DELETE, "/s/providers/roles/x"));
    cr_expect_eq(unmatched_verbs, 1U << KV_GET | 1U << KV_PUT);
}

/* The row that a path gets, and what its greedy placeholder catches, joined by bars. */
struct greedy {
    const char *path, *route, *name, *caught;
};

static void check_greedy(const struct greedy *row)
{
    char text[256], caught[256] = "";

    snprintf(text, sizeof(text), "%s", row->path);
    struct kv_request request = make_request(KV_GET, text);
    cr_assert_eq(kv_route_match(&request, NULL, NULL), KV_OK, "%s", row->path);
    cr_expect_str_eq(request.route->path, row->route);

    struct kv_segments segments = kv_request_captures(&request, row->name);
    for (size_t i = 0, len = 0; i < segments.count; i++) {
        len += (size_t) snprintf(caught + len, sizeof(caught) - len, "%s%s", i > 0 ? "|" : "",
                                 segments.segment[i]);
    }
    cr_expect_str_eq(caught, row->caught, "%s", row->path);
    const char *first = kv_request_capture(&request, row->name);
    cr_expect_eq(first, segments.count > 0 ? segments.segment[0] : NULL, "%s", row->path);
}

Test(router, captures_any_number_of_segments_at_a_greedy_placeholder)
{
    static const char roles[] = "/{scope*}/providers/roles/{name}";
    static const struct greedy rows[] = {
        { "/providers/roles/x", roles, "scope", "" },
        { "/s/providers/roles/x", roles, "scope", "s" },
        { "/s/1/g/2/Providers/Roles/x", roles, "scope", "s|1|g|2" },
        { "/s/1/g/2/providers/roles/x", roles, "name", "x" },
        { "/providers/roles/x/providers/roles/y", roles, "scope", "providers|roles|x" },
        { "/providers/roles/x/providers/roles/y", roles, "name", "y" },
        { "/tail", "/tail/{rest*}", "rest", "" },
        { "/tail/a/b", "/tail/{rest*}", "rest", "a|b" },
        { "/head/" VERSION, "/head/{middle*}/{version:hex32}", "middle", "" },
        { "/head/a/" VERSION, "/head/{middle*}/{version:hex32}", "version", VERSION },
        { "/tail/a", "/tail/{rest*}", "scope", "" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        check_greedy(&rows[i]);
    }
}

Test(router, tells_the_site_which_verbs_the_path_has)
{
    cr_expect_null(match(KV_DELETE, "/keys/name"));
    cr_expect_eq(unmatched_verbs, 1U << KV_GET | 1U << KV_PUT);

    cr_expect_null(match(KV_DELETE, "/keys/restore"), "restore is a name as well");
    cr_expect_eq(unmatched_verbs, 1U << KV_GET | 1U << KV_PUT | 1U << KV_POST);

    cr_expect_null(match(KV_VERB_OTHER, "/keys"));
    cr_expect_eq(unmatched_verbs, 1U << KV_GET);
}

Test(router, searches_the_second_table_after_the_first)
{
    cr_expect_str_eq(match(KV_GET, "/keys/name"), "/keys/{name}");
    cr_expect_str_eq(match(KV_PATCH, "/keys/more/settings"), "/keys/more/settings");
    cr_expect_null(match(KV_POST, "/keys/more/settings"));
    cr_expect_eq(unmatched_verbs, 1U << KV_GET | 1U << KV_PATCH);
}

Test(router, keeps_rows_of_other_hosts_apart)
{
    cr_expect_null(match_on(NULL, KV_POST, "/rng"), "rows for all hosts only");
    cr_expect_null(match_on("a", KV_GET, "/rng"));
    cr_expect_eq(unmatched_verbs, 1U << KV_POST, "a verb that only other hosts have is no verb");
    cr_expect_null(match_on("b", KV_POST, "/name"));

    cr_expect_str_eq(match_on("b", KV_POST, "/rng"), "/rng");
    cr_expect_str_eq(match_on("a", KV_POST, "/rng"), "/{any}");
    cr_expect_str_eq(match_on("c", KV_POST, "/rng"), "/{any}");
    cr_expect_str_eq(match_on("c", KV_GET, "/keys"), "/keys", "rows of all hosts are theirs");
}

Test(router, takes_the_first_row_that_fits)
{
    static const struct {
        enum kv_verb verb;
        const char *path, *route;
    } rows[] = {
        { KV_GET, "/keys", "/keys" },
        { KV_GET, "/KEYS", "/keys" },
        { KV_POST, "/keys/ReStore", "/keys/restore" },
        { KV_GET, "/keys/restore", "/keys/{name}" },
        { KV_PUT, "/keys/name", "/keys/{name}" },
        { KV_GET, "/keys/name/Versions", "/keys/{name}/versions" },
        { KV_GET, "/keys/name/" VERSION, "/keys/{name}/{version:hex32}" },
        { KV_POST, "/keys/name/" VERSION "/wrapkey", "/keys/{name}/{version:hex32}/wrapKey" },
        { KV_POST, "/keys/name/" VERSION "/WRAPKEY", "/keys/{name}/{version:hex32}/wrapKey" },
        { KV_GET, "/", "/" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *route = match(rows[i].verb, rows[i].path);
        cr_expect(route != NULL && strcmp(route, rows[i].route) == 0, "%s", rows[i].path);
    }
}

Test(router, knows_no_capture_the_route_does_not_name)
{
    char text[] = "/keys/name";
    struct kv_request request = make_request(KV_GET, text);

    cr_assert_eq(kv_route_match(&request, NULL, NULL), KV_OK);
    cr_expect_null(kv_request_capture(&request, "version"));
    cr_expect_null(kv_request_capture(&request, "nam"));
    cr_expect_null(kv_request_capture(&request, "names"));
    cr_expect_null(kv_request_capture(&request, "keys"));
}

Test(router, captures_what_stands_at_the_placeholders)
{
    char text[] = "/keys/My-Key/" VERSION "/wrapKey";
    struct kv_request request = make_request(KV_POST, text);

    cr_assert_eq(kv_route_match(&request, NULL, NULL), KV_OK);
    cr_expect_str_eq(kv_request_capture(&request, "name"), "My-Key");
    cr_expect_str_eq(kv_request_capture(&request, "version"), VERSION);
}

Test(router, captures_a_segment_that_holds_a_slash_whole)
{
    struct kv_request request = {
        .site = &site,
        .verb = KV_GET,
        .segment = { "keys", "a/b" },
        .segments = 2,
    };

    cr_assert_eq(kv_route_match(&request, NULL, NULL), KV_OK);
    cr_expect_str_eq(kv_request_capture(&request, "name"), "a/b");
}

static const struct kv_pair pairs[] = {
    { "api-version", "7.4" },
    { "Accept", "first" },
    { "accept", "second" },
    { "empty", "" },
};

Test(router, finds_query_values_by_name_in_any_case)
{
    const struct kv_request request = { .query = { pairs, KV_COUNT(pairs) } };

    cr_expect_null(kv_request_query(&request, "api"));
    cr_expect_str_eq(kv_request_query(&request, "api-version"), "7.4");
    cr_expect_str_eq(kv_request_query(&request, "API-version"), "7.4");
    cr_expect_str_eq(kv_request_query(&request, "accept"), "first", "of two the first one counts");
    cr_expect_str_eq(kv_request_query(&request, "empty"), "");
}

Test(router, finds_headers_by_name_in_any_case)
{
    const struct kv_request request = { .headers = { pairs, KV_COUNT(pairs) } };

    cr_expect_null(kv_request_header(&request, "Accept-Encoding"));
    cr_expect_str_eq(kv_request_header(&request, "ACCEPT"), "first");
}

Test(router, names_every_verb)
{
    static const char *const names[] = { "GET",   "HEAD",   "POST",    "PUT",
                                         "PATCH", "DELETE", "OPTIONS", "OTHER" };

    for (enum kv_verb verb = KV_GET; verb <= KV_VERB_OTHER; verb++) {
        cr_expect_str_eq(kv_verb_name(verb), names[verb]);
    }
}
