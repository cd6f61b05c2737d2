/* SPDX-License-Identifier: Apache-2.0 */
/* The issuer's key and its file. */

#include "fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <criterion/criterion.h>

#include "kv/base/secret.h"

TestSuite(issuer, .init = set_up_folder, .fini = tear_down, .timeout = 120);

/* The issuer waits half a minute for its key to be made; on a busy machine valgrind takes longer. */
static void need_full_speed(void)
{
    const char *under = getenv("CHECK_UNDER");

    if (under != NULL && under[0] != '\0') {
        cr_skip_test("it makes a key, and time runs out under %s", under);
    }
}

Test(issuer, wants_a_guid_for_a_tenant)
{
    static const char *const rows[] = { "", "adfs", "72f9c4ba-21d6-4e0a-9c5e", TENANT "0" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(reopen(rows[i], KV_AUTH_STRICT), KV_BAD_PARAMETER, "%s", rows[i]);
        cr_assert_not_null(strstr(err.message, rows[i]));
    }
}

Test(issuer, names_a_damaged_file_and_keeps_it)
{
    static const char small[] = "-----BEGIN PRIVATE KEY-----\n"
                                "MC4CAQAwBQYDK2VwBCIEINTuctv5E1hK1bbY8fdp+K06/nwoy/HU++CXqI9EdVhC\n"
                                "-----END PRIVATE KEY-----\n";
    static const char locked[] = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMAA=\n"
                                 "-----END ENCRYPTED PRIVATE KEY-----\n";
    static char cut[1024];
    snprintf(cut, sizeof(cut), "%s", forge_pem);
    const char *const rows[] = { "", "\n", "no key", cut, small, locked };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        write_key(rows[i]);
        cr_assert_eq(reopen(TENANT, KV_AUTH_STRICT), KV_INTERNAL, "row %zu", i);
        cr_assert_not_null(strstr(err.message, key_path), "%s", err.message);
        cr_assert(kv_file_exists(key_path));
    }
}

Test(issuer, refuses_a_file_larger_than_any_key)
{
    static char large[16384];

    memset(large, 'A', sizeof(large) - 1);
    write_key(large);
    cr_assert_eq(reopen(TENANT, KV_AUTH_STRICT), KV_INTERNAL);
    cr_assert_not_null(strstr(err.message, key_path));
}

/* Still a private key to OpenSSL, but one whose signatures do not verify. */
Test(issuer, refuses_a_key_with_changed_digits)
{
    static char pem[2048];

    snprintf(pem, sizeof(pem), "%s", forge_pem);
    char *digit = strstr(pem, "jS1lYmM2K5J9"); /* of the modulus */
    cr_assert_not_null(digit);
    digit[0] = 'k';
    write_key(pem);
    cr_assert_eq(reopen(TENANT, KV_AUTH_STRICT), KV_INTERNAL);
    cr_assert_not_null(strstr(err.message, "do not fit together"), "%s", err.message);
}

Test(issuer, knows_no_key_but_its_own)
{
    kv_auto(kv_wipe_free) char *token =
        forge_token("{\"alg\":\"RS256\",\"kid\":\"" FORGE_KEY_ID "\"}", "{}");

    cr_assert_eq(reopen(TENANT, KV_AUTH_STRICT), KV_OK, "%s", err.message);
    cr_assert_eq(verify(token, NOW), KV_UNAUTHORIZED);
    cr_assert_eq(strncmp(err.message, "AKV10046: ", 10), 0, "%s", err.message);
}

Test(issuer, tells_that_no_key_could_be_made_and_no_path)
{
    struct kv_token token;

    need_full_speed();
    cr_assert_eq(kv_folder_remove(folder, &err), KV_OK);
    cr_assert_eq(reopen(TENANT, KV_AUTH_STRICT), KV_OK, "the key is not made by then");
    cr_assert_eq(issue_token(OTHER_AUDIENCE, &token), KV_INTERNAL);
    cr_assert_not_null(strstr(err.message, "issuer's key could not be generated"), "%s",
                       err.message);
    cr_assert_null(strstr(err.message, folder), "a client is told this: %s", err.message);
    cr_assert_eq(kv_folder_make(folder, 0700, &err), KV_OK);
}

Test(issuer, makes_a_key_once_and_keeps_it_private)
{
    kv_auto(kv_token_done) struct kv_token token = { 0 };
    struct stat status;

    need_full_speed();
    cr_assert_eq(reopen(TENANT, KV_AUTH_STRICT), KV_OK, "%s", err.message);
    cr_assert_eq(issue_token(OTHER_AUDIENCE, &token), KV_OK, "%s", err.message);
    cr_assert_eq(stat(key_path, &status), 0);
    cr_assert_eq(status.st_mode & 07777, 0600);

    cr_assert_eq(reopen(TENANT, KV_AUTH_STRICT), KV_OK, "%s", err.message);
    cr_assert_eq(verify(token.text, NOW), KV_OK, "%s", err.message);
}
