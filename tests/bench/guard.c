/* SPDX-License-Identifier: Apache-2.0 */
#include "guard.h"

#include <stdio.h>

#include "kv/base/files.h"
#include "world.h"

#define ADMINISTRATOR "00482a5a-887f-4fb3-b363-3b7fe8e74483"
#define ENCRYPTION_USER "e147488a-f6f5-4113-8e2d-b22465e65bf6"

static enum kv_code fill(const char *folder, const char *object_id, struct kv_err *err)
{
    kv_auto(kv_store_close) struct kv_store *store = NULL;
    kv_auto(kv_db_release) struct kv_db *db = NULL;
    char path[KV_PATH_MAX], principal[KV_UUID_LENGTH + 1];
    int64_t vault = 0;

    KV_TRY(kv_path_join(path, folder, "coffer.db", err));
    KV_TRY(kv_store_open(path, 1, &store, err));
    KV_TRY(kv_db_acquire(store, &db, err));
    KV_TRY(kv_db_begin(db, err));
    KV_TRY(kv_db_count(db, "SELECT id FROM vault WHERE name = ?", KV_BINDS(KV_B_TEXT(VAULT)),
                       &vault, err));
    for (unsigned i = 1; i < GUARD_ASSIGNMENTS; i++) {
        world_name_principal(i, principal);
        KV_TRY(world_assign(db, vault, principal, ENCRYPTION_USER, "", err));
    }
    KV_TRY(world_assign(db, vault, object_id, ADMINISTRATOR, "", err));
    return kv_db_commit(db, err);
}

bool guard_fill(const struct server *server, const char *object_id)
{
    struct kv_err err = { .message = "" };

    if (fill(server->daemon.folder, object_id, &err) == KV_OK) {
        return true;
    }
    fprintf(stderr, "bench: %s\n", err.message);
    return false;
}
