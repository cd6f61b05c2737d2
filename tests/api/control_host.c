/* SPDX-License-Identifier: Apache-2.0 */
/* Under which names the control port answers, by Host, by the target and by Origin; and for whom
 * the target of a request to a vault speaks. RFC 9112 §3.2.2. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/raw.h"

#define KEY "/keys/named-by-target?api-version=7.6"

TestSuite(control_host, .timeout = 120);

struct row {
    const char *target, *host, *origin; /* `origin` NULL: none */
    int status;
    const char *token; /* for the key below; NULL: none */
};

static void expect(unsigned port, bool tls, const struct row *row)
{
    char text[4096], answer[4096], start[32];
    struct raw raw;

    snprintf(
        text, sizeof(text), "GET %s%s HTTP/1.1\r\nHost: %s\r\nConnection: close\r\n%s%s%s%s%s\r\n",
        row->target, row->token != NULL ? KEY : "", row->host,
        row->origin != NULL ? "Origin: " : "", row->origin != NULL ? row->origin : "",
        row->token != NULL ? "Authorization: Bearer " : "", row->token != NULL ? row->token : "",
        row->origin != NULL || row->token != NULL ? "\r\n" : "");
    snprintf(start, sizeof(start), "HTTP/1.1 %d ", row->status);
    cr_assert(raw_open(&raw, port, tls));
    cr_assert(raw_send(&raw, text, strlen(text)));
    raw_read(&raw, answer, sizeof(answer), NULL);
    raw_close(&raw);
    cr_expect_eq(strncmp(answer, start, strlen(start)), 0, "%s -> %s", text, answer);
}

Test(control_host, is_this_machine_alone_unless_told)
{
    static const struct row rows[] = {
        { "/health", "evil.example", NULL, 403 },
        { "/health", "sibling", NULL, 403 },
        { "/health", "localhost.evil.example", NULL, 403 },
        { "/health", "127.0.0.1.evil.example", NULL, 403 },
        { "/health", "localhost", "http://evil.example", 403 },
        { "/health", "localhost", "null", 403 },
        { "http://evil.example/health", "localhost", NULL, 403 },
        { "https://evil.example/health", "localhost", NULL, 403 },
        { "HTTP://EVIL.example:8080/health", "127.0.0.1", NULL, 403 },
        { "http://localhost.evil.example/health", "localhost", NULL, 403 },
        { "http://evil.example", "localhost", NULL, 403 },
        { "http://evil.example?x=/health", "localhost", NULL, 403 },
        { "http://sibling/health", "localhost", NULL, 403 },
        { "http://localhost@evil.example/health", "localhost", NULL, 400 },
        { "http://evil.example@localhost/health", "localhost", NULL, 400 },
        { "http:///health", "localhost", NULL, 400 },
        { "/health", "localhost", NULL, 200 },
        { "http://localhost/health", "localhost", NULL, 200 },
        { "http://localhost/health", "evil.example", NULL, 200 },
        { "HTTPS://[::1]:8080/health?a=b", "localhost", NULL, 200 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect(api_daemon()->control_port, false, &rows[i]);
    }
}

/* Ways to write this machine's name that end elsewhere, or that some resolver takes here. */
Test(control_host, has_one_spelling)
{
    static const struct row rows[] = {
        { "/health", "", NULL, 403 },
        { "/health", "localhost.", NULL, 403 },
        { "/health", "127.0.0.1.", NULL, 403 },
        { "/health", "localhost\r\nHost: evil.example", NULL, 400 },
        { "/health", "evil.example\r\nHost: localhost", NULL, 400 },
        { "/health", "localhost\r\n evil.example", NULL, 400 },
        { "/health", "localhost, evil.example", NULL, 400 },
        { "/health", "localhost:8080@evil.example", NULL, 400 },
        { "/health", "localhost%00.evil.example", NULL, 400 },
        { "/health", "localhost:80:80", NULL, 400 },
        { "/health", "127.0.0.2", NULL, 403 }, /* a service of somebody else may be there */
        { "/health", "127.1", NULL, 403 },
        { "/health", "0.0.0.0", NULL, 403 }, /* reaches loopback from a page, on some systems */
        { "/health", "2130706433", NULL, 403 },
        { "/health", "0x7f000001", NULL, 403 },
        { "/health", "0177.0.0.1", NULL, 403 },
        { "/health", "[::]", NULL, 403 },
        { "/health", "[0:0:0:0:0:0:0:1]", NULL, 403 },
        { "/health", "[::ffff:127.0.0.1]", NULL, 403 },
        { "/health", "[::1%25lo]", NULL, 400 },
        { "/health", "[::1].evil.example", NULL, 400 },
        { "/health", "::1", NULL, 400 },
        { "/health", "localtest.me", NULL, 403 }, /* names in DNS that point here */
        { "/health", "127.0.0.1.nip.io", NULL, 403 },
        { "/health", "dev.vault.localhost", NULL, 403 },
        { "/health", "169.254.169.254", NULL, 403 },
        { "/health", "localhost", "", 403 },
        { "/health", "localhost", "http://localhost.", 403 },
        { "/health", "localhost", "http://localhost@evil.example", 403 },
        { "/health", "localhost", "http://localhost/", 403 },
        { "/health", "localhost", "http://localhost http://evil.example", 403 },
        { "/health", "localhost", "http://localhost\r\nOrigin: http://evil.example", 403 },
        { "/health", "localhost", "http://evil.example\r\nOrigin: http://localhost", 403 },
        { "/health", "localhost", "file://", 403 },
        { "/health", "localhost", "chrome-extension://localhost", 403 },
        { "/health", "localhost", "http://[::1", 403 },
        { "/health", "LocalHost:1", "HTTP://LOCALHOST:3000", 200 },
        { "/health", "host.docker.internal:8080", NULL, 200 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect(api_daemon()->control_port, false, &rows[i]);
    }
}

/* What has no Origin, as an image or a script of a page: by what the browser says of it. */
Test(control_host, serves_no_other_sites_but_whoever_follows_a_link)
{
    static const struct {
        const char *site, *mode, *dest;
        int status;
    } rows[] = {
        { "cross-site", "no-cors", "image", 403 },
        { "cross-site", "no-cors", "script", 403 },
        { "Cross-Site", "no-cors", "empty", 403 },
        { "cross-site", "navigate", "iframe", 403 },
        { "cross-site", "navigate", "object", 403 },
        { "cross-site", "websocket", "websocket", 403 },
        { "cross-site", "navigate", "document", 200 },
        { "same-origin", "cors", "empty", 200 },
        { "same-site", "cors", "empty", 200 }, /* a page of this machine, on another port */
        { "none", "navigate", "document", 200 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char host[256];
        const struct row row = { "/health", host, NULL, rows[i].status, NULL };

        snprintf(host, sizeof(host),
                 "localhost\r\nSec-Fetch-Site: %s\r\nSec-Fetch-Mode: %s\r\nSec-Fetch-Dest: %s",
                 rows[i].site, rows[i].mode, rows[i].dest);
        expect(api_daemon()->control_port, false, &row);
    }
}

Test(control_host, may_be_a_name_of_san_or_control_host)
{
    static const char *const arguments[] = { "--control-host", "sibling", "--control-host",
                                             "vault.internal", "--san",   "kv.internal",
                                             "--san",          "fd00::7", "--san",
                                             "10.9.8.7",       NULL };
    static const struct row rows[] = {
        { "/health", "evil.example", NULL, 403 },
        { "/health", "sibling.evil.example", NULL, 403 },
        { "/health", "evil.sibling", NULL, 403 },
        { "/health", "sibling.", NULL, 403 },
        { "/health", "internal", NULL, 403 },
        { "/health", "sibling:x", NULL, 400 },
        { "/health", "[fd00::8]", NULL, 403 },
        { "/health", "[fd00::70]", NULL, 403 },
        { "/health", "[fd00::7]x", NULL, 400 },
        { "/health", "10.9.8.70", NULL, 403 },
        { "/health", "[fd00::7]", NULL, 200 },
        { "/health", "[FD00::7]:8080", NULL, 200 },
        { "/health", "10.9.8.7:80", NULL, 200 },
        { "/health", "[fd00::7]", "http://[fd00::7]:8080", 200 },
        { "/health", "sibling", "http://evil.example", 403 },
        { "/health", "sibling", "http://sibling.evil.example", 403 },
        { "/health", "sibling", "http://sibling@evil.example", 403 },
        { "/health", "sibling", "http://evil.example/sibling", 403 },
        { "/health", "sibling", "ftp://sibling", 403 },
        { "http://evil.example/health", "sibling", NULL, 403 },
        { "/health", "sibling", NULL, 200 },
        { "/health", "SIBLING:8080", NULL, 200 },
        { "/health", "vault.internal", NULL, 200 },
        { "/health", "kv.internal:80", NULL, 200 },
        { "/health", "localhost", NULL, 200 },
        { "/health", "sibling", "http://sibling:8080", 200 },
        { "/health", "localhost", "https://kv.internal", 200 },
        { "http://sibling/health", "localhost", NULL, 200 },
    };
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect(own.control_port, false, &rows[i]);
    }
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

/* As in a container, whose name and address others chose. */
Test(control_host, may_be_what_siblings_call_us_when_we_listen_for_them)
{
    static const char *const arguments[] = { "--listen", "any", NULL };
    static const struct row rows[] = {
        { "/health", "evil.example", NULL, 403 },
        { "/health", "127.0.0.1.evil.example", NULL, 403 },
        { "/health", "coffer", "http://evil.example", 403 },
        { "/health", "coffer", "http://coffer", 403 },
        { "/health", "10.0.0.7:49153", "http://10.0.0.7:49153", 403 },
        { "http://evil.example/health", "coffer", NULL, 403 },
        { "/health", "coffer", NULL, 200 },
        { "/health", "coffer:8080", NULL, 200 },
        { "/health", "coffer.team.svc.cluster.local:8080", NULL, 200 },
        { "/health", "10.0.0.7:49153", NULL, 200 },
        { "/health", "[fd00::2]:49153", NULL, 200 },
        { "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net", "evil.example",
          NULL, 403 },
        { "/msi/token?api-version=2019-08-01&resource=https://vault.azure.net", "coffer", NULL,
          400 }, /* past the gate: it has no X-IDENTITY-HEADER */
    };
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect(own.control_port, false, &rows[i]);
    }
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(control_host, is_checked_in_the_target_of_a_request_to_a_vault_too)
{
    static const struct row rows[] = {
        { "https://user@dev.vault.localhost/keys", "dev.vault.localhost", NULL, 400 },
        { "https://dev.vault.localhost:x/keys", "dev.vault.localhost", NULL, 400 },
        { "https://dev.vault.localhost/keys", "a b", NULL, 400 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect(api_daemon()->port, true, &rows[i]);
    }
}

/* A key of the one vault, asked for with the other as Host. */
Test(control_host, of_the_target_says_which_vault_is_meant)
{
    static const struct {
        const char *named, *host;
        int status;
    } rows[] = {
        { "https://std.vault.localhost:8443", "dev.vault.localhost", 200 },
        { "HTTP://STD.vault.localhost", "nobody.example", 200 },
        { "https://dev.vault.localhost", "std.vault.localhost", 404 },
    };
    char *token = client_fetch_token(api_daemon(), "https://vault.azure.net");
    char version[33];
    API_CLIENT(std);

    api_create_key(&std, "named-by-target", "", version);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct row row = {
            .target = rows[i].named, .host = rows[i].host, .token = token, .status = rows[i].status
        };
        expect(api_daemon()->port, true, &row);
    }
    free(token);
}
