/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The same load on coffer and on another server that speaks the keys API, in turns: what a round
 * compares, it measured within seconds of each other. A thread for each connection, by libcurl,
 * which both sides pay for alike, so the ratios are nearer to 1 than those of the servers alone.
 */
#include <getopt.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <curl/curl.h>
#include <openssl/rand.h>

#include "kv/base/base64.h"
#include "kv/base/clock.h"
#include "kv/base/json.h"
#include "kv/base/uuid.h"
#include "samples.h"
#include "server.h"

#define SIDES 2
#define CALLERS_MAX 8
#define BODY_MAX 8192
#define VALUE_LENGTH 32 /* a digest, or a data key */

/* A server and how to talk to it. */
struct side {
    const char *name, *url, *ca, *token;
    char wrapped[2048]; /* what its key has wrapped, base64url */
};

/* One connection to a side. */
struct caller {
    const struct side *side;
    const struct deed *deed;
    CURL *curl;
    struct curl_slist *headers;
    char answer[BODY_MAX];
    size_t answer_len;
    struct samples latency; /* ms */
    int64_t until;          /* monotonic us */
    bool failed;
    pthread_t thread;
};

struct beside {
    struct side side[SIDES];
    double seconds;
    unsigned rounds;
    const char *query; /* "?api-version=..." */
    char value[KV_BASE64URL_LENGTH(VALUE_LENGTH) + 1];
    char run[KV_UUID_LENGTH + 1]; /* in the names of keys, which the other server may keep */
};

static atomic_uint serial; /* of the keys that are made */
static struct beside beside = { .seconds = 1, .rounds = 5, .query = "?api-version=7.4" };

/* What is asked of a side. Both texts are taken with their %s replaced: in `path`, which is behind
 * /keys/bRUN, by a name that is new each time; in `body` by a value. */
struct deed {
    const char *name, *path, *body;
    bool is_post, is_unwrap;
};

static const struct deed deeds[] = {
    { "create P-256", "%s/create", "{\"kty\":\"EC\",\"crv\":\"P-256\"}", true, false },
    { "create RSA-2048", "%s/create", "{\"kty\":\"RSA\",\"key_size\":2048}", true, false },
    { "get", "-rsa", NULL, false, false },
    { "wrap", "-rsa/wrapkey", "{\"alg\":\"RSA-OAEP-256\",\"value\":\"%s\"}", true, false },
    { "unwrap", "-rsa/unwrapkey", "{\"alg\":\"RSA-OAEP-256\",\"value\":\"%s\"}", true, true },
    { "sign", "-ec/sign", "{\"alg\":\"ES256\",\"value\":\"%s\"}", true, false },
};

/* What every side needs before the first round. */
static const struct deed first[] = {
    { "create", "-rsa/create", "{\"kty\":\"RSA\",\"key_size\":2048}", true, false },
    { "create", "-ec/create", "{\"kty\":\"EC\",\"crv\":\"P-256\"}", true, false },
};

static size_t take_bytes(char *bytes, size_t size, size_t count, void *context)
{
    struct caller *caller = context;
    size_t len = size * count;

    if (len >= sizeof(caller->answer) - caller->answer_len) {
        return 0; /* which ends the request */
    }
    memcpy(caller->answer + caller->answer_len, bytes, len);
    caller->answer_len += len;
    caller->answer[caller->answer_len] = '\0';
    return len;
}

static void open_caller(struct caller *caller, const struct side *side)
{
    char line[BODY_MAX];

    *caller = (struct caller){ .side = side, .curl = curl_easy_init() };
    (void) snprintf(line, sizeof(line), "Authorization: Bearer %s", side->token);
    caller->headers = curl_slist_append(NULL, line);
    caller->headers = curl_slist_append(caller->headers, "Content-Type: application/json");
    curl_easy_setopt(caller->curl, CURLOPT_HTTPHEADER, caller->headers);
    curl_easy_setopt(caller->curl, CURLOPT_CAINFO, side->ca);
    curl_easy_setopt(caller->curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(caller->curl, CURLOPT_TIMEOUT, 60L);
    curl_easy_setopt(caller->curl, CURLOPT_WRITEFUNCTION, take_bytes);
    curl_easy_setopt(caller->curl, CURLOPT_WRITEDATA, caller);
}

static void close_caller(struct caller *caller)
{
    curl_easy_cleanup(caller->curl);
    curl_slist_free_all(caller->headers);
    samples_done(&caller->latency);
}

static void set_target(struct caller *caller)
{
    char path[256], name[64], url[1024];

    (void) snprintf(name, sizeof(name), "-%u", atomic_fetch_add(&serial, 1));
    (void) snprintf(path, sizeof(path), "%s%s", caller->deed->path[0] == '%' ? name : "",
                    caller->deed->path + (caller->deed->path[0] == '%' ? strlen("%s") : 0));
    (void) snprintf(url, sizeof(url), "%s/keys/b%s%s%s", caller->side->url, beside.run, path,
                    beside.query);
    curl_easy_setopt(caller->curl, CURLOPT_URL, url);
}

static void set_body(struct caller *caller)
{
    const char *value = caller->deed->is_unwrap ? caller->side->wrapped : beside.value;
    const char *form = caller->deed->body;
    const char *gap = form != NULL ? strstr(form, "%s") : NULL;
    char body[BODY_MAX];

    if (!caller->deed->is_post) {
        curl_easy_setopt(caller->curl, CURLOPT_HTTPGET, 1L);
        return;
    }
    (void) snprintf(body, sizeof(body), "%.*s%s%s",
                    (int) (gap != NULL ? (size_t) (gap - form) : strlen(form)), form,
                    gap != NULL ? value : "", gap != NULL ? gap + strlen("%s") : "");
    curl_easy_setopt(caller->curl, CURLOPT_POSTFIELDSIZE, (long) strlen(body));
    curl_easy_setopt(caller->curl, CURLOPT_COPYPOSTFIELDS, body);
}

/* False, having said why, when the answer is no 200. */
static bool call(struct caller *caller)
{
    long status = 0;

    caller->answer_len = 0;
    caller->answer[0] = '\0';
    set_target(caller);
    set_body(caller);
    CURLcode code = curl_easy_perform(caller->curl);

    curl_easy_getinfo(caller->curl, CURLINFO_RESPONSE_CODE, &status);
    if (code != CURLE_OK || status != 200) {
        fprintf(stderr, "beside: %s of %s: %ld %s %.300s\n", caller->deed->name, caller->side->name,
                status, curl_easy_strerror(code), caller->answer);
    }
    return code == CURLE_OK && status == 200;
}

static void *work(void *argument)
{
    struct caller *caller = argument;

    for (int64_t now = kv_clock_monotonic_us(); !caller->failed && now < caller->until;) {
        caller->failed = !call(caller);
        int64_t then = kv_clock_monotonic_us();
        samples_add(&caller->latency, (double) (then - now) / 1e3);
        now = then;
    }
    return NULL;
}

/* The wrapped value of an answer, for unwrapping. */
static bool keep_wrapped(const struct caller *caller, struct side *side)
{
    kv_auto(cJSON_Delete) cJSON *json = cJSON_Parse(caller->answer);
    const cJSON *value = cJSON_GetObjectItemCaseSensitive(json, "value");

    if (!cJSON_IsString(value) || strlen(value->valuestring) >= sizeof(side->wrapped)) {
        return false;
    }
    (void) snprintf(side->wrapped, sizeof(side->wrapped), "%s", value->valuestring);
    return true;
}

static bool prepare(struct side *side)
{
    struct caller caller;
    bool good = true;

    open_caller(&caller, side);
    for (size_t i = 0; good && i < KV_COUNT(first); i++) {
        caller.deed = &first[i];
        good = call(&caller);
    }
    caller.deed = &deeds[3];
    good = good && call(&caller) && keep_wrapped(&caller, side);
    close_caller(&caller);
    return good;
}

/* What one side did in one round. */
struct score {
    double rate, median; /* answers a second, ms */
};

static bool gather(struct caller *callers, unsigned count, double seconds, struct score *ret_score)
{
    kv_auto(samples_done) struct samples all = { .count = 0 };
    bool good = true;

    for (unsigned i = 0; i < count; i++) {
        for (size_t k = 0; k < callers[i].latency.count; k++) {
            samples_add(&all, callers[i].latency.value[k]);
        }
        good = good && !callers[i].failed;
    }
    *ret_score = (struct score){ (double) all.count / seconds, samples_median(&all) };
    return good;
}

/* The connections are made before the clock runs. */
static bool play(const struct side *side, const struct deed *deed, unsigned count,
                 struct score *ret_score)
{
    static struct caller callers[CALLERS_MAX];
    unsigned started = 0;
    bool good = true;

    for (unsigned i = 0; i < count; i++) {
        open_caller(&callers[i], side);
        callers[i].deed = &deeds[2];
        good = good && call(&callers[i]);
        callers[i].deed = deed;
    }
    int64_t began = kv_clock_monotonic_us();

    for (; good && started < count; started++) {
        callers[started].until = began + (int64_t) (beside.seconds * 1e6);
        good = pthread_create(&callers[started].thread, NULL, work, &callers[started]) == 0;
    }
    for (unsigned i = 0; i < started; i++) {
        pthread_join(callers[i].thread, NULL);
    }
    double seconds = (double) (kv_clock_monotonic_us() - began) / 1e6;

    good = gather(callers, count, seconds, ret_score) && good;
    for (unsigned i = 0; i < count; i++) {
        close_caller(&callers[i]);
    }
    return good;
}

/* Who begins changes from round to round. */
static bool compare(const struct deed *deed, unsigned count)
{
    kv_auto(samples_done) struct samples ratio = { .count = 0 };
    struct samples rate[SIDES] = { { .count = 0 } }, median[SIDES] = { { .count = 0 } };
    bool good = true;

    for (unsigned round = 0; good && round < beside.rounds; round++) {
        struct score score[SIDES] = { { 0 } };

        for (unsigned i = 0; good && i < SIDES; i++) {
            unsigned which = (round + i) % SIDES;
            good = play(&beside.side[which], deed, count, &score[which]);
            samples_add(&rate[which], score[which].rate);
            samples_add(&median[which], score[which].median);
        }
        if (good) {
            samples_add(&ratio, score[0].rate / score[1].rate);
        }
    }
    if (good) {
        printf("%-16s %11u %11.0f %11.0f %9.2f %9.2f %7.2f  %.2f .. %.2f\n", deed->name, count,
               samples_median(&rate[0]), samples_median(&rate[1]), samples_median(&median[0]),
               samples_median(&median[1]), samples_median(&ratio), samples_quantile(&ratio, 0),
               samples_quantile(&ratio, 1));
        fflush(stdout);
    }
    for (unsigned i = 0; i < SIDES; i++) {
        samples_done(&rate[i]);
        samples_done(&median[i]);
    }
    return good;
}

static bool run(void)
{
    unsigned char value[VALUE_LENGTH];
    bool good = RAND_bytes(value, sizeof(value)) == 1;

    kv_base64url_encode(value, sizeof(value), beside.value);
    kv_uuid_random(beside.run);
    for (unsigned i = 0; good && i < SIDES; i++) {
        good = prepare(&beside.side[i]);
    }
    printf("%-16s %11s %11s %11s %9s %9s %7s  %s\n", "", "connections", "coffer /s", "other /s",
           "coffer ms", "other ms", "ratio", "of the rates, least .. most");
    for (size_t i = 0; good && i < KV_COUNT(deeds); i++) {
        good = compare(&deeds[i], 1);
        good = good && compare(&deeds[i], CALLERS_MAX);
    }
    return good;
}

static int print_help(FILE *out, int status)
{
    fputs("Usage: beside --url URL --ca FILE [OPTION]...\n"
          "Measures the daemon ./coffer, or $TEST_PROGRAM, beside another server of the keys API.\n"
          "A ratio above 1: coffer gives more answers.\n\n"
          "  --url URL        of the other server's vault: https://HOST[:PORT]\n"
          "  --ca FILE        PEM of the CA that its certificate is checked with\n"
          "  --token TOKEN    sent as its bearer token (default \"any\")\n"
          "  --api-version V  asked of both (default 7.4)\n"
          "  --rounds N       of each row (default 5)\n"
          "  --seconds S      length of a turn (default 1)\n"
          "  --help\n",
          out);
    return status;
}

static bool take_number(const char *text, double least, double most, double *ret_number)
{
    char *end;

    *ret_number = strtod(text, &end);
    return end != text && *end == '\0' && *ret_number >= least && *ret_number <= most;
}

static bool take_option(int option, const char *value)
{
    static char query[64];
    struct side *other = &beside.side[1];
    double rounds = 0;

    switch (option) {
    case 'u':
        other->url = value;
        return strncmp(value, "https://", strlen("https://")) == 0;
    case 'c':
        other->ca = value;
        return true;
    case 't':
        other->token = value;
        return true;
    case 'v':
        beside.query = query;
        return snprintf(query, sizeof(query), "?api-version=%s", value) < (int) sizeof(query);
    case 'r':
        beside.rounds = take_number(value, 1, 1000, &rounds) ? (unsigned) rounds : 0;
        return beside.rounds > 0;
    case 's':
        return take_number(value, 0.05, 600, &beside.seconds);
    default:
        return false;
    }
}

int main(int argc, char **argv)
{
    static const struct option options[] = {
        { "url", required_argument, NULL, 'u' },    { "ca", required_argument, NULL, 'c' },
        { "token", required_argument, NULL, 't' },  { "api-version", required_argument, NULL, 'v' },
        { "rounds", required_argument, NULL, 'r' }, { "seconds", required_argument, NULL, 's' },
        { "help", no_argument, NULL, 'h' },         { 0 },
    };
    kv_auto(server_done) struct server server = { .client = { .curl = NULL } };
    char url[256];
    int option;

    beside.side[1] = (struct side){ .name = "the other", .token = "any" };
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == 'h') {
            return print_help(stdout, 0);
        }
        if (!take_option(option, optarg)) {
            return print_help(stderr, 2);
        }
    }
    if (optind < argc || beside.side[1].url == NULL || beside.side[1].ca == NULL) {
        return print_help(stderr, 2);
    }
    curl_global_init(CURL_GLOBAL_DEFAULT);
    if (!server_init(&server)) {
        return 1;
    }
    (void) snprintf(url, sizeof(url), "https://%s:%u", server.client.host, server.daemon.port);
    beside.side[0] = (struct side){ "coffer", url, server.client.ca, server.client.token, "" };
    return run() ? 0 : 1;
}
