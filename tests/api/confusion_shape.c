/* SPDX-License-Identifier: Apache-2.0 */
/* Access tokens that were made to be misread, over the wire: what has not the shape of a token, or more
 * than that. */
#include "confusion_tools.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/base64.h"
#include "kv/identity/identity.h"

TestSuite(confusion_shape, .init = confusion_set_up, .fini = confusion_tear_down, .timeout = 180);

Test(confusion_shape, passes_over_nothing_that_is_critical)
{
    static const char *const rows[] = {
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":[\"exp\"],\"exp\":1}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":[\"b64\"],\"b64\":false}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":[]}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":\"exp\"}",
        "{\"alg\":\"RS256\",\"kid\":\"@\",\"crit\":[\"alg\"]}",
    };

    expect_all_refused(rows, KV_COUNT(rows));
}

/* A token in a token, and what else has the shape of one. */
Test(confusion_shape, reads_one_token_and_no_other_shape)
{
    char *nested = forge_token(header, client.token);
    char quoted[8192], text[8192];

    expect_refused(nested, "nested");
    free(nested);
    snprintf(quoted, sizeof(quoted), "\"%s\"", client.token);
    nested = forge_token(header, quoted);
    expect_refused(nested, "nested, as JSON");
    free(nested);
    snprintf(text, sizeof(text), "%s.%s", client.token, client.token);
    expect_refused(text, "two in one");
    snprintf(text, sizeof(text), "%s, %s", client.token, client.token);
    expect_refused(text, "a list");
    snprintf(text, sizeof(text), "{\"protected\":\"%.*s\",\"payload\":\"%s\",\"signature\":\"x\"}",
             (int) strcspn(client.token, "."), client.token, "e30");
    expect_refused(text, "JSON serialization");
    snprintf(text, sizeof(text), "%.*s...%s", (int) strcspn(client.token, "."), client.token,
             strrchr(client.token, '.') + 1);
    expect_refused(text, "five parts");
}

/* The base64url of a token has one spelling. What stands behind the fourth of them is what a client
 * that counts differently would add. */
Test(confusion_shape, reads_one_spelling_of_a_token)
{
    static const char *const tails[] = {
        ".",  "..",  "=",   "==",  ".e30", "%3D", "\xc2\xa0", "\xe2\x80\x8b",
        " x", "\tx", "%00", "\\n", "+",    "/"
    };
    char text[8192];
    size_t last = strlen(client.token) - 1;

    for (size_t i = 0; i < KV_COUNT(tails); i++) {
        snprintf(text, sizeof(text), "%s%s", client.token, tails[i]);
        expect_refused(text, tails[i]);
        snprintf(text, sizeof(text), "%.*s%s%s", (int) strcspn(client.token, "."), client.token,
                 tails[i], strchr(client.token, '.'));
        expect_refused(text, tails[i]);
    }
    /* a full stop of another script in the place of each dot */
    snprintf(text, sizeof(text), "%.*s\xef\xbc\x8e%s", (int) strcspn(client.token, "."),
             client.token, strchr(client.token, '.') + 1);
    expect_refused(text, "a fullwidth full stop");
    /* 256 bytes leave four bits of the last character without a meaning */
    snprintf(text, sizeof(text), "%s", client.token);
    text[last] = text[last] == 'Q' ? 'R' : (char) (text[last] + 1);
    expect_refused(text, "other bits at the end");
}

/* Both alphabets of base64; the signature has 344 characters, so that one of them is in most. */
Test(confusion_shape, reads_one_alphabet)
{
    char *token = NULL;

    for (int i = 0; i < 64 && (token == NULL || strpbrk(strrchr(token, '.'), "-_") == NULL); i++) {
        char text[8192];
        free(token);
        snprintf(text, sizeof(text), "{\"try\":\"%d\",%s", i, payload + 1);
        token = forge_token(header, text);
    }
    char *at = strpbrk(strrchr(token, '.'), "-_");
    cr_assert_not_null(at);
    expect_taken(token, "as it is");
    *at = *at == '-' ? '+' : '/';
    expect_refused(token, "the other alphabet");
    free(token);
}

Test(confusion_shape, reads_no_endless_token)
{
    static const int sizes[] = { KV_TOKEN_MAX, 20000, 40000 };
    static char text[TEXT_MAX];

    for (size_t i = 0; i < KV_COUNT(sizes); i++) {
        char challenge[512];
        snprintf(text, sizeof(text), "{\"pad\":\"%0*d\",%s", sizes[i], 0, payload + 1);
        char *token = forge_token(header, text);
        snprintf(text, sizeof(text), "Bearer %s", token);
        long status = ask(text, challenge, sizeof(challenge));
        cr_expect(status == 401 || status == 431, "%d: %ld", sizes[i], status);
        free(token);
    }
    expect_taken(client.token, "it goes on");
}

/* The first of two is the one: a second one does not help a bad first one. */
Test(confusion_shape, looks_for_no_better_token)
{
    static char lines[16384];
    char challenge[512];

    snprintf(lines, sizeof(lines), "Bearer e30.e30.e30\r\nAuthorization: Bearer %s", client.token);
    cr_expect_eq(ask(lines, challenge, sizeof(challenge)), 401);
    snprintf(lines, sizeof(lines), "Basic eDp5\r\nAuthorization: Bearer %s", client.token);
    cr_expect_eq(ask(lines, challenge, sizeof(challenge)), 401);
}
