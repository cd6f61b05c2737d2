/* SPDX-License-Identifier: Apache-2.0 */
/* Refusals of the data plane, by who was asked: contract §9.1, §9.2. Their table: wording.c. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "server/api/gate/private.h"

#define ID "04fb4e56-cfcf-11ec-8d22-6045bd86d5ca"
#define ACTIVITY " (Activity ID: " ID ")"

TestSuite(refusal_words, .timeout = 60);

static struct kv_app app;
static const struct kv_vault vault = { .kind = KV_VAULT }, pool = { .kind = KV_MANAGED_HSM };

/* What a request for `asked` finds that was refused so. */
static struct kv_err word(const struct kv_vault *asked, const char *build)
{
    struct kv_call call = { .vault = asked };
    const struct kv_request request = { .app = &app, .context = &call };
    struct kv_err err;

    app.build = kv_build_find(build);
    KV_IGNORE(KV_REFUSE(&err, KV_TEXT_TOKEN_AUDIENCE, 7, "us", "the app", "them"));
    gate_word(&request, &err);
    return err;
}

Test(refusal_words, are_those_of_who_was_asked_and_of_the_build)
{
    static const struct {
        const struct kv_vault *asked;
        const char *build, *message;
    } rows[] = {
        { &vault, "2026", "AKV10022: Invalid audience. Expected us or the app, found: them." },
        { &vault, "2021", "AKV10022: Invalid audience. Expected us, found: them." },
        { &pool, "2026", "AKV10022: Invalid audience. Expected us, found: them." },
        { NULL, "2026", "AKV10022: Invalid audience. Expected us or the app, found: them." },
        { NULL, "2021", "AKV10022: Invalid audience. Expected us, found: them." },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        cr_expect_str_eq(word(rows[i].asked, rows[i].build).message, rows[i].message);
    }
}

/* Refused before anybody looked for a vault: there is no call yet. */
Test(refusal_words, are_a_vaults_while_nobody_has_looked)
{
    const struct kv_request request = { .app = &app };
    struct kv_err err;

    app.build = kv_build_find("2026");
    KV_IGNORE(KV_REFUSE(&err, KV_TEXT_NAME_INVALID, 0, "a_b"));
    gate_word(&request, &err);
    cr_expect_eq(err.code, KV_BAD_PARAMETER);
    cr_expect_str_eq(err.message, "The request URI contains an invalid name: a_b");
}

Test(refusal_words, have_the_whole_id_behind_a_message_of_any_length)
{
    const struct kv_request request = { .id = ID };
    char message[2 * sizeof(((struct kv_err *) NULL)->message)];

    for (size_t len = 0; len < sizeof(message); len += len < 900 ? 100 : 1) {
        struct kv_err err;

        memset(message, 'x', len);
        message[len] = '\0';
        KV_IGNORE(KV_FAIL(&err, KV_CONFLICT, 0, "%s", message));
        gate_append_activity(&request, &err);

        size_t total = strlen(err.message);

        cr_assert_lt(total, sizeof(err.message));
        cr_assert_str_eq(err.message + total - strlen(ACTIVITY), ACTIVITY);
    }
}
