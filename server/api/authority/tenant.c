/* SPDX-License-Identifier: Apache-2.0 */
/* Which tenant a request is about. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "private.h"

#define NOBODY "00000000-0000-0000-0000-000000000000"
#define INVALID_DOMAIN ".invalid" /* RFC 2606 §2: nobody has one below it */
#define DOMAIN_MAX 253            /* RFC 1035 §2.3.4 */

/* Stand for many tenants, or for the one that is there. */
static const struct {
    const char *name;
    bool is_adfs;
} words[] = {
    { "common", false },
    { "organizations", false },
    { "consumers", false },
    { "adfs", true },
};

/* The index of the word; KV_COUNT(words): it is none. */
static size_t find_word(const char *name)
{
    size_t i = 0;

    while (i < KV_COUNT(words) && strcasecmp(words[i].name, name) != 0) {
        i++;
    }
    return i;
}

/* Letters, digits, hyphens, and a dot at least. */
static bool is_domain(const char *name)
{
    size_t len = strnlen(name, DOMAIN_MAX + 1);

    for (size_t i = 0; i < len; i++) {
        if (!isalnum((unsigned char) name[i]) && name[i] != '-' && name[i] != '.') {
            return false;
        }
    }
    return len > 0 && len <= DOMAIN_MAX && strchr(name, '.') != NULL && strstr(name, "..") == NULL
           && name[0] != '.' && name[len - 1] != '.';
}

bool authority_is_tenant(const char *name)
{
    return kv_uuid_is_valid(name) || is_domain(name) || find_word(name) < KV_COUNT(words);
}

static bool is_below(const char *name, const char *domain)
{
    size_t len = strlen(name);

    return len > strlen(domain) && strcasecmp(name + len - strlen(domain), domain) == 0;
}

static void lower(const char *text, char ret_lower[KV_UUID_LENGTH + 1])
{
    size_t i = 0;

    for (; i < KV_UUID_LENGTH; i++) {
        ret_lower[i] = (char) tolower((unsigned char) text[i]);
    }
    ret_lower[i] = '\0';
}

enum kv_code authority_find_tenant(const struct kv_request *request,
                                   struct authority_tenant *ret_tenant, struct kv_err *err)
{
    const char *name = kv_request_capture(request, "tenant");
    size_t word = find_word(name);

    *ret_tenant = (struct authority_tenant){ .name = name };
    if (!authority_is_tenant(name)) {
        return AADSTS_REFUSE(err, 900023, name);
    }
    if (strcmp(name, NOBODY) == 0 || is_below(name, INVALID_DOMAIN)) {
        return AADSTS_REFUSE(err, 90002, name);
    }
    if (kv_uuid_is_valid(name)) {
        lower(name, ret_tenant->id);
        return KV_OK;
    }
    lower(kv_identity_tenant(request->app->identity), ret_tenant->id);
    ret_tenant->is_adfs = word < KV_COUNT(words) && words[word].is_adfs;
    ret_tenant->is_any = word < KV_COUNT(words) && !ret_tenant->is_adfs;
    return KV_OK;
}
