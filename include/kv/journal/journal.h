/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/journal/journal.h - what clients asked for, and what they were answered: the last so many
 * requests, for tests that ask what their service did.
 *
 * A ring of entries: a new one takes the place of the oldest. Each has a number, which counts from 1
 * and goes on when entries are removed. Memory is bounded by the number of entries and by text.def.
 * Thread-safe; lock.def: journal.entries. Knows nothing of HTTP; whoever writes an entry leaves out
 * what is secret.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/buf.h"
#include "kv/base/clock.h"
#include "kv/base/err.h"

enum kv_journal_text {
#define X(symbol, name, max, by) KV_JOURNAL_##symbol,
#include "kv/journal/text.def"
#undef X
    KV_JOURNAL_TEXTS
};

/* The member's name: "client_request_id". */
const char *kv_journal_text_name(enum kv_journal_text text);

enum kv_journal_kind {
    KV_JOURNAL_REQUEST,   /* to a vault or managed HSM */
    KV_JOURNAL_CHALLENGE, /* the same without a token, which is answered by a challenge */
    KV_JOURNAL_TOKEN,     /* to whoever gives out tokens */
    KV_JOURNAL_CONTROL,   /* to the control port */
    KV_JOURNAL_SERVICE,   /* to a FHIR or DICOM service */
    KV_JOURNAL_KINDS
};
const char *kv_journal_kind_name(enum kv_journal_kind kind);

/* What there is to say of one request. Texts are borrowed; NULL and "" are the same. */
struct kv_journal_note {
    enum kv_journal_kind kind;
    int status;            /* 0: it got no answer */
    kv_millis real, now;   /* when it came, by the system's clock and by the virtual one */
    int64_t arrived;       /* the same, by kv_clock_monotonic_us() */
    int64_t micros;        /* until it was answered */
    kv_millis retry_after; /* that the answer demands; -1: nothing */
    const char *text[KV_JOURNAL_TEXTS];
};

struct kv_journal_entry {
    uint64_t number;
    struct kv_journal_note note; /* all texts are set, and in `block` */
    char *block;                 /* heap */
    size_t capacity;
};
void kv_journal_entry_done(struct kv_journal_entry *entry);

/* A list of them; {0} is empty. */
struct kv_journal_entries {
    struct kv_journal_entry *entry;
    size_t count;
};
void kv_journal_entries_done(struct kv_journal_entries *entries);
KV_DEFINE_CLEANUP_VALUE(struct kv_journal_entries, kv_journal_entries_done)

struct kv_journal; /* opaque */

#define KV_JOURNAL_MAX 100000 /* entries */

/* `tell` is called, from any thread and without a lock, after each new entry; NULL: nobody is. Free
 * with kv_journal_free(); NULL is fine there. */
enum kv_code kv_journal_new(size_t entries, void (*tell)(void *context), void *context,
                            struct kv_journal **ret_journal, struct kv_err *err) kv_must_check;
void kv_journal_free(struct kv_journal *journal);
KV_DEFINE_CLEANUP(struct kv_journal *, kv_journal_free)

/* Copies it; less than a microsecond. Out of memory, it is left out, and counted as such. Bytes that
 * are not UTF-8 become question marks. */
void kv_journal_write(struct kv_journal *journal, const struct kv_journal_note *note);

/* What the journal is like now. */
struct kv_journal_state {
    uint64_t last;   /* number of the newest entry; 0: there was none */
    uint64_t first;  /* of the oldest that is there; last + 1: none is */
    size_t capacity; /* entries */
    uint64_t lost;   /* left out */
};
void kv_journal_look(struct kv_journal *journal, struct kv_journal_state *ret_state);

/* --- filters --- */

enum kv_journal_member {
    KV_JOURNAL_BY_KIND,
    KV_JOURNAL_BY_STATUS,
    KV_JOURNAL_BY_PRINCIPAL, /* object id, application id or name */
#define NOTHING(symbol)
#define FILTER(symbol) KV_JOURNAL_BY_##symbol,
#define X(symbol, name, max, by) by(symbol)
#include "kv/journal/text.def"
#undef X
#undef FILTER
#undef NOTHING
    KV_JOURNAL_MEMBERS
};

#define KV_JOURNAL_PATTERNS_SIZE 512 /* of a member's patterns, with commas between them */

/*
 * An entry passes when each member that is given has a pattern that matches. Patterns are compared
 * ignoring case, with * and ?, and "none" is for what is not there; those of a status are three
 * digits, x being any, or 0. {0} lets all pass.
 */
struct kv_journal_filter {
    uint64_t since; /* only entries with a higher number */
    char patterns[KV_JOURNAL_MEMBERS][KV_JOURNAL_PATTERNS_SIZE]; /* "": not given */
};

/* A member's name, or NULL beyond the last one. */
const char *kv_journal_member_name(enum kv_journal_member member);

/*
 * Adds patterns, one or several with commas between them: "since" takes a number. KV_BAD_PARAMETER
 * for a name that is none, for a pattern that no entry can ever match (an operation, kind or status
 * that there is not), and for too many.
 */
enum kv_code kv_journal_filter_add(struct kv_journal_filter *filter, const char *name,
                                   const char *patterns, struct kv_err *err) kv_must_check;

/* How many members do not match, and the first of them; `since` is not among them. */
unsigned kv_journal_filter_misses(const struct kv_journal_filter *filter,
                                  const struct kv_journal_entry *entry,
                                  enum kv_journal_member *ret_first);

/* "operation=unwrapKey status=403"; "anything" when there is no member. */
enum kv_code kv_journal_filter_print(const struct kv_journal_filter *filter, struct kv_buf *buf,
                                     struct kv_err *err) kv_must_check;

/* What an entry has there: a text, borrowed from it or from the buffer. */
#define KV_JOURNAL_SHOWN_SIZE 16
const char *kv_journal_show(const struct kv_journal_entry *entry, enum kv_journal_member member,
                            char ret_text[KV_JOURNAL_SHOWN_SIZE]);

/* --- reading --- */

/*
 * Copies of those that pass, oldest first, at most `limit`. *ret_next is the number to go on after:
 * that of the last one that was looked at, which is the newest one if all were.
 */
enum kv_code kv_journal_read(struct kv_journal *journal, const struct kv_journal_filter *filter,
                             size_t limit, struct kv_journal_entries *ret_entries,
                             uint64_t *ret_next, struct kv_err *err) kv_must_check;

/* How many pass, and where to go on counting. */
size_t kv_journal_count(struct kv_journal *journal, const struct kv_journal_filter *filter,
                        uint64_t *ret_next);

/* Removes those that pass; their numbers are not used again. */
void kv_journal_remove(struct kv_journal *journal, const struct kv_journal_filter *filter);

/* --- expectations --- */

/* How many requests of a kind there should be. */
struct kv_journal_wish {
    size_t min, max;
};

/*
 * Whether it is so; what is the matter otherwise goes to `text`, for people: how many there are,
 * which, and those that come close, with what is different about them.
 */
enum kv_code kv_journal_expect(struct kv_journal *journal, const struct kv_journal_filter *filter,
                               const struct kv_journal_wish *wish, bool *ret_is_so,
                               size_t *ret_count, struct kv_buf *text,
                               struct kv_err *err) kv_must_check;
