/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching the decoded segments of a path against the rows of a site's tables, in order; the first
 * row that fits in path and verb wins.
 */
#include "kv/http/route.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#define HEX32_LENGTH 32

/* One part of a route's path: a literal, or a placeholder without its braces. */
struct part {
    const char *text;
    size_t len;
    bool is_placeholder;
    bool wants_hex32;
};

static bool cut_suffix(struct part *part, const char *suffix)
{
    size_t len = strlen(suffix);
    bool has_it = part->len > len && strncmp(part->text + part->len - len, suffix, len) == 0;

    part->len -= has_it ? len : 0;
    return has_it;
}

/* Takes the next part off *path; false at its end. */
static bool next_part(const char **path, struct part *ret_part)
{
    const char *start = *path + (**path == '/');
    size_t len = (size_t) (strchrnul(start, '/') - start);

    if (len == 0) {
        return false;
    }
    *path = start + len;
    *ret_part = (struct part){ .text = start, .len = len, .is_placeholder = start[0] == '{' };
    if (ret_part->is_placeholder) {
        assert(start[len - 1] == '}');
        ret_part->text++;
        ret_part->len -= 2;
        ret_part->wants_hex32 = cut_suffix(ret_part, ":hex32");
    }
    return true;
}

static bool is_hex32(const char *text)
{
    size_t len = 0;

    while (len <= HEX32_LENGTH && isxdigit((unsigned char) text[len])) {
        len++;
    }
    return len == HEX32_LENGTH && text[len] == '\0';
}

static bool part_fits(const struct part *part, const char *segment)
{
    if (part->is_placeholder) {
        return !part->wants_hex32 || is_hex32(segment);
    }
    return strncasecmp(part->text, segment, part->len) == 0 && segment[part->len] == '\0';
}

static bool path_fits(const char *path, const struct kv_request *request)
{
    struct part part;
    size_t i = 0;

    while (next_part(&path, &part)) {
        assert(i < KV_SEGMENTS_MAX); /* no row is longer */
        if (i >= request->segments || !part_fits(&part, request->segment[i])) {
            return false;
        }
        i++;
    }
    return i == request->segments;
}

static bool route_fits(const struct kv_route *route, const struct kv_request *request)
{
    const struct kv_site *site = request->site;

    return (site->offers == NULL || site->offers(request, route))
           && path_fits(route->path, request);
}

static void fill_captures(struct kv_request *request)
{
    const char *path = request->route->path;
    struct part part;
    size_t captured = 0;

    for (size_t i = 0; next_part(&path, &part); i++) {
        if (part.is_placeholder) {
            assert(captured < KV_CAPTURES_MAX);
            request->capture[captured++] = request->segment[i];
        }
    }
}

static unsigned verbs_in(const struct kv_route *route, const struct kv_request *request)
{
    unsigned verbs = 0;

    for (; route->path != NULL; route++) {
        verbs |= route_fits(route, request) ? 1U << route->verb : 0;
    }
    return verbs;
}

static unsigned verbs_of_path(const struct kv_request *request)
{
    unsigned verbs = 0;

    for (size_t i = 0; request->site->tables[i] != NULL; i++) {
        verbs |= verbs_in(request->site->tables[i], request);
    }
    return verbs;
}

static const struct kv_route *find_in(const struct kv_route *route,
                                      const struct kv_request *request)
{
    for (; route->path != NULL; route++) {
        if (route->verb == request->verb && route_fits(route, request)) {
            return route;
        }
    }
    return NULL;
}

enum kv_code kv_route_match(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    const struct kv_route *route = NULL;

    for (size_t i = 0; route == NULL && request->site->tables[i] != NULL; i++) {
        route = find_in(request->site->tables[i], request);
    }
    if (route != NULL) {
        request->route = route;
        fill_captures(request);
        return KV_OK;
    }
    return request->site->unmatched(request, response, verbs_of_path(request), err);
}

const char *kv_request_capture(const struct kv_request *request, const char *name)
{
    const char *path = request->route->path;
    struct part part;
    size_t captured = 0;

    while (next_part(&path, &part)) {
        if (!part.is_placeholder) {
            continue;
        }
        if (part.len == strlen(name) && strncmp(part.text, name, part.len) == 0) {
            return request->capture[captured];
        }
        captured++;
    }
    return NULL;
}
