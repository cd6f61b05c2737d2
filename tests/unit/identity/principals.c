/* SPDX-License-Identifier: Apache-2.0 */
/* Who there is, and what becomes of him. */
#include "principals.h"

#include <stdio.h>
#include <string.h>

#include <criterion/criterion.h>

#define CLIENT "0a0b0c0d-1111-4222-8333-444455556666"
#define OBJECT "0a0b0c0d-1111-4222-8333-444455557777"
#define OTHER "0a0b0c0d-1111-4222-8333-444455558888"

TestSuite(principals, .init = set_up_principals, .fini = tear_down_principals, .timeout = 120);

static void expect_nobody(const char *name)
{
    cr_assert_eq(find_name(name), KV_NOT_FOUND, "%s is somebody", name);
}

static enum kv_code register_ids(const char *name, const char *object_id, const char *client_id)
{
    const struct kv_principal_draft draft = {
        .name = name,
        .object_id = object_id,
        .client_id = client_id,
    };
    bool is_new;

    return kv_principal_register(principals, &draft, false, &entry, &is_new, &err);
}

Test(principals, refuses_names_and_ids_that_cannot_be)
{
    char longest[KV_PRINCIPAL_NAME_SIZE + 1];

    memset(longest, 'n', sizeof(longest) - 1);
    longest[sizeof(longest) - 1] = '\0';

    const char *const rows[] = { "two words", "a,b", "\xc3\xa4", longest };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(try_register(rows[i], ""), KV_BAD_PARAMETER, "row %zu", i);
    }
    cr_assert_eq(register_ids("app", "one", NULL), KV_BAD_PARAMETER);
    cr_assert_eq(register_ids("app", NULL, "one"), KV_BAD_PARAMETER);
    cr_assert_eq(try_register("", "application"), KV_CONFLICT);
}

Test(principals, refuses_what_a_type_has_not)
{
    const enum kv_principal_type user = KV_PRINCIPAL_USER, group = KV_PRINCIPAL_GROUP;
    const bool yes = true;
    const struct kv_principal_draft rows[] = {
        { .name = "a", .type = &user, .client_id = CLIENT },
        { .name = "a", .type = &group, .client_id = CLIENT },
        { .name = "a", .type = &group, .upn = "a@b" },
        { .name = "a", .type = &user, .trusted_service = &yes },
    };
    bool is_new;

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_assert_eq(kv_principal_register(principals, &rows[i], false, &entry, &is_new, &err),
                     KV_CONFLICT, "row %zu", i);
    }
}

Test(principals, refuses_ids_that_another_has)
{
    must(register_ids("one", OBJECT, CLIENT));
    cr_assert_eq(register_ids("two", OBJECT, OTHER), KV_CONFLICT);
    cr_assert_eq(register_ids("two", OTHER, CLIENT), KV_CONFLICT);
    must(register_ids("two", OTHER, OTHER));
}

Test(principals, refuses_to_become_somebody_else)
{
    must(register_ids("one", OBJECT, CLIENT));
    cr_assert_eq(register_ids("one", OTHER, NULL), KV_CONFLICT);
    cr_assert_str_eq(err.message,
                     "The identity 'one' is there with the object id " OBJECT ", not " OTHER ".");
    cr_assert_eq(register_ids("ONE", NULL, OTHER), KV_CONFLICT);
    cr_assert_eq(try_register("one", "group"), KV_CONFLICT);
    must(register_ids("one", OBJECT, CLIENT));
    must(try_register("one", "user-assigned"));
}

Test(principals, refuses_unknown_ones_where_that_is_said)
{
    reopen_principals(true);
    expect_nobody("app");
    expect_nobody("");
    expect_nobody(CLIENT);
    cr_assert_eq(kv_principals_find_managed(principals, &entry, &err), KV_NOT_FOUND);
    cr_assert_eq(kv_principals_find_object(principals, OBJECT, &entry, &err), KV_NOT_FOUND);
    cr_assert_eq(kv_principal_delete(principals, "app", &err), KV_NOT_FOUND);
    must_register("app", "");
    must(find_name("app"));
    must(find_name("APP"));
}

Test(principals, keeps_the_ids_of_who_was_made_up)
{
    static const char *const rows[] = { "", "app", CLIENT, "/subscriptions/s/x" };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        struct kv_identity_card card;

        cr_assert(kv_identity_card(identity, rows[i], &card));
        must(find_name(rows[i]));
        cr_assert_str_eq(entry.object_id, card.object_id);
        cr_assert_str_eq(entry.client_id, card.client_id);
        cr_assert_str_eq(entry.resource, card.resource);
        cr_assert_not(entry.registered);
        must_register(rows[i], "");
        cr_assert(entry.registered);
        cr_assert_str_eq(entry.object_id, card.object_id, "%s", rows[i]);
        cr_assert_str_eq(entry.client_id, card.client_id);
    }
}

Test(principals, are_found_by_each_of_their_ids_in_any_case)
{
    must(register_ids("App", OBJECT, CLIENT));

    struct kv_principal_entry found;

    must(kv_principals_find_client(principals, "0A0B0C0D-1111-4222-8333-444455556666", &found,
                                   &err));
    cr_assert_str_eq(found.name, "App");
    must(kv_principals_find_object(principals, OBJECT, &found, &err));
    cr_assert_str_eq(found.name, "App");
    must(kv_principals_find_resource(principals, entry.resource, &found, &err));
    cr_assert_str_eq(found.object_id, OBJECT);
    must(find_name("aPP"));
    cr_assert_str_eq(entry.object_id, OBJECT);
}

Test(principals, disabled_ones_are_found_and_deleted_ones_are_not)
{
    struct kv_principal_standing standing;

    must(kv_principal_enable(principals, "app", false, &entry, &err));
    must(find_name("app"));
    cr_assert_eq(entry.state, KV_PRINCIPAL_DISABLED);
    must(kv_principals_standing(principals, entry.object_id, &standing, &err));
    cr_assert(standing.known);
    cr_assert_eq(standing.state, KV_PRINCIPAL_DISABLED);
    must(kv_principal_enable(principals, "app", true, &entry, &err));
    must(find_name("app"));
    cr_assert_eq(entry.state, KV_PRINCIPAL_ENABLED);
    must(kv_principal_delete(principals, "app", &err));
    expect_nobody("app");
    must(kv_principals_standing(principals, entry.object_id, &standing, &err));
    cr_assert_eq(standing.state, KV_PRINCIPAL_DELETED);
    cr_assert_eq(kv_principal_enable(principals, "app", true, &entry, &err), KV_NOT_FOUND);
    must(kv_principal_get(principals, "app", &entry, &err));
    cr_assert_eq(entry.state, KV_PRINCIPAL_DELETED);
}

Test(principals, made_anew_have_other_ids)
{
    struct kv_principal_entry former, now;
    struct kv_principal_standing standing;

    must(find_name("app"));
    former = entry;
    must(kv_principal_recreate(principals, "app", &now, &err));
    cr_assert_str_neq(now.object_id, former.object_id);
    cr_assert_str_neq(now.client_id, former.client_id);
    cr_assert_str_eq(now.resource, former.resource);
    must(find_name("app"));
    cr_assert_str_eq(entry.object_id, now.object_id);
    must(kv_principals_find_resource(principals, former.resource, &entry, &err));
    cr_assert_str_eq(entry.object_id, now.object_id);
    cr_assert_eq(kv_principals_find_client(principals, former.client_id, &entry, &err),
                 KV_NOT_FOUND);
    must(kv_principals_standing(principals, former.object_id, &standing, &err));
    cr_assert_eq(standing.state, KV_PRINCIPAL_DELETED);
    must(kv_principal_delete(principals, "app", &err));
    must_register("app", "");
    cr_assert_str_neq(entry.object_id, now.object_id);
}

Test(principals, are_the_same_after_a_restart)
{
    must(kv_principal_recreate(principals, "app", &entry, &err));
    must(kv_principal_delete(principals, "gone", &err));
    must(kv_principal_revoke(principals, "app", 12345, &entry, &err));

    const struct kv_principal_entry before = entry;

    reopen_principals(false);
    must(find_name("app"));
    cr_assert_str_eq(entry.object_id, before.object_id);
    cr_assert_eq(entry.revoked, 12345);
    expect_nobody("gone");
}

Test(principals, the_default_identity_can_be_taken_away)
{
    must(kv_principals_find_managed(principals, &entry, &err));
    cr_assert_eq(entry.type, KV_PRINCIPAL_SYSTEM_ASSIGNED);
    must(kv_principal_delete(principals, "", &err));
    cr_assert_eq(kv_principals_find_managed(principals, &entry, &err), KV_NOT_FOUND);
    must_register("one", "");
    must(kv_principals_find_managed(principals, &entry, &err));
    cr_assert_str_eq(entry.name, "one");
    must_register("two", "");
    cr_assert_eq(kv_principals_find_managed(principals, &entry, &err), KV_CONFLICT);
    must_register("vm", "system-assigned");
    must(kv_principals_find_managed(principals, &entry, &err));
    cr_assert_str_eq(entry.name, "vm");
    cr_assert_not_null(strstr(entry.resource, "Microsoft.App/containerApps/vm"));
}

Test(principals, a_reset_leaves_nobody)
{
    must_register("app", "");
    must(kv_principal_delete(principals, "gone", &err));
    must(kv_principals_reset(principals, NULL, NULL, &err));
    must(find_name("gone"));
    cr_assert_not(entry.registered);
    must(find_name("app"));
    cr_assert_not(entry.registered);
}

/* --- groups --- */

static size_t groups_of(const char *object_id)
{
    static char ids[KV_PRINCIPAL_GROUPS_MAX][KV_UUID_LENGTH + 1];
    size_t count;

    must(kv_principals_groups(principals, object_id, ids, KV_PRINCIPAL_GROUPS_MAX, &count, &err));
    return count;
}

static enum kv_code add(const char *group, const char *member)
{
    return kv_principal_add_member(principals, group, member, &err);
}

Test(principals, only_groups_have_members)
{
    must_register("app", "application");
    cr_assert_eq(add("app", "somebody"), KV_CONFLICT);
    cr_assert_eq(add("nobody", "somebody"), KV_CONFLICT);
    must_register("g", "group");
    cr_assert_eq(kv_principal_remove_member(principals, "g", "somebody", &err), KV_NOT_FOUND);
    must(kv_principal_delete(principals, "gone", &err));
    cr_assert_eq(add("g", "gone"), KV_NOT_FOUND);
}

Test(principals, groups_are_nested_and_circles_end)
{
    char app[KV_UUID_LENGTH + 1];
    static const char *const names[] = { "a", "b", "c" };

    must(find_name("app"));
    memcpy(app, entry.object_id, sizeof(app));
    cr_assert_eq(groups_of(app), 0);
    for (size_t i = 0; i < KV_COUNT(names); i++) {
        must_register(names[i], "group");
    }
    must(add("a", "app"));
    must(add("a", "app"));
    cr_assert_eq(groups_of(app), 1);
    must(add("b", "a"));
    must(add("c", "b"));
    must(add("a", "c")); /* a circle */
    must(add("a", "a"));
    cr_assert_eq(groups_of(app), 3);
    must(kv_principal_remove_member(principals, "b", "a", &err));
    cr_assert_eq(groups_of(app), 1);
    must(add("b", "a"));
    must(kv_principal_delete(principals, "b", &err));
    cr_assert_eq(groups_of(app), 1);
}

Test(principals, nobody_is_in_too_many_groups)
{
    char name[16], first[KV_UUID_LENGTH + 1];

    must_register("g0", "group");
    memcpy(first, entry.object_id, sizeof(first));
    must(find_name("app"));
    for (int i = 1; i <= KV_PRINCIPAL_GROUPS_MAX; i++) {
        char upper[16];

        (void) snprintf(name, sizeof(name), "g%d", i - 1);
        (void) snprintf(upper, sizeof(upper), "g%d", i);
        must_register(upper, "group");
        must(add(upper, name));
    }
    cr_assert_eq(groups_of(first), KV_PRINCIPAL_GROUPS_MAX);
    must(add("g1", "app"));
    cr_assert_eq(add("g0", "app"), KV_CONFLICT, "it would be in 201");
    cr_assert_eq(add("g0", "g200"), KV_CONFLICT, "all of them would");
    must(find_name("app"));
    cr_assert_eq(groups_of(entry.object_id), KV_PRINCIPAL_GROUPS_MAX);
}
