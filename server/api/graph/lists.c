/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of objects, in the order of registration. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

#define PAGE_DEFAULT 100
#define PAGE_MAX 999

struct listing {
    enum graph_kind kind;
    struct graph_filter filter;
    size_t skip, max, seen;
    cJSON *values;
    bool has_more, has_default; /* the default identity was registered */
};

static enum kv_code add(const struct kv_principal_entry *entry, void *context, struct kv_err *err)
{
    struct listing *listing = context;
    bool ok = true;

    listing->has_default |= entry->name[0] == '\0';
    if (!graph_is_of(entry, listing->kind) || !graph_filter_passes(&listing->filter, entry)
        || listing->seen++ < listing->skip) {
        return KV_OK;
    }
    if ((size_t) cJSON_GetArraySize(listing->values) >= listing->max) {
        listing->has_more = true;
        return KV_OK;
    }
    kv_json_add_take(listing->values, NULL, graph_render(entry, listing->kind, NULL, false), &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* The default identity is there without anybody having registered it. */
static enum kv_code add_default(const struct kv_app *app, struct listing *listing,
                                struct kv_err *err)
{
    struct kv_principal_entry entry;
    enum kv_code code;

    if (listing->has_default) {
        return KV_OK;
    }
    code = kv_principals_find_name(app->principals, "", &entry, err);
    if (code == KV_NOT_FOUND) {
        return KV_OK;
    }
    return code == KV_OK ? add(&entry, listing, err) : code;
}

static enum kv_code read_number(const struct kv_request *request, const char *name, size_t fallback,
                                size_t max, size_t *ret_number, struct kv_err *err)
{
    const char *text = kv_request_query(request, name);
    unsigned long number = fallback;

    if (text != NULL) {
        number = strtoul(text, NULL, 10);
        if (*text == '\0' || text[strspn(text, "0123456789")] != '\0' || number > max) {
            return KV_FAIL(
                err, KV_GRAPH_BAD_REQUEST, 0,
                "Invalid value specified for the query option '%s': it can be a number up "
                "to %zu.",
                name, max);
        }
    }
    *ret_number = number;
    return KV_OK;
}

/* The filter is sent as it came, which clients have encoded: only what they use can be in it. */
static void add_link(const struct kv_request *request, const struct listing *listing, cJSON *body,
                     bool *ok)
{
    char link[1024];

    (void) snprintf(link, sizeof(link), "https://%.256s/v1.0/%s?$top=%zu&$skiptoken=%zu",
                    request->authority, graph_kind_name(listing->kind), listing->max,
                    listing->skip + listing->max);
    if (listing->has_more) {
        kv_json_add_text(body, "@odata.nextLink", link, ok);
    }
}

/* A filter finds few; those that it finds come on one page. */
static enum kv_code read_query(const struct kv_request *request, struct listing *listing,
                               struct kv_err *err)
{
    const char *filter = kv_request_query(request, "$filter");
    bool has_filter = filter != NULL && *filter != '\0';

    KV_TRY(graph_filter_read(filter, &listing->filter, err));
    KV_TRY(read_number(request, "$top", PAGE_DEFAULT, PAGE_MAX, &listing->max, err));
    KV_TRY(read_number(request, "$skiptoken", 0, KV_PRINCIPALS_MAX, &listing->skip, err));
    listing->max = listing->max == 0 ? PAGE_DEFAULT : listing->max;
    listing->max = has_filter ? KV_PRINCIPALS_MAX : listing->max;
    return KV_OK;
}

static enum kv_code list(struct kv_request *request, enum graph_kind kind,
                         struct kv_response *response, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    struct listing listing = { .kind = kind };
    char context[128];
    bool ok = body != NULL;

    KV_TRY(read_query(request, &listing, err));
    (void) snprintf(context, sizeof(context), "https://graph.microsoft.com/v1.0/$metadata#%s",
                    graph_kind_name(kind));
    kv_json_add_text(body, "@odata.context", context, &ok);
    cJSON *values = cJSON_CreateArray();
    kv_json_add_take(body, "value", values, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    listing.values = values;
    KV_TRY(kv_principals_each(request->app->principals, add, &listing, err));
    KV_TRY(add_default(request->app, &listing, err));
    add_link(request, &listing, body, &ok);
    return kv_response_json(response, 200, ok ? body : NULL, err);
}

enum kv_code graph_list_service_principals(struct kv_request *request, struct kv_response *response,
                                           struct kv_err *err)
{
    return list(request, GRAPH_SERVICE_PRINCIPALS, response, err);
}

enum kv_code graph_list_users(struct kv_request *request, struct kv_response *response,
                              struct kv_err *err)
{
    return list(request, GRAPH_USERS, response, err);
}

enum kv_code graph_list_groups(struct kv_request *request, struct kv_response *response,
                               struct kv_err *err)
{
    return list(request, GRAPH_GROUPS, response, err);
}

enum kv_code graph_list_applications(struct kv_request *request, struct kv_response *response,
                                     struct kv_err *err)
{
    return list(request, GRAPH_APPLICATIONS, response, err);
}
