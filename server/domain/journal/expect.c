/* SPDX-License-Identifier: Apache-2.0 */
/* Holding the journal against what a test expects, and telling the difference. */
#include <inttypes.h>
#include <string.h>

#include "kv/journal/journal.h"

#define SHOWN_MAX 20 /* entries of each sort */

static const char *or_dash(const char *text)
{
    return text[0] != '\0' ? text : "-";
}

/* "dev/k"; of a service its host. */
static enum kv_code print_target(const struct kv_journal_entry *entry, struct kv_buf *text,
                                 struct kv_err *err)
{
    const char *const *field = entry->note.text;

    return entry->note.kind == KV_JOURNAL_SERVICE
               ? kv_buf_printf(text, err, "%s", or_dash(field[KV_JOURNAL_HOST]))
               : kv_buf_printf(text, err, "%s/%s", or_dash(field[KV_JOURNAL_VAULT]),
                               or_dash(field[KV_JOURNAL_KEY]));
}

/* "#12 2026-11-29T19:20:56.123Z unwrapKey dev/k 403 Forbidden/ForbiddenByRbac" */
static enum kv_code print_entry(const struct kv_journal_entry *entry, const char *sign,
                                struct kv_buf *text, struct kv_err *err)
{
    const char *const *field = entry->note.text;
    const char *inner = field[KV_JOURNAL_INNER_CODE];
    char when[KV_ISO_DATE_SIZE];

    kv_time_render_iso(entry->note.real, when);
    KV_TRY(kv_buf_printf(text, err, "  %s #%" PRIu64 " %s %s ", sign, entry->number, when,
                         or_dash(field[KV_JOURNAL_OPERATION])));
    KV_TRY(print_target(entry, text, err));
    KV_TRY(kv_buf_printf(text, err, " %d", entry->note.status));
    if (field[KV_JOURNAL_CODE][0] != '\0') {
        KV_TRY(kv_buf_printf(text, err, " %s%s%s", field[KV_JOURNAL_CODE],
                             inner[0] != '\0' ? "/" : "", inner));
    }
    return KV_OK;
}

static enum kv_code print_wish(const struct kv_journal_wish *wish, struct kv_buf *text,
                               struct kv_err *err)
{
    if (wish->min == wish->max) {
        return kv_buf_printf(text, err, "expected %zu", wish->min);
    }
    if (wish->max == SIZE_MAX) {
        return kv_buf_printf(text, err, "expected at least %zu", wish->min);
    }
    return wish->min == 0 ? kv_buf_printf(text, err, "expected at most %zu", wish->max)
                          : kv_buf_printf(text, err, "expected %zu to %zu", wish->min, wish->max);
}

static enum kv_code print_heading(const struct kv_journal_filter *filter,
                                  const struct kv_journal_wish *wish, size_t count,
                                  struct kv_buf *text, struct kv_err *err)
{
    KV_TRY(print_wish(wish, text, err));
    KV_TRY(kv_buf_printf(text, err, " with "));
    KV_TRY(kv_journal_filter_print(filter, text, err));
    return kv_buf_printf(text, err, count == 1 ? ", there is %zu\n" : ", there are %zu\n", count);
}

static enum kv_code print_matches(struct kv_journal *journal,
                                  const struct kv_journal_filter *filter, size_t count,
                                  struct kv_buf *text, struct kv_err *err)
{
    kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };
    uint64_t next;

    KV_TRY(kv_journal_read(journal, filter, SHOWN_MAX, &entries, &next, err));
    for (size_t i = 0; i < entries.count; i++) {
        KV_TRY(print_entry(&entries.entry[i], "+", text, err));
        KV_TRY(kv_buf_printf(text, err, "\n"));
    }
    return count > SHOWN_MAX ? kv_buf_printf(text, err, "  and %zu more\n", count - SHOWN_MAX)
                             : KV_OK;
}

/* "status is 200, not 403" */
static enum kv_code print_miss(const struct kv_journal_filter *filter,
                               const struct kv_journal_entry *entry, enum kv_journal_member member,
                               struct kv_buf *text, struct kv_err *err)
{
    char shown[KV_JOURNAL_SHOWN_SIZE];
    const char *is = kv_journal_show(entry, member, shown);

    KV_TRY(print_entry(entry, "-", text, err));
    return kv_buf_printf(text, err, ": %s is %s, not %s\n", kv_journal_member_name(member),
                         is[0] != '\0' ? is : "none", filter->patterns[member]);
}

/* Those that would match but for one member, which is given in turn as anything. */
static enum kv_code print_close(struct kv_journal *journal, const struct kv_journal_filter *filter,
                                enum kv_journal_member member, size_t *room, struct kv_buf *text,
                                struct kv_err *err)
{
    kv_auto(kv_journal_entries_done) struct kv_journal_entries entries = { .count = 0 };
    struct kv_journal_filter wider = *filter;
    enum kv_journal_member first;
    uint64_t next;

    wider.patterns[member][0] = '\0';
    KV_TRY(kv_journal_read(journal, &wider, 1000, &entries, &next, err));
    for (size_t i = 0; *room > 0 && i < entries.count; i++) {
        if (kv_journal_filter_misses(filter, &entries.entry[i], &first) > 0) {
            KV_TRY(print_miss(filter, &entries.entry[i], member, text, err));
            (*room)--;
        }
    }
    return KV_OK;
}

static enum kv_code print_all_close(struct kv_journal *journal,
                                    const struct kv_journal_filter *filter, struct kv_buf *text,
                                    struct kv_err *err)
{
    size_t room = SHOWN_MAX;

    for (unsigned i = 0; i < KV_JOURNAL_MEMBERS; i++) {
        if (filter->patterns[i][0] != '\0') {
            KV_TRY(print_close(journal, filter, i, &room, text, err));
        }
    }
    return KV_OK;
}

enum kv_code kv_journal_expect(struct kv_journal *journal, const struct kv_journal_filter *filter,
                               const struct kv_journal_wish *wish, bool *ret_is_so,
                               size_t *ret_count, struct kv_buf *text, struct kv_err *err)
{
    uint64_t next;
    size_t count = kv_journal_count(journal, filter, &next);
    bool is_so = count >= wish->min && count <= wish->max;

    if (!is_so) {
        KV_TRY(print_heading(filter, wish, count, text, err));
        KV_TRY(print_matches(journal, filter, count, text, err));
        if (count < wish->min) {
            KV_TRY(print_all_close(journal, filter, text, err));
        }
    }
    *ret_is_so = is_so;
    *ret_count = count;
    return KV_OK;
}
