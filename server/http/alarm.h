/* SPDX-License-Identifier: Apache-2.0 */
/*
 * alarm.h - what wakes the thread that keeps time for connections: a time, a bell, and clients that
 * leave.
 *
 * One thread sleeps; watching, ringing and the rest are for any thread.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_ALARM_LEFT_MAX 64 /* clients reported as gone in one go; the others follow in the next */

struct kv_alarm {
    int bell;    /* an eventfd */
    int watcher; /* an epoll instance: the bell, and the clients */
};

/* Close it also when that failed. */
enum kv_code kv_alarm_open(struct kv_alarm *alarm, struct kv_err *err) kv_must_check;
void kv_alarm_close(struct kv_alarm *alarm);

/* Ends the current sleep, or the next one. Takes no lock. */
void kv_alarm_ring(const struct kv_alarm *alarm);

/* Watches for `owner`: a sleep ends when the peer of that socket leaves, that is, ends its half of
 * the connection or resets it; data that it sends does not matter. False: out of memory. */
bool kv_alarm_watch(const struct kv_alarm *alarm, int socket, void *owner) kv_must_check;
void kv_alarm_unwatch(const struct kv_alarm *alarm, int socket);

/* Sleeps at most that many real milliseconds; returns the number of owners whose peers have
 * left. */
size_t kv_alarm_sleep(const struct kv_alarm *alarm, kv_millis span,
                      void *ret_left[KV_ALARM_LEFT_MAX]);
