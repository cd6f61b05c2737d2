/* SPDX-License-Identifier: Apache-2.0 */
#include "raw.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#define PATIENCE_SECONDS 60

static bool connect_tcp(struct raw *raw, unsigned port)
{
    const struct timeval patience = { .tv_sec = PATIENCE_SECONDS };
    const int on = 1;
    const struct sockaddr_in address = {
        .sin_family = AF_INET,
        .sin_port = htons((unsigned short) port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };

    raw->descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(raw->descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(raw->descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
    setsockopt(raw->descriptor, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    return raw->descriptor >= 0
           && connect(raw->descriptor, (const struct sockaddr *) &address, sizeof(address)) == 0;
}

static pthread_once_t once = PTHREAD_ONCE_INIT;
static SSL_CTX *ctx; /* of all connections: to make one takes longer than a handshake */

static void make_ctx(void)
{
    (void) signal(SIGPIPE, SIG_IGN); /* what OpenSSL writes to a closed connection raises it */
    ctx = SSL_CTX_new(TLS_client_method());
}

static bool start_tls(struct raw *raw)
{
    pthread_once(&once, make_ctx);
    raw->ssl = SSL_new(ctx);
    return SSL_set_fd(raw->ssl, raw->descriptor) == 1 && SSL_connect(raw->ssl) == 1;
}

bool raw_open(struct raw *raw, unsigned port, bool tls)
{
    *raw = (struct raw){ .descriptor = -1 };
    return connect_tcp(raw, port) && (!tls || start_tls(raw));
}

void raw_close(struct raw *raw)
{
    SSL_free(raw->ssl);
    if (raw->descriptor >= 0) {
        close(raw->descriptor);
    }
    *raw = (struct raw){ .descriptor = -1 };
}

bool raw_send(struct raw *raw, const void *bytes, size_t len)
{
    const char *rest = bytes;

    while (len > 0) {
        ssize_t sent = raw->ssl != NULL ? SSL_write(raw->ssl, rest, (int) len)
                                        : send(raw->descriptor, rest, len, MSG_NOSIGNAL);

        if (sent <= 0) {
            return false;
        }
        rest += sent;
        len -= (size_t) sent;
    }
    return true;
}

size_t raw_read(struct raw *raw, char *ret_text, size_t size, const char *until)
{
    size_t len = 0;
    ssize_t got = 1;

    ret_text[0] = '\0';
    while (got > 0 && len + 1 < size && (until == NULL || strstr(ret_text, until) == NULL)) {
        got = raw->ssl != NULL ? SSL_read(raw->ssl, ret_text + len, (int) (size - 1 - len))
                               : recv(raw->descriptor, ret_text + len, size - 1 - len, 0);
        len += got > 0 ? (size_t) got : 0;
        ret_text[len] = '\0';
    }
    return len;
}
