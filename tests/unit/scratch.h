/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scratch.h - a folder of a test's own, in which it runs, gone after it.
 *
 *     TestSuite(files, .init = scratch_make, .fini = scratch_remove, .timeout = 120);
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <criterion/criterion.h>

#include "kv/base/files.h"

static char scratch_folder[KV_PATH_MAX];

static inline void scratch_make(void)
{
    const char *parent = getenv("TMPDIR");

    (void) snprintf(scratch_folder, sizeof(scratch_folder), "%s/coffer-test.XXXXXX",
                    parent != NULL ? parent : "/tmp");
    cr_assert_not_null(mkdtemp(scratch_folder));
    cr_assert_eq(chdir(scratch_folder), 0);
}

static inline void scratch_remove(void)
{
    struct kv_err err;

    cr_assert_eq(chdir("/"), 0);
    cr_assert_eq(kv_folder_remove(scratch_folder, &err), KV_OK, "%s", err.message);
}
