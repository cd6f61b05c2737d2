/* SPDX-License-Identifier: Apache-2.0 */
/*
 * IPv4 and IPv6 have separate sockets, so that "localhost" and "any" can be served on a machine that
 * has only one of them and another program's dual-stack socket is not in the way.
 */
#include "sockets.h"

#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define TRIES 16 /* to find a port that is free on both addresses of a pair */

_Static_assert(offsetof(struct sockaddr_in, sin_port) == offsetof(struct sockaddr_in6, sin6_port),
               "a port is where it is");

/* Names that stand for an address of either kind. */
static const struct pair {
    const char *name, *v4, *v6;
} pairs[] = {
    { "localhost", "127.0.0.1", "::1" },
    { "any", "0.0.0.0", "::" },
};

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

static bool parse_address(const char *text, unsigned port, union address *ret_address)
{
    *ret_address = (union address){ 0 };
    if (inet_pton(AF_INET, text, &ret_address->v4.sin_addr) == 1) {
        ret_address->v4.sin_family = AF_INET;
        ret_address->v4.sin_port = htons((uint16_t) port);
        return true;
    }
    ret_address->v6.sin6_family = AF_INET6;
    ret_address->v6.sin6_port = htons((uint16_t) port);
    return inet_pton(AF_INET6, text, &ret_address->v6.sin6_addr) == 1;
}

static bool bind_to(int descriptor, const union address *address)
{
    const int on = 1;
    bool is_v6 = address->any.sa_family == AF_INET6;

    return setsockopt(descriptor, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on)) == 0
           && (!is_v6 || setsockopt(descriptor, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on)) == 0)
           && bind(descriptor, &address->any, is_v6 ? sizeof(address->v6) : sizeof(address->v4))
                  == 0;
}

/* A socket with that name. The descriptor, or -1 and errno. */
static int open_bound(const union address *address)
{
    int descriptor = socket(address->any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);

    if (descriptor >= 0 && !bind_to(descriptor, address)) {
        int reason = errno;
        (void) close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

static int open_socket(const union address *address)
{
    int descriptor = open_bound(address);

    if (descriptor >= 0 && listen(descriptor, KV_SOCKETS_BACKLOG) != 0) {
        int reason = errno;
        (void) close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

static unsigned port_of(int descriptor)
{
    union address address;
    socklen_t len = sizeof(address);

    (void) getsockname(descriptor, &address.any, &len); /* bound, so it has a name */
    return ntohs(address.any.sa_family == AF_INET6 ? address.v6.sin6_port : address.v4.sin_port);
}

/*
 * A socket that has asked for any port loses the one it got when it is shut down; one that asked for
 * that port keeps it (doors.c). So another socket asks first, and holds the port meanwhile.
 */
static int open_on_any_port(union address *address)
{
    int holder = open_bound(address);

    if (holder < 0) {
        return -1;
    }
    address->v4.sin_port = htons((uint16_t) port_of(holder)); /* in the same place in IPv6's */
    int descriptor = open_socket(address);
    int reason = errno;
    (void) close(holder);
    errno = reason;
    return descriptor;
}

static bool may_be_shared(int descriptor)
{
    const int on = 1;

    return setsockopt(descriptor, SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) == 0;
}

/* Another socket with the name of one that listens. The descriptor, or -1. */
static int open_beside(int descriptor)
{
    union address address;
    socklen_t len = sizeof(address);

    (void) getsockname(descriptor, &address.any, &len); /* bound, so it has a name */
    int other = socket(address.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (other >= 0
        && (!may_be_shared(other) || !bind_to(other, &address)
            || listen(other, KV_SOCKETS_BACKLOG) != 0)) {
        (void) close(other);
        return -1;
    }
    return other;
}

/*
 * Only sockets of which each says so share a port. The first was bound without saying it: so it found no
 * other program there, not even one whose sockets do. Where the system lets none be shared, as some
 * sandboxes do, it stays the only one.
 */
static void open_others(unsigned each, struct kv_sockets *sockets)
{
    int first = sockets->descriptor[sockets->count - 1];
    int other = 0;

    for (unsigned i = 1; i < each && other >= 0 && may_be_shared(first); i++) {
        other = open_beside(first);
        if (other >= 0) {
            sockets->descriptor[sockets->count++] = other;
        }
    }
}

static enum kv_code open_one(const char *address, unsigned port, unsigned each,
                             struct kv_sockets *sockets, struct kv_err *err)
{
    union address parsed;

    if (!parse_address(address, port, &parsed)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s is not localhost, any or an IP address",
                       address);
    }
    int descriptor = port == 0 ? open_on_any_port(&parsed) : open_socket(&parsed);
    if (descriptor < 0) {
        int reason = errno;
        return KV_FAIL(err, reason == EADDRINUSE ? KV_CONFLICT : KV_INTERNAL,
                       (unsigned long) reason, "cannot listen on %s port %u: %s", address, port,
                       strerrordesc_np(reason));
    }
    sockets->descriptor[sockets->count++] = descriptor;
    sockets->port = port_of(descriptor);
    open_others(each, sockets);
    return KV_OK;
}

/* A machine without IPv6 is served by IPv4 alone. */
static bool has_no_ipv6(const struct kv_err *err)
{
    return err->cause == EAFNOSUPPORT || err->cause == EADDRNOTAVAIL;
}

/* Leaves what it opened to the caller. */
static enum kv_code open_both(const struct pair *pair, unsigned port, unsigned each,
                              struct kv_sockets *sockets, struct kv_err *err)
{
    struct kv_err reason;

    KV_TRY(open_one(pair->v4, port, each, sockets, err));
    enum kv_code code = open_one(pair->v6, sockets->port, each, sockets, &reason);
    if (code == KV_OK || has_no_ipv6(&reason)) {
        return KV_OK;
    }
    *err = reason;
    return code;
}

static const struct pair *find_pair(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(pairs); i++) {
        if (strcmp(name, pairs[i].name) == 0) {
            return &pairs[i];
        }
    }
    return NULL;
}

static enum kv_code open_all(const char *address, unsigned port, unsigned each,
                             struct kv_sockets *sockets, struct kv_err *err)
{
    const struct pair *pair = find_pair(address);
    enum kv_code code = pair != NULL ? open_both(pair, port, each, sockets, err)
                                     : open_one(address, port, each, sockets, err);

    if (code != KV_OK) {
        kv_sockets_close(sockets);
    }
    return code;
}

enum kv_code kv_sockets_open(const char *address, unsigned port, unsigned each,
                             struct kv_sockets *ret_sockets, struct kv_err *err)
{
    assert(each > 0 && each <= KV_SOCKETS_EACH_MAX);
    struct kv_sockets sockets = { 0 };
    enum kv_code code = open_all(address, port, each, &sockets, err);

    for (unsigned i = 1; port == 0 && code == KV_CONFLICT && i < TRIES; i++) {
        code = open_all(address, port, each, &sockets, err);
    }
    if (code == KV_OK) {
        *ret_sockets = sockets;
    }
    return code;
}

void kv_sockets_close(struct kv_sockets *sockets)
{
    while (sockets->count > 0) {
        (void) close(sockets->descriptor[--sockets->count]); /* nothing was written to it */
    }
}
