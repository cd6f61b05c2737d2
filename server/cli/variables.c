/* SPDX-License-Identifier: Apache-2.0 */
#include "variables.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kv/base/json.h"

#define JSON_MAX 262144 /* bytes of all variables as JSON */

enum { EXIT_NOT_EXECUTABLE = 126, EXIT_NO_COMMAND = 127 };

void variables_done(struct variables *variables)
{
    for (size_t i = 0; i < variables->count; i++) {
        free(variables->variable[i].value);
    }
    variables->count = 0;
}

enum kv_code variables_add(struct variables *variables, const char *name, const char *head,
                           const char *tail, struct kv_err *err)
{
    struct variable *next = &variables->variable[variables->count];

    if (variables->count == VARIABLES_MAX) {
        return KV_FAIL(err, KV_INTERNAL, 0, "there are more than %d variables", VARIABLES_MAX);
    }
    if (asprintf(&next->value, "%s%s", head, tail) < 0) {
        return KV_OUT_OF_MEMORY(err);
    }
    next->name = name;
    variables->count++;
    return KV_OK;
}

/* Prints a value, with `escape` before each character of `special`. */
static void print_escaped(const char *value, const char *special, const char *escape)
{
    for (; *value != '\0'; value++) {
        if (strchr(special, *value) != NULL) {
            (void) fputs(escape, stdout);
        }
        (void) putchar(*value);
    }
}

/* In single quotes, so that sh takes every character as it is. */
static void print_for_shell(const struct variable *variable)
{
    (void) printf("export %s='", variable->name);
    for (const char *at = variable->value; *at != '\0'; at++) {
        (void) fputs(*at == '\'' ? "'\\''" : (const char[]){ *at, '\0' }, stdout);
    }
    (void) puts("'");
}

static void print_for_fish(const struct variable *variable)
{
    (void) printf("set -gx %s '", variable->name);
    print_escaped(variable->value, "'\\", "\\");
    (void) puts("'");
}

/* A typographic single quote in UTF-8, U+2018 to U+201B: PowerShell takes it for the plain one. */
static bool is_typographic_quote(const char *at)
{
    return at[0] == '\xe2' && at[1] == '\x80' && at[2] >= '\x98' && at[2] <= '\x9b';
}

static void print_for_powershell(const struct variable *variable)
{
    (void) printf("$env:%s = '", variable->name);
    for (const char *at = variable->value; *at != '\0'; at++) {
        if (*at == '\'') {
            (void) fputs("'", stdout);
        } else if (is_typographic_quote(at)) {
            (void) printf("%.3s", at);
        }
        (void) putchar(*at);
    }
    (void) puts("'");
}

/* Without quotes wherever that is possible: some readers, docker's --env-file among them, take
 * quotes for a part of the value. */
static void print_for_dotenv(const struct variable *variable)
{
    static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
                                "_./:@%+,=-";
    bool is_plain = variable->value[strspn(variable->value, plain)] == '\0';

    (void) printf("%s=%s", variable->name, is_plain ? "" : "\"");
    print_escaped(variable->value, is_plain ? "" : "\"\\$`", "\\");
    (void) puts(is_plain ? "" : "\"");
}

/* A line of $GITHUB_ENV ends at its end, and nothing in it is special. */
static void print_for_github(const struct variable *variable)
{
    (void) printf("%s=%s\n", variable->name, variable->value);
}

static const struct form {
    const char *name;
    void (*print)(const struct variable *variable); /* NULL: not a line each */
    bool has_comments;
    bool is_read_by_line; /* so a line break would begin another variable */
} forms[] = {
    { "shell", print_for_shell, true, false },           { "fish", print_for_fish, true, false },
    { "powershell", print_for_powershell, true, false }, { "dotenv", print_for_dotenv, true, true },
    { "github", print_for_github, false, true },         { "json", NULL, false, false },
};

static const struct form *find_form(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(forms); i++) {
        if (strcmp(forms[i].name, name) == 0) {
            return &forms[i];
        }
    }
    return NULL; /* the options take no other word */
}

bool variables_may_have_comments(const char *form)
{
    const struct form *found = find_form(form);

    return found != NULL && found->has_comments;
}

static enum kv_code print_json(const struct variables *variables, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *object = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf text;
    bool ok = object != NULL;

    kv_buf_init(&text, JSON_MAX);
    for (size_t i = 0; i < variables->count; i++) {
        kv_json_add_text(object, variables->variable[i].name, variables->variable[i].value, &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_json_print_lines(object, &text, err));
    (void) fputs(text.data, stdout);
    return KV_OK;
}

/* Names and URLs come from a server, which need not be ours. */
static enum kv_code check_lines(const struct variables *variables, const struct form *form,
                                struct kv_err *err)
{
    for (size_t i = 0; i < variables->count; i++) {
        const struct variable *variable = &variables->variable[i];
        if (strpbrk(variable->value, "\r\n") != NULL) {
            return KV_FAIL(err, KV_INTERNAL, 0,
                           "%s has a line break in it, which --format %s cannot say",
                           variable->name, form->name);
        }
    }
    return KV_OK;
}

enum kv_code variables_print(const struct variables *variables, const char *form,
                             struct kv_err *err)
{
    const struct form *found = find_form(form);

    if (found == NULL || found->print == NULL) {
        return print_json(variables, err);
    }
    if (found->is_read_by_line) {
        KV_TRY(check_lines(variables, found, err));
    }
    for (size_t i = 0; i < variables->count; i++) {
        found->print(&variables->variable[i]);
    }
    return KV_OK;
}

enum kv_code variables_run(const struct variables *variables, const struct kv_options *options,
                           size_t words, struct kv_err *err)
{
    const char **argv = calloc(words + 1, sizeof(*argv));

    if (argv == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    for (size_t i = 0; i < words; i++) {
        argv[i] = kv_option_list_item(options, KV_OPTION_ENV_COMMAND, i);
    }
    for (size_t i = 0; i < variables->count; i++) {
        if (setenv(variables->variable[i].name, variables->variable[i].value, 1) != 0) {
            free(argv);
            return KV_OUT_OF_MEMORY(err);
        }
    }
    (void) fflush(NULL);
    (void) execvp(argv[0], (char *const *) argv);
    int cause = errno;
    (void) fprintf(stderr, "coffer env: cannot run %s: %s\n", argv[0], strerror(cause));
    free(argv);
    exit(cause == ENOENT ? EXIT_NO_COMMAND : EXIT_NOT_EXECUTABLE);
}
