/* SPDX-License-Identifier: Apache-2.0 */
/* The rules: what each of them makes of the facts. */
#include <stdio.h>
#include <string.h>

#include "private.h"

#define FOUND_SIZE sizeof(((struct kv_cmk_finding *) NULL)->found)

/* Says what was found and returns what it comes to. */
#define FIND(verdict, ...)                                                                         \
    ({                                                                                             \
        (void) snprintf(ret_found, FOUND_SIZE, __VA_ARGS__);                                       \
        (verdict);                                                                                 \
    })

static cmk_judge_fn judge_url_form, judge_url_version, judge_names, judge_reachable,
    judge_vault_live, judge_soft_delete, judge_purge_protection, judge_tenant, judge_region,
    judge_firewall, judge_key_exists, judge_key_live, judge_rsa, judge_rsa_or_hsm, judge_size,
    judge_enabled, judge_active, judge_unexpired, judge_key_ops, judge_identity, judge_moved,
    judge_get, judge_wrap, judge_unwrap, judge_probe;

#define BIT(profile) (1U << KV_CMK_##profile)
#define EARLY BIT(FHIR_2023)
#define LATE (BIT(FHIR_BEST_PRACTICE) | BIT(DICOM))
#define ALL (EARLY | LATE)

static const struct cmk_rule rows[KV_CMK_RULE_COUNT] = {
#define X(symbol, id, profiles, error, judge, where, says, coffer, azure)                          \
    [KV_CMK_RULE_##symbol] = { id, profiles, error, judge, where, says, coffer, azure },
#include "kv/cmk/rule.def"
#undef X
};

const struct cmk_rule *cmk_rule_row(enum kv_cmk_rule rule)
{
    return &rows[rule];
}

static enum kv_cmk_verdict take(enum kv_cmk_fact fact, const char *yes, const char *no,
                                char *ret_found)
{
    switch (fact) {
    case KV_CMK_YES:
        return FIND(KV_CMK_HOLDS, "%s", yes);
    case KV_CMK_NO:
        return FIND(KV_CMK_FAILS, "%s", no);
    case KV_CMK_NOT_KNOWN:
        break;
    }
    return FIND(KV_CMK_OPEN, "not known");
}

/* The same with what somebody said in place of that. */
static enum kv_cmk_verdict take_answer(const struct kv_cmk_answer *answer, const char *yes,
                                       const char *no, char *ret_found)
{
    enum kv_cmk_verdict verdict = take(answer->is, yes, no, ret_found);

    if (answer->said != NULL) {
        (void) snprintf(ret_found, FOUND_SIZE, "%.240s", answer->said);
    }
    return verdict;
}

/* --- the URL --- */

static enum kv_cmk_verdict judge_url_form(const struct cmk_case *judged, char *ret_found)
{
    if (judged->flaw != NULL) {
        return FIND(KV_CMK_FAILS, "%.240s", judged->flaw);
    }
    return FIND(KV_CMK_HOLDS, "key %.127s of %.100s", judged->url->key, judged->url->host);
}

static enum kv_cmk_verdict judge_url_version(const struct cmk_case *judged, char *ret_found)
{
    if (judged->url->version[0] != '\0') {
        return FIND(KV_CMK_HOLDS, "version %s", judged->url->version);
    }
    return judged->flaw != NULL ? FIND(KV_CMK_OPEN, "the URL cannot be read")
                                : FIND(KV_CMK_FAILS, "it names none");
}

static enum kv_cmk_verdict judge_names(const struct cmk_case *judged, char *ret_found)
{
    size_t len = strlen(judged->url->vault) + strlen(judged->url->key);

    if (judged->url->key[0] == '\0') {
        return FIND(KV_CMK_OPEN, "the URL cannot be read");
    }
    return FIND(len <= KV_CMK_NAMES_MAX ? KV_CMK_HOLDS : KV_CMK_FAILS, "%zu characters", len);
}

/* --- the vault --- */

static enum kv_cmk_verdict judge_reachable(const struct cmk_case *judged, char *ret_found)
{
    return take_answer(&judged->facts->answers, "it answers", "it does not answer", ret_found);
}

static enum kv_cmk_verdict judge_vault_live(const struct cmk_case *judged, char *ret_found)
{
    return take(judged->facts->vault_live, "it is there", "it is deleted, or was never there",
                ret_found);
}

static enum kv_cmk_verdict judge_soft_delete(const struct cmk_case *judged, char *ret_found)
{
    return take(judged->facts->soft_delete, "on", "off", ret_found);
}

static enum kv_cmk_verdict judge_purge_protection(const struct cmk_case *judged, char *ret_found)
{
    return take(judged->facts->purge_protection, "on", "off", ret_found);
}

static enum kv_cmk_verdict compare(const char *of_vault, const char *of_service, char *ret_found)
{
    if (of_vault == NULL || of_service == NULL) {
        return FIND(KV_CMK_OPEN, "%.60s; that of the service is %.60s",
                    of_vault != NULL ? of_vault : "not known",
                    of_service != NULL ? of_service : "not known");
    }
    if (strcasecmp(of_vault, of_service) == 0) {
        return FIND(KV_CMK_HOLDS, "%.60s, as that of the service", of_vault);
    }
    return FIND(KV_CMK_FAILS, "%.60s; that of the service is %.60s", of_vault, of_service);
}

static enum kv_cmk_verdict judge_tenant(const struct cmk_case *judged, char *ret_found)
{
    return compare(judged->facts->vault_tenant, judged->facts->service_tenant, ret_found);
}

static enum kv_cmk_verdict judge_region(const struct cmk_case *judged, char *ret_found)
{
    return compare(judged->facts->vault_region, judged->facts->service_region, ret_found);
}

static enum kv_cmk_verdict judge_firewall(const struct cmk_case *judged, char *ret_found)
{
    if (judged->facts->firewall_closed == KV_CMK_NO) {
        return FIND(KV_CMK_HOLDS, "it is open");
    }
    if (judged->facts->firewall_closed == KV_CMK_NOT_KNOWN) {
        return FIND(KV_CMK_OPEN, "not known");
    }
    return take(judged->facts->bypass, "closed, and bypass is AzureServices",
                "closed, and bypass is None", ret_found);
}

/* --- the key --- */

static enum kv_cmk_verdict judge_key_exists(const struct cmk_case *judged, char *ret_found)
{
    switch (judged->facts->key_state) {
    case KV_CMK_KEY_LIVE:
        return FIND(KV_CMK_HOLDS, "it is there");
    case KV_CMK_KEY_DELETED:
        return FIND(KV_CMK_HOLDS, "it is there, deleted");
    case KV_CMK_KEY_ABSENT:
        return FIND(KV_CMK_FAILS, "there is no such key, or no such version of it");
    case KV_CMK_KEY_NOT_KNOWN:
        break;
    }
    return FIND(KV_CMK_OPEN, "not known");
}

static enum kv_cmk_verdict judge_key_live(const struct cmk_case *judged, char *ret_found)
{
    switch (judged->facts->key_state) {
    case KV_CMK_KEY_LIVE:
        return FIND(KV_CMK_HOLDS, "not deleted");
    case KV_CMK_KEY_DELETED:
        return FIND(KV_CMK_FAILS, "it is deleted, and can be recovered");
    case KV_CMK_KEY_ABSENT:
    case KV_CMK_KEY_NOT_KNOWN:
        break;
    }
    return FIND(KV_CMK_OPEN, "not known");
}

static enum kv_cmk_verdict judge_type(const struct cmk_case *judged, bool with_hsm, char *ret_found)
{
    const char *kty = judged->facts->kty;

    if (kty == NULL) {
        return FIND(KV_CMK_OPEN, "not known");
    }
    bool fits = strcmp(kty, "RSA") == 0 || (with_hsm && strcmp(kty, "RSA-HSM") == 0);
    return FIND(fits ? KV_CMK_HOLDS : KV_CMK_FAILS, "%.30s", kty);
}

static enum kv_cmk_verdict judge_rsa(const struct cmk_case *judged, char *ret_found)
{
    return judge_type(judged, false, ret_found);
}

static enum kv_cmk_verdict judge_rsa_or_hsm(const struct cmk_case *judged, char *ret_found)
{
    return judge_type(judged, true, ret_found);
}

static enum kv_cmk_verdict judge_size(const struct cmk_case *judged, char *ret_found)
{
    unsigned bits = judged->facts->bits;

    if (bits == 0) {
        return FIND(KV_CMK_OPEN, "not known");
    }
    return FIND(bits == 2048 || bits == 3072 ? KV_CMK_HOLDS : KV_CMK_FAILS, "%u bits", bits);
}

static enum kv_cmk_verdict judge_enabled(const struct cmk_case *judged, char *ret_found)
{
    return take(judged->facts->enabled, "it is enabled", "it is disabled", ret_found);
}

static enum kv_cmk_verdict judge_date(const struct cmk_case *judged, kv_time date, bool holds,
                                      const char *none, char *ret_found)
{
    char iso[KV_ISO_DATE_SIZE];

    if (!judged->facts->has_dates) {
        return FIND(KV_CMK_OPEN, "not known");
    }
    if (date == 0) {
        return FIND(KV_CMK_HOLDS, "%s", none);
    }
    kv_time_render_iso(date * 1000, iso);
    return FIND(holds ? KV_CMK_HOLDS : KV_CMK_FAILS, "%s", iso);
}

static enum kv_cmk_verdict judge_active(const struct cmk_case *judged, char *ret_found)
{
    kv_time date = judged->facts->not_before;

    return judge_date(judged, date, date <= judged->facts->now, "no activation date", ret_found);
}

static enum kv_cmk_verdict judge_unexpired(const struct cmk_case *judged, char *ret_found)
{
    kv_time date = judged->facts->expires;

    return judge_date(judged, date, judged->facts->now < date, "no expiry date", ret_found);
}

static enum kv_cmk_verdict judge_key_ops(const struct cmk_case *judged, char *ret_found)
{
    enum kv_cmk_fact wrap = judged->facts->op_wrap, unwrap = judged->facts->op_unwrap;

    if (wrap == KV_CMK_NO || unwrap == KV_CMK_NO) {
        return FIND(KV_CMK_FAILS, "without %s%s%s", wrap == KV_CMK_NO ? "wrapKey" : "",
                    wrap == KV_CMK_NO && unwrap == KV_CMK_NO ? " and " : "",
                    unwrap == KV_CMK_NO ? "unwrapKey" : "");
    }
    return take(wrap == KV_CMK_YES ? unwrap : KV_CMK_NOT_KNOWN, "wrapKey and unwrapKey", "",
                ret_found);
}

/* --- the service --- */

static enum kv_cmk_verdict judge_identity(const struct cmk_case *judged, char *ret_found)
{
    return take_answer(&judged->facts->logs_in, "it gets tokens", "it gets no token", ret_found);
}

static enum kv_cmk_verdict judge_moved(const struct cmk_case *judged, char *ret_found)
{
    const struct kv_cmk_answer *moved = &judged->facts->moved;
    bool was = moved->is == KV_CMK_YES;

    if (moved->is == KV_CMK_NOT_KNOWN) {
        return FIND(KV_CMK_OPEN, "%s; redeploy it if it was",
                    moved->said != NULL ? moved->said : "only the resource manager knows");
    }
    return FIND(was ? KV_CMK_FAILS : KV_CMK_HOLDS, "%s",
                moved->said != NULL ? moved->said
                : was               ? "it was moved"
                                    : "not moved");
}

static enum kv_cmk_verdict judge_get(const struct cmk_case *judged, char *ret_found)
{
    return take_answer(&judged->facts->may_get, "it may", "it may not", ret_found);
}

static enum kv_cmk_verdict judge_wrap(const struct cmk_case *judged, char *ret_found)
{
    return take_answer(&judged->facts->may_wrap, "it may", "it may not", ret_found);
}

static enum kv_cmk_verdict judge_unwrap(const struct cmk_case *judged, char *ret_found)
{
    return take_answer(&judged->facts->may_unwrap, "it may", "it may not", ret_found);
}

static enum kv_cmk_verdict judge_probe(const struct cmk_case *judged, char *ret_found)
{
    return take_answer(&judged->facts->probe, "32 bytes were wrapped and came back",
                       "other bytes came back than were wrapped", ret_found);
}
