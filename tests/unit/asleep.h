/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asleep.h - waits until another thread waits, however slow the machine is.
 */
#pragma once

#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <criterion/criterion.h>

/* Said by a thread when all that can still hold it up is what it is to wait for. */
static inline void asleep_soon(atomic_int *thread_id)
{
    atomic_store(thread_id, gettid());
}

static inline bool is_asleep(int thread_id)
{
    char path[64], line[128] = "";

    (void) snprintf(path, sizeof(path), "/proc/self/task/%d/stat", thread_id);
    FILE *file = fopen(path, "r");
    cr_assert_not_null(file);
    cr_assert_not_null(fgets(line, sizeof(line), file));
    fclose(file);
    return strstr(line, ") S") != NULL; /* 123 (name) S ... */
}

/* Several looks in a row: a thread also sleeps for a moment when it finds a lock taken. */
static inline void await_sleep(const atomic_int *thread_id)
{
    for (int looks = 0; looks < 10;) {
        usleep(3000);
        int id = atomic_load(thread_id);
        looks = id != 0 && is_asleep(id) ? looks + 1 : 0;
    }
}
