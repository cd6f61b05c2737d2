/* SPDX-License-Identifier: Apache-2.0 */
#include "pattern.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

void fault_patterns_done(struct fault_patterns *patterns)
{
    for (size_t i = 0; i < patterns->count; i++) {
        free(patterns->pattern[i].text);
    }
    free(patterns->pattern);
    *patterns = (struct fault_patterns){ 0 };
}

static enum kv_code add(struct fault_patterns *patterns, const cJSON *value, const char *name,
                        struct kv_err *err)
{
    size_t len = cJSON_IsString(value) ? strlen(value->valuestring) : 0;

    if (len == 0 || len > PATTERN_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' must be a text of 1 to %d bytes, or a list of such.", name,
                       PATTERN_MAX);
    }
    char *text = strdup(value->valuestring);
    if (text == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (char *at = text; *at != '\0'; at++) {
        *at = (char) tolower((unsigned char) *at);
    }
    struct fault_pattern *pattern = &patterns->pattern[patterns->count++];
    *pattern = (struct fault_pattern){ text, strpbrk(text, "*?") == NULL };
    patterns->is_literal = patterns->is_literal && pattern->is_literal;
    return KV_OK;
}

enum kv_code fault_read_patterns(const cJSON *value, const char *name, void *target,
                                 struct kv_err *err)
{
    struct fault_patterns *patterns = target;
    int count = cJSON_IsArray(value) ? cJSON_GetArraySize(value) : 1;
    const cJSON *item;

    if (count == 0 || count > PATTERNS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' is a list of %d: it must have 1 to %d texts, or the rule would never "
                       "act.",
                       name, count, PATTERNS_MAX);
    }
    patterns->pattern = calloc((size_t) count, sizeof(*patterns->pattern));
    if (patterns->pattern == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    patterns->is_literal = true;
    if (!cJSON_IsArray(value)) {
        return add(patterns, value, name, err);
    }
    cJSON_ArrayForEach (item, value) {
        KV_TRY(add(patterns, item, name, err));
    }
    return KV_OK;
}

static bool is_same(char pattern, char text)
{
    return pattern == '?' || pattern == (char) tolower((unsigned char) text);
}

/* Goes back to the last * only: where that fails, an earlier one cannot do better. */
static bool glob_fits(const char *pattern, const char *text)
{
    const char *star = NULL, *resume = NULL;

    while (*text != '\0') {
        if (*pattern == '*') {
            star = pattern++;
            resume = text;
        } else if (*pattern != '\0' && is_same(*pattern, *text)) {
            pattern++;
            text++;
        } else if (star != NULL) {
            pattern = star + 1;
            text = ++resume;
        } else {
            return false;
        }
    }
    return pattern[strspn(pattern, "*")] == '\0';
}

bool fault_pattern_fits(const struct fault_pattern *pattern, const char *text)
{
    return pattern->is_literal ? strcasecmp(pattern->text, text) == 0
                               : glob_fits(pattern->text, text);
}

bool fault_patterns_fit(const struct fault_patterns *patterns, const char *text)
{
    if (patterns->count == 0) {
        return true;
    }
    for (size_t i = 0; text != NULL && i < patterns->count; i++) {
        if (fault_pattern_fits(&patterns->pattern[i], text)) {
            return true;
        }
    }
    return false;
}
