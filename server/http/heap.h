/* SPDX-License-Identifier: Apache-2.0 */
/*
 * heap.h - what is due at some time, the earliest first: a binary heap of bounded size.
 *
 * Holds pointers, and each of its members knows its place, so that one that is not waited for any
 * more is taken out without a search. Not thread-safe.
 */
#pragma once

#include <stddef.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

/* Embedded in the thing that is due; zeroed, it is in no heap. It may be in one at a time. */
struct kv_heap_node {
    kv_millis at;
    size_t place; /* in the heap, from 1 on; 0: in none */
    void *owner;
};

struct kv_heap {
    struct kv_heap_node **due; /* from place 1 on */
    size_t count, capacity;
};

enum kv_code kv_heap_init(struct kv_heap *heap, size_t capacity, struct kv_err *err) kv_must_check;
void kv_heap_done(struct kv_heap *heap);

/* There must be room: the owner of a heap bounds what goes into it. */
void kv_heap_add(struct kv_heap *heap, struct kv_heap_node *due, kv_millis at, void *owner);
/* Does nothing if it is in no heap. */
void kv_heap_remove(struct kv_heap *heap, struct kv_heap_node *due);

/* The earliest one, or NULL. It stays in the heap. */
struct kv_heap_node *kv_heap_first(const struct kv_heap *heap);
