/* SPDX-License-Identifier: Apache-2.0 */
/* coffer doctor: what it finds wrong is wrong, and the command that it names mends it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "access_tools.h"
#include "fault_tools.h"
#include "kv/base/json.h"

TestSuite(doctor, .timeout = 120);

#define OUTPUT_SIZE 65536
#define WORDS_MAX 24
#define KEY_MEMBERS "{\"kty\":\"RSA\",\"key_size\":2048"
#define IDENTITY "doctored"

static const char *control_url(void)
{
    static char url[64];

    (void) snprintf(url, sizeof(url), "http://127.0.0.1:%u", api_daemon()->control_port);
    return url;
}

/* The exit status; output and errors are in *ret_output, which the caller frees. */
static int run(const char *const *words, char **ret_output)
{
    char *output = calloc(1, OUTPUT_SIZE);
    const char *all[WORDS_MAX + 3];
    size_t count = 0;

    cr_assert_not_null(output);
    for (; words[count] != NULL && count < WORDS_MAX; count++) {
        all[count] = words[count];
    }
    all[count++] = "--control";
    all[count++] = control_url();
    all[count] = NULL;
    int status = program_run(all, output, OUTPUT_SIZE);
    *ret_output = output;
    return status;
}

static int examine(const char *url, const char *profile, const char *identity, char **ret_output)
{
    return run((const char *const[]){ "doctor", "--key", url, "--profile", profile, "--identity",
                                      identity, "--json", NULL },
               ret_output);
}

/* What it found for that rule; the tree is the caller's. */
static const cJSON *find_rule(const char *output, const char *id, cJSON **ret_tree)
{
    const cJSON *rule;

    *ret_tree = cJSON_ParseWithOpts(output, NULL, false);
    cJSON_ArrayForEach (rule, cJSON_GetObjectItemCaseSensitive(*ret_tree, "rules")) {
        if (strcmp(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(rule, "id")), id) == 0) {
            return rule;
        }
    }
    return NULL;
}

static const char *text_of(const cJSON *rule, const char *name)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(rule, name));

    return text != NULL ? text : "";
}

static void make_key(struct client *client, const char *vault, const char *members, char *ret_url)
{
    char body[256];

    (void) snprintf(body, sizeof(body), "%s}", members);
    API_REPLY(reply, client_call_vault(client, vault, false, "POST", "/keys/k/create", body));
    cr_assert_eq(reply.status, 200, "%s", reply.body);
    (void) snprintf(ret_url, 256, "%s", reply_text(&reply, "key.kid"));
}

/* How to break something of a vault that is well: what the control port is told. */
static const struct row {
    const char *rule, *vault, *settings; /* of the vault */
    const char *key;
    const char *method, *behind, *body; /* "": nothing more */
    const char *identity;               /* NULL: IDENTITY, which has the right role */
    const char *found;
} rows[] = {
    { "purge-protection", "doc-purge", "{\"access\":\"rbac\"}", KEY_MEMBERS, "", "", "", NULL,
      "off" },
    { "key-type", "doc-ec", "{\"access\":\"rbac\",\"purge_protection\":true}",
      "{\"kty\":\"EC\",\"crv\":\"P-256\"", "", "", "", NULL, "EC" },
    { "key-active", "doc-young", "{\"access\":\"rbac\",\"purge_protection\":true}",
      KEY_MEMBERS ",\"attributes\":{\"nbf\":9000000000}", "", "", "", NULL, "2255-" },
    { "key-not-expired", "doc-old", "{\"access\":\"rbac\",\"purge_protection\":true}",
      KEY_MEMBERS ",\"attributes\":{\"exp\":1000000000}", "", "", "", NULL, "2001-" },
    { "key-ops", "doc-ops", "{\"access\":\"rbac\",\"purge_protection\":true}",
      KEY_MEMBERS ",\"key_ops\":[\"unwrapKey\"]", "", "", "", NULL, "without wrapKey" },
    { "key-enabled", "doc-off", "{\"access\":\"rbac\",\"purge_protection\":true}",
      KEY_MEMBERS ",\"attributes\":{\"enabled\":false}", "", "", "", NULL, "it is disabled" },
    { "key-not-deleted", "doc-gone", "{\"access\":\"rbac\",\"purge_protection\":true}", KEY_MEMBERS,
      "DELETE", "/keys/k", NULL, NULL, "it is deleted" },
    { "vault-not-deleted", "doc-buried", "{\"access\":\"rbac\",\"purge_protection\":true}",
      KEY_MEMBERS, "DELETE", "", NULL, NULL, "it is deleted" },
    { "firewall-bypass", "doc-closed", "{\"access\":\"rbac\",\"purge_protection\":true}",
      KEY_MEMBERS, "PATCH", "/network", "{\"defaultAction\":\"Deny\",\"bypass\":\"None\"}", NULL,
      "closed, and bypass is None" },
    { "may-unwrap", "doc-rbac", "{\"access\":\"rbac\",\"purge_protection\":true}", KEY_MEMBERS, "",
      "", "", "nobody-special", "no" },
    { "may-wrap", "doc-policy", "{\"access\":\"policy\",\"purge_protection\":true}", KEY_MEMBERS,
      "", "", "", "nobody-special", "no" },
};

static void grant(const char *vault, bool is_policy)
{
    char *output;
    const char *const role[] = { "access", "grant",  "--vault",       vault, "--identity",
                                 IDENTITY, "--role", ENCRYPTION_USER, NULL };
    const char *const policy[] = { "access", "grant",         "--vault", vault, "--identity",
                                   IDENTITY, "--permissions", "all",     NULL };

    cr_assert_eq(run(is_policy ? policy : role, &output), 0, "%s", output);
    free(output);
}

/* Keys are made while the vault is open to whoever makes them. */
static void prepare(const struct row *row, char url[256])
{
    API_CLIENT(dev);
    char path[64];

    access_make_vault(api_daemon(), row->vault, "{}");
    make_key(&dev, row->vault, row->key, url);
    (void) snprintf(path, sizeof(path), "/%s", row->vault);
    access_do(api_daemon(), "PATCH", path, row->settings, 200);
    grant(row->vault, strstr(row->settings, "policy") != NULL);
    if (row->method[0] != '\0') {
        (void) snprintf(path, sizeof(path), "/%s%s", row->vault, row->behind);
        access_do(api_daemon(), row->method, path, row->body, 200);
    }
}

/* One without quotes in it. */
static void run_command(const char *command)
{
    char text[512], *rest = NULL, *output;
    const char *words[WORDS_MAX + 1] = { NULL };
    size_t count = 0;

    (void) snprintf(text, sizeof(text), "%s", command);
    for (char *word = strtok_r(text, " ", &rest); word != NULL && count < WORDS_MAX;
         word = strtok_r(NULL, " ", &rest)) {
        words[count++] = word;
    }
    cr_assert_eq(run(words + 1, &output), 0, "%s: %s", command, output);
    free(output);
}

Test(doctor, finds_what_is_wrong_and_names_the_command_that_mends_it)
{
    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        const char *identity = rows[i].identity != NULL ? rows[i].identity : IDENTITY;
        char url[256], *output;
        cJSON *tree;

        prepare(&rows[i], url);
        cr_expect_eq(examine(url, "fhir", identity, &output), 1, "%s", rows[i].rule);
        const cJSON *rule = find_rule(output, rows[i].rule, &tree);
        const char *mend = text_of(rule, "mend");
        cr_expect_str_eq(text_of(rule, "verdict"), "fails", "%s: %s", rows[i].rule, output);
        cr_expect_not_null(strstr(text_of(rule, "found"), rows[i].found), "%s", output);
        cr_assert_str_not_empty(mend, "%s", output);
        if (strncmp(mend, "coffer ", strlen("coffer ")) == 0) {
            run_command(mend);
            cJSON_Delete(tree);
            free(output);
            (void) examine(url, "fhir", identity, &output);
            rule = find_rule(output, rows[i].rule, &tree);
            cr_expect_str_eq(text_of(rule, "verdict"), "holds", "%s: %s", rows[i].rule, output);
        }
        cJSON_Delete(tree);
        free(output);
    }
}

Test(doctor, says_what_is_wrong_with_the_question)
{
    static const struct {
        const char *words[8];
        int status;
        const char *said;
    } cases[] = {
        { { "doctor" }, 2, "--key is missing" },
        { { "doctor", "--key", "nonsense" }, 1, "does not begin with https://" },
        { { "doctor", "--key", "nonsense", "--profile", "storage" }, 2, "--profile" },
        { { "doctor", "--key", "https://dev.vault.localhost/keys/a", "--token-file", "/dev/null" },
          2,
          "does not begin with a token" },
    };

    for (size_t i = 0; i < KV_COUNT(cases); i++) {
        char *output;

        cr_expect_eq(run(cases[i].words, &output), cases[i].status, "row %zu: %s", i, output);
        cr_expect_not_null(strstr(output, cases[i].said), "row %zu: %s", i, output);
        free(output);
    }
}

/* A vault that is not there, one that is not coffer's, and an identity that gets no tokens. */
Test(doctor, tells_a_vault_that_is_missing_from_one_that_does_not_answer)
{
    char *output;
    cJSON *tree;

    cr_expect_eq(examine("https://doc-none.vault.localhost/keys/k", "dicom", IDENTITY, &output), 1);
    const cJSON *rule = find_rule(output, "vault-not-deleted", &tree);
    cr_expect_str_eq(text_of(rule, "verdict"), "fails", "%s", output);
    cJSON_Delete(tree);
    free(output);

    cr_expect_eq(examine("https://v.example.invalid/keys/k", "dicom", IDENTITY, &output), 1);
    rule = find_rule(output, "vault-reachable", &tree);
    cr_expect_str_eq(text_of(rule, "verdict"), "fails", "%s", output);
    cr_expect_str_eq(text_of(rule, "common_error"), "AzureKeyVaultConnectionFailed");
    cJSON_Delete(tree);
    free(output);
}

/* `rule` is a fault rule; NULL: none. */
static void expect_unreached(const char *host, unsigned port, const char *rule, const char *found,
                             const char *mend)
{
    char *output, url[128];
    cJSON *tree;

    if (rule != NULL) {
        char body[256];

        (void) snprintf(body, sizeof(body), "\"match\":{\"vault\":\"dev\"},%s", rule);
        fault_add("unreached", body);
    }
    (void) snprintf(url, sizeof(url), "https://%s:%u/keys/k", host, port);
    cr_expect_eq(examine(url, "dicom", IDENTITY, &output), 1, "%s", output);
    const cJSON *reached = find_rule(output, "vault-reachable", &tree);
    cr_expect_str_eq(text_of(reached, "verdict"), "fails", "%s", output);
    cr_expect_not_null(strstr(text_of(reached, "found"), found), "%s: %s", url, output);
    cr_expect_not_null(strstr(text_of(reached, "mend"), mend), "%s: %s", url, output);
    cJSON_Delete(tree);
    free(output);
    if (rule != NULL) {
        fault_remove("unreached");
    }
}

/* What was tried, how far it came, and what shows why. */
Test(doctor, says_how_far_it_came_with_a_vault_that_nobody_reaches)
{
    const char *own = "dev.vault.localhost";
    char elsewhere[64];

    (void) snprintf(elsewhere, sizeof(elsewhere), "Connection refused; coffer listens at port %u",
                    api_daemon()->port);
    expect_unreached(own, 1, NULL, "no connection to dev.vault.localhost port 1", "coffer env");
    expect_unreached(own, 1, NULL, elsewhere, "coffer env");
    expect_unreached(own, api_daemon()->control_port, NULL, "no TLS with dev.vault.localhost port",
                     "coffer env");
    expect_unreached(own, api_daemon()->port, "\"effect\":{\"certificate\":\"expired\"}",
                     "certificate has expired", "coffer fault list");
    expect_unreached(own, api_daemon()->port,
                     "\"stage\":\"arrival\",\"effect\":{\"cut\":\"reset\"}",
                     "no answer of HTTP from dev.vault.localhost port", "coffer fault list");
    expect_unreached("v.example.invalid", 443, NULL, "no address for v.example.invalid port 443",
                     "getent hosts v.example.invalid ");
    expect_unreached("127.0.0.1", 1, NULL, "no connection to 127.0.0.1 port 1: Connection refused",
                     "nc -vz 127.0.0.1 1 ");
    expect_unreached("127.0.0.1", api_daemon()->port, NULL, "(127.0.0.1): SSL certificate problem",
                     "openssl s_client -connect 127.0.0.1:");
}

/* Neither vault nor control port: most likely it was not started. */
Test(doctor, asks_whether_coffer_runs_when_nobody_is_at_a_name_of_this_machine)
{
    const char *const words[] = { "doctor", "--key", "https://dev.vault.localhost:1/keys/k", NULL };
    char output[OUTPUT_SIZE];

    cr_assert_eq(setenv("COFFER_CONTROL", "http://127.0.0.1:1", 1), 0);
    cr_expect_eq(program_run(words, output, sizeof(output)), 1, "%s", output);
    cr_expect_not_null(strstr(output, "mend: coffer healthcheck  # does coffer run here?"), "%s",
                       output);
}

Test(doctor, notices_an_identity_that_is_disabled)
{
    static const struct row row = { "identity",  "doc-who", "{\"access\":\"rbac\"}",
                                    KEY_MEMBERS, "",        "",
                                    "",          NULL,      "" };
    char url[256], *output;
    cJSON *tree;

    prepare(&row, url);
    run_command("coffer identity create doc-nobody");
    run_command("coffer identity disable doc-nobody");
    cr_expect_eq(examine(url, "dicom", "doc-nobody", &output), 1);
    const cJSON *rule = find_rule(output, "identity", &tree);
    cr_expect_str_eq(text_of(rule, "verdict"), "fails", "%s", output);
    cr_expect_not_null(strstr(text_of(rule, "mend"), "coffer identity enable doc-nobody"));
    cJSON_Delete(tree);
    free(output);
}

Test(doctor, passes_a_key_with_which_nothing_is_wrong)
{
    static const struct row row = {
        "",          "doc-well", "{\"access\":\"rbac\",\"purge_protection\":true}",
        KEY_MEMBERS, "",         "",
        "",          NULL,       ""
    };
    static const char *const profiles[] = { "fhir", "fhir-2023", "dicom" };
    char url[256];

    prepare(&row, url);
    for (size_t i = 0; i < KV_COUNT(profiles); i++) {
        char *output;
        cJSON *tree;

        cr_expect_eq(examine(url, profiles[i], IDENTITY, &output), 0, "%s", output);
        cr_expect_str_eq(text_of(find_rule(output, "probe", &tree), "verdict"), "holds", "%s",
                         output);
        cJSON_Delete(tree);
        free(output);
    }
}

/* The name that the default identity has in answers and advice is taken for it, wherever it is given. */
Test(doctor, asks_for_the_default_identity_by_its_name)
{
    static const char *const rights[] = { "may-get", "may-wrap", "may-unwrap", "probe" };
    static const char *const grant[] = { "access",     "grant",         "--vault",
                                         "doc-system", "--identity",    "system-assigned",
                                         "--role",     ENCRYPTION_USER, NULL };
    char url[256], *granted, *output;
    API_CLIENT(dev);

    access_make_vault(api_daemon(), "doc-system", "{\"purge_protection\":true}");
    make_key(&dev, "doc-system", KEY_MEMBERS, url);
    access_do(api_daemon(), "PATCH", "/doc-system", "{\"access\":\"rbac\"}", 200);
    cr_expect_eq(run((const char *const[]){ "doctor", "--key", url, NULL }, &output), 1, "%s",
                 output);
    free(output);
    cr_assert_eq(run(grant, &granted), 0, "%s", granted);
    free(granted);
    cr_expect_eq(run((const char *const[]){ "doctor", "--key", url, "--json", NULL }, &output), 0,
                 "%s", output);
    for (size_t i = 0; i < KV_COUNT(rights); i++) {
        cJSON *tree;

        cr_expect_str_eq(text_of(find_rule(output, rights[i], &tree), "verdict"), "holds", "%s: %s",
                         rights[i], output);
        cJSON_Delete(tree);
    }
    free(output);
}

/* As somebody checks a vault that is not coffer's: by a token, without a control port to ask. */
Test(doctor, takes_a_token_from_a_file)
{
    char url[256], path[] = "/tmp/coffer-doctor-XXXXXX", *output;
    char *token = client_fetch_token(api_daemon(), "https://vault.azure.net");
    int file = mkstemp(path);
    cJSON *tree;
    API_CLIENT(dev);

    cr_assert_not_null(token);
    cr_assert(file >= 0 && write(file, token, strlen(token)) == (ssize_t) strlen(token));
    access_make_vault(api_daemon(), "doc-file", "{}");
    make_key(&dev, "doc-file", KEY_MEMBERS, url);
    (void) run(
        (const char *const[]){ "doctor", "--key", url, "--token-file", path, "--json", NULL },
        &output);
    cr_expect_str_eq(text_of(find_rule(output, "probe", &tree), "verdict"), "holds", "%s", output);
    cJSON_Delete(tree);
    cr_expect_null(strstr(output, token), "a token is a secret");
    free(output);
    free(token);
    (void) close(file);
    (void) unlink(path);
}
