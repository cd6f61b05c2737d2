/* SPDX-License-Identifier: Apache-2.0 */
/* What a rotation policy may say: contract §10.2. */
#include <strings.h>

#include "kv/keys/rotation.h"

#define NOTIFY_DEFAULT "P30D" /* contract §10.1 */

/*
 * The service's wording is not established (contract §18 row 12): a sentence that names the rule.
 * Minimum spans are compared by kv_duration_nominal(): here a month counts as 30 days, a year as
 * 365.
 */
enum rule {
    RULE_TYPE,
    RULE_ONE_ROTATE,
    RULE_ONE_NOTIFY,
    RULE_ONE_TRIGGER,
    RULE_NOTIFY_TRIGGER,
    RULE_EXPIRY_FORM,
    RULE_AFTER_CREATE_FORM,
    RULE_BEFORE_EXPIRY_FORM,
    RULE_EXPIRY_LEAST,
    RULE_AFTER_CREATE_LEAST,
    RULE_AFTER_CREATE_MOST,
    RULE_BEFORE_EXPIRY_NEEDS,
    RULE_BEFORE_EXPIRY_LEAST,
    RULE_BEFORE_EXPIRY_MOST,
};

static const char *const sentences[] = {
    [RULE_TYPE] = "The type of a lifetime action must be Rotate or Notify.",
    [RULE_ONE_ROTATE] = "A rotation policy can have only one lifetime action of type Rotate.",
    [RULE_ONE_NOTIFY] = "A rotation policy can have only one lifetime action of type Notify.",
    [RULE_ONE_TRIGGER] = "A trigger must have exactly one of timeAfterCreate and timeBeforeExpiry.",
    [RULE_NOTIFY_TRIGGER] = "A lifetime action of type Notify can only have timeBeforeExpiry.",
    [RULE_EXPIRY_FORM] = "expiryTime must be a duration in ISO 8601 format.",
    [RULE_AFTER_CREATE_FORM] = "timeAfterCreate must be a duration in ISO 8601 format.",
    [RULE_BEFORE_EXPIRY_FORM] = "timeBeforeExpiry must be a duration in ISO 8601 format.",
    [RULE_EXPIRY_LEAST] = "expiryTime must be at least 28 days.",
    [RULE_AFTER_CREATE_LEAST] = "timeAfterCreate of Rotate must be at least 7 days.",
    [RULE_AFTER_CREATE_MOST] =
        "timeAfterCreate of Rotate must end at least 7 days before expiryTime.",
    [RULE_BEFORE_EXPIRY_NEEDS] = "timeBeforeExpiry of Rotate needs an expiryTime.",
    [RULE_BEFORE_EXPIRY_LEAST] = "timeBeforeExpiry of Rotate must be at least 7 days.",
    [RULE_BEFORE_EXPIRY_MOST] =
        "timeBeforeExpiry of Rotate must begin at least 7 days after creation.",
};

#define EXPIRY_LEAST (28 * KV_DAY)

static enum kv_code refuse(enum rule rule, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s", sentences[rule]);
}

static enum kv_code read_duration(const char *text, enum rule form,
                                  struct kv_duration *ret_duration, struct kv_err *err)
{
    if (text != NULL && !kv_duration_parse(text, ret_duration)) {
        return refuse(form, err);
    }
    return KV_OK;
}

static enum kv_code read_trigger(const struct kv_lifetime_action *action,
                                 struct kv_trigger *ret_trigger, struct kv_err *err)
{
    if ((action->after_create != NULL) == (action->before_expiry != NULL)) {
        return refuse(RULE_ONE_TRIGGER, err);
    }
    KV_TRY(read_duration(action->after_create, RULE_AFTER_CREATE_FORM, &ret_trigger->after_create,
                         err));
    return read_duration(action->before_expiry, RULE_BEFORE_EXPIRY_FORM,
                         &ret_trigger->before_expiry, err);
}

static bool is_given(const struct kv_trigger *trigger)
{
    return kv_duration_is_given(&trigger->after_create)
           || kv_duration_is_given(&trigger->before_expiry);
}

static enum kv_code read_action(const struct kv_lifetime_action *action,
                                struct kv_rotation_policy *policy, struct kv_err *err)
{
    const char *type = action->type != NULL ? action->type : "";
    bool rotates = strcasecmp(type, "Rotate") == 0;
    struct kv_trigger *trigger = rotates ? &policy->rotate : &policy->notify;

    if (!rotates && strcasecmp(type, "Notify") != 0) {
        return refuse(RULE_TYPE, err);
    }
    if (is_given(trigger)) {
        return refuse(rotates ? RULE_ONE_ROTATE : RULE_ONE_NOTIFY, err);
    }
    return read_trigger(action, trigger, err);
}

/* A Rotate by timeAfterCreate needs no expiryTime (contract §10.1). */
static enum kv_code check_after_create(const struct kv_duration *after_create,
                                       const struct kv_duration *expiry, struct kv_err *err)
{
    int64_t after = kv_duration_nominal(after_create);

    if (after < KV_ROTATION_MARGIN) {
        return refuse(RULE_AFTER_CREATE_LEAST, err);
    }
    if (kv_duration_is_given(expiry) && after > kv_duration_nominal(expiry) - KV_ROTATION_MARGIN) {
        return refuse(RULE_AFTER_CREATE_MOST, err);
    }
    return KV_OK;
}

static enum kv_code check_before_expiry(const struct kv_duration *before_expiry,
                                        const struct kv_duration *expiry, struct kv_err *err)
{
    int64_t before = kv_duration_nominal(before_expiry);

    if (!kv_duration_is_given(expiry)) {
        return refuse(RULE_BEFORE_EXPIRY_NEEDS, err);
    }
    if (before < KV_ROTATION_MARGIN) {
        return refuse(RULE_BEFORE_EXPIRY_LEAST, err);
    }
    if (before > kv_duration_nominal(expiry)
                     - KV_ROTATION_MARGIN) { /* otherwise each version is due when created */
        return refuse(RULE_BEFORE_EXPIRY_MOST, err);
    }
    return KV_OK;
}

static enum kv_code check(const struct kv_rotation_policy *policy, struct kv_err *err)
{
    const struct kv_trigger *rotate = &policy->rotate;

    if (kv_duration_is_given(&policy->expiry)
        && kv_duration_nominal(&policy->expiry) < EXPIRY_LEAST) {
        return refuse(RULE_EXPIRY_LEAST, err);
    }
    if (kv_duration_is_given(&policy->notify.after_create)) {
        return refuse(RULE_NOTIFY_TRIGGER, err);
    }
    if (kv_duration_is_given(&rotate->after_create)) {
        return check_after_create(&rotate->after_create, &policy->expiry, err);
    }
    if (kv_duration_is_given(&rotate->before_expiry)) {
        return check_before_expiry(&rotate->before_expiry, &policy->expiry, err);
    }
    return KV_OK;
}

enum kv_code kv_rotation_policy_read(const struct kv_rotation_policy_args *args,
                                     struct kv_rotation_policy *ret_policy, struct kv_err *err)
{
    struct kv_rotation_policy policy = { .stored = false };

    KV_TRY(read_duration(args->expiry, RULE_EXPIRY_FORM, &policy.expiry, err));
    for (size_t i = 0; i < args->count; i++) {
        KV_TRY(read_action(&args->action[i], &policy, err));
    }
    KV_TRY(check(&policy, err));
    if (!is_given(&policy.notify) && !args->as_sent) {
        KV_TRY(read_duration(NOTIFY_DEFAULT, RULE_BEFORE_EXPIRY_FORM, &policy.notify.before_expiry,
                             err));
    }
    *ret_policy = policy;
    return KV_OK;
}
