/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What fault rules cost a whole request over TLS: GETs that no rule acts on, without rules and with a
 * thousand of them that are active, in turn, round by round.
 */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>

#include "kv/base/json.h"
#include "load.h"
#include "server.h"

#define PART "gate"
#define RULES 1000
#define KEY "gate"
#define RULES_PATH "/control/v1/faults"

struct sides {
    struct samples without, with, more; /* us of the server's processor time, a request */
};

static void sides_done(struct sides *sides)
{
    samples_done(&sides->without);
    samples_done(&sides->with);
    samples_done(&sides->more);
}
KV_DEFINE_CLEANUP_VALUE(struct sides, sides_done)

static bool order(struct server *server, const char *method, const char *body, long status)
{
    const struct request request = {
        .method = method,
        .target = RULES_PATH,
        .body = body,
        .without_token = true,
        .control = true,
    };
    struct reply reply = client_send(&server->client, &request);
    bool good = reply.status == status;

    if (!good) {
        fprintf(stderr, "%s %s: %ld %s\n", method, RULES_PATH, reply.status, reply.body);
    }
    reply_done(&reply);
    return good;
}

/* Half of them are for other vaults, half for other keys by a pattern. */
static bool add_rules(struct server *server)
{
    kv_auto(cJSON_Delete) cJSON *body = cJSON_CreateObject();
    cJSON *rules = cJSON_AddArrayToObject(body, "rules");
    char text[128];

    for (unsigned i = 0; i < RULES; i++) {
        (void) snprintf(text, sizeof(text), "{\"match\":{\"%s%u%s\"},\"effect\":{\"status\":429}}",
                        i % 2 == 0 ? "vault\":\"other" : "key\":\"none-", i,
                        i % 2 == 0 ? "" : "-*");
        cJSON_AddItemToArray(rules, cJSON_Parse(text));
    }
    char *printed = cJSON_PrintUnformatted(body);
    bool good = printed != NULL && order(server, "POST", printed, 201);
    cJSON_free(printed);
    return good;
}

static bool measure(struct server *server, struct load *load, const struct load_span *span,
                    double *ret_us)
{
    double before = server_cpu_us(server);
    struct load_result result;

    if (!load_run(load, span, &result) || result.answers == 0) {
        return false;
    }
    *ret_us = (server_cpu_us(server) - before) / (double) result.answers;
    return true;
}

static bool run_round(struct server *server, struct load *load, const struct load_span *span,
                      struct sides *sides)
{
    double without, with;

    if (!measure(server, load, span, &without) || !add_rules(server)
        || !measure(server, load, span, &with) || !order(server, "DELETE", NULL, 204)) {
        return false;
    }
    samples_add(&sides->without, without);
    samples_add(&sides->with, with);
    samples_add(&sides->more, with - without);
    return true;
}

bool bench_gate(const struct settings *settings, struct report *report)
{
    kv_auto(server_done) struct server server = { .client = { .curl = NULL } };
    kv_auto(load_request_done) struct load_request request = { .bytes = NULL };
    kv_auto(load_close) struct load *load = NULL;
    kv_auto(sides_done) struct sides sides = { .with = { .count = 0 } };
    const struct load_span span = { .seconds = settings->seconds };

    if (!server_init(&server) || !server_create_ec_key(&server.client, KEY)
        || !server_prepare_get(&server, "/keys/" KEY "?api-version=7.6", &request)) {
        return false;
    }
    load = server_open_load(&server, settings->connections, &request, 1);
    bool good = load != NULL;
    for (unsigned i = 0; good && i < settings->rounds; i++) {
        good = run_round(&server, load, &span, &sides);
    }
    if (good) {
        report_samples(report, PART, "us", &sides.without, "processor, no rules");
        report_samples(report, PART, "us", &sides.with, "processor, %d rules", RULES);
        report_samples(report, PART, "us", &sides.more, "%d rules: more", RULES);
    }
    return good;
}
