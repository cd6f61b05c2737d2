/* SPDX-License-Identifier: Apache-2.0 */
/*
 * files.h - the files below an open store: whether they are the ones it opened, and hold what
 * SQLite believes that they hold. Private to the store; thread-safe from store_files_watch() on.
 */
#pragma once

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <sys/types.h>
#include <time.h>

#include "kv/base/err.h"

#define STORE_FILE_HEAD 24 /* bytes of the database's header that no write of ours changes */
#define STORE_FILE_STEP 12 /* bytes of the index that say how far its log is in the database */

enum store_file { STORE_DATABASE, STORE_LOG, STORE_INDEX, STORE_FILES };

/* What a check of the database found. */
struct store_look {
    off_t size;
    struct timespec changed;
    unsigned char head[STORE_FILE_HEAD];
    unsigned char step[STORE_FILE_STEP];
};

struct store_files {
    struct {
        char *path;
        int descriptor;  /* -1: not checked yet */
    } file[STORE_FILES]; /* constant once it is open */
    bool open;

    pthread_mutex_t mutex;   /* lock.def: store.files; held for some system calls */
    struct store_look known; /* guarded by mutex; after our last write */
    bool writing;            /* guarded by mutex; between enter and leave */

    atomic_llong index_size; /* it only grows */
    atomic_bool index_is_cut;
};

/* Names the files of the database at `path`; store_files_done() in any case. */
enum kv_code store_files_name(struct store_files *files, const char *path,
                              struct kv_err *err) kv_must_check;
void store_files_done(struct store_files *files);

/* Opens them, after the first connection; they are closed after the last one, because closing a
 * descriptor releases SQLite's locks on the file. */
enum kv_code store_files_watch(struct store_files *files, struct kv_err *err) kv_must_check;

/* kv_store_check(). */
enum kv_code store_files_check(struct store_files *files, struct kv_err *err) kv_must_check;

/*
 * Around a write, in the writer's turn: enter before it, verify before its commit, leave after it,
 * which accepts what is there now as ours. They fail as the check does. Call leave once after each
 * successful enter; a second call does no harm.
 */
enum kv_code store_files_enter(struct store_files *files, struct kv_err *err) kv_must_check;
enum kv_code store_files_verify(struct store_files *files, struct kv_err *err) kv_must_check;
enum kv_code store_files_leave(struct store_files *files, struct kv_err *err) kv_must_check;

/*
 * Before any statement; one system call. The index is mapped into memory, and touching a truncated
 * part ends the process: so it is extended to its length again, and no longer used. (Truncating it
 * between this call and the use still ends the process; what was acknowledged is in the log.)
 */
enum kv_code store_files_use_index(struct store_files *files, struct kv_err *err) kv_must_check;

/*
 * Before a commit, inside the transaction, when nobody else writes to the log: prolongs it by zeros when
 * little is left behind its last frame. SQLite writes over them, and its recovery ends at them. A file
 * that does not grow has no new metadata to be written with each commit, which takes a journalling file
 * system several times as long as the data. What it lacks the commit adds, and reports.
 */
void store_files_make_room(const struct store_files *files);
