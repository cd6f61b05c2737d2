/* SPDX-License-Identifier: Apache-2.0 */
/* coffer journal: what a shell sees, one command after another. */
#include "journal_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

TestSuite(journal_shell, .timeout = 120);

#define WORDS_MAX 16
#define OUTPUT_SIZE 65536

static const struct {
    const char *words[WORDS_MAX];
    int status;
    const char *said;
} commands[] = {
    { { "journal" }, 2, "Usage: coffer journal COMMAND" },
    { { "journal", "expect", "--key", "shell-j" }, 1, "Give count, or min, max or both." },
    { { "journal", "expect", "--count", "many" }, 2, "--count many is not a number" },
    { { "journal", "expect", "--count", "1", "--operation", "fly" }, 1, "matches no operation" },
    { { "journal", "list", "--status", "9" }, 1, "'9' matches no status" },
    { { "journal", "wait", "--timeout", "600s" }, 2, "--timeout" },
    { { "journal", "expect", "--key", "shell-j", "--operation", "getKey", "--status", "404",
        "--count", "2" },
      0,
      "" },
    { { "journal", "expect", "--key", "shell-j", "--min", "1", "--max", "2" }, 0, "" },
    { { "journal", "expect", "--key", "shell-j", "--status", "403", "--count", "1" },
      1,
      " getKey dev/shell-j 404 KeyNotFound: status is 404, not 403\n" },
    { { "journal", "expect", "--key", "shell-j", "--max", "1" },
      1,
      " 404 KeyNotFound\ncoffer journal expect: it is not as expected\n" },
    { { "journal", "list", "--key", "shell-j" }, 0, " getKey dev/shell-j 404 KeyNotFound " },
    { { "journal", "list", "--key", "shell-none" }, 0, "" },
    { { "journal", "wait", "--key", "shell-j", "--count", "2" }, 0, " getKey dev/shell-j 404 " },
    { { "journal", "wait", "--key", "shell-j", "--count", "3", "--timeout", "100ms" },
      1,
      "coffer journal wait: the time is over, there were 2\n" },
    { { "journal", "export", "--key", "shell-j" }, 0, "\"key\":\"shell-j\"" },
    { { "journal", "export", "--key", "shell-j", "--format", "har" }, 0, "\"log\":{\"version\"" },
    { { "journal", "retries", "--key", "shell-f" },
      0,
      " getKey dev/shell-f: 503 404\n  refused; 1 retry after " },
    { { "journal", "clear", "--key", "shell-j" }, 0, "" },
    { { "journal", "expect", "--key", "shell-j", "--count", "0" }, 0, "" },
};

static int run(const char *const *words, char *ret_output)
{
    const char *all[WORDS_MAX + 3];
    char control[64];
    size_t count = 0;

    (void) snprintf(control, sizeof(control), "http://127.0.0.1:%u", api_daemon()->control_port);
    for (; words[count] != NULL; count++) {
        all[count] = words[count];
    }
    if (count > 1) {
        all[count++] = "--control";
        all[count++] = control;
    }
    all[count] = NULL;
    return program_run(all, ret_output, OUTPUT_SIZE);
}

static void get(const char *key, long status)
{
    char path[96];
    API_CLIENT(dev);

    (void) snprintf(path, sizeof(path), "/keys/%s", key);
    API_REPLY(reply, client_call(&dev, "GET", path, NULL));
    cr_assert_eq(reply.status, status, "%s", reply.body);
}

Test(journal_shell, lists_awaits_and_expects)
{
    static char output[OUTPUT_SIZE];

    get("shell-j", 404);
    get("shell-j", 404);
    fault_add("shell-f", "\"match\":{\"key\":\"shell-f\"},\"when\":{\"times\":1},\"effect\":"
                         "{\"status\":503}");
    get("shell-f", 503);
    get("shell-f", 404);
    for (size_t i = 0; i < KV_COUNT(commands); i++) {
        cr_expect_eq(run(commands[i].words, output), commands[i].status, "row %zu: %s", i, output);
        cr_expect_not_null(strstr(output, commands[i].said), "row %zu: %s", i, output);
    }
    fault_remove("shell-f");
}

/* More than a page of the server has. */
Test(journal_shell, lists_all_pages)
{
    static const char *const list[] = { "journal", "export", "--key", "shell-page", NULL };
    static const char *const har[] = { "journal",  "export", "--key", "shell-page",
                                       "--format", "har",    NULL };
    static char output[2000000];
    const char *all[WORDS_MAX];
    char control[64];
    int lines = 0;
    API_CLIENT(dev);

    for (int i = 0; i < 1005; i++) {
        API_REPLY(reply, client_call(&dev, "GET", "/keys/shell-page", NULL));
        cr_assert_eq(reply.status, 404);
    }
    (void) snprintf(control, sizeof(control), "http://127.0.0.1:%u", api_daemon()->control_port);
    memcpy(all, list, sizeof(list));
    all[4] = "--control";
    all[5] = control;
    all[6] = NULL;
    cr_assert_eq(program_run(all, output, sizeof(output)), 0);
    for (const char *at = output; (at = strchr(at, '\n')) != NULL; at++) {
        lines++;
    }
    cr_expect_eq(lines, 1005);
    memcpy(all, har, sizeof(har));
    all[6] = "--control";
    all[7] = control;
    all[8] = NULL;
    cr_assert_eq(program_run(all, output, sizeof(output)), 0);
    cJSON *archive = cJSON_Parse(output);
    cr_assert_not_null(archive);
    cr_expect_eq(
        cJSON_GetArraySize(cJSON_GetObjectItem(cJSON_GetObjectItem(archive, "log"), "entries")),
        1005);
    cJSON_Delete(archive);
}
