/* SPDX-License-Identifier: Apache-2.0 */
/* What snapshots need of the others: that everything stands still, and that what is in memory is read
 * anew. */
#include "snapshots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/json.h"
#include "kv/base/log.h"
#include "kv/consumer/consumer.h"
#include "kv/keys/state.h"
#include "kv/limits/limits.h"

#define PATIENCE_MS 10000 /* until nobody is at the store and at the token */
#define FORM_MAX 1024     /* bytes: a word and a number for each domain */

/* --- standing still --- */

static enum kv_code exchange(const struct snapshots *snapshots,
                             const struct kv_snapshot_pause *pause, struct kv_err *err)
{
    const struct exchange exchange = { pause->closed, pause->opened, pause->context };
    const struct standstill both = { snapshots->store, snapshots->token->hsm };

    return standstill_exchange(&both, PATIENCE_MS, &exchange, err);
}

static enum kv_code exchange_quietly(const struct snapshots *snapshots,
                                     const struct kv_snapshot_pause *pause, struct kv_err *err)
{
    KV_TRY(kv_vaults_begin_exchange(snapshots->vaults, err));
    kv_keys_begin_exchange(snapshots->keys);
    enum kv_code code = exchange(snapshots, pause, err);
    kv_keys_end_exchange(snapshots->keys);
    kv_vaults_end_exchange(snapshots->vaults);
    return code;
}

static enum kv_code exchange_in_place(const struct snapshots *snapshots,
                                      const struct kv_snapshot_pause *pause, struct kv_err *err)
{
    KV_TRY(kv_hsm_faults_keep_place(snapshots->token->faults, err));
    enum kv_code code = exchange_quietly(snapshots, pause, err);
    kv_hsm_faults_let_move(snapshots->token->faults);
    return code;
}

/* A pair that is generated for the pool is waited for while everybody else goes on. */
static enum kv_code stand_still(void *snapshots_, const struct kv_snapshot_pause *pause,
                                struct kv_err *err)
{
    const struct snapshots *snapshots = snapshots_;

    kv_pool_hold(snapshots->keys);
    enum kv_code code = exchange_in_place(snapshots, pause, err);
    kv_pool_let_go(snapshots->keys);
    kv_clock_wake(snapshots->clock); /* something else may be due, or to be destroyed */
    return code;
}

/* --- describing --- */

static enum kv_code read_form(const struct snapshots *snapshots, struct kv_buf *form,
                              struct kv_err *err)
{
    kv_buf_init(form, FORM_MAX);
    return kv_store_describe_form(snapshots->store, form, err);
}

static enum kv_code describe(void *snapshots_, cJSON *description, struct kv_err *err)
{
    const struct snapshots *snapshots = snapshots_;
    kv_auto(kv_vault_list_done) struct kv_vault_list list = { .vault = NULL };
    kv_auto(kv_buf_done) struct kv_buf form;
    bool ok = true;

    KV_TRY(read_form(snapshots, &form, err));
    kv_json_add_text(description, "form", form.data, &ok);
    KV_TRY(kv_vaults_list(snapshots->vaults, &list, err));
    cJSON *names = kv_json_add_array(description, "vaults", &ok);
    for (size_t i = 0; i < list.count; i++) {
        kv_json_append_text(names, list.vault[i]->name, &ok);
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code check(void *snapshots_, const cJSON *description, struct kv_err *err)
{
    const char *said = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(description, "form"));
    kv_auto(kv_buf_done) struct kv_buf form;

    KV_TRY(read_form(snapshots_, &form, err));
    if (said == NULL || strcmp(said, form.data) != 0) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "The snapshot was made by another version of coffer, whose tables differ.");
    }
    return KV_OK;
}

/* --- what is in memory --- */

static enum kv_code read_anew(void *snapshots_, struct kv_err *err)
{
    const struct snapshots *snapshots = snapshots_;

    kv_access_doubt(snapshots->grants->access);
    kv_principals_doubt(snapshots->grants->principals);
    if (snapshots->limits != NULL) {
        kv_limits_reset(snapshots->limits);
    }
    KV_TRY(kv_vaults_read_anew(snapshots->vaults, err));
    KV_TRY(kv_consumers_read_anew(snapshots->consumers, err));
    return kv_keys_end_intents(snapshots->keys, err);
}

/* --- one vault --- */

/* The keys that are on the token. */
struct objects {
    unsigned char *object; /* heap, HSM_ID_LENGTH bytes each */
    size_t count, room;
    bool is_short; /* of memory */
};

static void objects_done(struct objects *objects)
{
    free(objects->object);
}
KV_DEFINE_CLEANUP_VALUE(struct objects, objects_done)

static bool add_object(void *objects_, const unsigned char id[HSM_ID_LENGTH])
{
    struct objects *objects = objects_;

    if (objects->count == objects->room) {
        size_t room = objects->room * 2 + 64;
        unsigned char *longer = reallocarray(objects->object, room, HSM_ID_LENGTH);

        objects->is_short = longer == NULL;
        if (longer == NULL) {
            return false;
        }
        objects->object = longer;
        objects->room = room;
    }
    memcpy(objects->object + objects->count++ * HSM_ID_LENGTH, id, HSM_ID_LENGTH);
    return true;
}

/* Gives up what was brought back with the others, and no key has: there is one file to each object, and
 * nothing on it says whose it is. */
static enum kv_code doom_unowned(const struct snapshots *snapshots, struct kv_err *err)
{
    kv_auto(objects_done) struct objects objects = { .object = NULL };
    char mark[KV_PATH_MAX];

    hsm_each_key(snapshots->token->hsm, add_object, &objects);
    if (objects.is_short) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_keys_doom_unowned(snapshots->keys, objects.object, objects.count, err));
    KV_TRY(kv_path_join(mark, snapshots->folder, KV_SNAPSHOT_MARK, err));
    if (unlink(mark) != 0 && errno != ENOENT) {
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) errno, "%s cannot be removed", mark);
    }
    return KV_OK;
}

/* What was brought in vain is given up, too. */
static enum kv_code bring(void *snapshots_, const char *database, const char *vault,
                          struct kv_err *err)
{
    const struct snapshots *snapshots = snapshots_;
    enum kv_code code = kv_vaults_bring(snapshots->vaults, database, vault, err);
    enum kv_code cleared = doom_unowned(snapshots, code == KV_OK ? err : NULL);

    kv_access_doubt(snapshots->grants->access);
    return code != KV_OK ? code : cleared;
}

/* --- life --- */

static enum kv_code clear_token(const struct snapshots *snapshots, struct kv_err *err)
{
    char mark[KV_PATH_MAX];

    KV_TRY(kv_path_join(mark, snapshots->folder, KV_SNAPSHOT_MARK, err));
    if (!snapshots->is_own || !kv_file_exists(mark)) {
        return KV_OK;
    }
    kv_log(KV_LOG_WARNING, "restore_cleared", KV_LOG_TEXT_FIELD("folder", snapshots->folder));
    return doom_unowned(snapshots, err);
}

enum kv_code snapshots_open(struct snapshots *snapshots, struct kv_err *err)
{
    const struct kv_snapshots_config config = {
        .folder = snapshots->folder,
        .clock = snapshots->clock,
        .hands = { snapshots, snapshots->is_own, stand_still, describe, check, read_anew, bring },
    };

    KV_TRY(clear_token(snapshots, err));
    return kv_snapshots_new(&config, &snapshots->kept, err);
}

void snapshots_close(struct snapshots *snapshots)
{
    kv_snapshots_free(snapshots->kept);
}
