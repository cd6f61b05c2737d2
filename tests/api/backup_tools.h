/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup_tools.h - backing up and restoring, as both programs of it need it. Asserts.
 */
#pragma once

#include "../support/api.h"

/* The value of a backup; heap. The test fails when there is none. */
char *back_up(struct client *client, const char *name);

/* The answer to a restore of that value. */
struct reply restore(struct client *client, const char *value);

/* The test fails when the answer has another status. */
void expect_status(struct client *client, const char *method, const char *path, const char *body,
                   long status);

void purge(struct client *client, const char *name);

/* The blob of a value, with a NUL behind it; heap. */
char *decode(const char *value, size_t *ret_len);
