/* SPDX-License-Identifier: Apache-2.0 */
/* Memory of which pages count once they are written to. */
#include "kv/base/pages.h"

#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

#include <criterion/criterion.h>

#define PAGES 64

TestSuite(pages, .timeout = 20);

Test(pages, that_no_machine_has_are_refused)
{
    cr_assert_null(kv_pages_new(SIZE_MAX / 2, 4));
    cr_assert_null(kv_pages_new(SIZE_MAX / 4, 2));
}

Test(pages, of_nothing_are_none)
{
    cr_assert_null(kv_pages_new(0, 8));
    cr_assert_null(kv_pages_new(8, 0));
    kv_pages_free(NULL, 8, 8);
}

static size_t count_resident(void *pages, size_t page)
{
    unsigned char resident[PAGES];
    size_t count = 0;

    cr_assert_eq(mincore(pages, PAGES * page, resident), 0);
    for (size_t i = 0; i < PAGES; i++) {
        count += resident[i] & 1U;
    }
    return count;
}

Test(pages, take_memory_once_they_are_written_to)
{
    const size_t page = (size_t) sysconf(_SC_PAGESIZE);
    unsigned char *pages = kv_pages_new(PAGES, page);

    cr_assert_not_null(pages);
    cr_assert_eq(count_resident(pages, page), 0);
    pages[5 * page] = 1;
    cr_assert_eq(count_resident(pages, page), 1);
    for (size_t i = 0; i < PAGES; i++) {
        cr_assert_eq(pages[i * page], i == 5);
    }
    kv_pages_free(pages, PAGES, page);
}
