/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/base.h - the few macros the whole tree uses: results that cannot be ignored, scope
 * cleanup, array length.
 *
 * Macros only, no code: the one header that pkcs11/ shares with server/.
 */
#pragma once

#include <stddef.h>

/* A result that the compiler does not let a caller ignore. */
#define kv_must_check __attribute__((warn_unused_result))

/* Ignores a result on purpose; the comment beside each use gives the reason. */
#define KV_IGNORE(expr)                                                                            \
    do {                                                                                           \
        __typeof__(expr) ignored_ = (expr);                                                        \
        (void) ignored_;                                                                           \
    } while (0)

/* printf-like argument checking; both are 1-based parameter positions. */
#define kv_printf(text, first) __attribute__((format(printf, text, first)))

#define kv_unused __attribute__((unused))

#define KV_COUNT(array) (sizeof(array) / sizeof((array)[0]))

/*
 * Scope cleanup: `kv_auto(thing_free) struct thing *t = NULL;` calls thing_free(t) when t goes out
 * of scope. KV_DEFINE_CLEANUP(type, fn) makes fn usable this way; fn must accept NULL.
 */
#define kv_auto(fn) __attribute__((cleanup(fn##_at)))

#define KV_DEFINE_CLEANUP(type, fn)                                                                \
    static inline kv_unused void fn##_at(type *pointer)                                            \
    {                                                                                              \
        fn(*pointer);                                                                              \
    }

/* The same for a value that is cleaned up in place: fn takes its address. */
#define KV_DEFINE_CLEANUP_VALUE(type, fn)                                                          \
    static inline kv_unused void fn##_at(type *value)                                              \
    {                                                                                              \
        fn(value);                                                                                 \
    }

/* Moves ownership out of a guarded variable: yields it and leaves NULL behind. */
#define kv_take(pointer)                                                                           \
    ({                                                                                             \
        __typeof__(pointer) taken_ = (pointer);                                                    \
        (pointer) = NULL;                                                                          \
        taken_;                                                                                    \
    })
