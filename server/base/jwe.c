/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Own code on OpenSSL's cipher and MAC: OpenSSL has no JWE, and libjose writes the members
 * of a header in an order of its own, where the service's is known.
 */
#include "kv/base/jwe.h"

#include <assert.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/params.h>
#include <openssl/rand.h>

#include "kv/base/base64.h"

#define PARTS 5
#define KID_MAX 64
#define HEADER_MAX 256 /* characters, encoded or not */
#define HALF (KV_JWE_KEY_LENGTH / 2)
#define IV_LENGTH 16
#define BLOCK_LENGTH 16
#define MAC_LENGTH 64
#define TAG_LENGTH 32 /* of the MAC, the rest is cut off */
#define CONTENT_MAX (INT32_MAX - BLOCK_LENGTH)

/* JSON knows no order of members; this is the service's (contract §6.7). */
#define HEADER_HEAD "{\"kid\":\""
#define HEADER_TAIL "\",\"alg\":\"RSA-OAEP-256\",\"enc\":\"A256CBC-HS512\"}"
#define DIRECT_HEADER                                                                              \
    "{\"alg\":\"dir\",\"enc\":\"A256CBC-HS512\",\"kid\":\"backup-protection-key\"}"

KV_DEFINE_CLEANUP(EVP_CIPHER_CTX *, EVP_CIPHER_CTX_free)
KV_DEFINE_CLEANUP(EVP_MAC *, EVP_MAC_free)
KV_DEFINE_CLEANUP(EVP_MAC_CTX *, EVP_MAC_CTX_free)

enum kv_code kv_jwe_make_key(struct kv_secret *ret_key, struct kv_err *err)
{
    if (RAND_priv_bytes(ret_key->bytes, KV_JWE_KEY_LENGTH) != 1) {
        return KV_FAIL(err, KV_INTERNAL, 0, "OpenSSL could not make random bytes");
    }
    ret_key->len = KV_JWE_KEY_LENGTH;
    return KV_OK;
}

static void render_header(const char *kid, char ret_text[HEADER_MAX])
{
    char json[KV_BASE64URL_BYTES(HEADER_MAX)];
    int len = snprintf(json, sizeof(json), HEADER_HEAD "%s" HEADER_TAIL, kid);

    kv_base64url_encode(json, (size_t) len, ret_text);
}

static void render_direct_header(char ret_text[HEADER_MAX])
{
    _Static_assert(KV_BASE64URL_LENGTH(sizeof(DIRECT_HEADER)) < HEADER_MAX, "it fits");
    kv_base64url_encode(DIRECT_HEADER, strlen(DIRECT_HEADER), ret_text);
}

/* RFC 7518 §5.2.2.1: over header, IV, ciphertext and the header's length in bits, cut in half. */
static bool make_tag(const struct kv_secret *key, const char *header, size_t header_len,
                     const unsigned char *iv, const void *cipher, size_t len,
                     unsigned char ret_tag[TAG_LENGTH])
{
    char digest[] = "SHA512";
    const OSSL_PARAM params[] = {
        OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_DIGEST, digest, 0),
        OSSL_PARAM_construct_end(),
    };
    kv_auto(EVP_MAC_free) EVP_MAC *hmac = EVP_MAC_fetch(NULL, "HMAC", NULL);
    kv_auto(EVP_MAC_CTX_free) EVP_MAC_CTX *ctx = hmac != NULL ? EVP_MAC_CTX_new(hmac) : NULL;
    unsigned char bits[8] = { 0 };
    unsigned char mac[MAC_LENGTH];
    size_t mac_len;

    for (size_t i = 0; i < sizeof(bits); i++) {
        bits[i] = (unsigned char) ((uint64_t) header_len * 8 >> (56 - 8 * i));
    }
    if (ctx == NULL || EVP_MAC_init(ctx, key->bytes, HALF, params) != 1
        || EVP_MAC_update(ctx, (const unsigned char *) header, header_len) != 1
        || EVP_MAC_update(ctx, iv, IV_LENGTH) != 1 || EVP_MAC_update(ctx, cipher, len) != 1
        || EVP_MAC_update(ctx, bits, sizeof(bits)) != 1
        || EVP_MAC_final(ctx, mac, &mac_len, sizeof(mac)) != 1) {
        return false;
    }
    memcpy(ret_tag, mac, TAG_LENGTH);
    return true;
}

/* AES-256-CBC with padding, either way, into room for a block more than `len`. */
static bool run_cipher(bool encrypt, const struct kv_secret *key, const unsigned char *iv,
                       const void *in, size_t len, unsigned char *out, size_t *ret_len)
{
    kv_auto(EVP_CIPHER_CTX_free) EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int written;
    int rest;

    if (len > CONTENT_MAX || ctx == NULL
        || EVP_CipherInit_ex(ctx, EVP_aes_256_cbc(), NULL, key->bytes + HALF, iv, encrypt) != 1
        || EVP_CipherUpdate(ctx, out, &written, in, (int) len) != 1
        || EVP_CipherFinal_ex(ctx, out + written, &rest) != 1) {
        ERR_clear_error();
        return false;
    }
    *ret_len = (size_t) written + (size_t) rest;
    return true;
}

static enum kv_code append_part(struct kv_buf *text, const void *bytes, size_t len,
                                struct kv_err *err)
{
    KV_TRY(kv_buf_append(text, ".", 1, err));
    return kv_base64url_render(bytes, len, text, err);
}

/* What is between the header and the end: iv, ciphertext, tag, and where the encrypted key stands. */
static enum kv_code seal(const char *header, bool direct, const struct kv_secret *key,
                         const struct kv_secret *encrypted_key, const struct kv_buf *content,
                         struct kv_buf *text, struct kv_err *err)
{
    size_t skipped = direct ? encrypted_key->len : 0;
    unsigned char iv[IV_LENGTH];
    unsigned char tag[TAG_LENGTH];
    kv_auto(kv_wipe_free) char *cipher = malloc(skipped + content->len + BLOCK_LENGTH);
    size_t len;

    if (cipher == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    assert(key->len == KV_JWE_KEY_LENGTH);
    memcpy(cipher, encrypted_key->bytes, skipped);
    if (RAND_bytes(iv, sizeof(iv)) != 1
        || !run_cipher(true, key, iv, content->data, content->len,
                       (unsigned char *) cipher + skipped, &len)
        || !make_tag(key, header, strlen(header), iv, cipher, skipped + len, tag)) {
        return KV_FAIL(err, KV_INTERNAL, 0, "the content could not be encrypted");
    }
    KV_TRY(kv_buf_append(text, header, strlen(header), err));
    KV_TRY(append_part(text, encrypted_key->bytes, direct ? 0 : encrypted_key->len, err));
    KV_TRY(append_part(text, iv, sizeof(iv), err));
    KV_TRY(append_part(text, cipher, skipped + len, err));
    return append_part(text, tag, sizeof(tag), err);
}

enum kv_code kv_jwe_seal(const char *kid, const struct kv_secret *key,
                         const struct kv_secret *encrypted_key, const struct kv_buf *content,
                         struct kv_buf *text, struct kv_err *err)
{
    char header[HEADER_MAX];

    assert(strlen(kid) <= KID_MAX);
    render_header(kid, header);
    return seal(header, false, key, encrypted_key, content, text, err);
}

enum kv_code kv_jwe_seal_direct(const struct kv_secret *key, const struct kv_secret *encrypted_key,
                                const struct kv_buf *content, struct kv_buf *text,
                                struct kv_err *err)
{
    char header[HEADER_MAX];

    render_direct_header(header);
    return seal(header, true, key, encrypted_key, content, text, err);
}

/* Exactly five parts, each in the one spelling of its bytes. */
static bool take_parts(const char *text, size_t len, struct kv_jwe_part ret_parts[PARTS])
{
    const char *end = text + len;

    for (size_t i = 0; i < PARTS; i++) {
        const char *dot = memchr(text, '.', (size_t) (end - text));
        const char *stop = dot != NULL ? dot : end;

        ret_parts[i] = (struct kv_jwe_part){ .text = text, .len = (size_t) (stop - text) };
        if ((dot == NULL) != (i == PARTS - 1)
            || !kv_base64url_is_canonical(text, ret_parts[i].len)) {
            return false;
        }
        text = stop + (dot != NULL);
    }
    return true;
}

/* Decodes a part that has to be of this length. */
static bool decode_exactly(const struct kv_jwe_part *part, unsigned char *ret_bytes, size_t wanted)
{
    size_t len;

    return part->len == KV_BASE64URL_LENGTH(wanted)
           && kv_base64url_decode(part->text, part->len, ret_bytes, &len);
}

static bool is_text(const struct kv_jwe_part *part, const char *text)
{
    return part->len == strlen(text) && strncmp(part->text, text, part->len) == 0;
}

bool kv_jwe_parse(const char *text, size_t len, const char *kid, struct kv_jwe *ret_jwe,
                  struct kv_secret *ret_encrypted_key)
{
    struct kv_jwe_part parts[PARTS];
    char header[HEADER_MAX];

    assert(strlen(kid) <= KID_MAX);
    render_header(kid, header);
    if (!take_parts(text, len, parts) || !is_text(&parts[0], header)
        || KV_BASE64URL_BYTES(parts[1].len) > sizeof(ret_encrypted_key->bytes)) {
        return false;
    }
    *ret_jwe = (struct kv_jwe){ parts[0], parts[2], parts[3], parts[4], 0 };
    return kv_base64url_decode(parts[1].text, parts[1].len, ret_encrypted_key->bytes,
                               &ret_encrypted_key->len);
}

bool kv_jwe_parse_direct(const char *text, size_t len, size_t encrypted_len, struct kv_jwe *ret_jwe,
                         struct kv_secret *ret_encrypted_key)
{
    struct kv_jwe_part parts[PARTS];
    char header[HEADER_MAX];
    size_t bytes_len;

    assert(encrypted_len <= sizeof(ret_encrypted_key->bytes));
    render_direct_header(header);
    if (!take_parts(text, len, parts) || !is_text(&parts[0], header) || parts[1].len != 0
        || KV_BASE64URL_BYTES(parts[3].len) < encrypted_len) {
        return false;
    }

    kv_auto(kv_wipe_free) char *bytes = malloc(KV_BASE64URL_BYTES(parts[3].len) + 1);

    if (bytes == NULL || !kv_base64url_decode(parts[3].text, parts[3].len, bytes, &bytes_len)
        || bytes_len < encrypted_len) {
        return false;
    }
    memcpy(ret_encrypted_key->bytes, bytes, encrypted_len);
    ret_encrypted_key->len = encrypted_len;
    *ret_jwe = (struct kv_jwe){ parts[0], parts[2], parts[3], parts[4], encrypted_len };
    return true;
}

bool kv_jwe_is_sealed(const char *text, size_t len)
{
    static const size_t head = sizeof(HEADER_HEAD) - 1;
    static const size_t tail = sizeof(HEADER_TAIL) - 1;
    struct kv_jwe_part parts[PARTS];
    char json[HEADER_MAX];
    size_t json_len;

    return take_parts(text, len, parts) && KV_BASE64URL_BYTES(parts[0].len) < sizeof(json)
           && kv_base64url_decode(parts[0].text, parts[0].len, json, &json_len)
           && json_len > head + tail && strncmp(json, HEADER_HEAD, head) == 0
           && strncmp(json + json_len - tail, HEADER_TAIL, tail) == 0 && parts[1].len > 0
           && parts[2].len == KV_BASE64URL_LENGTH(IV_LENGTH) && parts[3].len > 0
           && parts[4].len == KV_BASE64URL_LENGTH(TAG_LENGTH);
}

static bool tag_is_right(const struct kv_jwe *jwe, const struct kv_secret *key,
                         const unsigned char *iv, const void *cipher, size_t len)
{
    unsigned char sent[TAG_LENGTH];
    unsigned char tag[TAG_LENGTH];

    return decode_exactly(&jwe->tag, sent, sizeof(sent))
           && make_tag(key, jwe->header.text, jwe->header.len, iv, cipher, len, tag)
           && kv_secret_equal(sent, sizeof(sent), tag, sizeof(tag));
}

/* First the tag, then the cipher: nothing is decrypted that was not sealed with this key. */
bool kv_jwe_open(const struct kv_jwe *jwe, const struct kv_secret *key, struct kv_buf *content)
{
    size_t room = KV_BASE64URL_BYTES(jwe->ciphertext.len) + BLOCK_LENGTH;
    kv_auto(kv_wipe_free) char *cipher = malloc(room);
    kv_auto(kv_wipe_free) char *plain = malloc(room);
    unsigned char iv[IV_LENGTH];
    size_t len;

    return cipher != NULL && plain != NULL && key->len == KV_JWE_KEY_LENGTH
           && decode_exactly(&jwe->iv, iv, sizeof(iv))
           && kv_base64url_decode(jwe->ciphertext.text, jwe->ciphertext.len, cipher, &len)
           && len >= jwe->skipped && tag_is_right(jwe, key, iv, cipher, len)
           && run_cipher(false, key, iv, cipher + jwe->skipped, len - jwe->skipped,
                         (unsigned char *) plain, &len)
           && kv_buf_append(content, plain, len, NULL) == KV_OK;
}
