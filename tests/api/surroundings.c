/* SPDX-License-Identifier: Apache-2.0 */
/* What the program makes of the machine around it, and what it says in its log. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/files.h"

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

static void call_many(struct client *client, const char *const *targets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        API_REPLY(reply, client_call(client, "GET", targets[i], NULL));
        cr_expect_eq(reply.status, 400, "%s: %ld %s", targets[i], reply.status, reply.body);
    }
}

Test(surroundings, of_clients_that_want_secrets_are_told_once_for_each_kind_that_it_has_keys_only)
{
    static const char *const targets[] = {
        "/secrets/a", "/SECRETS/b/c", "/secrets", "/certificates/a", "/certificates/b/c", "/else",
    };

    cr_assert(daemon_start(&own, NULL));
    API_CLIENT_OF(&own, dev);
    call_many(&dev, targets, KV_COUNT(targets));
    call_many(&dev, targets, KV_COUNT(targets));
    cr_expect_eq(count_lines(" keys_only ", ""), 2);
    cr_expect_eq(count_lines(" keys_only asked_for=secrets vault=dev ", "serves keys"), 1);
    cr_expect_eq(count_lines(" keys_only asked_for=certificates vault=dev ", "serves keys"), 1);
}

Test(surroundings, of_a_request_are_logged_with_the_vault_it_asks)
{
    static const char *const arguments[] = { "--vault", "dev", "--vault", "pool,kind=hsm", NULL };
    const struct request stray = { .method = "GET",
                                   .target = "/keys?api-version=7.4",
                                   .host = "nobody.vault.localhost" };

    cr_assert(daemon_start(&own, arguments));
    API_CLIENT_OF(&own, dev);
    API_HSM_OF(&own, pool);
    API_REPLY(list, client_call(&dev, "GET", "/keys", NULL));
    API_REPLY(missing, client_call(&dev, "GET", "/keys/missing", NULL));
    API_REPLY(of_pool, client_call(&pool, "GET", "/keys", NULL));
    API_REPLY(of_nobody, client_send(&dev, &stray));
    cr_expect_eq(list.status + missing.status + of_pool.status, 200 + 404 + 200);
    cr_expect_eq(count_lines(" vault=dev method=GET path=\"/keys?", " status=200 "), 1);
    cr_expect_eq(count_lines(" vault=dev method=GET path=\"/keys/missing?", " status=404 "), 1);
    cr_expect_eq(count_lines(" vault=pool method=GET path=\"/keys?", " status=200 "), 1);
    cr_expect_eq(count_lines("nobody", " vault="), 0, "it asks none");
    cr_expect_eq(count_lines("path=\"/msi/token", " vault="), 0, "nor does the control port");
}

Test(surroundings, without_room_for_a_temporary_folder_are_named)
{
    static const char *const arguments[] = { "serve",          "--ephemeral", "--port", "0",
                                             "--control-port", "0",           NULL };
    char output[4096];

    setenv("TMPDIR", "/nowhere/to/be/found", 1);
    cr_expect_eq(program_run(arguments, output, sizeof(output)), 1, "%s", output);
    cr_expect_not_null(strstr(output, "folder in /nowhere/to/be/found: No such file"), "%s",
                       output);
}
