/* SPDX-License-Identifier: Apache-2.0 */
#include "folder.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv/api.h"
#include "kv/json.h"

#define RUN_FILE "run.json"
#define RUN_FILE_MAX (1024 * 1024)

void data_folder_init(struct data_folder *folder)
{
    folder->path[0] = '\0';
    folder->temporary = false;
    folder->lock = -1;
}

static enum kv_code make_temporary(struct data_folder *folder, struct kv_err *err)
{
    const char *named = getenv("TMPDIR");
    const char *base = named != NULL && named[0] == '/' ? named : "/tmp";
    int len = snprintf(folder->path, sizeof(folder->path), "%s/coffer-XXXXXX", base);

    if (len >= (int) sizeof(folder->path) || mkdtemp(folder->path) == NULL) {
        int cause = errno;

        folder->path[0] = '\0';
        return KV_FAIL(err, KV_INTERNAL, (unsigned long) cause,
                       "cannot make a temporary folder in %s: %s", base, strerror(cause));
    }
    folder->temporary = true;
    return KV_OK;
}

/* SoftHSM's configuration and run.json want paths that hold wherever they are read. */
static enum kv_code make_lasting(struct data_folder *folder, const struct kv_options *options,
                                 struct kv_err *err)
{
    char named[KV_PATH_MAX];

    KV_TRY(kv_data_folder(options, named, err));
    KV_TRY(kv_folder_make(named, 0700, err));
    if (realpath(named, folder->path) == NULL) {
        int cause = errno;

        return KV_FAIL(err, KV_INTERNAL, (unsigned long) cause, "%s: %s", named, strerror(cause));
    }
    return KV_OK;
}

enum kv_code data_folder_open(struct data_folder *folder, const struct kv_options *options,
                              struct kv_err *err)
{
    KV_TRY(kv_option_flag(options, KV_OPTION_EPHEMERAL) ? make_temporary(folder, err)
                                                        : make_lasting(folder, options, err));
    return kv_folder_lock(folder->path, &folder->lock, err);
}

enum kv_code data_folder_publish(const struct data_folder *folder, const struct kv_app *app,
                                 struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *description = NULL;
    kv_auto(kv_buf_done) struct kv_buf text;
    char path[KV_PATH_MAX];

    kv_buf_init(&text, RUN_FILE_MAX);
    KV_TRY(kv_control_describe(app, &description, err));
    KV_TRY(kv_json_print(description, &text, err));
    KV_TRY(kv_path_join(path, folder->path, RUN_FILE, err));
    return kv_file_write(path, text.data, text.len, 0644, err);
}

void data_folder_close(struct data_folder *folder)
{
    char path[KV_PATH_MAX];

    if (folder->lock < 0) { /* somebody else's, or never made */
        return;
    }
    if (folder->temporary) {
        KV_IGNORE(kv_folder_remove(folder->path, NULL)); /* nobody is left to be told */
    } else if (kv_path_join(path, folder->path, RUN_FILE, NULL) == KV_OK) {
        unlink(path);
    }
    close(folder->lock);
    folder->lock = -1;
}
