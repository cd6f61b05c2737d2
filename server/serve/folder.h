/* SPDX-License-Identifier: Apache-2.0 */
/*
 * folder.h - the data folder of one running server: lasting or temporary, locked for one process,
 * with run.json in it while the server runs. Private to the files beside it; one thread.
 */
#pragma once

#include <stdbool.h>

#include "kv/app/app.h"
#include "kv/base/files.h"
#include "kv/base/options.h"

struct data_folder {
    char path[KV_PATH_MAX]; /* absolute */
    bool temporary;         /* --ephemeral: removed at the end */
    int lock;               /* descriptor; -1: not open */
};

void data_folder_init(struct data_folder *folder);

/* Makes and locks the folder that the options name. */
enum kv_code data_folder_open(struct data_folder *folder, const struct kv_options *options,
                              struct kv_err *err) kv_must_check;

/* Writes run.json: where the other subcommands find this server, which has --listen `listen`. */
enum kv_code data_folder_publish(const struct data_folder *folder, const struct kv_app *app,
                                 const char *listen, struct kv_err *err) kv_must_check;

/* Removes the temporary folder of a process that is about to end, while other threads may still use
 * it. */
void data_folder_abandon(const struct data_folder *folder);

/* Removes run.json, and the folder itself if it is temporary. */
void data_folder_close(struct data_folder *folder);
