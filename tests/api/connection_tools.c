/* SPDX-License-Identifier: Apache-2.0 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "connections.h"

#define LOOKS 1000 /* one each 10 ms */

struct daemon connections_daemon;

void connections_begin(void)
{
    (void) signal(SIGPIPE, SIG_IGN); /* what OpenSSL writes to a closed connection raises it */
    api_begin(&connections_daemon,
              (const char *const[]){ "--vault", "dev", "--vault", "std", NULL });
}

void connections_end(void)
{
    api_end(&connections_daemon);
}

struct reply connections_control(const char *method, const char *target, const char *body)
{
    const struct request request = {
        .method = method,
        .target = target,
        .body = body,
        .without_token = true,
        .control = true,
    };
    API_CLIENT_OF(&connections_daemon, dev);

    return client_send(&dev, &request);
}

static struct reply ask(const char *method, const char *id, const char *body)
{
    char target[128];

    (void) snprintf(target, sizeof(target), "/control/v1/faults%s%s", *id != '\0' ? "/" : "", id);
    return connections_control(method, target, body);
}

void connections_add(const char *id, const char *rest)
{
    char body[1024];

    (void) snprintf(body, sizeof(body), "{\"id\":\"%s\",%s}", id, rest);
    API_REPLY(reply, ask("POST", "", body));
    cr_assert_eq(reply.status, 201, "%s: %ld %s", body, reply.status, reply.body);
}

void connections_change(const char *id, const char *body)
{
    API_REPLY(reply, ask("PATCH", id, body));
    cr_assert_eq(reply.status, 200, "%s: %ld %s", body, reply.status, reply.body);
}

void connections_remove(const char *id)
{
    API_REPLY(reply, ask("DELETE", id, NULL));
    cr_assert_eq(reply.status, 204, "%s: %ld %s", id, reply.status, reply.body);
}

int connections_count(const char *id)
{
    API_REPLY(reply, ask("GET", id, NULL));
    cr_assert_eq(reply.status, 200, "%s: %ld %s", id, reply.status, reply.body);
    return (int) reply_number(&reply, "hits");
}

/* The descriptor, or -1 and errno. */
static int open_socket(int family)
{
    const struct sockaddr_in v4 = {
        .sin_family = AF_INET,
        .sin_port = htons((uint16_t) connections_daemon.port),
        .sin_addr.s_addr = htonl(INADDR_LOOPBACK),
    };
    const struct sockaddr_in6 v6 = {
        .sin6_family = AF_INET6,
        .sin6_port = htons((uint16_t) connections_daemon.port),
        .sin6_addr = IN6ADDR_LOOPBACK_INIT,
    };
    bool is_v6 = family == AF_INET6;
    int descriptor = socket(family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (descriptor >= 0
        && connect(descriptor, is_v6 ? (const void *) &v6 : (const void *) &v4,
                   is_v6 ? sizeof(v6) : sizeof(v4))
               != 0) {
        int reason = errno;
        close(descriptor);
        errno = reason;
        return -1;
    }
    return descriptor;
}

int connections_try(int family)
{
    int descriptor = open_socket(family);

    if (descriptor < 0) {
        return errno;
    }
    close(descriptor);
    return 0;
}

bool connections_await(int reason)
{
    const struct timespec pause = { .tv_nsec = 10000000 };

    for (unsigned i = 0; i < LOOKS; i++) {
        if (connections_try(AF_INET) == reason) {
            return true;
        }
        nanosleep(&pause, NULL);
    }
    return false;
}

static void write_host(const char *vault, char ret_host[64])
{
    (void) snprintf(ret_host, 64,
                    strcmp(vault, "login") == 0 ? "%s.localhost" : "%s.vault.localhost", vault);
}

static SSL *make_ssl(const char *vault, int version, SSL_SESSION *session)
{
    SSL_CTX *ctx = SSL_CTX_new(TLS_client_method());
    char ca[300], host[64];

    write_host(vault, host);
    (void) snprintf(ca, sizeof(ca), "%s/ca.pem", connections_daemon.folder);
    cr_assert_eq(SSL_CTX_load_verify_locations(ctx, ca, NULL), 1);
    SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
    SSL_CTX_set_min_proto_version(ctx, version);
    SSL_CTX_set_max_proto_version(ctx, version);
    SSL *ssl = SSL_new(ctx);
    SSL_CTX_free(ctx);
    SSL_set_tlsext_host_name(ssl, host);
    SSL_set1_host(ssl, host);
    if (session != NULL) {
        SSL_set_session(ssl, session);
    }
    return ssl;
}

static struct seen shake_hands(SSL *ssl)
{
    struct seen seen = { .how = SEEN_GOOD };

    errno = 0;
    int went = SSL_connect(ssl);
    int reason = errno, error = SSL_get_error(ssl, went);
    seen.resumed = SSL_session_reused(ssl);
    if (went == 1) {
        return seen;
    }
    seen.verdict = SSL_get_verify_result(ssl);
    if (seen.verdict != X509_V_OK) {
        seen.how = SEEN_CERTIFICATE;
    } else if (error == SSL_ERROR_SYSCALL) {
        seen.how = reason == ECONNRESET ? SEEN_RESET : SEEN_OTHER;
    } else {
        seen.how = SEEN_END; /* OpenSSL's "unexpected eof" */
    }
    return seen;
}

struct seen connections_look_with(const char *vault, int version, SSL_SESSION *session)
{
    int descriptor = open_socket(AF_INET);

    if (descriptor < 0) {
        return (struct seen){ .how = errno == ECONNREFUSED ? SEEN_REFUSED
                                     : errno == ECONNRESET ? SEEN_RESET
                                                           : SEEN_OTHER };
    }
    SSL *ssl = make_ssl(vault, version, session);
    SSL_set_fd(ssl, descriptor);
    struct seen seen = shake_hands(ssl);
    SSL_free(ssl);
    close(descriptor);
    return seen;
}

struct seen connections_look(const char *vault, int version)
{
    return connections_look_with(vault, version, NULL);
}

/* With an answer, before which TLS 1.3 has sent its tickets; and ended properly, or OpenSSL would not
 * resume it. */
SSL_SESSION *connections_keep_session(const char *vault, int version)
{
    static const char request[] = "GET /keys HTTP/1.1\r\nHost: dev.vault.localhost\r\n\r\n";
    int descriptor = open_socket(AF_INET);
    char answer[4096];
    SSL *ssl = make_ssl(vault, version, NULL);

    SSL_set_fd(ssl, descriptor);
    cr_assert_eq(SSL_connect(ssl), 1);
    cr_assert_gt(SSL_write(ssl, request, sizeof(request) - 1), 0);
    cr_assert_gt(SSL_read(ssl, answer, sizeof(answer)), 0);
    SSL_SESSION *session = SSL_get1_session(ssl);
    (void) SSL_shutdown(ssl); /* without waiting for the answer to it */
    SSL_free(ssl);
    close(descriptor);
    return session;
}

static size_t drop(char *bytes, size_t size, size_t count, void *context)
{
    (void) bytes;
    (void) context;
    return size * count;
}

CURLcode connections_curl(const char *vault)
{
    CURL *curl = curl_easy_init();
    char url[128], host[64], resolve[128], ca[300];

    write_host(vault, host);
    (void) snprintf(url, sizeof(url), "https://%s:%u/keys", host, connections_daemon.port);
    (void) snprintf(resolve, sizeof(resolve), "%s:%u:127.0.0.1", host, connections_daemon.port);
    (void) snprintf(ca, sizeof(ca), "%s/ca.pem", connections_daemon.folder);
    struct curl_slist *hosts = curl_slist_append(NULL, resolve);
    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_RESOLVE, hosts);
    curl_easy_setopt(curl, CURLOPT_CAINFO, ca);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, drop);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT, 60L);
    CURLcode code = curl_easy_perform(curl);
    curl_slist_free_all(hosts);
    curl_easy_cleanup(curl);
    return code;
}
