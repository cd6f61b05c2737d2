/* SPDX-License-Identifier: Apache-2.0 */
/*
 * parity.h - docs/parity.md: what is served, by the tables that the server itself goes by, and which
 * test proves it.
 *
 * A cell is something that can be asked for, in up to three words: an operation with a key type,
 * with an algorithm or, where it makes a key, with a curve; or "api-version" and one. Cells come
 * from kv_key_routes, kty.def, alg.def, curve.def, key_op.def and api_version.def (cells.c). What a
 * managed HSM has beside its keys, kv_hsm_routes, has a cell for each verb and path.
 *
 * The proofs are read out of the tests (proofs.c, golden.c); nothing has to be built or run for it:
 *   - a test names the cells that it proves by api_proves(), whose argument is a literal; that it
 *     had such answers indeed is seen to when it runs (tests/support/proof.h);
 *   - an error, a row of err.def, is proven by the tests whose names hold its symbol, and by the
 *     cases of tests/data/golden whose titles do;
 *   - an operation of a managed HSM by the golden cases that got an answer of it: they are compared
 *     with what the server says when test_golden runs.
 * Cells that tests/parity/unproven admits to are shown as missing; all others must be proven.
 *
 * One thread. Errors are KV_INTERNAL, or what kv/base/files.h says.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "kv/app/api.h"
#include "kv/app/app.h"
#include "kv/base/buf.h"
#include "kv/custody/custody.h"
#include "tests/support/operation.h"

#define PARITY_WORDS_MAX 192 /* bytes of a cell's words */
#define PARITY_TEXT_MAX 192  /* bytes of a title, a file's name, a path */
#define PARITY_CELLS_MAX 1024
#define PARITY_OPERATIONS_MAX 64
#define PARITY_TESTS_MAX 8192
#define PARITY_PROOFS_MAX 8192
#define PARITY_PAGE_MAX ((size_t) 1 << 20)

/* All rows of kv_key_routes that are one operation. */
struct parity_operation {
    char name[OPERATION_SIZE];
    const struct kv_route *routes[4];
    size_t count;
    bool is_of_key;      /* it has cells by key type */
    bool is_by_alg;      /* its cells are those of alg.def */
    bool is_on_hsm_only; /* no vault has it */
    bool makes_key;
};

struct parity_cell {
    char words[PARITY_WORDS_MAX]; /* "wrapkey RSA RSA-OAEP" */
    const char *table;            /* the file whose row it comes from */
};

/* A test, or a case of a golden file, which is a test as a whole. */
struct parity_test {
    char title[PARITY_TEXT_MAX];   /* "suite/name", "golden/file" */
    char symbols[PARITY_TEXT_MAX]; /* the text that symbols of errors are looked for in */
    char file[PARITY_TEXT_MAX];
    unsigned line;
};

struct parity_proof {
    char words[PARITY_WORDS_MAX]; /* of the cell */
    size_t test;
};

struct parity {
    struct parity_operation operations[PARITY_OPERATIONS_MAX];
    size_t operation_count;
    struct parity_cell cells[PARITY_CELLS_MAX];
    size_t cell_count;
    struct parity_test tests[PARITY_TESTS_MAX];
    size_t test_count;
    struct parity_proof proofs[PARITY_PROOFS_MAX];
    size_t proof_count;
    bool is_not_offered[PARITY_CELLS_MAX]; /* by cell: what answers of it has status 501 */
};

/* Reads tables and tests; `root` is the top of the sources. Free with parity_free(). */
enum kv_code parity_load(const char *root, struct parity **ret_parity,
                         struct kv_err *err) kv_must_check;
void parity_free(struct parity *parity);
KV_DEFINE_CLEANUP(struct parity *, parity_free)

/* The tables of the page, without what stands around them. */
enum kv_code parity_render(const struct parity *parity, struct kv_buf *buf,
                           struct kv_err *err) kv_must_check;

/* Writes the page in `root` anew. */
enum kv_code parity_write(const struct parity *parity, const char *root,
                          struct kv_err *err) kv_must_check;

/* Appends a line "FILE:LINE: REASON" or "FILE: REASON" for everything that is not proven, for what
 * is proven and does not exist, and for a page that is not as it would be written. */
enum kv_code parity_check(const struct parity *parity, const char *root, struct kv_buf *found,
                          struct kv_err *err) kv_must_check;

/* Below here: what the files of tests/parity share. */

enum kv_code parity_find_cells(struct parity *parity, struct kv_err *err) kv_must_check;
enum kv_code parity_read_tests(struct parity *parity, const char *root,
                               struct kv_err *err) kv_must_check;
enum kv_code parity_read_golden(struct parity *parity, const char *root,
                                struct kv_err *err) kv_must_check;

/* NULL when there is no such cell; by its place in `cells`, cells of one operation in order. */
const struct parity_cell *parity_cell_find(const struct parity *parity, const char *words);
bool parity_is_proven(const struct parity *parity, const char *words);

/* Whether an operation of that name makes a key. */
bool parity_makes_key(const struct parity *parity, const char *operation);

/* A text of the format; KV_INTERNAL when it does not fit. */
enum kv_code parity_text(char *ret_text, size_t size, struct kv_err *err, const char *format,
                         ...) kv_must_check kv_printf(4, 5);

enum kv_code parity_add_test(struct parity *parity, const struct parity_test *test,
                             struct kv_err *err) kv_must_check;
/* By the test that was added last. */
enum kv_code parity_add_proof(struct parity *parity, const char *words,
                              struct kv_err *err) kv_must_check;

/* Whether `text` holds the symbol, and no longer one that only begins or ends so. */
bool parity_holds_symbol(const char *text, const char *symbol);

/* Calls `use` with every file below `root`/`folder` whose name ends in `suffix`, folders and files by
 * name. Folders called data are left out, which hold no tests. */
typedef enum kv_code parity_file_fn(struct parity *parity, const char *name, const char *text,
                                    struct kv_err *err);
enum kv_code parity_each_file(struct parity *parity, const char *root, const char *folder,
                              const char *const *suffixes, parity_file_fn *use,
                              struct kv_err *err) kv_must_check;

/* How a path of kv_hsm_routes stands on the page: scopes, which have several rows, as one. */
enum kv_code parity_hsm_words(const struct kv_route *route, char ret_words[PARITY_WORDS_MAX],
                              struct kv_err *err) kv_must_check;
