/* SPDX-License-Identifier: Apache-2.0 */
/* Whom a token is issued to. */

#include "fixture.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#define CLIENT "0a0b0c0d-1111-4222-8333-444455556666"

TestSuite(card, .init = set_up, .fini = tear_down, .timeout = 120);

static void expect_same(const struct kv_identity_card *a, const struct kv_identity_card *b)
{
    cr_assert_str_eq(a->client_id, b->client_id);
    cr_assert_str_eq(a->object_id, b->object_id);
    cr_assert_str_eq(a->resource, b->resource);
}

Test(card, refuses_names_no_identity_can_have)
{
    char longest[256];
    struct kv_identity_card card;

    memset(longest, 'n', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';
    const char *const rows[] = { "two words", "tab\t", "\xc3\xa4", longest };
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_not(kv_identity_card(identity, rows[i], &card), "row %zu", i);
    }
    cr_assert_not(kv_identity_card_of_object(identity, "", &card));
    cr_assert_not(kv_identity_card_of_object(identity, "app", &card));
}

Test(card, is_the_same_for_the_same_name)
{
    static const char *const rows[] = { NULL, "app", CLIENT, "/subscriptions/s/x" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_identity_card first, second;
        cr_assert(kv_identity_card(identity, rows[i], &first));
        cr_assert(kv_identity_card(identity, rows[i], &second));
        expect_same(&first, &second);
        cr_assert(kv_uuid_is_valid(first.client_id));
        cr_assert(kv_uuid_is_valid(first.object_id));
        cr_assert_str_neq(first.client_id, first.object_id);
    }
}

Test(card, differs_for_different_names)
{
    static const char *const rows[] = { NULL, "app", "app2", CLIENT, "/subscriptions/s/app" };
    struct kv_identity_card cards[KV_COUNT(rows)];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert(kv_identity_card(identity, rows[i], &cards[i]));
        for (size_t j = 0; j < i; j++) {
            cr_assert_str_neq(cards[i].client_id, cards[j].client_id, "%zu %zu", i, j);
            cr_assert_str_neq(cards[i].object_id, cards[j].object_id, "%zu %zu", i, j);
            cr_assert_str_neq(cards[i].resource, cards[j].resource, "%zu %zu", i, j);
        }
    }
}

Test(card, takes_no_name_and_an_empty_one_for_the_system_assigned)
{
    struct kv_identity_card none, empty;

    cr_assert(kv_identity_card(identity, NULL, &none));
    cr_assert(kv_identity_card(identity, "", &empty));
    expect_same(&none, &empty);
}

Test(card, knows_the_system_assigned_by_either_id)
{
    struct kv_identity_card system, by_client, by_object;

    cr_assert(kv_identity_card(identity, NULL, &system));
    cr_assert(kv_identity_card(identity, system.client_id, &by_client));
    cr_assert(kv_identity_card_of_object(identity, system.object_id, &by_object));
    expect_same(&system, &by_client);
    expect_same(&system, &by_object);
}

Test(card, keeps_the_id_it_was_asked_by)
{
    struct kv_identity_card card;

    cr_assert(kv_identity_card(identity, "0A0B0C0D-1111-4222-8333-444455556666", &card));
    cr_assert_str_eq(card.client_id, CLIENT);
    cr_assert(kv_identity_card_of_object(identity, CLIENT, &card));
    cr_assert_str_eq(card.object_id, CLIENT);
    cr_assert(kv_identity_card(identity, "/subscriptions/S/resourceGroups/g", &card));
    cr_assert_str_eq(card.resource, "/subscriptions/S/resourceGroups/g");
}

Test(card, is_the_same_for_a_name_and_its_resource_id_in_any_case)
{
    struct kv_identity_card by_name, by_resource;
    char upper[256];

    cr_assert(kv_identity_card(identity, "app", &by_name));
    snprintf(upper, sizeof(upper), "%s", by_name.resource);
    memcpy(upper, "/SUBSCRIPTIONS", strlen("/SUBSCRIPTIONS"));
    cr_assert(kv_identity_card(identity, upper, &by_resource));
    cr_assert_str_eq(by_name.client_id, by_resource.client_id);
    cr_assert_str_eq(by_name.object_id, by_resource.object_id);
}
