/* SPDX-License-Identifier: Apache-2.0 */
/* Whether all that there is is proven, all that is proven exists, and the page says so. */
#include "parity.h"

#include <string.h>

#include "kv/base/files.h"

#define PAGE "docs/parity.md"
#define BEGIN                                                                                      \
    "<!-- parity: written by `make parity` from the tables and the tests; not by hand -->\n"
#define END "<!-- end of parity -->"
#define ERRORS "include/kv/base/err.def"
#define UNPROVEN "tests/parity/unproven"
#define UNPROVEN_MAX ((size_t) 1 << 16)

#define FOUND(buf, err, ...) KV_TRY(kv_buf_printf((buf), (err), __VA_ARGS__))

/* Whether the word is one of the alternatives between commas, or they are a star. */
static bool is_word_of(const char *alternatives, const char *word)
{
    size_t len = strcspn(word, " ");

    while (*alternatives != '\0' && *alternatives != ' ' && *alternatives != '\n') {
        size_t one = strcspn(alternatives, ", \n");

        if ((one == 1 && *alternatives == '*')
            || (one == len && strncmp(alternatives, word, len) == 0)) {
            return true;
        }
        alternatives += one + (alternatives[one] == ',' ? 1 : 0);
    }
    return false;
}

/* Whether a line of the file UNPROVEN admits to the cell: as many words, each of them one of its. */
static bool admits(const char *line, const char *words)
{
    while (is_word_of(line, words)) {
        line += strcspn(line, " \n");
        words += strcspn(words, " ");
        if (*line != ' ' || *words != ' ') {
            return *line != ' ' && *words == '\0';
        }
        line++;
        words++;
    }
    return false;
}

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');

    return end != NULL ? end + 1 : line + strlen(line);
}

static bool is_admitted(const char *unproven, const char *words)
{
    bool is = false;

    for (const char *line = unproven; *line != '\0'; line = next_line(line)) {
        is |= *line != '#' && admits(line, words);
    }
    return is;
}

static enum kv_code check_cells(const struct parity *parity, const char *unproven,
                                struct kv_buf *found, struct kv_err *err)
{
    for (size_t i = 0; i < parity->cell_count; i++) {
        const struct parity_cell *cell = &parity->cells[i];

        if (!parity_is_proven(parity, cell->words) && !is_admitted(unproven, cell->words)) {
            FOUND(found, err, "%s: no test proves \"%s\"\n", cell->table, cell->words);
        }
    }
    return KV_OK;
}

/* A line that admits to nothing any more. */
static enum kv_code check_unproven(const struct parity *parity, const char *unproven,
                                   struct kv_buf *found, struct kv_err *err)
{
    unsigned number = 1;

    for (const char *line = unproven; *line != '\0'; line = next_line(line), number++) {
        bool is_needed = *line == '#' || *line == '\n';

        for (size_t i = 0; i < parity->cell_count; i++) {
            const char *words = parity->cells[i].words;

            is_needed |= admits(line, words) && !parity_is_proven(parity, words);
        }
        if (!is_needed) {
            FOUND(found, err, UNPROVEN ":%u: all that this line admits to is proven by now\n",
                  number);
        }
    }
    return KV_OK;
}

static enum kv_code check_proofs(const struct parity *parity, struct kv_buf *found,
                                 struct kv_err *err)
{
    for (size_t i = 0; i < parity->proof_count; i++) {
        const struct parity_proof *proof = &parity->proofs[i];
        const struct parity_test *test = &parity->tests[proof->test];

        if (parity_cell_find(parity, proof->words) == NULL) {
            FOUND(found, err, "%s:%u: %s proves \"%s\": no cell\n", test->file, test->line,
                  test->title, proof->words);
        }
    }
    return KV_OK;
}

static enum kv_code check_errors(const struct parity *parity, struct kv_buf *found,
                                 struct kv_err *err)
{
    for (enum kv_code code = KV_OK + 1; code < KV_CODE_COUNT; code++) {
        const char *symbol = kv_err_row(code)->symbol;
        size_t i = 0;

        while (i < parity->test_count && !parity_holds_symbol(parity->tests[i].symbols, symbol)) {
            i++;
        }
        if (i == parity->test_count) {
            FOUND(found, err, ERRORS ": no test is named after %s\n", symbol);
        }
    }
    return KV_OK;
}

/* The page with these tables in the place of those it has; KV_NOT_FOUND when it has no place. */
static enum kv_code renew(const struct parity *parity, const char *old, struct kv_buf *page,
                          struct kv_err *err)
{
    const char *begin = strstr(old, BEGIN);
    const char *end = begin != NULL ? strstr(begin, END) : NULL;

    if (end == NULL) {
        return KV_FAIL(err, KV_NOT_FOUND, 0, PAGE " has no place for the tables");
    }
    KV_TRY(kv_buf_append(page, old, (size_t) (begin - old) + strlen(BEGIN), err));
    KV_TRY(parity_render(parity, page, err));
    return kv_buf_append(page, end, strlen(end), err);
}

static unsigned first_difference(const char *one, const char *other)
{
    unsigned line = 1;

    for (; *one != '\0' && *one == *other; one++, other++) {
        line += *one == '\n' ? 1 : 0;
    }
    return line;
}

static enum kv_code check_page(const struct parity *parity, const char *root, struct kv_buf *found,
                               struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf old;
    kv_auto(kv_buf_done) struct kv_buf fresh;
    char path[KV_PATH_MAX];
    enum kv_code code;

    kv_buf_init(&old, PARITY_PAGE_MAX);
    kv_buf_init(&fresh, PARITY_PAGE_MAX);
    KV_TRY(kv_path_join(path, root, PAGE, err));
    KV_TRY(kv_file_read(path, &old, err));
    code = renew(parity, old.len > 0 ? old.data : "", &fresh, err);
    if (code == KV_NOT_FOUND) {
        FOUND(found, err, PAGE ": has no place for the tables\n");
        return KV_OK;
    }
    KV_TRY(code);
    if (strcmp(old.data, fresh.data) != 0) {
        FOUND(found, err, PAGE ":%u: the tables are stale: make parity\n",
              first_difference(old.data, fresh.data));
    }
    return KV_OK;
}

enum kv_code parity_check(const struct parity *parity, const char *root, struct kv_buf *found,
                          struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf unproven;
    char path[KV_PATH_MAX];

    kv_buf_init(&unproven, UNPROVEN_MAX);
    KV_TRY(kv_path_join(path, root, UNPROVEN, err));
    KV_TRY(kv_file_read(path, &unproven, err));
    const char *text = unproven.len > 0 ? unproven.data : "";

    KV_TRY(check_cells(parity, text, found, err));
    KV_TRY(check_unproven(parity, text, found, err));
    KV_TRY(check_proofs(parity, found, err));
    KV_TRY(check_errors(parity, found, err));
    return check_page(parity, root, found, err);
}

enum kv_code parity_write(const struct parity *parity, const char *root, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf old;
    kv_auto(kv_buf_done) struct kv_buf fresh;
    char path[KV_PATH_MAX];

    kv_buf_init(&old, PARITY_PAGE_MAX);
    kv_buf_init(&fresh, PARITY_PAGE_MAX);
    KV_TRY(kv_path_join(path, root, PAGE, err));
    KV_TRY(kv_file_read(path, &old, err));
    KV_TRY(renew(parity, old.len > 0 ? old.data : "", &fresh, err));
    return kv_file_write(path, fresh.data, fresh.len, 0644, err);
}
