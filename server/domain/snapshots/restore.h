/* SPDX-License-Identifier: Apache-2.0 */
/* restore.h - a snapshot is put back; with the turn. */
#pragma once

#include "core.h"

/* Adds "clock": its reading, how far it is off, whether it runs. */
enum kv_code snapshot_describe_clock(struct kv_clock *clock, cJSON *description,
                                     struct kv_err *err) kv_must_check;

/* kv_snapshots_check(). */
enum kv_code snapshot_check(const struct kv_snapshots *snapshots, const char *name,
                            const char *vault, struct kv_err *err) kv_must_check;

/* kv_snapshots_restore(). */
enum kv_code snapshot_restore(struct kv_snapshots *snapshots, const char *name, const char *vault,
                              struct kv_err *err) kv_must_check;
