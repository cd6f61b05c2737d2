/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests say that they prove: their names, and the literals of api_proves(). */
#include "parity.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "kv/base/secret.h"

#define NAME_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_"
#define SAYS "api_proves("
#define CELLS_SIZE 1024 /* of what one call says */

/* What a lexer of C has to know to tell code from comments and from what stands in quotes. */
enum place { IN_CODE, IN_COMMENT, IN_TEXT, IN_CHARACTER };

/* A test's source, and the same with nothing between quotes. Comments are blank in both; every byte
 * stands where it stood. */
struct source {
    char *text;
    char *code;
};

static void blank(char *byte)
{
    if (*byte != '\n') {
        *byte = ' ';
    }
}

/* Steps over what begins at `i`; the place that follows it. */
static enum place step_in_code(const struct source *source, size_t *i)
{
    enum place place = IN_CODE;
    char c = source->text[*i];

    if (c == '/' && source->text[*i + 1] == '*') {
        blank(&source->text[*i]);
        blank(&source->code[*i]);
        return IN_COMMENT;
    }
    if (c == '"') {
        place = IN_TEXT;
    } else if (c == '\'') {
        place = IN_CHARACTER;
    }
    (*i)++;
    return place;
}

static enum place step_in_comment(const struct source *source, size_t *i)
{
    bool ends = source->text[*i] == '*' && source->text[*i + 1] == '/';

    for (int bytes = ends ? 2 : 1; bytes > 0; bytes--, (*i)++) {
        blank(&source->text[*i]);
        blank(&source->code[*i]);
    }
    return ends ? IN_CODE : IN_COMMENT;
}

/* A text ends with its quote; one that the line's end cuts off is none. */
static enum place step_in_quotes(const struct source *source, enum place place, size_t *i)
{
    char c = source->text[*i];

    if (c == (place == IN_TEXT ? '"' : '\'') || c == '\n') {
        (*i)++;
        return IN_CODE;
    }
    for (int bytes = c == '\\' && source->text[*i + 1] != '\0' ? 2 : 1; bytes > 0; bytes--) {
        blank(&source->code[(*i)++]);
    }
    return place;
}

static void blank_out(const struct source *source)
{
    enum place place = IN_CODE;

    for (size_t i = 0; source->text[i] != '\0';) {
        switch (place) {
        case IN_CODE:
            place = step_in_code(source, &i);
            break;
        case IN_COMMENT:
            place = step_in_comment(source, &i);
            break;
        case IN_TEXT:
        case IN_CHARACTER:
            place = step_in_quotes(source, place, &i);
            break;
        }
    }
}

/* The literals that begin at `from`, joined, up to the closing parenthesis. */
static enum kv_code join_literals(const char *from, char ret_text[CELLS_SIZE], struct kv_err *err)
{
    size_t len = 0;

    for (from += strspn(from, " \n"); *from == '"'; from += strspn(from, " \n")) {
        size_t part = strcspn(++from, "\"");

        if (len + part >= CELLS_SIZE || from[part] != '"') {
            return KV_FAIL(err, KV_INTERNAL, 0, "what api_proves() is given is too long");
        }
        memcpy(ret_text + len, from, part);
        len += part;
        from += part + 1;
    }
    ret_text[len] = '\0';
    return *from == ')' && len > 0 ? KV_OK
                                   : KV_FAIL(err, KV_INTERNAL, 0, "api_proves() wants a literal");
}

/* A cell of a key that is made on a curve proves that of its type as well. */
static enum kv_code add_cell_proof(struct parity *parity, const char *words, struct kv_err *err)
{
    char of_type[PARITY_WORDS_MAX];
    char operation[OPERATION_SIZE];
    const char *last = strrchr(words, ' ');

    KV_TRY(parity_add_proof(parity, words, err));
    KV_TRY(
        parity_text(operation, sizeof(operation), err, "%.*s", (int) strcspn(words, " "), words));
    if (last == NULL || last == strchr(words, ' ') || !parity_makes_key(parity, operation)) {
        return KV_OK;
    }
    KV_TRY(parity_text(of_type, sizeof(of_type), err, "%.*s", (int) (last - words), words));
    return parity_add_proof(parity, of_type, err);
}

/* Every cell that the words from `rest` on make with `cell`, the ones before; commas stand between
 * alternatives. */
static enum kv_code add_cells(struct parity *parity, const char *rest, const char *cell,
                              struct kv_err *err)
{
    size_t len = strcspn(rest, " ");
    const char *end = rest + len;
    char longer[PARITY_WORDS_MAX];

    while (rest <= end) {
        size_t choice = strcspn(rest, ", ");

        KV_TRY(parity_text(longer, sizeof(longer), err, "%s%s%.*s", cell, *cell != '\0' ? " " : "",
                           (int) choice, rest));
        for (char *c = longer; *cell == '\0' && *c != '\0'; c++) {
            *c = (char) tolower((unsigned char) *c);
        }
        if (*end == ' ') {
            KV_TRY(add_cells(parity, end + 1, longer, err));
        } else {
            KV_TRY(add_cell_proof(parity, longer, err));
        }
        rest += choice + 1;
    }
    return KV_OK;
}

/* Everything that is said between two places, a test's body. */
static enum kv_code read_body(struct parity *parity, const struct source *source, size_t from,
                              size_t end, struct kv_err *err)
{
    char cells[CELLS_SIZE];
    const char *said;

    while ((said = strstr(source->code + from, SAYS)) != NULL
           && (from = (size_t) (said - source->code) + strlen(SAYS)) <= end) {
        KV_TRY(join_literals(source->text + from, cells, err));
        KV_TRY(add_cells(parity, cells, "", err));
    }
    return KV_OK;
}

/* Fills title and symbols; false when this is no head of a test. */
static bool read_head(const char *from, struct parity_test *ret_test)
{
    size_t suite = strspn(from, NAME_CHARS);
    const char *name = from + suite + 2;
    size_t len;

    if (suite == 0 || strncmp(from + suite, ", ", 2) != 0 || (len = strspn(name, NAME_CHARS)) == 0
        || suite + len + 2 > sizeof(ret_test->title)) {
        return false;
    }
    snprintf(ret_test->title, sizeof(ret_test->title), "%.*s/%.*s", (int) suite, from, (int) len,
             name);
    snprintf(ret_test->symbols, sizeof(ret_test->symbols), "%.*s", (int) len, name);
    return true;
}

static enum kv_code read_source(struct parity *parity, const char *name,
                                const struct source *source, struct kv_err *err)
{
    static const char begins[] = "\nTest(";
    struct parity_test test = { .line = 1 };
    size_t counted = 0;

    blank_out(source);
    KV_TRY(parity_text(test.file, sizeof(test.file), err, "%s", name));
    for (const char *at = strstr(source->code, begins), *next; at != NULL; at = next) {
        size_t head = (size_t) (at - source->code) + 1;

        next = strstr(at + 1, begins);
        for (; counted < head; counted++) {
            test.line += source->code[counted] == '\n' ? 1 : 0;
        }
        if (read_head(at + strlen(begins), &test)) {
            KV_TRY(parity_add_test(parity, &test, err));
            KV_TRY(read_body(parity, source, head,
                             next != NULL ? (size_t) (next - source->code) : strlen(source->code),
                             err));
        }
    }
    return KV_OK;
}

static enum kv_code read_file(struct parity *parity, const char *name, const char *text,
                              struct kv_err *err)
{
    kv_auto(kv_wipe_free) char *copy = strdup(text);
    kv_auto(kv_wipe_free) char *code = strdup(text);
    struct source source = { .text = copy, .code = code };

    if (copy == NULL || code == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    return read_source(parity, name, &source, err);
}

enum kv_code parity_read_tests(struct parity *parity, const char *root, struct kv_err *err)
{
    static const char *const suffixes[] = { ".c", ".h", NULL };

    return parity_each_file(parity, root, "tests", suffixes, read_file, err);
}

enum kv_code parity_add_test(struct parity *parity, const struct parity_test *test,
                             struct kv_err *err)
{
    if (parity->test_count == PARITY_TESTS_MAX) {
        return KV_FAIL(err, KV_INTERNAL, 0, "more than %d tests", PARITY_TESTS_MAX);
    }
    parity->tests[parity->test_count++] = *test;
    return KV_OK;
}

enum kv_code parity_add_proof(struct parity *parity, const char *words, struct kv_err *err)
{
    struct parity_proof *proof = &parity->proofs[parity->proof_count];

    if (parity->proof_count == PARITY_PROOFS_MAX) {
        return KV_FAIL(err, KV_INTERNAL, 0, "more than %d proofs", PARITY_PROOFS_MAX);
    }
    KV_TRY(parity_text(proof->words, sizeof(proof->words), err, "%s", words));
    proof->test = parity->test_count - 1;
    parity->proof_count++;
    return KV_OK;
}

bool parity_is_proven(const struct parity *parity, const char *words)
{
    for (size_t i = 0; i < parity->proof_count; i++) {
        if (strcmp(parity->proofs[i].words, words) == 0) {
            return true;
        }
    }
    return false;
}

/* A letter or a digit that goes on with a symbol, or an underscore before one. */
static bool goes_on(const char *text)
{
    const char *next = *text == '_' ? text + 1 : text;

    return isupper((unsigned char) *next) || isdigit((unsigned char) *next);
}

bool parity_holds_symbol(const char *text, const char *symbol)
{
    size_t len = strlen(symbol);

    for (const char *at = strstr(text, symbol); at != NULL; at = strstr(at + 1, symbol)) {
        bool is_tail =
            at > text
            && (isupper((unsigned char) at[-1]) || isdigit((unsigned char) at[-1])
                || (at[-1] == '_' && at - 1 > text
                    && (isupper((unsigned char) at[-2]) || isdigit((unsigned char) at[-2]))));

        if (!is_tail && !goes_on(at + len)) {
            return true;
        }
    }
    return false;
}
