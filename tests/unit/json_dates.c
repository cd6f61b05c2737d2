/* SPDX-License-Identifier: Apache-2.0 */
/* Dates of tokens: RFC 7519 §2. */
#include <criterion/criterion.h>
#include <string.h>

#include "kv/base/json.h"

TestSuite(json_dates, .init = kv_json_setup);

struct args {
    struct kv_maybe_int date;
};

static enum kv_code bind(const char *text, struct args *ret_args)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct args, date, "date", KV_JSON_DATE),
    };
    kv_auto(cJSON_Delete) cJSON *object = NULL;

    memset(ret_args, 0, sizeof(*ret_args));
    cr_assert_eq(kv_json_parse(text, strlen(text), &object, NULL), KV_OK, "%s", text);
    return kv_json_bind(object, fields, KV_COUNT(fields), ret_args, NULL);
}

Test(json_dates, are_numbers_within_limits)
{
    static const char *const texts[] = { "{\"date\":\"1\"}", "{\"date\":true}", "{\"date\":1e300}",
                                         "{\"date\":-1e16}" };

    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        struct args args;

        cr_expect_eq(bind(texts[i], &args), KV_BAD_PARAMETER, "%s", texts[i]);
        cr_expect_not(args.date.given);
    }
}

/* As the Python client of the authority writes them. */
Test(json_dates, lose_their_fraction_of_a_second)
{
    static const struct {
        const char *text;
        int64_t seconds;
    } rows[] = {
        { "{\"date\":1795978567}", 1795978567 },
        { "{\"date\":1795978567.9153}", 1795978567 },
        { "{\"date\":0.5}", 0 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct args args;

        cr_assert_eq(bind(rows[i].text, &args), KV_OK, "%s", rows[i].text);
        cr_expect_eq(args.date.value, rows[i].seconds);
    }
}
