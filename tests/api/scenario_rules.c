/* SPDX-License-Identifier: Apache-2.0 */
/* What scenarios refuse, what they leave alone, and how they end without a revert. */
#include "scenario_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(scenario_rules, .init = scenario_start, .fini = scenario_stop, .timeout = 90);

static const struct {
    const char *method, *behind, *body;
    long status;
    const char *said;
} refusals[] = {
    { "GET", "/fire", NULL, 404, "There is no scenario 'fire'" },
    { "POST", "/fire/apply", "{}", 404, "There is no scenario 'fire'" },
    { "POST", "/fire/revert", "{}", 404, "There is no scenario 'fire'" },
    { "POST", "/key-disabled/apply", "[]", 400, "The body is not a JSON object." },
    { "POST", "/key-disabled/apply", "{}", 400, "key-disabled needs 'key'" },
    { "POST", "/key-disabled/apply", "{\"kye\":\"cmk\"}", 400,
      "'kye' is no parameter of key-disabled: it can have vault, key, version." },
    { "POST", "/key-disabled/apply", "{\"key\":7}", 400, "'key' must be a text" },
    { "POST", "/key-disabled/apply", "{\"key\":null}", 400, "'key' must be a text" },
    { "POST", "/key-disabled/apply", "{\"key\":\"\"}", 400, "'key' must be a text" },
    { "POST", "/key-disabled/apply", "{\"key\":{\"a\":1}}", 400, "'key' must be a text" },
    { "POST", "/key-disabled/apply", "{\"key\":\"cmk\",\"key\":\"ec\"}", 400, "given twice" },
    { "POST", "/key-disabled/apply", "{\"key\":\"nobodys\"}", 404, "was not found" },
    { "POST", "/key-disabled/apply", "{\"key\":\"cmk\",\"vault\":\"nowhere\"}", 404,
      "There is no vault 'nowhere'." },
    { "POST", "/key-disabled/apply", "{\"key\":\"cmk\",\"version\":\"abc\"}", 404,
      "was not found" },
    { "POST", "/key-expired/apply", "{\"key\":\"cmk\",\"how\":\"old\"}", 400,
      "'how' is one of expired|not-yet-valid, not 'old'." },
    { "POST", "/operation-not-permitted/apply", "{\"key\":\"cmk\",\"operation\":\"fly\"}", 409,
      "'fly' is not among the key_ops" },
    { "POST", "/operation-not-permitted/apply", "{\"key\":\"ec\"}", 409,
      "'unwrapKey' is not among the key_ops" },
    { "POST", "/throttled/apply", "{\"times\":0}", 400, "'times' must be a whole number" },
    { "POST", "/throttled/apply", "{\"times\":1.5}", 400, "'times' must be a whole number" },
    { "POST", "/throttled/apply", "{\"times\":1e300}", 400, "'times' must be a whole number" },
    { "POST", "/throttled/apply", "{\"operation\":\"fly\"}", 400, "fly" },
    { "POST", "/server-error/apply", "{\"status\":501}", 400, "500, 502, 503 or 504" },
    { "POST", "/connection-failures/apply", "{\"how\":\"refused\",\"key\":\"cmk\"}", 400,
      "'key' cannot be given with refused connections" },
    { "POST", "/connection-failures/apply", "{\"how\":\"refused\",\"times\":2}", 400,
      "'times' cannot be given with refused connections" },
    { "POST", "/clock-skew/apply", "{\"by\":\"soon\"}", 400, "'by' is a duration up to a day" },
    { "POST", "/clock-skew/apply", "{\"by\":\"P2D\"}", 400, "'by' is a duration up to a day" },
    { "POST", "/clock-skew/apply", "{\"by\":\"PT0S\"}", 400, "'by' is a duration up to a day" },
    { "POST", "/hsm-unavailable/apply", "{\"vault\":\"dev\"}", 400,
      "'vault' is no parameter of hsm-unavailable: it can have none." },
    { "POST", "/policy-removed/apply", "{\"vault\":\"rol\"}", 409, "use role-removed" },
    { "POST", "/policy-removed/apply", "{\"vault\":\"pol\",\"permission\":\"fly\"}", 400,
      "'fly' is not a permission on keys" },
    { "POST", "/role-removed/apply", "{\"vault\":\"rol\",\"identity\":\"stranger\"}", 409,
      "'stranger' has no role at the vault 'rol'" },
    { "POST", "/identity-lost/apply", "{\"how\":\"secret-expired\"}", 409,
      "has no secret that could expire" },
    { "POST", "/slow/revert", "{}", 409, "slow is not applied." },
    { "POST", "/slow/revert", "{\"vault\":\"dev\"}", 400, "'vault' is not a member" },
    { "PUT", "/slow/apply", "{}", 405, "only POST" },
};

Test(scenario_rules, refuse_with_the_reason_and_change_nothing)
{
    char before[SCENARIO_DIGEST_SIZE];

    scenario_digest(before);
    for (size_t i = 0; i < KV_COUNT(refusals); i++) {
        API_REPLY(reply, scenario_ask(refusals[i].method, refusals[i].behind, refusals[i].body));
        cr_expect_eq(reply.status, refusals[i].status, "row %zu: %ld %s", i, reply.status,
                     reply.body);
        cr_expect_not_null(strstr(reply.body, refusals[i].said), "row %zu: %s", i, reply.body);
    }
    scenario_expect_digest(before, "after what was refused");
    API_REPLY(list, scenario_ask("GET", "", NULL));
    cr_expect_null(strstr(list.body, "\"applied\":true"), "%s", list.body);
}

Test(scenario_rules, list_all_26_by_number)
{
    API_REPLY(list, scenario_ask("GET", "", NULL));
    const cJSON *all = reply_item(&list, "scenarios");

    cr_assert_eq(cJSON_GetArraySize(all), 26, "%s", list.body);
    for (int i = 0; i < 26; i++) {
        const cJSON *number = cJSON_GetObjectItem(cJSON_GetArrayItem(all, i), "number");

        cr_expect_eq(number->valueint, i + 1);
    }
}

/* The same name twice, another one at the same thing, and another one at another thing. */
Test(scenario_rules, keep_out_of_each_others_way)
{
    char before[SCENARIO_DIGEST_SIZE];

    scenario_need_keys("rol");
    scenario_digest(before);
    scenario_apply("key-disabled", "{\"key\":\"cmk\"}");
    API_REPLY(twice, scenario_ask("POST", "/key-disabled/apply", "{\"key\":\"ec\"}"));
    cr_expect_eq(twice.status, 409, "%s", twice.body);
    API_REPLY(same, scenario_ask("POST", "/key-deleted/apply", "{\"key\":\"CMK\"}"));
    cr_expect_eq(same.status, 409, "%s", same.body);
    cr_expect_not_null(strstr(same.body, "what key-disabled has changed already"));
    scenario_apply("key-deleted", "{\"key\":\"ec\"}");
    scenario_apply("throttled", "{\"key\":\"cmk\",\"operation\":\"wrapKey\"}");
    API_REPLY(other, scenario_probe(PROBE_UNWRAP, "rol"));
    cr_expect_eq(other.status, 200, "another vault: %s", other.body);
    scenario_revert("key-disabled");
    scenario_revert("throttled");
    scenario_revert("key-deleted");
    scenario_expect_digest(before, "after all of them");
}

Test(scenario_rules, show_what_was_applied_and_changed)
{
    scenario_apply("role-removed", "{\"vault\":\"rol\"}");
    API_REPLY(shown, scenario_ask("GET", "/role-removed", NULL));

    cr_expect_str_eq(reply_text(&shown, "with.vault"), "rol");
    cr_expect_str_eq(reply_text(&shown, "with.identity"), "system-assigned");
    cr_expect_str_eq(reply_text(&shown, "changed.0"),
                     "rol: role 'Key Vault Crypto Officer' withdrawn");
    cr_expect_eq(strlen(reply_text(&shown, "since")), strlen("2026-01-01T00:00:00.000Z"));
    scenario_revert("role-removed");
}

static void apply_several(void)
{
    scenario_apply("vault-deleted", "{\"vault\":\"pol\"}");
    scenario_apply("role-removed", "{\"vault\":\"rol\"}");
    scenario_apply("key-purged", "{\"key\":\"ec\"}");
    scenario_apply("rotated", "{\"key\":\"cmk\"}");
    scenario_apply("identity-lost", "{}");
    scenario_apply("firewall-closed", "{}");
    scenario_apply("region-failover", "{}");
    scenario_apply("throttled", "{}");
    scenario_apply("clock-skew", "{}");
    scenario_apply("hsm-unavailable", "{}");
}

static void expect_none(void)
{
    static const enum probe probes[] = { PROBE_TOKEN, PROBE_GET, PROBE_UNWRAP, PROBE_SIGN };
    API_REPLY(list, scenario_ask("GET", "", NULL));

    cr_expect_null(strstr(list.body, "\"applied\":true"), "%s", list.body);
    for (size_t i = 0; i < KV_COUNT(probes); i++) {
        API_REPLY(reply, scenario_probe(probes[i], "dev"));
        cr_expect_eq(reply.status, 200, "probe %zu: %ld %s", i, reply.status, reply.body);
    }
}

Test(scenario_rules, are_taken_back_by_the_start_after_a_kill)
{
    char before[SCENARIO_DIGEST_SIZE];

    scenario_digest(before);
    apply_several();
    scenario_restart();
    expect_none();
    scenario_expect_digest(before, "after the restart");
    cr_expect_eq(api_count_lines(&scenario_daemon, "scenarios_reverted", "given_up=0"), 1);
}

Test(scenario_rules, of_a_vault_end_with_its_reset_and_all_with_that_of_everything)
{
    const struct request one = { .method = "POST",
                                 .target = "/control/v1/reset",
                                 .body = "{\"vault\":\"dev\"}",
                                 .control = true };
    struct request all = one;
    API_CLIENT_OF(&scenario_daemon, dev);

    scenario_apply("key-disabled", "{\"key\":\"cmk\"}");
    scenario_apply("throttled", "{\"vault\":\"rol\"}");
    API_REPLY(done, client_send(&dev, &one));
    cr_assert_eq(done.status, 204, "%s", done.body);
    API_REPLY(ended, scenario_ask("GET", "/key-disabled", NULL));
    cr_expect(cJSON_IsFalse(reply_item(&ended, "applied")), "%s", ended.body);
    API_REPLY(left, scenario_ask("GET", "/throttled", NULL));
    cr_expect(cJSON_IsTrue(reply_item(&left, "applied")), "%s", left.body);
    scenario_apply("hsm-unavailable", "{}");
    scenario_apply("clock-skew", "{}");
    scenario_apply("identity-lost", "{\"how\":\"disabled\"}");
    all.body = "{}";
    API_REPLY(reset, client_send(&dev, &all));
    cr_assert_eq(reset.status, 204, "%s", reset.body);
    API_REPLY(list, scenario_ask("GET", "", NULL));
    cr_expect_null(strstr(list.body, "\"applied\":true"), "%s", list.body);
    API_REPLY(token, scenario_probe(PROBE_TOKEN, "dev"));
    cr_expect_eq(token.status, 200, "%s", token.body);
}

/* A purged key's name is free, and the one who takes it has to go before the other comes back. */
Test(scenario_rules, wait_with_a_purged_key_until_its_name_is_free_again)
{
    static const struct {
        const char *method, *path, *body;
        long status;
    } rows[] = {
        { "POST", "/keys/ec/create", "{\"kty\":\"EC\"}", 200 },
        { "DELETE", "/keys/ec", NULL, 200 },
        { "DELETE", "/deletedkeys/ec", NULL, 204 },
    };
    char before[SCENARIO_DIGEST_SIZE];
    API_CLIENT_OF(&scenario_daemon, dev);

    scenario_digest(before);
    scenario_apply("key-purged", "{\"key\":\"ec\"}");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, client_call(&dev, rows[i].method, rows[i].path, rows[i].body));
        cr_assert_eq(reply.status, rows[i].status, "row %zu: %s", i, reply.body);
        if (i == 0) {
            API_REPLY(taken, scenario_ask("POST", "/key-purged/revert", "{}"));
            cr_expect_eq(taken.status, 409, "%s", taken.body);
            cr_expect_not_null(strstr(taken.body, "delete and purge it first"));
        }
    }
    scenario_revert("key-purged");
    API_REPLY(signature, scenario_probe(PROBE_SIGN, "dev"));
    cr_expect_eq(signature.status, 200, "%s", signature.body);
}

/* All but VAULT_READ_ONLY's own answers: what works in a region that has failed over, what does not. */
Test(scenario_rules, refuse_changes_alone_by_VAULT_READ_ONLY)
{
    static const struct {
        const char *method, *path, *body;
        long status;
    } rows[] = {
        { "GET", "/keys", NULL, 200 },
        { "GET", "/keys/cmk/versions", NULL, 200 },
        { "GET", "/deletedkeys", NULL, 200 },
        { "GET", "/keys/cmk/rotationpolicy", NULL, 200 },
        { "POST", "/keys/cmk/backup", "{}", 200 },
        { "POST", "/keys/new/create", "{\"kty\":\"EC\"}", 403 },
        { "POST", "/keys/cmk/rotate", "{}", 403 },
        { "DELETE", "/keys/cmk", NULL, 403 },
        { "PUT", "/keys/new", "{\"key\":{\"kty\":\"RSA\"}}", 403 },
        { "POST", "/keys/restore", "{\"value\":\"AAAA\"}", 403 },
        { "POST", "/deletedkeys/cmk/recover", "{}", 403 },
        { "DELETE", "/deletedkeys/cmk", NULL, 403 },
        { "PUT", "/keys/cmk/rotationpolicy", "{\"lifetimeActions\":[]}", 403 },
    };
    API_CLIENT_OF(&scenario_daemon, dev);

    scenario_apply("region-failover", "{}");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, client_call(&dev, rows[i].method, rows[i].path, rows[i].body));
        cr_expect_eq(reply.status, rows[i].status, "row %zu: %ld %s", i, reply.status, reply.body);
    }
    API_REPLY(why, client_ask_vaults(&dev, "GET", "/dev/why?operation=create&key=new", NULL));
    cr_expect_str_eq(reply_text(&why, "decided_by"), "region", "%s", why.body);
    API_REPLY(fine, client_ask_vaults(&dev, "GET", "/dev/why?operation=sign&key=ec", NULL));
    cr_expect(cJSON_IsTrue(reply_item(&fine, "allowed")), "%s", fine.body);
    scenario_revert("region-failover");
    API_REPLY(made, client_call(&dev, "POST", "/keys/new/create", "{\"kty\":\"EC\"}"));
    cr_expect_eq(made.status, 200, "%s", made.body);
}

/* A clock behind by an hour: the token that a client has is not valid yet, a new one is. */
Test(scenario_rules, clock_skew_makes_tokens_too_young)
{
    API_CLIENT_OF(&scenario_daemon, dev);

    scenario_apply("clock-skew", "{}");
    API_REPLY(young, client_call(&dev, "GET", "/keys/cmk", NULL));
    cr_expect_eq(young.status, 401, "%s", young.body);
    cr_expect_not_null(strstr(young.body, "TokenNotYetValid"), "%s", young.body);
    scenario_revert("clock-skew");
    API_REPLY(good, client_call(&dev, "GET", "/keys/cmk", NULL));
    cr_expect_eq(good.status, 200, "%s", good.body);
}

/* Who is granted something meanwhile keeps it, although its row may have the number of one that is
 * gone. */
Test(scenario_rules, leave_alone_what_others_are_granted_meanwhile)
{
    static const struct {
        const char *vault, *scenario, *method, *below, *body;
    } rows[] = {
        { "rol", "role-removed", "POST", "assignments",
          "{\"principal\":\"11111111-2222-3333-4444-555555555555\","
          "\"role\":\"Key Vault Crypto User\"}" },
        { "pol", "policy-removed", "PUT", "policies/11111111-2222-3333-4444-555555555555",
          "{\"permissions\":[\"get\"]}" },
    };
    char behind[128], with[64];
    API_CLIENT_OF(&scenario_daemon, dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        (void) snprintf(with, sizeof(with), "{\"vault\":\"%s\"}", rows[i].vault);
        (void) snprintf(behind, sizeof(behind), "/%s/%s", rows[i].vault, rows[i].below);
        scenario_need_keys(rows[i].vault);
        scenario_apply(rows[i].scenario, with);
        API_REPLY(granted, client_ask_vaults(&dev, rows[i].method, behind, rows[i].body));
        cr_assert(granted.status == 200 || granted.status == 201, "%s", granted.body);
        scenario_revert(rows[i].scenario);
        API_REPLY(mine, scenario_probe(PROBE_GET, rows[i].vault));
        cr_expect_eq(mine.status, 200, "%s: %s", rows[i].vault, mine.body);
        (void) snprintf(behind, sizeof(behind), "/%s/access", rows[i].vault);
        API_REPLY(others, client_ask_vaults(&dev, "GET", behind, NULL));
        cr_expect_not_null(strstr(others.body, "11111111-2222-3333-4444-555555555555"), "%s",
                           others.body);
    }
}

/* A managed HSM, too, in its own form; and what is deleted meanwhile comes back as it was. */
Test(scenario_rules, have_VAULT_READ_ONLY_for_a_managed_hsm_until_the_revert)
{
    const struct request create = { .method = "POST",
                                    .target = "/keys/a/create?api-version=7.6",
                                    .body = "{\"kty\":\"EC-HSM\"}" };
    API_CLIENT_OF(&scenario_daemon, dev);
    API_REPLY(made, client_ask_vaults(&dev, "PUT", "/pool", "{\"kind\":\"hsm\"}"));
    API_HSM_OF(&scenario_daemon, pool);

    cr_assert_eq(made.status, 201, "%s", made.body);
    scenario_apply("region-failover", "{\"vault\":\"pool\"}");
    API_REPLY(refused, client_send(&pool, &create));
    cr_expect_eq(refused.status, 403, "%ld %s", refused.status, refused.body);
    cr_expect_not_null(strstr(refused.body, "'pool' is in read-only mode"), "%s", refused.body);
    API_REPLY(shown, client_ask_vaults(&dev, "GET", "/pool", NULL));
    cr_expect(cJSON_IsTrue(reply_item(&shown, "read_only")), "%s", shown.body);
    API_REPLY(deleted, client_ask_vaults(&dev, "DELETE", "/pool", NULL));
    cr_expect_eq(deleted.status / 100, 2, "%s", deleted.body);
    scenario_revert("region-failover");
    API_REPLY(back, client_ask_vaults(&dev, "POST", "/pool/recover", "{}"));
    cr_assert_eq(back.status, 200, "%s", back.body);
    API_REPLY(allowed, client_send(&pool, &create));
    cr_expect_eq(allowed.status, 200, "%s", allowed.body);
}

/* Its name, and the number of its row, may be another key's by the time of the revert. */
Test(scenario_rules, leave_alone_a_key_that_was_made_anew_meanwhile)
{
    static const struct {
        const char *method, *path, *body;
        long status;
    } rows[] = {
        { "DELETE", "/keys/again", NULL, 200 },
        { "DELETE", "/deletedkeys/again", NULL, 204 },
        { "POST", "/keys/again/create", "{\"kty\":\"EC\"}", 200 },
        { "POST", "/keys/again/create", "{\"kty\":\"EC\"}", 200 },
    };
    static const char *const names[] = { "rotated", "key-disabled", "key-deleted" };
    API_CLIENT_OF(&scenario_daemon, dev);

    for (size_t i = 0; i < KV_COUNT(names); i++) {
        API_REPLY(made, client_call(&dev, "POST", "/keys/again/create", "{\"kty\":\"EC\"}"));
        cr_assert_eq(made.status, 200, "%s", made.body);
        scenario_apply(names[i], "{\"key\":\"again\"}");
        for (size_t j = strcmp(names[i], "key-deleted") == 0; j < KV_COUNT(rows); j++) {
            API_REPLY(reply, client_call(&dev, rows[j].method, rows[j].path, rows[j].body));
            cr_assert_eq(reply.status, rows[j].status, "row %zu: %s", j, reply.body);
        }
        API_REPLY(before, client_call(&dev, "GET", "/keys/again/versions", NULL));
        scenario_revert(names[i]);
        API_REPLY(after, client_call(&dev, "GET", "/keys/again/versions", NULL));
        cr_expect_str_eq(after.body, before.body, "%s", names[i]);
        API_REPLY(latest, client_call(&dev, "GET", "/keys/again", NULL));
        cr_expect_eq(latest.status, 200, "%s", latest.body);
    }
}

/* The release policy of a key is found by its name. */
Test(scenario_rules, hide_a_purged_key_from_its_successor)
{
    API_CLIENT_OF(&scenario_daemon, dev);

    scenario_apply("key-purged", "{\"key\":\"ec\"}");
    API_REPLY(made, client_call(&dev, "POST", "/keys/ec/create", "{\"kty\":\"RSA\"}"));
    cr_assert_eq(made.status, 200, "%s", made.body);
    API_REPLY(list, client_call(&dev, "GET", "/keys", NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&list, "value")), 2, "%s", list.body);
    API_REPLY(versions, client_call(&dev, "GET", "/keys/ec/versions", NULL));
    cr_expect_eq(cJSON_GetArraySize(reply_item(&versions, "value")), 1, "%s", versions.body);
}
