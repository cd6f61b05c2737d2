/* SPDX-License-Identifier: Apache-2.0 */
/* How long a template of 200 resources takes, from the request to its end; they depend on nothing. */
#include "bench.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "kv/base/clock.h"
#include "server.h"

#define PART "deploy"
#define REPEATS 5
#define LOOKS_MAX 100000
#define PATH                                                                                       \
    "/subscriptions/ffecaf7c-b368-5892-b89b-b894d5612a15/resourceGroups/coffer/providers/"         \
    "Microsoft.Resources/deployments/bench%u?api-version=2022-09-01"

static const char body[] =
    "{\"properties\":{\"mode\":\"Incremental\",\"template\":{\"$schema\":\"https://"
    "schema.management."
    "azure.com/schemas/2019-04-01/deploymentTemplate.json#\",\"contentVersion\":\"1.0.0.0\","
    "\"resources\":[{\"type\":\"Contoso.Things/things\",\"apiVersion\":\"2020-01-01\",\"name\":"
    "\"[concat('t', "
    "copyIndex())]\",\"location\":\"eastus\",\"copy\":{\"name\":\"c\",\"count\":200}}]"
    "}}}";

static struct reply ask(struct client *client, const char *authorization, const char *method,
                        const char *path, const char *sent)
{
    return client_send(client, &(const struct request){ .method = method,
                                                        .target = path,
                                                        .body = sent,
                                                        .headers = { authorization },
                                                        .host = "management.localhost",
                                                        .without_token = true });
}

/* 1: it has succeeded; 0: it goes on; -1: it has failed. */
static int look(struct client *client, const char *authorization, const char *path)
{
    struct reply reply = ask(client, authorization, "GET", path, NULL);
    const char *state = reply_text(&reply, "properties.provisioningState");
    int verdict = strcmp(state, "Succeeded") == 0                                   ? 1
                  : strcmp(state, "Running") == 0 || strcmp(state, "Accepted") == 0 ? 0
                                                                                    : -1;

    reply_done(&reply);
    return verdict;
}

static bool deploy(struct client *client, const char *authorization, unsigned round,
                   struct samples *samples)
{
    int64_t began = kv_clock_monotonic_us();
    char path[512];
    int verdict = 0;

    (void) snprintf(path, sizeof(path), PATH, round);
    struct reply reply = ask(client, authorization, "PUT", path, body);
    bool good = reply.status == 201;
    reply_done(&reply);
    for (unsigned i = 0; good && verdict == 0 && i < LOOKS_MAX; i++) {
        verdict = look(client, authorization, path);
    }
    samples_add(samples, (double) (kv_clock_monotonic_us() - began) / 1e3);
    return good && verdict == 1;
}

static bool measure(const struct daemon *daemon, struct samples *samples)
{
    char *token = client_fetch_token(daemon, "https://management.azure.com/");
    char authorization[8192 + 32];
    struct client client;
    bool good = token != NULL;

    (void) snprintf(authorization, sizeof(authorization), "Authorization: Bearer %s",
                    good ? token : "");
    free(token);
    client_open(&client, daemon, "dev");
    for (unsigned i = 0; good && i < REPEATS; i++) {
        good = deploy(&client, authorization, i, samples);
    }
    client_close(&client);
    return good;
}

bool bench_deploy(const struct settings *settings, struct report *report)
{
    static const char *const arguments[] = { "--unknown-resources", "accept", NULL };
    kv_auto(samples_done) struct samples samples = { .count = 0 };
    struct daemon daemon;

    (void) settings;
    daemon_prepare(&daemon);
    bool good = daemon_start(&daemon, arguments);
    good = good && measure(&daemon, &samples);
    good = daemon_stop(&daemon) && good;
    daemon_discard(&daemon);
    if (good) {
        report_samples(report, PART, "ms", &samples, "200 resources");
    }
    return good;
}
