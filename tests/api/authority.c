/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Logging in over TLS: by coffer's names and by path, with a secret, a certificate and a federated
 * token; and what the vault then says. Each refusal by itself is in tests/unit/sites/authority_*.c.
 */
#include "../support/api.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "kv/base/base64.h"

TestSuite(authority, .timeout = 120);

#define TENANT "72f9c4ba-21d6-4e0a-9c5e-6d1f0a8b3c57"
#define OTHER_TENANT "0a0a0a0a-0000-4000-8000-0b0b0b0b0b0b"
#define APP "11111111-1111-4111-8111-111111111111" /* API_ARGUMENTS */
#define UNKNOWN "21111111-1111-4111-8111-111111111111"
#define FORM "Content-Type: application/x-www-form-urlencoded"
#define SCOPE "scope=https%%3A%%2F%%2Fvault.azure.net%%2F.default"
#define GRANT "grant_type=client_credentials"
#define ASSERTION                                                                                  \
    "&client_assertion_type=urn%%3Aietf%%3Aparams%%3Aoauth%%3Aclient-assertion-type%%3Ajwt-bearer" \
    "&client_assertion="
#define TEXT_MAX 16384

static struct reply ask(struct client *client, const char *host, const char *method,
                        const char *target, const char *body)
{
    return client_send(client, &(struct request){
                                   .method = method,
                                   .target = target,
                                   .body = body,
                                   .content_type = "",
                                   .headers = { body != NULL ? FORM : NULL },
                                   .host = host,
                                   .without_token = true,
                               });
}

static struct reply post(struct client *client, const char *tenant, const char *form)
{
    char target[256];

    snprintf(target, sizeof(target), "/%s/oauth2/v2.0/token", tenant);
    return ask(client, "login.localhost", "POST", target, form);
}

static struct reply control(struct client *client, const char *method, const char *target,
                            const char *body)
{
    return client_send(client, &(struct request){ .method = method,
                                                  .target = target,
                                                  .body = body,
                                                  .content_type = "application/json",
                                                  .control = true });
}

/* The client asks with that token from now on. */
static void take_token(struct client *client, const struct reply *reply)
{
    cr_assert_eq(reply->status, 200, "%ld %s", reply->status, reply->body);
    free(client->token);
    client->token = strdup(reply_text(reply, "access_token"));
}

/* --- where it is --- */

/* Over TLS with the certificate verified, so they are names of it. */
Test(authority, has_three_names_and_any_other_by_path)
{
    static const char *const hosts[] = { "login.localhost",     "login.microsoftonline.com",
                                         "login.windows.net",   "localhost",
                                         "dev.vault.localhost", "host.docker.internal" };
    static const char *const targets[] = {
        "/" TENANT "/.well-known/openid-configuration",
        "/contoso.com/v2.0/.well-known/openid-configuration",
        "/common/discovery/keys",
        "/organizations/discovery/v2.0/keys",
        "/adfs/.well-known/openid-configuration",
        "/adfs/discovery/keys",
        "/common/discovery/instance?api-version=1.1&authorization_endpoint=https%3A%2F%2F"
        "login.microsoftonline.com%2Fcommon%2Foauth2%2Fauthorize",
    };
    API_CLIENT(dev);

    for (size_t host = 0; host < KV_COUNT(hosts); host++) {
        for (size_t i = 0; i < KV_COUNT(targets); i++) {
            API_REPLY(reply, ask(&dev, hosts[host], "GET", targets[i], NULL));
            cr_expect_eq(reply.status, 200, "%s%s: %ld %s", hosts[host], targets[i], reply.status,
                         reply.body);
        }
    }
}

Test(authority, leaves_a_vault_every_path_that_is_no_endpoint)
{
    static const char *const targets[] = {
        "/keys/oauth2/token",  "/keys/discovery/keys",      "/secrets/oauth2/v2.0/token",
        "/foo/oauth2/token",   "/common/oauth2/authorize",  "/adfs/keys",
        "/rng/discovery/keys", "/deletedkeys/oauth2/token", "/" TENANT "/oauth2/token/x",
    };
    API_CLIENT(dev);

    for (size_t i = 0; i < KV_COUNT(targets); i++) {
        API_REPLY(reply, ask(&dev, NULL, "POST", targets[i], NULL));
        cr_expect(reply_is_error(&reply, 401, "Unauthorized", NULL,
                                 "AKV10000: Request is missing a Bearer, PoP, or MTLS_POP token."),
                  "%s", targets[i]);
    }
}

Test(authority, has_the_headers_of_the_service)
{
    API_CLIENT(dev);
    API_REPLY(reply, client_send(&dev, &(struct request){
                                           .method = "POST",
                                           .target = "/" TENANT "/oauth2/v2.0/token",
                                           .host = "login.localhost",
                                           .without_token = true,
                                           .headers = { "client-request-id: "
                                                        "11111111-2222-4333-8444-555555555555" },
                                       }));

    cr_expect_eq(reply.status, 400);
    cr_expect_str_eq(reply_header(&reply, "Cache-Control"), "no-store, no-cache");
    cr_expect_str_eq(reply_header(&reply, "Pragma"), "no-cache");
    cr_expect_str_eq(reply_header(&reply, "Content-Type"), "application/json; charset=utf-8");
    cr_expect_str_eq(reply_header(&reply, "client-request-id"),
                     "11111111-2222-4333-8444-555555555555");
    cr_expect_str_eq(reply_header(&reply, "x-ms-request-id"), reply_text(&reply, "trace_id"));
    cr_expect_null(reply_header(&reply, "Access-Control-Allow-Origin"));
    cr_expect_null(reply_header(&reply, "WWW-Authenticate"));
}

/* --- whole bodies --- */

Test(authority, refusal_is_of_the_service_to_the_byte)
{
    API_CLIENT(dev);
    char expected[2048];
    API_REPLY(reply, post(&dev, TENANT,
                          GRANT "&client_id=" APP "&client_secret=wrong"
                                "&scope=https://vault.azure.net/.default"));
    const char *trace = reply_text(&reply, "trace_id");
    const char *correlation = reply_text(&reply, "correlation_id");
    const char *timestamp = reply_text(&reply, "timestamp");

    snprintf(expected, sizeof(expected),
             "{\"error\":\"invalid_client\",\"error_description\":\"AADSTS7000215: Invalid client "
             "secret provided. Ensure the secret being sent in the request is the client secret "
             "value, not the client secret ID, for a secret added to app '" APP
             "'. Trace ID: %s Correlation ID: %s Timestamp: %s\",\"error_codes\":[7000215],"
             "\"timestamp\":\"%s\",\"trace_id\":\"%s\",\"correlation_id\":\"%s\",\"error_uri\":"
             "\"https://login.microsoftonline.com/error?code=7000215\"}",
             trace, correlation, timestamp, timestamp, trace, correlation);
    cr_expect_eq(reply.status, 401);
    cr_expect_str_eq(reply.body, expected);
}

Test(authority, answer_is_of_the_service_to_the_byte)
{
    API_CLIENT(dev);
    char expected[4096];
    API_REPLY(second, post(&dev, TENANT,
                           GRANT "&client_id=" APP "&client_secret=s3cret"
                                 "&scope=https://vault.azure.net/.default"));
    API_REPLY(first, ask(&dev, "localhost", "POST", "/" TENANT "/oauth2/token",
                         GRANT "&client_id=" APP "&client_secret=s3cret"
                               "&resource=https%3A%2F%2Fvault.azure.net"));

    snprintf(expected, sizeof(expected),
             "{\"token_type\":\"Bearer\",\"expires_in\":3599,\"ext_expires_in\":3599,"
             "\"access_token\":\"%s\"}",
             reply_text(&second, "access_token"));
    cr_expect_str_eq(second.body, expected);
    snprintf(expected, sizeof(expected),
             "{\"token_type\":\"Bearer\",\"expires_in\":\"3599\",\"ext_expires_in\":\"3599\","
             "\"expires_on\":\"%s\",\"not_before\":\"%s\",\"resource\":\"https://vault.azure.net\","
             "\"access_token\":\"%s\"}",
             reply_text(&first, "expires_on"), reply_text(&first, "not_before"),
             reply_text(&first, "access_token"));
    cr_expect_str_eq(first.body, expected);
}

/* --- what tokens are good for --- */

static void expect_let_in(struct client *client)
{
    API_REPLY(reply, client_call(client, "GET", "/keys/nothing-here", NULL));

    cr_expect_eq(reply.status, 404, "%ld %s", reply.status, reply.body);
}

static void expect_scope_let_in(const char *client_id, const char *scope)
{
    API_CLIENT(dev);
    char form[1024];

    snprintf(form, sizeof(form), GRANT "&client_id=%s&client_secret=s3cret&scope=%s", client_id,
             scope);
    API_REPLY(reply, post(&dev, TENANT, form));
    take_token(&dev, &reply);
    expect_let_in(&dev);
}

Test(authority, token_of_a_secret_is_let_in)
{
    char with_port[128];

    snprintf(with_port, sizeof(with_port),
             "https://vault.localhost:%u/.default+openid+profile+offline_access",
             api_daemon()->port);
    expect_scope_let_in(APP, "https%3A%2F%2Fvault.azure.net%2F.default");
    expect_scope_let_in(APP, "https://vault.localhost/.default");
    expect_scope_let_in(APP, with_port);
    expect_scope_let_in(UNKNOWN, "cfa8b339-82a2-471a-a3c9-0fc0be7a4093/.default");
}

/* The authority serves them, and the vault decides: contract §2.2. */
Test(authority, token_of_another_tenant_or_with_a_slash_is_refused_by_the_vault)
{
    static const struct {
        const char *tenant, *scope, *message;
    } rows[] = {
        { OTHER_TENANT, "https://vault.azure.net/.default",
          "AKV10032: Invalid issuer. Expected one of https://sts.windows.net/" TENANT "/, " },
        { TENANT, "https://vault.azure.net//.default",
          "AKV10022: Invalid audience. Expected https://vault.azure.net or "
          "cfa8b339-82a2-471a-a3c9-0fc0be7a4093, found: https://vault.azure.net/." },
        { TENANT, "https://management.azure.com/.default",
          "AKV10022: Invalid audience. Expected https://vault.azure.net or "
          "cfa8b339-82a2-471a-a3c9-0fc0be7a4093, found: https://management.azure.com." },
    };
    char form[512];

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        API_CLIENT(dev);

        snprintf(form, sizeof(form), GRANT "&client_id=" APP "&client_secret=s3cret&scope=%s",
                 rows[i].scope);
        API_REPLY(token, post(&dev, rows[i].tenant, form));
        take_token(&dev, &token);
        API_REPLY(reply, client_call(&dev, "GET", "/keys/nothing-here", NULL));
        cr_expect_eq(reply.status, 401);
        cr_expect_eq(
            strncmp(reply_text(&reply, "error.message"), rows[i].message, strlen(rows[i].message)),
            0, "%s", reply.body);
    }
}

/* --- a certificate of the application's --- */

static X509 *make_certificate(EVP_PKEY *key)
{
    X509 *certificate = X509_new();

    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    X509_set_pubkey(certificate, key);
    cr_assert(X509_sign(certificate, key, EVP_sha256()));
    return certificate;
}

static void register_certificate(struct client *client, const char *name, X509 *certificate)
{
    BIO *memory = BIO_new(BIO_s_mem());
    cJSON *body = cJSON_CreateObject();
    char target[128], pem[TEXT_MAX] = "";

    cr_assert(PEM_write_bio_X509(memory, certificate));
    cr_assert_gt(BIO_read(memory, pem, sizeof(pem) - 1), 0);
    BIO_free(memory);
    cJSON_AddStringToObject(body, "pem", pem);
    char *text = cJSON_PrintUnformatted(body);

    snprintf(target, sizeof(target), "/control/v1/identities/%s/certificates", name);
    API_REPLY(reply, control(client, "POST", target, text));
    cr_assert_eq(reply.status / 100, 2, "%ld %s", reply.status, reply.body);
    cJSON_free(text);
    cJSON_Delete(body);
}

static void append(char *text, const char *part)
{
    kv_base64url_encode(part, strlen(part), text + strlen(text));
}

/* GRANT with an assertion that the key has signed; `more` are further members of its header. */
static void write_form(EVP_PKEY *key, X509 *certificate, const char *client_id, const char *more,
                       char ret_form[2 * TEXT_MAX])
{
    unsigned char digest[EVP_MAX_MD_SIZE], signature[512];
    char part[4096], thumbprint[64], assertion[TEXT_MAX] = "";
    size_t len = sizeof(signature);
    unsigned digest_len;
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    cr_assert(X509_digest(certificate, EVP_sha1(), digest, &digest_len));
    kv_base64url_encode(digest, digest_len, thumbprint);
    snprintf(part, sizeof(part), "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5t\":\"%s\"%s}", thumbprint,
             more);
    append(assertion, part);
    strcat(assertion, ".");
    snprintf(part, sizeof(part),
             "{\"aud\":\"https://login.localhost:%u/" TENANT "/oauth2/v2.0/token\",\"iss\":\"%s\","
             "\"sub\":\"%s\",\"jti\":\"1\",\"nbf\":%ld,\"exp\":%ld}",
             api_daemon()->port, client_id, client_id, (long) time(NULL), (long) time(NULL) + 600);
    append(assertion, part);
    cr_assert(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key));
    cr_assert(
        EVP_DigestSign(context, signature, &len, (unsigned char *) assertion, strlen(assertion)));
    EVP_MD_CTX_free(context);
    strcat(assertion, ".");
    kv_base64url_encode(signature, len, assertion + strlen(assertion));
    snprintf(ret_form, 2 * TEXT_MAX, GRANT "&client_id=%s&" SCOPE ASSERTION "%s", client_id,
             assertion);
}

Test(authority, token_of_a_certificate_is_let_in)
{
    API_CLIENT(dev);
    EVP_PKEY *key = api_rsa(2048);
    X509 *certificate = make_certificate(key);
    static char form[2 * TEXT_MAX];

    register_certificate(&dev, "app", certificate);
    write_form(key, certificate, APP, "", form);
    API_REPLY(reply, post(&dev, TENANT, form));
    take_token(&dev, &reply);
    expect_let_in(&dev);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

static int listen_anywhere(unsigned *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET };
    socklen_t len = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM, 0);

    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    cr_assert_eq(bind(descriptor, (struct sockaddr *) &address, len), 0);
    cr_assert_eq(listen(descriptor, 4), 0);
    cr_assert_eq(getsockname(descriptor, (struct sockaddr *) &address, &len), 0);
    *ret_port = ntohs(address.sin_port);
    return descriptor;
}

/* Who could make coffer ask elsewhere for a key could vouch for any. */
Test(authority, keys_that_an_assertion_points_at_are_never_fetched)
{
    API_CLIENT(dev);
    EVP_PKEY *key = EVP_RSA_gen(2048);
    X509 *certificate = make_certificate(key);
    static char form[2 * TEXT_MAX];
    char more[256];
    unsigned port = 0;
    int descriptor = listen_anywhere(&port);
    struct pollfd waiting = { .fd = descriptor, .events = POLLIN };

    snprintf(more, sizeof(more),
             ",\"jku\":\"http://127.0.0.1:%u/keys\",\"x5u\":\"http://127.0.0.1:%u/x\"", port, port);
    write_form(key, certificate, APP, more, form);
    API_REPLY(reply, post(&dev, TENANT, form));
    cr_expect_eq(reply.status, 401);
    cr_expect_eq((int) reply_number(&reply, "error_codes.0"), 700027, "%s", reply.body);
    cr_expect_eq(poll(&waiting, 1, 200), 0, "somebody came to fetch keys");
    close(descriptor);
    X509_free(certificate);
    EVP_PKEY_free(key);
}

/* --- federated tokens, and what the control port does --- */

Test(authority, token_of_a_federated_token_is_let_in)
{
    API_CLIENT(dev);
    static char form[2 * TEXT_MAX];
    API_REPLY(federated, control(&dev, "GET", "/control/v1/identities/app/federated-token", NULL));

    cr_assert_eq(federated.status, 200, "%s", federated.body);
    snprintf(form, sizeof(form), GRANT "&client_id=" APP "&" SCOPE ASSERTION "%s",
             reply_text(&federated, "access_token"));
    API_REPLY(reply, post(&dev, TENANT, form));
    take_token(&dev, &reply);
    expect_let_in(&dev);
}

Test(authority, AADSTS7000112_as_soon_as_the_application_is_disabled)
{
    static const char form[] = GRANT "&client_id=31111111-1111-4111-8111-111111111111"
                                     "&client_secret=s3cret&scope=https://vault.azure.net/.default";
    API_CLIENT(dev);
    API_REPLY(before, post(&dev, TENANT, form));
    API_REPLY(disabled, control(&dev, "POST", "/control/v1/identities/off/disable", "{}"));
    API_REPLY(after, post(&dev, TENANT, form));

    cr_expect_eq(before.status, 200, "%s", before.body);
    cr_expect_eq(disabled.status / 100, 2, "%s", disabled.body);
    cr_expect_eq(after.status, 400);
    cr_expect_eq((int) reply_number(&after, "error_codes.0"), 7000112, "%s", after.body);
}

Test(authority, body_that_is_too_long_is_refused)
{
    API_CLIENT(dev);
    static char form[100000];

    memset(form, 'a', sizeof(form) - 1);
    API_REPLY(reply, post(&dev, TENANT, form));
    cr_expect_eq(reply.status, 413);
    cr_expect_str_eq(reply_text(&reply, "error"), "invalid_request");
}

/* --- where challenges send clients --- */

static void expect_challenge(const char *option, const char *url, bool adds_port)
{
    const char *const arguments[] = { "--vault", "dev", "--authority-host", option, NULL };
    struct daemon own;
    char expected[256];

    daemon_prepare(&own);
    cr_assert(daemon_start(&own, arguments));
    {
        API_CLIENT_OF(&own, dev);
        API_REPLY(reply, ask(&dev, NULL, "GET", "/keys", NULL));
        const char *challenge = reply_header(&reply, "WWW-Authenticate");

        if (adds_port) {
            snprintf(expected, sizeof(expected), "Bearer authorization=\"%s:%u/" TENANT "\", ", url,
                     own.port);
        } else {
            snprintf(expected, sizeof(expected), "Bearer authorization=\"%s\", ", url);
        }
        cr_expect_not_null(challenge);
        cr_expect_eq(strncmp(challenge, expected, strlen(expected)), 0, "%s", challenge);
    }
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

Test(authority, is_named_in_challenges_as_the_option_says)
{
    expect_challenge("login.localhost", "https://login.localhost", true);
    expect_challenge("https://sts.example:9443", "https://sts.example:9443/" TENANT, false);
    expect_challenge("https://sts.example/adfs", "https://sts.example/adfs", false);
}

Test(authority, host_that_is_no_host_is_refused_at_start)
{
    static const char *const hosts[] = {
        "http://login.localhost", "a b", "a:1", "https://", "https://a/b/c", "https://a\"b", "a=b"
    };

    for (size_t i = 0; i < KV_COUNT(hosts); i++) {
        const char *const arguments[] = { "serve", "--ephemeral", "--authority-host", hosts[i],
                                          NULL };
        char output[4096];

        cr_expect_eq(program_run(arguments, output, sizeof(output)), 2, "%s", hosts[i]);
        cr_expect_not_null(strstr(output, "is neither a host name nor https://"), "%s", output);
    }
}
