/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kv/app/api.h"
#include "kv/base/control_token.h"
#include "kv/base/ephemeral.h"
#include "kv/base/json.h"
#include "kv/base/log.h"
#include "kv/snapshots/snapshots.h"
#include "serve.h"
#include "softhsm.h"

#define RUN_FILE "run.json"
#define REMOVALS 20 /* tries, because another thread may be creating a file */
#define RUN_FILE_MAX (1024 * 1024)
#define RUN_FILE_VAULTS 256 /* it is for those who look for the ports; /control/v1/info has all */

void data_folder_init(struct data_folder *folder)
{
    folder->path[0] = '\0';
    folder->temporary = false;
    folder->lock = -1;
}

/* Removes what killed servers left behind. */
static void remove_stale(const char *path, bool is_alive, void *context)
{
    (void) context;
    if (!is_alive && kv_folder_remove(path, NULL) == KV_OK) {
        kv_log(KV_LOG_INFO, "stale_folder_removed", KV_LOG_TEXT_FIELD("folder", path));
    }
}

/* Checked before anything is created; with the user's own module the token is elsewhere. */
static enum kv_code check_for_token(const struct kv_options *options, const char *path,
                                    struct kv_err *err)
{
    bool is_temporary = kv_option_flag(options, KV_OPTION_EPHEMERAL);

    if (!token_is_own(options)) {
        return KV_OK;
    }
    return softhsm_check_folder(path, is_temporary ? "TMPDIR" : "--data", err);
}

static enum kv_code make_temporary(struct data_folder *folder, struct kv_err *err)
{
    int len = snprintf(folder->path, sizeof(folder->path), "%s/" KV_EPHEMERAL_TEMPLATE,
                       kv_ephemeral_base());

    if (len >= (int) sizeof(folder->path) || mkdtemp(folder->path) == NULL) {
        int cause = errno;

        folder->path[0] = '\0';
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) cause,
                       "cannot make a temporary folder in %s: %s", kv_ephemeral_base(),
                       strerror(cause));
    }
    folder->temporary = true;
    return KV_OK;
}

/* SoftHSM's configuration and run.json need paths that are valid wherever they are read. */
static enum kv_code make_lasting(struct data_folder *folder, const struct kv_options *options,
                                 struct kv_err *err)
{
    char named[KV_PATH_MAX];

    KV_TRY(kv_data_folder(options, named, err));
    KV_TRY(check_for_token(options, named, err));
    KV_TRY(kv_folder_make(named, 0700, err));
    if (realpath(named, folder->path) == NULL) {
        int cause = errno;

        return KV_FAIL(err, KV_INTERNAL, (unsigned long) cause, "%s: %s", named, strerror(cause));
    }
    return check_for_token(options, folder->path, err); /* where links and "." lead */
}

enum kv_code data_folder_open(struct data_folder *folder, const struct kv_options *options,
                              struct kv_err *err)
{
    char mark[KV_PATH_MAX];

    if (!kv_option_flag(options, KV_OPTION_EPHEMERAL)) {
        KV_TRY(make_lasting(folder, options, err));
        KV_TRY(kv_folder_lock(folder->path, &folder->lock, err));
        KV_TRY(kv_snapshots_recover(folder->path, err));
        return secrets_tighten(options, folder->path, err);
    }
    KV_TRY(check_for_token(options, kv_ephemeral_base(), err));
    kv_ephemeral_each(remove_stale, NULL);
    KV_TRY(make_temporary(folder, err));
    KV_TRY(kv_folder_lock(folder->path, &folder->lock, err));
    KV_TRY(kv_path_join(mark, folder->path, KV_EPHEMERAL_MARK, err));
    /* after the lock, so that a marked folder is either locked or stale */
    return kv_file_write(mark, "", 0, 0600, err);
}

enum kv_code data_folder_publish(const struct data_folder *folder, const struct kv_app *app,
                                 const char *listen, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *description = NULL;
    kv_auto(kv_buf_done) struct kv_buf text;
    char path[KV_PATH_MAX], url[READY_URL_SIZE];
    bool ok = true;

    kv_buf_init(&text, RUN_FILE_MAX);
    KV_TRY(kv_control_describe(app, RUN_FILE_VAULTS, &description, err));
    ready_control_url(listen, app->control_port, url);
    kv_json_add_text(description, "control_url", url, &ok);
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_json_print(description, &text, err));
    KV_TRY(kv_path_join(path, folder->path, RUN_FILE, err));
    return kv_file_write_lightly(path, text.data, text.len, 0644, err);
}

static void remove_file(const struct data_folder *folder, const char *name)
{
    char path[KV_PATH_MAX];

    if (kv_path_join(path, folder->path, name, NULL) == KV_OK) {
        (void) unlink(path);
    }
}

void data_folder_close(struct data_folder *folder)
{
    if (folder->lock < 0) { /* somebody else's, or never made */
        return;
    }
    if (folder->temporary) {
        KV_IGNORE(kv_folder_remove(folder->path, NULL)); /* there is nobody left to tell */
    } else {
        remove_file(folder, RUN_FILE);
        remove_file(folder, KV_CONTROL_TOKEN_NAME);
    }
    close(folder->lock);
    folder->lock = -1;
}

void data_folder_abandon(const struct data_folder *folder)
{
    for (int i = 0; folder->temporary && i < REMOVALS && kv_file_exists(folder->path); i++) {
        KV_IGNORE(kv_folder_remove(folder->path, NULL)); /* another thread may have created more */
    }
}
