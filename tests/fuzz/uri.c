/* SPDX-License-Identifier: Apache-2.0 */
/* The target of a request, and the rows of every route table that it may lead to. */
#include <stdio.h>
#include <string.h>

#include <unistr.h>

#include "fuzz.h"
#include "kv/app/api.h"
#include "server/http/uri.h"

static enum kv_code refuse(struct kv_request *request, struct kv_response *response,
                           unsigned verbs_of_path, struct kv_err *err)
{
    (void) request;
    (void) response;
    (void) verbs_of_path;
    return KV_FAIL(err, KV_NOT_FOUND, 0, "no row has this path");
}

static void check_text(const char *text)
{
    FUZZ_HOLDS(text != NULL && u8_check((const uint8_t *) text, strlen(text)) == NULL);
    for (; *text != '\0'; text++) {
        FUZZ_HOLDS((unsigned char) *text >= 0x20 && *text != 0x7f);
    }
}

/* A row that matches has caught a text for each of its placeholders, or any number for a {name*}. */
static void check_placeholder(const struct kv_request *request, const char *text)
{
    char name[32];
    size_t len = strcspn(text, ":*}");
    struct kv_segments captured;

    FUZZ_HOLDS(len < sizeof(name));
    snprintf(name, sizeof(name), "%.*s", (int) len, text);
    captured = kv_request_captures(request, name);
    FUZZ_HOLDS(captured.count == 1 || (text[len] == '*' && captured.count <= request->segments));
    for (size_t i = 0; i < captured.count; i++) {
        check_text(captured.segment[i]);
    }
}

static void check_route(const struct kv_request *request)
{
    for (const char *at = request->route->path; (at = strchr(at, '{')) != NULL;) {
        check_placeholder(request, ++at);
    }
}

/* Rows with a greedy placeholder, which the tables of Key Vault lack. */
static const struct kv_route greedy_routes[] = {
    { .verb = KV_GET, .path = "/{scope*}/keys/{name}" },
    { .verb = KV_PUT, .path = "/keys/{rest*}" },
    { .verb = KV_POST, .path = "/{all*}" },
    { 0 },
};

/* Each kind of request may have every other row. */
static bool offers(const struct kv_request *request, const struct kv_route *route)
{
    const unsigned *kind = request->context;

    return *kind == 2 || ((uintptr_t) route / sizeof(*route) & 1) == *kind;
}

static void route(const struct kv_uri *uri, const struct kv_route *routes)
{
    const struct kv_route *const tables[] = { routes, NULL };
    const struct kv_site site = { .tables = tables, .offers = offers, .unmatched = refuse };

    for (enum kv_verb verb = KV_GET; verb <= KV_VERB_OTHER; verb++) {
        for (unsigned kind = 0; kind <= 2; kind++) {
            struct kv_request request = { .site = &site, .verb = verb, .context = &kind };
            struct kv_err err;

            request.segments = uri->segments;
            memcpy(request.segment, uri->segment, sizeof(request.segment));
            if (kv_route_match(&request, NULL, &err) == KV_OK) {
                check_route(&request);
            }
        }
    }
}

static void check_uri(const struct kv_uri *uri)
{
    FUZZ_HOLDS(uri->segments <= KV_SEGMENTS_MAX + 1 && uri->pairs <= KV_QUERY_MAX);
    for (size_t i = 0; i < uri->segments && i < KV_SEGMENTS_MAX; i++) {
        check_text(uri->segment[i]);
        FUZZ_HOLDS(uri->segment[i][0] != '\0');
    }
    for (size_t i = 0; i < uri->pairs; i++) {
        check_text(uri->pair[i].name);
        check_text(uri->pair[i].value);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_auto char *target = fuzz_text(data, size);
    kv_auto(kv_uri_done) struct kv_uri uri = { .segments = 77 };

    if (kv_uri_parse(target, &uri, NULL) != KV_OK) {
        FUZZ_HOLDS(uri.text == NULL && uri.segments == 77);
        return 0;
    }
    check_uri(&uri);
    FUZZ_HOLDS(kv_uri_count_pairs(target) == uri.pairs);
    route(&uri, kv_key_routes);
    route(&uri, kv_hsm_routes);
    route(&uri, kv_token_routes);
    route(&uri, kv_control_routes);
    route(&uri, greedy_routes);
    return 0;
}
