/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Identities are made up on demand: everything about one is derived from the name it was asked by,
 * so that nothing has to be stored and nothing changes between two starts.
 */

#include "core.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

/* What every resource id of the pretended subscription begins with; %s is its GUID. */
#define GROUP "/subscriptions/%s/resourcegroups/coffer/providers/"
#define SYSTEM_ASSIGNED GROUP "Microsoft.App/containerApps/coffer"
#define USER_ASSIGNED GROUP "Microsoft.ManagedIdentity/userAssignedIdentities/%s"

/* A text that does not fit is cut. */
static void lower(const char *text, char *ret_lower, size_t size)
{
    size_t len = 0;

    for (; text[len] != '\0' && len + 1 < size; len++) {
        ret_lower[len] = (char) tolower((unsigned char) text[len]);
    }
    ret_lower[len] = '\0';
}

static void pick_subscription(const struct kv_identity *identity, char ret_guid[])
{
    kv_uuid_of("subscription", identity->tenant, ret_guid);
}

/* Resource ids are compared ignoring case, so a change of case must not give another identity. */
static void fill_ids_by_resource(struct kv_identity_card *card)
{
    char seed[sizeof(card->resource)];

    lower(card->resource, seed, sizeof(seed));
    kv_uuid_of("client", seed, card->client_id);
    kv_uuid_of("object", card->client_id, card->object_id);
}

void identity_make_system(struct kv_identity *identity)
{
    struct kv_identity_card *card = &identity->system;
    char subscription[KV_UUID_LENGTH + 1];

    pick_subscription(identity, subscription);
    (void) snprintf(card->resource, sizeof(card->resource), SYSTEM_ASSIGNED, subscription);
    fill_ids_by_resource(card);
}

/* False when the resource id is too long. */
static bool fill_resource(const struct kv_identity *identity, const char *name,
                          struct kv_identity_card *ret_card)
{
    char subscription[KV_UUID_LENGTH + 1];
    size_t size = sizeof(ret_card->resource);

    if (*name == '/') {
        return snprintf(ret_card->resource, size, "%s", name) < (int) size;
    }
    pick_subscription(identity, subscription);
    return snprintf(ret_card->resource, size, USER_ASSIGNED, subscription, name) < (int) size;
}

/* For ids that were given: of the system-assigned identity, or of one named by its client id. */
static void finish_by_ids(const struct kv_identity *identity, struct kv_identity_card *card)
{
    const struct kv_identity_card *system = &identity->system;

    if (strcmp(card->client_id, system->client_id) == 0
        || strcmp(card->object_id, system->object_id) == 0) {
        *card = *system;
        return;
    }
    (void) fill_resource(identity, card->client_id, card); /* a GUID always fits */
}

bool kv_identity_card(const struct kv_identity *identity, const char *name,
                      struct kv_identity_card *ret_card)
{
    if (name == NULL || *name == '\0') {
        *ret_card = identity->system;
        return true;
    }
    if (kv_uuid_is_valid(name)) {
        lower(name, ret_card->client_id, sizeof(ret_card->client_id));
        kv_uuid_of("object", ret_card->client_id, ret_card->object_id);
        finish_by_ids(identity, ret_card);
        return true;
    }
    if (!kv_text_is_graphic(name) || !fill_resource(identity, name, ret_card)) {
        return false;
    }
    fill_ids_by_resource(ret_card);
    return true;
}

bool kv_identity_card_of_object(const struct kv_identity *identity, const char *object_id,
                                struct kv_identity_card *ret_card)
{
    if (strcasecmp(object_id, identity->system.object_id) == 0) {
        *ret_card = identity->system;
        return true;
    }
    if (!kv_uuid_is_valid(object_id)) {
        return false;
    }
    lower(object_id, ret_card->object_id, sizeof(ret_card->object_id));
    kv_uuid_of("client", ret_card->object_id, ret_card->client_id);
    finish_by_ids(identity, ret_card);
    return true;
}
