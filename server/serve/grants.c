/* SPDX-License-Identifier: Apache-2.0 */
/* What the options grant: --grant, and --firewall by firewalls.c. Applied at every start, and again after a reset. */
#include <stdio.h>
#include <string.h>

#include "kv/access/grants.h"
#include "kv/app/app.h"
#include "kv/base/log.h"
#include "kv/identity/key_file.h"
#include "kv/identity/registry.h"
#include "serve.h"

#define SPEC_SIZE 1024

/* A SPEC taken apart; texts are borrowed from its own copy of it, and NULL when not given. */
struct spec {
    char text[SPEC_SIZE];
    const char *vault, *identity, *principal, *role, *scope, *key, *permissions;
    bool deny;
};

static enum kv_code refuse(const char *spec, const char *reason, struct kv_err *err)
{
    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--grant: %.256s: %s", spec, reason);
}

static bool read_setting(struct spec *spec, char *setting)
{
    const struct {
        const char *name;
        const char **target;
    } settings[] = {
        { "identity", &spec->identity }, { "principal", &spec->principal },
        { "role", &spec->role },         { "scope", &spec->scope },
        { "key", &spec->key },           { "permissions", &spec->permissions },
    };
    char *equals = strchr(setting, '=');

    if (equals == NULL) {
        spec->deny |= strcmp(setting, "deny") == 0;
        return strcmp(setting, "deny") == 0;
    }
    *equals = '\0';
    for (size_t i = 0; i < KV_COUNT(settings); i++) {
        if (strcmp(settings[i].name, setting) == 0 && *settings[i].target == NULL) {
            *settings[i].target = equals + 1;
            return true;
        }
    }
    return false;
}

/* A role and what goes with it, or permissions; for one person. */
static const char *find_fault(const struct spec *spec)
{
    if ((spec->role == NULL) == (spec->permissions == NULL)) {
        return "give role=.. or permissions=..";
    }
    if (spec->permissions != NULL && (spec->scope != NULL || spec->key != NULL || spec->deny)) {
        return "scope, key and deny go with a role";
    }
    return spec->identity != NULL && spec->principal != NULL
               ? "identity and principal are two persons"
               : NULL;
}

static enum kv_code parse(const char *text, struct spec *spec, struct kv_err *err)
{
    *spec = (struct spec){ .deny = false };
    if (snprintf(spec->text, sizeof(spec->text), "%s", text) >= (int) sizeof(spec->text)) {
        return refuse(text, "it is too long", err);
    }
    spec->vault = spec->text;
    for (char *comma = strchr(spec->text, ','); comma != NULL;) {
        char *setting = comma + 1;

        *comma = '\0';
        comma = strchr(setting, ',');
        if (comma != NULL) {
            *comma = '\0';
        }
        if (!read_setting(spec, setting)) {
            return refuse(text,
                          "it is VAULT, then some of identity=, principal=, role=, scope=, key=, "
                          "permissions= once each, and deny",
                          err);
        }
        if (comma != NULL) {
            *comma = ',';
        }
    }
    return find_fault(spec) != NULL ? refuse(text, find_fault(spec), err) : KV_OK;
}

static enum kv_code open_arc_keys(struct grants *grants, struct kv_err *err)
{
    const char *given = kv_option_text(grants->options, KV_OPTION_ARC_KEYS);
    char path[KV_PATH_MAX];

    KV_TRY(kv_path_join(path, grants->folder, "arc", err));
    return kv_key_file_new(*given != '\0' ? given : path, &grants->arc_keys, err);
}

enum kv_code grants_open(struct grants *grants, struct kv_store *store, struct kv_roles *roles,
                         struct kv_err *err)
{
    const struct kv_access_config config = {
        .store = store,
        .roles = roles,
        .events = grants->events,
        .tenant = kv_option_text(grants->options, KV_OPTION_TENANT),
        .delay = kv_option_duration(grants->options, KV_OPTION_ACCESS_DELAY),
        .firewall_delay = kv_option_duration(grants->options, KV_OPTION_FIREWALL_DELAY),
    };

    KV_TRY(proxies_read(grants->options, &grants->proxies, err));
    KV_TRY(open_arc_keys(grants, err));
    KV_TRY(identities_open(grants->options, store, grants->identity, &grants->principals, err));
    kv_vaults_settle(grants->vaults, firewalls_settle, grants);
    return kv_access_new(&config, &grants->access, err);
}

enum kv_code grants_check(const struct kv_options *options, struct kv_err *err)
{
    KV_TRY(identities_check(options, err));
    for (size_t i = 0; i < kv_option_list_count(options, KV_OPTION_GRANT); i++) {
        struct spec spec;

        KV_TRY(parse(kv_option_list_item(options, KV_OPTION_GRANT, i), &spec, err));
    }
    return firewalls_check(options, err);
}

/* *ret_principal NULL: one who was deleted, who stays without. */
static enum kv_code find_principal(const struct grants *grants, const struct spec *spec,
                                   struct kv_principal_entry *entry, const char **ret_principal,
                                   struct kv_err *err)
{
    *ret_principal = spec->principal;
    if (spec->principal == NULL) {
        KV_TRY(kv_principal_get(grants->principals, spec->identity != NULL ? spec->identity : "",
                                entry, err));
        *ret_principal = entry->state == KV_PRINCIPAL_DELETED ? NULL : entry->object_id;
    }
    return KV_OK;
}

/* "get+wrapKey" */
static enum kv_code permit(const struct grants *grants, const struct kv_vault *vault,
                           const char *principal, const char *words, kv_millis now,
                           struct kv_err *err)
{
    struct kv_policy policy = { .words = "" }, stored;

    if (strlen(principal) > KV_UUID_LENGTH || strlen(words) > KV_ACCESS_WORDS_MAX) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "It is too long.");
    }
    (void) snprintf(policy.principal, sizeof(policy.principal), "%s", principal);
    (void) snprintf(policy.words, sizeof(policy.words), "%s", words);
    for (char *at = policy.words; *at != '\0'; at++) {
        *at = *at == '+' ? ' ' : *at;
    }
    return kv_access_set_policy(grants->access, vault, &policy, now, &stored, err);
}

static enum kv_code assign(const struct grants *grants, const struct kv_vault *vault,
                           const char *principal, const struct spec *spec, kv_millis now,
                           struct kv_err *err)
{
    const struct kv_assignment_draft draft = {
        .vault = vault,
        .principal = principal,
        .role = spec->role,
        .scope = spec->scope,
        .key = spec->key,
        .deny = spec->deny,
    };
    struct kv_assignment made;
    enum kv_code code = kv_access_assign(grants->access, &draft, now, &made, err);

    return code == KV_ROLE_ASSIGNMENT_EXISTS ? KV_OK : code;
}

static void warn_if_idle(const struct spec *spec, const struct kv_vault *vault)
{
    const char *reason = kv_access_idle_reason(vault, spec->permissions != NULL);

    if (reason != NULL) {
        kv_log(KV_LOG_WARNING, "grant_without_effect", KV_LOG_TEXT_FIELD("vault", vault->name),
               KV_LOG_TEXT_FIELD("reason", reason));
    }
}

static enum kv_code apply(const struct grants *grants, const struct spec *spec,
                          const struct kv_vault *vault, struct kv_err *err)
{
    kv_millis now = kv_clock_now(grants->clock)
                    - kv_option_duration(grants->options, KV_OPTION_ACCESS_DELAY); /* at once */
    struct kv_principal_entry entry;
    const char *principal;

    warn_if_idle(spec, vault);
    KV_TRY(find_principal(grants, spec, &entry, &principal, err));
    if (principal == NULL) {
        return KV_OK;
    }
    return spec->permissions != NULL ? permit(grants, vault, principal, spec->permissions, now, err)
                                     : assign(grants, vault, principal, spec, now, err);
}

/* Those that deny, or the others. */
static enum kv_code apply_one(const struct grants *grants, const char *text, const char *only,
                              bool denies, struct kv_err *err)
{
    kv_auto(kv_vault_release) const struct kv_vault *vault = NULL;
    struct spec spec;
    struct kv_err why;

    KV_TRY(parse(text, &spec, err));
    if (spec.deny != denies) {
        return KV_OK;
    }

    const struct vault_named named = { spec.vault, strlen(spec.vault), only,
                                       kv_seconds(kv_clock_now(grants->clock)) };

    KV_TRY(vaults_find_named(grants->vaults, &named, &vault, &why) == KV_OK
               ? KV_OK
               : refuse(text, why.message, err));
    if (vault == NULL) {
        return KV_OK;
    }
    return apply(grants, &spec, vault, &why) == KV_OK ? KV_OK : refuse(text, why.message, err);
}

static enum kv_code apply_all(const struct grants *grants, const char *only, bool denies,
                              struct kv_err *err)
{
    for (size_t i = 0; i < kv_option_list_count(grants->options, KV_OPTION_GRANT); i++) {
        KV_TRY(apply_one(grants, kv_option_list_item(grants->options, KV_OPTION_GRANT, i), only,
                         denies, err));
    }
    return KV_OK;
}

/* What is denied comes first: while others call, nobody may in between what is denied in the end. */
static enum kv_code apply_to(const struct grants *grants, const char *vault, struct kv_err *err)
{
    KV_TRY(apply_all(grants, vault, true, err));
    KV_TRY(apply_all(grants, vault, false, err));
    KV_TRY(kv_principals_refresh(grants->principals, err));
    return kv_access_refresh(grants->access, err);
}

enum kv_code grants_apply(const struct grants *grants, struct kv_err *err)
{
    KV_TRY(firewalls_apply(grants, err));
    return apply_to(grants, NULL, err);
}

static enum kv_code register_again(void *context, struct kv_err *err)
{
    const struct grants *grants = context;

    return identities_apply(grants->options, grants->principals, err);
}

/* With NULL everybody is forgotten first but whom the options name. The firewalls are there already:
 * firewalls_settle(). */
static enum kv_code grants_again(void *context, const char *vault, struct kv_err *err)
{
    const struct grants *grants = context;

    if (vault == NULL) {
        KV_TRY(kv_principals_reset(grants->principals, register_again, context, err));
    }
    return apply_to(grants, vault, err);
}

void grants_lend(struct grants *grants, struct kv_app *app)
{
    app->principals = grants->principals;
    app->arc_keys = grants->arc_keys;
    app->access = grants->access;
    app->trusted_proxies = &grants->proxies;
    app->grant_again = grants_again;
    app->grant_context = grants;
}

void grants_close(struct grants *grants)
{
    kv_access_free(grants->access);
    kv_principals_free(grants->principals);
    kv_key_file_free(grants->arc_keys);
    kv_cidrs_done(&grants->proxies);
}
