/* SPDX-License-Identifier: Apache-2.0 */
/* The audit log: its records, whole, for each outcome; and its file. */
#include "events_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

TestSuite(audit, .timeout = 120);

static struct daemon own;
static char path[320];

static void begin(void)
{
    const char *arguments[] = { "--vault",     "dev",
                                "--vault",     "rbac,access=rbac",
                                "--vault",     "shut,access=policy",
                                "--firewall",  "fenced,default-action=deny",
                                "--vault",     "fenced",
                                "--grant",     "shut,permissions=get",
                                "--audit-log", path,
                                NULL };

    daemon_prepare(&own);
    (void) snprintf(path, sizeof(path), "%s.audit", own.log);
    cr_assert(daemon_start(&own, arguments));
    api_set_clock(&own, "{\"set\":1669071668,\"frozen\":true}");
}

static void end(void)
{
    unlink(path);
    api_end(&own);
}

/* The last of so many lines, once they are there; the caller's. */
static char *await_line(const char *file_path, int count)
{
    char *line = malloc(8192);

    for (int i = 0; i < 400; i++) {
        FILE *file = fopen(file_path, "r");
        int found = 0;

        while (file != NULL && found < count && fgets(line, 8192, file) != NULL) {
            found++;
        }
        if (file != NULL) {
            fclose(file);
        }
        if (found == count) {
            return line;
        }
        usleep(25000);
    }
    free(line);
    cr_assert(false, "there are not %d lines", count);
    return NULL;
}

/* Names in other vaults, and a request for each outcome. The line behind it, masked. */
#define RECORD(vault, operation, result, signature, description, claim, uri, rest)                 \
    "{\"time\":\"2022-11-21T23:01:08.0000000Z\",\"resourceId\":\"/SUBSCRIPTIONS/GUID/"             \
    "RESOURCEGROUPS/COFFER/PROVIDERS/MICROSOFT.KEYVAULT/VAULTS/" vault                             \
    "\",\"operationName\":\"" operation "\",\"operationVersion\":\"7.6\","                         \
    "\"category\":\"AuditEvent\",\"resultType\":\"" result "\",\"resultSignature\":\"" signature   \
    "\",\"resultDescription\":\"" description "\",\"durationMs\":\"D\","                           \
    "\"callerIpAddress\":\"127.0.0.1\",\"correlationId\":\"GUID\",\"identity\":{\"claim\":{" claim \
    "}},\"properties\":{\"clientInfo\":\"tester/1.0\",\"requestUri\":\"https://" uri               \
    "?api-version=7.6\"" rest "}}\n"
#define SOMEBODY                                                                                   \
    "\"http://schemas.microsoft.com/identity/claims/"                                              \
    "objectidentifier\":\"GUID\",\"appid\":\"GUID\""
#define NOT_FOUND                                                                                  \
    "A key with (name/id) k was not found in this key vault. If you recently deleted this key "    \
    "you "                                                                                         \
    "may be able to recover it using the correct recovery command. For help resolving this "       \
    "issue, "                                                                                      \
    "please see https://go.microsoft.com/fwlink/?linkid=2125182"

static const struct {
    const char *vault, *method, *path, *body;
    bool without_token;
    const char *line;
} rows[] = {
    { "dev", "GET", "/keys/k", NULL, true,
      RECORD("DEV", "Authentication", "Failed", "Unauthorized",
             "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token.", "",
             "dev.vault.localhost:P/keys/k",
             ",\"id\":\"https://dev.vault.localhost:P/keys/k\",\"httpStatusCode\":401") },
    { "dev", "GET", "/keys/k", NULL, false,
      RECORD("DEV", "KeyGet", "Failed", "Not Found", NOT_FOUND, SOMEBODY,
             "dev.vault.localhost:P/keys/k",
             ",\"id\":\"https://dev.vault.localhost:P/keys/k\",\"httpStatusCode\":404") },
    { "dev", "POST", "/keys/k/create", "{\"kty\":\"EC\"}", false,
      RECORD("DEV", "KeyCreate", "Success", "OK", "", SOMEBODY,
             "dev.vault.localhost:P/keys/k/create",
             ",\"id\":\"https://dev.vault.localhost:P/keys/k\",\"httpStatusCode\":200,"
             "\"isAddressAuthorized\":true") },
    { "shut", "GET", "/keys", NULL, false, "\"isAccessPolicyMatch\":false}}\n" },
    { "shut", "GET", "/keys/k", NULL, false, "\"httpStatusCode\":404}}\n" },
    { "rbac", "GET", "/keys/k", NULL, false,
      "\"httpStatusCode\":403,\"isAddressAuthorized\":true,\"isRbacAuthorized\":false}}\n" },
    { "fenced", "GET", "/keys/k", NULL, false,
      "\"httpStatusCode\":403,\"isAddressAuthorized\":false}}\n" },
};

static void ask(size_t row)
{
    struct client client;
    char target[128];

    client_open(&client, &own, rows[row].vault);
    (void) snprintf(target, sizeof(target), "%s?maxresults=5&api-version=7.6&sig=hush",
                    rows[row].path);
    API_REPLY(reply, client_send(&client, &(struct request){
                                              .method = rows[row].method,
                                              .target = target,
                                              .body = rows[row].body,
                                              .headers = { "User-Agent: tester/1.0" },
                                              .without_token = rows[row].without_token,
                                          }));
    client_close(&client);
}

Test(audit, has_a_record_of_each_outcome)
{
    begin();
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        ask(i);
        char *line = await_line(path, (int) i + 1);
        size_t len = strlen(rows[i].line);

        cr_expect_null(strstr(line, "hush"), "row %zu: %s", i, line);
        events_mask(&own, line);
        if (rows[i].line[0] == '{') {
            cr_expect_str_eq(line, rows[i].line, "row %zu", i);
        } else {
            cr_expect(strlen(line) > len, "row %zu", i);
            cr_expect_str_eq(line + strlen(line) - len, rows[i].line, "row %zu: %s", i, line);
        }
        free(line);
    }

    struct stat info;
    cr_assert_eq(stat(path, &info), 0);
    cr_expect_eq(info.st_mode & 0777, 0600);
    end();
}

/* A line is never longer than the queue takes, and always JSON, whatever a client puts into it. */
Test(audit, has_a_record_of_a_request_with_long_and_broken_texts)
{
    static char agent[6000], target[400];

    begin();
    (void) snprintf(agent, sizeof(agent), "User-Agent: ");
    for (size_t i = strlen(agent); i < sizeof(agent) - 1; i++) {
        agent[i] = "\"\\\xff\xc3(<"[i % 6];
    }
    (void) snprintf(target, sizeof(target), "/keys/%0127d?api-version=7.6", 0);

    API_CLIENT_OF(&own, dev);
    API_REPLY(reply,
              client_send(&dev, &(struct request){
                                    .method = "GET", .target = target, .headers = { agent } }));
    cr_expect_eq(reply.status / 100, 4, "%ld %s", reply.status, reply.body);

    char *line = await_line(path, 1);
    cJSON *record = cJSON_Parse(line);

    cr_expect_not_null(record, "%s", line);
    cr_expect_lt(strlen(line), 4097);
    cr_expect_str_eq(cJSON_GetStringValue(cJSON_GetObjectItem(record, "operationName")), "KeyGet");
    cJSON_Delete(record);
    free(line);
    end();
}

Test(audit, goes_on_in_a_new_file_when_its_own_was_moved_away)
{
    char moved[340];

    begin();
    ask(1);
    free(await_line(path, 1));
    (void) snprintf(moved, sizeof(moved), "%s.1", path);
    cr_assert_eq(rename(path, moved), 0);
    for (int i = 0; i < 400 && access(path, F_OK) != 0; i++) {
        usleep(25000);
    }
    ask(1);
    free(await_line(path, 1));
    free(await_line(moved, 1));
    cr_expect_eq(api_count_lines(&own, "audit_log_reopened", path), 1);
    unlink(moved);
    end();
}

/* Without room on the disk lines are lost, and counted; requests are not. */
Test(audit, holds_up_nobody_when_the_disk_is_full)
{
    static const char *const arguments[] = { "--vault", "dev", "--audit-log", "/dev/full", NULL };

    api_begin(&own, arguments);
    API_CLIENT_OF(&own, dev);
    for (int i = 0; i < 50; i++) {
        API_REPLY(reply, client_call(&dev, "GET", "/keys/none", NULL));
        cr_assert_eq(reply.status, 404);
    }
    api_end(&own);
}
