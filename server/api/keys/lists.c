/* SPDX-License-Identifier: Apache-2.0 */
/* Pages of keys, versions and deleted keys: contract §6.5. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/base64.h"
#include "private.h"

#define TOKEN_SIZE (KV_BASE64URL_LENGTH(KV_MARKER_MAX) + 1) /* of a marker in base64url */

/* What a managed HSM's tokens begin with. It stands for "+RID:~": no name or version does. */
#define HSM_TOKEN_HEAD "K1JJRDp-"

struct paging {
    size_t max;
    bool max_given;
    bool has_marker;
    char marker[KV_MARKER_MAX + 1];
};

static enum kv_code parse_max(const char *text, struct paging *paging, struct kv_err *err)
{
    char *end;
    long max = strtol(text, &end, 10);

    if (!isdigit((unsigned char) text[0]) || *end != '\0' || max < 1 || max > KV_PAGE_MAX) {
        /* not established: contract §19 row 9 */
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The maxresults query parameter must be a number from 1 to %d.",
                       KV_PAGE_MAX);
    }
    paging->max = (size_t) max;
    paging->max_given = true;
    return KV_OK;
}

static bool read_token(const struct kv_request *request, const char *text, enum item_kind kind,
                       struct paging *paging)
{
    const struct kv_scope scope = kv_scope_of(request);
    size_t head_len = is_hsm(request) ? strlen(HSM_TOKEN_HEAD) : 0;
    size_t len;

    if (strncmp(text, HSM_TOKEN_HEAD, head_len) != 0) {
        return false;
    }
    text += head_len;
    if (strlen(text) >= TOKEN_SIZE
        || !kv_base64url_decode(text, strlen(text), paging->marker, &len)) {
        return false;
    }
    paging->marker[len] = '\0';
    paging->has_marker = true;
    return strlen(paging->marker) == len
           && kv_key_marker_is_valid(&scope, kind == ITEM_VERSION, paging->marker);
}

static enum kv_code parse_token(const struct kv_request *request, const char *text,
                                enum item_kind kind, struct paging *paging, struct kv_err *err)
{
    if (!read_token(request, text, kind, paging)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "The $skiptoken query parameter is not one that this service gave.");
    }
    return KV_OK;
}

static enum kv_code parse_paging(const struct kv_request *request, enum item_kind kind,
                                 struct paging *ret_paging, struct kv_err *err)
{
    const char *max = kv_request_query(request, "maxresults");
    const char *token = kv_request_query(request, "$skiptoken");

    *ret_paging = (struct paging){ .max = KV_PAGE_MAX };
    if (max != NULL) {
        KV_TRY(parse_max(max, ret_paging, err));
    }
    return token != NULL ? parse_token(request, token, kind, ret_paging, err) : KV_OK;
}

static const char *marker_of(const struct paging *paging)
{
    return paging->has_marker ? paging->marker : NULL;
}

/* The service spells its own port out; ours is part of the authority already. */
static void add_next_link(cJSON *body, const struct kv_request *request, const char *path,
                          const struct paging *paging, const char *marker, bool *ok)
{
    const char *after_host = strrchr(request->authority, ']');
    bool has_port = strchr(after_host != NULL ? after_host : request->authority, ':') != NULL;
    char token[TOKEN_SIZE];
    char max[32] = "";
    char url[2048];

    kv_base64url_encode(marker, strlen(marker), token);
    if (is_hsm(request)) { /* contract §6.5, §12 */
        snprintf(url, sizeof(url),
                 "https://%s%s?api-version=%s&maxresults=%zu&$skiptoken=" HSM_TOKEN_HEAD "%s",
                 request->authority, path, kv_call_of(request)->api_version, paging->max, token);
        kv_json_add_text(body, "nextLink", url, ok);
        return;
    }
    if (paging->max_given) {
        snprintf(max, sizeof(max), "&maxresults=%zu", paging->max);
    }
    snprintf(url, sizeof(url), "https://%s%s%s?api-version=%s&$skiptoken=%s%s", request->authority,
             has_port ? "" : ":443", path, kv_call_of(request)->api_version, token, max);
    kv_json_add_text(body, "nextLink", url, ok);
}

static enum kv_code respond_page(const struct kv_request *request, const char *path,
                                 const struct paging *paging, const struct kv_key_page *page,
                                 enum item_kind kind, struct kv_response *response,
                                 struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    cJSON *items = kv_json_add_array(body, "value", &ok);

    for (size_t i = 0; i < page->count; i++) {
        add_item(items, request, &page->key[i], kind, &ok);
    }
    if (page->more) {
        add_next_link(body, request, path, paging, page->next, &ok);
    } else if (!is_hsm(request)) { /* a managed HSM says nothing where a vault says null */
        kv_json_add_take(body, "nextLink", cJSON_CreateNull(), &ok);
    }
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code key_list(struct kv_request *request, struct kv_response *response, struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_page_done) struct kv_key_page page = { .key = NULL };
    struct paging paging;

    KV_TRY(parse_paging(request, ITEM_KEY, &paging, err));
    KV_TRY(kv_key_list(&scope, marker_of(&paging), paging.max, &page, err));
    return respond_page(request, "/keys", &paging, &page, ITEM_KEY, response, err);
}

enum kv_code deleted_key_list(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    kv_auto(kv_key_page_done) struct kv_key_page page = { .key = NULL };
    struct paging paging;

    KV_TRY(parse_paging(request, ITEM_DELETED_KEY, &paging, err));
    KV_TRY(kv_key_list_deleted(&scope, marker_of(&paging), paging.max, &page, err));
    return respond_page(request, "/deletedkeys", &paging, &page, ITEM_DELETED_KEY, response, err);
}

enum kv_code key_list_versions(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    const struct kv_scope scope = kv_scope_of(request);
    const char *name = kv_request_capture(request, "name");
    kv_auto(kv_key_page_done) struct kv_key_page page = { .key = NULL };
    struct paging paging;
    char path[KV_KEY_NAME_MAX + sizeof("/keys//versions")];

    KV_TRY(parse_paging(request, ITEM_VERSION, &paging, err));
    KV_TRY(kv_key_list_versions(&scope, name, marker_of(&paging), paging.max, &page, err));
    snprintf(path, sizeof(path), "/keys/%s/versions", name);
    return respond_page(request, path, &paging, &page, ITEM_VERSION, response, err);
}
