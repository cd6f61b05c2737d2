/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All scenarios of consumers.md §2 against each kind of service: what its checks make of it, and after
 * how long. What is tried again takes 5.6 s, and what is silent 100 s each time.
 */
#include <stdio.h>
#include <string.h>

#include "consumer_tools.h"

TestSuite(consumer_matrix, .init = consumer_start, .fini = consumer_stop, .timeout = 400);

enum key { PINNED, LATEST, ALONE };

/* Seconds that a check takes. */
#define AT_ONCE 0
#define RETRIED 6
#define SILENT 406
#define EVERY_OTHER 60 /* the first that is refused may come a minute later */

#define COLUMNS 6

struct row {
    int number;
    const char *name, *how, *with, *vault;
    enum key key;
    int longer;
    const char *cause; /* part of what is said of it */
    const char *cells[COLUMNS];
};

static const struct row rows[] = {
#define X(number, name, how, with, vault, key, longer, cause, health, ...)                         \
    { number, name, how, with, vault, key, longer, cause, { health, health, __VA_ARGS__ } },
#include "consumer_matrix.def"
#undef X
};

/* A kind of service, with what control-plane.md §4.7 says of its times. */
static const struct column {
    const char *profile, *identity;
    int first;           /* seconds to a check, */
    int lost;            /* and to the end of service: what it has in memory goes on until then */
    bool is_versionless; /* no version is in the URL of its key */
    const char *state;   /* when access is lost */
} columns[COLUMNS] = {
    { "fhir", "fhir-id", 60, 60, false, "access-lost" },
    { "dicom", "fhir-id", 60, 60, false, "access-lost" },
    { "storage", "trusted-id", 60, 60, false, "access-lost" },
    { "sql-tde", "trusted-id", 60, 600, false, "access-lost" },
    { "cosmos", "trusted-id", 300, 3600, true, "access-lost" },
    { "disk-encryption-set", "trusted-id", 3600, 3600, false, "needs-redeploy" },
};

#define SAYS "%d %s %s, %s: "
#define ABOUT(row, column) (row)->number, (row)->name, (row)->how, (column)->profile

static bool is_lost(const char *cell)
{
    return strncmp(cell, "lost", 4) == 0;
}

static void add(const struct row *row, const struct column *column)
{
    bool is_about_identity = strstr(row->with, "\"identity\"") != NULL;
    char url[CONSUMER_URL_SIZE], behind[80], body[512];

    consumer_key(row->vault, url);
    if (row->key == LATEST || column->is_versionless) {
        *strrchr(url, '/') = '\0';
    }
    (void) snprintf(behind, sizeof(behind), "/%s", column->profile);
    (void) snprintf(body, sizeof(body), "{\"profile\":\"%s\",\"key\":\"%s\",\"identity\":\"%s\"%s}",
                    column->profile, url, is_about_identity ? "fhir-id" : column->identity,
                    row->key == LATEST ? ",\"rules\":\"none\"" : "");
    API_REPLY(added, consumer_ask("PUT", behind, body));
    cr_assert_eq(added.status, 200, SAYS "%s", ABOUT(row, column), added.body);
}

static void remove_consumer(const struct column *column)
{
    char behind[80];

    (void) snprintf(behind, sizeof(behind), "/%s", column->profile);
    API_REPLY(removed, consumer_ask("DELETE", behind, NULL));
    cr_assert_eq(removed.status, 204, "%s", removed.body);
}

/* What is said of the last check, by the first word of the cell. */
static const char *expected_cause(const struct row *row, const char *cell)
{
    return strcmp(cell, "well") == 0    ? ""
           : strcmp(cell, "moves") == 0 ? "wrapped by a new version"
           : strcmp(cell, "keeps") == 0 ? "is not taken up"
                                        : row->cause;
}

static void check_words(const struct row *row, const struct column *column, const char *cell,
                        const struct consumer_standing *standing)
{
    const char *cause = expected_cause(row, cell);
    const char *reason = strlen(cell) > 4 && is_lost(cell) ? cell + strlen("lost: ")
                         : is_lost(cell)                   ? "CustomerManagedKeyAccessLost"
                                                           : "";

    cr_expect_str_eq(standing->reason, reason, SAYS "%s", ABOUT(row, column), standing->cause);
    cr_expect(*cause == '\0' ? standing->cause[0] == '\0' : strstr(standing->cause, cause) != NULL,
              SAYS "%s", ABOUT(row, column), standing->cause);
}

/* Seconds until it must be so. One that has something in memory is found out by the first check after. */
static int until(const struct row *row, const struct column *column, const char *cell)
{
    return is_lost(cell) && column->lost > column->first
               ? column->lost + column->first + row->longer
               : column->first + row->longer;
}

static void check_cell(const struct row *row, const struct column *column, const char *cell,
                       long begun)
{
    struct consumer_standing standing;

    consumer_look(column->profile, &standing);
    cr_expect_eq(standing.is_healthy, !is_lost(cell), SAYS "%s", ABOUT(row, column),
                 standing.cause);
    cr_expect_str_eq(standing.state, is_lost(cell) ? column->state : "encrypted", SAYS "%s",
                     ABOUT(row, column), standing.cause);
    check_words(row, column, cell, &standing);
    if (is_lost(cell)) {
        cr_expect_geq(standing.since - begun, column->lost, SAYS "early", ABOUT(row, column));
        cr_expect_leq(standing.since - begun, until(row, column, cell), SAYS "late",
                      ABOUT(row, column));
    }
}

/* The one of those that are there whose cell is known next. */
static size_t find_next(const struct row *row, const bool is_there[COLUMNS])
{
    size_t next = COLUMNS;

    for (size_t i = 0; i < COLUMNS; i++) {
        if (is_there[i]
            && (next == COLUMNS
                || until(row, &columns[i], row->cells[i])
                       < until(row, &columns[next], row->cells[next]))) {
            next = i;
        }
    }
    return next;
}

/* Services `first` to `last`; each is gone as soon as its cell is known. */
static void check_cells(const struct row *row, size_t first, size_t last)
{
    bool is_there[COLUMNS] = { false };
    long begun;
    int walked = 0;

    for (size_t i = first; i <= last; i++) {
        add(row, &columns[i]);
        is_there[i] = true;
    }
    consumer_apply(row->name, row->with);
    begun = consumer_epoch();
    for (size_t i; (i = find_next(row, is_there)) < COLUMNS; is_there[i] = false) {
        int due = until(row, &columns[i], row->cells[i]);

        if (due > walked) {
            consumer_walk(due - walked);
            walked = due;
        }
        check_cell(row, &columns[i], row->cells[i], begun);
        remove_consumer(&columns[i]);
    }
    consumer_revert(row->name);
}

static void check_row(const struct row *row)
{
    for (size_t i = 0; row->key == ALONE && i < COLUMNS; i++) {
        check_cells(row, i, i);
    }
    if (row->key != ALONE) {
        check_cells(row, 0, COLUMNS - 1);
    }
}

#define HSM_GONE 21

/* In parts, which run beside each other. */
static void check_rows(int first, int last)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (rows[i].number >= first && rows[i].number <= last && rows[i].number != HSM_GONE) {
            check_row(&rows[i]);
        }
    }
}

Test(consumer_matrix, keys_vaults_and_identities_that_are_gone)
{
    check_rows(1, 9);
}

Test(consumer_matrix, networks_that_are_closed_and_vaults_that_fail)
{
    check_rows(10, 15);
}

Test(consumer_matrix, answers_that_do_not_come)
{
    check_rows(16, 17);
}

Test(consumer_matrix, other_versions_and_what_is_not_as_it_seems)
{
    check_rows(18, 26);
}

Test(consumer_matrix, an_hsm_that_is_gone)
{
    API_SKIP_WITH_NSS("the token is not the program's own");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        if (rows[i].number == HSM_GONE) {
            check_row(&rows[i]);
        }
    }
}

/* Every scenario there is has a row. */
Test(consumer_matrix, has_all_scenarios)
{
    API_REPLY(listed, consumer_control("GET", "/control/v1/scenarios", NULL));
    const cJSON *scenario;
    size_t i = 0, count = 0;

    cJSON_ArrayForEach (scenario, reply_item(&listed, "scenarios")) {
        const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(scenario, "name"));

        cr_assert_lt(i, KV_COUNT(rows), "%s has no row", name);
        cr_expect_str_eq(rows[i].name, name);
        while (i < KV_COUNT(rows) && strcmp(rows[i].name, name) == 0) {
            i++;
        }
        count++;
    }
    cr_expect_eq(i, KV_COUNT(rows));
    cr_expect_eq(count, 26);
}
