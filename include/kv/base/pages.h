/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/pages.h - large tables that stay empty for the most part: zeros from the kernel, of which a
 * page takes memory only once something is written to it. An allocator may write the zeros itself.
 *
 * Thread-safe. The caller owns what he gets, and gives it back with the same two numbers.
 */
#pragma once

#include <stddef.h>

#include "kv/base/base.h"

/* Room for `count` elements of `size` bytes, all zero. NULL: there is no memory, or nothing was asked
 * for. */
void *kv_pages_new(size_t count, size_t size) kv_must_check;

/* NULL is fine. */
void kv_pages_free(void *pages, size_t count, size_t size);
