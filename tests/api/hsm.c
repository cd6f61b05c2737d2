/* SPDX-License-Identifier: Apache-2.0 */
/* Failures of the HSM on demand (docs/hsm.md), over the real token: what each does. */
#include "hsm_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(hsm, .init = hsm_start, .fini = hsm_stop, .timeout = 50);

/* --- what is refused --- */

Test(hsm, refuses_faults_that_make_no_sense_with_the_reason)
{
    static const struct {
        const char *body, *message;
    } rows[] = {
        { "{}", "'kind' is one of token_removed, token_reinitialised, pin_locked, session_limit, "
                "token_full, mechanism_gone, key_lost, slow, error." },
        { "{\"kind\":\"fire\"}", "'kind' is one of" },
        { "{\"kind\":\"error\",\"colour\":1}", "'colour' is not a member of this body" },
        { "{\"kind\":\"error\",\"times\":\"1\"}", "'times' has a value of the wrong type." },
        { "{\"kind\":\"error\",\"functions\":[\"C_Sing\"]}",
          "'C_Sing' is no C_ function that coffer calls, such as C_Sign." },
        { "{\"kind\":\"error\",\"functions\":[1]}", "'' is no C_ function" },
        { "{\"kind\":\"error\",\"functions\":[]}", "'functions' is empty" },
        { "{\"kind\":\"error\",\"functions\":[\"C_CloseSession\"]}",
          "C_CloseSession closes, which is done whatever the token says" },
        { "{\"kind\":\"error\",\"rv\":\"CKR_OK\"}", "'rv' is a failure of PKCS#11 by its name" },
        { "{\"kind\":\"error\",\"rv\":\"HSM_RV_NO_KEY\"}", "'rv' is a failure of PKCS#11" },
        { "{\"kind\":\"error\",\"every\":0}", "'every' is from 1 to 1000000000." },
        { "{\"kind\":\"error\",\"skip\":-1}", "'skip' is from 0 to 1000000000." },
        { "{\"kind\":\"error\",\"limit\":1}", "A fault of kind 'error' has no limit." },
        { "{\"kind\":\"slow\"}", "A fault of kind 'slow' needs delay." },
        { "{\"kind\":\"slow\",\"delay\":60001}", "'delay' is from 1 to 60000." },
        { "{\"kind\":\"slow\",\"delay\":1,\"rv\":\"CKR_DEVICE_ERROR\"}", "has no rv." },
        { "{\"kind\":\"session_limit\"}", "A fault of kind 'session_limit' needs limit." },
        { "{\"kind\":\"mechanism_gone\"}", "needs mechanisms." },
        { "{\"kind\":\"mechanism_gone\",\"mechanisms\":[\"CKM_TEA\"]}",
          "'CKM_TEA' is no mechanism that coffer uses" },
        { "{\"kind\":\"key_lost\"}", "A fault of kind 'key_lost' needs vault and key." },
        { "{\"kind\":\"key_lost\",\"key\":\"a\"}", "Give 'vault' and 'key' together" },
        { "{\"kind\":\"error\",\"version\":\"a\"}", "Give 'vault' and 'key' together" },
        { "{\"kind\":\"token_removed\",\"times\":1}", "has no skip, times or every." },
        { "{\"kind\":\"error\",\"for\":0}", "'for' is a number of seconds" },
        { "{\"kind\":\"error\",\"for\":\"soon\"}", "'for' is a number of seconds" },
        { "{\"kind\":\"error\",\"ttl\":0}", "'ttl' is from 1 to 1000000000." },
        { "{\"kind\":\"error\",\"id\":\"a b\"}", "'id' is 1 to 64 letters" },
    };
    API_CLIENT_OF(&hsm_daemon, dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, hsm_ask(&dev, "POST", "", rows[i].body));
        cr_expect_eq(reply.status, 400, "%s: %s", rows[i].body, reply.body);
        cr_expect_not_null(strstr(reply_text(&reply, "error.message"), rows[i].message), "%s: %s",
                           rows[i].body, reply.body);
    }
    API_REPLY(list, hsm_ask(&dev, "GET", "", NULL));
    cr_expect_str_eq(list.body, "{\"faults\":[]}", "nothing was added: %s", list.body);
}

Test(hsm, knows_no_fault_key_or_kind_that_is_not_there)
{
    static const struct {
        const char *method, *below, *body;
        long status;
    } rows[] = {
        { "GET", "/none", NULL, 404 },
        { "DELETE", "/none", NULL, 404 },
        { "DELETE", "?kind=fire", NULL, 400 },
        { "DELETE", "?knid=slow", NULL, 400 },
        { "POST", "", "{\"kind\":\"key_lost\",\"vault\":\"none\",\"key\":\"a\"}", 404 },
        { "POST", "", "{\"kind\":\"key_lost\",\"vault\":\"dev\",\"key\":\"none\"}", 404 },
    };
    API_CLIENT_OF(&hsm_daemon, dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, hsm_ask(&dev, rows[i].method, rows[i].below, rows[i].body));
        cr_expect_eq(reply.status, rows[i].status, "%s %s: %s", rows[i].method, rows[i].below,
                     reply.body);
    }
}

Test(hsm, bounds_the_faults_and_wants_a_name_for_each)
{
    API_CLIENT_OF(&hsm_daemon, dev);

    hsm_add(&dev, "{\"kind\":\"error\",\"id\":\"hsm-2\",\"functions\":[\"C_InitPIN\"]}");
    API_REPLY(twice, hsm_ask(&dev, "POST", "", "{\"kind\":\"pin_locked\",\"id\":\"hsm-2\"}"));
    cr_expect_eq(twice.status, 409, "%s", twice.body);
    for (int i = 1; i < 64; i++) {
        hsm_add(&dev, "{\"kind\":\"error\",\"functions\":[\"C_InitPIN\"]}");
    }
    API_REPLY(further, hsm_ask(&dev, "POST", "", "{\"kind\":\"pin_locked\"}"));
    cr_expect_eq(further.status, 409, "%s", further.body);
    hsm_clear(&dev);
    API_REPLY(list, hsm_ask(&dev, "GET", "", NULL));
    cr_expect_str_eq(list.body, "{\"faults\":[]}");
}

/* --- what each does --- */

/* Which of the two it is depends on who notices first that the token answers nothing. */
#define EITHER "either"

/* What signing and making a key answer while it is there. "": they work. */
static const struct {
    const char *fault;
    const char *sign, *create;
    bool softhsm; /* by coffer's own token alone */
} kinds[] = {
    { "{\"kind\":\"token_removed\"}", "The HSM is not reachable.", "The HSM is not reachable.",
      false },
    { "{\"kind\":\"token_reinitialised\"}", "The HSM is not reachable.",
      "The HSM is not reachable.", true },
    { "{\"kind\":\"pin_locked\"}", "The HSM does not let the service log in.",
      "The HSM does not let the service log in.", false },
    { "{\"kind\":\"session_limit\",\"limit\":0}", "The HSM is not reachable.",
      "The HSM is not reachable.", false },
    { "{\"kind\":\"session_limit\",\"limit\":1}", EITHER, EITHER, false },
    { "{\"kind\":\"token_full\"}", "", "The HSM has no room for another key.", false },
    { "{\"kind\":\"mechanism_gone\",\"mechanisms\":[\"CKM_ECDSA\"]}",
      "The HSM does not support this operation.", "", false },
    { "{\"kind\":\"key_lost\",\"vault\":\"dev\",\"key\":\"a\"}",
      "The HSM does not hold the material of this key.", "", false },
    { "{\"kind\":\"error\"}", EITHER, EITHER, false },
    { "{\"kind\":\"error\",\"functions\":[\"C_SignInit\",\"C_GenerateKeyPair\"]}",
      "The HSM failed to carry out the operation.", "The HSM failed to carry out the operation.",
      false },
    { "{\"kind\":\"error\",\"functions\":[\"C_Sign\"],\"rv\":\"CKR_DEVICE_REMOVED\"}",
      "The HSM is not reachable.", "", false },
    { "{\"kind\":\"slow\",\"delay\":1}", "", "", false },
};

static void expect_answer(const struct reply *reply, const char *message, const char *fault)
{
    if (message[0] == '\0') {
        cr_expect_eq(reply->status, 200, "%s: %s", fault, reply->body);
        return;
    }
    if (strcmp(message, EITHER) == 0) {
        message = strstr(reply->body, "reachable") != NULL
                      ? "The HSM is not reachable."
                      : "The HSM failed to carry out the operation.";
    }
    bool is_request = strstr(message, "does not support") != NULL;

    cr_expect(reply_is_error(reply, is_request ? 400 : 503,
                             is_request ? "BadParameter" : "ServiceUnavailable", NULL, message),
              "%s", fault);
}

Test(hsm, fails_as_the_fault_says_and_works_again_when_it_is_over)
{
    API_CLIENT_OF(&hsm_daemon, dev);

    hsm_make_key(&dev, "a");
    hsm_make_key(&dev, "b");
    for (size_t i = 0; i < KV_COUNT(kinds); i++) {
        if (kinds[i].softhsm && nss_is_chosen()) {
            continue;
        }
        hsm_add(&dev, kinds[i].fault);
        API_REPLY(failed, hsm_sign_with(&dev, "a"));
        expect_answer(&failed, kinds[i].sign, kinds[i].fault);
        API_REPLY(create, client_call(&dev, "POST", "/keys/new/create", "{\"kty\":\"EC\"}"));
        expect_answer(&create, kinds[i].create, kinds[i].fault);
        API_REPLY(get, client_call(&dev, "GET", "/keys/a", NULL));
        cr_expect_eq(get.status, 200, "%s: metadata needs no token", kinds[i].fault);
        API_REPLY(list, client_call(&dev, "GET", "/keys", NULL));
        cr_expect_eq(list.status, 200, "%s: nor do lists", kinds[i].fault);
        hsm_clear(&dev);
        hsm_expect_sign(&dev, "a", 200, kinds[i].fault);
        hsm_expect_sign(&dev, "b", 200, kinds[i].fault);
        hsm_expect_state(&dev, "available", "in place");
    }
}

Test(hsm, shows_the_state_of_a_token_that_is_away)
{
    const struct request health = { .method = "GET", .target = "/health", .control = true };
    API_SKIP_WITH_NSS("the token does not go with its files");
    API_CLIENT_OF(&hsm_daemon, dev);

    hsm_expect_state(&dev, "available", "in place");
    hsm_add(&dev, "{\"kind\":\"token_reinitialised\"}");
    hsm_expect_state(&dev, "unavailable", "reinitialised");
    hsm_add(&dev, "{\"kind\":\"token_removed\"}");
    hsm_expect_state(&dev, "unavailable", "removed");
    API_REPLY(ill, client_send(&dev, &health));
    cr_expect_eq(ill.status, 503);
    API_REPLY(back, hsm_ask(&dev, "DELETE", "?kind=token_removed", NULL));
    cr_expect_eq(back.status, 204);
    hsm_expect_state(&dev, "unavailable", "reinitialised");
    hsm_clear(&dev);
    hsm_expect_state(&dev, "available", "in place");
    API_REPLY(well, client_send(&dev, &health));
    cr_expect_eq(well.status, 200);
}

Test(hsm, fails_at_the_call_that_was_meant)
{
    static const long statuses[] = { 200, 200, 503, 200, 503, 200, 200 };
    API_CLIENT_OF(&hsm_daemon, dev);

    hsm_make_key(&dev, "a");
    hsm_add(&dev, "{\"kind\":\"error\",\"id\":\"n\",\"functions\":[\"C_Sign\"],"
                  "\"rv\":\"CKR_FUNCTION_REJECTED\",\"skip\":1,\"every\":2,\"times\":2}");
    for (size_t i = 0; i < KV_COUNT(statuses); i++) {
        API_REPLY(reply, hsm_sign_with(&dev, "a"));
        cr_expect_eq(reply.status, statuses[i], "call %zu: %s", i, reply.body);
    }
    API_REPLY(shown, hsm_ask(&dev, "GET", "/n", NULL));
    cr_expect_eq(reply_number(&shown, "seen"), 7, "%s", shown.body);
    cr_expect_eq(reply_number(&shown, "hits"), 2, "%s", shown.body);
    cr_expect_str_eq(reply_text(&shown, "functions.0"), "C_Sign");
    cr_expect_str_eq(reply_text(&shown, "rv"), "CKR_FUNCTION_REJECTED");
}

Test(hsm, leaves_other_keys_and_versions_alone)
{
    static const char *const faults[] = {
        "{\"kind\":\"key_lost\",\"vault\":\"dev\",\"key\":\"a\"}",
        "{\"kind\":\"error\",\"vault\":\"dev\",\"key\":\"a\",\"functions\":[\"C_SignInit\"]}",
    };
    char path[128];
    char first[40];
    API_CLIENT_OF(&hsm_daemon, dev);

    hsm_make_key(&dev, "a");
    hsm_make_key(&dev, "b");
    API_REPLY(key, client_call(&dev, "GET", "/keys/a", NULL));
    snprintf(first, sizeof(first), "%s", strrchr(reply_text(&key, "key.kid"), '/') + 1);
    hsm_make_key(&dev, "a");
    snprintf(path, sizeof(path), "/keys/a/%s/sign", first);
    for (size_t i = 0; i < KV_COUNT(faults); i++) {
        hsm_add(&dev, faults[i]);
        hsm_expect_sign(&dev, "a", 503, faults[i]);
        hsm_expect_sign(&dev, "b", 200, faults[i]);
        API_REPLY(older, client_call(&dev, "POST", path, HSM_SIGN));
        cr_expect_eq(older.status, 200, "the latest version was meant: %s", older.body);
        hsm_clear(&dev);
        hsm_expect_sign(&dev, "a", 200, faults[i]);
    }
}
