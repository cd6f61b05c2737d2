/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The certificate that an application's assertion names: x5t#S256 or x5t is the digest of one that is
 * registered for it; x5c brings one along, which counts only if it is one of those. What a header
 * points at (jku, x5u) is never followed. An application that nobody registered has none: it takes any.
 */
#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "kv/base/base64.h"
#include "kv/base/jws.h"
#include "private.h"

#define DER_MAX 16384 /* bytes */
#define DIGEST_MAX 32

KV_DEFINE_CLEANUP(X509 *, X509_free)

/* How a header names a certificate. */
struct thumbprint {
    unsigned char bytes[DIGEST_MAX];
    size_t len; /* 0: it does not */
};

static const char *find_text(const struct kv_jws *jws, const char *name)
{
    return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(jws->header, name));
}

/* In either alphabet, padded or not: the SDKs for Go and Rust write plain base64 with padding. */
static bool read_digest(const char *text, size_t len, struct thumbprint *ret_thumbprint)
{
    unsigned char bytes[DIGEST_MAX + 2]; /* its padding counts until it is decoded */
    size_t found = 0;

    if (text == NULL || KV_BASE64URL_BYTES(strlen(text)) > sizeof(bytes)
        || !kv_base64_decode(text, strlen(text), bytes, &found) || found != len) {
        return false;
    }
    memcpy(ret_thumbprint->bytes, bytes, len);
    ret_thumbprint->len = len;
    return true;
}

/* The first of x5c; NULL if there is none that can be read. */
static X509 *read_sent(const struct kv_jws *jws)
{
    const cJSON *x5c = cJSON_GetObjectItemCaseSensitive(jws->header, "x5c");
    const char *text = cJSON_GetStringValue(cJSON_IsArray(x5c) ? cJSON_GetArrayItem(x5c, 0) : x5c);
    unsigned char der[DER_MAX];
    const unsigned char *at = der;
    size_t len = text != NULL ? strlen(text) : 0;

    if (len == 0 || KV_BASE64URL_BYTES(len) > sizeof(der)
        || !kv_base64_decode(text, len, der, &len)) {
        return NULL;
    }
    kv_auto(X509_free) X509 *certificate = d2i_X509(NULL, &at, (long) len);
    return at == der + len ? kv_take(certificate) : NULL;
}

static bool read_thumbprint(const struct kv_jws *jws, X509 *sent, struct thumbprint *ret_thumbprint)
{
    unsigned len = 0;

    *ret_thumbprint = (struct thumbprint){ .len = 0 };
    if (read_digest(find_text(jws, "x5t#S256"), 32, ret_thumbprint)
        || read_digest(find_text(jws, "x5t"), 20, ret_thumbprint)) {
        return true;
    }
    if (sent == NULL || X509_digest(sent, EVP_sha256(), ret_thumbprint->bytes, &len) != 1) {
        return false;
    }
    ret_thumbprint->len = len;
    return true;
}

static enum kv_code refuse(const struct authority_order *order, const char *reason,
                           const struct thumbprint *thumbprint, struct kv_err *err)
{
    char hex[2 * DIGEST_MAX + 1] = "";

    for (size_t i = 0; i < thumbprint->len; i++) {
        (void) snprintf(hex + 2 * i, 3, "%02X", thumbprint->bytes[i]);
    }
    return AADSTS_REFUSE(err, 700027, reason, hex, order->client.client_id);
}

/* Certificates age by the virtual clock, as secrets do. */
static bool is_current(const X509 *certificate, kv_time now)
{
    time_t when = (time_t) now;

    return X509_cmp_time(X509_get0_notBefore(certificate), &when) < 0
           && X509_cmp_time(X509_get0_notAfter(certificate), &when) > 0;
}

static bool is_signed_by(const struct kv_jws *jws, const X509 *certificate)
{
    kv_auto(kv_jws_key_free) struct kv_jws_key *key = NULL;

    return kv_jws_key_of(certificate, &key, NULL) == KV_OK && kv_jws_is_signed(jws, key);
}

static enum kv_code judge(const struct authority_order *order, const struct kv_jws *jws,
                          const X509 *certificate, const struct thumbprint *thumbprint,
                          struct kv_err *err)
{
    if (!is_signed_by(jws, certificate)) {
        return refuse(order, "Key was found, but use of the key to verify the signature failed.",
                      thumbprint, err);
    }
    if (!is_current(certificate, kv_seconds(order->request->now))) {
        return refuse(order, "The key used is expired.", thumbprint, err);
    }
    return KV_OK;
}

/* Of an application that is made up on demand: what it sends with its assertion has to fit at least. */
static enum kv_code judge_unknown(const struct authority_order *order, const struct kv_jws *jws,
                                  const X509 *sent, const struct thumbprint *thumbprint,
                                  struct kv_err *err)
{
    return sent != NULL ? judge(order, jws, sent, thumbprint, err) : KV_OK;
}

enum kv_code authority_check_certificate(const struct authority_order *order,
                                         const struct kv_jws *jws, struct kv_err *err)
{
    kv_auto(X509_free) X509 *sent = read_sent(jws);
    kv_auto(X509_free) X509 *registered = NULL;
    struct thumbprint thumbprint;

    if (!read_thumbprint(jws, sent, &thumbprint)) {
        return AADSTS_REFUSE(err, 50027, "no certificate thumbprint specified in token header");
    }
    if (!order->client.registered) {
        return judge_unknown(order, jws, sent, &thumbprint, err);
    }
    enum kv_code code =
        kv_principals_find_certificate(order->request->app->principals, order->client.object_id,
                                       thumbprint.bytes, thumbprint.len, &registered, err);
    if (code == KV_NOT_FOUND) {
        return refuse(order, "The key was not found.", &thumbprint, err);
    }
    KV_TRY(code);
    return judge(order, jws, registered, &thumbprint, err);
}
