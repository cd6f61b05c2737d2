/* SPDX-License-Identifier: Apache-2.0 */
/* What the cases of tests/data/golden prove: errors by their titles, operations of a managed HSM by
 * the answers that they compare. */
#include "parity.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#define FOLDER "tests/data/golden"
#define SCOPED_BY "/providers/"
#define NOT_OFFERED 501

/* One request of a case, of which the answer follows. */
struct asked {
    char words[PARITY_WORDS_MAX]; /* "GET /settings"; "" when none is waited for */
};

/* What of the path tells operations apart: behind a scope, if there is one. */
static const char *below_scope(const char *path)
{
    const char *below = strstr(path, SCOPED_BY);

    return below != NULL ? below : path;
}

/* Whether the segments are those of the pattern, in which {name} is any. */
static bool fits(const char *pattern, const char *path)
{
    while (*pattern != '\0' && *path != '\0') {
        size_t want = strcspn(++pattern, "/");
        size_t have = strcspn(++path, "/");
        bool is_any = *pattern == '{' && have > 0;

        if (!is_any && (want != have || strncasecmp(pattern, path, want) != 0)) {
            return false;
        }
        pattern += want;
        path += have;
    }
    return *pattern == *path;
}

/* Whether the cell is of a managed HSM's own operation, and that is what was asked for. */
static bool is_of(const struct parity_cell *cell, const char *asked)
{
    const char *path = strchr(cell->words, ' ');
    size_t verb = path != NULL ? (size_t) (path - cell->words) : 0;

    return path != NULL && path[1] == '/' && strncmp(cell->words, asked, verb + 1) == 0
           && fits(below_scope(path + 1), below_scope(asked + verb + 1));
}

/* An answer proves what was asked for when it is a good one, or says that this is not offered. */
static enum kv_code take_answer(struct parity *parity, const struct asked *asked, int status,
                                struct kv_err *err)
{
    if ((status < 200 || status > 299) && status != NOT_OFFERED) {
        return KV_OK;
    }
    for (size_t i = 0; i < parity->cell_count; i++) {
        if (is_of(&parity->cells[i], asked->words)) {
            KV_TRY(parity_add_proof(parity, parity->cells[i].words, err));
            parity->is_not_offered[i] = status == NOT_OFFERED;
        }
    }
    return KV_OK;
}

/* "> GET /settings?api-version=7.6", of which the query is left out. */
static enum kv_code take_request(const char *line, size_t len, struct asked *ret_asked,
                                 struct kv_err *err)
{
    size_t verb = strspn(line, "ABCDEFGHIJKLMNOPQRSTUVWXYZ");
    size_t all = strcspn(line, " \n");

    ret_asked->words[0] = '\0';
    if (verb == 0 || verb + 1 >= len || strncmp(line + verb, " /", 2) != 0) {
        return KV_OK;
    }
    all = verb + 1 + strcspn(line + verb + 1, " \n");
    if (all != len) { /* words follow: no request line */
        return KV_OK;
    }
    return parity_text(ret_asked->words, sizeof(ret_asked->words), err, "%.*s",
                       (int) (verb + 1 + strcspn(line + verb + 1, "? \n")), line);
}

static int read_status(const char *text)
{
    int status = 0;

    for (int i = 0; i < 3 && isdigit((unsigned char) text[i]); i++) {
        status = status * 10 + text[i] - '0';
    }
    return status;
}

/* A line of a case: a request, more of it, or its answer. */
static enum kv_code take_line(struct parity *parity, const char *line, size_t len,
                              struct asked *asked, struct kv_err *err)
{
    if (strncmp(line, "> ", 2) == 0) {
        return asked->words[0] == '\0' ? take_request(line + 2, len - 2, asked, err) : KV_OK;
    }
    if (strncmp(line, "< ", 2) == 0 && asked->words[0] != '\0') {
        KV_TRY(take_answer(parity, asked, read_status(line + 2), err));
    }
    asked->words[0] = '\0';
    return KV_OK;
}

/* "golden/managed_hsm" of a file's name. */
static enum kv_code name_case(const char *name, const char *line, size_t len, unsigned number,
                              struct parity_test *ret_test, struct kv_err *err)
{
    const char *base = strrchr(name, '/') + 1;

    ret_test->line = number;
    KV_TRY(parity_text(ret_test->file, sizeof(ret_test->file), err, "%s", name));
    KV_TRY(parity_text(ret_test->title, sizeof(ret_test->title), err, "golden/%.*s",
                       (int) strcspn(base, "."), base));
    return parity_text(ret_test->symbols, sizeof(ret_test->symbols), err, "%.*s", (int) len, line);
}

static enum kv_code read_cases(struct parity *parity, const char *name, const char *text,
                               struct kv_err *err)
{
    struct asked asked = { "" };
    bool in_case = false;
    unsigned number = 1;

    for (const char *line = text; *line != '\0'; number++) {
        size_t len = strcspn(line, "\n");

        if (strncmp(line, "case ", 5) == 0) {
            struct parity_test test;

            KV_TRY(name_case(name, line, len, number, &test, err));
            KV_TRY(parity_add_test(parity, &test, err));
            in_case = true;
            asked.words[0] = '\0';
        } else if (in_case) {
            KV_TRY(take_line(parity, line, len, &asked, err));
        }
        line += len + (line[len] == '\n' ? 1 : 0);
    }
    return KV_OK;
}

enum kv_code parity_read_golden(struct parity *parity, const char *root, struct kv_err *err)
{
    static const char *const suffixes[] = { ".txt", NULL };

    return parity_each_file(parity, root, FOLDER, suffixes, read_cases, err);
}
