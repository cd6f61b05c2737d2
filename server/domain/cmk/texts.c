/* SPDX-License-Identifier: Apache-2.0 */
/* The texts of rule.def, with the facts in them. */
#include <stdio.h>
#include <string.h>

#include "private.h"

#define BLANKS_MAX 9 /* names in a text */

struct blank {
    const char *name, *fact, *otherwise;
};

/* Nothing in it ends or begins a word of the shell. */
static bool is_plain(const char *fact)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "-._~:/@[]";

    return fact != NULL && *fact != '\0' && strspn(fact, plain) == strlen(fact);
}

static const char *value_of(const struct blank *blank)
{
    return is_plain(blank->fact) ? blank->fact : blank->otherwise;
}

/* The blank that `text` begins with; NULL: it begins with something else. */
static const struct blank *find_blank(const struct blank *blanks, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        size_t len = strlen(blanks[i].name);

        if (strncmp(text, blanks[i].name, len) == 0) {
            return &blanks[i];
        }
    }
    return NULL;
}

void cmk_text_expand(const char *text, const struct cmk_case *judged, char *ret_text, size_t size)
{
    char port[12];
    const struct blank blanks[BLANKS_MAX] = {
        { "{vault}", judged->url->vault, "VAULT" },
        { "{key}", judged->url->key, "KEY" },
        { "{version}", judged->url->version, "VERSION" },
        { "{host}", judged->url->host, "VAULT" },
        { "{port}", port, "443" },
        { "{identity}", judged->facts->identity, "IDENTITY" },
        { "{tenant}", judged->facts->service_tenant, "TENANT" },
        { "{region}", judged->facts->service_region, "REGION" },
        { "{control}", judged->facts->control, "CONTROL" },
    };
    size_t used = 0;

    (void) snprintf(port, sizeof(port), "%u", judged->url->port);
    ret_text[0] = '\0';
    while (*text != '\0' && used + 1 < size) {
        const struct blank *blank = find_blank(blanks, KV_COUNT(blanks), text);
        const char *part = blank != NULL ? value_of(blank) : text;
        int len = blank != NULL ? (int) strlen(part) : 1;

        (void) snprintf(ret_text + used, size - used, "%.*s", len, part);
        used += strlen(ret_text + used);
        text += blank != NULL ? strlen(blank->name) : 1;
    }
}
