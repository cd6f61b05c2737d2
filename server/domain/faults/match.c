/* SPDX-License-Identifier: Apache-2.0 */
#include "match.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

#define VERSION_LENGTH 32

void fault_match_done(struct fault_match *match)
{
    for (size_t i = 0; i < TRAIT_COUNT; i++) {
        fault_patterns_done(&match->trait[i]);
    }
    fault_patterns_done(&match->version);
    fault_patterns_done(&match->api_version);
    fault_patterns_done(&match->client);
    for (size_t i = 0; i < match->headers.count; i++) {
        free(match->headers.header[i].name);
        fault_patterns_done(&match->headers.header[i].value);
    }
    match->headers.count = 0;
}

static kv_operations operations_at(enum kv_operation_place place)
{
    kv_operations found = 0;

    for (unsigned i = 0; i < KV_OPERATION_COUNT; i++) {
        if (kv_operation_row((enum kv_operation) i)->place == place) {
            found |= UINT64_C(1) << i;
        }
    }
    return found;
}

/* Those whose paths name at least that. */
static kv_operations operations_naming(enum kv_operation_names least)
{
    kv_operations found = 0;

    for (unsigned i = 0; i < KV_OPERATION_COUNT; i++) {
        if (kv_operation_row((enum kv_operation) i)->names >= least) {
            found |= UINT64_C(1) << i;
        }
    }
    return found;
}

void fault_match_init(struct fault_match *match)
{
    *match = (struct fault_match){ .operations = operations_at(KV_PLACE_VAULT) };
}

static kv_operations find_operations(const struct fault_pattern *pattern)
{
    kv_operations found = 0;

    for (unsigned i = 0; i < KV_OPERATION_COUNT; i++) {
        if (fault_pattern_fits(pattern, kv_operation_row((enum kv_operation) i)->name)) {
            found |= UINT64_C(1) << i;
        }
    }
    return found;
}

static enum kv_code take_operations(const struct fault_patterns *patterns,
                                    kv_operations *operations, struct kv_err *err)
{
    *operations = 0;
    for (size_t i = 0; i < patterns->count; i++) {
        kv_operations found = find_operations(&patterns->pattern[i]);

        if (found == 0) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "No operation is called '%.64s': the rule would never act. Operations "
                           "are called as in getKey, unwrapKey, imdsToken, fhirRead.",
                           patterns->pattern[i].text);
        }
        *operations |= found;
    }
    return KV_OK;
}

static enum kv_code read_operations(const cJSON *value, const char *name, void *target,
                                    struct kv_err *err)
{
    struct fault_match *match = target;
    kv_auto(fault_patterns_done) struct fault_patterns patterns = { 0 };

    match->has_operations = true;
    KV_TRY(fault_read_patterns(value, name, &patterns, err));
    return take_operations(&patterns, &match->operations, err);
}

static enum kv_code read_header(const cJSON *value, const char *name, struct match_headers *headers,
                                struct kv_err *err)
{
    struct match_header *header = &headers->header[headers->count];

    if (headers->count == MATCH_HEADERS_MAX || *value->string == '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "'%s' has at most %d headers, each with a name.",
                       name, MATCH_HEADERS_MAX);
    }
    if (strcasecmp(value->string, "Authorization") == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' has Authorization, whose value is a secret: match the principal.",
                       name);
    }
    *header = (struct match_header){ .name = strdup(value->string) };
    if (header->name == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    headers->count++;
    return fault_read_patterns(value, name, &header->value, err);
}

static enum kv_code read_headers(const cJSON *value, const char *name, void *target,
                                 struct kv_err *err)
{
    const cJSON *item;

    if (!cJSON_IsObject(value) || value->child == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "'%s' must be an object of names and the values they have.", name);
    }
    cJSON_ArrayForEach (item, value) {
        KV_TRY(read_header(item, name, target, err));
    }
    return KV_OK;
}

enum kv_code fault_read_match(const cJSON *value, const char *name, void *target,
                              struct kv_err *err)
{
    static const struct fault_member members[] = {
        { "vault", fault_read_patterns, offsetof(struct fault_match, trait[TRAIT_VAULT]) },
        { "key", fault_read_patterns, offsetof(struct fault_match, trait[TRAIT_KEY]) },
        { "version", fault_read_patterns, offsetof(struct fault_match, version) },
        { "operation", read_operations, 0 },
        { "principal", fault_read_patterns, offsetof(struct fault_match, trait[TRAIT_PRINCIPAL]) },
        { "api_version", fault_read_patterns, offsetof(struct fault_match, api_version) },
        { "header", read_headers, offsetof(struct fault_match, headers) },
        { "client", fault_read_patterns, offsetof(struct fault_match, client) },
        { "session", fault_read_patterns, offsetof(struct fault_match, trait[TRAIT_SESSION]) },
    };

    return fault_read_object(value, name, members, KV_COUNT(members), target, err);
}

static bool is_name(const char *text, size_t least, size_t most)
{
    size_t len = strlen(text);

    for (const char *at = text; *at != '\0'; at++) {
        if (!isalnum((unsigned char) *at) && *at != '-') {
            return false;
        }
    }
    return len >= least && len <= most;
}

/* A literal that no vault, key or version can be called. */
static enum kv_code check_names(const struct fault_patterns *patterns, const char *what,
                                size_t least, size_t most, struct kv_err *err)
{
    for (size_t i = 0; i < patterns->count; i++) {
        const struct fault_pattern *pattern = &patterns->pattern[i];

        if (pattern->is_literal && !is_name(pattern->text, least, most)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                           "No %s can be called '%.64s': the rule would never act.", what,
                           pattern->text);
        }
    }
    return KV_OK;
}

/* The operations that have what is asked for; refused when that leaves none. */
static enum kv_code narrow(struct fault_match *match, bool is_asked, kv_operations having,
                           const char *what, struct kv_err *err)
{
    if (!is_asked) {
        return KV_OK;
    }
    if ((match->operations & having) == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "None of these operations has %s: the rule would never act.", what);
    }
    match->operations &= having;
    return KV_OK;
}

enum kv_code fault_match_check(struct fault_match *match, enum kv_fault_stage stage,
                               struct kv_err *err)
{
    const struct fault_patterns *trait = match->trait;

    KV_TRY(check_names(&trait[TRAIT_VAULT], "vault", 3, 24, err));
    KV_TRY(check_names(&trait[TRAIT_KEY], "key", 1, 127, err));
    KV_TRY(check_names(&match->version, "version", VERSION_LENGTH, VERSION_LENGTH, err));
    KV_TRY(
        narrow(match, trait[TRAIT_VAULT].count > 0, operations_at(KV_PLACE_VAULT), "a vault", err));
    KV_TRY(
        narrow(match, trait[TRAIT_KEY].count > 0, operations_naming(KV_NAMES_KEY), "a key", err));
    KV_TRY(narrow(match, match->version.count > 0, operations_naming(KV_NAMES_VERSION), "a version",
                  err));
    KV_TRY(narrow(match, trait[TRAIT_PRINCIPAL].count > 0,
                  operations_at(KV_PLACE_VAULT) | KV_OPERATIONS_OF_MANAGED | KV_OPERATIONS_OF_LOGIN
                      | (operations_at(KV_PLACE_FRONT) & ~KV_OPERATIONS_OPEN),
                  "a principal that is known in time", err));
    if (stage == KV_FAULT_ARRIVAL && trait[TRAIT_PRINCIPAL].count > 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "At its arrival nobody knows whose request it is: 'principal' cannot go "
                       "with 'stage':'arrival'.");
    }
    return KV_OK;
}

void fault_match_turn_to(struct fault_match *match, kv_operations operations)
{
    bool names_vault = match->trait[TRAIT_VAULT].count > 0 || match->trait[TRAIT_KEY].count > 0
                       || match->version.count > 0;

    if (!match->has_operations && !names_vault
        && (operations & operations_at(KV_PLACE_VAULT)) == 0) {
        match->operations = operations;
    }
}

static bool principal_fits(const struct fault_patterns *patterns,
                           const struct kv_fault_subject *subject)
{
    if (patterns->count == 0) {
        return true;
    }
    for (size_t i = 0; i < KV_FAULT_NAMES_MAX; i++) {
        if (fault_patterns_fit(patterns, subject->principal[i])) {
            return true;
        }
    }
    return false;
}

static bool headers_fit(const struct match_headers *headers, const struct kv_fault_subject *subject)
{
    for (size_t i = 0; i < headers->count; i++) {
        const struct match_header *header = &headers->header[i];

        if (!fault_patterns_fit(&header->value,
                                subject->find_header(subject->context, header->name))) {
            return false;
        }
    }
    return true;
}

bool fault_match_fits(const struct fault_match *match, const struct kv_fault_subject *subject)
{
    const struct fault_patterns *trait = match->trait;

    return (match->operations & UINT64_C(1) << subject->operation) != 0
           && fault_patterns_fit(&trait[TRAIT_VAULT], subject->vault)
           && fault_patterns_fit(&trait[TRAIT_KEY], subject->key)
           && fault_patterns_fit(&trait[TRAIT_SESSION], subject->session)
           && principal_fits(&trait[TRAIT_PRINCIPAL], subject)
           && fault_patterns_fit(&match->version, subject->version)
           && fault_patterns_fit(&match->api_version, subject->api_version)
           && fault_patterns_fit(&match->client, subject->client)
           && headers_fit(&match->headers, subject);
}

bool fault_match_is_of_vault(const struct fault_match *match, const char *vault)
{
    const struct fault_patterns *patterns = &match->trait[TRAIT_VAULT];

    return patterns->count == 1 && patterns->is_literal
           && fault_pattern_fits(&patterns->pattern[0], vault);
}

bool fault_match_is_of_vaults(const struct fault_match *match)
{
    size_t others = match->version.count + match->api_version.count + match->headers.count;

    for (size_t i = 0; i < TRAIT_COUNT; i++) {
        others += i != TRAIT_VAULT ? match->trait[i].count : 0;
    }
    return !match->has_operations && others == 0;
}

bool fault_match_is_of_clients(const struct fault_match *match)
{
    return fault_match_is_of_vaults(match) && match->trait[TRAIT_VAULT].count == 0;
}

bool fault_match_is_of_all(const struct fault_match *match)
{
    return fault_match_is_of_clients(match) && match->client.count == 0;
}
