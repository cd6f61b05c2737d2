/* SPDX-License-Identifier: Apache-2.0 */
/* The life of vaults by the control port and by `coffer vault`, and what their users see of it. */
#include "vault_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

TestSuite(vault_life, .timeout = 300);

Test(vault_life, is_not_begun_by_what_is_no_vault)
{
    static const struct {
        const char *name, *body, *said;
    } rows[] = {
        { "ab", NULL, "ab is not a valid vault name" },
        { "a_b", NULL, "a_b is not a valid vault name" },
        { "a2345678901234567890123456", NULL, "is not a valid vault name" },
        { "wrong", "[]", "The body is not a JSON object." },
        { "wrong", "{\"colour\":\"red\"}", "colour is not a setting" },
        { "wrong", "{\"sku\":\"gold\"}", "sku=gold is not valid" },
        { "wrong", "{\"sku\":{}}", "'sku' must be a word" },
        { "wrong",
          "{\"sku\":\"a very long word, longer than any of the hundred characters that there is "
          "room "
          "for in a setting\"}",
          "'sku' must be a word" },
        { "wrong", "{\"group\":\"a/b\"}", "group=a/b is not valid" },
        { "wrong", "{\"region\":\"\"}", "region= is not valid" },
        { "wrong", "{\"retention\":6}", "a number of days from 7 to 90" },
        { "wrong", "{\"retention\":7.5}", "'retention' must be a word, a number of days" },
        { "wrong", "{\"purge_protection\":\"perhaps\"}", "takes no value, or true or false" },
        { "wrong", "{\"access\":\"all\"}", "it must be open, policy or rbac" },
        { "wrong", "{\"kind\":\"hsm\",\"access\":\"policy\"}",
          "The managed HSM 'wrong' cannot have access=policy" },
        { "wrong", "{\"retention\":7,\"retention\":8}", "'retention' is given twice." },
        { "wrong", "{\"purge_protection\":true,\"purge-protection\":false}",
          "purge-protection is given twice" },
        { "wrong", "{\"name\":\"right\"}", "'right' is not the vault that the path names." },
        { "wrong", "{\"name\":7}", "'name' must be the name that the path has." },
        { "wrong", "{\"name\":\"wrong\",\"name\":\"wrong\"}", "'name' is given twice." },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, ask(api_daemon(), "PUT", rows[i].name, rows[i].body));
        cr_expect_eq(reply.status, 400, "%s: %ld", rows[i].name, reply.status);
        cr_expect_not_null(strstr(reply.body, rows[i].said), "%s: %s", rows[i].name, reply.body);
    }
    expect(api_daemon(), "GET", "wrong", NULL, 404);
    expect(api_daemon(), "DELETE", "wrong", NULL, 404);
    expect(api_daemon(), "PATCH", "wrong", NULL, 404);
    expect(api_daemon(), "POST", "dev/recover", "{\"force\":true}", 400);
    expect(api_daemon(), "POST", "dev/purge", "[]", 400);
    expect(api_daemon(), "POST", "wrong/recover", NULL, 404);
    expect(api_daemon(), "POST", "wrong/purge", NULL, 404);
}

Test(vault_life, begins_with_every_setting)
{
    expect(api_daemon(), "PUT", "plain", NULL, 201);
    expect(api_daemon(), "PUT", "plain", NULL, 200);
    API_REPLY(reply, ask(api_daemon(), "PUT", "Every-1",
                         "{\"name\":\"EVERY-1\","
                         "\"kind\":\"hsm\",\"sku\":\"standard\",\"retention\":8,"
                         "\"purge_protection\":true,\"access\":\"open\","
                         "\"group\":\"rg-1\",\"region\":\"West US\"}"));
    cr_expect_eq(reply.status, 201, "%s", reply.body);
    cr_expect_str_eq(reply_text(&reply, "name"), "every-1");
    cr_expect_str_eq(reply_text(&reply, "state"), "live");
    cr_expect_str_eq(reply_text(&reply, "kind"), "hsm");
    cr_expect_str_eq(reply_text(&reply, "sku"), "standard");
    cr_expect_eq(reply_number(&reply, "retention"), 8);
    cr_expect_str_eq(reply_text(&reply, "group"), "rg-1");
    cr_expect_str_eq(reply_text(&reply, "region"), "westus");
    cr_expect(cJSON_IsTrue(reply_item(&reply, "purge_protection")));
    cr_expect_not_null(strstr(reply_text(&reply, "url"), "https://every-1.managedhsm.localhost:"));
    expect(api_daemon(), "PUT", "every-1", "{\"retention\":9}", 409);
    expect(api_daemon(), "PATCH", "every-1", "{\"retention\":9}", 409);
    expect(api_daemon(), "PATCH", "every-1", "{\"group\":\"rg-2\"}", 409);
    expect(api_daemon(), "PATCH", "every-1", "{\"sku\":\"premium\"}", 200);
    expect(api_daemon(), "DELETE", "every-1", NULL, 200);
    expect(api_daemon(), "POST", "every-1/purge", NULL, 403);
}

/* To its users a deleted vault is a name that nobody has; recovered, it has all its keys. */
Test(vault_life, is_seen_by_its_users)
{
    char first[33], second[33], wrapped[1024];

    expect(api_daemon(), "PUT", "seen", "{\"retention\":7}", 201);
    API_CLIENT(seen);
    api_create_key(&seen, "mine", "", first);
    api_wrap(&seen, "mine", NULL, "RSA-OAEP-256", "c2VjcmV0", wrapped);
    expect(api_daemon(), "DELETE", "seen", NULL, 200);
    expect_error(&seen, "GET", "/keys/mine", 404, "VaultNotFound");
    expect(api_daemon(), "POST", "seen/recover", NULL, 200);
    API_REPLY(unwrapped, api_unwrap(&seen, "mine", first, "RSA-OAEP-256", wrapped));
    cr_expect_eq(unwrapped.status, 200, "%s", unwrapped.body);
    expect(api_daemon(), "DELETE", "seen", NULL, 200);
    expect(api_daemon(), "POST", "seen/purge", NULL, 204);
    expect(api_daemon(), "PUT", "seen", "{\"retention\":7}", 201);
    expect_error(&seen, "GET", "/keys/mine", 404, "KeyNotFound");
    API_REPLY(none, client_call(&seen, "GET", "/keys", NULL));
    cr_expect_null(reply_item(&none, "value.0"), "%s", none.body);
    api_create_key(&seen, "mine", "", second);
    API_REPLY(refused, api_unwrap(&seen, "mine", NULL, "RSA-OAEP-256", wrapped));
    cr_expect_eq(refused.status, 400, "%s", refused.body);
}

/* A managed HSM loses its roles and settings too. */
Test(vault_life, ends_with_what_was_in_it)
{
    static const char setting[] = "/settings/AllowKeyManagementOperationsThroughARM";

    expect(api_daemon(), "PUT", "pool2", "{\"kind\":\"hsm\"}", 201);
    API_HSM_OF(api_daemon(), pool2);
    API_REPLY(set, client_call(&pool2, "PATCH", setting, "{\"value\":\"true\"}"));
    cr_expect_eq(set.status, 200, "%s", set.body);
    expect(api_daemon(), "DELETE", "pool2", NULL, 200);
    expect(api_daemon(), "POST", "pool2/purge", NULL, 204);
    expect(api_daemon(), "PUT", "pool2", "{\"kind\":\"hsm\"}", 201);
    API_REPLY(got, client_call(&pool2, "GET", setting, NULL));
    cr_expect_str_eq(reply_text(&got, "value"), "false");
}

/* What one that has ended said. */
static void expect_last_words(const struct daemon *daemon, const char *words)
{
    char log[8192] = "";
    FILE *file = fopen(daemon->log, "r");

    cr_assert_not_null(file);
    (void) !fread(log, 1, sizeof(log) - 1, file);
    (void) fclose(file);
    cr_expect_not_null(strstr(log, words), "%s", log);
}

Test(vault_life, goes_on_where_the_folder_is_kept)
{
    static const char *const first[] = { "--vault", "one,retention=7", "--vault", "two", NULL };
    static const char *const contrary[] = { "--vault", "one,retention=8", NULL };
    static const char *const second[] = { "--vault", "two", NULL };
    char version[33];
    struct daemon own;

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, first));
    API_CLIENT_OF(&own, one);
    api_create_key(&one, "stays", "", version);
    expect(&own, "PUT", "made-later", "{\"sku\":\"standard\"}", 201);
    expect(&own, "DELETE", "two", NULL, 200);
    cr_assert(daemon_stop(&own));

    cr_expect_not(daemon_start(&own, contrary));
    expect_last_words(&own, "The vault 'one' has retention=7, not 8");

    cr_assert(daemon_start(&own, second));
    cr_expect_eq(api_count_lines(&own, "vault_is_deleted vault=two", ""), 1);
    API_CLIENT_OF(&own, again);
    again.host[0] = '\0';
    (void) snprintf(again.host, sizeof(again.host), "one.vault.localhost");
    API_REPLY(key, client_call(&again, "GET", "/keys/stays", NULL));
    cr_expect_eq(key.status, 200, "%s", key.body);
    API_REPLY(later, ask(&own, "GET", "made-later", NULL));
    cr_expect_str_eq(reply_text(&later, "sku"), "standard");
    expect(&own, "DELETE", "one", NULL, 200);
    api_advance(&own, 7 * 86400 + 1);
    wait_for_metric(&own, "coffer_key_versions", 0);
    wait_for_metric(&own, "coffer_doomed_objects", 0);
    cr_expect_eq(api_metric(&own, "coffer_vaults"), 1);
    expect(&own, "GET", "one", NULL, 404);
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

/* As a user goes about it, each line with what it prints. */
Test(vault_life, is_led_from_a_shell)
{
    char control[64], output[4096];
    const struct {
        const char *words[5];
        int status;
        const char *said;
    } rows[] = {
        { { "vault", NULL }, 2, "Usage: coffer vault COMMAND" },
        { { "vault", "lst", NULL }, 2, "coffer: vault lst is not a command" },
        { { "vault", "--help", NULL }, 0, "vault recover" },
        { { "vault", "create", NULL }, 2, "SPEC is missing" },
        { { "vault", "create", "sh-1", "sh-2", NULL }, 2, "sh-2 is not an option" },
        { { "vault", "create", "x/../y", NULL }, 1, "x/../y is not a valid vault name" },
        { { "vault", "create", "sh-1,colour=red", NULL }, 1, "colour is not a setting" },
        { { "vault", "create", "sh-1,retention=7,sku=standard", NULL },
          0,
          "https://sh-1.vault.localhost:" },
        { { "vault", "create", "sh-2,purge-protection,kind=hsm", NULL },
          0,
          "https://sh-2.managedhsm.localhost:" },
        { { "vault", "list", NULL }, 0, "sh-1                     vault  standard  live" },
        { { "vault", "recover", "sh-1", NULL }, 1, "is not deleted" },
        { { "vault", "delete", "sh-1,retention=7", NULL }, 1, "is not a valid vault name" },
        { { "vault", "delete", "", NULL }, 2, "'' is not a valid vault name" },
        { { "vault", "delete", "sh-1", NULL }, 0, "to be purged on 2" },
        { { "vault", "list", NULL }, 0, "sh-1                     vault  standard  deleted" },
        { { "vault", "recover", "sh-1", NULL }, 0, "https://sh-1.vault.localhost:" },
        { { "vault", "delete", "sh-1", "--purge", NULL }, 0, "" },
        { { "vault", "purge", "sh-1", NULL }, 1, "There is no vault named 'sh-1'." },
        { { "vault", "create", "sh-3", NULL }, 0, "" },
        { { "vault", "delete", "sh-3", NULL }, 0, "" },
        { { "vault", "delete", "sh-3", "--purge", NULL }, 0, "" },
        { { "vault", "delete", "sh-3", "--purge", NULL }, 1, "There is no vault named 'sh-3'." },
        { { "vault", "delete", "sh-2", "--purge", NULL }, 1, "sh-2 has purge protection" },
        { { "vault", "recover", "sh-2", NULL }, 1, "The vault 'sh-2' is not deleted." },
        { { "reset", "--vault", "sh-2", NULL }, 0, "" },
        { { "reset", "--vault", "sh-3", NULL }, 1, "There is no vault named 'sh-3'." },
    };

    (void) snprintf(control, sizeof(control), "http://127.0.0.1:%u", api_daemon()->control_port);
    setenv("COFFER_CONTROL", control, 1);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(program_run(rows[i].words, output, sizeof(output)), rows[i].status, "row %zu",
                     i);
        cr_expect_not_null(strstr(output, rows[i].said), "row %zu: %s", i, output);
    }
}

static void unpack(const char *archive, const char *folder)
{
    int status = -1;
    pid_t child = fork();

    if (child == 0) {
        (void) execlp("tar", "tar", "-xzf", archive, "-C", folder, (char *) NULL);
        _exit(127);
    }
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert_eq(status, 0);
}

/*
 * folder_0.1.0.tar.gz is the data folder of a coffer that kept no vaults: keys named Kept in dev,
 * other (retention 9) and pool (a managed HSM with a role assignment and a setting), a deleted key
 * `gone` in dev, a rotation policy of dev's Kept, and what it encrypted.
 */
Test(vault_life, goes_on_in_a_folder_of_before)
{
    static const char *const arguments[] = { "--vault", "dev", "--vault", "pool,kind=hsm", NULL };
    static const char kept[] = "{\"alg\":\"RSA-OAEP-256\",\"value\":\""
                               "YtYPa3KwQgcuM0C37qnWT46klWSlerCfQyuo2R69Vvgu73OIk1yhmmlYw6J_dl7um"
                               "uUzNdP3hw7EhoMCb-J0hjFd94EhaYrtlAyoUJnEo8FDbwM_8Fq-RopoeQx7oz4IMi"
                               "gqtyqq7w-jzNOEd8leVSj8lttkwUOogCm--e6CpKlKjLCANRehbfh86gJDUb8Y8i7"
                               "SkMOGhZBGmEbhkylfsXBWSATosGbjhIy6vU3w8X4K8PcVVxKFubhhzNtiLDDKHh-2"
                               "ZnEvQA1cTWy4Vr8p-DYFFR7DrSNvvDS6QfzfirohORl9voeUY6bJXbAaSxrk_CJnB"
                               "i7EQ8B6tgpeneUTcw\"}";
    struct daemon own;

    API_SKIP_WITH_NSS("the folder has a token of SoftHSM");
    daemon_prepare(&own);
    unpack(FOLDER_OF_BEFORE, own.folder);
    cr_assert(daemon_start(&own, arguments));
    API_CLIENT_OF(&own, dev);
    API_REPLY(plain, client_call(&dev, "POST", "/keys/kept/decrypt", kept));
    cr_expect_str_eq(reply_text(&plain, "value"), "a2VwdA", "%s", plain.body);
    API_REPLY(gone, client_call(&dev, "GET", "/deletedkeys/gone", NULL));
    cr_expect_eq(gone.status, 200, "%s", gone.body);
    API_REPLY(policy, client_call(&dev, "GET", "/keys/kept/rotationpolicy", NULL));
    cr_expect_str_eq(reply_text(&policy, "lifetimeActions.0.trigger.timeAfterCreate"), "P90D");
    API_HSM_OF(&own, pool);
    API_REPLY(roles, client_call(&pool, "GET",
                                 "/providers/Microsoft.Authorization/roleAssignments/"
                                 "11111111-2222-4333-8444-555555555555",
                                 NULL));
    cr_expect_eq(roles.status, 200, "%s", roles.body);
    API_REPLY(setting,
              client_call(&pool, "GET", "/settings/AllowKeyManagementOperationsThroughARM", NULL));
    cr_expect_str_eq(reply_text(&setting, "value"), "true", "%s", setting.body);

    API_CLIENT_OF(&own, other); /* whose settings nobody knows any more */
    expect_error(&other, "GET", "/keys/kept", 404, "VaultNotFound");
    expect(&own, "PUT", "other", "{\"retention\":9}", 201);
    API_REPLY(settled, client_call(&other, "GET", "/keys/kept", NULL));
    cr_expect_str_eq(reply_text(&settled, "attributes.recoveryLevel"),
                     "CustomizedRecoverable+Purgeable", "%s", settled.body);
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}
