/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>

#include <criterion/criterion.h>

#include "server/http/heap.h"

#define MEMBERS 500

static struct kv_heap heap;
static struct kv_heap_node due[MEMBERS];

static void setup(void)
{
    cr_assert_eq(kv_heap_init(&heap, MEMBERS, NULL), KV_OK);
}

static void teardown(void)
{
    kv_heap_done(&heap);
}

TestSuite(heap, .init = setup, .fini = teardown, .timeout = 60);

/* The same each time, many of them twice. */
static kv_millis time_of(size_t i)
{
    return (kv_millis) (i * 7919 % 251);
}

static void fill(void)
{
    for (size_t i = 0; i < MEMBERS; i++) {
        kv_heap_add(&heap, &due[i], time_of(i), &due[i]);
    }
}

static void expect_in_order(size_t count)
{
    kv_millis last = 0;

    for (size_t i = 0; i < count; i++) {
        struct kv_heap_node *first = kv_heap_first(&heap);

        cr_assert_not_null(first);
        cr_assert_eq(first->owner, first);
        cr_assert_geq(first->at, last);
        last = first->at;
        kv_heap_remove(&heap, first);
        cr_assert_eq(first->place, 0);
    }
    cr_expect_null(kv_heap_first(&heap));
}

Test(heap, has_nobody_at_first)
{
    cr_expect_null(kv_heap_first(&heap));
    kv_heap_remove(&heap, &due[0]);
    cr_expect_null(kv_heap_first(&heap));
}

Test(heap, gives_the_earliest_one_first)
{
    fill();
    expect_in_order(MEMBERS);
}

Test(heap, keeps_the_order_when_some_leave_from_its_midst)
{
    size_t left = MEMBERS;

    fill();
    for (size_t i = 0; i < MEMBERS; i += 3) {
        kv_heap_remove(&heap, &due[i]);
        left--;
    }
    kv_heap_remove(&heap, &due[0]); /* again */
    expect_in_order(left);
}

Test(heap, takes_back_who_has_left)
{
    fill();
    for (size_t i = 0; i < MEMBERS; i += 2) {
        kv_heap_remove(&heap, &due[i]);
        kv_heap_add(&heap, &due[i], 1000 - time_of(i), &due[i]);
    }
    expect_in_order(MEMBERS);
}
