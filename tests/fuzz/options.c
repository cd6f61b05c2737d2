/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A --config file; behind a NUL, what the environment says, a line a variable; behind another, what
 * the command line does. Values that have a form of their own are read on.
 */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "kv/base/options.h"
#include "kv/vaults/vault.h"

#define LINES_MAX 16
#define FILE_MAX (64 * 1024)

static const enum kv_command commands[] = {
    KV_COMMAND_SERVE,
#define X(symbol, name, run, help) KV_COMMAND_##symbol,
#include "kv/base/command.def"
#undef X
};

struct lines {
    char *line[LINES_MAX + 3];
    size_t count;
};

/* Borrows from `text`, which is cut into lines. */
static void split(char *text, struct lines *lines)
{
    char *line;

    while (lines->count < LINES_MAX && (line = strsep(&text, "\n")) != NULL) {
        lines->line[lines->count++] = line;
    }
}

static void write_file(const char *text, char *ret_path, size_t size, int *ret_descriptor)
{
    size_t len = strlen(text);

    *ret_descriptor = memfd_create("config", MFD_CLOEXEC);
    FUZZ_HOLDS(*ret_descriptor >= 0);
    FUZZ_HOLDS(write(*ret_descriptor, text, len) == (ssize_t) len);
    (void) snprintf(ret_path, size, "/proc/self/fd/%d", *ret_descriptor);
}

static void read_on(const struct kv_options *options)
{
    char *shown = NULL;
    size_t len;
    FILE *out = open_memstream(&shown, &len);

    FUZZ_HOLDS(out != NULL);
    kv_options_print_config(options, out);
    fclose(out);
    FUZZ_HOLDS(strlen(shown) == len);
    free(shown);
    for (size_t i = 0; i < kv_option_list_count(options, KV_OPTION_VAULT); i++) {
        struct kv_vault_draft draft;
        struct kv_err err;

        if (kv_vault_parse(kv_option_list_item(options, KV_OPTION_VAULT, i), &draft, &err)
            == KV_OK) {
            FUZZ_HOLDS(strlen(draft.vault.name) <= KV_VAULT_NAME_MAX);
        }
    }
}

static void load(enum kv_command command, const struct lines *flags, struct lines *environment)
{
    kv_auto(kv_options_free) struct kv_options *options = NULL;
    struct kv_err err = { .message = "" };
    char path[KV_PATH_MAX];

    if (kv_options_load(command, (int) flags->count, flags->line, environment->line, &options, &err)
        != KV_OK) {
        FUZZ_HOLDS(options == NULL && err.message[0] != '\0');
        return;
    }
    KV_IGNORE(kv_data_folder(options, path, &err));
    if (command == KV_COMMAND_SERVE) {
        read_on(options);
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct fuzz_input input = { data, size };
    fuzz_auto char *file = fuzz_take_text(&input, '\0');
    fuzz_auto char *variables = fuzz_take_text(&input, '\0');
    fuzz_auto char *arguments = fuzz_take_text(&input, '\0');
    struct lines flags = { .line = { (char *) "coffer" }, .count = 1 };
    struct lines environment = { .count = 0 };
    char path[64];
    int descriptor;

    if (size > FILE_MAX) {
        return 0;
    }
    write_file(file, path, sizeof(path), &descriptor);
    split(arguments, &flags);
    if (file[0] != '\0') { /* last: an argument before it may have asked for another */
        flags.line[flags.count++] = (char *) "--config";
        flags.line[flags.count++] = path;
    }
    split(variables, &environment);
    for (size_t i = 0; i < KV_COUNT(commands); i++) {
        load(commands[i], &flags, &environment);
    }
    close(descriptor);
    return 0;
}
