/* SPDX-License-Identifier: Apache-2.0 */
/* Device codes and refresh tokens as signed texts. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "kv/base/jws.h"
#include "session.h"

#define ISSUER "https://sessions.coffer.localhost/"
#define TEXT_MAX 4096 /* bytes */

static const char *const kinds[] = { [SESSION_DEVICE] = "device", [SESSION_REFRESH] = "refresh" };

struct members {
    const char *iss, *kind, *client_id, *object_id, *resource;
    struct kv_maybe_int began, exp;
};

enum kv_code session_render(const struct authority_order *order, const struct session *session,
                            char **ret_text, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *claims = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf payload;
    bool ok = claims != NULL;

    kv_buf_init(&payload, TEXT_MAX);
    kv_json_add_text(claims, "iss", ISSUER, &ok);
    kv_json_add_text(claims, "kind", kinds[session->kind], &ok);
    kv_json_add_text(claims, "client_id", session->client_id, &ok);
    kv_json_add_text(claims, "object_id", session->object_id, &ok);
    kv_json_add_text(claims, "resource", session->resource, &ok);
    kv_json_add_int(claims, "began", session->began, &ok);
    kv_json_add_int(claims, "exp", session->expires, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_json_print(claims, &payload, err));
    return kv_identity_sign(order->request->app->identity, payload.data, payload.len, ret_text,
                            err);
}

static bool copy(const char *text, char *ret_copy, size_t size)
{
    return text != NULL && snprintf(ret_copy, size, "%s", text) < (int) size;
}

static bool copy_members(const struct members *members, struct session *ret_session)
{
    ret_session->began = members->began.value;
    ret_session->expires = members->exp.value;
    return members->began.given && members->exp.given
           && copy(members->client_id, ret_session->client_id, sizeof(ret_session->client_id))
           && copy(members->object_id, ret_session->object_id, sizeof(ret_session->object_id))
           && copy(members->resource, ret_session->resource, sizeof(ret_session->resource));
}

static bool read_members(const struct kv_jws *jws, const char *kind, struct session *ret_session)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct members, iss, "iss", KV_JSON_STRING),
        KV_JSON_FIELD(struct members, kind, "kind", KV_JSON_STRING),
        KV_JSON_FIELD(struct members, client_id, "client_id", KV_JSON_STRING),
        KV_JSON_FIELD(struct members, object_id, "object_id", KV_JSON_STRING),
        KV_JSON_FIELD(struct members, resource, "resource", KV_JSON_STRING),
        KV_JSON_FIELD(struct members, began, "began", KV_JSON_INT),
        KV_JSON_FIELD(struct members, exp, "exp", KV_JSON_INT),
    };
    kv_auto(kv_buf_done) struct kv_buf payload;
    kv_auto(cJSON_Delete) cJSON *json = NULL;
    struct members members = { 0 };

    kv_buf_init(&payload, TEXT_MAX);
    return kv_jws_read(jws, &payload, NULL) == KV_OK
           && kv_json_parse(payload.data, payload.len, &json, NULL) == KV_OK
           && kv_json_bind(json, fields, KV_COUNT(fields), &members, NULL) == KV_OK
           && members.iss != NULL && strcmp(members.iss, ISSUER) == 0 && members.kind != NULL
           && strcmp(members.kind, kind) == 0 && copy_members(&members, ret_session);
}

enum kv_code session_parse(const struct authority_order *order, enum session_kind kind,
                           const char *text, struct session *ret_session, struct kv_err *err)
{
    struct kv_identity *identity = order->request->app->identity;
    kv_auto(kv_jws_done) struct kv_jws jws = { .header = NULL };
    struct session session = { .kind = kind };

    if (strlen(text) > TEXT_MAX || !kv_jws_parse(text, strlen(text), &jws)
        || kv_identity_check_signature(identity, &jws, "") != KV_SIGNATURE_OWN
        || !read_members(&jws, kinds[kind], &session)
        || strcasecmp(session.client_id, order->client_id) != 0) {
        return AADSTS_REFUSE(err, 70000);
    }
    if (session.expires <= kv_seconds(kv_clock_real())) {
        return kind == SESSION_DEVICE ? AADSTS_REFUSE(err, 70020) : AADSTS_REFUSE(err, 50173);
    }
    *ret_session = session;
    return KV_OK;
}
