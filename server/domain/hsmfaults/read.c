/* SPDX-License-Identifier: Apache-2.0 */
/* A fault as it was sent: what makes no sense, or could never act, is refused with the reason. */
#include <stdio.h>
#include <string.h>

#include "core.h"
#include "kv/base/duration.h"

#define NUMBER_MAX 1000000000 /* of calls, of seconds */
#define SESSIONS_MAX 1024     /* that the pool can have */

static bool is_word(const char *text)
{
    static const char characters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                     "0123456789._-";

    return text[0] != '\0' && text[strspn(text, characters)] == '\0';
}

static enum kv_code read_id(const char *id, struct fault *fault, struct kv_err *err)
{
    if (id == NULL) {
        return KV_OK;
    }
    if (strlen(id) > FAULT_ID_MAX || !is_word(id)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'id' is 1 to %d letters, digits, dots, hyphens and underscores.",
                       FAULT_ID_MAX);
    }
    (void) snprintf(fault->id, sizeof(fault->id), "%s", id);
    return KV_OK;
}

static enum kv_code read_kind(const char *name, struct fault *fault, struct kv_err *err)
{
    char names[KINDS_SIZE];

    if (name != NULL && kind_find(name, &fault->kind)) {
        return KV_OK;
    }
    kinds_list(names);
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'kind' is one of %s.", names);
}

/* --- which members there are --- */

static unsigned members_given(const struct kv_hsm_fault_args *args)
{
    unsigned given = 0;

    given |= args->functions != NULL ? MEMBER_FUNCTIONS : 0;
    given |= args->rv != NULL ? MEMBER_RV : 0;
    given |= args->delay.given ? MEMBER_DELAY : 0;
    given |= args->limit.given ? MEMBER_LIMIT : 0;
    given |= args->mechanisms != NULL ? MEMBER_MECHANISMS : 0;
    given |= args->object != NULL ? MEMBER_KEY : 0;
    given |= args->skip.given || args->times.given || args->every.given ? MEMBER_WHEN : 0;
    return given;
}

static enum kv_code check_members(const struct kv_hsm_fault_args *args, const struct kind_row *row,
                                  struct kv_err *err)
{
    static const struct {
        unsigned member;
        const char *name;
    } members[] = {
        { MEMBER_FUNCTIONS, "functions" },
        { MEMBER_RV, "rv" },
        { MEMBER_DELAY, "delay" },
        { MEMBER_LIMIT, "limit" },
        { MEMBER_MECHANISMS, "mechanisms" },
        { MEMBER_KEY, "vault and key" },
        { MEMBER_WHEN, "skip, times or every" },
    };
    unsigned given = members_given(args);

    for (size_t i = 0; i < KV_COUNT(members); i++) {
        if ((given & ~row->members & members[i].member) != 0) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "A fault of kind '%s' has no %s.", row->name,
                           members[i].name);
        }
        if ((~given & row->needs & members[i].member) != 0) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "A fault of kind '%s' needs %s.", row->name,
                           members[i].name);
        }
    }
    return KV_OK;
}

/* --- members --- */

static enum kv_code read_number(const struct kv_maybe_int *number, const char *name, int64_t low,
                                int64_t high, struct kv_err *err)
{
    if (number->given && (number->value < low || number->value > high)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' is from %lld to %lld.", name,
                       (long long) low, (long long) high);
    }
    return KV_OK;
}

static enum kv_code add_function(const cJSON *item, struct fault *fault, struct kv_err *err)
{
    const char *name = cJSON_GetStringValue(item);
    enum hsm_function function;

    if (name == NULL || !hsm_function_find(name, &function)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%.64s' is no C_ function that coffer calls, such as C_Sign.",
                       name != NULL ? name : "");
    }
    if ((calls_refusable() & CALL_BIT(function)) == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "%s closes, which is done whatever the token says: the fault would never "
                       "act.",
                       name);
    }
    fault->calls |= CALL_BIT(function);
    return KV_OK;
}

static enum kv_code add_mechanism(const cJSON *item, struct fault *fault, struct kv_err *err)
{
    const char *name = cJSON_GetStringValue(item);
    CK_MECHANISM_TYPE mechanism;

    if (name == NULL || !hsm_mechanism_find(name, &mechanism)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%.64s' is no mechanism that coffer uses, such as CKM_RSA_X_509.",
                       name != NULL ? name : "");
    }
    if (fault->mechanism_count == FAULT_MECHANISMS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'mechanisms' has more than %d items.",
                       FAULT_MECHANISMS_MAX);
    }
    fault->mechanisms[fault->mechanism_count++] = mechanism;
    return KV_OK;
}

typedef enum kv_code add_fn(const cJSON *item, struct fault *fault, struct kv_err *err);

static enum kv_code read_list(const cJSON *list, const char *name, add_fn *add, struct fault *fault,
                              struct kv_err *err)
{
    const cJSON *item;

    if (list != NULL && list->child == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' is empty: the fault would never act.", name);
    }
    cJSON_ArrayForEach (item, list) {
        KV_TRY(add(item, fault, err));
    }
    return KV_OK;
}

static enum kv_code read_rv(const char *name, struct fault *fault, struct kv_err *err)
{
    if (name == NULL) {
        return KV_OK;
    }
    if (!hsm_rv_find(name, &fault->rv) || fault->rv == CKR_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'rv' is a failure of PKCS#11 by its name, such as CKR_DEVICE_ERROR.");
    }
    return KV_OK;
}

static enum kv_code read_calls(const struct kv_hsm_fault_args *args, struct fault *fault,
                               struct kv_err *err)
{
    const struct kind_row *row = kind_row(fault->kind);

    fault->calls = row->calls;
    KV_TRY(read_list(args->functions, "functions", add_function, fault, err));
    KV_TRY(read_list(args->mechanisms, "mechanisms", add_mechanism, fault, err));
    if ((row->members & MEMBER_FUNCTIONS) != 0 && fault->calls == 0) {
        fault->calls = calls_refusable();
    }
    fault->rv = row->rv;
    return read_rv(args->rv, fault, err);
}

static enum kv_code read_numbers(const struct kv_hsm_fault_args *args, struct fault *fault,
                                 struct kv_err *err)
{
    KV_TRY(read_number(&args->delay, "delay", 1, KV_HSM_FAULT_DELAY_MAX, err));
    KV_TRY(read_number(&args->limit, "limit", 0, SESSIONS_MAX, err));
    KV_TRY(read_number(&args->skip, "skip", 0, NUMBER_MAX, err));
    KV_TRY(read_number(&args->times, "times", 1, NUMBER_MAX, err));
    KV_TRY(read_number(&args->every, "every", 1, NUMBER_MAX, err));
    fault->delay = args->delay.value;
    fault->limit = (uint64_t) args->limit.value;
    fault->skip = (uint64_t) args->skip.value;
    fault->times = (uint64_t) args->times.value;
    fault->every = args->every.given ? (uint64_t) args->every.value : 1;
    return KV_OK;
}

static void read_key(const struct kv_hsm_fault_args *args, struct fault *fault)
{
    if (args->object == NULL) {
        return;
    }
    fault->has_object = true;
    memcpy(fault->object, args->object, sizeof(fault->object));
    (void) snprintf(fault->vault, sizeof(fault->vault), "%s", args->vault);
    (void) snprintf(fault->key, sizeof(fault->key), "%s", args->key);
    (void) snprintf(fault->version, sizeof(fault->version), "%s", args->version);
}

/* --- when it ends --- */

/* Seconds, or "PT1H": then months are those after `now`. */
static enum kv_code read_span(const cJSON *span, kv_millis now, kv_millis *ret_until,
                              struct kv_err *err)
{
    const char *text = cJSON_GetStringValue(span);
    struct kv_duration duration;
    int64_t seconds = 0;

    *ret_until = INT64_MAX;
    if (span == NULL) {
        return KV_OK;
    }
    if (text != NULL && kv_duration_parse(text, &duration)) {
        seconds = kv_duration_after(&duration, kv_seconds(now)) - kv_seconds(now);
    } else if (text != NULL || !kv_json_is_int(span, &seconds)) {
        seconds = 0;
    }
    if (seconds < 1 || seconds > NUMBER_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'for' is a number of seconds of coffer's clock, from 1, or a duration "
                       "such as \"PT1H\".");
    }
    *ret_until = now + seconds * 1000;
    return KV_OK;
}

static enum kv_code read_ends(const struct kv_hsm_fault_args *args, kv_millis now,
                              struct fault *fault, struct kv_err *err)
{
    KV_TRY(read_span(args->span, now, &fault->until, err));
    KV_TRY(read_number(&args->ttl, "ttl", 1, NUMBER_MAX, err));
    fault->real_end = args->ttl.given ? kv_clock_monotonic() + args->ttl.value * 1000 : INT64_MAX;
    return KV_OK;
}

enum kv_code fault_read(const struct kv_hsm_fault_args *args, kv_millis now,
                        struct fault *ret_fault, struct kv_err *err)
{
    *ret_fault = (struct fault){ .id = "" };
    KV_TRY(read_id(args->id, ret_fault, err));
    KV_TRY(read_kind(args->kind, ret_fault, err));
    KV_TRY(check_members(args, kind_row(ret_fault->kind), err));
    KV_TRY(read_calls(args, ret_fault, err));
    KV_TRY(read_numbers(args, ret_fault, err));
    read_key(args, ret_fault);
    return read_ends(args, now, ret_fault, err);
}
