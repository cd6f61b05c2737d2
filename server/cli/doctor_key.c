/* SPDX-License-Identifier: Apache-2.0 */
/* What the vault itself says: of the key, and to a probe such as the service makes every minute. */
#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "doctor.h"
#include "kv/base/base64.h"

#define ALGORITHM "RSA1_5" /* control-plane.md §4.2 */
#define PROBE_SIZE 32      /* bytes */
#define PATH_SIZE 256

enum kv_cmk_fact doctor_fact(bool is_so)
{
    return is_so ? KV_CMK_YES : KV_CMK_NO;
}

void doctor_take_operations(struct doctor *doctor, const cJSON *list)
{
    const cJSON *item;

    if (!cJSON_IsArray(list)) {
        return;
    }
    doctor->facts.op_wrap = doctor->facts.op_unwrap = KV_CMK_NO;
    cJSON_ArrayForEach (item, list) {
        const char *name = cJSON_GetStringValue(item);

        if (name != NULL && strcmp(name, "wrapKey") == 0) {
            doctor->facts.op_wrap = KV_CMK_YES;
        }
        if (name != NULL && strcmp(name, "unwrapKey") == 0) {
            doctor->facts.op_unwrap = KV_CMK_YES;
        }
    }
}

/* --- whose vault it is --- */

/* The challenge's authorization is the URL of the authority, with the tenant at its end. */
static void take_challenge(struct doctor *doctor, const struct doctor_reply *reply)
{
    static const char start[] = "authorization=\"https://";
    const char *at = strstr(reply->challenge, start);
    const char *host = at != NULL ? at + strlen(start) : "";
    const char *tenant = host + strcspn(host, "/\"");

    if (*tenant == '/') {
        tenant++;
        (void) snprintf(doctor->texts.vault_tenant, sizeof(doctor->texts.vault_tenant), "%.*s",
                        (int) strcspn(tenant, "/\""), tenant);
        doctor->facts.vault_tenant = doctor->texts.vault_tenant;
    }
    if (reply->region[0] != '\0') {
        (void) snprintf(doctor->texts.vault_region, sizeof(doctor->texts.vault_region), "%s",
                        reply->region);
        doctor->facts.vault_region = doctor->texts.vault_region;
    }
}

static enum kv_code ask_whose(struct doctor *doctor, struct kv_err *err)
{
    kv_auto(doctor_reply_done) struct doctor_reply reply = { .status = 0 };

    KV_TRY(doctor_ask(doctor, "/keys", NULL, false, &reply, err));
    doctor->facts.answers.is = doctor_fact(reply.status != 0);
    if (reply.status == 0) {
        DOCTOR_SAY(&doctor->facts.answers, doctor->texts.answers, "%s", reply.said);
        doctor->facts.reach = reply.reach;
    }
    take_challenge(doctor, &reply);
    return KV_OK;
}

/* --- what the key is --- */

/* The bits of a modulus, from its first byte that is not zero. */
static unsigned count_bits(const char *modulus)
{
    unsigned char bytes[1024];
    size_t len = strlen(modulus) / 4 * 3 + 3, first = 0;

    if (len > sizeof(bytes) || !kv_base64url_decode(modulus, strlen(modulus), bytes, &len)) {
        return 0;
    }
    while (first < len && bytes[first] == 0) {
        first++;
    }
    unsigned bits = (unsigned) (len - first) * 8;
    for (unsigned top = 0x80; first < len && top > bytes[first]; top >>= 1) {
        bits--;
    }
    return bits;
}

static void take_dates(struct doctor *doctor, const cJSON *attributes)
{
    int64_t date;

    doctor->facts.has_dates = true;
    if (kv_json_is_int(cJSON_GetObjectItemCaseSensitive(attributes, "nbf"), &date)) {
        doctor->facts.not_before = date;
    }
    if (kv_json_is_int(cJSON_GetObjectItemCaseSensitive(attributes, "exp"), &date)) {
        doctor->facts.expires = date;
    }
}

static void take_key(struct doctor *doctor, const cJSON *bundle)
{
    const cJSON *key = cJSON_GetObjectItemCaseSensitive(bundle, "key");
    const cJSON *attributes = cJSON_GetObjectItemCaseSensitive(bundle, "attributes");
    const cJSON *enabled = cJSON_GetObjectItemCaseSensitive(attributes, "enabled");
    const char *kty = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(key, "kty"));
    const char *n = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(key, "n"));

    if (kty != NULL) {
        (void) snprintf(doctor->texts.kty, sizeof(doctor->texts.kty), "%s", kty);
        doctor->facts.kty = doctor->texts.kty;
    }
    doctor->facts.bits = n != NULL ? count_bits(n) : 0;
    if (cJSON_IsBool(enabled)) {
        doctor->facts.enabled = doctor_fact(cJSON_IsTrue(enabled));
    }
    if (cJSON_IsObject(attributes)) {
        take_dates(doctor, attributes);
    }
    doctor_take_operations(doctor, cJSON_GetObjectItemCaseSensitive(key, "key_ops"));
}

/* Whether it may, if that is what the vault's answer decides; what coffer explained before stands. */
static void take_right(struct kv_cmk_answer *right, const struct doctor_reply *reply,
                       char text[DOCTOR_SAID_SIZE])
{
    static const char *const refusals[] = { "ForbiddenByRbac", "AccessDenied",
                                            "ForbiddenByPolicy" };

    if (right->is != KV_CMK_NOT_KNOWN) {
        return;
    }
    if (reply->status == 200) {
        right->is = KV_CMK_YES;
    }
    for (size_t i = 0; i < KV_COUNT(refusals); i++) {
        if (reply->status == 403 && strstr(reply->said, refusals[i]) != NULL) {
            right->is = KV_CMK_NO;
        }
    }
    if (reply->status != 200) {
        (void) snprintf(text, DOCTOR_SAID_SIZE, "%s", reply->said);
        right->said = text;
    }
}

static void render_path(const struct doctor *doctor, const char *operation,
                        char ret_path[PATH_SIZE])
{
    const char *version = doctor->url.version;

    (void) snprintf(ret_path, PATH_SIZE, "/keys/%s%s%s%s", doctor->url.key,
                    *version != '\0' ? "/" : "", version, operation);
}

static enum kv_code ask_for_key(struct doctor *doctor, struct kv_err *err)
{
    kv_auto(doctor_reply_done) struct doctor_reply reply = { .status = 0 };
    char path[PATH_SIZE];

    render_path(doctor, "", path);
    KV_TRY(doctor_ask(doctor, path, NULL, true, &reply, err));
    take_right(&doctor->facts.may_get, &reply, doctor->texts.may_get);
    if (reply.status == 200) {
        doctor->facts.key_state = KV_CMK_KEY_LIVE;
        take_key(doctor, reply.json);
    } else if (reply.status == 404 && doctor->facts.key_state == KV_CMK_KEY_NOT_KNOWN) {
        doctor->facts.key_state = KV_CMK_KEY_ABSENT; /* or deleted, which it does not say */
    }
    return KV_OK;
}

/* --- the probe --- */

static enum kv_code ask_crypto(struct doctor *doctor, const char *operation, const char *value,
                               struct doctor_reply *ret_reply, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char path[PATH_SIZE];
    bool ok = true;

    render_path(doctor, operation, path);
    kv_json_add_text(body, "alg", ALGORITHM, &ok);
    kv_json_add_text(body, "value", value, &ok);
    return ok ? doctor_ask(doctor, path, body, true, ret_reply, err) : KV_OUT_OF_MEMORY(err);
}

static const char *value_of(const struct doctor_reply *reply)
{
    const char *value =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(reply->json, "value"));

    return reply->status == 200 && value != NULL ? value : NULL;
}

static void fail_probe(struct doctor *doctor, const char *operation,
                       const struct doctor_reply *reply)
{
    doctor->facts.probe.is = KV_CMK_NO;
    DOCTOR_SAY(&doctor->facts.probe, doctor->texts.probe, "%s: %.200s", operation, reply->said);
}

static enum kv_code unwrap(struct doctor *doctor, const char *wrapped, const char *expected,
                           struct kv_err *err)
{
    kv_auto(doctor_reply_done) struct doctor_reply reply = { .status = 0 };

    KV_TRY(ask_crypto(doctor, "/unwrapkey", wrapped, &reply, err));
    take_right(&doctor->facts.may_unwrap, &reply, doctor->texts.may_unwrap);
    const char *value = value_of(&reply);
    if (value == NULL) {
        fail_probe(doctor, "unwrapKey", &reply);
        return KV_OK;
    }
    doctor->facts.probe.is =
        doctor_fact(kv_secret_equal(value, strlen(value), expected, strlen(expected)));
    return KV_OK;
}

static enum kv_code probe(struct doctor *doctor, struct kv_err *err)
{
    kv_auto(doctor_reply_done) struct doctor_reply reply = { .status = 0 };
    unsigned char bytes[PROBE_SIZE];
    char text[PROBE_SIZE * 2];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "there are no random numbers");
    }
    kv_base64url_encode(bytes, sizeof(bytes), text);
    KV_TRY(ask_crypto(doctor, "/wrapkey", text, &reply, err));
    take_right(&doctor->facts.may_wrap, &reply, doctor->texts.may_wrap);
    const char *wrapped = value_of(&reply);
    if (wrapped == NULL) {
        fail_probe(doctor, "wrapKey", &reply);
        return KV_OK;
    }
    return unwrap(doctor, wrapped, text, err);
}

enum kv_code doctor_ask_vault(struct doctor *doctor, struct kv_err *err)
{
    KV_TRY(ask_whose(doctor, err));
    if (doctor->facts.answers.is != KV_CMK_YES || doctor->token.len == 0) {
        return KV_OK;
    }
    KV_TRY(ask_for_key(doctor, err));
    return doctor->url.version[0] != '\0' ? probe(doctor, err) : KV_OK;
}
