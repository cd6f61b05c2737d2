/* SPDX-License-Identifier: Apache-2.0 */
#include "alarm.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

enum kv_code kv_alarm_open(struct kv_alarm *alarm, struct kv_err *err)
{
    struct epoll_event event = { .events = EPOLLIN, .data.ptr = NULL };

    alarm->bell = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    alarm->watcher = epoll_create1(EPOLL_CLOEXEC);
    if (alarm->bell < 0 || alarm->watcher < 0
        || epoll_ctl(alarm->watcher, EPOLL_CTL_ADD, alarm->bell, &event) != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "out of file descriptors");
    }
    return KV_OK;
}

static void close_if_open(int descriptor)
{
    if (descriptor >= 0) {
        (void) close(descriptor); /* nothing was written to it */
    }
}

void kv_alarm_close(struct kv_alarm *alarm)
{
    close_if_open(alarm->bell);
    close_if_open(alarm->watcher);
}

void kv_alarm_ring(const struct kv_alarm *alarm)
{
    (void) eventfd_write(alarm->bell, 1); /* never full: the sleeping thread empties it */
}

bool kv_alarm_watch(const struct kv_alarm *alarm, int socket, void *owner)
{
    struct epoll_event event = { .events = EPOLLRDHUP, .data.ptr = owner };

    return epoll_ctl(alarm->watcher, EPOLL_CTL_ADD, socket, &event) == 0;
}

void kv_alarm_unwatch(const struct kv_alarm *alarm, int socket)
{
    (void) epoll_ctl(alarm->watcher, EPOLL_CTL_DEL, socket, NULL); /* it is in */
}

size_t kv_alarm_sleep(const struct kv_alarm *alarm, kv_millis span,
                      void *ret_left[KV_ALARM_LEFT_MAX])
{
    struct epoll_event events[KV_ALARM_LEFT_MAX];
    int count = epoll_wait(alarm->watcher, events, KV_ALARM_LEFT_MAX, (int) span);
    eventfd_t rings;
    size_t left = 0;

    for (int i = 0; i < count; i++) {
        if (events[i].data.ptr == NULL) {
            (void) eventfd_read(alarm->bell, &rings); /* it has rung */
        } else {
            ret_left[left++] = events[i].data.ptr;
        }
    }
    return left;
}
