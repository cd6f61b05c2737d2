/* SPDX-License-Identifier: Apache-2.0 */
#include "screen.h"

#include <ctype.h>
#include <string.h>

#define EDGE_MAX 8 /* characters */

static uint64_t place(unsigned char byte, size_t at)
{
    return (uint64_t) byte << 8 * at;
}

static void take_edges(const char *text, struct fault_edges *ret_edges)
{
    size_t len = text != NULL ? strlen(text) : 0;
    size_t count = len < EDGE_MAX ? len : EDGE_MAX;

    *ret_edges = (struct fault_edges){ 0 };
    for (size_t i = 0; i < count; i++) {
        ret_edges->head |= place((unsigned char) tolower((unsigned char) text[i]), i);
        ret_edges->tail |= place((unsigned char) tolower((unsigned char) text[len - 1 - i]), i);
    }
}

void fault_glance_take(const struct kv_fault_subject *subject, struct fault_glance *ret_glance)
{
    *ret_glance = (struct fault_glance){
        .operation = UINT64_C(1) << subject->operation,
        .stage = subject->stage,
    };
    take_edges(subject->key, &ret_glance->edges[TRAIT_KEY]);
    take_edges(subject->vault, &ret_glance->edges[TRAIT_VAULT]);
    take_edges(subject->session, &ret_glance->edges[TRAIT_SESSION]);
}

/* Up to the first *, from the start or from the end; a ? is any character. */
static void mask_edge(const char *text, size_t len, bool from_end, uint64_t *edge, uint64_t *mask)
{
    for (size_t i = 0; i < EDGE_MAX && i < len; i++) {
        char character = from_end ? text[len - 1 - i] : text[i];

        if (character == '*') {
            return;
        }
        *mask |= character == '?' ? 0 : place(UINT8_MAX, i);
        *edge |= character == '?' ? 0 : place((unsigned char) character, i);
    }
}

/* What names one thing by one pattern is looked at by it; a key differs more than a vault. */
static const struct fault_pattern *choose_pattern(const struct fault_match *match,
                                                  enum fault_trait *ret_trait)
{
    static const enum fault_trait traits[] = { TRAIT_KEY, TRAIT_SESSION, TRAIT_VAULT };

    for (size_t i = 0; i < KV_COUNT(traits); i++) {
        if (match->trait[traits[i]].count == 1) {
            *ret_trait = traits[i];
            return match->trait[traits[i]].pattern;
        }
    }
    return NULL;
}

void fault_screen_make(const struct fault_rule *rule, size_t position,
                       struct fault_screen *ret_screen)
{
    struct fault_screen screen = {
        .position = position,
        .operations = rule->match.operations,
        .stage = rule->stage,
    };
    const struct fault_pattern *pattern = choose_pattern(&rule->match, &screen.trait);

    if (pattern != NULL) {
        size_t len = strlen(pattern->text);

        mask_edge(pattern->text, len, false, &screen.edges.head, &screen.masks.head);
        mask_edge(pattern->text, len, true, &screen.edges.tail, &screen.masks.tail);
    }
    *ret_screen = screen;
}
