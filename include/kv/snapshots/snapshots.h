/* SPDX-License-Identifier: Apache-2.0 */
/*
 * kv/snapshots/snapshots.h - named states of an instance: its store and its token as they were at one
 * moment, and the virtual clock's offset. They can be put back, all of it or one vault.
 *
 * A snapshot is a folder below FOLDER/snapshots: coffer.db, tokens/, and snapshot.json, which describes
 * it and has a digest over everything. It is made beside its place and renamed once it is on the disk:
 * after a crash it is there whole or not at all. What is put back is copied beside its place first, too,
 * and a start finishes what a crash interrupted.
 * Thread-safe; those that change something take turns. KV_INSUFFICIENT_STORAGE when the disk is full,
 * and then nothing has changed.
 */
#pragma once

#include <stdbool.h>

#include <cjson/cJSON.h>

#include "kv/base/clock.h"
#include "kv/base/err.h"

#define KV_SNAPSHOTS_MAX 64
#define KV_SNAPSHOT_NAME_MAX 64

struct kv_snapshots; /* opaque */

/* What is done while store and token stand still. */
typedef enum kv_code kv_snapshot_step_fn(void *context, struct kv_err *err);
struct kv_snapshot_pause {
    kv_snapshot_step_fn *closed; /* with the files of both closed */
    kv_snapshot_step_fn *opened; /* then, with both open; NULL: nothing. Not after a failure. */
    void *context;
};

/* What snapshots need of those who have the store, the token, and what is read from them. */
struct kv_snapshot_hands {
    void *context;
    bool is_own; /* the token's files are coffer's own; else there are no snapshots */
    /* Lets nobody at either, for as long as it takes to do what the pause says. KV_UNAVAILABLE when
     * somebody stays too long, KV_CONFLICT when the token is not in its place. */
    enum kv_code (*stand_still)(void *context, const struct kv_snapshot_pause *pause,
                                struct kv_err *err);
    /* Adds to the description what there is: the vaults, and the form of the store's tables. */
    enum kv_code (*describe)(void *context, cJSON *description, struct kv_err *err);
    /* KV_CONFLICT for a snapshot whose tables have another form. */
    enum kv_code (*check)(void *context, const cJSON *description, struct kv_err *err);
    /* When everything was put back: what is in memory is read anew. */
    enum kv_code (*read_anew)(void *context, struct kv_err *err);
    /* Puts one vault back, from the database at that path; on the token is what was there then, too. */
    enum kv_code (*bring)(void *context, const char *database, const char *vault,
                          struct kv_err *err);
};

struct kv_snapshots_config {
    const char *folder;     /* the data folder; borrowed */
    struct kv_clock *clock; /* borrowed */
    struct kv_snapshot_hands hands;
};

/* Free with kv_snapshots_free(); NULL is fine there. */
enum kv_code kv_snapshots_new(const struct kv_snapshots_config *config,
                              struct kv_snapshots **ret_snapshots,
                              struct kv_err *err) kv_must_check;
void kv_snapshots_free(struct kv_snapshots *snapshots);

/* At the start, before store and token are opened: finishes what was being put back when a crash came,
 * and removes what was being saved. `folder` is the data folder, to which nobody else has access. */
enum kv_code kv_snapshots_recover(const char *folder, struct kv_err *err) kv_must_check;

/* A file in the data folder: objects were put on the token for one vault, and nobody has seen yet to
 * those that no row of the store owns. */
#define KV_SNAPSHOT_MARK "restore.objects"

/*
 * Saves the present state under a name of 1 to KV_SNAPSHOT_NAME_MAX letters, digits, "-", "_" and ".",
 * the first of them a letter or a digit. KV_BAD_PARAMETER for another name; KV_CONFLICT when the name is
 * taken, there are KV_SNAPSHOTS_MAX, or the token is not coffer's own. The caller deletes *ret_shown,
 * the snapshot's description, here and below.
 */
enum kv_code kv_snapshots_save(struct kv_snapshots *snapshots, const char *name, cJSON **ret_shown,
                               struct kv_err *err) kv_must_check;

/* {"snapshots":[...]}, by name; and one of them, KV_NOT_FOUND. One that is damaged is listed with the
 * member "damaged". */
enum kv_code kv_snapshots_list(struct kv_snapshots *snapshots, cJSON **ret_shown,
                               struct kv_err *err) kv_must_check;
enum kv_code kv_snapshots_show(struct kv_snapshots *snapshots, const char *name, cJSON **ret_shown,
                               struct kv_err *err) kv_must_check;

/*
 * Puts a snapshot back: everything and the clock, or one vault (NULL: all of them). KV_NOT_FOUND for a
 * snapshot, or a vault in it, that is not there; KV_CONFLICT for one that is damaged or of another form.
 * Call with the agenda's turn: it moves the clock.
 */
enum kv_code kv_snapshots_restore(struct kv_snapshots *snapshots, const char *name,
                                  const char *vault, struct kv_err *err) kv_must_check;

/* Whether it would be refused as it is, for whoever has to make room before. */
enum kv_code kv_snapshots_check(struct kv_snapshots *snapshots, const char *name, const char *vault,
                                struct kv_err *err) kv_must_check;

/* KV_NOT_FOUND. */
enum kv_code kv_snapshots_delete(struct kv_snapshots *snapshots, const char *name,
                                 struct kv_err *err) kv_must_check;
