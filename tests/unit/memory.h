/* SPDX-License-Identifier: Apache-2.0 */
/*
 * memory.h - looks at memory that was let go, the way a core dump would: through the kernel, so
 * that neither the compiler nor a memory checker minds.
 */
#pragma once

#include <fcntl.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include <criterion/criterion.h>

/* Whether `text` stands anywhere in the `len` bytes (512 at most) that were at `address`. */
static inline bool memory_holds(uintptr_t address, size_t len, const char *text)
{
    char bytes[512];
    int descriptor = open("/proc/self/mem", O_RDONLY | O_CLOEXEC);

    cr_assert(descriptor >= 0 && len <= sizeof(bytes));
    cr_assert_eq(pread(descriptor, bytes, len, (off_t) address), (ssize_t) len);
    close(descriptor);
    for (size_t i = 0; i + strlen(text) <= len; i++) {
        if (memcmp(bytes + i, text, strlen(text)) == 0) {
            return true;
        }
    }
    return false;
}
