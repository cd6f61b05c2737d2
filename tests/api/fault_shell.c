/* SPDX-License-Identifier: Apache-2.0 */
/* coffer fault: what a shell sees, one command after another. */
#include "fault_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

TestSuite(fault_shell, .timeout = 120);

#define WORDS_MAX 24
#define OUTPUT_SIZE 16384

static const struct {
    const char *words[WORDS_MAX];
    int status;
    const char *said;
} commands[] = {
    { { "fault" }, 2, "Usage: coffer fault COMMAND" },
    { { "fault", "add" }, 2, "say what goes wrong: --error" },
    { { "fault", "add", "--vault", "shell" }, 2, "say what goes wrong" },
    { { "fault", "add", "--status", "many" }, 2, "'many' is no number: status must be one" },
    { { "fault", "add", "--json", "/none/such" },
      2,
      "/none/such cannot be opened: --json names a file" },
    { { "fault", "add", "--json", "/dev/null" }, 2, "/dev/null is not a JSON object" },
    { { "fault", "add", "--json", "-", "--status", "429" }, 2, "has the whole rule" },
    { { "fault", "add", "--operation", "fly", "--status", "429" }, 1, "No operation is called" },
    { { "fault", "add", "--id", "shell-1", "--vault", "shell,shell2", "--key", "c*", "--operation",
        "unwrapKey", "--status", "429", "--retry-after", "5", "--skip", "1", "--times", "3" },
      0,
      "shell-1\n" },
    { { "fault", "list" },
      0,
      "shell-1  hits 0 of 0  match {\"vault\":[\"shell\",\"shell2\"],\"key\":[\"c*\"],"
      "\"operation\":[\"unwrapKey\"]}  when {\"skip\":1,\"times\":3}  effect "
      "{\"status\":429,\"retry_after\":5}\n" },
    { { "fault", "add", "--id", "shell-1", "--hang" }, 1, "There is a rule 'shell-1' already." },
    { { "fault",         "add",   "--id",      "shell-2",  "--vault", "shell",   "--stage",
        "arrival",       "--cut", "truncated", "--length", "7",       "--delay", "10",
        "--probability", "0.5",   "--seed",    "9",        "--ttl",   "600" },
      0,
      "shell-2\n" },
    { { "fault", "list" },
      0,
      "  stage \"arrival\"  match {\"vault\":[\"shell\"]}  when "
      "{\"probability\":0.5,\"seed\":9}  effect "
      "{\"delay\":10,\"cut\":\"truncated\",\"length\":7}  expires_in " },
    { { "fault", "add", "--id", "shell-3", "--vault", "shell", "--carried-out", "--hang" },
      0,
      "shell-3\n" },
    { { "fault", "list" }, 0, "effect {\"hang\":true,\"carried_out\":true}\n" },
    { { "fault", "remove" }, 2, "" },
    { { "fault", "remove", "shell-0" }, 1, "There is no rule 'shell-0'." },
    { { "fault", "remove", "shell-3" }, 0, "" },
    { { "fault", "remove", "shell-3" }, 1, "There is no rule 'shell-3'." },
    { { "fault", "clear", "--vault", "shell" }, 0, "" },
    { { "fault", "remove", "shell-2" }, 1, "There is no rule 'shell-2'." },
    { { "fault", "remove", "shell-1" }, 0, "" },
};

static int run(const char *const *words, char ret_output[OUTPUT_SIZE])
{
    const char *all[WORDS_MAX + 3];
    char control[64];
    size_t count = 0;
    bool has_command = words[1] != NULL;

    (void) snprintf(control, sizeof(control), "http://127.0.0.1:%u", api_daemon()->control_port);
    while (words[count] != NULL) {
        all[count] = words[count];
        count++;
    }
    if (has_command) {
        all[count++] = "--control";
        all[count++] = control;
    }
    all[count] = NULL;
    return program_run(all, ret_output, OUTPUT_SIZE);
}

Test(fault_shell, adds_lists_and_removes_rules)
{
    static char output[OUTPUT_SIZE];

    for (size_t i = 0; i < KV_COUNT(commands); i++) {
        cr_expect_eq(run(commands[i].words, output), commands[i].status, "row %zu: %s", i, output);
        cr_expect_not_null(strstr(output, commands[i].said), "row %zu: %s", i, output);
    }
}

Test(fault_shell, adds_the_rules_of_a_file)
{
    static const char *const words[WORDS_MAX] = { "fault", "add", "--json", NULL, NULL };
    static const char text[] = "{\"rules\":[{\"id\":\"of-file-1\",\"match\":{\"vault\":\"filed\"},"
                               "\"effect\":{}},{\"id\":\"of-file-2\",\"match\":{\"vault\":"
                               "\"filed\"},\"effect\":{\"status\":503}}]}";
    char path[] = "/tmp/coffer-fault-XXXXXX";
    const char *all[WORDS_MAX];
    static char output[OUTPUT_SIZE];
    int descriptor = mkstemp(path);

    cr_assert_geq(descriptor, 0);
    cr_assert_eq(write(descriptor, text, strlen(text)), (ssize_t) strlen(text));
    close(descriptor);
    memcpy(all, words, sizeof(all));
    all[3] = path;
    cr_expect_eq(run(all, output), 0, "%s", output);
    cr_expect_not_null(strstr(output, "of-file-1\nof-file-2\n"), "%s", output);
    unlink(path);
    API_REPLY(cleared, fault_ask("DELETE", "?vault=filed", NULL));
    cr_expect_eq(cleared.status, 204);
}
