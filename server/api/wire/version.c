/* SPDX-License-Identifier: Apache-2.0 */
/* Which api-versions there are: contract §15. */
#include "kv/wire/version.h"

#include <assert.h>
#include <ctype.h>
#include <string.h>

#include "kv/base/base.h"

static const struct kv_api_version versions[] = {
#define X(name, platform, release) { name, platform, release },
#include "kv/wire/api_version.def"
#undef X
};

/* Whether `text` follows `pattern`, in which 9 stands for a digit and a final * for anything that
 * a version may go on with. */
static bool follows(const char *text, const char *pattern)
{
    for (; *pattern != '\0' && *pattern != '*'; pattern++, text++) {
        bool fits = *pattern == '9' ? isdigit((unsigned char) *text) != 0 : *pattern == *text;

        if (!fits) {
            return false;
        }
    }
    return *pattern == '*' || *text == '\0';
}

static bool is_well_formed(const char *name)
{
    static const char allowed[] = "0123456789.-previw";

    return strlen(name) <= 32 && name[strspn(name, allowed)] == '\0'
           && (follows(name, "9999-99-99") || follows(name, "9999-99-99-preview*")
               || follows(name, "7.9") || follows(name, "7.9-preview*") || follows(name, "7.99")
               || follows(name, "7.99-preview*"));
}

bool kv_api_version_find(const char *name, bool strict, struct kv_api_version *ret_version)
{
    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        if (strcmp(versions[i].name, name) == 0) {
            *ret_version = versions[i];
            return true;
        }
    }
    if (strict || !is_well_formed(name)) {
        return false;
    }
    *ret_version = versions[KV_COUNT(versions) - 1];
    return true;
}

/* The place in the table, which is in the order of time. */
static size_t place_of(const char *name)
{
    size_t i = 0;

    while (strcmp(versions[i].name, name) != 0) {
        i++;
        assert(i < KV_COUNT(versions));
    }
    return i;
}

bool kv_api_version_is_before(const struct kv_api_version *version, const char *since)
{
    return place_of(version->name) < place_of(since);
}

const char *kv_api_version_newest(void)
{
    size_t i = KV_COUNT(versions) - 1;

    while (strstr(versions[i].name, "preview") != NULL) {
        i--;
    }
    return versions[i].name;
}
