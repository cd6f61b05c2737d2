/* SPDX-License-Identifier: Apache-2.0 */
/* The file of a CA that a consumer is told to trust: whether it can be, before anything is asked. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/err.h>
#include <openssl/pem.h>

#include "core.h"
#include "kv/base/files.h"

#define CA_MAX (1024 * 1024) /* bytes: the authorities of a whole system take a quarter of it */

KV_DEFINE_CLEANUP(BIO *, BIO_free)
KV_DEFINE_CLEANUP(X509 *, X509_free)

/* Where the file is, is no business of those who only hear of it: the cause of a failed check. */
static enum kv_code refuse_unread(unsigned long cause, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, cause, "The file that ca names cannot be read: %s.",
                   strerror((int) cause));
}

/* A pipe would hold up whoever opens it. */
enum kv_code ca_find(const char *path, struct kv_err *err)
{
    struct stat found;

    if (stat(path, &found) != 0 || access(path, R_OK) != 0) {
        return refuse_unread((unsigned long) errno, err);
    }
    return S_ISREG(found.st_mode) ? KV_OK
                                  : KV_FAIL(err, KV_BAD_PARAMETER, 0, "What ca names is no file.");
}

static bool has_certificate(const struct kv_buf *pem)
{
    kv_auto(BIO_free) BIO *bio = pem->len > 0 ? BIO_new_mem_buf(pem->data, (int) pem->len) : NULL;
    kv_auto(X509_free) X509 *certificate =
        bio != NULL ? PEM_read_bio_X509(bio, NULL, NULL, NULL) : NULL;

    ERR_clear_error();
    return certificate != NULL;
}

enum kv_code kv_consumer_check_ca(const struct kv_consumer_order *order, struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;
    struct kv_err why = { .code = KV_OK };

    kv_buf_init(&pem, CA_MAX);
    if (order->ca == NULL || *order->ca == '\0') {
        return KV_OK;
    }
    KV_TRY(ca_find(order->ca, err));
    if (kv_file_read(order->ca, &pem, &why) != KV_OK) {
        return refuse_unread(why.cause, err);
    }
    return has_certificate(&pem) ? KV_OK
                                 : KV_FAIL(err, KV_BAD_PARAMETER, 0,
                                           "The file that ca names has no certificate in PEM.");
}
