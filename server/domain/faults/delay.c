/* SPDX-License-Identifier: Apache-2.0 */
#include "delay.h"

#include <math.h>
#include <string.h>

#include "chance.h"
#include "kv/faults/effect.h"

#define STREAM_OF_DELAY 1 /* and the next one */

static const struct form {
    const char *name;
    enum delay_kind kind;
    struct fault_member members[2]; /* both are needed */
} forms[] = {
    { "uniform",
      DELAY_UNIFORM,
      { { "lower", fault_read_real, offsetof(struct fault_delay, lower) },
        { "upper", fault_read_real, offsetof(struct fault_delay, upper) } } },
    { "normal",
      DELAY_NORMAL,
      { { "mean", fault_read_real, offsetof(struct fault_delay, upper) },
        { "deviation", fault_read_real, offsetof(struct fault_delay, spread) } } },
    { "lognormal",
      DELAY_LOGNORMAL,
      { { "median", fault_read_real, offsetof(struct fault_delay, upper) },
        { "sigma", fault_read_real, offsetof(struct fault_delay, spread) } } },
    { "ramp",
      DELAY_RAMP,
      { { "to", fault_read_real, offsetof(struct fault_delay, upper) },
        { "over", fault_read_span, offsetof(struct fault_delay, over) } } },
};

static const struct form *find_form(const cJSON *value)
{
    const cJSON *only = value->child;

    for (size_t i = 0; only != NULL && only->next == NULL && i < KV_COUNT(forms); i++) {
        if (strcmp(forms[i].name, only->string) == 0) {
            return &forms[i];
        }
    }
    return NULL;
}

static enum kv_code read_form(const cJSON *value, const struct form *form, const char *name,
                              struct fault_delay *delay, struct kv_err *err)
{
    KV_TRY(fault_read_object(value, name, form->members, KV_COUNT(form->members), delay, err));
    if (cJSON_GetArraySize(value) != (int) KV_COUNT(form->members) || delay->upper <= 0
        || delay->lower > delay->upper) {
        return KV_FAIL(
            err, KV_BAD_PARAMETER, 0,
            "'%s' as %s needs '%s' and '%s', in milliseconds above 0, the lower one first.", name,
            form->name, form->members[0].name, form->members[1].name);
    }
    delay->kind = form->kind;
    return KV_OK;
}

enum kv_code fault_read_delay(const cJSON *value, const char *name, void *target,
                              struct kv_err *err)
{
    struct fault_delay *delay = target;
    kv_millis fixed = 0;

    if (!cJSON_IsObject(value)) {
        KV_TRY(fault_read_millis(value, name, &fixed, err));
        *delay = (struct fault_delay){ .kind = DELAY_FIXED, .upper = (double) fixed };
        return KV_OK;
    }
    const struct form *form = find_form(value);
    if (form == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' must be milliseconds, or an object with one of uniform, normal, "
                       "lognormal, ramp.",
                       name);
    }
    return read_form(value->child, form, name, delay, err);
}

static double draw(const struct fault_delay *delay, uint64_t seed, uint64_t ticket, kv_millis age)
{
    switch (delay->kind) {
    case DELAY_NONE:
        return 0;
    case DELAY_FIXED:
        return delay->upper;
    case DELAY_UNIFORM:
        return delay->lower
               + (delay->upper - delay->lower) * fault_chance(seed, STREAM_OF_DELAY, ticket);
    case DELAY_NORMAL:
        return delay->upper + delay->spread * fault_chance_normal(seed, STREAM_OF_DELAY, ticket);
    case DELAY_LOGNORMAL:
        return delay->upper
               * exp(delay->spread * fault_chance_normal(seed, STREAM_OF_DELAY, ticket));
    case DELAY_RAMP:
        return age >= delay->over ? delay->upper
                                  : delay->upper * (double) age / (double) delay->over;
    }
    return 0;
}

kv_millis fault_delay_draw(const struct fault_delay *delay, uint64_t seed, uint64_t ticket,
                           kv_millis age)
{
    double millis = draw(delay, seed, ticket, age);

    if (!(millis > 0)) {
        return 0;
    }
    return millis < (double) KV_FAULT_DELAY_MAX ? (kv_millis) (millis + 0.5) : KV_FAULT_DELAY_MAX;
}
