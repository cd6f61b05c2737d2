/* SPDX-License-Identifier: Apache-2.0 */
/* What the control port of a running coffer knows of the key's vault, and of who uses the key. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "doctor.h"

#define PATH_MAX_BYTES 8192
#define RESOURCE "https%3A%2F%2Fvault.azure.net"

static const char *text_of(const cJSON *object, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));

    return text != NULL ? text : "";
}

static bool is_text(const cJSON *object, const char *name, const char *text)
{
    return strcasecmp(text_of(object, name), text) == 0;
}

/* --- is it coffer's --- */

/* The host of a vault's URL behind its first dot, up to the port. */
static bool has_domain_of(const char *host, const char *url)
{
    const char *mark = strstr(url, "://");
    const char *domain = mark != NULL ? strchr(mark, '.') : NULL;
    const char *wanted = strchr(host, '.');
    size_t len = domain != NULL ? strcspn(domain, ":/") : 0;

    return wanted != NULL && len > 0 && strlen(wanted) == len
           && strncasecmp(wanted, domain, len) == 0;
}

/* Azure's own names are coffer's only where the user says with a flag that coffer plays Azure. */
static bool is_played(const struct doctor *doctor)
{
    return kv_option_is_from_flag(doctor->options, KV_OPTION_CONTROL)
           || kv_option_is_from_flag(doctor->options, KV_OPTION_DATA);
}

/* "https://dev.vault.localhost:8443" */
static unsigned port_of(const char *url)
{
    const char *mark = strstr(url, "://");
    const char *colon = mark != NULL ? strchr(mark + 3, ':') : NULL;

    return colon != NULL ? (unsigned) strtoul(colon + 1, NULL, 10) : mark != NULL ? 443 : 0;
}

static const cJSON *find_vault(struct doctor *doctor, const cJSON *vaults)
{
    const cJSON *vault, *found = NULL;
    bool has_domain = false;

    cJSON_ArrayForEach (vault, vaults) {
        has_domain |= has_domain_of(doctor->url.host, text_of(vault, "url"));
        if (is_text(vault, "name", doctor->url.vault)) {
            found = vault;
        }
        doctor->own_port = port_of(text_of(vault, "url"));
    }
    doctor->is_coffer = has_domain || (found != NULL && is_played(doctor));
    doctor->own_port = doctor->is_coffer ? doctor->own_port : 0;
    return found;
}

/* --- vault --- */

static enum kv_code append_vault(const struct doctor *doctor, struct kv_buf *path,
                                 struct kv_err *err)
{
    KV_TRY(kv_buf_printf(path, err, "/control/v1/vaults/"));
    return kv_cli_append_escaped(path, doctor->url.vault, err);
}

static void take_vault(struct doctor *doctor, const cJSON *vault)
{
    struct kv_cmk_facts *facts = &doctor->facts;
    const cJSON *protection = cJSON_GetObjectItemCaseSensitive(vault, "purge_protection");

    facts->vault_live = doctor_fact(is_text(vault, "state", "live"));
    facts->soft_delete = KV_CMK_YES; /* every vault of coffer's has it */
    facts->purge_protection = doctor_fact(cJSON_IsTrue(protection));
    facts->mode = is_text(vault, "access", "policy") ? KV_CMK_POLICY : KV_CMK_RBAC;
}

/* A perimeter keeps trusted services out, too (docs/firewall.md). */
static enum kv_code ask_network(struct doctor *doctor, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *network = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(append_vault(doctor, &path, err));
    KV_TRY(kv_buf_printf(&path, err, "/network"));
    KV_TRY(kv_cli_get_json(&doctor->server, path.data, &network, err));
    doctor->facts.firewall_closed =
        doctor_fact(is_text(network, "defaultAction", "Deny")
                    || !is_text(network, "publicNetworkAccess", "Enabled"));
    doctor->facts.bypass =
        doctor_fact(is_text(network, "bypass", "AzureServices")
                    && !is_text(network, "publicNetworkAccess", "SecuredByPerimeter"));
    return KV_OK;
}

static enum kv_code ask_clock(struct doctor *doctor, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *clock = NULL;
    int64_t now;

    KV_TRY(kv_cli_get_json(&doctor->server, "/control/v1/clock", &clock, err));
    if (kv_json_is_int(cJSON_GetObjectItemCaseSensitive(clock, "epoch"), &now)) {
        doctor->facts.now = now;
    }
    return KV_OK;
}

/* --- key --- */

static kv_time date_of(const cJSON *object, const char *name)
{
    kv_millis date = 0;

    return kv_time_parse_iso(text_of(object, name), &date) ? kv_seconds(date) : 0;
}

static const cJSON *find_version(const struct doctor *doctor, const cJSON *key)
{
    const cJSON *version;

    if (doctor->url.version[0] == '\0') {
        return key; /* it shows the latest */
    }
    cJSON_ArrayForEach (version, cJSON_GetObjectItemCaseSensitive(key, "versions")) {
        if (is_text(version, "version", doctor->url.version)) {
            return version;
        }
    }
    return NULL;
}

static void take_key(struct doctor *doctor, const cJSON *key)
{
    struct kv_cmk_facts *facts = &doctor->facts;
    const cJSON *version = find_version(doctor, key);
    int64_t bits = 0;

    if (is_text(key, "state", "deleted")) {
        facts->key_state = KV_CMK_KEY_DELETED; /* whose versions are not shown */
        return;
    }
    facts->key_state = version != NULL ? KV_CMK_KEY_LIVE : KV_CMK_KEY_ABSENT;
    if (version == NULL) {
        return;
    }
    (void) snprintf(doctor->texts.kty, sizeof(doctor->texts.kty), "%s", text_of(key, "type"));
    facts->kty = doctor->texts.kty;
    if (strncmp(facts->kty, "RSA", 3) == 0
        && kv_json_is_int(cJSON_GetObjectItemCaseSensitive(key, "size"), &bits) && bits > 0
        && bits < 65536) {
        facts->bits = (unsigned) bits;
    }
    facts->enabled =
        doctor_fact(cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(version, "enabled")));
    facts->has_dates = true;
    facts->not_before = date_of(version, "not_before");
    facts->expires = date_of(version, "expires");
    doctor_take_operations(doctor, cJSON_GetObjectItemCaseSensitive(key, "operations"));
}

static enum kv_code ask_key(struct doctor *doctor, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *key = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_err refusal = { .code = KV_OK };

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(append_vault(doctor, &path, err));
    KV_TRY(kv_buf_printf(&path, err, "/keys/"));
    KV_TRY(kv_cli_append_escaped(&path, doctor->url.key, err));
    if (kv_cli_get_json(&doctor->server, path.data, &key, &refusal) == KV_OK) {
        take_key(doctor, key);
    } else if (refusal.cause == 404) {
        doctor->facts.key_state = KV_CMK_KEY_ABSENT;
    }
    return KV_OK;
}

/* --- who uses it --- */

static enum kv_code append_identity(const struct doctor *doctor, struct kv_buf *path,
                                    struct kv_err *err)
{
    KV_TRY(kv_buf_printf(path, err, "/control/v1/identities/"));
    return kv_cli_append_escaped(path, doctor->facts.identity, err);
}

static enum kv_code ask_tenant(struct doctor *doctor, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *identity = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(append_identity(doctor, &path, err));
    if (doctor->facts.service_tenant == NULL
        && kv_cli_get_json(&doctor->server, path.data, &identity, NULL) == KV_OK) {
        (void) snprintf(doctor->texts.service_tenant, sizeof(doctor->texts.service_tenant), "%s",
                        text_of(identity, "tenant"));
        doctor->facts.service_tenant = doctor->texts.service_tenant;
    }
    return KV_OK;
}

static enum kv_code ask_token(struct doctor *doctor, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;
    struct kv_err refusal = { .code = KV_OK };

    kv_buf_init(&path, PATH_MAX_BYTES);
    if (doctor->token.len > 0) {
        return KV_OK; /* the user's */
    }
    KV_TRY(append_identity(doctor, &path, err));
    KV_TRY(kv_buf_printf(&path, err, "/token?resource=%s", RESOURCE));
    enum kv_code code = kv_cli_get_json(&doctor->server, path.data, &answer, &refusal);
    doctor->facts.logs_in.is = doctor_fact(code == KV_OK);
    if (code != KV_OK) {
        DOCTOR_SAY(&doctor->facts.logs_in, doctor->texts.logs_in, "%.240s", refusal.message);
        return KV_OK;
    }
    return kv_buf_printf(&doctor->token, err, "%s", text_of(answer, "access_token"));
}

/* --- rights --- */

static const cJSON *find_step(const cJSON *answer, const char *name)
{
    const cJSON *step;

    cJSON_ArrayForEach (step, cJSON_GetObjectItemCaseSensitive(answer, "steps")) {
        if (is_text(step, "step", name)) {
            return step;
        }
    }
    return NULL;
}

static cJSON *make_question(const struct doctor *doctor, const char *operation, bool *ok)
{
    cJSON *body = cJSON_CreateObject();

    kv_json_add_text(body, "operation", operation, ok);
    kv_json_add_text(body, "key", doctor->url.key, ok);
    if (*kv_option_text(doctor->options, KV_OPTION_WHY_TOKEN_FILE) != '\0') {
        kv_json_add_text(body, "token", doctor->token.data, ok);
    } else {
        kv_json_add_text(body, "identity", doctor->facts.identity, ok);
    }
    return body;
}

/* Rights alone: what else is wrong with the key has rules of its own. */
static enum kv_code ask_why(struct doctor *doctor, const char *operation,
                            struct kv_cmk_answer *ret_right, char text[DOCTOR_SAID_SIZE],
                            struct kv_err *err)
{
    bool ok = true;
    kv_auto(cJSON_Delete) cJSON *question = make_question(doctor, operation, &ok);
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    kv_auto(kv_buf_done) struct kv_buf path;

    kv_buf_init(&path, PATH_MAX_BYTES);
    KV_TRY(append_vault(doctor, &path, err));
    KV_TRY(kv_buf_printf(&path, err, "/why"));
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    if (kv_cli_send(&doctor->server, "POST", path.data, question, &answer, NULL) != KV_OK) {
        return KV_OK;
    }
    const cJSON *step = find_step(answer, "authorization");
    if (is_text(step, "verdict", "pass") || is_text(step, "verdict", "refuse")) {
        ret_right->is = doctor_fact(is_text(step, "verdict", "pass"));
        (void) snprintf(text, DOCTOR_SAID_SIZE, "%s", text_of(step, "because"));
        ret_right->said = text;
    }
    return KV_OK;
}

static enum kv_code ask_rights(struct doctor *doctor, struct kv_err *err)
{
    struct kv_cmk_facts *facts = &doctor->facts;
    struct doctor_texts *texts = &doctor->texts;

    KV_TRY(ask_why(doctor, "get", &facts->may_get, texts->may_get, err));
    KV_TRY(ask_why(doctor, "wrapKey", &facts->may_wrap, texts->may_wrap, err));
    return ask_why(doctor, "unwrapKey", &facts->may_unwrap, texts->may_unwrap, err);
}

static enum kv_code ask_all(struct doctor *doctor, const cJSON *vault, struct kv_err *err)
{
    doctor->facts.control = doctor->server.url;
    KV_TRY(kv_cli_get(&doctor->server, "/ca.pem", &doctor->ca, err));
    KV_TRY(ask_clock(doctor, err));
    KV_TRY(ask_tenant(doctor, err));
    KV_TRY(ask_token(doctor, err));
    KV_TRY(doctor_ask_service(doctor, err));
    if (vault == NULL) {
        doctor->facts.vault_live = KV_CMK_NO;
        return KV_OK;
    }
    take_vault(doctor, vault);
    if (doctor->facts.vault_live != KV_CMK_YES) {
        return KV_OK; /* nobody is asked about what is in it */
    }
    KV_TRY(ask_network(doctor, err));
    KV_TRY(ask_key(doctor, err));
    return ask_rights(doctor, err);
}

enum kv_code doctor_ask_control(struct doctor *doctor, struct kv_err *err)
{
    kv_auto(cJSON_Delete) cJSON *answer = NULL;
    enum kv_code code = kv_cli_find_server(doctor->options, &doctor->server, err);

    if (code == KV_OK) {
        code = kv_cli_get_json(&doctor->server, "/control/v1/vaults", &answer, err);
    }
    if (code != KV_OK) { /* whoever names a coffer wants to hear that it is not there */
        return is_played(doctor) ? code : KV_OK;
    }
    const cJSON *vault = find_vault(doctor, cJSON_GetObjectItemCaseSensitive(answer, "vaults"));
    return doctor->is_coffer ? ask_all(doctor, vault, err) : KV_OK;
}
