/* SPDX-License-Identifier: Apache-2.0 */
/* The rules for customer-managed keys: for each of them facts that break it, and none that do not. */
#include "kv/cmk/cmk.h"

#include <string.h>

#include <criterion/criterion.h>

TestSuite(cmk, .timeout = 60);

#define VERSION "0123456789abcdef0123456789abcdef"
#define URL "https://prod.vault.azure.net/keys/fhir/" VERSION
#define NOW ((kv_time) 1800000000)
#define TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"
#define OTHER_TENANT "00000000-0000-0000-0000-000000000001"
#define LONG_NAME                                                                                  \
    "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

/* A key with which nothing is wrong. */
static struct kv_cmk_facts well(void)
{
    return (struct kv_cmk_facts){
        .url = URL,
        .now = NOW,
        .answers = { KV_CMK_YES, NULL },
        .vault_live = KV_CMK_YES,
        .soft_delete = KV_CMK_YES,
        .purge_protection = KV_CMK_YES,
        .vault_tenant = TENANT,
        .vault_region = "eastus",
        .firewall_closed = KV_CMK_YES,
        .bypass = KV_CMK_YES,
        .key_state = KV_CMK_KEY_LIVE,
        .kty = "RSA",
        .bits = 3072,
        .enabled = KV_CMK_YES,
        .has_dates = true,
        .not_before = NOW,
        .expires = NOW + 1,
        .op_wrap = KV_CMK_YES,
        .op_unwrap = KV_CMK_YES,
        .identity = "billing",
        .service_tenant = TENANT,
        .service_region = "EastUS",
        .logs_in = { KV_CMK_YES, NULL },
        .moved = { KV_CMK_NO, NULL },
        .may_get = { KV_CMK_YES, NULL },
        .may_wrap = { KV_CMK_YES, NULL },
        .may_unwrap = { KV_CMK_YES, NULL },
        .probe = { KV_CMK_YES, NULL },
    };
}

typedef void spoil_fn(struct kv_cmk_facts *facts);

#define SPOIL(name, ...)                                                                           \
    static void spoil_##name(struct kv_cmk_facts *facts)                                           \
    {                                                                                              \
        __VA_ARGS__;                                                                               \
    }
SPOIL(url, facts->url = "https://prod.vault.azure.net/secrets/fhir/" VERSION)
SPOIL(version, facts->url = "https://prod.vault.azure.net/keys/fhir")
SPOIL(names, facts->url = "https://prod12.vault.azure.net/keys/" LONG_NAME "/" VERSION)
SPOIL(reachable, facts->answers = ((struct kv_cmk_answer){ KV_CMK_NO, "no such host" }))
SPOIL(vault, facts->vault_live = KV_CMK_NO)
SPOIL(soft_delete, facts->soft_delete = KV_CMK_NO)
SPOIL(purge_protection, facts->purge_protection = KV_CMK_NO)
SPOIL(tenant, facts->service_tenant = OTHER_TENANT)
SPOIL(region, facts->service_region = "westeurope")
SPOIL(bypass, facts->bypass = KV_CMK_NO)
SPOIL(absent, facts->key_state = KV_CMK_KEY_ABSENT)
SPOIL(deleted, facts->key_state = KV_CMK_KEY_DELETED)
SPOIL(hsm, facts->kty = "RSA-HSM")
SPOIL(type, facts->kty = "EC-HSM")
SPOIL(size, facts->bits = 4096)
SPOIL(disabled, facts->enabled = KV_CMK_NO)
SPOIL(early, facts->not_before = NOW + 1)
SPOIL(expired, facts->expires = NOW)
SPOIL(ops, facts->op_unwrap = KV_CMK_NO)
SPOIL(identity, facts->logs_in = ((struct kv_cmk_answer){ KV_CMK_NO, "Identity not found" }))
SPOIL(moved, facts->moved.is = KV_CMK_YES)
SPOIL(get, facts->may_get.is = KV_CMK_NO)
SPOIL(wrap, facts->may_wrap.is = KV_CMK_NO; facts->mode = KV_CMK_POLICY)
SPOIL(unwrap, facts->may_unwrap.is = KV_CMK_NO; facts->control = "http://127.0.0.1:8080")
SPOIL(probe, facts->probe = ((struct kv_cmk_answer){ KV_CMK_NO, "wrapKey: 403" }))

/* Each breaks one rule; what depends on it may be left open, but nothing else may fail. */
static const struct {
    enum kv_cmk_rule rule;
    enum kv_cmk_profile profile;
    spoil_fn *spoil;
    const char *found, *mend; /* are in the finding */
} rows[] = {
    { KV_CMK_RULE_URL_FORM, KV_CMK_DICOM, spoil_url, "is not /keys/NAME/VERSION",
      "az keyvault key list --vault-name prod " },
    { KV_CMK_RULE_URL_VERSION, KV_CMK_DICOM, spoil_version, "it names none",
      "list-versions --vault-name prod --name fhir" },
    { KV_CMK_RULE_NAMES, KV_CMK_FHIR_2023, spoil_names, "96 characters", "SHORTER-NAME" },
    { KV_CMK_RULE_VAULT_REACHABLE, KV_CMK_DICOM, spoil_reachable, "no such host",
      "az keyvault show --name prod" },
    { KV_CMK_RULE_VAULT_LIVE, KV_CMK_FHIR_2023, spoil_vault, "it is deleted",
      "az keyvault recover --name prod" },
    { KV_CMK_RULE_SOFT_DELETE, KV_CMK_FHIR_2023, spoil_soft_delete, "off",
      "--enable-soft-delete true" },
    { KV_CMK_RULE_PURGE_PROTECTION, KV_CMK_DICOM, spoil_purge_protection, "off",
      "--enable-purge-protection true" },
    { KV_CMK_RULE_SAME_TENANT, KV_CMK_FHIR_BEST_PRACTICE, spoil_tenant,
      TENANT "; that of the service is " OTHER_TENANT, "az login --tenant " OTHER_TENANT },
    { KV_CMK_RULE_SAME_REGION, KV_CMK_FHIR_2023, spoil_region,
      "eastus; that of the service is westeurope", "--location westeurope" },
    { KV_CMK_RULE_FIREWALL, KV_CMK_DICOM, spoil_bypass, "closed, and bypass is None",
      "az keyvault update --name prod --bypass AzureServices" },
    { KV_CMK_RULE_KEY_EXISTS, KV_CMK_DICOM, spoil_absent, "there is no such key",
      "az keyvault key create --vault-name prod --name fhir --kty RSA" },
    { KV_CMK_RULE_KEY_LIVE, KV_CMK_DICOM, spoil_deleted, "it is deleted",
      "az keyvault key recover --vault-name prod --name fhir" },
    { KV_CMK_RULE_KEY_RSA, KV_CMK_FHIR_2023, spoil_hsm, "RSA-HSM", "--kty RSA" },
    { KV_CMK_RULE_KEY_RSA_OR_HSM, KV_CMK_FHIR_BEST_PRACTICE, spoil_type, "EC-HSM", "--kty RSA" },
    { KV_CMK_RULE_KEY_SIZE, KV_CMK_FHIR_2023, spoil_size, "4096 bits", "--size 3072" },
    { KV_CMK_RULE_KEY_ENABLED, KV_CMK_DICOM, spoil_disabled, "it is disabled",
      "--version " VERSION " --enabled true" },
    { KV_CMK_RULE_KEY_ACTIVE, KV_CMK_DICOM, spoil_early, "2027-01-15T08:00:01", "--not-before" },
    { KV_CMK_RULE_KEY_UNEXPIRED, KV_CMK_DICOM, spoil_expired, "2027-01-15T08:00:00", "--expires" },
    { KV_CMK_RULE_KEY_OPS, KV_CMK_DICOM, spoil_ops, "without unwrapKey",
      "--ops wrapKey unwrapKey" },
    { KV_CMK_RULE_IDENTITY, KV_CMK_DICOM, spoil_identity, "Identity not found",
      "az identity create --name billing" },
    { KV_CMK_RULE_NOT_MOVED, KV_CMK_FHIR_2023, spoil_moved, "it was",
      "az deployment group create" },
    { KV_CMK_RULE_MAY_GET, KV_CMK_DICOM, spoil_get, "it may not",
      "az role assignment create --role 'Key Vault Crypto Service Encryption User' --assignee "
      "billing" },
    { KV_CMK_RULE_MAY_WRAP, KV_CMK_DICOM, spoil_wrap, "it may not",
      "az keyvault set-policy --name prod --spn billing --key-permissions get wrapKey unwrapKey" },
    { KV_CMK_RULE_MAY_UNWRAP, KV_CMK_DICOM, spoil_unwrap, "it may not",
      "coffer access grant --vault prod --identity billing --role " },
    { KV_CMK_RULE_PROBE, KV_CMK_DICOM, spoil_probe, "wrapKey: 403",
      "az keyvault key show --vault-name prod --name " },
};

static const struct kv_cmk_finding *find(const struct kv_cmk_finding *findings, size_t count,
                                         enum kv_cmk_rule rule)
{
    for (size_t i = 0; i < count; i++) {
        if (findings[i].rule == rule) {
            return &findings[i];
        }
    }
    return NULL;
}

Test(cmk, each_rule_fails_by_itself_and_says_how_to_mend_it)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_cmk_finding findings[KV_CMK_RULE_COUNT];
        struct kv_cmk_facts facts = well();

        rows[i].spoil(&facts);
        size_t count = kv_cmk_check(rows[i].profile, &facts, findings);
        const struct kv_cmk_finding *finding = find(findings, count, rows[i].rule);
        cr_assert_not_null(finding, "row %zu is not asked", i);
        cr_expect_eq(finding->verdict, KV_CMK_FAILS, "row %zu: %s", i, finding->found);
        cr_expect_not_null(strstr(finding->found, rows[i].found), "row %zu: %s", i, finding->found);
        cr_expect_not_null(strstr(finding->mend, rows[i].mend), "row %zu: %s", i, finding->mend);
        for (size_t j = 0; j < count; j++) {
            cr_expect(findings[j].rule == rows[i].rule || findings[j].verdict != KV_CMK_FAILS,
                      "row %zu: %s fails, too: %s", i, findings[j].id, findings[j].found);
        }
    }
}

/* Whoever asked knows how far it came, and what shows why no further. */
Test(cmk, a_vault_that_is_not_reached_has_the_command_of_whoever_asked)
{
    struct kv_cmk_finding findings[KV_CMK_RULE_COUNT];
    struct kv_cmk_facts facts = well();

    facts.reach = "nc -vz {host} {port}";
    size_t count = kv_cmk_check(KV_CMK_DICOM, &facts, findings);
    cr_expect_str_empty(find(findings, count, KV_CMK_RULE_VAULT_REACHABLE)->mend);
    facts.answers.is = KV_CMK_NO;
    count = kv_cmk_check(KV_CMK_DICOM, &facts, findings);
    const struct kv_cmk_finding *finding = find(findings, count, KV_CMK_RULE_VAULT_REACHABLE);
    cr_expect_eq(strncmp(finding->mend, "nc -vz prod.", 12), 0, "%s", finding->mend);
    cr_expect_not_null(strstr(finding->mend, " 443"), "%s", finding->mend);
    facts.enabled = KV_CMK_NO;
    count = kv_cmk_check(KV_CMK_DICOM, &facts, findings);
    finding = find(findings, count, KV_CMK_RULE_KEY_ENABLED);
    cr_expect_null(strstr(finding->mend, "nc "), "%s", finding->mend);
}

Test(cmk, no_rule_is_without_a_case_that_breaks_it)
{
    for (unsigned rule = 0; rule < KV_CMK_RULE_COUNT; rule++) {
        size_t i = 0;

        while (i < KV_COUNT(rows) && rows[i].rule != rule) {
            i++;
        }
        cr_expect_lt(i, KV_COUNT(rows), "rule %u", rule);
    }
}

Test(cmk, all_rules_hold_for_a_key_with_which_nothing_is_wrong)
{
    for (unsigned profile = 0; profile < KV_CMK_PROFILE_COUNT; profile++) {
        struct kv_cmk_finding findings[KV_CMK_RULE_COUNT];
        const struct kv_cmk_facts facts = well();
        size_t count = kv_cmk_check(profile, &facts, findings);

        cr_expect_gt(count, 20);
        for (size_t i = 0; i < count; i++) {
            cr_expect_eq(findings[i].verdict, KV_CMK_HOLDS, "%s by %s: %s", findings[i].id,
                         kv_cmk_profile_name(profile), findings[i].found);
            cr_expect_str_empty(findings[i].mend);
        }
    }
}

Test(cmk, nothing_fails_of_which_nothing_is_known)
{
    const struct kv_cmk_facts facts = { .url = URL };
    struct kv_cmk_finding findings[KV_CMK_RULE_COUNT];
    size_t count = kv_cmk_check(KV_CMK_FHIR_2023, &facts, findings);
    size_t open = 0;

    for (size_t i = 0; i < count; i++) {
        cr_expect_neq(findings[i].verdict, KV_CMK_FAILS, "%s", findings[i].id);
        open += findings[i].verdict == KV_CMK_OPEN;
    }
    cr_expect_eq(open, count - 3, "all but what the URL says");
}

Test(cmk, profiles_differ_where_their_documents_do)
{
    struct kv_cmk_facts facts = well();
    struct kv_cmk_finding findings[KV_CMK_RULE_COUNT];

    facts.kty = "RSA-HSM";
    facts.service_tenant = OTHER_TENANT; /* allowed in 2023 */
    size_t count = kv_cmk_check(KV_CMK_FHIR_2023, &facts, findings);
    cr_expect_null(find(findings, count, KV_CMK_RULE_SAME_TENANT));
    cr_expect_eq(find(findings, count, KV_CMK_RULE_KEY_RSA)->verdict, KV_CMK_FAILS);
    count = kv_cmk_check(KV_CMK_DICOM, &facts, findings);
    cr_expect_null(find(findings, count, KV_CMK_RULE_SAME_REGION));
    cr_expect_eq(find(findings, count, KV_CMK_RULE_KEY_RSA_OR_HSM)->verdict, KV_CMK_HOLDS);
}

Test(cmk, finds_profiles_by_their_names)
{
    enum kv_cmk_profile profile = KV_CMK_DICOM;

    cr_expect_not(kv_cmk_profile_find("storage", &profile));
    cr_expect_eq(profile, KV_CMK_DICOM, "it was not written");
    cr_expect(kv_cmk_profile_find("fhir", &profile));
    cr_expect_eq(profile, KV_CMK_FHIR_BEST_PRACTICE);
    cr_expect(kv_cmk_profile_find("fhir-2023", &profile));
    cr_expect_eq(profile, KV_CMK_FHIR_2023);
}

Test(cmk, refuses_urls_of_another_form)
{
    static const struct {
        const char *url, *said;
    } bad[] = {
        { "", "does not begin with https://" },
        { "http://v.vault.azure.net/keys/k", "does not begin with https://" },
        { "https:///keys/k", "names no host" },
        { "https://v.vault.azure.net:0/keys/k", "no port" },
        { "https://v.vault.azure.net:65536/keys/k", "no port" },
        { "https://v.vault.azure.net:/keys/k", "no port" },
        { "https://user@v.vault.azure.net/keys/k", "is not /keys/" },
        { "https://v.vault.azure.net/keys/", "is not /keys/" },
        { "https://v.vault.azure.net/keys/a_b", "no version" },
        { "https://v.vault.azure.net/keys/k/1", "no version" },
        { "https://v.vault.azure.net/keys/k/" VERSION "0", "no version" },
        { "https://v.vault.azure.net/keys/k/" VERSION "?a=b", "no version" },
        { "https://v.vault.azure.net/keys/" LONG_NAME LONG_NAME, "127 characters at most" },
    };

    for (size_t i = 0; i < KV_COUNT(bad); i++) {
        struct kv_err err = { .code = KV_OK };
        struct kv_cmk_url url;

        cr_expect_eq(kv_cmk_url_parse(bad[i].url, &url, &err), KV_BAD_PARAMETER, "%s", bad[i].url);
        cr_expect_not_null(strstr(err.message, bad[i].said), "%s: %s", bad[i].url, err.message);
    }
}

Test(cmk, reads_urls_as_clients_write_them)
{
    static const char *const good[] = {
        URL,
        "HTTPS://Prod.Vault.Azure.Net:443/keys/fhir/0123456789ABCDEF0123456789ABCDEF/",
    };

    for (size_t i = 0; i < KV_COUNT(good); i++) {
        struct kv_cmk_url url;

        cr_assert_eq(kv_cmk_url_parse(good[i], &url, NULL), KV_OK, "%s", good[i]);
        cr_expect_str_eq(url.host, "prod.vault.azure.net");
        cr_expect_str_eq(url.vault, "prod");
        cr_expect_str_eq(url.key, "fhir");
        cr_expect_str_eq(url.version, VERSION);
        cr_expect_eq(url.port, 443);
    }
}

/* Commands are pasted into shells. */
Test(cmk, writes_nothing_into_a_command_that_a_shell_would_run)
{
    struct kv_cmk_facts facts = well();
    struct kv_cmk_finding findings[KV_CMK_RULE_COUNT];

    facts.identity = "$(reboot)";
    facts.may_get.is = KV_CMK_NO;
    size_t count = kv_cmk_check(KV_CMK_DICOM, &facts, findings);
    const struct kv_cmk_finding *finding = find(findings, count, KV_CMK_RULE_MAY_GET);
    cr_expect_null(strstr(finding->mend, "reboot"), "%s", finding->mend);
    cr_expect_not_null(strstr(finding->mend, "--assignee IDENTITY "), "%s", finding->mend);
}
