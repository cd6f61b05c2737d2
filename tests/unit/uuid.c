/* SPDX-License-Identifier: Apache-2.0 */
#include <string.h>
#include <sys/time.h>

#include <criterion/criterion.h>
#include <uuid/uuid.h>

#include "kv/base/base.h"
#include "kv/base/uuid.h"

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

Test(uuid, of_time_holds_the_time_in_version_1)
{
    static const kv_millis now = 1651161600000; /* 2022-04-28T16:00:00Z */
    char first[KV_UUID_LENGTH + 1];
    char second[KV_UUID_LENGTH + 1];
    uuid_t uuid;
    struct timeval when;

    kv_uuid_of_time(now, first);
    kv_uuid_of_time(now, second);
    cr_assert_str_neq(first, second);
    cr_assert_eq(uuid_parse(first, uuid), 0);
    cr_assert_eq(uuid_type(uuid), UUID_TYPE_DCE_TIME);
    cr_assert_eq(uuid_variant(uuid), UUID_VARIANT_DCE);
    cr_assert_eq(uuid_time(uuid, &when), now / 1000, "%ld", (long) when.tv_sec);
    cr_assert_lt(when.tv_usec, 1000, "within the millisecond: %ld", (long) when.tv_usec);
    cr_assert(uuid[10] & 0x01, "a node that is random says so");
}

/* One digit of a GUID never changes: that of its version. */
Test(uuid, makes_versions_of_an_hsm_of_any_digits)
{
    char version[KV_VERSION_LENGTH + 1];
    unsigned seen = 0;

    for (int i = 0; i < 200; i++) {
        kv_version_random_hsm(version);
        cr_assert_eq(strspn(version, "0123456789abcdef"), KV_VERSION_LENGTH);
        cr_assert_eq(version[KV_VERSION_LENGTH], '\0');
        seen |= version[12] >= 'a' ? 1U << (version[12] - 'a' + 10) : 1U << (version[12] - '0');
    }
    cr_assert(seen & ~(1U << 4));
}
