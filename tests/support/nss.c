/* SPDX-License-Identifier: Apache-2.0 */
#include "nss.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static bool write_pin(const char *path, const char *pin)
{
    FILE *file = fopen(path, "we");
    bool done = file != NULL && fchmod(fileno(file), 0600) == 0 && fprintf(file, "%s\n", pin) > 0;

    return (file == NULL || fclose(file) == 0) && done;
}

static bool run_certutil(const char *folder, const char *pin_file)
{
    char database[PATH_MAX];
    int status = 0;
    pid_t child;

    snprintf(database, sizeof(database), "sql:%s", folder);
    child = fork();
    if (child == 0) {
        execlp("certutil", "certutil", "-N", "-d", database, "-f", pin_file, (char *) NULL);
        perror("certutil");
        _exit(127);
    }
    return child > 0 && waitpid(child, &status, 0) == child && status == 0;
}

bool nss_is_chosen(void)
{
    const char *kind = getenv("TEST_TOKEN");

    return kind != NULL && strcmp(kind, "nss") == 0;
}

bool nss_make_token(const char *folder, const char *pin)
{
    char pin_file[PATH_MAX];

    snprintf(pin_file, sizeof(pin_file), "%s/pin", folder);
    if (!write_pin(pin_file, pin) || !run_certutil(folder, pin_file)) {
        fprintf(stderr, "cannot make a token of NSS in %s (certutil is in libnss3-tools)\n",
                folder);
        return false;
    }
    return true;
}

void nss_init_args(const char *folder, const char *label, char *ret_args, size_t size)
{
    snprintf(ret_args, size,
             "configdir='sql:%s' certPrefix='' keyPrefix='' secmod='secmod.db' flags= "
             "dbTokenDescription='%s'",
             folder, label);
}
