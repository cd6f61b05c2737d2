/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Access tokens that were made to be misread (RFC 8725 §2), over the wire: the data folder has a
 * signing key that the tests know too, so each is well made but for the one thing that is tried.
 */
#include "../support/api.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "../unit/identity/forge.h"
#include "kv/base/base64.h"
#include "kv/base/files.h"
#include "kv/identity/identity.h"

#define TEXT_MAX 65536

static struct daemon own;
static struct client client;
static char *header, *payload; /* of a token that is good */
static char kid[128];

/* What a part of the token says. */
static char *decode(const char *part, size_t len)
{
    char *text = calloc(1, len + 1);
    size_t got;

    cr_assert(kv_base64url_decode(part, len, text, &got));
    return text;
}

static void read_good_token(void)
{
    const char *first = strchr(client.token, '.');
    const char *second = strrchr(client.token, '.');

    header = decode(client.token, (size_t) (first - client.token));
    payload = decode(first + 1, (size_t) (second - first - 1));
    cJSON *json = cJSON_Parse(header);
    snprintf(kid, sizeof(kid), "%s",
             cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(json, "kid")));
    cJSON_Delete(json);
}

static void set_up(void)
{
    char path[512];
    struct kv_err err;

    daemon_prepare(&own);
    snprintf(path, sizeof(path), "%s/issuer.pem", own.folder);
    cr_assert_eq(kv_file_write(path, forge_pem, strlen(forge_pem), 0600, &err), KV_OK);
    cr_assert(daemon_start(&own, NULL));
    client_open(&client, &own, "dev");
    read_good_token();
}

static void tear_down(void)
{
    free(header);
    free(payload);
    client_close(&client);
    cr_expect(daemon_stop(&own));
    daemon_discard(&own);
}

TestSuite(confusion, .init = set_up, .fini = tear_down, .timeout = 180);

static long ask(const char *authorization, char *ret_challenge, size_t size)
{
    static char line[TEXT_MAX + 64];
    struct request request = { .method = "GET",
                               .target = "/keys?api-version=7.4",
                               .headers = { line },
                               .without_token = true };

    snprintf(line, sizeof(line), "Authorization: %s", authorization);
    API_REPLY(reply, client_send(&client, &request));
    const char *challenge = reply_header(&reply, "WWW-Authenticate");
    snprintf(ret_challenge, size, "%s", challenge != NULL ? challenge : "");
    return reply.status;
}

/* 401, with the challenge that goes with each. */
static void expect_refused(const char *token, const char *what)
{
    static char line[TEXT_MAX + 64];
    char challenge[512];

    snprintf(line, sizeof(line), "Bearer %s", token);
    long status = ask(line, challenge, sizeof(challenge));
    cr_expect_eq(status, 401, "%s: %ld", what, status);
    cr_expect_eq(strncmp(challenge, "Bearer authorization=\"https://", 30), 0, "%s: %s", what,
                 challenge);
}

static void expect_taken(const char *token, const char *what)
{
    static char line[TEXT_MAX + 64];
    char challenge[512];

    snprintf(line, sizeof(line), "Bearer %s", token);
    long status = ask(line, challenge, sizeof(challenge));
    cr_expect_eq(status, 200, "%s: %ld", what, status);
}

/* "HEADER.PAYLOAD." with room for a signature. */
static char *join(const char *a_header, const char *a_payload)
{
    size_t len = KV_BASE64URL_LENGTH(strlen(a_header));
    char *text = calloc(1, len + KV_BASE64URL_LENGTH(strlen(a_payload)) + 1024);

    kv_base64url_encode(a_header, strlen(a_header), text);
    text[len] = '.';
    kv_base64url_encode(a_payload, strlen(a_payload), text + len + 1);
    return strcat(text, ".");
}

static char *append(char *text, const unsigned char *signature, size_t signature_len)
{
    kv_base64url_encode(signature, signature_len, text + strlen(text));
    return text;
}

/* RS256 by a key that is not the issuer's. */
static char *sign_by(EVP_PKEY *key, const char *a_header, const char *a_payload)
{
    unsigned char signature[512];
    size_t len = sizeof(signature);
    char *text = join(a_header, a_payload);
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    cr_assert(EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key));
    cr_assert(EVP_DigestSign(context, signature, &len, (unsigned char *) text, strlen(text) - 1));
    EVP_MD_CTX_free(context);
    return append(text, signature, len);
}

static char *sign_by_secret(const void *secret, int secret_len, const char *a_header)
{
    unsigned char mac[EVP_MAX_MD_SIZE];
    unsigned len;
    char *text = join(a_header, payload);

    cr_assert_not_null(HMAC(EVP_sha256(), secret, secret_len, (unsigned char *) text,
                            strlen(text) - 1, mac, &len));
    return append(text, mac, len);
}

/* The template with the kid for each @, and `text` for each #. */
static const char *fill(const char *template, const char *text)
{
    static char filled[8192];
    size_t len = 0;

    for (; *template != '\0'; template++) {
        const char one[] = { *template, '\0' };
        const char *part = *template == '@' ? kid : *template == '#' ? text : one;
        len += (size_t) snprintf(filled + len, sizeof(filled) - len, "%s", part);
        cr_assert_lt(len, sizeof(filled));
    }
    return filled;
}

static void expect_all_refused(const char *const *headers, size_t count, const char *a_payload)
{
    for (size_t i = 0; i < count; i++) {
        char *token = forge_token(fill(headers[i], ""), a_payload);
        expect_refused(token, headers[i]);
        free(token);
    }
}

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

    expect_all_refused(rows, KV_COUNT(rows), payload);
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

    expect_all_refused(rows, KV_COUNT(rows), payload);
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

    expect_all_refused(rows, KV_COUNT(rows), payload);
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

Test(confusion, passes_over_nothing_that_is_critical)
{
    static const char *const rows[] = {
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":[\"exp\"],\"exp\":1}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":[]}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":\"exp\"}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":[\"alg\"]}",
    };

    expect_all_refused(rows, KV_COUNT(rows), payload);
}

/* A token in a token, and what else has the shape of one. */
Test(confusion, reads_one_token_and_no_other_shape)
{
    char *nested = forge_token(header, client.token);
    char quoted[8192], text[8192];

    expect_refused(nested, "nested");
    free(nested);
    snprintf(quoted, sizeof(quoted), "\"%s\"", client.token);
    nested = forge_token(header, quoted);
    expect_refused(nested, "nested, as JSON");
    free(nested);
    snprintf(text, sizeof(text), "%s.%s", client.token, client.token);
    expect_refused(text, "two in one");
    snprintf(text, sizeof(text), "%s, %s", client.token, client.token);
    expect_refused(text, "a list");
    snprintf(text, sizeof(text), "{\"protected\":\"%.*s\",\"payload\":\"%s\",\"signature\":\"x\"}",
             (int) strcspn(client.token, "."), client.token, "e30");
    expect_refused(text, "JSON serialization");
    snprintf(text, sizeof(text), "%.*s...%s", (int) strcspn(client.token, "."), client.token,
             strrchr(client.token, '.') + 1);
    expect_refused(text, "five parts");
}

/* The base64url of a token has one spelling. What stands behind the fourth of them is what a client
 * that counts differently would add. */
Test(confusion, reads_one_spelling_of_a_token)
{
    static const char *const tails[] = { ".",        "..",  "=",    "==",   ".e30", "%3D", "\xc2\xa0",
                                         "\xe2\x80\x8b", " x", "\tx", "%00",  "\\n",  "+",   "/" };
    char text[8192];
    size_t last = strlen(client.token) - 1;

    for (size_t i = 0; i < KV_COUNT(tails); i++) {
        snprintf(text, sizeof(text), "%s%s", client.token, tails[i]);
        expect_refused(text, tails[i]);
        snprintf(text, sizeof(text), "%.*s%s%s", (int) strcspn(client.token, "."), client.token,
                 tails[i], strchr(client.token, '.'));
        expect_refused(text, tails[i]);
    }
    /* a full stop of another script in the place of each dot */
    snprintf(text, sizeof(text), "%.*s\xef\xbc\x8e%s", (int) strcspn(client.token, "."),
             client.token, strchr(client.token, '.') + 1);
    expect_refused(text, "a fullwidth full stop");
    /* 256 bytes leave four bits of the last character without a meaning */
    snprintf(text, sizeof(text), "%s", client.token);
    text[last] = text[last] == 'Q' ? 'R' : (char) (text[last] + 1);
    expect_refused(text, "other bits at the end");
}

/* Both alphabets of base64; the signature has 344 characters, so that one of them is in most. */
Test(confusion, reads_one_alphabet)
{
    char *token = NULL;

    for (int i = 0; i < 64 && (token == NULL || strpbrk(strrchr(token, '.'), "-_") == NULL); i++) {
        char text[8192];
        free(token);
        snprintf(text, sizeof(text), "{\"try\":\"%d\",%s", i, payload + 1);
        token = forge_token(header, text);
    }
    char *at = strpbrk(strrchr(token, '.'), "-_");
    cr_assert_not_null(at);
    expect_taken(token, "as it is");
    *at = *at == '-' ? '+' : '/';
    expect_refused(token, "the other alphabet");
    free(token);
}

Test(confusion, reads_no_endless_token)
{
    static const int sizes[] = { KV_TOKEN_MAX, 20000, 40000 };
    static char text[TEXT_MAX];

    for (size_t i = 0; i < KV_COUNT(sizes); i++) {
        char challenge[512];
        snprintf(text, sizeof(text), "{\"pad\":\"%0*d\",%s", sizes[i], 0, payload + 1);
        char *token = forge_token(header, text);
        snprintf(text, sizeof(text), "Bearer %s", token);
        long status = ask(text, challenge, sizeof(challenge));
        cr_expect(status == 401 || status == 431, "%d: %ld", sizes[i], status);
        free(token);
    }
    expect_taken(client.token, "it goes on");
}

/* The first of two is the one: a second one does not help a bad first one. */
Test(confusion, looks_for_no_better_token)
{
    static char lines[16384];
    char challenge[512];

    snprintf(lines, sizeof(lines), "Bearer e30.e30.e30\r\nAuthorization: Bearer %s", client.token);
    cr_expect_eq(ask(lines, challenge, sizeof(challenge)), 401);
    snprintf(lines, sizeof(lines), "Basic eDp5\r\nAuthorization: Bearer %s", client.token);
    cr_expect_eq(ask(lines, challenge, sizeof(challenge)), 401);
}
