/* SPDX-License-Identifier: Apache-2.0 */
/* What happens to keys. */
#include <string.h>

#include "core.h"
#include "kv/keys/rotation.h"

#define LONG_AGO (2 * KV_DAY) /* beyond any leeway of clocks */

/* Keeps how it was; `version` NULL: its latest version. */
static enum kv_code keep(struct scenario_act *act, const char *version, enum kv_keeping keeping,
                         struct kv_err *err)
{
    const struct kv_scope scope = scenario_scope(act);
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, KV_KEPT_MAX);
    KV_TRY(kv_key_keep(&scope, scenario_text(act, "key"), version, keeping, &text, err));
    return scenario_keep(act, PART_KEY, text.data, err);
}

static enum kv_code update(struct scenario_act *act, const char *version,
                           const struct kv_key_update_args *args, struct kv_key *ret_key,
                           struct kv_err *err)
{
    const struct kv_scope scope = scenario_scope(act);

    return kv_key_update(&scope, scenario_text(act, "key"), version, args, ret_key, err);
}

static enum kv_code get(struct scenario_act *act, struct kv_key *ret_key, struct kv_err *err)
{
    const struct kv_scope scope = scenario_scope(act);

    return kv_key_get(&scope, scenario_text(act, "key"), scenario_text(act, "version"), ret_key,
                      err);
}

static enum kv_code note(struct scenario_act *act, const char *version, const char *what,
                         struct kv_err *err)
{
    return scenario_note(act, err, "%s/%s%s%s: %s", act->vault->name, scenario_text(act, "key"),
                         version != NULL ? "/" : "", version != NULL ? version : "", what);
}

enum kv_code disable_key(struct scenario_act *act, struct kv_err *err)
{
    const struct kv_key_update_args args = { .enabled_given = true, .enabled = false };
    kv_auto(kv_key_done) struct kv_key before = { .version = "" };
    kv_auto(kv_key_done) struct kv_key after = { .version = "" };

    KV_TRY(get(act, &before, err));
    if (!before.attributes.enabled) {
        return KV_FAIL(err, KV_CONFLICT, 0, "That version is disabled already.");
    }
    KV_TRY(keep(act, before.version, KV_KEEP_VERSION, err));
    KV_TRY(update(act, before.version, &args, &after, err));
    return note(act, after.version, "disabled", err);
}

enum kv_code expire_key(struct scenario_act *act, struct kv_err *err)
{
    bool expires = scenario_is(act, "how", "expired");
    kv_time now = kv_seconds(act->now);
    const struct kv_key_update_args args = {
        .expires = { .given = expires, .value = now - LONG_AGO },
        .not_before = { .given = !expires, .value = now + LONG_AGO },
    };
    kv_auto(kv_key_done) struct kv_key before = { .version = "" };
    kv_auto(kv_key_done) struct kv_key after = { .version = "" };

    KV_TRY(get(act, &before, err));
    KV_TRY(keep(act, before.version, KV_KEEP_VERSION, err));
    KV_TRY(update(act, before.version, &args, &after, err));
    return note(act, after.version, expires ? "expired" : "not yet valid", err);
}

enum kv_code delete_key(struct scenario_act *act, struct kv_err *err)
{
    const struct kv_scope scope = scenario_scope(act);
    kv_auto(kv_key_done) struct kv_key after = { .version = "" };

    KV_TRY(keep(act, NULL, KV_KEEP_STATE, err));
    KV_TRY(kv_key_delete(&scope, scenario_text(act, "key"), &after, err));
    return note(act, NULL, "deleted", err);
}

/* A purge cannot be undone, so the key is put where nobody finds it. */
enum kv_code purge_key(struct scenario_act *act, struct kv_err *err)
{
    const struct kv_scope scope = scenario_scope(act);

    KV_TRY(keep(act, NULL, KV_KEEP_STATE, err));
    KV_TRY(kv_key_set_aside(&scope, scenario_text(act, "key"), err));
    return note(act, NULL, "gone as if it had been purged", err);
}

enum kv_code restrict_key(struct scenario_act *act, struct kv_err *err)
{
    const char *operation = scenario_text(act, "operation");
    kv_auto(kv_key_done) struct kv_key before = { .version = "" };
    kv_auto(kv_key_done) struct kv_key after = { .version = "" };
    const char *names[KV_OP_COUNT];
    struct kv_key_update_args args = { .ops = { .given = true, .name = names } };

    KV_TRY(get(act, &before, err));
    for (size_t i = 0; i < before.ops.count; i++) {
        const char *name = kv_key_op_row(before.ops.op[i])->name;

        if (strcmp(name, operation) != 0) {
            names[args.ops.count++] = name;
        }
    }
    if (args.ops.count == before.ops.count) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "'%.64s' is not among the key_ops of that version as it is.", operation);
    }
    KV_TRY(keep(act, before.version, KV_KEEP_VERSION, err));
    KV_TRY(update(act, before.version, &args, &after, err));
    return note(act, after.version, "key_ops changed", err);
}

enum kv_code rotate_key(struct scenario_act *act, struct kv_err *err)
{
    const struct kv_scope scope = scenario_scope(act);
    const struct kv_key_update_args args = { .enabled_given = true, .enabled = false };
    kv_auto(kv_key_done) struct kv_key before = { .version = "" };
    kv_auto(kv_key_done) struct kv_key after = { .version = "" };
    kv_auto(kv_key_done) struct kv_key old = { .version = "" };

    KV_TRY(get(act, &before, err));
    KV_TRY(keep(act, NULL, KV_KEEP_LATEST, err));
    KV_TRY(kv_key_rotate(&scope, scenario_text(act, "key"), &after, err));
    KV_TRY(note(act, after.version, "made, and the latest version", err));
    if (scenario_is(act, "old", "enabled")) {
        return KV_OK;
    }
    KV_TRY(update(act, before.version, &args, &old, err));
    return note(act, before.version, "disabled", err);
}

/* Of another family, or as it was wanted; backed by the HSM as the one before. */
static const char *choose_kty(const struct scenario_act *act, const struct kv_key *before)
{
    bool is_ec = scenario_is(act, "kty", "other") ? before->material.family == KV_FAMILY_RSA
                                                  : scenario_is(act, "kty", "EC");
    bool is_hsm = strstr(kv_kty_row(before->kty)->name, "-HSM") != NULL;

    if (is_ec) {
        return is_hsm ? "EC-HSM" : "EC";
    }
    return is_hsm ? "RSA-HSM" : "RSA";
}

enum kv_code replace_key(struct scenario_act *act, struct kv_err *err)
{
    const struct kv_scope scope = scenario_scope(act);
    kv_auto(kv_key_done) struct kv_key before = { .version = "" };
    kv_auto(kv_key_done) struct kv_key after = { .version = "" };
    struct kv_key_create_args args = { .name = scenario_text(act, "key"), .enabled = true };

    KV_TRY(get(act, &before, err));
    args.kty = choose_kty(act, &before);
    if (args.kty[0] == 'R') {
        args.bits_given = true;
        args.bits = 2048;
        (void) scenario_number(act, "key_size", &args.bits);
    }
    KV_TRY(kv_key_create_check(&scope, &args, err));
    KV_TRY(keep(act, NULL, KV_KEEP_LATEST, err));
    KV_TRY(kv_key_create(&scope, &args, &after, err));
    return note(act, after.version, "made of another type, and the latest version", err);
}
