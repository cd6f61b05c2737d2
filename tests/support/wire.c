/* SPDX-License-Identifier: Apache-2.0 */
/* Reads byte for byte, so that nothing of the next answer is taken. */
#include "tests/support/wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define PATIENCE_SECONDS 60

static void give_up(const char *what)
{
    perror(what);
    abort();
}

static int open_socket(int family)
{
    const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
    const int on = 1;
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (descriptor < 0 || setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0
        || setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience)) != 0) {
        give_up("socket");
    }
    return descriptor;
}

int wire_try_connect(unsigned port, bool ipv6)
{
    const struct sockaddr_in v4 = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t) port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6,
        .sin6_port = htons((uint16_t) port),
        .sin6_addr = in6addr_loopback,
    };
    int descriptor = open_socket(ipv6 ? AF_INET6 : AF_INET);
    int rc = ipv6 ? connect(descriptor, (const void *) &v6, sizeof(v6))
                  : connect(descriptor, (const void *) &v4, sizeof(v4));

    if (rc != 0) {
        (void) close(descriptor);
        return -1;
    }
    return descriptor;
}

int wire_connect(unsigned port, bool ipv6)
{
    int descriptor = wire_try_connect(port, ipv6);

    if (descriptor < 0) {
        give_up("connect");
    }
    return descriptor;
}

bool wire_send(int descriptor, const char *bytes, size_t len)
{
    while (len > 0) {
        ssize_t sent = send(descriptor, bytes, len, MSG_NOSIGNAL);
        if (sent < 0 && errno != EINTR) {
            return false;
        }
        if (sent > 0) {
            bytes += sent;
            len -= (size_t) sent;
        }
    }
    return true;
}

bool wire_say(int descriptor, const char *text)
{
    return wire_send(descriptor, text, strlen(text));
}

/* False at the end of the stream, or after a reset. */
static bool read_byte(int descriptor, char *ret_byte)
{
    ssize_t len = recv(descriptor, ret_byte, 1, 0);

    if (len < 0 && errno != ECONNRESET && errno != EPIPE) {
        give_up("recv");
    }
    return len == 1;
}

/* The head as far as it came. */
static bool read_head(int descriptor, struct wire_answer *answer)
{
    size_t len = 0;

    while (len + 1 < sizeof(answer->head) && read_byte(descriptor, &answer->head[len])) {
        answer->head[++len] = '\0';
        if (len >= 4 && strcmp(&answer->head[len - 4], "\r\n\r\n") == 0) {
            answer->head[len - 2] = '\0';
            return true;
        }
    }
    return false;
}

const char *wire_header(const struct wire_answer *answer, const char *name)
{
    static _Thread_local char value[WIRE_HEAD_MAX];
    char start[128];

    (void) snprintf(start, sizeof(start), "\r\n%s: ", name);
    const char *found = strcasestr(answer->head, start);
    if (found == NULL) {
        return NULL;
    }
    found += strlen(start);
    (void) snprintf(value, sizeof(value), "%.*s", (int) strcspn(found, "\r"), found);
    return value;
}

void wire_receive(int descriptor, bool bodiless, struct wire_answer *ret_answer)
{
    *ret_answer = (struct wire_answer){ 0 };
    if (!read_head(descriptor, ret_answer)) {
        return;
    }
    ret_answer->status = (int) strtol(ret_answer->head + strlen("HTTP/1.1 "), NULL, 10);
    const char *length = wire_header(ret_answer, "Content-Length");
    ret_answer->body_len = bodiless || length == NULL ? 0 : strtoul(length, NULL, 10);
    ret_answer->body = calloc(1, ret_answer->body_len + 1);
    if (ret_answer->body == NULL
        || (ret_answer->body_len > 0
            && recv(descriptor, ret_answer->body, ret_answer->body_len, MSG_WAITALL)
                   != (ssize_t) ret_answer->body_len)) {
        give_up("body");
    }
}

void wire_answer_done(struct wire_answer *answer)
{
    free(answer->body);
    answer->body = NULL;
}

bool wire_is_closed(int descriptor)
{
    char byte;

    return !read_byte(descriptor, &byte);
}

int wire_ask(unsigned port, const char *request, struct wire_answer *ret_answer)
{
    int descriptor = wire_connect(port, false);

    (void) wire_say(descriptor, request); /* when it is closed, reading tells */
    wire_receive(descriptor, strncmp(request, "HEAD", 4) == 0, ret_answer);
    (void) close(descriptor);
    return ret_answer->status;
}
