/* SPDX-License-Identifier: Apache-2.0 */
/* Firewalls by what the options say: --firewall, --firewall-delay, --trusted-proxy, --auth; and the
 * commands. */
#include "access_tools.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

TestSuite(firewall_daemon, .timeout = 120);

static void reset(struct client *client, const char *body)
{
    const struct request request = {
        .method = "POST",
        .target = "/control/v1/reset",
        .body = body,
        .control = true,
    };
    API_REPLY(reply, client_send(client, &request));
    cr_assert_eq(reply.status, 204, "%s", reply.body);
}

/* It could not be known what was meant. */
Test(firewall_daemon, does_not_begin_with_settings_that_cannot_be)
{
    static const struct {
        const char *option, *value, *said;
    } rows[] = {
        { "--firewall", "other,default-action=deny",
          "--firewall: other,default-action=deny: There is no vault named 'other'." },
        { "--firewall", "dev,default-action=block", "defaultAction is Allow or Deny" },
        { "--firewall", "dev,default-action", "it is VAULT, then some of default-action=" },
        { "--firewall", "dev,", "it is VAULT, then some of" },
        { "--firewall", "dev,deny=10.0.0.0/8", "it is VAULT, then some of" },
        { "--firewall", "dev,bypass=none,bypass=none", "once each" },
        { "--firewall", "dev,allow=10.0.0.0/8,allow=::1", "once each" },
        { "--firewall", "dev,allow=", "'' is neither an IP address nor a range" },
        { "--firewall", "dev,allow=10.0.0.0/8+", "'' is neither an IP address nor a range" },
        { "--firewall", "dev,private=10.0.0.1/8", "has bits behind its prefix" },
        { "--firewall",
          "dev,allow=1111111111111111111111111111111111111111111111111111111111111111111111",
          "'(too long)' is neither" },
        { "--trusted-proxy", "10.0.0.1/8", "--trusted-proxy: '10.0.0.1/8' has bits behind" },
        { "--trusted-proxy", "localhost", "'localhost' is neither an IP address" },
        { "--firewall-delay", "2h", "--firewall-delay" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *const words[] = { "serve", "--ephemeral",  "--port",      "0", "--control-port",
                                      "0",     rows[i].option, rows[i].value, NULL };
        char output[4096];

        cr_expect_neq(program_run(words, output, sizeof(output)), 0);
        cr_expect_not_null(strstr(output, rows[i].said), "%s: %s", rows[i].value, output);
    }
}

Test(firewall_daemon, begins_with_what_the_options_say_and_so_does_a_reset)
{
    static const char *const arguments[] = {
        "--vault",
        "dev",
        "--vault",
        "open",
        "--firewall",
        "DEV,default-action=deny,bypass=NONE,allow=203.0.113.0/24+::1",
        "--firewall-delay",
        "1h",
        NULL
    };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    for (unsigned i = 0; i < 4; i++) {
        API_CLIENT_OF(&daemon, dev);

        cr_expect_eq(access_get(&dev, "dev", false, "k"), 403, "at once, round %u", i);
        cr_expect_eq(access_get(&dev, "open", false, "k"), 404);
        API_REPLY(shown, access_ask(&daemon, "GET", "/dev/network", NULL));
        cr_expect_str_eq(reply_text(&shown, "bypass"), "None");
        cr_expect_str_eq(reply_text(&shown, "ipRules.1.value"), "::1/128");
        access_do(&daemon, "PUT", "/dev/network", "{}", 200);
        if (i == 0) {
            reset(&dev, "{}");
        } else if (i == 1) {
            reset(&dev, "{\"vault\":\"dev\"}");
        } else if (i == 2) {
            cr_assert(daemon_stop(&daemon) && daemon_start(&daemon, arguments));
        }
    }
    api_end(&daemon);
}

struct knocker {
    const struct daemon *daemon;
    atomic_bool *done;
    unsigned asked, let_in;
};

/* One that was under way when its vault was emptied may be told that the vault is gone. */
static bool is_let_in(struct client *client)
{
    API_REPLY(reply, client_call(client, "GET", "/keys/k", NULL));

    return reply.status != 403 && strstr(reply.body, "VaultNotFound") == NULL;
}

static void *knock(void *context)
{
    struct knocker *knocker = context;
    struct client client;

    client_open(&client, knocker->daemon, "dev");
    while (!atomic_load(knocker->done)) {
        knocker->let_in += is_let_in(&client);
        knocker->asked++;
    }
    client_close(&client);
    return NULL;
}

/* Not for the moment between emptying the vault and closing its firewall again either; nor while the
 * clock goes back to where a delay of the virtual time before has not passed. */
Test(firewall_daemon, lets_nobody_in_during_a_reset)
{
    static const char *const arguments[] = {
        "--vault",          "dev", "--vault", "open", "--firewall", "dev,default-action=deny",
        "--firewall-delay", "1h",  NULL,
    };
    atomic_bool done = false;
    struct knocker knockers[4];
    pthread_t threads[4];
    struct daemon daemon;

    api_begin(&daemon, arguments);
    API_CLIENT_OF(&daemon, open);
    for (size_t i = 0; i < KV_COUNT(knockers); i++) {
        knockers[i] = (struct knocker){ .daemon = &daemon, .done = &done };
        cr_assert_eq(pthread_create(&threads[i], NULL, knock, &knockers[i]), 0);
    }
    for (unsigned i = 0; i < 40; i++) {
        if (i % 4 == 0) {
            api_advance(&daemon, 600);
        }
        reset(&open, i % 2 == 0 ? "{}" : "{\"vault\":\"dev\"}");
    }
    atomic_store(&done, true);
    for (size_t i = 0; i < KV_COUNT(knockers); i++) {
        pthread_join(threads[i], NULL);
        cr_expect_eq(knockers[i].let_in, 0, "of %u", knockers[i].asked);
        cr_expect_gt(knockers[i].asked, 0);
    }
    api_end(&daemon);
}

Test(firewall_daemon, changes_after_the_delay)
{
    static const char *const arguments[] = { "--firewall-delay", "10m", NULL };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);

        access_do(&daemon, "PUT", "/dev/network", "{\"defaultAction\":\"Deny\"}", 200);
        API_REPLY(pending, access_ask(&daemon, "GET", "/dev/network", NULL));
        cr_expect_str_eq(reply_text(&pending, "defaultAction"), "Deny");
        cr_expect_neq(*reply_text(&pending, "since"), '\0', "%s", pending.body);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404);
        api_advance(&daemon, 599 - 60);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404);
        api_advance(&daemon, 61);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 403);
        access_do(&daemon, "PATCH", "/dev/network", "{\"defaultAction\":\"Allow\"}", 200);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 403);
        api_advance(&daemon, 601);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404);
    }
    api_end(&daemon);
}

/* The clock tells what it passes on the way. */
Test(firewall_daemon, tells_of_a_change_on_the_way_through_time)
{
    static const char *const arguments[] = { "--firewall-delay", "10m", NULL };
    const struct request advance = {
        .method = "POST",
        .target = "/control/v1/clock",
        .body = "{\"advance\":3600}",
        .control = true,
    };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);

        access_do(&daemon, "PUT", "/dev/network", "{\"defaultAction\":\"Deny\"}", 200);
        API_REPLY(travel, client_send(&dev, &advance));
        cr_expect_not_null(strstr(travel.body, "\"firewall change\""), "%s", travel.body);
        cr_expect_not_null(strstr(travel.body, "\"vault\":\"dev\""), "%s", travel.body);
    }
    api_end(&daemon);
}

/* Nobody said who calls: the address decides all the same. */
Test(firewall_daemon, names_nobody_without_authentication)
{
    static const char *const arguments[] = { "--auth", "off", "--firewall",
                                             "dev,default-action=deny", NULL };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);
        API_REPLY(reply, client_call(&dev, "GET", "/keys", NULL));

        cr_expect_eq(reply.status, 403);
        cr_expect_str_eq(reply_text(&reply, "error.message"),
                         "Client address is not authorized and caller is not a trusted service."
                         "\r\nClient address: 127.0.0.1\r\nCaller: appid=;oid=;iss=\r\n"
                         "Vault: dev;location=eastus");
    }
    api_end(&daemon);
}

Test(firewall_daemon, believes_no_header_of_a_client_that_is_no_proxy)
{
    static const char *const arguments[] = { "--trusted-proxy", "127.0.0.2", NULL };
    const struct request request = {
        .method = "GET",
        .target = "/keys?api-version=7.6",
        .headers = { "X-Forwarded-For: 192.0.2.1" },
    };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);
        API_REPLY(reply, client_send(&dev, &request));

        cr_expect_str_eq(reply_header(&reply, "x-ms-keyvault-network-info"),
                         "conn_type=Ipv4;addr=127.0.0.1;act_addr_fam=InterNetwork;");
    }
    api_end(&daemon);
}

/* Runs coffer firewall WORDS --data FOLDER, separated by blanks. */
static int firewall(const struct daemon *daemon, const char *words, char *ret_output, size_t size)
{
    const char *arguments[16] = { "firewall" };
    size_t count = 1;
    char copy[256], *rest = copy;

    (void) snprintf(copy, sizeof(copy), "%s", words);
    for (char *word; (word = strsep(&rest, " ")) != NULL;) {
        arguments[count++] = word;
    }
    arguments[count++] = "--data";
    arguments[count++] = daemon->folder;
    return program_run(arguments, ret_output, size);
}

Test(firewall_daemon, is_set_and_shown_from_a_shell)
{
    static const struct {
        const char *words;
        int status;
        const char *said;
    } rows[] = {
        { "set", 2, "--default-action, --bypass or --public-access says what is set" },
        { "set --default-action block", 1, "defaultAction is Allow or Deny" },
        { "set --vault none-such --bypass none", 1, "There is no vault named 'none-such'." },
        { "allow", 2, "CIDR is missing" },
        { "allow 10.0.0.1/8", 1, "has bits behind its prefix" },
        { "allow 10.0.0.0/8+", 1, "'' is neither" },
        { "remove 10.0.0.0/8", 1, "10.0.0.0/8 is not among the ipRules of the vault." },
        { "show", 0, "default-action=Allow\nbypass=AzureServices\npublic-access=Enabled\n" },
        { "set --vault dev --default-action deny --bypass none", 0,
          "default-action=Deny\nbypass=None\npublic-access=Enabled\n" },
        { "allow 10.0.0.0/8+::1", 0, "public-access=Enabled\nallow=10.0.0.0/8\nallow=::1/128\n" },
        { "allow --private 10.1.0.0/16", 0, "allow=::1/128\nprivate=10.1.0.0/16\n" },
        { "remove ::1", 0, "allow=10.0.0.0/8\nprivate=10.1.0.0/16\n" },
        { "remove --private 10.1.0.0/16", 0, "allow=10.0.0.0/8\n" },
        { "set --public-access disabled", 0, "public-access=Disabled\nallow=10.0.0.0/8\n" },
        { "show --vault dev", 0,
          "default-action=Deny\nbypass=None\npublic-access=Disabled\nallow=10.0.0.0/8\n" },
    };
    char output[4096];
    struct daemon daemon;

    api_begin(&daemon, NULL);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        int status = firewall(&daemon, rows[i].words, output, sizeof(output));

        cr_expect_eq(status, rows[i].status, "%s: %d %s", rows[i].words, status, output);
        cr_expect_not_null(strstr(output, rows[i].said), "%s: %s", rows[i].words, output);
    }
    api_end(&daemon);
}
