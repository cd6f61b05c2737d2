/* SPDX-License-Identifier: Apache-2.0 */
/* What /metrics says of the calls of the token's functions. Each test has a daemon of its own. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/clock.h"

#define VALUE "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static struct daemon own;

static void start(void)
{
    api_begin(&own, NULL);
}

static void stop(void)
{
    api_end(&own);
}

TestSuite(calls, .init = start, .fini = stop, .timeout = 60);

static long count_calls(const char *function)
{
    char name[96];

    snprintf(name, sizeof(name), "coffer_token_function_calls_total{function=\"%s\"}", function);
    return api_metric(&own, name);
}

/* As /metrics has it, -1 when it does not. */
static double read_seconds(const char *function)
{
    const struct request request = { .method = "GET", .target = "/metrics", .control = true };
    char row[96];

    API_CLIENT_OF(&own, dev);
    API_REPLY(reply, client_send(&dev, &request));
    snprintf(row, sizeof(row), "\ncoffer_token_function_seconds_total{function=\"%s\"} ", function);

    const char *found = strstr(reply.body, row);
    return found != NULL ? strtod(found + strlen(row), NULL) : -1;
}

Test(calls, time_inside_the_module_is_counted_by_function)
{
    API_CLIENT_OF(&own, dev);
    char version[33];
    kv_millis began = kv_clock_monotonic();

    cr_expect_eq(read_seconds("C_SetPIN"), -1, "what was not called is not shown");
    double before = read_seconds("C_GenerateKeyPair");
    api_create_key(&dev, "timed", "", version);
    double spent = read_seconds("C_GenerateKeyPair") - (before > 0 ? before : 0);
    double passed = (double) (kv_clock_monotonic() - began + 1) / 1e3;

    cr_expect_gt(spent, 0.001, "an RSA key takes longer to find: %f", spent);
    cr_expect_leq(spent, passed, "%f of %f", spent, passed);
}

Test(calls, calls_of_the_token_are_counted_by_function)
{
    API_CLIENT_OF(&own, dev);
    char version[33];
    char wrapped[1024];

    cr_expect_geq(count_calls("C_Initialize"), 1, "opening is counted, too");
    cr_expect_geq(count_calls("C_Login"), 1);
    cr_expect_eq(count_calls("C_SetPIN"), -1, "what was not called is not shown");
    api_create_key(&dev, "counted", "", version);
    cr_expect_geq(count_calls("C_GenerateKeyPair"), 1);
    long before = count_calls("C_Decrypt");
    api_wrap(&dev, "counted", NULL, "RSA-OAEP-256", VALUE, wrapped);
    API_REPLY(unwrap, api_unwrap(&dev, "counted", NULL, "RSA-OAEP-256", wrapped));
    cr_expect_eq(unwrap.status, 200);
    cr_expect_eq(count_calls("C_Decrypt"), before + 1);
}
