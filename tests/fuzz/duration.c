/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Durations, and the rotation policy that up to five of them, a line each, make: expiryTime, then
 * timeAfterCreate and timeBeforeExpiry of Rotate and of Notify.
 */
#include <string.h>

#include "fuzz.h"
#include "kv/base/duration.h"
#include "kv/keys/rotation.h"

#define PARTS 5

static const kv_time times[] = { 0, 951782400 /* 2000-02-29 */, 1735603200, KV_TIME_MAX };

static void check_duration(const char *text)
{
    struct kv_duration duration = { .months = 77 };
    struct kv_duration again;

    if (!kv_duration_parse(text, &duration)) {
        FUZZ_HOLDS(duration.months == 77);
        return;
    }
    FUZZ_HOLDS(strcmp(duration.text, text) == 0 && kv_duration_is_given(&duration));
    FUZZ_HOLDS(duration.months >= 0 && duration.seconds >= 0);
    FUZZ_HOLDS(kv_duration_parse(duration.text, &again));
    FUZZ_HOLDS(kv_duration_nominal(&duration) >= 0);
    for (size_t i = 0; i < KV_COUNT(times); i++) {
        FUZZ_HOLDS(kv_duration_after(&duration, times[i]) >= times[i]);
        FUZZ_HOLDS(kv_duration_before(&duration, times[i]) <= times[i]);
    }
}

/* NULL for an empty line. */
static const char *part(char *const parts[PARTS], size_t index)
{
    return parts[index][0] != '\0' ? parts[index] : NULL;
}

static void check_policy(char *const parts[PARTS])
{
    const struct kv_rotation_policy_args args = {
        .expiry = part(parts, 0),
        .action = { { "Rotate", part(parts, 1), part(parts, 2) },
                    { "notify", part(parts, 3), part(parts, 4) } },
        .count = part(parts, 3) != NULL || part(parts, 4) != NULL ? 2 : 1,
    };
    struct kv_rotation_policy policy = { .stored = false };
    struct kv_err err;

    if (kv_rotation_policy_read(&args, &policy, &err) != KV_OK) {
        FUZZ_HOLDS(err.code == KV_BAD_PARAMETER);
        return;
    }
    FUZZ_HOLDS(kv_duration_is_given(&policy.notify.before_expiry));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    char *parts[PARTS];

    for (size_t i = 0; i < PARTS; i++) {
        parts[i] = fuzz_take_text(&input, '\n');
        check_duration(parts[i]);
    }
    check_policy(parts);
    for (size_t i = 0; i < PARTS; i++) {
        free(parts[i]);
    }
    return 0;
}
