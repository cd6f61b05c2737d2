/* SPDX-License-Identifier: Apache-2.0 */
/* The vaults that the options name, and the certificate for their names. */
#include "serve.h"

#include <stdio.h>
#include <string.h>

#define FIXED_NAMES 8 /* of the certificate, beside the vaults' and the --san ones */
#define SANS_MAX 64
#define NAMES_MAX (FIXED_NAMES + 2 * KV_VAULTS_MAX + 1 + SANS_MAX)

/* What can be said of a vault but is not built yet is refused, never half done. */
static enum kv_code check_is_offered(const struct kv_vault *vault, struct kv_err *err)
{
    if (vault->access != KV_ACCESS_OPEN) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--vault: %s: this version serves access=open only", vault->name);
    }
    return KV_OK;
}

static bool is_named_twice(const struct kv_vault *vaults, size_t last)
{
    for (size_t i = 0; i < last; i++) {
        if (strcmp(vaults[i].name, vaults[last].name) == 0) {
            return true;
        }
    }
    return false;
}

enum kv_code vaults_read(const struct kv_options *options, struct kv_vault *ret_vaults,
                         size_t *ret_count, struct kv_err *err)
{
    size_t count = kv_option_list_count(options, KV_OPTION_VAULT);

    if (count == 0 || count > KV_VAULTS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--vault: 1 to %d vaults can be served",
                       KV_VAULTS_MAX);
    }
    for (size_t i = 0; i < count; i++) {
        KV_TRY(
            kv_vault_parse(kv_option_list_item(options, KV_OPTION_VAULT, i), &ret_vaults[i], err));
        KV_TRY(check_is_offered(&ret_vaults[i], err));
        if (is_named_twice(ret_vaults, i)) {
            return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--vault: %s is named twice",
                           ret_vaults[i].name);
        }
    }
    *ret_count = count;
    return KV_OK;
}

enum kv_code vaults_read_public_url(const struct kv_options *options, size_t vault_count,
                                    struct kv_public_url *ret_url, struct kv_err *err)
{
    KV_TRY(kv_public_url_parse(kv_option_text(options, KV_OPTION_PUBLIC_URL), ret_url, err));
    if (ret_url->host[0] != '\0' && !ret_url->is_named && vault_count > 1) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "--public-url: for more than one vault it has to be https://*.%s%s",
                       ret_url->host, ret_url->port);
    }
    return KV_OK;
}

/* Names as a certificate has them: an IPv6 address without its brackets. */
static void unbracket(char *host)
{
    size_t len = strlen(host);

    if (*host == '[') {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
    }
}

enum kv_code vaults_certify(const struct kv_options *options, const char *folder,
                            const struct kv_vault *vaults, size_t vault_count,
                            const struct kv_public_url *public_url,
                            struct kv_certificates *ret_certificates, struct kv_err *err)
{
    static const char *const fixed[FIXED_NAMES] = {
        "*.vault.localhost", "*.managedhsm.localhost",
        "*.vault.azure.net", "*.managedhsm.azure.net",
        "localhost",         "host.docker.internal",
        "127.0.0.1",         "::1",
    };
    char hosts[KV_VAULTS_MAX][KV_VAULT_HOST_SIZE];
    char public_hosts[KV_VAULTS_MAX][KV_PUBLIC_HOST_SIZE];
    char wildcard[KV_PUBLIC_HOST_SIZE];
    const char *names[NAMES_MAX];
    size_t sans = kv_option_list_count(options, KV_OPTION_SAN);
    size_t count = 0;

    if (sans > SANS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--san: at most %d names", SANS_MAX);
    }
    for (size_t i = 0; i < FIXED_NAMES; i++) {
        names[count++] = fixed[i];
    }
    for (size_t i = 0; i < vault_count; i++) {
        kv_vault_host(&vaults[i], hosts[i]);
        names[count++] = hosts[i];
        if (kv_public_host(public_url, &vaults[i], public_hosts[i])) {
            unbracket(public_hosts[i]);
            names[count++] = public_hosts[i];
        }
    }
    if (public_url->is_named) { /* a vault that is not there is answered to, too */
        (void) snprintf(wildcard, sizeof(wildcard), "*.%s", public_url->host);
        names[count++] = wildcard;
    }
    for (size_t i = 0; i < sans; i++) {
        names[count++] = kv_option_list_item(options, KV_OPTION_SAN, i);
    }
    return kv_certificates_open(folder, names, count, ret_certificates, err);
}
