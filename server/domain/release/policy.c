/* SPDX-License-Identifier: Apache-2.0 */
/* The grammar of release policies, and checking claims against them: contract §11. */
#include "policy.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "authority.h"
#include "kv/base/json.h"
#include "kv/release/release.h"

#define DEPTH_MAX 8
#define CONDITIONS_MAX 64
#define CLAIM_MAX 256 /* characters of a claim's path */
#define NUMBER_SIZE 32

static const cJSON *find(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static enum kv_code refuse(const char *what, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "Key Release Policy: %s", what);
}

/* The list of conditions of an object: allOf or anyOf, one of them. */
static const cJSON *find_list(const cJSON *object, bool *ret_all)
{
    const cJSON *all = find(object, "allOf");
    const cJSON *any = find(object, "anyOf");

    *ret_all = all != NULL;
    if ((all != NULL) == (any != NULL)) {
        return NULL;
    }
    return *ret_all ? all : any;
}

static bool is_scalar(const cJSON *item)
{
    return cJSON_IsString(item) || cJSON_IsBool(item) || cJSON_IsNumber(item);
}

/* Nothing beside it: a list that somebody wrote there was meant to count. */
static bool is_claim(const cJSON *condition)
{
    const char *claim = cJSON_GetStringValue(find(condition, "claim"));

    return claim != NULL && claim[0] != '\0' && strlen(claim) <= CLAIM_MAX
           && is_scalar(find(condition, "equals")) && find(condition, "allOf") == NULL
           && find(condition, "anyOf") == NULL;
}

/* Depth is bounded by DEPTH_MAX, so the recursion is. */
static bool is_condition(const cJSON *condition, unsigned depth, unsigned *left)
{
    const cJSON *item;
    bool all;

    if (!cJSON_IsObject(condition) || depth > DEPTH_MAX || (*left)-- == 0) {
        return false;
    }
    if (find(condition, "claim") != NULL) {
        return is_claim(condition);
    }

    const cJSON *list = find_list(condition, &all);

    if (!cJSON_IsArray(list) || list->child == NULL) {
        return false;
    }
    cJSON_ArrayForEach (item, list) {
        if (!is_condition(item, depth + 1, left)) {
            return false;
        }
    }
    return true;
}

static enum kv_code check_authority(const cJSON *authority, unsigned *left, struct kv_err *err)
{
    const char *url = cJSON_GetStringValue(find(authority, "authority"));

    if (url == NULL || !authority_url_is_allowed(url)) {
        return refuse("an 'authority' must be an https URL", err);
    }
    if (find(authority, "claim") != NULL || !is_condition(authority, 1, left)) {
        return refuse("an authority needs 'allOf' or 'anyOf' with claims, each with 'equals'", err);
    }
    return KV_OK;
}

enum kv_code kv_release_policy_check(const char *text, size_t len, struct kv_buf *compact,
                                     struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *policy = NULL;
    unsigned left = CONDITIONS_MAX;
    const cJSON *authority;
    const cJSON *list;

    if (kv_json_parse(text, len, &policy, NULL) != KV_OK) {
        return refuse("it is no JSON object", err);
    }
    if (!cJSON_IsString(find(policy, "version"))) {
        return refuse("missing 'version' property", err); /* contract §9.2 */
    }
    list = find(policy, "anyOf");
    if (!cJSON_IsArray(list) || list->child == NULL) {
        return refuse("missing 'anyOf' property", err);
    }
    cJSON_ArrayForEach (authority, list) {
        KV_TRY(check_authority(authority, &left, err));
    }

    enum kv_code code = kv_json_print(policy, compact, err);

    return code == KV_BODY_TOO_LARGE ? refuse("it is too large", err) : code;
}

bool policy_names_authority(const cJSON *authority, const char *issuer)
{
    const char *url = cJSON_GetStringValue(find(authority, "authority"));
    size_t len = url != NULL ? authority_url_length(url) : 0;

    return len > 0 && len == authority_url_length(issuer) && strncmp(url, issuer, len) == 0;
}

/* Finds a claim by its whole name, otherwise by its path, a list of names separated by dots. */
static const cJSON *find_claim(const cJSON *claims, const char *path)
{
    const cJSON *claim = find(claims, path);
    char name[CLAIM_MAX + 1];

    if (claim != NULL) {
        return claim;
    }
    for (claim = claims;; path++) {
        size_t len = strcspn(path, ".");

        snprintf(name, sizeof(name), "%.*s", (int) len, path);
        claim = find(claim, name);
        path += len;
        if (claim == NULL || *path == '\0') {
            return claim;
        }
    }
}

/* The shortest text that reads back as the same number, as in JSON. */
static const char *print_number(double number, char scratch[NUMBER_SIZE])
{
    snprintf(scratch, NUMBER_SIZE, "%.15g", number);
    if (strtod(scratch, NULL) != number) {
        snprintf(scratch, NUMBER_SIZE, "%.17g", number);
    }
    return scratch;
}

/* The service compares texts: true equals "true" (contract §11). */
static const char *text_of(const cJSON *item, char scratch[NUMBER_SIZE])
{
    if (cJSON_IsString(item)) {
        return item->valuestring;
    }
    if (cJSON_IsBool(item)) {
        return cJSON_IsTrue(item) ? "true" : "false";
    }
    return print_number(item->valuedouble, scratch);
}

static bool are_equal(const cJSON *claim, const cJSON *wanted)
{
    char one[NUMBER_SIZE];
    char other[NUMBER_SIZE];

    return is_scalar(claim) && strcmp(text_of(claim, one), text_of(wanted, other)) == 0;
}

bool policy_is_met(const cJSON *authority, const cJSON *claims)
{
    const char *claim = cJSON_GetStringValue(find(authority, "claim"));
    const cJSON *item;
    bool all;

    if (claim != NULL) {
        return are_equal(find_claim(claims, claim), find(authority, "equals"));
    }

    const cJSON *list = find_list(authority, &all);

    cJSON_ArrayForEach (item, list) {
        if (policy_is_met(item, claims) != all) {
            return !all; /* one that fails for allOf, or one that holds for anyOf */
        }
    }
    return all;
}
