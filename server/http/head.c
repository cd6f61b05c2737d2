/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The head of a request, copied out of libmicrohttpd into the exchange: the library's memory goes
 * with the connection.
 */
#include "exchange.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "framing.h"

/*
 * libmicrohttpd keeps the heads of request and answer in one block of memory per connection
 * (KV_HEAD_MEMORY) and silently drops the connection if the answer's does not fit. A request may
 * take this much of it; the library needs a record for each header and cookie.
 */
#define REQUEST_SHARE (KV_HEAD_MEMORY - 4096)
#define RECORD_SIZE 64

static size_t count_values(struct MHD_Connection *connection, enum MHD_ValueKind kind)
{
    return (size_t) MHD_get_connection_values(connection, kind, NULL, NULL);
}

/* 0, or the status that says which part of the head is too large. */
static unsigned check_size(struct kv_exchange *exchange)
{
    struct MHD_Connection *connection = exchange->stay.connection;
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);
    const char *cookies = kv_request_header(&exchange->request, MHD_HTTP_HEADER_COOKIE);
    size_t records = count_values(connection, MHD_HEADER_KIND | MHD_COOKIE_KIND);
    size_t cookie_copy = cookies != NULL ? strlen(cookies) : 0;

    if (size->header_size + cookie_copy + records * RECORD_SIZE <= REQUEST_SHARE) {
        return 0;
    }
    return strlen(exchange->target) > REQUEST_SHARE / 2 ? MHD_HTTP_URI_TOO_LONG
                                                        : MHD_HTTP_REQUEST_HEADER_FIELDS_TOO_LARGE;
}

/* A first pass over the headers measures, a second one copies. */
struct header_copy {
    size_t count, bytes;
    struct kv_pair *pair;
    char *text;
};

static enum MHD_Result measure_header(void *context, enum MHD_ValueKind kind, const char *name,
                                      const char *value)
{
    struct header_copy *copy = context;

    (void) kind;
    copy->count++;
    copy->bytes += strlen(name) + 1 + (value != NULL ? strlen(value) : 0) + 1;
    return MHD_YES;
}

static const char *append_text(struct header_copy *copy, const char *text, size_t len)
{
    char *start = copy->text;

    memcpy(start, text, len);
    start[len] = '\0';
    copy->text += len + 1;
    return start;
}

/* The library leaves trailing blanks of a value in place. */
static size_t length_without_blanks(const char *value)
{
    size_t len = strlen(value);

    while (len > 0 && (value[len - 1] == ' ' || value[len - 1] == '\t')) {
        len--;
    }
    return len;
}

static enum MHD_Result copy_header(void *context, enum MHD_ValueKind kind, const char *name,
                                   const char *value)
{
    struct header_copy *copy = context;

    (void) kind;
    value = value != NULL ? value : "";
    copy->pair->name = append_text(copy, name, strlen(name));
    copy->pair->value = append_text(copy, value, length_without_blanks(value));
    copy->pair++;
    return MHD_YES;
}

static bool read_headers(struct kv_exchange *exchange)
{
    struct MHD_Connection *connection = exchange->stay.connection;
    struct header_copy copy = { 0 };

    (void) MHD_get_connection_values(connection, MHD_HEADER_KIND, measure_header, &copy);
    exchange->headers = malloc(copy.count * sizeof(struct kv_pair) + copy.bytes);
    if (exchange->headers == NULL) {
        return copy.count == 0;
    }
    copy.pair = exchange->headers;
    copy.text = (char *) (copy.pair + copy.count);
    exchange->request.headers = (struct kv_pairs){ .pair = copy.pair, .count = copy.count };
    (void) MHD_get_connection_values(connection, MHD_HEADER_KIND, copy_header, &copy);
    return true;
}

static enum kv_verb parse_verb(const char *method)
{
    for (enum kv_verb verb = KV_GET; verb < KV_VERB_OTHER; verb++) {
        if (strcmp(method, kv_verb_name(verb)) == 0) {
            return verb;
        }
    }
    return KV_VERB_OTHER;
}

/* Contract §1: X-HTTP-METHOD, also called X-HTTP-REQUEST, on a POST overrides the verb. */
static const char *find_override(const struct kv_request *request)
{
    static const char *const allowed[] = { "GET", "PUT", "PATCH", "DELETE" };
    const char *wanted = kv_request_header(request, "X-HTTP-METHOD");

    if (wanted == NULL) {
        wanted = kv_request_header(request, "X-HTTP-REQUEST");
    }
    for (size_t i = 0; wanted != NULL && i < KV_COUNT(allowed); i++) {
        if (strcasecmp(wanted, allowed[i]) == 0) {
            return allowed[i];
        }
    }
    return NULL;
}

static void read_verb(struct kv_exchange *exchange, const char *method)
{
    struct kv_request *request = &exchange->request;
    const char *override = strcmp(method, "POST") == 0 ? find_override(request) : NULL;
    const char *meant = override != NULL ? override : method;

    request->verb = parse_verb(meant);
    (void) snprintf(exchange->method, sizeof(exchange->method), "%s", meant); /* cut to fit */
    request->method = exchange->method;
}

static size_t count_headers(const struct kv_request *request, const char *name)
{
    size_t count = 0;

    for (size_t i = 0; i < request->headers.count; i++) {
        count += strcasecmp(request->headers.pair[i].name, name) == 0;
    }
    return count;
}

/* Length of the host at the start of `authority`, brackets of an IPv6 literal included. */
static size_t host_length(const char *authority)
{
    static const char name[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    static const char address[] = "ABCDEFabcdef0123456789:.";

    if (authority[0] != '[') {
        return strspn(authority, name);
    }
    size_t len = 1 + strspn(authority + 1, address);
    return authority[len] == ']' ? len + 1 : 0;
}

static bool is_port(const char *text)
{
    return *text == '\0' || (*text == ':' && text[1 + strspn(text + 1, "0123456789")] == '\0');
}

static void copy_lower(char *to, const char *from, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        to[i] = (char) tolower((unsigned char) from[i]);
    }
    to[len] = '\0';
}

/* The authority ends up in key ids and links: only characters valid in a host are accepted. */
static bool take_authority(struct kv_exchange *exchange, const char *sent, size_t len)
{
    char text[KV_AUTHORITY_MAX + 1];

    if (len > KV_AUTHORITY_MAX) {
        return false;
    }
    memcpy(text, sent, len);
    text[len] = '\0';
    size_t host = host_length(text);
    if (host == 0 || !is_port(text + host)) {
        return false;
    }
    size_t bracket = text[0] == '[';
    copy_lower(exchange->authority, text, len);
    copy_lower(exchange->host, text + bracket, host - 2 * bracket);
    return true;
}

/* Length of the scheme at the start of a target in absolute form, otherwise 0. */
static size_t scheme_length(const char *target)
{
    static const char *const schemes[] = { "http://", "https://" };

    for (size_t i = 0; i < KV_COUNT(schemes); i++) {
        size_t len = strlen(schemes[i]);
        if (strncasecmp(target, schemes[i], len) == 0) {
            return len;
        }
    }
    return 0;
}

/* The target's overrides Host, which must be valid all the same (RFC 9112 §3.2.2). */
static bool read_authority(struct kv_exchange *exchange)
{
    const char *sent = kv_request_header(&exchange->request, MHD_HTTP_HEADER_HOST);
    size_t scheme = scheme_length(exchange->target);

    exchange->request.authority = exchange->authority;
    exchange->request.host = exchange->host;
    if (sent != NULL && *sent != '\0' && !take_authority(exchange, sent, strlen(sent))) {
        return false;
    }
    if (scheme == 0) {
        return true;
    }
    const char *named = exchange->target + scheme;
    return take_authority(exchange, named, strcspn(named, "/?#"));
}

static void read_client(struct kv_exchange *exchange)
{
    struct kv_request *request = &exchange->request;

    request->client_is_ipv6 = kv_client_print(exchange->stay.connection, request->client);
}

/* The path and query of a target in any form. */
static const char *path_of(const char *target)
{
    size_t scheme = scheme_length(target);

    if (scheme == 0) {
        return target;
    }
    const char *path = target + scheme + strcspn(target + scheme, "/?#");
    return *path != '\0' ? path : "/";
}

/* False: out of memory. A target that does not parse is for the site to refuse. */
static bool read_target(struct kv_exchange *exchange)
{
    struct kv_request *request = &exchange->request;
    enum kv_code code = kv_uri_parse(path_of(exchange->target), &exchange->uri, NULL);

    if (code != KV_OK) {
        return code == KV_BAD_URL;
    }
    request->target_is_valid = true;
    request->segments = exchange->uri.segments;
    memcpy(request->segment, exchange->uri.segment, sizeof(request->segment));
    request->query = (struct kv_pairs){ .pair = exchange->uri.pair, .count = exchange->uri.pairs };
    return true;
}

/* The library treats other codings as a body that ends with the connection. */
static bool is_coding_known(const struct kv_request *request)
{
    size_t count = count_headers(request, MHD_HTTP_HEADER_TRANSFER_ENCODING);

    return count == 0
           || (count == 1
               && strcasecmp(kv_request_header(request, MHD_HTTP_HEADER_TRANSFER_ENCODING),
                             "chunked")
                      == 0);
}

/* `method` is where the library found it: the head is still around it. */
static bool is_framing_clean(const struct kv_exchange *exchange, const char *method)
{
    const union MHD_ConnectionInfo *size =
        MHD_get_connection_info(exchange->stay.connection, MHD_CONNECTION_INFO_REQUEST_HEADER_SIZE);

    return kv_framing_is_text(exchange->target)
           && kv_framing_is_clean(method, size->header_size, strlen(exchange->target),
                                  exchange->request.headers.count);
}

/* One length, given once: of two the library takes the first (RFC 9112 §6.3). */
static bool is_length_clear(const struct kv_request *request)
{
    size_t lengths = count_headers(request, MHD_HTTP_HEADER_CONTENT_LENGTH);
    bool is_coded = count_headers(request, MHD_HTTP_HEADER_TRANSFER_ENCODING) > 0;

    return lengths == 0 || (lengths == 1 && !is_coded);
}

/* If in doubt, the connection ends as far as we are concerned. */
static bool wants_more(const struct kv_request *request, const char *version)
{
    const char *connection = kv_request_header(request, MHD_HTTP_HEADER_CONNECTION);

    return strcmp(version, MHD_HTTP_VERSION_1_1) == 0
           && (connection == NULL || strcasecmp(connection, "keep-alive") == 0);
}

unsigned kv_head_read(struct kv_exchange *exchange, const char *method, const char *version)
{
    const struct kv_request *request = &exchange->request;

    if (!read_headers(exchange) || !read_target(exchange)) {
        return MHD_HTTP_INTERNAL_SERVER_ERROR;
    }
    if (kv_uri_count_pairs(exchange->target) > KV_QUERY_MAX) {
        return MHD_HTTP_URI_TOO_LONG;
    }
    unsigned too_large = check_size(exchange);
    if (too_large != 0) {
        return too_large;
    }
    if (!is_framing_clean(exchange, method) || !is_length_clear(request)) {
        return MHD_HTTP_BAD_REQUEST;
    }
    size_t hosts = count_headers(request, MHD_HTTP_HEADER_HOST);
    bool host_is_optional = strcmp(version, MHD_HTTP_VERSION_1_0) == 0;
    if (hosts > 1 || (hosts == 0 && !host_is_optional) || !read_authority(exchange)) {
        return MHD_HTTP_BAD_REQUEST;
    }
    if (!is_coding_known(request)) {
        return MHD_HTTP_NOT_IMPLEMENTED;
    }
    read_verb(exchange, method);
    read_client(exchange);
    exchange->wants_more = wants_more(request, version);
    return 0;
}
