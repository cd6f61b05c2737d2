/* SPDX-License-Identifier: Apache-2.0 */
/* Where values come from: flags, a file. option_environment.c has the third source. */
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/files.h"
#include "option.h"

#define ORIGIN_SIZE (KV_PATH_MAX + 32)
#define FILE_MAX (64 * 1024)
#define FIRST_FLAG 256                 /* above getopt's own results, which are characters */
#define BYTE_ORDER_MARK "\xef\xbb\xbf" /* what editors of Windows put before UTF-8 */
#define BLANKS " \t\r"

static enum kv_code refuse_name(const char *name, size_t len, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%.*s is not an option", (int) len, name);
}

/* getopt_long() takes the start of a name for the name; names are fixed here. */
static bool is_in_full(const char *argument, enum kv_option option)
{
    const char *name = kv_option_rows[option].name;

    return strcspn(argument + 2, "=") == strlen(name);
}

/* `found` is what getopt_long() made of `argument`. */
static enum kv_code take_flag(struct kv_options *options, const char *argument, int found,
                              struct kv_err *err)
{
    size_t len = strcspn(argument, "=");
    char origin[64];

    if (found == '?' && optopt >= FIRST_FLAG) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%.*s takes no value", (int) len, argument);
    }
    if (found == ':') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s needs a value", argument);
    }
    if (found == '?' || !is_in_full(argument, (enum kv_option)(found - FIRST_FLAG))) {
        return refuse_name(argument, len, err);
    }
    enum kv_option option = (enum kv_option)(found - FIRST_FLAG);
    (void) snprintf(origin, sizeof(origin), "--%s", kv_option_rows[option].name);
    return kv_option_set(options,
                         &(struct option_text){ .option = option,
                                                .source = OPTION_FROM_FLAG,
                                                .origin = origin,
                                                .text = optarg != NULL ? optarg : "true" },
                         err);
}

/* The next option from `option` on that is given by its place; KV_OPTION_COUNT: none. */
static enum kv_option next_argument(const struct kv_options *options, enum kv_option option)
{
    while (option < KV_OPTION_COUNT
           && !(kv_option_is_of(option, options->command) && kv_option_is_argument(option))) {
        option++;
    }
    return option;
}

static bool takes_the_rest(enum kv_option option)
{
    return kv_option_rows[option].type == OPTION_LIST;
}

/* What has no name goes to *next, which moves on to the option after it. */
static enum kv_code take_argument(struct kv_options *options, const char *text,
                                  enum kv_option *next, struct kv_err *err)
{
    if (*next == KV_OPTION_COUNT) {
        return refuse_name(text, strlen(text), err);
    }
    const struct option_text given = { .option = *next,
                                       .source = OPTION_FROM_FLAG,
                                       .origin = kv_option_rows[*next].value,
                                       .text = text };
    KV_TRY(kv_option_set(options, &given, err));
    if (!takes_the_rest(*next)) {
        *next = next_argument(options, *next + 1);
    }
    return KV_OK;
}

/* Words for a list stand behind a "--": else a misplaced one would be run as a command. */
static enum kv_code take_plain(struct kv_options *options, const char *text, enum kv_option *next,
                               struct kv_err *err)
{
    if (*next != KV_OPTION_COUNT && takes_the_rest(*next)) {
        return refuse_name(text, strlen(text), err);
    }
    return take_argument(options, text, next, err);
}

/* A list of words may be empty, unless a "--" announces it: then a variable was, as in `-- $UNSET`. */
static enum kv_code check_no_more(enum kv_option next, bool is_announced, struct kv_err *err)
{
    if (next != KV_OPTION_COUNT && takes_the_rest(next) && is_announced) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "nothing is behind the --: %s is missing: %s",
                       kv_option_rows[next].value, kv_option_rows[next].help);
    }
    if (next != KV_OPTION_COUNT && !takes_the_rest(next) && !kv_option_is_optional(next)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s is missing: %s", kv_option_rows[next].value,
                       kv_option_rows[next].help);
    }
    return KV_OK;
}

enum kv_code kv_options_read_flags(struct kv_options *options, int argc, char *const argv[],
                                   struct kv_err *err)
{
    struct option flags[KV_OPTION_COUNT + 1] = { 0 };
    enum kv_option next = next_argument(options, 0);
    size_t count = 0;

    for (enum kv_option option = 0; option < KV_OPTION_COUNT; option++) {
        if (kv_option_is_of(option, options->command) && !kv_option_is_argument(option)) {
            bool is_bare = kv_option_rows[option].type == OPTION_FLAG;
            flags[count++] = (struct option){ .name = kv_option_rows[option].name,
                                              .has_arg = is_bare ? no_argument : required_argument,
                                              .val = FIRST_FLAG + (int) option };
        }
    }
    optind = 0; /* GNU: start afresh; and with "-", what is no flag comes in its turn, as a 1 */
    for (int at = 1, found; (found = getopt_long(argc, argv, "-:", flags, NULL)) != -1;
         at = optind) {
        KV_TRY(found == 1 ? take_plain(options, optarg, &next, err)
                          : take_flag(options, argv[at], found, err));
    }
    for (int at = optind; at < argc; at++) { /* behind a "--" */
        KV_TRY(take_argument(options, argv[at], &next, err));
    }
    return check_no_more(next, optind == argc && strcmp(argv[argc - 1], "--") == 0, err);
}

/* Cuts blanks off both ends of the text from `start` to `end`, which may be written to. */
static char *trim(char *start, char *end)
{
    while (end > start && strchr(BLANKS, end[-1]) != NULL) {
        end--;
    }
    *end = '\0';
    return start + strspn(start, BLANKS);
}

static enum kv_code take_line(struct kv_options *options, const char *origin, char *line,
                              struct kv_err *err)
{
    char *equals = strchr(line, '=');

    if (*line == '\0' || *line == '#') {
        return KV_OK;
    }
    if (equals == NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: not of the form name = value", origin);
    }
    char *text = trim(equals + 1, equals + 1 + strlen(equals + 1));
    char *name = trim(line, equals);
    for (enum kv_option option = 0; option < KV_OPTION_COUNT; option++) {
        bool readable = !kv_option_is_flag_only(option);
        if (readable && kv_option_is_of(option, options->command)
            && strcmp(kv_option_rows[option].name, name) == 0) {
            return kv_option_set(
                options,
                &(struct option_text){
                    .option = option, .source = OPTION_FROM_FILE, .origin = origin, .text = text },
                err);
        }
    }
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: %s is not an option", origin, name);
}

/* NULL for an empty file. */
static char *skip_mark(const struct kv_buf *buf)
{
    size_t len = strlen(BYTE_ORDER_MARK);
    bool is_marked = buf->len >= len && memcmp(buf->data, BYTE_ORDER_MARK, len) == 0;

    return is_marked ? buf->data + len : buf->data;
}

enum kv_code kv_options_read_file(struct kv_options *options, const char *path, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf buf;
    struct kv_err cause;
    char origin[ORIGIN_SIZE];
    unsigned number = 0;

    kv_buf_init(&buf, FILE_MAX);
    if (kv_file_read(path, &buf, &cause) != KV_OK) {
        return KV_FAIL(err, KV_BAD_PARAMETER, cause.cause, "--config: %s", cause.message);
    }
    if (buf.len > 0 && memchr(buf.data, '\0', buf.len) != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--config: %s is not a text file", path);
    }
    for (char *line = skip_mark(&buf), *next; line != NULL; line = next) {
        char *end = line + strcspn(line, "\n");
        next = *end == '\n' ? end + 1 : NULL;
        (void) snprintf(origin, sizeof(origin), "%s:%u", path, ++number);
        KV_TRY(take_line(options, origin, trim(line, end), err));
    }
    return KV_OK;
}
