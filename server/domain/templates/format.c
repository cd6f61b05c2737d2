/* SPDX-License-Identifier: Apache-2.0 */
/*
 * format(): composite formatting as .NET does it, in the invariant culture.
 *
 *   {index[,width][:form]}, and {{ and }} for the braces themselves
 *
 * Forms of numbers are D, X, x, F, N, G, P, each with digits, and patterns of 0 and #; texts and
 * booleans have none, and ignore theirs.
 */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "functions.h"
#include "unicode.h"

#define WIDTH_MAX 1000000
#define DIGITS_MAX 99
#define FORM_SIZE 64
#define NUMBER_SIZE 320

struct item {
    size_t index;
    long width; /* negative: to the left */
    char form[FORM_SIZE];
};

static enum kv_code refuse(struct kv_err *err, const char *reason)
{
    return KV_FAIL(err, KV_INVALID_TEMPLATE, 0,
                   "Unable to evaluate language function 'format': the format is invalid: '%s'. "
                   "Please see https://aka.ms/arm-function-format for usage details.",
                   reason);
}

#define NOT_A_FORMAT "Input string was not in a correct format."
#define NO_SUCH_ARGUMENT                                                                           \
    "Index (zero based) must be greater than or equal to zero and less than the size of the "      \
    "argument list."

static bool read_number(const char **at, long most, long *ret_number)
{
    char *end;

    if (!isdigit((unsigned char) **at) && **at != '-') {
        return false;
    }
    *ret_number = strtol(*at, &end, 10);
    if (*ret_number > most || *ret_number < -most || end == *at) {
        return false;
    }
    *at = end;
    return true;
}

static void skip_blanks(const char **at)
{
    *at += strspn(*at, " ");
}

/* What stands between { and }, whose end *at is put behind. */
static bool read_item(const char **at, struct item *ret_item)
{
    long index;
    size_t len;

    *ret_item = (struct item){ .form = "" };
    if (!isdigit((unsigned char) **at) || !read_number(at, WIDTH_MAX, &index)) {
        return false;
    }
    ret_item->index = (size_t) index;
    skip_blanks(at);
    if (**at == ',') {
        (*at)++;
        skip_blanks(at);
        if (!read_number(at, WIDTH_MAX, &ret_item->width)) {
            return false;
        }
        skip_blanks(at);
    }
    if (**at == ':') {
        (*at)++;
        len = strcspn(*at, "{}");
        if (len >= sizeof(ret_item->form)) {
            return false;
        }
        memcpy(ret_item->form, *at, len);
        *at += len;
    }
    return *(*at)++ == '}';
}

/* Puts a comma before every third digit from the right of the first `len` characters. */
static void group(const char *digits, size_t len, char *to, size_t size)
{
    size_t sign = digits[0] == '-' ? 1 : 0, made = 0;

    for (size_t i = 0; i < len && made + 2 < size; i++) {
        if (i > sign && (len - i) % 3 == 0) {
            to[made++] = ',';
        }
        to[made++] = digits[i];
    }
    to[made] = '\0';
}

static const char zeros[] = "00000000000000000000000000000000000000000000000000"
                            "00000000000000000000000000000000000000000000000000";

/* Digits with zeros before them. */
static void pad(const char *sign, const char *digits, int least, char *to, size_t size)
{
    int missing = least - (int) strlen(digits);

    (void) snprintf(to, size, "%s%.*s%s", sign, missing > 0 ? missing : 0, zeros, digits);
}

/* F, N and P: whole numbers with a fraction of zeros. */
static void print_fixed(int64_t number, char letter, int digits, char *to, size_t size)
{
    char whole[64], grouped[64];
    int count = digits < 0 ? 2 : digits;

    (void) snprintf(whole, sizeof(whole), "%lld", (long long) number * (letter == 'P' ? 100 : 1));
    group(whole, strlen(whole), grouped, sizeof(grouped));
    (void) snprintf(to, size, "%s%s%.*s%s", letter == 'F' ? whole : grouped, count > 0 ? "." : "",
                    count, zeros, letter == 'P' ? " %" : "");
}

/* A pattern of 0 and #, with other characters around the digits. */
static bool print_pattern(int64_t number, const char *form, char *to, size_t size)
{
    size_t before = strcspn(form, "0#"), len = strspn(form + before, "0#,");
    const char *zero = strchr(form + before, '0');
    const char *after = form + before + len;
    int least = 0;
    char digits[64], grouped[80];

    if (len == 0 || strpbrk(after, "0#") != NULL || strpbrk(form, ".%;'\"\\") != NULL) {
        return false;
    }
    for (; zero != NULL && zero < after; zero++) {
        least += *zero != ',';
    }
    (void) snprintf(digits, sizeof(digits), "%0*llu", least < 40 ? least : 40,
                    (unsigned long long) llabs((long long) number));
    if (number == 0 && least == 0) {
        digits[0] = '\0';
    }
    group(digits, strlen(digits), grouped, sizeof(grouped));
    (void) snprintf(to, size, "%s%.*s%s%s", number < 0 ? "-" : "", (int) before, form,
                    memchr(form + before, ',', len) != NULL ? grouped : digits, after);
    return true;
}

/* False for a form that is none, or not known. */
static bool print_number(int64_t number, const char *form, char *to, size_t size)
{
    char letter = form[0] != '\0' ? form[0] : 'G';
    const char *rest = form[0] != '\0' ? form + 1 : form;
    char *end;
    long digits = rest[0] != '\0' ? strtol(rest, &end, 10) : -1;

    if (strchr("DdXxFfNnGgPp", letter) == NULL || rest[strspn(rest, "0123456789")] != '\0') {
        return print_pattern(number, form, to, size);
    }
    if (digits > DIGITS_MAX) {
        return false;
    }
    char plain[64];
    int count = (int) digits;
    switch (toupper((unsigned char) letter)) {
    case 'D':
        (void) snprintf(plain, sizeof(plain), "%llu",
                        (unsigned long long) llabs((long long) number));
        pad(number < 0 ? "-" : "", plain, count, to, size);
        return true;
    case 'X':
        (void) snprintf(plain, sizeof(plain), letter == 'X' ? "%llX" : "%llx",
                        (unsigned long long) number);
        pad("", plain, count, to, size);
        return true;
    case 'G':
        (void) snprintf(to, size, "%lld", (long long) number);
        return count <= 0 || strlen(to) <= (size_t) count;
    default:
        print_fixed(number, (char) toupper((unsigned char) letter), count, to, size);
        return true;
    }
}

static enum kv_code append_spaces(struct template_eval *eval, struct kv_buf *buf, long count,
                                  struct kv_err *err)
{
    for (; count > 0; count--) {
        KV_TRY(template_append_text(eval->budget, buf, " ", err));
    }
    return KV_OK;
}

static enum kv_code append_item(struct template_eval *eval, const struct template_call *call,
                                const struct item *item, struct kv_buf *buf, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf text = { 0 };
    char digits[NUMBER_SIZE];
    int64_t number;
    const cJSON *value;

    if (item->index + 1 >= call->count) {
        return refuse(err, NO_SUCH_ARGUMENT);
    }
    value = call->args[item->index + 1].json;
    kv_buf_init(&text, TEMPLATE_TEXT_MAX);
    if (template_is_integer(value, &number)) {
        if (!print_number(number, item->form, digits, sizeof(digits))) {
            return refuse(err, "Format specifier was invalid.");
        }
        KV_TRY(template_append_text(eval->budget, &text, digits, err));
    } else {
        KV_TRY(template_print(eval->budget, value, &text, err));
    }
    long missing = labs(item->width) - (long) template_units(text.len > 0 ? text.data : "");
    KV_TRY(append_spaces(eval, buf, item->width > 0 ? missing : 0, err));
    KV_TRY(template_append(eval->budget, buf, text.data, text.len, err));
    return append_spaces(eval, buf, item->width < 0 ? missing : 0, err);
}

enum kv_code template_fn_format(struct template_eval *eval, const struct template_call *call,
                                struct template_value *ret_value, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf made = { 0 };
    const char *at = template_text(call, 0);

    kv_buf_init(&made, TEMPLATE_TEXT_MAX);
    while (*at != '\0') {
        size_t len = strcspn(at, "{}");
        struct item item;

        KV_TRY(template_append(eval->budget, &made, at, len, err));
        at += len;
        if (*at == '\0') {
            break;
        }
        if (at[1] == at[0]) { /* a brace that means itself */
            KV_TRY(template_append(eval->budget, &made, at, 1, err));
            at += 2;
            continue;
        }
        if (*at++ == '}' || !read_item(&at, &item)) {
            return refuse(err, NOT_A_FORMAT);
        }
        KV_TRY(append_item(eval, call, &item, &made, err));
    }
    return template_make_buf(eval->budget, &made, ret_value, err);
}
