/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens that were made to be misread (RFC 8725 §2), over the wire: whose signature they have,
 * and what they say of it. What they look like is in confusion_shape.c.
 */
#include "confusion_tools.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/pem.h>

#include "kv/base/base64.h"

TestSuite(confusion, .init = confusion_set_up, .fini = confusion_tear_down, .timeout = 180);

Test(confusion, leaves_a_good_token_good)
{
    char *token = forge_token(header, payload);

    cr_expect_str_eq(token, client.token, "the tests sign as coffer does");
    expect_taken(token, "the same");
    free(token);
}

Test(confusion, believes_no_other_algorithm)
{
    static const char *const rows[] = {
        "{\"alg\":\"none\",\"kid\":\"@\"}",
        "{\"alg\":\"None\",\"kid\":\"@\"}",
        "{\"alg\":\"NONE\"}",
        "{\"alg\":\"\",\"kid\":\"@\"}",
        "{\"alg\":null,\"kid\":\"@\"}",
        "{\"kid\":\"@\"}",
        "{\"alg\":\"rs256\",\"kid\":\"@\"}",
        "{\"alg\":\"RS256\\u0000\",\"kid\":\"@\"}",
        "{\"alg\":[\"RS256\"],\"kid\":\"@\"}",
        "{\"alg\":{\"RS256\":1},\"kid\":\"@\"}",
        "{\"alg\":\"HS256\",\"kid\":\"@\"}",
        "{\"alg\":\"RS384\",\"kid\":\"@\"}",
        "{\"alg\":\"ES256\",\"kid\":\"@\"}",
        "{\"alg\":\"EdDSA\",\"kid\":\"@\"}",
        "{\"alg\":\"dir\",\"enc\":\"A128GCM\",\"kid\":\"@\"}",
    };
    char *unsigned_one = forge_unsigned_token("{\"alg\":\"none\"}", payload);
    char *bare = join(header, payload);
    char *other = forge_rs512_token(header, payload);

    expect_all_refused(rows, KV_COUNT(rows));
    expect_refused(unsigned_one, "none");
    expect_refused(bare, "no signature");
    expect_refused(other, "signed as RS512");
    bare[strlen(bare) - 1] = '\0';
    expect_refused(bare, "two parts");
    free(unsigned_one);
    free(bare);
    free(other);
}

static EVP_PKEY *read_known_key(void)
{
    BIO *memory = BIO_new_mem_buf(forge_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL);

    BIO_free(memory);
    cr_assert_not_null(key);
    return key;
}

static void expect_no_secret(const void *secret, long len, const char *what)
{
    static const char *const algorithms[] = { "HS256", "RS256", "none" };

    for (size_t i = 0; i < KV_COUNT(algorithms); i++) {
        char text[256];
        snprintf(text, sizeof(text), "{\"alg\":\"%s\",\"kid\":\"%s\"}", algorithms[i], kid);
        char *token = sign_by_secret(secret, (int) len, text);
        expect_refused(token, what);
        free(token);
    }
}

/* All that a stranger can find out of the issuer's key, in the forms in which a library may have it. */
Test(confusion, takes_no_public_key_for_a_secret)
{
    EVP_PKEY *key = read_known_key();
    BIO *pem = BIO_new(BIO_s_mem());
    unsigned char *der = NULL, *pkcs1 = NULL, modulus[256];
    char *text;
    BIGNUM *n = NULL;

    cr_assert_eq(PEM_write_bio_PUBKEY(pem, key), 1);
    long len = BIO_get_mem_data(pem, &text);
    expect_no_secret(text, len, "PEM");
    expect_no_secret(text, len - 1, "PEM without its last line break");
    len = i2d_PUBKEY(key, &der);
    expect_no_secret(der, len, "SubjectPublicKeyInfo");
    len = i2d_PublicKey(key, &pkcs1);
    expect_no_secret(pkcs1, len, "PKCS #1");
    cr_assert_eq(EVP_PKEY_get_bn_param(key, "n", &n), 1);
    cr_assert_eq(BN_bn2binpad(n, modulus, sizeof(modulus)), sizeof(modulus));
    expect_no_secret(modulus, sizeof(modulus), "modulus");
    expect_no_secret(kid, (long) strlen(kid), "kid");
    expect_no_secret("", 0, "nothing");
    BN_free(n);
    OPENSSL_free(der);
    OPENSSL_free(pkcs1);
    BIO_free(pem);
    EVP_PKEY_free(key);
}

/* A socket on which nobody must knock. */
static int listen_for_nobody(unsigned *ret_port)
{
    struct sockaddr_in address = { .sin_family = AF_INET,
                                   .sin_addr = { .s_addr = htonl(INADDR_LOOPBACK) } };
    socklen_t size = sizeof(address);
    int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    cr_assert_eq(bind(descriptor, (struct sockaddr *) &address, size), 0);
    cr_assert_eq(listen(descriptor, 8), 0);
    cr_assert_eq(getsockname(descriptor, (struct sockaddr *) &address, &size), 0);
    *ret_port = ntohs(address.sin_port);
    return descriptor;
}

Test(confusion, asks_no_key_of_where_a_token_says)
{
    static const char *const rows[] = {
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"jku\":\"http://127.0.0.1:#/keys\"}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"x5u\":\"http://127.0.0.1:#/certificate\"}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"jku\":\"https://127.0.0.1:#/keys\"}",
        "{\"alg\":\"RS256\",\"kid\":\"@-other\",\"jku\":\"http://127.0.0.1:#/keys\"}",
        "{\"alg\":\"RS256\",\"kid\":\"http://127.0.0.1:#/keys?@\"}",
        "{\"alg\":\"RS256\",\"kid\":\"../../../../dev/null?@#\"}",
    };
    EVP_PKEY *stranger = api_rsa(2048);
    unsigned port;
    int nobody = listen_for_nobody(&port);
    char number[16];

    snprintf(number, sizeof(number), "%u", port);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char *token = sign_by(stranger, fill(rows[i], number), payload);
        expect_refused(token, rows[i]);
        free(token);
    }
    /* nor for a token that is good: what stands beside its kid is of no interest */
    char *token = forge_token(fill(rows[0], number), payload);
    expect_taken(token, rows[0]);
    free(token);

    struct pollfd wait = { .fd = nobody, .events = POLLIN };
    cr_expect_eq(poll(&wait, 1, 200), 0, "somebody has knocked");
    close(nobody);
    EVP_PKEY_free(stranger);
}

/* The key comes along in the header. */
Test(confusion, takes_no_key_from_the_token)
{
    static const char *const rows[] = {
        "{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\",\"n\":\"#\",\"e\":\"AQAB\"}}",
        "{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\",\"n\":\"#\",\"e\":\"AQAB\",\"kid\":\"@\"}}",
        "{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\",\"n\":\"#\",\"e\":\"AQAB\"},\"kid\":\"@\"}",
        "{\"alg\":\"RS256\",\"jwk\":{\"kty\":\"RSA\",\"n\":\"#\",\"e\":\"AQAB\"},\"kid\":\"own\"}",
    };
    EVP_PKEY *stranger = api_rsa(2048);
    unsigned char modulus[256];
    char n[400];
    BIGNUM *number = NULL;

    cr_assert_eq(EVP_PKEY_get_bn_param(stranger, "n", &number), 1);
    cr_assert_eq(BN_bn2binpad(number, modulus, sizeof(modulus)), sizeof(modulus));
    kv_base64url_encode(modulus, sizeof(modulus), n);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char *token = sign_by(stranger, fill(rows[i], n), payload);
        expect_refused(token, rows[i]);
        free(token);
    }
    BN_free(number);
    EVP_PKEY_free(stranger);
}

/* A certificate, of the stranger's key or of any, comes along in the header. */
Test(confusion, takes_no_certificate_from_the_token)
{
    static const char *const rows[] = {
        "{\"alg\":\"RS256\",\"x5c\":[\"#\"]}",
        "{\"alg\":\"RS256\",\"x5c\":[\"#\"],\"kid\":\"@\"}",
        "{\"alg\":\"RS256\",\"x5c\":[\"#\"],\"x5t\":\"@\",\"kid\":\"@\"}",
        "{\"alg\":\"RS256\",\"x5t\":\"@\"}",
    };
    EVP_PKEY *stranger = api_rsa(2048);
    X509 *certificate = X509_new();
    unsigned char *der = NULL;
    char x5c[2048];

    cr_assert_eq(X509_set_pubkey(certificate, stranger), 1);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -60);
    X509_gmtime_adj(X509_getm_notAfter(certificate), 3600);
    cr_assert_gt(X509_sign(certificate, stranger, EVP_sha256()), 0);
    int len = i2d_X509(certificate, &der);
    cr_assert(len > 0 && len < 1500);
    EVP_EncodeBlock((unsigned char *) x5c, der, len);
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        char *token = sign_by(stranger, fill(rows[i], x5c), payload);
        expect_refused(token, rows[i]);
        free(token);
    }
    OPENSSL_free(der);
    X509_free(certificate);
    EVP_PKEY_free(stranger);
}

Test(confusion, finds_no_key_by_another_name)
{
    static const char *const rows[] = {
        "{\"alg\":\"RS256\"}",
        "{\"alg\":\"RS256\",\"kid\":null}",
        "{\"alg\":\"RS256\",\"kid\":\"\"}",
        "{\"alg\":\"RS256\",\"kid\":\"@ \"}",
        "{\"alg\":\"RS256\",\"kid\":\"@\\u0000\"}",
        "{\"alg\":\"RS256\",\"kid\":[\"@\"]}",
        "{\"alg\":\"RS256\",\"KID\":\"@\"}",
        "{\"alg\":\"RS256\",\"kid\":\"' OR 1=1 --\"}",
        "{\"alg\":\"RS256\",\"kid\":\"../issuer.pem\"}",
    };

    expect_all_refused(rows, KV_COUNT(rows));
}

Test(confusion, reads_no_member_that_is_there_twice)
{
    static const char *const rows[] = {
        "{\"alg\":\"none\",\"alg\":\"RS256\",\"kid\":\"@\"}",
        "{\"alg\":\"RS256\",\"alg\":\"none\",\"kid\":\"@\"}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"kid\":\"@\"}",
        "{\"alg\":\"RS256\",\"a\\u006cg\":\"none\",\"kid\":\"@\"}",
        "{\"alg\":\"RS256\",\"kid\":\"@\"}{}",
        "[{\"alg\":\"RS256\",\"kid\":\"@\"}]",
    };
    static const char *const claims[] = { "aud", "oid", "iss", "exp", "tid" };

    expect_all_refused(rows, KV_COUNT(rows));
    for (size_t i = 0; i < KV_COUNT(claims); i++) {
        char text[8192];
        snprintf(text, sizeof(text), "{\"%s\":\"somebody else's\",%s", claims[i], payload + 1);
        char *token = forge_token(header, text);
        expect_refused(token, claims[i]);
        free(token);
        snprintf(text, sizeof(text), "%.*s,\"%s\":\"somebody else's\"}", (int) strlen(payload) - 1,
                 payload, claims[i]);
        token = forge_token(header, text);
        expect_refused(token, claims[i]);
        free(token);
    }
}
