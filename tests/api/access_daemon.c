/* SPDX-License-Identifier: Apache-2.0 */
/* Access by what the options say: --access-delay, --grant, --auth, --service-build; and a reset. */
#include "access_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(access_daemon, .timeout = 120);

Test(access_daemon, makes_grants_and_their_end_count_after_the_delay)
{
    static const char *const arguments[] = { "--vault", "dev,access=rbac", "--access-delay", "10m",
                                             NULL };
    struct daemon daemon;
    const char *name;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);

        name = access_grant(&daemon, "dev", "Key Vault Reader", "");
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 403);
        api_advance(&daemon, 599 - 60);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 403);
        api_advance(&daemon, 61);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404);
        access_revoke(&daemon, "dev", name);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404);
        API_REPLY(pending, access_ask(&daemon, "GET", "/dev/access", NULL));
        cr_expect_neq(*reply_text(&pending, "assignments.0.until"), '\0', "%s", pending.body);
        api_advance(&daemon, 601);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 403);
        API_REPLY(after, access_ask(&daemon, "GET", "/dev/access", NULL));
        cr_expect_not_null(strstr(after.body, "\"assignments\":[]"), "%s", after.body);
    }
    api_end(&daemon);
}

/* What `why` proposes for a signature at that vault. */
static void expect_change(const struct daemon *daemon, const char *vault, const char *change)
{
    char path[64], member[128];

    (void) snprintf(path, sizeof(path), "/%s/why?operation=sign", vault);
    (void) snprintf(member, sizeof(member), "\"change\":\"%s", change);
    API_REPLY(why, access_ask(daemon, "GET", path, NULL));
    cr_expect_not_null(strstr(why.body, member), "%s: %s", member, why.body);
}

/* A grant under way is waited for only if it will do. */
Test(access_daemon, explains_which_pending_grant_is_worth_waiting_for)
{
    static const char *const arguments[] = {
        "--vault", "dev,access=rbac", "--vault", "two,access=rbac", "--access-delay", "10m", NULL
    };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    access_grant(&daemon, "dev", "Key Vault Reader", "");
    expect_change(&daemon, "dev", "coffer access grant --vault dev --role");
    access_grant(&daemon, "dev", "Key Vault Crypto User", "");
    expect_change(&daemon, "dev", "POST /control/v1/clock");
    access_grant(&daemon, "two", "Key Vault Administrator", ",\"deny\":true");
    expect_change(&daemon, "two", "coffer access grant --vault two --role");
    api_end(&daemon);
}

/* What `coffer access list` prints of the vault dev. */
static void list_access(const struct daemon *daemon, char *ret_output, size_t size)
{
    const char *const words[] = { "access", "list", "--data", daemon->folder, NULL };

    cr_assert_eq(program_run(words, ret_output, size), 0, "%s", ret_output);
}

/* The clock at what is due next; checks what that is. */
static void go_to_next(const struct daemon *daemon, const char *what)
{
    const struct request now = { .method = "GET", .target = "/control/v1/clock", .control = true };
    const struct request go = {
        .method = "POST",
        .target = "/control/v1/clock",
        .body = "{\"to\":\"next\"}",
        .control = true,
    };
    API_CLIENT_OF(daemon, dev);
    API_REPLY(before, client_send(&dev, &now));
    cr_expect_str_eq(reply_text(&before, "next.what"), what, "%s", before.body);
    API_REPLY(after, client_send(&dev, &go));
    cr_expect_eq(after.status, 200, "%s", after.body);
    cr_expect_str_eq(reply_text(&after, "ran.0.what"), what, "%s", after.body);
}

Test(access_daemon, shows_what_is_pending_and_when_it_counts)
{
    static const char *const arguments[] = { "--vault", "dev,access=rbac", "--access-delay", "10m",
                                             NULL };
    struct daemon daemon;
    char output[4096];

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);
        const char *name = access_grant(&daemon, "dev", "Key Vault Reader", "");

        list_access(&daemon, output, sizeof(output));
        cr_expect_not_null(strstr(output, name), "%s", output);
        cr_expect_not_null(strstr(output, "  pending: counts from 20"), "%s", output);
        go_to_next(&daemon, "access grant");
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404);
        list_access(&daemon, output, sizeof(output));
        cr_expect_null(strstr(output, "pending"), "%s", output);
        access_revoke(&daemon, "dev", name);
        list_access(&daemon, output, sizeof(output));
        cr_expect_not_null(strstr(output, "  withdrawn: counts until 20"), "%s", output);
        go_to_next(&daemon, "access withdrawal");
        list_access(&daemon, output, sizeof(output));
        cr_expect_str_eq(output, "access=rbac\n");
    }
    api_end(&daemon);
}

Test(access_daemon, warns_of_grants_that_change_nothing)
{
    static const char *const arguments[] = { "--vault", "dev",
                                             "--vault", "strict,access=rbac",
                                             "--grant", "dev,role=key-vault-reader",
                                             "--grant", "strict,role=key-vault-reader",
                                             NULL };
    static const char policy[] = "{\"permissions\":[\"get\"]}";
    struct daemon daemon;

    api_begin(&daemon, arguments);
    cr_expect_eq(api_count_lines(&daemon, "grant_without_effect", "vault=dev "), 1);
    cr_expect_eq(api_count_lines(&daemon, "grant_without_effect", "vault=strict "), 0);
    (void) access_grant(&daemon, "dev", "Key Vault Crypto User", "");
    cr_expect_eq(api_count_lines(&daemon, "grant_without_effect", "vault=dev "), 2);
    (void) access_grant(&daemon, "strict", "Key Vault Crypto User", "");
    cr_expect_eq(api_count_lines(&daemon, "grant_without_effect", "vault=strict "), 0);
    access_do(&daemon, "PUT", "/strict/policies/" TENANT, policy, 200);
    cr_expect_eq(api_count_lines(&daemon, "grant_without_effect", "vault=strict "), 1);
    api_end(&daemon);
}

Test(access_daemon, is_put_back_by_a_reset)
{
    static const char *const arguments[] = { "--vault", "dev,access=rbac", NULL };
    static const char order[] = "{}";
    const struct request reset = {
        .method = "POST",
        .target = "/control/v1/reset",
        .body = order,
        .control = true,
    };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);

        (void) access_grant(&daemon, "dev", "Key Vault Reader", ",\"scope\":\"/\"");
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404);
        API_REPLY(reply, client_send(&dev, &reset));
        cr_expect_eq(reply.status, 204);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 403);
    }
    api_end(&daemon);
}

/* contract §3.1, §9.3: ids had dashes, and the text two lines less. */
Test(access_daemon, looked_different_in_older_builds)
{
    static const char *const arguments[] = { "--vault", "dev,access=rbac", "--service-build",
                                             "2021", NULL };
    struct daemon daemon;
    const char *name;

    api_begin(&daemon, arguments);
    {
        API_CLIENT_OF(&daemon, dev);

        name = access_grant(&daemon, "dev", ENCRYPTION_USER, "");
        API_REPLY(list, client_call(&dev, "GET", "/keys", NULL));
        cr_expect_str_eq(reply_header(&list, "x-ms-keyvault-rbac-assignment-id"), name);
        API_REPLY(refused, client_call(&dev, "DELETE", "/keys/k", NULL));
        cr_expect_str_eq(reply_text(&refused, "error.innererror.code"), "ForbiddenByRbac");
        cr_expect_not_null(strstr(reply_text(&refused, "error.message"),
                                  "Assignment: (not found)\r\nVault: dev;location=eastus\r\n"));
    }
    api_end(&daemon);
}

Test(access_daemon, begins_with_what_the_options_grant)
{
    static const char *const arguments[] = {
        "--vault",
        "dev,access=rbac",
        "--vault",
        "pol,access=policy",
        "--vault",
        "pool,kind=hsm,access=rbac",
        "--grant",
        "DEV,role=key-vault-reader,key=k",
        "--grant",
        "pol,permissions=GET+wrapKey",
        "--grant",
        "pool,role=managed-hsm-crypto-user,scope=/keys,identity=somebody-else",
        "--access-delay",
        "1h",
        NULL
    };
    const struct request reset = {
        .method = "POST",
        .target = "/control/v1/reset",
        .body = "{\"vault\":\"dev\"}",
        .control = true,
    };
    struct daemon daemon;

    api_begin(&daemon, arguments);
    for (unsigned i = 0; i < 3; i++) {
        API_CLIENT_OF(&daemon, dev);
        API_HSM_OF(&daemon, pool);

        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404);
        cr_expect_eq(access_get(&dev, "dev", false, "l"), 403);
        cr_expect_eq(access_get(&dev, "pol", false, "k"), 404);
        cr_expect_eq(access_get(&pool, "pool", true, "k"), 403);
        if (i == 0) { /* what is there is not granted again */
            cr_assert(daemon_stop(&daemon) && daemon_start(&daemon, arguments));
        } else if (i == 1) {
            API_REPLY(reply, client_send(&dev, &reset));
            cr_expect_eq(reply.status, 204, "%s", reply.body);
        }
    }
    api_end(&daemon);
}

/* It could not be known that somebody meant another vault. */
Test(access_daemon, does_not_begin_with_a_grant_that_cannot_be)
{
    static const struct {
        const char *spec, *said;
    } rows[] = {
        { "other,role=owner", "--grant: other,role=owner: There is no vault named 'other'." },
        { "dev,role=cook", "--grant: dev,role=cook: There is no role 'cook'." },
        { "dev,permissions=fly", "'fly' is not a permission" },
        { "dev,role=owner,principal=me", "The principal must be a GUID" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *const words[] = { "serve", "--ephemeral", "--port",     "0", "--control-port",
                                      "0",     "--grant",     rows[i].spec, NULL };
        char output[4096];

        cr_expect_neq(program_run(words, output, sizeof(output)), 0);
        cr_expect_not_null(strstr(output, rows[i].said), "%s", output);
    }
}

Test(access_daemon, has_nobody_to_ask_about_without_authentication)
{
    static const char *const off[] = { "--vault", "dev,access=rbac", "--auth", "off", NULL };
    static const char *const any[] = { "--vault", "dev,access=rbac", "--auth", "any", NULL };
    struct daemon daemon;

    api_begin(&daemon, off);
    {
        API_CLIENT_OF(&daemon, dev);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404);
    }
    api_end(&daemon);
    api_begin(&daemon, any);
    {
        API_CLIENT_OF(&daemon, dev);
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 403);
        (void) access_grant(&daemon, "dev", "Key Vault Reader", "");
        cr_expect_eq(access_get(&dev, "dev", false, "k"), 404, "it is the system-assigned one");
    }
    api_end(&daemon);
}
