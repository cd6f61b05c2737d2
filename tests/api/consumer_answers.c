/* SPDX-License-Identifier: Apache-2.0 */
/* What a service makes of answers without an end, and of a CA that cannot be read. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "consumer_tools.h"
#include "kv/base/files.h"
#include "receiver.h"

#define MINUTE 60
#define PATH_SIZE 400

static char folder[PATH_SIZE], ca[PATH_SIZE + 16];

static void start(void)
{
    consumer_start();
    (void) snprintf(folder, sizeof(folder), "%s/test", consumer_daemon.folder);
    (void) snprintf(ca, sizeof(ca), "%s/ca.pem", folder);
    cr_assert_eq(mkdir(folder, 0700), 0);
}

TestSuite(consumer_answers, .init = start, .fini = consumer_stop, .timeout = 120);

static struct reply add(const char *key, const char *more)
{
    char body[1024];

    (void) snprintf(body, sizeof(body),
                    "{\"key\":\"%s\",\"identity\":\"fhir-id\",\"rules\":\"none\"%s}", key, more);
    return consumer_ask("PUT", "/ws-fhir", body);
}

/* The client closes after 64 KiB, and does not come again for more of it. */
Test(consumer_answers, without_an_end_are_no_token)
{
    char url[CONSUMER_URL_SIZE], more[64];
    struct receiver imds;

    consumer_key("rol", url);
    receiver_start(&imds, NULL);
    receiver_behave(&imds, MANNERS_ENDLESS, 100);
    (void) snprintf(more, sizeof(more), ",\"login\":\"http://127.0.0.1:%u\"", imds.port);
    API_REPLY(refused, add(url, more));
    cr_expect_eq(refused.status, 409, "%s", refused.body);
    cr_expect(strstr(refused.body, "login: 200, with a body of more than 64 KiB") != NULL, "%s",
              refused.body);
    cr_expect_eq(imds.count, 1, "it was asked %zu times", imds.count);
    receiver_stop(&imds);
}

Test(consumer_answers, without_an_end_are_no_key)
{
    char key[CONSUMER_URL_SIZE], more[PATH_SIZE + 32];
    struct receiver vault;

    receiver_start(&vault, ca);
    receiver_behave(&vault, MANNERS_ENDLESS, 100);
    (void) snprintf(key, sizeof(key), "https://localhost:%u/keys/cmk", vault.port);
    (void) snprintf(more, sizeof(more), ",\"ca\":\"%s\"", ca);
    API_REPLY(refused, add(key, more));
    cr_expect_eq(refused.status, 409, "%s", refused.body);
    cr_expect(strstr(refused.body, "get: 200, with a body of more than 64 KiB") != NULL, "%s",
              refused.body);
    cr_expect_eq(vault.count, 2, "the first request, and the get: %zu", vault.count);
    receiver_stop(&vault);
}

/* A refusal that is JSON and says nothing is told by its status alone. */
Test(consumer_answers, without_words_are_told_by_their_status)
{
    static const char rule[] = "{\"match\":{\"operation\":\"getKey\"},"
                               "\"effect\":{\"status\":403,\"body\":\"{}\"}}";
    char url[CONSUMER_URL_SIZE];

    consumer_key("rol", url);
    API_REPLY(added, consumer_control("POST", "/control/v1/faults", rule));
    cr_assert_eq(added.status, 201, "%s", added.body);
    API_REPLY(refused, add(url, ""));
    cr_expect_eq(refused.status, 409, "%s", refused.body);
    cr_expect(strstr(refused.body, "get: 403\"") != NULL, "%s", refused.body);
}

static void write_ca(const char *text)
{
    cr_assert_eq(kv_file_write(ca, text, strlen(text), 0600, NULL), KV_OK);
}

Test(consumer_answers, need_a_ca_that_is_one)
{
    static const struct {
        const char *text, *said; /* NULL: there is no such file */
    } rows[] = {
        { NULL, "No such file" },
        { "", "no certificate" },
        { "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n", "no certificate" },
    };
    char url[CONSUMER_URL_SIZE], more[PATH_SIZE + 32];

    consumer_key("rol", url);
    (void) snprintf(more, sizeof(more), ",\"ca\":\"%s\"", ca);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (rows[i].text != NULL) {
            write_ca(rows[i].text);
        }
        API_REPLY(refused, add(url, more));
        cr_expect_eq(refused.status, 400, "%s", refused.body);
        cr_expect(strstr(refused.body, rows[i].said) != NULL, "%s", refused.body);
    }
    cr_assert_eq(unlink(ca), 0);
    cr_assert_eq(mkfifo(ca, 0600), 0);
    API_REPLY(pipe, add(url, more));
    cr_expect_eq(pipe.status, 400, "a pipe would be waited for: %s", pipe.body);
    API_REPLY(none, consumer_ask("GET", "/ws-fhir", NULL));
    cr_expect_eq(none.status, 404, "what was refused is not there");
}

/* Of coffer's own CA. */
static void copy_ca(void)
{
    kv_auto(kv_buf_done) struct kv_buf pem;
    char path[PATH_SIZE];

    kv_buf_init(&pem, 65536);
    (void) snprintf(path, sizeof(path), "%s/ca.pem", consumer_daemon.folder);
    cr_assert_eq(kv_file_read(path, &pem, NULL), KV_OK);
    write_ca(pem.data);
}

/* A check that is tried four times takes 5.6 seconds of the clock more: then there are no five in five
 * minutes. */
static void expect_five_checks(const char *said)
{
    struct consumer_standing before, after;

    consumer_look("ws-fhir", &before);
    consumer_walk(5 * MINUTE);
    consumer_look("ws-fhir", &after);
    cr_expect_eq(after.checks - before.checks, 5, "%s: there were %ld", said,
                 after.checks - before.checks);
    cr_expect(strstr(after.cause, said) != NULL, "%s", after.cause);
}

Test(consumer_answers, are_not_asked_for_again_when_the_ca_went_away)
{
    char url[CONSUMER_URL_SIZE], more[PATH_SIZE + 32];

    consumer_key("rol", url);
    copy_ca();
    (void) snprintf(more, sizeof(more), ",\"ca\":\"%s\"", ca);
    API_REPLY(added, add(url, more));
    cr_assert_eq(added.status, 200, "%s", added.body);
    expect_five_checks("");
    cr_assert_eq(unlink(ca), 0);
    expect_five_checks("No such file");
    API_REPLY(refused, consumer_ask("POST", "/ws-fhir/redeploy", "{}"));
    cr_expect_eq(refused.status, 409, "%s", refused.body);
    write_ca("no certificate");
    consumer_restart(); /* no connection is left that was trusted before */
    api_set_clock(&consumer_daemon, "{\"frozen\":true}");
    expect_five_checks("SSL CA cert");
    copy_ca();
    API_REPLY(again, consumer_ask("POST", "/ws-fhir/redeploy", "{}"));
    cr_expect_eq(again.status, 200, "%s", again.body);
    consumer_expect("ws-fhir", "encrypted", "the CA is back");
}
