/* SPDX-License-Identifier: Apache-2.0 */
/* What surrounds every operation: versions, headers, media types, odd targets. contract
 * §1, §3, §9.8, §15. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../support/raw.h"

TestSuite(gate, .timeout = 120);

Test(gate, identifiers_carry_the_authority_of_the_request)
{
    const struct request request = {
        .method = "POST",
        .target = "/keys/authority/create?api-version=7.6",
        .body = "{\"kty\":\"RSA\"}",
        .host = "dev.vault.azure.net",
    };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));
    char prefix[128];

    snprintf(prefix, sizeof(prefix), "https://dev.vault.azure.net:%u/keys/authority/",
             api_daemon()->port);
    cr_assert_eq(strncmp(reply_text(&reply, "key.kid"), prefix, strlen(prefix)), 0, "%s",
                 reply.body);
}

Test(gate, api_versions_follow_the_rules)
{
    static const struct {
        const char *query;
        long status;
        const char *message;
    } rows[] = {
        { "", 400, "The api-version query parameter is missing." },
        { "?api-version=", 400, "The api-version query parameter is missing." },
        { "?apiversion=7.4", 400, "The api-version query parameter is missing." },
        { "?api-version=foo", 400,
          "The specified version (foo) is not recognized. Consider using the latest supported "
          "version (2026-04-01)." },
        { "?api-version=8.0", 400,
          "The specified version (8.0) is not recognized. Consider using the latest supported "
          "version (2026-04-01)." },
        { "?api-version=7.4x", 400,
          "The specified version (7.4x) is not recognized. Consider using the latest supported "
          "version (2026-04-01)." },
        { "?api-version=2016-10-01", 200, NULL },
        { "?api-version=7.0", 200, NULL },
        { "?api-version=7.4-preview.1", 200, NULL },
        { "?api-version=2026-04-01", 200, NULL },
        { "?api-version=7.9", 200, NULL },
        { "?x=1&api-version=2031-01-01-preview&y=2", 200, NULL },
    };
    API_CLIENT(dev);
    char target[256];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const struct request request = { .method = "GET", .target = target };

        snprintf(target, sizeof(target), "/keys%s", rows[i].query);
        API_REPLY(reply, client_send(&dev, &request));
        cr_expect_eq(reply.status, rows[i].status, "%s: %ld %s", target, reply.status, reply.body);
        if (rows[i].message != NULL) {
            cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, rows[i].message));
        }
    }
}

/* Names of the headers of an answer in their order, separated by blanks. */
static void header_names(const struct reply *reply, char *ret_names, size_t size)
{
    const char *line = strstr(reply->headers, "\r\n");
    size_t len = 0;

    ret_names[0] = '\0';
    while (line != NULL && line[2] != '\r' && line[2] != '\0') {
        line += 2;
        len += (size_t) snprintf(ret_names + len, size - len, "%s%.*s", len > 0 ? " " : "",
                                 (int) strcspn(line, ":"), line);
        line = strstr(line, "\r\n");
    }
}

Test(gate, headers_have_the_names_and_order_of_the_service)
{
    static const char expected[] =
        "Cache-Control Pragma Content-Type Expires x-ms-keyvault-region x-ms-client-request-id "
        "x-ms-request-id x-ms-keyvault-service-version x-ms-keyvault-network-info "
        "X-Content-Type-Options Strict-Transport-Security Date";
    const struct request request = {
        .method = "GET",
        .target = "/keys/nobody?api-version=7.6",
        .headers = { "x-ms-client-request-id: 11111111-2222-3333-4444-555555555555" },
    };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));
    char names[1024];

    header_names(&reply, names, sizeof(names));
    cr_assert_eq(strncmp(names, expected, strlen(expected)), 0, "%s", names);
    cr_assert_str_eq(reply_header(&reply, "Content-Type"), "application/json; charset=utf-8");
    cr_assert_str_eq(reply_header(&reply, "x-ms-client-request-id"),
                     "11111111-2222-3333-4444-555555555555");
    cr_assert_str_eq(reply_header(&reply, "x-ms-keyvault-network-info"),
                     "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;");
    cr_assert_str_eq(reply_header(&reply, "Strict-Transport-Security"),
                     "max-age=31536000;includeSubDomains");
    cr_assert_eq(strlen(reply_header(&reply, "x-ms-request-id")), 36);
    cr_assert_null(reply_header(&reply, "Server"));
}

Test(gate, request_id_is_new_each_time_and_nothing_is_echoed_unasked)
{
    API_CLIENT(dev);
    API_REPLY(first, client_call(&dev, "GET", "/keys/nobody", NULL));
    API_REPLY(second, client_call(&dev, "GET", "/keys/nobody", NULL));
    char id[64];

    snprintf(id, sizeof(id), "%s", reply_header(&first, "x-ms-request-id"));
    cr_assert_str_neq(id, reply_header(&second, "x-ms-request-id"));
    cr_assert_null(reply_header(&first, "x-ms-client-request-id"));
}

Test(gate, media_type_may_have_parameters_and_any_case)
{
    const struct request request = {
        .method = "PATCH",
        .target = "/keys/nobody?api-version=7.6",
        .body = "{}",
        .content_type = "Application/JSON; charset=utf-8",
    };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));

    cr_assert_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
}

Test(gate, ROOT_FORBIDDEN_without_a_challenge)
{
    const struct request request = { .method = "GET", .target = "/", .without_token = true };
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &request));

    cr_assert_eq(reply.status, 403);
    cr_assert_eq(reply.len, 1233); /* as reported */
    cr_assert_str_eq(reply_header(&reply, "Content-Type"), "text/html");
    cr_assert_null(reply_header(&reply, "WWW-Authenticate"));
    cr_assert_null(reply_header(&reply, "x-ms-request-id"));
}

Test(gate, BAD_URL)
{
    static const char *const targets[] = { "/keys/a%0D?api-version=7.6", "/keys/%00", "/keys/a%zz",
                                           "/keys/a%7Fb" };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        const struct request request = { .method = "GET", .target = targets[i] };
        API_REPLY(reply, client_send(&dev, &request));

        cr_expect_eq(reply.status, 400, "%s: %ld %s", targets[i], reply.status, reply.body);
        cr_expect_str_eq(
            reply.body,
            "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\""
            "\"http://www.w3.org/TR/html4/strict.dtd\">\r\n"
            "<HTML><HEAD><TITLE>Bad Request</TITLE>\r\n"
            "<META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n"
            "<BODY><h2>Bad Request - Invalid URL</h2>\r\n"
            "<hr><p>HTTP Error 400. The request URL is invalid.</p>\r\n"
            "</BODY></HTML>\r\n");
    }
}

/* HTTP/1.0 knows no Host; of HTTP/1.1 the library refuses a request without one itself. */
Test(gate, BAD_HOST)
{
    static const char request[] = "GET /keys?api-version=7.6 HTTP/1.0\r\n\r\n";
    static const char expected[] =
        "HTTP/1.1 400 Bad Request\r\n"
        "Connection: close\r\n"
        "Content-Type: text/html; charset=us-ascii\r\n"
        "Strict-Transport-Security: max-age=31536000;includeSubDomains\r\n"
        "X-Content-Type-Options: nosniff\r\n"
        "Date: \r\n"
        "Content-Length: 334\r\n\r\n"
        "<!DOCTYPE HTML PUBLIC \"-//W3C//DTD HTML 4.01//EN\""
        "\"http://www.w3.org/TR/html4/strict.dtd\">\r\n"
        "<HTML><HEAD><TITLE>Bad Request</TITLE>\r\n"
        "<META HTTP-EQUIV=\"Content-Type\" Content=\"text/html; charset=us-ascii\"></HEAD>\r\n"
        "<BODY><h2>Bad Request - Invalid Hostname</h2>\r\n"
        "<hr><p>HTTP Error 400. The request hostname is invalid.</p>\r\n"
        "</BODY></HTML>\r\n";
    struct raw raw;
    char answer[4096];
    char *date;

    cr_assert(raw_open(&raw, api_daemon()->port, true));
    cr_assert(raw_send(&raw, request, strlen(request)));
    raw_read(&raw, answer, sizeof(answer), NULL);
    raw_close(&raw);
    date = strstr(answer, "\r\nDate: ");
    cr_assert_not_null(date, "%s", answer);
    date += strlen("\r\nDate: ");
    memmove(date, strstr(date, "\r\n"), strlen(strstr(date, "\r\n")) + 1);
    cr_expect_str_eq(answer, expected, "%s", answer);
}

Test(gate, strict_versions_refuse_what_the_service_does_not_list)
{
    static const char *const arguments[] = { "--api-versions", "strict", NULL };
    struct daemon strict;

    daemon_prepare(&strict);
    cr_assert(daemon_start(&strict, arguments));
    {
        API_CLIENT_OF(&strict, dev);
        const struct request request = { .method = "GET", .target = "/keys?api-version=7.9" };
        API_REPLY(unknown, client_send(&dev, &request));
        API_REPLY(known, client_call(&dev, "GET", "/keys", NULL));

        cr_expect_eq(unknown.status, 400);
        cr_expect_eq(known.status, 200);
    }
    cr_assert(daemon_stop(&strict));
    daemon_discard(&strict);
}
