/* SPDX-License-Identifier: Apache-2.0 */
/* Reading loudly: whatever is wrong is named by its path. */
#include <stdio.h>
#include <string.h>

#include "core.h"

#define NAMES_SIZE 512

struct seed_path seed_item(const char *parent, const char *name, int index)
{
    struct seed_path path;

    (void) snprintf(path.text, sizeof(path.text), "%s%s%s[%d]", parent, *parent != '\0' ? "." : "",
                    name, index);
    return path;
}

struct seed_path seed_member(const char *parent, const char *name)
{
    struct seed_path path;

    (void) snprintf(path.text, sizeof(path.text), "%s%s%s", parent, *parent != '\0' ? "." : "",
                    name);
    return path;
}

enum kv_code seed_at(const char *path, enum kv_code code, const struct kv_err *why,
                     struct kv_err *err)
{
    return code == KV_OK ? KV_OK : KV_FAIL(err, code, why->cause, "%s: %s", path, why->message);
}

enum kv_code seed_fail(const char *path, enum kv_code code, const char *reason, struct kv_err *err)
{
    return KV_FAIL(err, code, 0, "%s: %s", *path != '\0' ? path : "the seed", reason);
}

static bool is_known(const char *name, const struct kv_json_field *fields, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(fields[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

static enum kv_code refuse_member(const char *path, const char *name,
                                  const struct kv_json_field *fields, size_t count,
                                  struct kv_err *err)
{
    char names[NAMES_SIZE] = "";
    size_t used = 0;

    for (size_t i = 0; i < count && used < sizeof(names); i++) {
        used += (size_t) snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                                  fields[i].name);
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: '%.63s' is not a member: there can be %s",
                   *path != '\0' ? path : "the seed", name, names);
}

enum kv_code seed_bind(const cJSON *object, const char *path, const struct kv_json_field *fields,
                       size_t count, void *ret_args, struct kv_err *err)
{
    const cJSON *member;

    if (!cJSON_IsObject(object)) {
        return seed_fail(path, KV_BAD_PARAMETER, "it must be an object", err);
    }
    cJSON_ArrayForEach (member, object) {
        if (!is_known(member->string, fields, count)) {
            return refuse_member(path, member->string, fields, count, err);
        }
    }
    for (size_t i = 0; i < count; i++) {
        if (kv_json_bind(object, &fields[i], 1, ret_args, NULL) != KV_OK) {
            return seed_fail(seed_member(path, fields[i].name).text, KV_BAD_PARAMETER,
                             "it has a value of the wrong type", err);
        }
    }
    return KV_OK;
}

enum kv_code seed_read_date(const cJSON *item, const char *parent, const char *name,
                            struct kv_maybe_time *ret_time, struct kv_err *err)
{
    kv_millis time;
    int64_t seconds;

    if (item == NULL) {
        return KV_OK;
    }
    ret_time->given = true;
    if (cJSON_IsString(item) && kv_time_parse_iso(item->valuestring, &time)) {
        ret_time->value = kv_seconds(time);
        return KV_OK;
    }
    if (kv_json_is_int(item, &seconds) && seconds >= 0 && seconds <= KV_TIME_MAX) {
        ret_time->value = seconds;
        return KV_OK;
    }
    return seed_fail(seed_member(parent, name).text, KV_BAD_PARAMETER,
                     "it must be a date such as 2030-01-01T00:00:00Z, or seconds since 1970", err);
}

enum kv_code seed_each(struct seed_run *run, const cJSON *array, const char *parent,
                       const char *name, seed_visit_fn *visit, struct kv_err *err)
{
    const cJSON *item;
    int index = 0;

    cJSON_ArrayForEach (item, array) {
        KV_TRY(visit(run, item, seed_item(parent, name, index++).text, err));
    }
    return KV_OK;
}
