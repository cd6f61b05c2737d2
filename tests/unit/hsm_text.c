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
        { KV_KEY_OPERATION_FORBIDDEN, "Operation secureWrapKey is not permitted on this key.",
          KV_KEY_OPERATION_FORBIDDEN,
          "Operation secureWrapKey is not permitted on the given key" ACTIVITY },
        { KV_BACKUP_CORRUPT, "Backup blob is corrupt.", KV_BACKUP_MALFORMED,
          "Backup blob belongs to a different crypto domain and cannot be used with this "
          "instance." ACTIVITY },
        { KV_CONFLICT, "There was a conflict restoring the key 'x'. This can happen. To avoid it.",
          KV_CONFLICT,
          "There was a conflict restoring the key 'x'. This can happen. To avoid it" ACTIVITY },

        /* what has an inner code at a vault ends without a period */
        { KV_KEY_DISABLED, "Operation sign is not allowed on a disabled key.", KV_KEY_DISABLED,
          "Operation sign is not allowed on a disabled key" ACTIVITY },
        { KV_KEY_DISABLED, "", KV_KEY_DISABLED, ACTIVITY },
        { KV_BAD_PARAMETER, "expiryTime must be at least 28 days.", KV_BAD_PARAMETER,
          "expiryTime must be at least 28 days." ACTIVITY },

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

/* contract §6.8, §9.4: in any case of the segment, and of no other one */
Test(hsm_text, says_twice_that_the_key_of_a_rotation_was_not_found)
{
    static const struct {
        const char *operation, *head;
    } rows[] = {
        { "rotate", "Key not found: Key not found: " },
        { "ROTATE", "Key not found: Key not found: " },
        { "rotationpolicy", "Key not found: " },
        { "rotat", "Key not found: " },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_request request = make_request();
        char expected[256];

        request.segment[0] = "keys";
        request.segment[2] = rows[i].operation;
        request.segments = 3;
        snprintf(expected, sizeof(expected), "%shttps://pool.managedhsm.azure.net/keys/a" ACTIVITY,
                 rows[i].head);
        cr_expect_str_eq(
            word(&request, KV_KEY_NOT_FOUND, "A key with (name/id) a was not found").message,
            expected);
    }
}

/* It may be another key than the request's: the key exchange key of an import. */
Test(hsm_text, names_the_key_that_was_not_found)
{
    static const struct {
        const char *message, *key;
    } rows[] = {
        { "A key with (name/id) other was not found in this key vault. If", "other" },
        { "A key with (name/id) other/0123456789abcdef0123456789abcdef was not found in", "other" },
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
