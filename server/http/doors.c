/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A listening socket that is shut down refuses connections, but keeps its address, and listens again
 * when it is told to (Linux: tcp_disconnect() leaves a socket that was bound its port). So nobody can
 * take the port meanwhile, and the library need not know.
 */
#include "doors.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * A socket that is shut is reported as hung up for as long as it is, so the library would never sleep.
 * Edge-triggered it is reported once. The library registers its listening socket with the daemon as
 * data, by which it knows that a connection is to be accepted. It takes the socket out of the set by
 * itself while it has as many connections as it may, and back; then there is nothing to change.
 */
static void report(struct MHD_Daemon *daemon, int descriptor, uint32_t events)
{
    const union MHD_DaemonInfo *set = MHD_get_daemon_info(daemon, MHD_DAEMON_INFO_EPOLL_FD);
    struct epoll_event event = { .events = events, .data = { .ptr = daemon } };

    if (set != NULL) {
        (void) epoll_ctl(set->epoll_fd, EPOLL_CTL_MOD, descriptor, &event);
    }
}

static bool is_listening(int descriptor)
{
    int on = 0;
    socklen_t len = sizeof(on);

    return getsockopt(descriptor, SOL_SOCKET, SO_ACCEPTCONN, &on, &len) == 0 && on != 0;
}

static bool open_again(struct kv_doors *doors, size_t i)
{
    if (!is_listening(doors->copy[i]) && listen(doors->copy[i], KV_SOCKETS_BACKLOG) != 0) {
        return false;
    }
    report(doors->daemon[i], doors->copy[i], EPOLLIN);
    return true;
}

static void shut(struct kv_doors *doors, size_t i)
{
    report(doors->daemon[i], doors->copy[i], EPOLLIN | EPOLLET);
    if (is_listening(doors->copy[i])) {
        (void) shutdown(doors->copy[i], SHUT_RDWR); /* cannot fail: it listens */
    }
}

bool kv_doors_refuse(struct kv_doors *doors, bool refuses)
{
    bool done = true;

    for (size_t i = 0; !doors->quiesced && i < doors->sockets.count; i++) {
        if (refuses) {
            shut(doors, i);
        } else {
            done = open_again(doors, i) && done;
        }
    }
    return done;
}

/* A socket that is shut down refuses new connections at once instead of leaving them in the
 * backlog. */
void kv_doors_quiesce(struct kv_doors *doors)
{
    for (size_t i = 0; !doors->quiesced && i < doors->sockets.count; i++) {
        if (doors->daemon[i] != NULL) {
            doors->copy[i] = MHD_quiesce_daemon(doors->daemon[i]);
            (void) shutdown(doors->copy[i], SHUT_RDWR); /* best effort */
        }
    }
    doors->quiesced = true;
}

void kv_doors_close(struct kv_doors *doors)
{
    for (size_t i = 0; i < doors->sockets.count; i++) {
        if (doors->daemon[i] != NULL) {
            MHD_stop_daemon(doors->daemon[i]);
            (void) close(doors->copy[i]); /* nothing was written to it */
        }
    }
    kv_sockets_close(&doors->sockets);
}
