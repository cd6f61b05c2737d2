/* SPDX-License-Identifier: Apache-2.0 */
/* answer.h - the members of an effect that say what is answered in place of the real answer. */
#pragma once

#include "kv/faults/effect.h"
#include "read.h"

/* As they were given. */
struct fault_said {
    const struct kv_fault_refusal *refusal;
    uint64_t status;
    char *code, *inner, *message, *body, *content_type;
    uint64_t retry_after, retry_after_ms, retry_after_date;
    bool has_retry[3]; /* of these */
    struct kv_fault_header header[KV_FAULT_HEADERS_MAX];
    size_t headers;
};
void fault_said_done(struct fault_said *said);

fault_read_fn fault_read_refusal;                                           /* struct fault_said */
fault_read_fn fault_read_after, fault_read_after_ms, fault_read_after_date; /* the same */
fault_read_fn fault_read_answer_headers;                                    /* the same */

/* Makes an answer of it, which takes it over; false in *ret_has when it says nothing of one. */
enum kv_code fault_answer_make(struct fault_said *said, struct kv_fault_answer *ret_answer,
                               bool *ret_has, struct kv_err *err) kv_must_check;
void fault_answer_done(struct kv_fault_answer *answer);

/* refusal.c: the refusal of that name, NULL for none; and their names, for messages. */
const struct kv_fault_refusal *fault_refusal_find(const char *name);
void fault_refusal_list(char *ret_names, size_t size);
