/* SPDX-License-Identifier: Apache-2.0 */
#include "heap.h"

#include <assert.h>

#include "kv/base/pages.h"

enum kv_code kv_heap_init(struct kv_heap *heap, size_t capacity, struct kv_err *err)
{
    *heap = (struct kv_heap){ .capacity = capacity };
    heap->due = kv_pages_new(capacity + 1, sizeof(*heap->due));
    return heap->due != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

void kv_heap_done(struct kv_heap *heap)
{
    kv_pages_free(heap->due, heap->capacity + 1, sizeof(*heap->due));
    *heap = (struct kv_heap){ 0 };
}

static void put(struct kv_heap *heap, struct kv_heap_node *due, size_t place)
{
    heap->due[place] = due;
    due->place = place;
}

/* Finds the place for `due` from an empty one towards the first. */
static void rise(struct kv_heap *heap, struct kv_heap_node *due, size_t place)
{
    for (; place > 1 && heap->due[place / 2]->at > due->at; place /= 2) {
        put(heap, heap->due[place / 2], place);
    }
    put(heap, due, place);
}

static size_t earlier_child(const struct kv_heap *heap, size_t place)
{
    size_t left = 2 * place, right = left + 1;

    return right <= heap->count && heap->due[right]->at < heap->due[left]->at ? right : left;
}

/* The same in the direction away from the first. */
static void sink(struct kv_heap *heap, struct kv_heap_node *due, size_t place)
{
    for (size_t child = earlier_child(heap, place);
         child <= heap->count && heap->due[child]->at < due->at;
         child = earlier_child(heap, place)) {
        put(heap, heap->due[child], place);
        place = child;
    }
    put(heap, due, place);
}

void kv_heap_add(struct kv_heap *heap, struct kv_heap_node *due, kv_millis at, void *owner)
{
    assert(due->place == 0 && heap->count < heap->capacity);
    due->at = at;
    due->owner = owner;
    rise(heap, due, ++heap->count);
}

/* The last one moves into the gap, and from there to where it belongs. */
void kv_heap_remove(struct kv_heap *heap, struct kv_heap_node *due)
{
    size_t place = due->place;

    if (place == 0) {
        return;
    }
    struct kv_heap_node *last = heap->due[heap->count--];
    due->place = 0;
    if (last == due) {
        return;
    }
    if (last->at < due->at) {
        rise(heap, last, place);
    } else {
        sink(heap, last, place);
    }
}

struct kv_heap_node *kv_heap_first(const struct kv_heap *heap)
{
    return heap->count > 0 ? heap->due[1] : NULL;
}
