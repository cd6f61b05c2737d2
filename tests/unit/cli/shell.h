/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shell.h - runs a subcommand as a shell would, in a folder of the test's own, and reads what it
 * wrote. For the tests of the subcommands.
 */
#pragma once

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <criterion/redirect.h>

#include "fake.h"
#include "kv/base/files.h"
#include "server/cli/cli.h"

#define INFO                                                                                       \
    "{\"vaults\":[{\"name\":\"dev\",\"url\":\"https://dev.vault.localhost:8443\"},"                \
    "{\"name\":\"it's\",\"url\":\"https://hsm.managedhsm.localhost:8443\"}]}"

static char folder[] = "/tmp/coffer-cli-XXXXXX";
static char cache_home[128];          /* XDG_CACHE_HOME=..., when a test sets it */
static const char *more_variables[3]; /* NAME=value, when a test sets them */
static struct kv_err err;

static inline void setup(void)
{
    cr_assert_not_null(mkdtemp(folder));
    cr_redirect_stdout();
    cr_redirect_stderr();
}

static inline void teardown(void)
{
    cr_assert_eq(kv_folder_remove(folder, &err), KV_OK);
}

static inline void write_file(const char *name, const char *text)
{
    char path[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, folder, name, &err), KV_OK);
    cr_assert_eq(kv_file_write(path, text, strlen(text), 0600, &err), KV_OK);
}

/* As a shell would: coffer WORD... with the test's folder for the user's state. */
static inline int run(const char *const words[])
{
    char state_home[64];
    const char *environment[6] = { state_home };
    size_t variables = 1;
    const char *arguments[16] = { "coffer" };
    int count = 1;

    snprintf(state_home, sizeof(state_home), "XDG_STATE_HOME=%s", folder);
    if (cache_home[0] != '\0') {
        environment[variables++] = cache_home;
    }
    for (size_t i = 0; i < KV_COUNT(more_variables) && more_variables[i] != NULL; i++) {
        environment[variables++] = more_variables[i];
    }
    while (words[count - 1] != NULL) {
        arguments[count] = words[count - 1];
        count++;
    }
    return kv_cli_run(count, (char *const *) arguments, (char *const *) environment);
}
#define RUN(...) run((const char *const[]){ __VA_ARGS__, NULL })

/* What was written since the last look. */
static inline const char *read_back(FILE *written, FILE *redirected)
{
    static char text[4096];

    fflush(written);
    clearerr(redirected);
    size_t len = fread(text, 1, sizeof(text) - 1, redirected);
    text[len] = '\0';
    return text;
}

static inline const char *read_stdout(void)
{
    return read_back(stdout, cr_get_redirected_stdout());
}

static inline const char *read_stderr(void)
{
    return read_back(stderr, cr_get_redirected_stderr());
}

/* Starts the fake and says in run.json where it is. */
static inline void start(const char *answer)
{
    char text[64];

    snprintf(text, sizeof(text), "{\"control_port\":%u}", fake_start(answer));
    write_file("run.json", text);
}

/* The folder of this user is not that of the server somebody named. */
static inline void write_certificate_of_this_user(void)
{
    char path[KV_PATH_MAX];

    cr_assert_eq(kv_path_join(path, folder, "coffer", &err), KV_OK);
    cr_assert_eq(kv_folder_make(path, 0700, &err), KV_OK);
    write_file("coffer/ca.pem", "another's\n");
}
