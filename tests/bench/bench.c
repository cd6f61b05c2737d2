/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The benchmark: measures coffer against the goals of a release and prints each figure beside its
 * target. Run by `make bench`; not a test, because a busy machine misses targets.
 */
#include "bench.h"

#include <getopt.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>

#include "machine.h"

static const struct part {
    const char *name;
    bench_fn *run;
    const char *help;
} parts[] = {
    { "unwrap", bench_unwrap, "RSA-2048 unwraps a second, against the token alone" },
    { "rate", bench_rate, "GETs a second, with the log and without it" },
    { "connect", bench_connect, "a new TLS connection, and a resumed one" },
    { "sign", bench_sign, "ES256 signatures a second, against the token alone" },
    { "get", bench_get, "latency of GET beside RSA-4096 generations" },
    { "create", bench_create, "how long a create takes, from the pool and generated" },
    { "start", bench_start, "time to the ready line, to a token, and with many keys" },
    { "deploy", bench_deploy, "a template of 200 resources" },
    { "memory", bench_memory, "resident memory" },
    { "token", bench_token, "validating a token that was seen before" },
    { "standing", bench_standing, "a look at whether a caller's session has ended" },
    { "access", bench_access, "a check of a caller with 10000 role assignments" },
    { "journal", bench_journal, "what the journal costs a request" },
    { "faults", bench_faults, "what 1000 fault rules cost a request" },
    { "gate", bench_gate, "what 1000 fault rules cost a whole GET over TLS" },
    { "firewall", bench_firewall, "a look at a client's address with 1000 rules" },
    { "consumers", bench_consumers, "many services that check their keys at 60-fold" },
    { "scale", bench_scale, "the same with 10, 1000 and 10000 keys" },
};

static const struct target targets[] = {
    { "unwrap", "coffer / token alone", .least = 0.95, .most = INFINITY },
    { "unwrap", "processor, load generator", .most = 25 },
    { "rate", "processor, log", .most = 35 },
    { "connect", "resumed / new, by processor time", .most = 0.8 },
    { "sign", "coffer / token alone", .least = 0.85, .most = INFINITY },
    { "get", "beside 4 generations, p99", .most = 1 },
    { "create", "P-256 generated, p50", .most = 2 },
    { "create", "P-256, 8 connections, no pool", .least = 700, .most = INFINITY },
    { "create", "P-256, 8 connections, auto", .least = 700, .most = INFINITY },
    { "create", "RSA-2048 generated / its own module time", .most = 1.1 },
    { "create", "RSA-3072 generated / its own module time", .most = 1.1 },
    { "create", "RSA-4096 generated / its own module time", .most = 1.1 },
    { "create", "P-256 from the pool, p50", .most = 2 },
    { "create", "RSA-2048 from the pool, p50", .most = 5 },
    { "create", "RSA-2048 from the pool, p95", .most = 10 },
    { "create", "RSA-3072 from the pool, p50", .most = 5 },
    { "create", "RSA-3072 from the pool, p95", .most = 10 },
    { "create", "RSA-4096 from the pool, p50", .most = 5 },
    { "create", "RSA-4096 from the pool, p95", .most = 10 },
    { "start", "cold", .most = 60 },
    { "start", "cold, first token", .most = 150 },
    { "start", "warm", .most = 60 },
    { "start", "many keys", .most = 1000 },
    { "deploy", "200 resources", .most = 1000 },
    { "memory", "after start", .most = 20 },
    { "memory", "after a few requests", .most = 20 },
    { "token", "a token seen before, of one client", .most = 5 },
    { "token", "a token seen before, of 200 clients in turn", .most = 5 },
    { "standing", "10000 registered: a look", .most = 5 },
    { "standing", "10000 registered: one who is not", .most = 5 },
    { "access", "10000 assignments: a check", .most = 5 },
    { "access", "10000 assignments: read anew", .most = 200 },
    { "journal", "10000 entries: a request", .most = 1 },
    { "faults", "no rules: a request", .most = 0.2 },
    { "faults", "1000 rules for vaults: a request", .most = 5 },
    { "faults", "1000 rules for patterns: a request", .most = 5 },
    { "firewall", "1000 rules: a look", .most = 1 },
    { "firewall", "10000 vaults: read anew", .most = 200 },
    { "consumers", "one key: missed", .most = 0 },
    { "consumers", "one key: processor, a check", .most = 1600 },
    { "consumers", "a key each: missed", .most = 0 },
    { "consumers", "a key each: processor, a check", .most = 1600 },
    { "scale", "unwraps a second, 1000 / 10 keys", .least = 0.9, .most = 1.1 },
    { "scale", "processor an unwrap, 1000 / 10 keys", .least = 0.9, .most = 1.1 },
    { "scale", "unwraps a second, 10000 / 10 keys", .least = 0.9, .most = 1.1 },
    { "scale", "processor an unwrap, 10000 / 10 keys", .least = 0.9, .most = 1.1 },
    { "scale", "10000 keys: paged through", .most = 1500 },
    { 0 },
};

struct command {
    struct settings settings;
    bool chosen[KV_COUNT(parts)];
    bool strict;
    const char *json; /* NULL: none */
};

static int print_help(FILE *out, int status)
{
    fputs("Usage: bench [OPTION]...\n"
          "Measures the daemon ./coffer, or $TEST_PROGRAM.\n\n"
          "  --only PART        run this part only; repeatable\n"
          "  --json FILE        write the figures to FILE, too\n"
          "  --strict           exit 1 when a target is missed\n"
          "  --rounds N         rounds of a comparison (default 8)\n"
          "  --seconds S        length of a round (default 1)\n"
          "  --connections N    of the load generator (default 8)\n"
          "  --consumers N      services that check their keys (default 1000)\n"
          "  --keys N           of the start with many (default 5000; 50000 take minutes)\n"
          "  --pace N           GET requests a second beside generations (default 400)\n"
          "  --access MODE      of the vault of unwrap, sign and get: open (default), or rbac, "
          "where\n"
          "                     the caller has its role by one of 10000 assignments\n"
          "  --help\n\nParts:\n",
          out);
    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        fprintf(out, "  %-18s %s\n", parts[i].name, parts[i].help);
    }
    return status;
}

static bool choose(struct command *command, const char *name)
{
    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        if (strcmp(parts[i].name, name) == 0) {
            command->chosen[i] = true;
            return true;
        }
    }
    fprintf(stderr, "bench: no part is called %s\n", name);
    return false;
}

static bool parse_number(const char *text, double least, double most, double *ret_number)
{
    char *end;
    double number = strtod(text, &end);

    if (end == text || *end != '\0' || !(number >= least && number <= most)) {
        fprintf(stderr, "bench: %s is no number from %g to %g\n", text, least, most);
        return false;
    }
    *ret_number = number;
    return true;
}

enum flag {
    ONLY = 1,
    JSON,
    STRICT,
    ROUNDS,
    SECONDS,
    CONNECTIONS,
    CONSUMERS,
    KEYS,
    PACE,
    ACCESS,
    HELP
};

static bool choose_access(struct settings *settings, const char *mode)
{
    settings->is_guarded = strcmp(mode, "rbac") == 0;
    if (settings->is_guarded || strcmp(mode, "open") == 0) {
        return true;
    }
    fprintf(stderr, "bench: --access is open or rbac, not %s\n", mode);
    return false;
}

static bool take_option(struct command *command, int option, const char *value)
{
    double number;

    switch (option) {
    case ONLY:
        return choose(command, value);
    case JSON:
        command->json = value;
        return true;
    case ACCESS:
        return choose_access(&command->settings, value);
    case STRICT:
        command->strict = true;
        return true;
    case SECONDS:
        return parse_number(value, 0.05, 600, &command->settings.seconds);
    case PACE:
        return parse_number(value, 1, 100000, &command->settings.pace);
    case KEYS:
        if (!parse_number(value, 2, 200000, &number)) {
            return false;
        }
        command->settings.keys = (unsigned) number;
        return true;
    case ROUNDS:
    case CONNECTIONS:
    case CONSUMERS:
        if (!parse_number(value, 1, 1000, &number)) {
            return false;
        }
        *(option == ROUNDS        ? &command->settings.rounds
          : option == CONNECTIONS ? &command->settings.connections
                                  : &command->settings.consumers) = (unsigned) number;
        return true;
    default:
        return false;
    }
}

static bool run_part(const struct part *part, const struct settings *settings,
                     struct report *report)
{
    fprintf(stderr, "bench: %s\n", part->name);
    if (!part->run(settings, report)) {
        fprintf(stderr, "bench: %s could not be measured\n", part->name);
        return false;
    }
    return true;
}

static int run(const struct command *command)
{
    static struct report report = { .targets = targets };
    struct machine_time before = machine_time();
    bool measured = true;
    bool met;

    report.load_average = machine_load_average();
    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        if (command->chosen[i]) {
            measured = run_part(&parts[i], &command->settings, &report) && measured;
        }
    }

    struct machine_time after = machine_time();

    report.foreign = machine_foreign(&before, &after);
    met = report_print(&report);
    if (command->json != NULL && !report_write_json(&report, command->json)) {
        return 1;
    }
    return measured && (met || !command->strict) ? 0 : 1;
}

/* A server that closed a connection must not end the program. Ignoring the signal instead would
 * make the daemons ignore it, too. */
static void survive_broken_pipe(int signal_number)
{
    (void) signal_number;
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "only", required_argument, NULL, ONLY },
        { "json", required_argument, NULL, JSON },
        { "strict", no_argument, NULL, STRICT },
        { "rounds", required_argument, NULL, ROUNDS },
        { "seconds", required_argument, NULL, SECONDS },
        { "connections", required_argument, NULL, CONNECTIONS },
        { "consumers", required_argument, NULL, CONSUMERS },
        { "keys", required_argument, NULL, KEYS },
        { "pace", required_argument, NULL, PACE },
        { "access", required_argument, NULL, ACCESS },
        { "help", no_argument, NULL, HELP },
        { 0 },
    };
    struct command command = {
        .settings = { .rounds = 8,
                      .seconds = 1,
                      .connections = 8,
                      .consumers = 1000,
                      .pace = 400,
                      .keys = 5000 },
    };
    bool any = false;
    int option;

    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == HELP) {
            return print_help(stdout, 0);
        }
        if (!take_option(&command, option, optarg)) {
            return print_help(stderr, 2);
        }
    }
    if (optind < argc) {
        return print_help(stderr, 2);
    }
    for (size_t i = 0; i < KV_COUNT(parts); i++) {
        any = any || command.chosen[i];
    }
    for (size_t i = 0; i < KV_COUNT(parts) && !any; i++) {
        command.chosen[i] = true;
    }
    signal(SIGPIPE, survive_broken_pipe);
    curl_global_init(CURL_GLOBAL_DEFAULT);
    return run(&command);
}
