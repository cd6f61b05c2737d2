/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Matching the decoded segments of a path against the rows of a site's tables, in order; the first
 * row that matches path and verb wins.
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
    bool is_greedy;
};

/* Which segments of a request a part covers. */
struct span {
    size_t first, count;
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
        ret_part->is_greedy = cut_suffix(ret_part, "*");
    }
    return true;
}

/* Whether a path can cover that many segments, and how many of them a greedy part gets. */
static bool length_fits(const char *path, size_t segments, size_t *ret_spare)
{
    struct part part;
    size_t parts = 0;
    bool is_greedy = false;

    while (next_part(&path, &part)) {
        is_greedy |= part.is_greedy;
        parts++;
    }
    *ret_spare = segments + 1 - parts; /* 1 if each part has its own */
    return is_greedy ? segments + 1 >= parts : segments == parts;
}

/* Takes the next part off *path and moves *span to its segments, from those of the part before;
 * false at the end. The path fits in length. */
static bool next_span(const char **path, size_t spare, struct part *ret_part, struct span *span)
{
    if (!next_part(path, ret_part)) {
        return false;
    }
    span->first += span->count;
    span->count = ret_part->is_greedy ? spare : 1;
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
    struct span span = { 0 };
    size_t spare;

    if (!length_fits(path, request->segments, &spare)) {
        return false;
    }
    while (next_span(&path, spare, &part, &span)) {
        if (!part.is_greedy && !part_fits(&part, request->segment[span.first])) {
            return false;
        }
    }
    return true;
}

static bool route_fits(const struct kv_route *route, const struct kv_request *request)
{
    const struct kv_site *site = request->site;

    return (site->offers == NULL || site->offers(request, route))
           && path_fits(route->path, request);
}

static unsigned verbs_in(const struct kv_route *route, const struct kv_request *request)
{
    unsigned verbs = 0;

    for (; route->path != NULL; route++) {
        verbs |= route_fits(route, request) ? 1U << route->verb : 0;
    }
    return verbs;
}

/* Whether there is a table with that index for the request; a path that is too long has none. */
static bool tables_hold(const struct kv_request *request, size_t index)
{
    const struct kv_site *site = request->site;
    size_t most = site->segments_max > 0 ? site->segments_max : KV_SEGMENTS_MAX;

    return request->segments <= most && site->tables[index] != NULL;
}

static unsigned verbs_of_path(const struct kv_request *request)
{
    unsigned verbs = 0;

    for (size_t i = 0; tables_hold(request, i); i++) {
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

const struct kv_route *kv_route_find(const struct kv_request *request)
{
    const struct kv_route *route = NULL;

    for (size_t i = 0; route == NULL && tables_hold(request, i); i++) {
        route = find_in(request->site->tables[i], request);
    }
    return route;
}

enum kv_code kv_route_match(struct kv_request *request, struct kv_response *response,
                            struct kv_err *err)
{
    const struct kv_route *route = kv_route_find(request);

    if (route != NULL) {
        request->route = route;
        return KV_OK;
    }
    return request->site->unmatched(request, response, verbs_of_path(request), err);
}

static struct kv_segments find_captures(const struct kv_route *route,
                                        const struct kv_request *request, const char *name)
{
    const char *path = route->path;
    struct part part;
    struct span span = { 0 };
    size_t spare;
    bool fits = length_fits(path, request->segments, &spare);

    while (fits && next_span(&path, spare, &part, &span)) {
        if (part.is_placeholder && part.len == strlen(name)
            && strncmp(part.text, name, part.len) == 0) {
            return (struct kv_segments){ request->segment + span.first, span.count };
        }
    }
    return (struct kv_segments){ 0 };
}

struct kv_segments kv_request_captures(const struct kv_request *request, const char *name)
{
    return find_captures(request->route, request, name);
}

const char *kv_route_capture(const struct kv_route *route, const struct kv_request *request,
                             const char *name)
{
    struct kv_segments captured = find_captures(route, request, name);

    return captured.count > 0 ? captured.segment[0] : NULL;
}

const char *kv_request_capture(const struct kv_request *request, const char *name)
{
    return kv_route_capture(request->route, request, name);
}
