/* SPDX-License-Identifier: Apache-2.0 */
/* encrypt, decrypt, sign, verify, wrapKey, unwrapKey: contract §8. */
#include <string.h>

#include "kv/base/base64.h"
#include "private.h"

/* The members that carry bytes, in the order they are looked at. */
enum part { PART_VALUE, PART_DIGEST, PART_IV, PART_AAD, PART_TAG, PART_COUNT };

static const struct {
    const char *name;
    size_t offset; /* in struct kv_operands */
} parts[PART_COUNT] = {
    [PART_VALUE] = { "value", offsetof(struct kv_operands, value) },
    [PART_DIGEST] = { "digest", offsetof(struct kv_operands, digest) },
    [PART_IV] = { "iv", offsetof(struct kv_operands, iv) },
    [PART_AAD] = { "aad", offsetof(struct kv_operands, aad) },
    [PART_TAG] = { "tag", offsetof(struct kv_operands, tag) },
};

struct sent_operation {
    const char *alg;
    const char *part[PART_COUNT];
};

/* The arguments of an operation, and the decoded bytes they point to. */
struct operation {
    struct kv_key_operate_args args;
    struct kv_buf bytes[PART_COUNT];
};

static void operation_done(struct operation *operation)
{
    for (size_t i = 0; i < PART_COUNT; i++) {
        kv_buf_done(&operation->bytes[i]);
    }
}
KV_DEFINE_CLEANUP_VALUE(struct operation, operation_done)

/* A missing, an empty and an unknown alg get the same line (contract §4.6, §19 row 8), as does one
 * that this operation does not know. */
static enum kv_code parse_alg(const char *name, struct kv_key_operate_args *args,
                              struct kv_err *err)
{
    if (name == NULL || !kv_alg_find(name, &args->alg)
        || (kv_alg_row(args->alg)->operations & 1U << args->op) == 0) {
        return fail_property(err);
    }
    return KV_OK;
}

static bool is_required(enum part part, enum kv_key_op op)
{
    return part == PART_VALUE || (part == PART_DIGEST && op == KV_OP_VERIFY);
}

static enum kv_code parse_part(const char *text, enum part part, struct operation *operation,
                               struct kv_err *err)
{
    struct kv_bytes *target =
        (struct kv_bytes *) ((char *) &operation->args.operands + parts[part].offset);
    struct kv_buf *bytes = &operation->bytes[part];
    const char *name = parts[part].name;
    enum kv_code code;

    if (text == NULL) {
        if (!is_required(part, operation->args.op)) {
            return KV_OK;
        }
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Property '%s' is required.\r\n", name);
    }
    kv_buf_init(bytes, KV_BODY_MAX);
    code = kv_base64_parse(text, strlen(text), bytes, err);
    if (code == KV_BAD_PARAMETER) {
        return KV_FAIL(err, code, 0,
                       "Content of '%s' is not base64url.\r\nProperty '%s' is required.\r\n", name,
                       name);
    }
    KV_TRY(code);
    *target = (struct kv_bytes){ .bytes = bytes->data, .len = bytes->len };
    return KV_OK;
}

static enum kv_code parse_operation(const struct kv_request *request, struct operation *operation,
                                    struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_operation, alg, "alg", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_operation, part[PART_VALUE], "value", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_operation, part[PART_DIGEST], "digest", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_operation, part[PART_IV], "iv", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_operation, part[PART_AAD], "aad", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_operation, part[PART_TAG], "tag", KV_JSON_STRING),
    };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct sent_operation sent = { .alg = NULL };

    KV_TRY(kv_request_json(request, &body, err));
    KV_TRY(kv_json_bind(body, fields, KV_COUNT(fields), &sent, err));
    KV_TRY(parse_alg(sent.alg, &operation->args, err));
    for (enum part part = PART_VALUE; part < PART_COUNT; part++) {
        KV_TRY(parse_part(sent.part[part], part, operation, err));
    }
    return KV_OK;
}

/* A vault gives kid and value alone (contract §8); a Managed HSM adds alg. What an encryption
 * needs to be undone is given by both. */
static enum kv_code respond_result(const struct kv_request *request, enum kv_alg alg,
                                   const struct kv_key_result *result, struct kv_response *response,
                                   struct kv_err *err)
{
    const struct kv_outcome *outcome = &result->outcome;
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char kid[KEY_URL_SIZE];

    if (is_hsm(request)) {
        kv_json_add_text(body, "alg", kv_alg_row(alg)->name, &ok);
    }
    if (outcome->iv_len > 0) {
        kv_json_add_base64url(body, "iv", outcome->iv, outcome->iv_len, &ok);
    }
    key_url(request, "keys", result->name, result->version, kid);
    kv_json_add_text(body, "kid", kid, &ok);
    if (outcome->tag_len > 0) {
        kv_json_add_base64url(body, "tag", outcome->tag, outcome->tag_len, &ok);
    }
    kv_json_add_base64url(body, "value", outcome->value.data, outcome->value.len, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* A vault answers with the verdict alone, a Managed HSM names algorithm and key, too. */
static enum kv_code respond_verdict(const struct kv_request *request, enum kv_alg alg,
                                    const struct kv_key_result *result,
                                    struct kv_response *response, struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char kid[KEY_URL_SIZE];

    if (is_hsm(request)) {
        key_url(request, "keys", result->name, result->version, kid);
        kv_json_add_text(body, "alg", kv_alg_row(alg)->name, &ok);
        kv_json_add_text(body, "kid", kid, &ok);
    }
    kv_json_add_bool(body, "value", result->outcome.valid, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* Other bytes, as many. */
static void falsify(struct kv_buf *value)
{
    for (size_t i = 0; i < value->len; i++) {
        value->data[i] = (char) ~value->data[i];
    }
}

/* Whether r, or s, begins with a zero byte, in a signature that has both. */
static bool begins_with_zero(const struct kv_buf *signature, enum kv_fault_twist twist)
{
    size_t at = twist == KV_FAULT_TWIST_ZERO_S ? signature->len / 2 : 0;

    return signature->len > at && signature->data[at] == 0;
}

/* The algorithms whose every signature is another one. */
static bool has_r_and_s(enum kv_alg alg)
{
    return kv_alg_row(alg)->family == KV_FAMILY_EC;
}

static enum kv_code carry_out(struct kv_request *request, const struct kv_key_operate_args *args,
                              struct kv_key_result *result, struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);

    return kv_key_operate(&scope, kv_request_capture(request, "name"),
                          kv_request_capture(request, "version"), args, result, err);
}

/* One signature in 256 is like that; of so many none is not once in 10^17. */
#define SIGNATURES_MAX 10000

static enum kv_code sign_again(struct kv_request *request, const struct kv_key_operate_args *args,
                               struct kv_key_result *result, struct kv_err *err)
{
    enum kv_fault_twist twist = kv_call_of(request)->twist;

    for (unsigned i = 0; i < SIGNATURES_MAX && !begins_with_zero(&result->outcome.value, twist);
         i++) {
        kv_key_result_done(result);
        kv_key_result_init(result);
        KV_TRY(carry_out(request, args, result, err));
    }
    return KV_OK;
}

/* What a fault rule wants to be wrong with the result; the rule is for such operations alone. */
static enum kv_code twist_result(struct kv_request *request, const struct kv_key_operate_args *args,
                                 struct kv_key_result *result, struct kv_err *err)
{
    switch (kv_call_of(request)->twist) {
    case KV_FAULT_TWIST_NONE:
        break;
    case KV_FAULT_TWIST_PLAINTEXT:
        falsify(&result->outcome.value);
        break;
    case KV_FAULT_TWIST_ZERO_R:
    case KV_FAULT_TWIST_ZERO_S:
        return has_r_and_s(args->alg) ? sign_again(request, args, result, err) : KV_OK;
    case KV_FAULT_TWIST_OLD_TOKEN:
    case KV_FAULT_TWIST_FOREIGN_TOKEN:
    case KV_FAULT_TWIST_OTHER_AUDIENCE:
        break; /* of who issues tokens */
    }
    return KV_OK;
}

static enum kv_code operate(struct kv_request *request, struct kv_response *response,
                            enum kv_key_op op, struct kv_err *err)
{
    kv_auto(operation_done) struct operation operation = { .args = { .op = op } };
    kv_auto(kv_key_result_done) struct kv_key_result result;

    kv_key_result_init(&result);
    KV_TRY(parse_operation(request, &operation, err));
    KV_TRY(carry_out(request, &operation.args, &result, err));
    KV_TRY(twist_result(request, &operation.args, &result, err));
    if (op == KV_OP_VERIFY) {
        return respond_verdict(request, operation.args.alg, &result, response, err);
    }
    return respond_result(request, operation.args.alg, &result, response, err);
}

enum kv_code key_encrypt(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    return operate(request, response, KV_OP_ENCRYPT, err);
}

enum kv_code key_decrypt(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    return operate(request, response, KV_OP_DECRYPT, err);
}

enum kv_code key_sign(struct kv_request *request, struct kv_response *response, struct kv_err *err)
{
    return operate(request, response, KV_OP_SIGN, err);
}

enum kv_code key_verify(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    return operate(request, response, KV_OP_VERIFY, err);
}

enum kv_code key_wrap(struct kv_request *request, struct kv_response *response, struct kv_err *err)
{
    return operate(request, response, KV_OP_WRAP, err);
}

enum kv_code key_unwrap(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    return operate(request, response, KV_OP_UNWRAP, err);
}
