/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fault_tools.h - fault rules of the program's daemon. Tests run side by side: each adds rules with
 * ids of its own for keys, vaults or sessions of its own.
 */
#pragma once

#include "../support/api.h"

/* Asks the control port; `behind` is "", "/ID" or "?vault=NAME". */
struct reply fault_ask(const char *method, const char *behind, const char *body);

/* Adds a rule; the test fails when it is refused. `rest` follows the id: "\"effect\":{}". */
void fault_add(const char *id, const char *rest);
/* One for the key alone, with this effect: "{\"status\":429}". */
void fault_add_for_key(const char *id, const char *key, const char *effect);
void fault_remove(const char *id);

/* "seen", "hits". */
int fault_count(const char *id, const char *name);
