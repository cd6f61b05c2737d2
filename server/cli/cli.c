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
#define X(symbol, name, run, help) { name, KV_COMMAND_##symbol, run, help },
#include "kv/base/command.def"
#undef X
};

/* Whether the name of a command has `word` as its first one. */
static bool begins_with(const struct row *row, const char *word)
{
    size_t len = strlen(word);

    return strncmp(row->name, word, len) == 0 && (row->name[len] == ' ' || row->name[len] == '\0');
}

/* How many arguments are the name of the command; 0: it is another one. */
static int match(const struct row *row, int argc, char *const argv[])
{
    const char *second = strchr(row->name, ' ');

    if (argc < 2 || !begins_with(row, argv[1])) {
        return 0;
    }
    if (second == NULL) {
        return 1;
    }
    return argc > 2 && strcmp(argv[2], second + 1) == 0 ? 2 : 0;
}

static const struct row *find_row(int argc, char *const argv[], int *ret_words)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        *ret_words = match(&rows[i], argc, argv);
        if (*ret_words > 0 && rows[i].run != NULL) {
            return &rows[i];
        }
    }
    return NULL;
}

static void print_help(const struct row *row)
{
    (void) printf("Usage: coffer %s [OPTION]...", row->name);
    kv_options_print_arguments(row->command, stdout);
    (void) printf("\n%s.\n\n", row->help);
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

static bool is_shown(const struct row *row, const char *first_word)
{
    return *first_word == '\0' || begins_with(row, first_word);
}

/* The names stand in a column that the longest of them fits. */
static void print_rows(const char *first_word, FILE *out)
{
    size_t width = 0;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        size_t len = is_shown(&rows[i], first_word) ? strlen(rows[i].name) : 0;

        width = len > width ? len : width;
    }
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (is_shown(&rows[i], first_word)) {
            (void) fprintf(out, "  %-*s  %s\n", (int) width, rows[i].name, rows[i].help);
        }
    }
    (void) fprintf(out, "\ncoffer COMMAND --help lists the options of a command.\n");
}

void kv_cli_print_usage(FILE *out)
{
    (void) fprintf(out,
                   "Usage: coffer COMMAND [OPTION]...\n"
                   "A local stand-in for Azure Key Vault keys that live in a PKCS#11 token.\n\n");
    print_rows("", out);
}

static bool is_group(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (begins_with(&rows[i], name) && strchr(rows[i].name, ' ') != NULL) {
            return true;
        }
    }
    return false;
}

static void print_group(const char *name, FILE *out)
{
    (void) fprintf(out, "Usage: coffer %s COMMAND [OPTION]...\n\n", name);
    print_rows(name, out);
}

/* What is no command: a group of them without its second word, or nothing we know. */
static int refuse(int argc, char *const argv[])
{
    const char *name = argc > 1 ? argv[1] : "";
    const char *second = argc > 2 ? argv[2] : "";

    if (is_group(name) && strcmp(second, "--help") == 0) {
        print_group(name, stdout);
        return EXIT_DONE;
    }
    if (*name != '\0' && (!is_group(name) || *second != '\0')) {
        (void) fprintf(stderr, "coffer: %s%s%s is not a command\n", name, is_group(name) ? " " : "",
                       is_group(name) ? second : "");
    }
    if (is_group(name)) {
        print_group(name, stderr);
    } else if (*name != '\0') { /* the list is so long that what is wrong would scroll away */
        (void) fputs("Try \"coffer --help\".\n", stderr);
    } else {
        kv_cli_print_usage(stderr);
    }
    return EXIT_USAGE;
}

int kv_cli_run(int argc, char *const argv[], char *const environment[])
{
    const char *name = argc > 1 ? argv[1] : "";
    int words;
    const struct row *row = find_row(argc, argv, &words);

    if (strcmp(name, "--help") == 0) {
        kv_cli_print_usage(stdout);
        return EXIT_DONE;
    }
    if (strcmp(name, "--version") == 0) {
        (void) puts(PACKAGE_STRING);
        return EXIT_DONE;
    }
    if (row == NULL) {
        return refuse(argc, argv);
    }
    kv_json_setup();
    (void) curl_global_init(CURL_GLOBAL_DEFAULT); /* without it libcurl would do so itself */
    int code = run_row(row, argc - words, argv + words, environment);
    curl_global_cleanup();
    return code;
}
