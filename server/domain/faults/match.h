/* SPDX-License-Identifier: Apache-2.0 */
/* match.h - which requests a rule is for: all that its members say has to fit. */
#pragma once

#include "kv/faults/faults.h"
#include "pattern.h"

#define MATCH_HEADERS_MAX 8

/* What a request is looked up by, where rules name it literally. */
enum fault_trait { TRAIT_KEY, TRAIT_VAULT, TRAIT_SESSION, TRAIT_PRINCIPAL, TRAIT_COUNT };

struct match_header {
    char *name;
    struct fault_patterns value;
};

struct match_headers {
    struct match_header header[MATCH_HEADERS_MAX];
    size_t count;
};

struct fault_match {
    kv_operations operations; /* that it is for; without such a member all of a vault */
    bool has_operations;
    struct fault_patterns trait[TRAIT_COUNT]; /* vault, key, session, principal */
    struct fault_patterns version, api_version, client;
    struct match_headers headers;
};
void fault_match_done(struct fault_match *match);

fault_read_fn fault_read_match; /* struct fault_match */

/* Without `match`: any request to any vault. */
void fault_match_init(struct fault_match *match);

/* Refuses what no request can fit, with the reason; and narrows the operations to those that have
 * what the other members ask for. */
enum kv_code fault_match_check(struct fault_match *match, enum kv_fault_stage stage,
                               struct kv_err *err) kv_must_check;

/* An effect that no vault has says by itself which operations the rule is for, unless the rule does, or
 * names what only a vault has. */
void fault_match_turn_to(struct fault_match *match, kv_operations operations);

bool fault_match_fits(const struct fault_match *match, const struct kv_fault_subject *subject);

/* True if the rule is for vaults of that name alone. */
bool fault_match_is_of_vault(const struct fault_match *match, const char *vault);

/* True if it asks for nothing but the client's address, or not even that; true if for nothing but that
 * and the vault. */
bool fault_match_is_of_clients(const struct fault_match *match);
bool fault_match_is_of_all(const struct fault_match *match);
bool fault_match_is_of_vaults(const struct fault_match *match);
