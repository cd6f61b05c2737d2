/* SPDX-License-Identifier: Apache-2.0 */
/* Rules that cannot be understood, contradict themselves, or could never act. */
#include "fixture.h"

#include "kv/base/base.h"
#include "kv/base/json.h"

TestSuite(refused, .init = fixture_setup, .fini = fixture_teardown, .timeout = 60);

struct row {
    const char *json, *said;
};

static void expect_refusals(const struct row *rows, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        fixture_refuse(rows[i].json, KV_BAD_PARAMETER, rows[i].said);
    }
    cr_expect_not(kv_faults_has_any(faults));
}

Test(refused, what_no_member_is_called)
{
    static const struct row rows[] = {
        { "{}", "needs an 'effect'" },
        { "{\"efect\":{}}", "'efect' is not a member of rule: it can have id, comment" },
        { "{\"match\":{\"vualt\":\"dev\"},\"effect\":{}}", "'vualt' is not a member of match" },
        { "{\"when\":{\"time\":1},\"effect\":{}}", "'time' is not a member of when" },
        { "{\"effect\":{\"retry-after\":1}}", "'retry-after' is not a member of effect" },
        { "{\"effect\":{},\"effect\":{}}", "'effect' is given twice" },
        { "{\"match\":[],\"effect\":{}}", "'match' must be an object" },
        { "{\"effect\":7}", "'rule.effect' must be an object" },
        { "{\"id\":\"a b\",\"effect\":{}}", "'rule.id' must be" },
        { "{\"id\":\"\",\"effect\":{}}", "'rule.id' must be" },
        { "{\"enabled\":1,\"effect\":{}}", "must be true or false" },
        { "{\"stage\":\"answer\",\"effect\":{}}",
          "must be \"connection\", \"handshake\", \"arrival\" or \"request\"" },
        { "{\"ttl\":0,\"effect\":{}}", "'rule.ttl' must be seconds" },
        { "{\"rules\":[{\"effect\":{}},{}]}", "needs an 'effect'" },
        { "{\"rules\":[7]}", "'rule' must be an object" },
    };

    expect_refusals(rows, KV_COUNT(rows));
}

Test(refused, what_no_request_can_be)
{
    static const struct row rows[] = {
        { "{\"match\":{\"vault\":7},\"effect\":{}}", "'match.vault' must be a text" },
        { "{\"match\":{\"vault\":\"\"},\"effect\":{}}", "'match.vault' must be a text" },
        { "{\"match\":{\"vault\":[]},\"effect\":{}}", "would never act" },
        { "{\"match\":{\"vault\":\"a_b\"},\"effect\":{}}", "No vault can be called 'a_b'" },
        { "{\"match\":{\"vault\":\"ab\"},\"effect\":{}}", "No vault can be called 'ab'" },
        { "{\"match\":{\"key\":\"a.b\"},\"effect\":{}}", "No key can be called 'a.b'" },
        { "{\"match\":{\"version\":\"1\"},\"effect\":{}}", "No version can be called '1'" },
        { "{\"match\":{\"operation\":\"fly\"},\"effect\":{}}", "No operation is called 'fly'" },
        { "{\"match\":{\"operation\":[\"sign\",\"x*\"]},\"effect\":{}}",
          "No operation is called 'x*'" },
        { "{\"match\":{\"operation\":\"getKeys\",\"key\":\"a\"},\"effect\":{}}", "has a key" },
        { "{\"match\":{\"operation\":\"createKey\",\"version\":\"*\"},\"effect\":{}}",
          "has a version" },
        { "{\"match\":{\"operation\":\"imdsToken\",\"vault\":\"dev\"},\"effect\":{}}",
          "has a vault" },
        { "{\"match\":{\"principal\":\"a\"},\"stage\":\"arrival\",\"effect\":{}}",
          "nobody knows whose request" },
        { "{\"match\":{\"operation\":\"authorityKeys\",\"principal\":\"a\"},\"effect\":{}}",
          "has a principal that is known in time" },
        { "{\"match\":{\"header\":{}},\"effect\":{}}", "'match.header' must be" },
        { "{\"match\":{\"header\":{\"authorization\":\"*\"}},\"effect\":{}}", "is a secret" },
    };

    expect_refusals(rows, KV_COUNT(rows));
}

Test(refused, what_never_comes)
{
    static const struct row rows[] = {
        { "{\"when\":{\"times\":0},\"effect\":{}}", "'when.times' must be a whole number from 1" },
        { "{\"when\":{\"every\":0},\"effect\":{}}", "'when.every' must be" },
        { "{\"when\":{\"skip\":-1},\"effect\":{}}", "'when.skip' must be" },
        { "{\"when\":{\"skip\":1.5},\"effect\":{}}", "'when.skip' must be" },
        { "{\"when\":{\"probability\":0},\"effect\":{}}", "above 0 and up to 1" },
        { "{\"when\":{\"probability\":1.1},\"effect\":{}}", "above 0 and up to 1" },
        { "{\"when\":{\"until\":1600000000},\"effect\":{}}", "ends before it begins" },
        { "{\"when\":{\"from\":\"2030-01-02\",\"until\":\"2030-01-01\"},\"effect\":{}}",
          "ends before it begins" },
        { "{\"when\":{\"until\":\"2030-01-01\",\"for\":60},\"effect\":{}}", "give one of them" },
        { "{\"when\":{\"from\":\"soon\"},\"effect\":{}}", "'when.from' must be" },
        { "{\"when\":{\"for\":\"P\"},\"effect\":{}}", "'when.for' must be seconds" },
        { "{\"when\":{\"quota\":{\"limit\":1}}}", "needs a 'limit', from 1, and a 'window'" },
        { "{\"when\":{\"quota\":{\"limit\":0,\"window\":1}}}", "needs a 'limit'" },
    };

    expect_refusals(rows, KV_COUNT(rows));
}

Test(refused, what_does_not_go_together)
{
    static const struct row rows[] = {
        { "{\"effect\":{\"error\":\"NONE\"}}", "'effect.error' must be one of KEY_DISABLED" },
        { "{\"effect\":{\"error\":\"THROTTLED\",\"status\":429}}", "is a whole refusal" },
        { "{\"effect\":{\"message\":\"a\"}}", "needs an 'error' or a 'status'" },
        { "{\"effect\":{\"retry_after\":1}}", "needs an 'error' or a 'status'" },
        { "{\"effect\":{\"status\":429,\"retry_after\":1,\"retry_after_ms\":1}}", "Give one of" },
        { "{\"effect\":{\"status\":199}}", "from 200 to 599" },
        { "{\"effect\":{\"status\":500,\"body\":\"x\",\"code\":\"y\"}}", "is the whole body" },
        { "{\"effect\":{\"status\":500,\"content_type\":\"x\"}}", "is for a 'body'" },
        { "{\"effect\":{\"status\":500,\"headers\":{\"Content-Length\":\"1\"}}}", "and not" },
        { "{\"effect\":{\"status\":500,\"headers\":{\"a b\":\"1\"}}}", "and not 'a b'" },
        { "{\"effect\":{\"status\":500,\"headers\":{\"A\":\"1\\r\\nB: 2\"}}}",
          "control character" },
        { "{\"effect\":{\"hang\":true,\"status\":500}}", "Nothing of an answer is sent" },
        { "{\"effect\":{\"cut\":\"reset\",\"status\":500}}", "Nothing of an answer is sent" },
        { "{\"effect\":{\"cut\":\"reset\",\"hang\":true}}", "different ends" },
        { "{\"effect\":{\"cut\":\"truncated\"}}", "need it" },
        { "{\"effect\":{\"cut\":\"empty\",\"length\":1}}", "'length', in bytes" },
        { "{\"effect\":{\"cut\":\"cut\"}}", "'effect.cut' must be one of" },
        { "{\"effect\":{\"cut\":\"bad_chunk\",\"malformed_json\":true}}", "cannot be malformed" },
        { "{\"effect\":{\"dribble\":{\"chunks\":2}}}", "needs 'chunks'" },
        { "{\"effect\":{\"delay\":0}}", "'effect.delay' must be milliseconds" },
        { "{\"effect\":{\"delay\":{\"often\":1}}}", "one of uniform" },
        { "{\"effect\":{\"delay\":{\"uniform\":{\"lower\":9,\"upper\":1}}}}",
          "the lower one first" },
        { "{\"effect\":{\"carried_out\":true}}", "say what" },
        { "{\"stage\":\"arrival\",\"effect\":{\"carried_out\":true,\"hang\":true}}",
          "nobody knows whether" },
        { "{\"stage\":\"connection\",\"match\":{\"vault\":\"dev\"},\"effect\":{\"cut\":\"reset\"}}",
          "only 'client' can be matched" },
        { "{\"stage\":\"connection\",\"match\":{\"operation\":\"*\"},\"effect\":{\"cut\":\"reset\"}"
          "}",
          "only 'client' can be matched" },
        { "{\"stage\":\"connection\",\"effect\":{\"status\":503}}", "or 'cut' as reset or empty" },
        { "{\"stage\":\"connection\",\"effect\":{\"hang\":true}}", "or 'cut' as reset or empty" },
        { "{\"stage\":\"connection\",\"effect\":{\"cut\":\"garbage\"}}",
          "or 'cut' as reset or empty" },
        { "{\"stage\":\"connection\",\"effect\":{\"cut\":\"reset\",\"delay\":9}}",
          "or 'cut' as reset or empty" },
        { "{\"effect\":{\"result\":\"wrong\"}}", "must be one of wrong_plaintext" },
        { "{\"effect\":{\"result\":\"zero_r\",\"cut\":\"reset\"}}", "has to be sent" },
        { "{\"match\":{\"operation\":\"*wrapKey\"},\"effect\":{\"result\":\"wrong_plaintext\"}}",
          "is for unwrapKey and decrypt alone" },
        { "{\"match\":{\"operation\":\"verify\"},\"effect\":{\"result\":\"zero_s\"}}",
          "is for sign alone" },
        { "{\"match\":{\"operation\":\"imdsToken\"},\"effect\":{\"error\":\"KEY_DISABLED\"}}",
          "is no answer to some of these operations" },
        { "{\"match\":{\"operation\":\"getKey\"},\"effect\":{\"error\":\"KEY_DISABLED\"}}",
          "is no answer to some of these operations" },
        { "{\"stage\":\"arrival\",\"effect\":{\"error\":\"FORBIDDEN_BY_RBAC\"}}",
          "nobody knows whose request" },
    };

    expect_refusals(rows, KV_COUNT(rows));
}

Test(refused, what_a_connection_cannot_have)
{
    static const struct row rows[] = {
        { "{\"stage\":\"request\",\"effect\":{\"refuse\":true}}",
          "acts with 'stage':'connection'" },
        { "{\"stage\":\"connection\",\"effect\":{\"certificate\":\"expired\"}}",
          "acts with 'stage':'handshake'" },
        { "{\"effect\":{\"certificate\":\"good\"}}", "must be one of expired, not_yet_valid" },
        { "{\"effect\":{\"certificate\":\"expired\",\"refuse\":true}}", "different ends" },
        { "{\"effect\":{\"certificate\":\"expired\",\"delay\":5}}", "All that can go wrong" },
        { "{\"effect\":{\"refuse\":1}}", "must be true or false" },
        { "{\"match\":{\"client\":\"::1\"},\"effect\":{\"refuse\":true}}", "is for all" },
        { "{\"match\":{\"vault\":\"dev\"},\"effect\":{\"refuse\":true}}", "is for all" },
        { "{\"when\":{\"times\":2},\"effect\":{\"refuse\":true}}", "nor counted" },
        { "{\"when\":{\"probability\":0.5},\"effect\":{\"refuse\":true}}", "nor counted" },
        { "{\"match\":{\"key\":\"a\"},\"effect\":{\"certificate\":\"expired\"}}",
          "only 'vault' and 'client'" },
        { "{\"match\":{\"session\":\"a\"},\"effect\":{\"certificate\":\"expired\"}}",
          "only 'vault' and 'client'" },
        { "{\"match\":{\"principal\":\"a\"},\"effect\":{\"certificate\":\"expired\"}}",
          "only 'vault' and 'client'" },
        { "{\"match\":{\"operation\":\"*\"},\"effect\":{\"certificate\":\"expired\"}}",
          "only 'vault' and 'client'" },
        { "{\"stage\":\"handshake\",\"effect\":{\"status\":503}}", "'stage':'handshake' is" },
    };

    expect_refusals(rows, KV_COUNT(rows));
}

Test(refused, an_id_that_is_taken)
{
    fixture_add("{\"id\":\"one\",\"effect\":{}}");
    fixture_refuse("{\"id\":\"one\",\"effect\":{}}", KV_CONFLICT, "There is a rule 'one' already.");
    fixture_refuse("{\"rules\":[{\"id\":\"two\",\"effect\":{}},{\"id\":\"two\",\"effect\":{}}]}",
                   KV_CONFLICT, "There is a rule 'two' already.");
    cr_expect_eq(kv_faults_show(faults, "two", &(cJSON *){ NULL }, NULL), KV_NOT_FOUND);
}

Test(refused, more_rules_than_there_may_be)
{
    for (unsigned i = 0; i < KV_FAULTS_MAX / 64; i++) {
        kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
        kv_auto(cJSON_Delete) cJSON *shown = NULL;
        cJSON *rules = cJSON_AddArrayToObject(body, "rules");

        for (unsigned j = 0; j < 64; j++) {
            cJSON *rule = cJSON_CreateObject();

            cJSON_AddObjectToObject(rule, "effect");
            cJSON_AddItemToArray(rules, rule);
        }
        cr_assert_eq(kv_faults_add(faults, body, NOW, &shown, NULL), KV_OK);
    }
    fixture_refuse("{\"effect\":{}}", KV_CONFLICT, "remove some");
}
