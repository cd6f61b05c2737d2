/* SPDX-License-Identifier: Apache-2.0 */
/* Snapshots (docs/state.md), over the real store and the real token. */
#include "snapshot_tools.h"

#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

TestSuite(snapshots, .init = snapshot_start, .fini = snapshot_stop, .timeout = 90);

/* --- what is refused --- */

Test(snapshots, refuses_orders_that_make_no_sense_with_the_reason)
{
    static const struct {
        const char *method, *below, *body;
        long status;
        const char *message;
    } rows[] = {
        { "POST", "", "{}", 400, "Give the snapshot's \"name\"." },
        { "POST", "", "{\"name\":7}", 400, "'name' has a value of the wrong type." },
        { "POST", "", "{\"name\":\"a\",\"vault\":\"dev\"}", 400, "'vault' is not a member" },
        { "POST", "", "{\"name\":\"\"}", 400, "The name of a snapshot is 1 to 64 letters" },
        { "POST", "", "{\"name\":\"../up\"}", 400, "The name of a snapshot is 1 to 64" },
        { "POST", "", "{\"name\":\".new\"}", 400, "The name of a snapshot is 1 to 64" },
        { "POST", "", "{\"name\":\"a b\"}", 400, "The name of a snapshot is 1 to 64" },
        { "POST", "",
          "{\"name\":\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"}", 400,
          "The name of a snapshot is 1 to 64" },
        { "POST", "", "{\"name\":\"one\"}", 409, "There is a snapshot named 'one'." },
        { "GET", "/none", NULL, 404, "There is no snapshot named 'none'." },
        { "DELETE", "/none", NULL, 404, "There is no snapshot named 'none'." },
        { "DELETE", "/..", NULL, 400, "The name of a snapshot is 1 to 64" },
        { "POST", "/none/restore", "{}", 404, "There is no snapshot named 'none'." },
        { "POST", "/one/restore", "{\"vaults\":\"dev\"}", 400, "'vaults' is not a member" },
        { "POST", "/one/restore", "{\"vault\":null}", 400, "Give {} to put everything back" },
        { "POST", "/one/restore", "{\"vault\":\"none\"}", 404,
          "The snapshot has no vault named 'none'." },
        { "POST", "/one/restore", "[]", 400, "The body is not a JSON object." },
    };
    API_CLIENT_OF(&snapshot_daemon, dev);

    snapshot_save(&dev, "one");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, snapshot_ask(&dev, rows[i].method, rows[i].below, rows[i].body));
        cr_expect_eq(reply.status, rows[i].status, "%s %s: %ld %s", rows[i].below,
                     rows[i].body != NULL ? rows[i].body : "", reply.status, reply.body);
        cr_expect_not_null(strstr(reply_text(&reply, "error.message"), rows[i].message), "%s: %s",
                           rows[i].message, reply.body);
    }
}

Test(snapshots, are_at_most_64)
{
    API_CLIENT_OF(&snapshot_daemon, dev);

    for (unsigned i = 0; i < 64; i++) {
        char name[16];

        snprintf(name, sizeof(name), "s%u", i);
        snapshot_save(&dev, name);
    }
    API_REPLY(full, snapshot_ask(&dev, "POST", "", "{\"name\":\"more\"}"));
    cr_expect_eq(full.status, 409, "%s", full.body);
    cr_expect_not_null(strstr(full.body, "There are 64 snapshots already"), "%s", full.body);
    API_REPLY(gone, snapshot_ask(&dev, "DELETE", "/s7", NULL));
    cr_expect_eq(gone.status, 204, "%s", gone.body);
    snapshot_save(&dev, "more");
}

Test(snapshots, wait_until_the_token_is_back)
{
    API_CLIENT_OF(&snapshot_daemon, dev);

    snapshot_save(&dev, "one");
    hsm_add(&dev, "{\"kind\":\"token_removed\"}");
    API_REPLY(save, snapshot_ask(&dev, "POST", "", "{\"name\":\"two\"}"));
    cr_expect_eq(save.status, 409, "%s", save.body);
    cr_expect_not_null(strstr(save.body, "The token of the HSM is taken out"), "%s", save.body);
    API_REPLY(restore, snapshot_ask(&dev, "POST", "/one/restore", "{}"));
    cr_expect_eq(restore.status, 409, "%s", restore.body);
    hsm_clear(&dev);
    snapshot_restore(&dev, "one", "{}");
}

/* err.def: InsufficientStorage. A limit on the size of files is a full disk to whoever writes. */
Test(snapshots, are_INSUFFICIENT_STORAGE_on_a_full_disk_and_nothing_is_half)
{
    const struct rlimit none = { .rlim_cur = 40960, .rlim_max = RLIM_INFINITY };
    const struct rlimit all = { .rlim_cur = RLIM_INFINITY, .rlim_max = RLIM_INFINITY };
    API_CLIENT_OF(&snapshot_daemon, dev);

    hsm_make_key(&dev, "kept");
    snapshot_save(&dev, "one");
    cr_assert_eq(prlimit(snapshot_daemon.pid, RLIMIT_FSIZE, &none, NULL), 0);
    API_REPLY(save, snapshot_ask(&dev, "POST", "", "{\"name\":\"two\"}"));
    cr_expect_eq(save.status, 507, "%s", save.body);
    cr_expect_str_eq(reply_text(&save, "error.code"), "InsufficientStorage");
    cr_expect_not_null(strstr(save.body, "The disk is full: the snapshot was not made"), "%s",
                       save.body);
    API_REPLY(restore, snapshot_ask(&dev, "POST", "/one/restore", "{}"));
    cr_expect_eq(restore.status, 507, "%s", restore.body);
    cr_assert_eq(prlimit(snapshot_daemon.pid, RLIMIT_FSIZE, &all, NULL), 0);
    API_REPLY(list, snapshot_ask(&dev, "GET", "", NULL));
    cr_expect_null(strstr(list.body, "\"name\":\"two\""), "%s", list.body);
    hsm_expect_sign(&dev, "kept", 200, "nothing has changed");
    snapshot_save(&dev, "two");
}

/* --- everything --- */

Test(snapshots, bring_back_what_was_purged_and_take_away_what_was_made_since)
{
    API_CLIENT_OF(&snapshot_daemon, dev);

    hsm_make_key(&dev, "old");
    snapshot_save(&dev, "one");
    snapshot_purge(&dev, "old");
    hsm_make_key(&dev, "young");
    API_REPLY(made, client_ask_vaults(&dev, "PUT", "/later", "{}"));
    cr_assert_eq(made.status, 201, "%s", made.body);

    snapshot_restore(&dev, "one", "{}");
    hsm_expect_sign(&dev, "old", 200, "it is back, with its material");
    hsm_expect_sign(&dev, "young", 404, "it was made since");
    API_REPLY(later, client_ask_vaults(&dev, "GET", "/later", NULL));
    cr_expect_eq(later.status, 404, "%s", later.body);
    hsm_make_key(&dev, "young");
    hsm_expect_sign(&dev, "young", 200, "the name is free");
}

Test(snapshots, hold_identities_grants_and_the_clock_but_no_fault_rules)
{
    static const char rule[] =
        "{\"id\":\"r\",\"match\":{\"key\":\"k\"},\"effect\":{\"status\":500}}";
    API_CLIENT_OF(&snapshot_daemon, dev);
    const struct request identity = {
        .method = "PUT", .target = "/control/v1/identities/bob", .body = "{}", .control = true
    };
    const struct request forget = { .method = "DELETE",
                                    .target = "/control/v1/identities/bob",
                                    .control = true };
    const struct request look = { .method = "GET",
                                  .target = "/control/v1/identities/bob",
                                  .control = true };
    const struct request clock = { .method = "GET",
                                   .target = "/control/v1/clock",
                                   .control = true };
    const struct request fault = {
        .method = "POST", .target = "/control/v1/faults", .body = rule, .control = true
    };
    const struct request faults = { .method = "GET",
                                    .target = "/control/v1/faults",
                                    .control = true };

    API_REPLY(made, client_send(&dev, &identity));
    cr_assert_eq(made.status, 201, "%s", made.body);
    api_set_clock(&snapshot_daemon, "{\"set\":\"2031-01-02T03:04:05Z\",\"frozen\":true}");
    snapshot_save(&dev, "one");
    api_set_clock(&snapshot_daemon, "{\"reset\":true}");
    API_REPLY(gone, client_send(&dev, &forget));
    cr_assert_eq(gone.status, 204, "%s", gone.body);
    API_REPLY(ruled, client_send(&dev, &fault));
    cr_assert_eq(ruled.status, 201, "%s", ruled.body);

    snapshot_restore(&dev, "one", "{}");
    API_REPLY(back, client_send(&dev, &look));
    cr_expect_str_eq(reply_text(&back, "object_id"), reply_text(&made, "object_id"), "%s",
                     back.body);
    cr_expect_str_eq(reply_text(&back, "state"), "enabled", "%s", back.body);
    API_REPLY(time, client_send(&dev, &clock));
    cr_expect_not_null(strstr(time.body, "2031-01-02T03:04:05"), "%s", time.body);
    API_REPLY(rules, client_send(&dev, &faults));
    cr_expect_not_null(strstr(rules.body, "\"id\":\"r\""), "rules stay: %s", rules.body);
}

Test(snapshots, are_kept_over_restarts)
{
    {
        API_CLIENT_OF(&snapshot_daemon, dev);

        hsm_make_key(&dev, "old");
        snapshot_save(&dev, "one");
        snapshot_purge(&dev, "old");
    }
    snapshot_restart();
    {
        API_CLIENT_OF(&snapshot_daemon, dev);

        hsm_expect_sign(&dev, "old", 404, "it was purged");
        snapshot_restore(&dev, "one", "{}");
        hsm_expect_sign(&dev, "old", 200, "it is back");
    }
    snapshot_restart();
    API_CLIENT_OF(&snapshot_daemon, dev);
    hsm_expect_sign(&dev, "old", 200, "and stays");
}

/* --- one vault --- */

static void put_one_vault_back(void)
{
    API_CLIENT_OF(&snapshot_daemon, dev);
    API_CLIENT_OF(&snapshot_daemon, two);

    hsm_make_key(&dev, "old");
    hsm_make_key(&two, "other");
    snapshot_save(&dev, "one");
    snapshot_purge(&dev, "old");
    snapshot_purge(&two, "other");
    hsm_make_key(&dev, "young");
    hsm_make_key(&two, "younger");
    api_advance(&snapshot_daemon, 86400);
    snapshot_restore(&dev, "one", "{\"vault\":\"Dev\"}");
}

static void expect_one_vault_back(const char *when)
{
    API_CLIENT_OF(&snapshot_daemon, dev);
    API_CLIENT_OF(&snapshot_daemon, two);

    hsm_expect_sign(&dev, "old", 200, when);
    hsm_expect_sign(&dev, "young", 404, when);
    hsm_expect_sign(&two, "other", 404, when);
    hsm_expect_sign(&two, "younger", 200, when);
}

Test(snapshots, put_one_vault_back_and_leave_the_others)
{
    put_one_vault_back();
    expect_one_vault_back("at once");
    snapshot_restart();
    expect_one_vault_back("after a restart");
}

Test(snapshots, put_a_vault_back_that_was_purged_with_its_grants_and_policies)
{
    static const char policy[] =
        "{\"lifetimeActions\":[{\"trigger\":{\"timeAfterCreate\":\"P30D\"},"
        "\"action\":{\"type\":\"Rotate\"}}],"
        "\"attributes\":{\"expiryTime\":\"P90D\"}}";
    static const char grant[] = "{\"permissions\":[\"get\",\"sign\"]}";
    const struct request allow = { .method = "PUT",
                                   .target = "/control/v1/vaults/two/policies/"
                                             "11111111-1111-4111-8111-111111111111",
                                   .body = grant,
                                   .control = true };
    const struct request look = { .method = "GET",
                                  .target = "/control/v1/vaults/two/access",
                                  .control = true };
    const struct request assign = { .method = "POST",
                                    .target = "/control/v1/vaults/two/assignments",
                                    .body = "{\"identity\":\"app\",\"role\":\"Key Vault Reader\"}",
                                    .control = true };
    const struct request wall = { .method = "PUT",
                                  .target = "/control/v1/vaults/two/network",
                                  .body = "{\"ipRules\":[{\"value\":\"203.0.113.0/24\"}]}",
                                  .control = true };
    const struct request look_at_wall = { .method = "GET",
                                          .target = "/control/v1/vaults/two/network",
                                          .control = true };
    API_CLIENT_OF(&snapshot_daemon, two);

    hsm_make_key(&two, "old");
    API_REPLY(assigned, client_send(&two, &assign));
    cr_assert_eq(assigned.status, 201, "%s", assigned.body);
    API_REPLY(walled, client_send(&two, &wall));
    cr_assert_eq(walled.status, 200, "%s", walled.body);
    API_REPLY(ruled, client_call(&two, "PUT", "/keys/old/rotationpolicy", policy));
    cr_assert_eq(ruled.status, 200, "%s", ruled.body);
    API_REPLY(granted, client_send(&two, &allow));
    cr_assert_lt(granted.status, 300, "%s", granted.body);
    API_REPLY(before, client_send(&two, &look));
    snapshot_save(&two, "one");
    API_REPLY(deleted, client_ask_vaults(&two, "DELETE", "/two", NULL));
    API_REPLY(purged, client_ask_vaults(&two, "POST", "/two/purge", "{}"));
    cr_assert_eq(purged.status, 204, "%s", purged.body);

    snapshot_restore(&two, "one", "{\"vault\":\"two\"}");
    hsm_expect_sign(&two, "old", 200, "with its material");
    API_REPLY(after, client_send(&two, &look));
    cr_expect_str_eq(after.body, before.body);
    API_REPLY(wall_after, client_send(&two, &look_at_wall));
    cr_expect_str_eq(wall_after.body, walled.body);
    API_REPLY(kept, client_call(&two, "GET", "/keys/old/rotationpolicy", NULL));
    cr_expect_not_null(strstr(kept.body, "P30D"), "%s", kept.body);
}

Test(snapshots, put_a_managed_hsm_back_with_its_symmetric_keys)
{
    static const char encrypt[] = "{\"alg\":\"A256CBC\",\"value\":\"MDEyMzQ1Njc4OUFCQ0RFRg\","
                                  "\"iv\":\"MDEyMzQ1Njc4OUFCQ0RFRg\"}";
    API_HSM_OF(&snapshot_daemon, pool);

    API_REPLY(made, client_call(&pool, "POST", "/keys/aes/create",
                                "{\"kty\":\"oct-HSM\",\"key_size\":256}"));
    cr_assert_eq(made.status, 200, "%s", made.body);
    API_REPLY(before, client_call(&pool, "POST", "/keys/aes//encrypt", encrypt));
    cr_assert_eq(before.status, 200, "%s", before.body);
    snapshot_save(&pool, "one");
    snapshot_purge(&pool, "aes");
    snapshot_restore(&pool, "one", "{\"vault\":\"pool\"}");
    API_REPLY(after, client_call(&pool, "POST", "/keys/aes//encrypt", encrypt));
    cr_expect_eq(after.status, 200, "%s", after.body);
    cr_expect_str_eq(reply_text(&after, "value"), reply_text(&before, "value"), "the same key");
}

/* --- the commands --- */

Test(snapshots, have_commands)
{
    char output[4096];
    const char *const save[] = {
        "snapshot", "save", "one", "--data", snapshot_daemon.folder, NULL
    };
    const char *const list[] = { "snapshot", "list", "--data", snapshot_daemon.folder, NULL };
    const char *const restore[] = {
        "snapshot", "restore", "one", "--vault", "dev", "--data", snapshot_daemon.folder, NULL
    };
    const char *const gone[] = {
        "snapshot", "delete", "one", "--data", snapshot_daemon.folder, NULL
    };

    cr_expect_eq(program_run(restore, output, sizeof(output)), 1);
    cr_expect_not_null(strstr(output, "There is no snapshot named 'one'."), "%s", output);
    cr_expect_eq(program_run(save, output, sizeof(output)), 0, "%s", output);
    cr_expect_eq(program_run(list, output, sizeof(output)), 0, "%s", output);
    cr_expect_eq(strncmp(output, "one\t20", 6), 0, "%s", output);
    cr_expect_eq(program_run(restore, output, sizeof(output)), 0, "%s", output);
    cr_expect_eq(program_run(gone, output, sizeof(output)), 0, "%s", output);
    cr_expect_eq(program_run(list, output, sizeof(output)), 0, "%s", output);
    cr_expect_str_eq(output, "");
}
