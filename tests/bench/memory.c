/* SPDX-License-Identifier: Apache-2.0 */
/* What the idle daemon keeps in memory: just started, and after some requests of each kind. */
#include "bench.h"

#include <time.h>

#include "load.h"
#include "server.h"

#define PART "memory"
#define KEY "memory"

/* The first start makes the issuer key in the background; what that takes is not kept, and after two
 * seconds code is given back that only a start needs. */
static void let_settle(void)
{
    const struct timespec span = { .tv_sec = 4 };

    nanosleep(&span, NULL);
}

static bool ask(struct server *server)
{
    kv_auto(load_request_done) struct load_request get = { .bytes = NULL };
    kv_auto(load_request_done) struct load_request list = { .bytes = NULL };
    kv_auto(load_request_done) struct load_request unwrap = { .bytes = NULL };

    return server_create_key(&server->client, KEY, 2048)
           && server_prepare_get(server, "/keys/" KEY "?api-version=7.6", &get)
           && server_prepare_get(server, "/keys?api-version=7.6", &list)
           && server_prepare_unwrap(server, KEY, &unwrap);
}

/* Many requests at once, then none. */
static bool load_up(const struct settings *settings, struct server *server)
{
    const struct load_span span = { .seconds = settings->seconds };
    kv_auto(load_request_done) struct load_request request = { .bytes = NULL };
    kv_auto(load_close) struct load *load = NULL;
    struct load_result result;

    if (!server_prepare_unwrap(server, KEY, &request)) {
        return false;
    }
    load = server_open_load(server, settings->connections, &request, 1);
    return load != NULL && load_run(load, &span, &result);
}

bool bench_memory(const struct settings *settings, struct report *report)
{
    kv_auto(server_done) struct server server = { .client = { .curl = NULL } };

    if (!server_init(&server)) {
        return false;
    }
    let_settle();
    report_value(report, PART, "MiB", server_memory_mib(&server), "after start");
    if (!ask(&server)) {
        return false;
    }
    report_value(report, PART, "MiB", server_memory_mib(&server), "after a few requests");
    if (!load_up(settings, &server)) {
        return false;
    }
    report_value(report, PART, "MiB", server_memory_mib(&server), "after a round of load");
    return true;
}
