/* SPDX-License-Identifier: Apache-2.0 */
#include "functions.h"

#include <string.h>
#include <strings.h>

static const struct template_function rows[] = {
#define X(name, least, most, types, needs, fn) { name, least, most, types, needs, fn },
#include "function.def"
#undef X
};

/* listKeys() and whatever else a provider may have: their arguments are a resource, an api-version
 * and a body. */
static const struct template_function list_row = { "list",          1, 3, "ssv", TEMPLATE_MAY_RUN,
                                                   template_fn_list };

const struct template_function *template_find_function(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (strcasecmp(rows[i].name, name) == 0) {
            return &rows[i];
        }
    }
    return strncasecmp(name, "list", strlen("list")) == 0 ? &list_row : NULL;
}
