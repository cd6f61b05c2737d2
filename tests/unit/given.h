/* SPDX-License-Identifier: Apache-2.0 */
/*
 * given.h - the fixture of given.c and given_taken.c: a folder with the files of given.sh, and
 * certificates opened with them. Each of the two has its own.
 */
#pragma once

#include <criterion/criterion.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/command.h"
#include "kv/base/files.h"
#include "kv/http/certificate.h"

static char folder[] = "/tmp/coffer-given.XXXXXX";
static char data[sizeof(folder) + sizeof("/data")];
static struct kv_certificates first, second;
static struct kv_err err;

static const char *const names[] = { "dev.vault.localhost", "*.vault.localhost", "localhost" };
static const struct kv_certificate_names wanted = {
    .names = names,
    .count = KV_COUNT(names),
    .required = names,
    .required_count = 1,
};

/* `sources`: the top of the sources. */
static inline void make_files(const char *sources)
{
    char command[256];

    cr_assert_not_null(mkdtemp(folder));
    snprintf(data, sizeof(data), "%s/data", folder);
    snprintf(command, sizeof(command), "sh %s/tests/unit/given.sh %s", sources, folder);
    cr_assert_eq(command_run(command), 0, "%s", command);
    cr_assert_eq(chdir(folder), 0);
}

static inline void teardown(void)
{
    kv_certificates_done(&first);
    kv_certificates_done(&second);
    cr_assert_eq(kv_folder_remove(folder, NULL), KV_OK);
}

struct row {
    struct kv_certificate_source source;
    const char *text; /* in the refusal; NULL: it is taken */
};

static inline enum kv_code open_row(const struct row *row, struct kv_certificates *ret_certificates)
{
    err.message[0] = '\0';
    return kv_certificates_open(data, &row->source, &wanted, ret_certificates, &err);
}
