/* SPDX-License-Identifier: Apache-2.0 */
/* Whose tokens are good: coffer's own, and those of --trust-issuer. */
#include <stdio.h>
#include <string.h>

#include "kv/base/log.h"
#include "kv/identity/identity.h"
#include "serve.h"

#define SPEC_SIZE 4608 /* a path and what is around it */

/* Every SPEC taken apart; texts are borrowed from copies of them. */
struct issuers {
    char text[KV_TRUSTED_MAX][SPEC_SIZE];
    struct kv_trusted_issuer issuer[KV_TRUSTED_MAX];
    size_t count;
};

static enum kv_code refuse(const char *spec, const char *reason, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--trust-issuer: %.256s: %s", spec, reason);
}

/* False for a setting that there is not, or that is given twice. */
static bool read_setting(struct kv_trusted_issuer *issuer, const char *setting)
{
    static const char keys[] = "jwks=", audience[] = "audience=";

    if (strncmp(setting, keys, strlen(keys)) == 0 && issuer->keys == NULL) {
        issuer->keys = setting + strlen(keys);
        return true;
    }
    if (strncmp(setting, audience, strlen(audience)) == 0 && issuer->audience == NULL) {
        issuer->audience = setting + strlen(audience);
        return true;
    }
    return false;
}

static enum kv_code read_spec(const char *spec, char text[SPEC_SIZE],
                              struct kv_trusted_issuer *ret_issuer, struct kv_err *err)
{
    *ret_issuer = (struct kv_trusted_issuer){ .issuer = text };
    if (snprintf(text, SPEC_SIZE, "%s", spec) >= SPEC_SIZE) {
        return refuse(spec, "it is too long", err);
    }
    for (char *comma = strchr(text, ','); comma != NULL;) {
        char *setting = comma + 1;

        *comma = '\0';
        comma = strchr(setting, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        if (!read_setting(ret_issuer, setting)) {
            return refuse(
                spec, "after the issuer come jwks=FILE or URL, and audience=TEXT, each once", err);
        }
    }
    return KV_OK;
}

static enum kv_code read_specs(const struct kv_options *options, struct issuers *issuers,
                               struct kv_err *err)
{
    size_t count = kv_option_list_count(options, KV_OPTION_TRUST_ISSUER);

    if (count > KV_TRUSTED_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--trust-issuer: at most %d issuers",
                       KV_TRUSTED_MAX);
    }
    for (issuers->count = 0; issuers->count < count; issuers->count++) {
        size_t i = issuers->count;

        KV_TRY(read_spec(kv_option_list_item(options, KV_OPTION_TRUST_ISSUER, i), issuers->text[i],
                         &issuers->issuer[i], err));
    }
    return KV_OK;
}

static void tell(const char *issuer, const struct kv_err *reason)
{
    if (reason == NULL) {
        kv_log(KV_LOG_DEBUG, "issuer_keys", KV_LOG_TEXT_FIELD("issuer", issuer));
        return;
    }
    kv_log(KV_LOG_WARNING, "issuer_keys_missing", KV_LOG_TEXT_FIELD("issuer", issuer),
           KV_LOG_TEXT_FIELD("reason", reason->message));
}

enum kv_code issuers_open(const struct kv_options *options, const char *folder,
                          struct kv_identity **ret_identity, struct kv_err *err)
{
    struct issuers issuers;

    KV_TRY(read_specs(options, &issuers, err));

    const struct kv_identity_config config = {
        .folder = folder,
        .tenant = kv_option_text(options, KV_OPTION_TENANT),
        .auth = settings_auth(options),
        .trusted = issuers.issuer,
        .trusted_count = issuers.count,
        .fetch = fetch_of_issuer,
        .told = tell,
    };

    return kv_identity_new(&config, ret_identity, err);
}
