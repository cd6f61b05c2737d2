/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/identity/caller.h"

#include <stdio.h>
#include <string.h>

void kv_caller_print(const struct kv_principal *who, size_t groups, char ret_text[KV_CALLER_SIZE])
{
    bool has_name = who->name[0] != '\0';
    char count[40] = "";

    if (has_name && groups > 0) {
        (void) snprintf(count, sizeof(count), "numgroups=%zu;", groups);
    }
    (void) snprintf(ret_text, KV_CALLER_SIZE, "%s%s%sappid=%s;oid=%s;%siss=%s",
                    has_name ? "name=" : "", who->name, has_name ? ";" : "", who->app_id,
                    who->object_id, count, who->issuer);
}

static void add_resource(char *text, const char *name, const char *resource)
{
    size_t len = strlen(text);

    if (*resource != '\0') {
        (void) snprintf(text + len, KV_CALLER_IN_FULL_SIZE - len, ";%s=%s", name, resource);
    }
}

void kv_caller_print_in_full(const struct kv_principal *who, char ret_text[KV_CALLER_IN_FULL_SIZE])
{
    kv_caller_print(who, 0, ret_text);
    add_resource(ret_text, "xms_mirid", who->resource);
    add_resource(ret_text, "xms_az_rid", who->host);
}
