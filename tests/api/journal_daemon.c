/* SPDX-License-Identifier: Apache-2.0 */
/* What options, resets and removals make of the journal, each with a daemon of its own. */
#include "journal_tools.h"

#include <stdio.h>
#include <string.h>

static struct daemon own;

static void prepare(void)
{
    daemon_prepare(&own);
}

static void discard(void)
{
    daemon_discard(&own);
}

TestSuite(journal_daemon, .init = prepare, .fini = discard, .timeout = 120);

static void start(const char *const *arguments)
{
    cr_assert(daemon_start(&own, arguments));
}
#define START(...) start((const char *const[]){ __VA_ARGS__, NULL })

static void get(const char *vault, const char *key)
{
    char path[96];
    API_CLIENT_OF(&own, dev);

    (void) snprintf(path, sizeof(path), "/keys/%s", key);
    API_REPLY(reply, client_call_vault(&dev, vault, false, "GET", path, NULL));
    cr_assert_eq(reply.status, 404, "%s", reply.body);
}

static int count(const char *query)
{
    API_REPLY(reply, journal_ask(&own, "GET", query, NULL));

    cr_assert_eq(reply.status, 200, "%s", reply.body);
    return cJSON_GetArraySize(reply_item(&reply, "requests"));
}

static void reset(const char *body)
{
    const struct request request = {
        .method = "POST",
        .target = "/control/v1/reset",
        .body = body,
        .control = true,
    };
    API_CLIENT_OF(&own, dev);
    API_REPLY(reply, client_send(&dev, &request));

    cr_assert_eq(reply.status, 204, "%s", reply.body);
}

Test(journal_daemon, keeps_none_when_it_may_not)
{
    static const struct {
        const char *method, *behind, *body;
    } rows[] = {
        { "GET", "", NULL },
        { "DELETE", "", NULL },
        { "GET", "/retries", NULL },
        { "POST", "/wait", "{\"timeout\":60}" },
        { "POST", "/expect", "{\"count\":0}" },
    };

    START("--journal", "0");
    get("dev", "k");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, journal_ask(&own, rows[i].method, rows[i].behind, rows[i].body));
        cr_expect_eq(reply.status, 409, "row %zu: %ld", i, reply.status);
        cr_expect_str_eq(reply_text(&reply, "error.message"),
                         "No journal is kept: this runs with --journal 0.");
    }
    reset("{}");
    cr_expect(daemon_stop(&own));
}

Test(journal_daemon, keeps_the_newest_of_too_many)
{
    START("--journal", "3");
    for (int i = 0; i < 5; i++) {
        char key[16];

        (void) snprintf(key, sizeof(key), "k%d", i);
        get("dev", key);
    }
    API_REPLY(reply, journal_ask(&own, "GET", "", NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&reply, "requests")), 3);
    cr_expect_eq(reply_number(&reply, "capacity"), 3);
    cr_expect_eq(reply_number(&reply, "last") - reply_number(&reply, "first"), 2);
    cr_expect_str_eq(journal_text(journal_entry(&reply, 1), "key"), "k4",
                     "between the tokens of those who asked: %s", reply.body);
    cr_expect(daemon_stop(&own));
}

Test(journal_daemon, is_cleared_and_reset)
{
    START("--vault", "dev", "--vault", "other");
    get("dev", "a");
    get("dev", "b");
    get("other", "a");
    API_REPLY(some, journal_ask(&own, "DELETE", "?key=b", NULL));
    cr_expect_eq(some.status, 204);
    cr_expect_eq(count("?vault=dev"), 1);
    reset("{\"vault\":\"other\"}");
    cr_expect_eq(count("?vault=other"), 0);
    cr_expect_eq(count("?vault=dev"), 1);
    API_REPLY(all, journal_ask(&own, "DELETE", "", NULL));
    cr_expect_eq(all.status, 204);
    cr_expect_eq(count("?kind=request"), 0);
    get("dev", "c");
    reset("{}");
    cr_expect_eq(count("?vault=dev"), 0);
    cr_expect(daemon_stop(&own));
}

Test(journal_daemon, keeps_what_the_control_port_was_asked_when_it_may)
{
    START("--journal-control");
    API_REPLY(refused, journal_ask(&own, "GET", "?format=xml", NULL));
    API_REPLY(reply, journal_ask(&own, "GET", "?kind=control", NULL));
    const cJSON *entry = journal_entry(&reply, 0);
    cr_assert_not_null(entry, "%s", reply.body);
    cr_expect_str_eq(journal_text(entry, "path"), "/control/v1/requests");
    cr_expect_str_eq(journal_text(entry, "code"), "BadParameter");
    cr_expect(daemon_stop(&own));
}
