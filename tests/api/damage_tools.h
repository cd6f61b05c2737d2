/* SPDX-License-Identifier: Apache-2.0 */
/* damage_tools.h - a daemon with a key, and a data folder to which a test does harm. */
#pragma once

#include "../support/api.h"

#include "kv/base/files.h"

#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"
#define PATH_SIZE KV_PATH_MAX

extern const char *const damage_vaults[]; /* dev, and pool, which is a managed HSM */
extern struct daemon damage_daemon;

/* Starts the daemon, which gets keys called "kept"; the other one stops it, if it still runs. */
void damage_start(void);
void damage_stop(void);

/* Unwraps VALUE with the key of dev. */
void damage_expect_kept_key(void);

void damage_join(char path[PATH_SIZE], const char *folder, const char *name);
