/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Many services that each check their key every minute, while the clock runs 60-fold: how many checks
 * are made, how many are missed, and what one costs the daemon, whose work is both sides of each: three
 * requests over TLS made and answered, one of them a private operation of the token.
 */
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "fill.h"
#include "server.h"

#define PART "consumers"
#define PACE 60
#define SECONDS_MIN 5 /* of a run: five minutes of the virtual clock */
#define SETTLE_MAX 600

struct sum {
    double checks, missed;
    int encrypted;
};

static struct reply ask(struct server *server, const char *method, const char *path,
                        const char *body)
{
    char target[128];
    const struct request request = {
        .method = method, .target = target, .body = body, .control = true
    };

    (void) snprintf(target, sizeof(target), "/control/v1/%s", path);
    return client_send(&server->client, &request);
}

static bool is_taken(struct server *server, const char *method, const char *path, const char *body)
{
    struct reply reply = ask(server, method, path, body);
    bool good = reply.status >= 200 && reply.status < 300;

    if (!good) {
        fprintf(stderr, "bench: %s: %ld %s\n", path, reply.status, reply.body);
    }
    reply_done(&reply);
    return good;
}

/* Each with a key of its own, as the copies are called, or all with the one that was copied. */
static bool add_all(struct server *server, unsigned count, bool has_own)
{
    bool good = is_taken(server, "POST", "clock", "{\"frozen\":true}");
    char path[64], key[32], body[256];

    for (unsigned i = 0; i < count && good; i++) {
        (void) snprintf(path, sizeof(path), "consumers/c%u", i);
        (void) snprintf(key, sizeof(key), has_own ? FILL_NAME : "cmk", i);
        (void) snprintf(body, sizeof(body),
                        "{\"profile\":\"fhir\",\"rules\":\"none\",\"key\":"
                        "\"https://" VAULT ".vault.localhost/keys/%s\"}",
                        key);
        good = is_taken(server, "PUT", path, body);
    }
    return good;
}

static double number_of(const cJSON *object, const char *name)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, name);

    return cJSON_IsNumber(item) ? item->valuedouble : NAN;
}

static bool sum_up(struct server *server, struct sum *ret_sum)
{
    struct reply reply = ask(server, "GET", "consumers", NULL);
    struct sum sum = { .encrypted = 0 };
    const cJSON *one;

    cJSON_ArrayForEach (one, reply_item(&reply, "consumers")) {
        const char *state = cJSON_GetStringValue(cJSON_GetObjectItem(one, "state"));

        sum.checks += number_of(one, "checks");
        sum.missed += number_of(one, "missed");
        sum.encrypted += state != NULL && strcmp(state, "encrypted") == 0;
    }
    reply_done(&reply);
    *ret_sum = sum;
    return sum.checks > 0;
}

static double read_minutes(struct server *server)
{
    struct reply reply = ask(server, "GET", "clock", NULL);
    double seconds = reply_number(&reply, "epoch");

    reply_done(&reply);
    return seconds / 60;
}

static void pause_for(double seconds)
{
    const struct timespec pause = { .tv_sec = (time_t) seconds,
                                    .tv_nsec = (long) (fmod(seconds, 1) * 1e9) };

    nanosleep(&pause, NULL);
}

/* Until what was due when the clock was stopped has been done. */
static bool settle(struct server *server, struct sum *ret_sum)
{
    double before = -1;

    for (int i = 0; i < SETTLE_MAX; i++) {
        if (!sum_up(server, ret_sum)) {
            return false;
        }
        if (ret_sum->checks + ret_sum->missed == before) {
            return true;
        }
        before = ret_sum->checks + ret_sum->missed;
        pause_for(0.3);
    }
    return false;
}

static double find_seconds(const struct settings *settings)
{
    double seconds = settings->seconds * settings->rounds;

    return seconds > SECONDS_MIN ? seconds : SECONDS_MIN;
}

static void publish(const char *whose, const struct sum *sum, double minutes, unsigned count,
                    double cpu, struct report *report)
{
    double cost = cpu / sum->checks;

    report_value(report, PART, "checks", sum->checks, "%s: made", whose);
    report_value(report, PART, "checks", sum->missed, "%s: missed", whose);
    report_value(report, PART, "", (sum->checks + sum->missed) / (minutes * count),
                 "%s: made and missed / minutes", whose);
    report_value(report, PART, "us", cost, "%s: processor, a check", whose);
    report_value(report, PART, "", cost * count / 1e6, "%s: processors for %u at 60-fold", whose,
                 count);
}

static bool measure(struct server *server, const struct settings *settings, const char *whose,
                    struct report *report)
{
    struct sum before, after;
    char pace[64];

    (void) snprintf(pace, sizeof(pace), "{\"rate\":%d,\"frozen\":false}", PACE);
    if (!settle(server, &before)) {
        return false;
    }

    double began = read_minutes(server), cpu = server_cpu_us(server);
    bool good = is_taken(server, "POST", "clock", pace);

    pause_for(find_seconds(settings));
    good = is_taken(server, "POST", "clock", "{\"frozen\":true}") && settle(server, &after) && good;
    cpu = server_cpu_us(server) - cpu;
    if (!good) {
        return false;
    }
    after.checks -= before.checks;
    after.missed -= before.missed;
    if (after.encrypted != (int) settings->consumers) {
        fprintf(stderr, "bench: %d of %u services found their key usable\n", after.encrypted,
                settings->consumers);
        return false;
    }
    publish(whose, &after, read_minutes(server) - began, settings->consumers, cpu, report);
    return true;
}

static bool run(const struct settings *settings, bool has_own, const char *whose,
                struct report *report)
{
    kv_auto(server_done) struct server server = { .daemon = { .pid = 0 } };
    bool good =
        server_init_with_log(&server, "warning") && server_create_key(&server.client, "cmk", 2048);

    if (good && has_own) {
        good = server_stop(&server) && fill(server.daemon.folder, "cmk", settings->consumers)
               && server_start(&server);
    }
    return good && add_all(&server, settings->consumers, has_own)
           && measure(&server, settings, whose, report);
}

bool bench_consumers(const struct settings *settings, struct report *report)
{
    return run(settings, false, "one key", report) && run(settings, true, "a key each", report);
}
