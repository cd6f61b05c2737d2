/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How each kind of service behaves: consumers.md §1 (read in its source) for FHIR and DICOM,
 * control-plane.md §4.7 for the others, of whose probes and periods only what is said there is sure.
 * What the sources leave open is a column or a switch here, and nowhere else.
 */
#include <string.h>

#include "core.h"

/* consumers.md §1.3, row by row. What a client throws that is no answer is nobody's fault. */
static const struct ruling health_rulings[] = {
    { OUTCOME_REFUSED, 0, 0, NULL, VERDICT_LOST, ACCESS_LOST_REASON },
    { OUTCOME_LOCAL, 0, 0, NULL, VERDICT_LOST, ACCESS_LOST_REASON },
    { OUTCOME_WRONG_KEY, 0, 0, NULL, VERDICT_LOST, ACCESS_LOST_REASON },
    { OUTCOME_NO_PUBLIC_NAME, 0, 0, NULL, VERDICT_LOST, ACCESS_LOST_REASON },
    { OUTCOME_LOGIN, 0, 0, NULL, VERDICT_RESET, NULL },
    { OUTCOME_UNREACHABLE, 0, 0, NULL, VERDICT_RESET, NULL },
};

/* A database goes by what it needs, not by whose fault it is (control-plane.md §4.6, causes A and B); an
 * answer that says "later" changes nothing yet. */
static const struct ruling sql_rulings[] = {
    { OUTCOME_REFUSED, 429, 429, NULL, VERDICT_STAYS, NULL },
    { OUTCOME_REFUSED, 500, 599, NULL, VERDICT_STAYS, NULL },
    { OUTCOME_REFUSED, 404, 404, "VaultNotFound", VERDICT_LOST, "AzureKeyVaultConnectionFailed" },
    { OUTCOME_REFUSED, 404, 404, NULL, VERDICT_LOST, "ServerKeyNotFound" },
    { OUTCOME_REFUSED, 400, 400, NULL, VERDICT_LOST, "ServerKeyDoesNotExists" },
    { OUTCOME_REFUSED, 0, 0, NULL, VERDICT_LOST, "AzureKeyVaultMissingPermissions" },
    { OUTCOME_LOCAL, 0, 0, NULL, VERDICT_LOST, "AzureKeyVaultMissingPermissions" },
    { OUTCOME_WRONG_KEY, 0, 0, NULL, VERDICT_LOST, "ServerKeyDoesNotExists" },
    { OUTCOME_LOGIN, 0, 0, NULL, VERDICT_LOST, "AzureKeyVaultNoServerIdentity" },
    { OUTCOME_NO_PUBLIC_NAME, 0, 0, NULL, VERDICT_LOST, "AzureKeyVaultConnectionFailed" },
    { OUTCOME_UNREACHABLE, 0, 0, NULL, VERDICT_LOST, "AzureKeyVaultConnectionFailed" },
};

/* Of storage accounts, and of the disks that lie there. */
static const struct ruling storage_rulings[] = {
    { OUTCOME_REFUSED, 429, 429, NULL, VERDICT_STAYS, NULL },
    { OUTCOME_REFUSED, 500, 599, NULL, VERDICT_STAYS, NULL },
    { OUTCOME_REFUSED, 401, 401, NULL, VERDICT_LOST, "KeyVaultAccessTokenCannotBeAcquired" },
    { OUTCOME_REFUSED, 404, 404, "VaultNotFound", VERDICT_LOST, "KeyVaultVaultNotFound" },
    { OUTCOME_REFUSED, 0, 0, NULL, VERDICT_LOST, "KeyVaultEncryptionKeyNotFound" },
    { OUTCOME_LOCAL, 0, 0, NULL, VERDICT_LOST, "KeyVaultEncryptionKeyNotFound" },
    { OUTCOME_WRONG_KEY, 0, 0, NULL, VERDICT_LOST, "KeyVaultEncryptionKeyNotFound" },
    { OUTCOME_LOGIN, 0, 0, NULL, VERDICT_LOST, "KeyVaultAccessTokenCannotBeAcquired" },
    { OUTCOME_NO_PUBLIC_NAME, 0, 0, NULL, VERDICT_LOST, "KeyVaultVaultNotFound" },
    { OUTCOME_UNREACHABLE, 0, 0, NULL, VERDICT_STAYS, NULL },
};

/* Sub-statuses of Cosmos DB; those that are the service's own fault change nothing. A key that is disabled
 * or past its end is to it as one that the identity may not use; a vault that is gone has no name; an
 * identity that is gone is the customer's, an authority that is down is not (consumers.md §3). */
static const struct ruling cosmos_rulings[] = {
    { OUTCOME_REFUSED, 429, 429, NULL, VERDICT_STAYS, NULL },
    { OUTCOME_REFUSED, 500, 599, NULL, VERDICT_STAYS, NULL },
    { OUTCOME_REFUSED, 404, 404, "VaultNotFound", VERDICT_LOST, "4009" },
    { OUTCOME_REFUSED, 404, 404, NULL, VERDICT_LOST, "4003" },
    { OUTCOME_REFUSED, 400, 400, NULL, VERDICT_LOST, "4005" },
    { OUTCOME_REFUSED, 0, 0, NULL, VERDICT_LOST, "4002" },
    { OUTCOME_LOCAL, 0, 0, "KeyExpired", VERDICT_LOST, "4002" },
    { OUTCOME_LOCAL, 0, 0, "KeyNotYetValid", VERDICT_LOST, "4002" },
    { OUTCOME_LOCAL, 0, 0, NULL, VERDICT_LOST, "4005" },
    { OUTCOME_WRONG_KEY, 0, 0, NULL, VERDICT_LOST, "4005" },
    { OUTCOME_LOGIN, 400, 404, NULL, VERDICT_LOST, "4000" },
    { OUTCOME_LOGIN, 0, 0, NULL, VERDICT_STAYS, NULL },
    { OUTCOME_NO_PUBLIC_NAME, 0, 0, NULL, VERDICT_LOST, "4009" },
    { OUTCOME_UNREACHABLE, 0, 0, NULL, VERDICT_STAYS, NULL },
};

#define RULINGS(table) .rulings = (table), .ruling_count = KV_COUNT(table)

/* clang-format off */
#define HEALTH_ACTS  { ACT_GET, ACT_GET, ACT_WRAP, ACT_UNWRAP } /* the crypto client gets it again */
#define SERVICE_ACTS { ACT_GET, ACT_WRAP, ACT_UNWRAP }
#define ON_USE       { ACT_OPEN_DEK } /* a key past its end does for that (azure-docs 84096) */
/* clang-format on */

static const struct profile profiles[] = {
    { .name = "fhir",
      .host_word = "fhir",
      .acts = HEALTH_ACTS,
      .trial = HEALTH_ACTS,
      .alg = "RSA1_5",
      .period = MINUTE_MS,
      .grace = 30 * MINUTE_MS,
      .heals_min = 5,
      .heals_max = 10,
      RULINGS(health_rulings),
      .rules = "fhir-best-practice",
      .status = 500,
      .statuses = { 500, 403 },
      .redeploy =
          "Restore access to the key, then deploy the service again with the same settings.",
      .is_back = "Its checks are good again: deploy the service again with the same settings." },
    { .name = "dicom",
      .host_word = "dicom",
      .acts = HEALTH_ACTS,
      .trial = HEALTH_ACTS,
      .alg = "RSA1_5",
      .period = MINUTE_MS,
      .grace = 30 * MINUTE_MS,
      .heals_min = 5,
      .heals_max = 10,
      RULINGS(health_rulings),
      .rules = "dicom",
      .status = 500,
      .statuses = { 500, 424 },
      .redeploy =
          "Restore access to the key, then deploy the service again with the same settings.",
      .is_back = "Its checks are good again: deploy the service again with the same settings." },
    { .name = "storage",
      .host_word = "",
      .acts = ON_USE,
      .trial = SERVICE_ACTS,
      .alg = "RSA-OAEP",
      .period = MINUTE_MS,
      .grace = INT64_MAX,
      .follows = DAY_MS, /* "checked daily for a new version" */
      RULINGS(storage_rulings),
      .rules = "none",
      .status = 403,
      .statuses = { 403 },
      .redeploy = "",
      .is_back = "" },
    { .name = "sql-tde",
      .host_word = "",
      .acts = SERVICE_ACTS,
      .trial = SERVICE_ACTS,
      .alg = "RSA-OAEP",
      .period = MINUTE_MS,
      .cache = 10 * MINUTE_MS,
      .grace = 30 * MINUTE_MS,
      .heals_min = 5,
      .heals_max = 60,
      .follows = DAY_MS, /* "within 24 hours"; it was 60 minutes in older documents */
      RULINGS(sql_rulings),
      .rules = "dicom", /* the same key: RSA or RSA-HSM, 2048 or 3072, a version */
      .status = 500,
      .statuses = { 500 },
      .redeploy = "Restore access to the key, then revalidate it: retry with the existing key.",
      .is_back = "Its checks are good again: revalidate the key, retry with the existing one." },
    { .name = "cosmos",
      .host_word = "",
      .acts = SERVICE_ACTS,
      .trial = SERVICE_ACTS,
      .alg = "RSA-OAEP",
      .period = 5 * MINUTE_MS,
      .cache = 60 * MINUTE_MS,
      .grace = INT64_MAX,
      .heals_min = 60,
      .heals_max = 120,
      .follows = DAY_MS,    /* what the old version is needed for at most */
      .needs_latest = true, /* "revocation: disable the latest version" */
      RULINGS(cosmos_rulings),
      .rules = "none",
      .status = 403,
      .statuses = { 403 },
      .redeploy = "",
      .is_back = "" },
    { .name = "disk-encryption-set",
      .host_word = "",
      .acts = SERVICE_ACTS,
      .trial = SERVICE_ACTS,
      .alg = "RSA-OAEP",
      .period = 60 * MINUTE_MS,
      .grace = 0,                /* the machines are shut down, and nobody starts them again */
      .follows = 60 * MINUTE_MS, /* "within one hour" */
      RULINGS(storage_rulings),
      .rules = "none",
      .status = 403,
      .statuses = { 403 },
      .redeploy = "Restore access to the key, then start the virtual machines: deploy again.",
      .is_back = "Its checks are good again: start the virtual machines: deploy again." },
};

static const struct rules rule_sets[] = {
    { "fhir-2023", true, KV_CMK_FHIR_2023 },
    { "fhir-best-practice", true, KV_CMK_FHIR_BEST_PRACTICE },
    { "dicom", true, KV_CMK_DICOM },
    { "none", false, 0 },
};

const struct profile *profile_find(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(profiles); i++) {
        if (strcmp(profiles[i].name, name) == 0) {
            return &profiles[i];
        }
    }
    return NULL;
}

const char *profile_names(void)
{
    return "fhir, dicom, storage, sql-tde, cosmos and disk-encryption-set";
}

const struct rules *rules_find(const char *name)
{
    for (size_t i = 0; i < KV_COUNT(rule_sets); i++) {
        if (strcmp(rule_sets[i].name, name) == 0) {
            return &rule_sets[i];
        }
    }
    return NULL;
}

static const struct ruling good = { OUTCOME_OK, 0, 0, NULL, VERDICT_HEALTHY, NULL };

static bool is_about(const struct ruling *ruling, enum outcome outcome, long status,
                     const char *code)
{
    return ruling->outcome == outcome
           && (ruling->low == 0 || (status >= ruling->low && status <= ruling->high))
           && (ruling->code == NULL || strcmp(ruling->code, code) == 0);
}

const struct ruling *profile_rule(const struct profile *profile, enum outcome outcome, long status,
                                  const char *code)
{
    for (size_t i = 0; i < profile->ruling_count; i++) {
        if (is_about(&profile->rulings[i], outcome, status, code)) {
            return &profile->rulings[i];
        }
    }
    return &good;
}
