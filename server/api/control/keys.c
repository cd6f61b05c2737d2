/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The keys of a vault on the control port: which there are, in what state, and the switches that the page
 * has for them. Nobody's rights are asked, unlike on the data plane: docs/page.md.
 */
#include "keys.h"

#include <stdlib.h>
#include <string.h>

#define LIMIT_DEFAULT 250
#define LIMIT_MAX 1000
#define LIMIT_DIGITS 4

static struct kv_scope scope_of(const struct kv_request *request, const struct kv_vault *vault,
                                const char *authority)
{
    return (struct kv_scope){
        .keys = request->app->keys,
        .vault = vault,
        .authority = authority,
        .now = request->now,
    };
}

/* --- what a query says --- */

/* A part of a list: how much of it, and after what. */
struct part {
    size_t limit;
    const char *after; /* NULL: from the start */
};

static enum kv_code read_limit(const struct kv_request *request, size_t *ret_limit,
                               struct kv_err *err)
{
    const char *text = kv_request_query(request, "limit");
    size_t digits = text != NULL ? strspn(text, "0123456789") : 0;

    *ret_limit = LIMIT_DEFAULT;
    if (text == NULL) {
        return KV_OK;
    }
    *ret_limit = digits <= LIMIT_DIGITS && text[digits] == '\0' ? strtoul(text, NULL, 10) : 0;
    if (*ret_limit == 0 || *ret_limit > LIMIT_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'limit' must be a number from 1 to %d.",
                       LIMIT_MAX);
    }
    return KV_OK;
}

static enum kv_code read_part(const struct kv_request *request, const struct kv_scope *scope,
                              bool of_versions, struct part *ret_part, struct kv_err *err)
{
    KV_TRY(read_limit(request, &ret_part->limit, err));
    ret_part->after = kv_request_query(request, "after");
    if (ret_part->after != NULL && !kv_key_marker_is_valid(scope, of_versions, ret_part->after)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'after' must be what another answer has as 'next'.");
    }
    return KV_OK;
}

static enum kv_code read_state(const struct kv_request *request, bool *ret_deleted,
                               struct kv_err *err)
{
    const char *state = kv_request_query(request, "state");

    *ret_deleted = state != NULL && strcmp(state, "deleted") == 0;
    if (state != NULL && !*ret_deleted && strcmp(state, "live") != 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'state' must be live or deleted.");
    }
    return KV_OK;
}

/* --- lists --- */

enum list { LIST_LIVE, LIST_DELETED, LIST_VERSIONS };

static enum kv_code read_page(const struct kv_scope *scope, enum list list, const char *name,
                              const struct part *part, struct kv_key_page *ret_page,
                              struct kv_err *err)
{
    size_t max = part->limit < KV_PAGE_MAX ? part->limit : KV_PAGE_MAX;

    switch (list) {
    case LIST_LIVE:
        return kv_key_list(scope, part->after, max, ret_page, err);
    case LIST_DELETED:
        return kv_key_list_deleted(scope, part->after, max, ret_page, err);
    case LIST_VERSIONS:
        return kv_key_list_versions(scope, name, part->after, max, ret_page, err);
    }
    return KV_FAIL(err, KV_INTERNAL, 0, "there is no such list");
}

/* Page by page, as the store gives them out, until there are as many as were asked for. */
static enum kv_code add_list(cJSON *body, const struct kv_scope *scope, enum list list,
                             const char *name, struct part part, struct kv_err *err)
{
    bool ok = true, more = true;
    cJSON *array = kv_json_add_array(body, list == LIST_VERSIONS ? "versions" : "keys", &ok);
    char next[KV_MARKER_MAX + 1];

    while (more && part.limit > 0) {
        kv_auto(kv_key_page_done) struct kv_key_page page = { .key = NULL };

        KV_TRY(read_page(scope, list, name, &part, &page, err));
        for (size_t i = 0; i < page.count; i++) {
            kv_json_add_take(array, NULL,
                             list == LIST_VERSIONS ? keys_render_version(scope, &page.key[i])
                                                   : keys_render(scope, &page.key[i]),
                             &ok);
        }
        part.limit -= page.count;
        more = page.more;
        memcpy(next, page.next, sizeof(next));
        part.after = next;
    }
    if (more) {
        kv_json_add_text(body, "next", next, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

enum kv_code keys_list(struct kv_request *request, struct kv_response *response, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char authority[CONTROL_AUTHORITY_SIZE];
    struct part part;
    bool deleted;

    KV_TRY(control_find_living_vault(request, &vault, err));
    control_name_authority(request->app, vault, authority);

    const struct kv_scope scope = scope_of(request, vault, authority);

    KV_TRY(read_state(request, &deleted, err));
    KV_TRY(read_part(request, &scope, false, &part, err));
    KV_TRY(add_list(body, &scope, deleted ? LIST_DELETED : LIST_LIVE, NULL, part, err));
    return kv_response_json(response, 200, body, err);
}

/* A live key of that name comes first; where there is none, a deleted one is shown. */
static enum kv_code find_key(const struct kv_scope *scope, const char *name, struct kv_key *ret_key,
                             struct kv_err *err)
{
    enum kv_code code = kv_key_get(scope, name, NULL, ret_key, err);

    if (code == KV_KEY_NOT_FOUND && kv_key_get_deleted(scope, name, ret_key, NULL) == KV_OK) {
        return KV_OK;
    }
    return code;
}

enum kv_code keys_get(struct kv_request *request, struct kv_response *response, struct kv_err *err)
{
    const char *name = kv_request_capture(request, "key");
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    char authority[CONTROL_AUTHORITY_SIZE];
    struct part part;

    KV_TRY(control_find_living_vault(request, &vault, err));
    control_name_authority(request->app, vault, authority);

    const struct kv_scope scope = scope_of(request, vault, authority);

    KV_TRY(read_part(request, &scope, true, &part, err));
    KV_TRY(find_key(&scope, name, &key, err));
    body = keys_render(&scope, &key);
    if (body == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(add_list(body, &scope, LIST_VERSIONS, name, part, err));
    return kv_response_json(response, 200, body, err);
}

/* --- switches --- */

static enum kv_code read_switch(const struct kv_request *request,
                                struct kv_key_update_args *ret_args, struct kv_err *err)
{
    static const struct kv_json_field fields[] = {
        KV_JSON_FIELD(struct kv_maybe_bool, given, "enabled", KV_JSON_BOOL),
    };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    struct kv_maybe_bool enabled = { .given = false };

    KV_TRY(control_bind_body(request, fields, KV_COUNT(fields), &enabled, &body, err));
    if (!enabled.given) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Give 'enabled': true or false.");
    }
    *ret_args = (struct kv_key_update_args){ .enabled_given = true, .enabled = enabled.value };
    return KV_OK;
}

/* Of the version that the path names, or the latest. */
static enum kv_code change(const struct kv_request *request, const struct kv_scope *scope,
                           struct kv_key *ret_key, struct kv_err *err)
{
    struct kv_key_update_args args;

    KV_TRY(read_switch(request, &args, err));
    return kv_key_update(scope, kv_request_capture(request, "key"),
                         kv_request_capture(request, "version"), &args, ret_key, err);
}

static enum kv_code remove_key(const struct kv_request *request, const struct kv_scope *scope,
                               struct kv_key *ret_key, struct kv_err *err)
{
    return kv_key_delete(scope, kv_request_capture(request, "key"), ret_key, err);
}

static enum kv_code recover(const struct kv_request *request, const struct kv_scope *scope,
                            struct kv_key *ret_key, struct kv_err *err)
{
    return kv_key_recover(scope, kv_request_capture(request, "key"), ret_key, err);
}

/* Does one of the above in the vault that the path names, and shows the key. */
static enum kv_code carry_out(struct kv_request *request, struct kv_response *response,
                              enum kv_code (*act)(const struct kv_request *,
                                                  const struct kv_scope *, struct kv_key *,
                                                  struct kv_err *),
                              struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    kv_auto(kv_key_done) struct kv_key key = { .version = "" };
    kv_auto(cJSON_Delete) cJSON *body = NULL;
    char authority[CONTROL_AUTHORITY_SIZE];

    KV_TRY(control_find_living_vault(request, &vault, err));
    control_name_authority(request->app, vault, authority);

    const struct kv_scope scope = scope_of(request, vault, authority);

    KV_TRY(act(request, &scope, &key, err));
    body = keys_render(&scope, &key);
    return kv_response_json(response, 200, body, err);
}

enum kv_code keys_change(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    return carry_out(request, response, change, err);
}

enum kv_code keys_delete(struct kv_request *request, struct kv_response *response,
                         struct kv_err *err)
{
    return carry_out(request, response, remove_key, err);
}

enum kv_code keys_recover(struct kv_request *request, struct kv_response *response,
                          struct kv_err *err)
{
    return carry_out(request, response, recover, err);
}

/* What may be in the query of a list, and of a key with its versions. */
static const char query_keys[] = "state limit after";
static const char query_versions[] = "limit after";

#define KEYS "/control/v1/vaults/{name}/keys"

const struct kv_route keys_routes[] = {
    { KV_GET, KEYS, keys_list, KV_LANE_WORK, query_keys },
    { KV_GET, KEYS "/{key}", keys_get, KV_LANE_WORK, query_versions },
    { KV_PATCH, KEYS "/{key}", keys_change, KV_LANE_WORK },
    { KV_DELETE, KEYS "/{key}", keys_delete, KV_LANE_WORK },
    { KV_POST, KEYS "/{key}/recover", keys_recover, KV_LANE_WORK },
    { KV_PATCH, KEYS "/{key}/versions/{version}", keys_change, KV_LANE_WORK },
    { 0 },
};
