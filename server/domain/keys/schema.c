/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of this domain, and the life cycle of struct kv_keys. */
#include <stdlib.h>

#include "core.h"
#include "kv/keys/keys.h"
#include "kv/keys/state.h"

/*
 * `limbo` holds every object of the token that neither a version owns nor the pool: written before a
 * generation starts, for some that are to come (intent.h), and when a version is purged; removed with the
 * commit of the version or after the object was destroyed. `doomed` is 0 of those that this process makes.
 */
static const struct kv_migration migrations[] = {
    { "CREATE TABLE key ("
      "  id INTEGER PRIMARY KEY,"
      "  vault TEXT NOT NULL,"
      "  fold TEXT NOT NULL,"                 /* the name, upper-cased */
      "  name TEXT NOT NULL,"                 /* the creator's spelling */
      "  state INTEGER NOT NULL,"             /* enum key_state */
      "  ready INTEGER NOT NULL,"             /* ms: when the pending phase ends */
      "  latest INTEGER,"                     /* version.id */
      "  deleted INTEGER NOT NULL DEFAULT 0," /* s */
      "  purge INTEGER NOT NULL DEFAULT 0,"   /* s: scheduledPurgeDate */
      "  UNIQUE (vault, fold)"
      ");"
      "CREATE INDEX key_due ON key (state, purge) WHERE state > 0;"
      "CREATE TABLE version ("
      "  id INTEGER PRIMARY KEY,"
      "  key INTEGER NOT NULL REFERENCES key (id),"
      "  version TEXT NOT NULL,"
      "  object BLOB NOT NULL UNIQUE," /* CKA_ID */
      "  kty TEXT NOT NULL,"
      "  ops TEXT NOT NULL,"
      "  bits INTEGER NOT NULL,"
      "  modulus BLOB NOT NULL,"
      "  exponent BLOB NOT NULL,"
      "  enabled INTEGER NOT NULL,"
      "  not_before INTEGER,"
      "  expires INTEGER,"
      "  created INTEGER NOT NULL,"
      "  updated INTEGER NOT NULL,"
      "  tags BLOB," /* name, NUL, value, NUL, ... */
      "  UNIQUE (key, version)"
      ");"
      "CREATE TABLE limbo ("
      "  object BLOB PRIMARY KEY,"
      "  doomed INTEGER NOT NULL"
      ") WITHOUT ROWID;" },
    { "CREATE TABLE rotation_policy ("
      "  key INTEGER PRIMARY KEY REFERENCES key (id),"
      "  expiry TEXT,"          /* these four as they were sent, ISO 8601 */
      "  after_create TEXT,"    /* of Rotate; at most one of */
      "  before_expiry TEXT,"   /* these two */
      "  notify TEXT NOT NULL," /* timeBeforeExpiry of Notify, '' for none */
      "  created INTEGER NOT NULL,"
      "  updated INTEGER NOT NULL,"
      "  due INTEGER" /* s: when the latest version is to be rotated; NULL: never */
      ");"
      "CREATE INDEX rotation_due ON rotation_policy (due) WHERE due IS NOT NULL;" },
    /* keys that are not RSA: their modulus and exponent are empty */
    { "ALTER TABLE version ADD COLUMN curve TEXT;" /* wire name, NULL unless EC */
      "ALTER TABLE version ADD COLUMN x BLOB;"
      "ALTER TABLE version ADD COLUMN y BLOB;" },
    /* what an imported JWK had beyond its key: a JSON object, NULL for nothing */
    { "ALTER TABLE version ADD COLUMN members TEXT;" },
    /* keys of the service itself, all RSA */
    { "CREATE TABLE service_key ("
      "  purpose TEXT PRIMARY KEY,"
      "  object BLOB NOT NULL UNIQUE,"
      "  modulus BLOB NOT NULL,"
      "  exponent BLOB NOT NULL"
      ") WITHOUT ROWID;" },
    /* whether keys may be released, and to whom: the same for all versions of a key */
    { "ALTER TABLE key ADD COLUMN exportable INTEGER NOT NULL DEFAULT 0;"
      "ALTER TABLE key ADD COLUMN policy TEXT;" /* compact JSON */
      "ALTER TABLE key ADD COLUMN policy_type TEXT;"
      "ALTER TABLE key ADD COLUMN policy_immutable INTEGER NOT NULL DEFAULT 0;" },
    /* keys of the built-in external key manager, and which of them a version stands for: such a
     * version has no object of its own, `object` only tells it from others */
    { "CREATE TABLE external_key ("
      "  id TEXT PRIMARY KEY,"
      "  object BLOB NOT NULL UNIQUE,"
      "  kty TEXT NOT NULL,"
      "  bits INTEGER NOT NULL,"
      "  modulus BLOB NOT NULL,"
      "  exponent BLOB NOT NULL"
      ") WITHOUT ROWID;"
      "ALTER TABLE version ADD COLUMN external TEXT;" },
    /* vaults by id; an older store, which did not keep vaults, has only a name */
    { "INSERT OR IGNORE INTO vault (name) SELECT DISTINCT vault FROM key;"
      "CREATE TABLE key_by_id ("
      "  id INTEGER PRIMARY KEY,"
      "  vault INTEGER NOT NULL REFERENCES vault (id),"
      "  fold TEXT NOT NULL,"
      "  name TEXT NOT NULL,"
      "  state INTEGER NOT NULL,"
      "  ready INTEGER NOT NULL,"
      "  latest INTEGER,"
      "  deleted INTEGER NOT NULL DEFAULT 0,"
      "  purge INTEGER NOT NULL DEFAULT 0,"
      "  exportable INTEGER NOT NULL DEFAULT 0,"
      "  policy TEXT,"
      "  policy_type TEXT,"
      "  policy_immutable INTEGER NOT NULL DEFAULT 0,"
      "  UNIQUE (vault, fold)"
      ");"
      "INSERT INTO key_by_id SELECT k.id, v.id, k.fold, k.name, k.state, k.ready, k.latest,"
      " k.deleted, k.purge, k.exportable, k.policy, k.policy_type, k.policy_immutable"
      " FROM key k JOIN vault v ON v.name = k.vault;"
      "DROP TABLE key;"
      "ALTER TABLE key_by_id RENAME TO key;"
      "CREATE INDEX key_due ON key (state, purge) WHERE state > 0;",
      .rebuilds = true },
    /* the ends of pending phases, in order; most keys have none */
    { "CREATE INDEX key_ready ON key (ready) WHERE ready > 0;" },
    /* events of keys that expire, for the latest version; nobody is told of what expired before there
     * were events, and the spans of policies in days are good enough for what was planned by then */
    { "CREATE TABLE key_notice ("
      "  key INTEGER PRIMARY KEY REFERENCES key (id) ON DELETE CASCADE,"
      "  version INTEGER NOT NULL," /* version.id */
      "  expires INTEGER NOT NULL," /* ms, as the next one */
      "  near INTEGER NOT NULL,"
      "  given INTEGER NOT NULL" /* 0: nothing, 1: near expiry, 2: expired */
      ");"
      "INSERT INTO key_notice (key, version, expires, near, given) SELECT k.id, v.id,"
      " v.expires * 1000, (v.expires - 86400 * CASE WHEN p.notify GLOB 'P[0-9]*D'"
      " AND p.notify NOT GLOB '*[MY]*' THEN CAST(substr(p.notify, 2) AS INTEGER) ELSE 30 END)"
      " * 1000, CASE WHEN v.expires <= CAST(strftime('%s', 'now') AS INTEGER) THEN 2 ELSE 0 END"
      " FROM key k JOIN version v ON v.id = k.latest"
      " LEFT JOIN rotation_policy p ON p.key = k.id WHERE v.expires IS NOT NULL;"
      "CREATE INDEX key_notice_near ON key_notice (near) WHERE given = 0;"
      "CREATE INDEX key_notice_expires ON key_notice (expires) WHERE given < 2;" },
    /* key pairs that were generated ahead */
    { "CREATE TABLE pooled ("
      "  object BLOB PRIMARY KEY," /* CKA_ID */
      "  kind TEXT NOT NULL,"      /* a name of pool_kind.def */
      "  form TEXT NOT NULL,"      /* how keys were made then */
      "  modulus BLOB NOT NULL,"
      "  exponent BLOB NOT NULL,"
      "  x BLOB,"
      "  y BLOB"
      ") WITHOUT ROWID;" },
    { NULL },
};

enum kv_code kv_keys_make_tables(struct kv_store *store, struct kv_err *err)
{
    return kv_store_migrate(store, "vault", migrations, err);
}

enum kv_code kv_keys_new(const struct kv_keys_config *config, struct kv_keys **ret_keys,
                         struct kv_err *err)
{
    KV_TRY(kv_keys_make_tables(config->store, err));

    struct kv_keys *keys = calloc(1, sizeof(*keys));

    if (keys == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    keys->config = *config;
    (void) pthread_mutex_init(&keys->tidying, NULL);       /* cannot fail on Linux */
    (void) pthread_mutex_init(&keys->intents.mutex, NULL); /* nor can this */
    key_leases_init(&keys->leases);
    pool_init(&keys->pool, &config->pool.plan);
    *ret_keys = keys;
    return KV_OK;
}

void kv_keys_free(struct kv_keys *keys)
{
    if (keys != NULL) {
        key_leases_done(&keys->leases);
        pool_done(&keys->pool);
        KV_IGNORE(intents_give_back(keys, NULL)); /* else the next start's sweep forgets them */
        (void) pthread_mutex_destroy(&keys->intents.mutex);
        (void) pthread_mutex_destroy(&keys->tidying);
        free(keys);
    }
}
