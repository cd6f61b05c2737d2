/* SPDX-License-Identifier: Apache-2.0 */
/* The whole answers of tests/data/golden, a file a test: contract §2 to §6, §9, §12. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>
#include <curl/curl.h>

#include "../support/golden.h"
#include "../support/nss.h"
#include "kv/base/base.h"

/* clang-format off */
#define FILES(X)                                                                                   \
    X(attestation_2021)                                                                            \
    X(attestation_2024)                                                                            \
    X(attestation_2026)                                                                            \
    X(authority)                                                                                   \
    X(authority_2021)                                                                              \
    X(key_export_never)                                                                            \
    X(managed_hsm)                                                                                 \
    X(managed_hsm_2021)                                                                            \
    X(managed_hsm_2024)                                                                            \
    X(managed_hsm_access)                                                                          \
    X(managed_hsm_crypto)                                                                          \
    X(managed_hsm_refusals)                                                                        \
    X(managed_hsm_move)                                                                            \
    X(managed_hsm_recorded)                                                                        \
    X(managed_hsm_release)                                                                         \
    X(managed_hsm_roles)                                                                           \
    X(managed_hsm_rotation)                                                                        \
    X(release_2021)                                                                                \
    X(release_2024)                                                                                \
    X(release_2026)                                                                                \
    X(release_policy_2021)                                                                         \
    X(release_policy_2024)                                                                         \
    X(rotation_2026)                                                                               \
    X(vault_2021)                                                                                  \
    X(vault_2024)                                                                                  \
    X(vault_2026)                                                                                  \
    X(vault_crypto)                                                                                \
    X(vault_legacy_curve)                                                                          \
    X(vault_move)                                                                                  \
    X(vault_pending)                                                                               \
    X(vault_recorded)                                                                              \
    X(vault_refusals)
/* clang-format on */

static void setup(void)
{
    curl_global_init(CURL_GLOBAL_DEFAULT);
}
TestSuite(golden, .init = setup, .timeout = 600);

/* NSS makes no keys of P-256K or of exponent 3, and forgets CKA_LOCAL of what it stores. */
static bool is_beyond_nss(const char *file)
{
    return strcmp(file, "managed_hsm") == 0 || strcmp(file, "vault_crypto") == 0
           || strcmp(file, "vault_legacy_curve") == 0
           || strncmp(file, "attestation", strlen("attestation")) == 0;
}

#define GOLDEN(file)                                                                               \
    Test(golden, file)                                                                             \
    {                                                                                              \
        if (nss_is_chosen() && is_beyond_nss(#file)) {                                             \
            cr_skip_test("it has what NSS does not make or keep");                                 \
        }                                                                                          \
        cr_assert_gt(golden_play(GOLDEN_FOLDER "/" #file ".txt"), 0);                              \
    }
FILES(GOLDEN)

Test(golden, every_file_is_played)
{
#define NAME(file) #file ".txt",
    static const char *const names[] = { FILES(NAME) };
    DIR *folder = opendir(GOLDEN_FOLDER);
    const struct dirent *entry;

    cr_assert_not_null(folder);
    while ((entry = readdir(folder)) != NULL) {
        bool known = entry->d_name[0] == '.';

        for (size_t i = 0; i < KV_COUNT(names); i++) {
            known = known || strcmp(names[i], entry->d_name) == 0;
        }
        cr_expect(known, "%s has no test", entry->d_name);
    }
    closedir(folder);
}
