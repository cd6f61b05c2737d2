/* SPDX-License-Identifier: Apache-2.0 */
/* What network settings decide: control-plane.md §5.5. */
#include "kv/access/firewall.h"

#include <criterion/criterion.h>

TestSuite(firewall, .timeout = 60);

#define IN_RULE "203.0.113.7"
#define PRIVATE "10.1.2.3"
#define ELSEWHERE "198.51.100.7"

enum {
    ALLOW = KV_DEFAULT_ALLOW,
    DENY = KV_DEFAULT_DENY,
    SERVICES = KV_BYPASS_AZURE_SERVICES,
    NONE = KV_BYPASS_NONE,
    ENABLED = KV_PUBLIC_ENABLED,
    DISABLED = KV_PUBLIC_DISABLED,
    PERIMETER = KV_PUBLIC_SECURED_BY_PERIMETER,
    YES = KV_NETWORK_LETS_IN,
    ADDRESS = KV_NETWORK_KEEPS_ADDRESS_OUT,
    ALL = KV_NETWORK_KEEPS_ALL_OUT,
    OUTSIDE = KV_NETWORK_KEEPS_PERIMETER,
    PUBLIC = KV_NETWORK_KEEPS_PUBLIC_OUT,
    ALL_PUBLIC = KV_NETWORK_KEEPS_ALL_PUBLIC_OUT,
};

/* Every combination of the words, and for each the verdict on: a private address, one in a rule, one
 * elsewhere, and the last two of a trusted service. */
static const struct {
    unsigned public_access, default_action, bypass;
    unsigned verdict[5];
} rows[] = {
    { ENABLED, ALLOW, SERVICES, { YES, YES, YES, YES, YES } },
    { ENABLED, ALLOW, NONE, { YES, YES, YES, YES, YES } },
    { ENABLED, DENY, SERVICES, { YES, YES, ADDRESS, YES, YES } },
    { ENABLED, DENY, NONE, { YES, YES, ALL, YES, ALL } },
    { DISABLED, ALLOW, SERVICES, { YES, PUBLIC, PUBLIC, YES, YES } },
    { DISABLED, ALLOW, NONE, { YES, ALL_PUBLIC, ALL_PUBLIC, ALL_PUBLIC, ALL_PUBLIC } },
    { DISABLED, DENY, SERVICES, { YES, PUBLIC, PUBLIC, YES, YES } },
    { DISABLED, DENY, NONE, { YES, ALL_PUBLIC, ALL_PUBLIC, ALL_PUBLIC, ALL_PUBLIC } },
    { PERIMETER, ALLOW, SERVICES, { YES, YES, OUTSIDE, YES, OUTSIDE } },
    { PERIMETER, ALLOW, NONE, { YES, YES, OUTSIDE, YES, OUTSIDE } },
    { PERIMETER, DENY, SERVICES, { YES, YES, OUTSIDE, YES, OUTSIDE } },
    { PERIMETER, DENY, NONE, { YES, YES, OUTSIDE, YES, OUTSIDE } },
};

static const struct {
    const char *address;
    bool is_trusted;
} callers[] = {
    { PRIVATE, false }, { IN_RULE, false },  { ELSEWHERE, false },
    { IN_RULE, true },  { ELSEWHERE, true },
};

static void fill(struct kv_network_change *change)
{
    cr_assert_eq(kv_network_give_range(change, KV_NETWORK_RULES, "203.0.113.0/24", NULL), KV_OK);
    cr_assert_eq(kv_network_give_range(change, KV_NETWORK_RULES, "2001:db8::/32", NULL), KV_OK);
    cr_assert_eq(kv_network_give_range(change, KV_NETWORK_PRIVATE, "10.1.0.0/16", NULL), KV_OK);
    for (size_t i = 0; i < KV_NETWORK_LISTS; i++) {
        kv_cidrs_sort(&change->to.list[i]);
    }
}

static enum kv_network_verdict decide(const struct kv_network *network, const char *client,
                                      bool is_trusted)
{
    struct kv_address address;

    cr_assert(kv_address_parse(client, &address), "%s", client);
    return kv_network_decide(network, &address, is_trusted);
}

Test(firewall, decides_by_every_combination_of_settings)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .words_given = 0 };

    fill(&change);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        change.to.word[KV_NETWORK_PUBLIC_ACCESS] = rows[i].public_access;
        change.to.word[KV_NETWORK_DEFAULT_ACTION] = rows[i].default_action;
        change.to.word[KV_NETWORK_BYPASS] = rows[i].bypass;
        for (size_t j = 0; j < KV_COUNT(callers); j++) {
            cr_expect_eq(decide(&change.to, callers[j].address, callers[j].is_trusted),
                         rows[i].verdict[j], "row %zu, caller %zu", i, j);
        }
    }
}

Test(firewall, takes_an_address_that_ipv6_carries_for_what_it_is)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .words_given = 0 };

    fill(&change);
    change.to.word[KV_NETWORK_DEFAULT_ACTION] = DENY;
    cr_expect_eq(decide(&change.to, "::ffff:203.0.113.7", false), YES);
    cr_expect_eq(decide(&change.to, "::ffff:198.51.100.7", false), ADDRESS);
    cr_expect_eq(decide(&change.to, "::203.0.113.7", false), ADDRESS);
    cr_expect_eq(decide(&change.to, "2001:db8:1::1", false), YES);
    cr_expect_eq(decide(&change.to, "2001:db9::1", false), ADDRESS);
}

Test(firewall, lets_in_everybody_by_default_and_nobody_by_no_rule)
{
    struct kv_network network = { .since = 0 };

    cr_expect_eq(decide(&network, ELSEWHERE, false), YES);
    network.word[KV_NETWORK_DEFAULT_ACTION] = DENY;
    cr_expect_eq(decide(&network, ELSEWHERE, false), ADDRESS);
}

#define AT "/subscriptions/s/resourceGroups/g/providers/"

Test(firewall, trusts_resources_of_the_services_on_the_list_alone)
{
    static const struct {
        const char *resource;
        bool is_trusted;
    } resources[] = {
        { "", false },
        { "/", false },
        { "Microsoft.Sql/servers/s", false },
        { "/providers/", false },
        { AT "Microsoft.App/containerApps/coffer", false },
        { AT "Microsoft.Compute/virtualMachines/v", false },
        { AT "Microsoft.ManagedIdentity/userAssignedIdentities/i", false },
        { AT "Microsoft.HealthcareApis/services/s", false },
        { AT "Microsoft.Sql/serversX/s", false },
        { AT "Microsoft.Sql", false },
        { AT "Microsoft.Web/sites/Microsoft.Sql/servers/s", false },
        { AT "Microsoft.Sql/servers/s/providers/Microsoft.Web/sites/s", false },
        { AT "Microsoft.Sql/servers", true },
        { AT "Microsoft.Sql/servers/s", true },
        { AT "Microsoft.Sql/servers/s/databases/d", true },
        { "/SUBSCRIPTIONS/S/RESOURCEGROUPS/G/PROVIDERS/MICROSOFT.STORAGE/STORAGEACCOUNTS/A", true },
        { AT "microsoft.compute/diskEncryptionSets/d", true },
    };

    for (size_t i = 0; i < KV_COUNT(resources); i++) {
        cr_expect_eq(kv_network_trusts(resources[i].resource), resources[i].is_trusted, "%s",
                     resources[i].resource);
    }
}

Test(firewall, words_are_those_of_the_resource_manager_in_any_case)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .words_given = 0 };
    struct kv_err err;

    cr_expect_eq(kv_network_give_word(&change, KV_NETWORK_DEFAULT_ACTION, "", &err),
                 KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "defaultAction is Allow or Deny, which '' is not.");
    cr_expect_eq(kv_network_give_word(&change, KV_NETWORK_PUBLIC_ACCESS, "off", &err),
                 KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "publicNetworkAccess is Enabled, Disabled or "
                                  "SecuredByPerimeter, which 'off' is not.");
    cr_expect_eq(change.words_given, 0);
    cr_expect_eq(kv_network_give_word(&change, KV_NETWORK_BYPASS, "NONE", &err), KV_OK);
    cr_expect_eq(change.to.word[KV_NETWORK_BYPASS], NONE);
    cr_expect_eq(change.words_given, 1U << KV_NETWORK_BYPASS);
}
