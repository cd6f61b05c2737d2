/* SPDX-License-Identifier: Apache-2.0 */
/* Variables COFFER_* as shells, files of Windows, Kubernetes and docker leave them. */
#include <string.h>

#include <criterion/criterion.h>

#include "options.h"

TestSuite(options_environment, .init = scratch_make, .fini = options_done, .timeout = 120);

static struct kv_stray stray; /* the last one that was told */
static size_t strays;

static void keep(const struct kv_stray *told, void *context)
{
    cr_assert_null(context);
    stray = *told;
    strays++;
}

/* Loads the options of serve with that one variable, which must do, and counts strays anew. */
static void load_variable(const char *variable)
{
    words environment = { "PATH=/bin", variable }; /* read again below */

    strays = 0;
    stray = (struct kv_stray){ .name = "" };
    cr_assert_eq(load(KV_COMMAND_SERVE, (words){ NULL }, environment), KV_OK, "%s: %s", variable,
                 err.message);
    kv_options_each_stray(options, keep, NULL);
}

static const struct {
    const char *variable, *name, *nearest;
} unknown[] = {
    { "COFFER_PROT=1", "COFFER_PROT", "COFFER_PORT" },
    { "COFFER_PORTS=1", "COFFER_PORTS", "COFFER_PORT" },
    { "COFFER_PRT=1", "COFFER_PRT", "COFFER_PORT" },
    { "COFFER_port=1", "COFFER_port", "COFFER_PORT" },
    { "COFFER_CONTROL-PORT=1", "COFFER_CONTROL-PORT", "COFFER_CONTROL_PORT" },
    { "COFFER_EPHEMERALLY=true", "COFFER_EPHEMERALLY", "COFFER_EPHEMERAL" },
    { "COFFER_CONFIG=f", "COFFER_CONFIG", "--config" },
    { "COFFER_HELP=true", "COFFER_HELP", "--help" },
    { "COFFER_=1", "COFFER_", "" },
    { "COFFER_RESOURCE=x", "COFFER_RESOURCE", "" },
    { "COFFER_IMAGE=coffer:latest", "COFFER_IMAGE", "" },
    { "COFFER_PROT=tcp://10.3.0.7:8443", "COFFER_PROT", "COFFER_PORT" },
    { "COFFER_PORT_HTTP_TCP=x", "COFFER_PORT_HTTP_TCP", "" },
    { "COFFER_PORT_8443_TCP_FAMILY=x", "COFFER_PORT_8443_TCP_FAMILY", "" },
    { "COFFER_NAME=coffer", "COFFER_NAME", "" },
};

Test(options_environment, tells_an_unknown_name_once_with_the_nearest_one)
{
    for (size_t i = 0; i < KV_COUNT(unknown); i++) {
        load_variable(unknown[i].variable);
        cr_assert_eq(strays, 1, "%s", unknown[i].variable);
        cr_expect_str_eq(stray.name, unknown[i].name);
        cr_expect_str_eq(stray.nearest, unknown[i].nearest);
        cr_expect_not(stray.is_injected, "%s", unknown[i].variable);
    }
}

Test(options_environment, cuts_a_name_without_end)
{
    static char variable[100000] = "COFFER_";

    memset(variable + strlen(variable), 'X', sizeof(variable) - 20);
    variable[sizeof(variable) - 20] = '=';
    load_variable(variable);
    cr_assert_eq(strays, 1);
    cr_assert_eq(strlen(stray.name), sizeof(stray.name) - 1);
    cr_assert_str_eq(stray.nearest, "");
}

/* Kubernetes 1.31 for the services coffer and coffer-control; docker run --link coffer. */
static const char *const injected[] = {
    "COFFER_SERVICE_HOST=10.3.0.7",
    "COFFER_SERVICE_PORT=8443",
    "COFFER_SERVICE_PORT_HTTPS=8443",
    "COFFER_SERVICE_PORT_PLAIN_HTTP=8080",
    "COFFER_PORT=tcp://10.3.0.7:8443",
    "COFFER_PORT=udp://10.3.0.7:8443",
    "COFFER_PORT=sctp://10.3.0.7:8443",
    "COFFER_PORT=tcp://[fd00::7]:8443",
    "COFFER_PORT_8443_TCP=tcp://10.3.0.7:8443",
    "COFFER_PORT_8443_TCP_PROTO=tcp",
    "COFFER_PORT_8443_TCP_PORT=8443",
    "COFFER_PORT_8443_TCP_ADDR=10.3.0.7",
    "COFFER_PORT_53_UDP_ADDR=10.3.0.7",
    "COFFER_PORT_7_SCTP_PROTO=sctp",
    "COFFER_CONTROL_SERVICE_HOST=10.3.0.8",
    "COFFER_CONTROL_SERVICE_PORT_HTTP=8080",
    "COFFER_CONTROL_PORT=tcp://10.3.0.8:8080",
    "COFFER_CONTROL_PORT_8080_TCP_ADDR=10.3.0.8",
    "COFFER_NAME=/web/coffer",
    "COFFER_ENV_LANG=C.UTF-8",
};

Test(options_environment, does_not_take_what_kubernetes_and_docker_inject_for_its_own)
{
    for (size_t i = 0; i < KV_COUNT(injected); i++) {
        bool is_of_a_port = strstr(injected[i], "PORT=") != NULL
                            && strstr(injected[i], "://") != NULL
                            && strstr(injected[i], "SERVICE") == NULL;

        load_variable(injected[i]);
        cr_assert_eq(strays, 1, "%s", injected[i]);
        cr_expect(stray.is_injected, "%s", injected[i]);
        cr_expect_eq(stray.has_option, is_of_a_port, "%s", injected[i]);
        cr_expect_str_eq(stray.nearest, "");
        cr_expect_eq(kv_option_number(options, KV_OPTION_PORT), 8443);
        cr_expect_eq(kv_option_number(options, KV_OPTION_CONTROL_PORT), 8080);
    }
}

Test(options_environment, says_nothing_of_variables_that_are_used_or_a_clients)
{
    static const char *const used[] = { "COFFER_PORT=1", "COFFER_CONTROL=http://localhost:1",
                                        "COFFERS=1", "COFFER_BARE" };

    for (size_t i = 0; i < KV_COUNT(used); i++) {
        load_variable(used[i]);
        cr_expect_eq(strays, 0, "%s", used[i]);
    }
}

Test(options_environment, takes_values_with_the_line_ends_of_windows)
{
    load_variable("COFFER_PORT=1\r");
    cr_expect_eq(kv_option_number(options, KV_OPTION_PORT), 1);
    load_variable("COFFER_AUTH=any\r");
    cr_expect_str_eq(kv_option_text(options, KV_OPTION_AUTH), "any");
    load_variable("COFFER_DATA=/d\r\r");
    cr_expect_str_eq(kv_option_text(options, KV_OPTION_DATA), "/d");
    load_variable("COFFER_VAULT=a b\r");
    cr_expect_str_eq(kv_option_list_item(options, KV_OPTION_VAULT, 1), "b");
    load_variable("COFFER_EPHEMERAL=false\r");
    cr_expect_eq(strays, 0);
}
