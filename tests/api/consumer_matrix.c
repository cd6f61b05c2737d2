/* SPDX-License-Identifier: Apache-2.0 */
/*
 * All scenarios of consumers.md §2 against both health services: what their loop makes of each, and
 * after how long. A check comes a minute after the last one; what is tried again takes 5.6 s, and
 * what is silent 100 s each time.
 */
#include <stdio.h>
#include <string.h>

#include "consumer_tools.h"

TestSuite(consumer_matrix, .init = consumer_start, .fini = consumer_stop, .timeout = 240);

#define AT_ONCE 60 /* seconds to the verdict at most */
#define RETRIED 66
#define SILENT 470

struct cell {
    int number;
    const char *name, *with;
    const char *vault;
    bool is_healthy; /* the verdict */
    int within;
    const char *cause; /* part of what is said of it; NULL: nothing is said */
    bool is_latest;    /* its key has no version in the URL */
};

/* clang-format off */
static const struct cell cells[] = {
    { 1, "key-disabled", "{\"vault\":\"rol\",\"key\":\"cmk\"}", "rol", false, AT_ONCE, "403 Forbidden (KeyDisabled)" },
    { 2, "key-expired", "{\"vault\":\"rol\",\"key\":\"cmk\"}", "rol", false, AT_ONCE, "is not valid after" },
    { 2, "key-expired", "{\"vault\":\"rol\",\"key\":\"cmk\",\"how\":\"not-yet-valid\"}", "rol", false, AT_ONCE, "is not valid before" },
    { 3, "key-deleted", "{\"vault\":\"rol\",\"key\":\"cmk\"}", "rol", false, AT_ONCE, "404 KeyNotFound" },
    { 4, "key-purged", "{\"vault\":\"rol\",\"key\":\"cmk\"}", "rol", false, AT_ONCE, "404 KeyNotFound" },
    { 5, "vault-deleted", "{\"vault\":\"rol\"}", "rol", false, AT_ONCE, "404" },
    { 6, "policy-removed", "{\"vault\":\"pol\",\"identity\":\"fhir-id\"}", "pol", false, AT_ONCE, "403 Forbidden (AccessDenied)" },
    { 6, "policy-removed", "{\"vault\":\"pol\",\"identity\":\"fhir-id\",\"permission\":\"unwrapKey\"}", "pol", false, AT_ONCE, "403 Forbidden (ForbiddenByPolicy)" },
    { 7, "role-removed", "{\"vault\":\"rol\",\"identity\":\"fhir-id\"}", "rol", false, AT_ONCE, "403 Forbidden (ForbiddenByRbac)" },
    { 8, "operation-not-permitted", "{\"vault\":\"rol\",\"key\":\"cmk\"}", "rol", false, AT_ONCE, "403 Forbidden (KeyOperationForbidden)" },
    { 9, "identity-lost", "{\"identity\":\"fhir-id\",\"how\":\"disabled\"}", "rol", true, AT_ONCE, "login: 400 invalid_request" },
    { 9, "identity-lost", "{\"identity\":\"fhir-id\"}", "rol", true, AT_ONCE, "login: 400 invalid_request" },
    { 10, "tenant-moved", "{\"vault\":\"rol\"}", "rol", false, AT_ONCE, "401" },
    { 11, "firewall-closed", "{\"vault\":\"rol\"}", "rol", false, AT_ONCE, "403 Forbidden (ForbiddenByFirewall)" },
    { 12, "public-access-off", "{\"vault\":\"rol\"}", "rol", false, AT_ONCE, "403 Forbidden (ForbiddenByConnection)" },
    { 13, "private-dns-missing", "{\"vault\":\"rol\",\"how\":\"wrong-address\"}", "rol", false, AT_ONCE, "403 Forbidden (ForbiddenByConnection)" },
    { 13, "private-dns-missing", "{\"vault\":\"rol\"}", "rol", true, RETRIED, "no answer" },
    { 14, "throttled", "{\"vault\":\"rol\"}", "rol", false, RETRIED, "429" },
    { 15, "server-error", "{\"vault\":\"rol\",\"status\":500}", "rol", false, RETRIED, "500" },
    { 15, "server-error", "{\"vault\":\"rol\"}", "rol", false, RETRIED, "503" },
    { 16, "slow", "{\"vault\":\"rol\",\"delay\":50}", "rol", true, AT_ONCE, NULL },
    { 16, "slow", "{\"vault\":\"rol\",\"how\":\"never\"}", "rol", true, SILENT, "no answer" },
    { 17, "connection-failures", "{\"vault\":\"rol\"}", "rol", true, RETRIED, "no answer" },
    { 17, "connection-failures", "{\"vault\":\"rol\",\"how\":\"garbage\"}", "rol", true, RETRIED, "no answer" },
    { 18, "rotated", "{\"vault\":\"rol\",\"key\":\"cmk\"}", "rol", false, AT_ONCE, "403 Forbidden (KeyDisabled)" },
    { 19, "wrong-key", "{\"vault\":\"rol\"}", "rol", false, AT_ONCE, "400" },
    { 20, "key-replaced", "{\"vault\":\"rol\",\"key\":\"cmk\"}", "rol", true, AT_ONCE, NULL },
    { 20, "key-replaced", "{\"vault\":\"rol\",\"key\":\"cmk\"}", "rol", false, AT_ONCE, "40", .is_latest = true },
    { 22, "clock-skew", "{\"by\":\"-PT1H\"}", "rol", true, AT_ONCE, NULL },
    { 23, "region-failover", "{\"vault\":\"rol\"}", "rol", true, AT_ONCE, NULL },
    { 24, "permission-delay", "{\"vault\":\"rol\"}", "rol", false, AT_ONCE, "403" },
    { 25, "wrong-plaintext", "{\"vault\":\"rol\"}", "rol", true, AT_ONCE, NULL },
    { 26, "leading-zero-signature", "{\"vault\":\"rol\"}", "rol", true, AT_ONCE, NULL },
};
/* clang-format on */

static void add(const struct cell *cell, const char *name, const char *profile)
{
    char url[CONSUMER_URL_SIZE], behind[80], body[512];

    consumer_key(cell->vault, url);
    if (cell->is_latest) {
        *strrchr(url, '/') = '\0';
    }
    (void) snprintf(behind, sizeof(behind), "/%s", name);
    (void) snprintf(body, sizeof(body),
                    "{\"profile\":\"%s\",\"key\":\"%s\",\"identity\":\"fhir-id\"%s}", profile, url,
                    cell->is_latest ? ",\"rules\":\"none\"" : "");
    API_REPLY(added, consumer_ask("PUT", behind, body));
    cr_assert_eq(added.status, 200, "%d %s: %s", cell->number, cell->name, added.body);
}

static void check_verdict(const struct cell *cell, const char *name, long begun)
{
    struct consumer_standing standing;

    consumer_look(name, &standing);
    cr_expect_eq(standing.is_healthy, cell->is_healthy, "%d %s %s, %s: %s", cell->number,
                 cell->name, cell->with, name, standing.cause);
    cr_expect_str_eq(standing.state, cell->is_healthy ? "encrypted" : "access-lost", "%d %s %s, %s",
                     cell->number, cell->name, cell->with, name);
    cr_expect_str_eq(standing.reason, cell->is_healthy ? "" : "CustomerManagedKeyAccessLost");
    cr_expect(cell->cause == NULL ? standing.cause[0] == '\0'
                                  : strstr(standing.cause, cell->cause) != NULL,
              "%d %s: %s", cell->number, cell->name, standing.cause);
    if (!cell->is_healthy) {
        cr_expect_leq(standing.since - begun, cell->within, "%d %s took %ld s", cell->number,
                      cell->name, standing.since - begun);
    }
}

static void remove_consumer(const char *name)
{
    char behind[80];

    (void) snprintf(behind, sizeof(behind), "/%s", name);
    API_REPLY(removed, consumer_ask("DELETE", behind, NULL));
    cr_assert_eq(removed.status, 204, "%s", removed.body);
}

static void check_cell(const struct cell *cell)
{
    long begun;

    add(cell, "ws-fhir", "fhir");
    add(cell, "ws-dicom", "dicom");
    consumer_apply(cell->name, cell->with);
    begun = consumer_epoch();
    consumer_walk(cell->within);
    check_verdict(cell, "ws-fhir", begun);
    check_verdict(cell, "ws-dicom", begun);
    consumer_revert(cell->name);
    remove_consumer("ws-fhir");
    remove_consumer("ws-dicom");
}

Test(consumer_matrix, every_scenario_has_its_verdict_in_time)
{
    for (size_t i = 0; i < KV_COUNT(cells); i++) {
        check_cell(&cells[i]);
    }
}

Test(consumer_matrix, an_hsm_that_is_gone_is_a_lost_key)
{
    static const struct cell cell = { 21,    "hsm-unavailable", "{}", "rol",
                                      false, RETRIED,           "50", false };

    API_SKIP_WITH_NSS("the token is not the program's own");
    check_cell(&cell);
}
