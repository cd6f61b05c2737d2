/* SPDX-License-Identifier: Apache-2.0 */
#include "kv/base/hosts.h"

#include <criterion/criterion.h>

#include "kv/base/base.h"

TestSuite(hosts, .timeout = 120);

Test(hosts, refuses_foreign_names)
{
    static const char *const rows[] = {
        "",
        " ",
        "evil.example",
        "localhost.evil.example",
        "localhost.",
        "dev.localhost",
        "xlocalhost",
        "127.0.0.1.evil.example",
        "127.0.0.2",
        "127.1",
        "::1",
        "[::1",
        "[::2]",
        "[::1]x",
        "0.0.0.0",
        "169.254.169.254",
        "host.docker.internal.evil.example",
        "localhost@evil.example",
        "localhost:",
        "localhost:x",
        "localhost:80x",
        "localhost:80:80",
        "localhost:-1",
        "localhost:123456",
        "localhost:80/",
        "localhost/",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_not(kv_host_is_local(rows[i]), "%s", rows[i]);
    }
}

Test(hosts, refuses_foreign_origins)
{
    static const char *const rows[] = {
        "",
        "null",
        "localhost",
        "//localhost",
        "http:localhost",
        "ftp://localhost",
        "file://",
        "http://",
        "http://evil.example",
        "http://localhost.evil.example",
        "http://localhost/",
        "http://localhost http://evil.example",
        "https://evil.example:8080",
        "http://user@localhost",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_not(kv_origin_is_local(rows[i]), "%s", rows[i]);
    }
}

Test(hosts, knows_this_machine_with_and_without_a_port)
{
    static const char *const rows[] = {
        "localhost", "localhost:8080",       "LocalHost:1",
        "127.0.0.1", "127.0.0.1:65535",      "[::1]",
        "[::1]:80",  "host.docker.internal", "host.docker.internal:8080",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert(kv_host_is_local(rows[i]), "%s", rows[i]);
    }
}

Test(hosts, refuses_siblings_whose_names_somebody_can_own)
{
    static const char *const rows[] = {
        "",
        "evil.example",
        "10.0.0.1.evil.example",
        "coffer.evil.example:80",
        "internal.evil.example",
        ".",
        "coffer.",
        "1.2.3",
        "256.1.1.1",
        "[::1",
        "[]",
        "[coffer]",
        "[::1]x",
        "[1:2:3:4:5:6:7:8:9]",
        "[0000000000000000000000000000000000000000000000000000000000000001]",
        ".internal",
        "coffer:x",
        "coffer/",
        "coffer:8080:1",
        "a@coffer",
        "vault.azure.net",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_not(kv_host_is_sibling(rows[i]), "%s", rows[i]);
    }
}

Test(hosts, knows_siblings)
{
    static const char *const rows[] = {
        "coffer",
        "coffer:8080",
        "my_project-coffer-1",
        "COFFER",
        "172.17.0.2",
        "172.17.0.2:49153",
        "[fd00::2]",
        "[::ffff:10.0.0.1]:80",
        "coffer.ns.svc",
        "coffer.internal:1",
        "coffer.ns.svc.cluster.local",
        "coffer.test",
        "dev.vault.localhost",
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert(kv_host_is_sibling(rows[i]), "%s", rows[i]);
    }
}

Test(hosts, knows_its_own_pages)
{
    static const char *const rows[] = { "http://localhost:8080", "https://127.0.0.1",
                                        "http://[::1]:8080", "HTTP://LOCALHOST" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert(kv_origin_is_local(rows[i]), "%s", rows[i]);
    }
}
