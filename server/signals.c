/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals are taken by sigwait in threads of ours, so that no handler ever runs beside the token
 * module or libmicrohttpd.
 */
#include "serve.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

static void fill_set(sigset_t *ret_set)
{
    sigemptyset(ret_set);
    sigaddset(ret_set, SIGTERM);
    sigaddset(ret_set, SIGINT);
}

void signals_block(void)
{
    sigset_t set;

    fill_set(&set);
    pthread_sigmask(SIG_BLOCK, &set, NULL);
    signal(SIGPIPE, SIG_IGN);
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
    (void) argument;
    _exit(128 + signals_wait());
}

enum kv_code signals_watch_second(struct kv_err *err)
{
    pthread_t thread;
    int result = pthread_create(&thread, NULL, end_at_second_signal, NULL);

    if (result != 0) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) result,
                       "cannot start the thread that watches signals");
    }
    pthread_detach(thread);
    return KV_OK;
}
