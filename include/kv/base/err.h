/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/base/err.h - what can go wrong, as the wire will say it.
 *
 * A function that can fail returns an enum kv_code and fills the caller's struct kv_err; the
 * enum value is the wire outcome, err.def holds one row for each. Nothing here allocates, so
 * raising an error cannot fail.
 * How a refusal is worded may depend on who is answering: wording.def.
 * Thread rule: a struct kv_err belongs to one thread at a time.
 */
#pragma once

#include <stdbool.h>

#include "kv/base/base.h"

enum kv_code {
    KV_OK,
#define X(symbol, status, form, code, inner) KV_##symbol,
#include "kv/base/err.def"
#undef X
    KV_CODE_COUNT
};

/*
 * Which text a refusal has. If a managed HSM or a build of the service has different words for it,
 * and for every code that has an inner code (where a managed HSM leaves out the final period), the
 * raiser names a row of wording.def with KV_REFUSE(). What all of them word the same way is written
 * where it is raised, with KV_FAIL().
 */
enum kv_text {
    KV_TEXT_NONE, /* raised by KV_FAIL() */
#define X(symbol, code, arguments, ...) KV_TEXT_##symbol,
#include "kv/base/wording.def"
#undef X
    KV_TEXT_COUNT
};

/* How many arguments each row takes; KV_REFUSE() checks the count at compile time. */
enum {
#define X(symbol, code, arguments, ...) KV_TEXT_##symbol##_ARGS = (arguments),
#include "kv/base/wording.def"
#undef X
};

#define KV_TEXT_ARGS_MAX 9 /* of a row */

/* The builds of the service, oldest first: columns of wording.def, rows of service_build.def. */
enum kv_build_year { KV_BUILD_2021, KV_BUILD_2024, KV_BUILD_2026, KV_BUILD_COUNT };

/* Who answers the client. */
struct kv_speaker {
    bool is_hsm; /* a managed HSM, not a vault */
    enum kv_build_year build;
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

/* A row of wording.def. A NULL column has no wording of its own. */
struct kv_text_row {
    const char *symbol; /* "KEY_IS_DISABLED"; for tests */
    enum kv_code code, hsm_code;
    unsigned arguments;
    const char *vault[KV_BUILD_COUNT], *hsm[KV_BUILD_COUNT];
};

/* What went wrong, in full. Never put a secret into `message` or an argument: they go to the
 * client. */
struct kv_err {
    enum kv_code code;
    char message[1024];  /* the service's own texts, of a vault of the newest build until
                            kv_err_word(); the longest is the RBAC refusal */
    enum kv_text text;   /* the row to word it by, if any */
    char args[768];      /* of `text`, each with its NUL */
    unsigned long cause; /* CK_RV, SQLite or errno value below us; logged, never sent */
    const char *where;   /* file:line that raised it, a literal */
    const char *detail;  /* a detail not in the message, a literal or NULL; logged, never sent */
};

/* The row for `code`; never NULL. KV_OK has none: asking for it is a bug. */
const struct kv_err_row *kv_err_row(enum kv_code code);

/* Fills *err (NULL is fine) and returns `code`; the message is cut to fit. Use KV_FAIL. */
enum kv_code kv_err_set(struct kv_err *err, const char *where, enum kv_code code,
                        unsigned long cause, const char *format, ...) kv_must_check kv_printf(5, 6);

/*
 * The same for a row of wording.def; the code is the row's. `args` has as many elements as the row
 * takes, none of them NULL, and may itself be NULL if the row takes none. What does not fit is cut.
 * Use KV_REFUSE.
 */
enum kv_code kv_err_refuse(struct kv_err *err, const char *where, enum kv_text text,
                           unsigned long cause, const char *const *args) kv_must_check;

/* Gives an error the code and the message that `speaker` has for it. Called once per error, in the
 * state it was raised in; an error raised by KV_FAIL() stays as it is. */
void kv_err_word(struct kv_err *err, const struct kv_speaker *speaker);

/* The row for `text`; never NULL. KV_TEXT_NONE has none: asking for it is a bug. */
const struct kv_text_row *kv_text_row(enum kv_text text);

/* Prints a number into `buffer`, which it returns. Use KV_ARG_NUMBER. */
#define KV_NUMBER_SIZE 24
const char *kv_err_print_number(char buffer[KV_NUMBER_SIZE], long long number);

#define KV_STRINGIFY_(x) #x
#define KV_STRINGIFY(x) KV_STRINGIFY_(x)
#define KV_WHERE __FILE__ ":" KV_STRINGIFY(__LINE__)

/* Raise: return KV_FAIL(err, KV_CONFLICT, 0, "There is an external key %s.", id); */
#define KV_FAIL(err, code, cause, ...) kv_err_set((err), KV_WHERE, (code), (cause), __VA_ARGS__)

/*
 * Refuse: return KV_REFUSE(err, KV_TEXT_KEY_IS_DISABLED, 0, "sign"); the code is the row's.
 * Arguments are strings, as many as the row says: anything else does not compile here.
 */
#define KV_REFUSE(err, text, cause, ...)                                                           \
    ({                                                                                             \
        const char *const args_[] = { NULL, ##__VA_ARGS__ };                                       \
        _Static_assert(KV_COUNT(args_) == text##_ARGS + 1, #text " has other arguments");          \
        kv_err_refuse((err), KV_WHERE, text, (cause), args_ + 1);                                  \
    })

/* A number as an argument of KV_REFUSE(). */
#define KV_ARG_NUMBER(number) kv_err_print_number((char[KV_NUMBER_SIZE]){ 0 }, (number))

/* Refuse with a row that a table names; it takes no arguments. */
#define KV_REFUSE_BY(err, text, cause) kv_err_refuse((err), KV_WHERE, (text), (cause), NULL)

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

/* Allocation failed: the one text for it. */
#define KV_OUT_OF_MEMORY(err) KV_FAIL((err), KV_INTERNAL, 0, "out of memory")
