/* SPDX-License-Identifier: Apache-2.0 */
/* What the program makes of the machine around it, and what it says in its log. */
#include "../support/api.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "kv/base/files.h"

static struct daemon own;

static void prepare(void)
{
    daemon_prepare(&own);
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(surroundings, .init = prepare, .fini = stop, .timeout = 120);

/* As Kubernetes sets them for a service named coffer, with a mistake of the user's between them. */
Test(surroundings, of_a_service_named_coffer_do_not_keep_it_from_starting)
{
    static const char *const arguments[] = { "--log-level", "debug", NULL };

    setenv("COFFER_SERVICE_HOST", "10.3.0.7", 1);
    setenv("COFFER_SERVICE_PORT", "8443", 1);
    setenv("COFFER_PORT", "tcp://10.3.0.7:8443", 1);
    setenv("COFFER_PORT_8443_TCP", "tcp://10.3.0.7:8443", 1);
    setenv("COFFER_PORT_8443_TCP_ADDR", "10.3.0.7", 1);
    setenv("COFFER_DELETION_LGA", "3s", 1);
    setenv("COFFER_WHATEVER", "1", 1);
    cr_assert(daemon_start(&own, arguments));
    cr_expect_eq(api_count_lines(&own, " warning unknown_variable", ""), 2);
    cr_expect_eq(api_count_lines(&own, "unknown_variable variable=COFFER_DELETION_LGA",
                                 " nearest=COFFER_DELETION_LAG"),
                 1);
    cr_expect_eq(api_count_lines(&own, "unknown_variable variable=COFFER_WHATEVER\n", ""), 1);
    cr_expect_eq(
        api_count_lines(&own, " info injected_variable_ignored variable=COFFER_PORT\n", ""), 1);
    cr_expect_eq(api_count_lines(&own, " debug injected_variable_ignored", ""), 4);
}

static void call_many(struct client *client, const char *const *targets, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        API_REPLY(reply, client_call(client, "GET", targets[i], NULL));
        cr_expect_eq(reply.status, 400, "%s: %ld %s", targets[i], reply.status, reply.body);
    }
}

Test(surroundings, of_clients_that_want_secrets_are_told_once_for_each_kind_that_it_has_keys_only)
{
    static const char *const targets[] = {
        "/secrets/a", "/SECRETS/b/c", "/secrets", "/certificates/a", "/certificates/b/c", "/else",
    };

    cr_assert(daemon_start(&own, NULL));
    API_CLIENT_OF(&own, dev);
    call_many(&dev, targets, KV_COUNT(targets));
    call_many(&dev, targets, KV_COUNT(targets));
    cr_expect_eq(api_count_lines(&own, " keys_only ", ""), 2);
    cr_expect_eq(api_count_lines(&own, " keys_only asked_for=secrets vault=dev ", "serves keys"),
                 1);
    cr_expect_eq(
        api_count_lines(&own, " keys_only asked_for=certificates vault=dev ", "serves keys"), 1);
}

Test(surroundings, of_a_request_are_logged_with_the_vault_it_asks)
{
    static const char *const arguments[] = { "--vault", "dev", "--vault", "pool,kind=hsm", NULL };
    const struct request stray = { .method = "GET",
                                   .target = "/keys?api-version=7.4",
                                   .host = "nobody.vault.localhost" };

    cr_assert(daemon_start(&own, arguments));
    API_CLIENT_OF(&own, dev);
    API_HSM_OF(&own, pool);
    API_REPLY(list, client_call(&dev, "GET", "/keys", NULL));
    API_REPLY(missing, client_call(&dev, "GET", "/keys/missing", NULL));
    API_REPLY(of_pool, client_call(&pool, "GET", "/keys", NULL));
    API_REPLY(of_nobody, client_send(&dev, &stray));
    cr_expect_eq(list.status + missing.status + of_pool.status, 200 + 404 + 200);
    cr_expect_eq(api_count_lines(&own, " vault=dev method=GET path=\"/keys?", " status=200 "), 1);
    cr_expect_eq(
        api_count_lines(&own, " vault=dev method=GET path=\"/keys/missing?", " status=404 "), 1);
    cr_expect_eq(api_count_lines(&own, " vault=pool method=GET path=\"/keys?", " status=200 "), 1);
    cr_expect_eq(api_count_lines(&own, "nobody", " vault="), 0, "it asks none");
    cr_expect_eq(api_count_lines(&own, "path=\"/msi/token", " vault="), 0,
                 "nor does the control port");
}

Test(surroundings, of_a_request_are_logged_without_credentials)
{
    static const char *const targets[] = {
        "/keys?api-version=7.4&access_token=HUSH",
        "/keys?api-version=7.4&Client_Secret=HUSH",
        "/keys/%zz?api-version=7.4&%74oken=HUSH",
    };

    cr_assert(daemon_start(&own, NULL));
    API_CLIENT_OF(&own, dev);
    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        API_REPLY(reply,
                  client_send(&dev, &(struct request){ .method = "GET", .target = targets[i] }));
        cr_expect_eq(reply.status, i < 2 ? 200 : 400, "%s: %s", targets[i], reply.body);
    }
    cr_expect_eq(api_count_lines(&own, "&access_token=*", " status=200 "), 1);
    cr_expect_eq(api_count_lines(&own, "&Client_Secret=*", " status=200 "), 1);
    cr_expect_eq(api_count_lines(&own, "&%74oken=*", " status=400 "), 1);
    cr_expect_eq(api_count_lines(&own, "HUSH", ""), 0);
}

Test(surroundings, without_room_for_a_temporary_folder_are_named)
{
    static const char *const arguments[] = { "serve",          "--ephemeral", "--port", "0",
                                             "--control-port", "0",           NULL };
    char output[4096];

    setenv("TMPDIR", "/nowhere/to/be/found", 1);
    cr_expect_eq(program_run(arguments, output, sizeof(output)), 1, "%s", output);
    cr_expect_not_null(strstr(output, "folder in /nowhere/to/be/found: No such file"), "%s",
                       output);
}

static void expect_refused_folder(const char *const *arguments, const char *text)
{
    char output[4096];

    cr_expect_eq(program_run(arguments, output, sizeof(output)), 2, "%s", output);
    cr_expect_not_null(strstr(output, text), "%s: %s", text, output);
    cr_expect_not(kv_file_exists("a") || kv_file_exists("a#b") || kv_file_exists("a=b"));
}

/* The program stays the one of the build folder. */
static void go_to(const char *folder)
{
    char program[PATH_MAX];

    cr_assert_not_null(realpath("./coffer", program));
    setenv("TEST_PROGRAM", program, 0);
    cr_assert_eq(chdir(folder), 0);
}

/* They would put the keys elsewhere, where --ephemeral does not remove them. */
Test(surroundings, that_softhsm_cannot_name_are_refused_before_anything_is_made)
{
    static const struct {
        const char *path, *text;
    } rows[] = {
        { "a#b", ": SoftHSM cannot keep its tokens below a folder with '#' in its path" },
        { "a=b", ": SoftHSM cannot keep its tokens below a folder with '=' in its path" },
        { "a\nb", ": SoftHSM cannot keep its tokens below a folder with a line break in its path" },
    };
    const char *const ephemeral[] = { "serve",          "--ephemeral", "--port", "0",
                                      "--control-port", "0",           NULL };

    API_SKIP_WITH_NSS("the token is not the program's own");
    go_to(own.folder);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *const lasting[] = { "serve", "--data",         rows[i].path, "--port",
                                        "0",     "--control-port", "0",          NULL };
        char base[sizeof(own.folder) + 8];
        char text[256];

        snprintf(base, sizeof(base), "%s/%s", own.folder, rows[i].path);
        setenv("TMPDIR", base, 1);
        snprintf(text, sizeof(text), "TMPDIR%s", rows[i].text);
        expect_refused_folder(ephemeral, text);
        expect_refused_folder(lasting,
                              strchr(rows[i].path, '\n') != NULL ? "--data: " : rows[i].text);
    }
}

static void put_behind_link(void)
{
    cr_assert_eq(mkdir("real#1", 0700), 0);
    cr_assert_eq(symlink("real#1", "link"), 0);
}

Test(surroundings, that_softhsm_cannot_name_are_refused_behind_a_link)
{
    static const char *const arguments[] = { "serve", "--data",         "link", "--port",
                                             "0",     "--control-port", "0",    NULL };

    API_SKIP_WITH_NSS("the token is not the program's own");
    go_to(own.folder);
    put_behind_link();
    expect_refused_folder(arguments, "--data: SoftHSM cannot");
    cr_expect(rmdir("real#1") == 0, "nothing was made in it");
}

/* Runs a program of the machine; false where there is none. */
static bool run_tool(const char *command, char *output, size_t size)
{
    FILE *pipe = popen(command, "r");

    cr_assert_not_null(pipe);
    output[fread(output, 1, size - 1, pipe)] = '\0';
    int status = pclose(pipe);
    return !WIFEXITED(status) || WEXITSTATUS(status) != 127;
}

static void save_trust_store(char path[KV_PATH_MAX])
{
    const struct request request = { .method = "GET", .target = "/ca.p12", .control = true };
    API_CLIENT_OF(&own, dev);
    API_REPLY(reply, client_send(&dev, &request));

    cr_assert_eq(reply.status, 200, "%ld %s", reply.status, reply.body);
    cr_expect_str_eq(reply_header(&reply, "Content-Type"), "application/x-pkcs12");
    cr_assert_eq(kv_path_join(path, own.folder, "ca.p12", NULL), KV_OK);
    cr_assert_eq(kv_file_write(path, reply.body, reply.len, 0600, NULL), KV_OK);
}

Test(surroundings, of_java_get_a_trust_store_that_openssl_reads)
{
    char path[KV_PATH_MAX];
    char command[KV_PATH_MAX + 128];
    char output[16384];

    cr_assert(daemon_start(&own, NULL));
    save_trust_store(path);
    snprintf(command, sizeof(command), "openssl pkcs12 -in %s -passin pass:changeit 2>&1", path);
    if (!run_tool(command, output, sizeof(output))) {
        cr_skip_test("there is no openssl");
    }
    cr_expect_not_null(strstr(output, "friendlyName: coffer"), "%s", output);
    cr_expect_not_null(strstr(output, "2.16.840.1.113894.746875.1.1"), "%s", output);
    cr_expect_not_null(strstr(output, "BEGIN CERTIFICATE"), "%s", output);
    cr_expect_null(strstr(output, "PRIVATE KEY"), "%s", output);
}

Test(surroundings, of_java_get_a_trust_store_with_one_trusted_certificate)
{
    char path[KV_PATH_MAX];
    char command[KV_PATH_MAX + 128];
    char output[16384];

    cr_assert(daemon_start(&own, NULL));
    save_trust_store(path);
    snprintf(command, sizeof(command), "keytool -list -keystore %s -storepass changeit 2>&1", path);
    if (!run_tool(command, output, sizeof(output))) {
        cr_skip_test("there is no Java");
    }
    cr_expect_not_null(strstr(output, "contains 1 entry"), "%s", output);
    cr_expect_not_null(strstr(output, "trustedCertEntry"), "%s", output);
}
