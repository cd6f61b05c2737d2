/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same load on coffer and on another server that speaks the keys API, in turns: what a round
 * compares, it measured within seconds of each other. A thread for each connection, by libcurl,
 * which both sides pay for alike, so the ratios are nearer to 1 than those of the servers alone.
 */
#include "beside.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "samples.h"
#include "server.h"

#define SIDES 2

struct beside {
    struct beside_settings settings;
    struct load_plan plan;
    struct side side[SIDES]; /* coffer, and the other */
};

/* What the rounds of a row measured. */
struct row {
    struct samples rate[SIDES], median[SIDES], ratio;
    size_t errors[SIDES];
};

static void row_done(struct row *row)
{
    for (unsigned i = 0; i < SIDES; i++) {
        samples_done(&row->rate[i]);
        samples_done(&row->median[i]);
    }
    samples_done(&row->ratio);
}
KV_DEFINE_CLEANUP_VALUE(struct row, row_done)

static void print_head(void)
{
    printf("%-16s %11s %11s %11s %9s %9s %7s  %s\n", "", "connections", "coffer /s", "other /s",
           "coffer ms", "other ms", "ratio", "of the rates, least .. most");
}

static bool print_failure(const char *deed, const struct side *side)
{
    printf("%-16s not measured: %s: %s\n", deed, side->way.name, side->error);
    fflush(stdout);
    return false;
}

static void print_row(const struct beside *beside, const char *deed, unsigned connections,
                      struct row *row)
{
    printf("%-16s %11u %11.0f %11.0f %9.2f %9.2f %7.2f  %.2f .. %.2f\n", deed, connections,
           samples_median(&row->rate[0]), samples_median(&row->rate[1]),
           samples_median(&row->median[0]), samples_median(&row->median[1]),
           samples_median(&row->ratio), samples_quantile(&row->ratio, 0),
           samples_quantile(&row->ratio, 1));
    for (unsigned i = 0; i < SIDES; i++) {
        if (row->errors[i] > 0) {
            printf("%-16s errors of %s, not counted as answers: %zu, one is: %s\n", "",
                   beside->side[i].way.name, row->errors[i], beside->side[i].error);
        }
    }
    fflush(stdout);
}

/* Who begins changes from round to round. */
static bool run_round(struct beside *beside, const struct deed *deed, unsigned connections,
                      unsigned round, struct score ret_score[SIDES])
{
    for (unsigned i = 0; i < SIDES; i++) {
        unsigned which = (round + i) % SIDES;

        if (!side_play(&beside->side[which], deed, connections, beside->settings.seconds,
                       &ret_score[which])) {
            return print_failure(deed->name, &beside->side[which]);
        }
    }
    return true;
}

static void add_round(struct row *row, const struct score score[SIDES])
{
    for (unsigned i = 0; i < SIDES; i++) {
        samples_add(&row->rate[i], score[i].rate);
        samples_add(&row->median[i], score[i].median);
        row->errors[i] += score[i].errors;
    }
    samples_add(&row->ratio, score[0].rate / score[1].rate);
}

/* The first round, in which caches and compilers get warm, does not count. */
static bool compare(struct beside *beside, const struct deed *deed, unsigned connections)
{
    kv_auto(row_done) struct row row = { .errors = { 0 } };
    struct score score[SIDES];

    for (unsigned round = 0; round <= beside->settings.rounds; round++) {
        if (!run_round(beside, deed, connections, round, score)) {
            return false;
        }
        if (round > 0) {
            add_round(&row, score);
        }
    }
    print_row(beside, deed->name, connections, &row);
    return true;
}

static bool measure(struct beside *beside, const struct deed *deed)
{
    for (unsigned i = 0; i < SIDES; i++) {
        if (!side_offers(&beside->side[i], deed)) {
            return print_failure(deed->name, &beside->side[i]);
        }
    }
    return compare(beside, deed, 1) && compare(beside, deed, SIDE_CALLERS_MAX);
}

static bool is_chosen(const struct beside_settings *settings, const char *name)
{
    for (size_t i = 0; i < settings->only_count; i++) {
        if (strcmp(settings->only[i], name) == 0) {
            return true;
        }
    }
    return settings->only_count == 0;
}

static bool prepare(struct beside *beside)
{
    for (unsigned i = 0; i < SIDES; i++) {
        beside->side[i].plan = &beside->plan;
        if (!side_await(&beside->side[i], beside->settings.patience)) {
            fprintf(stderr, "beside: %s at %s: %s\n", beside->side[i].way.name,
                    beside->side[i].way.url, beside->side[i].error);
            return false;
        }
        side_prepare(&beside->side[i]);
    }
    return true;
}

static bool run(struct beside *beside)
{
    bool good = true;

    if (!prepare(beside)) {
        return false;
    }
    print_head();
    for (const struct deed *deed = side_deeds; deed->name != NULL; deed++) {
        if (is_chosen(&beside->settings, deed->name)) {
            good = measure(beside, deed) && good;
        }
    }
    return good;
}

/* Against the daemon that was started, as one of its clients. */
static bool run_with(struct beside *beside, const struct server *server)
{
    struct curl_slist *headers = beside_headers(server->client.token);
    char url[256];

    (void) snprintf(url, sizeof(url), "https://%s:%u", server->client.host, server->daemon.port);
    beside->side[0].way = (struct caller_way){
        .name = "coffer", .url = url, .ca = server->client.ca, .headers = headers
    };
    beside->side[1].way = beside->settings.other;
    bool good = headers != NULL && side_plan(&beside->plan, beside->settings.query) && run(beside);

    curl_slist_free_all(headers);
    return good;
}

int main(int argc, char **argv)
{
    kv_auto(server_done) struct server server = { .client = { .curl = NULL } };
    static struct beside beside;
    int status;

    (void) signal(SIGPIPE, SIG_IGN); /* a server that hangs up is an error like others */
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (beside_settings_take(&beside.settings, argc, argv, &status)) {
        status = server_init(&server) && run_with(&beside, &server) ? 0 : 1;
    }
    beside_settings_done(&beside.settings);
    return status;
}
