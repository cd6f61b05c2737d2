/* SPDX-License-Identifier: Apache-2.0 */
/* The vaults that the options name, and the certificate for their names. */
#include "serve.h"

#include <string.h>

#include "kv/base/log.h"

#define FIXED_NAMES 8 /* of the certificate, besides the vaults' and the --san ones */
#define SANS_MAX 64

static bool is_named_twice(const struct kv_vault_draft *drafts, size_t last)
{
    for (size_t i = 0; i < last; i++) {
        if (strcmp(drafts[i].vault.name, drafts[last].vault.name) == 0) {
            return true;
        }
    }
    return false;
}

enum kv_code vaults_read(const struct kv_options *options, struct vault_drafts *ret_drafts,
                         struct kv_err *err)
{
    struct kv_vault_draft *drafts = ret_drafts->draft;
    size_t count = kv_option_list_count(options, KV_OPTION_VAULT);

    if (count == 0 || count > KV_COUNT(ret_drafts->draft)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--vault: 1 to %zu vaults can be named",
                       KV_COUNT(ret_drafts->draft));
    }
    for (size_t i = 0; i < count; i++) {
        KV_TRY(kv_vault_parse(kv_option_list_item(options, KV_OPTION_VAULT, i), &drafts[i], err));
        if (is_named_twice(drafts, i)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--vault: %s is named twice",
                           drafts[i].vault.name);
        }
    }
    ret_drafts->count = count;
    return KV_OK;
}

/* Vaults created later need no entry in the certificate: the wildcards of `fixed` cover every name
 * that a vault can have. */
enum kv_code vaults_certify(const struct kv_options *options, const char *folder,
                            const struct vault_drafts *drafts,
                            struct kv_certificates *ret_certificates, struct kv_err *err)
{
    static const char *const fixed[FIXED_NAMES] = {
        "*.vault.localhost", "*.managedhsm.localhost",
        "*.vault.azure.net", "*.managedhsm.azure.net",
        "localhost",         "host.docker.internal",
        "127.0.0.1",         "::1",
    };
    char hosts[VAULT_DRAFTS_MAX][KV_VAULT_HOST_SIZE];
    const char *names[FIXED_NAMES + VAULT_DRAFTS_MAX + SANS_MAX];
    size_t sans = kv_option_list_count(options, KV_OPTION_SAN);
    size_t count = 0;

    if (sans > SANS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--san: at most %d names", SANS_MAX);
    }
    for (size_t i = 0; i < FIXED_NAMES; i++) {
        names[count++] = fixed[i];
    }
    for (size_t i = 0; i < drafts->count; i++) {
        kv_vault_host(&drafts->draft[i].vault, hosts[i]);
        names[count++] = hosts[i];
    }
    for (size_t i = 0; i < sans; i++) {
        names[count++] = kv_option_list_item(options, KV_OPTION_SAN, i);
    }
    return kv_certificates_open(folder, names, count, ret_certificates, err);
}

static void log_deleted(struct kv_vaults *vaults, const struct vault_drafts *drafts, kv_time now)
{
    for (size_t i = 0; i < drafts->count; i++) {
        kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
        const char *name = drafts->draft[i].vault.name;

        if (kv_vaults_get(vaults, name, now, &vault, NULL) == KV_OK && vault->deleted != 0) {
            kv_log(KV_LOG_WARNING, "vault_is_deleted", KV_LOG_TEXT_FIELD("vault", name),
                   KV_LOG_TEXT_FIELD("reason", "it was deleted before: recover or purge it"));
        }
    }
}

enum kv_code vaults_open(struct kv_vaults *vaults, const struct vault_drafts *drafts, kv_time now,
                         struct kv_err *err)
{
    KV_TRY(kv_vaults_open(vaults, drafts->draft, drafts->count, now, err));
    log_deleted(vaults, drafts, now);
    return KV_OK;
}
