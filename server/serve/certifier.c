/* SPDX-License-Identifier: Apache-2.0 */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/log.h"
#include "kv/base/secret.h"
#include "serve.h"

#define KEPT_MAX (KV_VAULTS_MAX + 2) /* one per managed HSM, all vaults, attestations */
#define ROOM_AT_FIRST 4
#define NAME_SIZE 65
#define SPKI_MAX 1024
#define CHAIN_MAX 16384

/* An issued certificate with its CA's, PEM, and what it was issued for. */
struct kept {
    char name[NAME_SIZE]; /* "": none */
    struct kv_buf spki, chain;
};

struct certifier {
    const struct kv_certificates *certificates;
    pthread_mutex_t mutex; /* lock.def: certifier.kept; guards everything below */
    struct kept *kept;     /* grows: few instances ever have more than two */
    size_t count, room;
    size_t next; /* the one to be replaced next, once there are KEPT_MAX */
};

enum kv_code certifier_new(const struct kv_certificates *certificates,
                           struct certifier **ret_certifier, struct kv_err *err)
{
    struct certifier *certifier = calloc(1, sizeof(*certifier));

    if (certifier == NULL) {
        return KV_OUT_OF_MEMORY(err);
    }
    certifier->certificates = certificates;
    (void) pthread_mutex_init(&certifier->mutex, NULL); /* cannot fail on Linux */
    *ret_certifier = certifier;
    return KV_OK;
}

void certifier_free(struct certifier *certifier)
{
    if (certifier == NULL) {
        return;
    }
    for (size_t i = 0; i < certifier->count; i++) {
        kv_buf_done(&certifier->kept[i].spki);
        kv_buf_done(&certifier->kept[i].chain);
    }
    free(certifier->kept);
    (void) pthread_mutex_destroy(&certifier->mutex);
    free(certifier);
}

/* Appends the kept chain; nothing if there is none. */
static enum kv_code recall(struct certifier *certifier, const void *spki, size_t len,
                           const char *name, struct kv_buf *chain, struct kv_err *err)
{
    enum kv_code code = KV_OK;

    pthread_mutex_lock(&certifier->mutex);
    for (size_t i = 0; i < certifier->count; i++) {
        const struct kept *kept = &certifier->kept[i];

        if (strcmp(kept->name, name) == 0
            && kv_secret_equal(kept->spki.data, kept->spki.len, spki, len)) {
            code = kv_buf_append(chain, kept->chain.data, kept->chain.len, err);
            break;
        }
    }
    pthread_mutex_unlock(&certifier->mutex);
    return code;
}

/* For one more; false: out of memory. */
static bool make_room(struct certifier *certifier)
{
    size_t room = certifier->room == 0 ? ROOM_AT_FIRST : 2 * certifier->room;
    struct kept *kept = NULL;

    if (certifier->count < certifier->room) {
        return true;
    }
    kept = realloc(certifier->kept, room * sizeof(*kept));
    if (kept == NULL) {
        return false;
    }
    certifier->kept = kept;
    certifier->room = room;
    return true;
}

/* Another one, or the oldest emptied; NULL: out of memory. */
static struct kept *take_place(struct certifier *certifier)
{
    struct kept *kept;

    if (certifier->count < KEPT_MAX) {
        if (!make_room(certifier)) {
            return NULL;
        }
        kept = &certifier->kept[certifier->count++];
        kv_buf_init(&kept->spki, SPKI_MAX);
        kv_buf_init(&kept->chain, CHAIN_MAX);
    } else {
        kept = &certifier->kept[certifier->next];
        certifier->next = (certifier->next + 1) % KEPT_MAX;
        kv_buf_clear(&kept->spki);
        kv_buf_clear(&kept->chain);
    }
    kept->name[0] = '\0';
    return kept;
}

/* If memory is short it is not kept. */
static void keep(struct certifier *certifier, const void *spki, size_t len, const char *name,
                 const struct kv_buf *chain)
{
    pthread_mutex_lock(&certifier->mutex);
    struct kept *kept = take_place(certifier);

    if (kept != NULL && kv_buf_append(&kept->spki, spki, len, NULL) == KV_OK
        && kv_buf_append(&kept->chain, chain->data, chain->len, NULL) == KV_OK) {
        (void) snprintf(kept->name, sizeof(kept->name), "%s", name);
    }
    pthread_mutex_unlock(&certifier->mutex);
}

/* What is wrong with the CA is for the log: a client is not told. */
static enum kv_code issue(const struct certifier *certifier, const void *spki, size_t len,
                          const char *name, struct kv_buf *chain, struct kv_err *err)
{
    struct kv_err cause;

    if (kv_certificates_issue(certifier->certificates, spki, len, name, chain, &cause) != KV_OK) {
        kv_log(KV_LOG_ERROR, "not_certified", KV_LOG_TEXT_FIELD("name", name),
               KV_LOG_TEXT_FIELD("reason", cause.message));
        return KV_FAIL(err, KV_INTERNAL, cause.cause,
                       "the CA cannot certify the key that signs statements");
    }
    return KV_OK;
}

enum kv_code certifier_certify(void *context, const void *spki, size_t len, const char *name,
                               struct kv_buf *chain, struct kv_err *err)
{
    struct certifier *certifier = context;
    kv_auto(kv_buf_done) struct kv_buf issued;

    kv_buf_init(&issued, CHAIN_MAX);
    KV_TRY(recall(certifier, spki, len, name, &issued, err));
    if (issued.len == 0) {
        KV_TRY(issue(certifier, spki, len, name, &issued, err));
        keep(certifier, spki, len, name, &issued);
    }
    return kv_buf_append(chain, issued.data, issued.len, err);
}
