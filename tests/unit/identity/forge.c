/* SPDX-License-Identifier: Apache-2.0 */
/* Signing by OpenSSL alone, so that it shares no code with what the tests judge. */

#include "forge.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>

#include "kv/base64.h"

const char forge_pem[] = "-----BEGIN PRIVATE KEY-----\n"
                         "MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSjAgEAAoIBAQCh+BYK4uPJtGXO\n"
                         "jS1lYmM2K5J9vinh8CR3/BYlzJChNuOL2TSXxbbqY913EeZ8dCn5VrD7io8ImtxL\n"
                         "aYk8wTM/U+3QGbh3hCUv7JFP5IV3aVlL6kKA0ywPVb9ilE8TA5a8bpvfbr3SvaNn\n"
                         "juygxmj3AbONv/s4yDQs4v5tJ/reSlpIdJed1LnPmt7Ex1sFhSwsD174pcF1A5L5\n"
                         "ROjtZMEQxrZHYJqkeDrrnGya11UxMFBji4NmXG9veoKjlnAqH2QbgtPr8jkiGUkf\n"
                         "toaHLFcW9Qr4NY2ai50Xw0Byj3+H2JoY2PyrZ62EWQwuz3WTOTY8BwNNb2BvniHg\n"
                         "VFbK5emhAgMBAAECggEAEq5xpGnNCivDflJsRQBXHx1hdR1k6Ulwe2JZD50LpXyW\n"
                         "PEAeP88vLNO97IjlA7/GQ5sLKMgvfTeXZx9SE+7YwVol2NXOoAJe46sui395IW/G\n"
                         "O+pWJ1O0BkTGoVEn2bKVRUCgu+GjBVaYLU6f3l9kJfFNS3E0QbVdxzubSu3Mkqzj\n"
                         "kn439X0M/V51gfpRLI9JYanrC4D4qAdGcopV/0ZHHzQlBjudU2QvXt4ehNYTCBr6\n"
                         "XCLQUShb1juUO1ZdiYoFaFQT5Tw8bGUl/x/jTj3ccPDVZFD9pIuhLhBOneufuBiB\n"
                         "4cS98l2SR/RQyGWSeWjnczT0QU91p1DhOVRuOopznQKBgQDgHMQQ60imZV1URk0K\n"
                         "pLttoLhyt3SmqdEf/kgHePDdtzEafpAu+cS191R2JiuoF2yzWXnwFDcqGigp5BNr\n"
                         "0AHQfD8/Lk8l1Mk09jxxCfui5nYooNyac8YFjm3vItzVCVDnEd3BbVWG8qf6deqE\n"
                         "lMGAg+C2V0L4oNXnP7LZcPAZRwKBgQC5A8R+CZW2MvRTLLHzwZkUXV866cff7tx6\n"
                         "kqa0finGG0KgeqlaZPxgCZnFp7AeAcCMtiynVlJ7vMVgePsLq6XtON4tB5kP9jAP\n"
                         "rq3rbAOal78eUH5OcED6eNuCV8ixEu1eWcPNCS/l1OW1EnXUEoEHKl54Xrrz2uNw\n"
                         "kgMTP1FZ1wKBgAcCn1dwJKufzBWQxWQp1vsM5fggqPN1qGb5y0MAk3g7/Ls5bkUp\n"
                         "5u9SN0Ai3Ya6hNnvWJMb7sXQX6U/zyO2M/hTip7tUeh7CXgwo59dkpN75gJLVds2\n"
                         "9+DAncu3KXU4f2Fa+7bLNrur53k8KwPOq2bbuTG69QtV7Jr5MR0AHWKNAoGBAIf/\n"
                         "evpitUf+4JYbLpvNXWcY052Mpz22aR84mY3nh3F2LF2mjMJDpTg7FmuyPcVw6EcG\n"
                         "yoAe9fa65iNqCq+jdw6PVNGo2hxfjSiZ8IIzHdsPXI89//pMjZcQK9r+CCoRjaZj\n"
                         "OYiIDktVWZzmevJuv6WywUqd57LE3Zar3dLSIkx1AoGAIYd7DHOhrWvxkwPQsRM2\n"
                         "tOgrjbcrfvtQJipd+DlcxyVuuM9sQLdgjVk2oy26F0EmpScGLq2MowX7fhd/QJQ3\n"
                         "ydy5cY7YIBi87w93IKLEdfnbJtoOPLUW0ITrJReOgo1cq9SbsxYawBgfp/gh6A56\n"
                         "03k2+ZQwVK0JKSHuLFkuQ3U=\n"
                         "-----END PRIVATE KEY-----\n";

static EVP_PKEY *read_key(void)
{
    BIO *memory = BIO_new_mem_buf(forge_pem, -1);
    EVP_PKEY *key = PEM_read_bio_PrivateKey(memory, NULL, NULL, NULL);

    BIO_free(memory);
    cr_assert_not_null(key);
    return key;
}

/* "HEADER.PAYLOAD" with room for `extra` more bytes. */
static char *join_parts(const char *header, const char *payload, size_t extra)
{
    size_t header_len = KV_BASE64URL_LENGTH(strlen(header));
    size_t payload_len = KV_BASE64URL_LENGTH(strlen(payload));
    char *text = malloc(header_len + payload_len + 2 + extra);

    cr_assert_not_null(text);
    kv_base64url_encode(header, strlen(header), text);
    text[header_len] = '.';
    kv_base64url_encode(payload, strlen(payload), text + header_len + 1);
    return text;
}

static void append_signature(char *text, const unsigned char *signature, size_t len)
{
    char *end = text + strlen(text);

    *end = '.';
    kv_base64url_encode(signature, len, end + 1);
}

static char *sign(const char *header, const char *payload, const EVP_MD *digest)
{
    unsigned char signature[256];
    size_t len = sizeof(signature);
    char *text = join_parts(header, payload, KV_BASE64URL_LENGTH(sizeof(signature)) + 2);
    EVP_PKEY *key = read_key();
    EVP_MD_CTX *context = EVP_MD_CTX_new();

    cr_assert(EVP_DigestSignInit(context, NULL, digest, NULL, key));
    cr_assert(EVP_DigestSign(context, signature, &len, (unsigned char *) text, strlen(text)));
    EVP_MD_CTX_free(context);
    EVP_PKEY_free(key);
    append_signature(text, signature, len);
    return text;
}

char *forge_token(const char *header, const char *payload)
{
    return sign(header, payload, EVP_sha256());
}

char *forge_rs512_token(const char *header, const char *payload)
{
    return sign(header, payload, EVP_sha512());
}

char *forge_hmac_token(const char *header, const char *payload)
{
    unsigned char mac[32];
    char *text = join_parts(header, payload, KV_BASE64URL_LENGTH(sizeof(mac)) + 2);
    EVP_PKEY *key = read_key();
    unsigned char *public_key = NULL;
    int public_len = i2d_PUBKEY(key, &public_key);

    cr_assert_gt(public_len, 0);
    cr_assert_not_null(HMAC(EVP_sha256(), public_key, public_len, (unsigned char *) text,
                            strlen(text), mac, NULL));
    OPENSSL_free(public_key);
    EVP_PKEY_free(key);
    append_signature(text, mac, sizeof(mac));
    return text;
}

char *forge_unsigned_token(const char *header, const char *payload)
{
    char *text = join_parts(header, payload, 2);

    append_signature(text, NULL, 0);
    return text;
}
