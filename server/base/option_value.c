/* SPDX-License-Identifier: Apache-2.0 */
/* One reading of a value, whatever source it comes from. */
#include <arpa/inet.h>
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/secret.h"
#include "kv/base/uuid.h"
#include "option.h"

#define BLANKS " \t"
#define WANTED_SIZE 160

static const struct {
    const char *name;
    double millis;
} units[] = {
    { "", 1000 }, { "ms", 1 }, { "s", 1000 }, { "m", 60000 }, { "h", 3600000 }, { "d", 86400000 },
};

/* The shape of every refusal of a value: "--port: 70000 is not a whole number from 0 to 65535". */
static enum kv_code refuse(const struct option_text *given, const char *wanted, struct kv_err *err)
{
    bool in_file = given->source == OPTION_FROM_FILE;
    const char *name = kv_option_rows[given->option].name;
    const char *shown = given->text[0] != '\0' ? given->text : "an empty value";

    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s%s%s: %s is not %s", given->origin,
                   in_file ? ": " : "", in_file ? name : "",
                   kv_option_is_secret(given->option) ? "the value" : shown, wanted);
}

static bool parse_number(const char *text, int64_t *ret_number)
{
    char *end = NULL;

    if (text[0] < '0' || text[0] > '9') { /* strtoll would take blanks and signs */
        return false;
    }
    *ret_number = strtoll(text, &end, 10); /* what is too large saturates, beyond all limits */
    return *end == '\0';
}

static bool parse_duration(const char *text, int64_t *ret_millis)
{
    size_t len = strspn(text, "0123456789."); /* strtod would take much more */
    char *end = NULL;
    double number = strtod(text, &end);

    if (len == 0 || end != text + len) {
        return false;
    }
    for (size_t i = 0; i < KV_COUNT(units); i++) {
        if (strcmp(end, units[i].name) == 0) {
            double millis = number * units[i].millis + 0.5;
            *ret_millis = millis < (double) INT64_MAX ? (int64_t) millis : INT64_MAX;
            return true;
        }
    }
    return false;
}

typedef bool parse_fn(const char *text, int64_t *ret_number);

/* Numbers and durations: limits are "low..high". */
static enum kv_code judge_range(const struct option_text *given, parse_fn *parse, const char *noun,
                                int64_t *ret_number, struct kv_err *err)
{
    const char *limits = kv_option_rows[given->option].limits;
    const char *high_text = strstr(limits, "..") + 2;
    char low_text[32], wanted[WANTED_SIZE];
    int64_t low = 0, high = 0;

    (void) snprintf(low_text, sizeof(low_text), "%.*s", (int) (high_text - limits) - 2, limits);
    bool limits_are_sound = parse(low_text, &low) && parse(high_text, &high);
    assert(limits_are_sound);
    (void) limits_are_sound;
    if (!parse(given->text, ret_number) || *ret_number < low || *ret_number > high) {
        (void) snprintf(wanted, sizeof(wanted), "a %s from %s to %s", noun, low_text, high_text);
        return refuse(given, wanted, err);
    }
    return KV_OK;
}

/* `words` are separated by |. */
static enum kv_code judge_choice(const struct option_text *given, const char *words,
                                 struct kv_err *err)
{
    char wanted[WANTED_SIZE] = "one of";
    size_t used = strlen(wanted), len = strlen(given->text);
    bool is_first = true;

    for (const char *word = words; *word != '\0';) {
        size_t word_len = strcspn(word, "|");
        if (word_len == len && strncmp(word, given->text, len) == 0) {
            return KV_OK;
        }
        if (word_len > 0) { /* an empty one stands for the option that is not given */
            used += (size_t) snprintf(wanted + used, sizeof(wanted) - used, "%s %.*s",
                                      is_first ? "" : ",", (int) word_len, word);
            assert(used < sizeof(wanted)); /* the words are ours */
            is_first = false;
        }
        word += word_len + (word[word_len] == '|');
    }
    return refuse(given, wanted, err);
}

static bool is_address(const char *text)
{
    unsigned char bytes[sizeof(struct in6_addr)];

    return strcmp(text, "localhost") == 0 || strcmp(text, "any") == 0
           || inet_pton(AF_INET, text, bytes) == 1 || inet_pton(AF_INET6, text, bytes) == 1;
}

/* Empty, which means that there is none; or what a bearer token may consist of (RFC 6750 §2.1), too
 * long to be found by trying. */
static bool is_secret(const char *text)
{
    return *text == '\0' || kv_secret_is_bearer(text);
}

/* What the limits of a TEXT may ask for. */
static const struct {
    const char *name;
    bool (*is_met)(const char *text);
    const char *wanted;
} forms[] = {
    { "address", is_address, "localhost, any or an IP address" },
    { "guid", kv_uuid_is_valid, "a GUID" },
    { "secret", is_secret, KV_BEARER_FORM },
};

static enum kv_code judge_form(const struct option_text *given, struct kv_err *err)
{
    for (size_t i = 0; i < KV_COUNT(forms); i++) {
        if (strcmp(kv_option_rows[given->option].limits, forms[i].name) == 0
            && !forms[i].is_met(given->text)) {
            return refuse(given, forms[i].wanted, err);
        }
    }
    return KV_OK;
}

/* The value of a variable that is not set, most likely: without it the command would do more than was
 * asked for. In the environment and the file an empty value says that there is none. */
static enum kv_code judge_is_meant(const struct option_text *given, struct kv_err *err)
{
    if (given->source == OPTION_FROM_FLAG && given->text[0] == '\0'
        && !kv_option_is_argument(given->option)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: the value is empty", given->origin);
    }
    return KV_OK;
}

static enum kv_code judge_text(const struct option_text *given, struct kv_err *err)
{
    for (const char *at = given->text; *at != '\0'; at++) {
        if (((unsigned char) *at < 0x20 && *at != '\t') || *at == 0x7f) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s: the value contains a control character",
                           given->origin);
        }
    }
    KV_TRY(judge_form(given, err));
    return judge_is_meant(given, err);
}

static enum kv_code judge(const struct option_text *given, int64_t *ret_number, struct kv_err *err)
{
    const struct option_row *row = &kv_option_rows[given->option];

    switch (row->type) {
    case OPTION_FLAG:
        *ret_number = strcmp(given->text, "true") == 0;
        return judge_choice(given, "true|false", err);
    case OPTION_CHOICE:
        return judge_choice(given, row->limits, err);
    case OPTION_NUMBER:
        return judge_range(given, parse_number, "whole number", ret_number, err);
    case OPTION_DURATION:
        return judge_range(given, parse_duration, "duration", ret_number, err);
    case OPTION_LIST: /* a command's words are not ours to judge */
        return kv_option_is_argument(given->option) ? KV_OK : judge_text(given, err);
    case OPTION_TEXT:
        return judge_text(given, err);
    }
    assert(!"a row has a type");
    return KV_INTERNAL;
}

void kv_option_value_done(struct option_value *value)
{
    for (size_t i = 0; i < value->items; i++) {
        free(value->item[i]);
    }
    free(value->item);
    free(value->text);
    free(value->origin);
    *value = (struct option_value){ 0 };
}

static enum kv_code add_item(struct option_value *value, const char *text, size_t len,
                             struct kv_err *err)
{
    char **item = realloc(value->item, (value->items + 1) * sizeof(*item));

    if (item == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    value->item = item;
    item[value->items] = strndup(text, len);
    if (item[value->items] == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    value->items++;
    return KV_OK;
}

/* A flag gives one item, the other sources give items separated by blanks. */
static enum kv_code add_items(struct option_value *value, const struct option_text *given,
                              struct kv_err *err)
{
    if (given->source == OPTION_FROM_FLAG) {
        return add_item(value, given->text, strlen(given->text), err);
    }
    for (const char *at = given->text + strspn(given->text, BLANKS); *at != '\0';) {
        size_t len = strcspn(at, BLANKS);
        KV_TRY(add_item(value, at, len, err));
        at += len;
        at += strspn(at, BLANKS);
    }
    return KV_OK;
}

enum kv_code kv_option_set(struct kv_options *options, const struct option_text *given,
                           struct kv_err *err)
{
    struct option_value *value = &options->value[given->option];
    bool is_list = kv_option_rows[given->option].type == OPTION_LIST;
    int64_t number = 0;

    KV_TRY(judge(given, &number, err));
    if (given->source < value->source) {
        return KV_OK;
    }
    if (is_list && given->source == value->source && value->origin != NULL) {
        return add_items(value, given, err);
    }
    kv_option_value_done(value);
    value->source = given->source;
    value->number = number;
    value->origin = strdup(given->origin);
    value->text = strdup(given->text);
    if (value->origin == NULL || value->text == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return is_list ? add_items(value, given, err) : KV_OK;
}
