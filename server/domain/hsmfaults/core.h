/* SPDX-License-Identifier: Apache-2.0 */
/* core.h - a fault, the kinds of faults, and what the files of this folder share. */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdint.h>

#include "hsm.h"
#include "kv/hsmfaults/hsmfaults.h"

#define FAULT_ID_MAX 64
#define FAULT_NAME_MAX 128
#define FAULT_MECHANISMS_MAX 16

/* What a fault may have (kind.def). */
enum {
    MEMBER_FUNCTIONS = 1 << 0,
    MEMBER_RV = 1 << 1,
    MEMBER_DELAY = 1 << 2,
    MEMBER_LIMIT = 1 << 3,
    MEMBER_MECHANISMS = 1 << 4,
    MEMBER_KEY = 1 << 5,
    MEMBER_WHEN = 1 << 6,
};

enum kind {
#define X(symbol, name, calls, rv, members) KIND_##symbol,
#include "kv/hsmfaults/kind.def"
#undef X
    KIND_COUNT
};

/* Sets of functions. */
typedef uint64_t calls_t;
#define CALL_BIT(function) (UINT64_C(1) << (unsigned) (function))
_Static_assert(HSM_FUNCTIONS <= 64, "each has a bit");

struct kind_row {
    const char *name;
    calls_t calls; /* 0: none, or those that the fault names */
    CK_RV rv;
    unsigned members; /* that it may have */
    unsigned needs;   /* of these, the ones that it must have */
};
const struct kind_row *kind_row(enum kind kind);
bool kind_find(const char *name, enum kind *ret_kind);
/* "token_removed, pin_locked, ..." for a refusal. */
#define KINDS_SIZE 256
void kinds_list(char ret_names[KINDS_SIZE]);

/* Those that the gate can refuse: all but the ones that close. */
calls_t calls_refusable(void);

struct fault {
    char id[FAULT_ID_MAX + 1];
    enum kind kind;
    uint64_t serial; /* of it alone */
    calls_t calls;
    CK_RV rv;
    kv_millis delay; /* before the call */
    uint64_t limit;  /* of sessions */
    CK_MECHANISM_TYPE mechanisms[FAULT_MECHANISMS_MAX];
    unsigned mechanism_count; /* 0: any */
    bool has_object;
    unsigned char object[HSM_ID_LENGTH];
    char vault[FAULT_NAME_MAX], key[FAULT_NAME_MAX], version[FAULT_NAME_MAX];
    uint64_t skip, times, every; /* `times` 0: any number */
    uint64_t seen, hits;
    kv_millis until;    /* virtual; INT64_MAX: none */
    kv_millis real_end; /* monotonic; INT64_MAX: none */
};

struct kv_hsm_faults {
    struct kv_clock *clock;
    struct kv_hsm_hands hands; /* set once, before faults */
    atomic_bool ended;
    atomic_uint count;    /* of items: a glance for the gate */
    atomic_long sessions; /* that are open, or about to be */

    pthread_mutex_t turn; /* lock.def: hsmfaults.turn; to move the token, held across its calls */
    enum kv_hsm_place place; /* guarded by turn, and by lock, too, for who writes it */
    bool pin_is_doubted;     /* guarded by lock: a fault about it is over, and nobody has looked */

    pthread_mutex_t lock; /* lock.def: hsmfaults.list; guards what follows */
    pthread_cond_t changed;
    struct fault items[KV_HSM_FAULTS_MAX]; /* in the order in which they were added */
    uint64_t serials;
};

/* Checks what was sent, and makes a fault of it; its serial and default id are the caller's. */
enum kv_code fault_read(const struct kv_hsm_fault_args *args, kv_millis now,
                        struct fault *ret_fault, struct kv_err *err) kv_must_check;

/* Its time is over, by either clock. */
bool fault_is_over(const struct fault *fault, kv_millis now, kv_millis monotonic);

/* As the control port shows it; NULL: out of memory. */
cJSON *fault_show(const struct fault *fault, kv_millis monotonic);
