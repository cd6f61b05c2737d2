/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a request comes from. A proxy adds the address it was called from behind those it was sent in
 * X-Forwarded-For, so only what trusted proxies have added can be believed: the last address that is
 * none of theirs is the client. A header that is not a list of addresses says nothing.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

#define FORWARDED "X-Forwarded-For"
#define HOPS_MAX 32
#define HOP_SIZE (KV_ADDRESS_SIZE + sizeof("[]:65535"))

/* Addresses as the header's lines have them, in order; a header with more is none. */
struct hops {
    struct kv_address address[HOPS_MAX];
    size_t count;
};

static bool is_port(const char *text)
{
    size_t len = strspn(text, "0123456789");

    return len > 0 && len <= 5 && text[len] == '\0';
}

/* "192.0.2.1", "192.0.2.1:4711", "2001:db8::1", "[2001:db8::1]", "[2001:db8::1]:4711" */
static bool read_hop(char *text, struct kv_address *address)
{
    char *colon = strchr(text, ':');
    char *end = strchr(text, ']');

    if (*text == '[' && end != NULL) {
        *end = '\0';
        return (end[1] == '\0' || (end[1] == ':' && is_port(end + 2))) && strchr(text, ':') != NULL
               && kv_address_parse(text + 1, address);
    }
    if (colon != NULL && strchr(colon + 1, ':') == NULL && is_port(colon + 1)) {
        *colon = '\0';
    }
    return kv_address_parse(text, address);
}

static bool add_hop(struct hops *hops, const char *text, size_t len)
{
    char copy[HOP_SIZE];

    while (len > 0 && (text[len - 1] == ' ' || text[len - 1] == '\t')) {
        len--;
    }
    if (hops->count >= HOPS_MAX || len >= sizeof(copy)) {
        return false;
    }
    (void) snprintf(copy, sizeof(copy), "%.*s", (int) len, text);
    return read_hop(copy, &hops->address[hops->count++]);
}

static bool add_line(struct hops *hops, const char *line)
{
    for (;;) {
        line += strspn(line, " \t");

        size_t len = strcspn(line, ",");

        if (!add_hop(hops, line, len)) {
            return false;
        }
        if (line[len] == '\0') {
            return true;
        }
        line += len + 1;
    }
}

/* All of the header's lines are one list (RFC 9110 §5.3). */
static bool read_hops(const struct kv_request *request, struct hops *hops)
{
    for (size_t i = 0; i < request->headers.count; i++) {
        const struct kv_pair *header = &request->headers.pair[i];

        if (strcasecmp(header->name, FORWARDED) == 0 && !add_line(hops, header->value)) {
            return false;
        }
    }
    return hops->count > 0;
}

/* The last one that is no proxy; the first one when all are. */
static const struct kv_address *choose(const struct hops *hops, const struct kv_cidrs *proxies)
{
    size_t place = hops->count - 1;

    while (place > 0 && kv_cidrs_have(proxies, &hops->address[place])) {
        place--;
    }
    return &hops->address[place];
}

enum kv_code gate_find_client(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    const struct kv_cidrs *proxies = request->app->trusted_proxies;
    struct hops hops = { .count = 0 };
    struct kv_address client;

    (void) response;
    (void) err;
    if (proxies == NULL || proxies->count == 0 || !kv_address_parse(request->client, &client)
        || !kv_cidrs_have(proxies, &client)) {
        return KV_OK;
    }
    if (read_hops(request, &hops)) {
        client = *choose(&hops, proxies);
        _Static_assert(sizeof(request->client) >= KV_ADDRESS_SIZE, "an address fits");
        kv_address_render(&client, request->client);
        request->client_is_ipv6 = client.is_v6;
    }
    return KV_OK;
}
