/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Users, as far as `az login` needs them: a device code, which is granted at once because there is no
 * browser to ask in, and the refresh token that follows. The user is the first one who is registered,
 * or else one who is made up; where nobody is made up, the code waits for somebody to be registered.
 */
#include "session.h"

#include <stdio.h>
#include <string.h>

#include <openssl/rand.h>

#include "kv/app/api.h"
#include "kv/base/base64.h"
#include "kv/base/json.h"
#include "kv/base/secret.h"
#include "kv/identity/registry.h"

#define MADE_UP_USER "user@coffer.localhost"
#define DEVICE_LIFETIME 900           /* seconds */
#define DEVICE_INTERVAL 1             /* seconds between two questions of the client */
#define REFRESH_LIFETIME (90 * 86400) /* seconds */
#define USER_CODE_LENGTH 9
#define USER_SCOPE "user_impersonation"
#define VERIFICATION_URL "https://microsoft.com/devicelogin"
#define SHORT_SIZE 512

/* --- who it is --- */

static void make_up_user(struct kv_principal_entry *ret_user)
{
    *ret_user = (struct kv_principal_entry){
        .type = KV_PRINCIPAL_USER,
        .state = KV_PRINCIPAL_ENABLED,
        .name = MADE_UP_USER,
        .upn = MADE_UP_USER,
        .revoked = KV_PRINCIPAL_NOT_REVOKED,
    };
    kv_uuid_of("object", MADE_UP_USER, ret_user->object_id);
}

struct search {
    struct kv_principal_entry user;
    bool is_found;
};

static enum kv_code take_user(const struct kv_principal_entry *entry, void *context,
                              struct kv_err *err)
{
    struct search *search = context;

    (void) err;
    if (entry->type == KV_PRINCIPAL_USER && entry->state != KV_PRINCIPAL_DELETED
        && !search->is_found) {
        search->user = *entry;
        search->is_found = true;
    }
    return KV_OK;
}

static enum kv_code choose_user(const struct authority_order *order,
                                struct kv_principal_entry *ret_user, struct kv_err *err)
{
    struct search search = { .is_found = false };

    KV_TRY(kv_principals_each(order->request->app->principals, take_user, &search, err));
    if (!search.is_found && !kv_principals_makes_up(order->request->app->principals)) {
        return AADSTS_REFUSE(err, 70016);
    }
    if (!search.is_found) {
        make_up_user(&search.user);
    }
    *ret_user = search.user;
    return KV_OK;
}

static enum kv_code find_user(const struct authority_order *order, const char *object_id,
                              struct kv_principal_entry *ret_user, struct kv_err *err)
{
    struct kv_principals *principals = order->request->app->principals;
    struct kv_principal_entry made_up;

    make_up_user(&made_up);
    if (strcmp(made_up.object_id, object_id) == 0 && kv_principals_makes_up(principals)) {
        *ret_user = made_up;
        return KV_OK;
    }
    enum kv_code code = kv_principals_find_object(principals, object_id, ret_user, err);

    return code == KV_NOT_FOUND ? AADSTS_REFUSE(err, 50173) : code;
}

static enum kv_code check_user(const struct kv_principal_entry *user, const struct session *session,
                               struct kv_err *err)
{
    if (user->state == KV_PRINCIPAL_DISABLED) {
        return AADSTS_REFUSE(err, 50057);
    }
    return session->began < user->revoked ? AADSTS_REFUSE(err, 50173) : KV_OK;
}

/* --- what it gets --- */

/* Who has logged in, for the client itself: OpenID Connect Core 1.0 §2. */
static enum kv_code make_id_token(const struct authority_order *order,
                                  const struct kv_principal_entry *user, kv_time now,
                                  char **ret_text, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *claims = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf payload;
    char issuer[SHORT_SIZE];
    bool ok = claims != NULL;

    kv_buf_init(&payload, KV_TOKEN_MAX);
    (void) snprintf(issuer, sizeof(issuer), "https://login.microsoftonline.com/%s/v2.0",
                    order->tenant.id);
    kv_json_add_text(claims, "aud", order->client_id, &ok);
    kv_json_add_text(claims, "iss", issuer, &ok);
    kv_json_add_int(claims, "iat", now - AUTHORITY_EARLY, &ok);
    kv_json_add_int(claims, "nbf", now - AUTHORITY_EARLY, &ok);
    kv_json_add_int(claims, "exp", now + AUTHORITY_LIFETIME, &ok);
    kv_json_add_text(claims, "name", user->upn, &ok);
    kv_json_add_text(claims, "oid", user->object_id, &ok);
    kv_json_add_text(claims, "preferred_username", user->upn, &ok);
    kv_json_add_text(claims, "sub", user->object_id, &ok);
    kv_json_add_text(claims, "tid", order->tenant.id, &ok);
    kv_json_add_text(claims, "ver", "2.0", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_json_print(claims, &payload, err));
    return kv_identity_sign(order->request->app->identity, payload.data, payload.len, ret_text,
                            err);
}

/* By what the client's cache knows the user. */
static void add_client_info(cJSON *body, const struct authority_order *order,
                            const struct kv_principal_entry *user, bool *ok)
{
    char json[SHORT_SIZE];
    char text[KV_BASE64URL_LENGTH(SHORT_SIZE) + 1];

    (void) snprintf(json, sizeof(json), "{\"uid\":\"%s\",\"utid\":\"%s\"}", user->object_id,
                    order->tenant.id);
    kv_base64url_encode(json, strlen(json), text);
    kv_json_add_text(body, "client_info", text, ok);
}

/* The three tokens of an answer; wiped by tokens_done(). */
struct tokens {
    struct kv_token access;
    char *refresh, *id;
};

static void tokens_done(struct tokens *tokens)
{
    kv_token_done(&tokens->access);
    kv_wipe_free(tokens->refresh);
    kv_wipe_free(tokens->id);
}
KV_DEFINE_CLEANUP_VALUE(struct tokens, tokens_done)

static enum kv_code issue_access(const struct authority_order *order,
                                 const struct kv_principal_entry *user, struct kv_token *ret_token,
                                 struct kv_err *err)
{
    char groups[KV_PRINCIPAL_GROUPS_MAX][KV_UUID_LENGTH + 1];
    struct kv_identity_card card = { .resource = "" };
    struct kv_token_order token = {
        .card = &card,
        .tenant = order->tenant.id,
        .audience = order->resource,
        .proof = "0",
        .upn = user->upn,
        .scope = USER_SCOPE,
        .groups = groups,
        .announces_cp1 = order->announces_cp1,
        .when = kv_clock_token_time(order->request->app->clock),
        .early = AUTHORITY_EARLY,
        .lifetime = AUTHORITY_LIFETIME,
    };

    (void) snprintf(card.client_id, sizeof(card.client_id), "%s", order->client_id);
    (void) snprintf(card.object_id, sizeof(card.object_id), "%s", user->object_id);
    KV_TRY(kv_principals_groups(order->request->app->principals, user->object_id, groups,
                                KV_COUNT(groups), &token.group_count, err));
    return kv_fault_issue(order->request, &token, ret_token, err);
}

/* A log-in is as old as it is, however often it is renewed. */
static enum kv_code issue_all(const struct authority_order *order,
                              const struct kv_principal_entry *user, kv_millis began,
                              struct tokens *tokens, struct kv_err *err)
{
    kv_time now = kv_seconds(kv_clock_real());
    struct session session = {
        .kind = SESSION_REFRESH,
        .began = began,
        .expires = now + REFRESH_LIFETIME,
    };

    (void) snprintf(session.client_id, sizeof(session.client_id), "%s", order->client_id);
    (void) snprintf(session.object_id, sizeof(session.object_id), "%s", user->object_id);
    (void) snprintf(session.resource, sizeof(session.resource), "%s", order->resource);
    KV_TRY(issue_access(order, user, &tokens->access, err));
    KV_TRY(make_id_token(order, user, now, &tokens->id, err));
    return session_render(order, &session, &tokens->refresh, err);
}

static enum kv_code answer_user(struct authority_order *order,
                                const struct kv_principal_entry *user, kv_millis began,
                                struct kv_response *response, struct kv_err *err)
{
    kv_auto(tokens_done) struct tokens tokens = { .refresh = NULL };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char scope[2 * KV_RESOURCE_MAX + SHORT_SIZE];
    bool ok = body != NULL;

    KV_TRY(issue_all(order, user, began, &tokens, err));
    (void) snprintf(scope, sizeof(scope), "%s/" USER_SCOPE " %s/.default", order->resource,
                    order->resource);
    kv_json_add_text(body, "token_type", "Bearer", &ok);
    kv_json_add_text(body, "scope", scope, &ok);
    kv_json_add_int(body, "expires_in", AUTHORITY_LIFETIME - 1, &ok);
    kv_json_add_int(body, "ext_expires_in", AUTHORITY_LIFETIME - 1, &ok);
    kv_json_add_text(body, "access_token", tokens.access.text, &ok);
    kv_json_add_text(body, "refresh_token", tokens.refresh, &ok);
    kv_json_add_text(body, "id_token", tokens.id, &ok);
    add_client_info(body, order, user, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

/* --- grants --- */

static enum kv_code require(const struct authority_order *order, const char *name,
                            const char **ret_value, struct kv_err *err)
{
    *ret_value = form_find(&order->form, name);
    return *ret_value != NULL ? KV_OK : AADSTS_REFUSE(err, 900144, name);
}

enum kv_code authority_grant_refresh(struct authority_order *order, struct kv_response *response,
                                     struct kv_err *err)
{
    struct kv_principal_entry user;
    struct session session;
    const char *text = NULL;

    KV_TRY(require(order, "refresh_token", &text, err));
    KV_TRY(session_parse(order, SESSION_REFRESH, text, &session, err));
    KV_TRY(find_user(order, session.object_id, &user, err));
    KV_TRY(check_user(&user, &session, err));
    KV_TRY(authority_read_claims(order, err));
    if (form_find(&order->form, "scope") == NULL && form_find(&order->form, "resource") == NULL) {
        (void) snprintf(order->resource, sizeof(order->resource), "%s", session.resource);
    } else {
        KV_TRY(authority_read_resource(order, true, err));
    }
    return answer_user(order, &user, session.began, response, err);
}

enum kv_code authority_grant_device(struct authority_order *order, struct kv_response *response,
                                    struct kv_err *err)
{
    struct kv_principal_entry user;
    struct session session;
    const char *text = form_find(&order->form, "device_code");

    if (text == NULL) { /* the first version has it so */
        KV_TRY(require(order, "code", &text, err));
    }
    KV_TRY(session_parse(order, SESSION_DEVICE, text, &session, err));
    KV_TRY(choose_user(order, &user, err));
    KV_TRY(check_user(&user, &session, err));
    KV_TRY(authority_read_claims(order, err));
    (void) snprintf(order->resource, sizeof(order->resource), "%s", session.resource);
    return answer_user(order, &user, session.began, response, err);
}

static bool make_user_code(char ret_code[USER_CODE_LENGTH + 1])
{
    static const char letters[] = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789";
    unsigned char bytes[USER_CODE_LENGTH];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1) {
        return false;
    }
    for (size_t i = 0; i < USER_CODE_LENGTH; i++) {
        ret_code[i] = letters[bytes[i] % (sizeof(letters) - 1)];
    }
    ret_code[USER_CODE_LENGTH] = '\0';
    return true;
}

static cJSON *make_device_body(const struct authority_order *order, const char *user_code,
                               const char *device_code)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    bool ok = body != NULL;

    kv_json_add_text(body, "user_code", user_code, &ok);
    kv_json_add_text(body, "device_code", device_code, &ok);
    kv_json_add_text(body, order->is_v1 ? "verification_url" : "verification_uri", VERIFICATION_URL,
                     &ok);
    kv_json_add_int(body, "expires_in", DEVICE_LIFETIME, &ok);
    kv_json_add_int(body, "interval", DEVICE_INTERVAL, &ok);
    kv_json_add_text(body, "message",
                     "coffer logs you in by itself: there is no page to open and no code to enter.",
                     &ok);
    return ok ? kv_take(body) : NULL;
}

enum kv_code authority_start_device(struct authority_order *order, struct kv_response *response,
                                    struct kv_err *err)
{
    struct session session = {
        .kind = SESSION_DEVICE,
        .object_id = "",
        .began = order->request->now,
        .expires = kv_seconds(kv_clock_real()) + DEVICE_LIFETIME,
    };
    char user_code[USER_CODE_LENGTH + 1];
    kv_auto(kv_wipe_free) char *device_code = NULL;
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    const bool is_v1 = order->is_v1;

    if (!kv_uuid_is_valid(order->client_id)) {
        return AADSTS_REFUSE(err, 700016, order->client_id, order->tenant.id);
    }
    KV_TRY(authority_read_resource(order, true, err));
    order->is_v1 = is_v1;
    (void) snprintf(session.client_id, sizeof(session.client_id), "%s", order->client_id);
    (void) snprintf(session.resource, sizeof(session.resource), "%s", order->resource);
    if (!make_user_code(user_code)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "no random bytes are to be had");
    }
    KV_TRY(session_render(order, &session, &device_code, err));
    body = make_device_body(order, user_code, device_code);
    return kv_response_json(response, 200, body, err);
}
