/* SPDX-License-Identifier: Apache-2.0 */
/* Dates. The clock is the one of the world, which may be virtual. */
#include <string.h>

#include "date_form.h"
#include "functions.h"
#include "kv/base/duration.h"

static enum kv_code make_date(struct template_eval *eval, const struct template_call *call,
                              kv_millis time, const char *form, struct template_value *ret_value,
                              struct kv_err *err)
{
    char text[TEMPLATE_DATE_SIZE];

    if (!template_print_date(time, form, text)) {
        return TEMPLATE_REFUSE(err, call,
                               "cannot write its date in the form '%.100s': the years 1970 to 9999 "
                               "and forms of up to %d characters can be written.",
                               form, TEMPLATE_DATE_SIZE - 1);
    }
    return template_make_text(eval->budget, text, ret_value, err);
}

enum kv_code template_fn_utc_now(struct template_eval *eval, const struct template_call *call,
                                 struct template_value *ret_value, struct kv_err *err)
{
    const char *form = call->count > 0 ? template_text(call, 0) : TEMPLATE_DATE_COMPACT;

    return make_date(eval, call, eval->world->now, form, ret_value, err);
}

static enum kv_code read_base(const struct template_call *call, kv_millis *ret_time,
                              const char **ret_form, struct kv_err *err)
{
    if (!template_read_date(template_text(call, 0), ret_time, ret_form)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function '%s' has an invalid parameter. The first parameter "
                       "'%.100s' is not a valid ISO8601 date. Please see "
                       "https://aka.ms/arm-syntax-functions .",
                       call->row->name, template_text(call, 0));
    }
    return KV_OK;
}

/* A year is 365 days and a month 30, as the service has it; a sign may stand before the P. */
enum kv_code template_fn_date_time_add(struct template_eval *eval, const struct template_call *call,
                                       struct template_value *ret_value, struct kv_err *err)
{
    const char *text = template_text(call, 1), *form = NULL;
    struct kv_duration duration;
    kv_millis time = 0, span;

    KV_TRY(read_base(call, &time, &form, err));
    if (!kv_duration_parse(text + (text[0] == '-'), &duration)) {
        return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                       "The template function 'dateTimeAdd' has an invalid parameter. The second "
                       "parameter '%.100s' is not a valid ISO8601 Duration string. Please see "
                       "https://aka.ms/arm-syntax-functions .",
                       text);
    }
    span = kv_duration_nominal(&duration) * 1000;
    form = call->count > 2 ? template_text(call, 2) : form;
    return make_date(eval, call, text[0] == '-' ? time - span : time + span, form, ret_value, err);
}

enum kv_code template_fn_date_time_from_epoch(struct template_eval *eval,
                                              const struct template_call *call,
                                              struct template_value *ret_value, struct kv_err *err)
{
    int64_t seconds = template_integer(call, 0);

    if (seconds < 0 || seconds > KV_TIME_MAX) {
        return TEMPLATE_REFUSE(err, call, "expects seconds of the years 1970 to 9999.");
    }
    return make_date(eval, call, seconds * 1000, "yyyy-MM-ddTHH:mm:ssZ", ret_value, err);
}

enum kv_code template_fn_date_time_to_epoch(struct template_eval *eval,
                                            const struct template_call *call,
                                            struct template_value *ret_value, struct kv_err *err)
{
    const char *form;
    kv_millis time = 0;

    (void) eval;
    KV_TRY(read_base(call, &time, &form, err));
    return template_make_number(kv_seconds(time), ret_value, err);
}
