/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The variables COFFER_*. Not all are meant for coffer: Kubernetes and docker describe a service
 * that is named coffer to the containers beside it in variables of the same beginning. So a name
 * that nobody knows is worth a warning and never a refusal.
 */
#include <ctype.h>
#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "option.h"

#define PREFIX "COFFER_"
#define DISTANCE_MAX 2 /* two names further apart than that are not one mistyped */

/*
 * What is injected for a service named coffer, or coffer-something: the variables of Kubernetes
 * (kubernetes.io, "Accessing the Service") and of docker's links, whose form they have.
 */
static const struct {
    const char *name, *value; /* patterns of fnmatch(3) */
} injected[] = {
    { "*_SERVICE_HOST", "*" },
    { "*_SERVICE_PORT", "*" },
    { "*_SERVICE_PORT_*", "*" },
    { "*_PORT", "@(tcp|udp|sctp)://*" },
    { "*_PORT_+([0-9])_@(TCP|UDP|SCTP)?(_@(PROTO|PORT|ADDR))", "*" },
    { "*_NAME", "/*" },
    { "*_ENV_*", "*" },
};

/* A variable: "COFFER_" and the text after it, cut at the =. */
struct variable {
    const char *name; /* with the prefix, as it stands in the environment */
    size_t len;
    const char *value;
};

static bool is_ours(const char *text, struct variable *ret_variable)
{
    const char *equals = strchr(text, '=');

    if (strncmp(text, PREFIX, strlen(PREFIX)) != 0 || equals == NULL) {
        return false;
    }
    *ret_variable =
        (struct variable){ .name = text, .len = (size_t) (equals - text), .value = equals + 1 };
    return true;
}

static bool is_injected(const struct variable *variable)
{
    char name[KV_STRAY_NAME_SIZE];

    if (variable->len >= sizeof(name)) {
        return false;
    }
    (void) snprintf(name, sizeof(name), "%.*s", (int) variable->len, variable->name);
    for (size_t i = 0; i < KV_COUNT(injected); i++) {
        if (fnmatch(injected[i].name, name, FNM_EXTMATCH) == 0
            && fnmatch(injected[i].value, variable->value, FNM_EXTMATCH) == 0) {
            return true;
        }
    }
    return false;
}

/* The variable of an option: its name in capitals, _ for -. */
static void name_variable(enum kv_option option, char ret_name[KV_STRAY_NAME_SIZE])
{
    int len = snprintf(ret_name, KV_STRAY_NAME_SIZE, PREFIX "%s", kv_option_rows[option].name);

    for (int i = 0; i < len && i < KV_STRAY_NAME_SIZE; i++) {
        ret_name[i] = ret_name[i] == '-' ? '_' : (char) toupper((unsigned char) ret_name[i]);
    }
}

static bool is_variable_of(const struct variable *variable, enum kv_option option)
{
    char name[KV_STRAY_NAME_SIZE];

    name_variable(option, name);
    return !kv_option_is_flag_only(option) && strlen(name) == variable->len
           && strncmp(name, variable->name, variable->len) == 0;
}

/* The option of that name that `command` has, or any other command; KV_OPTION_COUNT: none has. */
static enum kv_option find_option(const struct variable *variable, enum kv_command command)
{
    enum kv_option found = KV_OPTION_COUNT;

    for (enum kv_option option = 0; option < KV_OPTION_COUNT; option++) {
        if (is_variable_of(variable, option)) {
            if (kv_option_is_of(option, command)) {
                return option;
            }
            found = option;
        }
    }
    return found;
}

/* Files of Windows, read into the environment line by line, leave a CR at the end of a value. */
static enum kv_code set_option(struct kv_options *options, enum kv_option option,
                               const struct variable *variable, struct kv_err *err)
{
    size_t len = strlen(variable->value);
    char origin[KV_STRAY_NAME_SIZE];
    enum kv_code code;

    while (len > 0 && variable->value[len - 1] == '\r') {
        len--;
    }
    char *value = strndup(variable->value, len);
    if (value == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    name_variable(option, origin);
    code = kv_option_set(
        options,
        &(struct option_text){
            .option = option, .source = OPTION_FROM_ENVIRONMENT, .origin = origin, .text = value },
        err);
    free(value);
    return code;
}

enum kv_code kv_options_read_environment(struct kv_options *options, char *const environment[],
                                         struct kv_err *err)
{
    struct variable variable;

    for (; *environment != NULL; environment++) {
        if (!is_ours(*environment, &variable) || is_injected(&variable)) {
            continue;
        }
        enum kv_option option = find_option(&variable, options->command);
        if (option != KV_OPTION_COUNT && kv_option_is_of(option, options->command)) {
            KV_TRY(set_option(options, option, &variable, err));
        }
    }
    return KV_OK;
}

static size_t least(size_t a, size_t b, size_t c)
{
    size_t lesser = a < b ? a : b;

    return lesser < c ? lesser : c;
}

static char fold(char character)
{
    return character == '-' ? '_' : (char) toupper((unsigned char) character);
}

/* How many characters must be added, left out, replaced or swapped with the next to make one of
 * the other (optimal string alignment). Capitals and hyphens make no difference. */
static size_t distance(const char *a, const char *b)
{
    size_t rows[3][KV_STRAY_NAME_SIZE] = { { 0 } };
    size_t *before = rows[0], *last = rows[1], *row = rows[2];
    size_t len = strlen(b);

    for (size_t j = 0; j <= len; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t *spare = before;
        before = last;
        last = row;
        row = spare;
        row[0] = i;
        for (size_t j = 1; j <= len; j++) {
            bool differ = fold(a[i - 1]) != fold(b[j - 1]);
            row[j] = least(last[j] + 1, row[j - 1] + 1, last[j - 1] + differ);
            if (i > 1 && j > 1 && fold(a[i - 1]) == fold(b[j - 2])
                && fold(a[i - 2]) == fold(b[j - 1]) && before[j - 2] + 1 < row[j]) {
                row[j] = before[j - 2] + 1;
            }
        }
    }
    return row[len];
}

/* What may have been meant: the variable, or the flag of an option that has no variable. */
static void find_nearest(const struct kv_options *options, struct kv_stray *stray)
{
    size_t nearest = DISTANCE_MAX + 1;

    for (enum kv_option option = 0; option < KV_OPTION_COUNT; option++) {
        char name[KV_STRAY_NAME_SIZE];
        size_t far;

        name_variable(option, name);
        far = distance(stray->name, name);
        if (!kv_option_is_of(option, options->command) || far >= nearest) {
            continue;
        }
        nearest = far;
        (void) snprintf(stray->nearest, sizeof(stray->nearest), "%s", name);
        if (kv_option_is_flag_only(option)) {
            (void) snprintf(stray->nearest, sizeof(stray->nearest), "--%s",
                            kv_option_rows[option].name);
        }
    }
}

void kv_options_each_stray(const struct kv_options *options,
                           void (*visit)(const struct kv_stray *stray, void *context),
                           void *context)
{
    struct variable variable;

    for (char *const *at = options->environment; *at != NULL; at++) {
        struct kv_stray stray = { .is_injected = false };

        if (!is_ours(*at, &variable)) {
            continue;
        }
        stray.is_injected = is_injected(&variable);
        stray.has_option = find_option(&variable, options->command) != KV_OPTION_COUNT;
        if (stray.has_option && !stray.is_injected) {
            continue;
        }
        (void) snprintf(stray.name, sizeof(stray.name), "%.*s", (int) variable.len, variable.name);
        if (!stray.is_injected) {
            find_nearest(options, &stray);
        }
        visit(&stray, context);
    }
}
