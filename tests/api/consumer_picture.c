/* SPDX-License-Identifier: Apache-2.0 */
/* The timeline of a service as a picture: what the control port draws is what the documentation shows. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "consumer_tools.h"
#include "kv/base/buf.h"
#include "kv/base/files.h"

TestSuite(consumer_picture, .init = consumer_start, .fini = consumer_stop, .timeout = 120);

#define MINUTE 60
#define PICTURE_MAX (1024 * 1024)
#define SHOWN DOCS_FOLDER "/consumer-timeline.svg"

static void set_enabled(bool enabled)
{
    API_REPLY(set, consumer_control("PATCH", "/control/v1/vaults/rol/keys/cmk",
                                    enabled ? "{\"enabled\":true}" : "{\"enabled\":false}"));

    cr_assert_eq(set.status, 200, "%s", set.body);
}

static void redeploy(void)
{
    API_REPLY(deployed, consumer_ask("POST", "/ws-fhir/redeploy", "{}"));

    cr_assert_eq(deployed.status, 200, "%s", deployed.body);
}

static void add_service(void)
{
    char url[CONSUMER_URL_SIZE];

    consumer_key("rol", url);
    consumer_add("ws-fhir", "fhir", url, "fhir-id");
}

Test(consumer_picture, is_refused_of_a_service_that_is_not_there)
{
    API_REPLY(missing, consumer_ask("GET", "/nobody/timeline.svg", NULL));
    API_REPLY(extra, consumer_ask("GET", "/nobody/timeline.svg?format=png", NULL));

    cr_expect_eq(missing.status, 404, "%s", missing.body);
    cr_expect_eq(extra.status, 400, "%s", extra.body);
}

Test(consumer_picture, is_one_that_runs_nothing_and_loads_nothing)
{
    add_service();
    API_REPLY(picture, consumer_ask("GET", "/ws-fhir/timeline.svg", NULL));
    const char *policy = reply_header(&picture, "Content-Security-Policy");

    cr_assert_eq(picture.status, 200, "%s", picture.body);
    cr_expect(policy != NULL && strstr(policy, "default-src 'none'") != NULL
                  && strstr(policy, "sandbox") != NULL,
              "%s", policy);
    cr_expect_str_eq(reply_header(&picture, "Content-Type"), "image/svg+xml");
    cr_expect_eq(strncmp(picture.body, "<svg ", 5), 0, "%s", picture.body);
    cr_expect_null(strstr(picture.body, "<script"), "%s", picture.body);
    cr_expect_null(strstr(picture.body, "href"), "%s", picture.body);
}

/* The commands of docs/consumer.md, one after the other. */
static void go_through_it(void)
{
    consumer_walk(5 * MINUTE);
    set_enabled(false);
    consumer_walk(10 * MINUTE);
    set_enabled(true);
    consumer_walk(15 * MINUTE);
    set_enabled(false);
    consumer_walk(35 * MINUTE);
    set_enabled(true);
    consumer_walk(10 * MINUTE);
    redeploy();
    consumer_walk(5 * MINUTE);
}

Test(consumer_picture, is_that_of_the_documentation)
{
    kv_auto(kv_buf_done) struct kv_buf shown;

    kv_buf_init(&shown, PICTURE_MAX);
    cr_assert_eq(kv_file_read(SHOWN, &shown, NULL), KV_OK, "%s", SHOWN);
    api_set_clock(&consumer_daemon, "{\"frozen\":true,\"set\":\"2026-03-02T09:00:00Z\"}");
    add_service();
    go_through_it();
    API_REPLY(drawn, consumer_ask("GET", "/ws-fhir/timeline.svg", NULL));
    cr_assert_eq(drawn.status, 200, "%s", drawn.body);
    cr_expect_str_eq(drawn.body, shown.data);
}

static int run(const char *const *words, char *output, size_t size)
{
    char url[64];
    const char *all[12];
    size_t count = 0;

    (void) snprintf(url, sizeof(url), "http://127.0.0.1:%u", consumer_daemon.control_port);
    for (; words[count] != NULL && count < KV_COUNT(all) - 3; count++) {
        all[count] = words[count];
    }
    all[count++] = "--control";
    all[count++] = url;
    all[count] = NULL;
    return program_run(all, output, size);
}

/* The command saves what the port draws, and says when it cannot. */
Test(consumer_picture, is_saved_by_the_command)
{
    char path[] = "/tmp/coffer-picture-XXXXXX", output[4096];
    int file = mkstemp(path);
    kv_auto(kv_buf_done) struct kv_buf saved;
    const char *const save[] = { "consumer", "timeline", "ws-fhir", "--svg", path, NULL };
    const char *const nowhere[] = { "consumer", "timeline",        "ws-fhir",
                                    "--svg",    "/nowhere/at.svg", NULL };

    kv_buf_init(&saved, PICTURE_MAX);
    cr_assert_geq(file, 0);
    add_service();
    cr_expect_neq(run(nowhere, output, sizeof(output)), 0, "%s", output);
    cr_expect_not_null(strstr(output, "cannot write /nowhere/at.svg"), "%s", output);
    cr_expect_eq(run(save, output, sizeof(output)), 0, "%s", output);
    API_REPLY(drawn, consumer_ask("GET", "/ws-fhir/timeline.svg", NULL));
    cr_assert_eq(kv_file_read(path, &saved, NULL), KV_OK);
    cr_expect_str_eq(saved.data, drawn.body);
    (void) close(file);
    (void) unlink(path);
}

/* As its siblings take it; --name is still there. */
Test(consumer_picture, and_state_are_shown_of_the_one_that_is_named)
{
    static const struct {
        const char *words[6];
        int status;
        const char *said;
    } rows[] = {
        { { "consumer", "status", "ws-fhir" }, 0, "ws-fhir  fhir  encrypted" },
        { { "consumer", "status", "--name", "ws-fhir" }, 0, "ws-fhir  fhir  encrypted" },
        { { "consumer", "status" }, 0, "ws-fhir  fhir  encrypted" },
        { { "consumer", "add", "ws-plain" }, 0, "without a key: nothing can be lost\n" },
        { { "consumer", "status", "nobody" }, 1, "There is no consumer 'nobody'" },
        { { "consumer", "status", "ws-fhir", "--name", "other" }, 2, "say which" },
        { { "consumer", "status", "ws-fhir", "ws-dicom" }, 2, "ws-dicom" },
    };
    static const char *const list[] = { "consumer", "list", NULL };
    char output[4096];

    cr_expect_eq(run(list, output, sizeof(output)), 0, "%s", output);
    cr_expect_not_null(strstr(output, "coffer consumer add NAME"), "%s", output);
    add_service();
    cr_expect_eq(run(list, output, sizeof(output)), 0, "%s", output);
    cr_expect_null(strstr(output, "consumer add"), "%s", output);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(run(rows[i].words, output, sizeof(output)), rows[i].status, "row %zu: %s", i,
                     output);
        cr_expect_not_null(strstr(output, rows[i].said), "row %zu: %s", i, output);
    }
}

/* Access that is back is not asked for. */
Test(consumer_picture, and_advice_go_by_what_is_needed_now)
{
    static const char *const timeline[] = { "consumer", "timeline", "ws-fhir", NULL };
    char output[4096];

    add_service();
    set_enabled(false);
    consumer_walk(35 * MINUTE);
    API_REPLY(lost, consumer_ask("GET", "/ws-fhir", NULL));
    cr_expect_str_eq(reply_text(&lost, "state"), "needs-redeploy", "%s", lost.body);
    cr_expect_not_null(strstr(reply_text(&lost, "advice"), "Restore access"), "%s", lost.body);
    set_enabled(true);
    consumer_walk(2 * MINUTE);
    API_REPLY(back, consumer_ask("GET", "/ws-fhir", NULL));
    cr_expect_str_eq(reply_text(&back, "state"), "needs-redeploy", "%s", back.body);
    cr_expect_null(strstr(reply_text(&back, "advice"), "Restore access"), "%s", back.body);
    cr_expect_not_null(strstr(reply_text(&back, "advice"), "deploy the service again"), "%s",
                       back.body);
    API_REPLY(health, consumer_ask("GET", "/ws-fhir/health", NULL));
    cr_expect_str_eq(reply_text(&health, "current.recommendedActions.0.action"),
                     "Deploy the service again.", "%s", health.body);
    cr_expect_eq(run(timeline, output, sizeof(output)), 0, "%s", output);
    cr_expect_not_null(strstr(output, "needs-redeploy  its checks are good again\n"), "%s", output);
}
