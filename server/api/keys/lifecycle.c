/* SPDX-License-Identifier: Apache-2.0 */
/* Create, get, update, delete, recover, purge: contract §6.1 to §6.6. */
#include <stdlib.h>

#include "kv/keys/external.h"
#include "private.h"

/* What a create carries from the connection's thread, where it was checked, to the generation. */
struct creation {
    cJSON *body; /* the arguments point into it */
    struct key_settings settings;
    struct kv_key_create_args args;
};

static void creation_free(void *state)
{
    struct creation *creation = state;

    key_settings_done(&creation->settings);
    cJSON_Delete(creation->body);
    free(creation);
}

struct sent_creation {
    const char *kty, *crv;
    struct kv_maybe_int key_size, public_exponent;
};

static enum kv_code parse_creation(const struct kv_request *request, struct creation *creation,
                                   struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct sent_creation, kty, "kty", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_creation, crv, "crv", KV_JSON_STRING),
        KV_JSON_FIELD(struct sent_creation, key_size, "key_size", KV_JSON_INT),
        KV_JSON_FIELD(struct sent_creation, public_exponent, "public_exponent", KV_JSON_INT),
    };
    struct key_settings *settings = &creation->settings;
    struct sent_creation sent = { .kty = NULL };

    KV_TRY(kv_request_json(request, &creation->body, err));
    KV_TRY(kv_json_bind(creation->body, fields, KV_COUNT(fields), &sent, err));
    KV_TRY(key_settings_parse(request, creation->body, settings, err));
    creation->args = (struct kv_key_create_args){
        .name = kv_request_capture(request, "name"),
        .kty = sent.kty,
        .bits_given = sent.key_size.given,
        .bits = sent.key_size.value,
        .exponent = sent.public_exponent.value,
        .curve = sent.crv,
        .ops = settings->ops,
        .enabled = !settings->enabled.given || settings->enabled.value,
        .not_before = settings->not_before,
        .expires = settings->expires,
        .tags = &settings->tags,
        .release = settings->release.args,
    };
    return KV_OK;
}

static enum kv_code generate(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    const struct creation *creation = request->state;
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_create(&scope, &creation->args, &key, err));
    return respond_key(request, &key, response, err);
}

/* On a worker, which has no time to generate one: when somebody else has taken the last of the pool,
 * the request goes where keys are generated. */
static enum kv_code take_ready(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    const struct creation *creation = request->state;
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    bool was_ready;

    KV_TRY(kv_key_create_ready(&scope, &creation->args, &was_ready, &key, err));
    return was_ready ? respond_key(request, &key, response, err)
                     : kv_request_continue(request, KV_LANE_GENERATE, generate);
}

/* attributes.external_key.id, or NULL if there is none. */
static enum kv_code find_external(const struct kv_request *request, const cJSON *body,
                                  const char **ret_id, struct kv_err *err)
{
    const cJSON *external = cJSON_GetObjectItemCaseSensitive(
        cJSON_GetObjectItemCaseSensitive(body, "attributes"), "external_key");
    const cJSON *id = cJSON_GetObjectItemCaseSensitive(external, "id");

    *ret_id = NULL;
    if (!kv_call_of(request)->knows_external || external == NULL || cJSON_IsNull(external)) {
        return KV_OK;
    }
    if (!cJSON_IsString(id)) {
        return fail_property(err);
    }
    *ret_id = id->valuestring;
    return KV_OK;
}

/* On a worker: nothing is generated. */
static enum kv_code refer_outside(struct kv_request *request, struct kv_response *response,
                                  struct kv_err *err)
{
    const struct creation *creation = request->state;
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_create_external(&scope, &creation->args, &key, err));
    return respond_key(request, &key, response, err);
}

/* Refusals come at once, from the connection's thread; only a good request queues for a key. */
enum kv_code key_create(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    struct creation *creation = calloc(1, sizeof(*creation));

    (void) response;
    if (creation == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    request->state = creation;
    request->state_free = creation_free;
    KV_TRY(parse_creation(request, creation, err));
    KV_TRY(find_external(request, creation->body, &creation->args.external, err));
    if (creation->args.external != NULL) {
        return kv_request_continue(request, KV_LANE_WORK, refer_outside);
    }
    KV_TRY(kv_key_create_check(&scope, &creation->args, err));
    return kv_key_seems_ready(&scope, &creation->args)
               ? kv_request_continue(request, KV_LANE_WORK, take_ready)
               : kv_request_continue(request, KV_LANE_GENERATE, generate);
}

enum kv_code key_get(struct kv_request *request, struct kv_response *response, struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_lease_release) struct kv_key_lease *lease = NULL;

    KV_TRY(kv_key_lease_acquire(&scope, kv_request_capture(request, "name"),
                                kv_request_capture(request, "version"), &lease, err));
    return respond_lease(request, lease, response, err);
}

enum kv_code key_update(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    kv_auto(key_settings_done) struct key_settings settings = { .tags_given = false };
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_request_json(request, &body, err));
    KV_TRY(key_settings_parse(request, body, &settings, err));

    const struct kv_key_update_args args = {
        .ops = settings.ops,
        .enabled_given = settings.enabled.given,
        .enabled = settings.enabled.value,
        .not_before = settings.not_before,
        .expires = settings.expires,
        .tags = settings.tags_given ? &settings.tags : NULL,
        .release = settings.release.args,
    };

    KV_TRY(kv_key_update(&scope, kv_request_capture(request, "name"),
                         kv_request_capture(request, "version"), &args, &key, err));
    return respond_key(request, &key, response, err);
}

enum kv_code key_delete(struct kv_request *request, struct kv_response *response,
                        struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_delete(&scope, kv_request_capture(request, "name"), &key, err));
    return respond_deleted_key(request, &key, response, err);
}

enum kv_code deleted_key_get(struct kv_request *request, struct kv_response *response,
                             struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_get_deleted(&scope, kv_request_capture(request, "name"), &key, err));
    return respond_deleted_key(request, &key, response, err);
}

enum kv_code deleted_key_recover(struct kv_request *request, struct kv_response *response,
                                 struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };

    KV_TRY(kv_key_recover(&scope, kv_request_capture(request, "name"), &key, err));
    return respond_key(request, &key, response, err);
}

enum kv_code deleted_key_purge(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);

    KV_TRY(kv_key_purge(&scope, kv_request_capture(request, "name"), err));
    kv_clock_wake(request->app->clock); /* the housekeeper destroys the objects now, not later */
    response->status = 204;
    return KV_OK;
}
