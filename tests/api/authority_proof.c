/* SPDX-License-Identifier: Apache-2.0 */
/* Logging in with a certificate over TLS. */
#include "authority_tools.h"

#include <arpa/inet.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>
#include <openssl/x509.h>

#include "kv/base/base64.h"
#include "kv/base/clock.h"

TestSuite(authority_proof, .timeout = 120);

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
    API_REPLY(reply, authority_control(client, "POST", target, text));
    cr_assert_eq(reply.status / 100, 2, "%ld %s", reply.status, reply.body);
    cJSON_free(text);
    cJSON_Delete(body);
}

static void append_text(char *text, const char *part)
{
    snprintf(text + strlen(text), TEXT_MAX - strlen(text), "%s", part);
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
    long now = (long) kv_seconds(kv_clock_real());
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    cr_assert(X509_digest(certificate, EVP_sha1(), digest, &digest_len));
    kv_base64url_encode(digest, digest_len, thumbprint);
    snprintf(part, sizeof(part), "{\"alg\":\"RS256\",\"typ\":\"JWT\",\"x5t\":\"%s\"%s}", thumbprint,
             more);
    append(assertion, part);
    append_text(assertion, ".");
    snprintf(part, sizeof(part),
             "{\"aud\":\"https://login.localhost:%u/" TENANT "/oauth2/v2.0/token\",\"iss\":\"%s\","
             "\"sub\":\"%s\",\"jti\":\"1\",\"nbf\":%ld,\"exp\":%ld}",
             api_daemon()->port, client_id, client_id, now, now + 600);
    append(assertion, part);
    cr_assert(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key));
    cr_assert(
        EVP_DigestSign(context, signature, &len, (unsigned char *) assertion, strlen(assertion)));
    EVP_MD_CTX_free(context);
    append_text(assertion, ".");
    kv_base64url_encode(signature, len, assertion + strlen(assertion));
    snprintf(ret_form, 2 * TEXT_MAX, GRANT "&client_id=%s&" SCOPE ASSERTION "%s", client_id,
             assertion);
}

Test(authority_proof, token_of_a_certificate_is_let_in)
{
    API_CLIENT(dev);
    EVP_PKEY *key = api_rsa(2048);
    X509 *certificate = make_certificate(key);
    static char form[2 * TEXT_MAX];

    register_certificate(&dev, "app", certificate);
    write_form(key, certificate, APP, "", form);
    API_REPLY(reply, authority_post(&dev, TENANT, form));
    authority_take_token(&dev, &reply);
    authority_expect_let_in(&dev);
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
Test(authority_proof, keys_that_an_assertion_points_at_are_never_fetched)
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
    API_REPLY(reply, authority_post(&dev, TENANT, form));
    cr_expect_eq(reply.status, 401);
    cr_expect_eq((int) reply_number(&reply, "error_codes.0"), 700027, "%s", reply.body);
    cr_expect_eq(poll(&waiting, 1, 200), 0, "somebody came to fetch keys");
    close(descriptor);
    X509_free(certificate);
    EVP_PKEY_free(key);
}
