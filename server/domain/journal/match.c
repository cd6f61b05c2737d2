/* SPDX-License-Identifier: Apache-2.0 */
/* Whether an entry passes a filter. */
#include <fnmatch.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/journal/journal.h"

static const enum kv_journal_text texts[KV_JOURNAL_MEMBERS] = {
#define NOTHING(symbol)
#define FILTER(symbol) [KV_JOURNAL_BY_##symbol] = KV_JOURNAL_##symbol,
#define X(symbol, name, max, by) by(symbol)
#include "kv/journal/text.def"
#undef X
#undef FILTER
#undef NOTHING
};

const char *kv_journal_member_name(enum kv_journal_member member)
{
    switch ((unsigned) member) {
    case KV_JOURNAL_BY_KIND:
        return "kind";
    case KV_JOURNAL_BY_STATUS:
        return "status";
    case KV_JOURNAL_BY_PRINCIPAL:
        return "principal";
    default:
        return member < KV_JOURNAL_MEMBERS ? kv_journal_text_name(texts[member]) : NULL;
    }
}

const char *kv_journal_show(const struct kv_journal_entry *entry, enum kv_journal_member member,
                            char ret_text[KV_JOURNAL_SHOWN_SIZE])
{
    const char *const *text = entry->note.text;

    if (member == KV_JOURNAL_BY_KIND) {
        return kv_journal_kind_name(entry->note.kind);
    }
    if (member == KV_JOURNAL_BY_STATUS) {
        (void) snprintf(ret_text, KV_JOURNAL_SHOWN_SIZE, "%d", entry->note.status);
        return ret_text;
    }
    if (member == KV_JOURNAL_BY_PRINCIPAL) {
        return text[KV_JOURNAL_NAME][0] != '\0' ? text[KV_JOURNAL_NAME]
                                                : text[KV_JOURNAL_OBJECT_ID];
    }
    return text[texts[member]];
}

static bool fits(const char *pattern, const char *text)
{
    return text[0] == '\0' ? strcasecmp(pattern, "none") == 0
                           : fnmatch(pattern, text, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

/* "4xx" and "404" */
static bool fits_status(const char *pattern, const char *status)
{
    size_t i = 0;

    while (pattern[i] != '\0' && (pattern[i] == status[i] || (pattern[i] | 0x20) == 'x')) {
        i++;
    }
    return pattern[i] == '\0' && status[i] == '\0';
}

static bool fits_member(const struct kv_journal_entry *entry, enum kv_journal_member member,
                        const char *pattern)
{
    const char *const *text = entry->note.text;
    char shown[KV_JOURNAL_SHOWN_SIZE];

    if (member == KV_JOURNAL_BY_STATUS) {
        return fits_status(pattern, kv_journal_show(entry, member, shown));
    }
    if (member == KV_JOURNAL_BY_PRINCIPAL) {
        return fits(pattern, text[KV_JOURNAL_OBJECT_ID]) || fits(pattern, text[KV_JOURNAL_APP_ID])
               || (text[KV_JOURNAL_NAME][0] != '\0' && fits(pattern, text[KV_JOURNAL_NAME]));
    }
    return fits(pattern, kv_journal_show(entry, member, shown));
}

static bool matches(const struct kv_journal_entry *entry, enum kv_journal_member member,
                    const char *patterns)
{
    char pattern[KV_JOURNAL_PATTERNS_SIZE];

    while (*patterns != '\0') {
        size_t len = strcspn(patterns, ",");

        memcpy(pattern, patterns, len);
        pattern[len] = '\0';
        if (fits_member(entry, member, pattern)) {
            return true;
        }
        patterns += len + (patterns[len] == ',');
    }
    return false;
}

unsigned kv_journal_filter_misses(const struct kv_journal_filter *filter,
                                  const struct kv_journal_entry *entry,
                                  enum kv_journal_member *ret_first)
{
    unsigned misses = 0;

    for (unsigned i = 0; i < KV_JOURNAL_MEMBERS; i++) {
        const char *patterns = filter->patterns[i];

        if (patterns[0] != '\0' && !matches(entry, i, patterns)) {
            *ret_first = misses == 0 ? i : *ret_first;
            misses++;
        }
    }
    return misses;
}
