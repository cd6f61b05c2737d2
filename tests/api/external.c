/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of an external key manager, which a managed HSM may be connected to: contract §6.12. */
#include <stdio.h>
#include <string.h>

#include "../support/api.h"

#define SINCE "2026-01-01-preview"
#define REFERS(id) "{\"attributes\":{\"external_key\":{\"id\":\"" id "\"}}}"
#define SECRET "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8"

static struct daemon own;

static void launch(void)
{
    static const char *const arguments[] = { "--vault", "dev", "--vault", "pool,kind=hsm", NULL };

    cr_assert(daemon_start(&own, arguments));
}

static void start(void)
{
    daemon_prepare(&own);
    launch();
}

static void stop(void)
{
    cr_assert(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(external, .init = start, .fini = stop, .timeout = 180);

static struct reply control(struct client *client, const char *method, const char *target,
                            const char *body)
{
    return client_send(
        client,
        &(struct request){ .method = method, .target = target, .body = body, .control = true });
}

static void connect_manager(struct client *client, bool connected)
{
    API_REPLY(reply, control(client, "POST", "/control/v1/ekm",
                             connected ? "{\"connected\":true}" : "{\"connected\":false}"));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    cr_expect_eq(cJSON_IsTrue(reply_item(&reply, "connected")), connected);
}

/* Connected, with an RSA key "r.1" and an AES key "a-1". */
static void furnish(struct client *client)
{
    connect_manager(client, true);
    API_REPLY(rsa, control(client, "POST", "/control/v1/ekm/keys",
                           "{\"id\":\"r.1\",\"kty\":\"RSA-HSM\"}"));
    API_REPLY(aes, control(client, "POST", "/control/v1/ekm/keys",
                           "{\"id\":\"a-1\",\"kty\":\"oct-HSM\"}"));
    cr_assert_eq(rsa.status, 200, "%s", rsa.body);
    cr_assert_eq(aes.status, 200, "%s", aes.body);
}

static struct reply call(struct client *client, const char *method, const char *path,
                         const char *body)
{
    char target[256];

    snprintf(target, sizeof(target), "%s?api-version=" SINCE, path);
    return client_send(client,
                       &(struct request){ .method = method, .target = target, .body = body });
}

static bool lacks_manager(const struct reply *reply)
{
    return reply->status == 400
           && strcmp(reply_text(reply, "error.code"), "ProxyNotConfigured") == 0
           && strstr(reply->body, "\"EKM Proxy is not configured (Activity ID: ") != NULL;
}

Test(external, PROXY_NOT_CONFIGURED)
{
    API_HSM_OF(&own, pool);

    API_REPLY(absent, call(&pool, "POST", "/keys/away/create", REFERS("r.1")));
    cr_expect(lacks_manager(&absent), "%s", absent.body);
    furnish(&pool);
    API_REPLY(made, call(&pool, "POST", "/keys/away/create", REFERS("r.1")));
    cr_assert_eq(made.status, 200, "%s", made.body);
    connect_manager(&pool, false);
    API_REPLY(again, call(&pool, "POST", "/keys/away/create", REFERS("r.1")));
    API_REPLY(wrapped, call(&pool, "POST", "/keys/away/wrapkey",
                            "{\"alg\":\"RSA-OAEP-256\",\"value\":\"" SECRET "\"}"));
    API_REPLY(got, call(&pool, "GET", "/keys/away", NULL));
    cr_expect(lacks_manager(&again), "%s", again.body);
    cr_expect(lacks_manager(&wrapped), "%s", wrapped.body);
    cr_expect_str_eq(reply_text(&got, "attributes.external_key.id"), "r.1", "%s", got.body);
}

Test(external, key_is_shown_as_it_was_recorded)
{
    API_HSM_OF(&own, pool);

    furnish(&pool);
    API_REPLY(rsa, call(&pool, "POST", "/keys/rsa/create", REFERS("r.1")));
    API_REPLY(aes, call(&pool, "POST", "/keys/aes/create", REFERS("a-1")));
    cr_assert_eq(rsa.status, 200, "%s", rsa.body);
    cr_assert_eq(aes.status, 200, "%s", aes.body);
    cr_expect_str_eq(reply_text(&rsa, "key.kty"), "RSA-HSM");
    cr_expect_eq(strlen(reply_text(&rsa, "key.n")), 342);
    cr_expect_str_eq(reply_text(&rsa, "key.e"), "AQAB");
    cr_expect_not_null(strstr(rsa.body, "\"key_ops\":[\"wrapKey\",\"unwrapKey\"]"), "%s", rsa.body);
    cr_expect_not_null(strstr(rsa.body, "\"exportable\":false,\"external_key\":{\"id\":\"r.1\"},"
                                        "\"recoverableDays\""),
                       "%s", rsa.body);
    cr_expect_str_eq(reply_text(&aes, "key.kty"), "oct-HSM");
    cr_expect_not_null(strstr(aes.body, "\"external_key\":{\"id\":\"a-1\"},\"key_size\":256,"),
                       "%s", aes.body);
    API_REPLY(next, call(&pool, "POST", "/keys/rsa/create", REFERS("r.1")));
    cr_expect_eq(next.status, 200, "%s", next.body);
    cr_expect_str_neq(reply_text(&next, "key.kid"), reply_text(&rsa, "key.kid"));
    cr_expect_str_eq(reply_text(&next, "key.n"), reply_text(&rsa, "key.n"));
}

Test(external, key_is_deleted_and_purged_as_any_other)
{
    API_HSM_OF(&own, pool);

    furnish(&pool);
    API_REPLY(made, call(&pool, "POST", "/keys/gone/create", REFERS("r.1")));
    API_REPLY(gone, call(&pool, "DELETE", "/keys/gone", NULL));
    API_REPLY(shown, call(&pool, "GET", "/deletedkeys/gone", NULL));
    API_REPLY(purged, call(&pool, "DELETE", "/deletedkeys/gone", NULL));
    cr_expect_str_eq(reply_text(&gone, "attributes.external_key.id"), "r.1", "%s", gone.body);
    cr_expect_str_eq(reply_text(&shown, "attributes.external_key.id"), "r.1", "%s", shown.body);
    cr_expect_eq(purged.status, 204, "%s", purged.body);
}

/* Wraps under one name and unwraps under another. */
static void expect_one_key(struct client *pool, const char *from, const char *to, const char *alg)
{
    char path[64];
    char body[1024];

    snprintf(path, sizeof(path), "/keys/%s/wrapkey", from);
    snprintf(body, sizeof(body), "{\"alg\":\"%s\",\"value\":\"" SECRET "\"}", alg);
    API_REPLY(wrapped, call(pool, "POST", path, body));
    cr_assert_eq(wrapped.status, 200, "%s", wrapped.body);
    snprintf(path, sizeof(path), "/keys/%s/unwrapkey", to);
    snprintf(body, sizeof(body), "{\"alg\":\"%s\",\"value\":\"%s\"}", alg,
             reply_text(&wrapped, "value"));
    API_REPLY(unwrapped, call(pool, "POST", path, body));
    cr_expect_str_eq(reply_text(&unwrapped, "value"), SECRET, "%s", unwrapped.body);
}

/* The key is the manager's: it outlives those that stand for it, and the process. */
Test(external, key_wraps_whatever_its_name_is_and_stays_in_the_manager)
{
    {
        API_HSM_OF(&own, pool);
        furnish(&pool);
        API_REPLY(one, call(&pool, "POST", "/keys/one/create", REFERS("r.1")));
        API_REPLY(two, call(&pool, "POST", "/keys/two/create", REFERS("r.1")));
        API_REPLY(aes, call(&pool, "POST", "/keys/aes/create", REFERS("a-1")));
        cr_assert(one.status == 200 && two.status == 200 && aes.status == 200);
        expect_one_key(&pool, "one", "two", "RSA-OAEP-256");
        expect_one_key(&pool, "aes", "aes", "A256KW");
        API_REPLY(gone, call(&pool, "DELETE", "/keys/one", NULL));
        API_REPLY(purged, call(&pool, "DELETE", "/deletedkeys/one", NULL));
        cr_expect_eq(purged.status, 204);
    }
    cr_assert(daemon_stop(&own));
    launch();
    API_HSM_OF(&own, pool);
    API_REPLY(state, control(&pool, "GET", "/control/v1/ekm", NULL));
    cr_expect(cJSON_IsFalse(reply_item(&state, "connected")));
    connect_manager(&pool, true);
    API_REPLY(again, call(&pool, "POST", "/keys/one/create", REFERS("r.1")));
    cr_assert_eq(again.status, 200, "%s", again.body);
    expect_one_key(&pool, "two", "one", "RSA-OAEP-256");
    expect_one_key(&pool, "aes", "aes", "A256KW");
}

Test(external, BAD_PARAMETER_of_what_the_manager_does_not_do)
{
    static const struct {
        const char *method, *path, *body;
    } rows[] = {
        { "POST", "/keys/ext/rotate", NULL },
        { "POST", "/keys/ext/backup", NULL },
        { "GET", "/keys/ext/attestation", NULL },
        { "PATCH", "/keys/ext", "{\"key_ops\":[\"sign\"]}" },
        { "PATCH", "/keys/ext", "{\"release_policy\":{\"data\":\"e30\"}}" },
        { "POST", "/keys/none/create", REFERS("r.2") },
        { "POST", "/keys/none/create", REFERS("") },
        { "POST", "/keys/none/create", REFERS("../r.1") },
        { "POST", "/keys/none/create", "{\"attributes\":{\"external_key\":{}}}" },
        { "POST", "/keys/none/create", "{\"attributes\":{\"external_key\":\"r.1\"}}" },
    };
    API_HSM_OF(&own, pool);

    furnish(&pool);
    API_REPLY(made, call(&pool, "POST", "/keys/ext/create", REFERS("r.1")));
    cr_assert_eq(made.status, 200, "%s", made.body);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, call(&pool, rows[i].method, rows[i].path, rows[i].body));
        cr_expect_eq(reply.status, 400, "%zu: %s", i, reply.body);
        cr_expect_str_eq(reply_text(&reply, "error.code"), "BadParameter", "%zu", i);
    }
    API_REPLY(signature, call(&pool, "POST", "/keys/ext/sign",
                              "{\"alg\":\"RS256\",\"value\":\"" SECRET "\"}"));
    cr_expect_eq(signature.status, 403, "%s", signature.body);
}

/* To them it is an attribute that nobody knows, and a type is missing. */
Test(external, keys_are_unknown_to_vaults_and_to_older_versions)
{
    API_HSM_OF(&own, pool);
    API_CLIENT_OF(&own, dev);

    furnish(&pool);
    API_REPLY(vault, call(&dev, "POST", "/keys/a/create", REFERS("r.1")));
    API_REPLY(older, client_call(&pool, "POST", "/keys/a/create", REFERS("r.1")));
    cr_expect_eq(vault.status, 400, "%s", vault.body);
    cr_expect_eq(older.status, 400, "%s", older.body);
}

Test(external, manager_takes_good_orders_alone)
{
    static const struct {
        const char *target, *body;
        long status;
    } rows[] = {
        { "/control/v1/ekm", "{}", 400 },
        { "/control/v1/ekm", "{\"connected\":1}", 400 },
        { "/control/v1/ekm", "{\"connected\":true,\"more\":1}", 400 },
        { "/control/v1/ekm", "[]", 400 },
        { "/control/v1/ekm/keys", "{\"id\":\"x\"}", 400 },
        { "/control/v1/ekm/keys", "{\"id\":\"x\",\"kty\":\"EC-HSM\"}", 400 },
        { "/control/v1/ekm/keys", "{\"id\":\"x y\",\"kty\":\"oct-HSM\"}", 400 },
        { "/control/v1/ekm/keys", "{\"id\":\"\",\"kty\":\"oct-HSM\"}", 400 },
        { "/control/v1/ekm/keys", "{\"id\":\"r.1\",\"kty\":\"oct-HSM\"}", 409 },
    };
    API_HSM_OF(&own, pool);

    furnish(&pool);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_REPLY(reply, control(&pool, "POST", rows[i].target, rows[i].body));
        cr_expect_eq(reply.status, rows[i].status, "%zu: %s", i, reply.body);
    }
}
