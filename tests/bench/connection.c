/* SPDX-License-Identifier: Apache-2.0 */
#include "connection.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/err.h>

SSL_CTX *connection_settings(const char *ca)
{
    SSL_CTX *settings = SSL_CTX_new(TLS_client_method());

    if (settings == NULL || SSL_CTX_load_verify_locations(settings, ca, NULL) != 1) {
        ERR_print_errors_fp(stderr);
        SSL_CTX_free(settings);
        return NULL;
    }
    SSL_CTX_set_verify(settings, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_read_ahead(settings, 1); /* head and body of a record by one read() */
    return settings;
}

static int connect_socket(unsigned port)
{
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t) port),
        .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) },
    };
    const int on = 1;
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (descriptor < 0 || connect(descriptor, (const struct sockaddr *) &address, sizeof(address))
        || setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on)) != 0) {
        perror("bench: connect");
        if (descriptor >= 0) {
            close(descriptor);
        }
        return -1;
    }
    return descriptor;
}

static bool shake_hands(SSL *tls, const char *host, SSL_SESSION *session)
{
    if ((session != NULL && SSL_set_session(tls, session) != 1)
        || SSL_set_tlsext_host_name(tls, host) != 1 || SSL_set1_host(tls, host) != 1
        || SSL_connect(tls) != 1) {
        ERR_print_errors_fp(stderr);
        return false;
    }
    if (fcntl(SSL_get_fd(tls), F_SETFL, O_NONBLOCK) != 0) {
        perror("bench: fcntl");
        return false;
    }
    return true;
}

bool connection_open(struct connection *connection, SSL_CTX *settings, unsigned port,
                     const char *host)
{
    return connection_open_again(connection, settings, port, host, NULL);
}

bool connection_open_again(struct connection *connection, SSL_CTX *settings, unsigned port,
                           const char *host, SSL_SESSION *session)
{
    int descriptor = connect_socket(port);

    *connection = (struct connection){ .in = malloc(ANSWER_MAX + 1), .tls = SSL_new(settings) };
    if (descriptor < 0) {
        return false;
    }
    if (connection->in == NULL || connection->tls == NULL
        || SSL_set_fd(connection->tls, descriptor) != 1) {
        fputs("bench: out of memory\n", stderr);
        close(descriptor);
        return false;
    }
    return shake_hands(connection->tls, host, session);
}

void connection_close(struct connection *connection)
{
    int descriptor = connection->tls != NULL ? SSL_get_fd(connection->tls) : -1;

    if (descriptor >= 0) {
        SSL_shutdown(connection->tls);
        close(descriptor);
    }
    SSL_free(connection->tls);
    free(connection->in);
    *connection = (struct connection){ .tls = NULL };
}

int connection_descriptor(const struct connection *connection)
{
    return SSL_get_fd(connection->tls);
}

bool connection_send(struct connection *connection, const char *request, size_t len)
{
    connection->in_len = 0;
    connection->head_len = 0;
    connection->whole_len = 0;
    /* A request is far smaller than the socket's buffer, which is empty now. */
    if (SSL_write(connection->tls, request, (int) len) != (int) len) {
        fputs("bench: the connection does not take a request\n", stderr);
        return false;
    }
    return true;
}

/* Finds where the answer ends; one that does not say so has no end. */
static bool read_head(struct connection *connection)
{
    const char *end = strstr(connection->in, "\r\n\r\n");
    const char *length = strcasestr(connection->in, "\r\nContent-Length:");

    if (end == NULL) {
        return true;
    }
    if (length == NULL || length > end) {
        return false;
    }
    connection->head_len = (size_t) (end + 4 - connection->in);
    connection->whole_len =
        connection->head_len + strtoul(length + strlen("\r\nContent-Length:"), NULL, 10);
    return connection->whole_len <= ANSWER_MAX;
}

enum arrival connection_receive(struct connection *connection)
{
    for (;;) {
        int got = SSL_read(connection->tls, connection->in + connection->in_len,
                           (int) (ANSWER_MAX - connection->in_len));

        if (got <= 0) {
            return SSL_get_error(connection->tls, got) == SSL_ERROR_WANT_READ ? ARRIVAL_PART
                                                                              : ARRIVAL_LOST;
        }
        connection->in_len += (size_t) got;
        connection->in[connection->in_len] = '\0';
        if (connection->head_len == 0 && !read_head(connection)) {
            return ARRIVAL_LOST;
        }
        if (connection->head_len > 0 && connection->in_len >= connection->whole_len) {
            return ARRIVAL_WHOLE;
        }
    }
}
