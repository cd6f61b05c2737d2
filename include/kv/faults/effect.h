/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/faults/effect.h - what a fault rule does to a request, as whoever carries it out reads it.
 *
 * Immutable, and lent by the rule it belongs to. Knows nothing of HTTP but numbers and words.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_FAULT_HEADERS_MAX 16
#define KV_FAULT_DELAY_MAX ((kv_millis) 590000) /* what a request may wait, less a little */

/* How the connection or the answer ends. The first three send nothing of an answer. */
enum kv_fault_cut {
    KV_FAULT_CUT_NONE,
    KV_FAULT_CUT_RESET,
    KV_FAULT_CUT_EMPTY,
    KV_FAULT_CUT_GARBAGE,
    KV_FAULT_CUT_BAD_CHUNK,
    KV_FAULT_CUT_TRUNCATED,
    KV_FAULT_CUT_WRONG_LENGTH,
    KV_FAULT_CUT_COUNT
};

/* What is wrong with the certificate that a client gets in the handshake; all else of it is right. */
enum kv_fault_certificate {
    KV_FAULT_CERTIFICATE_GOOD,
    KV_FAULT_CERTIFICATE_EXPIRED,
    KV_FAULT_CERTIFICATE_NOT_YET_VALID,
    KV_FAULT_CERTIFICATE_WRONG_NAME,
    KV_FAULT_CERTIFICATE_FOREIGN_CA,
    KV_FAULT_CERTIFICATE_COUNT
};

/* What is wrong with the result of an operation that succeeds. */
enum kv_fault_twist {
    KV_FAULT_TWIST_NONE,
    KV_FAULT_TWIST_PLAINTEXT, /* other bytes than were encrypted or wrapped */
    KV_FAULT_TWIST_ZERO_R,    /* a good ECDSA signature whose r begins with a zero byte; or its s */
    KV_FAULT_TWIST_ZERO_S,
    KV_FAULT_TWIST_OLD_TOKEN,     /* it has run out, whatever the answer says */
    KV_FAULT_TWIST_FOREIGN_TOKEN, /* of another tenant */
    KV_FAULT_TWIST_OTHER_AUDIENCE /* for another service */
};

/* What the arguments of a refusal are made of: facts of the request. */
enum kv_fault_word {
    KV_FAULT_WORD_NONE,
    KV_FAULT_WORD_OPERATION,
    KV_FAULT_WORD_KEY,
    KV_FAULT_WORD_VERSION,
    KV_FAULT_WORD_HOST,
    KV_FAULT_WORD_COUNT
};

/* Which right the caller is said to lack, where a refusal is that of the access check. */
enum kv_fault_denial {
    KV_FAULT_DENIAL_NONE,
    KV_FAULT_DENIAL_RBAC,      /* no role */
    KV_FAULT_DENIAL_POLICY,    /* an access policy without the permission */
    KV_FAULT_DENIAL_NO_POLICY, /* no access policy */
    KV_FAULT_DENIAL_COUNT
};

/* A refusal of the service's own, by name. */
struct kv_fault_refusal {
    const char *name;       /* "KEY_DISABLED" */
    enum kv_text text;      /* worded so; KV_TEXT_NONE: by `code` and `message` */
    enum kv_text versioned; /* where the request names a version; KV_TEXT_NONE: alike */
    enum kv_code code;
    const char *message;
    enum kv_fault_word words[KV_TEXT_ARGS_MAX]; /* of `versioned`, which `text` has the first of */
    enum kv_fault_denial denial;                /* worded by the access check */
    unsigned login; /* the authority's, of that number (login.def); 0: it is not */
};

enum kv_fault_retry {
    KV_FAULT_RETRY_NONE,
    KV_FAULT_RETRY_SECONDS, /* Retry-After: 5 */
    KV_FAULT_RETRY_MILLIS,  /* retry-after-ms: 500, and x-ms-retry-after-ms */
    KV_FAULT_RETRY_DATE     /* Retry-After: that many seconds from now, as a date */
};

struct kv_fault_header {
    char *name, *value;
};

/* An answer in place of the real one. */
struct kv_fault_answer {
    const struct kv_fault_refusal *refusal; /* NULL: by the members that follow */
    int status;                             /* 0: there is no answer */
    char *code, *inner, *message;           /* NULL: not given */
    char *body, *content_type;              /* the body as it is, in place of the three above */
    enum kv_fault_retry retry;
    int64_t retry_value;
    struct kv_fault_header header[KV_FAULT_HEADERS_MAX];
    size_t headers;
};

struct kv_fault_effect {
    bool carried_out; /* the operation runs first, and all below happens to its answer */
    bool hang;
    struct kv_fault_answer answer;
    bool has_answer;
    bool refuse; /* no connection gets as far as the server */
    enum kv_fault_certificate certificate;
    enum kv_fault_cut cut;
    uint64_t length;     /* of KV_FAULT_CUT_TRUNCATED, _WRONG_LENGTH */
    bool malformed_json; /* the body lacks its end */
    unsigned pieces;     /* the body dribbles in so many, one each `pause`; 0: it does not */
    kv_millis pause;
    enum kv_fault_twist twist;
};
