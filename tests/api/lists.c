/* SPDX-License-Identifier: Apache-2.0 */
/* Pages: contract §6.5. Daemons of their own, since a list shows everything a vault holds. */
#include "../support/api.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct daemon own;

static void start(void)
{
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, NULL));
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(lists, .init = start, .fini = stop, .timeout = 300);

/* Follows nextLink from `path`, at most `pages` times; the last part of each kid goes to `seen`. */
static size_t walk(struct client *client, const char *path, const char *member, char seen[][64],
                   size_t max, size_t *ret_pages)
{
    char target[4096];
    size_t count = 0;

    snprintf(target, sizeof(target), "%s", path);
    for (*ret_pages = 1; *ret_pages < 20; (*ret_pages)++) {
        const struct request request = { .method = "GET", .target = target };
        API_REPLY(reply, client_send(client, &request));
        const cJSON *item;
        const char *next = reply_text(&reply, "nextLink");

        cr_assert_eq(reply.status, 200, "%s: %s", target, reply.body);
        cJSON_ArrayForEach (item, reply_item(&reply, "value")) {
            const char *id = cJSON_GetObjectItem(item, member)->valuestring;

            cr_assert_lt(count, max);
            snprintf(seen[count++], 64, "%s", strrchr(id, '/') + 1);
        }
        if (next[0] == '\0') {
            cr_assert(cJSON_IsNull(reply_item(&reply, "nextLink")));
            break;
        }
        snprintf(target, sizeof(target), "%s", strchr(next + strlen("https://"), '/'));
    }
    return count;
}

Test(lists, empty_vault_is_an_empty_page)
{
    API_CLIENT_OF(&own, dev);
    API_REPLY(live, client_call(&dev, "GET", "/keys", NULL));
    API_REPLY(deleted, client_call(&dev, "GET", "/deletedkeys", NULL));
    API_REPLY(versions, client_call(&dev, "GET", "/keys/nobody/versions", NULL));

    cr_assert_str_eq(live.body, "{\"value\":[],\"nextLink\":null}");
    cr_assert_str_eq(deleted.body, "{\"value\":[],\"nextLink\":null}");
    cr_assert_str_eq(versions.body, "{\"value\":[],\"nextLink\":null}");
}

Test(lists, keys_come_once_each_by_upper_cased_name)
{
    static const char *const names[] = { "b", "A", "c2", "C1", "-", "0" };
    static const char *const sorted[] = { "-", "0", "A", "b", "C1", "c2" };
    char seen[16][64];
    char version[33];
    size_t pages;
    API_CLIENT_OF(&own, dev);

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        api_create_key(&dev, names[i], "", version);
    }
    cr_assert_eq(walk(&dev, "/keys?maxresults=2&api-version=7.4", "kid", seen, 16, &pages), 6);
    cr_assert_eq(pages, 3);
    for (size_t i = 0; i < KV_COUNT(sorted); i++) {
        cr_expect_str_eq(seen[i], sorted[i]);
    }
    api_proves("list");
}

Test(lists, item_has_no_version_and_no_key)
{
    API_CLIENT_OF(&own, dev);
    char version[33];
    char kid[256];

    api_create_key(&dev, "item", ",\"tags\":{\"t\":\"v\"}", version);
    snprintf(kid, sizeof(kid),
             "{\"value\":[{\"kid\":\"https://dev.vault.localhost:%u/keys/item\","
             "\"attributes\":{\"enabled\":true,\"key_size\":2048,",
             own.port);

    API_REPLY(reply, client_call(&dev, "GET", "/keys", NULL));
    cr_assert_eq(strncmp(reply.body, kid, strlen(kid)), 0, "%s", reply.body);
    cr_assert_not_null(strstr(reply.body, "\"hsmPlatform\":\"0\"},\"tags\":{\"t\":\"v\"}}],"));
    cr_assert_null(reply_item(&reply, "value.0.key"));
}

Test(lists, versions_come_by_version_and_only_of_that_key)
{
    char seen[16][64];
    char version[33];
    size_t pages;
    API_CLIENT_OF(&own, dev);

    for (size_t i = 0; i < 5; i++) {
        api_create_key(&dev, "many", "", version);
    }
    api_create_key(&dev, "manyother", "", version);
    cr_assert_eq(
        walk(&dev, "/keys/Many/versions?api-version=7.4&maxresults=2", "kid", seen, 16, &pages), 5);
    cr_assert_eq(pages, 3);
    for (size_t i = 1; i < 5; i++) {
        cr_expect_lt(strcmp(seen[i - 1], seen[i]), 0);
    }
}

Test(lists, deleted_keys_carry_their_dates)
{
    static const char *const names[] = { "x", "y", "z" };
    char seen[16][64];
    char path[64];
    char version[33];
    size_t pages;
    API_CLIENT_OF(&own, dev);

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        api_create_key(&dev, names[i], "", version);
        snprintf(path, sizeof(path), "/keys/%s", names[i]);

        API_REPLY(deleted, client_call(&dev, "DELETE", path, NULL));
        cr_assert_eq(deleted.status, 200);
    }
    cr_assert_eq(walk(&dev, "/deletedkeys?%24top=1&maxresults=2&api-version=7.4", "recoveryId",
                      seen, 16, &pages),
                 3);
    cr_assert_eq(pages, 2);

    API_REPLY(reply, client_call(&dev, "GET", "/deletedkeys", NULL));
    cr_assert_eq(
        strncmp(reply.body, "{\"value\":[{\"recoveryId\":\"https://dev.vault.localhost:", 50), 0,
        "%s", reply.body);
    cr_assert_eq(reply_number(&reply, "value.0.scheduledPurgeDate"),
                 reply_number(&reply, "value.0.deletedDate") + 90 * 86400);

    API_REPLY(live, client_call(&dev, "GET", "/keys", NULL));
    cr_assert_str_eq(live.body, "{\"value\":[],\"nextLink\":null}");
    api_proves("list-deleted");
}

Test(lists, next_link_spells_the_query_as_the_service_does)
{
    char version[33];
    char expected[256];
    API_CLIENT_OF(&own, dev);

    api_create_key(&dev, "first", "", version);
    api_create_key(&dev, "second", "", version);

    API_REPLY(reply, client_call(&dev, "GET", "/keys?maxresults=1", NULL));
    snprintf(expected, sizeof(expected),
             "https://dev.vault.localhost:%u/keys?api-version=7.6&$skiptoken=RklSU1Q&maxresults=1",
             own.port);
    cr_assert_str_eq(reply_text(&reply, "nextLink"), expected);
}

/* contract §1 */
Test(lists, parameters_are_known_in_any_case)
{
    static const char *const targets[] = {
        "/keys?API-VERSION=7.4&MaxResults=0",
        "/keys?Api-Version=7.4&MAXRESULTS=none",
        "/keys?api%2DVersion=7.4&$SkipToken=none",
        "/keys?api-version=7.4&%24SKIPTOKEN=none",
    };
    API_CLIENT_OF(&own, dev);
    const struct request good = { .method = "GET", .target = "/keys?API-VERSION=7.4" };

    API_REPLY(page, client_send(&dev, &good));
    cr_expect_eq(page.status, 200, "%s", page.body);
    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        const struct request request = { .method = "GET", .target = targets[i] };
        API_REPLY(reply, client_send(&dev, &request));
        cr_expect_eq(reply.status, 400, "%s", targets[i]);
        cr_expect_not_null(strstr(reply.body, i < 2 ? "maxresults" : "$skiptoken"), "%s: %s",
                           targets[i], reply.body);
    }
}

Test(lists, bad_paging_is_refused)
{
    static const char count[] = "The maxresults query parameter must be a number from 1 to 25.";
    static const char token[] = "The $skiptoken query parameter is not one that this service gave.";
    static const struct {
        const char *query, *message;
    } rows[] = {
        { "maxresults=0", count },    { "maxresults=26", count },
        { "maxresults=-1", count },   { "maxresults=x", count },
        { "maxresults=1x", count },   { "maxresults=99999999999999999999", count },
        { "maxresults=", count },     { "$skiptoken=%2B%2B", token },
        { "$skiptoken=a", token },    { "$skiptoken=", token },
        { "$skiptoken=AA", token },   { "%24skiptoken=_w", token },
        { "$skiptoken=YmFk", token }, /* "bad", which is no upper-cased name */
    };
    char target[128];
    API_CLIENT_OF(&own, dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        snprintf(target, sizeof(target), "/keys?%s", rows[i].query);
        API_REPLY(reply, client_call(&dev, "GET", target, NULL));
        cr_expect(reply_is_error(&reply, 400, "BadParameter", NULL, rows[i].message), "%s",
                  rows[i].query);
    }
}
