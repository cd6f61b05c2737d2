/* SPDX-License-Identifier: Apache-2.0 */
/* $filter, in the forms that clients use to find a principal. What is none of them is refused. */
#include <string.h>
#include <strings.h>

#include "kv/base/odata.h"
#include "private.h"

#define AT(member)                                                                                 \
    offsetof(struct graph_filter, member), sizeof(((struct graph_filter *) 0)->member)

/* What comes before the text in quotes, and after it. */
static const struct form {
    const char *begin, *end;
    size_t offset, size;
} forms[] = {
    { "servicePrincipalNames/any(c:c eq", ")", AT(app_id) },
    { "servicePrincipalNames/any(x:x eq", ")", AT(app_id) },
    { "appId eq", "", AT(app_id) },
    { "displayName eq", "", AT(name) },
    { "startswith(displayName,", ")", AT(name_begins) },
    { "startsWith(displayName,", ")", AT(name_begins) },
    { "userPrincipalName eq", "", AT(upn) },
    { "mail eq", "", AT(mail) },
    { "id eq", "", AT(id) },
    { "servicePrincipalType eq", "", AT(service_type) },
};

/* Blanks in the text do not count. */
static bool take(const char **at, const char *word)
{
    const char *text = *at;

    for (; *word != '\0'; word++) {
        text += strspn(text, " ");
        if (*word == ' ') {
            continue;
        }
        if (*text++ != *word) {
            return false;
        }
    }
    *at = text;
    return true;
}

static bool take_form(const char **at, struct graph_filter *filter)
{
    for (size_t i = 0; i < KV_COUNT(forms); i++) {
        if (take(at, forms[i].begin)) {
            char *text = (char *) filter + forms[i].offset;

            return kv_odata_text(at, text, forms[i].size) && *text != '\0'
                   && take(at, forms[i].end);
        }
    }
    return false;
}

static enum kv_code refuse(const char *text, struct kv_err *err)
{
    return KV_FAIL(
        err, KV_GRAPH_BAD_REQUEST, 0,
        "Unsupported or invalid query filter clause specified: '%.300s'. coffer compares "
        "id, appId, servicePrincipalNames, displayName, userPrincipalName, mail and "
        "servicePrincipalType.",
        text);
}

enum kv_code graph_filter_read(const char *text, struct graph_filter *ret_filter,
                               struct kv_err *err)
{
    const char *at = text;

    memset(ret_filter, 0, sizeof(*ret_filter));
    if (text == NULL || text[strspn(text, " ")] == '\0') {
        return KV_OK;
    }
    do {
        if (!take_form(&at, ret_filter)) {
            return refuse(text, err);
        }
    } while (take(&at, "and"));
    return at[strspn(at, " ")] == '\0' ? KV_OK : refuse(text, err);
}

static bool is_wanted(const char *wanted, const char *text)
{
    return *wanted == '\0' || strcasecmp(wanted, text) == 0;
}

bool graph_filter_passes(const struct graph_filter *filter, const struct kv_principal_entry *entry)
{
    const char *type = entry->type == KV_PRINCIPAL_APPLICATION ? "Application" : "ManagedIdentity";
    size_t len = strlen(filter->name_begins);

    return is_wanted(filter->app_id, entry->client_id) && is_wanted(filter->id, entry->object_id)
           && is_wanted(filter->name, graph_display_name(entry))
           && strncasecmp(filter->name_begins, graph_display_name(entry), len) == 0
           && is_wanted(filter->upn, entry->upn) && is_wanted(filter->service_type, type)
           && filter->mail[0] == '\0'; /* nobody has one */
}
