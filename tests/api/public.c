/* SPDX-License-Identifier: Apache-2.0 */
/* Behind a proxy or a mapped port: what --public-url changes in answers, and which names it adds. */
#include "vault_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(public, .timeout = 120);

static struct daemon own;

static void start_with(const char *const *arguments)
{
    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
}

static void start(const char *url)
{
    const char *const arguments[] = { "--vault",       "dev",          "--vault", "std", "--vault",
                                      "pool,kind=hsm", "--public-url", url,       NULL };

    start_with(arguments);
}

static void stop(void)
{
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

static struct reply ask_host(struct client *client, const char *host, const char *target,
                             bool anonymous)
{
    return client_send(
        client, &(struct request){
                    .method = "GET", .target = target, .host = host, .without_token = anonymous });
}

Test(public, url_has_to_tell_vaults_apart)
{
    static const char *const arguments[] = {
        "serve",        "--ephemeral",          "--vault", "one", "--vault", "two",
        "--public-url", "https://kv.example:1", NULL
    };
    char output[4096];

    cr_expect_eq(program_run(arguments, output, sizeof(output)), 2, "%s", output);
    cr_expect_not_null(strstr(output, "has to be https://*.kv.example:1"), "%s", output);
}

Test(public, url_is_in_ids_links_and_challenges_whatever_name_arrives)
{
    static const char *const hosts[] = { "dev.vault.localhost", "dev.vault.azure.net",
                                         "dev.kv.example" };
    char version[33];

    start("https://*.kv.example:9443");
    {
        API_CLIENT_OF(&own, dev);
        api_create_key(&dev, "named", "", version);
        for (size_t i = 0; i < KV_COUNT(hosts); i++) {
            API_REPLY(key, ask_host(&dev, hosts[i], "/keys/named?api-version=7.6", false));
            cr_expect_eq(key.status, 200, "%s: %s", hosts[i], key.body);
            cr_expect_eq(
                strncmp(reply_text(&key, "key.kid"), "https://dev.kv.example:9443/keys/named/", 39),
                0, "%s", key.body);
            API_REPLY(challenge, ask_host(&dev, hosts[i], "/keys?api-version=7.6", true));
            cr_expect_eq(challenge.status, 401);
            cr_expect_not_null(strstr(reply_header(&challenge, "WWW-Authenticate"),
                                      "resource=\"https://kv.example:9443\""));
        }
    }
    stop();
}

Test(public, url_names_vaults_of_either_kind)
{
    static const struct {
        const char *host;
        int status;
    } rows[] = {
        { "none.kv.example", 404 },
        { "std.kv.example", 401 },
        { "POOL.kv.example", 401 },
        { "dev.vault.azure.net", 401 },
    };

    start("https://*.kv.example");
    {
        API_CLIENT_OF(&own, dev);
        for (size_t i = 0; i < KV_COUNT(rows); i++) {
            API_REPLY(reply, ask_host(&dev, rows[i].host, "/keys?api-version=7.6", true));
            cr_expect_eq(reply.status, rows[i].status, "%s: %ld", rows[i].host, reply.status);
        }
    }
    stop();
}

static void expect_challenge(struct client *client, const char *host, const char *resource)
{
    API_REPLY(challenge, ask_host(client, host, "/keys?api-version=7.6", true));
    cr_expect_eq(challenge.status, 401, "%s: %ld", host, challenge.status);
    if (challenge.status == 401) {
        cr_expect_not_null(strstr(reply_header(&challenge, "WWW-Authenticate"), resource), "%s: %s",
                           host, reply_header(&challenge, "WWW-Authenticate"));
    }
}

static void expect_host(struct client *client, const char *host, long status)
{
    API_REPLY(reply, ask_host(client, host, "/keys?api-version=7.6", true));
    cr_expect_eq(reply.status, status, "%s: %ld", host, reply.status);
}

/* The certificate was made before the vault, and covers its public name all the same. */
static void expect_certified(const char *host)
{
    char command[512], output[16384];

    snprintf(command, sizeof(command),
             "openssl s_client -connect 127.0.0.1:%u -servername %s -CAfile %s/ca.pem "
             "-verify_hostname %s -verify_return_error </dev/null 2>&1",
             own.port, host, own.folder, host);
    FILE *pipe = popen(command, "r");
    cr_assert_not_null(pipe);
    output[fread(output, 1, sizeof(output) - 1, pipe)] = '\0';
    cr_expect_eq(pclose(pipe), 0, "%s", output);
}

Test(public, url_names_vaults_that_are_made_and_deleted_later)
{
    char version[33];

    start("https://*.kv.example:9443");
    {
        API_CLIENT_OF(&own, dev);
        expect_host(&dev, "later.kv.example", 404);
        API_REPLY(made, ask(&own, "PUT", "later", NULL));
        cr_expect_eq(made.status, 201, "%s", made.body);
        cr_expect_str_eq(reply_text(&made, "url"), "https://later.kv.example:9443");
        expect_challenge(&dev, "later.kv.example.", "resource=\"https://kv.example:9443\"");
        expect_challenge(&dev, "later.vault.localhost", "resource=\"https://kv.example:9443\"");
        expect_certified("later.kv.example");
        API_CLIENT_OF(&own, later);
        api_create_key(&later, "named", "", version);
        API_REPLY(key, ask_host(&later, "LATER.kv.example", "/keys/named?api-version=7.6", false));
        cr_expect_eq(
            strncmp(reply_text(&key, "key.kid"), "https://later.kv.example:9443/keys/named/", 41),
            0, "%s", key.body);
        expect(&own, "DELETE", "later", NULL, 200);
        expect_host(&dev, "later.kv.example", 404);
        expect(&own, "POST", "later/recover", NULL, 200);
        expect_host(&dev, "later.kv.example", 401);
    }
    stop();
}

/* One name cannot tell vaults apart: those that are made later keep names of their own. */
Test(public, url_of_one_vault_is_not_given_to_another)
{
    static const char *const arguments[] = { "--vault", "dev", "--public-url",
                                             "https://kv.corp.example:9443", NULL };
    char local[64], version[33];

    start_with(arguments);
    {
        API_CLIENT_OF(&own, dev);
        API_REPLY(made, ask(&own, "PUT", "other", NULL));
        (void) snprintf(local, sizeof(local), "https://other.vault.localhost:%u", own.port);
        cr_expect_str_eq(reply_text(&made, "url"), local);
        API_CLIENT_OF(&own, other);
        api_create_key(&other, "named", "", version);
        API_REPLY(key, client_call(&other, "GET", "/keys/named", NULL));
        cr_expect_eq(strncmp(reply_text(&key, "key.kid"), local, strlen(local)), 0, "%s", key.body);
        (void) snprintf(local, sizeof(local), "resource=\"https://vault.localhost:%u\"", own.port);
        expect_challenge(&dev, "other.vault.localhost", local);
        expect_challenge(&dev, "dev.vault.localhost", "resource=\"https://corp.example:9443\"");
        expect_challenge(&dev, "kv.corp.example", "resource=\"https://corp.example:9443\"");
    }
    stop();
}

Test(public, url_is_what_env_and_info_print_and_the_certificate_has)
{
    const char *const env[] = { "env", "--data", own.folder, "--vault", "std", NULL };
    const struct request request = { .method = "GET",
                                     .target = "/control/v1/info",
                                     .control = true };
    char output[16384];

    start("https://*.kv.example:9443");
    {
        API_CLIENT_OF(&own, dev);
        API_REPLY(info, client_send(&dev, &request));
        cr_expect_str_eq(reply_text(&info, "vaults.2.url"), "https://pool.kv.example:9443");
        cr_expect_eq(program_run(env, output, sizeof(output)), 0);
        cr_expect_not_null(strstr(output, "AZURE_KEYVAULT_URL='https://std.kv.example:9443'"), "%s",
                           output);
        expect_certified("std.kv.example");
    }
    stop();
}
