/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals are taken by sigwait() in our own threads, so that no handler ever interrupts the token
 * module or libmicrohttpd.
 */
#include "serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "folder.h"
#include "kv/base/clock.h"
#include "kv/base/log.h"

#define SAME_MS 1000 /* a wrapper and a terminal may both signal: one request to stop */

struct watch {
    kv_millis first; /* monotonic */
    struct data_folder folder;
};

static const struct {
    int number;
    bool may_be_ignored; /* as nohup and shells have it */
} rows[] = {
    { SIGTERM, false },
    { SIGINT, false },
    { SIGHUP, true },
    { SIGQUIT, true },
};

static bool is_ignored(int number)
{
    struct sigaction action;

    return sigaction(number, NULL, &action) == 0 && action.sa_handler == SIG_IGN;
}

static void fill_set(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (!rows[i].may_be_ignored || !is_ignored(rows[i].number)) {
            sigaddset(ret_set, rows[i].number);
        }
    }
}

void signals_block(void)
{
    sigset_t set;

    fill_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* the write fails instead, and its caller reports it */
}

bool signals_have_come(void)
{
    sigset_t set, pending, both;

    fill_set(&set);
    return sigpending(&pending) == 0 && sigandset(&both, &set, &pending) == 0
           && !sigisemptyset(&both);
}

int signals_wait(void)
{
    sigset_t set;
    int signal_number = 0;

    fill_set(&set);
    while (sigwait(&set, &signal_number) != 0) {
        /* only EINTR, which other signals may cause */
    }
    return signal_number;
}

/* Runs from the first signal on, while the requests under way are finished. */
static void *end_at_second_signal(void *argument)
{
    struct watch *watch = argument;
    int signal_number;

    do {
        signal_number = signals_wait();
    } while (kv_clock_monotonic() - watch->first < SAME_MS);
    data_folder_abandon(&watch->folder);
    kv_log_flush();
    _exit(128 + signal_number);
}

enum kv_code signals_watch_second(const struct data_folder *folder, struct kv_err *err)
{
    struct watch *watch = malloc(sizeof(*watch));
    pthread_t thread;
    int result;

    if (watch == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    *watch = (struct watch){ .first = kv_clock_monotonic(), .folder = *folder };
    result = pthread_create(&thread, NULL, end_at_second_signal, watch);

    if (result != 0) {
        free(watch);
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) result,
                       "cannot start the thread that watches signals");
    }
    pthread_detach(thread);
    return KV_OK;
}
