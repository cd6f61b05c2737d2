/* SPDX-License-Identifier: Apache-2.0 */
/* Whom the options name: --identity. Registered at every start, and again after a reset. */
#include <stdio.h>
#include <string.h>

#include "kv/base/log.h"
#include "kv/base/secret.h"
#include "kv/identity/registry.h"
#include "serve.h"

#define SPEC_SIZE 2048
#define CERTIFICATE_MAX 65536 /* bytes of a PEM file */
#define LABEL "option"        /* of the credentials that come from here */

/* A SPEC taken apart; texts are borrowed from its own copy of it, and NULL when not given. */
struct spec {
    char text[SPEC_SIZE];
    const char *name, *type, *client_id, *object_id, *secret, *secret_file, *certificate, *groups,
        *tenant, *upn;
    bool trusted;
};

/* It holds a secret. */
static void spec_done(struct spec *spec)
{
    kv_wipe(spec->text, sizeof(spec->text));
}
KV_DEFINE_CLEANUP_VALUE(struct spec, spec_done)

/* The rest of a SPEC is not repeated: it may hold a secret. */
static enum kv_code refuse(const char *spec, const char *reason, struct kv_err *err)
{
    size_t len = strcspn(spec, ",");

    return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--identity %.*s: %s", (int) (len < 128 ? len : 128),
                   spec, reason);
}

static bool read_setting(struct spec *spec, char *setting)
{
    const struct {
        const char *name;
        const char **target;
    } settings[] = {
        { "type", &spec->type },
        { "client-id", &spec->client_id },
        { "object-id", &spec->object_id },
        { "secret", &spec->secret },
        { "secret-file", &spec->secret_file },
        { "certificate", &spec->certificate },
        { "groups", &spec->groups },
        { "tenant", &spec->tenant },
        { "upn", &spec->upn },
    };
    char *equals = strchr(setting, '=');

    if (equals == NULL) {
        spec->trusted |= strcmp(setting, "trusted") == 0;
        return strcmp(setting, "trusted") == 0;
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

static enum kv_code parse(const char *text, struct spec *spec, struct kv_err *err)
{
    *spec = (struct spec){ .trusted = false };
    if (snprintf(spec->text, sizeof(spec->text), "%s", text) >= (int) sizeof(spec->text)) {
        return refuse(text, "it is too long", err);
    }

    char *rest = spec->text;

    spec->name = kv_principal_name_of(strsep(&rest, ","));
    for (char *setting; (setting = strsep(&rest, ",")) != NULL;) {
        if (!read_setting(spec, setting)) {
            return refuse(text,
                          "after the name come some of type=, client-id=, object-id=, secret= or "
                          "secret-file=, certificate=, groups=, tenant=, upn= once each, and "
                          "trusted",
                          err);
        }
    }
    return KV_OK;
}

static bool has_credentials(const struct spec *spec)
{
    return spec->secret != NULL || spec->secret_file != NULL || spec->certificate != NULL;
}

/* Who logs in by himself is an application. */
static enum kv_code read_type(const struct spec *spec, enum kv_principal_type *ret_type,
                              struct kv_err *err)
{
    *ret_type = has_credentials(spec) ? KV_PRINCIPAL_APPLICATION : KV_PRINCIPAL_USER_ASSIGNED;
    if (*spec->name == '\0') {
        *ret_type = KV_PRINCIPAL_SYSTEM_ASSIGNED;
    }
    if (spec->type != NULL && !kv_principal_type_parse(spec->type, ret_type)) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "type= is application, system-assigned, user-assigned, user or group");
    }
    if (has_credentials(spec) && *ret_type != KV_PRINCIPAL_APPLICATION) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0,
                       "applications alone have secrets and certificates");
    }
    if (spec->secret != NULL && spec->secret_file != NULL) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "secret= and secret-file= are two secrets");
    }
    return KV_OK;
}

enum kv_code identities_check(const struct kv_options *options, struct kv_err *err)
{
    for (size_t i = 0; i < kv_option_list_count(options, KV_OPTION_IDENTITIES); i++) {
        const char *text = kv_option_list_item(options, KV_OPTION_IDENTITIES, i);
        kv_auto(spec_done) struct spec spec = { .trusted = false };
        enum kv_principal_type type;
        struct kv_err why;

        KV_TRY(parse(text, &spec, err));
        if (read_type(&spec, &type, &why) != KV_OK) {
            return refuse(text, why.message, err);
        }
    }
    return KV_OK;
}

/* --- registering --- */

static enum kv_code register_one(struct kv_principals *principals, const struct spec *spec,
                                 struct kv_err *err)
{
    enum kv_principal_type type;
    struct kv_principal_draft draft = {
        .name = spec->name,
        .type = &type,
        .object_id = spec->object_id,
        .client_id = spec->client_id,
        .tenant = spec->tenant,
        .upn = spec->upn,
        .trusted_service = spec->trusted ? &spec->trusted : NULL,
    };
    struct kv_principal_entry entry;
    bool is_new;

    KV_TRY(read_type(spec, &type, err));
    return kv_principal_register(principals, &draft, false, &entry, &is_new, err);
}

/* The secret of before goes when the options have another one now. */
static enum kv_code set_secret(struct kv_principals *principals, const char *name,
                               const char *secret, size_t len, struct kv_err *err)
{
    enum kv_credential_verdict verdict;
    struct kv_principal_entry entry;
    struct kv_credential credential;
    enum kv_code code;

    KV_TRY(kv_principals_find_name(principals, name, &entry, err));
    KV_TRY(kv_principals_check_secret(principals, entry.object_id, secret, len, 0, &verdict, err));
    if (verdict == KV_CREDENTIAL_GOOD) {
        return KV_OK;
    }
    code = kv_principal_remove_credential(principals, name, KV_CREDENTIAL_SECRET, LABEL, err);
    KV_TRY(code == KV_NOT_FOUND ? KV_OK : code);
    return kv_principal_add_secret(principals, name, LABEL, secret, len, KV_CREDENTIAL_ENDLESS,
                                   &credential, err);
}

/* Its first line. */
static enum kv_code set_secret_of_file(struct kv_principals *principals, const struct spec *spec,
                                       struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf file;

    kv_buf_init(&file, KV_PRINCIPAL_SECRET_MAX + 2);
    KV_TRY(kv_file_read(spec->secret_file, &file, err));
    return set_secret(principals, spec->name, file.data,
                      file.len == 0 ? 0 : strcspn(file.data, "\r\n"), err);
}

static enum kv_code set_certificate(struct kv_principals *principals, const struct spec *spec,
                                    struct kv_err *err)
{
    kv_auto(kv_buf_done) struct kv_buf pem;
    struct kv_credential credential;

    kv_buf_init(&pem, CERTIFICATE_MAX);
    KV_TRY(kv_file_read(spec->certificate, &pem, err));
    return kv_principal_add_certificate(principals, spec->name, LABEL, pem.data, pem.len,
                                        &credential, err);
}

static enum kv_code set_credentials(struct kv_principals *principals, const struct spec *spec,
                                    struct kv_err *err)
{
    if (spec->secret != NULL) {
        KV_TRY(set_secret(principals, spec->name, spec->secret, strlen(spec->secret), err));
    }
    if (spec->secret_file != NULL) {
        KV_TRY(set_secret_of_file(principals, spec, err));
    }
    return spec->certificate != NULL ? set_certificate(principals, spec, err) : KV_OK;
}

static enum kv_code join_group(struct kv_principals *principals, const char *group,
                               const char *member, struct kv_err *err)
{
    static const enum kv_principal_type type = KV_PRINCIPAL_GROUP;
    const struct kv_principal_draft draft = { .name = group, .type = &type };
    struct kv_principal_entry entry;
    bool is_new;

    KV_TRY(kv_principal_register(principals, &draft, false, &entry, &is_new, err));
    return kv_principal_add_member(principals, group, member, err);
}

/* "A+B" */
static enum kv_code join_groups(struct kv_principals *principals, const struct spec *spec,
                                struct kv_err *err)
{
    char names[SPEC_SIZE];
    char *rest = names;

    (void) snprintf(names, sizeof(names), "%s", spec->groups != NULL ? spec->groups : "");
    for (char *group; spec->groups != NULL && (group = strsep(&rest, "+")) != NULL;) {
        KV_TRY(join_group(principals, group, spec->name, err));
    }
    return KV_OK;
}

static enum kv_code apply(struct kv_principals *principals, const struct spec *spec,
                          struct kv_err *err)
{
    struct kv_principal_entry entry;
    enum kv_code code = kv_principal_get(principals, spec->name, &entry, err);

    KV_TRY(code == KV_NOT_FOUND ? KV_OK : code);
    if (code == KV_OK && entry.state == KV_PRINCIPAL_DELETED) {
        kv_log(KV_LOG_WARNING, "identity_is_deleted", KV_LOG_TEXT_FIELD("identity", spec->name),
               KV_LOG_TEXT_FIELD("reason", "it was deleted before: make it anew"));
        return KV_OK;
    }
    KV_TRY(register_one(principals, spec, err));
    KV_TRY(set_credentials(principals, spec, err));
    return join_groups(principals, spec, err);
}

enum kv_code identities_apply(const struct kv_options *options, struct kv_principals *principals,
                              struct kv_err *err)
{
    for (size_t i = 0; i < kv_option_list_count(options, KV_OPTION_IDENTITIES); i++) {
        const char *text = kv_option_list_item(options, KV_OPTION_IDENTITIES, i);
        kv_auto(spec_done) struct spec spec = { .trusted = false };
        struct kv_err why;

        KV_TRY(parse(text, &spec, err));
        if (apply(principals, &spec, &why) != KV_OK) {
            return refuse(text, why.message, err);
        }
    }
    return KV_OK;
}

enum kv_code identities_open(const struct kv_options *options, struct kv_store *store,
                             struct kv_identity *identity, struct kv_principals **ret_principals,
                             struct kv_err *err)
{
    const struct kv_principals_config config = {
        .store = store,
        .identity = identity,
        .refuses_unknown = kv_option_is(options, KV_OPTION_UNKNOWN_IDENTITIES, "refuse"),
    };

    KV_TRY(kv_principals_new(&config, ret_principals, err));
    return identities_apply(options, *ret_principals, err);
}
