/* SPDX-License-Identifier: Apache-2.0 */
#include "process_tools.h"

#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

void process_pause(long ms)
{
    const struct timespec pause = { .tv_sec = ms / 1000, .tv_nsec = ms % 1000 * 1000000 };

    nanosleep(&pause, NULL);
}

size_t process_count_lines(const struct daemon *daemon, const char *part)
{
    char line[8192];
    FILE *log = fopen(daemon->log, "r");
    size_t count = 0;

    while (fgets(line, sizeof(line), log) != NULL) {
        count += strstr(line, part) != NULL;
    }
    fclose(log);
    return count;
}

void process_redirect(const char *redirection)
{
    const char *before = getenv("TEST_WRAPPER");
    char wrapper[1024];

    snprintf(wrapper, sizeof(wrapper), "sh -c exec\t\"$0\"\t\"$@\"\t%s %s", redirection,
             before != NULL ? before : "");
    setenv("TEST_WRAPPER", wrapper, 1);
}

void process_expect_end(struct daemon *own, int wanted)
{
    int status = -1;
    int tries = 0;

    while (waitpid(own->pid, &status, WNOHANG) == 0 && tries++ < 1000) {
        process_pause(5);
    }
    cr_expect(tries <= 1000 && WIFEXITED(status) && WEXITSTATUS(status) == wanted, "%d %d", tries,
              status);
    if (tries > 1000) {
        daemon_kill(own);
    }
    own->pid = 0;
}

void process_expect_answers(struct daemon *own, int count)
{
    API_CLIENT_OF(own, dev);

    for (int i = 0; i < count; i++) {
        API_REPLY(reply, client_call(&dev, "GET", "/keys/nobody", NULL));
        cr_assert_eq(reply.status, 404, "%d: %ld", i, reply.status);
    }
}

void process_await_file(const struct daemon *own, const char *name)
{
    char path[400];

    snprintf(path, sizeof(path), "%s/%s", own->folder, name);
    for (int tries = 0; access(path, F_OK) != 0; tries++) {
        cr_assert_lt(tries, 6000, "%s", path);
        process_pause(5);
    }
}

int process_supervise(const char *name)
{
    const struct timeval patience = { .tv_sec = 60 };
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    int descriptor = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    memcpy(address.sun_path, name, strlen(name));
    if (name[0] == '@') {
        address.sun_path[0] = '\0';
    }
    cr_assert_eq(bind(descriptor, (const struct sockaddr *) &address,
                      (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(name))),
                 0, "%s", name);
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setenv("NOTIFY_SOCKET", name, 1);
    return descriptor;
}

void process_expect_told(int descriptor, const char *state)
{
    static const char wish[] = "EXTEND_TIMEOUT_USEC=";
    char text[256];

    do {
        ssize_t len = recv(descriptor, text, sizeof(text) - 1, 0);
        text[len > 0 ? len : 0] = '\0';
    } while (strncmp(text, wish, sizeof(wish) - 1) == 0
             && strncmp(state, wish, sizeof(wish) - 1) != 0);
    cr_assert_eq(strncmp(text, state, strlen(state)), 0, "\"%s\", not \"%s\"", text, state);
}
