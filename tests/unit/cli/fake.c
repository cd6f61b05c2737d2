/* SPDX-License-Identifier: Apache-2.0 */
#include "fake.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "kv/base/base.h"

static int listener;
static pthread_t thread;
static const char *answers[2];
static char request[8192];

static void read_request(int connection)
{
    size_t len = 0;

    while (strstr(request, "\r\n\r\n") == NULL && len + 1 < sizeof(request)) {
        ssize_t more = read(connection, request + len, sizeof(request) - 1 - len);
        if (more <= 0) {
            return;
        }
        len += (size_t) more;
        request[len] = '\0';
    }
}

static void answer_one(const char *answer)
{
    size_t sent = 0;
    size_t len = strlen(answer);
    int connection = accept(listener, NULL, NULL);

    if (connection < 0) {
        return;
    }
    request[0] = '\0';
    read_request(connection);
    while (sent < len) {
        ssize_t more = send(connection, answer + sent, len - sent, MSG_NOSIGNAL);
        if (more <= 0) {
            break;
        }
        sent += (size_t) more;
    }
    close(connection);
}

static void *serve(void *argument)
{
    (void) argument;
    for (size_t i = 0; i < KV_COUNT(answers) && answers[i] != NULL; i++) {
        answer_one(answers[i]);
    }
    return NULL;
}

unsigned fake_start(const char *text)
{
    return fake_start_two(text, NULL);
}

unsigned fake_start_two(const char *first, const char *second)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof(address);

    answers[0] = first;
    answers[1] = second;
    listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_geq(listener, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *) &address, sizeof(address)), 0);
    cr_assert_eq(listen(listener, 1), 0);
    cr_assert_eq(getsockname(listener, (struct sockaddr *) &address, &size), 0);
    cr_assert_eq(pthread_create(&thread, NULL, serve, NULL), 0);
    return ntohs(address.sin_port);
}

const char *fake_stop(void)
{
    cr_assert_eq(pthread_join(thread, NULL), 0);
    close(listener);
    return request;
}

const char *fake_answer(const char *status, const char *body)
{
    static char text[8192];

    snprintf(text, sizeof(text), "HTTP/1.1 %s\r\nContent-Length: %zu\r\n\r\n%s", status,
             strlen(body), body);
    return text;
}
