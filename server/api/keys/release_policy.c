/* SPDX-License-Identifier: Apache-2.0 */
/* exportable and release_policy in bodies and answers: contract §11. */
#include <string.h>

#include "kv/base/base64.h"
#include "kv/release/release.h"
#include "private.h"

#define TYPE_MAX 128 /* characters of a content type */

void release_sent_done(struct release_sent *sent)
{
    kv_buf_done(&sent->policy);
}

struct sent_policy {
    const char *type, *data;
    struct kv_maybe_bool immutable;
};

/*
 * What a policy says is judged while the body is read, so before the rules of AKV.SKR (contract
 * §9.2). The contract knows no order of the two; but whether a policy may stand beside `exportable`
 * depends on the key there is, and what a body holds comes before the lookup (§19 row 26).
 */
static enum kv_code read_policy(const struct sent_policy *sent, struct release_sent *ret_sent,
                                struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    enum kv_code code;

    kv_buf_init(&text, KV_BODY_MAX);
    code = kv_base64_parse(sent->data, strlen(sent->data), &text, err);
    if (code == KV_BAD_PARAMETER) {
        return KV_FAIL(err, code, 0, "Content of 'data' is not base64url.\r\n");
    }
    KV_TRY(code);
    KV_TRY(kv_release_policy_check(text.data, text.len, &ret_sent->policy, err));
    ret_sent->args.policy = ret_sent->policy.data;
    ret_sent->args.content_type = sent->type;
    ret_sent->args.immutable = sent->immutable.value;
    return KV_OK;
}

/* Into the form that the build gives a policy. */
static enum kv_code adapt_policy(const struct kv_build *build, struct release_sent *sent,
                                 struct kv_err *err)
{
    if (build->rewrites_policies) {
        KV_TRY(kv_release_policy_rewrite(&sent->policy, err));
        sent->args.policy = sent->policy.data;
    }
    return KV_OK;
}

enum kv_code release_read(const struct kv_request *request, struct kv_maybe_bool exportable,
                          const cJSON *policy, struct release_sent *ret_sent, struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_policy, type, "contentType", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_policy, data, "data", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_policy, immutable, "immutable", KV_JSON_BOOL),
    };
    struct sent_policy sent = { .type = NULL };

    kv_buf_init(&ret_sent->policy, KV_RELEASE_POLICY_MAX);
    ret_sent->args = (struct kv_release_args){
        .known = kv_call_of(request)->knows_release,
        .exportable_given = exportable.given,
        .exportable = exportable.value,
    };
    if (policy == NULL) {
        return KV_OK;
    }
    KV_TRY(kv_json_bind(policy, fields, KV_COUNT(fields), &sent, err));
    if (sent.data == NULL || (sent.type != NULL && strlen(sent.type) > TYPE_MAX)) {
        return fail_property(err);
    }
    KV_TRY(read_policy(&sent, ret_sent, err));
    return adapt_policy(request->app->build, ret_sent, err);
}

void add_release_policy(cJSON *parent, const struct kv_release_terms *terms, bool *ok)
{
    cJSON *object;

    if (terms->policy == NULL) {
        return;
    }
    object = kv_json_add_object(parent, "release_policy", ok);
    kv_json_add_text(object, "contentType", terms->content_type, ok);
    kv_json_add_base64url(object, "data", terms->policy, strlen(terms->policy), ok);
    kv_json_add_bool(object, "immutable", terms->immutable, ok);
}
