/* SPDX-License-Identifier: Apache-2.0 */
/*
 * coffer doctor: a key held against the rules of the services that take it as their customer-managed
 * key. For each rule: whether it holds, what was found and where, and the command that mends it.
 */
#include "doctor.h"

#include <stdio.h>
#include <string.h>

#include "kv/base/base64.h"
#include "kv/base/files.h"

#define DEFAULT_IDENTITY "system-assigned"

static void doctor_done(struct doctor *doctor)
{
    kv_buf_done(&doctor->ca);
    kv_buf_done(&doctor->token);
}
KV_DEFINE_CLEANUP_VALUE(struct doctor, doctor_done)

/* --- the token of a file --- */

/* What the token says of the tenant; nobody believes it for more than this. */
static void take_tenant(struct doctor *doctor)
{
    const char *start = strchr(doctor->token.data, '.');
    size_t len = start != NULL ? strcspn(++start, ".") : 0;
    kv_auto(cJSON_Delete) cJSON *claims = NULL;
    kv_auto(kv_buf_done) struct kv_buf text;

    kv_buf_init(&text, DOCTOR_TOKEN_MAX);
    if (len == 0 || kv_base64url_parse(start, len, &text, NULL) != KV_OK
        || kv_json_parse(text.data, text.len, &claims, NULL) != KV_OK) {
        return;
    }
    const char *tenant = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(claims, "tid"));
    if (tenant != NULL && doctor->facts.service_tenant == NULL) {
        (void) snprintf(doctor->texts.service_tenant, sizeof(doctor->texts.service_tenant), "%s",
                        tenant);
        doctor->facts.service_tenant = doctor->texts.service_tenant;
    }
}

/* Its first line: on a command line everybody could read it. */
static enum kv_code read_token(struct doctor *doctor, struct kv_err *err)
{
    const char *path = kv_option_text(doctor->options, KV_OPTION_WHY_TOKEN_FILE);

    if (*path == '\0') {
        return KV_OK;
    }
    KV_TRY(kv_file_read(path, &doctor->token, err));
    size_t len = doctor->token.len > 0 ? strcspn(doctor->token.data, " \t\r\n") : 0;
    if (len == 0) {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "%s does not begin with a token", path);
    }
    kv_buf_cut(&doctor->token, len);
    doctor->facts.logs_in.is = KV_CMK_YES;
    take_tenant(doctor);
    return KV_OK;
}

/* --- what is asked --- */

static enum kv_code read_clock(struct doctor *doctor, struct kv_err *err)
{
    kv_auto(kv_clock_free) struct kv_clock *clock = NULL;

    KV_TRY(kv_clock_new(&clock, err));
    doctor->facts.now = kv_seconds(kv_clock_now(clock));
    return KV_OK;
}

static const char *or_null(const char *text)
{
    return *text != '\0' ? text : NULL;
}

static enum kv_code read_options(struct doctor *doctor, struct kv_err *err)
{
    const struct kv_options *options = doctor->options;
    struct kv_cmk_facts *facts = &doctor->facts;

    facts->url = kv_option_text(options, KV_OPTION_DOCTOR_KEY);
    facts->service_tenant = or_null(kv_option_text(options, KV_OPTION_DOCTOR_TENANT));
    facts->service_region = or_null(kv_option_text(options, KV_OPTION_DOCTOR_REGION));
    facts->identity = or_null(kv_option_text(options, KV_OPTION_ACCESS_IDENTITY));
    if (*facts->url == '\0') {
        return KV_FAIL(err, KV_BAD_PARAMETER, 0, "--key is missing: the URL of the key to check");
    }
    if (facts->identity == NULL) {
        facts->identity = DEFAULT_IDENTITY;
    }
    KV_TRY(read_clock(doctor, err));
    return read_token(doctor, err);
}

/* --- what is printed --- */

/* What holds takes a line; of all else the rule is told, too. */
static void print_finding(const struct kv_cmk_finding *finding)
{
    static const char indent[] = "                                ";
    const char *verdict = kv_cmk_verdict_name(finding->verdict);

    (void) printf("  %-17s  ", finding->id);
    if (strcmp(finding->found, verdict) == 0) { /* "not known", and nothing more to say */
        (void) puts(verdict);
    } else {
        (void) printf("%-9s  ", verdict);
        kv_cli_print_text(finding->found);
        (void) putchar('\n');
    }
    if (finding->verdict == KV_CMK_HOLDS) {
        return;
    }
    (void) printf("%srule: %s (see ", indent, finding->says);
    kv_cli_print_text(finding->where);
    (void) puts(")");
    if (finding->mend[0] != '\0') {
        (void) printf("%smend: ", indent);
        kv_cli_print_text(finding->mend);
        (void) putchar('\n');
    }
}

static cJSON *render_finding(const struct kv_cmk_finding *finding, bool *ok)
{
    cJSON *item = cJSON_CreateObject();

    kv_json_add_text(item, "id", finding->id, ok);
    kv_json_add_text(item, "verdict", kv_cmk_verdict_name(finding->verdict), ok);
    kv_json_add_text(item, "rule", finding->says, ok);
    kv_json_add_text(item, "found", finding->found, ok);
    kv_json_add_text(item, "where", finding->where, ok);
    if (finding->mend[0] != '\0') {
        kv_json_add_text(item, "mend", finding->mend, ok);
    }
    if (finding->error != NULL) {
        kv_json_add_text(item, "common_error", finding->error, ok);
    }
    return item;
}

struct tally {
    int holds, fails, open;
};

static struct tally count(const struct kv_cmk_finding *findings, size_t len)
{
    struct tally tally = { 0 };

    for (size_t i = 0; i < len; i++) {
        tally.holds += findings[i].verdict == KV_CMK_HOLDS;
        tally.fails += findings[i].verdict == KV_CMK_FAILS;
        tally.open += findings[i].verdict == KV_CMK_OPEN;
    }
    return tally;
}

static void print_table(const struct doctor *doctor, enum kv_cmk_profile profile,
                        const struct kv_cmk_finding *findings, size_t len)
{
    struct tally tally = count(findings, len);

    kv_cli_print_text(doctor->facts.url);
    (void) printf(" by the rules %s:\n", kv_cmk_profile_name(profile));
    for (size_t i = 0; i < len; i++) {
        print_finding(&findings[i]);
    }
    (void) printf("%d hold, %d fail, %d not known\n", tally.holds, tally.fails, tally.open);
}

static enum kv_code print_json(const struct doctor *doctor, enum kv_cmk_profile profile,
                               const struct kv_cmk_finding *findings, size_t len,
                               struct kv_err *err)
{
    struct tally tally = count(findings, len);
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    kv_auto(kv_buf_done) struct kv_buf text;
    bool ok = body != NULL;

    kv_buf_init(&text, KV_CLI_ANSWER_MAX);
    kv_json_add_text(body, "key", doctor->facts.url, &ok);
    kv_json_add_text(body, "profile", kv_cmk_profile_name(profile), &ok);
    kv_json_add_text(body, "identity", doctor->facts.identity, &ok);
    kv_json_add_int(body, "holds", tally.holds, &ok);
    kv_json_add_int(body, "fails", tally.fails, &ok);
    kv_json_add_int(body, "not_known", tally.open, &ok);
    cJSON *rules = kv_json_add_array(body, "rules", &ok);
    for (size_t i = 0; i < len && ok; i++) {
        kv_json_add_take(rules, NULL, render_finding(&findings[i], &ok), &ok);
    }
    if (!ok) {
        return KV_OUT_OF_MEMORY(err);
    }
    KV_TRY(kv_json_print_lines(body, &text, err));
    (void) fwrite(text.data, 1, text.len, stdout);
    return KV_OK;
}

static enum kv_code ask(struct doctor *doctor, struct kv_err *err)
{
    struct kv_cmk_url *url = &doctor->url;

    if (kv_cmk_url_parse(doctor->facts.url, url, NULL) != KV_OK) {
        return KV_OK; /* which is a finding, and there is nobody to ask */
    }
    KV_TRY(doctor_ask_control(doctor, err));
    return doctor->facts.vault_live == KV_CMK_NO ? KV_OK : doctor_ask_vault(doctor, err);
}

enum kv_code kv_cli_doctor(const struct kv_options *options, struct kv_err *err)
{
    kv_auto(doctor_done) struct doctor doctor = { .options = options };
    struct kv_cmk_finding findings[KV_CMK_RULE_COUNT];
    enum kv_cmk_profile profile = KV_CMK_FHIR_BEST_PRACTICE;

    kv_buf_init(&doctor.ca, KV_CLI_ANSWER_MAX);
    kv_buf_init(&doctor.token, DOCTOR_TOKEN_MAX);
    (void) kv_cmk_profile_find(kv_option_text(options, KV_OPTION_DOCTOR_PROFILE), &profile);
    KV_TRY(read_options(&doctor, err));
    KV_TRY(ask(&doctor, err));
    size_t len = kv_cmk_check(profile, &doctor.facts, findings);
    if (kv_option_flag(options, KV_OPTION_DOCTOR_JSON)) {
        KV_TRY(print_json(&doctor, profile, findings, len, err));
    } else {
        print_table(&doctor, profile, findings, len);
    }
    int fails = count(findings, len).fails;
    (void) fflush(stdout); /* before what is said on standard error */
    if (fails > 0) {
        return KV_FAIL(err, KV_CONFLICT, 0, "%d of %zu rules %s", fails, len,
                       fails == 1 ? "does not hold" : "do not hold");
    }
    return KV_OK;
}
