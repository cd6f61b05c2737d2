/* SPDX-License-Identifier: Apache-2.0 */
/* How a managed HSM words a vault's refusals: contract §9.2, §9.4. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "server/api/gate/private.h"

#define ID "04fb4e56-cfcf-11ec-8d22-6045bd86d5ca"
#define ACTIVITY " (Activity ID: " ID ")"

TestSuite(hsm_text, .timeout = 60);

static struct kv_request make_request(void)
{
    return (struct kv_request){
        .id = ID,
        .authority = "pool.managedhsm.azure.net",
        .segment = { "deletedkeys", "Name" },
        .segments = 2,
    };
}

static struct kv_err word(const struct kv_request *request, enum kv_code code, const char *message)
{
    struct kv_err err;

    KV_IGNORE(KV_FAIL(&err, code, 7, "%s", message));
    gate_word_for_hsm(request, &err);
    return err;
}

Test(hsm_text, follows_the_table)
{
    static const struct {
        enum kv_code code;
        const char *message;
        enum kv_code hsm_code;
        const char *hsm_message;
    } rows[] = {
        { KV_KEY_NOT_FOUND, "Deleted Key not found: Name", KV_KEY_NOT_FOUND,
          "Key not found: https://pool.managedhsm.azure.net/deletedkeys/Name" ACTIVITY },
        { KV_BAD_PARAMETER, "AKV.SKR.1004: Exportable keys must have release policy.",
          KV_BAD_PARAMETER, "Exportable keys must have release policy" ACTIVITY },
        { KV_BAD_PARAMETER, "AKV.SKR.1005: Non-exportable keys must not have release policy.",
          KV_BAD_PARAMETER, "Non-exportable keys must not have release policy" ACTIVITY },
        { KV_BAD_PARAMETER, "The request URI contains an invalid name: a_b",
          KV_INVALID_KEY_IDENTIFIER, "Invalid key identifier" ACTIVITY },
        { KV_UNAUTHORIZED, "[TokenNotYetValid] whatever", KV_UNAUTHORIZED,
          "Token not yet valid" ACTIVITY },

        /* what only resembles a row stays */
        { KV_BAD_PARAMETER, "AKV.SKR.1004: Exportable keys must have release policy",
          KV_BAD_PARAMETER, "AKV.SKR.1004: Exportable keys must have release policy" ACTIVITY },
        { KV_BAD_PARAMETER, "AKV.SKR.1004: Exportable keys must have release policy. More",
          KV_BAD_PARAMETER,
          "AKV.SKR.1004: Exportable keys must have release policy. More" ACTIVITY },
        { KV_CONFLICT, "The request URI contains an invalid name: a_b", KV_CONFLICT,
          "The request URI contains an invalid name: a_b" ACTIVITY },
        { KV_UNAUTHORIZED, "", KV_UNAUTHORIZED, ACTIVITY },
    };
    const struct kv_request request = make_request();

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct kv_err err = word(&request, rows[i].code, rows[i].message);

        cr_expect_eq(err.code, rows[i].hsm_code, "%s", rows[i].message);
        cr_expect_str_eq(err.message, rows[i].hsm_message);
        cr_expect_eq(err.cause, 7, "the log still tells why");
    }
}

/* It may be another key than the request's: the key exchange key of an import. */
Test(hsm_text, names_the_key_that_was_not_found)
{
    static const struct {
        const char *message, *key;
    } rows[] = {
        { "A key with (name/id) other was not found in this key vault. If", "other" },
        { "A key with (name/id) other/0123456789abcdef0123456789abcdef was not found in",
          "other/0123456789abcdef0123456789abcdef" },
        { "A key with (name/id) ", "" },
        { "Deleted Key not found: Other", "Other" },
    };
    const struct kv_request request = make_request();

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char expected[256];

        snprintf(expected, sizeof(expected),
                 "Key not found: https://pool.managedhsm.azure.net/deletedkeys/%s" ACTIVITY,
                 rows[i].key);
        cr_expect_str_eq(word(&request, KV_KEY_NOT_FOUND, rows[i].message).message, expected);
    }
}

Test(hsm_text, keeps_the_id_whole_behind_a_message_of_any_length)
{
    const struct kv_request request = make_request();
    char message[2 * sizeof(((struct kv_err *) NULL)->message)];

    for (size_t len = 900; len < sizeof(message); len++) {
        memset(message, 'x', len);
        message[len] = '\0';

        const struct kv_err err = word(&request, KV_CONFLICT, message);
        size_t total = strlen(err.message);

        cr_assert_lt(total, sizeof(err.message));
        cr_assert_str_eq(err.message + total - strlen(ACTIVITY), ACTIVITY);
    }
}
