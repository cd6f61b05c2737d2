/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/err.h - what can go wrong, as the wire will say it.
 *
 * A function that can fail returns an enum kv_code and fills the caller's struct kv_err; the
 * enum value is the wire outcome, err.def holds one row for each. Nothing here allocates, so
 * raising an error cannot fail.
 * Thread rule: a struct kv_err belongs to one thread at a time.
 */
#pragma once

#include "kv/base/base.h"

enum kv_code {
    KV_OK,
#define X(symbol, status, form, code, inner) KV_##symbol,
#include "kv/base/err.def"
#undef X
    KV_CODE_COUNT
};

/* The shape of the body an outcome is answered with (contract §9.1, §9.8). */
enum kv_err_form { KV_FORM_API, KV_FORM_FRAMEWORK, KV_FORM_PAGE, KV_FORM_SITE_PAGE };

/* A row of err.def. */
struct kv_err_row {
    const char *symbol; /* "KEY_DISABLED"; for logs and tests */
    int status;
    enum kv_err_form form;
    const char *code;
    const char *inner; /* NULL: the body has no innererror */
};

/* What went wrong, in full. Never write a secret into `message`: it goes to the client. */
struct kv_err {
    enum kv_code code;
    char message[1024];  /* the service's own texts; the longest is the RBAC refusal */
    unsigned long cause; /* CK_RV, SQLite or errno value below us; logged, never sent */
    const char *where;   /* file:line that raised it, a literal */
    const char *detail; /* what the message does not tell, a literal; logged, never sent; or NULL */
};

/* The row of `code`; never NULL. KV_OK has none: asking for it is a bug. */
const struct kv_err_row *kv_err_row(enum kv_code code);

/* Fills *err (NULL is fine) and returns `code`; the message is cut to fit. Use KV_FAIL. */
enum kv_code kv_err_set(struct kv_err *err, const char *where, enum kv_code code,
                        unsigned long cause, const char *format, ...) kv_must_check kv_printf(5, 6);

#define KV_STRINGIFY_(x) #x
#define KV_STRINGIFY(x) KV_STRINGIFY_(x)
#define KV_WHERE __FILE__ ":" KV_STRINGIFY(__LINE__)

/* Raise: return KV_FAIL(err, KV_KEY_NOT_FOUND, 0, "key %s was not found", name); */
#define KV_FAIL(err, code, cause, ...) kv_err_set((err), KV_WHERE, (code), (cause), __VA_ARGS__)

/* Pass a failure up unchanged. An int, a CK_RV or another enum does not compile here. */
#define KV_TRY(expr)                                                                               \
    do {                                                                                           \
        _Static_assert(__builtin_types_compatible_p(__typeof__(expr), enum kv_code),               \
                       "KV_TRY wants an enum kv_code");                                            \
        enum kv_code code_ = (expr);                                                               \
        if (code_ != KV_OK) {                                                                      \
            return code_;                                                                          \
        }                                                                                          \
    } while (0)

/* Allocation failed: the one sentence for it. */
#define KV_OUT_OF_MEMORY(err) KV_FAIL((err), KV_INTERNAL, 0, "out of memory")
