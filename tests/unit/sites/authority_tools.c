/* SPDX-License-Identifier: Apache-2.0 */
#include "authority.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "kv/app/api.h"
#include "kv/base/base64.h"
#include "kv/wire/build.h"

#define DAY 86400
#define TEXT_MAX 16384

void set_up_authority(void)
{
    set_up_principals();
    app = (struct kv_app){
        .identity = identity,
        .principals = principals,
        .build = kv_build_find("2026"),
    };
    must(kv_clock_new(&app.clock, &err));
}

void tear_down_authority(void)
{
    end_exchange();
    kv_clock_free(app.clock);
    tear_down_principals();
}

void post(const char *path, const char *form)
{
    begin(KV_POST, path);
    request.authority = "login.localhost:8443";
    request.host = "login.localhost";
    (void) snprintf(request.id, sizeof(request.id), "00000000-aaaa-4bbb-8ccc-000000000001");
    add_header("Content-Type", "application/x-www-form-urlencoded");
    set_body(form);
    perform(&kv_authority_site);
}

void post_assertion(char *assertion)
{
    static char form[2 * TEXT_MAX];

    (void) snprintf(form, sizeof(form), GOOD ASSERTION_TYPE "&client_assertion=%s", assertion);
    free(assertion);
    post(TOKEN_V2, form);
}

void register_client(const char *name)
{
    enum kv_principal_type type = KV_PRINCIPAL_APPLICATION;
    const struct kv_principal_draft draft = { .name = name, .type = &type, .client_id = CLIENT };
    bool is_new;

    must(kv_principal_register(principals, &draft, false, &entry, &is_new, &err));
}

void expect_aadsts(unsigned number, int status, const char *word, const char *text)
{
    char expected[1400], tail[256], uri[128];
    const char *description = answer_text("error_description");
    const cJSON *codes = answer_member("error_codes");

    cr_assert_eq(response.status, status, "%s", response.body.data);
    cr_assert_str_eq(answer_text("error"), word, "%s", response.body.data);
    (void) snprintf(expected, sizeof(expected), "AADSTS%u: %s", number, text);
    cr_assert_eq(strncmp(description, expected, strlen(expected)), 0, "%s", description);
    (void) snprintf(tail, sizeof(tail),
                    " Trace ID: %s Correlation ID: %s Timestamp: 2023-11-14 22:13:20Z",
                    answer_text("trace_id"), answer_text("correlation_id"));
    cr_assert_str_eq(description + strlen(description) - strlen(tail), tail);
    cr_assert_eq(cJSON_GetArraySize(codes), 1);
    cr_assert_eq(cJSON_GetArrayItem(codes, 0)->valueint, (int) number);
    cr_assert_str_eq(answer_text("trace_id"), request.id);
    cr_assert_str_eq(answer_header("x-ms-request-id"), request.id);
    cr_assert_str_eq(answer_text("timestamp"), "2023-11-14 22:13:20Z");
    (void) snprintf(uri, sizeof(uri), "https://login.microsoftonline.com/error?code=%u", number);
    cr_assert_str_eq(answer_text("error_uri"), uri);
    cr_assert_str_eq(answer_header("Cache-Control"), "no-store, no-cache");
}

cJSON *expect_token(void)
{
    const char *token = answer_text("access_token");
    kv_auto(kv_buf_done) struct kv_buf payload;
    cJSON *claims = NULL;

    cr_assert_eq(response.status, 200, "%s", response.body.data);
    const char *first = strchr(token, '.'), *last = strrchr(token, '.');

    kv_buf_init(&payload, KV_TOKEN_MAX);
    must(kv_base64url_parse(first + 1, (size_t) (last - first - 1), &payload, &err));
    must(kv_json_parse(payload.data, payload.len, &claims, &err));
    return claims;
}

const char *claim_of(const cJSON *claims, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, name));

    return text != NULL ? text : "";
}

EVP_PKEY *make_key(void)
{
    EVP_PKEY *key = EVP_RSA_gen(2048);

    cr_assert_not_null(key);
    return key;
}

X509 *make_certificate(EVP_PKEY *key, long from_days, long to_days)
{
    X509 *certificate = X509_new();
    X509_NAME *name = X509_get_subject_name(certificate);
    time_t base = MILLIS / 1000;

    cr_assert(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (unsigned char *) "client", -1,
                                         -1, 0));
    cr_assert(X509_set_issuer_name(certificate, name));
    cr_assert_not_null(X509_time_adj(X509_getm_notBefore(certificate), from_days * DAY, &base));
    cr_assert_not_null(X509_time_adj(X509_getm_notAfter(certificate), to_days * DAY, &base));
    cr_assert(X509_set_pubkey(certificate, key));
    cr_assert(X509_sign(certificate, key, EVP_sha256()));
    return certificate;
}

void register_certificate(const char *name, X509 *certificate)
{
    BIO *memory = BIO_new(BIO_s_mem());
    struct kv_credential credential;
    char *pem = NULL;

    cr_assert(PEM_write_bio_X509(memory, certificate));
    long len = BIO_get_mem_data(memory, &pem);

    must(kv_principal_add_certificate(principals, name, "test", pem, (size_t) len, &credential,
                                      &err));
    BIO_free(memory);
}

const char *thumbprint_of(X509 *certificate, const EVP_MD *digest)
{
    static char text[64];
    unsigned char bytes[EVP_MAX_MD_SIZE];
    unsigned len;

    cr_assert(X509_digest(certificate, digest, bytes, &len));
    kv_base64url_encode(bytes, len, text);
    return text;
}

const char *encode_certificate(X509 *certificate)
{
    static char text[TEXT_MAX];
    unsigned char *der = NULL;
    int len = i2d_X509(certificate, &der);

    cr_assert(len > 0 && len < TEXT_MAX / 2);
    EVP_EncodeBlock((unsigned char *) text, der, len);
    OPENSSL_free(der);
    return text;
}

char *sign_assertion(EVP_PKEY *key, bool pss, const char *header, const char *payload)
{
    unsigned char signature[512];
    size_t len = sizeof(signature), at;
    char *text = malloc(TEXT_MAX + 2 * strlen(header) + 2 * strlen(payload));
    EVP_MD_CTX *context = EVP_MD_CTX_new();
    EVP_PKEY_CTX *way = NULL;

    kv_base64url_encode(header, strlen(header), text);
    at = strlen(text);
    text[at] = '.';
    kv_base64url_encode(payload, strlen(payload), text + at + 1);
    cr_assert(EVP_DigestSignInit(context, &way, EVP_sha256(), NULL, key));
    if (pss) {
        cr_assert(EVP_PKEY_CTX_set_rsa_padding(way, RSA_PKCS1_PSS_PADDING));
        cr_assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(way, RSA_PSS_SALTLEN_DIGEST));
    }
    cr_assert(EVP_DigestSign(context, signature, &len, (unsigned char *) text, strlen(text)));
    EVP_MD_CTX_free(context);
    at = strlen(text);
    text[at] = '.';
    kv_base64url_encode(signature, len, text + at + 1);
    return text;
}

const char *write_claims(const char *iss, const char *sub, const char *aud, long ago, long span)
{
    static char claims[2048];
    long start = (long) kv_seconds(kv_clock_real()) - ago;

    (void) snprintf(claims, sizeof(claims),
                    "{\"iss\":\"%s\",\"sub\":\"%s\",\"aud\":\"%s\",\"jti\":\"1\",\"nbf\":%ld,"
                    "\"exp\":%ld}",
                    iss, sub, aud, start, start + span);
    return claims;
}
