/* SPDX-License-Identifier: Apache-2.0 */
/* Secure wrap and unwrap, which are refused: contract §6 row 26, §15. */
#include "../support/api.h"

#include <stdio.h>

TestSuite(secure, .timeout = 120);

#define NO_ATTESTATION                                                                             \
    "The operation needs a target environment attestation, and there is none that coffer accepts."
#define VERSION "0123456789abcdef0123456789abcdef"

static const char *const paths[] = {
    "/keys/a/securewrapkey",
    "/keys/a/" VERSION "/secureWrapKey",
    "/keys/a/secureunwrapkey",
    "/keys/a/" VERSION "/secureUnwrapKey",
};

static const char *const operations[] = { "securewrapkey", "secureWrapKey", "secureunwrapkey",
                                          "secureUnwrapKey" };

/* All of them, in that api-version. `message` NULL: the one for operations that are not there. */
static void expect_refusals(const char *api_version, const char *message)
{
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(paths); i++) {
        char target[256];
        char unknown[256];
        const struct request request = { .method = "POST",
                                         .target = target,
                                         .body = "{\"alg\":\"A256KW\",\"target\":\"e30.e30.\"}" };

        snprintf(target, sizeof(target), "%s?api-version=%s", paths[i], api_version);
        snprintf(unknown, sizeof(unknown), "Method POST does not allow operation '%s'",
                 operations[i]);
        API_REPLY(reply, client_send(&dev, &request));
        cr_expect(
            reply_is_error(&reply, 400, "BadParameter", NULL, message != NULL ? message : unknown),
            "%s", target);
    }
}

Test(secure, operations_are_unknown_to_older_versions)
{
    static const char *const versions[] = { "2015-06-01", "7.6", "2025-07-01" };

    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        expect_refusals(versions[i], NULL);
    }
}

Test(secure, operations_are_unknown_to_other_methods)
{
    API_CLIENT(dev);
    const struct request request = { .method = "GET",
                                     .target = "/keys/a/securewrapkey?api-version=2026-04-01" };

    API_REPLY(reply, client_send(&dev, &request));
    cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL,
                             "Method GET does not allow operation 'securewrapkey'"));
}

/* The last two are no row of the table: they count as the newest. */
Test(secure, operations_need_an_attestation_that_there_is_not)
{
    static const char *const versions[] = { "2026-01-01-preview", "2026-03-01-preview",
                                            "2026-04-01",         "2026-07-01-preview",
                                            "2027-01-01",         "7.9" };

    for (size_t i = 0; i < KV_COUNT(versions); i++) {
        expect_refusals(versions[i], NO_ATTESTATION);
    }
}

Test(secure, operations_ask_who_calls_before_anything_else)
{
    API_CLIENT(dev);
    const struct request request = { .method = "POST",
                                     .target = "/keys/a/securewrapkey?api-version=2026-04-01",
                                     .without_token = true };

    API_REPLY(reply, client_send(&dev, &request));
    cr_expect_eq(reply.status, 401, "%s", reply.body);
}
