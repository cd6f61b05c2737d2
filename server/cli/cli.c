/* SPDX-License-Identifier: Apache-2.0 */
/* Which command is meant, its options, its help, its exit code. */

#include "cli.h"

#include <string.h>

#include <curl/curl.h>

#include "config.h"
#include "kv/base/json.h"

enum { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static const struct row {
    const char *name;
    enum kv_command command;
    kv_cli_fn *run; /* NULL: serve, which is main.c's */
    const char *help;
} rows[] = {
    { "serve", KV_COMMAND_SERVE, NULL, "Run the emulator in the foreground" },
    { "healthcheck", KV_COMMAND_HEALTHCHECK, kv_cli_healthcheck,
      "Succeed when the running emulator is ready" },
    { "ca", KV_COMMAND_CA, kv_cli_ca, "Print the CA certificate" },
    { "env", KV_COMMAND_ENV, kv_cli_env, "Print export lines that make SDKs work" },
    { "hosts", KV_COMMAND_HOSTS, kv_cli_hosts, "Print the hosts-file lines for the vault names" },
    { "token", KV_COMMAND_TOKEN, kv_cli_token, "Print an access token" },
};

static const struct row *find_row(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (strcmp(rows[i].name, name) == 0 && rows[i].run != NULL) {
            return &rows[i];
        }
    }
    return NULL;
}

static void print_help(const struct row *row)
{
    (void) printf("Usage: coffer %s [OPTION]...\n%s.\n\n", row->name, row->help);
    kv_options_print_help(row->command, stdout);
}

/* A command that could not print its result has not done it. */
static enum kv_code flush_output(struct kv_err *err)
{
    if (fflush(stdout) != 0 || ferror(stdout)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the result could not be written");
    }
    return KV_OK;
}

static enum kv_code run_command(const struct row *row, int argc, char *const argv[],
                                char *const environment[], struct kv_err *err)
{
    kv_auto(kv_options_free) struct kv_options *options = NULL;

    KV_TRY(kv_options_load(row->command, argc, argv, environment, &options, err));
    if (kv_option_flag(options, KV_OPTION_HELP)) {
        print_help(row);
    } else {
        KV_TRY(row->run(options, err));
    }
    return flush_output(err);
}

static int run_row(const struct row *row, int argc, char *const argv[], char *const environment[])
{
    struct kv_err err = { 0 };

    enum kv_code code = run_command(row, argc, argv, environment, &err);
    if (code == KV_OK) {
        return EXIT_DONE;
    }
    (void) fprintf(stderr, "coffer %s: %s\n", row->name, err.message);
    return code == KV_BAD_PARAMETER ? EXIT_USAGE : EXIT_FAILED;
}

void kv_cli_print_usage(FILE *out)
{
    (void) fprintf(out,
                   "Usage: coffer COMMAND [OPTION]...\n"
                   "A local stand-in for Azure Key Vault keys that live in a PKCS#11 token.\n\n");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        (void) fprintf(out, "  %-12s %s\n", rows[i].name, rows[i].help);
    }
    (void) fprintf(out, "\ncoffer COMMAND --help lists the options of a command.\n");
}

int kv_cli_run(int argc, char *const argv[], char *const environment[])
{
    const char *name = argc > 1 ? argv[1] : "";
    const struct row *row = find_row(name);

    if (strcmp(name, "--help") == 0) {
        kv_cli_print_usage(stdout);
        return EXIT_DONE;
    }
    if (strcmp(name, "--version") == 0) {
        (void) puts(PACKAGE_STRING);
        return EXIT_DONE;
    }
    if (row == NULL) {
        if (*name != '\0') {
            (void) fprintf(stderr, "coffer: %s is not a command\n\n", name);
        }
        kv_cli_print_usage(stderr);
        return EXIT_USAGE;
    }
    kv_json_setup();
    (void) curl_global_init(CURL_GLOBAL_DEFAULT); /* without it libcurl would do so itself */
    int code = run_row(row, argc - 1, argv + 1, environment);
    curl_global_cleanup();
    return code;
}
