/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A data race and nothing else: net.sh runs it to see that run-checked catches what the thread
 * sanitizer says. It starts no Criterion, which that sanitizer cannot bear.
 */
#include <pthread.h>
#include <stddef.h>
#include <stdlib.h>

static int shared;

static void *count(void *unused)
{
    (void) unused;
    shared++;
    return NULL;
}

int main(void)
{
    pthread_t thread;

    if (pthread_create(&thread, NULL, count, NULL) != 0) {
        return EXIT_FAILURE;
    }
    shared++;
    (void) pthread_join(thread, NULL); /* cannot fail: joinable and ours */
    return EXIT_SUCCESS;
}
