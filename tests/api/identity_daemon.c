/* SPDX-License-Identifier: Apache-2.0 */
/* Identities by what the options say: --identity, --unknown-identities; kept data, and a reset. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "access_tools.h"
#include "identity_tools.h"

TestSuite(identity_daemon, .timeout = 120);

#define GUID "aaaaaaaa-0000-4000-8000-000000000002"

static int serve(const char *folder, const char *spec, char *ret_output, size_t size)
{
    const char *const words[] = { "serve",          "--data", folder,       "--port", "0",
                                  "--control-port", "0",      "--identity", spec,     NULL };

    return program_run(words, ret_output, size);
}

Test(identity_daemon, does_not_begin_with_an_identity_that_cannot_be)
{
    static const struct {
        const char *spec, *said;
    } rows[] = {
        { "app,colour=red", "--identity app: after the name come some of type=" },
        { "app,type=cook", "--identity app: type= is application, system-assigned" },
        { "app,type=user,secret=hush", "--identity app: applications alone have secrets" },
        { "app,secret=hush,secret-file=f", "--identity app: secret= and secret-file= are two" },
        { "app,secret-file=/none/such", "--identity app: " },
        { "app,certificate=/none/such", "--identity app: " },
        { "app,client-id=me,secret=hush", "--identity app: The client id must be a GUID" },
        { "app,groups=app,secret=hush", "--identity app: " },
        { "system-assigned,type=user", "--identity system-assigned: " },
        { "app,trusted,trusted=yes", "--identity app: after the name come" },
    };
    struct daemon daemon;
    char output[4096];

    daemon_prepare(&daemon);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_neq(serve(daemon.folder, rows[i].spec, output, sizeof(output)), 0, "%zu", i);
        cr_expect_not_null(strstr(output, rows[i].said), "%zu: %s", i, output);
        cr_expect_null(strstr(output, "hush"), "%s", output);
    }
    daemon_discard(&daemon);
}

Test(identity_daemon, keeps_its_identities_and_refuses_contradictions)
{
    static const char *const arguments[] = { "--identity", "app,secret=hush,groups=ops+dev,trusted",
                                             NULL };
    struct daemon daemon;
    char output[4096], object[64];

    api_begin(&daemon, arguments);
    (void) snprintf(object, sizeof(object), "%s", identity_show(&daemon, "app", "object_id"));
    identity_do(&daemon, "POST", "/app/recreate", NULL, 200);
    identity_do(&daemon, "DELETE", "/ops", NULL, 204);
    cr_assert(daemon_stop(&daemon));
    cr_expect_neq(
        serve(daemon.folder, "app,client-id=" GUID ",secret=hush", output, sizeof(output)), 0);
    cr_expect_not_null(strstr(output, "--identity app: The identity 'app' is there with the client "
                                      "id "),
                       "%s", output);
    cr_expect_not_null(strstr(output, ", not " GUID "."), "%s", output);
    cr_expect_neq(serve(daemon.folder, "app,type=user", output, sizeof(output)), 0);
    cr_assert(daemon_start(&daemon, NULL));
    cr_expect_str_neq(identity_show(&daemon, "app", "object_id"), object);
    cr_expect_str_eq(identity_show(&daemon, "ops", "state"), "deleted");
    api_end(&daemon);
}

Test(identity_daemon, leaves_deleted_ones_and_their_grants_alone)
{
    static const char *const arguments[] = {
        "--vault", "dev,access=rbac", "--identity",
        "app",     "--grant",         "dev,identity=app,role=key-vault-reader",
        NULL,
    };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);

        identity_become(&dev, "app");
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404);
        identity_do(&daemon, "DELETE", "/app", NULL, 204);
        cr_assert(daemon_stop(&daemon) && daemon_start(&daemon, arguments));
        cr_expect_str_eq(identity_show(&daemon, "app", "state"), "deleted");
        identity_do(&daemon, "GET", "/app/token?resource=https://vault.azure.net", NULL, 404);
    }
    api_end(&daemon);
}

Test(identity_daemon, is_put_back_by_a_reset)
{
    static const char *const arguments[] = { "--identity", "app,type=user,upn=app@example.org",
                                             NULL };
    const struct request reset = {
        .method = "POST",
        .target = "/control/v1/reset",
        .body = "{}",
        .control = true,
    };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);

        identity_do(&daemon, "PATCH", "/app", "{\"upn\":\"other@example.org\"}", 200);
        identity_do(&daemon, "PUT", "/further", "{}", 201);
        identity_do(&daemon, "DELETE", "/system-assigned", NULL, 204);
        API_REPLY(reply, client_send(&dev, &reset));
        cr_expect_eq(reply.status, 204, "%s", reply.body);
        cr_expect_str_eq(identity_show(&daemon, "app", "upn"), "app@example.org");
        cr_expect_str_eq(identity_show(&daemon, "system-assigned", "state"), "enabled");
        API_REPLY(list, identity_ask(&daemon, "GET", "", NULL));
        cr_expect_null(strstr(list.body, "further"), "%s", list.body);
    }
    api_end(&daemon);
}

struct thief {
    const struct daemon *daemon;
    atomic_bool *done;
    unsigned asked, let_in;
};

/* Somebody whom nobody registered is let in with any secret: never in the place of who is registered. */
static void *guess(void *context)
{
    struct thief *thief = context;
    struct client client;

    client_open(&client, thief->daemon, "dev");
    while (!atomic_load(thief->done)) {
        API_REPLY(reply,
                  client_send(&client, &(struct request){
                                           .method = "POST",
                                           .target = "/common/oauth2/v2.0/token",
                                           .content_type = "application/x-www-form-urlencoded",
                                           .body = "grant_type=client_credentials&client_id=" GUID
                                                   "&client_secret=guessed&scope="
                                                   "https://vault.azure.net/.default",
                                           .host = "login.localhost",
                                           .without_token = true,
                                       }));
        thief->let_in += reply.status == 200;
        thief->asked++;
    }
    client_close(&client);
    return NULL;
}

Test(identity_daemon, lets_nobody_in_with_any_secret_during_a_reset)
{
    static const char *const arguments[] = { "--identity",
                                             "app,secret=hush,groups=ops,client-id=" GUID, NULL };
    const struct request reset = {
        .method = "POST",
        .target = "/control/v1/reset",
        .body = "{}",
        .control = true,
    };
    atomic_bool done = false;
    struct thief thieves[4];
    pthread_t threads[4];
    struct daemon daemon;

    api_begin(&daemon, arguments);
    API_CLIENT_OF(&daemon, dev);
    for (size_t i = 0; i < KV_COUNT(thieves); i++) {
        thieves[i] = (struct thief){ .daemon = &daemon, .done = &done };
        cr_assert_eq(pthread_create(&threads[i], NULL, guess, &thieves[i]), 0);
    }
    for (unsigned i = 0; i < 40; i++) {
        API_REPLY(reply, client_send(&dev, &reset));
        cr_expect_eq(reply.status, 204, "%s", reply.body);
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < KV_COUNT(thieves); i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(thieves[i].let_in, 0, "of %u", thieves[i].asked);
        cr_expect_gt(thieves[i].asked, 0);
    }
    api_end(&daemon);
}

Test(identity_daemon, refuses_unknown_ones_where_that_is_said)
{
    static const char *const arguments[] = { "--unknown-identities", "refuse", "--identity",
                                             "system-assigned", NULL };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    identity_do(&daemon, "GET", "/app", NULL, 404);
    identity_do(&daemon, "POST", "/app/disable", NULL, 404);
    identity_do(&daemon, "GET", "/app/token?resource=https://vault.azure.net", NULL, 404);
    identity_do(&daemon, "GET", "/system-assigned/token?resource=https://vault.azure.net", NULL,
                200);
    access_do(&daemon, "POST", "/dev/assignments", "{\"identity\":\"app\",\"role\":\"owner\"}",
              404);
    api_end(&daemon);
}

/* A store of before there were principals has neither their tables nor their steps. */
static void make_old(const struct daemon *daemon)
{
    static const char sql[] = "DROP TABLE principal_member; DROP TABLE principal_credential;"
                              "DROP TABLE principal;"
                              "DELETE FROM schema WHERE domain = 'principals'";
    char path[512], *message = NULL;
    sqlite3 *db = NULL;

    (void) snprintf(path, sizeof(path), "%s/coffer.db", daemon->folder);
    cr_assert_eq(sqlite3_open(path, &db), SQLITE_OK);
    cr_assert_eq(sqlite3_exec(db, sql, NULL, NULL, &message), SQLITE_OK, "%s", message);
    cr_assert_eq(sqlite3_close(db), SQLITE_OK);
}

Test(identity_daemon, takes_over_a_data_folder_of_before)
{
    static const char *const arguments[] = { "--vault", "dev,access=rbac", NULL };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);

        (void) access_grant(&daemon, "dev", "Key Vault Reader", "");
        cr_assert(daemon_stop(&daemon));
        make_old(&daemon);
        cr_assert(daemon_start(&daemon, arguments));
        client_close(&dev);
        client_open(&dev, &daemon, "dev");
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404, "the same ids as ever");
        identity_do(&daemon, "PUT", "/app", "{}", 201);
    }
    api_end(&daemon);
}

/* --- from a shell --- */

static int run(const struct daemon *daemon, char *ret_output, const char *const *words)
{
    const char *line[16];
    size_t count = 0;

    for (; words[count] != NULL; count++) {
        line[count] = words[count];
    }
    line[count++] = "--data";
    line[count++] = daemon->folder;
    line[count] = NULL;
    return program_run(line, ret_output, 8192);
}
#define RUN(...) run(&daemon, output, (const char *const[]){ __VA_ARGS__, NULL })

Test(identity_daemon, is_managed_by_commands)
{
    struct daemon daemon;
    char output[8192];

    api_begin(&daemon, NULL);
    cr_expect_eq(RUN("identity", "create", "app,type=application,trusted"), 0, "%s", output);
    cr_expect_not_null(strstr(output, "name=app\ntype=application\nstate=enabled\n"), "%s", output);
    cr_expect_not_null(strstr(output, "\ntrusted=true\n"), "%s", output);
    cr_expect_eq(RUN("identity", "create", "app,type=user"), 1, "%s", output);
    cr_expect_eq(RUN("identity", "add-secret", "app", "--label", "ci", "--lifetime", "1h"), 0);
    cr_expect_eq(strlen(output), 41, "the secret alone: %s", output);
    cr_expect_eq(RUN("identity", "add-federated", "app", "--issuer", "i", "--subject", "s"), 0);
    cr_expect_eq(RUN("identity", "add-certificate", "app"), 2, "%s", output);
    cr_expect_eq(RUN("identity", "remove-credential", "app", "--id", "ci"), 0, "%s", output);
    cr_expect_eq(RUN("identity", "remove-credential", "app", "--id", "ci"), 1, "%s", output);
    cr_expect_eq(RUN("identity", "show", "app"), 0);
    cr_expect_null(strstr(output, "\nsecrets:"), "%s", output);
    cr_expect_not_null(strstr(output, "\nfederated_credentials: id="), "%s", output);
    cr_expect_eq(RUN("identity", "create", "ops,type=group"), 0);
    cr_expect_eq(RUN("identity", "add-member", "ops", "--member", "app"), 0, "%s", output);
    cr_expect_not_null(strstr(output, "\nmembers: "), "%s", output);
    cr_expect_eq(RUN("identity", "remove-member", "ops", "--member", "app"), 0, "%s", output);
    cr_expect_eq(RUN("identity", "disable", "app"), 0);
    cr_expect_not_null(strstr(output, "state=disabled"), "%s", output);
    cr_expect_eq(RUN("token", "--identity", "app"), 1, "%s", output);
    cr_expect_eq(RUN("identity", "enable", "app"), 0);
    cr_expect_eq(RUN("token", "--identity", "app"), 0, "%s", output);
    cr_expect_eq(RUN("identity", "revoke", "app"), 0);
    cr_expect_not_null(strstr(output, "\nrevoked_before="), "%s", output);
    cr_expect_eq(RUN("identity", "recreate", "app"), 0);
    cr_expect_eq(RUN("identity", "delete", "app"), 0, "%s", output);
    cr_expect_eq(RUN("identity", "delete", "app"), 1, "%s", output);
    cr_expect_eq(RUN("identity", "list"), 0);
    cr_expect_not_null(strstr(output, "app application deleted "), "%s", output);
    cr_expect_not_null(strstr(output, "ops group enabled "), "%s", output);
    api_end(&daemon);
}

Test(identity_daemon, says_how_to_log_in)
{
    static const struct {
        const char *way, *said;
    } rows[] = {
        { "managed-identity", "export IDENTITY_ENDPOINT='http://127.0.0.1:" },
        { "app-service", "export IDENTITY_HEADER='coffer'" },
        { "imds", "export AZURE_POD_IDENTITY_AUTHORITY_HOST='http://" },
        { "arc", "/arc/metadata/identity/oauth2/token'" },
        { "workload", "export AZURE_FEDERATED_TOKEN_FILE='/" },
        { "secret", "export AZURE_CLIENT_SECRET='" },
        { "certificate", "export AZURE_CLIENT_CERTIFICATE_PATH='/" },
    };
    struct daemon daemon;
    char output[8192];

    api_begin(&daemon, NULL);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_eq(RUN("env", "--identity", "app", "--as", rows[i].way), 0, "%s", output);
        cr_expect_not_null(strstr(output, rows[i].said), "%zu: %s", i, output);
        cr_expect_not_null(strstr(output, "export AZURE_CLIENT_ID='"), "%zu: %s", i, output);
        cr_expect_eq(strstr(output, "AZURE_TENANT_ID='adfs'") != NULL, i > 3, "%zu", i);
        if (i == 3) { /* from here on it is an application */
            cr_assert_eq(RUN("identity", "create", "app,type=application"), 0, "%s", output);
        }
    }
    cr_expect_eq(RUN("env", "--as", "secret"), 2, "%s", output);
    cr_expect_not_null(strstr(output, "--as secret needs an --identity"), "%s", output);
    api_end(&daemon);
}
