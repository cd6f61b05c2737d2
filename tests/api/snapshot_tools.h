/* SPDX-License-Identifier: Apache-2.0 */
/* snapshot_tools.h - a daemon with two vaults, whose state is saved and put back. One thread asserts. */
#pragma once

#include "../support/api.h"
#include "hsm_tools.h"

/* Each test has one of its own: for TestSuite(). */
extern struct daemon snapshot_daemon;
extern const char
    *const snapshot_vaults[]; /* its options: dev, two, and pool, which is a managed HSM */
void snapshot_start(void);
/* Also checks that store and token agree in the end. */
void snapshot_stop(void);
void snapshot_restart(void);

/* Asks the control port; `below` is put behind the path of the snapshots. */
struct reply snapshot_ask(struct client *client, const char *method, const char *below,
                          const char *body);

/* These fail the test when they cannot be done. */
void snapshot_save(struct client *client, const char *name);
void snapshot_restore(struct client *client, const char *name, const char *body);
void snapshot_purge(struct client *client, const char *key);
