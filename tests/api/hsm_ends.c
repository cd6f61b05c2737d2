/* SPDX-License-Identifier: Apache-2.0 */
/* How failures of the HSM end, and how a shell makes them. */
#include "hsm_tools.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#define TRIES 600 /* of a tenth of a second */

TestSuite(hsm_end, .init = hsm_start, .fini = hsm_stop, .timeout = 50);

static void pause_briefly(void)
{
    const struct timespec pause = { .tv_nsec = 100000000 };

    nanosleep(&pause, NULL);
}

/* --- slowness --- */

struct waiter {
    struct client *client;
    long status;
};

static void *sign_in_thread(void *argument)
{
    struct waiter *waiter = argument;
    API_REPLY(reply, hsm_sign_with(waiter->client, "a"));

    waiter->status = reply.status;
    return NULL;
}

/* A minute, which is longer than this test may take. */
#define MINUTE "{\"kind\":\"slow\",\"id\":\"s\",\"delay\":60000,\"functions\":[\"C_Sign\"]}"

static void await_hit(struct client *client)
{
    for (int i = 0; i < TRIES; i++) {
        API_REPLY(shown, hsm_ask(client, "GET", "/s", NULL));
        if (reply_number(&shown, "hits") > 0) {
            return;
        }
        pause_briefly();
    }
    cr_assert_fail("nobody was held up");
}

Test(hsm_end, lets_those_go_that_it_holds_up_when_the_fault_ends)
{
    API_CLIENT_OF(&hsm_daemon, dev);
    __attribute__((cleanup(client_close))) struct client second;
    struct waiter waiter = { .client = &second };
    pthread_t thread;

    client_open(&second, &hsm_daemon, "dev");
    hsm_make_key(&dev, "a");
    hsm_add(&dev, MINUTE);
    cr_assert_eq(pthread_create(&thread, NULL, sign_in_thread, &waiter), 0);
    await_hit(&dev);
    API_REPLY(get, client_call(&dev, "GET", "/keys/a", NULL));
    cr_expect_eq(get.status, 200, "others do not wait");
    API_REPLY(end, hsm_ask(&dev, "DELETE", "/s", NULL));
    cr_expect_eq(end.status, 204);
    pthread_join(thread, NULL);
    cr_expect_eq(waiter.status, 200, "it was only slow");
}

/* The daemon is stopped behind this. */
Test(hsm_end, does_not_delay_the_end)
{
    API_CLIENT_OF(&hsm_daemon, dev);
    __attribute__((cleanup(client_close))) struct client second;
    struct waiter waiter = { .client = &second };
    pthread_t thread;

    client_open(&second, &hsm_daemon, "dev");
    hsm_make_key(&dev, "a");
    hsm_add(&dev, MINUTE);
    cr_assert_eq(pthread_create(&thread, NULL, sign_in_thread, &waiter), 0);
    await_hit(&dev);
    cr_expect(daemon_stop(&hsm_daemon));
    pthread_join(thread, NULL);
    cr_expect_eq(waiter.status, 200, "it is answered");
    cr_assert(daemon_start(&hsm_daemon, NULL));
}

/* --- how they end --- */

Test(hsm_end, ends_at_its_time_by_the_virtual_clock)
{
    static const char *const faults[] = {
        "{\"kind\":\"token_removed\",\"for\":\"PT1H\"}",
        "{\"kind\":\"pin_locked\",\"for\":3600}",
        "{\"kind\":\"error\",\"for\":3600}",
    };
    API_CLIENT_OF(&hsm_daemon, dev);

    hsm_make_key(&dev, "a");
    for (size_t i = 0; i < KV_COUNT(faults); i++) {
        hsm_add(&dev, faults[i]);
        api_advance(&hsm_daemon, 1800);
        hsm_expect_sign(&dev, "a", 503, faults[i]);
        api_advance(&hsm_daemon, 1800);
        hsm_expect_sign(&dev, "a", 200, faults[i]);
        API_REPLY(list, hsm_ask(&dev, "GET", "", NULL));
        cr_expect_str_eq(list.body, "{\"faults\":[]}", "%s", list.body);
    }
}

Test(hsm_end, ends_after_real_time_although_the_clock_stands_still)
{
    long status = 0;
    API_CLIENT_OF(&hsm_daemon, dev);

    hsm_make_key(&dev, "a");
    api_set_clock(&hsm_daemon, "{\"frozen\":true}");
    hsm_add(&dev, "{\"kind\":\"token_removed\",\"ttl\":1}");
    for (int i = 0; i < TRIES && status != 200; i++) {
        API_REPLY(reply, hsm_sign_with(&dev, "a"));
        status = reply.status;
        pause_briefly();
    }
    cr_expect_eq(status, 200);
    hsm_expect_state(&dev, "available", "in place");
}

Test(hsm_end, ends_with_a_reset)
{
    const struct request reset = {
        .method = "POST", .target = "/control/v1/reset", .body = "{}", .control = true
    };
    API_CLIENT_OF(&hsm_daemon, dev);

    hsm_add(&dev, "{\"kind\":\"token_removed\"}");
    API_REPLY(reply, client_send(&dev, &reset));
    cr_expect_eq(reply.status, 204, "%s", reply.body);
    hsm_expect_state(&dev, "available", "in place");
    hsm_make_key(&dev, "a");
    hsm_expect_sign(&dev, "a", 200, "after the reset");
}

/* --- the folder of the token --- */

static bool has_folder(const char *name)
{
    struct stat status;
    char path[400];

    snprintf(path, sizeof(path), "%s/%s", hsm_daemon.folder, name);
    return stat(path, &status) == 0;
}

Test(hsm_end, puts_the_token_back_at_the_next_start_whatever_ended_the_last)
{
    static const char *const faults[] = {
        "{\"kind\":\"token_removed\"}",
        "{\"kind\":\"token_reinitialised\"}",
    };
    API_SKIP_WITH_NSS("the token does not go with its files");
    API_CLIENT_OF(&hsm_daemon, dev);

    hsm_make_key(&dev, "a");
    for (size_t i = 0; i < KV_COUNT(faults) * 2; i++) {
        client_close(&dev);
        client_open(&dev, &hsm_daemon, "dev");
        hsm_add(&dev, faults[i / 2]);
        cr_expect(has_folder("tokens.aside"), "it is the real folder that is moved");
        if (i % 2 == 0) {
            daemon_kill(&hsm_daemon);
        } else {
            cr_assert(daemon_stop(&hsm_daemon));
            cr_expect_not(has_folder("tokens.aside"), "an orderly end puts it back");
        }
        cr_assert(daemon_start(&hsm_daemon, NULL));
        cr_expect_not(has_folder("tokens.aside"));
        cr_expect_not(has_folder("tokens.discarded"));
        client_close(&dev);
        client_open(&dev, &hsm_daemon, "dev");
        hsm_expect_sign(&dev, "a", 200, faults[i / 2]);
    }
}

/* --- from a shell --- */

static void expect_program(const char *const *arguments, int status, const char *says)
{
    char output[4096];

    cr_expect_eq(program_run(arguments, output, sizeof(output)), status, "%s", output);
    cr_expect_not_null(strstr(output, says), "%s", output);
}

Test(hsm_end, is_made_to_fail_from_a_shell)
{
    static const struct {
        const char *arguments[10];
        int status;
        const char *says;
    } rows[] = {
        { { "hsm", "status" }, 0, "state=available\nplace=in place\n" },
        { { "hsm", "remove", "--id", "gone", "--for", "PT1H", "--ttl", "60" }, 0, "gone\n" },
        { { "hsm", "status" }, 0, "state=unavailable\nplace=removed\n" },
        { { "hsm", "insert" }, 0, "" },
        { { "hsm", "status" }, 0, "state=available\nplace=in place\n" },
        { { "hsm", "fail", "error", "--function", "C_Sign,C_Decrypt", "--every", "2" }, 0, "hsm-" },
        { { "hsm", "status" }, 0, "\"functions\":[\"C_Decrypt\",\"C_Sign\"]" },
        { { "hsm", "fail", "mechanism_gone", "--mechanism", "CKM_ECDSA" }, 0, "hsm-" },
        { { "hsm", "fail", "session_limit", "--limit", "5" }, 0, "hsm-" },
        { { "hsm", "fail", "fire" }, 1, "'kind' is one of" },
        { { "hsm", "fail", "error", "--times", "one" }, 2, "'one' is no number" },
        { { "hsm", "slow", "1", "--function", "C_Sign", "--id", "slow" }, 0, "slow\n" },
        { { "hsm", "clear", "--fault", "slow" }, 0, "" },
        { { "hsm", "clear", "--fault", "slow" }, 1, "There is no fault 'slow' of the HSM." },
        { { "hsm", "clear" }, 0, "" },
        { { "hsm", "status" }, 0, "state=available\n" },
    };
    const char *arguments[13];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        size_t count = 0;

        for (; rows[i].arguments[count] != NULL; count++) {
            arguments[count] = rows[i].arguments[count];
        }
        arguments[count] = "--data";
        arguments[count + 1] = hsm_daemon.folder;
        arguments[count + 2] = NULL;
        expect_program(arguments, rows[i].status, rows[i].says);
    }
}
