/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Serves the page and its parts. They are the same for everybody and tell nothing, so no control token is
 * wanted for them: the page shows it when it asks for what is below /control/.
 */
#include "page.h"

#include <string.h>

#include "server/api/control/embedded.h"

#define INDEX "index.html"

/* Only what is served here is run, drawn or asked; nothing is text that becomes markup, and no other page
 * can hold this one in a frame. A blob is a picture that the page has asked for itself, as the control token
 * goes with no <img>. (W3C CSP 3, Trusted Types) */
#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "              \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "            \
    "require-trusted-types-for 'script'; trusted-types 'none'"

static const struct {
    const char *name, *value;
} headers[] = {
    { "Content-Security-Policy", POLICY },
    { "Referrer-Policy", "no-referrer" },
    { "Cross-Origin-Opener-Policy", "same-origin" },
    { "Cross-Origin-Resource-Policy", "same-origin" },
};

static const struct {
    const char *ending, *type;
} types[] = {
    { ".html", "text/html; charset=utf-8" },
    { ".css", "text/css; charset=utf-8" },
    { ".js", "text/javascript; charset=utf-8" },
    { ".svg", "image/svg+xml" },
};

static const char *type_of(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        if (strcmp(strrchr(name, '.'), types[i].ending) == 0) {
            return types[i].type;
        }
    }
    return "application/octet-stream";
}

static const struct embedded_file *find(const char *name)
{
    for (const struct embedded_file *file = page_files; file->name != NULL; file++) {
        if (strcmp(file->name, name) == 0) {
            return file;
        }
    }
    return NULL;
}

static enum kv_code answer(const struct embedded_file *file, struct kv_response *response,
                           struct kv_err *err)
{
    if (file == NULL) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is nothing under this path.");
    }
    for (size_t i = 0; i < KV_COUNT(headers); i++) {
        KV_TRY(kv_response_header(response, err, headers[i].name, headers[i].value));
    }
    response->status = 200;
    response->content_type = type_of(file->name);
    return kv_buf_append(&response->body, file->bytes, file->len, err);
}

static enum kv_code show_index(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    (void) request;
    return answer(find(INDEX), response, err);
}

/* Not the index again: what it refers to is not found from there. */
static enum kv_code show_part(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    const char *name = kv_request_capture(request, "part");

    return answer(strcmp(name, INDEX) != 0 ? find(name) : NULL, response, err);
}

const struct kv_route page_routes[] = {
    { KV_GET, "/", show_index, KV_LANE_INLINE },
    { KV_HEAD, "/", show_index, KV_LANE_INLINE },
    { KV_GET, "/page/{part}", show_part, KV_LANE_INLINE },
    { KV_HEAD, "/page/{part}", show_part, KV_LANE_INLINE },
    { 0 },
};
