/* SPDX-License-Identifier: Apache-2.0 */
/* The explainer: is the key there, and may it be used so? */

#include "why.h"

static struct kv_scope scope_of(const struct why_question *question)
{
    return (struct kv_scope){
        .keys = question->request->app->keys,
        .vault = question->vault,
        .authority = question->request->authority,
        .now = question->request->now,
    };
}

static bool is_deleted(const struct why_question *question)
{
    const struct kv_scope scope = scope_of(question);
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    return kv_key_get_deleted(&scope, question->key, &key, NULL) == KV_OK;
}

static enum kv_code find_live(struct why_question *question, struct why_finding *finding,
                              struct kv_err *err)
{
    const struct kv_scope scope = scope_of(question);
    enum kv_code code = kv_key_get(&scope, question->key, question->version, &question->found, err);

    question->has_found = code == KV_OK;
    if (question->has_found) {
        SAY(finding->because, "version %s of the key is there", question->found.version);
        return KV_OK;
    }
    if (code == KV_KEY_NOT_FOUND && is_deleted(question)) {
        SAY(finding->because, "the key is deleted");
        SAY(finding->cure, "POST /deletedkeys/%s/recover", question->key);
        return code;
    }
    SAY(finding->because, "there is no such key, or no such version");
    SAY(finding->cure, "POST /keys/%s/create", question->key);
    return code;
}

static enum kv_code find_deleted(struct why_question *question, struct why_finding *finding,
                                 struct kv_err *err)
{
    const struct kv_scope scope = scope_of(question);
    enum kv_code code = kv_key_get_deleted(&scope, question->key, &question->found, err);

    question->has_found = code == KV_OK;
    SAY(finding->because,
        question->has_found ? "the key is deleted" : "no deleted key has that name");
    if (!question->has_found) {
        SAY(finding->cure, "DELETE /keys/%s", question->key);
    }
    return code;
}

static enum kv_code find_free_name(struct why_question *question, struct why_finding *finding,
                                   struct kv_err *err)
{
    if (!is_deleted(question)) {
        SAY(finding->because, "no deleted key has that name");
        return KV_OK;
    }
    SAY(finding->because, "a deleted key still has that name");
    SAY(finding->cure, "POST /deletedkeys/%s/recover, or DELETE /deletedkeys/%s", question->key,
        question->key);
    return KV_REFUSE(err, KV_TEXT_NAME_IS_DELETED, 0, question->key);
}

enum kv_code why_key(struct why_question *question, struct why_finding *finding, struct kv_err *err)
{
    if (question->operation->target != WHY_NO_KEY && question->key == NULL) {
        finding->is_skipped = true;
        SAY(finding->because, "no key was named");
        return KV_OK;
    }
    switch (question->operation->target) {
    case WHY_NO_KEY:
        break;
    case WHY_LIVE_KEY:
        return find_live(question, finding, err);
    case WHY_DELETED_KEY:
        return find_deleted(question, finding, err);
    case WHY_FREE_NAME:
        return find_free_name(question, finding, err);
    }
    SAY(finding->because, "the operation is about no key");
    return KV_OK;
}

/* What would let the version be used. */
static void say_cure(const struct why_question *question, enum kv_code code,
                     struct why_finding *finding)
{
    const struct kv_key *key = &question->found;
    const char *op = question->operation->name;
    char iso[KV_ISO_DATE_SIZE] = "";

    if (code == KV_KEY_DISABLED) {
        SAY(finding->cure, "PATCH /keys/%s/%s {\"attributes\":{\"enabled\":true}}", key->name,
            key->version);
    } else if (code == KV_KEY_OPERATION_FORBIDDEN) {
        SAY(finding->cure, "PATCH /keys/%s/%s with \"%s\" among its key_ops", key->name,
            key->version, op);
    } else if (code == KV_KEY_EXPIRED) {
        SAY(finding->cure, "PATCH /keys/%s/%s with a later exp, or none", key->name, key->version);
    } else if (code == KV_KEY_NOT_YET_VALID) {
        kv_time_render_iso(key->attributes.not_before.value * 1000, iso);
        SAY(finding->cure, "POST /control/v1/clock {\"set\":\"%s\"}", iso);
    }
}

static enum kv_code judge_purge(const struct why_question *question, struct why_finding *finding,
                                struct kv_err *err)
{
    const struct kv_scope scope = scope_of(question);
    enum kv_code code = kv_key_check_purge(&scope, err);
    char iso[KV_ISO_DATE_SIZE];

    if (code == KV_OK) {
        SAY(finding->because, "the vault lets its keys be purged");
        return code;
    }
    kv_time_render_iso(question->found.scheduled_purge * 1000, iso);
    SAY(finding->because, "purge protection, which cannot be taken off");
    SAY(finding->cure, "POST /control/v1/clock {\"set\":\"%s\"}: then it is purged by itself", iso);
    return code;
}

/* Whether a step about the version has nothing to judge; says so. */
static bool is_idle(const struct why_question *question, struct why_finding *finding)
{
    enum why_target target = question->operation->target;

    if (!question->has_found && target != WHY_NO_KEY && target != WHY_FREE_NAME) {
        finding->is_skipped = true;
        SAY(finding->because, "there is no key that could be looked at");
        return true;
    }
    if (question->operation->op == KV_OP_COUNT
        && question->operation->permission != KV_PERMISSION_DELETED_KEYS_PURGE) {
        SAY(finding->because, "the operation does not depend on it");
        return true;
    }
    return false;
}

/* Enabled, and inside nbf and exp; whatever the key_ops are. */
enum kv_code why_state(struct why_question *question, struct why_finding *finding,
                       struct kv_err *err)
{
    enum kv_code code;

    if (is_idle(question, finding)) {
        return KV_OK;
    }
    if (question->operation->permission == KV_PERMISSION_DELETED_KEYS_PURGE) {
        return judge_purge(question, finding, err);
    }
    code = kv_key_check_state(&question->found, question->operation->op,
                              kv_seconds(question->request->now), err);
    if (code == KV_OK || code == KV_KEY_OPERATION_FORBIDDEN) {
        SAY(finding->because, "the version is enabled, and its dates let it be used");
        return KV_OK;
    }
    SAY(finding->because, "%s", err->message);
    say_cure(question, code, finding);
    return code;
}

enum kv_code why_key_ops(struct why_question *question, struct why_finding *finding,
                         struct kv_err *err)
{
    const enum kv_key_op op = question->operation->op;
    struct kv_key usable; /* the same version, if it were enabled and without dates; borrows */
    enum kv_code code;

    if (is_idle(question, finding)) {
        return KV_OK;
    }
    if (op == KV_OP_COUNT) {
        SAY(finding->because, "the operation does not depend on it");
        return KV_OK;
    }
    usable = question->found;
    usable.attributes = (struct kv_attributes){ .enabled = true };
    code = kv_key_check_state(&usable, op, kv_seconds(question->request->now), err);
    SAY(finding->because, "%s is %s the key_ops of the version", question->operation->name,
        code == KV_OK ? "among" : "not among");
    say_cure(question, code, finding);
    return code;
}
