/* SPDX-License-Identifier: Apache-2.0 */
/* Saving, listing and deleting snapshots, and what a start finds of those that were interrupted. */
#include "kv/snapshots/snapshots.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "kv/base/json.h"
#include "kv/base/log.h"
#include "restore.h"

/* No name of a snapshot begins with a dot. */
#define UNFINISHED ".new"
#define REMOVED ".gone"

enum kv_code kv_snapshots_new(const struct kv_snapshots_config *config,
                              struct kv_snapshots **ret_snapshots, struct kv_err *err)
{
    struct kv_snapshots *snapshots = calloc(1, sizeof(*snapshots));

    if (snapshots == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    snapshots->config = *config;
    (void) pthread_mutex_init(&snapshots->turn, NULL); /* cannot fail on Linux */
    *ret_snapshots = snapshots;
    return KV_OK;
}

void kv_snapshots_free(struct kv_snapshots *snapshots)
{
    if (snapshots != NULL) {
        (void) pthread_mutex_destroy(&snapshots->turn);
        free(snapshots);
    }
}

static void end_turn(pthread_mutex_t *turn)
{
    (void) pthread_mutex_unlock(turn);
}
KV_DEFINE_CLEANUP(pthread_mutex_t *, end_turn)

static pthread_mutex_t *take_turn(struct kv_snapshots *snapshots)
{
    (void) pthread_mutex_lock(&snapshots->turn);
    return &snapshots->turn;
}

static enum kv_code check_own(const struct kv_snapshots *snapshots, struct kv_err *err)
{
    if (!snapshots->config.hands.is_own) {
        return KV_FAIL(err, KV_CONFLICT, 0,
                       "There are snapshots of coffer's own token alone: the files of the token of "
                       "--pkcs11-module cannot be copied.");
    }
    return KV_OK;
}

static bool is_full(enum kv_code code, const struct kv_err *err)
{
    return code == KV_INSUFFICIENT_STORAGE
           || (code == KV_INTERNAL
               && (err->cause == ENOSPC || err->cause == EDQUOT || err->cause == EFBIG));
}

/* Where the data folder is does not concern those who ask: files are named from there. */
static enum kv_code hide_place(const char *folder, enum kv_code code, struct kv_err *err)
{
    size_t len = strlen(folder);
    char *at = code != KV_OK && err != NULL && len > 0 ? strstr(err->message, folder) : NULL;

    while (at != NULL) {
        size_t skip = len + (at[len] == '/');

        memmove(at, at + skip, strlen(at + skip) + 1);
        at = strstr(at, folder);
    }
    return code;
}

/* What the file system says becomes what is wrong with the snapshot; the cause stays. */
static enum kv_code reword(enum kv_code code, const char *what, struct kv_err *err)
{
    if (code != KV_OK && is_full(code, err)) {
        return KV_FAIL(err, KV_INSUFFICIENT_STORAGE, err->cause,
                       "The disk is full: %s, and nothing was changed.", what);
    }
    return code;
}

/* --- at the start --- */

static enum kv_code remove_in(const char *folder, const char *name, struct kv_err *err)
{
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, folder, name, err));
    return snapshot_remove(path, err);
}

static enum kv_code remove_unfinished(const char *folder, struct kv_err *err)
{
    char shelf[KV_PATH_MAX];

    KV_TRY(snapshot_shelf(folder, shelf, err));
    KV_TRY(remove_in(shelf, UNFINISHED, err));
    return remove_in(shelf, REMOVED, err);
}

enum kv_code kv_snapshots_recover(const char *folder, struct kv_err *err)
{
    char ready[KV_PATH_MAX];

    KV_TRY(kv_path_join(ready, folder, READY, err));
    if (kv_file_exists(ready)) {
        kv_log(KV_LOG_WARNING, "restore_finished", KV_LOG_TEXT_FIELD("folder", folder));
    }
    KV_TRY(snapshot_put_rest(folder, err));
    KV_TRY(remove_in(folder, STAGED, err));
    return remove_unfinished(folder, err);
}

/* --- saving --- */

struct saving {
    struct kv_snapshots *snapshots;
    char place[KV_PATH_MAX]; /* where it is made */
    cJSON *description;      /* owned */
};

static void saving_done(struct saving *saving)
{
    cJSON_Delete(saving->description);
}
KV_DEFINE_CLEANUP_VALUE(struct saving, saving_done)

static enum kv_code copy_in(const char *from, const char *to, const char *name, struct kv_err *err)
{
    char source[KV_PATH_MAX], target[KV_PATH_MAX];

    KV_TRY(kv_path_join(source, from, name, err));
    KV_TRY(kv_path_join(target, to, name, err));
    return snapshot_copy(source, target, err);
}

static enum kv_code copy_both(const struct saving *saving, struct kv_err *err)
{
    const char *folder = saving->snapshots->config.folder;

    KV_TRY(copy_in(folder, saving->place, STORE_FILE, err));
    return copy_in(folder, saving->place, TOKENS, err);
}

/* What was copied in vain goes at once: on a disk that is full the store needs the room to open. */
static enum kv_code copy_state(void *saving_, struct kv_err *err)
{
    const struct saving *saving = saving_;
    enum kv_code code = copy_both(saving, err);

    if (code != KV_OK) {
        KV_IGNORE(snapshot_remove(saving->place, NULL)); /* what failed is told already */
    }
    return code;
}

static enum kv_code describe_state(void *saving_, struct kv_err *err)
{
    const struct saving *saving = saving_;
    const struct kv_snapshots_config *config = &saving->snapshots->config;

    KV_TRY(snapshot_describe_clock(config->clock, saving->description, err));
    return config->hands.describe(config->hands.context, saving->description, err);
}

static enum kv_code begin_description(const char *name, cJSON **ret_description, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *description = cJSON_CreateObject();
    char made[KV_ISO_DATE_SIZE];
    bool ok = description != NULL;

    kv_time_render_iso(kv_clock_real(), made);
    kv_json_add_text(description, "name", name, &ok);
    kv_json_add_text(description, "made", made, &ok);
    *ret_description = kv_take(description);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code make_unfinished(const char *folder, char ret_place[KV_PATH_MAX],
                                    struct kv_err *err)
{
    KV_TRY(remove_unfinished(folder, err));
    KV_TRY(snapshot_place(folder, UNFINISHED, ret_place, err));
    return kv_folder_make(ret_place, 0700, err);
}

static enum kv_code save(struct saving *saving, const char *name, struct kv_err *err)
{
    const struct kv_snapshots_config *config = &saving->snapshots->config;
    const struct kv_snapshot_pause pause = { copy_state, describe_state, saving };
    char place[KV_PATH_MAX];

    KV_TRY(snapshot_place(config->folder, name, place, err));
    KV_TRY(config->hands.stand_still(config->hands.context, &pause, err));
    KV_TRY(snapshot_seal(saving->place, saving->description, err));
    KV_TRY(snapshot_sync(saving->place, err));
    KV_TRY(snapshot_rename(saving->place, place, err));
    return snapshot_sync(place, err);
}

static size_t count_names(const struct snapshot_listing *listing)
{
    size_t count = 0;

    for (size_t i = 0; i < listing->count; i++) {
        count += snapshot_name_check(listing->name[i], NULL) == KV_OK;
    }
    return count;
}

static enum kv_code check_free(const char *folder, const char *name, struct kv_err *err)
{
    kv_auto(snapshot_listing_done) struct snapshot_listing listing = { .count = 0 };
    char shelf[KV_PATH_MAX], place[KV_PATH_MAX];

    KV_TRY(snapshot_shelf(folder, shelf, err));
    KV_TRY(snapshot_place(folder, name, place, err));
    if (kv_file_exists(place)) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There is a snapshot named '%s'.", name);
    }
    KV_TRY(snapshot_listing_read(shelf, &listing, err));
    if (count_names(&listing) >= KV_SNAPSHOTS_MAX) {
        return KV_FAIL(err, KV_CONFLICT, 0, "There are %d snapshots already: delete some.",
                       KV_SNAPSHOTS_MAX);
    }
    return KV_OK;
}

static enum kv_code make(struct kv_snapshots *snapshots, const char *name, cJSON **ret_shown,
                         struct kv_err *err)
{
    kv_auto(end_turn) kv_unused pthread_mutex_t *turn = take_turn(snapshots);
    kv_auto(saving_done) struct saving saving = { .snapshots = snapshots };
    const char *folder = snapshots->config.folder;

    KV_TRY(snapshot_name_check(name, err));
    KV_TRY(check_own(snapshots, err));
    KV_TRY(check_free(folder, name, err));
    KV_TRY(reword(snapshot_check_space(folder, err), "the snapshot was not made", err));
    KV_TRY(begin_description(name, &saving.description, err));
    KV_TRY(make_unfinished(folder, saving.place, err));
    enum kv_code code = save(&saving, name, err);
    if (code != KV_OK) {
        KV_IGNORE(snapshot_remove(saving.place, NULL)); /* the next one tries again */
        return reword(code, "the snapshot was not made", err);
    }
    *ret_shown = kv_take(saving.description);
    return KV_OK;
}

enum kv_code kv_snapshots_save(struct kv_snapshots *snapshots, const char *name, cJSON **ret_shown,
                               struct kv_err *err)
{
    return hide_place(snapshots->config.folder, make(snapshots, name, ret_shown, err), err);
}

/* --- what there is --- */

static enum kv_code show_any(const char *folder, const char *name, cJSON **ret_shown,
                             struct kv_err *err)
{
    struct kv_err why = { .code = KV_OK };
    enum kv_code code = hide_place(folder, snapshot_read(folder, name, ret_shown, &why), &why);
    bool ok = true;

    if (code == KV_OK || code == KV_NOT_FOUND) { /* the latter: deleted just now */
        return KV_OK;
    }
    *ret_shown = cJSON_CreateObject();
    kv_json_add_text(*ret_shown, "name", name, &ok);
    kv_json_add_text(*ret_shown, "damaged", why.message, &ok);
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code list_all(const char *folder, const struct snapshot_listing *listing,
                             cJSON *array, struct kv_err *err)
{
    bool ok = array != NULL;

    for (size_t i = 0; i < listing->count; i++) {
        cJSON *shown = NULL;

        if (snapshot_name_check(listing->name[i], NULL) == KV_OK) {
            KV_TRY(show_any(folder, listing->name[i], &shown, err));
        }
        if (shown != NULL) {
            kv_json_add_take(array, NULL, shown, &ok);
        }
    }
    return ok ? KV_OK : KV_OUT_OF_MEMORY(err);
}

static enum kv_code show_all(const char *folder, cJSON **ret_shown, struct kv_err *err)
{
    kv_auto(snapshot_listing_done) struct snapshot_listing listing = { .count = 0 };
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    char shelf[KV_PATH_MAX];
    bool ok = body != NULL;

    KV_TRY(snapshot_shelf(folder, shelf, err));
    KV_TRY(snapshot_listing_read(shelf, &listing, err));
    KV_TRY(list_all(folder, &listing, kv_json_add_array(body, "snapshots", &ok), err));
    *ret_shown = kv_take(body);
    return KV_OK;
}

enum kv_code kv_snapshots_list(struct kv_snapshots *snapshots, cJSON **ret_shown,
                               struct kv_err *err)
{
    const char *folder = snapshots->config.folder;

    return hide_place(folder, show_all(folder, ret_shown, err), err);
}

enum kv_code kv_snapshots_show(struct kv_snapshots *snapshots, const char *name, cJSON **ret_shown,
                               struct kv_err *err)
{
    const char *folder = snapshots->config.folder;

    return hide_place(folder, snapshot_read(folder, name, ret_shown, err), err);
}

/* Renamed first, so that what a crash leaves is no snapshot. */
static enum kv_code remove_one(const char *folder, const char *name, struct kv_err *err)
{
    char place[KV_PATH_MAX], gone[KV_PATH_MAX];

    KV_TRY(snapshot_name_check(name, err));
    KV_TRY(snapshot_place(folder, name, place, err));
    KV_TRY(snapshot_place(folder, REMOVED, gone, err));
    if (!kv_file_exists(place)) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, "There is no snapshot named '%s'.", name);
    }
    KV_TRY(remove_unfinished(folder, err));
    KV_TRY(snapshot_rename(place, gone, err));
    return snapshot_remove(gone, err);
}

enum kv_code kv_snapshots_delete(struct kv_snapshots *snapshots, const char *name,
                                 struct kv_err *err)
{
    kv_auto(end_turn) kv_unused pthread_mutex_t *turn = take_turn(snapshots);
    const char *folder = snapshots->config.folder;

    return hide_place(folder, remove_one(folder, name, err), err);
}

enum kv_code kv_snapshots_check(struct kv_snapshots *snapshots, const char *name, const char *vault,
                                struct kv_err *err)
{
    kv_auto(end_turn) kv_unused pthread_mutex_t *turn = take_turn(snapshots);

    KV_TRY(snapshot_name_check(name, err));
    KV_TRY(check_own(snapshots, err));
    return hide_place(snapshots->config.folder, snapshot_check(snapshots, name, vault, err), err);
}

enum kv_code kv_snapshots_restore(struct kv_snapshots *snapshots, const char *name,
                                  const char *vault, struct kv_err *err)
{
    kv_auto(end_turn) kv_unused pthread_mutex_t *turn = take_turn(snapshots);

    KV_TRY(snapshot_name_check(name, err));
    KV_TRY(check_own(snapshots, err));
    enum kv_code code =
        reword(snapshot_restore(snapshots, name, vault, err), "the snapshot was not put back", err);
    return hide_place(snapshots->config.folder, code, err);
}
