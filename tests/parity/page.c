/* SPDX-License-Identifier: Apache-2.0 */
/* The tables of the page: first what there is, then which test proves it. */
#include "parity.h"

#include <string.h>
#include <strings.h>

/* The page that is being written. */
struct page {
    const struct parity *parity;
    struct kv_buf *buf;
    struct kv_err *err;
};

#define PUT(page, ...) KV_TRY(kv_buf_printf((page)->buf, (page)->err, __VA_ARGS__))

/* The cells of one field: those with these words; NULL: whatever stands there, or nothing. */
struct choice {
    const char *operation; /* in any case; of a managed HSM, a verb, and `second` is the path */
    const char *second;
    const char *third;
};

/* Titles of tests for one field, each once. */
struct titles {
    const char *title[PARITY_TESTS_MAX];
    size_t count;
};

static const char *next_word(const char *words)
{
    const char *space = strchr(words, ' ');

    return space != NULL ? space + 1 : "";
}

static bool is_word(const char *words, const char *want)
{
    size_t len = strcspn(words, " ");

    return want == NULL || (strlen(want) == len && strncasecmp(words, want, len) == 0);
}

static bool is_chosen(const char *words, const struct choice *choice)
{
    const char *second = next_word(words);
    bool is_path = choice->second != NULL && choice->second[0] == '/';

    return is_word(words, choice->operation) && is_word(second, choice->second)
           && is_word(next_word(second), choice->third) && (second[0] == '/') == is_path;
}

/* The cells that are missing, by what tells them apart. */
static enum kv_code put_missing(const struct page *page, const struct choice *choice)
{
    const struct parity *parity = page->parity;
    const char *before = "missing: ";

    for (size_t i = 0; i < parity->cell_count; i++) {
        const char *words = parity->cells[i].words;

        if (is_chosen(words, choice) && !parity_is_proven(parity, words)) {
            PUT(page, "%s%s", before, next_word(words));
            before = ", ";
        }
    }
    return KV_OK;
}

static enum kv_code put_mark(const struct page *page, const struct choice *choice)
{
    const struct parity *parity = page->parity;
    size_t there = 0;
    size_t missing = 0;

    for (size_t i = 0; i < parity->cell_count; i++) {
        const char *words = parity->cells[i].words;

        if (is_chosen(words, choice)) {
            there++;
            missing += parity_is_proven(parity, words) ? 0 : 1;
        }
    }
    if (missing > 0 && missing < there) {
        return put_missing(page, choice);
    }
    if (there > 0) {
        PUT(page, "%s", missing > 0 ? "missing" : "✓");
    }
    return KV_OK;
}

static void add_title(struct titles *titles, const char *title)
{
    for (size_t i = 0; i < titles->count; i++) {
        if (strcmp(titles->title[i], title) == 0) {
            return;
        }
    }
    titles->title[titles->count++] = title;
}

static enum kv_code put_titles(const struct page *page, const struct titles *titles)
{
    for (size_t i = 0; i < titles->count; i++) {
        PUT(page, "%s`%s`", i > 0 ? ", " : "", titles->title[i]);
    }
    if (titles->count == 0) {
        PUT(page, "missing");
    }
    return KV_OK;
}

static enum kv_code put_proofs(const struct page *page, const struct choice *choice)
{
    const struct parity *parity = page->parity;
    struct titles titles = { .count = 0 };

    for (size_t i = 0; i < parity->cell_count; i++) {
        const char *words = parity->cells[i].words;

        for (size_t j = 0; is_chosen(words, choice) && j < parity->proof_count; j++) {
            if (strcmp(parity->proofs[j].words, words) == 0) {
                add_title(&titles, parity->tests[parity->proofs[j].test].title);
            }
        }
    }
    return put_titles(page, &titles);
}

/* Whether an algorithm has the operation. */
static bool is_used(enum kv_key_op op)
{
    bool is = false;

    for (enum kv_alg alg = 0; alg < KV_ALG_COUNT; alg++) {
        is |= (kv_alg_row(alg)->operations & 1U << op) != 0;
    }
    return is;
}

static enum kv_code put_rule(const struct page *page, size_t columns)
{
    for (size_t i = 0; i < columns; i++) {
        PUT(page, "|---");
    }
    PUT(page, "|\n");
    return KV_OK;
}

/* Paths, whether it is there without a key, and with each type of key. */
static enum kv_code put_operation(const struct page *page, const struct parity_operation *operation)
{
    struct choice choice = { .operation = operation->name };

    for (size_t i = 0; i < operation->count; i++) {
        const struct kv_route *route = operation->routes[i];

        PUT(page, "%s`%s %s`", i > 0 ? "<br>" : "| ", kv_verb_name(route->verb), route->path);
    }
    PUT(page, "%s | ", operation->is_on_hsm_only ? " (managed HSM)" : "");
    if (operation->is_by_alg) {
        PUT(page, "see below");
    } else if (!operation->is_of_key) {
        KV_TRY(put_mark(page, &choice));
    }
    for (enum kv_kty kty = 0; kty < KV_KTY_COUNT; kty++) {
        choice.second = kv_kty_row(kty)->name;
        PUT(page, " | ");
        if (operation->is_of_key && !operation->is_by_alg) {
            KV_TRY(put_mark(page, &choice));
        }
    }
    PUT(page, " |\n");
    return KV_OK;
}

static enum kv_code put_operations(const struct page *page)
{
    PUT(page, "\n| operation | of no key");
    for (enum kv_kty kty = 0; kty < KV_KTY_COUNT; kty++) {
        PUT(page, " | %s", kv_kty_row(kty)->name);
    }
    PUT(page, " |\n");
    KV_TRY(put_rule(page, 2 + KV_KTY_COUNT));
    for (size_t i = 0; i < page->parity->operation_count; i++) {
        KV_TRY(put_operation(page, &page->parity->operations[i]));
    }
    return KV_OK;
}

static enum kv_code put_alg(const struct page *page, const struct kv_alg_row *alg)
{
    const char *before = " | ";

    PUT(page, "| `%s`", alg->name);
    for (enum kv_kty kty = 0; kty < KV_KTY_COUNT; kty++) {
        if (kv_kty_row(kty)->family == alg->family) {
            PUT(page, "%s%s", before, kv_kty_row(kty)->name);
            before = ", ";
        }
    }
    for (enum kv_key_op op = 0; op < KV_OP_COUNT; op++) {
        if (is_used(op)) {
            struct choice choice = { .operation = kv_key_op_row(op)->name, .third = alg->name };

            PUT(page, " | ");
            KV_TRY(put_mark(page, &choice));
        }
    }
    PUT(page, " |\n");
    return KV_OK;
}

static enum kv_code put_algs(const struct page *page)
{
    size_t columns = 2;

    PUT(page, "\n| algorithm | key types");
    for (enum kv_key_op op = 0; op < KV_OP_COUNT; op++) {
        if (is_used(op)) {
            PUT(page, " | %s", kv_key_op_row(op)->name);
            columns++;
        }
    }
    PUT(page, " |\n");
    KV_TRY(put_rule(page, columns));
    for (enum kv_alg alg = 0; alg < KV_ALG_COUNT; alg++) {
        KV_TRY(put_alg(page, kv_alg_row(alg)));
    }
    return KV_OK;
}

/* Whether the cell is one of kv_hsm_routes: a verb and a path. */
static bool is_hsm_cell(const struct parity_cell *cell)
{
    return next_word(cell->words)[0] == '/';
}

static enum kv_code put_hsm(const struct page *page)
{
    const struct parity *parity = page->parity;

    PUT(page, "\n| a managed HSM beside its keys |  |\n");
    KV_TRY(put_rule(page, 2));
    for (size_t i = 0; i < parity->cell_count; i++) {
        const char *words = parity->cells[i].words;

        if (is_hsm_cell(&parity->cells[i])) {
            PUT(page, "| `%s` | %s |\n", words,
                !parity_is_proven(parity, words) ? "missing"
                : parity->is_not_offered[i]      ? "not offered (501)"
                                                 : "✓");
        }
    }
    return KV_OK;
}

static enum kv_code put_versions(const struct page *page)
{
    const struct choice choice = { .operation = "api-version" };
    const struct parity *parity = page->parity;
    const char *before = "\napi-versions: ";

    for (size_t i = 0; i < parity->cell_count; i++) {
        if (is_chosen(parity->cells[i].words, &choice)) {
            PUT(page, "%s%s", before, next_word(parity->cells[i].words));
            before = ", ";
        }
    }
    PUT(page, ": ");
    KV_TRY(put_mark(page, &choice));
    PUT(page, ", by ");
    KV_TRY(put_proofs(page, &choice));
    PUT(page, ".\n\n");
    return KV_OK;
}

static enum kv_code put_operation_proofs(const struct page *page)
{
    const struct parity *parity = page->parity;

    PUT(page, "| operation | tests |\n");
    KV_TRY(put_rule(page, 2));
    for (size_t i = 0; i < parity->operation_count; i++) {
        const struct choice choice = { .operation = parity->operations[i].name };

        if (!parity->operations[i].is_by_alg) {
            PUT(page, "| %s | ", choice.operation);
            KV_TRY(put_proofs(page, &choice));
            PUT(page, " |\n");
        }
    }
    return KV_OK;
}

static enum kv_code put_alg_proofs(const struct page *page)
{
    PUT(page, "\n| algorithm | operation | tests |\n");
    KV_TRY(put_rule(page, 3));
    for (enum kv_alg alg = 0; alg < KV_ALG_COUNT; alg++) {
        const struct kv_alg_row *row = kv_alg_row(alg);

        for (enum kv_key_op op = 0; op < KV_OP_COUNT; op++) {
            struct choice choice = { .operation = kv_key_op_row(op)->name, .third = row->name };

            if ((row->operations & 1U << op) != 0) {
                PUT(page, "| `%s` | %s | ", row->name, choice.operation);
                KV_TRY(put_proofs(page, &choice));
                PUT(page, " |\n");
            }
        }
    }
    return KV_OK;
}

static enum kv_code put_hsm_proofs(const struct page *page)
{
    const struct parity *parity = page->parity;

    PUT(page, "\n| managed HSM | tests |\n");
    KV_TRY(put_rule(page, 2));
    for (size_t i = 0; i < parity->cell_count; i++) {
        const char *words = parity->cells[i].words;

        if (is_hsm_cell(&parity->cells[i])) {
            char verb[PARITY_WORDS_MAX];
            const struct choice choice = { .operation = verb, .second = next_word(words) };

            KV_TRY(parity_text(verb, sizeof(verb), page->err, "%.*s", (int) strcspn(words, " "),
                               words));
            PUT(page, "| `%s` | ", words);
            KV_TRY(put_proofs(page, &choice));
            PUT(page, " |\n");
        }
    }
    return KV_OK;
}

static enum kv_code put_errors(const struct page *page)
{
    const struct parity *parity = page->parity;

    PUT(page, "| status | code | inner code | tests |\n");
    KV_TRY(put_rule(page, 4));
    for (enum kv_code code = KV_OK + 1; code < KV_CODE_COUNT; code++) {
        const struct kv_err_row *row = kv_err_row(code);
        struct titles titles = { .count = 0 };

        for (size_t i = 0; i < parity->test_count; i++) {
            if (parity_holds_symbol(parity->tests[i].symbols, row->symbol)) {
                add_title(&titles, parity->tests[i].title);
            }
        }
        PUT(page, "| %d | %s | %s | ", row->status, row->code,
            row->inner != NULL ? row->inner : "");
        KV_TRY(put_titles(page, &titles));
        PUT(page, " |\n");
    }
    return KV_OK;
}

enum kv_code parity_render(const struct parity *parity, struct kv_buf *buf, struct kv_err *err)
{
    const struct page page = { .parity = parity, .buf = buf, .err = err };

    KV_TRY(put_operations(&page));
    KV_TRY(put_algs(&page));
    KV_TRY(put_hsm(&page));
    KV_TRY(put_versions(&page));
    PUT(&page, "<details><summary>Which test proves which row</summary>\n\n");
    KV_TRY(put_operation_proofs(&page));
    KV_TRY(put_alg_proofs(&page));
    KV_TRY(put_hsm_proofs(&page));
    PUT(&page, "\n</details>\n\n"
               "<details><summary>Errors, and the tests named after them</summary>\n\n");
    KV_TRY(put_errors(&page));
    PUT(&page, "\n</details>\n");
    return KV_OK;
}
