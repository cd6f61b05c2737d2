/* SPDX-License-Identifier: Apache-2.0 */
/* The rules a rotation policy is held against: contract §10.2. */
#include <criterion/criterion.h>

#include "kv/keys/rotation.h"

TestSuite(rotation, .timeout = 60);

#define ROTATE_AFTER(time)                                                                         \
    {                                                                                              \
        "Rotate", time, NULL                                                                       \
    }
#define ROTATE_BEFORE(time)                                                                        \
    {                                                                                              \
        "Rotate", NULL, time                                                                       \
    }
#define NO_ACTION                                                                                  \
    {                                                                                              \
        {                                                                                          \
            NULL, NULL, NULL                                                                       \
        }                                                                                          \
    }
#define NOTIFY_BEFORE(time)                                                                        \
    {                                                                                              \
        "Notify", NULL, time                                                                       \
    }

struct row {
    struct kv_rotation_policy_args args;
    const char *sentence;
};

static void expect_refused(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct kv_rotation_policy policy = { .created = 77 };
        struct kv_err err = { .message = "" };

        cr_expect_eq(kv_rotation_policy_read(&rows[i].args, &policy, &err), KV_BAD_PARAMETER,
                     "row %zu", i);
        cr_expect_str_eq(err.message, rows[i].sentence, "row %zu", i);
        cr_expect_eq(policy.created, 77, "row %zu: written on failure", i);
    }
}

Test(rotation, policy_with_odd_actions_is_refused)
{
    static const char type[] = "The type of a lifetime action must be Rotate or Notify.";
    static const char one_rotate[] =
        "A rotation policy can have only one lifetime action of type Rotate.";
    static const char one_notify[] =
        "A rotation policy can have only one lifetime action of type Notify.";
    static const char one_trigger[] =
        "A trigger must have exactly one of timeAfterCreate and timeBeforeExpiry.";
    static const struct row rows[] = {
        { { NULL, { { NULL, "P30D", NULL } }, 1 }, type },
        { { NULL, { { "", "P30D", NULL } }, 1 }, type },
        { { NULL, { { "EmailContacts", "P30D", NULL } }, 1 }, type },
        { { NULL, { { "Rotate ", "P30D", NULL } }, 1 }, type },
        { { NULL, { ROTATE_AFTER("P30D"), ROTATE_AFTER("P30D") }, 2 }, one_rotate },
        { { "P1Y", { ROTATE_AFTER("P30D"), ROTATE_BEFORE("P30D") }, 2 }, one_rotate },
        { { NULL, { NOTIFY_BEFORE("P30D"), NOTIFY_BEFORE("P7D") }, 2 }, one_notify },
        { { NULL, { ROTATE_AFTER("P30D"), NOTIFY_BEFORE("P7D"), ROTATE_AFTER("P9D") }, 3 },
          one_rotate },
        { { NULL, { { "Rotate", NULL, NULL } }, 1 }, one_trigger },
        { { NULL, { { "Notify", NULL, NULL } }, 1 }, one_trigger },
        { { "P1Y", { { "Rotate", "P30D", "P30D" } }, 1 }, one_trigger },
        { { "P1Y", { { "Notify", "P30D", "P30D" } }, 1 }, one_trigger },
        { { "P1Y", { { "Notify", "P30D", NULL } }, 1 },
          "A lifetime action of type Notify can only have timeBeforeExpiry." },
    };

    expect_refused(rows, KV_COUNT(rows));
}

Test(rotation, policy_with_what_is_no_duration_is_refused)
{
    static const struct row rows[] = {
        { { "", NO_ACTION, 0 }, "expiryTime must be a duration in ISO 8601 format." },
        { { "90", NO_ACTION, 0 }, "expiryTime must be a duration in ISO 8601 format." },
        { { NULL, { ROTATE_AFTER("P30") }, 1 },
          "timeAfterCreate must be a duration in ISO 8601 format." },
        { { "P1Y", { ROTATE_BEFORE("p30d") }, 1 },
          "timeBeforeExpiry must be a duration in ISO 8601 format." },
        { { NULL, { NOTIFY_BEFORE("-P30D") }, 1 },
          "timeBeforeExpiry must be a duration in ISO 8601 format." },
    };

    expect_refused(rows, KV_COUNT(rows));
}

Test(rotation, policy_with_too_short_a_span_is_refused)
{
    static const char expiry[] = "expiryTime must be at least 28 days.";
    static const char after[] = "timeAfterCreate of Rotate must be at least 7 days.";
    static const char late[] =
        "timeAfterCreate of Rotate must end at least 7 days before expiryTime.";
    static const char needs[] = "timeBeforeExpiry of Rotate needs an expiryTime.";
    static const char before[] = "timeBeforeExpiry of Rotate must be at least 7 days.";
    static const char early[] =
        "timeBeforeExpiry of Rotate must begin at least 7 days after creation.";
    static const struct row rows[] = {
        { { "P27D", NO_ACTION, 0 }, expiry },
        { { "PT671H59M59S", NO_ACTION, 0 }, expiry },
        { { "P0D", NO_ACTION, 0 }, expiry },
        { { NULL, { ROTATE_AFTER("P6D") }, 1 }, after },
        { { NULL, { ROTATE_AFTER("PT167H59M59S") }, 1 }, after },
        { { "P28D", { ROTATE_AFTER("P22D") }, 1 }, late },
        { { "P1M", { ROTATE_AFTER("P24D") }, 1 }, late }, /* a month counts 30 days */
        { { "P1Y", { ROTATE_AFTER("P12M") }, 1 }, late },
        { { NULL, { ROTATE_BEFORE("P30D") }, 1 }, needs },
        { { "P90D", { ROTATE_BEFORE("P6D") }, 1 }, before },
        { { "P28D", { ROTATE_BEFORE("P22D") }, 1 }, early },
        { { "P28D", { ROTATE_BEFORE("P1Y") }, 1 }, early },
    };

    expect_refused(rows, KV_COUNT(rows));
}

Test(rotation, policy_at_the_limits_is_taken)
{
    static const struct kv_rotation_policy_args rows[] = {
        { NULL, NO_ACTION, 0 },
        { "P28D", NO_ACTION, 0 },
        { "P4W", NO_ACTION, 0 },
        { "P1M", NO_ACTION, 0 },
        { NULL, { ROTATE_AFTER("P7D") }, 1 },
        { NULL, { ROTATE_AFTER("P100Y") }, 1 },
        { "P28D", { ROTATE_AFTER("P21D") }, 1 },
        { "P28D", { ROTATE_BEFORE("P7D") }, 1 },
        { "P28D", { ROTATE_BEFORE("P21D") }, 1 },
        { NULL, { NOTIFY_BEFORE("P0D") }, 1 }, /* there is no rule for it */
        { "P48M", { NOTIFY_BEFORE("P30D"), ROTATE_AFTER("P18M") }, 2 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_rotation_policy policy;
        struct kv_err err = { .message = "" };

        cr_expect_eq(kv_rotation_policy_read(&rows[i], &policy, &err), KV_OK, "row %zu: %s", i,
                     err.message);
        cr_expect_not(policy.stored);
    }
}

Test(rotation, types_of_actions_are_compared_in_any_case)
{
    static const struct kv_rotation_policy_args args = {
        "P1Y", { { "nOTIFY", NULL, "P9D" }, { "rotatE", NULL, "P8D" } }, 2
    };
    struct kv_rotation_policy policy;

    cr_assert_eq(kv_rotation_policy_read(&args, &policy, NULL), KV_OK);
    cr_expect_str_eq(policy.expiry.text, "P1Y");
    cr_expect_str_eq(policy.rotate.before_expiry.text, "P8D");
    cr_expect_str_eq(policy.notify.before_expiry.text, "P9D");
}

Test(rotation, policy_always_has_a_notify_action)
{
    static const struct kv_rotation_policy_args args = { NULL, { ROTATE_AFTER("P8D") }, 1 };
    struct kv_rotation_policy policy;

    cr_assert_eq(kv_rotation_policy_read(&args, &policy, NULL), KV_OK);
    cr_expect_str_eq(policy.notify.before_expiry.text, "P30D");
    cr_expect_not(kv_duration_is_given(&policy.notify.after_create));
}

/* How a travel of the clock finds out that a version made on its way would be due again. */
Test(rotation, is_due_again_by_what_the_policy_says_of_a_new_version)
{
    static const struct {
        const char *expiry, *after, *before;
        kv_millis again; /* after 2023-11-14T22:13:20Z; 0: never */
    } rows[] = {
        { NULL, NULL, NULL, 0 },       { "P90D", NULL, NULL, 0 },   { NULL, NULL, "P30D", 0 },
        { NULL, "P7D", NULL, 7 },      { "P90D", "P1M", NULL, 30 }, { "P90D", NULL, "P30D", 60 },
        { "P9000Y", NULL, "P30D", 0 }, /* no year that has four digits */
        { "P337D", NULL, "P11M", 7 },  /* the calendar leaves no time: the margin does */
    };
    const kv_millis when = 1700000000000;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_rotation rotation = { .key = 1 };

        if (rows[i].expiry != NULL) {
            cr_assert(kv_duration_parse(rows[i].expiry, &rotation.expiry));
        }
        if (rows[i].after != NULL) {
            cr_assert(kv_duration_parse(rows[i].after, &rotation.trigger.after_create));
        }
        if (rows[i].before != NULL) {
            cr_assert(kv_duration_parse(rows[i].before, &rotation.trigger.before_expiry));
        }
        cr_expect_eq(kv_rotation_due_again(&rotation, when),
                     rows[i].again == 0 ? INT64_MAX : when + rows[i].again * KV_DAY * 1000,
                     "row %zu", i);
    }
}
