/* SPDX-License-Identifier: Apache-2.0 */
/* Which names the server certificate has, and what the options give of it. */
#include <stdio.h>
#include <string.h>

#include "kv/base/files.h"
#include "serve.h"

#define FIXED_NAMES 19 /* besides the vaults' and the --san ones */
#define SANS_MAX 64
#define NAMES_MAX (FIXED_NAMES + 2 * VAULT_DRAFTS_MAX + 1 + SANS_MAX)

struct names {
    char hosts[VAULT_DRAFTS_MAX][KV_VAULT_HOST_SIZE];
    char public_hosts[VAULT_DRAFTS_MAX][KV_PUBLIC_HOST_SIZE];
    char wildcard[KV_PUBLIC_HOST_SIZE];
    const char *all[NAMES_MAX];
    size_t count;
    const char *required[VAULT_DRAFTS_MAX + SANS_MAX]; /* of a given certificate */
    size_t required_count;
};

void names_unbracket(char *host)
{
    size_t len = strlen(host);

    if (*host == '[') {
        memmove(host, host + 1, len - 2);
        host[len - 2] = '\0';
    }
}

static void require_name(struct names *names, const char *name)
{
    names->required[names->required_count++] = name;
}

/* Clients use the public name of a vault where it has one. */
static void add_vault(struct names *names, size_t i, const struct kv_vault *vault,
                      const struct kv_public_url *public_url)
{
    kv_vault_host(vault, names->hosts[i]);
    names->all[names->count++] = names->hosts[i];
    if (!kv_public_host(public_url, vault, names->public_hosts[i])) {
        require_name(names, names->hosts[i]);
        return;
    }
    names_unbracket(names->public_hosts[i]);
    names->all[names->count++] = names->public_hosts[i];
    require_name(names, names->public_hosts[i]);
}

/* Vaults created later need no entry in the certificate: the wildcards cover every name that a
 * vault can have. */
static void add_fixed(struct names *names, const struct kv_public_url *public_url)
{
    static const char *const fixed[FIXED_NAMES] = {
        "*.vault.localhost",
        "*.managedhsm.localhost",
        "*.vault.azure.net",
        "*.managedhsm.azure.net",
        "*.fhir.localhost",
        "*.dicom.localhost",
        "*.fhir.azurehealthcareapis.com",
        "*.dicom.azurehealthcareapis.com",
        "login.localhost",
        "login.microsoftonline.com",
        "login.windows.net",
        "management.azure.com",
        "management.localhost",
        "graph.microsoft.com",
        "graph.localhost",
        "localhost",
        "host.docker.internal",
        "127.0.0.1",
        "::1",
    };

    for (size_t i = 0; i < FIXED_NAMES; i++) {
        names->all[names->count++] = fixed[i];
    }
    if (public_url->is_named) {
        (void) snprintf(names->wildcard, sizeof(names->wildcard), "*.%s", public_url->host);
        names->all[names->count++] = names->wildcard;
    }
}

static enum kv_code add_sans(struct names *names, const struct kv_options *options,
                             struct kv_err *err)
{
    size_t sans = kv_option_list_count(options, KV_OPTION_SAN);

    if (sans > SANS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--san: at most %d names", SANS_MAX);
    }
    for (size_t i = 0; i < sans; i++) {
        const char *name = kv_option_list_item(options, KV_OPTION_SAN, i);
        names->all[names->count++] = name;
        require_name(names, name);
    }
    return KV_OK;
}

bool certificates_are_given(const struct kv_options *options, const char *folder)
{
    static const enum kv_option files[] = {
        KV_OPTION_CA_CERT,          KV_OPTION_CA_KEY,   KV_OPTION_CA_P12,
        KV_OPTION_CA_PASSWORD_FILE, KV_OPTION_TLS_CERT, KV_OPTION_TLS_KEY,
    };
    char path[KV_PATH_MAX];

    for (size_t i = 0; i < KV_COUNT(files); i++) {
        if (kv_option_text(options, files[i])[0] != '\0') {
            return true;
        }
    }
    return kv_option_list_count(options, KV_OPTION_SAN) > 0
           || kv_path_join(path, folder, "tls", NULL) != KV_OK || kv_file_exists(path);
}

enum kv_code certificates_open(const struct kv_options *options, const char *folder,
                               const struct vault_drafts *drafts,
                               const struct kv_public_url *public_url,
                               struct kv_certificates *ret_certificates, struct kv_err *err)
{
    const struct kv_certificate_source source = {
        .ca_cert = kv_option_text(options, KV_OPTION_CA_CERT),
        .ca_key = kv_option_text(options, KV_OPTION_CA_KEY),
        .ca_p12 = kv_option_text(options, KV_OPTION_CA_P12),
        .password_file = kv_option_text(options, KV_OPTION_CA_PASSWORD_FILE),
        .tls_cert = kv_option_text(options, KV_OPTION_TLS_CERT),
        .tls_key = kv_option_text(options, KV_OPTION_TLS_KEY),
    };
    struct names names = { .count = 0 };

    add_fixed(&names, public_url);
    for (size_t i = 0; i < drafts->count; i++) {
        add_vault(&names, i, &drafts->draft[i].vault, public_url);
    }
    KV_TRY(add_sans(&names, options, err));
    const struct kv_certificate_names wanted = {
        .names = names.all,
        .count = names.count,
        .required = names.required,
        .required_count = names.required_count,
    };
    return kv_certificates_open(folder, &source, &wanted, ret_certificates, err);
}
