/* SPDX-License-Identifier: Apache-2.0 */
#include "restore.h"

#include <string.h>
#include <strings.h>

#include "kv/base/json.h"

/* --- the clock --- */

struct reading {
    struct kv_maybe_int offset, reading, rate; /* ms */
    struct kv_maybe_bool frozen;
};

static const struct kv_json_field fields[] = {
    KV_JSON_FIELD(struct reading, offset, "offset", KV_JSON_INT),
    KV_JSON_FIELD(struct reading, reading, "reading", KV_JSON_INT),
    KV_JSON_FIELD(struct reading, rate, "rate", KV_JSON_INT),
    KV_JSON_FIELD(struct reading, frozen, "frozen", KV_JSON_BOOL),
};

enum kv_code snapshot_describe_clock(struct kv_clock *clock, cJSON *description, struct kv_err *err)
{
    bool ok = true;
    cJSON *object = kv_json_add_object(description, "clock", &ok);
    kv_millis now = kv_clock_now(clock);
    char date[KV_ISO_DATE_SIZE];

    kv_time_render_iso(now, date);
    kv_json_add_text(object, "now", date, &ok);
    kv_json_add_int(object, "reading", now, &ok);
    kv_json_add_int(object, "offset", now - kv_clock_real(), &ok);
    kv_json_add_int(object, "rate", kv_clock_rate(clock), &ok);
    kv_json_add_bool(object, "frozen", kv_clock_is_frozen(clock), &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* One that ran is as far off as it was; one that stood shows what it showed. */
static enum kv_code set_clock(struct kv_clock *clock, const struct reading *to, struct kv_err *err)
{
    kv_clock_freeze(clock, true);
    kv_millis target = to->frozen.value ? to->reading.value : kv_clock_real() + to->offset.value;
    enum kv_code code = kv_clock_shift(clock, target - kv_clock_now(clock), err);
    if (code == KV_OK) {
        code = kv_clock_scale(clock, to->rate.value, err);
    }
    kv_clock_freeze(clock, to->frozen.value);
    return code;
}

static enum kv_code read_clock(const cJSON *description, struct reading *ret_reading,
                               struct kv_err *err)
{
    const cJSON *clock = cJSON_GetObjectItemCaseSensitive(description, "clock");
    struct reading reading = { .rate = { .given = false } };

    if (kv_json_bind(clock, fields, KV_COUNT(fields), &reading, NULL) != KV_OK
        || !reading.offset.given || !reading.reading.given || !reading.rate.given
        || !reading.frozen.given) {
        return KV_FAIL(err, KV_CONFLICT, 0, "The snapshot is damaged: it has no clock.");
    }
    *ret_reading = reading;
    return KV_OK;
}

/* --- what is copied before anybody has to wait --- */

struct restoring {
    struct kv_snapshots *snapshots;
    const char *vault; /* NULL: all of them */
    char saved[KV_PATH_MAX], staged[KV_PATH_MAX], database[KV_PATH_MAX];
    struct reading clock;
};

static enum kv_code stage_tokens(const struct restoring *restoring, struct kv_err *err)
{
    char from[KV_PATH_MAX], to[KV_PATH_MAX];

    KV_TRY(kv_path_join(from, restoring->saved, TOKENS, err));
    KV_TRY(kv_path_join(to, restoring->staged, TOKENS, err));
    return snapshot_copy(from, to, err);
}

static enum kv_code stage(const struct restoring *restoring, struct kv_err *err)
{
    char from[KV_PATH_MAX];

    KV_TRY(kv_path_join(from, restoring->saved, STORE_FILE, err));
    KV_TRY(snapshot_remove(restoring->staged, err));
    KV_TRY(snapshot_check_space(restoring->saved, err));
    KV_TRY(kv_folder_make(restoring->staged, 0700, err));
    KV_TRY(snapshot_copy(from, restoring->database, err));
    if (restoring->vault == NULL) {
        KV_TRY(stage_tokens(restoring, err));
    }
    return snapshot_sync(restoring->staged, err);
}

/* --- while everything stands still --- */

static enum kv_code put_all(void *restoring_, struct kv_err *err)
{
    const struct restoring *restoring = restoring_;

    return snapshot_put_all(restoring->snapshots->config.folder, err);
}

/* Some files of the token more than its store knows, if a crash comes now: the next start looks. */
static enum kv_code put_objects(void *restoring_, struct kv_err *err)
{
    const struct restoring *restoring = restoring_;
    const char *folder = restoring->snapshots->config.folder;
    char mark[KV_PATH_MAX];

    KV_TRY(kv_path_join(mark, folder, KV_SNAPSHOT_MARK, err));
    KV_TRY(kv_file_write(mark, "", 0, 0600, err));
    return snapshot_put_objects(folder, restoring->saved, err);
}

static enum kv_code read_anew(void *restoring_, struct kv_err *err)
{
    const struct restoring *restoring = restoring_;
    const struct kv_snapshots_config *config = &restoring->snapshots->config;

    KV_TRY(config->hands.read_anew(config->hands.context, err));
    return set_clock(config->clock, &restoring->clock, err);
}

static enum kv_code bring(void *restoring_, struct kv_err *err)
{
    const struct restoring *restoring = restoring_;
    const struct kv_snapshot_hands *hands = &restoring->snapshots->config.hands;

    return hands->bring(hands->context, restoring->database, restoring->vault, err);
}

static enum kv_code put_back(struct restoring *restoring, struct kv_err *err)
{
    const struct kv_snapshot_hands *hands = &restoring->snapshots->config.hands;
    const struct kv_snapshot_pause all = { put_all, read_anew, restoring };
    const struct kv_snapshot_pause one = { put_objects, bring, restoring };

    KV_TRY(stage(restoring, err));
    return hands->stand_still(hands->context, restoring->vault == NULL ? &all : &one, err);
}

/* --- before all that --- */

static enum kv_code check_vault(const cJSON *description, const char *name, struct kv_err *err)
{
    const cJSON *vaults = cJSON_GetObjectItemCaseSensitive(description, "vaults");
    const cJSON *item;

    cJSON_ArrayForEach (item, vaults) {
        if (cJSON_IsString(item) && strcasecmp(item->valuestring, name) == 0) {
            return KV_OK;
        }
    }
    return KV_FAIL(err, KV_NOT_FOUND, 0, "The snapshot has no vault named '%.64s'.", name);
}

static enum kv_code check(const struct kv_snapshots *snapshots, const char *name, const char *vault,
                          struct reading *ret_clock, struct kv_err *err)
{
    const struct kv_snapshot_hands *hands = &snapshots->config.hands;
    kv_auto(cJSON_Delete) cJSON *description = NULL;

    KV_TRY(snapshot_verify(snapshots->config.folder, name, &description, err));
    KV_TRY(hands->check(hands->context, description, err));
    if (vault != NULL) {
        KV_TRY(check_vault(description, vault, err));
    }
    return read_clock(description, ret_clock, err);
}

enum kv_code snapshot_check(const struct kv_snapshots *snapshots, const char *name,
                            const char *vault, struct kv_err *err)
{
    struct reading clock;

    return check(snapshots, name, vault, &clock, err);
}

enum kv_code snapshot_restore(struct kv_snapshots *snapshots, const char *name, const char *vault,
                              struct kv_err *err)
{
    struct restoring restoring = { .snapshots = snapshots, .vault = vault };
    const char *folder = snapshots->config.folder;

    KV_TRY(check(snapshots, name, vault, &restoring.clock, err));
    KV_TRY(snapshot_place(folder, name, restoring.saved, err));
    KV_TRY(kv_path_join(restoring.staged, folder, STAGED, err));
    KV_TRY(kv_path_join(restoring.database, restoring.staged, STORE_FILE, err));
    enum kv_code code = put_back(&restoring, err);
    KV_IGNORE(snapshot_remove(restoring.staged, NULL)); /* the next one tries again */
    return code;
}
