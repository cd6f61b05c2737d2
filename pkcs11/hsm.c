/* SPDX-License-Identifier: Apache-2.0 */
/* Opening and closing everything, and reporting on it. */
#include <stdlib.h>
#include <string.h>

#include "core.h"
#include "door.h"
#include "held.h"
#include "lookup.h"
#include "map.h"
#include "probe.h"
#include "slot.h"
#include "token.h"
#include "trusted.h"

static void init_locks(struct hsm *hsm)
{
    pthread_rwlockattr_t attributes;

    /* Writers first: otherwise a stream of callers could hold off a re-open, or the destruction of
     * keys, forever. */
    pthread_rwlockattr_init(&attributes);
    pthread_rwlockattr_setkind_np(&attributes, PTHREAD_RWLOCK_PREFER_WRITER_NONRECURSIVE_NP);
    pthread_rwlock_init(&hsm->open_lock, &attributes);
    pthread_rwlock_init(&hsm->objects_lock, &attributes);
    pthread_rwlockattr_destroy(&attributes);
    pthread_mutex_init(&hsm->check_lock, NULL);
    pthread_mutex_init(&hsm->held_lock, NULL);
    pthread_mutex_init(&hsm->copies.turn, NULL);
    pthread_mutex_init(&hsm->copies.lock, NULL);
}

static CK_RV copy_config(struct hsm *hsm, const struct hsm_config *config)
{
    if (config->pin_len > sizeof(hsm->pin)) {
        return CKR_PIN_LEN_RANGE;
    }
    HSM_TRY(hsm_label_pad(config->token_label, hsm->label));
    if (config->init_args) {
        hsm->init_args = strdup(config->init_args);
        if (!hsm->init_args) {
            return CKR_HOST_MEMORY;
        }
    }
    if (config->pin_len > 0) {
        memcpy(hsm->pin, config->pin, config->pin_len);
    }
    hsm->pin_len = config->pin_len;
    hsm->extractable = config->extractable;
    return CKR_OK;
}

/* PKCS#11 texts are padded with blanks and not terminated. */
static void copy_text(char *ret_text, const unsigned char *padded, size_t len)
{
    while (len > 0 && padded[len - 1] == ' ') {
        len--;
    }
    memcpy(ret_text, padded, len);
    ret_text[len] = '\0';
}

static CK_RV read_info(struct hsm *hsm)
{
    struct hsm_info *info = &hsm->info;
    CK_INFO library;
    CK_TOKEN_INFO token;

    HSM_TRY(HSM_DOOR(&hsm->module, C_GetInfo, &library));
    HSM_TRY(HSM_DOOR(&hsm->module, C_GetTokenInfo, hsm->slot, &token));
    copy_text(info->library, library.libraryDescription, sizeof(library.libraryDescription));
    copy_text(info->manufacturer, token.manufacturerID, sizeof(token.manufacturerID));
    copy_text(info->model, token.model, sizeof(token.model));
    copy_text(info->label, token.label, sizeof(token.label));
    copy_text(info->serial, token.serialNumber, sizeof(token.serialNumber));
    info->library_version = library.libraryVersion;
    info->cryptoki_version = library.cryptokiVersion;
    return CKR_OK;
}

static CK_RV open_token(struct hsm *hsm)
{
    HSM_TRY(hsm_token_open(hsm));
    HSM_TRY(read_info(hsm));
    HSM_TRY(hsm_fill_map(&hsm->anchor));
    hsm->usable = true;
    return hsm_probe(hsm);
}

/* At the first start, or the first start of this version; this invalidates earlier handles. */
static CK_RV need_trusted(struct hsm *hsm, const struct hsm_config *config)
{
    bool wanted = config->so_pin_len > 0 && hsm->capabilities.backup && hsm->logged_in;

    if (wanted && !hsm_has_trusted(hsm) && hsm_trusted_probe(hsm)) {
        HSM_TRY(hsm_trusted_make(hsm, config->so_pin, config->so_pin_len));
        HSM_TRY(hsm_fill_map(&hsm->anchor));
    }
    hsm->capabilities.trusted_wrap = hsm_has_trusted(hsm);
    return CKR_OK;
}

CK_RV hsm_open(const struct hsm_config *config, struct hsm **ret_hsm)
{
    kv_auto(hsm_close) struct hsm *hsm = calloc(1, sizeof(*hsm));

    if (!hsm) {
        return CKR_HOST_MEMORY;
    }
    hsm->anchor.hsm = hsm;
    hsm->refusal = HSM_RV_TOKEN_GONE;
    hsm->anchor.module = &hsm->module;
    init_locks(hsm);
    HSM_TRY(copy_config(hsm, config));
    HSM_TRY(hsm_map_new(&hsm->map));
    HSM_TRY(hsm_pool_new(hsm, config->sessions, &hsm->pool));
    HSM_TRY(hsm_module_open(config, &hsm->module));
    HSM_TRY(open_token(hsm));
    HSM_TRY(need_trusted(hsm, config));
    *ret_hsm = kv_take(hsm);
    return CKR_OK;
}

void hsm_close(struct hsm *hsm)
{
    if (!hsm) {
        return;
    }
    if (hsm->module.library) {
        hsm_token_close(hsm);
        hsm_module_close(&hsm->module);
    }
    hsm_pool_free(hsm->pool);
    hsm_map_free(hsm->map);
    pthread_mutex_destroy(&hsm->copies.lock);
    pthread_mutex_destroy(&hsm->copies.turn);
    pthread_mutex_destroy(&hsm->held_lock);
    pthread_mutex_destroy(&hsm->check_lock);
    pthread_rwlock_destroy(&hsm->objects_lock);
    pthread_rwlock_destroy(&hsm->open_lock);
    free(hsm->init_args);
    explicit_bzero(hsm->pin, sizeof(hsm->pin));
    free(hsm);
}

const struct hsm_capabilities *hsm_capabilities(const struct hsm *hsm)
{
    return &hsm->capabilities;
}

void hsm_describe(const struct hsm *hsm, struct hsm_info *ret_info)
{
    *ret_info = hsm->info;
}

void hsm_counters(const struct hsm *hsm, struct hsm_counters *ret_counters)
{
    ret_counters->calls = atomic_load(&hsm->module.calls);
    ret_counters->failures = atomic_load(&hsm->module.failures);
    ret_counters->reopened = atomic_load(&hsm->reopened);
    hsm_pool_count(hsm->pool, &ret_counters->sessions_open, &ret_counters->sessions_lent);
    ret_counters->keys = hsm_map_count(hsm->map);
}
