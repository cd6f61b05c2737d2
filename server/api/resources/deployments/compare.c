/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a template would change of a resource that is there (control-plane.md §3.1, whatIf). What a provider
 * writes otherwise than it was sent is no change: "West US 3" and "westus3", enums and ids in another case, what is
 * left out because it is the default. What is there and not in the template was given by the provider.
 */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "kv/base/json.h"
#include "private.h"

#define PATH_SIZE 1024

/* Members whose texts are words: "Enabled" and "enabled" are the same. */
static const char *const words[] = {
    "type",          "kind",   "name",          "family",  "publicNetworkAccess", "bypass",
    "defaultAction", "kty",    "principalType", "tier",    "principalId",         "tenantId",
    "objectId",      "keyOps", "keys",          "secrets", "certificates",        "storage",
};

/* Members that a provider reads and does not show. */
static const struct {
    const char *type, *path;
} unseen[] = {
    { "Microsoft.KeyVault/vaults", "properties.createMode" },
    { "Microsoft.Authorization/roleAssignments", "properties.principalType" },
};

/* A PUT of one that is there changes nothing (control-plane.md §1.1). */
static const char *const constant[] = { "Microsoft.KeyVault/vaults/keys" };

struct comparison {
    const char *type;
    cJSON *delta;
    bool ok;
};

static bool has_word(const char *const *list, size_t count, const char *text)
{
    for (size_t i = 0; i < count; i++) {
        if (strcasecmp(list[i], text) == 0) {
            return true;
        }
    }
    return false;
}

/* ---- Texts -------------------------------------------------------------------------------------- */

/* The last name of a path, without the number of an entry of a list. */
static const char *find_name(const char *path, char ret_name[128])
{
    const char *end = path + strlen(path);

    while (end > path && (end[-1] == '.' || (end[-1] >= '0' && end[-1] <= '9'))) {
        end--;
    }
    const char *begin = end;
    while (begin > path && begin[-1] != '.') {
        begin--;
    }
    (void) snprintf(ret_name, 128, "%.*s", (int) (end - begin), begin);
    return ret_name;
}

static bool is_same_place(const char *a, const char *b)
{
    for (;; a++, b++) {
        a += strspn(a, " ");
        b += strspn(b, " ");
        if (strncasecmp(a, b, 1) != 0) {
            return false;
        }
        if (*a == '\0') {
            return true;
        }
    }
}

static const char *last_segment(const char *id)
{
    const char *slash = strrchr(id, '/');

    return slash != NULL ? slash + 1 : id;
}

static bool is_same_text(const char *path, const char *a, const char *b)
{
    char name[128];

    if (strcmp(a, b) == 0) {
        return true;
    }
    find_name(path, name);
    if (strcmp(path, "location") == 0) {
        return is_same_place(a, b);
    }
    if (strcmp(name, "roleDefinitionId") == 0) { /* only the last part counts: §0 row 3 */
        return strcasecmp(last_segment(a), last_segment(b)) == 0;
    }
    return (a[0] == '/' || has_word(words, KV_COUNT(words), name)) && strcasecmp(a, b) == 0;
}

/* ---- Values ------------------------------------------------------------------------------------- */

/* What a provider may leave out: nothing, no, none. */
static bool is_void(const cJSON *value)
{
    return value == NULL || cJSON_IsNull(value) || cJSON_IsFalse(value)
           || ((cJSON_IsObject(value) || cJSON_IsArray(value)) && value->child == NULL)
           || (cJSON_IsString(value) && value->valuestring[0] == '\0');
}

static cJSON *add_change(cJSON *list, const char *path, const char *type, const cJSON *before,
                         const cJSON *after, bool *ok)
{
    cJSON *change = cJSON_CreateObject();

    kv_json_add_text(change, "path", path, ok);
    kv_json_add_text(change, "propertyChangeType", type, ok);
    if (before != NULL) {
        kv_json_add_take(change, "before", cJSON_Duplicate(before, true), ok);
    }
    if (after != NULL) {
        kv_json_add_take(change, "after", cJSON_Duplicate(after, true), ok);
    }
    kv_json_add_take(list, NULL, change, ok);
    return *ok ? change : NULL;
}

static void compare(struct comparison *comparison, cJSON *delta, const char *path,
                    const cJSON *before, const cJSON *after);

static void extend(char ret_path[PATH_SIZE], const char *path, const char *name)
{
    (void) snprintf(ret_path, PATH_SIZE, "%.*s%s%.255s", PATH_SIZE - 258, path,
                    path[0] != '\0' ? "." : "", name);
}

/* Tags are replaced as a whole, so one that the template does not have goes. */
static void compare_objects(struct comparison *comparison, cJSON *delta, const char *path,
                            const cJSON *before, const cJSON *after)
{
    const cJSON *member;
    char inner[PATH_SIZE];

    cJSON_ArrayForEach (member, after) {
        extend(inner, path, member->string);
        compare(comparison, delta, inner, cJSON_GetObjectItem(before, member->string), member);
    }
    if (strcmp(path, "tags") != 0) {
        return;
    }
    cJSON_ArrayForEach (member, before) {
        if (cJSON_GetObjectItem(after, member->string) == NULL) {
            extend(inner, path, member->string);
            (void) add_change(delta, inner, "Delete", member, NULL, &comparison->ok);
        }
    }
}

/* Entries are compared by their places; the path of each is its number. */
static void compare_arrays(struct comparison *comparison, cJSON *delta, const char *path,
                           const cJSON *before, const cJSON *after)
{
    kv_auto(cJSON_Delete) cJSON *children = cJSON_CreateArray();
    int before_count = cJSON_GetArraySize(before), after_count = cJSON_GetArraySize(after);
    int count = before_count > after_count ? before_count : after_count;

    for (int i = 0; comparison->ok && i < count; i++) {
        const cJSON *old = cJSON_GetArrayItem(before, i), *new = cJSON_GetArrayItem(after, i);
        char inner[PATH_SIZE], number[16];

        (void) snprintf(number, sizeof(number), "%d", i);
        extend(inner, path, number);
        if (old == NULL || new == NULL) {
            (void) add_change(children, number, old == NULL ? "Create" : "Delete", old, new,
                              &comparison->ok);
            continue;
        }
        kv_auto(cJSON_Delete) cJSON *inside = cJSON_CreateArray();

        compare(comparison, inside, inner, old, new);
        if (cJSON_GetArraySize(inside) > 0) {
            (void) add_change(children, number, "Modify", old, new, &comparison->ok);
        }
    }
    if (cJSON_GetArraySize(children) > 0) {
        cJSON *change = add_change(delta, path, "Array", before, after, &comparison->ok);

        kv_json_add_take(change, "children", kv_take(children), &comparison->ok);
    }
}

static bool is_unseen(const struct comparison *comparison, const char *path)
{
    for (size_t i = 0; i < KV_COUNT(unseen); i++) {
        if (strcasecmp(unseen[i].type, comparison->type) == 0
            && strcasecmp(unseen[i].path, path) == 0) {
            return true;
        }
    }
    return false;
}

static bool is_same(const char *path, const cJSON *before, const cJSON *after)
{
    if (cJSON_IsString(before) && cJSON_IsString(after)) {
        return is_same_text(path, before->valuestring, after->valuestring);
    }
    return cJSON_Compare(before, after, true);
}

static void compare(struct comparison *comparison, cJSON *delta, const char *path,
                    const cJSON *before, const cJSON *after)
{
    if (!comparison->ok || is_unseen(comparison, path)) {
        return;
    }
    if (before == NULL) {
        if (!is_void(after)) {
            (void) add_change(delta, path, "Create", NULL, after, &comparison->ok);
        }
        return;
    }
    if (cJSON_IsObject(before) && cJSON_IsObject(after)) {
        compare_objects(comparison, delta, path, before, after);
    } else if (cJSON_IsArray(before) && cJSON_IsArray(after)) {
        compare_arrays(comparison, delta, path, before, after);
    } else if (!is_same(path, before, after) && !(is_void(before) && is_void(after))) {
        (void) add_change(delta, path, "Modify", before, after, &comparison->ok);
    }
}

cJSON *compare_resources(const char *type, const cJSON *before, const cJSON *after)
{
    kv_auto(cJSON_Delete) cJSON *delta = cJSON_CreateArray();
    struct comparison comparison = { type, delta, delta != NULL };

    if (!has_word(constant, KV_COUNT(constant), type)) {
        compare_objects(&comparison, delta, "", before, after);
    }
    return comparison.ok ? kv_take(delta) : NULL;
}
