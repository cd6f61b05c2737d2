/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A listener under everything at once: clients on both loopbacks, handlers on all lanes, full
 * queues, deadlines that are too short, steps that hold requests up and cut connections, a clock
 * that is moved, clients that leave, and an end in the midst of it.
 * A plain main(), because the thread sanitizer cannot start Criterion.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/base.h"
#include "kv/base/log.h"
#include "tests/support/site.h"
#include "tests/support/wire.h"

#define CLIENTS 8
#define SECONDS 5
#define GET(path) "GET " path " HTTP/1.1\r\nHost: localhost\r\n\r\n"
#define STEPS(script) "GET /small HTTP/1.1\r\nHost: nobody.localhost\r\n" script "\r\n\r\n"

static struct test_site site;
static atomic_bool stopping; /* for the releaser */

struct client {
    pthread_t thread;
    unsigned number;
    unsigned long answered[3]; /* success, refusal for want of room or time, anything else */
    unsigned long left;        /* requests whose answer was not waited for */
    unsigned long ended;       /* connections that were ended by a 400 */
};

static const struct {
    const char *request;
    bool leaves;
} deeds[] = {
    { GET("/inline"), false },
    { GET("/worker"), false },
    { GET("/hold"), false },
    { GET("/hop"), false },
    { GET("/hold"), true },
    { GET("/hop-inline"), false },
    { GET("/hold-generate"), false },
    { GET("/generate"), false },
    { "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 4\r\n\r\nbody", false },
    { GET("/worker") GET("/hop"), true },
    { STEPS("At-Head: wait 1\r\nAt-Step: virtual 500\r\nAt-Answer: wait 2"), false },
    { STEPS("At-Step: virtual 60000"), true },
    { STEPS("At-Answer: hang"), true },
    { STEPS("At-Step: virtual 1; wait 0; virtual 300"), false },
    { STEPS("At-Answer: wait 1; cut truncated 5"), true },
    { STEPS("At-Step: wait 1; cut reset"), false },
    { STEPS("At-Head: hang"), false },
    { "POST /echo HTTP/1.1\r\nHost: a b\r\nContent-Length: 9\r\n\r\nbody", false },
};

/* Lets handlers that hold go on after times of their own, shorter and longer than the deadline. */
static void *release_handlers(void *unused)
{
    (void) unused;
    for (unsigned i = 0; !stopping; i++) {
        usleep(200 + i % 7 * 1000);
        test_site_release(&site, 1);
        enum kv_code moved = kv_clock_shift(site.clock, 100, NULL);
        (void) moved; /* far from the end of the calendar */
    }
    return NULL;
}

static void count_answer(struct client *client, int status)
{
    client->answered[status == 200 ? 0 : status == 503 ? 1 : 2]++;
}

/* False when the connection is over. */
static bool do_one(struct client *client, int descriptor, unsigned round)
{
    struct wire_answer answer;
    size_t deed = (client->number + round) % KV_COUNT(deeds);

    if (!wire_say(descriptor, deeds[deed].request)) {
        return false;
    }
    if (deeds[deed].leaves) {
        client->left++;
        return false;
    }
    wire_receive(descriptor, false, &answer);
    wire_answer_done(&answer);
    if (answer.status == 400) {
        client->ended++;
        return wire_say(descriptor, "still sending"); /* then it is over */
    }
    if (answer.status != 0) {
        count_answer(client, answer.status);
    }
    return answer.status != 0;
}

/* Until nobody listens any more. */
static void *be_client(void *argument)
{
    struct client *client = argument;
    unsigned round = 0;
    int descriptor;

    while ((descriptor = wire_try_connect(site.port, client->number % 2 == 1)) >= 0) {
        while (do_one(client, descriptor, round++)) {
        }
        (void) close(descriptor);
    }
    return NULL;
}

static void start(void)
{
    struct kv_lanes_config lanes;
    struct kv_listener_config config;

    test_site_configure(&lanes, &config);
    config.address = "localhost";
    config.threads = 2;
    config.deadline[KV_LANE_WORK] = 4;
    config.deadline[KV_LANE_GENERATE] = 3;
    config.sites = test_both_sites;
    config.waits = 4;
    config.wait_max = 20;
    lanes.workers = 3;
    test_site_start(&site, &lanes, &config);
}

/* True when the sum of what clients saw can be what the site did. */
static bool judge(const struct client *clients)
{
    unsigned long sum[3] = { 0 }, left = 0, ended = 0;

    for (size_t i = 0; i < CLIENTS; i++) {
        for (size_t j = 0; j < KV_COUNT(sum); j++) {
            sum[j] += clients[i].answered[j];
        }
        left += clients[i].left;
        ended += clients[i].ended;
    }
    printf("%lu answered, %lu refused, %lu wrong; %lu left, %lu ended\n", sum[0], sum[1], sum[2],
           left, ended);
    return sum[0] > 0 && sum[1] > 0 && sum[2] == 0 && left > 0 && ended > 0
           && (unsigned long) site.app.succeeded >= sum[0]
           && (unsigned long) site.app.refused >= sum[1];
}

int main(void)
{
    struct client clients[CLIENTS] = { 0 };
    pthread_t releaser;

    kv_log_setup(KV_LOG_ERROR, KV_LOG_TEXT); /* late answers are what this is about */
    start();
    if (pthread_create(&releaser, NULL, release_handlers, NULL) != 0) {
        return EXIT_FAILURE;
    }
    for (unsigned i = 0; i < CLIENTS; i++) {
        clients[i].number = i;
        if (pthread_create(&clients[i].thread, NULL, be_client, &clients[i]) != 0) {
            return EXIT_FAILURE;
        }
    }
    sleep(SECONDS);
    bool drained = kv_listener_drain(site.listener, 10000);
    for (size_t i = 0; i < CLIENTS; i++) {
        pthread_join(clients[i].thread, NULL);
    }
    stopping = true;
    pthread_join(releaser, NULL);
    if (!drained) {
        fprintf(stderr, "%zu requests are left\n", kv_listener_pending(site.listener));
        return EXIT_FAILURE;
    }
    test_site_stop(&site); /* aborts when something was not freed */
    return judge(clients) ? EXIT_SUCCESS : EXIT_FAILURE;
}
