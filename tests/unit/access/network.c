/* SPDX-License-Identifier: Apache-2.0 */
/* Network settings of vaults: how they change, when they count, and how many there can be. */
#include <stdio.h>
#include <string.h>

#include "fixture.h"
#include "kv/access/firewall.h"

#define MINUTE INT64_C(60000)
#define CALLER "appid=a;oid=o;iss=i"

TestSuite(network, .init = access_setup, .fini = access_teardown, .timeout = 60);
TestSuite(network_delay, .init = access_setup_slow, .fini = access_teardown, .timeout = 60);

static char settings[4096];

/* "Deny None Enabled 10.0.0.0/8 |", with the private endpoints behind the bar. */
static const char *show(const struct kv_network *network)
{
    size_t used = 0;
    char range[KV_CIDR_SIZE];

    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        used +=
            (size_t) snprintf(settings + used, sizeof(settings) - used, "%s%s", i > 0 ? " " : "",
                              kv_network_word_row(i)->words[network->word[i]]);
    }
    for (unsigned i = 0; i < KV_NETWORK_LISTS; i++) {
        for (size_t j = 0; j < network->list[i].count; j++) {
            kv_cidr_render(&network->list[i].cidr[j], range);
            used += (size_t) snprintf(settings + used, sizeof(settings) - used, " %s", range);
        }
        used +=
            (size_t) snprintf(settings + used, sizeof(settings) - used, "%s", i == 0 ? " |" : "");
    }
    return settings;
}

/* "deny", "none", "disabled", "10.0.0.0/8", "private=10.0.0.0/8", separated by blanks; "allow=" and
 * "private=" alone give an empty list. */
static void give(struct kv_network_change *change, const char *word)
{
    static const char private[] = "private=";
    enum kv_network_list list = KV_NETWORK_RULES;

    for (unsigned i = 0; i < KV_NETWORK_WORDS; i++) {
        if (kv_network_give_word(change, i, word, NULL) == KV_OK) {
            return;
        }
    }
    if (strncmp(word, private, strlen(private)) == 0) {
        list = KV_NETWORK_PRIVATE;
        word += strlen(private);
    }
    change->lists_given |= 1U << list;
    if (*word != '\0' && strcmp(word, "allow=") != 0) {
        cr_assert_eq(kv_network_give_range(change, list, word, &err), KV_OK, "%s", err.message);
    }
}

static enum kv_code try_change(const struct kv_vault *vault, enum kv_network_mode mode,
                               const char *words, kv_millis now)
{
    kv_auto(kv_network_change_done) struct kv_network_change change = { .mode = mode };
    kv_auto(kv_network_done) struct kv_network made = { .since = 0 };
    char word[64];

    while (*words != '\0') {
        size_t len = strcspn(words, " ");

        (void) snprintf(word, sizeof(word), "%.*s", (int) len, words);
        give(&change, word);
        words += len + strspn(words + len, " ");
    }
    return kv_network_change(access_of_all, vault, &change, now, &made, &err);
}

static void change(const struct kv_vault *vault, enum kv_network_mode mode, const char *words)
{
    cr_assert_eq(try_change(vault, mode, words, NOW), KV_OK, "%s", err.message);
}

static const char *get(const struct kv_vault *vault)
{
    kv_auto(kv_network_done) struct kv_network network = { .since = 0 };

    cr_assert_eq(kv_network_get(access_of_all, vault, &network, &err), KV_OK, "%s", err.message);
    return show(&network);
}

static enum kv_code check_at(const struct kv_vault *vault, const char *client, kv_millis now)
{
    const struct kv_network_question question = {
        .vault = vault,
        .client = client,
        .caller = CALLER,
        .caller_in_full = CALLER ";xms_mirid=/m",
        .now = now,
    };

    return kv_network_check(access_of_all, &question, &err);
}

static enum kv_code check(const struct kv_vault *vault, const char *client)
{
    return check_at(vault, client, NOW);
}

Test(network, of_a_vault_is_open_until_it_is_closed_and_again_afterwards)
{
    cr_expect_str_eq(get(rbac), "Allow AzureServices Enabled |");
    cr_expect_eq(check(rbac, "192.0.2.1"), KV_OK);
    change(rbac, KV_NETWORK_SET, "deny 10.0.0.0/8");
    cr_expect_eq(check(rbac, "192.0.2.1"), KV_FORBIDDEN_BY_FIREWALL);
    cr_expect_eq(check(rbac, "10.0.0.1"), KV_OK);
    cr_expect_eq(check(other, "192.0.2.1"), KV_OK, "of this vault alone");
    cr_expect_eq(check(rbac, "not an address"), KV_FORBIDDEN_BY_FIREWALL);
    change(rbac, KV_NETWORK_REPLACE, "");
    cr_expect_str_eq(get(rbac), "Allow AzureServices Enabled |");
    cr_expect_eq(check(rbac, "192.0.2.1"), KV_OK);
}

Test(network, refusals_name_the_variant_to_the_byte)
{
#define ADDRESS_TAIL                                                                               \
    "\r\nClient address: 192.0.2.1\r\nCaller: " CALLER "\r\nVault: rbac;location=eastus"
#define CONNECTION_TAIL "\r\nCaller: " CALLER ";xms_mirid=/m\r\nVault: rbac;location=eastus"
    static const struct {
        const char *settings;
        enum kv_code code;
        const char *message;
    } refusals[] = {
        { "deny", KV_FORBIDDEN_BY_FIREWALL,
          "Client address is not authorized and caller is not a trusted service." ADDRESS_TAIL },
        { "deny none", KV_FORBIDDEN_BY_FIREWALL,
          "Client address is not authorized and caller was ignored because bypass is set to "
          "None" ADDRESS_TAIL },
        { "securedbyperimeter", KV_FORBIDDEN_BY_FIREWALL,
          "Request was not allowed by NSP rules and the client address is not authorized and "
          "caller was ignored because bypass is set to None" ADDRESS_TAIL },
        { "disabled", KV_FORBIDDEN_BY_CONNECTION,
          "Public network access is disabled and request is not from a trusted service nor via an "
          "approved private link." CONNECTION_TAIL },
        { "disabled none", KV_FORBIDDEN_BY_CONNECTION,
          "Connection is not an approved private link and caller was ignored because bypass is not "
          "set to 'AzureServices' and PublicNetworkAccess is set to 'Disabled'." CONNECTION_TAIL },
    };

    for (size_t i = 0; i < KV_COUNT(refusals); i++) {
        change(rbac, KV_NETWORK_REPLACE, refusals[i].settings);
        cr_expect_eq(check(rbac, "192.0.2.1"), refusals[i].code, "%s", refusals[i].settings);
        cr_expect_str_eq(err.message, refusals[i].message);
    }
}

Test(network, changes_leave_what_is_not_given)
{
    change(rbac, KV_NETWORK_SET, "deny 10.0.0.0/8 192.0.2.1 private=172.16.0.0/12");
    change(rbac, KV_NETWORK_SET, "none");
    cr_expect_str_eq(get(rbac), "Deny None Enabled 10.0.0.0/8 192.0.2.1/32 | 172.16.0.0/12");
    change(rbac, KV_NETWORK_ADD, "192.0.2.1 192.0.2.2");
    cr_expect_str_eq(get(rbac),
                     "Deny None Enabled 10.0.0.0/8 192.0.2.1/32 192.0.2.2/32 | 172.16.0.0/12");
    change(rbac, KV_NETWORK_REMOVE, "10.0.0.0/8 private=172.16.0.0/12");
    cr_expect_str_eq(get(rbac), "Deny None Enabled 192.0.2.1/32 192.0.2.2/32 |");
    change(rbac, KV_NETWORK_SET, "allow=");
    cr_expect_str_eq(get(rbac), "Deny None Enabled |");
    change(rbac, KV_NETWORK_REPLACE, "192.0.2.9");
    cr_expect_str_eq(get(rbac), "Allow AzureServices Enabled 192.0.2.9/32 |");
    access_restart(0);
    cr_expect_str_eq(get(rbac), "Allow AzureServices Enabled 192.0.2.9/32 |", "it is kept");
}

Test(network, of_a_change_that_fails_stays_as_it_was)
{
    change(rbac, KV_NETWORK_SET, "deny 192.0.2.1");
    cr_expect_eq(try_change(rbac, KV_NETWORK_REMOVE, "192.0.2.1 192.0.2.2", NOW), KV_NOT_FOUND);
    cr_expect_str_eq(err.message, "192.0.2.2/32 is not among the ipRules of the vault.");
    cr_expect_str_eq(get(rbac), "Deny AzureServices Enabled 192.0.2.1/32 |");
}

static void give_many(struct kv_network_change *change, unsigned from, unsigned count)
{
    char range[KV_CIDR_SIZE];

    for (unsigned i = from; i < from + count; i++) {
        (void) snprintf(range, sizeof(range), "10.%u.%u.0/24", i / 256, i % 256);
        cr_assert_eq(kv_network_give_range(change, KV_NETWORK_RULES, range, &err), KV_OK, "%s",
                     err.message);
    }
}

Test(network, has_a_thousand_rules_at_most)
{
    kv_auto(kv_network_change_done) struct kv_network_change all = { .mode = KV_NETWORK_SET };
    kv_auto(kv_network_done) struct kv_network made = { .since = 0 };

    give_many(&all, 0, KV_NETWORK_RULES_MAX);
    cr_expect_eq(kv_network_give_range(&all, KV_NETWORK_RULES, "192.0.2.1", &err),
                 KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "A vault can have 1000 ipRules at most.");
    cr_assert_eq(kv_network_change(access_of_all, rbac, &all, NOW, &made, &err), KV_OK, "%s",
                 err.message);
    cr_expect_eq(made.list[KV_NETWORK_RULES].count, KV_NETWORK_RULES_MAX);
    cr_expect_eq(try_change(rbac, KV_NETWORK_ADD, "192.0.2.1", NOW), KV_CONFLICT);
    cr_expect_eq(try_change(rbac, KV_NETWORK_ADD, "10.0.0.0/24", NOW), KV_OK, "it is there");
    change(rbac, KV_NETWORK_SET, "deny");
    cr_expect_eq(check(rbac, "10.3.231.9"), KV_OK, "the last one");
    cr_expect_eq(check(rbac, "10.3.232.9"), KV_FORBIDDEN_BY_FIREWALL);
}

Test(network, has_sixty_four_private_endpoints_at_most)
{
    kv_auto(kv_network_change_done) struct kv_network_change all = { .mode = KV_NETWORK_SET };
    char range[KV_CIDR_SIZE];

    for (unsigned i = 0; i <= KV_NETWORK_PRIVATE_MAX; i++) {
        (void) snprintf(range, sizeof(range), "10.0.0.%u", i);
        cr_expect_eq(kv_network_give_range(&all, KV_NETWORK_PRIVATE, range, &err),
                     i < KV_NETWORK_PRIVATE_MAX ? KV_OK : KV_BAD_PARAMETER);
    }
}

Test(network, of_all_vaults_together_is_bounded)
{
    static const char many[] = "UPDATE access_network SET ranges = ?";
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    change(other, KV_NETWORK_SET, "192.0.2.1");
    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_assert_eq(kv_db_run(db, many, KV_BINDS(KV_B_INT(KV_NETWORK_RANGES_MAX - 1)), NULL, &err),
                 KV_OK);
    cr_expect_eq(try_change(rbac, KV_NETWORK_SET, "192.0.2.1 192.0.2.2", NOW), KV_CONFLICT);
    cr_expect_str_eq(err.message, "All vaults together can have 100000 address ranges.");
    cr_expect_eq(try_change(rbac, KV_NETWORK_SET, "192.0.2.1", NOW), KV_OK);
}

static void damage(const char *sql)
{
    kv_auto(kv_db_release) struct kv_db *db = NULL;

    change(rbac, KV_NETWORK_REPLACE, "deny 192.0.2.1");
    cr_assert_eq(kv_db_acquire(store, &db, &err), KV_OK);
    cr_assert_eq(kv_db_run(db, sql, KV_NO_BINDS, NULL, &err), KV_OK);
}

Test(network, that_is_damaged_lets_nobody_in)
{
    static const char *const damages[] = {
        "UPDATE access_network SET ip_rules = '192.0.2.1/99 '",
        "UPDATE access_network SET ip_rules = 'x'",
        "UPDATE access_network SET default_action = 2",
        "UPDATE access_network SET bypass = -1",
        "UPDATE access_network SET public_access = 3",
    };

    for (size_t i = 0; i < KV_COUNT(damages); i++) {
        damage(damages[i]);
        access_restart(0);
        cr_expect_eq(check(rbac, "192.0.2.1"), KV_UNAVAILABLE, "%s", damages[i]);
        cr_expect_eq(check(other, "192.0.2.1"), KV_UNAVAILABLE, "what it says is not known");
        cr_expect_eq(try_change(rbac, KV_NETWORK_SET, "deny", NOW), KV_INTERNAL);
    }
    change(rbac, KV_NETWORK_REPLACE, "");
    cr_expect_eq(check(rbac, "192.0.2.1"), KV_OK, "replaced, and mended by that");
}

Test(network_delay, counts_later_and_until_then_the_former_does)
{
    change(rbac, KV_NETWORK_SET, "deny 192.0.2.1");
    cr_expect_eq(check_at(rbac, "192.0.2.2", NOW + MINUTE - 1), KV_OK);
    cr_expect_eq(check_at(rbac, "192.0.2.2", NOW + MINUTE), KV_FORBIDDEN_BY_FIREWALL);
    cr_assert_eq(try_change(rbac, KV_NETWORK_SET, "192.0.2.2", NOW + 5 * MINUTE), KV_OK);
    cr_expect_str_eq(get(rbac), "Deny AzureServices Enabled 192.0.2.2/32 |");
    cr_expect_eq(check_at(rbac, "192.0.2.1", NOW + 6 * MINUTE - 1), KV_OK);
    cr_expect_eq(check_at(rbac, "192.0.2.1", NOW + 6 * MINUTE), KV_FORBIDDEN_BY_FIREWALL);
    cr_expect_eq(check_at(rbac, "192.0.2.2", NOW + 6 * MINUTE - 1), KV_FORBIDDEN_BY_FIREWALL);
    cr_expect_eq(check_at(rbac, "192.0.2.2", NOW + 6 * MINUTE), KV_OK);
}

/* A clock that was moved back must not open a gap through which everybody comes. */
Test(network_delay, never_leaves_a_gap_between_two_settings)
{
    change(rbac, KV_NETWORK_SET, "deny");
    cr_assert_eq(try_change(rbac, KV_NETWORK_SET, "192.0.2.1", NOW + 9 * MINUTE), KV_OK);
    cr_assert_eq(try_change(rbac, KV_NETWORK_SET, "192.0.2.2", NOW + 5 * MINUTE), KV_OK);
    for (kv_millis at = NOW + MINUTE; at < NOW + 12 * MINUTE; at += MINUTE / 2) {
        cr_expect_eq(check_at(rbac, "192.0.2.3", at), KV_FORBIDDEN_BY_FIREWALL, "%lld",
                     (long long) (at - NOW));
    }
}

Test(network_delay, is_over_at_the_next_start)
{
    change(rbac, KV_NETWORK_SET, "192.0.2.1");
    change(rbac, KV_NETWORK_SET, "deny");
    access_restart(MINUTE);
    cr_expect_eq(check(rbac, "192.0.2.1"), KV_OK);
    cr_expect_eq(check(rbac, "192.0.2.2"), KV_FORBIDDEN_BY_FIREWALL);
}

Test(network_delay, bounds_the_changes_under_way)
{
    unsigned made = 0;

    while (made < 1000 && try_change(rbac, KV_NETWORK_SET, "deny", NOW) == KV_OK) {
        made++;
    }
    cr_expect_eq(made, KV_NETWORK_CHANGES_MAX + 1, "%u: %s", made, err.message);
    cr_expect_eq(err.code, KV_CONFLICT);
    cr_expect_eq(try_change(rbac, KV_NETWORK_SET, "deny", NOW + 2 * MINUTE), KV_OK);
}

Test(network_delay, is_due_when_settings_begin_and_cease_to_count)
{
    kv_millis due;

    cr_assert_eq(kv_network_next(access_of_all, NOW, &due, &err), KV_OK);
    cr_expect_eq(due, INT64_MAX);
    change(rbac, KV_NETWORK_SET, "deny");
    cr_assert_eq(kv_network_next(access_of_all, NOW, &due, &err), KV_OK);
    cr_expect_eq(due, NOW + MINUTE);
    cr_assert_eq(kv_network_next(access_of_all, due, &due, &err), KV_OK);
    cr_expect_eq(due, INT64_MAX);
}
