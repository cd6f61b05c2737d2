/* SPDX-License-Identifier: Apache-2.0 */
/* Reading filters: what would never match is refused, since it is misspelt. */
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/operation.h"
#include "kv/journal/journal.h"

/* "api-version" is api_version, too: that is what others call it. */
static bool is_name(const char *given, const char *name)
{
    while (*given != '\0' && (*given == *name || (*given == '-' && *name == '_'))) {
        given++;
        name++;
    }
    return *given == '\0' && *name == '\0';
}

static bool find_member(const char *name, enum kv_journal_member *ret_member)
{
    for (unsigned i = 0; i < KV_JOURNAL_MEMBERS; i++) {
        if (is_name(name, kv_journal_member_name(i))) {
            *ret_member = i;
            return true;
        }
    }
    return false;
}

static enum kv_code refuse_name(const char *name, struct kv_err *err)
{
    char names[512] = "since";
    size_t used = strlen(names);

    for (unsigned i = 0; i < KV_JOURNAL_MEMBERS; i++) {
        used += (size_t) snprintf(names + used, sizeof(names) - used, ", %s",
                                  kv_journal_member_name(i));
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.63s' is not a member of a filter: it can have %s.",
                   name, names);
}

static bool is_none(const char *pattern)
{
    return strcasecmp(pattern, "none") == 0;
}

static bool fits(const char *pattern, const char *text)
{
    return fnmatch(pattern, text, FNM_CASEFOLD | FNM_NOESCAPE) == 0;
}

static bool fits_an_operation(const char *pattern)
{
    bool found = is_none(pattern);

    for (unsigned i = KV_OPERATION_NONE + 1; !found && i < KV_OPERATION_COUNT; i++) {
        found = fits(pattern, kv_operation_row(i)->name);
    }
    return found;
}

static bool fits_a_kind(const char *pattern)
{
    bool found = false;

    for (unsigned i = 0; !found && i < KV_JOURNAL_KINDS; i++) {
        found = fits(pattern, kv_journal_kind_name(i));
    }
    return found;
}

static bool fits_a_status(const char *pattern)
{
    return strcmp(pattern, "0") == 0
           || (strlen(pattern) == 3 && strspn(pattern, "0123456789xX") == 3
               && strchr("12345xX", pattern[0]) != NULL);
}

static enum kv_code check(enum kv_journal_member member, const char *pattern, struct kv_err *err)
{
    static const struct {
        enum kv_journal_member member;
        bool (*fits)(const char *pattern);
        const char *must;
    } rows[] = {
        { KV_JOURNAL_BY_OPERATION, fits_an_operation, "an operation such as unwrapKey" },
        { KV_JOURNAL_BY_KIND, fits_a_kind, "request, challenge, token, control or service" },
        { KV_JOURNAL_BY_STATUS, fits_a_status, "a status such as 403 or 5xx, or 0 for no answer" },
    };

    if (pattern[0] == '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' has an empty pattern.",
                       kv_journal_member_name(member));
    }
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (rows[i].member == member && !rows[i].fits(pattern)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.63s' matches no %s: it must be %s.",
                           pattern, kv_journal_member_name(member), rows[i].must);
        }
    }
    return KV_OK;
}

static enum kv_code check_all(enum kv_journal_member member, const char *patterns,
                              struct kv_err *err)
{
    char pattern[KV_JOURNAL_PATTERNS_SIZE];

    for (;;) {
        size_t len = strcspn(patterns, ",");

        memcpy(pattern, patterns, len);
        pattern[len] = '\0';
        KV_TRY(check(member, pattern, err));
        if (patterns[len] == '\0') {
            return KV_OK;
        }
        patterns += len + 1;
    }
}

static enum kv_code set_since(struct kv_journal_filter *filter, const char *text,
                              struct kv_err *err)
{
    char *end;

    errno = 0;
    unsigned long long number = strtoull(text, &end, 10);
    if (strspn(text, "0123456789") == 0 || *end != '\0' || errno != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "since is the number of an entry.");
    }
    filter->since = number;
    return KV_OK;
}

enum kv_code kv_journal_filter_add(struct kv_journal_filter *filter, const char *name,
                                   const char *patterns, struct kv_err *err)
{
    enum kv_journal_member member = KV_JOURNAL_MEMBERS;

    if (strcmp(name, "since") == 0) {
        return set_since(filter, patterns, err);
    }
    if (!find_member(name, &member)) {
        return refuse_name(name, err);
    }
    char *target = filter->patterns[member];
    size_t used = strlen(target);
    if (used + 1 + strlen(patterns) >= KV_JOURNAL_PATTERNS_SIZE) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "The patterns of '%s' have more than %d bytes.",
                       name, KV_JOURNAL_PATTERNS_SIZE - 2);
    }
    KV_TRY(check_all(member, patterns, err));
    (void) snprintf(target + used, KV_JOURNAL_PATTERNS_SIZE - used, "%s%s", used > 0 ? "," : "",
                    patterns);
    return KV_OK;
}

enum kv_code kv_journal_filter_print(const struct kv_journal_filter *filter, struct kv_buf *buf,
                                     struct kv_err *err)
{
    const char *separator = "";

    for (unsigned i = 0; i < KV_JOURNAL_MEMBERS; i++) {
        if (filter->patterns[i][0] != '\0') {
            KV_TRY(kv_buf_printf(buf, err, "%s%s=%s", separator, kv_journal_member_name(i),
                                 filter->patterns[i]));
            separator = " ";
        }
    }
    return *separator == '\0' ? kv_buf_printf(buf, err, "anything") : KV_OK;
}
