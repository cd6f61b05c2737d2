/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log's receiver: batches, and receivers that refuse, are down, silent or not trusted. */
#include "events_tools.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/clock.h"

TestSuite(audit_webhook, .timeout = 240);

#define DELIVERED "coffer_audit_records_total{result=\"delivered\"}"
#define LOST "coffer_audit_records_total{result=\"lost\"}"
#define WAITING "coffer_audit_records_waiting"

static struct daemon own;
static struct receiver receiver;

/* --audit-webhook to the receiver, and further options that end with NULL. */
static void launch(const char *const *more)
{
    char url[96];
    const char *arguments[12] = { "--vault", "dev", "--audit-webhook", url };
    size_t count = 4;

    (void) snprintf(url, sizeof(url), "%s://localhost:%u/logs?code=hush",
                    receiver.tls != NULL ? "https" : "http", receiver.port);
    for (; more != NULL && *more != NULL; more++) {
        cr_assert_lt(count, KV_COUNT(arguments) - 1);
        arguments[count++] = *more;
    }
    cr_assert(daemon_start(&own, arguments));
}

static void begin(void)
{
    receiver_start(&receiver, NULL);
    daemon_prepare(&own);
    launch(NULL);
}

static void end(void)
{
    api_end(&own);
    receiver_stop(&receiver);
}

/* So many requests for keys that are not there. `agent` is in each record. */
static void ask(int count, const char *agent)
{
    API_CLIENT_OF(&own, dev);

    for (int i = 0; i < count; i++) {
        API_REPLY(reply, client_send(&dev, &(struct request){
                                               .method = "GET",
                                               .target = "/keys/none?api-version=7.6",
                                               .headers = { agent },
                                           }));
        cr_assert_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
    }
}

static void await_records(long wanted)
{
    long records = 0, lost;

    for (int i = 0; i < 1200 && records < wanted; i++) {
        usleep(50000);
        receiver_count_records(&receiver, &records, &lost);
    }
    cr_assert_eq(records, wanted, "it got %ld", records);
}

static void await_metric(const char *name, long wanted)
{
    for (int i = 0; i < 1200 && api_metric(&own, name) != wanted; i++) {
        usleep(50000);
    }
    cr_assert_eq(api_metric(&own, name), wanted, "%s is %ld", name, api_metric(&own, name));
}

Test(audit_webhook, gets_batches_of_records_and_no_handshake)
{
    begin();
    ask(3, "User-Agent: tester/1.0");
    await_records(3);
    cr_expect_eq(receiver.handshakes, 0);
    cr_expect_eq(strncmp(receiver.got[0].head, "POST /logs?code=hush HTTP/1.1", 29), 0);
    cr_expect_not_null(strstr(receiver.got[0].head, "Content-Type: application/json"));
    cr_expect_eq(strncmp(receiver.got[0].body, "{\"records\":[{\"time\":\"", 21), 0, "%s",
                 receiver.got[0].body);
    cr_expect_not_null(strstr(receiver.got[0].body, "\"operationName\":\"KeyGet\""));
    cr_expect_not_null(strstr(receiver.got[0].body, "\"clientInfo\":\"tester/1.0\""));
    await_metric(DELIVERED, 3);
    cr_expect_eq(api_metric(&own, LOST), 0);
    cr_expect_eq(api_metric(&own, WAITING), 0);
    cr_expect_eq(api_count_lines(&own, "hush", ""), 0, "the log shows the URL's secret");
    end();
}

static const struct {
    enum manners manners;
    const char *reason;
} bad[] = {
    { MANNERS_BUSY, "it answered 503" },
    { MANNERS_REDIRECT, "it answered 302" },
    { MANNERS_ENDLESS, "the answer is too large" },
    { MANNERS_CUT, "" },
};

/* The same batch again, and behind it what came meanwhile. */
Test(audit_webhook, gets_again_what_it_did_not_take)
{
    for (size_t i = 0; i < KV_COUNT(bad); i++) {
        begin();
        receiver_behave(&receiver, bad[i].manners, 1);
        ask(1, "User-Agent: first");
        receiver_await(&receiver, 1);
        ask(5, "User-Agent: later");
        await_records(1 + 1 + 5);
        cr_expect_str_eq(receiver.got[0].body, receiver.got[1].body, "row %zu", i);
        cr_expect_not_null(strstr(receiver.got[1].body, "\"first\""), "row %zu", i);
        cr_expect_null(strstr(receiver.got[2].head, "/moved"), "row %zu", i);
        await_metric(DELIVERED, 6);
        cr_expect_eq(api_metric(&own, LOST), 0, "row %zu", i);
        cr_expect_eq(api_count_lines(&own, "audit_not_taken", bad[i].reason), 1, "row %zu", i);
        cr_expect_eq(api_count_lines(&own, "audit_taken_again", "receiver="), 1, "row %zu", i);
        end();
    }
}

Test(audit_webhook, is_told_of_what_it_refused)
{
    begin();
    receiver_behave(&receiver, MANNERS_REFUSING, 1);
    ask(1, "User-Agent: refused");
    await_metric(LOST, 1);
    ask(1, "User-Agent: taken");
    receiver_await(&receiver, 2);
    cr_expect_eq(receiver.got[1].records, 1);
    cr_expect_eq(receiver.got[1].lost, 1, "%s", receiver.got[1].body);
    cr_expect_null(strstr(receiver.got[1].body, "\"refused\""));
    cr_expect_eq(api_count_lines(&own, "audit_not_taken", "it answered 400"), 1);
    cr_expect_eq(api_count_lines(&own, "audit_lines_lost", "count=1"), 1);
    end();
}

/* Its first batch, of one record, comes until it takes it. */
static long count_again(void)
{
    long again = 0;

    for (size_t i = 1; i < receiver.count; i++) {
        again += strcmp(receiver.got[i].body, receiver.got[0].body) == 0;
    }
    return again;
}

#define MANY 600 /* of more than 2 KiB each: more than the queue has room for */

/* It is down for a while: nobody waits for it, and each record is delivered or counted. */
Test(audit_webhook, loses_what_there_is_no_room_for_and_says_how_many)
{
    static char agent[2200] = "User-Agent: ";
    long records, lost;

    memset(agent + strlen(agent), 'x', sizeof(agent) - strlen(agent) - 1);
    begin();
    receiver_behave(&receiver, MANNERS_BUSY, GOT_MAX);
    ask(1, "User-Agent: first");
    receiver_await(&receiver, 1);
    ask(MANY, agent);
    cr_assert_gt(api_metric(&own, LOST), 0);
    receiver_behave(&receiver, MANNERS_GOOD, 0);
    await_metric(WAITING, 0);
    receiver_count_records(&receiver, &records, &lost);
    records -= count_again();
    cr_expect_eq(records + lost, MANY + 1, "%ld and %ld", records, lost);
    cr_expect_eq(api_metric(&own, LOST), lost);
    cr_expect_eq(api_metric(&own, DELIVERED), records);
    for (size_t i = 0; i < receiver.count; i++) {
        cr_expect_leq(receiver.got[i].size, 260U * 1024);
    }
    cr_expect_geq(api_count_lines(&own, "audit_lines_lost", "receiver="), 1);
    end();
}

Test(audit_webhook, gets_what_is_left_at_the_end)
{
    begin();
    receiver_behave(&receiver, MANNERS_BUSY, 1);
    ask(1, "User-Agent: first");
    receiver_await(&receiver, 1);
    ask(2, "User-Agent: last");
    cr_assert(daemon_stop(&own));
    await_records(1 + 1 + 2);
    end();
}

Test(audit_webhook, does_not_hold_up_the_end_by_its_silence)
{
    begin();
    receiver_behave(&receiver, MANNERS_SILENT, 100);
    ask(1, "User-Agent: first");
    receiver_await(&receiver, 1);
    ask(3, "User-Agent: last");

    kv_millis before = kv_clock_monotonic();

    cr_assert(daemon_stop(&own));
    cr_expect_lt(kv_clock_monotonic() - before, 8000,
                 "a silent receiver is waited for ten seconds");
    launch(NULL); /* the log goes on */
    cr_expect_eq(api_count_lines(&own, "audit_lines_lost", "count=4"), 1);
    end();
}

Test(audit_webhook, is_trusted_by_the_ca_that_is_given_and_not_without)
{
    char pem[320];
    const char *more[] = { "--event-webhook-ca", pem, NULL };

    daemon_prepare(&own);
    (void) snprintf(pem, sizeof(pem), "%s.ca", own.log);
    receiver_start(&receiver, pem);
    launch(NULL);
    ask(1, "User-Agent: first");
    for (int i = 0; i < 400 && api_count_lines(&own, "audit_not_taken", "certificate") == 0; i++) {
        usleep(50000);
    }
    cr_expect_eq(api_count_lines(&own, "audit_not_taken", "certificate"), 1);
    cr_assert(daemon_stop(&own));
    cr_expect_eq(receiver.count, 0);
    launch(more);
    ask(1, "User-Agent: second");
    receiver_await(&receiver, 1);
    unlink(pem);
    end();
}

Test(audit_webhook, has_the_lines_of_the_file)
{
    char path[320], line[8192];
    const char *more[] = { "--audit-log", path, NULL };

    receiver_start(&receiver, NULL);
    daemon_prepare(&own);
    (void) snprintf(path, sizeof(path), "%s.audit", own.log);
    launch(more);
    ask(1, "User-Agent: both");
    receiver_await(&receiver, 1);
    cr_assert(daemon_stop(&own));

    FILE *file = fopen(path, "r");

    cr_assert_not_null(file);
    cr_assert_not_null(fgets(line, sizeof(line), file));
    fclose(file);
    line[strcspn(line, "\n")] = '\0';
    cr_expect_not_null(strstr(receiver.got[0].body, line), "%s", receiver.got[0].body);
    unlink(path);
    end();
}
