/* SPDX-License-Identifier: Apache-2.0 */
/* Members of the objects of a template. */
#include "load.h"

const cJSON *template_member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItem(object, name);
}

const char *template_member_text(const cJSON *object, const char *name)
{
    return cJSON_GetStringValue(template_member(object, name));
}
