/* SPDX-License-Identifier: Apache-2.0 */
/* The program: one binary, a subcommand each. `serve` is here, the others are in cli/. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cli.h"
#include "kv/base/json.h"
#include "kv/base/log.h"
#include "kv/base/options.h"
#include "kv/base/secret.h"
#include "serve/serve.h"

enum exit_status { EXIT_DONE = 0, EXIT_FAILED = 1, EXIT_USAGE = 2 };

static enum kv_log_level log_level(const char *name)
{
    static const char *const names[] = {
        [KV_LOG_ERROR] = "error",
        [KV_LOG_WARNING] = "warning",
        [KV_LOG_INFO] = "info",
        [KV_LOG_DEBUG] = "debug",
    };
    size_t level = 0;

    while (level < KV_LOG_DEBUG && strcmp(names[level], name) != 0) {
        level++;
    }
    return (enum kv_log_level) level;
}

static void set_up_process(const struct kv_options *options)
{
    const char *format = kv_option_text(options, KV_OPTION_LOG_FORMAT);

    umask(077);
    kv_secret_protect_process();
    kv_json_setup();
    kv_log_setup(log_level(kv_option_text(options, KV_OPTION_LOG_LEVEL)),
                 strcmp(format, "json") == 0 ? KV_LOG_JSON : KV_LOG_TEXT);
}

/* A typing error is worth a warning; an injected value in an option's place a line, too. */
static void log_stray(const struct kv_stray *stray, void *context)
{
    (void) context;
    if (stray->is_injected) {
        kv_log(stray->has_option ? KV_LOG_INFO : KV_LOG_DEBUG, "injected_variable_ignored",
               KV_LOG_TEXT_FIELD("variable", stray->name));
    } else if (stray->nearest[0] != '\0') {
        kv_log(KV_LOG_WARNING, "unknown_variable", KV_LOG_TEXT_FIELD("variable", stray->name),
               KV_LOG_TEXT_FIELD("nearest", stray->nearest));
    } else {
        kv_log(KV_LOG_WARNING, "unknown_variable", KV_LOG_TEXT_FIELD("variable", stray->name));
    }
}

static int report(const struct kv_err *err, enum exit_status status)
{
    char text[sizeof(err->message) + 64];

    (void) snprintf(text, sizeof(text), "coffer: %s\n%s", err->message,
                    status == EXIT_USAGE ? "Try \"coffer serve --help\".\n" : "");
    kv_log_say(text);
    return status;
}

static int read_options_and_serve(int argc, char **argv)
{
    kv_auto(kv_options_free) struct kv_options *options = NULL;
    struct kv_err err;
    enum kv_code code;

    if (kv_options_load(KV_COMMAND_SERVE, argc, argv, environ, &options, &err) != KV_OK) {
        if (signals_have_come()) { /* while it waited for the end of --config */
            return EXIT_DONE;
        }
        return report(&err, EXIT_USAGE);
    }
    if (kv_option_flag(options, KV_OPTION_HELP)) {
        puts("Usage: coffer serve [OPTION]...\n"
             "Runs the emulator in the foreground until SIGTERM or SIGINT.\n");
        kv_options_print_help(KV_COMMAND_SERVE, stdout);
        return EXIT_DONE;
    }
    set_up_process(options);
    kv_options_each_stray(options, log_stray, NULL);
    if (kv_option_flag(options, KV_OPTION_PRINT_CONFIG)) {
        kv_options_print_config(options, stdout);
        return EXIT_DONE;
    }
    code = serve_run(options, &err);
    if (code != KV_OK) {
        return report(&err, code == KV_BAD_PARAMETER ? EXIT_USAGE : EXIT_FAILED);
    }
    return EXIT_DONE;
}

static int serve(int argc, char **argv)
{
    struct kv_err err;
    int status;

    signals_block();
    if (kv_log_start(&err) != KV_OK) {
        return report(&err, EXIT_FAILED);
    }
    status = read_options_and_serve(argc, argv);
    kv_log_flush();
    return status;
}

/* Else the first file that is opened becomes standard error, and the log goes into it. */
static bool fill_standard_descriptors(void)
{
    int descriptor;

    do {
        descriptor = open("/dev/null", O_RDWR);
    } while (descriptor >= 0 && descriptor <= STDERR_FILENO);
    return descriptor >= 0 && close(descriptor) == 0;
}

int main(int argc, char **argv)
{
    if (!fill_standard_descriptors()) {
        return EXIT_FAILED;
    }
    if (argc >= 2 && strcmp(argv[1], "serve") == 0) {
        return serve(argc - 1, argv + 1);
    }
    return kv_cli_run(argc, argv, environ);
}
