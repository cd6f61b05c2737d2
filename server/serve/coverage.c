/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Vaults whose name a given server certificate lacks: their clients get no further than TLS, so the
 * log says why. Those of --vault are refused at start; these were made later.
 */
#include "serve.h"

#include "kv/base/log.h"

/* As a client writes it, and the certificate has it: an IPv6 address without its brackets. */
static void name_vault(const struct coverage *coverage, const struct kv_vault *vault,
                       char ret_host[KV_PUBLIC_HOST_SIZE])
{
    char host[KV_VAULT_HOST_SIZE];

    if (kv_public_host(coverage->public_url, vault, ret_host)) {
        names_unbracket(ret_host);
        return;
    }
    kv_vault_host(vault, host);
    (void) snprintf(ret_host, KV_PUBLIC_HOST_SIZE, "%s", host);
}

static void warn(void *context, const struct kv_vault *vault)
{
    const struct coverage *coverage = context;
    char host[KV_PUBLIC_HOST_SIZE];

    name_vault(coverage, vault, host);
    if (!kv_certificates_cover(coverage->certificates, host)) {
        kv_log(KV_LOG_WARNING, "certificate_lacks_name", KV_LOG_TEXT_FIELD("vault", vault->name),
               KV_LOG_TEXT_FIELD("name", host),
               KV_LOG_TEXT_FIELD("reason", "clients refuse the certificate of --tls-cert for it"));
    }
}

enum kv_code coverage_watch(struct coverage *coverage, struct kv_vaults *vaults, struct kv_err *err)
{
    kv_auto(kv_vault_list_done) struct kv_vault_list list = { .vault = NULL };

    if (!coverage->certificates->is_given) { /* coffer issues its own for all names */
        return KV_OK;
    }
    kv_vaults_tell(vaults, warn, coverage);
    KV_TRY(kv_vaults_list(vaults, &list, err));
    for (size_t i = 0; i < list.count; i++) {
        warn(coverage, list.vault[i]);
    }
    return KV_OK;
}
