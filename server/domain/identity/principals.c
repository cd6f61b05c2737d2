/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of principals, the life of struct kv_principals, and who was asked for. */
#include "kv/identity/principals.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "principals_core.h"

static const struct kv_migration migrations[] = {
    { "CREATE TABLE principal ("
      "  id INTEGER PRIMARY KEY AUTOINCREMENT,"
      "  name TEXT COLLATE NOCASE UNIQUE," /* '': the default identity; NULL: made anew since */
      "  type INTEGER NOT NULL,"           /* enum kv_principal_type */
      "  state INTEGER NOT NULL,"          /* enum kv_principal_state */
      "  registered INTEGER NOT NULL,"     /* 0: made up, and changed since */
      "  object_id TEXT NOT NULL UNIQUE,"
      "  client_id TEXT UNIQUE," /* NULL: none */
      "  tenant TEXT NOT NULL,"
      "  resource TEXT NOT NULL COLLATE NOCASE," /* '': none */
      "  upn TEXT NOT NULL,"
      "  trusted INTEGER NOT NULL,"
      "  revoked INTEGER NOT NULL" /* ms */
      ");"
      "CREATE INDEX principal_resource ON principal (resource);"
      "CREATE TABLE principal_credential ("
      "  id INTEGER PRIMARY KEY,"
      "  principal INTEGER NOT NULL REFERENCES principal (id),"
      "  kind INTEGER NOT NULL," /* enum kv_credential_kind */
      "  name TEXT NOT NULL UNIQUE,"
      "  label TEXT NOT NULL,"
      "  hint TEXT NOT NULL,"
      "  salt BLOB,"            /* of a secret, as the next one is */
      "  digest BLOB,"          /* of salt and secret, SHA-256 */
      "  der BLOB,"             /* of a certificate, as the next two are */
      "  sha1 TEXT NOT NULL,"   /* hex */
      "  sha256 TEXT NOT NULL," /* hex */
      "  issuer TEXT NOT NULL," /* of a federated one, as the next two are */
      "  subject TEXT NOT NULL,"
      "  audience TEXT NOT NULL,"
      "  expires INTEGER NOT NULL" /* seconds */
      ");"
      "CREATE INDEX principal_credential_whose ON principal_credential (principal);"
      "CREATE TABLE principal_member ("
      "  id INTEGER PRIMARY KEY,"
      "  belongs_to TEXT NOT NULL," /* object id of the group */
      "  member TEXT NOT NULL,"     /* object id */
      "  UNIQUE (belongs_to, member)"
      ");"
      "CREATE INDEX principal_member_who ON principal_member (member);" },
    { NULL },
};

/* --- who is made up --- */

static void fill_from_card(const struct kv_principals *principals,
                           const struct kv_identity_card *card, struct kv_principal_entry *entry)
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
    fill_from_card(principals, &card, ret_entry);
    if (ret_entry->type != KV_PRINCIPAL_SYSTEM_ASSIGNED
        && strlen(name) < principals_name_size(name)) {
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

static bool make_up_of_object(const struct kv_principals *principals, const char *object_id,
                              struct kv_principal_entry *ret_entry)
{
    struct kv_identity_card card;

    if (!kv_identity_card_of_object(principals->identity, object_id, &card)) {
        return false;
    }
    fill_from_card(principals, &card, ret_entry);
    return true;
}

/* --- life --- */

static enum kv_code fill_system(struct kv_principals *principals, struct kv_err *err)
{
    struct kv_identity_card card;

    if (!kv_identity_card(principals->identity, NULL, &card)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "there is no default identity");
    }
    memcpy(principals->system.object_id, card.object_id, sizeof(card.object_id));
    fill_from_card(principals, &card, &principals->system);
    return KV_OK;
}

enum kv_code kv_principals_new(const struct kv_principals_config *config,
                               struct kv_principals **ret_principals, struct kv_err *err)
{
    KV_TRY(kv_store_migrate(config->store, "principals", migrations, err));

    struct kv_principals *principals = calloc(1, sizeof(*principals));

    if (principals == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    principals->store = config->store;
    principals->identity = config->identity;
    principals->refuses_unknown = config->refuses_unknown;
    atomic_init(&principals->edition, 1);
    (void) pthread_mutex_init(&principals->reading, NULL); /* these cannot fail on Linux */
    (void) pthread_rwlock_init(&principals->lock, NULL);

    kv_auto(kv_principals_free) struct kv_principals *guarded = principals;

    KV_TRY(fill_system(principals, err));
    *ret_principals = kv_take(guarded);
    return KV_OK;
}

void kv_principals_free(struct kv_principals *principals)
{
    if (principals == NULL) {
        return;
    }
    principals_index_free(principals->index);
    (void) pthread_rwlock_destroy(&principals->lock);
    (void) pthread_mutex_destroy(&principals->reading);
    free(principals);
}

/* --- look-ups --- */

bool kv_principals_makes_up(const struct kv_principals *principals)
{
    return !principals->refuses_unknown;
}

enum kv_code principals_fail_unknown(const char *name, struct kv_err *err)
{
    return *name == '\0' ? KV_FAIL(err, KV_NOT_FOUND, 0, "There is no default identity.")
                         : KV_FAIL(err, KV_NOT_FOUND, 0, "There is no identity '%.128s'.", name);
}

/* Who is wanted: by one key, or if that is nobody's, as who is made up for it. */
struct wanted {
    enum principals_key key;
    const char *text;
    bool is_name; /* first of all it is somebody's name */
    bool can_be;  /* the next one is filled */
    struct kv_principal_entry made_up;
};

static const struct kv_principal_entry *find_locked(const struct principals_index *index,
                                                    const struct wanted *wanted)
{
    const struct kv_principal_entry *entry = NULL;

    if (wanted->is_name) {
        entry = principals_index_find(index, PRINCIPALS_BY_NAME, wanted->text);
    }
    if (entry == NULL) {
        entry = principals_index_find(index, wanted->key, wanted->text);
    }
    if (entry == NULL && wanted->can_be) { /* it may be registered under another name */
        entry = principals_index_find(index, PRINCIPALS_BY_OBJECT, wanted->made_up.object_id);
    }
    return entry;
}

/*
 * In the middle of a reset one whom the options name is not there yet, or without credentials: who
 * is made up in his place would be let in with any. What was seen counts if no reset has begun
 * or ended since `resets` was read, and none was under way then but by this thread.
 */
static enum kv_code check_settled(const struct kv_principals *principals, unsigned resets,
                                  struct kv_err *err)
{
    bool is_under_way = resets % 2 != 0 && !pthread_equal(principals->resetter, pthread_self());

    return is_under_way || atomic_load(&principals->resets) != resets
               ? KV_FAIL(err, KV_UNAVAILABLE, 0, "The identities are being reset: ask again.")
               : KV_OK;
}

static enum kv_code find_once(struct kv_principals *principals, const struct wanted *wanted,
                              struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    struct kv_principal_entry found;

    KV_TRY(principals_lock(principals, err));

    const struct kv_principal_entry *entry = find_locked(principals->index, wanted);
    bool is_row = entry != NULL;

    if (is_row) {
        found = *entry;
    }
    pthread_rwlock_unlock(&principals->lock);
    if (!is_row && wanted->can_be && !principals->refuses_unknown) {
        *ret_entry = wanted->made_up;
        return KV_OK;
    }
    if (!is_row || found.state == KV_PRINCIPAL_DELETED) {
        return principals_fail_unknown(wanted->text, err);
    }
    *ret_entry = found;
    return KV_OK;
}

static enum kv_code find(struct kv_principals *principals, const struct wanted *wanted,
                         struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    unsigned resets = atomic_load(&principals->resets);
    enum kv_code code = find_once(principals, wanted, ret_entry, err);

    KV_TRY(check_settled(principals, resets, err));
    return code;
}

/* A GUID is a client id and a text with a slash a resource id, unless somebody has that name. */
enum kv_code kv_principals_find_name(struct kv_principals *principals, const char *name,
                                     struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    struct wanted wanted = {
        .key = PRINCIPALS_BY_NAME,
        .text = name != NULL ? kv_principal_name_of(name) : "",
        .is_name = true,
    };

    wanted.can_be = principals_make_up(principals, wanted.text, &wanted.made_up);
    if (kv_uuid_is_valid(wanted.text)) {
        wanted.key = PRINCIPALS_BY_CLIENT;
    } else if (*wanted.text == '/') {
        wanted.key = PRINCIPALS_BY_RESOURCE;
    }
    return find(principals, &wanted, ret_entry, err);
}

enum kv_code kv_principals_find_client(struct kv_principals *principals, const char *client_id,
                                       struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    struct wanted wanted = { .key = PRINCIPALS_BY_CLIENT, .text = client_id };

    wanted.can_be =
        kv_uuid_is_valid(client_id) && principals_make_up(principals, client_id, &wanted.made_up);
    return find(principals, &wanted, ret_entry, err);
}

enum kv_code kv_principals_find_object(struct kv_principals *principals, const char *object_id,
                                       struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    struct wanted wanted = { .key = PRINCIPALS_BY_OBJECT, .text = object_id };

    wanted.can_be = make_up_of_object(principals, object_id, &wanted.made_up);
    return find(principals, &wanted, ret_entry, err);
}

enum kv_code kv_principals_find_resource(struct kv_principals *principals, const char *resource,
                                         struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    struct wanted wanted = { .key = PRINCIPALS_BY_RESOURCE, .text = resource };

    wanted.can_be = *resource == '/' && principals_make_up(principals, resource, &wanted.made_up);
    return find(principals, &wanted, ret_entry, err);
}

/* --- a caller who names nobody --- */

/* Whether the default identity may be made up: nobody has registered it, or taken it away. */
static bool has_default_locked(const struct kv_principals *principals)
{
    return !principals->refuses_unknown
           && principals_index_find(principals->index, PRINCIPALS_BY_OBJECT,
                                    principals->system.object_id)
                  == NULL;
}

/* NULL: the default identity as it is made up if there is that, else nobody. */
static const struct kv_principal_entry *find_managed_locked(const struct kv_principals *principals,
                                                            size_t *ret_count)
{
    const struct principals_index *index = principals->index;
    const struct kv_principal_entry *entry = principals_index_find(index, PRINCIPALS_BY_NAME, "");
    bool has_default = has_default_locked(principals);

    *ret_count = 1;
    if (entry != NULL && entry->state != KV_PRINCIPAL_DELETED) {
        return entry;
    }
    entry = principals_index_only(index, KV_PRINCIPAL_SYSTEM_ASSIGNED, ret_count);
    if (*ret_count == 1 || (*ret_count > 1 && !has_default)) {
        return entry;
    }
    *ret_count = 1;
    return has_default ? NULL : principals_index_only(index, KV_PRINCIPAL_USER_ASSIGNED, ret_count);
}

static enum kv_code find_managed(struct kv_principals *principals,
                                 struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    struct kv_principal_entry found = principals->system;
    size_t count;

    KV_TRY(principals_lock(principals, err));

    const struct kv_principal_entry *entry = find_managed_locked(principals, &count);
    bool is_there = entry != NULL || has_default_locked(principals);

    if (entry != NULL) {
        found = *entry;
    }
    pthread_rwlock_unlock(&principals->lock);
    if (count > 1) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "Several identities are registered, and the request names none of them.");
    }
    if (!is_there) {
        return principals_fail_unknown("", err);
    }
    *ret_entry = found;
    return KV_OK;
}

enum kv_code kv_principals_find_managed(struct kv_principals *principals,
                                        struct kv_principal_entry *ret_entry, struct kv_err *err)
{
    unsigned resets = atomic_load(&principals->resets);
    enum kv_code code = find_managed(principals, ret_entry, err);

    KV_TRY(check_settled(principals, resets, err));
    return code;
}

/* --- what a request asks --- */

enum kv_code kv_principals_standing(struct kv_principals *principals, const char *object_id,
                                    struct kv_principal_standing *ret_standing, struct kv_err *err)
{
    struct kv_principal_standing standing = {
        .state = KV_PRINCIPAL_ENABLED,
        .revoked = KV_PRINCIPAL_NOT_REVOKED,
    };

    KV_TRY(principals_lock(principals, err));

    const struct kv_principal_entry *entry =
        principals_index_find(principals->index, PRINCIPALS_BY_OBJECT, object_id);

    if (entry != NULL) {
        standing.state = entry->state;
        standing.known = true;
        standing.trusted_service = entry->trusted_service;
        standing.revoked = entry->revoked;
    }
    standing.has_groups = principals_index_has_groups(principals->index, object_id);
    pthread_rwlock_unlock(&principals->lock);
    *ret_standing = standing;
    return KV_OK;
}

enum kv_code kv_principals_groups(struct kv_principals *principals, const char *object_id,
                                  char ret_ids[][KV_UUID_LENGTH + 1], size_t max, size_t *ret_count,
                                  struct kv_err *err)
{
    KV_TRY(principals_lock(principals, err));
    *ret_count = principals_index_groups(principals->index, object_id, ret_ids, max);
    pthread_rwlock_unlock(&principals->lock);
    return KV_OK;
}
