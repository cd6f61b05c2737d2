/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The explainer: what the data plane would answer to an operation, and why. It goes the way of a
 * request, step by step, and does not stop at the first refusal: whoever mends one wants to know of
 * the next.
 */
#include "why.h"

#include <string.h>
#include <strings.h>

#include "kv/base/cidr.h"

#define NAMES_SIZE 512

#define KEY_OP(name, permission, op)                                                               \
    {                                                                                              \
        name, KV_PERMISSION_##permission, WHY_LIVE_KEY, op                                         \
    }
#define OTHER(name, permission, target)                                                            \
    {                                                                                              \
        name, KV_PERMISSION_##permission, target, KV_OP_COUNT                                      \
    }

static const struct why_operation operations[] = {
    OTHER("get", KEYS_GET, WHY_LIVE_KEY),
    OTHER("list", KEYS_LIST, WHY_NO_KEY),
    OTHER("create", KEYS_CREATE, WHY_FREE_NAME),
    OTHER("import", KEYS_IMPORT, WHY_FREE_NAME),
    OTHER("update", KEYS_UPDATE, WHY_LIVE_KEY),
    OTHER("delete", KEYS_DELETE, WHY_LIVE_KEY),
    OTHER("backup", KEYS_BACKUP, WHY_LIVE_KEY),
    OTHER("restore", KEYS_RESTORE, WHY_NO_KEY),
    OTHER("rotate", KEYS_ROTATE, WHY_LIVE_KEY),
    OTHER("release", KEYS_RELEASE, WHY_LIVE_KEY),
    KEY_OP("encrypt", KEYS_ENCRYPT, KV_OP_ENCRYPT),
    KEY_OP("decrypt", KEYS_DECRYPT, KV_OP_DECRYPT),
    KEY_OP("wrapKey", KEYS_WRAP, KV_OP_WRAP),
    KEY_OP("unwrapKey", KEYS_UNWRAP, KV_OP_UNWRAP),
    KEY_OP("sign", KEYS_SIGN, KV_OP_SIGN),
    KEY_OP("verify", KEYS_VERIFY, KV_OP_VERIFY),
    OTHER("getrotationpolicy", ROTATION_POLICY_GET, WHY_LIVE_KEY),
    OTHER("setrotationpolicy", ROTATION_POLICY_SET, WHY_LIVE_KEY),
    OTHER("get-deleted", DELETED_KEYS_GET, WHY_DELETED_KEY),
    OTHER("list-deleted", DELETED_KEYS_LIST, WHY_NO_KEY),
    OTHER("recover", DELETED_KEYS_RECOVER, WHY_DELETED_KEY),
    OTHER("purge", DELETED_KEYS_PURGE, WHY_DELETED_KEY),
};

/* --- the question --- */

static enum kv_code refuse_operation(const char *name, struct kv_err *err)
{
    char names[NAMES_SIZE] = "";
    size_t used = 0;

    for (size_t i = 0; i < KV_COUNT(operations) && used < sizeof(names); i++) {
        used += (size_t) snprintf(names + used, sizeof(names) - used, "%s%s", i > 0 ? ", " : "",
                                  operations[i].name);
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%.64s' is not an operation: it is one of %s.", name,
                   names);
}

/* What is asked, in a query or in a body. Borrowed; NULL: it is not given. */
struct asked {
    const char *operation, *key, *version, *address, *identity, *principal;
    const char *token; /* in a body only: a query is written to logs */
};

static enum kv_code read_operation(struct why_question *question, const char *name,
                                   struct kv_err *err)
{
    if (name == NULL) {
        return refuse_operation("", err);
    }
    for (size_t i = 0; i < KV_COUNT(operations); i++) {
        if (strcasecmp(operations[i].name, name) == 0) {
            question->operation = &operations[i];
            return KV_OK;
        }
    }
    return refuse_operation(name, err);
}

/* How a command that grants something names whom the question is about. */
static void name_caller(struct why_question *question, const char *identity, const char *principal)
{
    if (principal != NULL) {
        (void) snprintf(question->who, sizeof(question->who), " --principal %.64s", principal);
    } else if (identity != NULL && *identity != '\0') {
        (void) snprintf(question->who, sizeof(question->who), " --identity %.300s", identity);
    }
}

static void take_entry(struct why_question *question, const char *tenant)
{
    const struct kv_principal_entry *entry = &question->entry;
    struct kv_principal *principal = &question->principal;

    (void) snprintf(principal->object_id, sizeof(principal->object_id), "%s", entry->object_id);
    (void) snprintf(principal->app_id, sizeof(principal->app_id), "%s", entry->client_id);
    (void) snprintf(principal->tenant, sizeof(principal->tenant), "%s", tenant);
    (void) snprintf(principal->name, sizeof(principal->name), "%s", entry->upn);
    (void) snprintf(principal->resource, sizeof(principal->resource), "%s", entry->resource);
    kv_identity_issuer(tenant, principal->issuer);
}

/* One who is not there is found out by the step `token`; grants to an object id remain. */
static void find_named(struct why_question *question, const char *identity, const char *principal)
{
    struct kv_principals *principals = question->request->app->principals;

    question->has_entry =
        (principal != NULL
             ? kv_principals_find_object(principals, principal, &question->entry, NULL)
             : kv_principals_find_name(principals, identity, &question->entry, NULL))
        == KV_OK;
    if (question->has_entry) {
        take_entry(question, question->entry.tenant);
    } else if (principal != NULL) {
        (void) snprintf(question->principal.object_id, sizeof(question->principal.object_id),
                        "%.63s", principal);
    }
}

/* What the token says counts, and not what coffer knows of the one whom it names. */
static enum kv_code find_bearer(struct why_question *question, const char *token,
                                struct kv_err *err)
{
    struct kv_principals *principals = question->request->app->principals;

    question->has_token = true;
    KV_TRY(why_read_token(question, token, err));
    name_caller(question, NULL, question->is_known ? question->principal.object_id : NULL);
    question->has_entry = question->is_known
                          && kv_principals_find_object(principals, question->principal.object_id,
                                                       &question->entry, NULL)
                                 == KV_OK;
    return KV_OK;
}

static enum kv_code find_caller(struct why_question *question, const struct asked *asked,
                                struct kv_err *err)
{
    bool has_auth = kv_identity_auth(question->request->app->identity) != KV_AUTH_OFF;

    if (asked->token != NULL && (asked->identity != NULL || asked->principal != NULL)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "A token says whose it is: identity and principal do not go with it.");
    }
    if (asked->identity != NULL && asked->principal != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "identity and principal are two persons.");
    }
    if (asked->token != NULL && has_auth) {
        return find_bearer(question, asked->token, err);
    }
    name_caller(question, asked->identity, asked->principal);
    find_named(question, asked->identity, asked->principal);
    return KV_OK;
}

/* Where the caller is; by default where this one is. */
static enum kv_code read_address(struct why_question *question, const char *text,
                                 struct kv_err *err)
{
    struct kv_address address;

    if (text != NULL && !kv_address_parse(text, &address)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "address is an IP address, which '%.64s' is not.",
                       text);
    }
    question->address = text != NULL ? text : question->request->client;
    return KV_OK;
}

static enum kv_code read_question(struct why_question *question, const struct asked *asked,
                                  struct kv_err *err)
{
    question->key = asked->key;
    question->version = asked->version;
    KV_TRY(read_address(question, asked->address, err));
    KV_TRY(read_operation(question, asked->operation, err));
    if (question->key != NULL) {
        KV_TRY(kv_key_name_check(question->key, err));
    }
    KV_TRY(control_find_vault(question->request, &question->vault, err));
    return find_caller(question, asked, err);
}

/* --- the answer --- */

/* The way of a request, in its order (api/gate/gate.c). */
static const struct {
    const char *name;
    why_step_fn *run;
} steps[] = {
    { "vault", why_vault },       { "token", why_token },
    { "firewall", why_firewall }, { "authorization", why_authorization },
    { "region", why_region },     { "key", why_key },
    { "state", why_state },       { "key_ops", why_key_ops },
};

/* Of a region nobody speaks until it has failed over. */
static bool is_asked(size_t i, const struct why_question *question)
{
    return steps[i].run != why_region || question->vault->read_only;
}

static void add_answer(cJSON *object, const struct why_question *question, struct kv_err *refusal,
                       bool *ok)
{
    const struct kv_speaker speaker = {
        .is_hsm = question->vault->kind == KV_MANAGED_HSM,
        .build = question->request->app->build->year,
    };
    const struct kv_err_row *row;

    kv_err_word(refusal, &speaker);
    row = kv_err_row(refusal->code);
    kv_json_add_int(object, "status", row->status, ok);
    if (speaker.is_hsm
        && row->inner != NULL) { /* contract §9.1: a vault's inner code is its code */
        kv_json_add_text(object, "code", row->inner, ok);
    } else {
        kv_json_add_text(object, "code", row->code, ok);
        if (row->inner != NULL) {
            kv_json_add_text(object, "innererror", row->inner, ok);
        }
    }
    kv_json_add_text(object, "message", refusal->message, ok);
}

static const char *verdict_of(const struct why_finding *finding, enum kv_code code)
{
    if (code != KV_OK) {
        return "refuse";
    }
    return finding->is_skipped ? "skip" : "pass";
}

/* Adds the step to the list; the first that refuses is the answer. */
static void take_step(size_t i, struct why_question *question, cJSON *body, bool *ok)
{
    struct why_finding finding = { .because = "" };
    struct kv_err refusal = { .code = KV_OK };
    enum kv_code code = steps[i].run(question, &finding, &refusal);
    cJSON *step = cJSON_CreateObject();

    kv_json_add_text(step, "step", steps[i].name, ok);
    kv_json_add_text(step, "verdict", verdict_of(&finding, code), ok);
    kv_json_add_text(step, "because", finding.because, ok);
    if (finding.grants != NULL) {
        kv_json_add_take(step, "grants", finding.grants, ok);
    }
    if (code != KV_OK) {
        add_answer(kv_json_add_object(step, "answer", ok), question, &refusal, ok);
        if (finding.cure[0] != '\0') {
            kv_json_add_text(step, "change", finding.cure, ok);
        }
        question->refusals++;
        if (!cJSON_HasObjectItem(body, "decided_by")) {
            kv_json_add_text(body, "decided_by", steps[i].name, ok);
        }
    }
    kv_json_add_take(cJSON_GetObjectItemCaseSensitive(body, "steps"), NULL, step, ok);
}

static cJSON *render(struct why_question *question, bool *ok)
{
    cJSON *body = cJSON_CreateObject();
    cJSON *list;

    kv_json_add_text(body, "vault", question->vault->name, ok);
    kv_json_add_text(body, "operation", question->operation->name, ok);
    if (question->key != NULL) {
        kv_json_add_text(body, "key", question->key, ok);
    }
    kv_json_add_text(body, "caller", question->caller, ok);
    list = kv_json_add_array(body, "steps", ok);
    for (size_t i = 0; i < KV_COUNT(steps) && list != NULL; i++) {
        if (is_asked(i, question)) {
            take_step(i, question, body, ok);
        }
    }
    kv_json_add_bool(body, "allowed", question->refusals == 0, ok);
    kv_json_add_int(body, "changes", question->refusals, ok);
    return body;
}

static void question_done(struct why_question *question)
{
    kv_vault_release(question->vault);
    kv_key_done(&question->found);
}
KV_DEFINE_CLEANUP_VALUE(struct why_question, question_done)

/* What the gate would ask about that caller. */
static enum kv_code ask_for_access(struct why_question *question, struct kv_err *err)
{
    struct kv_access_question *access = &question->access;

    *access = (struct kv_access_question){
        .vault = question->vault,
        .object_id = question->principal.object_id,
        .app_id = question->principal.app_id,
        .groups = question->groups,
        .caller = question->caller,
        .permission = question->operation->permission,
        .key = question->operation->target != WHY_NO_KEY ? question->key : NULL,
        .at_keys = true,
        .now = question->request->now,
    };
    if (question->has_entry) {
        KV_TRY(kv_principals_groups(question->request->app->principals, access->object_id,
                                    question->groups, KV_PRINCIPAL_GROUPS_MAX, &access->group_count,
                                    err));
    }
    kv_caller_print(&question->principal, access->group_count, question->caller);
    return KV_OK;
}

static enum kv_code answer(const struct kv_request *request, const struct asked *asked,
                           struct kv_response *response, struct kv_err *err)
{
    kv_auto(question_done) struct why_question question = { .request = request };
    bool ok = true;

    KV_TRY(read_question(&question, asked, err));
    KV_TRY(ask_for_access(&question, err));

    kv_auto(cJSON_Delete) cJSON *body = render(&question, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code control_why(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    const struct asked asked = {
        .operation = kv_request_query(request, "operation"),
        .key = kv_request_query(request, "key"),
        .version = kv_request_query(request, "version"),
        .address = kv_request_query(request, "address"),
        .identity = kv_request_query(request, "identity"),
        .principal = kv_request_query(request, "principal"),
    };

    return answer(request, &asked, response, err);
}

enum kv_code control_why_post(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct asked, operation, "operation", KV_JSON_STRING),
        KV_JSON_FIELD(struct asked, key, "key", KV_JSON_STRING),
        KV_JSON_FIELD(struct asked, version, "version", KV_JSON_STRING),
        KV_JSON_FIELD(struct asked, address, "address", KV_JSON_STRING),
        KV_JSON_FIELD(struct asked, identity, "identity", KV_JSON_STRING),
        KV_JSON_FIELD(struct asked, principal, "principal", KV_JSON_STRING),
        KV_JSON_FIELD(struct asked, token, "token", KV_JSON_STRING),
    };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct asked asked = { .operation = NULL };

    KV_TRY(control_bind_body(request, fields, KV_COUNT(fields), &asked, &body, err));
    return answer(request, &asked, response, err);
}
