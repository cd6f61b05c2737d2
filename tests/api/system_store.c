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
             "fails() { if \"$@\"; then exit 1; fi; };" /* sh -e passes over a failed ! */
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
    cr_expect_eq(run_with_daemon("fails $coffer ca --control $control --install </dev/null;"
                                 "fails ls /usr/local/share/ca-certificates/coffer-*.crt"),
                 0);
}

Test(system_store, trusts_the_server_until_that_is_undone)
{
    require_store();
    cr_expect_eq(run_with_daemon("fails curl -sS $vault;"
                                 "$coffer ca --control $control --install --yes;"
                                 "curl -sS $vault;"
                                 "$coffer ca --control $control --install --yes;"
                                 "$coffer ca --uninstall --yes;"
                                 "fails curl -sS $vault;"
                                 "fails ls /etc/ssl/certs/coffer-*;"
                                 "$coffer ca --uninstall --yes"),
                 0);
}

/* Several certificates in a file are skipped by the store, so each has its own. */
Test(system_store, has_a_file_for_each_certificate_of_a_chain)
{
    require_store();
    cr_expect_eq(run_with_daemon("work=$(mktemp -d /tmp/coffer-chain.XXXXXX);"
                                 "trap \"rm -rf $work\" EXIT;"
                                 "sh " SOURCE_ROOT "/tests/unit/given.sh $work;"
                                 "cp $work/middle-chain.pem $work/ca.pem;"
                                 "$coffer ca --data $work --install --yes;"
                                 "test $(ls /usr/local/share/ca-certificates/coffer-* | wc -l) = 2;"
                                 "openssl verify -CApath /etc/ssl/certs $work/deep.pem;"
                                 "$coffer ca --uninstall --yes;"
                                 "fails openssl verify -CApath /etc/ssl/certs $work/deep.pem"),
                 0);
}

Test(system_store, takes_no_file_that_is_not_a_certificate)
{
    require_store();
    cr_expect_eq(run_with_daemon("work=$(mktemp -d /tmp/coffer-chain.XXXXXX);"
                                 "trap \"rm -rf $work\" EXIT;"
                                 "echo nothing of the kind >$work/ca.pem;"
                                 "fails $coffer ca --data $work --install --yes;"
                                 "fails ls /usr/local/share/ca-certificates/coffer-*"),
                 0);
}

Test(system_store, is_said_to_trust_on_when_it_cannot_be_brought_up_to_date)
{
    require_store();
    cr_expect_eq(run_with_daemon("$coffer ca --control $control --install --yes;"
                                 "broken=$(mktemp); echo exit 1 >$broken; chmod 755 $broken;"
                                 "mount --bind $broken /usr/sbin/update-ca-certificates;"
                                 "rm -f $broken;"
                                 "said=$($coffer ca --uninstall --yes 2>&1 || true);"
                                 "echo \"$said\" | grep \"run again with --fresh\""),
                 0);
}
