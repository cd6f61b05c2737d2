/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>

#include <criterion/criterion.h>

#include "kv/uuid.h"
#include "kv/base.h"

TestSuite(uuid, .timeout = 120);

Test(uuid, is_invalid_in_any_other_form)
{
    static const char *const texts[] = {
        "",
        "-",
        "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c5",
        "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c578",
        "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57 ",
        " 72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c5",
        "72f9c4ba21d64e0a9c5e6d1f0a8b3c57",
        "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c5g",
        "72f9c4ba-21d6-4e0a-9c5e06d1f0a8b3c57",
        "72f9c4b-a21d6-4e0a-9c5e-6d1f0a8b3c57",
        "{72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57}",
    };

    for (size_t i = 0; i < KV_COUNT(texts); i++) {
        cr_assert_not(kv_uuid_is_valid(texts[i]), "%s", texts[i]);
    }
}

Test(uuid, is_valid_in_either_case)
{
    cr_assert(kv_uuid_is_valid("72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"));
    cr_assert(kv_uuid_is_valid("72F9C4BA-21D6-4E0A-9C5E-6D1F0A8B3C57"));
    cr_assert(kv_uuid_is_valid("00000000-0000-0000-0000-000000000000"));
}

Test(uuid, is_random_in_version_4_and_lower_case)
{
    char first[KV_UUID_LENGTH + 1], second[KV_UUID_LENGTH + 1];

    kv_uuid_random(first);
    kv_uuid_random(second);
    cr_assert(kv_uuid_is_valid(first));
    cr_assert_eq(strspn(first, "0123456789abcdef-"), KV_UUID_LENGTH);
    cr_assert_eq(first[14], '4');
    cr_assert_str_neq(first, second);
}

Test(uuid, makes_versions_of_32_hex_digits)
{
    char first[KV_VERSION_LENGTH + 1], second[KV_VERSION_LENGTH + 1];

    kv_version_random(first);
    kv_version_random(second);
    cr_assert_eq(strlen(first), KV_VERSION_LENGTH);
    cr_assert_eq(strspn(first, "0123456789abcdef"), KV_VERSION_LENGTH);
    cr_assert_eq(first[12], '4');
    cr_assert_str_neq(first, second);
}

/* The expected values come from another implementation of RFC 4122. */
Test(uuid, is_derived_as_the_rfc_says)
{
    char text[KV_UUID_LENGTH + 1];

    kv_uuid_of("client", "ci", text);
    cr_assert_str_eq(text, "1cbb3b61-35c0-550e-bdce-3774b340238c");
    kv_uuid_of("", "", text);
    cr_assert_str_eq(text, "394488eb-dc56-5a2a-ac27-70faacadb87f");
}

Test(uuid, differs_when_kind_or_name_does)
{
    static const struct {
        const char *kind, *name;
    } pairs[] = { { "a", "b" }, { "b", "a" }, { "a", "a" },
                  { "ab", "" }, { "", "ab" }, { "a:", "b" } };
    char text[KV_COUNT(pairs)][KV_UUID_LENGTH + 1];

    for (size_t i = 0; i < KV_COUNT(pairs); i++) {
        kv_uuid_of(pairs[i].kind, pairs[i].name, text[i]);
        for (size_t j = 0; j < i; j++) {
            cr_assert_str_neq(text[i], text[j], "pairs %zu and %zu", i, j);
        }
    }
}
