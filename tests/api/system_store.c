/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer ca --install and --uninstall, on the machine's own store of trusted certificates: in a mount
 * namespace, where the store is a copy, so that nothing is left of it.
 */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "../support/command.h"

/* Runs the commands where the store may be changed; `commands` has no single quotes. */
static int run_apart(const char *commands)
{
    char line[4096];

    snprintf(line, sizeof(line),
             "unshare --mount sh -e -c '"
             "for folder in /usr/local/share/ca-certificates /etc/ssl; do"
             "  copy=$(mktemp -d); mount -t tmpfs none $copy; cp -a $folder/. $copy;"
             "  mount --bind $copy $folder; done;"
             "for hook in /etc/ca-certificates/update.d; do"
             "  [ ! -d $hook ] || mount -t tmpfs none $hook; done;"
             "%s' >/dev/null 2>&1",
             commands);
    return command_run(line);
}

TestSuite(system_store, .timeout = 180);

static void require_store(void)
{
    if (access("/usr/sbin/update-ca-certificates", X_OK) != 0
        || run_apart("update-ca-certificates") != 0) {
        cr_skip_test("the store of trusted certificates cannot be tried out here");
    }
}

/* Commands that use $coffer, $control and $vault of this test's daemon. */
static int run_with_daemon(const char *commands)
{
    const struct daemon *daemon = api_daemon();
    const char *program = getenv("TEST_PROGRAM");
    char line[2048];

    snprintf(line, sizeof(line),
             "coffer=%s; control=http://127.0.0.1:%u; vault=https://localhost:%u/keys;"
             "unset SSL_CERT_FILE CURL_CA_BUNDLE; %s",
             program != NULL ? program : "./coffer", daemon->control_port, daemon->port, commands);
    return run_apart(line);
}

Test(system_store, is_not_changed_when_nobody_can_be_asked)
{
    require_store();
    cr_expect_eq(run_with_daemon("! $coffer ca --control $control --install </dev/null;"
                                 "! ls /usr/local/share/ca-certificates/coffer-*.crt"),
                 0);
}

Test(system_store, trusts_the_server_until_that_is_undone)
{
    require_store();
    cr_expect_eq(run_with_daemon("! curl -sS $vault;"
                                 "$coffer ca --control $control --install --yes;"
                                 "curl -sS $vault;"
                                 "$coffer ca --control $control --install --yes;"
                                 "$coffer ca --uninstall --yes;"
                                 "! curl -sS $vault;"
                                 "! ls /etc/ssl/certs/coffer-*;"
                                 "$coffer ca --uninstall --yes"),
                 0);
}
