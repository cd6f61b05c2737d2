/* SPDX-License-Identifier: Apache-2.0 */
/* Entries of those whom nobody has registered. */
#include "principals_core.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "core.h"

void principals_fill(const struct kv_principals *principals, const struct kv_identity_card *card,
                     struct kv_principal_entry *entry)
{
    *entry = (struct kv_principal_entry){
        .type = KV_PRINCIPAL_USER_ASSIGNED,
        .revoked = KV_PRINCIPAL_NOT_REVOKED,
    };
    memcpy(entry->object_id, card->object_id, sizeof(entry->object_id));
    memcpy(entry->client_id, card->client_id, sizeof(entry->client_id));
    memcpy(entry->resource, card->resource, sizeof(entry->resource));
    principals_fold(kv_identity_tenant(principals->identity), entry->tenant, sizeof(entry->tenant));
    if (strcmp(entry->object_id, principals->system.object_id) == 0) {
        entry->type = KV_PRINCIPAL_SYSTEM_ASSIGNED;
    }
}

bool principals_make_up(const struct kv_principals *principals, const char *name,
                        struct kv_principal_entry *ret_entry)
{
    struct kv_identity_card card;

    if (!kv_identity_card(principals->identity, name, &card)) {
        return false;
    }
    principals_fill(principals, &card, ret_entry);
    if (ret_entry->type != KV_PRINCIPAL_SYSTEM_ASSIGNED
        && strlen(name) < sizeof(ret_entry->name)) { /* a longer one is a resource id */
        if (kv_uuid_is_valid(name)) {
            principals_fold(name, ret_entry->name, sizeof(ret_entry->name));
        } else {
            (void) snprintf(ret_entry->name, sizeof(ret_entry->name), "%s", name);
        }
    }
    return true;
}

void kv_principal_card(const struct kv_principal_entry *entry, struct kv_identity_card *ret_card)
{
    memcpy(ret_card->client_id, entry->client_id, sizeof(ret_card->client_id));
    memcpy(ret_card->object_id, entry->object_id, sizeof(ret_card->object_id));
    memcpy(ret_card->resource, entry->resource, sizeof(ret_card->resource));
}

/* Most callers are the default identity, whose entry need not be worked out again. */
bool principals_make_up_object(const struct kv_principals *principals, const char *object_id,
                               struct kv_principal_entry *ret_entry)
{
    struct kv_identity_card card;

    if (strcasecmp(object_id, principals->system.object_id) == 0) {
        *ret_entry = principals->system;
        return true;
    }
    if (!kv_identity_card_of_object(principals->identity, object_id, &card)) {
        return false;
    }
    principals_fill(principals, &card, ret_entry);
    return true;
}
