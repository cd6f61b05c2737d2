/* SPDX-License-Identifier: Apache-2.0 */
/* $filter of assignments and definitions: few forms, and what is none of them is refused by name. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/odata.h"
#include "private.h"

/* Beginnings of the forms, and what ends them; a text in quotes comes in between unless it ends there. */
static const struct form {
    enum filter_kind kind;
    const char *begin, *end; /* NULL: no text */
} forms[] = {
    { FILTER_AT_SCOPE, "atScope()", NULL },     { FILTER_PRINCIPAL, "principalId eq", "" },
    { FILTER_ASSIGNED_TO, "assignedTo(", ")" }, { FILTER_ROLE_NAME, "roleName eq", "" },
    { FILTER_ROLE_TYPE, "type eq", "" },
};

static bool take_value(const char **at, const struct form *form, struct filter *filter)
{
    switch (form->kind) {
    case FILTER_PRINCIPAL:
    case FILTER_ASSIGNED_TO:
        return kv_odata_text(at, filter->principal, sizeof(filter->principal))
               && kv_uuid_is_valid(filter->principal);
    case FILTER_ROLE_NAME:
        return kv_odata_text(at, filter->role_name, sizeof(filter->role_name));
    case FILTER_ROLE_TYPE:
        return kv_odata_text(at, filter->role_type, sizeof(filter->role_type));
    case FILTER_NOTHING:
    case FILTER_AT_SCOPE:
        break;
    }
    return true;
}

static bool take_form(const char **at, unsigned kinds, struct filter *filter)
{
    for (size_t i = 0; i < KV_COUNT(forms); i++) {
        const struct form *form = &forms[i];

        if ((kinds & (1U << form->kind)) != 0 && kv_odata_word(at, form->begin)) {
            filter->has[form->kind] = true;
            return take_value(at, form, filter)
                   && (form->end == NULL || kv_odata_word(at, form->end));
        }
    }
    return false;
}

static enum kv_code refuse(const char *text, unsigned kinds, struct kv_err *err)
{
    bool is_of_roles = (kinds & (1U << FILTER_ROLE_NAME)) != 0;

    return KV_FAIL(err, KV_ARM_INVALID_FILTER, 0,
                   "Invalid $filter '%.200s' specified in the query string: it can be %s.", text,
                   is_of_roles ? "atScope(), roleName eq '...' and type eq '...'"
                               : "atScope(), principalId eq '{id}' and assignedTo('{id}')");
}

enum kv_code authorization_filter(const char *text, unsigned kinds, struct filter *ret_filter,
                                  struct kv_err *err)
{
    const char *at = text;

    *ret_filter = (struct filter){ .principal = "" };
    if (text == NULL || text[strspn(text, " ")] == '\0') {
        return KV_OK;
    }
    do {
        if (!take_form(&at, kinds, ret_filter)) {
            return refuse(text, kinds, err);
        }
    } while (kv_odata_word(&at, "and"));
    return at[strspn(at, " ")] == '\0' ? KV_OK : refuse(text, kinds, err);
}
