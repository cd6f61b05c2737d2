/* SPDX-License-Identifier: Apache-2.0 */
#include "operation.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/base.h"

void operation_split(const char *target, struct operation_path *ret_path)
{
    char *rest = ret_path->text;
    char *segment;

    *ret_path = (struct operation_path){ .count = 0 };
    snprintf(ret_path->text, sizeof(ret_path->text), "%.*s", (int) strcspn(target, "?"), target);
    while ((segment = strsep(&rest, "/")) != NULL && ret_path->count < OPERATION_SEGMENTS_MAX) {
        if (segment[0] != '\0') {
            ret_path->segment[ret_path->count++] = segment;
        }
    }
}

bool operation_is_version(const char *segment)
{
    return segment[0] == '{'
           || (strlen(segment) == 32 && segment[strspn(segment, "0123456789abcdefABCDEF")] == '\0');
}

/* The operations whose verb says what they are. */
static const char *name_of_verb(const char *method, bool deleted)
{
    static const struct {
        const char *method, *live, *deleted;
    } rows[] = {
        { "GET", "get", "get-deleted" },
        { "PUT", "import", "" },
        { "PATCH", "update", "" },
        { "DELETE", "delete", "purge" },
    };
    const char *name = "";

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (strcmp(rows[i].method, method) == 0) {
            name = deleted ? rows[i].deleted : rows[i].live;
        }
    }
    return name;
}

/* What the path ends in, with what tells it from its siblings. */
void operation_name(const char *method, const struct operation_path *path,
                    char ret_name[OPERATION_SIZE])
{
    const char *last = path->segment[path->count - 1];
    bool deleted = strcasecmp(path->segment[0], "deletedkeys") == 0;
    const char *prefix = "";

    if (path->count == 2 || (path->count == 3 && operation_is_version(last))) {
        bool is_restore = strcmp(method, "POST") == 0;

        last = is_restore ? last : name_of_verb(method, deleted);
    } else if (path->count == 1 && strcmp(method, "GET") == 0) {
        last = deleted ? "list-deleted" : "list";
    } else if (strcmp(method, "GET") == 0) {
        prefix = strcasecmp(last, "versions") == 0 ? "list-" : "get-";
    } else if (strcmp(method, "PUT") == 0) {
        prefix = "set-";
    }
    snprintf(ret_name, OPERATION_SIZE, "%s%s", prefix, last);
    for (char *c = ret_name; *c != '\0'; c++) {
        *c = (char) tolower((unsigned char) *c);
    }
}
