/* SPDX-License-Identifier: Apache-2.0 */
/* Every signing algorithm with every key it fits, against OpenSSL: contract §7.1, §8.2, §8.3. */
#include <stdio.h>
#include <string.h>

#include <openssl/rsa.h>

#include "../support/api.h"
#include "../support/cell.h"
#include "../support/peer.h"

TestSuite(sign, .timeout = 300);

#define BYTES_MAX 512

static void expect_verdict(struct client *client, const struct reply *key,
                           const struct peer_algorithm *algorithm, const void *digest,
                           size_t digest_len, const void *signature, size_t len,
                           const char *verdict)
{
    char digest_text[CELL_TEXT_SIZE];
    char text[CELL_TEXT_SIZE];
    const struct operands operands = {
        .alg = algorithm->name,
        .digest = cell_text(digest, digest_len, digest_text),
        .value = cell_text(signature, len, text),
    };

    API_REPLY(reply, cell_call(client, key, "verify", &operands));
    cr_expect_eq(reply.status, 200, "%s: %s", algorithm->name, reply.body);
    cr_expect_str_eq(reply.body, verdict, "%s, %zu bytes", algorithm->name, len);
}

#define TRUE_BODY "{\"value\":true}"
#define FALSE_BODY "{\"value\":false}"

/* Whatever is wrong with a signature, of any length, it is just not valid. */
static void check_bad_signatures(struct client *client, const struct reply *key,
                                 const struct peer_algorithm *algorithm,
                                 const unsigned char *digest, size_t digest_len,
                                 unsigned char *signature, size_t len)
{
    static const unsigned char zeros[BYTES_MAX + 1];
    unsigned char other[BYTES_MAX];
    size_t lengths[] = { 0, 1, len - 1, len + 1, sizeof(zeros) };

    for (size_t i = 0; i < KV_COUNT(lengths); i++) {
        expect_verdict(client, key, algorithm, digest, digest_len, zeros, lengths[i], FALSE_BODY);
    }
    expect_verdict(client, key, algorithm, digest, digest_len, zeros, len, FALSE_BODY);
    memset(other, 0xFF, sizeof(other));
    expect_verdict(client, key, algorithm, digest, digest_len, other, len, FALSE_BODY);
    expect_verdict(client, key, algorithm, digest, digest_len, signature, len - 1, FALSE_BODY);
    for (size_t i = 0; i < 2; i++) {
        signature[i * (len - 1)] ^= 1;
        expect_verdict(client, key, algorithm, digest, digest_len, signature, len, FALSE_BODY);
        signature[i * (len - 1)] ^= 1;
    }
    memcpy(other, digest, digest_len);
    other[digest_len - 1] ^= 1;
    expect_verdict(client, key, algorithm, other, digest_len, signature, len, FALSE_BODY);
}

static void check_length_refused(struct client *client, const struct reply *key,
                                 const struct peer_algorithm *algorithm, size_t len,
                                 const char *rule, size_t wanted)
{
    static const unsigned char bytes[BYTES_MAX + 1];
    char text[CELL_TEXT_SIZE];
    const char *value = cell_text(bytes, len, text);
    const struct operands to_sign = { .alg = algorithm->name, .value = value };
    const struct operands to_verify = { .alg = algorithm->name, .value = "AA", .digest = value };
    char message[256];

    API_REPLY(unsigned_, cell_call(client, key, "sign", &to_sign));
    snprintf(message, sizeof(message),
             "Invalid length of 'value': %zu bytes. %s requires %s%zu bytes, encoded with "
             "base64url.",
             len, algorithm->name, rule, wanted);
    cr_expect(reply_is_error(&unsigned_, 400, "BadParameter", NULL, message));

    API_REPLY(unverified, cell_call(client, key, "verify", &to_verify));
    snprintf(message, sizeof(message),
             "Invalid length of 'digest': %zu bytes. %s requires %s%zu bytes, encoded with "
             "base64url.",
             len, algorithm->name, rule, wanted);
    cr_expect(reply_is_error(&unverified, 400, "BadParameter", NULL, message));
}

static void check_lengths(struct client *client, const struct reply *key,
                          const struct peer_algorithm *algorithm, size_t max)
{
    static const size_t wrong[] = { 0, 1, 10, 20, 31, 33, 43, 47, 49, 63, 65, 256 };

    if (algorithm->digest_len == 0) {
        check_length_refused(client, key, algorithm, max + 1, "at most ", max);
        check_length_refused(client, key, algorithm, 0, "at least ", 1);
        return;
    }
    for (size_t i = 0; i < KV_COUNT(wrong); i++) {
        check_length_refused(client, key, algorithm, wrong[i], "", algorithm->digest_len);
    }
}

static void check_signature(struct client *client, const struct reply *key,
                            const struct peer_algorithm *algorithm, const unsigned char *digest,
                            size_t digest_len, size_t signature_len)
{
    unsigned char signature[BYTES_MAX];
    char text[CELL_TEXT_SIZE];
    const struct operands operands = {
        .alg = algorithm->name,
        .value = cell_text(digest, digest_len, text),
    };

    API_REPLY(reply, cell_call(client, key, "sign", &operands));
    cr_assert_eq(reply.status, 200, "%s: %s", algorithm->name, reply.body);
    cr_expect_str_eq(reply_text(&reply, "kid"), reply_text(key, "key.kid"));
    cr_assert_eq(cell_bytes(&reply, "value", signature, sizeof(signature)), signature_len);
    cr_expect(peer_verifies(key, algorithm, digest, digest_len, signature, signature_len), "%s",
              algorithm->name);
    expect_verdict(client, key, algorithm, digest, digest_len, signature, signature_len, TRUE_BODY);
    check_bad_signatures(client, key, algorithm, digest, digest_len, signature, signature_len);
}

static void check_rsa(const struct peer_algorithm *algorithm)
{
    API_CLIENT(dev);
    unsigned char digest[BYTES_MAX];

    memset(digest, 0xA5, sizeof(digest));
    for (size_t i = 0; i < KV_COUNT(rsa_cells); i++) {
        size_t len = (size_t) rsa_cells[i].bits / 8;
        size_t digest_len = algorithm->digest_len != 0 ? algorithm->digest_len : len - 11;
        API_REPLY(key, cell_key(&dev, &rsa_cells[i]));

        check_lengths(&dev, &key, algorithm, len - 11);
        check_signature(&dev, &key, algorithm, digest, digest_len, len);
    }
}

static void check_ec(const struct peer_algorithm *algorithm, const char *crv, size_t signature_len)
{
    static const char *const types[] = { "EC", "EC-HSM" };
    API_CLIENT(dev);
    unsigned char digest[BYTES_MAX];

    memset(digest, 0x5A, sizeof(digest));
    for (size_t i = 0; i < KV_COUNT(types); i++) {
        const struct cell cell = { types[i], 0, crv };
        API_REPLY(key, cell_key(&dev, &cell));

        check_lengths(&dev, &key, algorithm, 0);
        check_signature(&dev, &key, algorithm, digest, algorithm->digest_len, signature_len);
    }
}

Test(sign, RS256_with_every_rsa_key)
{
    check_rsa(&(const struct peer_algorithm){ "RS256", 32, "SHA256", RSA_PKCS1_PADDING, NULL });
    api_proves("sign,verify RSA,RSA-HSM RS256");
}

Test(sign, RS384_with_every_rsa_key)
{
    check_rsa(&(const struct peer_algorithm){ "RS384", 48, "SHA384", RSA_PKCS1_PADDING, NULL });
    api_proves("sign,verify RSA,RSA-HSM RS384");
}

Test(sign, RS512_with_every_rsa_key)
{
    check_rsa(&(const struct peer_algorithm){ "RS512", 64, "SHA512", RSA_PKCS1_PADDING, NULL });
    api_proves("sign,verify RSA,RSA-HSM RS512");
}

Test(sign, PS256_with_every_rsa_key)
{
    check_rsa(&(const struct peer_algorithm){ "PS256", 32, "SHA256", RSA_PKCS1_PSS_PADDING, NULL });
    api_proves("sign,verify RSA,RSA-HSM PS256");
}

Test(sign, PS384_with_every_rsa_key)
{
    check_rsa(&(const struct peer_algorithm){ "PS384", 48, "SHA384", RSA_PKCS1_PSS_PADDING, NULL });
    api_proves("sign,verify RSA,RSA-HSM PS384");
}

Test(sign, PS512_with_every_rsa_key)
{
    check_rsa(&(const struct peer_algorithm){ "PS512", 64, "SHA512", RSA_PKCS1_PSS_PADDING, NULL });
    api_proves("sign,verify RSA,RSA-HSM PS512");
}

Test(sign, RSNULL_with_every_rsa_key)
{
    check_rsa(&(const struct peer_algorithm){ "RSNULL", 0, NULL, RSA_PKCS1_PADDING, NULL });
    api_proves("sign,verify RSA,RSA-HSM RSNULL");
}

/* A DigestInfo of one's own is what RSNULL is for: the result is that of RS256. */
Test(sign, RSNULL_over_a_digest_info_is_RS256)
{
    static const struct peer_algorithm rsnull = { "RSNULL", 0, NULL, RSA_PKCS1_PADDING, NULL };
    static const struct peer_algorithm rs256 = { "RS256", 32, "SHA256", RSA_PKCS1_PADDING, NULL };
    unsigned char info[51] = { 0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01,
                               0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20 };
    unsigned char signature[BYTES_MAX];
    char text[CELL_TEXT_SIZE];
    API_CLIENT(dev);
    API_REPLY(key, cell_key(&dev, &rsa_cells[0]));
    const struct operands operands = { .alg = "RSNULL", .value = cell_text(info, 51, text) };

    API_REPLY(reply, cell_call(&dev, &key, "sign", &operands));
    cr_assert_eq(cell_bytes(&reply, "value", signature, sizeof(signature)), 256);
    expect_verdict(&dev, &key, &rsnull, info, 51, signature, 256, TRUE_BODY);
    expect_verdict(&dev, &key, &rs256, info + 19, 32, signature, 256, TRUE_BODY);
}

Test(sign, ES256_with_every_key_of_its_curve)
{
    check_ec(&(const struct peer_algorithm){ "ES256", 32, NULL, 0, "prime256v1" }, "P-256", 64);
    api_proves("sign,verify EC,EC-HSM ES256");
}

Test(sign, ES256K_with_every_key_of_its_curve)
{
    check_ec(&(const struct peer_algorithm){ "ES256K", 32, NULL, 0, "secp256k1" }, "P-256K", 64);
    api_proves("sign,verify EC,EC-HSM ES256K");
}

Test(sign, ES384_with_every_key_of_its_curve)
{
    check_ec(&(const struct peer_algorithm){ "ES384", 48, NULL, 0, "secp384r1" }, "P-384", 96);
    api_proves("sign,verify EC,EC-HSM ES384");
}

Test(sign, ES512_with_every_key_of_its_curve)
{
    check_ec(&(const struct peer_algorithm){ "ES512", 64, NULL, 0, "secp521r1" }, "P-521", 132);
    api_proves("sign,verify EC,EC-HSM ES512");
}

/* contract §8.3: the legacy algorithm is that of the legacy curve, and of P-256, too. */
Test(sign, ECDSA256_with_every_key_of_its_curves)
{
    check_ec(&(const struct peer_algorithm){ "ECDSA256", 32, NULL, 0, "prime256v1" }, "P-256", 64);
    check_ec(&(const struct peer_algorithm){ "ECDSA256", 32, NULL, 0, "secp256k1" }, "SECP256K1",
             64);
    api_proves("sign,verify EC,EC-HSM ECDSA256");
}
