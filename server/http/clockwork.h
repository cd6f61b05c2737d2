/* SPDX-License-Identifier: Apache-2.0 */
/*
 * clockwork.h - what traffic.c, which counts requests and their jobs, shares with clockwork.c,
 * which times them.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "alarm.h"
#include "traffic.h"

#define NEVER INT64_MAX

TAILQ_HEAD(stays, kv_stay);

struct kv_traffic {
    struct kv_traffic_bounds bounds;
    struct kv_clock *clock;
    struct kv_clock_watch watch;
    struct kv_alarm alarm; /* the thread's: reports clients of waiting requests that leave */
    pthread_t thread;
    atomic_uint news;    /* how often there was some */
    atomic_uint hearers; /* how many wait for some: changes with the mutex held */

    pthread_mutex_t mutex; /* lock.def: listener.suspended */
    pthread_cond_t idle;   /* for a drain: nothing is left */
    struct kv_heap due;    /* guarded by mutex, as is all that follows */
    struct kv_heap clock_due;
    struct stays waiting;
    size_t waits;
    kv_millis wake_at; /* when the thread will next check by itself */
    size_t pending;    /* requests between enter and leave */
    size_t jobs;       /* between suspend and end_job; an expired one may outlast its request */
    size_t resuming;   /* ended, and about to be resumed by the thread */
    bool draining;
    bool stopping;
};

/* A kv_clock_watch's function: the thread must check again. Takes no lock. */
void clockwork_ring(void *traffic);

/* The thread, until `stopping`. */
void *clockwork_run(void *traffic);

/* The thread must check at that time at the latest. */
void clockwork_wake_locked(struct kv_traffic *traffic, kv_millis at);

/* It no longer waits for anything. */
void clockwork_end_stay_locked(struct kv_traffic *traffic, struct kv_stay *stay,
                               enum kv_stay_state state);

/* Nothing is under way. */
bool clockwork_is_idle_locked(const struct kv_traffic *traffic);
/* Wakes a drain, if that is so. */
void clockwork_tell_if_idle_locked(struct kv_traffic *traffic);
