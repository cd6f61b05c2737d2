/* SPDX-License-Identifier: Apache-2.0 */
/* The page of parity: what there is comes from the server's own tables, who proves it from tests that
 * are planted here. */
#include "tests/parity/parity.h"

#include <stdlib.h>
#include <string.h>

#include "kv/base/secret.h"
#include "scratch.h"

#define TESTS "tests/api/a.c"
#define GOLDEN "tests/data/golden/a.txt"
#define PAGE "docs/parity.md"
#define UNPROVEN "tests/parity/unproven"

static struct kv_err err;
static struct kv_buf found;

static void plant(const char *path, const char *text)
{
    cr_assert_eq(kv_file_write(path, text, strlen(text), 0600, &err), KV_OK, "%s", err.message);
}

static void setup(void)
{
    static const char *const folders[] = { "docs", "tests/api", "tests/data/golden",
                                           "tests/parity" };

    scratch_make();
    for (size_t i = 0; i < KV_COUNT(folders); i++) {
        cr_assert_eq(kv_folder_make(folders[i], 0700, &err), KV_OK, "%s", err.message);
    }
    plant(TESTS, "");
    plant(UNPROVEN, "# none\n");
    plant(PAGE,
          "<!-- parity: written by `make parity` from the tables and the tests; not by hand -->\n"
          "<!-- end of parity -->\n");
    kv_buf_init(&found, (size_t) 1 << 20);
}

static void teardown(void)
{
    kv_buf_done(&found);
    scratch_remove();
}
TestSuite(parity_page, .init = setup, .fini = teardown, .timeout = 60);

static struct parity *load(void)
{
    struct parity *parity;

    cr_assert_eq(parity_load(".", &parity, &err), KV_OK, "%s", err.message);
    return parity;
}

/* What is wrong with the tree, a line each. */
static const char *check(void)
{
    kv_auto(parity_free) struct parity *parity = load();

    kv_buf_clear(&found);
    cr_assert_eq(parity_check(parity, ".", &found, &err), KV_OK, "%s", err.message);
    return found.len > 0 ? found.data : "";
}

static void expect_said(const char *line)
{
    const char *said = check();

    cr_expect_not_null(strstr(said, line), "\"%s\" is not said, but:\n%s", line, said);
}

static void expect_unsaid(const char *line)
{
    const char *said = check();

    cr_expect_null(strstr(said, line), "\"%s\" is said", line);
}

/* A test of that name and body, behind the two lines of a head. */
static void plant_test(const char *name, const char *body)
{
    char text[4096];

    snprintf(text, sizeof(text), "/* A head. */\n\nTest(a, %s)\n{\n    %s\n}\n", name, body);
    plant(TESTS, text);
}

/* The verb and path of a managed HSM's cell as a case that got an answer. */
static void add_case(struct kv_buf *cases, const char *words)
{
    char path[PARITY_WORDS_MAX];
    size_t len = 0;

    for (const char *c = words; *c != '\0'; c++) { /* a word in the place of each {name} */
        path[len++] = *c == '{' ? 'x' : *c;
        c += *c == '{' ? strcspn(c, "}") : 0;
    }
    path[len] = '\0';
    cr_assert_eq(
        kv_buf_printf(cases, &err, "case 12 one\n> %s?api-version=7.6\n> {}\n< 200\n", path),
        KV_OK);
}

/* A tree in which everything is proven, but `except`. */
static void plant_all_but(const char *except)
{
    kv_auto(parity_free) struct parity *parity = load();
    kv_auto(kv_buf_done) struct kv_buf tests;
    kv_auto(kv_buf_done) struct kv_buf cases;

    kv_buf_init(&tests, (size_t) 1 << 20);
    kv_buf_init(&cases, (size_t) 1 << 20);
    cr_assert_eq(kv_buf_printf(&tests, &err, "/* A head. */\nTest(a, cells)\n{\n"), KV_OK);
    for (size_t i = 0; i < parity->cell_count; i++) {
        const char *words = parity->cells[i].words;

        if (strcmp(words, except) == 0) {
            continue;
        }
        if (strstr(words, " /") != NULL) {
            add_case(&cases, words);
        } else {
            cr_assert_eq(kv_buf_printf(&tests, &err, "    api_proves(\"%s\");\n", words), KV_OK);
        }
    }
    cr_assert_eq(kv_buf_printf(&tests, &err, "}\n"), KV_OK);
    for (enum kv_code code = KV_OK + 1; code < KV_CODE_COUNT; code++) {
        if (strcmp(kv_err_row(code)->symbol, except) != 0) {
            cr_assert_eq(
                kv_buf_printf(&tests, &err, "Test(a, %s_of_b)\n{\n}\n", kv_err_row(code)->symbol),
                KV_OK);
        }
    }
    plant(TESTS, tests.data);
    plant(GOLDEN, cases.data);
    kv_auto(parity_free) struct parity *planted = load();
    cr_assert_eq(parity_write(planted, ".", &err), KV_OK, "%s", err.message);
}

Test(parity_page, has_nothing_to_say_where_all_is_proven)
{
    plant_all_but("");
    cr_expect_str_eq(check(), "");
}

Test(parity_page, names_the_one_cell_that_is_not_proven_and_its_table)
{
    static const struct {
        const char *cell, *said;
    } rows[] = {
        { "rng", "server/api/keys/routes.c: no test proves \"rng\"\n" },
        { "get oct", "server/api/keys/routes.c: no test proves \"get oct\"\n" },
        { "create EC-HSM P-521",
          "include/kv/custody/curve.def: no test proves \"create EC-HSM P-521\"\n" },
        { "sign EC ES256", "include/kv/custody/alg.def: no test proves \"sign EC ES256\"\n" },
        { "api-version 7.6",
          "include/kv/wire/api_version.def: no test proves \"api-version 7.6\"\n" },
        { "POST /backup", "server/api/hsm/routes.c: no test proves \"POST /backup\"\n" },
        { "BAD_HOST", "include/kv/base/err.def: no test is named after BAD_HOST\n" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        plant_all_but(rows[i].cell);
        cr_expect_str_eq(check(), rows[i].said);
    }
}

Test(parity_page, has_cells_for_what_an_operation_works_with_only)
{
    static const char *const none[] = { "release RSA", "securewrapkey EC-HSM", "get-attestation EC",
                                        "rng RSA",     "wrapkey RSA RS256",    "restore" };
    kv_auto(parity_free) struct parity *parity = load();

    for (size_t i = 0; i < KV_COUNT(none); i++) {
        cr_expect_null(parity_cell_find(parity, none[i]), "%s", none[i]);
    }
    cr_expect_not_null(parity_cell_find(parity, "release oct-HSM"));
    cr_expect_not_null(parity_cell_find(parity, "securewrapkey RSA-HSM"));
    cr_expect_not_null(parity_cell_find(parity, "restore EC"));
}

Test(parity_page, refuses_proofs_of_what_does_not_exist)
{
    plant_test("one", "api_proves(\"sign RSA ES256\");");
    expect_said(TESTS ":3: a/one proves \"sign RSA ES256\": no cell\n");
    plant_test("one", "api_proves(\"rng EC\");");
    expect_said(TESTS ":3: a/one proves \"rng EC\": no cell\n");
}

Test(parity_page, takes_no_proof_from_comments_and_texts)
{
    plant_test("one", "/* api_proves(\"rng\"); */");
    expect_said("no test proves \"rng\"\n");
    plant_test("one", "puts(\"api_proves(\\\"rng\\\");\");");
    expect_said("no test proves \"rng\"\n");
    plant_test("one", "f('\"'); /* \" */ api_proves(\"rng\");");
    expect_unsaid("no test proves \"rng\"\n");
}

Test(parity_page, refuses_a_proof_that_is_no_literal)
{
    struct parity *parity;

    plant_test("one", "api_proves(cells);");
    cr_expect_eq(parity_load(".", &parity, &err), KV_INTERNAL);
    cr_expect_str_eq(err.message, TESTS ": api_proves() wants a literal");
}

Test(parity_page, takes_commas_for_alternatives_and_joins_literals)
{
    plant_test("one", "api_proves(\"Encrypt,decrypt RSA,RSA-HSM \"\n        \"RSA1_5\");");
    expect_unsaid("\"encrypt RSA RSA1_5\"");
    expect_unsaid("\"decrypt RSA-HSM RSA1_5\"");
    expect_said("\"wrapkey RSA RSA1_5\"");
}

Test(parity_page, takes_a_key_on_a_curve_for_a_key_of_its_type)
{
    plant_test("one", "api_proves(\"create EC P-256\");");
    expect_unsaid("\"create EC\"");
    expect_unsaid("\"create EC P-256\"");
    expect_said("\"create EC P-384\"");
    expect_said("\"create EC-HSM\"");
}

Test(parity_page, knows_a_symbol_from_longer_ones)
{
    static const struct {
        const char *text;
        bool holds;
    } rows[] = {
        { "NOT_FOUND", true },
        { "NOT_FOUND_on_a_port", true },
        { "is_NOT_FOUND", true },
        { "KEY_NOT_FOUND", false },
        { "NOT_FOUND_TWICE", false },
        { "NOT_FOUNDED", false },
        { "KEY_NOT_FOUND_or_NOT_FOUND", true },
        { "case 9.2 NOT_FOUND: of a page", true },
        { "not_found", false },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(parity_holds_symbol(rows[i].text, "NOT_FOUND"), rows[i].holds, "%s",
                     rows[i].text);
    }
}

Test(parity_page, takes_the_title_of_a_golden_case_for_a_name)
{
    expect_said("no test is named after FILE_NOT_FOUND\n");
    plant(GOLDEN, "case 9.8 FILE_NOT_FOUND: a page\n> GET /x\n< 404 a page\n");
    expect_unsaid("no test is named after FILE_NOT_FOUND\n");
}

Test(parity_page, takes_no_refusal_for_an_answer_and_no_other_verb)
{
    static const char *const wrong[] = {
        "case 12 one\n> POST /backup\n> {}\n< 404 refused\n",
        "case 12 one\n> PUT /backup\n> {}\n< 501 refused\n",
        "case 12 one\n> POST /backup/x\n> {}\n< 501 refused\n",
        "case 12 one\n> POST /backup and more\n< 501 refused\n",
        "> POST /backup\n> {}\n< 501 refused\n",
    };

    for (size_t i = 0; i < KV_COUNT(wrong); i++) {
        plant(GOLDEN, wrong[i]);
        expect_said("no test proves \"POST /backup\"\n");
    }
    plant(GOLDEN, "case 12 one\n> POST /backup?api-version=7.6\n> {}\n< 501 refused\n");
    expect_unsaid("no test proves \"POST /backup\"\n");
}

Test(parity_page, shows_what_is_not_offered_as_such_and_scopes_as_one)
{
    static const char roles[] = "/{scope}/providers/Microsoft.Authorization/roleAssignments";
    kv_auto(kv_buf_done) struct kv_buf page;
    char line[512];

    plant(GOLDEN, "case 12 one\n> POST /backup\n< 501 refused\n"
                  "> GET /keys/k/providers/Microsoft.Authorization/roleassignments\n< 200 other\n");
    kv_auto(parity_free) struct parity *parity = load();
    kv_buf_init(&page, PARITY_PAGE_MAX);
    cr_assert_eq(parity_render(parity, &page, &err), KV_OK, "%s", err.message);
    cr_expect_not_null(strstr(page.data, "| `POST /backup` | not offered (501) |\n"));
    cr_expect_not_null(strstr(page.data, "| `POST /prebackup` | missing |\n"));
    snprintf(line, sizeof(line), "| `GET %s` | ✓ |\n", roles);
    cr_expect_not_null(strstr(page.data, line));
    cr_expect_null(strstr(strstr(page.data, line) + 1, line));
}

Test(parity_page, admits_to_what_is_not_proven_and_to_nothing_else)
{
    plant_all_but("rng");
    plant(UNPROVEN, "# one\nrng\n");
    cr_expect_str_eq(check(), "");
    plant_all_but("sign EC ES256");
    plant(UNPROVEN, "sign,verify * ES256\n");
    cr_expect_str_eq(check(), "");
    plant(UNPROVEN, "sign,verify *\n");
    expect_said(UNPROVEN ":1: all that this line admits to is proven by now\n");
    expect_said("no test proves \"sign EC ES256\"\n");
}

Test(parity_page, is_stale_when_the_tests_have_changed)
{
    kv_auto(kv_buf_done) struct kv_buf tests;

    plant_all_but("");
    kv_buf_init(&tests, (size_t) 1 << 20);
    cr_assert_eq(kv_file_read(TESTS, &tests, &err), KV_OK);
    strstr(tests.data, "BAD_URL_of_b")[strlen("BAD_URL_of_")] = 'c';
    plant(TESTS, tests.data);
    expect_said("the tables are stale: make parity\n");
}

Test(parity_page, needs_a_place_for_the_tables)
{
    struct parity *parity = load();

    plant(PAGE, "A page.\n");
    expect_said(PAGE ": has no place for the tables\n");
    cr_expect_eq(parity_write(parity, ".", &err), KV_NOT_FOUND);
    parity_free(parity);
}

Test(parity_page, reads_the_tests_of_a_folder_in_the_order_of_their_names)
{
    plant("tests/api/b.c", "\nTest(b, BAD_URL)\n{\n}\n");
    plant("tests/api/a.c", "\nTest(a, BAD_URL)\n{\n}\n");
    plant("tests/api/.c.c", "\nTest(c, BAD_URL)\n{\n}\n");
    kv_auto(parity_free) struct parity *parity = load();

    cr_assert_eq(parity->test_count, 2);
    cr_expect_str_eq(parity->tests[0].title, "a/BAD_URL");
    cr_expect_str_eq(parity->tests[1].title, "b/BAD_URL");
}
