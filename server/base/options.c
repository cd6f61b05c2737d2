/* SPDX-License-Identifier: Apache-2.0 */
/* Loading in order of strength, and reading what was loaded. */
#include "kv/base/options.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

static enum kv_code set_defaults(struct kv_options *options, struct kv_err *err)
{
    for (enum kv_option option = 0; option < KV_OPTION_COUNT; option++) {
        const struct option_text given = { .option = option,
                                           .source = OPTION_FROM_DEFAULT,
                                           .origin = "default",
                                           .text = kv_option_rows[option].fallback };
        KV_TRY(kv_option_set(options, &given, err));
    }
    return KV_OK;
}

static bool wants_help(int argc, char *const argv[])
{
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            return true;
        }
    }
    return false;
}

static enum kv_code read_sources(struct kv_options *options, int argc, char *const argv[],
                                 char *const environment[], struct kv_err *err)
{
    if (wants_help(argc, argv)) {
        options->value[KV_OPTION_HELP].number = true;
        return KV_OK;
    }
    KV_TRY(kv_options_read_flags(options, argc, argv, err));
    KV_TRY(kv_options_read_environment(options, environment, err));
    const char *path = kv_option_text(options, KV_OPTION_CONFIG);
    return path[0] != '\0' ? kv_options_read_file(options, path, err) : KV_OK;
}

enum kv_code kv_options_load(enum kv_command command, int argc, char *const argv[],
                             char *const environment[], struct kv_options **ret_options,
                             struct kv_err *err)
{
    kv_auto(kv_options_free) struct kv_options *options = calloc(1, sizeof(*options));

    if (options == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    options->command = command;
    options->environment = environment;
    KV_TRY(set_defaults(options, err));
    KV_TRY(read_sources(options, argc, argv, environment, err));
    *ret_options = kv_take(options);
    return KV_OK;
}

void kv_options_free(struct kv_options *options)
{
    if (options == NULL) {
        return;
    }
    for (enum kv_option option = 0; option < KV_OPTION_COUNT; option++) {
        kv_option_value_done(&options->value[option]);
    }
    free(options);
}

static const struct option_value *value_of(const struct kv_options *options, enum kv_option option,
                                           enum option_type type)
{
    assert(kv_option_rows[option].type == type);
    (void) type;
    return &options->value[option];
}

bool kv_option_flag(const struct kv_options *options, enum kv_option option)
{
    return value_of(options, option, OPTION_FLAG)->number != 0;
}

int64_t kv_option_number(const struct kv_options *options, enum kv_option option)
{
    return value_of(options, option, OPTION_NUMBER)->number;
}

kv_millis kv_option_duration(const struct kv_options *options, enum kv_option option)
{
    return value_of(options, option, OPTION_DURATION)->number;
}

const char *kv_option_text(const struct kv_options *options, enum kv_option option)
{
    bool is_choice = kv_option_rows[option].type == OPTION_CHOICE;

    return value_of(options, option, is_choice ? OPTION_CHOICE : OPTION_TEXT)->text;
}

bool kv_option_is(const struct kv_options *options, enum kv_option option, const char *text)
{
    return strcmp(kv_option_text(options, option), text) == 0;
}

size_t kv_option_list_count(const struct kv_options *options, enum kv_option option)
{
    return value_of(options, option, OPTION_LIST)->items;
}

const char *kv_option_list_item(const struct kv_options *options, enum kv_option option,
                                size_t index)
{
    const struct option_value *value = value_of(options, option, OPTION_LIST);

    assert(index < value->items);
    return value->item[index];
}

bool kv_option_is_from_flag(const struct kv_options *options, enum kv_option option)
{
    return options->value[option].source == OPTION_FROM_FLAG;
}

bool kv_option_is_from_file(const struct kv_options *options, enum kv_option option)
{
    return options->value[option].source == OPTION_FROM_FILE;
}
