/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/pages.h"

#include <sys/mman.h>

void *kv_pages_new(size_t count, size_t size)
{
    size_t len;

    if (__builtin_mul_overflow(count, size, &len) || len == 0) {
        return NULL;
    }
    void *pages = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (pages == MAP_FAILED) {
        return NULL;
    }
    (void) madvise(pages, len, MADV_NOHUGEPAGE); /* the first byte written would take 2 MiB */
    return pages;
}

void kv_pages_free(void *pages, size_t count, size_t size)
{
    if (pages != NULL) {
        (void) munmap(pages, count * size); /* it was mapped so */
    }
}
