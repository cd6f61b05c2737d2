/* SPDX-License-Identifier: Apache-2.0 */
/* Registering identities by the control port, and what becomes of their tokens and rights. */
#include <stdio.h>
#include <string.h>

#include "access_tools.h"
#include "identity_tools.h"

TestSuite(identities, .timeout = 120);

#define GUID "aaaaaaaa-0000-4000-8000-000000000002"
#define USER_TYPE "{\"type\":\"user\"}"
#define GROUP_TYPE "{\"type\":\"group\"}"

static void act(const char *method, const char *behind, const char *body, long status)
{
    identity_do(api_daemon(), method, behind, body, status);
}

Test(identities, refuses_what_it_does_not_understand)
{
    static const struct {
        const char *method, *behind, *body;
        long status;
        const char *said;
    } rows[] = {
        { "GET", "/a%20b", NULL, 400, "There is no identity 'a b'." },
        { "PUT", "/a%2Cb", "{}", 400, "without blanks and commas" },
        { "PUT", "/r1", "[]", 400, "The body is not a JSON object." },
        { "PUT", "/r1", "{\"typ\":\"user\"}", 400,
          "'typ' is not a member of this body: it can have type, object_id, client_id, tenant, "
          "upn, trusted." },
        { "PUT", "/r1", "{\"type\":\"cook\"}", 400, "type is application, system-assigned" },
        { "PUT", "/r1", "{\"trusted\":1}", 400, "'trusted' has a value of the wrong type." },
        { "PUT", "/r1", "{\"object_id\":\"me\"}", 400,
          "The object id must be a GUID, which 'me' is not." },
        { "PUT", "/r1", "{\"client_id\":\"me\"}", 400, "The client id must be a GUID" },
        { "PUT", "/r1", "{\"tenant\":\"me\"}", 400, "The tenant must be a GUID" },
        { "PUT", "/r1", "{\"upn\":\"a@b\"}", 409, "Users alone have a upn." },
        { "PUT", "/r1", "{\"type\":\"user\",\"upn\":\"a b\"}", 400, "A upn has 1 to 127" },
        { "PUT", "/r1", "{\"type\":\"user\",\"client_id\":\"" GUID "\"}", 409,
          "A user has no client id." },
        { "PUT", "/r1", "{\"type\":\"group\",\"trusted\":true}", 409,
          "A group is no trusted service." },
        { "PUT", "/system-assigned", "{\"type\":\"application\"}", 409,
          "The default identity is a system-assigned one." },
        { "POST", "/r1/disable", "{\"a\":1}", 400, "'a' is not a member of this body" },
        { "POST", "/r1/enable", "{\"a\":1}", 400, "'a' is not a member of this body" },
        { "POST", "/r1/recreate", "{\"a\":1}", 400, "'a' is not a member of this body" },
        { "POST", "/r1/revoke", "{\"a\":1}", 400, "'a' is not a member of this body" },
        { "POST", "/r1/members", "{}", 400, "Give the member, a name." },
        { "POST", "/r1/members", "{\"member\":\"x\"}", 409, "'r1' is no group." },
        { "DELETE", "/r1/members/x", NULL, 409, "'r1' is no group." },
        { "POST", "/r1/secrets", "{\"lifetime\":-1}", 400, "lifetime is a number of seconds" },
        { "POST", "/r1/secrets", "{\"secret\":\"\"}", 400, "A secret has 1 to 512 bytes" },
        { "POST", "/r1/certificates", "{}", 400, "Give the certificate as pem." },
        { "POST", "/r1/certificates", "{\"pem\":\"x\"}", 400, "There is no certificate in PEM." },
        { "POST", "/r1/federated-credentials", "{\"issuer\":\"i\"}", 400,
          "A federated credential needs the subject" },
        { "DELETE", "/r1/secrets/x", NULL, 404, "has no such one among its secrets." },
        { "DELETE", "/r1/certificates/x", NULL, 404, "among its certificates." },
        { "DELETE", "/r1/federated-credentials/x", NULL, 404, "federated credentials." },
        { "GET", "/r1/token", NULL, 400, "?resource=" },
        { "GET", "/r1/token?resource=a%20b", NULL, 400, "the resource must be" },
        { "PATCH", "", "{}", 405, "only GET" },
        { "PUT", "/r1/disable", "{}", 405, "only POST" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, identity_ask(api_daemon(), rows[i].method, rows[i].behind, rows[i].body));
        cr_expect_eq(reply.status, rows[i].status, "row %zu: %ld %s", i, reply.status, reply.body);
        cr_expect_not_null(strstr(reply.body, rows[i].said), "row %zu: %s", i, reply.body);
    }
}

Test(identities, refuses_what_a_type_has_not)
{
    act("PUT", "/t-user", USER_TYPE, 201);
    act("PUT", "/t-group", GROUP_TYPE, 201);
    act("PUT", "/t-mine", "{}", 201);
    act("POST", "/t-user/secrets", "{}", 409);
    act("POST", "/t-group/secrets", "{}", 409);
    act("POST", "/t-mine/secrets", "{}", 409);
    act("POST", "/t-user/federated-credentials", "{\"issuer\":\"i\",\"subject\":\"s\"}", 409);
    act("POST", "/t-mine/federated-credentials", "{\"issuer\":\"i\",\"subject\":\"s\"}", 201);
    act("GET", "/t-group/token?resource=https://vault.azure.net", NULL, 409);
    act("GET", "/t-user/federated-token", NULL, 409);
}

Test(identities, refuses_to_make_somebody_another)
{
    act("PUT", "/other", "{\"type\":\"application\",\"client_id\":\"" GUID "\"}", 201);
    act("PUT", "/other", "{\"type\":\"application\",\"client_id\":\"" GUID "\"}", 200);
    act("PUT", "/other", "{\"type\":\"user\"}", 409);
    act("PUT", "/OTHER", "{\"object_id\":\"" GUID "\"}", 409);
    act("PUT", "/another", "{\"client_id\":\"" GUID "\"}", 409);
}

Test(identities, shows_what_was_said_of_them)
{
    act("PUT", "/shown", "{\"type\":\"user\",\"upn\":\"shown@example.org\"}", 201);
    API_REPLY(reply, identity_ask(api_daemon(), "GET", "/shown", NULL));
    cr_expect_str_eq(reply_text(&reply, "upn"), "shown@example.org");
    cr_expect_str_eq(reply_text(&reply, "type"), "user");
    cr_expect_str_eq(reply_text(&reply, "state"), "enabled");
    cr_expect_null(strstr(reply.body, "client_id"));
    act("PATCH", "/shown", "{\"upn\":\"other@example.org\"}", 200);
    cr_expect_str_eq(identity_show(api_daemon(), "shown", "upn"), "other@example.org");
    act("DELETE", "/shown", NULL, 204);
    act("PATCH", "/shown", "{}", 404);
    act("DELETE", "/shown", NULL, 404);
    API_REPLY(list, identity_ask(api_daemon(), "GET", "", NULL));
    cr_expect_not_null(strstr(list.body, "\"name\":\"shown\",\"type\":\"user\","
                                         "\"state\":\"deleted\""));
}

Test(identities, shows_a_secret_once)
{
    act("PUT", "/secretive", "{\"type\":\"application\"}", 201);
    API_REPLY(made, identity_ask(api_daemon(), "POST", "/secretive/secrets",
                                 "{\"label\":\"ci\",\"lifetime\":60}"));
    const char *secret = reply_text(&made, "secret");

    cr_assert_eq(made.status, 201, "%s", made.body);
    cr_assert_eq(strlen(secret), 40);
    API_REPLY(shown, identity_ask(api_daemon(), "GET", "/secretive", NULL));
    cr_expect_str_eq(reply_text(&shown, "secrets.0.label"), "ci");
    cr_expect_eq(strlen(reply_text(&shown, "secrets.0.hint")), 3);
    cr_expect_null(strstr(shown.body, secret));
    API_REPLY(given, identity_ask(api_daemon(), "POST", "/secretive/secrets",
                                  "{\"secret\":\"hush-hush\"}"));
    cr_expect_eq(given.status, 201);
    cr_expect_null(strstr(given.body, "hush"));
    cr_expect_eq(api_count_lines(api_daemon(), "hush-hush", ""), 0);
    cr_expect_eq(api_count_lines(api_daemon(), secret, ""), 0);
    act("DELETE", "/secretive/secrets/ci", NULL, 204);
    API_REPLY(left, identity_ask(api_daemon(), "GET", "/secretive", NULL));
    cr_expect_null(reply_item(&left, "secrets.1"));
}

Test(identities, has_twenty_secrets_at_most)
{
    for (int i = 0; i < 20; i++) {
        act("POST", "/many/secrets", "{}", 201);
    }
    act("POST", "/many/secrets", "{}", 409);
}

/* --- what becomes of rights --- */

static long get_key(struct client *client, const char *vault)
{
    return access_get(client, vault, false, "k");
}

static void grant_to(const char *vault, const char *identity, const char *role, const char *more)
{
    char behind[64], body[256];

    (void) snprintf(behind, sizeof(behind), "/%s/assignments", vault);
    (void) snprintf(body, sizeof(body), "{\"identity\":\"%s\",\"role\":\"%s\"%s}", identity, role,
                    more);
    access_do(api_daemon(), "POST", behind, body, 201);
}

Test(identities, lose_their_rights_when_made_anew)
{
    char before[64];
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "anew", "{\"access\":\"rbac\"}");
    grant_to("anew", "phoenix", "Key Vault Reader", "");
    identity_become(&dev, "phoenix");
    cr_expect_eq(get_key(&dev, "anew"), 404);
    (void) snprintf(before, sizeof(before), "%s",
                    identity_show(api_daemon(), "phoenix", "object_id"));
    act("POST", "/phoenix/recreate", NULL, 200);
    cr_expect_str_neq(identity_show(api_daemon(), "phoenix", "object_id"), before);
    identity_become(&dev, "phoenix");
    cr_expect_eq(get_key(&dev, "anew"), 403, "the assignment is the former one's");
    API_REPLY(list, access_ask(api_daemon(), "GET", "/anew/access", NULL));
    cr_expect_not_null(strstr(list.body, before), "it is still there, as in Azure");
}

Test(identities, have_the_rights_of_their_groups)
{
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "grouped", "{\"access\":\"rbac\"}");
    act("PUT", "/outer", GROUP_TYPE, 201);
    act("PUT", "/inner", GROUP_TYPE, 201);
    grant_to("grouped", "outer", "Key Vault Reader", "");
    identity_become(&dev, "insider");
    cr_expect_eq(get_key(&dev, "grouped"), 403);
    act("POST", "/inner/members", "{\"member\":\"insider\"}", 200);
    cr_expect_eq(get_key(&dev, "grouped"), 403);
    act("POST", "/outer/members", "{\"member\":\"inner\"}", 200);
    act("POST", "/inner/members", "{\"member\":\"outer\"}", 200);
    cr_expect_eq(get_key(&dev, "grouped"), 404, "by two groups, which are a circle");
    grant_to("grouped", "inner", "Key Vault Reader", ",\"deny\":true");
    cr_expect_eq(get_key(&dev, "grouped"), 403, "what denies wins");
    act("DELETE", "/inner/members/insider", NULL, 204);
    grant_to("grouped", "insider", "Key Vault Reader", "");
    cr_expect_eq(get_key(&dev, "grouped"), 404);
}

Test(identities, have_the_access_policies_of_their_groups)
{
    char behind[128];
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "policied", "{\"access\":\"policy\"}");
    act("PUT", "/readers", GROUP_TYPE, 201);
    act("PUT", "/ann", USER_TYPE, 201);
    act("POST", "/readers/members", "{\"member\":\"ann\"}", 200);
    identity_become(&dev, "ann");
    (void) snprintf(behind, sizeof(behind), "/policied/policies/%s",
                    identity_show(api_daemon(), "readers", "object_id"));
    access_do(api_daemon(), "PUT", behind, "{\"permissions\":[\"get\"]}", 200);
    cr_expect_eq(get_key(&dev, "policied"), 404);
    API_REPLY(refused, client_call_vault(&dev, "policied", false, "GET", "/keys", NULL));
    cr_expect_str_eq(reply_text(&refused, "error.innererror.code"), "ForbiddenByPolicy");
    cr_expect_not_null(strstr(reply_text(&refused, "error.message"),
                              "'name=ann@coffer.localhost;appid=04b07795-8ddb-461a-bbee-"
                              "02f9e1bf7b46;oid="),
                       "%s", refused.body);
    cr_expect_not_null(strstr(reply_text(&refused, "error.message"), ";numgroups=1;iss="), "%s",
                       refused.body);
}
