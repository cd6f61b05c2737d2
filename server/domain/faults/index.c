/* SPDX-License-Identifier: Apache-2.0 */
#include "index.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define HASH_NONFATAL_OOM 1
#include <uthash.h>

#include "kv/base/clock.h"

/* One for each text by which a request is looked up, and the general one. */
#define LISTS_MAX (TRAIT_COUNT - 1 + KV_FAULT_NAMES_MAX + 1)

struct fault_place {
    const char *text; /* a pattern's, of a rule of this index */
    struct fault_list rules;
    UT_hash_handle hh;
};

static bool append(struct fault_list *list, const struct fault_rule *rule, size_t position)
{
    if (list->count > 0 && list->screen[list->count - 1].position == position) {
        return true; /* a rule that names a text twice */
    }
    if (list->count == list->room) {
        size_t room = list->room > 0 ? 2 * list->room : 4;
        struct fault_screen *grown = realloc(list->screen, room * sizeof(*grown));

        if (grown == NULL) {
            return false;
        }
        list->screen = grown;
        list->room = room;
    }
    fault_screen_make(rule, position, &list->screen[list->count++]);
    return true;
}

static struct fault_place *find_place(struct fault_place *places, const char *text)
{
    struct fault_place *place = NULL;

    HASH_FIND_STR(places, text, place);
    return place;
}

static struct fault_place *need_place(struct fault_place **places, const char *text)
{
    struct fault_place *place = find_place(*places, text);

    if (place != NULL) {
        return place;
    }
    place = calloc(1, sizeof(*place));
    if (place == NULL) {
        return NULL;
    }
    place->text = text;
    HASH_ADD_KEYPTR(hh, *places, place->text, strlen(place->text), place);
    if (find_place(*places, text) == NULL) {
        free(place);
        return NULL;
    }
    return place;
}

static bool add_literals(struct fault_place **places, const struct fault_rule *rule,
                         enum fault_trait trait, size_t position)
{
    const struct fault_patterns *patterns = &rule->match.trait[trait];

    for (size_t i = 0; i < patterns->count; i++) {
        struct fault_place *place = need_place(places, patterns->pattern[i].text);

        if (place == NULL || !append(&place->rules, rule, position)) {
            return false;
        }
    }
    return true;
}

/* Under the first thing that it names literally. */
static bool add_rule(struct fault_index *index, size_t position)
{
    const struct fault_rule *rule = index->rule[position];

    index->expire = index->expire || rule->expires != INT64_MAX;
    for (size_t i = 0; i < TRAIT_COUNT; i++) {
        if (rule->match.trait[i].count > 0 && rule->match.trait[i].is_literal) {
            return add_literals(&index->places[i], rule, (enum fault_trait) i, position);
        }
    }
    return append(&index->general, rule, position);
}

/* Who is refused a connection never gets here. */
static bool acts_on_somebody(const struct fault_rule *rule)
{
    return !rule->disabled && !rule->effect.done.refuse;
}

enum kv_code fault_index_new(struct fault_rule *const *rules, size_t count,
                             struct fault_index **ret_index, struct kv_err *err)
{
    kv_auto(fault_index_release) struct fault_index *index = calloc(1, sizeof(*index));

    if (index == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    (void) fault_index_acquire(index);
    index->rule = calloc(count > 0 ? count : 1, sizeof(struct fault_rule *));
    if (index->rule == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (; index->count < count; index->count++) {
        index->rule[index->count] = fault_rule_acquire(rules[index->count]);
        if (acts_on_somebody(rules[index->count]) && !add_rule(index, index->count)) {
            index->count++;
            return KV_OUT_OF_MEMORY(err);
        }
    }
    *ret_index = kv_take(index);
    return KV_OK;
}

struct fault_index *fault_index_acquire(struct fault_index *index)
{
    atomic_fetch_add_explicit(&index->references, 1, memory_order_relaxed);
    return index;
}

static void free_places(struct fault_place **places)
{
    struct fault_place *place, *next;

    HASH_ITER (hh, *places, place, next) {
        HASH_DEL(*places, place);
        free(place->rules.screen);
        free(place);
    }
}

void fault_index_release(struct fault_index *index)
{
    if (index == NULL
        || atomic_fetch_sub_explicit(&index->references, 1, memory_order_acq_rel) > 1) {
        return;
    }
    for (size_t i = 0; i < TRAIT_COUNT; i++) {
        free_places(&index->places[i]); /* before the rules, whose texts they borrow */
    }
    for (size_t i = 0; i < index->count; i++) {
        fault_rule_release(index->rule[i]);
    }
    free(index->general.screen);
    free(index->rule);
    free(index);
}

/* Lists that are gone through together, in the order of the rules. */
struct walk {
    struct fault_glance glance;
    const struct fault_list *list[LISTS_MAX];
    size_t at[LISTS_MAX]; /* the next one that the first look lets through */
    size_t lists;
};

static void skip(struct walk *walk, size_t list)
{
    const struct fault_list *rules = walk->list[list];
    size_t at = walk->at[list];

    while (at < rules->count && !fault_screen_lets(&rules->screen[at], &walk->glance)) {
        at++;
    }
    walk->at[list] = at;
}

static void add_list(struct walk *walk, const struct fault_list *list)
{
    if (list->count > 0) {
        walk->at[walk->lists] = 0;
        walk->list[walk->lists] = list;
        skip(walk, walk->lists++);
    }
}

static void add_place(struct walk *walk, struct fault_place *places, const char *text)
{
    char lower[PATTERN_MAX + 1];
    size_t len = 0;

    if (places == NULL || text == NULL) {
        return;
    }
    for (; len < PATTERN_MAX && text[len] != '\0'; len++) {
        lower[len] = (char) tolower((unsigned char) text[len]);
    }
    lower[len] = '\0';
    const struct fault_place *place = text[len] == '\0' ? find_place(places, lower) : NULL;
    if (place != NULL) {
        add_list(walk, &place->rules);
    }
}

static void begin(struct walk *walk, const struct fault_index *index,
                  const struct kv_fault_subject *subject)
{
    walk->lists = 0;
    fault_glance_take(subject, &walk->glance);
    add_list(walk, &index->general);
    add_place(walk, index->places[TRAIT_KEY], subject->key);
    add_place(walk, index->places[TRAIT_VAULT], subject->vault);
    add_place(walk, index->places[TRAIT_SESSION], subject->session);
    for (size_t i = 0; i < KV_FAULT_NAMES_MAX; i++) {
        add_place(walk, index->places[TRAIT_PRINCIPAL], subject->principal[i]);
    }
}

static size_t first_of(const struct walk *walk, size_t list)
{
    const struct fault_list *rules = walk->list[list];

    return walk->at[list] < rules->count ? rules->screen[walk->at[list]].position : SIZE_MAX;
}

/* The next rule's position, once, also where several lists have it; SIZE_MAX: none. */
static size_t next(struct walk *walk)
{
    size_t least = SIZE_MAX;

    for (size_t i = 0; i < walk->lists; i++) {
        least = first_of(walk, i) < least ? first_of(walk, i) : least;
    }
    for (size_t i = 0; least != SIZE_MAX && i < walk->lists; i++) {
        if (first_of(walk, i) == least) {
            walk->at[i]++;
            skip(walk, i);
        }
    }
    return least;
}

struct fault_rule *fault_index_find(const struct fault_index *index,
                                    const struct kv_fault_subject *subject, uint64_t *ret_ticket)
{
    kv_millis moment = index->expire ? kv_clock_monotonic() : 0;
    struct walk walk;
    size_t position;

    begin(&walk, index, subject);
    while ((position = next(&walk)) != SIZE_MAX) {
        struct fault_rule *rule = index->rule[position];

        if (moment < rule->expires && fault_match_fits(&rule->match, subject)
            && fault_when_takes(&rule->when, rule->counts, rule->made, subject->now, ret_ticket)) {
            return rule;
        }
    }
    return NULL;
}
