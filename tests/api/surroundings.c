/* SPDX-License-Identifier: Apache-2.0 */
/* What the program makes of the machine around it, and what it says in its log. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct daemon own;

static void prepare(void)
{
    daemon_prepare(&own);
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(surroundings, .init = prepare, .fini = stop, .timeout = 120);

/* How many lines of the log hold both texts. */
static unsigned count_lines(const char *one, const char *other)
{
    unsigned count = 0;
    char line[8192];
    FILE *log = fopen(own.log, "r");

    cr_assert_not_null(log);
    while (fgets(line, sizeof(line), log) != NULL) {
        count += strstr(line, one) != NULL && strstr(line, other) != NULL;
    }
    fclose(log);
    return count;
}

/* As Kubernetes sets them for a service named coffer, with a mistake of the user's between them. */
Test(surroundings, of_a_service_named_coffer_do_not_keep_it_from_starting)
{
    static const char *const arguments[] = { "--log-level", "debug", NULL };

    setenv("COFFER_SERVICE_HOST", "10.3.0.7", 1);
    setenv("COFFER_SERVICE_PORT", "8443", 1);
    setenv("COFFER_PORT", "tcp://10.3.0.7:8443", 1);
    setenv("COFFER_PORT_8443_TCP", "tcp://10.3.0.7:8443", 1);
    setenv("COFFER_PORT_8443_TCP_ADDR", "10.3.0.7", 1);
    setenv("COFFER_DELETION_LGA", "3s", 1);
    setenv("COFFER_WHATEVER", "1", 1);
    cr_assert(daemon_start(&own, arguments));
    cr_expect_eq(count_lines(" warning unknown_variable", ""), 2);
    cr_expect_eq(count_lines("unknown_variable variable=COFFER_DELETION_LGA",
                             " nearest=COFFER_DELETION_LAG"),
                 1);
    cr_expect_eq(count_lines("unknown_variable variable=COFFER_WHATEVER\n", ""), 1);
    cr_expect_eq(count_lines(" info injected_variable_ignored variable=COFFER_PORT\n", ""), 1);
    cr_expect_eq(count_lines(" debug injected_variable_ignored", ""), 4);
}
