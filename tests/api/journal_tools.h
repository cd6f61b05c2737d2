/* SPDX-License-Identifier: Apache-2.0 */
/*
 * journal_tools.h - the journal of a daemon, asked over its control port. Tests run side by side:
 * each looks for keys of its own.
 */
#pragma once

#include "fault_tools.h"

/* `behind` is "", "?vault=NAME", "/wait" and the like. */
struct reply journal_ask(const struct daemon *daemon, const char *method, const char *behind,
                         const char *body);

/* POST of a body that is taken; its answer. */
struct reply journal_post(const char *behind, const char *body);

/* Those with that query, which must be so many; the reply is the caller's. */
struct reply journal_find(const char *query, int count);
const cJSON *journal_entry(const struct reply *reply, int index);

/* A member that is a text; "" when there is none. */
const char *journal_text(const cJSON *object, const char *name);
