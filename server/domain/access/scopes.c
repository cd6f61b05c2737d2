/* SPDX-License-Identifier: Apache-2.0 */
/* Ids of the resource manager as scopes: what a row has for them, and how they lie within each other. */
#include "kv/access/scopes.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "access_core.h"
#include "kv/vaults/vault.h"

#define GROUPS "/resourceGroups/"
#define VAULTS "/providers/Microsoft.KeyVault/vaults/"
#define MANAGEMENT_GROUPS "/providers/Microsoft.Management/managementGroups/"
#define SUBSCRIPTIONS "/subscriptions/"

void access_scope_digest(const char *scope, char ret_digest[KV_UUID_LENGTH + 1])
{
    char fold[KV_ACCESS_ID_MAX + 1];
    size_t len;

    for (len = 0; len < KV_ACCESS_ID_MAX && scope[len] != '\0'; len++) {
        fold[len] = (char) tolower((unsigned char) scope[len]);
    }
    fold[len] = '\0';
    kv_uuid_of("scope", fold, ret_digest);
}

void access_scope_of_row(const struct kv_access *access, const struct kv_rows *rows, int column,
                         char ret_scope[KV_ACCESS_ID_MAX + 1])
{
    enum access_level level = (enum access_level) kv_rows_int(rows, column);
    const char *place = kv_rows_text(rows, column + 1), *key = kv_rows_text(rows, column + 2);
    bool is_vault = level == ACCESS_VAULT || level == ACCESS_KEY;
    const char *group = is_vault ? kv_rows_text(rows, column + 3) : place;

    if (level == ACCESS_ROOT || level == ACCESS_RESOURCE) {
        (void) snprintf(ret_scope, KV_ACCESS_ID_MAX + 1, "%s", level == ACCESS_ROOT ? "/" : place);
        return;
    }
    if (level == ACCESS_MANAGEMENT_GROUP) {
        (void) snprintf(ret_scope, KV_ACCESS_ID_MAX + 1, MANAGEMENT_GROUPS "%s", access->tenant);
        return;
    }
    (void) snprintf(ret_scope, KV_ACCESS_ID_MAX + 1, SUBSCRIPTIONS "%s%s%s%s%s%s%s",
                    access->subscription, level > ACCESS_SUBSCRIPTION ? GROUPS : "",
                    level > ACCESS_SUBSCRIPTION ? group : "", is_vault ? VAULTS : "",
                    is_vault ? kv_rows_text(rows, column + 4) : "",
                    level == ACCESS_KEY ? "/keys/" : "", level == ACCESS_KEY ? key : "");
}

/* What follows the head of a text, in any case; NULL: it has another. */
static const char *skip(const char *text, const char *head)
{
    size_t len = strlen(head);

    return strncasecmp(text, head, len) == 0 ? text + len : NULL;
}

static enum kv_code refuse(const char *scope, struct kv_err *err)
{
    return KV_FAIL(err, KV_ARM_INVALID_ID, 0, "'%.300s' is not the id of a scope.", scope);
}

/* One segment up to a slash, and what follows it. */
static bool take_segment(const char **at, char *ret_segment, size_t size)
{
    size_t len = strcspn(*at, "/");

    if (len == 0 || len >= size) {
        return false;
    }
    memcpy(ret_segment, *at, len);
    ret_segment[len] = '\0';
    *at += len;
    return true;
}

/* Printable characters, no empty segment, and no slash at the end. */
static bool is_formed(const char *scope)
{
    size_t len = strlen(scope);

    if (len == 0 || len > KV_ACCESS_ID_MAX || *scope != '/' || strstr(scope, "//") != NULL) {
        return false;
    }
    for (const char *at = scope; *at != '\0'; at++) {
        if (iscntrl((unsigned char) *at)) {
            return false;
        }
    }
    return len == 1 || scope[len - 1] != '/';
}

static enum kv_code find_vault(struct kv_db *db, const char *group, const char *name,
                               struct kv_bind *ret_vault, struct kv_err *err)
{
    static const char sql[] = "SELECT id FROM vault WHERE name = lower(?) AND kind = ?"
                              " AND deleted = 0 AND resource_group = ? COLLATE NOCASE";
    kv_auto(kv_rows_close) struct kv_rows *rows = NULL;
    bool found;

    KV_TRY(kv_db_query(db, sql, KV_BINDS(KV_B_TEXT(name), KV_B_INT(KV_VAULT), KV_B_TEXT(group)),
                       &rows, err));
    KV_TRY(kv_rows_next(rows, &found, err));
    if (!found) {
        return KV_FAIL(err, KV_VAULT_NOT_FOUND, 0,
                       "There is no vault '%.64s' in the resource group '%.90s'.", name, group);
    }
    *ret_vault = KV_B_INT(kv_rows_int(rows, 0));
    return KV_OK;
}

static enum kv_code take_whole(const char *scope, struct access_site *site)
{
    site->level = ACCESS_RESOURCE;
    (void) snprintf(site->place, sizeof(site->place), "%s", scope);
    return KV_OK;
}

/* `tail`: what follows ".../vaults/". Versions of keys and what else there is are resources. */
static enum kv_code parse_vault(struct kv_db *db, const char *scope, const char *group,
                                const char *tail, struct access_site *site, struct kv_err *err)
{
    char name[KV_VAULT_NAME_MAX + 1];
    const char *key;

    if (!take_segment(&tail, name, sizeof(name))) {
        return take_whole(scope, site);
    }
    key = skip(tail, "/keys/");
    if (key != NULL && (!take_segment(&key, site->key, sizeof(site->key)) || *key != '\0')) {
        site->key[0] = '\0';
        return take_whole(scope, site);
    }
    if (*tail != '\0' && key == NULL) {
        return take_whole(scope, site);
    }
    site->level = key != NULL ? ACCESS_KEY : ACCESS_VAULT;
    return find_vault(db, group, name, &site->vault, err);
}

/* `tail`: what follows the subscription. */
static enum kv_code parse_in_subscription(struct kv_db *db, const char *scope, const char *tail,
                                          struct access_site *site, struct kv_err *err)
{
    char group[KV_GROUP_MAX + 1];
    const char *at = skip(tail, GROUPS), *vault;

    if (*tail == '\0') {
        site->level = ACCESS_SUBSCRIPTION;
        return KV_OK;
    }
    if (at == NULL) {
        return take_whole(scope, site);
    }
    if (!take_segment(&at, group, sizeof(group))) {
        return refuse(scope, err);
    }
    if (*at == '\0') {
        site->level = ACCESS_GROUP;
        (void) snprintf(site->place, sizeof(site->place), "%s", group);
        return KV_OK;
    }
    vault = skip(at, VAULTS);
    return vault != NULL ? parse_vault(db, scope, group, vault, site, err)
                         : take_whole(scope, site);
}

static enum kv_code parse_management_group(const struct kv_access *access, const char *name,
                                           struct access_site *site, struct kv_err *err)
{
    if (strcasecmp(name, access->tenant) != 0) {
        return KV_FAIL(err, KV_NOT_FOUND, 0,
                       "There is no management group '%.90s', only the root one, '%s'.", name,
                       access->tenant);
    }
    site->level = ACCESS_MANAGEMENT_GROUP;
    return KV_OK;
}

enum kv_code access_scope_parse(const struct kv_access *access, struct kv_db *db, const char *scope,
                                struct access_site *ret_site, struct kv_err *err)
{
    char subscription[KV_UUID_LENGTH + 1];
    const char *at;

    *ret_site = (struct access_site){ .level = ACCESS_ROOT, .vault = KV_B_NULL };
    if (!is_formed(scope)) {
        return refuse(scope, err);
    }
    if (strcmp(scope, "/") == 0) {
        return KV_OK;
    }
    at = skip(scope, MANAGEMENT_GROUPS);
    if (at != NULL && strchr(at, '/') == NULL) {
        return parse_management_group(access, at, ret_site, err);
    }
    at = skip(scope, SUBSCRIPTIONS);
    if (at == NULL) {
        return skip(scope, "/providers/") != NULL ? take_whole(scope, ret_site)
                                                  : refuse(scope, err);
    }
    if (!take_segment(&at, subscription, sizeof(subscription))
        || strcasecmp(subscription, access->subscription) != 0) {
        return KV_FAIL(err, KV_SUBSCRIPTION_NOT_FOUND, 0,
                       "The subscription '%.64s' could not be found.",
                       scope + strlen(SUBSCRIPTIONS));
    }
    return parse_in_subscription(db, scope, at, ret_site, err);
}

bool kv_scope_is_within(const struct kv_access *access, const char *scope, const char *above)
{
    size_t len = strlen(above);
    const char *group = skip(above, MANAGEMENT_GROUPS);

    if (strcmp(above, "/") == 0) {
        return true;
    }
    if (strncasecmp(scope, above, len) == 0 && (scope[len] == '\0' || scope[len] == '/')) {
        return true;
    }
    return group != NULL && strcasecmp(group, access->tenant) == 0
           && skip(scope, SUBSCRIPTIONS) != NULL;
}
