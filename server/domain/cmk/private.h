/* SPDX-License-Identifier: Apache-2.0 */
/* private.h - what the files of this folder know of each other. Pure, as kv/cmk/cmk.h is. */
#pragma once

#include "kv/cmk/cmk.h"

/* What a judge sees; what it finds, it says. */
struct cmk_case {
    const struct kv_cmk_facts *facts;
    const struct kv_cmk_url *url;
    const char *flaw; /* of the URL; NULL: it could be read */
};

typedef enum kv_cmk_verdict
cmk_judge_fn(const struct cmk_case *judged,
             char ret_found[sizeof((struct kv_cmk_finding){ 0 }.found)]);

struct cmk_rule {
    const char *id;
    unsigned profiles; /* a bit for each kv_cmk_profile */
    const char *error;
    cmk_judge_fn *judge;
    const char *where, *says;
    const char *coffer, *azure; /* commands, as rule.def has them */
};

const struct cmk_rule *cmk_rule_row(enum kv_cmk_rule rule);

/* Writes a text of the table with the facts in the place of {their names}; what does not fit is left
 * out. A fact goes into a command for a shell: whatever is no name is not written there. */
void cmk_text_expand(const char *text, const struct cmk_case *judged, char *ret_text, size_t size);
