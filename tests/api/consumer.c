/* SPDX-License-Identifier: Apache-2.0 */
/* Services that use keys: what is refused, what lasts, and that none is missed. */
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "consumer_tools.h"

TestSuite(consumer, .init = consumer_start, .fini = consumer_stop, .timeout = 120);

Test(consumer, refuses_what_makes_no_sense)
{
    static const struct {
        const char *behind, *body;
        long status;
        const char *said;
    } rows[] = {
        { "/UPPER", "{}", 400, "label" },
        { "/-a", "{}", 400, "label" },
        { "/a.b", "{}", 400, "label" },
        { "/a", "{\"profile\":\"fihr\"}", 400, "disk-encryption-set" },
        { "/a", "{\"profil\":\"fhir\"}", 400, "profil" },
        { "/a", "{\"key\":7}", 400, "key" },
        { "/a", "{\"key\":\"http://rol.vault.localhost/keys/cmk\"}", 400, "https://" },
        { "/a", "{\"key\":\"https://rol.vault.localhost/secrets/cmk\"}", 400, "/keys/NAME" },
        { "/a", "{\"key\":\"https://rol.vault.localhost/keys/cmk/123\"}", 400, "32" },
        { "/a", "{\"key\":\"https://u:p@rol.vault.localhost/keys/cmk\"}", 400, "user" },
        { "/a", "{\"key\":\"https://rol.vault.localhost/keys/cmk?x=1\"}", 400, "query" },
        { "/a", "{\"identity\":\"a b\"}", 400, "identity" },
        { "/a", "{\"login\":\"ftp://imds\"}", 400, "login" },
        { "/a", "{\"rules\":\"all\"}", 400, "fhir-2023" },
        { "/a", "{\"status\":\"424\"}", 400, "500 or 403" },
        { "/a", "{\"heals\":\"11\"}", 400, "5 to 10" },
        { "/a", "{\"heals\":\"x\"}", 400, "5 to 10" },
        { "/a", "{\"follow\":7}", 400, "follow" },
        { "/a", "{\"follow\":\"1h\"}", 400, "PT1M to P365D, or never" },
        { "/a", "{\"follow\":\"PT59S\"}", 400, "PT1M to P365D, or never" },
        { "/a", "{\"follow\":\"P366D\"}", 400, "PT1M to P365D, or never" },
        { "/a", "{\"follow\":\"P9999Y\"}", 400, "PT1M to P365D, or never" },
        { "/a", "{\"follow\":\"Never\"}", 400, "PT1M to P365D, or never" },
        { "/a",
          "{\"follow\":\"PT1H\",\"key\":\"https://rol.vault.localhost/keys/cmk/"
          "0123456789abcdef0123456789abcdef\"}",
          400, "this one names 0123456789abcdef0123456789abcdef" },
        { "/a/redeploy", "{}", 405, "" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(refused, consumer_ask("PUT", rows[i].behind, rows[i].body));
        cr_expect_eq(refused.status, rows[i].status, "%s: %s", rows[i].body, refused.body);
        cr_expect(strstr(refused.body, rows[i].said) != NULL, "%s: %s", rows[i].body, refused.body);
    }
    API_REPLY(none, consumer_ask("GET", "", NULL));
    cr_expect_str_eq(none.body, "{\"consumers\":[]}");
    API_REPLY(unknown, consumer_ask("POST", "/nobody/redeploy", "{}"));
    cr_expect_eq(unknown.status, 404, "%s", unknown.body);
    API_REPLY(wait, consumer_ask("GET", "/nobody/wait?state=lost", NULL));
    cr_expect_eq(wait.status, 400, "%s", wait.body);
}

Test(consumer, keeps_its_profile)
{
    API_REPLY(added, consumer_ask("PUT", "/a", "{\"profile\":\"dicom\"}"));
    cr_assert_eq(added.status, 200, "%s", added.body);
    API_REPLY(other, consumer_ask("PUT", "/a", "{\"profile\":\"fhir\"}"));
    cr_expect_eq(other.status, 409, "%s", other.body);
    API_REPLY(same, consumer_ask("PUT", "/a", "{\"status\":\"424\"}"));
    cr_expect_eq(same.status, 200, "%s", same.body);
}

/* A key that cannot be reached is no reason to wait for ever, and no other consumer waits for it. */
Test(consumer, does_not_add_one_whose_vault_does_not_answer)
{
    API_REPLY(
        refused,
        consumer_ask("PUT", "/a", "{\"key\":\"https://127.0.0.1:1/keys/cmk\",\"rules\":\"none\"}"));
    cr_expect_eq(refused.status, 409, "%s", refused.body);
    cr_expect(strstr(refused.body, "no answer after 4 tries") != NULL, "%s", refused.body);
}

/* What a vault says of a key that is not there is longer than a cause. */
Test(consumer, shows_where_what_a_vault_says_goes_on)
{
    API_REPLY(refused, consumer_ask("PUT", "/a",
                                    "{\"key\":\"https://rol.vault.localhost/keys/none/"
                                    "0123456789abcdef0123456789abcdef\",\"rules\":\"none\"}"));
    cr_expect_eq(refused.status, 409, "%s", refused.body);
    cr_expect(strstr(refused.body, "404 KeyNotFound") != NULL, "%s", refused.body);
    cr_expect(strstr(refused.body, " ...\"") != NULL, "%s", refused.body);
}

/* vault.azure.net without such a name is the customer's fault; another name is nobody's. */
Test(consumer, knows_a_public_name_that_is_gone)
{
    API_REPLY(refused,
              consumer_ask("PUT", "/a",
                           "{\"key\":\"https://coffer-has-no-such-vault.vault.azure.net/keys/cmk\","
                           "\"rules\":\"none\"}"));
    cr_expect_eq(refused.status, 409, "%s", refused.body);
}

/* The connections that are there are reset, so that new ones have to be made. */
static void expect_no_answer(const char *said)
{
    struct consumer_standing standing;

    API_REPLY(rule, consumer_control("POST", "/control/v1/faults",
                                     "{\"match\":{\"vault\":\"rol\"},\"effect\":{\"cut\":"
                                     "\"reset\"},\"when\":{\"times\":2}}"));
    cr_assert_lt(rule.status, 300, "%s", rule.body);
    consumer_walk(70);
    consumer_look("ws-fhir", &standing);
    cr_expect_str_eq(standing.state, "encrypted");
    cr_expect(standing.is_healthy);
    cr_expect(strstr(standing.cause, said) != NULL, "%s", standing.cause);
}

/* What TLS finds wrong is no answer, and nobody's fault. */
Test(consumer, is_healthy_while_the_certificate_is_bad)
{
    char url[CONSUMER_URL_SIZE];

    consumer_key("rol", url);
    consumer_add("ws-fhir", "fhir", url, "fhir-id");
    API_REPLY(rule, consumer_control("POST", "/control/v1/faults",
                                     "{\"match\":{\"vault\":\"rol\"},\"effect\":{"
                                     "\"certificate\":\"expired\"}}"));
    cr_assert_lt(rule.status, 300, "%s", rule.body);
    expect_no_answer("SSL");
}

Test(consumer, is_healthy_while_connections_are_refused)
{
    char url[CONSUMER_URL_SIZE];

    consumer_key("rol", url);
    consumer_add("ws-fhir", "fhir", url, "fhir-id");
    consumer_apply("connection-failures", "{\"vault\":\"rol\",\"how\":\"refused\"}");
    expect_no_answer("no answer");
}

Test(consumer, stands_as_it_stood_after_a_crash)
{
    char url[CONSUMER_URL_SIZE];

    consumer_key("rol", url);
    consumer_add("ws-fhir", "fhir", url, "fhir-id");
    consumer_add("ws-dicom", "dicom", url, "dicom-id");
    consumer_change("rol", "{\"enabled\":false}");
    consumer_walk(60);
    consumer_expect("ws-fhir", "access-lost", "disabled");
    consumer_restart();
    api_set_clock(&consumer_daemon, "{\"frozen\":true}");
    consumer_expect("ws-fhir", "access-lost", "after a crash");
    consumer_change("rol", "{\"enabled\":true}");
    consumer_walk(60);
    consumer_expect("ws-fhir", "healing", "access is back");
    consumer_walk(600);
    consumer_expect("ws-fhir", "encrypted", "the DEK could be unwrapped");
    consumer_restart();
    API_REPLY(up, consumer_ask("GET", "/ws-dicom/wait?state=encrypted&timeout=20", NULL));
    cr_assert_eq(up.status, 200, "%s", up.body);
    cr_expect(cJSON_IsTrue(reply_item(&up, "met")), "%s", up.body);
    API_REPLY(history, consumer_ask("GET", "/ws-fhir/timeline", NULL));
    cr_expect_gt(cJSON_GetArraySize(reply_item(&history, "entries")), 3, "%s", history.body);
}

Test(consumer, goes_with_a_reset_and_comes_back_with_a_snapshot)
{
    char url[CONSUMER_URL_SIZE];

    API_SKIP_WITH_NSS("there are snapshots of coffer's own token alone");
    consumer_key("rol", url);
    consumer_add("ws-fhir", "fhir", url, "fhir-id");
    API_REPLY(saved, consumer_control("POST", "/control/v1/snapshots", "{\"name\":\"one\"}"));
    cr_assert_eq(saved.status, 201, "%s", saved.body);
    API_REPLY(removed, consumer_ask("DELETE", "/ws-fhir", NULL));
    cr_assert_eq(removed.status, 204, "%s", removed.body);
    API_REPLY(restored, consumer_control("POST", "/control/v1/snapshots/one/restore", "{}"));
    cr_assert_eq(restored.status, 204, "%s", restored.body);
    API_REPLY(back, consumer_ask("GET", "/ws-fhir/wait?state=encrypted", NULL));
    cr_expect_eq(back.status, 200, "%s", back.body);
    API_REPLY(reset, consumer_control("POST", "/control/v1/reset", "{}"));
    cr_assert_eq(reset.status, 204, "%s", reset.body);
    API_REPLY(gone, consumer_ask("GET", "/ws-fhir", NULL));
    cr_expect_eq(gone.status, 404, "%s", gone.body);
}

/* A clock that is moved back does not leave a service unwatched until the old date comes again. */
Test(consumer, is_watched_on_when_the_clock_goes_back)
{
    char url[CONSUMER_URL_SIZE];

    consumer_key("rol", url);
    consumer_add("ws-fhir", "fhir", url, "fhir-id");
    consumer_walk(300);
    api_set_clock(&consumer_daemon, "{\"advance\":\"-PT2H\"}");
    consumer_change("rol", "{\"enabled\":false}");
    consumer_walk(61);
    consumer_expect("ws-fhir", "access-lost", "two hours earlier");
}

/* Without a key the DEK is the service's own; with one it is wrapped by it, and there is no way back while
 * that cannot be used. */
Test(consumer, may_begin_without_a_key)
{
    char url[CONSUMER_URL_SIZE], body[256];

    API_REPLY(bare, consumer_ask("PUT", "/ws-fhir", "{\"identity\":\"fhir-id\"}"));
    cr_assert_eq(bare.status, 200, "%s", bare.body);
    consumer_restart();
    api_set_clock(&consumer_daemon, "{\"frozen\":true}");
    consumer_walk(600);
    consumer_expect("ws-fhir", "encrypted", "with no key to lose");
    consumer_key("rol", url);
    (void) snprintf(body, sizeof(body), "{\"key\":\"%s\"}", url);
    API_REPLY(sealed, consumer_ask("POST", "/ws-fhir/redeploy", body));
    cr_assert_eq(sealed.status, 200, "%s", sealed.body);
    cr_expect_str_eq(reply_text(&sealed, "dek_wrapped_by"), url);
    consumer_change("rol", "{\"enabled\":false}");
    consumer_walk(60);
    consumer_expect("ws-fhir", "access-lost", "disabled");
    API_REPLY(back, consumer_ask("POST", "/ws-fhir/redeploy", "{\"key\":\"\"}"));
    cr_expect_eq(back.status, 409, "%s", back.body);
    consumer_change("rol", "{\"enabled\":true}");
    consumer_walk(720);
    API_REPLY(own, consumer_ask("POST", "/ws-fhir/redeploy", "{\"key\":\"\"}"));
    cr_expect_eq(own.status, 200, "%s", own.body);
    cr_expect_str_eq(reply_text(&own, "dek_wrapped_by"), "");
}

/* Other services go by other rows: a disk's machines stay down, a storage account heals at once. */
Test(consumer, differs_by_its_profile)
{
    char url[CONSUMER_URL_SIZE];

    consumer_key("rol", url);
    consumer_add("acc", "storage", url, "fhir-id");
    consumer_add("db", "sql-tde", url, "fhir-id");
    consumer_add("disks", "disk-encryption-set", url, "fhir-id");
    consumer_change("rol", "{\"enabled\":false}");
    consumer_walk(60);
    consumer_expect("acc", "access-lost", "storage unwraps on use");
    consumer_expect("db", "encrypted", "a database has ten minutes");
    consumer_walk(600);
    consumer_expect("db", "access-lost", "which are over");
    consumer_walk(3600);
    consumer_expect("disks", "needs-redeploy", "machines are shut down");
    consumer_change("rol", "{\"enabled\":true}");
    consumer_walk(60);
    consumer_expect("acc", "encrypted", "storage heals at once");
    consumer_expect("db", "needs-redeploy", "after more than 30 minutes");
}

#define CROWD 20

/* Whether each has been checked, or says that it was not, once for every minute from `begun` on. */
static bool all_are_accounted_for(long begun)
{
    long minutes = (consumer_epoch() - begun) / 60;
    struct consumer_standing standing;
    char name[32];
    bool ok = true;

    for (int i = 0; i < CROWD; i++) {
        (void) snprintf(name, sizeof(name), "c%d", i);
        consumer_look(name, &standing);
        cr_expect_str_eq(standing.state, "encrypted");
        ok = ok && standing.checks + standing.missed >= minutes
             && standing.checks + standing.missed <= minutes + 3;
    }
    return ok;
}

/* While the clock runs sixtyfold each is checked every second, or as a machine that is slower has it:
 * then it says how many were missed. */
Test(consumer, accounts_for_every_minute_while_the_clock_runs_fast)
{
    const struct timespec pause = { .tv_nsec = 200000000 };
    char url[CONSUMER_URL_SIZE], name[32];
    long begun = consumer_epoch();
    bool ok = false;

    consumer_key("rol", url);
    for (int i = 0; i < CROWD; i++) {
        (void) snprintf(name, sizeof(name), "c%d", i);
        consumer_add(name, "fhir", url, "fhir-id");
    }
    api_set_clock(&consumer_daemon, "{\"rate\":60,\"frozen\":false}");
    sleep(3);
    api_set_clock(&consumer_daemon, "{\"frozen\":true}");
    for (int i = 0; i < 200 && !ok; i++) {
        ok = all_are_accounted_for(begun);
        nanosleep(&pause, NULL);
    }
    cr_expect(ok, "checks are missing, and nobody says so");
}

Test(consumer, is_named_by_options_that_make_sense)
{
    static const char *const wrong[] = {
        "",
        "a,profile",
        "a,profile=fihr",
        "a,key=x",
        "a,colour=red",
        "a,follow=daily",
        "a,profile=fhir,profile=fhir",
        "a b",
        "a,ca=/nowhere/ca.pem",
    };
    char said[4096];

    for (size_t i = 0; i < KV_COUNT(wrong); i++) {
        const char *const arguments[] = { "serve", "--ephemeral", "--port", "0", "--control-port",
                                          "0",     "--consumer",  wrong[i], NULL };

        cr_expect_neq(program_run(arguments, said, sizeof(said)), 0, "%s", wrong[i]);
        cr_expect(strstr(said, "--consumer") != NULL, "%s: %s", wrong[i], said);
    }
}

/* Its key may come later: it is tried every minute, and says why it is not there yet. */
Test(consumer, is_there_from_the_start_by_option)
{
    static const char *const arguments[] = {
        "--consumer",
        "ws-fhir,profile=fhir,key=https://dev.vault.localhost/keys/cmk,rules=none,identity=ws",
        NULL,
    };
    struct daemon own;

    api_begin(&own, arguments);
    API_CLIENT_OF(&own, dev);
    const struct request look = { .method = "GET",
                                  .target = "/control/v1/consumers/ws-fhir",
                                  .control = true };
    const struct request wait = {
        .method = "GET",
        .target = "/control/v1/consumers/ws-fhir/wait?state=encrypted&timeout=0",
        .control = true
    };

    api_set_clock(&own, "{\"frozen\":true}");
    api_advance(&own, 120);
    API_REPLY(early, client_send(&dev, &look));
    cr_expect_str_eq(reply_text(&early, "state"), "starting", "%s", early.body);
    cr_expect(strstr(reply_text(&early, "cause"), "KeyNotFound") != NULL, "%s", early.body);
    API_REPLY(made, client_call(&dev, "POST", "/keys/cmk/create", "{\"kty\":\"RSA\"}"));
    cr_assert_eq(made.status, 200, "%s", made.body);
    api_advance(&own, 60);
    API_REPLY(met, client_send(&dev, &wait));
    cr_expect(cJSON_IsTrue(reply_item(&met, "met")), "%s", met.body);
    api_end(&own);
}
