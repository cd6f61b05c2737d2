/* SPDX-License-Identifier: Apache-2.0 */
/* A seed of what there is. Grants are in the order of their texts: the same state is the same file. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/access/firewall.h"
#include "kv/access/grants.h"
#include "kv/faults/faults.h"
#include "kv/identity/registry.h"

#define CLOCK_SLACK 1000 /* ms between two readings of one clock */

/* --- a list in order --- */

struct texted {
    char *text;
    cJSON *item;
};

static int compare_texts(const void *left, const void *right)
{
    const struct texted *a = left, *b = right;

    return strcmp(a->text, b->text);
}

static bool print_all(cJSON *array, struct texted *texts, size_t count)
{
    bool ok = true;

    for (size_t i = 0; i < count; i++) {
        texts[i].item = cJSON_DetachItemFromArray(array, 0);
        texts[i].text = cJSON_PrintUnformatted(texts[i].item);
        ok = ok && texts[i].text != NULL;
    }
    return ok;
}

static enum kv_code sort(cJSON *array, struct kv_err *err)
{
    const size_t count = (size_t) cJSON_GetArraySize(array);
    struct texted *texts = calloc(count + 1, sizeof(*texts));

    if (texts == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    bool ok = print_all(array, texts, count);
    if (ok && count > 0) {
        qsort(texts, count, sizeof(*texts), compare_texts);
    }
    for (size_t i = 0; i < count; i++) {
        (void) cJSON_AddItemToArray(array, texts[i].item);
        cJSON_free(texts[i].text);
    }
    free(texts);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* --- a vault --- */

static void add_setting(cJSON *object, const struct kv_vault *vault, enum kv_vault_setting setting,
                        bool *ok)
{
    char text[KV_SETTING_TEXT_SIZE];

    kv_vault_setting_text(vault, setting, text);
    switch (setting) {
    case KV_SETTING_PURGE_PROTECTION:
        kv_json_add_bool(object, "purge_protection", vault->purge_protection, ok);
        return;
    case KV_SETTING_RETENTION:
        kv_json_add_int(object, "retention", vault->retention_days, ok);
        return;
    case KV_SETTING_KIND:
    case KV_SETTING_SKU:
    case KV_SETTING_ACCESS:
    case KV_SETTING_GROUP:
    case KV_SETTING_REGION:
    case KV_SETTING_COUNT:
        break;
    }
    kv_json_add_text(object, kv_vault_setting_name(setting), text, ok);
}

static void add_words(cJSON *object, const char *words, bool *ok)
{
    cJSON *array = kv_json_add_array(object, "permissions", ok);

    while (*words != '\0') {
        const size_t len = strcspn(words, " ");
        char word[64];

        (void) snprintf(word, sizeof(word), "%.*s", (int) len, words);
        kv_json_append_text(array, word, ok);
        words += len + strspn(words + len, " ");
    }
}

static enum kv_code add_policies(struct kv_access *access, const struct kv_vault *vault,
                                 cJSON *object, struct kv_err *err)
{
    kv_auto(kv_policy_list_done) struct kv_policy_list list = { .count = 0 };
    bool ok = true;

    KV_TRY(kv_access_policies(access, vault, &list, err));
    cJSON *array = list.count > 0 ? kv_json_add_array(object, "policies", &ok) : NULL;
    for (size_t i = 0; i < list.count; i++) {
        const struct kv_policy *policy = &list.policy[i];
        cJSON *item = cJSON_CreateObject();

        if (policy->until != KV_ACCESS_NEVER) { /* withdrawn, and about to go */
            cJSON_Delete(item);
            continue;
        }
        kv_json_add_text(item, "principal", policy->principal, &ok);
        if (policy->application[0] != '\0') {
            kv_json_add_text(item, "application_id", policy->application, &ok);
        }
        add_words(item, policy->words, &ok);
        kv_json_add_take(array, NULL, item, &ok);
    }
    return !ok ? KV_OUT_OF_MEMORY(err) : array != NULL ? sort(array, err) : KV_OK;
}

static cJSON *render_assignment(const struct kv_assignment *assignment, bool *ok)
{
    cJSON *item = cJSON_CreateObject();

    kv_json_add_text(item, "principal", assignment->principal, ok);
    kv_json_add_text(item, "role", assignment->role, ok);
    kv_json_add_text(item, "scope", assignment->scope, ok);
    if (assignment->deny) {
        kv_json_add_bool(item, "deny", true, ok);
    }
    return item;
}

static enum kv_code add_assignments(struct kv_access *access, const struct kv_vault *vault,
                                    cJSON *object, struct kv_err *err)
{
    kv_auto(kv_assignment_list_done) struct kv_assignment_list list = { .count = 0 };
    bool ok = true;

    KV_TRY(kv_access_assignments(access, vault, &list, err));
    cJSON *array = list.count > 0 ? kv_json_add_array(object, "assignments", &ok) : NULL;
    for (size_t i = 0; i < list.count; i++) {
        if (list.assignment[i].until == KV_ACCESS_NEVER) {
            kv_json_add_take(array, NULL, render_assignment(&list.assignment[i], &ok), &ok);
        }
    }
    return !ok ? KV_OUT_OF_MEMORY(err) : array != NULL ? sort(array, err) : KV_OK;
}

static bool is_default(const struct kv_network *network)
{
    bool is = true;

    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        is = is && network->word[i] == 0;
    }
    for (unsigned i = 0; i < KV_NETWORK_LISTS; i++) {
        is = is && network->list[i].count == 0;
    }
    return is;
}

static void add_ranges(cJSON *object, const struct kv_network *network, enum kv_network_list which,
                       bool *ok)
{
    const struct kv_cidrs *list = &network->list[which];
    cJSON *array = kv_json_add_array(object, kv_network_list_row(which)->name, ok);
    char text[KV_CIDR_SIZE];

    for (size_t i = 0; i < list->count; i++) {
        kv_cidr_render(&list->cidr[i], text);
        kv_json_append_text(array, text, ok);
    }
}

static enum kv_code add_firewall(struct kv_access *access, const struct kv_vault *vault,
                                 cJSON *object, struct kv_err *err)
{
    kv_auto(kv_network_done) struct kv_network network = { .since = 0 };
    bool ok = true;

    KV_TRY(kv_network_get(access, vault, &network, err));
    if (is_default(&network)) {
        return KV_OK;
    }
    cJSON *firewall = kv_json_add_object(object, "firewall", &ok);
    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        const struct kv_network_word_row *row = kv_network_word_row(i);

        kv_json_add_text(firewall, row->name, row->words[network.word[i]], &ok);
    }
    for (unsigned i = 0; i < KV_NETWORK_LISTS; i++) {
        add_ranges(firewall, &network, i, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_vault(struct kv_seeds *seeds, const struct kv_vault *vault, cJSON *seed,
                              struct kv_err *err)
{
    const kv_millis now = kv_clock_now(seeds->config.clock);
    cJSON *object = cJSON_CreateObject();
    bool ok = object != NULL;

    kv_json_add_text(object, "name", vault->name, &ok);
    for (unsigned i = 0; i < KV_SETTING_COUNT; i++) {
        add_setting(object, vault, (enum kv_vault_setting) i, &ok);
    }
    kv_json_add_take(cJSON_GetObjectItemCaseSensitive(seed, "vaults"), NULL, object, &ok);
    KV_TRY(ok ? add_policies(seeds->config.access, vault, object, err) : KV_OUT_OF_MEMORY(err));
    KV_TRY(add_assignments(seeds->config.access, vault, object, err));
    KV_TRY(add_firewall(seeds->config.access, vault, object, err));
    return seed_export_keys(seeds, vault, now, cJSON_GetObjectItemCaseSensitive(seed, "keys"), err);
}

/* --- identities --- */

static void add_given(cJSON *object, const char *name, const char *text, bool *ok)
{
    if (*text != '\0') {
        kv_json_add_text(object, name, text, ok);
    }
}

/* Of a secret the store has a digest. */
static enum kv_code add_identity(const struct kv_principal_entry *entry, void *array,
                                 struct kv_err *err)
{
    cJSON *object = NULL;
    bool ok = true;

    if (entry->state == KV_PRINCIPAL_DELETED || !entry->registered) {
        return KV_OK;
    }
    object = cJSON_CreateObject();
    kv_json_add_text(object, "name", *entry->name != '\0' ? entry->name : "system-assigned", &ok);
    kv_json_add_text(object, "type", kv_principal_type_word(entry->type), &ok);
    kv_json_add_text(object, "object_id", entry->object_id, &ok);
    add_given(object, "client_id", entry->client_id, &ok);
    kv_json_add_text(object, "tenant", entry->tenant, &ok);
    add_given(object, "upn", entry->upn, &ok);
    if (entry->trusted_service) {
        kv_json_add_bool(object, "trusted", true, &ok);
    }
    if (entry->state == KV_PRINCIPAL_DISABLED) {
        kv_json_add_bool(object, "enabled", false, &ok);
    }
    kv_json_add_take(array, NULL, object, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}

/* The name of an object id; those that nobody registered have none. */
static const char *find_name(const cJSON *identities, const char *object_id)
{
    const cJSON *item;

    cJSON_ArrayForEach (item, identities) {
        if (strcmp(text_of(item, "object_id"), object_id) == 0) {
            return text_of(item, "name");
        }
    }
    return NULL;
}

static enum kv_code add_members(struct kv_principals *principals, const cJSON *identities,
                                cJSON *group, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *ids = cJSON_CreateArray();
    const cJSON *id;
    bool ok = ids != NULL;

    KV_TRY(ok ? kv_principal_members(principals, text_of(group, "name"), ids, err)
              : KV_OUT_OF_MEMORY(err));
    cJSON *members = ids->child != NULL ? kv_json_add_array(group, "members", &ok) : NULL;
    cJSON_ArrayForEach (id, ids) {
        const char *name = find_name(identities, id->valuestring);

        if (name != NULL) {
            kv_json_append_text(members, name, &ok);
        }
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code add_identities(struct kv_seeds *seeds, cJSON *seed, struct kv_err *err)
{
    struct kv_principals *principals = seeds->config.principals;
    bool ok = true;
    cJSON *array = kv_json_add_array(seed, "identities", &ok);

    KV_TRY(ok ? kv_principals_each(principals, add_identity, array, err) : KV_OUT_OF_MEMORY(err));
    for (cJSON *item = array->child; item != NULL; item = item->next) {
        if (strcmp(text_of(item, "type"), "group") == 0) {
            KV_TRY(add_members(principals, array, item, err));
        }
    }
    return KV_OK;
}

/* --- the rest --- */

static enum kv_code add_clock(struct kv_clock *clock, cJSON *seed, struct kv_err *err)
{
    const kv_millis now = kv_clock_now(clock);
    const kv_millis offset = now - kv_clock_real();
    const bool is_frozen = kv_clock_is_frozen(clock);
    bool ok = true;
    char date[KV_ISO_DATE_SIZE];

    if (!is_frozen && kv_clock_rate(clock) == 1 && offset < CLOCK_SLACK && offset > -CLOCK_SLACK) {
        return KV_OK;
    }
    cJSON *object = kv_json_add_object(seed, "clock", &ok);
    kv_time_render_iso(kv_seconds(now) * 1000, date);
    kv_json_add_text(object, "now", date, &ok);
    kv_json_add_bool(object, "frozen", is_frozen, &ok);
    kv_json_add_int(object, "rate", kv_clock_rate(clock), &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

/* As they were given: without what was counted, and how long they have yet. */
static enum kv_code add_faults(struct kv_faults *faults, cJSON *seed, struct kv_err *err)
{
    static const char *const shown_only[] = { "seen", "hits", "expires_in" };
    kv_auto(cJSON_Delete) cJSON *shown = NULL;
    bool ok = true;

    KV_TRY(kv_faults_list(faults, &shown, err));
    cJSON *rules = cJSON_DetachItemFromObjectCaseSensitive(shown, "rules");
    for (cJSON *rule = rules != NULL ? rules->child : NULL; rule != NULL; rule = rule->next) {
        for (size_t i = 0; i < KV_COUNT(shown_only); i++) {
            cJSON_DeleteItemFromObjectCaseSensitive(rule, shown_only[i]);
        }
    }
    kv_json_add_take(seed, "faults", rules, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code export_one(struct kv_seeds *seeds, const char *name, cJSON *seed,
                               struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct kv_vault_draft draft; /* for the name, in lower case */

    KV_TRY(kv_vault_draft_begin(&draft, name, strlen(name), err));
    KV_TRY(kv_vaults_get(seeds->config.vaults, draft.vault.name,
                         kv_seconds(kv_clock_now(seeds->config.clock)), &vault, err));
    KV_TRY(add_vault(seeds, vault, seed, err));
    return seed_export_roles(seeds, true, seed, err);
}

static enum kv_code export_all(struct kv_seeds *seeds, cJSON *seed, struct kv_err *err)
{
    kv_auto(kv_vault_list_done) struct kv_vault_list list = { .vault = NULL };

    KV_TRY(kv_vaults_list(seeds->config.vaults, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        if (list.vault[i]->deleted == 0) {
            KV_TRY(add_vault(seeds, list.vault[i], seed, err));
        }
    }
    KV_TRY(add_identities(seeds, seed, err));
    KV_TRY(seed_export_roles(seeds, false, seed, err));
    KV_TRY(add_faults(seeds->config.faults, seed, err));
    return add_clock(seeds->config.clock, seed, err);
}

enum kv_code kv_seeds_export(struct kv_seeds *seeds, const char *vault, cJSON **ret_seed,
                             struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *seed = cJSON_CreateObject();
    bool ok = seed != NULL;

    (void) kv_json_add_array(seed, "vaults", &ok);
    (void) kv_json_add_array(seed, "keys", &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(vault != NULL ? export_one(seeds, vault, seed, err) : export_all(seeds, seed, err));
    *ret_seed = kv_take(seed);
    return KV_OK;
}
