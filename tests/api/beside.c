/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tests/bench/beside against other servers: the program's daemon is one, strict about tokens and with
 * operations that fail as told. Each run starts a coffer of its own to compare with.
 */
#include "fault_tools.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>

TestSuite(beside, .timeout = 120);

static char output[32768];

/* Both streams are read. */
static int run(const char *arguments)
{
    char line[8192];

    (void) snprintf(line, sizeof(line), "tests/bench/beside %s 2>&1", arguments);
    FILE *pipe = popen(line, "r");

    cr_assert_not_null(pipe);
    size_t len = fread(output, 1, sizeof(output) - 1, pipe);
    output[len] = '\0';

    int status = pclose(pipe);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void expect(const char *arguments, int status, const char *said)
{
    int is = run(arguments);

    cr_expect_eq(is, status, "%s: %d %s", arguments, is, output);
    cr_expect_not_null(strstr(output, said), "%s: %s", arguments, output);
}

/* Against the program's daemon, as briefly as can be. */
static void expect_beside(const char *options, int status, const char *said)
{
    const struct daemon *daemon = api_daemon();
    char arguments[7000];

    (void) snprintf(arguments, sizeof(arguments),
                    "--url https://dev.vault.localhost:%u --rounds 1 --seconds 0.1 %s",
                    daemon->port, options);
    expect(arguments, status, said);
}

/* With the daemon's own CA, and as one that may do everything. */
static void expect_measured(const char *options, int status, const char *said)
{
    char all[6500];

    API_CLIENT(dev);
    (void) snprintf(all, sizeof(all), "--ca %s --token %s %s", dev.ca, dev.token, options);
    expect_beside(all, status, said);
}

Test(beside, says_what_is_wrong_with_its_options)
{
    static const struct {
        const char *arguments, *said;
    } rows[] = {
        { "", "--url is missing" },
        { "--url http://localhost", "--url takes https://HOST[:PORT], not 'http://localhost'" },
        { "--url https:///", "--url takes https://HOST[:PORT]" },
        { "--url https://a --rounds 0", "--rounds takes 1 to 1000, not '0'" },
        { "--url https://a --seconds nan", "--seconds takes 0.05 to 600, not 'nan'" },
        { "--url https://a --connect a", "--connect takes HOST:PORT, not 'a'" },
        { "--url https://a --header a", "--header takes 'Name: value', not 'a'" },
        { "--url https://a --ca nowhere.pem", "--ca: nowhere.pem cannot be read: No such file" },
        { "--url https://a --only encrypt", "there is no operation 'encrypt'" },
        { "--url https://a b", "'b' is not an option" },
        { "--url", "that is no option, or it lacks its value" },
    };

    for (size_t i = 0; i < KV_COUNT(rows); i++) {
        expect(rows[i].arguments, 2, rows[i].said);
    }
}

Test(beside, says_why_nothing_can_be_measured)
{
    expect("--url https://127.0.0.1:1 --insecure --wait 0", 1,
           "the other at https://127.0.0.1:1: Couldn't connect");
    expect_beside("", 1, "--insecure takes any");
    expect_beside("--ca /dev/null", 1, "--ca wants a PEM file");
}

Test(beside, says_that_a_token_is_wanted)
{
    expect_beside("--insecure --only get", 1, "401 ");
    cr_expect_not_null(strstr(output, "WWW-Authenticate: Bearer authorization="), "%s", output);
    cr_expect_not_null(strstr(output, "--token or --header say who asks"), "%s", output);
}

Test(beside, goes_on_with_what_the_other_offers)
{
    fault_add("no-wrap", "\"match\":{\"operation\":\"wrapKey\"},\"effect\":{\"status\":501}");
    expect_measured("--only wrap --only unwrap --only sign", 1,
                    "wrap             not measured: the other: 501 ");
    cr_expect_not_null(strstr(output, "\nunwrap           not measured: the other: nothing was "
                                      "wrapped\n"),
                       "%s", output);
    cr_expect_not_null(strstr(output, "\nsign                       8 "), "%s", output);
    fault_remove("no-wrap");
}

Test(beside, names_the_key_that_cannot_be_made)
{
    fault_add("no-keys", "\"match\":{\"operation\":\"createKey\"},\"effect\":{\"status\":500}");
    expect_measured("--only wrap", 1,
                    "wrap             not measured: the other: no key for it: 500");
    fault_remove("no-keys");
}

/* Of each eight requests one is an error. */
Test(beside, counts_errors_among_the_answers)
{
    fault_add("hiccup", "\"match\":{\"operation\":\"wrapKey\"},\"when\":{\"every\":8},"
                        "\"effect\":{\"status\":503}");
    expect_measured("--only wrap", 0, "errors of the other, not counted as answers: ");
    cr_expect_not_null(strstr(output, ", one is: 503 "), "%s", output);
    fault_remove("hiccup");
}

/* By another name than the one it is found under, and with a header in place of the token. */
Test(beside, takes_a_name_and_a_header)
{
    char options[6000];

    API_CLIENT(dev);
    (void) snprintf(options, sizeof(options),
                    "--url https://dev.vault.azure.net/ --connect 127.0.0.1:%u --ca %s "
                    "--header 'Authorization: Bearer %s' --only unwrap --rounds 1 --seconds 0.1",
                    api_daemon()->port, dev.ca, dev.token);
    expect(options, 0, "unwrap                     1 ");
}
