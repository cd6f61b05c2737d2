/* SPDX-License-Identifier: Apache-2.0 */
/* The explainer says what the data plane then answers, and the change that it names is one. */
#include "access_tools.h"

#include <stdio.h>
#include <string.h>

TestSuite(access_why, .timeout = 120);

#define EC_KEY "{\"kty\":\"EC\",\"crv\":\"P-256\""
#define SIGN "{\"alg\":\"ES256\",\"value\":\"47DEQpj8HBSa-_TImW-5JCeuQeRkm5NMpJWZG3hSuFU\"}"

static struct reply ask_why(const char *vault, const char *query)
{
    char path[512];

    (void) snprintf(path, sizeof(path), "/%s/why?%s", vault, query);
    return access_ask(api_daemon(), "GET", path, NULL);
}

static const cJSON *member(const cJSON *object, const char *name)
{
    return cJSON_GetObjectItemCaseSensitive(object, name);
}

static const char *text(const cJSON *object, const char *name)
{
    const char *value = cJSON_GetStringValue(member(object, name));

    return value != NULL ? value : "";
}

static const cJSON *find_step(const struct reply *reply, const char *name)
{
    const cJSON *step;

    cJSON_ArrayForEach (step, member(reply->json, "steps")) {
        if (strcmp(text(step, "step"), name) == 0) {
            return step;
        }
    }
    return NULL;
}

/* Holds what it says against the answer of the data plane, whole. */
static void expect_same(const struct reply *why, const struct reply *answer, const char *step)
{
    const cJSON *said = member(find_step(why, step), "answer");
    const cJSON *error = member(answer->json, "error");

    cr_expect_str_eq(text(why->json, "decided_by"), step, "%s", why->body);
    cr_expect(cJSON_IsFalse(member(why->json, "allowed")));
    cr_assert_not_null(said, "%s", why->body);
    cr_expect_eq(member(said, "status")->valueint, answer->status, "%s: %s", step, answer->body);
    cr_expect_str_eq(text(said, "code"), text(error, "code"));
    cr_expect_str_eq(text(said, "innererror"), text(member(error, "innererror"), "code"));
    cr_expect_str_eq(text(said, "message"), text(error, "message"));
}

static void make_key(struct client *client, const char *vault, const char *name, const char *more)
{
    char path[96], body[256];

    (void) snprintf(path, sizeof(path), "/keys/%s/create", name);
    (void) snprintf(body, sizeof(body), EC_KEY "%s}", more);
    API_REPLY(reply, client_call_vault(client, vault, false, "POST", path, body));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
}

Test(access_why, refuses_what_it_does_not_understand)
{
    static const struct {
        const char *vault, *query;
        long status;
        const char *said;
    } rows[] = {
        { "a_b", "operation=get", 400, "is not a valid vault name" },
        { "none-such", "operation=get", 404, "There is no vault named 'none-such'." },
        { "dev", "key=k", 400, "'' is not an operation: it is one of get, list," },
        { "dev", "operation=fly", 400, "'fly' is not an operation" },
        { "dev", "operation=get&key=a_b", 400, "invalid name: a_b" },
        { "dev", "operation=get&identity=a&principal=b", 400, "two persons" },
        { "dev", "operation=get&address=999", 400, "address is an IP address, which '999' is not" },
        { "dev", "operation=get&address=::1%25lo", 400, "which '::1%lo' is not" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, ask_why(rows[i].vault, rows[i].query));
        cr_expect_eq(reply.status, rows[i].status, "row %zu: %s", i, reply.body);
        cr_expect_not_null(strstr(reply.body, rows[i].said), "row %zu: %s", i, reply.body);
    }
}

Test(access_why, says_what_the_data_plane_answers)
{
    static const struct {
        const char *vault, *settings, *network; /* NULL: none */
        const char *key, *key_members;          /* NULL: it is not made */
        const char *step, *change;
    } rows[] = {
        { "why-rbac", "{\"access\":\"rbac\"}", NULL, "k", "", "authorization",
          "coffer access grant --vault why-rbac --role 'Key Vault Crypto User'" },
        { "why-policy", "{\"access\":\"policy\"}", NULL, "k", "", "authorization",
          "coffer access grant --vault why-policy --permissions sign" },
        { "why-closed", NULL, "{\"defaultAction\":\"Deny\"}", "k", "", "firewall",
          "coffer firewall allow --vault why-closed " },
        { "why-private", NULL, "{\"publicNetworkAccess\":\"Disabled\"}", "k", "", "firewall",
          "coffer firewall set --vault why-private --public-access enabled" },
        { "why-missing", NULL, NULL, "k", NULL, "key", "POST /keys/k/create" },
        { "why-disabled", NULL, NULL, "k", ",\"attributes\":{\"enabled\":false}", "state",
          "{\"attributes\":{\"enabled\":true}}" },
        { "why-expired", NULL, NULL, "k", ",\"attributes\":{\"exp\":1000000000}", "state",
          "with a later exp" },
        { "why-young", NULL, NULL, "k", ",\"attributes\":{\"nbf\":9000000000}", "state",
          "POST /control/v1/clock {\"set\":\"2255-" },
        { "why-ops", NULL, NULL, "k", ",\"key_ops\":[\"verify\"]", "key_ops",
          "with \"sign\" among its key_ops" },
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char path[64];

        access_make_vault(api_daemon(), rows[i].vault, "{}");
        if (rows[i].key_members != NULL) {
            make_key(&dev, rows[i].vault, rows[i].key, rows[i].key_members);
        }
        (void) snprintf(path, sizeof(path), "/%s", rows[i].vault);
        if (rows[i].settings != NULL) {
            access_do(api_daemon(), "PATCH", path, rows[i].settings, 200);
        }
        (void) snprintf(path, sizeof(path), "/%s/network", rows[i].vault);
        if (rows[i].network != NULL) {
            access_do(api_daemon(), "PATCH", path, rows[i].network, 200);
        }
        API_REPLY(why, ask_why(rows[i].vault, "operation=sign&key=k"));
        API_REPLY(answer,
                  client_call_vault(&dev, rows[i].vault, false, "POST", "/keys/k/sign", SIGN));
        expect_same(&why, &answer, rows[i].step);
        cr_expect_not_null(strstr(text(find_step(&why, rows[i].step), "change"), rows[i].change),
                           "%s: %s", rows[i].vault, why.body);
        cr_expect_eq(member(why.json, "changes")->valueint, 1, "%s: %s", rows[i].vault, why.body);
    }
}

/* After the first one, the next is in the way. */
/* By default the address of whoever asks. */
Test(access_why, asks_the_firewall_for_the_address_that_is_named)
{
    access_make_vault(api_daemon(), "whyfrom", "{\"access\":\"open\"}");
    access_do(api_daemon(), "PUT", "/whyfrom/network",
              "{\"defaultAction\":\"Deny\",\"ipRules\":[{\"value\":\"203.0.113.0/24\"}]}", 200);
    API_REPLY(in, ask_why("whyfrom", "operation=list&address=203.0.113.7"));
    API_REPLY(out, ask_why("whyfrom", "operation=list&address=198.51.100.1"));
    API_REPLY(here, ask_why("whyfrom", "operation=list"));

    cr_expect_str_eq(text(find_step(&in, "firewall"), "verdict"), "pass", "%s", in.body);
    cr_expect_str_eq(text(find_step(&out, "firewall"), "verdict"), "refuse", "%s", out.body);
    cr_expect_not_null(strstr(text(find_step(&out, "firewall"), "because"), "198.51.100.1"));
    cr_expect_str_eq(text(find_step(&here, "firewall"), "verdict"), "refuse", "%s", here.body);
}

Test(access_why, counts_every_change_that_it_takes)
{
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "why-many", "{}");
    make_key(&dev, "why-many", "k", ",\"key_ops\":[\"verify\"],\"attributes\":{\"enabled\":false}");
    access_do(api_daemon(), "PATCH", "/why-many", "{\"access\":\"policy\"}", 200);
    access_do(api_daemon(), "PATCH", "/why-many/network", "{\"defaultAction\":\"Deny\"}", 200);
    API_REPLY(why, ask_why("why-many", "operation=sign&key=k"));
    cr_expect_str_eq(text(why.json, "decided_by"), "firewall", "%s", why.body);
    cr_expect_eq(member(why.json, "changes")->valueint, 4, "%s", why.body);
    cr_expect_str_eq(text(find_step(&why, "token"), "verdict"), "pass");
}

Test(access_why, tells_what_each_grant_comes_to)
{
    static const struct {
        const char *role, *more, *bearing;
    } rows[] = {
        { "key-vault-reader", "", "lacks" },
        { "key-vault-crypto-officer", ",\"key\":\"other\"", "elsewhere" },
        { "key-vault-crypto-user", "", "allows" },
        { "key-vault-administrator", ",\"deny\":true", "denies" },
    };
    API_CLIENT(dev);
    const char *denial = NULL;

    access_make_vault(api_daemon(), "why-grants", "{\"access\":\"rbac\"}");
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        denial = access_grant(api_daemon(), "why-grants", rows[i].role, rows[i].more);
        API_REPLY(why, ask_why("why-grants", "operation=sign&key=k"));
        const cJSON *grants = member(find_step(&why, "authorization"), "grants");
        const cJSON *grant;
        unsigned found = 0;

        cr_expect_eq(cJSON_GetArraySize(grants), (int) i + 1, "%s", why.body);
        cJSON_ArrayForEach (grant, grants) {
            found += strcmp(text(grant, "bearing"), rows[i].bearing) == 0;
        }
        cr_expect_eq(found, 1, "%s: %s", rows[i].bearing, why.body);
    }
    API_REPLY(why, ask_why("why-grants", "operation=sign&key=k"));
    API_REPLY(answer, client_call_vault(&dev, "why-grants", false, "POST", "/keys/k/sign", SIGN));
    expect_same(&why, &answer, "authorization");
    cr_expect_not_null(strstr(text(find_step(&why, "authorization"), "change"), denial), "%s",
                       why.body);
    access_revoke(api_daemon(), "why-grants", denial);
    API_REPLY(after, ask_why("why-grants", "operation=sign&key=k"));
    cr_expect_str_eq(text(find_step(&after, "authorization"), "verdict"), "pass", "%s", after.body);
}

/* The words that are there already belong into a policy that takes its place. */
Test(access_why, keeps_the_permissions_there_are)
{
    struct caller caller;
    char behind[128];

    access_make_vault(api_daemon(), "why-words", "{\"access\":\"policy\"}");
    access_read_caller(api_daemon(), &caller);
    (void) snprintf(behind, sizeof(behind), "/why-words/policies/%s", caller.object_id);
    access_do(api_daemon(), "PUT", behind, "{\"permissions\":[\"get\",\"wrapKey\"]}", 200);
    access_grant(api_daemon(), "why-words", "key-vault-administrator", "");
    API_REPLY(why, ask_why("why-words", "operation=unwrapkey"));
    cr_expect_str_eq(text(find_step(&why, "authorization"), "change"),
                     "coffer access grant --vault why-words --permissions get,wrapKey,unwrapKey");
    cr_expect_not_null(strstr(why.body, "\"bearing\":\"other-mode\""), "%s", why.body);
}

Test(access_why, goes_by_the_life_of_keys_and_vaults)
{
    static const struct {
        const char *query, *step, *change;
    } rows[] = {
        { "operation=get&key=gone", "key", "POST /deletedkeys/gone/recover" },
        { "operation=create&key=gone", "key", "POST /deletedkeys/gone/recover, or DELETE" },
        { "operation=recover&key=live", "key", "DELETE /keys/live" },
        { "operation=purge&key=gone", "state", "POST /control/v1/clock {\"set\":" },
    };
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "why-life", "{\"purge_protection\":true}");
    make_key(&dev, "why-life", "live", "");
    make_key(&dev, "why-life", "gone", "");
    API_REPLY(deleted, client_call_vault(&dev, "why-life", false, "DELETE", "/keys/gone", NULL));
    cr_assert_eq(deleted.status, 200);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(why, ask_why("why-life", rows[i].query));
        cr_expect_str_eq(text(why.json, "decided_by"), rows[i].step, "%s", why.body);
        cr_expect_not_null(strstr(text(find_step(&why, rows[i].step), "change"), rows[i].change),
                           "%s", why.body);
    }
    access_do(api_daemon(), "DELETE", "/why-life", NULL, 200);
    API_REPLY(why, ask_why("why-life", "operation=list"));
    cr_expect_str_eq(text(why.json, "decided_by"), "vault", "%s", why.body);
}

Test(access_why, words_it_as_a_managed_hsm_does)
{
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "why-hsm", "{\"kind\":\"hsm\",\"access\":\"rbac\"}");
    API_REPLY(why, ask_why("why-hsm", "operation=sign&key=k"));
    const cJSON *said = member(find_step(&why, "authorization"), "answer");

    cr_assert_not_null(said, "%s", why.body);
    cr_expect_str_eq(text(said, "code"), "AccessDenied");
    cr_expect_str_eq(text(said, "message"),
                     "Not authorized to access Microsoft.KeyVault/managedHsm/keys/sign/action on "
                     "/keys/k");
    cr_expect_str_eq(text(find_step(&why, "authorization"), "change"),
                     "coffer access grant --vault why-hsm --role 'Managed HSM Crypto User'");
}
