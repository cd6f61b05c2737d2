/* SPDX-License-Identifier: Apache-2.0 */
/* The explainer of a certain token says what the vault says to whoever sends it. */
#include "token_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/files.h"

TestSuite(token_why, .timeout = 120);

#define VAULT "https://vault.azure.net"

static struct reply post_why(struct client *client, const char *vault, const char *body)
{
    char target[96];

    snprintf(target, sizeof(target), "/control/v1/vaults/%s/why", vault);
    return client_send(client, &(const struct request){
                                   .method = "POST",
                                   .target = target,
                                   .body = body,
                                   .content_type = "application/json",
                                   .control = true,
                               });
}

static struct reply ask_of_token(struct client *client, const char *vault, const char *token)
{
    char body[8192];

    snprintf(body, sizeof(body),
             "{\"operation\":\"get\",\"key\":\"nothing-here\",\"token\":\"%s\"}", token);
    return post_why(client, vault, body);
}

static char *sign(const char *issuer, const char *audience, long ago, long span)
{
    char payload[2048];

    token_write(issuer, audience, ago, span, "", payload);
    return token_sign(api_daemon(), payload);
}

/* "token" is the second of the steps, the vault's own answer what it says. */
static void expect_refused(const char *vault, bool is_hsm, char *token, const char *because)
{
    API_CLIENT(dev);
    token_give(&dev, token);
    API_REPLY(why, ask_of_token(&dev, vault, token));
    API_REPLY(answer, client_call_vault(&dev, vault, is_hsm, "GET", "/keys/nothing-here", NULL));
    const char *said = reply_text(&why, "steps.1.answer.message");

    cr_expect_eq(why.status, 200, "%s", why.body);
    cr_expect_str_eq(reply_text(&why, "decided_by"), "token", "%s", why.body);
    cr_expect_eq(answer.status, 401, "%s", answer.body);
    cr_expect_eq(strncmp(reply_text(&answer, "error.message"), said, strlen(said)), 0, "%s: %s",
                 answer.body, why.body);
    cr_expect_neq(*said, '\0', "%s", why.body);
    cr_expect_str_eq(reply_text(&why, "steps.1.because"), because);
}

Test(token_why, refuses_what_it_does_not_understand)
{
    static const struct {
        const char *body, *said;
    } rows[] = {
        { "{\"operation\":\"get\",\"token\":\"x\",\"identity\":\"a\"}",
          "A token says whose it is" },
        { "{\"operation\":\"get\",\"token\":\"x\",\"principal\":\"a\"}",
          "A token says whose it is" },
        { "{\"operation\":\"get\",\"token\":1}", "token" },
        { "{\"operation\":\"get\",\"tokens\":\"x\"}", "tokens" },
        { "{\"operation\":\"get\",\"token\":\"x\",\"token\":\"x\"}", "twice" },
        { "{\"token\":\"x\"}", "'' is not an operation" },
        { "[]", "not a JSON object" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, post_why(&dev, "dev", rows[i].body));
        cr_expect_eq(reply.status, 400, "row %zu: %s", i, reply.body);
        cr_expect_not_null(strstr(reply.body, rows[i].said), "row %zu: %s", i, reply.body);
    }
    API_REPLY(query,
              client_send(&dev, &(const struct request){
                                    .method = "GET",
                                    .target = "/control/v1/vaults/dev/why?operation=get&token=x",
                                    .control = true }));
    cr_expect_eq(query.status, 400, "a query is written to logs: %s", query.body);
}

Test(token_why, tells_what_is_wrong_with_it)
{
    static char other[] = "https://sts.windows.net/11111111-2222-3333-4444-555555555555/";

    for (int hsm = 0; hsm < 2; hsm++) {
        const char *vault = hsm ? "pool" : "dev";
        const char *resource = hsm ? "https://managedhsm.azure.net" : VAULT;

        expect_refused(vault, hsm, sign(ISSUER, "https://management.azure.com", 0, 3600),
                       "the token is for another audience");
        expect_refused(vault, hsm, sign(other, resource, 0, 3600),
                       "the token is of another tenant, or of an issuer that is not trusted");
        expect_refused(vault, hsm, sign(ISSUER, resource, 7200, 3600), "the token has expired");
        expect_refused(vault, hsm, sign(ISSUER, resource, -3600, 7200),
                       "the token is not valid yet");
        expect_refused(vault, hsm, strdup("eyJhbGciOiJSUzI1NiIsImtpZCI6Im5vYm9keSJ9.e30.AAAA"),
                       "the token is signed by a key that nobody knows who is trusted");
        expect_refused(vault, hsm, strdup("a.b.c"),
                       "the token is malformed, or not signed by the key that it names");
    }
}

/* Nobody can say what an unknown caller was granted. */
Test(token_why, looks_for_no_grants_of_nobody)
{
    API_CLIENT(dev);
    API_REPLY(made, client_ask_vaults(&dev, "PUT", "/why-nobody", "{\"access\":\"rbac\"}"));
    API_REPLY(why, ask_of_token(&dev, "why-nobody", "x"));

    cr_expect_eq(made.status / 100, 2, "%s", made.body);
    cr_expect_str_eq(reply_text(&why, "decided_by"), "token");
    cr_expect_str_eq(reply_text(&why, "steps.3.step"), "authorization", "%s", why.body);
    cr_expect_str_eq(reply_text(&why, "steps.3.verdict"), "skip", "%s", why.body);
}

/* Who is asked about is the one whom the token names, whatever coffer knows of him. */
Test(token_why, goes_by_whom_it_names)
{
    API_CLIENT(dev);
    char *token = sign(ISSUER, VAULT, 0, 3600);
    API_REPLY(made, client_ask_vaults(&dev, "PUT", "/why-named", "{\"access\":\"rbac\"}"));
    API_REPLY(before, ask_of_token(&dev, "why-named", token));
    API_REPLY(granted,
              client_ask_vaults(&dev, "POST", "/why-named/assignments",
                                "{\"principal\":\"" OBJECT "\",\"role\":\"Key Vault Reader\"}"));
    API_REPLY(after, ask_of_token(&dev, "why-named", token));

    cr_expect_eq(made.status / 100, 2, "%s", made.body);
    cr_expect_str_eq(reply_text(&before, "decided_by"), "authorization", "%s", before.body);
    cr_expect_str_eq(reply_text(&before, "steps.1.verdict"), "pass", "%s", before.body);
    cr_expect_not_null(strstr(reply_text(&before, "steps.3.change"), "--principal " OBJECT), "%s",
                       before.body);
    cr_expect_eq(granted.status, 201, "%s", granted.body);
    cr_expect_str_eq(reply_text(&after, "steps.3.verdict"), "pass", "%s", after.body);
    free(token);
}

static void expect_shell(const char *content, int status, const char *said)
{
    char path[400], output[8192];
    const char *const words[] = { "why",         "--data", api_daemon()->folder, "--vault", "dev",
                                  "--operation", "list",   "--token-file",       path,      NULL };

    snprintf(path, sizeof(path), "%s/token.txt", api_daemon()->folder);
    cr_assert_eq(kv_file_write(path, content, strlen(content), 0600, NULL), KV_OK);
    cr_expect_eq(program_run(words, output, sizeof(output)), status, "%s", output);
    cr_expect_not_null(strstr(output, said), "%s: %s", said, output);
    remove(path);
}

Test(token_why, is_asked_of_a_file_by_the_shell)
{
    char *token = sign(ISSUER, VAULT, 0, 3600);
    char line[4096];

    snprintf(line, sizeof(line), "%s\r\n", token);
    expect_shell(line, 0, "allowed\n");
    expect_shell(token, 0, "the vault accepts the token until it expires");
    expect_shell("nonsense", 0, "refused: 401 Unauthorized, by the step token");
    expect_shell("", 2, "does not begin with a token");
    expect_shell("\nx", 2, "does not begin with a token");
    free(token);
}
