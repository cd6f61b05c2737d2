/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/vaults/public.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

TestSuite(public_url, .timeout = 120);

Test(public_url, is_refused_when_it_is_no_https_url_of_a_host)
{
    static const char *const rows[] = {
        "kv.example",
        "http://kv.example",
        "https://",
        "https://*",
        "https://*.",
        "https://*.*.example",
        "https://*kv.example",
        "https://a.*.example",
        "https://kv..example",
        "https://.example",
        "https://kv.example.",
        "https://kv.example:",
        "https://kv.example:0",
        "https://kv.example:65536",
        "https://kv.example:123456789012345678901234567890",
        "https://kv.example:80x",
        "https://kv.example/path",
        "https://kv.example?x",
        "https://kv.example#x",
        "https://user@kv.example",
        "https://kv example",
        "https://kv.example\"",
        "https://[::1",
        "https://[]",
        "https://[kv]",
        "https://*.[::1]",
        "https://*.10.0.0.1",
        "https://*.local", /* which no certificate covers */
        "https://*.local:8443/",
    };
    struct kv_public_url url;
    struct kv_err err;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(kv_public_url_parse(rows[i], &url, &err), KV_BAD_PARAMETER, "%s", rows[i]);
        cr_expect_not_null(strstr(err.message, rows[i]), "%s", err.message);
    }
}

Test(public_url, is_refused_when_it_is_longer_than_a_name_can_be)
{
    char text[sizeof("https://") + KV_PUBLIC_HOST_MAX + 1] = "https://";
    struct kv_public_url url;
    struct kv_err err;

    memset(text + strlen(text), 'a', KV_PUBLIC_HOST_MAX);
    cr_expect_eq(kv_public_url_parse(text, &url, &err), KV_OK, "%s", err.message);
    text[strlen(text)] = 'a';
    cr_expect_eq(kv_public_url_parse(text, &url, &err), KV_BAD_PARAMETER);
}

Test(public_url, says_authority_and_resource_of_a_vault)
{
    static const struct {
        const char *text, *authority, *resource;
    } rows[] = {
        { "https://*.kv.example", "dev.kv.example", "kv.example" },
        { "HTTPS://*.KV.Example:9443/", "dev.kv.example:9443", "kv.example:9443" },
        { "https://*.vault.localhost:49153", "dev.vault.localhost:49153", "vault.localhost:49153" },
        { "https://*.b.local", "dev.b.local", "b.local" },
        { "https://kv.corp.example:443", "kv.corp.example", "corp.example" },
        { "https://coffer:8443", "coffer:8443", "coffer:8443" },
        { "https://my_coffer-1", "my_coffer-1", "my_coffer-1" },
        { "https://10.0.0.1:1", "10.0.0.1:1", "10.0.0.1:1" },
        { "https://[FD00::1]:8443", "[fd00::1]:8443", "[fd00::1]:8443" },
    };
    const struct kv_vault vault = { .name = "dev" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char text[KV_PUBLIC_AUTHORITY_SIZE];
        struct kv_public_url url;
        struct kv_err err;

        cr_assert_eq(kv_public_url_parse(rows[i].text, &url, &err), KV_OK, "%s", err.message);
        (void) snprintf(url.owner, sizeof(url.owner), "dev");
        cr_expect(kv_public_authority(&url, &vault, text));
        cr_expect_str_eq(text, rows[i].authority);
        kv_public_resource(&url, text);
        cr_expect_str_eq(text, rows[i].resource);
    }
}

Test(public_url, says_nothing_when_not_set)
{
    const struct kv_vault vault = { .name = "dev" };
    char text[KV_PUBLIC_AUTHORITY_SIZE];
    struct kv_public_url url;
    struct kv_err err;

    cr_assert_eq(kv_public_url_parse("", &url, &err), KV_OK);
    cr_expect_not(kv_public_authority(&url, &vault, text));
    cr_expect_not(kv_public_host(&url, &vault, text));
    cr_expect_not(kv_public_host_parse(&url, "dev.vault.localhost", text));
    cr_expect_not(kv_public_host_parse(&url, "dev.", text));
}

Test(public_url, without_a_place_for_names_is_of_one_vault)
{
    static const struct kv_vault first = { .name = "dev" }, other = { .name = "devel" };
    char text[KV_PUBLIC_AUTHORITY_SIZE];
    struct kv_public_url url;
    struct kv_err err;

    cr_assert_eq(kv_public_url_parse("https://kv.example", &url, &err), KV_OK);
    cr_expect_not(kv_public_authority(&url, &first, text));
    (void) snprintf(url.owner, sizeof(url.owner), "%s", first.name);
    cr_expect(kv_public_authority(&url, &first, text));
    cr_expect_not(kv_public_authority(&url, &other, text));
    cr_expect_not(kv_public_host_parse(&url, "dev.kv.example", text));
}

Test(public_url, tells_the_name_before_the_host)
{
    static const struct {
        const char *host, *name; /* NULL: not below it */
    } rows[] = {
        { "", NULL },
        { ".", NULL },
        { "kv.example", NULL },
        { ".kv.example", NULL },
        { "devkv.example", NULL },
        { "dev.kv.example.org", NULL },
        { "dev.kv.exampl", NULL },
        { "dev.kv.example..", NULL },
        { "a.dev.kv.example", "a.dev" },
        { "a123456789b123456789c1234.kv.example", "" },
        { "a123456789b123456789c123.kv.example", "a123456789b123456789c123" },
        { "dev.kv.example", "dev" },
        { "dev.kv.example.", "dev" },
        { "STD.KV.EXAMPLE", "std" },
    };
    struct kv_public_url url;
    struct kv_err err;

    cr_assert_eq(kv_public_url_parse("https://*.kv.example:9443", &url, &err), KV_OK);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char name[KV_VAULT_NAME_MAX + 1] = "";

        cr_expect_eq(kv_public_host_parse(&url, rows[i].host, name), rows[i].name != NULL, "%s",
                     rows[i].host);
        cr_expect_str_eq(name, rows[i].name != NULL ? rows[i].name : "");
    }
}
