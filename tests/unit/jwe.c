/* SPDX-License-Identifier: Apache-2.0 */
/* JWE against a second implementation, on OpenSSL, which the vector of RFC 7518 §B.3 checks. */
#include "kv/base/jwe.h"

#include <string.h>

#include <criterion/criterion.h>
#include <openssl/core_names.h>
#include <openssl/evp.h>

#include "kv/base/base.h"
#include "kv/base/base64.h"

#define KID "0b7c3a1e-5d52-4f0e-9a51-000000000001"
#define TEXT_MAX 4096
#define MAC_LENGTH 64
#define TAG_LENGTH 32
#define IV_LENGTH 16

static const char content[] = "what a backup holds";

TestSuite(jwe, .timeout = 60);

/* RFC 7518 §5.2.2.1: AES-256-CBC, then half of HMAC-SHA-512 over A, IV, E and A's bits. */
static size_t seal_here(const unsigned char *key, const unsigned char *iv, const char *aad,
                        const char *plain, unsigned char *ret_cipher, unsigned char *ret_tag)
{
    size_t aad_len = strlen(aad);
    unsigned char input[TEXT_MAX];
    unsigned char mac[MAC_LENGTH];
    size_t mac_len;
    int len;
    int rest;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();

    cr_assert(EVP_EncryptInit_ex(ctx, EVP_aes_256_cbc(), NULL, key + 32, iv) == 1
              && EVP_EncryptUpdate(ctx, ret_cipher, &len, (const unsigned char *) plain,
                                   (int) strlen(plain))
                     == 1
              && EVP_EncryptFinal_ex(ctx, ret_cipher + len, &rest) == 1);
    EVP_CIPHER_CTX_free(ctx);
    len += rest;

    size_t total = aad_len + IV_LENGTH + (size_t) len + 8;

    cr_assert_lt(total, sizeof(input));
    memset(input, 0, sizeof(input));
    memcpy(input, aad, aad_len);
    memcpy(input + aad_len, iv, IV_LENGTH);
    memcpy(input + aad_len + IV_LENGTH, ret_cipher, (size_t) len);
    input[total - 2] = (unsigned char) (aad_len * 8 >> 8);
    input[total - 1] = (unsigned char) (aad_len * 8);
    cr_assert_not_null(EVP_Q_mac(NULL, "HMAC", NULL, "SHA512", NULL, key, 32, input, total, mac,
                                 sizeof(mac), &mac_len));
    memcpy(ret_tag, mac, TAG_LENGTH);
    return (size_t) len;
}

static void make_key(struct kv_secret *ret_key)
{
    for (size_t i = 0; i < KV_JWE_KEY_LENGTH; i++) {
        ret_key->bytes[i] = (unsigned char) i;
    }
    ret_key->len = KV_JWE_KEY_LENGTH;
}

static void seal(const struct kv_secret *key, struct kv_buf *text)
{
    static const struct kv_secret encrypted = { .bytes = "encrypted key", .len = 13 };
    kv_auto(kv_buf_done) struct kv_buf plain;

    kv_buf_init(&plain, TEXT_MAX);
    kv_buf_init(text, TEXT_MAX);
    cr_assert_eq(kv_buf_append(&plain, content, strlen(content), NULL), KV_OK);
    cr_assert_eq(kv_jwe_seal(KID, key, &encrypted, &plain, text, NULL), KV_OK);
}

/* Whether a text opens, and if so whether it says what it should. */
static bool opens(const char *text, size_t len, const struct kv_secret *key)
{
    kv_auto(kv_buf_done) struct kv_buf plain;
    struct kv_secret encrypted = { .len = 0 };
    struct kv_jwe jwe;

    kv_buf_init(&plain, TEXT_MAX);
    if (!kv_jwe_parse(text, len, KID, &jwe, &encrypted) || !kv_jwe_open(&jwe, key, &plain)) {
        return false;
    }
    return plain.len == strlen(content) && strcmp(plain.data, content) == 0
           && kv_secret_equal(encrypted.bytes, encrypted.len, "encrypted key", 13);
}

Test(jwe, the_second_implementation_agrees_with_the_rfc)
{
    static const unsigned char iv[IV_LENGTH] = { 0x1a, 0xf3, 0x8c, 0x2d, 0xc2, 0xb9, 0x6f, 0xfd,
                                                 0xd8, 0x66, 0x94, 0x09, 0x23, 0x41, 0xbc, 0x04 };
    static const unsigned char wanted[TAG_LENGTH] = {
        0x4d, 0xd3, 0xb4, 0xc0, 0x88, 0xa7, 0xf4, 0x5c, 0x21, 0x68, 0x39,
        0x64, 0x5b, 0x20, 0x12, 0xbf, 0x2e, 0x62, 0x69, 0xa8, 0xc5, 0x6a,
        0x81, 0x6d, 0xbc, 0x1b, 0x26, 0x77, 0x61, 0x95, 0x5b, 0xc5,
    };
    unsigned char cipher[TEXT_MAX];
    unsigned char tag[TAG_LENGTH];
    struct kv_secret key;

    make_key(&key);
    seal_here(key.bytes, iv, "The second principle of Auguste Kerckhoffs",
              "A cipher system must not be required to be secret, and it must be able to fall "
              "into the hands of the enemy without inconvenience",
              cipher, tag);
    cr_assert_arr_eq(tag, wanted, sizeof(tag));
}

Test(jwe, opens_what_the_second_implementation_sealed)
{
    static const unsigned char iv[IV_LENGTH] = "0123456789abcdef";
    static const char header[] =
        "{\"kid\":\"" KID "\",\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256CBC-HS512\"}";
    kv_auto(kv_buf_done) struct kv_buf text;
    unsigned char cipher[TEXT_MAX];
    unsigned char tag[TAG_LENGTH];
    char part[TEXT_MAX];
    struct kv_secret key;

    make_key(&key);
    kv_buf_init(&text, TEXT_MAX);
    kv_base64url_encode(header, strlen(header), part);
    cr_assert_eq(kv_buf_printf(&text, NULL, "%s", part), KV_OK);

    size_t len = seal_here(key.bytes, iv, part, content, cipher, tag);
    const struct {
        const void *bytes;
        size_t len;
    } parts[] = {
        { "encrypted key", 13 }, { iv, IV_LENGTH }, { cipher, len }, { tag, TAG_LENGTH }
    };

    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        kv_base64url_encode(parts[i].bytes, parts[i].len, part);
        cr_assert_eq(kv_buf_printf(&text, NULL, ".%s", part), KV_OK);
    }
    cr_assert(opens(text.data, text.len, &key), "%s", text.data);
}

Test(jwe, opens_what_it_sealed)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_secret key;

    make_key(&key);
    seal(&key, &text);
    cr_assert(opens(text.data, text.len, &key), "%s", text.data);
}

Test(jwe, does_not_open_once_any_character_is_another)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_secret key;

    make_key(&key);
    seal(&key, &text);
    for (size_t i = 0; i < text.len; i++) {
        static const char others[] = "AB.=_";

        for (size_t j = 0; j < strlen(others); j++) {
            char kept = text.data[i];

            text.data[i] = others[j];
            cr_expect(kept == others[j] || !opens(text.data, text.len, &key), "%zu: %c", i,
                      others[j]);
            text.data[i] = kept;
        }
    }
}

Test(jwe, does_not_open_when_it_is_cut_or_longer)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_secret key;

    make_key(&key);
    seal(&key, &text);
    for (size_t len = 0; len < text.len; len++) {
        cr_expect_not(opens(text.data, len, &key), "%zu", len);
    }
    cr_assert_eq(kv_buf_append(&text, ".", 1, NULL), KV_OK);
    cr_expect_not(opens(text.data, text.len, &key));
}

Test(jwe, does_not_open_with_another_key)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_secret key;

    make_key(&key);
    seal(&key, &text);
    for (size_t i = 0; i < KV_JWE_KEY_LENGTH; i += 21) {
        key.bytes[i] ^= 1;
        cr_expect_not(opens(text.data, text.len, &key), "%zu", i);
        key.bytes[i] ^= 1;
    }
    key.len--;
    cr_expect_not(opens(text.data, text.len, &key));
}

Test(jwe, is_not_for_another_kid)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_secret encrypted;
    struct kv_secret key;
    struct kv_jwe jwe;

    make_key(&key);
    seal(&key, &text);
    cr_assert_not(kv_jwe_parse(text.data, text.len, "0b7c3a1e-5d52-4f0e-9a51-000000000002", &jwe,
                               &encrypted));
}

Test(jwe, makes_another_key_each_time)
{
    struct kv_secret one;
    struct kv_secret two;

    cr_assert_eq(kv_jwe_make_key(&one, NULL), KV_OK);
    cr_assert_eq(kv_jwe_make_key(&two, NULL), KV_OK);
    cr_assert_eq(one.len, KV_JWE_KEY_LENGTH);
    cr_assert_not(kv_secret_equal(one.bytes, one.len, two.bytes, two.len));
}

#define DIRECT                                                                                     \
    "eyJhbGciOiJkaXIiLCJlbmMiOiJBMjU2Q0JDLUhTNTEyIiwia2lkIjoiYmFja3VwLXByb3RlY3Rpb24ta2V5In0.."

static void seal_direct(const struct kv_secret *key, struct kv_buf *text)
{
    static const struct kv_secret encrypted = { .bytes = "encrypted key", .len = 13 };
    kv_auto(kv_buf_done) struct kv_buf plain;

    kv_buf_init(&plain, TEXT_MAX);
    kv_buf_init(text, TEXT_MAX);
    cr_assert_eq(kv_buf_append(&plain, content, strlen(content), NULL), KV_OK);
    cr_assert_eq(kv_jwe_seal_direct(key, &encrypted, &plain, text, NULL), KV_OK);
}

static bool opens_direct(const char *text, size_t len, const struct kv_secret *key)
{
    kv_auto(kv_buf_done) struct kv_buf plain;
    struct kv_secret encrypted = { .len = 0 };
    struct kv_jwe jwe;

    kv_buf_init(&plain, TEXT_MAX);
    return kv_jwe_parse_direct(text, len, 13, &jwe, &encrypted) && kv_jwe_open(&jwe, key, &plain)
           && plain.len == strlen(content) && strcmp(plain.data, content) == 0
           && kv_secret_equal(encrypted.bytes, encrypted.len, "encrypted key", 13);
}

/* contract §6.7: alg, enc and kid, and an empty second part */
Test(jwe, of_a_managed_hsm_has_the_recorded_header_and_comes_back)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_secret key;

    make_key(&key);
    seal_direct(&key, &text);
    cr_expect_eq(strncmp(text.data, DIRECT, strlen(DIRECT)), 0, "%s", text.data);
    cr_expect(opens_direct(text.data, text.len, &key));
    cr_expect_not(opens(text.data, text.len, &key), "it is not a vault's");
    cr_expect_not(kv_jwe_is_sealed(text.data, text.len));
}

Test(jwe, of_a_managed_hsm_that_was_changed_anywhere_does_not_open)
{
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_secret key;

    make_key(&key);
    seal_direct(&key, &text);
    for (size_t i = 0; i < text.len; i++) {
        char kept = text.data[i];

        text.data[i] = kept == 'A' ? 'B' : 'A';
        cr_expect_not(opens_direct(text.data, text.len, &key), "character %zu", i);
        text.data[i] = kept;
    }
    for (size_t len = 0; len < text.len; len++) {
        cr_expect_not(opens_direct(text.data, len, &key), "%zu characters", len);
    }
}

Test(jwe, of_another_kid_still_looks_like_one)
{
    static const char *const others[] = { "", "a.b.c.d.e", "....", "eyJraWQiOiIifQ.AA.AA.AA.AA" };
    kv_auto(kv_buf_done) struct kv_buf text;
    struct kv_secret key;

    make_key(&key);
    seal(&key, &text);
    cr_expect(kv_jwe_is_sealed(text.data, text.len));
    cr_expect_not(kv_jwe_is_sealed(text.data, text.len - 1));
    for (size_t i = 0; i < KV_COUNT(others); i++) {
        cr_expect_not(kv_jwe_is_sealed(others[i], strlen(others[i])), "%s", others[i]);
    }
}
