/* SPDX-License-Identifier: Apache-2.0 */
/* The page at / of the control port: who gets it, and under what rules. What it does is in tests/page. */
#include "../support/api.h"

#include <stdio.h>
#include <string.h>

TestSuite(page, .timeout = 60);

#define POLICY                                                                                     \
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; "              \
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "            \
    "require-trusted-types-for 'script'; trusted-types 'none'"

static struct reply ask(const struct daemon *daemon, const char *method, const char *target,
                        const char *header, const char *other)
{
    struct client client = { .curl = curl_easy_init(), .daemon = daemon };
    const struct request request = {
        .method = method, .target = target, .headers = { header, other }, .control = true
    };
    struct reply reply = client_send(&client, &request);

    curl_easy_cleanup(client.curl);
    return reply;
}

static void expect_header(const struct reply *reply, const char *name, const char *value)
{
    const char *found = reply_header(reply, name);

    cr_expect(found != NULL && strcmp(found, value) == 0, "%s: %s", name,
              found != NULL ? found : "none");
}

Test(page, is_not_for_pages_of_others_and_under_no_other_path)
{
    static const struct {
        const char *method, *target, *header, *other;
        long status;
    } rows[] = {
        { "GET", "/", "Origin: http://evil.example", NULL, 403 },
        { "GET", "/", "Origin: null", NULL, 403 },
        { "GET", "/", "Host: evil.example", NULL, 403 },
        { "HEAD", "/", "Host: evil.example", NULL, 403 },
        { "GET", "/page/main.js", "Host: evil.example", NULL, 403 },
        { "GET", "/page/main.js", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Mode: no-cors", 403 },
        { "GET", "/", "Sec-Fetch-Site: cross-site", "Sec-Fetch-Dest: iframe", 403 },
        { "POST", "/", "Content-Type: application/json", NULL, 405 },
        { "DELETE", "/", NULL, NULL, 405 },
        { "PUT", "/page/main.js", NULL, NULL, 405 },
        { "GET", "/?token=a-token-of-the-tests", NULL, NULL, 400 },
        { "GET", "/page", NULL, NULL, 404 },
        { "GET", "/page/index.html", NULL, NULL, 404 },
        { "GET", "/page/page.c", NULL, NULL, 404 },
        { "GET", "/page/..%2Fmain.js", NULL, NULL, 404 },
        { "GET", "/page/%2e%2e/page/embed", NULL, NULL, 404 },
        { "GET", "/page/main.js/", NULL, NULL, 200 }, /* an empty segment is none */
        { "GET", "/page/main.js/x", NULL, NULL, 404 },
        { "GET", "/index.html", NULL, NULL, 404 },
        /* what is no path is not the one of the page */
        { "GET", "/control/v1/faults/%0F", NULL, NULL, 400 },
        { "GET", "/control/v1/requests?host=%01", NULL, NULL, 400 },
        { "GET", "/control/v1/vaults/%ff", NULL, NULL, 400 },
        { "HEAD", "/%00", NULL, NULL, 400 },
        { "GET", "/control/v1/vaults/%f", NULL, NULL, 400 },
        { "POST", "/control/v1/reset%0a", "Content-Type: application/json", NULL, 400 },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply,
                  ask(api_daemon(), rows[i].method, rows[i].target, rows[i].header, rows[i].other));
        cr_expect_eq(reply.status, rows[i].status, "%s %s %s: %ld %s", rows[i].method,
                     rows[i].target, rows[i].header, reply.status, reply.body);
    }
}

Test(page, comes_with_a_strict_policy)
{
    static const struct {
        const char *target, *type, *part;
    } rows[] = {
        { "/", "text/html; charset=utf-8", "<title>coffer</title>" },
        { "/page/page.css", "text/css; charset=utf-8", "prefers-color-scheme: dark" },
        { "/page/main.js", "text/javascript; charset=utf-8", "import " },
        { "/page/dom.js", "text/javascript; charset=utf-8", "textContent" },
        { "/page/icon.svg", "image/svg+xml", "<svg " },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, ask(api_daemon(), "GET", rows[i].target, NULL, NULL));
        cr_assert_eq(reply.status, 200, "%s", rows[i].target);
        cr_expect_not_null(strstr(reply.body, rows[i].part), "%s", rows[i].target);
        expect_header(&reply, "Content-Type", rows[i].type);
        expect_header(&reply, "Content-Security-Policy", POLICY);
        expect_header(&reply, "X-Content-Type-Options", "nosniff");
        expect_header(&reply, "Referrer-Policy", "no-referrer");
        expect_header(&reply, "Cross-Origin-Opener-Policy", "same-origin");
        expect_header(&reply, "Cross-Origin-Resource-Policy", "same-origin");
        expect_header(&reply, "Cache-Control", "no-store");
    }
}

/* Markup that brings its own script or style would be stopped by the policy, and the page be dead. */
Test(page, has_no_script_or_style_in_its_markup)
{
    static const char *const none[] = { "<style",      "<script>", " style=", " onclick=",
                                        "javascript:", "http://",  "https://" };
    API_REPLY(reply, ask(api_daemon(), "GET", "/", NULL, NULL));

    cr_assert_eq(reply.status, 200);
    for (size_t i = 0; i < KV_COUNT(none); i++) {
        cr_expect_null(strstr(reply.body, none[i]), "%s", none[i]);
    }
}

Test(page, is_there_for_head_and_for_whoever_follows_a_link)
{
    API_REPLY(got, ask(api_daemon(), "GET", "/", NULL, NULL));
    API_REPLY(head, ask(api_daemon(), "HEAD", "/", NULL, NULL));
    API_REPLY(part, ask(api_daemon(), "HEAD", "/page/main.js", NULL, NULL));
    struct client client = { .curl = curl_easy_init(), .daemon = api_daemon() };
    API_REPLY(linked, client_send(&client, &(struct request){
                                               .method = "GET",
                                               .target = "/",
                                               .headers = { "Sec-Fetch-Site: cross-site",
                                                            "Sec-Fetch-Mode: navigate",
                                                            "Sec-Fetch-Dest: document" },
                                               .control = true,
                                           }));
    char length[24];

    curl_easy_cleanup(client.curl);
    (void) snprintf(length, sizeof(length), "%zu", got.len);
    cr_expect_eq(head.status, 200);
    cr_expect_eq(head.len, 0);
    expect_header(&head, "Content-Length", length);
    expect_header(&head, "Content-Security-Policy", POLICY);
    cr_expect_eq(part.status, 200);
    cr_expect_eq(linked.status, 200);
}

/* It tells nothing that is not for everybody; what it shows it has to ask for, with the token. */
Test(page, wants_no_control_token_but_what_it_shows_does)
{
    static const struct {
        const char *target, *header;
        long status;
    } rows[] = {
        { "/", NULL, 200 },
        { "/page/main.js", NULL, 200 },
        { "/control/v1/vaults/dev/keys", NULL, 401 },
        { "/control/v1/vaults/dev/keys", "Authorization: Bearer another-token-of-tests", 401 },
        { "/control/v1/vaults/dev/keys", "Authorization: Bearer a-token-of-the-tests", 200 },
    };
    struct daemon own;

    api_begin(&own, (const char *const[]){ "--control-token", "a-token-of-the-tests", NULL });
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, ask(&own, "GET", rows[i].target, rows[i].header, NULL));
        cr_expect_eq(reply.status, rows[i].status, "%s: %ld", rows[i].target, reply.status);
        cr_expect_null(strstr(reply.body, "a-token-of-the-tests"));
    }
    api_end(&own);
}

Test(page, is_not_on_the_port_of_the_vaults)
{
    API_CLIENT(dev);
    API_REPLY(page, client_send(&dev, &(struct request){ .method = "GET", .target = "/" }));
    API_REPLY(part,
              client_send(&dev, &(struct request){ .method = "GET", .target = "/page/main.js" }));

    cr_expect_neq(page.status, 200);
    cr_expect_null(strstr(page.body, "<title>coffer"));
    cr_expect_neq(part.status, 200);
}
