/* SPDX-License-Identifier: Apache-2.0 */
/* fixture.h - a table of fault rules, and requests to ask it about. One thread, unless a test makes
 * more. */
#pragma once

#include <criterion/criterion.h>

#include "kv/faults/faults.h"

#define NOW ((kv_millis) 1700000000000)

extern struct kv_faults *faults; /* made by fixture_setup() */

void fixture_setup(void);
void fixture_teardown(void);

/* Adds a rule, made at NOW. */
void fixture_add(const char *json);

/* That it is refused, with this in the text. */
void fixture_refuse(const char *json, enum kv_code code, const char *said);

/* unwrapKey of the key "cmk" of the vault "dev" at NOW. */
struct kv_fault_subject fixture_subject(void);

/* Whether a rule acts; the id is in fixture_hit, its delay beside it. */
struct fixture_hit {
    char id[KV_FAULT_ID_MAX + 1];
    kv_millis delay;
};
extern struct fixture_hit fixture_hit;
bool fixture_ask(const struct kv_fault_subject *subject);

/* A count of the rule: "seen", "hits". */
int fixture_count(const char *id, const char *name);
