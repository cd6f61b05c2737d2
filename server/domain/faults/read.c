/* SPDX-License-Identifier: Apache-2.0 */
#include "read.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/duration.h"
#include "kv/base/json.h"
#include "kv/faults/effect.h"

#define NAMES_SIZE 320
#define SPAN_MAX (INT64_C(36500) * KV_DAY * 1000) /* ms: a hundred years */

static void list_names(const struct fault_member *members, size_t count, char ret_names[NAMES_SIZE])
{
    size_t used = 0;

    ret_names[0] = '\0';
    for (size_t i = 0; i < count && used < NAMES_SIZE; i++) {
        used += (size_t) snprintf(ret_names + used, NAMES_SIZE - used, "%s%s", i > 0 ? ", " : "",
                                  members[i].name);
    }
}

static const struct fault_member *find_member(const char *name, const struct fault_member *members,
                                              size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(members[i].name, name) == 0) {
            return &members[i];
        }
    }
    return NULL;
}

/* Of two values one would be ignored, and nobody can tell which was meant. */
static bool is_given_twice(const cJSON *member)
{
    for (const cJSON *other = member->next; other != NULL; other = other->next) {
        if (strcmp(member->string, other->string) == 0) {
            return true;
        }
    }
    return false;
}

static enum kv_code read_member(const cJSON *value, const char *name,
                                const struct fault_member *members, size_t count, void *target,
                                struct kv_err *err)
{
    const struct fault_member *member = find_member(value->string, members, count);
    char names[NAMES_SIZE], path[128];

    if (member == NULL) {
        list_names(members, count, names);
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.63s' is not a member of %s: it can have %s.",
                       value->string, name, names);
    }
    if (is_given_twice(value)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.63s' is given twice in %s.", value->string,
                       name);
    }
    (void) snprintf(path, sizeof(path), "%s.%s", name, member->name);
    return member->read(value, path, (char *) target + member->offset, err);
}

enum kv_code fault_read_object(const cJSON *object, const char *name,
                               const struct fault_member *members, size_t count, void *target,
                               struct kv_err *err)
{
    const cJSON *value;

    if (!cJSON_IsObject(object)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be an object.", name);
    }
    cJSON_ArrayForEach (value, object) {
        KV_TRY(read_member(value, name, members, count, target, err));
    }
    return KV_OK;
}

enum kv_code fault_read_bool(const cJSON *value, const char *name, void *target, struct kv_err *err)
{
    if (!cJSON_IsBool(value)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be true or false.", name);
    }
    *(bool *) target = cJSON_IsTrue(value);
    return KV_OK;
}

enum kv_code fault_read_body(const cJSON *value, const char *name, void *target, struct kv_err *err)
{
    char **text = target;

    if (!cJSON_IsString(value) || strlen(value->valuestring) > FAULT_TEXT_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be a text of at most %d bytes.", name,
                       FAULT_TEXT_MAX);
    }
    *text = strdup(value->valuestring);
    return *text != NULL ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code fault_read_text(const cJSON *value, const char *name, void *target, struct kv_err *err)
{
    KV_TRY(fault_read_body(value, name, target, err));
    for (const char *at = value->valuestring; *at != '\0'; at++) {
        if (iscntrl((unsigned char) *at)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' has a control character in it.", name);
        }
    }
    return KV_OK;
}

enum kv_code fault_read_number(const cJSON *value, const char *name, void *target,
                               struct kv_err *err)
{
    int64_t number;

    if (!kv_json_is_int(value, &number) || number < 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be a whole number from 0.", name);
    }
    *(uint64_t *) target = (uint64_t) number;
    return KV_OK;
}

enum kv_code fault_read_count(const cJSON *value, const char *name, void *target,
                              struct kv_err *err)
{
    int64_t number;

    if (!kv_json_is_int(value, &number) || number < 1) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' must be a whole number from 1: with less the rule would never act.",
                       name);
    }
    *(uint64_t *) target = (uint64_t) number;
    return KV_OK;
}

enum kv_code fault_read_share(const cJSON *value, const char *name, void *target,
                              struct kv_err *err)
{
    if (!cJSON_IsNumber(value) || !(value->valuedouble > 0 && value->valuedouble <= 1)) {
        return KV_FAIL(
            err, KV_BAD_PARAMETER, 0,
            "'%s' must be a number above 0 and up to 1: with 0 the rule would never act.", name);
    }
    *(double *) target = value->valuedouble;
    return KV_OK;
}

enum kv_code fault_read_real(const cJSON *value, const char *name, void *target, struct kv_err *err)
{
    if (!cJSON_IsNumber(value)
        || !(value->valuedouble >= 0 && value->valuedouble <= (double) KV_FAULT_DELAY_MAX)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be a number from 0 to %lld.", name,
                       (long long) KV_FAULT_DELAY_MAX);
    }
    *(double *) target = value->valuedouble;
    return KV_OK;
}

enum kv_code fault_read_millis(const cJSON *value, const char *name, void *target,
                               struct kv_err *err)
{
    int64_t number;

    if (!kv_json_is_int(value, &number) || number < 1 || number > KV_FAULT_DELAY_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' must be milliseconds, from 1 to %lld.", name,
                       (long long) KV_FAULT_DELAY_MAX);
    }
    *(kv_millis *) target = number;
    return KV_OK;
}

/* An ISO 8601 duration, whose months have thirty days. */
static bool parse_span(const cJSON *value, kv_millis *ret_span)
{
    struct kv_duration duration;
    int64_t seconds = 0;

    if (cJSON_IsString(value)) {
        seconds =
            kv_duration_parse(value->valuestring, &duration) ? kv_duration_nominal(&duration) : 0;
    } else if (!kv_json_is_int(value, &seconds)) {
        return false;
    }
    *ret_span = seconds > 0 && seconds <= SPAN_MAX / 1000 ? seconds * 1000 : 0;
    return *ret_span > 0;
}

enum kv_code fault_read_span(const cJSON *value, const char *name, void *target, struct kv_err *err)
{
    if (!parse_span(value, target)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' must be seconds, from 1, or a duration such as \"PT10S\".", name);
    }
    return KV_OK;
}

enum kv_code fault_read_date(const cJSON *value, const char *name, void *target, struct kv_err *err)
{
    kv_millis *date = target;
    int64_t seconds;

    if (cJSON_IsString(value) && kv_time_parse_iso(value->valuestring, date)) {
        return KV_OK;
    }
    if (!kv_json_is_int(value, &seconds) || seconds < 0 || seconds > KV_TIME_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' must be seconds since 1970, or a date such as "
                       "\"2030-01-01T12:00:00Z\".",
                       name);
    }
    *date = seconds * 1000;
    return KV_OK;
}
